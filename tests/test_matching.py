"""What counts as the same input: by keys however it is split, by its text, by bytes; hidden ones as wildcards."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from build_cassette import Tape
from hypothesis import given
from hypothesis import strategies as st

import cassette
from cassette.errors import UsageError
from cassette.model import Input
from cassette.playing.matching import InputQueue, MatchOn, Sent, printable, unbracketed
from cassette.playing.replay_errors import REASONS, ReplayMismatch
from cassette.playing.timeline import Stop
from cassette.session import Session

Driver = Callable[[Session], object]
SPLIT_UP = Tape(harness={"name": "x"})


def queue_of(*inputs: Input, match_on: tuple[str, ...] = ("keys",)) -> InputQueue:
    return InputQueue([Stop(at, at + 1, event) for at, event in enumerate(inputs)], MatchOn(match_on))


def recorded(data: bytes, **more: object) -> Input:
    return Input(0, 0, str(more.pop("kind", "input")), data, **more)  # type: ignore[arg-type]


def send_all(queue: InputQueue, *chunks: bytes, how: str = "send") -> bool:
    """Send chunks, each from where the queue stands; whether all of it was taken."""
    for chunk in chunks:
        sent = Sent(how, "send", chunk)  # type: ignore[arg-type]
        rest = chunk
        while rest:
            taken = queue.take(sent, rest)
            if not taken:
                return False
            rest = rest[taken:]
    return True


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[low:high] for low, high in pairwise(edges) if high > low]


@given(st.binary(min_size=1, max_size=40), st.lists(st.integers(0, 99)), st.lists(st.integers(0, 99)))
def test_by_keys_no_cut_matters(data: bytes, one: list[int], other: list[int]) -> None:
    queue = queue_of(*map(recorded, cut(data, one)))
    assert send_all(queue, *cut(data, other))
    assert queue.next is None
    wrong = bytes([*data[:-1], data[-1] ^ 1])
    assert not send_all(queue_of(*map(recorded, cut(data, one))), *cut(wrong, other))


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ([b"ab"], True),
        ([b"a", b"b"], False),
        ([b"abc"], False),
        ([b"ab", b"c"], True),
    ],
)
def test_by_bytes_the_cuts_count(sent: list[bytes], taken: bool) -> None:
    queue = queue_of(recorded(b"ab"), recorded(b"c"), match_on=("bytes", "keys"))
    assert send_all(queue, *sent) is taken


@pytest.mark.parametrize(
    ("event", "sent", "taken"),
    [
        (recorded(b"token ****\r", masked=((6, 4),)), [b"token abc\r"], True),
        (recorded(b"token ****\r", masked=((6, 4),)), [b"tok", b"en a", b"much longer one", b"\r"], True),
        (recorded(b"token ****\r", masked=((6, 4),)), [b"token \r"], False),
        (recorded(b"token ****\r", masked=((6, 4),)), [b"taken abc\r"], False),
        (recorded(b"****", masked=((0, 4),)), [b"any length at all"], True),
        (recorded(b"a*b*c", masked=((1, 1), (3, 1))), [b"a--b--c"], True),
        (recorded(b"a*b*c", masked=((1, 1), (3, 1))), [b"a--c"], False),
        (recorded(b"********", redacted="caller"), [b"x"], True),
        (recorded(b"********", redacted="caller"), [b"with\rline end"], True),
        (recorded(b"********\r", redacted="hidden-input"), [b"typed", b"\r"], True),
        (recorded(b"********\r", redacted="hidden-input"), [b"typed\r"], True),
        (recorded(b"********\r", redacted="hidden-input"), [b"\r"], False),
    ],
)
def test_hidden_bytes_are_wildcards(event: Input, sent: list[bytes], taken: bool) -> None:
    queue = queue_of(event)
    assert (send_all(queue, *sent, how="type") and queue.next is None) is taken


def test_a_hidden_line_ends_where_the_next_input_does_it() -> None:
    queue = queue_of(recorded(b"********", redacted="caller"), recorded(b"\r"), recorded(b"x"))
    assert send_all(queue, b"long secret\rx", how="type")
    assert queue.next is None


def test_a_key_takes_no_hidden_input() -> None:
    queue = queue_of(recorded(b"********", redacted="caller"))
    assert not queue.take(Sent("press", "press", b"a", "a"), b"a")


def test_a_key_is_the_same_key_whatever_the_modes_were() -> None:
    """A mode that changes while a key is on its way is recorded before it."""
    queue = queue_of(recorded(b"\x1b[A", key="up"), recorded(b"\x1b[B", key="down"))
    assert queue.take(Sent("press", "press", b"\x1bOA", "Up"), b"\x1bOA")
    assert not queue.take(Sent("press", "press", b"\x1bOA", "up"), b"\x1bOA")


def test_a_paste_is_the_same_with_and_without_brackets() -> None:
    queue = queue_of(recorded(b"\x1b[200~abc\x1b[201~", kind="paste"))
    assert queue.take(Sent("paste", "paste", b"abc"), b"abc")
    assert unbracketed(b"\x1b[200~abc\x1b[201~") == b"abc"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", b"plain"),
        (b"\r\n\t\x7f\x03", b""),
        (b"\x1b[A\x1bOB\x1b[1;5Cx", b"x"),
        ("grüß ✨".encode(), "grüß ✨".encode()),
        (b"\x1b[200~pasted\x1b[201~", b"pasted"),
        (b"\x1bx\x1b", b""),
        (b"\x1b]11;rgb:0/0/0\x07q", b"q"),
    ],
)
def test_what_is_printable(data: bytes, text: bytes) -> None:
    assert printable(data) == text


@pytest.mark.parametrize("given", [["key"], "keys, resize", ["keys", "colour"]])
def test_unknown_names_are_refused(given: object) -> None:
    with pytest.raises(UsageError, match="match_on does not know"):
        MatchOn(given)  # type: ignore[arg-type]


# By driving.


@pytest.fixture
def tape(tmp_path: Path) -> cassette.Cassette:
    tape = Tape()
    tape.output(0, b"> ").input(10, b"ls", source="user").output(11, b"ls")
    tape.input(20, b"\r", key="enter", source="user").output(21, b"\r\nfile\r\n> ")
    tape.resize(30, 30, 5).input(40, b"\x1b[A", source="user").output(41, b"ls")
    tape.input(50, signal="SIGINT", kind="signal").output(51, b"^C").final(60, 130)
    return cassette.open(tape.write(tmp_path / "tape"))


def whole(session: Session) -> None:
    session.type("ls")
    session.press("enter")
    session.resize(columns=30, rows=5)
    session.press("up")
    session.signal("int")


def text_alone(session: Session) -> None:
    session.press("down", "ctrl+x")
    session.type("ls\t")


def anything(session: Session) -> None:
    session.type("what")
    session.press("f1")
    session.paste("ever")


@pytest.mark.parametrize(
    ("match_on", "drive", "reason"),
    [
        (["keys", "resize"], whole, None),
        (["bytes", "resize"], whole, None),
        (["text"], whole, None),
        (["text"], text_alone, None),
        (["keys"], text_alone, "no_match"),
        ([], anything, None),
        (["keys", "resize"], anything, "no_match"),
        (["keys"], lambda session: (session.type("ls\r"), session.press("up"), session.signal("INT")), None),
        (["keys", "resize"], lambda session: (session.type("ls\r"), session.press("up")), "no_match"),
        (["keys", "resize"], lambda session: session.type("ls\rx"), "no_match"),
        (["keys", "resize"], lambda session: session.type("l"), "unplayed"),
        (["text", "resize"], lambda session: session.type("ls"), "unplayed"),
        (["keys", "resize"], lambda session: (whole(session), session.type("x")), "exhausted"),
        (["keys", "resize"], lambda session: session.signal("SIGINT"), "no_match"),
        (
            ["keys", "resize"],
            lambda session: (session.type("ls\r"), session.resize(columns=31, rows=5)),
            "geometry",
        ),
        (["keys", "resize"], lambda session: (session.resize(columns=20, rows=4), whole(session)), None),
        (["keys"], lambda session: (whole(session), session.resize(columns=3, rows=4)), None),
    ],
)
def test_what_agrees(tape: cassette.Cassette, match_on: list[str], drive: Driver, reason: str | None) -> None:
    found = None
    try:
        with tape.session(match_on=match_on, on_unplayed="fail") as session:
            drive(session)
    except ReplayMismatch as error:
        found = error.reason
        assert found in REASONS
    assert found == reason


def test_terminal_answers_are_no_input(tmp_path: Path) -> None:
    tape = Tape()
    tape.output(0, b"\x1b[6n").input(1, b"\x1b[1;1R", source="terminal").output(2, b"there")
    tape.input(3, b"q").output(4, b"\x1b[c").input(5, b"\x1b[?62;22c").output(6, b"bye").final(9)
    opened = cassette.open(tape.write(tmp_path / "tape"))
    with opened.session(on_unplayed="fail") as session:
        session.wait_for("there")
        session.send(b"\x1b[1;1R")  # a driver with a terminal of its own answers too
        session.send(b"q")
        session.wait_for("bye")
    with opened.session() as session:
        session.send(b"\x1b[?62;22cq")  # in one write with a key
        session.wait_for("bye")
        session.send(b"\x1b[?62;22c")  # after the last input, when another query has come


def test_what_looks_like_an_answer_is_a_key_when_nothing_was_asked(tmp_path: Path) -> None:
    tape = (
        Tape()
        .output(0, b"> ")
        .input(1, b"\x1b[1;2R", key="shift+f3", source="user")
        .output(2, b"bye")
        .final(9)
    )
    opened = cassette.open(tape.write(tmp_path / "tape"))
    with opened.session(on_unplayed="fail") as session:
        session.press("shift+f3")
    with opened.session(on_unplayed="fail") as session:
        session.send(b"\x1b[1;2R")
    with opened.session() as session, pytest.raises(ReplayMismatch, match="no_match"):
        session.send(b"\x1b[1;3R")
