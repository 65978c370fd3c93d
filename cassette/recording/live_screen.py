"""The screen of a running program, drawn only when somebody needs it: a wait, a look, or a query to answer.

It follows the spool from where it stood the last time, so the read loop never waits for an emulator.
"""

from __future__ import annotations

import re
import threading

from cassette.emulators import new_emulator
from cassette.format import lines
from cassette.model import Evidence, Input, Output, Size
from cassette.recording.stream_spool import StreamSpool
from cassette.store.spool import Record, Spool
from cassette.store.spooled import Kind
from terminal.emulator import Emulator
from terminal.modes import Modes
from terminal.snapshot import Snapshot

_QUESTION = rb"(?:\[(?:[?>=!]?[\d;]*[$ ]?[cnpqtux]|\?[\d;]*m)|\][\d;]*;?[^\x07\x1b]*\?|P[+$]q|Z)"
_MAY_ASK = re.compile(rb"\x1b" + _QUESTION)  # a pattern that begins with one byte is searched fastest
_MAY_ASK_IN_C1 = re.compile(rb"\xc2[\x90\x9b\x9d]")
"""What may be a query; a false alarm costs a little drawing, a miss an unanswered program."""
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[P\]][^\x07\x1b]*\x1b?|[ -/]*)\Z")
_UNFINISHED_IN_C1 = re.compile(rb"\xc2(?:\x9b[0-?]*[ -/]*|[\x90\x9d][^\x07\x1b]*\x1b?)?\Z")
_LONGEST = 1024
"""Bytes of an unfinished sequence that are looked at again with what completes it."""


class QueryWatch:
    """Sees whether output may ask the terminal something, however reads cut it."""

    def __init__(self) -> None:
        self._tail = b""

    def may_ask(self, data: bytes) -> bool:
        """Whether a query may be in this output, or in what it completes."""
        window = self._tail + data
        found = _MAY_ASK.search(window) is not None
        last = max(0, len(window) - _LONGEST)
        unfinished = _UNFINISHED.search(window, last)
        if b"\xc2" in window:  # controls as one character (U+0090, U+009B, U+009D)
            found = found or _MAY_ASK_IN_C1.search(window) is not None
            unfinished = unfinished or _UNFINISHED_IN_C1.search(window, last)
        self._tail = window[unfinished.start() :] if unfinished else b""
        return found


class LiveScreen:
    """An emulator that is fed from a spool on demand. Thread-safe."""

    def __init__(self, spool: Spool | StreamSpool, emulator: str, size: Size) -> None:
        self._spool = spool
        self._name = emulator
        self._size = size
        self._emulator: Emulator | None = None
        self._position: int | None = None
        self._stored: tuple[int | None, Snapshot] | None = None
        self._lock = threading.RLock()

    def catch_up(self, *, to_mark: bool = False) -> bytes:
        """Draw what has come since the last time, or of that up to a mark; the answers to what the program asked."""
        with self._lock:
            emulator = self._ready()
            for record in self._spool.records(start=self._position):
                is_mark = self._take(emulator, record)
                self._position = record.end
                if to_mark and is_mark:
                    break
            return emulator.replies()

    def snapshot(self) -> Snapshot:
        """The screen as far as it has been drawn."""
        with self._lock:
            return self._ready().snapshot()

    def stored(self) -> Snapshot:
        """The screen as far as it has been drawn, as the cassette will show it by what is known now."""
        from cassette.recording.spool_scrub import scrub_so_far

        with self._lock:
            position = self._position
            if self._stored is None or self._stored[0] != position:
                emulator = new_emulator(self._name, self._size)
                for observed in scrub_so_far(self._spool, until=position):
                    _draw(emulator, observed.event)
                self._stored = position, emulator.snapshot()
            return self._stored[1]

    def output_since(self, position: int | None) -> tuple[bytes, int | None]:
        """The bytes of output behind a place in the spool, and the place behind them."""
        parts = []
        for record in self._spool.records(start=position):
            position = record.end
            if record.kind == Kind.OUTPUT:
                parts.append(bytes(record.data))
        return b"".join(parts), position

    @property
    def modes(self) -> Modes:
        """The modes that the program has set, as far as it has been drawn."""
        with self._lock:
            return self._ready().modes

    def _ready(self) -> Emulator:
        if self._emulator is None:
            self._emulator = new_emulator(self._name, self._size)
        return self._emulator

    def _take(self, emulator: Emulator, record: Record) -> bool:
        """Draw one record; whether it is a mark."""
        if record.kind == Kind.OUTPUT:
            emulator.feed(bytes(record.data))
        elif record.kind == Kind.INPUT:
            event = lines.read_input(lines.with_seq(1, bytes(record.data)))
            _draw(emulator, event)
            return event.kind == "mark"
        return False


def _draw(emulator: Emulator, event: Evidence) -> None:
    """What an event changes on the screen."""
    if isinstance(event, Output):
        emulator.feed(event.data)
    elif isinstance(event, Input) and event.kind == "resize" and event.size is not None:
        emulator.resize(columns=event.size.columns, rows=event.size.rows)
