"""The terminal model against stock pyte, in the same run: feeding, a frame, and one read of 1 byte, 4 KiB, 64 KiB.

Times are of the processor, and every figure is our time divided by stock pyte's. Streams are real programs'
output; those on which stock pyte raises are named and left out.
"""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyte

from benchmarks.figures import Figure, Missing
from terminal.emulator import Emulator, make_emulator

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT.parent / "shared" / "terminal" / "streams", ROOT / "tests" / "data" / "terminal" / "streams")
TURNS = 3
ENOUGH_BYTES = 60_000
READ_SIZES = {"1 byte": 1, "4 KiB": 4_096, "64 KiB": 65_536}


@dataclass(frozen=True)
class Stream:
    """A program's output and the sizes of the reads that it came in."""

    name: str
    data: bytes
    columns: int
    rows: int
    reads: tuple[int, ...]


def streams() -> list[Stream]:
    """Those of the shared folder, else those of the repository."""
    folder = next(folder for folder in FOLDERS if folder.is_dir())
    return [_stream(path) for path in sorted(folder.glob("*.raw"))]


def _stream(path: Path) -> Stream:
    about = json.loads(path.with_suffix(".json").read_text("utf-8"))
    reads = tuple(read[1] for read in about["reads"])
    return Stream(path.stem, path.read_bytes(), about["columns"], about["rows"], reads)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor time, at best of a few turns: a busy machine only ever adds to it."""
    best = float("inf")
    for _ in range(TURNS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def feed_stock(stream: Stream, times: int = 1) -> None:
    """What everybody does with pyte."""
    for _ in range(times):
        pyte.ByteStream(pyte.Screen(stream.columns, stream.rows)).feed(stream.data)


def feed_ours(stream: Stream, name: str, times: int = 1) -> None:
    """The same with one of our emulators."""
    for _ in range(times):
        make_emulator(name, columns=stream.columns, rows=stream.rows).feed(stream.data)


def survives(stream: Stream) -> bool:
    """Whether stock pyte gets through."""
    try:
        feed_stock(stream)
    except Exception:
        return False
    return True


def feeding(stream: Stream, name: str) -> float:
    """Our time / stock's, for the whole stream on a fresh screen."""
    times = max(1, ENOUGH_BYTES // len(stream.data))
    ours = cpu_seconds(lambda: feed_ours(stream, name, times))
    return ours / cpu_seconds(lambda: feed_stock(stream, times))


def frames(stream: Stream, name: str) -> float | None:
    """Our time / stock's for a frame (rows and spans of what changed / `Screen.display`) after each read."""
    emulator = make_emulator(name, columns=stream.columns, rows=stream.rows)
    screen = pyte.Screen(stream.columns, stream.rows)
    byte_stream = pyte.ByteStream(screen)
    ours = stock = 0.0
    position = 0
    for size in itertools.islice(stream.reads, 400):
        data = stream.data[position : position + size]
        position += size
        emulator.feed(data)
        byte_stream.feed(data)
        start = time.process_time()
        emulator.snapshot()
        middle = time.process_time()
        try:
            _ = screen.display
        except (AssertionError, IndexError):
            return None
        ours, stock = ours + middle - start, stock + time.process_time() - middle
    return ours / stock


def reads(stream: Stream, size: int) -> tuple[float, float]:
    """Seconds for one read of `size` bytes: ours, stock's."""
    data = (stream.data * (size * 4 // len(stream.data) + 1))[: max(size * 4, 4_000 if size < 4_000 else 0)]
    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    def work(feed: Callable[[bytes], None]) -> None:
        for piece in pieces:
            feed(piece)

    def fresh() -> Emulator:
        return make_emulator(columns=stream.columns, rows=stream.rows)

    ours = cpu_seconds(lambda: work(fresh().feed))
    stock = cpu_seconds(lambda: work(pyte.ByteStream(pyte.Screen(stream.columns, stream.rows)).feed))
    return ours / len(pieces), stock / len(pieces)


def figures() -> Iterator[Figure | Missing]:
    """Every stream's own figure of feeding, and the medians."""
    everything = streams()
    alive = [stream for stream in everything if survives(stream)]
    dead = sorted({stream.name for stream in everything} - {stream.name for stream in alive})
    note = f"{len(alive)} streams; stock pyte raises on {', '.join(dead) or 'none'}"
    for name, aim in (("pyte", 1 / 6), ("ghostty", 1 / 40)):
        if name == "ghostty" and find_spec("pyghostty") is None:
            yield Missing("feeding, ghostty / stock", "the extra `ghostty` is not installed")
            continue
        values = {stream.name: feeding(stream, name) for stream in alive}
        for stream, value in values.items():
            yield Figure(f"  {stream}, {name} / stock", [value], note=f"{1 / value:.1f} times as fast")
        fast = f"{1 / statistics.median(values.values()):.1f} times as fast; {note}"
        yield Figure(f"feeding, {name} / stock", list(values.values()), aim=aim, note=fast)
    costs = [cost for stream in alive if (cost := frames(stream, "pyte")) is not None]
    yield Figure("a frame after each read / Screen.display", costs, aim=1 / 3, note=f"{len(costs)} streams")
    for label, size in READ_SIZES.items():
        pairs = [reads(stream, size) for stream in alive]
        cost = statistics.median(ours for ours, _ in pairs) * 1e6
        yield Figure(
            f"a read of {label} / stock",
            [ours / stock for ours, stock in pairs],
            aim=1,
            note=f"{cost:.1f} µs",
        )
