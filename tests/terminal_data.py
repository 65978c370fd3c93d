"""Data of the terminal tests, and every way to cut bytes. What other projects own is read in place, or skipped."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from terminal.emulator import Emulator, make_emulator

HERE = Path(__file__).parent
DATA = HERE / "data" / "terminal"
SHARED = HERE.parent.parent / "shared" / "terminal"
# Asks for what a snapshot does not show: pen, saved cursor, character sets, margins, tab stops, keyboard.
PROBE = b"w\x1bP$qm\x1b\\\x1bP$qr\x1b\\\x1b8x\tq\x1b[?u\x1b[6n\x0eq\x0f\n\ny"


@dataclass(frozen=True)
class Stream:
    name: str
    data: bytes
    columns: int
    rows: int
    reads: tuple[int, ...]
    screens: tuple[dict[str, Any], ...]


def sequences() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / "sequences.jsonl").read_text("utf-8").splitlines()]


def streams() -> list[Stream]:
    """Those of the repository, and the large ones where the shared folder is there."""
    paths = {path.stem: path for path in (SHARED / "streams").glob("*.raw")}
    paths |= {path.stem: path for path in (DATA / "streams").glob("*.raw")}
    return [_stream(path) for _, path in sorted(paths.items())]


def _stream(path: Path) -> Stream:
    about = json.loads(path.with_suffix(".json").read_text("utf-8"))
    reads = tuple(read[1] for read in about["reads"])
    return Stream(
        path.stem, path.read_bytes(), about["columns"], about["rows"], reads, tuple(about["screens"])
    )


def xtermjs() -> list[Any]:
    """The files of another project, which never live in this repository."""
    paths = sorted((SHARED / "xtermjs").glob("*.in"))
    if not paths:
        reason = "the escape-sequence files of xterm.js are another project's; ../shared/terminal/xtermjs is not here"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(path, id=path.stem) for path in paths]


def new(name: str, columns: int, rows: int) -> Emulator:
    if name == "ghostty":
        pytest.importorskip("pyghostty", reason="the extra `ghostty` is not installed")
    return make_emulator(name, columns=columns, rows=rows)


def whole(data: bytes) -> list[bytes]:
    return [data]


def by_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def at_every_split(data: bytes) -> Iterator[list[bytes]]:
    for i in range(1, len(data)):
        yield [data[:i], data[i:]]


def by_reads(data: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    start = 0
    for size in sizes:
        yield data[start : start + size]
        start += size
    if start < len(data):
        yield data[start:]


def at_random(data: bytes, seed: int, mean: int = 40) -> Iterator[bytes]:
    random_ = random.Random(seed)
    start = 0
    while start < len(data):
        end = start + 1 + int(random_.expovariate(1 / mean))
        yield data[start:end]
        start = end


def trimmed(rows: list[str]) -> list[str]:
    rows = [row.rstrip() for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def state(emulator: Emulator, probe: bool = False) -> tuple[Any, ...]:
    """All that can be seen of an emulator; with `probe` also what only more bytes would show."""
    seen = (emulator.snapshot(), emulator.title, emulator.modes, emulator.cursor, emulator.replies())
    if not probe:
        return seen
    emulator.feed(PROBE)
    return (*seen, emulator.snapshot(), emulator.replies())
