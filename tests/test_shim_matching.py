"""What a shim decides without a process: matching, answers, queries, and the plan as a function of the cassette."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape

from cassette.reading.reader import open as open_cassette
from cassette.shim.compiler import compile_plan
from cassette.shim.queries import queries
from cassette.shim.runtime.answers import Questions, answer_kind, sequence_end
from cassette.shim.runtime.matching import Matcher
from cassette.shim.runtime.plan import ANY, MODE, ONE, OUTPUT, QUERY, RESIZE, SIGNAL, STAY, Plan, read_plan
from terminal.emulator import make_emulator


def at_every_split(data: bytes) -> list[tuple[bytes, ...]]:
    return [(data,), *((data[:n], data[n:]) for n in range(1, len(data))), tuple(bytes([b]) for b in data)]


def fed(matcher: Matcher, pieces: tuple[bytes, ...]) -> int:
    """How many bytes fitted."""
    done = 0
    for piece in pieces:
        fitting = matcher.feed(piece)
        done += fitting
        if fitting < len(piece):
            break
    return done


HIDDEN = {4: ONE, 5: ANY}


@pytest.mark.parametrize("pieces", at_every_split(b"one\ntwo\r"))
def test_cr_and_lf_are_the_same_input(pieces: tuple[bytes, ...]) -> None:
    matcher = Matcher(b"one\rtwo\n", {})
    assert fed(matcher, pieces) == 8
    assert matcher.complete
    assert matcher.floor == matcher.ceiling == 8
    assert matcher.taken == b"one\ntwo\r"


@pytest.mark.parametrize("pieces", at_every_split(b"one\nfour\r"))
def test_the_first_wrong_byte_is_found(pieces: tuple[bytes, ...]) -> None:
    matcher = Matcher(b"one\rtwo\r", {})
    assert fed(matcher, pieces) == 4
    assert matcher.ceiling == 4
    assert not matcher.complete


@pytest.mark.parametrize("pieces", at_every_split(b"ada\rhunter2\nok"))
def test_hidden_input_is_anything_up_to_the_end_of_the_line(pieces: tuple[bytes, ...]) -> None:
    matcher = Matcher(b"ada\r**\rok", HIDDEN)
    assert fed(matcher, pieces) == 14
    assert matcher.complete
    assert matcher.taken == b"ada\r*\nok"


def test_hidden_input_is_something() -> None:
    assert Matcher(b"ada\r**\rok", HIDDEN).feed(b"ada\r\r") == 4


def test_inside_hidden_input_the_place_is_not_sure() -> None:
    matcher = Matcher(b"ada\r**\rok", HIDDEN)
    matcher.feed(b"ada\r")
    assert (matcher.floor, matcher.ceiling, matcher.is_hidden) == (4, 4, True)
    matcher.feed(b"x")
    assert (matcher.floor, matcher.ceiling, matcher.is_hidden) == (5, 6, True)
    matcher.feed(b"\r")
    assert (matcher.floor, matcher.ceiling, matcher.is_hidden) == (7, 7, False)


@pytest.mark.parametrize("secret", [b"a", b'"', b'a" -v', b"x" * 500])
def test_a_masked_range_is_as_long_as_it_likes(secret: bytes) -> None:
    matcher = Matcher(b'k="**" -v\r', {3: ONE, 4: ANY})
    assert matcher.feed(b'k="' + secret + b'" -v\r') == 9 + len(secret) - 1
    assert matcher.complete


def test_looking_takes_nothing() -> None:
    matcher = Matcher(b"one\r", {})
    assert matcher.fits(b"on")
    assert not matcher.fits(b"one\rtwo")
    assert matcher.ceiling == 0
    assert matcher.taken == b""


def test_a_long_paste_is_matched_in_no_time() -> None:
    paste = random.Random(5).randbytes(4_000_000)
    matcher = Matcher(paste, {})
    assert matcher.feed(paste) == len(paste)


# Queries and answers.

ASKED = [
    b"\x1b[c", b"\x1b[0c", b"\x1b[>c", b"\x1b[>0c", b"\x1b[=c", b"\x1b[>q", b"\x1b[>0q", b"\x1b[5n", b"\x1b[6n",
    b"\x1b[?6n",
    b"\x1b[?996n", b"\x1b[?2026$p", b"\x1b[4$p", b"\x1b[?u", b"\x1b[?4m", b"\x1b[14t", b"\x1b[16t", b"\x1b[18t",
    b"\x1b[x",
    b"\x1b]10;?\x1b\\", b"\x1b]11;?\a", b"\x1b]12;?\a", b"\x1b]4;1;?\a", b"\x1b]10;?;?\a", b"\x1b]4;1;?;2;?\a",
    b"\x1bP$qm\x1b\\", b"\x1bP$q q\x1b\\", b"\x1bP+q544e\x1b\\", b"\x1bP+q544e;436f;zz\x1b\\",
]  # fmt: skip


@pytest.mark.parametrize("query", ASKED)
def test_what_our_terminal_answers_answers_the_query(query: bytes) -> None:
    emulator = make_emulator("pyte", columns=80, rows=24)
    emulator.feed(query)
    questions = Questions()
    for _, kind in queries(query):
        questions.ask(kind)
    pieces = questions.pieces(emulator.replies())
    assert pieces
    assert all(questions.is_answer(piece) for piece in pieces)
    assert not questions.open


@pytest.mark.parametrize(
    "output", [b"\x1b[H\x1b[2J", b"\x1b]0;title?\a", b"\x1b[?25h", b"\x1b]8;;http://x/?\a", b"\x1b[1 q"]
)
def test_what_is_no_query(output: bytes) -> None:
    assert list(queries(output)) == []


@pytest.mark.parametrize(
    "keys", [b"\x1b[A", b"\x1bOP", b"\x1b[<0;1;2M", b"\x1b[I", b"\x1b[200~x\x1b[201~", b"\x1bx", b"a"]
)
def test_keys_answer_nothing(keys: bytes) -> None:
    assert answer_kind(keys) == ""


@pytest.mark.parametrize("pieces", at_every_split(b"a\x1b[1;2Rb\x1b]11;rgb:0/0/0\x1b\\c\x1bd"))
def test_sequences_are_whole_however_they_come(pieces: tuple[bytes, ...]) -> None:
    questions = Questions()
    found = [piece for data in pieces for piece in questions.pieces(data)]
    assert [piece for piece in found if piece[:1] == b"\x1b" and len(piece) > 1] == [
        b"\x1b[1;2R",
        b"\x1b]11;rgb:0/0/0\x1b\\",
    ]
    assert b"".join(found) + questions.release() == b"".join(pieces)


def test_a_lone_escape_is_held_only_for_a_while() -> None:
    questions = Questions()
    assert questions.pieces(b"x\x1b") == [b"x"]
    assert questions.release() == b"\x1b"
    assert sequence_end(b"\x1b\x1b[A", 0) == -1


# The plan.

KILLED = {"Code": 137, "Signal": "SIGKILL", "Exited": False, "Signaled": True, "Err": None}


def plan_of(made: Tape, place: Path) -> Plan:
    with open_cassette(made.write(place)) as tape:
        return compile_plan(tape)


def busy(cuts: random.Random | None = None) -> Tape:
    """A conversation with everything in it; with `cuts` its output is cut anew."""
    tape = Tape()

    def output(t_ms: int, data: bytes) -> None:
        while data:
            length = len(data) if cuts is None else cuts.randint(1, len(data))
            tape.output(t_ms, data[:length])
            data = data[length:]

    output(0, "grüß dich \x1b[6n\x1b]11;?\x1b\\ ✨\r\n$ ".encode())
    tape.input(4, b"\x1b[2;3R", source="terminal").input(5, b"ls\r", source="user")
    output(6, b"ls\r\none two\r\n$ \x1b[c")
    tape.service(7, {"type": "noted"}).input(8, kind="mark", op="wait_for")
    tape.input(9, kind="mode", mode={"echo": False, "icanon": True})
    tape.input(10, b"********", source="user", redacted="caller").input(11, b"\r", source="script")
    tape.resize(20, 100, 30).input(21, kind="signal", signal="SIGINT")
    output(22, b"bye\r\n")
    return tape.final(30, 2)


def test_the_steps_of_a_plan(tmp_path: Path) -> None:
    plan = plan_of(busy(), tmp_path)
    assert [step[0] for step in plan.steps] == [
        OUTPUT,
        QUERY,
        QUERY,
        OUTPUT,
        QUERY,
        MODE,
        RESIZE,
        SIGNAL,
        OUTPUT,
    ]
    assert [step[1] for step in plan.steps] == [0, 0, 0, 3, 3, 3, 6, 6, 6]
    assert plan.keys == b"ls\r**\r"
    assert plan.wild == {3: ONE, 4: ANY}
    assert plan.end == (8, 2, 0)
    assert [line for _, _, line in plan.inputs] == [2, 5, 6]


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = plan_of(busy(), tmp_path / "tape")
    (tmp_path / "plan").write_bytes(plan.head() + b"output")
    again = read_plan(str(tmp_path / "plan"))
    assert again.head() == plan.head()
    assert again.output(1, 3) == b"utp"
    (tmp_path / "plan").write_bytes(b"something else")
    with pytest.raises(ValueError, match="another release"):
        read_plan(str(tmp_path / "plan"))


@pytest.mark.parametrize("seed", range(30))
def test_cutting_the_output_changes_no_plan(seed: int, tmp_path: Path) -> None:
    whole, cut = plan_of(busy(), tmp_path / "whole"), plan_of(busy(random.Random(seed)), tmp_path / "cut")
    for field in ("steps", "keys", "wild", "end", "mode", "argv"):
        assert getattr(cut, field) == getattr(whole, field)
    assert [line for _, _, line in cut.inputs] == [line for _, _, line in whole.inputs]


def test_an_answer_that_a_script_gave_is_not_waited_for(tmp_path: Path) -> None:
    made = Tape().output(0, b"\x1b[6n").input(1, b"\x1b[1;1R", source="script").output(2, b"> ")
    made.input(3, b"\x1b[1;2R", source="script").final(4)
    assert plan_of(made, tmp_path).keys == b"\x1b[1;2R"


@pytest.mark.parametrize(
    ("final", "end"),
    [
        ({"code": 0}, (5, 0, 0)),
        ({"code": None}, (5, -1, 0)),
        ({"code": None, "exit": KILLED}, (5, 137, 9)),
        ({"code": None, "exit": {**KILLED, "Code": -1, "Signal": "terminated"}}, (5, 255, 15)),
    ],
)
def test_the_end_of_a_plan(final: dict[str, Any], end: tuple[int, int, int], tmp_path: Path) -> None:
    plan = plan_of(Tape().output(5, b"x").final(10, **final), tmp_path)
    assert plan.end == end
    assert (plan.steps[-1][0] == STAY) == (end[1] < 0)
