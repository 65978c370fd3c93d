"""Screens out of frame lines: a key frame and what follows it.

A line costs what it says; a screen is made only when it is asked for, and rows that did not change are the same
`Line` objects in the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

from cassette.format.frames import FrameLine, cursor_of, parse_frame, style_of
from cassette.format.lines import BadLine
from cassette.model import Frame
from terminal.snapshot import Line, Snapshot, Span, Style

_Triples = Sequence[tuple[int, int, int]]


class FrameDecoder:
    """Takes frame lines from a key frame on, and gives the last one as a frame. Raises BadLine."""

    def __init__(self) -> None:
        self._found: FrameLine | None = None
        self._texts: list[str] = []
        self._spans: list[_Triples] = []
        self._styles: list[Style] = []
        self._lines: list[Line | None] = []
        """Rows as they were drawn last; None for those that changed since."""

    def add(self, line: bytes) -> None:
        """Take the next line; the first one must be a key frame."""
        found = parse_frame(line)
        rows, last = found.size.Rows, self._found
        if found.text is not None:
            if len(found.text) > rows:
                raise BadLine(f"{len(found.text)} rows of text on a screen of {rows}")
            self._texts = [text.rstrip(" ") for text in found.text] + [""] * (rows - len(found.text))
            self._spans, self._lines, self._styles = [()] * rows, [None] * rows, []
        elif last is None:
            raise BadLine("a delta frame with no key frame before it")
        elif last.size != found.size:
            raise BadLine("a delta frame of another size than the frame before it")
        self._change(found)
        self._found = found

    def read(self, line: bytes) -> Frame:
        """Take the next line, and give it as a frame."""
        self.add(line)
        return self.frame()

    def frame(self) -> Frame:
        """The frame of the line that was taken last."""
        found = self._found
        if found is None:
            raise BadLine("no frame at all")
        for row, line in enumerate(self._lines):
            if line is None:
                self._lines[row] = Line(self._texts[row], self._drawn(self._spans[row], found.size.Cols))
        screen = Snapshot(
            columns=found.size.Cols,
            rows=found.size.Rows,
            lines=tuple(line for line in self._lines if line is not None),
            cursor=cursor_of(found),
            title=found.title,
            alternate_screen=found.alternate_screen,
        )
        is_key = found.text is not None
        return Frame(found.seq, found.t_ms, screen, found.raw_start, found.raw_end, is_key)

    def _change(self, found: FrameLine) -> None:
        rows = found.size.Rows
        self._styles += map(style_of, found.styles)
        for row, text in (found.rows or {}).items():
            self._texts[_checked(row, rows)] = text
            self._lines[row] = None
        for row, triples in found.spans.items():
            self._spans[_checked(row, rows)] = triples
            self._lines[row] = None

    def _drawn(self, triples: _Triples, columns: int) -> tuple[Span, ...]:
        styles = self._styles
        for column, width, style in triples:
            # A reader that draws a span must be able to trust it: a negative index is one in Python.
            if not (0 <= column < columns and 1 <= width <= columns - column and 0 <= style < len(styles)):
                raise BadLine(
                    f"the span [{column}, {width}, {style}] of {columns} columns, {len(styles)} styles"
                )
        return tuple(Span(column, width, styles[style]) for column, width, style in triples)


def _checked(row: int, rows: int) -> int:
    if not 0 <= row < rows:
        raise BadLine(f"row {row} of a screen of {rows}")
    return row
