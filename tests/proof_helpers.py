"""For the proofs: how large they are, spools of their own, processes to kill, and what a cassette must then hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cassette.reading.reader import open as open_cassette
from cassette.reading.verify import verify
from cassette.store.spool import list_spools

PROVE = os.environ.get("CASSETTE_PROVE") == "1"
SPOOL_DIR = "CASSETTE_SPOOL_DIR"
DRIVER = Path(__file__).with_name("proof_driver.py")
CASSETTE = [sys.executable, "-m", "cassette"]


def sized(small, full):
    """The number for this run."""
    return full if PROVE else small


@contextmanager
def own_spools() -> Iterator[Path]:
    """A directory for spools that nobody else uses, named in the environment of this process and its children."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        pytest.skip("there is no /dev/shm to spool in")
    with TemporaryDirectory(dir=shared, prefix="proof-") as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv(SPOOL_DIR, name)
        patch.setenv("PYTHONUNBUFFERED", "1")
        yield Path(name)


def spools_in(root: Path) -> list[str]:
    """The ids of the spools in a directory of our own."""
    return [info.id for info in list_spools(roots=[root])]


class Driven:
    """`proof_driver.py` in a process of its own; `acknowledged` counts what it said by kind."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(DRIVER), *map(str, arguments)], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.acknowledged: Counter[str] = Counter()
        self.words: dict[str, list[str]] = {}  # the last line of each kind
        self.spool_id = self._line()[1]

    def kill_after(self, count: int) -> None:
        """SIGKILL once `count` events are acknowledged, wherever it then is; take in what it said until then."""
        while sum(self.acknowledged.values()) < count:
            self._line()
        self.process.kill()
        self.read_on()

    def read_on(self) -> int:
        """Take in all it says; its status."""
        with self.process:
            for line in self.process.stdout:
                self._note(line)
        return self.process.returncode

    def _line(self) -> list[str]:
        line = self.process.stdout.readline()
        assert line, f"the driver ended with {self.process.wait()}"
        return self._note(line)

    def _note(self, line: bytes) -> list[str]:
        words = line.decode().split()
        if words[0] != "ready":
            self.acknowledged[words[0]] += 1
        self.words[words[0]] = words
        return words


def cassette_command(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    """Run `cassette …` to its end in a process of its own."""
    command = [*CASSETTE, *map(str, arguments)]
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
    return subprocess.run(command, check=False, **options)


def assert_recovered(path: Path) -> None:
    """A partial cassette that says that its recorder died, and nothing else is wrong with it."""
    verdict = verify(path, frames=True)
    assert verdict.state == "partial", str(verdict)
    with open_cassette(path) as tape:
        gaps = [event.payload["reason"] for event in tape.service_events() if event.is_gap]
        assert gaps == ["recorder-died"]
        assert tape.final.exit is None


def assert_complete(path: Path) -> None:
    """Sealed, whole and without a gap."""
    verdict = verify(path, frames=True)
    assert verdict.state == "complete", str(verdict)


def contents(path: Path) -> dict[str, bytes]:
    """Every file of a directory."""
    return {entry.name: entry.read_bytes() for entry in path.iterdir()}
