"""One driver's script against a live program, the same program while it is recorded, and its shim."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect

from cassette.shim import write_shim

LIMIT_S = 60  # for what always comes; a loaded machine is slow, a wait without end is a bug
JOB = """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCONT])
print("here", flush=True)
signal.sigwait([signal.SIGCONT])
print("back", flush=True)
signal.pause()
"""  # a job for a shell: it says when it may be stopped, and when it has the terminal again
Script = Callable[[Any], None]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "TERM": "xterm-256color",
    "LC_ALL": "C.UTF-8",
    "PS1": "$ ",
    "LESSHISTFILE": "-",
    "PYTHON_BASIC_REPL": "1",
    "PYTHON_COLORS": "0",
    "JOB": JOB,
}


@dataclass(frozen=True)
class Outcome:
    """What a driver saw of a program."""

    output: bytes
    code: int
    """128 + n after signal n."""


def drive(command: Sequence[str], script: Script, **options: Any) -> Outcome:
    """Run a pexpect script to the program's end."""
    seen = io.BytesIO()
    options = {"env": ENVIRONMENT, "timeout": LIMIT_S, "dimensions": (24, 80), **options}
    child = pexpect.spawn(command[0], list(command[1:]), preexec_fn=_default_signals, **options)
    child.delaybeforesend = None
    child.logfile_read = seen
    try:
        script(child)
        if not child.closed:
            child.expect(pexpect.EOF)
            child.wait()
    finally:
        child.close(force=True)
    code = 128 + child.signalstatus if child.signalstatus else child.exitstatus
    return Outcome(seen.getvalue(), code)


def _default_signals() -> None:
    """As from a terminal, also where the tests run in the background or under nohup."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def recording(path: Path, command: Sequence[str]) -> list[str]:
    """The command that records another one for whoever drives it, and says nothing itself."""
    cassette = [sys.executable, "-m", "cassette", "record", "--quiet", "--exit-code-of-child", "--overwrite"]
    return ["/bin/sh", "-c", 'exec "$@" 2>/dev/null', "sh", *cassette, "-o", str(path), "--", *command]


def three_ways(place: Path, command: Sequence[str], script: Script) -> tuple[Outcome, Outcome, Outcome]:
    """What a driver sees live, while recording, and of the shim."""
    live = drive(command, script)
    environment = {**ENVIRONMENT, **{k: v for k, v in os.environ.items() if k.startswith("CASSETTE_")}}
    recorded = drive(recording(place / "tape", command), script, env=environment)
    shim = write_shim(place / "tape", name=Path(command[0]).name, into=place / "bin")
    return live, recorded, drive([str(shim), *command[1:]], script, env={})


def hang_up(child: Any) -> None:
    """Let the terminal go, and wait for the end of whoever was on it; pexpect's own close kills."""
    child.ptyproc.fileobj.close()
    child.wait()
    child.closed = True


def alive(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZXx"
    except (FileNotFoundError, ProcessLookupError):
        return False


def by_signal(number: int) -> int:
    return 128 + signal.Signals(number)
