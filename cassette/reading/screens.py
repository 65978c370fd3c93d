"""Screens of a cassette at any moment: from the nearest key frame, or, to be exact, fed from the start.

The index of frames costs one scan of `frames.jsonl` for the beginnings of its lines, and is made when it is first
needed. Both classes may be used by many threads at once.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock

from cassette.errors import Damaged
from cassette.format.frame_decoder import FrameDecoder
from cassette.format.limits import MAX_COLUMNS, MAX_LINE_BYTES, MAX_ROWS
from cassette.format.lines import LINE_START, BadLine
from cassette.model import FRAMES, Frame, Input, Output, Size
from cassette.store.directory import Buffer, line_places
from terminal.emulator import Emulator
from terminal.snapshot import EMPTY_LINE, Snapshot

KEPT_RUNS = 16
"""How many key frames, each with the frames drawn over it so far, are kept for the next question."""
KEPT_FRAMES = 64
"""How many rebuilt frames are kept."""

# What stands before `text` or `rows` has no strings of the program's in it.
_KIND = re.compile(
    rb'\{"seq":\d+,"t_ms":\d+,"size":\{[^{}]*\}'
    rb'(?:,"(?:raw_start|raw_end|parser_offset)":\d+|,"cursor":\{[^{}]*\})*,"(?:(text)":\[|rows":\{)'
)


class FrameScreens:
    """The frames of a cassette, each at hand by its number (from 0) or by a moment."""

    def __init__(self, path: Path, data: Buffer) -> None:
        self._path = path
        self._data = data
        self._seqs, self._times = array("q"), array("q")
        self._places: list[tuple[int, int]] = []
        self._keys = array("q")
        self._runs: OrderedDict[int, tuple[int, FrameDecoder]] = OrderedDict()
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._lock = Lock()
        for number, (start, end) in enumerate(line_places(data)):
            self._add(number, start, end)

    def __len__(self) -> int:
        return len(self._places)

    def before(self, *, t_ms: int | None = None, seq: int | None = None) -> Frame | None:
        """The last frame at or before a moment. Raises Damaged when it cannot be rebuilt."""
        number = bisect_right(self._seqs, seq) if seq is not None else bisect_right(self._times, t_ms or 0)
        return self.frame(number - 1) if number else None

    def frame(self, number: int) -> Frame:
        """A frame, rebuilt from its key frame. Raises Damaged when it cannot be."""
        key = bisect_right(self._keys, number) - 1
        first = self._keys[key] if key >= 0 else 0
        with self._lock:
            frame = self._kept.pop(number, None) or self._rebuilt(first, number)
            self._kept[number] = frame
            if len(self._kept) > KEPT_FRAMES:
                self._kept.popitem(last=False)
            return frame

    def _rebuilt(self, first: int, number: int) -> Frame:
        """A frame from its key frame, or from where the last question about that one ended."""
        at, run = self._runs.pop(first, (first - 1, FrameDecoder()))
        if at > number:
            at, run = first - 1, FrameDecoder()
        try:
            while at < number:
                at += 1
                start, end = self._places[at]
                run.add(self._data[start:end])
            frame = run.frame()
        except BadLine as error:
            raise self._damaged(at, str(error)) from None
        self._runs[first] = at, run
        if len(self._runs) > KEPT_RUNS:
            self._runs.popitem(last=False)
        return frame

    def _add(self, number: int, start: int, end: int) -> None:
        head = LINE_START.match(self._data, start)
        if head is None or end - start > MAX_LINE_BYTES:
            raise self._damaged(number, "no frame of format 1")
        self._seqs.append(int(head[1]))
        self._times.append(int(head[2]))
        self._places.append((start, end))
        if self._is_key(start, end):
            self._keys.append(number)

    def _is_key(self, start: int, end: int) -> bool:
        found = _KIND.match(self._data, start, end)
        if found is not None:
            return found[1] is not None
        try:  # another writer's order of keys: only decoding can tell
            FrameDecoder().add(self._data[start:end])
        except BadLine:
            return False
        return True

    def _damaged(self, number: int, why: str) -> Damaged:
        return Damaged(path=self._path, file=FRAMES, why=why, line=number + 1)


class ExactScreens:
    """An emulator that is fed from the start; it goes on from where it stands when a later moment is asked for."""

    def __init__(
        self, make: Callable[[], Emulator], painting: Callable[[], Iterator[Input | Output]]
    ) -> None:
        self._make = make
        self._painting = painting
        self._lock = Lock()
        self._fed: Input | Output | None = None
        self._next: Input | Output | None = None
        self._rewind()

    def at(self, *, t_ms: int | None = None, seq: int | None = None) -> Snapshot:
        """The screen after all events up to and including that moment."""
        with self._lock:
            if self._fed is not None and not reached(self._fed, t_ms, seq):
                self._rewind()
            while self._next is not None and reached(self._next, t_ms, seq):
                _draw(self._emulator, self._next)
                self._fed, self._next = self._next, next(self._events, None)
            return self._emulator.snapshot()

    def _rewind(self) -> None:
        self._emulator = self._make()
        self._events = self._painting()
        self._fed = None
        self._next = next(self._events, None)


def blank(size: Size) -> Snapshot:
    """A screen with nothing on it."""
    return Snapshot(size.columns, size.rows, (EMPTY_LINE,) * size.rows)


def is_size(size: Size | None) -> bool:
    """Whether a terminal can have this size."""
    return size is not None and 1 <= size.columns <= MAX_COLUMNS and 1 <= size.rows <= MAX_ROWS


def reached(event: Input | Output, t_ms: int | None, seq: int | None) -> bool:
    """Whether an event is at or before a moment."""
    return event.seq <= seq if seq is not None else event.t_ms <= (t_ms or 0)


def _draw(emulator: Emulator, event: Input | Output) -> None:
    if isinstance(event, Output):
        emulator.feed(event.data)
        emulator.replies()  # nobody waits for the answers; let them not pile up
    elif event.size is not None and is_size(event.size):
        emulator.resize(columns=event.size.columns, rows=event.size.rows)
