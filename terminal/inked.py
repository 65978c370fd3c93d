"""A watched terminal whose cells know the bytes that painted them.

The bytes travel with a cell's pen: an `Ink` is a pen, equal to the one without bytes, so that whatever moves or
copies cells (insert, delete, scroll, reflow) moves their bytes with them, and nothing else changes.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any

from terminal.cells import Row
from terminal.readings import Reading
from terminal.tokenizer import Tokenizer
from terminal.watched import WatchedTerminal

Span = tuple[int, int]
Spans = tuple[Span, ...]
PaintedCell = tuple[str, Spans]
"""A character and the byte ranges of the output that painted it, the latest first."""

MOST_STRIKES = 8
"""Paintings of one character over itself that a cell remembers."""
_PLAIN = re.compile(rb"[\x20-\x7e]+")
_SEQUENCE = re.compile(rb"(?:\x1b\[[0-9;:<-?]{0,64}[ -/]{0,2}[@-~])+")
_DECAWM = 7 << 5


class Ink(tuple[Any, ...]):
    """A pen that remembers what it painted, and for each character of that the bytes."""

    cell: str
    spans: tuple[Spans, ...]


def inked(pen: tuple[Any, ...], cell: str, spans: tuple[Spans, ...]) -> Any:
    """The pen with bytes."""
    ink = Ink(pen)
    ink.cell = cell
    ink.spans = spans
    return ink


def spans_at(row: Row, x: int) -> tuple[Spans, ...]:
    """The bytes of each character of a cell; none where what was painted is gone (half of a wide character)."""
    pen = row.pens[x]
    return pen.spans if isinstance(pen, Ink) and pen.cell == row.data[x] else ()


def painted(reading: Reading) -> Iterator[PaintedCell]:
    """The characters of a reading with their bytes, as many as its text has."""
    left = len(reading.text)
    for index, (row, start, end) in enumerate(reading.pieces):
        if index and reading.between and left:
            left -= 1
            yield reading.between, ()
        for x in range(start, end):
            spans = spans_at(row, x)
            for at, character in enumerate(row.data[x]):
                if left:
                    left -= 1
                    yield character, spans[at] if at < len(spans) else ()


class InkedTerminal(WatchedTerminal):
    """`WatchedTerminal` that is fed through `Inker`, which says what the next characters are made of."""

    at = 0
    """Where in the output the next character that is drawn begins."""
    of_next: Spans | None = None
    """The bytes of all that is drawn next, where it is not one byte a character."""

    def _write(self, text: str) -> None:
        row, start = self.grid[self.cursor.y], self.cursor.x
        before = [(row.data[x], row.pens[x]) for x in range(start, min(start + len(text), self.columns))]
        super()._write(text)
        for x, (old, pen) in enumerate(before, start):
            spans = self.of_next if self.of_next is not None else ((self.at, self.at + 1),)
            if self.of_next is None:
                self.at += 1
            if old == row.data[x]:
                spans = _with_earlier(spans, pen)
            row.pens[x] = inked(row.pens[x], row.data[x], (spans,))
        row.plain = False

    def _draw_wide(self, character: str) -> None:
        super()._draw_wide(character)
        row, x = self.grid[self.cursor.y], self.cursor.x - 1
        if row.data[x] == "" and isinstance(pen := row.pens[x], Ink):
            pen.cell = ""

    def _join(self, row: Row, left: int, character: str) -> bool:
        length = len(row.data[left])
        spans = spans_at(row, left)
        if not super()._join(row, left, character):
            return False
        if len(row.data[left]) > length:
            more = self.of_next if self.of_next is not None else ((self.at, self.at + 1),)
            known = (spans + ((),) * length)[:length]
            row.pens[left] = inked(row.pens[left], row.data[left], (*known, more))
            row.plain = False
        return True

    def repeat_last(self, count: int) -> None:
        """REP: made of the bytes that made the cell that is repeated."""
        row, left = self._cell_before_cursor()
        if left >= 0:
            self.of_next = tuple(span for spans in spans_at(row, left) for span in spans)
        super().repeat_last(count)
        self.of_next = None


def _with_earlier(spans: Spans, pen: object) -> Spans:
    earlier = getattr(pen, "spans", ())
    if not earlier:
        return spans
    return tuple(dict.fromkeys((*spans, *earlier[0])))[:MOST_STRIKES]


class Inker:
    """Feeds bytes to an `InkedTerminal` in pieces of which it knows what they draw."""

    def __init__(self, terminal: InkedTerminal) -> None:
        self._terminal = terminal
        self._tokenizer = Tokenizer()
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._pending = 0  # bytes that the decoder holds back
        self._offset = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the output."""
        base, at, size = self._offset, 0, len(data)
        terminal, tokenizer = self._terminal, self._tokenizer
        while at < size:
            if not self._pending and not tokenizer.in_sequence:
                if (run := _PLAIN.match(data, at)) and self._is_simple():
                    terminal.at = base + at
                    terminal.execute([run[0].decode("ascii")])
                    at = run.end()
                    continue
                if sequence := _SEQUENCE.match(data, at):
                    terminal.execute(tokenizer.feed(sequence[0].decode("ascii")))
                    at = sequence.end()
                    continue
            self._byte(data[at : at + 1], base + at)
            at += 1
        self._offset = base + size

    def _is_simple(self) -> bool:
        """Does every character of a run come to stand in a cell?"""
        return _DECAWM in self._terminal.mode and self._terminal.single_shift is None

    def _byte(self, byte: bytes, at: int) -> None:
        text = self._decoder.decode(byte)
        if not text:
            self._pending += 1
            return
        start = at - self._pending
        for index, character in enumerate(text):
            first = start if index == 0 else at
            self._terminal.of_next = ((first, at + 1 if len(text) == 1 or index else at),)
            self._terminal.execute(self._tokenizer.feed(character))
        self._terminal.of_next = None
        self._pending = len(self._decoder.getstate()[0])
