"""What a live screen reads of a recording whose spool is scrubbed and lags behind: the real events, as far as they
are kept in memory, and before that the scrubbed ones.

Only events that a screen shows are kept: output, resizes and marks. They are numbered from 0; a place is a number.
Who looks every few MB of output, as waits do, sees nothing but real ones.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from cassette.format import lines
from cassette.store.spool import Record, Spool
from cassette.store.spooled import Kind

KEPT_BYTES = 4 * 2**20
"""Of real events that are kept after they were written, at least."""
_STEP = 256


@dataclass(frozen=True, slots=True)
class Numbered(Record):
    """An event for a screen; `offset` is its number."""

    @property
    def end(self) -> int:
        """The number of the next."""
        return self.offset + 1


class LiveTail:
    """`add` what happens, tell `wrote` before it goes to the spool, read `records`. Thread-safe."""

    def __init__(self, spool: Spool, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._spool = spool
        self._kept = kept_bytes
        self._lock = threading.Lock()
        self._events: list[tuple[bytes, int, bytes]] = []
        self._first = 0  # the number of the first of them
        self._bytes = 0
        self._written = 0
        self._places: list[int] = []  # in the spool, of every `_STEP`th

    def add(self, kind: bytes, t_ms: int, data: bytes) -> None:
        """A real event, as a recorder encodes it."""
        if _is_shown(kind, data):
            with self._lock:
                self._events.append((kind, t_ms, data))
                self._bytes += len(data)
                if self._bytes > 2 * self._kept:
                    self._forget()

    def wrote(self, kind: bytes, data: bytes) -> None:
        """A scrubbed event goes to the end of the spool now."""
        if _is_shown(kind, data):
            with self._lock:
                if self._written % _STEP == 0:
                    self._places.append(self._spool.size)
                self._written += 1

    @property
    def written(self) -> int:
        """How many of the events are in the spool, scrubbed."""
        return self._written

    def records(self, start: int | None = None) -> Iterator[Record]:
        """The events from a number on, in order, to what is there now."""
        begin = start or 0
        with self._lock:
            first = self._first
            recent = self._events[max(0, begin - first) :]
        if begin < first:
            yield from self.scrubbed(begin, first)
        for number, (kind, t_ms, data) in enumerate(recent, max(begin, first)):
            yield Numbered(kind, t_ms, data, number)

    def behind(self, number: int, before: int) -> tuple[int, list[Record]]:
        """The real events from a number on, not written yet, and so many bytes before them: their first number."""
        with self._lock:
            at = number - self._first
            while at > 0 and before > 0:
                at -= 1
                before -= len(self._events[at][2])
            return self._first + at, [
                Numbered(*event, offset) for offset, event in enumerate(self._events[at:], self._first + at)
            ]

    def scrubbed(self, begin: int, end: int) -> Iterator[Record]:
        """Events that are in the spool, scrubbed."""
        with self._lock:
            if begin >= end:
                return
            at = begin // _STEP
            place = self._places[at]
        number = at * _STEP
        for record in self._spool.records(place):
            if number == end:
                return
            if _is_shown(record.kind, record.data):
                if number >= begin:
                    yield Numbered(record.kind, record.t_ms, bytes(record.data), number)
                number += 1

    def _forget(self) -> None:
        """Drop the oldest of what is written."""
        count = 0
        while self._bytes > self._kept and self._first + count < self._written:
            self._bytes -= len(self._events[count][2])
            count += 1
        del self._events[:count]
        self._first += count


def _is_shown(kind: bytes, data: bytes) -> bool:
    if kind == Kind.INPUT:
        return lines.read_input(lines.with_seq(1, bytes(data))).kind in ("resize", "mark")
    return kind == Kind.OUTPUT
