"""The screen model: a `pyte.Screen` whose cells are ours. The only file that imports pyte.

Kept from pyte: the names of the operations, the cursor, margins, modes (private ones shifted as there), tab
stops, title. Replaced: the storage (rows of `cells.Row` in place of a dictionary of cells) and every
operation on it. As in pyte, `cursor.x == columns` means that the last column was written and the next
character wraps. No operation raises, whatever its arguments.

A change after which any bytes show another screen raises `LAYER_VERSION` in `queries.py`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyte
from pyte.screens import Margins

from terminal.cells import Row
from terminal.pens import DEFAULT_PEN, Pen, erased
from terminal.widths import MAX_CLUSTER, ZWJ, cluster_width, joins, special, width

__all__ = ["Margins", "SavedCursor", "Screen", "pyte_version"]


@cache
def pyte_version() -> str:
    """The version of pyte that is installed; asked for only where an identity is."""
    from importlib import metadata

    return metadata.version("pyte")


MAX_HISTORY = 1_000
"""Rows above the screen that are kept, for the day it grows taller."""

IRM = 4
LNM = 20
DECOM = 6 << 5
DECAWM = 7 << 5
REVERSE_WRAP = 45 << 5
GRAPHEME_CLUSTERS = 2027 << 5


@dataclass(frozen=True, slots=True)
class SavedCursor:
    """What DECSC keeps."""

    x: int = 0
    y: int = 0
    pen: Pen = DEFAULT_PEN
    charsets: tuple[dict[int, str] | None, ...] = (None, None, None, None)
    active: int = 0
    origin: bool = False
    protecting: bool = False


class Screen(pyte.Screen):
    """Cells, cursor and the operations on them; which bytes mean which operation is `dispatch.py`'s."""

    @property
    def buffer(self) -> Any:
        """Row to column to text, in the shape of pyte's; for reading only."""
        return {y: dict(enumerate(row.data)) for y, row in enumerate(self.grid)}

    @buffer.setter
    def buffer(self, value: Any) -> None:
        """pyte's constructor sets its own; ours is `grid`."""

    @property
    def display(self) -> list[str]:
        """The rows as text, padded with blanks."""
        return ["".join(row.data) for row in self.grid]

    def reset(self) -> None:
        """RIS: as switched on. The size stays."""
        self.mode = {DECAWM, 25 << 5}
        self.margins = None
        self.title = self.icon_name = ""
        if not hasattr(self, "cursor"):
            self.cursor = pyte.screens.Cursor(0, 0)
        self.cursor.x = self.cursor.y = 0
        self.pen = DEFAULT_PEN
        self.charsets: list[dict[int, str] | None] = [None] * 4
        self.charset = 0
        self.single_shift: int | None = None
        self.translation: dict[int, str] | None = None
        self.simple = True
        self.protecting = False
        self.clusters = False
        self.saved_cursor = SavedCursor()
        self.tabstops = set(range(8, self.columns, 8))
        self.grid = [Row(self.columns) for _ in range(self.lines)]
        self.history: deque[Row] = deque(maxlen=MAX_HISTORY)
        self.keeps_history = True

    # -- drawing --------------------------------------------------------------------------------------

    def draw(self, data: str) -> None:
        """Put text (no controls) at the cursor."""
        if self.single_shift is not None:
            data = self._shifted(data)
        elif self.translation is not None:
            data = data.translate(self.translation)
        if data.isascii():
            self._draw_narrow(data)
        else:
            self._draw_unicode(data)

    def _shifted(self, data: str) -> str:
        """SS2 and SS3 hold for one character."""
        first = data[0].translate(self.charsets[self.single_shift or 0] or {})
        self.single_shift = None
        self.refresh_simple()
        return first + data[1:].translate(self.translation or {})

    def refresh_simple(self) -> None:
        """Note whether text can be written as it comes, and by which character set."""
        self.translation = self.charsets[self.charset]
        plain = self.translation is None and self.single_shift is None
        self.clusters = GRAPHEME_CLUSTERS in self.mode
        self.simple = plain and IRM not in self.mode and not self.protecting and not self.clusters

    def _draw_narrow(self, text: str) -> None:
        """Characters of one column each."""
        cursor, columns = self.cursor, self.columns
        position, count = 0, len(text)
        while position < count:
            if cursor.x >= columns:
                self._make_room()
            part = text[position : position + columns - cursor.x]
            self._write(part)
            position += len(part)
            if position < count and DECAWM not in self.mode:
                # Without auto-wrap the last column takes every further character; only the last one stays.
                cursor.x = columns - 1
                position = count - 1

    def _make_room(self) -> None:
        """The cursor is behind the last column: wrap, or stay on it."""
        if DECAWM in self.mode:
            self.cursor.x = 0
            self.index()
            self.grid[self.cursor.y].continued = True
        else:
            self.cursor.x = self.columns - 1

    def _write(self, text: str) -> None:
        """Write narrow characters that fit into the row."""
        cursor = self.cursor
        row, start = self.grid[cursor.y], cursor.x
        end = start + len(text)
        if IRM in self.mode:
            row.insert(start, self.columns, len(text), self.pen)
        row.write(start, text, self.pen)
        if self.protecting:
            row.protect(start, end)
        cursor.x = end

    def _draw_unicode(self, text: str) -> None:
        """Text in which some characters may be wide or join the cell before them."""
        if not special().search(text):
            self._draw_after_joiner(text)
            return
        for index, piece in enumerate(special().split(text)):
            if index % 2:
                self._draw_special(piece)
            elif piece:
                self._draw_after_joiner(piece)

    def _draw_after_joiner(self, text: str) -> None:
        """Narrow text, whose first character may still join what ends in a zero-width joiner."""
        if self.clusters and text[0] > "\x7f":
            row, left = self._cell_before_cursor()
            if left >= 0 and row.data[left][-1:] == ZWJ and self._join(row, left, text[0]):
                text = text[1:]
        if text:
            self._draw_narrow(text)

    def _cell_before_cursor(self) -> tuple[Row, int]:
        """The row of the cursor and the column where the cell left of it begins, -1 if there is none."""
        row = self.grid[self.cursor.y]
        left = self.cursor.x - 1
        if left > 0 and row.data[left] == "":
            left -= 1
        return row, left

    def _draw_special(self, character: str) -> None:
        """One character that is wide, of no width, or half of a flag."""
        row, left = self._cell_before_cursor()
        if left >= 0 and self._join(row, left, character):
            return
        columns = width(character)
        if columns == 1:
            self._draw_narrow(character)
        elif columns == 2 and self.columns >= 2:
            self._draw_wide(character)

    def _join(self, row: Row, left: int, character: str) -> bool:
        """Let `character` share the cell at `left`, if it does; the cell may become wide by it."""
        cluster = row.data[left]
        columns = joins(cluster, character, self.clusters)
        if not columns:
            return False
        if len(cluster) < MAX_CLUSTER:
            row.data[left] = cluster + character
            row.line = None
            if columns > cluster_width(cluster, self.clusters) and left + 1 < self.columns:
                self._widen(row, left)
        return True

    def _widen(self, row: Row, left: int) -> None:
        cell, pen = row.data[left], row.pens[left]
        if IRM in self.mode:
            row.insert(left + 1, self.columns, 1, pen)
        row.cut_wide(left + 2)
        row.data[left : left + 2] = [cell, ""]
        row.pens[left + 1] = pen
        row.special = True
        self.cursor.x = left + 2

    def _draw_wide(self, character: str) -> None:
        cursor = self.cursor
        if cursor.x + 2 > self.columns:
            if DECAWM in self.mode:
                self.grid[cursor.y].padded = cursor.x < self.columns
                self._make_room()
            else:
                cursor.x = self.columns - 2
        self._write(character + " ")
        row = self.grid[cursor.y]
        row.data[cursor.x - 1] = ""
        row.special = True

    def repeat_last(self, count: int) -> None:
        """Draw the cell left of the cursor so many times again, past the character sets."""
        row, left = self._cell_before_cursor()
        if left < 0:
            return
        cell = row.data[left]
        count = min(count, self.columns * self.lines)
        if len(cell) == 1 and width(cell) == 1:
            self._draw_narrow(cell * count)
        else:
            for _ in range(count):
                self._draw_unicode(cell)

    # -- scrolling ------------------------------------------------------------------------------------

    @property
    def region(self) -> tuple[int, int]:
        """First and last row of the scroll region."""
        return self.margins or (0, self.lines - 1)

    @property
    def erase_pen(self) -> Pen:
        """What an erased cell looks like now."""
        pen = self.pen
        return pen if pen is DEFAULT_PEN else erased(pen)

    def scroll_up(self, count: int, top: int, bottom: int) -> None:
        """Move rows `top` to `bottom` up; blank rows come in below."""
        count = min(count, bottom - top + 1)
        blank = self.erase_pen
        rows = [Row(self.columns, blank) for _ in range(count)]
        self.grid[top : bottom + 1] = self.grid[top + count : bottom + 1] + rows

    def scroll_down(self, count: int, top: int, bottom: int) -> None:
        """Move rows `top` to `bottom` down; blank rows come in above."""
        count = min(count, bottom - top + 1)
        blank = self.erase_pen
        rows = [Row(self.columns, blank) for _ in range(count)]
        self.grid[top : bottom + 1] = rows + self.grid[top : bottom + 1 - count]

    def index(self) -> None:
        """IND: down one row; at the bottom margin the region scrolls."""
        cursor = self.cursor
        y = cursor.y
        if cursor.x >= self.columns:
            cursor.x = self.columns - 1
        bottom = self.margins[1] if self.margins else self.lines - 1
        if y == bottom:
            top = self.margins[0] if self.margins else 0
            row = self.grid.pop(top)
            if top == 0 and self.keeps_history:
                self.history.append(row)
            self.grid.insert(bottom, Row(self.columns, self.erase_pen))
        elif y < self.lines - 1:
            cursor.y = y + 1
            self.grid[y + 1].continued = False

    def reverse_index(self) -> None:
        """RI: up one row; at the top margin the region scrolls."""
        top, bottom = self.region
        self.cursor.x = min(self.cursor.x, self.columns - 1)
        if self.cursor.y == top:
            self.scroll_down(1, top, bottom)
        elif self.cursor.y > 0:
            self.cursor.y -= 1

    def linefeed(self) -> None:
        """LF, VT, FF."""
        self.index()
        if LNM in self.mode:
            self.cursor.x = 0

    def next_line(self) -> None:
        """NEL."""
        self.index()
        self.cursor.x = 0

    # -- cursor ---------------------------------------------------------------------------------------

    def carriage_return(self) -> None:
        """CR."""
        self.cursor.x = 0

    def backspace(self) -> None:
        """BS: left one column; with reverse wrap-around up into the row that runs on in this one."""
        cursor = self.cursor
        if REVERSE_WRAP in self.mode and DECAWM in self.mode:
            if cursor.x == 0:
                self._wrap_back()
            else:
                cursor.x -= 1
        else:
            cursor.x = max(0, min(cursor.x, self.columns - 1) - 1)

    def _wrap_back(self) -> None:
        y, (top, bottom) = self.cursor.y, self.region
        if top < y <= bottom and self.grid[y].continued:
            self.grid[y].continued = False
            self.cursor.y = y - 1
            self.cursor.x = self.columns - 1

    def tab(self, count: int = 1) -> None:
        """HT, CHT: to the next tab stop, at most to the last column."""
        x = self.cursor.x
        for _ in range(min(count, self.columns)):
            if x < self.columns:
                after = (stop for stop in range(x + 1, self.columns) if stop in self.tabstops)
                x = next(after, self.columns - 1)
        self.cursor.x = x

    def back_tab(self, count: int = 1) -> None:
        """CBT: to the tab stop before."""
        x = min(self.cursor.x, self.columns - 1)
        for _ in range(min(count, self.columns)):
            x = next((stop for stop in range(x - 1, 0, -1) if stop in self.tabstops), 0)
        self.cursor.x = x

    def cursor_position(self, line: int | None = 1, column: int | None = 1) -> None:
        """CUP: 1-based; from the top margin in origin mode, and then not past the bottom one."""
        self.move_to((column or 1) - 1, (line or 1) - 1)

    def move_to(self, x: int, y: int) -> None:
        """Place the cursor, 0-based, by the rules of origin mode."""
        if DECOM in self.mode:
            top, bottom = self.region
            self.cursor.y = max(top, min(bottom, top + y))
        else:
            self.cursor.y = max(0, min(self.lines - 1, y))
        self.cursor.x = max(0, min(self.columns - 1, x))

    def cursor_up(self, count: int | None = 1) -> None:
        """CUU: stops at the top margin if it starts inside."""
        y = self.cursor.y
        top = self.margins[0] if self.margins and y >= self.margins[0] else 0
        self.cursor.y = max(top, y - (count or 1))
        self.cursor.x = min(self.cursor.x, self.columns - 1)

    def cursor_down(self, count: int | None = 1) -> None:
        """CUD: stops at the bottom margin if it starts inside."""
        y = self.cursor.y
        bottom = self.margins[1] if self.margins and y <= self.margins[1] else self.lines - 1
        self.cursor.y = min(bottom, y + (count or 1))
        self.cursor.x = min(self.cursor.x, self.columns - 1)

    def cursor_forward(self, count: int | None = 1) -> None:
        """CUF."""
        self.cursor.x = min(self.columns - 1, self.cursor.x + (count or 1))

    def cursor_back(self, count: int | None = 1) -> None:
        """CUB."""
        self.cursor.x = max(0, min(self.cursor.x, self.columns - 1) - (count or 1))
