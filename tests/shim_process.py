"""A shim on a terminal that a test holds, made-by-hand cassettes for it, and the fixtures that start it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape
from shim_helpers import LIMIT_S

from cassette.shim import write_shim

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


def terminal(columns: int = 80, rows: int = 24) -> dict[str, Any]:
    return {
        "initial_rows": rows,
        "initial_cols": columns,
        "term": "xterm-256color",
        "emulator": {"name": "pyte", "version": "test"},
    }


class Driven:
    """A process on a terminal of its own; its slave stays open, so that its discipline can be looked at."""

    def __init__(
        self, command: list[str], size: tuple[int, int] = (80, 24), *, early: bytes = b"", **env: str
    ) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (size[1], size[0]))
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.send(early)
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


def report_of(tmp_path: Path) -> str:
    return (tmp_path / "bin" / "greeter.shim" / "report.txt").read_text("utf-8")


def run(path: Path, *arguments: str, given: bytes = b"", **env: str) -> bytes:
    done = subprocess.run([path, *arguments], input=given, capture_output=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


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
