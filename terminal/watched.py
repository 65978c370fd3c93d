"""A terminal that is looked at before anything is lost on it.

What was painted since the last look is fresh. Before a fresh cell is overwritten, erased, moved, scrolled away
or hidden by the other screen, all fresh rows are read. A line of which only an older part is lost is read by
itself when that part touches the fresh one. So every text that ever stood on the screen is read, and what
stands there for long is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from terminal.cells import Row
from terminal.dispatch import Terminal
from terminal.readings import Reading, joined, line, row_text, wrapped
from terminal.widths import special

Beginning = tuple[int, bool]
"""A character of a text at which something begins; whether it goes on line by line, as in a box."""
Worth = Callable[[str], Iterable[Beginning]]
"""Where in a text something begins that may go on in the rows below."""

NEAR = 8
"""Rows below one that is lost, which may belong to it."""
_MOST_JUDGED = 20_000


class WatchedTerminal(Terminal):
    """`Terminal` that hands every reading of its screen to `read`, before the cells change."""

    watching = False

    def watch(self, read: Callable[[Reading], None], worth: Worth) -> None:
        """Begin to look."""
        self._read = read
        self._worth = worth
        self._judged: dict[str, tuple[Beginning, ...]] = {}
        self._fresh: dict[Row, tuple[int, int]] = {}
        self.watching = True

    # -- looking --------------------------------------------------------------------------------------

    def look(self) -> None:
        """Read all rows that are fresh, and what may be joined with them."""
        fresh = self._fresh
        if not fresh:
            return
        rows = self._rows_in_reach()
        done = -1
        latest = -1
        for y, row in enumerate(rows):
            if row in fresh:
                latest = y
                if y > done:
                    first, done = wrapped(rows, y)
                    self._read(line(rows, first, done))
        for y in range(latest + 1):
            if not rows[y].continued or y == 0:
                self._read_joined(rows, y)
        fresh.clear()

    def _rows_in_reach(self) -> list[Row]:
        """The screen, with the rows above it that its first line began in."""
        above: list[Row] = []
        if self.grid[0].continued and self.keeps_history:
            for row in reversed(self.history):
                above.append(row)
                if not row.continued or len(above) > NEAR:
                    break
        return [*reversed(above), *self.grid]

    def _read_joined(self, rows: list[Row], y: int) -> None:
        last = y
        text = row_text(rows[y])
        if y + 1 < len(rows) and rows[y + 1].continued:
            last = wrapped(rows, y)[1]
            text = line(rows, y, last).text
        for character, boxed in self._judge(text) if text else ():
            for reading in joined(rows, y, last, character, boxed):
                self._read(reading)

    def _judge(self, text: str) -> tuple[Beginning, ...]:
        found = self._judged.get(text)
        if found is None:
            if len(self._judged) >= _MOST_JUDGED:
                self._judged.clear()
            found = self._judged[text] = tuple(self._worth(text))
        return found

    # -- what is painted ------------------------------------------------------------------------------

    def execute(self, tokens: list[str]) -> None:
        """As `Terminal.execute`, with an eye on every run that is drawn in line."""
        if len(tokens) == 1 or not self.watching:
            super().execute(tokens)
            return
        actions, cursor = self.actions, self.cursor
        self._texts = texts = tokens[::2]
        self._left = left = iter(texts)
        for text, sequence in zip(left, tokens[1::2], strict=False):
            if text:
                start = cursor.x
                end = start + len(text)
                row = self.grid[cursor.y]
                if (
                    end > self.columns
                    or row.special
                    or not self.simple
                    or not (text.isascii() or not special().search(text))
                ):
                    self.draw(text)
                else:
                    self.touch(row, start, end)
                    row.data[start:end] = text
                    row.line = None
                    cursor.x = end
            function, arguments = actions[sequence]
            function(self, *arguments)
        if tokens[-1]:
            self.draw(tokens[-1])
        self._drew_last = bool(tokens[-1])

    def touch(self, row: Row, start: int, end: int) -> None:
        """Columns of the cursor's row are about to be painted."""
        self._spare(row, start, end)
        fresh = self._fresh.get(row)
        if fresh is None:
            self._fresh[row] = (start, end)
        else:
            self._fresh[row] = (min(start, fresh[0]), max(end, fresh[1]))

    def _spare(self, row: Row, start: int, end: int) -> None:
        """Look, if what stands in columns of the cursor's row is lost with them."""
        fresh = self._fresh.get(row)
        y = self.cursor.y
        if fresh is None:
            if self._fresh and (row.continued or (y + 1 < self.lines and self.grid[y + 1].continued)):
                first, last = wrapped(self.grid, y)
                if any(other in self._fresh for other in self.grid[first : last + 1]):
                    self._look_if_shown(row, start, end)
            return
        low, high = fresh
        if start < high and low < end:
            self._look_if_shown(row, max(low, start), min(high, end))
        else:
            between = row.data[high - 1 : start + 1] if high <= start else row.data[end - 1 : low + 1]
            if " " not in between:
                first, last = wrapped(self.grid, y)
                self._read(line(self.grid, first, last))

    def _look_if_shown(self, row: Row, start: int, end: int) -> None:
        if any(cell != " " for cell in row.data[start:end]):
            self.look()

    def _write(self, text: str) -> None:
        if self.watching:
            row, start = self.grid[self.cursor.y], self.cursor.x
            self.touch(row, start, len(row.data) if 4 in self.mode else start + len(text))
        super()._write(text)

    def _join(self, row: Row, left: int, character: str) -> bool:
        if self.watching:
            self.touch(row, left, min(left + 2, self.columns))
        return super()._join(row, left, character)

    # -- what is lost ---------------------------------------------------------------------------------

    def _spare_rows(self, start: int, end: int) -> None:
        """Look, if something fresh stands in these rows or near them."""
        fresh = self._fresh if self.watching else None
        if fresh and any(row in fresh for row in self.grid[max(0, start - NEAR) : end + NEAR]):
            self.look()

    def _moved(self, row: Row) -> None:
        """Cells of a row stand beside others now."""
        if self.watching:
            self._fresh[row] = (0, len(row.data))

    def erase_in_line(self, how: int = 0, *_: Any, **__: Any) -> None:
        """See `EditingScreen`."""
        if self.watching:
            x = min(self.cursor.x, self.columns - 1)
            start, end = {0: (x, self.columns), 1: (0, x + 1)}.get(how, (0, self.columns))
            self._spare(self.grid[self.cursor.y], start, end)
        super().erase_in_line(how)

    def erase_characters(self, count: int | None = 1) -> None:
        """See `EditingScreen`."""
        if self.watching:
            x = min(self.cursor.x, self.columns - 1)
            self._spare(self.grid[self.cursor.y], x, min(self.columns, x + (count or 1)))
        super().erase_characters(count)

    def _blank_rows(self, start: int, end: int) -> None:
        self._spare_rows(start, end)
        super()._blank_rows(start, end)

    def selective_erase_in_line(self, how: int = 0) -> None:
        """See `EditingScreen`."""
        self._spare_rows(self.cursor.y, self.cursor.y + 1)
        super().selective_erase_in_line(how)

    def selective_erase_in_display(self, how: int = 0) -> None:
        """See `EditingScreen`."""
        self._spare_rows(0, self.lines)
        super().selective_erase_in_display(how)

    def alignment_display(self) -> None:
        """See `EditingScreen`."""
        self._spare_rows(0, self.lines)
        super().alignment_display()

    def insert_characters(self, count: int | None = 1) -> None:
        """See `EditingScreen`."""
        row = self.grid[self.cursor.y]
        self._spare_rows(self.cursor.y, self.cursor.y + 1)
        super().insert_characters(count)
        self._moved(row)

    def delete_characters(self, count: int | None = 1) -> None:
        """See `EditingScreen`."""
        row = self.grid[self.cursor.y]
        self._spare_rows(self.cursor.y, self.cursor.y + 1)
        super().delete_characters(count)
        self._moved(row)

    def _rows_of_region(self) -> list[Row]:
        rows = super()._rows_of_region()
        self._spare_rows(0, self.lines)
        for row in rows:
            self._moved(row)
        return rows

    def scroll_up(self, count: int, top: int, bottom: int) -> None:
        """See `Screen`."""
        self._spare_rows(top, min(top + count, bottom + 1))
        super().scroll_up(count, top, bottom)

    def scroll_down(self, count: int, top: int, bottom: int) -> None:
        """See `Screen`."""
        self._spare_rows(max(top, bottom + 1 - count), bottom + 1)
        super().scroll_down(count, top, bottom)

    def index(self) -> None:
        """See `Screen`."""
        top, bottom = self.region
        if self.watching and self.cursor.y == bottom:
            fresh = self._fresh
            if fresh and any(row in fresh for row in self.grid[top : top + NEAR]):
                self.look()
        super().index()

    def use_alternate(self, on: bool, clear_first: bool = False) -> None:
        """See `StatefulScreen`."""
        self._spare_rows(0, self.lines)
        super().use_alternate(on, clear_first)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """See `EditingScreen`."""
        self._spare_rows(0, self.lines)
        super().resize(lines, columns)
        if self.watching:
            self._fresh = {row: (0, len(row.data)) for row in self.grid}

    def reset(self) -> None:
        """See `StatefulScreen`."""
        if self.watching:
            self.look()
        super().reset()
