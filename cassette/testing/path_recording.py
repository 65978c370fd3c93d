"""What `pty.on_path` puts on PATH where a test records: an executable that records the real program for its caller.

The caller's terminal is the person's: keys go through, the size follows, and the caller sees what the program writes.
What is recorded lies in a directory of the test's own until the test has passed. The first start is recorded, as
each start will play it; later ones run the program.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cassette.errors import CassetteError, UsageError
from cassette.testing.callsite import explained, shown_path

__tracebackhide__ = explained
WAIT_S = 10.0
"""How long a test that ends waits for a recording that is just being written."""
REFUSED = 97
"""The exit status of one that cannot record, as a shim's."""


class NotRecorded(CassetteError):
    """A program that was to be recorded was not; the message says why, and what to do."""


@dataclass
class PathRecorder:
    """One such executable, in a directory `into` of its own. `place` is where its cassette will be."""

    name: str
    real: str
    place: Path
    into: Path
    replaces: bool
    done: bool = False

    @property
    def taken(self) -> Path:
        """The recording, before it is saved."""
        return self.into / "recorded"

    def write(self, secret_names: Sequence[str]) -> Path:
        """Write the executable, or its settings anew; its path."""
        settings = {
            "name": self.name,
            "real": self.real,
            "into": str(self.into),
            "place": shown_path(self.place),
        }
        (self.into / "settings.json").write_text(
            json.dumps(settings | {"secrets": list(secret_names)}), "utf-8"
        )
        directory = self.into / "bin"
        directory.mkdir(exist_ok=True)
        path = directory / self.name
        words = [sys.executable, "-P", "-m", __name__, str(self.into / "settings.json")]
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
        path.chmod(0o755)
        return path

    def settle(self) -> None:
        """Wait until its recording is written. Raises NotRecorded when there is none."""
        from cassette.clock import MonotonicClock
        from cassette.store import locks

        report, claim = self.into / "report.txt", self.into / "claim"
        if report.is_file():
            raise NotRecorded(what=report.read_text("utf-8", "replace").strip())
        if not claim.exists():
            raise NotRecorded(
                what=f"{self.name} was put on PATH to be recorded, and nobody started it. Start it in the test by "
                f"its name {self.name!r}, or take on_path({self.name!r}) out of the test."
            )
        with claim.open("rb") as file:
            over = locks.own_within(file.fileno(), limit_s=WAIT_S, clock=MonotonicClock())
        if not over:
            raise NotRecorded(
                what=f"{self.name}, which was to be recorded, still runs {WAIT_S:g} s after the end of the test. "
                "End it in the test, and wait for its end."
            )
        self._recover()
        if not self.taken.exists():
            raise NotRecorded(
                what=f"{self.name} was not recorded. Its recorder said why on the terminal that it was started on: "
                f"look there, or record it by hand: cassette record -o {shlex.quote(shown_path(self.place))} "
                f"-- {shlex.quote(self.name)}"
            )

    def _recover(self) -> None:
        """A driver that kills what it started, as pexpect does in `close`, kills the recorder: finish its work."""
        from cassette.recording.recovery import list_spools, recover

        for spool in list_spools() if not self.taken.exists() else ():
            if spool.target == self.taken and not spool.alive:
                recover(spool.id)

    def discard(self) -> None:
        """Throw away what was not saved."""
        from cassette.store.spool import discard_spool, list_spools

        for spool in list_spools() if not self.done else ():
            if spool.target == self.taken and not spool.alive:
                discard_spool(spool.id)

    def save(self) -> bool:
        """Put the recording into its place; False where another test was first."""
        from cassette.errors import CassetteExists
        from cassette.store.publish import NewCassette

        self.done = True
        try:
            with NewCassette(self.place, overwrite=self.replaces, in_spool=False) as new:
                for path in sorted(self.taken.iterdir()):
                    new.write_file(path.name, path.read_bytes())
                new.publish()
        except CassetteExists:
            return False
        return True


def main(arguments: Sequence[str]) -> int:
    """What the executable does: `settings.json`, then the arguments of whoever started it."""
    settings = json.loads(Path(arguments[0]).read_text("utf-8"))
    name, real, given, into = settings["name"], settings["real"], list(arguments[1:]), Path(settings["into"])
    os.environ["PATH"] = _path_without(into / "bin")
    if not (os.isatty(0) and os.isatty(1)):
        return _refuse(settings, given)
    try:
        claim = os.open(into / "claim", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        os.execv(real, [name, *given])
    from cassette.store import locks

    locks.try_own(claim)  # until this process ends
    from cassette.cli import main as cassette_main

    target = into / "recorded"
    known = [
        word
        for secret in settings["secrets"]
        if os.environ.get(secret, "").strip()
        for word in ("--known-secret-env", secret)
    ]
    code = cassette_main(
        ["record", "--quiet", "--exit-code-of-child", "-o", str(target), *known, "--", name, *given]
    )
    if target.exists():
        _die_as_it_did(target)
    return code


def _path_without(directory: Path) -> str:
    """PATH as the program would have seen it, so that what it starts by its own name is not recorded too."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if entry != str(directory))


def _refuse(settings: dict[str, str], given: Sequence[str]) -> int:
    """On pipes a program behaves differently, and nothing would be recorded of what it is sent."""
    words = shlex.join(["cassette", "record", "-o", settings["place"], "--", settings["name"], *given])
    said = (
        f"{settings['name']} was started without a terminal, and only what happens on one can be recorded here. "
        f"Start it on a terminal (pexpect, pty.spawn), or record it by hand: {words}"
    )
    (Path(settings["into"]) / "report.txt").write_text(said, "utf-8")
    sys.stderr.write(f"{said}\n")
    return REFUSED


def _die_as_it_did(target: Path) -> None:
    """By the signal that ended the program, so that its caller sees what it will see of the replayed one."""
    from cassette.reading.reader import open as open_cassette

    with open_cassette(target, unverified=True) as tape:
        status = tape.final.exit
    if status is not None and status.signal is not None and status.signal in signal.Signals.__members__:
        number = signal.Signals[status.signal]
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))


def real_program(name: str, why: str) -> str:
    """The program that stands on PATH. Raises UsageError where there is none."""
    found = shutil.which(name)
    if found is None:
        raise UsageError(what=f"there is no {name} on PATH, and {why} runs it: install it, or replay")
    return found
