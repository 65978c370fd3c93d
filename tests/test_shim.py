"""A shim as a process: the discipline of its terminal, its end, signals, pipes, pace, arguments, surroundings."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape
from shim_helpers import LIMIT_S, alive

from cassette.model import Input, Output
from cassette.reader import open as open_cassette
from cassette.shim import write_shim
from cassette.shim.runtime import line

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="EXTPROC is Linux's")
EXTPROC = 0o200000
ARGV = ["greeter"]


def tape(argv: list[str] | None = None, **manifest: Any) -> Tape:
    command = {"argv": ARGV if argv is None else argv, "workdir_policy": "inherit"}
    return Tape(command=command, **manifest)


def mode(echo: bool = True, icanon: bool = True) -> dict[str, bool]:
    return {"echo": echo, "icanon": icanon, "isig": True, "icrnl": True, "opost": True, "onlcr": True}


def greeter() -> Tape:
    """A prompt, a name, a hidden password, a bye."""
    made = tape()
    made.output(0, b"name? ")
    made.input(500, b"Ada\r", source="user")
    made.output(510, b"Ada\r\npassword: ")
    made.input(515, kind="mode", mode=mode(echo=False))
    made.input(900, b"********", source="user", redacted="hidden-input")
    made.input(910, b"\r", source="user")
    made.output(920, b"\r\nwelcome\r\n")
    made.input(925, kind="mode", mode=mode())
    return made.final(1000, 3)


class Driven:
    """A process on a terminal of its own; its slave stays open, so that its discipline can be looked at."""

    def __init__(self, command: list[str], size: tuple[int, int] = (80, 24), **env: str) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (size[1], size[0]))
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.process = subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=env,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - no threads here
        )

    def expect(self, wanted: bytes) -> bytes:
        """Read until it was said since the last call; all of that."""
        while wanted not in self.seen:
            assert select.select([self.master], [], [], LIMIT_S)[0], f"never came: {wanted!r}; {self.seen!r}"
            self.seen += os.read(self.master, 65536)
        end = self.seen.index(wanted) + len(wanted)
        said, self.seen = self.seen[:end], self.seen[end:]
        return said

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def resize(self, columns: int, rows: int) -> None:
        termios.tcsetwinsize(self.slave, (rows, columns))

    def end(self) -> int:
        """Read to the end; the status, negative after a signal."""
        while self.process.poll() is None:
            if select.select([self.master], [], [], 0.02)[0]:
                self.seen += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536)
        return self.process.wait()

    def discipline(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    def hang_up(self) -> None:
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for fd in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(fd)


def _take_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def shim(tmp_path: Path) -> Any:
    """`shim(tape)`: the path of a shim of it."""

    def make(made: Tape, **options: Any) -> Path:
        return write_shim(made.write(tmp_path / "tape"), name="greeter", into=tmp_path / "bin", **options)

    return make


@pytest.fixture
def on_terminal(shim: Any) -> Iterator[Any]:
    """`on_terminal(tape, *arguments, **environment)`: a shim of it, started."""
    started: list[Driven] = []

    def start(made: Tape, *arguments: str, size: tuple[int, int] = (80, 24), **env: str) -> Driven:
        started.append(Driven([str(shim(made)), *arguments], size, **env))
        return started[-1]

    yield start
    for driven in started:
        driven.close()


def report_of(tmp_path: Path) -> str:
    return (tmp_path / "bin" / "greeter.shim" / "report.txt").read_text("utf-8")


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
    made = tape(terminal={**_terminal(), "pty_mode": mode()})
    made.output(0, b"> ").input(5, b"\x04", source="user").output(6, b"bye\r\n").final(7)
    driven = on_terminal(made)
    driven.expect(b"> ")
    driven.send(b"\x04")
    assert driven.end() == 0
    assert driven.seen == b"bye\r\n"


def _terminal(columns: int = 80, rows: int = 24) -> dict[str, Any]:
    return {
        "initial_rows": rows,
        "initial_cols": columns,
        "term": "xterm-256color",
        "emulator": {"name": "pyte", "version": "test"},
    }


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
    driven.process.send_signal(signal.SIGTERM)
    driven.send(b"go\r")
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
    made = tape(terminal=_terminal(80, 24))
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
    driven.send(b"\x1b[7;")
    driven.send(b"9R\x1b[?6c")
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


# Mismatches.


@pytest.mark.parametrize(
    ("name", "sent"),
    [("wrong-key", b"Adb\r"), ("too-early", b"welcome\r"), ("extra", b"Ada\rsecret\rmore\r")],
)
def test_a_mismatch_says_it_all(
    name: str, sent: bytes, on_terminal: Any, tmp_path: Path, golden: Any
) -> None:
    driven = on_terminal(greeter())
    driven.expect(b"name? ")
    driven.send(sent)
    assert driven.end() == 97
    golden(f"shim/{name}.txt", report_of(tmp_path).replace(str(tmp_path), "DIR"))
    assert b"cassette shim" not in driven.seen  # it would be on the screen


def test_other_arguments(shim: Any, tmp_path: Path, golden: Any) -> None:
    made = tape(["greeter", "--name", "Ada Lovelace"]).output(0, b"hi\r\n").final(1)
    path = shim(made)
    done = subprocess.run([path, "--name", "Bob"], capture_output=True, check=False, env={})
    assert (done.returncode, done.stdout) == (97, b"")
    golden("shim/arguments.txt", done.stderr.decode().replace(str(tmp_path), "DIR"))
    assert report_of(tmp_path) == done.stderr.decode()
    right = subprocess.run([path, "--name", "Ada Lovelace"], capture_output=True, check=False, env={})
    assert (right.returncode, right.stdout) == (0, b"hi\n")


def test_other_arguments_can_be_allowed(shim: Any) -> None:
    made = tape(["greeter", "-v"]).output(0, b"hi\r\n").final(1)
    path = shim(made)
    assert run(path, "x", CASSETTE_SHIM_ARGUMENTS="any") == b"hi\n"
    assert run(shim(made, any_arguments=True), "x", "y") == b"hi\n"


def test_scrubbed_arguments_match_anything(shim: Any) -> None:
    made = tape(["greeter", "--key=<SCRUBBED:key:1****>", "************"]).output(0, b"hi\r\n").final(1)
    assert run(shim(made), "--key=sk-test-0000", "hunter2") == b"hi\n"


def test_the_report_goes_where_it_is_told(shim: Any, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere.txt"
    path = shim(greeter())
    env = {"CASSETTE_SHIM_REPORT": str(place)}
    done = subprocess.run([path], input=b"Bob\n", capture_output=True, check=False, env=env)
    assert done.returncode == 97
    assert done.stdout == b"name? "
    assert place.read_bytes() == done.stderr


# Pipes.


def run(path: Path, *arguments: str, given: bytes = b"", **env: str) -> bytes:
    done = subprocess.run([path, *arguments], input=given, capture_output=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def test_on_pipes(shim: Any) -> None:
    done = subprocess.run([shim(greeter())], input=b"Ada\nsecret\n", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (3, b"")
    assert done.stdout == b"name? Ada\npassword: \nwelcome\n"


def test_the_end_of_a_pipe_is_ctrl_d(shim: Any) -> None:
    made = tape().input(5, b"one\r", source="user").output(6, b"one\r\none\r\n")
    made.input(9, b"\x04", source="user").final(12)
    assert run(shim(made), given=b"one\n") == b"one\none\n"


def test_a_pipe_that_ends_too_early(shim: Any) -> None:
    done = subprocess.run([shim(greeter())], input=b"Ada\n", capture_output=True, check=False)
    assert done.returncode == 97
    assert done.stdout == b"name? Ada\npassword: "
    assert b"(unplayed)" in done.stderr


def test_a_reader_that_leaves(shim: Any) -> None:
    path = shim(tape().output(0, b"x\r\n" * 300_000).final(1))
    process = subprocess.Popen([path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(LIMIT_S) == -signal.SIGPIPE
    assert process.communicate()[1] == b""


def test_without_descriptors(shim: Any) -> None:
    path = shim(tape().output(0, b"x\r\n").final(1, 2))
    done = subprocess.run(["/bin/sh", "-c", '"$0" <&- >&- 2>&-', path], check=False)
    assert done.returncode == 2


# Pace.


def slow() -> Tape:
    return (
        tape()
        .output(0, b"a")
        .output(400, b"b")
        .input(900, b"x", source="user")
        .output(1300, b"c")
        .final(1500)
    )


@pytest.mark.parametrize(("pace", "least_s"), [("realtime", 1.0), ("scaled:0.5", 0.5), ("scaled:0", 0.0)])
def test_pace(pace: str, least_s: float, on_terminal: Any) -> None:
    driven = on_terminal(slow(), CASSETTE_SHIM_PACE=pace)
    driven.expect(b"a")
    started = time.monotonic()
    driven.expect(b"b")
    driven.send(b"x")
    assert driven.end() == 0
    assert driven.seen == b"c"
    assert time.monotonic() - started >= least_s - 0.1


def test_early_input_does_not_wait_for_recorded_time(on_terminal: Any) -> None:
    made = tape().output(0, b"a").output(3_600_000, b"b").input(3_600_001, b"x", source="user")
    driven = on_terminal(made.output(3_600_002, b"c").final(3_600_003), CASSETTE_SHIM_PACE="realtime")
    driven.expect(b"a")
    driven.send(b"x")
    assert driven.end() == 0
    assert driven.seen == b"bc"


def test_a_pace_that_is_none(shim: Any) -> None:
    for pace in ("fast", "scaled:", "scaled:-1", "scaled:nan", "scaled:inf"):
        done = subprocess.run(
            [shim(slow())], env={"CASSETTE_SHIM_PACE": pace}, capture_output=True, check=False
        )
        assert done.returncode == 97
        assert b"Give collapsed, realtime or scaled:<scale>." in done.stderr


# Surroundings.


def test_without_surroundings(shim: Any, tmp_path: Path) -> None:
    path = shim(greeter())
    shutil.rmtree(tmp_path / "tape")
    gone = tmp_path / "gone"
    gone.mkdir()
    command = ["/bin/sh", "-c", f"cd {gone} && rmdir {gone} && exec /usr/bin/env -i {path}"]
    done = subprocess.run(command, input=b"Ada\nx\n", capture_output=True, check=False, env={})
    assert (done.returncode, done.stderr) == (3, b"")
    assert done.stdout.endswith(b"welcome\n")


def test_moved_and_linked(shim: Any, tmp_path: Path) -> None:
    path = shim(tape().output(0, b"x\r\n").final(1))
    moved = tmp_path / "other bin"
    path.parent.rename(moved)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "alias").symlink_to("../other bin/greeter")
    (tmp_path / "links" / "again").symlink_to("alias")
    assert run(tmp_path / "links" / "again") == b"x\n"
    found = subprocess.run(
        ["/bin/sh", "-c", "again"], cwd=tmp_path, env={"PATH": "links"}, capture_output=True, check=False
    )
    assert found.stdout == b"x\n"


def test_a_changed_cassette_is_noticed(shim: Any, tmp_path: Path) -> None:
    path = shim(tape().output(0, b"old\r\n").final(1))
    shutil.rmtree(tmp_path / "tape")
    tape().output(0, b"new\r\n").final(1).write(tmp_path / "tape")
    done = subprocess.run([path], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (97, b"")
    assert b"(stale)" in done.stderr
    assert run(shim(tape().output(0, b"new\r\n").final(1))) == b"new\n"


def test_it_imports_next_to_nothing(shim: Any) -> None:
    path = shim(tape().output(0, b"x").final(1))
    command = [first_word(path), "-IS", "-X", "importtime", path]
    done = subprocess.run(command, capture_output=True, check=False, env={})
    bare = subprocess.run(
        [first_word(path), "-IS", "-X", "importtime", "-c", "pass"], capture_output=True, check=False, env={}
    )
    more = imported(done.stderr) - imported(bare.stderr)
    assert more <= {"termios", "select", "_signal", "time", "marshal", "posix"}


def first_word(path: Path) -> str:
    return path.read_text().splitlines()[0].removeprefix("#!").split()[0]


def imported(text: bytes) -> set[str]:
    return {line.rpartition(b"|")[2].strip().decode() for line in text.splitlines() if b"|" in line}


# Whole recordings, driven by what they say themselves.

RECORDINGS = sorted(
    path.parent for path in (Path(__file__).parent.parent / "cassettes").glob("*/manifest.json")
)


@pytest.mark.parametrize("split", [False, True], ids=["as recorded", "byte by byte"])
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.name)
def test_a_recording_plays_itself(recording: Path, split: bool, tmp_path: Path) -> None:
    path = write_shim(recording, name="shim", into=tmp_path, any_arguments=True)
    with open_cassette(recording) as made:
        driven = Driven([str(path)], (made.size.columns, made.size.rows))
        try:
            seen = drive_by(made, driven, split=split)
            status = driven.end()
        finally:
            driven.close()
        assert seen + driven.seen == made.output_bytes()
        ended = made.final.exit
        assert (status if status >= 0 else 128 - status) == ended.code


def drive_by(made: Any, driven: Driven, *, split: bool) -> bytes:
    """Send each input when all output before it has come; the output."""
    seen = b""
    expected = 0
    for event in made.events():
        if isinstance(event, Output):
            expected += len(event.data)
        elif isinstance(event, Input) and event.source != "terminal" and event.kind not in ("mode", "mark"):
            while len(seen) < expected:
                assert select.select([driven.master], [], [], LIMIT_S)[0], seen
                seen += os.read(driven.master, 65536)
            act(event, driven, split=split)
    return seen


def act(event: Input, driven: Driven, *, split: bool) -> None:
    if event.kind == "resize":
        driven.resize(event.size.columns, event.size.rows)
    elif event.kind == "signal":
        driven.process.send_signal(signal.Signals[event.signal])
    else:
        data = b"some secret" if event.redacted else event.data
        for piece in [data[n : n + 1] for n in range(len(data))] if split else [data]:
            driven.send(piece)


def made_up(chance: random.Random) -> Tape:
    """A conversation of anything that can happen, in any order."""
    made, t_ms = tape(terminal=_terminal()), 0
    made.output(0, b"ready")
    for _ in range(chance.randint(1, 30)):
        t_ms += chance.randint(0, 3)
        kind = chance.choice("oooiiihmrst")
        text = bytes(chance.choice(b"abc \r\n\x1b[;0m\x03\x04\x7f") for _ in range(chance.randint(1, 12)))
        if kind == "o":
            made.output(t_ms, text * chance.choice((1, 1, 1, 500)))
        elif kind == "i":
            made.input(t_ms, text, source="user")
        elif kind == "h":
            made.input(t_ms, b"*" * 8, source="user", redacted="hidden-input").input(
                t_ms, b"\r", source="user"
            )
        elif kind == "m":
            made.input(t_ms, kind="mode", mode=mode(chance.random() < 0.5, chance.random() < 0.5))
        elif kind == "r":
            made.resize(t_ms, chance.randint(20, 200), chance.randint(5, 60))
        elif kind == "s":
            made.input(t_ms, kind="signal", signal=chance.choice(("SIGINT", "SIGUSR1", "SIGTERM")))
            made.output(t_ms, b"signalled")  # two of a kind at once would be one
        elif kind == "t":
            made.output(t_ms, b"\x1b[6n").input(t_ms, b"\x1b[1;1R", source="terminal")
    return made.final(t_ms, chance.randint(0, 96))


@pytest.mark.parametrize("seed", range(300 if os.environ.get("CASSETTE_PROVE") else 15))
def test_made_up_conversations_play_themselves(seed: int, on_terminal: Any, tmp_path: Path) -> None:
    chance = random.Random(seed)
    driven = on_terminal(made_up(chance))
    with open_cassette(tmp_path / "tape") as made:
        seen = drive_by(made, driven, split=chance.random() < 0.5)
        assert driven.end() == made.final.exit.code, report_of(tmp_path)
        assert seen + driven.seen == made.output_bytes()


# Elsewhere, and in a shell.


def test_elsewhere_the_terminal_is_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line.sys, "platform", "darwin")
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    shown = line.Line(slave, keys=True)
    shown.show(31)
    iflag, oflag, _, lflag, _, _, characters = termios.tcgetattr(slave)
    assert not lflag & (EXTPROC | termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    assert not iflag & (termios.ICRNL | termios.IXON | termios.ISTRIP)
    assert not oflag & termios.OPOST
    assert characters[termios.VMIN] in (1, b"\x01")  # a number where input is not canonical
    shown.restore()
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@LINUX
def test_a_shim_is_a_job_like_others(shim: Any) -> None:
    bash = Driven(["bash", "--norc", "--noprofile", "-i"], PS1="$ ", PATH=os.environ["PATH"])
    try:
        bash.expect(b"$ ")
        bash.send(f"{shim(greeter())}; echo status $?\r".encode())
        bash.expect(b"name? ")
        while not (
            jobs := Path(f"/proc/{bash.process.pid}/task/{bash.process.pid}/children").read_text().split()
        ):
            assert bash.process.poll() is None
        os.kill(int(jobs[0]), signal.SIGTSTP)
        bash.expect(b"Stopped")
        bash.expect(b"$ ")
        bash.send(b"fg\r")
        bash.expect(b"greeter")
        while not bash.discipline()[3] & EXTPROC:
            assert bash.process.poll() is None
        bash.send(b"Ada\r")
        bash.expect(b"password: ")
        bash.send(b"secret\r")
        bash.expect(b"welcome\r\n")
        bash.expect(b"$ ")
        bash.send(b"echo back\r")  # the shell's own echo works again
        bash.expect(b"echo back")
        bash.expect(b"back\r\n")
    finally:
        bash.close()
