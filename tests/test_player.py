"""A replay on virtual time, rule by rule, on small cassettes made by hand; and that it executes nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
from build_cassette import Tape, greeter
from recut import recut

import cassette
from cassette.clock import VirtualClock
from cassette.errors import CannotSend, TimedOut, UsageError, WaitFailed
from cassette.playing.matching import MatchOn
from cassette.playing.player import ReplaySession
from cassette.playing.playhead import screens_before_inputs
from cassette.playing.replay_errors import ReplayMismatch, ReplayWaitFailed


class NoSleep:
    """A clock that must not be asked to wait."""

    def now(self) -> float:
        return 0.0

    def sleep_until(self, moment: float, cancelled: threading.Event | None = None) -> bool:
        raise AssertionError("a collapsed replay slept")


@pytest.fixture
def play(tmp_path: Path):
    """`play(tape, …)`: a session on a cassette that was made by hand."""
    count = iter(range(1000))

    def play(tape: Tape, **options: object) -> ReplaySession:
        path = tape.write(tmp_path / f"tape-{next(count)}")
        return cassette.open(path).session(**({"clock": NoSleep()} | options))

    return play


# Inputs.


def test_an_input_first_plays_what_was_recorded_before_it(play) -> None:
    with play(greeter()) as session:
        session.type("Ada")
        assert session.last_screen.text[0] == "name?"
        session.press("enter")
        assert session.last_screen.text[0] == "name?"  # what answers it comes when somebody waits or looks


def test_keys_follow_the_modes_of_the_moment(play) -> None:
    tape = Tape().output(0, b"\x1b[?1h\x1b[?2004h").input(5, b"\x1bOA").output(6, b"\x1b[?1l\x1b[?2004l")
    tape.input(7, b"\x1b[A").input(8, b"text").final(9)
    with play(tape, on_unplayed="fail") as session:
        session.press("up", "up")
        session.paste("text")


def test_an_input_may_be_sent_in_parts_and_holds_back_what_follows(play) -> None:
    tape = Tape().output(0, b"> ").input(5, b"abc\r").output(6, b"abc\r\ndone").final(9)
    with play(tape, on_unplayed="fail") as session:
        session.type("ab")
        session.type("c")
        with pytest.raises(WaitFailed) as caught:
            session.wait_for("done")
        assert 'Send first what brings it: press("enter")' in str(caught.value)
        with pytest.raises(WaitFailed) as caught:
            session.wait_for("never")
        assert 'this is left: press("enter")' in str(caught.value)
        session.press("enter")
        session.wait_for("done")


def test_an_input_may_span_several_recorded_ones_with_output_between(play) -> None:
    tape = (
        Tape()
        .input(1, b"a")
        .output(2, b"a")
        .input(3, b"b")
        .output(4, b"b")
        .input(5, b"\r")
        .output(6, b"\r\nok")
    )
    with play(tape.final(9), on_unplayed="fail") as session:
        session.send(b"ab\r")
        assert session.wait_for("ok").text[:2] == ["ab", "ok"]


def test_resize_and_signal(play) -> None:
    tape = Tape().output(0, b"wide").resize(5, 10, 3).output(6, b"\r\nnarrow").resize(7, 10, 3)
    tape.input(8, kind="signal", signal="SIGTERM").final(9, 143)
    with play(tape, on_unplayed="fail") as session:
        assert session.screen.columns == 20
        session.resize(columns=10, rows=3)
        assert session.wait_for("narrow").columns == 10
        session.resize(columns=10, rows=3)  # the size that it has: nothing
        with pytest.raises(UsageError, match="there is no signal"):
            session.signal("SIGNONE")
        session.signal("TERM")
    assert session.exit_code == 143


@pytest.mark.parametrize("name", ["entre", "ctrl+", ""])
def test_an_unknown_key_is_known_before_any_is_pressed(play, name: str) -> None:
    with play(Tape().input(1, b"a").final(2)) as session:
        with pytest.raises(UsageError):
            session.press("a", name)
        assert session.played == 0


def test_more_input_than_was_recorded_is_refused_as_an_ended_program_would(play) -> None:
    with play(greeter()) as session:
        session.type("Ada\r")
        session.resize(columns=30, rows=5)
        with pytest.raises(CannotSend) as caught:
            session.type("x")
    assert isinstance(caught.value, ReplayMismatch)
    assert caught.value.reason == "exhausted"


# Waits.


def flicker() -> Tape:
    """`half` is there for 5 ms, `menu` from 10 ms on, `later` 500 ms after it."""
    tape = Tape().output(0, b"\x1b[H\x1b[Jhalf").output(5, b"\x1b[H\x1b[Jmenu").output(10, b" full")
    return tape.output(510, b" later").input(600, b"q").output(700, b"\r\nafter").final(800)


def test_a_match_has_to_hold(play) -> None:
    with play(flicker()) as session, pytest.raises(WaitFailed):
        session.wait_for("half")


def test_a_wait_stands_where_the_match_has_held_and_a_look_stays_there(play) -> None:
    with play(flicker()) as session:
        assert session.wait_for("menu").text[0] == "menu full"
        assert session.screen.text[0] == "menu full"
        assert session.wait_for(re.compile("l.ter")).text[0] == "menu full later"


def test_a_wait_never_plays_past_the_next_input(play) -> None:
    with play(flicker()) as session:
        with pytest.raises(ReplayWaitFailed) as caught:
            session.wait_for("after", timeout=3600)
        assert "it comes after" in str(caught.value)
        assert 'Send first what brings it: type("q")' in str(caught.value)
        session.press("q")
        assert session.wait_for(lambda screen: "after" in screen)


def test_a_wait_that_cannot_come_fails_at_once(play) -> None:
    began = time.monotonic()
    with play(flicker()) as session, pytest.raises(WaitFailed):
        session.wait_for("never", timeout=100_000)
    assert time.monotonic() - began < 1000


def test_a_look_goes_to_the_next_settled_screen(play) -> None:
    with play(flicker()) as session:
        assert session.screen.text[0] == "menu full"
        assert session.screen.text[0] == "menu full"  # and stays
        session.press("q")
        assert session.screen.text[:2] == ["menu full later", "after"]


def test_a_look_does_not_stop_inside_a_synchronized_update(play) -> None:
    tape = Tape().output(0, b"\x1b[?2026hhalf").output(100, b" whole\x1b[?2026l").output(900, b" later")
    with play(tape.final(999)) as session:
        assert session.screen.text[0] == "half whole"


def test_a_look_at_endless_painting_takes_a_second_of_it(play) -> None:
    tape = Tape(
        timing={"resolution_ms": 1, "clock_policy": "monotonic-elapsed", "replay_default": "collapsed"}
    )
    for number in range(300):
        tape.output(number * 10, b"\r%d" % number)
    with play(tape.final(4000)) as session:
        assert session.screen.text[0] == "99"


def test_quiet(play) -> None:
    with play(flicker()) as session:
        assert session.wait_for_stable(100).text[0] == "menu full"
        assert session.wait_for_stable(600).text[0] == "menu full later"  # the input is next


def test_a_pause_is_the_recordings_time(play) -> None:
    with play(flicker()) as session:
        session.sleep(0.4)
        assert session.last_screen.text[0] == "menu full"
        session.sleep(0.15)
        assert session.last_screen.text[0] == "menu full later"
        session.sleep(1000)
        assert session.last_screen.text[0] == "menu full later"


# Marks.


def marked() -> Tape:
    tape = Tape().output(0, b"one").input(3, kind="mark", op="wait_for").output(4, b" two")
    tape.input(5, kind="mark", op="screen").output(60, b" three").input(61, kind="mark", op="wait_for")
    return tape.output(62, b" four").input(70, b"q").output(71, b" five").final(99)


def test_waits_and_looks_go_to_their_marks(play) -> None:
    with play(marked()) as session:
        assert session.wait_for("one").text[0] == "one"
        assert session.screen.text[0] == "one two"
        assert session.wait_for("one").text[0] == "one two three"
        assert session.screen.text[0] == "one two three"
        session.press("q")


def test_a_wait_for_something_else_goes_on_to_a_later_mark_or_by_the_rules(play) -> None:
    tape = Tape().output(0, b"one").input(3, kind="mark", op="wait_for").output(10, b"\rtwo")
    tape.input(50, kind="mark", op="wait_for").output(51, b"\rthree").final(60)
    with play(tape) as session:
        assert session.wait_for("two").text[0] == "two"
    with play(tape) as session:
        assert session.wait_for("three").text[0] == "three"
    tape = Tape().output(0, b"one").output(100, b"\rtwo").input(105, kind="mark", op="wait_for").final(200)
    with play(tape) as session:  # what was there before the mark is found by the rules
        assert session.wait_for("one").text[0] == "one"
        assert session.wait_for("two").text[0] == "two"


def test_where_the_kind_does_not_agree_the_rules_hold(play) -> None:
    with play(marked()) as session:
        assert session.screen.text[0] == "one two"
        assert session.wait_for_stable(40).text[0] == "one two"


def test_a_wait_that_timed_out_live_times_out(play) -> None:
    tape = Tape().output(0, b"one").input(9, kind="mark", op="wait_for-timeout").output(10, b" two")
    tape.input(20, kind="mark", op="wait-timeout").input(21, kind="mark", op="read-timeout")
    tape.input(22, kind="mark", op="wait_for_stable-timeout").input(23, kind="mark", op="exit_status").final(
        30, 4
    )
    with play(tape) as session:
        with pytest.raises(WaitFailed, match="that did not come in time in the recording"):
            session.wait_for("two")
        assert session.read() == b"one"
        with pytest.raises(TimedOut):
            session.wait()
        assert session.read() == b" two"
        with pytest.raises(TimedOut):
            session.read()
        with pytest.raises(WaitFailed):
            session.wait_for_stable()
        assert session.exit_code is None
        assert session.exit_code == 4


def test_a_named_mark_is_a_place(play) -> None:
    tape = Tape().output(0, b"one").input(1, kind="mark", op="here").output(2, b" two").final(9)
    with play(tape) as session:
        session.mark("here")
        assert session.last_screen.text[0] == "one"


# Reading.


def test_bytes_come_up_to_where_input_is_wanted(play) -> None:
    tape = Tape().output(0, b"a").output(1, b"b").input(2, b"x").output(3, b"c").output(400, b"d").final(500)
    with play(tape) as session:
        assert session.read() == b"ab"
        with pytest.raises(TimedOut, match=r'no more output comes before the next input .*type\("x"\)'):
            session.read()
        session.type("x")
        assert session.read() == b"cd"
        assert session.read() == session.read() == b""


def test_what_was_played_for_an_input_can_be_read_after_it(play) -> None:
    tape = Tape().output(0, b"a").input(2, b"x").output(3, b"c").final(5)
    with play(tape) as session:
        session.type("x")
        assert session.read() == b"a"
        assert session.read() == b"c"


# The end.


@pytest.mark.parametrize(("code", "name", "expected"), [(0, "", 0), (3, "", 3), (137, "SIGKILL", 137)])
def test_how_it_ended(play, code: int, name: str, expected: int) -> None:
    ended = {"Code": code, "Signal": name, "Exited": not name, "Signaled": bool(name), "Err": None}
    with play(Tape().output(0, b"x").final(5, None, exit=ended)) as session:
        assert session.wait().code == expected
        assert session.exit_status is not None
        assert session.exit_status.signal == (name or None)
    assert session.exit_code == expected


def test_the_end_was_not_seen(play) -> None:
    with play(Tape().output(0, b"x").gap(1, "recorder-died").final(5, None)) as session:
        assert not session.wait().known
        assert [gap.payload["reason"] for gap in session.gaps] == ["recorder-died"]
    assert session.exit_code is None


def test_the_status_is_not_known_while_input_is_wanted(play) -> None:
    with play(Tape().output(0, b"x").input(1, b"q").final(5)) as session:
        assert session.exit_code is None
        with pytest.raises(TimedOut, match="the program does not end before the next input"):
            session.wait()
        session.press("q")
        assert session.exit_code == 0


@pytest.mark.parametrize("policy", ["ignore", "warn", "fail"])
def test_inputs_that_were_not_sent(play, policy: str, recwarn: pytest.WarningsRecorder) -> None:
    session = play(greeter(), on_unplayed=policy)
    with pytest.raises(ReplayMismatch, match="unplayed") if policy == "fail" else nullcontext(), session:
        session.type("Ada")
    assert [stop.line for stop in session.unplayed] == [2, 3]
    assert session.exit_code == 0  # it played to its end all the same
    assert len(recwarn) == (policy == "warn")
    with pytest.raises(ReplayMismatch):
        session.check_unplayed()


def test_a_failing_test_is_not_told_of_inputs_that_it_did_not_come_to(play) -> None:
    with pytest.raises(ZeroDivisionError), play(greeter(), on_unplayed="fail"):
        1 / 0  # noqa: B018


def test_a_closed_session_says_so(play) -> None:
    with play(greeter()) as session:
        pass
    session.close()
    for use in (lambda: session.screen, lambda: session.type("x"), lambda: session.wait_for("x")):
        with pytest.raises(UsageError, match="the session is closed"):
            use()
    assert session.last_screen.text[2] == "grüß dich ✨"


# Its start.


def test_the_command_and_the_size_have_to_agree(play) -> None:
    assert play(greeter(), argv=["greeter"], columns=20, rows=4)
    for options, reason in (({"argv": ["greeter", "-v"]}, "command"), ({"columns": 81}, "geometry")):
        with pytest.raises(ReplayMismatch) as caught:
            play(greeter(), **options)
        assert caught.value.reason == reason
    play(greeter(), argv=["other"], columns=81, match_on=["keys"])
    play(greeter(), argv=["GREETER"], normalize=str.lower)


@pytest.mark.parametrize(
    "options",
    [{"replay": "fast"}, {"scale": 2.0}, {"replay": "scaled", "scale": 0}, {"on_unplayed": "shout"}],
)
def test_options_without_meaning_are_refused(play, options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        play(greeter(), **options)


# Pace.


def test_paced_replays_sleep_for_the_same_steps(play) -> None:
    seen = []
    for options in ({"replay": "realtime"}, {"replay": "scaled", "scale": 0.5}):
        clock = VirtualClock(50.0)
        with play(greeter(), clock=clock, **options) as session:
            at = []
            session.wait_for("name?")
            for send in (lambda: session.type("Ada"), lambda: session.press("enter")):
                send()
                at.append(round((clock.now() - 50) * 1000))
            session.wait_for("Hello, Ada")
            at.append(round((clock.now() - 50) * 1000))
        seen.append([*at, round((clock.now() - 50) * 1000)])
    assert seen == [[500, 620, 640, 1000], [250, 310, 320, 500]]


def test_what_takes_the_driver_long_is_not_made_up_for(play) -> None:
    clock = VirtualClock()
    with play(greeter(), clock=clock, replay="realtime") as session:
        session.wait_for("name?")
        clock.advance(60)
        session.type("Ada")
        session.press("enter")
        assert clock.now() == pytest.approx(60 + 0.12)


# Other writers, other cuts.


@pytest.mark.parametrize("name", ["go-minimal", "go-top"])
def test_what_the_go_implementation_wrote_is_driven_too(name: str, tmp_path: Path) -> None:
    data = Path(__file__).parent / "data" / "interop" / f"{name}.tar.gz"
    with tarfile.open(data) as archive:
        archive.extractall(tmp_path)  # our own two archives
    with cassette.open(tmp_path / name) as tape, tape.session(on_unplayed="fail") as session:
        session.type("hello")
        session.press("enter")
        assert any(session.screen.text)
        got = session.read()
        while more := session.read():
            got += more
        assert got == tape.output_bytes()
        assert session.wait().code == 0


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("make", [greeter, flicker, marked], ids=lambda make: make.__name__)
def test_no_cut_of_the_output_changes_a_step(make, seed: int, tmp_path: Path) -> None:
    whole = make().write(tmp_path / "whole")

    def steps(path: Path) -> list[object]:
        seen: list[object] = []
        with cassette.open(path).session(match_on=[]) as session:
            seen.append(session.screen)
            for what in ("n", "o", "menu", "Hello"):
                try:
                    seen.append(session.wait_for(what))
                except WaitFailed as error:
                    seen.append(str(error).replace(str(path), ""))
            session.sleep(0.02)
            seen += [session.last_screen, session.read()]
            if session.unplayed:
                session.type("x")
            seen += [session.wait_for_stable(50), session.screen]
        return [*seen, session.last_screen]

    def settled(seen: list[object]) -> list[object]:
        return [re.sub(r"seq \d+", "", step) if isinstance(step, str) else step for step in seen]

    assert settled(steps(recut(whole, tmp_path / "cut", seed))) == settled(steps(whole))


def test_many_sessions_of_one_cassette_do_not_disturb_each_other(tmp_path: Path) -> None:
    tape = cassette.open(greeter().write(tmp_path / "tape"))

    def drive(_: int) -> list[str]:
        with tape.session(on_unplayed="fail") as session:
            session.wait_for("name?")
            session.type("Ada\r")
            session.resize(columns=30, rows=5)
            return session.wait_for("dich").text

    with ThreadPoolExecutor(4) as pool:
        assert len({tuple(text) for text in pool.map(drive, range(24))}) == 1


def test_the_screens_before_each_input(tmp_path: Path) -> None:
    tape = cassette.open(greeter().write(tmp_path / "tape"))
    seen = list(screens_before_inputs(tape, MatchOn().counts))
    assert [stop.line if stop else None for stop, _ in seen] == [1, 2, 3, None]
    assert [screen.text[1] for _, screen in seen] == ["", "", "Hello, Ada", "Hello, Ada"]


# Nothing is executed.

AUDITED = r"""
import os, sys
FORBIDDEN = ("subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.system", "pty.",
             "socket.", "os.kill", "os.putenv", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link",
             "os.symlink", "os.truncate", "os.chmod", "os.chown", "shutil.", "tempfile.", "ctypes.", "urllib.")
