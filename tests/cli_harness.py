"""Runs the command line as a user does: through a pipe, or on a terminal whose screen can be looked at."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pty_helpers import LIMIT_S, Watcher

from terminal.emulator import make_emulator
from terminal.session import PtySession

COMMAND = (sys.executable, "-m", "cassette")


@dataclass(frozen=True)
class Result:
    """What a command said; its exit code is negative when a signal killed it."""

    code: int
    out: str
    err: str


def environment(**more):
    """The same on every machine: 80 columns, UTF-8, no colour asked for or refused."""
    kept = {
        k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "LINES", "LC_ALL", "LANG")
    }
    return {**kept, "COLUMNS": "80", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **more}


def run(*arguments, cwd=None, stdin=subprocess.DEVNULL, **variables):
    """`cassette ARGUMENTS`, with pipes for everything."""
    done = run_bytes(*arguments, cwd=cwd, stdin=stdin, **variables)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_bytes(*arguments, cwd=None, stdin=subprocess.DEVNULL, **variables):
    """The same with output as bytes."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        stdin=stdin,
        env=environment(**variables),
        capture_output=True,
        check=False,
        timeout=LIMIT_S,
    )


def run_here(capsys, *arguments):
    """The same in this process, which is faster; standard output is no terminal."""
    from cassette.cli import main

    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as leaving:  # argparse's `--help`
        code = leaving.code
    shown = capsys.readouterr()
    return Result(code, shown.out, shown.err)


def refused(result, code, *parts):
    """A refusal: this exit code, nothing on standard output, two sentences that have these parts, no traceback."""
    assert result.code == code, result
    assert result.out == "", result
    assert result.err.startswith("cassette: "), result
    assert "Traceback" not in result.err, result
    for part in parts:
        assert str(part) in result.err, result


class OnTerminal:
    """A shell line on a pseudo-terminal; `{cassette}` in it is the command. Use it in a `with` block.

    Afterwards `code` is the exit code of the line, and `screen` what a terminal shows.
    """

    def __init__(self, line, *, columns=80, rows=24, shell=("sh", "-c"), **variables):
        variables = {"COLUMNS": "", "LINES": "", **variables}
        env = {k: v for k, v in environment(**variables).items() if v}
        line = line.replace("{cassette}", " ".join(COMMAND))
        self._watcher = Watcher()
        self._session = PtySession.spawn([*shell, line], columns=columns, rows=rows, env=env, grace_s=0.3)
        self._pump = self._watcher.pump(self._session)
        self._size = {"columns": columns, "rows": rows}
        self.code = None

    def __enter__(self):
        self._pump.start()
        return self

    def __exit__(self, *error):
        if error[0] is not None:
            self._pump.stop()
        with contextlib.ExitStack() as stack:
            stack.callback(self._session.close)
            end = self._pump.join(LIMIT_S)
        assert end is not None, f"does not end: {self.output[-500:]!r}"
        self.code = end.status.code if end.status else None

    @property
    def output(self):
        """Every byte so far."""
        return bytes(self._watcher.output)

    @property
    def screen(self):
        """What a terminal that got all output shows."""
        emulator = make_emulator(**self._size)
        emulator.feed(self.output)
        return emulator.snapshot()

    def wait_for(self, text, times=1):
        """Wait until `text` has been shown so often."""
        self._watcher.wait_until(lambda: self.output.count(text.encode()) >= times)

    def hang_up(self):
        """Take the terminal away, as closing its window does."""
        self._pump.stop("hung up")

    def type(self, text):
        self._pump.write(text.encode())


RESTORED = (
    "trap : INT TERM; before=$(stty -g); {play}; code=$?; after=$(stty -g); "
    '[ "$before" = "$after" ] && echo settings-as-before; echo "ended-with $code"'
)
"""Runs `{play}` and tells how the terminal was left."""


def restored(play):
    return RESTORED.replace("{play}", play)


def damage(path: Path, name: str, old: bytes, new: bytes) -> Path:
    """Change one file of a cassette behind its back."""
    data = (path / name).read_bytes()
    assert old in data, (name, old)
    (path / name).write_bytes(data.replace(old, new, 1))
    return path
