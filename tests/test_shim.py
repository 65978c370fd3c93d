"""A shim on a terminal: its discipline, its end, signals, hang-ups, sizes, and what counts as input."""

from __future__ import annotations

import os
import random
import select
import signal
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape
from shim_helpers import LIMIT_S, alive
from shim_process import (
    EXTPROC,
    LINUX,
    Driven,
    greeter,
    mode,
    report_of,
    tape,
    terminal,
)
from shim_process import on_terminal as on_terminal
from shim_process import shim as shim

# The terminal.


def test_a_conversation_ends_as_it_ended(on_terminal: Any) -> None:
    driven = on_terminal(greeter())
    assert driven.expect(b"name? ") == b"name? "
    driven.send(b"Ada\n")
    assert driven.expect(b"password: ") == b"Ada\r\npassword: "
    driven.send(b"something else of another length\r")
    assert driven.end() == 3
    assert driven.seen == b"\r\nwelcome\r\n"


@LINUX
def test_the_discipline_is_shown_and_restored(on_terminal: Any) -> None:
    driven = on_terminal(greeter())
    driven.expect(b"name? ")
    iflag, oflag, _, lflag, *_ = driven.discipline()
    assert lflag & (EXTPROC | termios.ECHO | termios.ICANON | termios.ISIG) == (
        EXTPROC | termios.ECHO | termios.ICANON | termios.ISIG
    )
    assert not oflag & termios.OPOST
    assert not iflag & (termios.IXON | termios.ISTRIP)
    driven.send(b"Ada\r")
    driven.expect(b"password: ")
    while driven.discipline()[3] & termios.ECHO:
        assert driven.process.poll() is None
    assert driven.discipline()[3] & termios.ICANON
    driven.send(b"x\r")
    driven.end()
    assert driven.discipline() == driven.before


@pytest.mark.parametrize("how", ["mismatch", "SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
def test_the_terminal_is_restored_however_it_ends(how: str, on_terminal: Any) -> None:
    driven = on_terminal(greeter())
    driven.expect(b"name? ")
    if how == "mismatch":
        driven.send(b"Bob\r")
        assert driven.end() == 97
    else:
        driven.process.send_signal(signal.Signals[how])
        assert driven.end() == -signal.Signals[how]
    assert driven.discipline() == driven.before


def test_ctrl_d_is_a_byte_in_canonical_mode(on_terminal: Any) -> None:
    made = tape(terminal={**terminal(), "pty_mode": mode()})
    made.output(0, b"> ").input(5, b"\x04", source="user").output(6, b"bye\r\n").final(7)
    driven = on_terminal(made)
    driven.expect(b"> ")
    driven.send(b"\x04")
    assert driven.end() == 0
    assert driven.seen == b"bye\r\n"


def test_signal_characters_are_bytes(on_terminal: Any) -> None:
    made = tape().output(0, b"> ").input(5, b"\x03", source="user").output(6, b"^C\r\n> ")
    made.input(9, b"\x1a\x1c", source="user").output(10, b"still here\r\n").final(11)
    driven = on_terminal(made)
    driven.expect(b"> ")
    driven.send(b"\x03")
    driven.expect(b"^C\r\n> ")
    driven.send(b"\x1a\x1c")
    assert driven.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGHUP])
def test_it_dies_of_the_recorded_signal(number: int, on_terminal: Any) -> None:
    ended = {
        "Code": 128 + number,
        "Signal": signal.Signals(number).name,
        "Exited": False,
        "Signaled": True,
        "Err": None,
    }
    driven = on_terminal(tape().output(0, b"oh\r\n").final(5, None, exit=ended))
    assert driven.end() == -number
    assert driven.seen == b"oh\r\n"


# Hang-ups and signals.