seen = []

def hook(event, args):
    writes = event == "open" and (
        (isinstance(args[1], str) and set(args[1]) & set("wax+"))
        or (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)))
    if writes or event.startswith(FORBIDDEN):
        seen.append((event, args))

sys.addaudithook(hook)
import cassette
from cassette import expect

with cassette.open(sys.argv[1]) as tape:
    for options in ({}, {"replay": "scaled", "scale": 0.001}):
        with tape.session(on_unplayed="fail", argv=["greeter"], **options) as term:
            expect(term).to_contain_text("name?")
            term.type("Ada")
            term.press("enter")
            term.read()
            assert term.screen.text[1] == "Hello, Ada"
            term.service_event({"type": "mine"})
            term.resize(columns=30, rows=5)
            expect(term).to_have_title("")
            term.sleep(1)
            assert term.wait().code == 0
    for wrong in (lambda term: term.type("Eve"), lambda term: term.wait_for("never"), lambda term: None,
                  lambda term: expect(term).to_have_text("?", row=0)):
        try:
            with tape.session(on_unplayed="fail") as term:
                wrong(term)
        except Exception as error:
            assert "What to do" in str(error), error
        else:
            raise AssertionError("nothing failed")
assert not seen, seen
print("nothing was executed")
"""


def test_a_replay_executes_nothing_opens_nothing_writes_nothing(tmp_path: Path) -> None:
    """In an empty environment, in another directory, with every step watched by the interpreter itself."""
    path = greeter().write(tmp_path / "tape")
    ran = subprocess.run(
        [sys.executable, "-B", "-c", AUDITED, str(path)],
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("nothing was executed\n", "", 0)
