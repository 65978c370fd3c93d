"""Scrubbing as it comes: every split, a bounded hold-back, the same bytes whatever the chunks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.known import KnownValue
from scrub.scrubber import Scrubber, SecretsLeft
from scrub.stream import StreamScrubber, Window
from tests.scrub_samples import ANTHROPIC, GITHUB, OPAQUE

TEXT = (
    f"login {OPAQUE} \x1b[1mok\x1b[0m\r\n{GITHUB} and {ANTHROPIC[:30]}\x1b[3m{ANTHROPIC[30:]}\r\nbye".encode()
)
SMALL = Window(block=64, behind=192, before=192)


def stream_scrubber(window: Window = SMALL) -> StreamScrubber:
    return StreamScrubber(
        Scrubber(known=[KnownValue(OPAQUE.encode(), "known", "environment:X")]), window=window
    )


def whole(data: bytes, window: Window = SMALL) -> bytes:
    scrubber = stream_scrubber(window)
    return scrubber.feed(data) + scrubber.flush()


def test_the_whole_stream_is_scrubbed() -> None:
    result = whole(TEXT)
    assert len(result) == len(TEXT)
    for secret in (OPAQUE, GITHUB, ANTHROPIC[13:30], ANTHROPIC[30:]):
        assert secret.encode() not in result


@pytest.mark.parametrize("window", [Window(), SMALL], ids=["one block", "small blocks"])
def test_every_split_gives_the_same_bytes(window: Window) -> None:
    expected = whole(TEXT, window)
    for at in range(len(TEXT) + 1):
        scrubber = stream_scrubber(window)
        assert scrubber.feed(TEXT[:at]) + scrubber.feed(TEXT[at:]) + scrubber.flush() == expected


def test_byte_by_byte_gives_the_same_bytes_and_holds_little_back() -> None:
    data = TEXT * 8
    scrubber = stream_scrubber()
    out = b""
    for at in range(len(data)):
        out += scrubber.feed(data[at : at + 1])
        assert at + 1 - len(out) < SMALL.block + SMALL.behind
    assert out + scrubber.flush() == whole(data)


@settings(max_examples=40)
@given(st.lists(st.sampled_from([OPAQUE, GITHUB, "x" * 50, "\x1b[1m", "\r\n", " "]), max_size=20), st.data())
def test_chunks_never_matter_and_nothing_known_survives(parts: list[str], draw: st.DataObject) -> None:
    data = " ".join(parts).encode()
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    scrubber = stream_scrubber()
    out = b""
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        out += scrubber.feed(data[start:end])
    out += scrubber.flush()
    assert out == whole(data)
    assert len(out) == len(data)
    assert OPAQUE.encode() not in out
    assert GITHUB.encode() not in out


def test_a_secret_across_blocks_has_one_number_and_counts_once() -> None:
    data = b"y " * 20 + ANTHROPIC.encode() + b" z" * 200 + ANTHROPIC.encode()
    scrubber = stream_scrubber()
    result = scrubber.feed(data) + scrubber.flush()
    assert result.count(b"<SCRUBBED:anthropic-api-key:1*") == 2
    assert scrubber.counts.total == 2


def test_the_raw_bytes_are_read_whatever_the_views_say() -> None:
    scrubber = StreamScrubber(
        Scrubber(known=[KnownValue(b"w" * 9 + b"12", "k", "file:x")]), views=lambda _: [], window=SMALL
    )
    assert b"w" * 9 not in scrubber.feed(b"w" * 9 + b"12" + b" " * 600) + scrubber.flush()


def test_what_cannot_be_covered_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    scrubber = stream_scrubber()
    monkeypatch.setattr(Scrubber, "rewrite", lambda _self, streams, _hits: (dict(streams), []))
    with pytest.raises(SecretsLeft) as caught:
        scrubber.feed(TEXT * 8)
    assert OPAQUE not in str(caught.value)


def test_a_late_value_is_covered_by_a_second_pass_that_learns_nothing() -> None:
    """Without words round it nobody knows it; far behind, the words come."""
    value = "zT7kQp2mXw9LrB4v"
    data = f"{value}\r\n{'. ' * 400}\r\npassword={value}\r\n{'. ' * 400}".encode()
    known = Scrubber()
    first = StreamScrubber(known, window=SMALL)
    out = first.feed(data) + first.flush()
    assert out.count(value.encode()) == 1
    second = StreamScrubber(known, learn=False, window=SMALL)
    again = second.feed(out) + second.flush()
    assert value.encode() not in again
    assert (second.counts.total, len(again)) == (1, len(data))


def test_numbers_in_a_control_sequence_are_no_secret() -> None:
    scrubber = StreamScrubber(Scrubber(known=[KnownValue(b"1234", "pin", "environment:PIN")]), window=SMALL)
    data = b"\x1b[1234;5Hx 1234 \x1b[0m"
    assert scrubber.feed(data) + scrubber.flush() == b"\x1b[1234;5Hx **** \x1b[0m"


def test_blocks_that_the_caller_chooses_are_read_with_what_lies_round_them() -> None:
    scrubber = stream_scrubber()
    half = len(OPAQUE) // 2
    first = scrubber.through(OPAQUE[:half].encode(), OPAQUE[half:].encode())
    assert (first, scrubber.held) == (b"*" * half, 0)
    assert scrubber.through(OPAQUE[half:].encode() + b" ok", b"") == b"*" * (len(OPAQUE) - half) + b" ok"
