"""A cassette of 10 MB of output and 5,000 frames: opening, verifying and `screen_at` against hashing its files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import cassette
from benchmarks.figures import Figure, in_turns, seconds
from benchmarks.screens import COLUMNS, ROWS, updates
from cassette.clock import VirtualClock
from cassette.recording.recorder import Recorder

FRAMES = 5000
TURNS = 9
MOMENTS = 100


def figures() -> Iterator[Figure]:
    """Nine turns each; the peer reads every file of the cassette and computes its SHA-256."""
    with TemporaryDirectory() as name:
        tape = Path(name) / "tape"
        took = seconds(lambda: record(tape))
        files = sorted(tape.iterdir())
        size, output = sum(file.stat().st_size for file in files), (tape / "output.raw").stat().st_size
        with cassette.open(tape) as opened:
            frames, end_ms = sum(1 for _ in opened.frames()), opened.duration_ms
        note = f"{output / 1e6:.1f} MB of output, {frames} frames, {size / 1e6:.1f} MB in all; made in {took:.0f} s"
        yield Figure("size of the cassette / its output", [size / output], aim=3, note=note)

        def peer() -> float:
            return seconds(lambda: [sha256(file.read_bytes()).digest() for file in files])

        yield _figure("open and verify / hash", lambda: open_verified(tape), peer, aim=8)
        looks = f"open unverified and {MOMENTS} random screen_at / hash"
        yield _figure(looks, lambda: look_around(tape, end_ms), peer, aim=10)
        yield _figure("open unverified / hash", lambda: look_around(tape, end_ms, moments=0), peer, aim=None)


def _figure(name: str, work: Callable[[], object], peer: Callable[[], float], *, aim: float | None) -> Figure:
    ratios, ours, hashing = in_turns(lambda: seconds(work), peer, turns=TURNS)
    note = f"{min(ours) * 1000:.1f} ms against {min(hashing) * 1000:.1f} ms at best"
    return Figure(name, ratios, aim, note=note)


def record(tape: Path) -> None:
    """Through our own recorder; the clock is told the time: an update every 40 ms, in one to three reads."""
    clock, chance = VirtualClock(), random.Random("reads")
    with Recorder(tape, columns=COLUMNS, rows=ROWS, clock=clock) as recorder:
        for number, update in enumerate(updates(FRAMES)):
            clock.sleep_until(number * 0.04)
            cuts = sorted(chance.randrange(len(update)) for _ in range(chance.randrange(3)))
            for start, end in zip([0, *cuts], [*cuts, len(update)], strict=True):
                recorder.output(update[start:end])
                clock.advance(0.001)


def open_verified(tape: Path) -> None:
    """What every reader pays."""
    cassette.open(tape).close()


def look_around(tape: Path, end_ms: int, *, moments: int = MOMENTS) -> None:
    """Screens at random moments, from a cassette that was just opened."""
    chance = random.Random("moments")
    with cassette.open(tape, unverified=True) as opened:
        for _ in range(moments):
            opened.screen_at(t_ms=chance.randrange(end_ms))