@pytest.mark.parametrize("ignored", [False, True])
def test_a_hang_up_leaves_no_orphan(ignored: bool, shim: Any, tmp_path: Path) -> None:
    trap = "trap '' HUP;" if ignored else ""
    driven = Driven(["/bin/sh", "-c", f'{trap} exec "$0"', str(shim(greeter()))])
    driven.expect(b"name? ")
    driven.hang_up()
    assert driven.process.wait(LIMIT_S) == -signal.SIGHUP
    assert not alive(driven.process.pid)
    assert "(unplayed)" in report_of(tmp_path)
    assert '"Ada\\r"' in report_of(tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_a_hang_up_at_any_moment(seed: int, shim: Any) -> None:
    driven = Driven([str(shim(greeter()))])
    time.sleep(random.Random(seed).random() * 0.06)  # any moment will do
    driven.hang_up()
    assert driven.process.wait(LIMIT_S) == -signal.SIGHUP


def test_a_recorded_signal_is_waited_for(on_terminal: Any) -> None:
    made = tape().output(0, b"ready\r\n").input(5, kind="signal", signal="SIGUSR1")
    made.output(6, b"got it\r\n").input(9, kind="signal", signal="SIGTERM").output(10, b"bye\r\n").final(
        12, 5
    )
    driven = on_terminal(made)
    driven.expect(b"ready\r\n")
    driven.process.send_signal(signal.SIGUSR1)
    driven.expect(b"got it\r\n")
    driven.process.send_signal(signal.SIGTERM)
    assert driven.end() == 5
    assert driven.seen == b"bye\r\n"


def test_a_shim_is_stopped_and_goes_on(on_terminal: Any) -> None:
    made = tape().output(0, b"ready\r\n").input(5, kind="signal", signal="SIGSTOP")
    made.input(9, kind="signal", signal="SIGCONT").output(10, b"back\r\n").final(12)
    driven = on_terminal(made)
    driven.expect(b"ready\r\n")
    driven.process.send_signal(signal.SIGSTOP)
    assert os.WIFSTOPPED(os.waitpid(driven.process.pid, os.WUNTRACED)[1])
    driven.process.send_signal(signal.SIGCONT)
    assert driven.end() == 0
    assert driven.seen == b"back\r\n"


def test_a_signal_may_overtake_input(on_terminal: Any) -> None:
    made = tape().output(0, b"> ").input(5, b"go\r", source="user")
    made.input(6, kind="signal", signal="SIGTERM").output(7, b"ended\r\n").final(9, 4)
    driven = on_terminal(made)
    driven.expect(b"> ")
    driven.process.send_signal(signal.SIGSTOP)
    driven.process.send_signal(signal.SIGTERM)
    driven.send(b"go\r")
    driven.process.send_signal(signal.SIGCONT)  # it gets the signal before it reads
    assert driven.end() == 4
    assert driven.seen == b"ended\r\n"


def test_a_program_that_the_recorder_ended_stays(on_terminal: Any) -> None:
    ended = {"Code": 129, "Signal": "SIGHUP", "Exited": False, "Signaled": True, "Err": None}
    made = tape().output(0, b"serving\r\n")
    made.final(9, None, exit=ended, metadata={"ended_by": "stopped", "detail": "it did not end within 5 s"})
    driven = on_terminal(made)
    driven.expect(b"serving\r\n")
    driven.process.send_signal(signal.SIGTERM)
    assert driven.end() == -signal.SIGTERM


def test_a_blocked_write_ends_with_the_driver(on_terminal: Any) -> None:
    driven = on_terminal(tape().output(0, b"x" * 1_000_000).final(5))
    assert select.select([driven.master], [], [], LIMIT_S)[0]
    driven.process.terminate()
    assert driven.process.wait(LIMIT_S) == -signal.SIGTERM


# Sizes.


def resized() -> Tape:
    made = tape(terminal=terminal(80, 24))
    made.output(0, b"80x24\r\n").resize(5, 100, 30).output(6, b"100x30\r\n")
    made.resize(8, 90, 20).output(9, b"90x20\r\n")
    return made.final(10)


def test_a_resize_is_waited_for(on_terminal: Any) -> None:
    driven = on_terminal(resized())
    driven.expect(b"80x24\r\n")
    driven.resize(100, 30)
    driven.expect(b"100x30\r\n")
    driven.resize(90, 20)
    assert driven.end() == 0
    assert driven.seen == b"90x20\r\n"


def test_resizes_that_come_too_quickly_count(on_terminal: Any) -> None:
    driven = on_terminal(resized())
    driven.expect(b"80x24\r\n")
    driven.resize(100, 30)
    driven.resize(90, 20)
    assert driven.end() == 0
    assert driven.seen == b"100x30\r\n90x20\r\n"


def test_on_a_terminal_of_another_size_no_resize_is_waited_for(on_terminal: Any) -> None:
    driven = on_terminal(resized(), size=(81, 24))
    assert driven.end() == 0
    assert driven.seen == b"80x24\r\n100x30\r\n90x20\r\n"


# Input.


def test_type_ahead_is_released_and_owed(on_terminal: Any) -> None:
    made = tape().output(0, b"$ ").input(5, b"one\r", source="user").input(6, b"two\r", source="user")
    made.output(9, b"one\r\n1\r\n$ two\r\n2\r\n$ ").input(20, b"exit\r", source="user")
    made.output(21, b"exit\r\n").final(22)
    driven = on_terminal(made)
    driven.expect(b"$ ")
    driven.send(b"one\r")
    driven.expect(b"1\r\n$ ")  # a driver that waits where the one of the recording did not
    driven.send(b"two\r")
    driven.expect(b"2\r\n$ ")
    driven.send(b"exit\r")
    assert driven.end() == 0


def test_what_is_owed_is_checked(on_terminal: Any, tmp_path: Path) -> None:
    made = tape().output(0, b"$ ").input(5, b"one\r", source="user").input(6, b"two\r", source="user")
    made.output(9, b"1 2\r\n").final(22)
    driven = on_terminal(made)
    driven.expect(b"$ ")
    driven.send(b"one\r")
    driven.expect(b"1 2\r\n")
    driven.send(b"too\r")
    assert driven.end() == 97
    assert 'recorded  "wo\\r"' in report_of(tmp_path)


def test_all_input_at_once(on_terminal: Any) -> None:
    driven = on_terminal(greeter())
    driven.expect(b"name? ")
    driven.send(b"Ada\rsecret\r")
    assert driven.end() == 3
    assert driven.seen == b"Ada\r\npassword: \r\nwelcome\r\n"


def test_masked_ranges_are_wildcards(on_terminal: Any) -> None:
    made = tape().output(0, b"$ ")
    made.input(5, b"login --token=********** -v\r", source="user", masked=[[14, 10]])
    made.output(6, b"in\r\n").final(7)
    driven = on_terminal(made)
    driven.expect(b"$ ")
    driven.send(b"login --token=of-another-length -v\r")
    assert driven.end() == 0


def asking() -> Tape:
    made = tape().output(0, b"\x1b[6n\x1b[c")
    made.input(1, b"\x1b[1;1R", source="terminal").input(1, b"\x1b[?62;22c", source="terminal")
    made.output(3, b"ready ").input(5, b"\x1b[1;2R", source="user").output(6, b"shift+f3\r\n")
    return made.final(7)


def test_a_terminals_answers_are_never_waited_for(on_terminal: Any) -> None:
    driven = on_terminal(asking())
    driven.expect(b"ready ")
    driven.send(b"\x1b[1;2R")
    assert driven.end() == 0


def test_a_terminals_answers_are_dropped_once_each(on_terminal: Any) -> None:
    driven = on_terminal(asking())
    driven.expect(b"ready ")
    driven.send(b"\x1b[7;9R\x1b[?6c")
    driven.send(b"\x1b[1;2R")
    assert driven.end() == 0
    assert driven.seen == b"shift+f3\r\n"


def test_an_answer_without_a_question_is_a_key(on_terminal: Any) -> None:
    driven = on_terminal(greeter())
    driven.expect(b"name? ")
    driven.send(b"\x1b[?6c")
    assert driven.end() == 97


def test_late_answers_do_not_reach_the_shell(on_terminal: Any) -> None:
    driven = on_terminal(tape().output(0, b"\x1b[c").final(1))
    driven.expect(b"\x1b[c")
    driven.send(b"\x1b[?62c")
    assert driven.end() == 0
    os.set_blocking(driven.slave, False)
    with pytest.raises(BlockingIOError):
        os.read(driven.slave, 100)
