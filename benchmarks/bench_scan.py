"""`cassette scan` as a hook runs it: on this project's cassettes, on lines, on a full-screen program's output.

Against the bare interpreter with the rules made ready, against `cassette verify`, and against stock pyte.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyte

import cassette
from benchmarks.figures import Figure, in_turns, seconds
from cassette.scanning.finding import scan
from cassette.scrubbing.settings import ScrubSettings
from scrub.table import default_rules

ROOT = Path(__file__).parent.parent
TURNS = 9
MB = 1_000_000
_READY = "import cassette.scanning.many, cassette.scanning.targets, scrub.table; scrub.table.default_rules()"


def figures() -> Iterator[Figure]:
    """Processes first, then the passes by themselves."""
    yield from starts()
    default_rules()
    with TemporaryDirectory(prefix="pty-cassette-") as place:
        yield from passes(Path(place))


def starts() -> Iterator[Figure]:
    """What a person waits for before a commit."""

    def start(*arguments: str) -> float:
        command = [sys.executable, *arguments]
        return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT))

    def scanned() -> float:
        return start("-m", "cassette", "scan", "cassettes")

    tapes = sorted(str(path) for path in (ROOT / "cassettes").iterdir() if path.is_dir())
    peers = {
        "python with the rules ready": ("-c", _READY),
        "cassette verify of the same": ("-m", "cassette", "verify", *tapes),
    }
    for name, peer in peers.items():
        ratios, ours, theirs = in_turns(scanned, lambda peer=peer: start(*peer), turns=TURNS)  # type: ignore[misc]
        note = (
            f"{min(ours) * 1000:.0f} ms against {min(theirs) * 1000:.0f} ms at best, {len(tapes)} cassettes"
        )
        yield Figure(f"cassette scan cassettes / {name}", ratios, note=note)


def passes(place: Path) -> Iterator[Figure]:
    """How long a clean cassette takes, against drawing its output once."""
    outputs = {
        "lines, not drawn": b"".join(
            b"\x1b[32m%06d\x1b[0m module %d is built\r\n" % (n, n * 7) for n in range(60_000)
        ),
        "full screen, drawn": b"".join(
            b"\x1b[%d;%dHitem %d is %d\x1b[K" % (n % 24 + 1, n % 40 + 1, n, n * 7) for n in range(40_000)
        ),
    }
    for name, output in outputs.items():
        path = recorded(place / name.partition(",")[0], output)
        ratios, ours, _ = in_turns(
            lambda path=path: seconds(lambda: scan(path, ScrubSettings())),  # type: ignore[misc]
            lambda output=output: seconds(lambda: pyte.ByteStream(pyte.Screen(80, 24)).feed(output)),  # type: ignore[misc]
            turns=3,
        )
        note = f"{len(output) / min(ours) / MB:.1f} MB/s, {1 / min(ratios):.1f} times as fast at best"
        yield Figure(f"scan of {name} / stock pyte", ratios, note=note)


def recorded(path: Path, output: bytes) -> Path:
    """A cassette of this output, in chunks of 1 KiB."""
    with cassette.Recorder(path, columns=80, rows=24) as recorder:
        for start in range(0, len(output), 1024):
            recorder.output(output[start : start + 1024])
    return path
