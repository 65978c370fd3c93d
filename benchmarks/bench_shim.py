"""A shim against a bare interpreter: what a test pays for each start of a replayed program.

The shim plays a conversation of 50 events to the end on pipes, so this is everything: start, plan, output, exit.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, in_turns, seconds
from cassette.recording.plan import RecordingPlan
from cassette.recording.recorder import Recorder
from cassette.shim import write_shim
from cassette.shim.writer import interpreter
from terminal.exit_status import ExitStatus

TURNS = 41


def figures() -> Iterator[Figure]:
    """Each of 41 turns starts one process of either kind; the conversation has 50 events."""
    with tempfile.TemporaryDirectory() as place:
        shim, given = _shim(Path(place))

        def play() -> float:
            return _start([str(shim)], given)

        for name, options, aim in (("-S", ["-S"], 1.5), ("", [], 1.2)):
            bare = [interpreter(), *options, "-c", "pass"]
            ratios, ours, theirs = in_turns(play, lambda bare=bare: _start(bare, b""), turns=TURNS)  # type: ignore[misc]
            note = f"{min(ours) * 1000:.1f} ms against {min(theirs) * 1000:.1f} ms at best"
            yield Figure(f"a shim / python {name} -c pass".replace("  ", " "), ratios, aim=aim, note=note)
        size = sum(path.stat().st_size for path in Path(f"{shim}.shim").iterdir()) / 1024
        yield Figure("a shim on disk", [size], unit="KiB")


def _start(command: list[str], given: bytes) -> float:
    def run() -> None:
        subprocess.run(command, input=given, stdout=subprocess.DEVNULL, check=True, env={})

    return seconds(run)


def _shim(place: Path) -> tuple[Path, bytes]:
    """A shim of a made-up conversation, and the input that it waits for."""
    given = b""
    with Recorder(place / "tape", RecordingPlan(argv=("talk",))) as recorder:
        for number in range(24):
            recorder.output(b"%d> " % number + b"x" * 200 + b"\r\n> ")
            recorder.input(b"line %d\r" % number)
            given += b"line %d\n" % number
        recorder.output(b"bye\r\n")
        recorder.final(exit=ExitStatus(0))
    return write_shim(place / "tape", name="talk", into=place / "bin"), given
