"""How a shim is started: arguments, pipes, pace, surroundings; and what a mismatch says."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape
from shim_helpers import LIMIT_S
from shim_process import (
    EXTPROC,
    LINUX,
    Driven,
    greeter,
    report_of,
    run,
    tape,
)
from shim_process import on_terminal as on_terminal
from shim_process import shim as shim

from cassette.shim.runtime import line

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


@pytest.mark.parametrize(("pace", "least_s"), [("realtime", 0.6), ("scaled:0.5", 0.3), ("scaled:0", 0.0)])
def test_pace(pace: str, least_s: float, on_terminal: Any) -> None:
    driven = on_terminal(slow(), CASSETTE_SHIM_PACE=pace)
    driven.expect(b"a")
    driven.expect(b"b")
    started = time.monotonic()
    driven.send(b"x")
    assert driven.end() == 0
    assert driven.seen == b"c"
    assert time.monotonic() - started >= least_s - 0.01  # never early; how late is the machine's affair


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


# Input that came before it.


@pytest.mark.parametrize("early", [b"Ada\r\x04", b"\x04", b"Ad\x04a\r", b"\0\r"])
@LINUX
def test_what_was_typed_before_it_ran_is_its_input(early: bytes, shim: Any) -> None:
    made = tape().input(1, early, source="user").output(2, b"bye").final(3)
    driven = Driven([str(shim(made))], early=early)
    try:
        assert driven.end() == 0
        assert driven.seen.endswith(b"bye")  # behind what the kernel echoed
    finally:
        driven.close()


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
