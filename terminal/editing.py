"""Operations that erase and move cells (ECMA-48 editing functions), and the shape of the screen.

Counts are at least 1 and may be absurdly large; every operation cuts them to what there is.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from terminal.cells import Row
from terminal.pyte_screen import MAX_HISTORY, Margins, Screen
from terminal.reflow import Shape, with_columns, with_rows


class EditingScreen(Screen):
    """`Screen` with erasing, inserting, deleting, margins and resizing."""

    def _stand(self) -> int:
        """The column of the cursor, no longer about to wrap."""
        x: int = min(self.cursor.x, self.columns - 1)
        self.cursor.x = x
        return x

    # -- erasing --------------------------------------------------------------------------------------

    def erase_in_line(self, how: int = 0, *_: Any, **__: Any) -> None:
        """EL: 0 to the end, 1 from the start, 2 all."""
        cursor = self.cursor
        row = self.grid[cursor.y]
        if how == 0:
            if cursor.x >= self.columns:
                cursor.x = self.columns - 1
            row.erase(cursor.x, self.columns, self.erase_pen)
        elif how == 1:
            row.erase(0, min(cursor.x + 1, self.columns), self.erase_pen)
        elif how == 2:
            self._blank_rows(cursor.y, cursor.y + 1)

    def _blank_rows(self, start: int, end: int) -> None:
        pen = self.erase_pen
        self.grid[start:end] = [Row(self.columns, pen) for _ in range(start, end)]

    def erase_in_display(self, how: int = 0, *_: Any, **__: Any) -> None:
        """ED: 0 to the end, 1 from the start, 2 all; 3 the rows above the screen."""
        y = self.cursor.y
        if how == 0:
            self.erase_in_line(0)
            self._blank_rows(y + 1, self.lines)
        elif how == 1:
            self.erase_in_line(1)
            self._blank_rows(0, y)
        elif how == 2:
            self._stand()
            self._blank_rows(0, self.lines)
        elif how == 3:
            self.history.clear()

    def selective_erase_in_line(self, how: int = 0) -> None:
        """DECSEL: as EL, but not what DECSCA protects."""
        x = min(self.cursor.x, self.columns - 1)
        start, end = {0: (x, self.columns), 1: (0, x + 1), 2: (0, self.columns)}.get(how, (0, 0))
        self.grid[self.cursor.y].erase_unprotected(start, end, self.erase_pen)

    def selective_erase_in_display(self, how: int = 0) -> None:
        """DECSED: as ED, but not what DECSCA protects."""
        self.selective_erase_in_line(how)
        y = self.cursor.y
        others = {0: range(y + 1, self.lines), 1: range(y), 2: range(self.lines)}.get(how, range(0))
        for other in others:
            self.grid[other].erase_unprotected(0, self.columns, self.erase_pen)

    def set_protection(self, how: int = 0) -> None:
        """DECSCA: 1 protects what is drawn from now on."""
        self.protecting = how == 1
        self.refresh_simple()

    def erase_characters(self, count: int | None = 1) -> None:
        """ECH."""
        x = self._stand()
        self.grid[self.cursor.y].erase(x, min(x + (count or 1), self.columns), self.erase_pen)

    def alignment_display(self) -> None:
        """DECALN: E everywhere, margins gone, cursor home."""
        self.margins = None
        self.grid = [Row(self.columns) for _ in range(self.lines)]
        for row in self.grid:
            row.data[:] = ["E"] * self.columns
            row.line = None
        self.move_to(0, 0)

    # -- inserting and deleting -----------------------------------------------------------------------

    def insert_characters(self, count: int | None = 1) -> None:
        """ICH."""
        self.grid[self.cursor.y].insert(self._stand(), self.columns, count or 1, self.erase_pen)

    def delete_characters(self, count: int | None = 1) -> None:
        """DCH."""
        self.grid[self.cursor.y].delete(self._stand(), self.columns, count or 1, self.erase_pen)

    def insert_lines(self, count: int | None = 1) -> None:
        """IL: nothing happens outside the margins."""
        top, bottom = self.region
        if top <= self.cursor.y <= bottom:
            self.scroll_down(count or 1, self.cursor.y, bottom)
            self.cursor.x = 0

    def delete_lines(self, count: int | None = 1) -> None:
        """DL: nothing happens outside the margins."""
        top, bottom = self.region
        if top <= self.cursor.y <= bottom:
            self.scroll_up(count or 1, self.cursor.y, bottom)
            self.cursor.x = 0

    def scroll_region_up(self, count: int = 1) -> None:
        """SU."""
        self.scroll_up(count, *self.region)

    def scroll_region_down(self, count: int = 1) -> None:
        """SD."""
        self.scroll_down(count, *self.region)

    def _rows_of_region(self) -> list[Row]:
        top, bottom = self.region
        return self.grid[top : bottom + 1] if top <= self.cursor.y <= bottom else []

    def scroll_left(self, count: int = 1) -> None:
        """SL: every row of the region."""
        for row in self._rows_of_region():
            row.delete(0, self.columns, count, self.erase_pen)

    def scroll_right(self, count: int = 1) -> None:
        """SR: every row of the region."""
        for row in self._rows_of_region():
            row.insert(0, self.columns, count, self.erase_pen)

    def insert_columns(self, count: int = 1) -> None:
        """DECIC: every row of the region, at the cursor's column."""
        x = self._stand()
        for row in self._rows_of_region():
            row.insert(x, self.columns, count, self.erase_pen)

    def delete_columns(self, count: int = 1) -> None:
        """DECDC: every row of the region, at the cursor's column."""
        x = self._stand()
        for row in self._rows_of_region():
            row.delete(x, self.columns, count, self.erase_pen)

    # -- shape ----------------------------------------------------------------------------------------

    def set_margins(self, top: int | None = None, bottom: int | None = None) -> None:
        """DECSTBM: 1-based; a region of fewer than two rows is ignored."""
        first = max(0, (top or 1) - 1)
        last = min(bottom or self.lines, self.lines) - 1
        if first < last:
            self.margins = None if (first, last) == (0, self.lines - 1) else Margins(first, last)
            self.move_to(0, 0)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """A new size; see `reflow.py` for what becomes of the rows."""
        lines, columns = lines or self.lines, columns or self.columns
        if (lines, columns) == (self.lines, self.columns):
            return
        if columns > self.columns:
            self.tabstops.update(range(-(-self.columns // 8) * 8, columns, 8))
        if self.keeps_history:
            shape = self.reshaped(self.grid, self.cursor.y, lines, columns)
            self.grid, self.cursor.y = shape.grid, shape.y
        else:
            self.cursor.y = self._cut(self.grid, self.cursor.y, lines, columns)
        self.cursor.x = min(self.cursor.x, columns - 1)
        self.lines, self.columns = lines, columns
        self.margins = None

    def reshaped(self, grid: list[Row], y: int, lines: int, columns: int) -> Shape:
        """The main screen's rows at a new size; the history changes with them."""
        shape = Shape(list(self.history), grid, y)
        if columns != self.columns:
            shape = with_columns(shape, columns)
        if lines != self.lines:
            shape = with_rows(shape, lines, columns)
        self.history = deque(shape.history, maxlen=MAX_HISTORY)
        return shape

    def _cut(self, grid: list[Row], y: int, lines: int, columns: int) -> int:
        """The alternate screen's rows at a new size; the row where the cursor is then."""
        above = max(0, y + 1 - lines)
        del grid[:above]
        del grid[lines:]
        for row in grid:
            row.resize(columns)
        grid += [Row(columns) for _ in range(lines - len(grid))]
        return y - above
