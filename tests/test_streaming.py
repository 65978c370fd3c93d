"""Events scrubbed as they come: the same from every cut, in order, lengths kept, nothing known in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette.model import Evidence, Final, Input, Output, ServiceEvent, Size
from cassette.scrubbing.prompt_rows import MOST_BYTES, PromptRows
from cassette.scrubbing.streaming import Item, Noted, StreamedScrub
from scrub.identity import Identity
from scrub.known import KnownValue
from scrub.scrubber import Scrubber
from scrub.stream import Window
from terminal.exit_status import ExitStatus
from tests.scrub_samples import ANTHROPIC, GITHUB, OPAQUE

SMALL = Window(block=96, behind=384, before=384)
SIZE = Size(40, 8)
FINAL = Final(0, 9000, ExitStatus(0), 9000)
IDENTITY = Identity(home="/home/zoltan", user="zoltan")
BLIND = {"echo": False, "icanon": True}
SEEING = {"echo": True, "icanon": True}


def streamed(window: Window = SMALL, known: Scrubber | None = None, **options: object) -> StreamedScrub:
    scrubber = known or Scrubber(
        known=[KnownValue(OPAQUE.encode(), "known", "environment:X"), *IDENTITY.known_values()]
    )
    rows = PromptRows("pyte", SIZE)
    return StreamedScrub(scrubber, IDENTITY, size=SIZE, rows=rows, window=window, **options)  # type: ignore[arg-type]


def given_out(events: Iterable[Item], scrub: StreamedScrub | None = None) -> list[Item]:
    scrub = scrub or streamed()
    out = [clean for event in events for clean in scrub.take(event)]
    return [*out, *scrub.flush()]


def output_of(items: Sequence[Item]) -> bytes:
    return b"".join(item.data for item in items if isinstance(item, Output))


def inputs_of(items: Sequence[Item]) -> list[Input]:
    return [item for item in items if isinstance(item, Input)]


def shape(item: Item) -> tuple[object, ...]:
    """What scrubbing may not change."""
    if isinstance(item, Output):
        return "output", item.t_ms, len(item.data)
    if isinstance(item, Input):
        return item.kind, item.t_ms, item.size, item.signal, item.mode
    return type(item).__name__, item.t_ms


PARTS = [
    OPAQUE, GITHUB, ANTHROPIC, f"{GITHUB[:11]}\x1b[1m{GITHUB[11:]}", "x" * 90, "\x1b[31mred\x1b[0m ", "\r\n", " ",
    "token: ", "/home/zoltan/x ", "\x1b]0;title\x07", "é😀 ",
]  # fmt: skip
BETWEEN: list[Evidence] = [
    Input(0, 0, "input", b"y", source="user"),
    Input(0, 0, "input", f"{GITHUB}\r".encode(), source="script"),
    Input(0, 0, "input", f"{OPAQUE}\r".encode(), source="script"),
    Input(0, 0, "paste", OPAQUE.encode(), source="user"),
    Input(0, 0, "input", b"\x1b[1;1R", source="terminal"),
    Input(0, 0, "resize", size=Size(30, 10)),
    Input(0, 0, "signal", signal="SIGINT"),
    Input(0, 0, "mode", mode=BLIND),
    Input(0, 0, "mode", mode=SEEING),
    Input(0, 0, "mark", op=f"wait_for {OPAQUE}"),
    ServiceEvent(0, 0, {"type": "call", "key": OPAQUE, "n": 1}),
]
pieces = st.lists(
    st.one_of(
        st.lists(st.sampled_from(PARTS), min_size=1, max_size=8).map("".join), st.sampled_from(BETWEEN)
    ),
    max_size=25,
)


def timed(found: Iterable[str | Evidence]) -> list[Evidence]:
    """A recording of pieces, 40 ms apart."""
    made: list[Evidence] = []
    for number, piece in enumerate(found):
        t_ms = number * 40
        made.append(Output(0, t_ms, piece.encode()) if isinstance(piece, str) else replace(piece, t_ms=t_ms))
    return [*made, FINAL]


def recut(events: Iterable[Evidence], cuts: Sequence[int]) -> list[Evidence]:
    """The same with the output cut elsewhere, at places counted over all of it."""
    made: list[Evidence] = []
    at = 0
    for event in events:
        if not isinstance(event, Output):
            made.append(event)
            continue
        inside = sorted({cut - at for cut in cuts if 0 < cut - at < len(event.data)})
        for start, end in zip([0, *inside], [*inside, len(event.data)], strict=True):
            made.append(Output(0, event.t_ms, event.data[start:end]))
        at += len(event.data)
    return made


def merged(items: Iterable[Item]) -> list[Item]:
    """Without the cuts between pieces of output of one moment."""
    made: list[Item] = []
    for item in items:
        if isinstance(item, Output) and made and isinstance(made[-1], Output) and made[-1].t_ms == item.t_ms:
            made[-1] = Output(0, item.t_ms, made[-1].data + item.data, made[-1].offset)
        else:
            made.append(item)
    return made


@settings(max_examples=60)
@given(pieces, st.lists(st.integers(1, 4000), max_size=12))
def test_what_comes_out_does_not_depend_on_the_cuts(found: list[str | Evidence], cuts: list[int]) -> None:
    events = timed(found)
    once = given_out(events)
    assert merged(given_out(recut(events, cuts))) == merged(once)


@settings(max_examples=60)
@given(pieces)
def test_order_moments_and_lengths_stay_and_nothing_known_goes_out(found: list[str | Evidence]) -> None:
    events = timed(found)
    out = given_out(events)
    kept = iter(out)
    for event in events:  # in order; of a hidden line only the first event stays
        wanted = shape(event)
        if isinstance(event, Input) and event.kind in ("input", "paste") and event.source != "terminal":
            continue
        assert any(shape(item) == wanted for item in kept), wanted
    assert [item.offset for item in out if isinstance(item, Output)] == offsets(out)
    text = repr(out)
    for secret in (OPAQUE, GITHUB, ANTHROPIC, "zoltan"):
        assert secret not in text
        assert secret.encode() not in output_of(out)


def offsets(items: Iterable[Item]) -> list[int]:
    found, at = [], 0
    for item in items:
        if isinstance(item, Output):
            found.append(at)
            at += len(item.data)
    return found


def test_what_is_held_back_is_bounded() -> None:
    scrub = streamed()
    held = 0
    for number in range(200):
        line = f"line {number} {'.' * 40}\r\n".encode()
        held += len(line) - len(output_of(scrub.take(Output(0, number, line))))
        assert held <= SMALL.block + 2 * SMALL.behind + len(line)


def test_events_wait_for_the_output_before_them_and_a_block_behind() -> None:
    scrub = streamed()
    assert scrub.take(Output(0, 1, b"a" * 300)) == []
    assert scrub.take(ServiceEvent(0, 2, {"type": "x"})) == []
    out = scrub.take(Output(0, 3, b"b" * 2000))
    assert [shape(item)[0] for item in out] == ["output", "ServiceEvent"]
    assert [shape(item)[0] for item in scrub.take(FINAL)] == ["output", "Final"]


def test_many_events_without_output_do_not_fill_the_memory() -> None:
    scrub = streamed()
    out = [
        item for number in range(60) for item in scrub.take(ServiceEvent(0, number, {"n": number}), 100_000)
    ]
    assert [item.payload["n"] for item in out if isinstance(item, ServiceEvent)] == list(range(len(out)))
    assert len(out) >= 40


def test_a_secret_in_the_output_is_one_in_the_input_before_it() -> None:
    """Only the words in the echo say that it is one; the input came a block before."""
    value = "zT7kQp2mXw9LrB4v"
    events = [
        Input(0, 1, "input", f"{value}\r".encode(), source="script"),
        Output(0, 2, b"." * SMALL.block + f"\r\npassword={value}\r\n".encode()),
        Output(0, 3, b"." * 2000),
        FINAL,
    ]
    assert value not in repr(given_out(events))


def test_a_hidden_line_is_one_event_and_its_value_is_known() -> None:
    letters = [Input(0, 50 + n, "input", c.encode(), source="user") for n, c in enumerate("correct-Horse9\r")]
    events = [Output(0, 1, b"Password: "), Input(0, 2, "mode", mode=BLIND), *letters,
              Output(0, 90, b"\r\nyou said correct-Horse9\r\n"), FINAL]  # fmt: skip
    scrub = streamed()
    out = given_out(events, scrub)
    typed = [event for event in inputs_of(out) if event.kind == "input"]
    assert [(event.data, event.redacted) for event in typed] == [(b"*" * 16, "echo-off"), (b"\r", None)]
    assert scrub.hidden_inputs == 1
    assert b"correct-Horse9" not in output_of(out)


def test_a_prompt_hides_what_is_typed_though_the_line_discipline_does_not() -> None:
    raw = {"echo": False, "icanon": False}
    events = [Input(0, 1, "mode", mode=raw), Output(0, 2, b"." * 3000 + b"\r\nEnter API key: "),
              Input(0, 3, "input", b"zu-viele-Worte\r", source="script"), FINAL]  # fmt: skip
    (typed,) = [event for event in inputs_of(given_out(events)) if event.kind == "input"]
    assert (typed.data, typed.redacted) == (b"*" * 16 + b"\r", "prompt")


def test_echo_that_goes_off_a_moment_later_hides_too() -> None:
    events = [Input(0, 10, "input", b"correct-Horse9\r", source="script"),
              Input(0, 150, "mode", mode=BLIND), Output(0, 200, b"x" * 3000), FINAL]  # fmt: skip
    assert inputs_of(given_out(events))[0].redacted == "echo-off-later"


def test_what_may_have_been_typed_blind_waits_until_that_is_known() -> None:
    typed = Input(0, 100, "input", b"secretly", source="user")
    scrub = streamed()
    scrub.begins_with(echo=True, canonical=True)
    soon = [Output(0, t_ms, b"word " * 400) for t_ms in (100, 200, 350)]
    assert not inputs_of([clean for event in (typed, *soon) for clean in scrub.take(event)])
    off = Input(0, 350, "mode", mode={"echo": False, "icanon": True})
    out = [clean for event in (off, Output(0, 400, b"word " * 400)) for clean in scrub.take(event)]
    assert [event.redacted for event in inputs_of(out) if event.data] == ["echo-off-later"]
    assert b"secretly" not in repr(out).encode()


def test_a_key_typed_letter_by_letter_is_masked_over_blocks() -> None:
    letters = [
        event
        for n, letter in enumerate(GITHUB)
        for event in (Input(0, n, "input", letter.encode(), source="user"), Output(0, n, b"." * 20))
    ]
    out = given_out([*letters, Output(0, 99, b"." * 3000), FINAL])
    typed = b"".join(event.data for event in inputs_of(out))
    assert len(typed) == len(GITHUB)
    assert GITHUB[-20:] not in typed.decode()


def test_documents_are_scrubbed_and_stay_in_order() -> None:
    noted = Noted(5, b"D", {"models": [f"x {OPAQUE}"], "home": "/home/zoltan/bin"})
    out = given_out([Output(0, 1, b"a"), noted, Output(0, 9, b"b"), FINAL])
    assert [type(item).__name__ for item in out] == ["Output", "Noted", "Output", "Final"]
    assert isinstance(out[1], Noted)
    assert out[1].document["home"] == "/home/user/bin"
    assert OPAQUE not in repr(out)


def test_a_second_pass_covers_what_became_known_late_and_keeps_what_is_masked() -> None:
    value = "zT7kQp2mXw9LrB4v"
    known = Scrubber()
    events = [
        Input(0, 1, "input", f"{value} {GITHUB}\r".encode(), source="script"),
        ServiceEvent(0, 2, {"type": "said", "text": value}),
        Output(0, 3, f"{value}\r\n".encode() + b"." * 4000 + f"\r\npassword={value}\r\n".encode()),
        Output(0, 4, b"." * 3000),
        FINAL,
    ]
    first = given_out(events, streamed(known=known))
    assert repr(first).count(value) == 3
    again = StreamedScrub(known, IDENTITY, size=SIZE, rows=None, learn=False, window=SMALL)
    out = given_out(first, again)
    assert value not in repr(out)
    assert again.counts.total == 3
    (typed,) = inputs_of(out)
    assert typed.masked == ((0, 16), (17, len(GITHUB)))


def test_a_second_pass_over_what_is_clean_changes_nothing() -> None:
    known = Scrubber(known=[KnownValue(OPAQUE.encode(), "known", "environment:X")])
    first = given_out(timed(["a" * 500, *PARTS, *BETWEEN, "b" * 900, *BETWEEN]), streamed(known=known))
    again = StreamedScrub(known, IDENTITY, size=SIZE, rows=None, learn=False, window=SMALL)
    assert given_out(first, again) == first
    assert again.counts.total == 0


@pytest.mark.parametrize("size", [1, 100, 4096])
def test_prompts_do_not_depend_on_reads_and_take_bounded_memory(size: int) -> None:
    rows = PromptRows("pyte", SIZE)
    data = b"0123456789 some words\r\n" * (2 * MOST_BYTES // 22 // 16) + b"Password: "
    long = b"x" * (MOST_BYTES + 7)
    for stream in (long, data):
        for start in range(0, len(stream), size):
            rows.output(stream[start : start + size])
    assert rows.before_cursor().rpartition("\n")[2] == "Password: "
    assert rows._size == 0
