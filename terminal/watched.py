"""A terminal that is looked at before anything is lost on it.

Before a fresh cell is overwritten, erased, moved, scrolled away or hidden by the other screen, all fresh rows are
read. A line of which only an older part is lost is read by itself when that part touches the fresh one. So every
text that ever stood on the screen is read, and what stands there for long is read once.

While a text is painted over another from left to right, what is left of the other is no part of it, nor is what stood
in a row that a line wraps into: nothing is read of the two together, as long as the pen does not rest there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.cells import Row
from terminal.looking import NEAR, LookingTerminal, Worth
from terminal.pens import DEFAULT_PEN
from terminal.pyte_screen import DECAWM
from terminal.readings import Reading, goes_on, in_doubt, line, row_text, untouched, wrapped
from terminal.snapshot import Line
from terminal.widths import special

_CLOSE = 3  # rows over which most of what is joined goes
_MOST_LOOSE = 500


class WatchedTerminal(LookingTerminal):
    """`Terminal` that hands every reading of its screen to `read`, before the cells change.

    `switches` counts how often the other screen came.
    """

    def watch(
        self,
        read: Callable[[Reading], None],
        worth: Worth,
        read_row: Callable[[Row, str], None] | None = None,
    ) -> None:
        """See `LookingTerminal`."""
        self._entered: Row | None = None
        self._entering: Row | None = None
        self._stroke: Row | None = None  # where one text is painted over another
        self._paused = False
        self.switches = 0
        self._erased: dict[Row, Line] = {}
        super().watch(read, worth, read_row)

    # -- what is painted ------------------------------------------------------------------------------

    def execute(self, tokens: list[str]) -> None:
        """As `Terminal.execute`, with an eye on every run that is drawn in line."""
        if len(tokens) == 1 or not self.watching:
            super().execute(tokens)
            return
        actions, cursor, fresh = self.actions, self.cursor, self._fresh
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
                    touched = fresh.get(row)
                    if touched is not None and touched[1] <= start and row.data[start] == " ":
                        fresh[row] = (touched[0], end)  # nothing is lost: `touch` would do no more
                    else:
                        self.touch(row, start, end)
                    row.data[start:end] = text
                    pen = self.pen
                    if pen is not DEFAULT_PEN or not row.plain:
                        row.pens[start:end] = [pen] * (end - start)
                        row.plain = False
                    row.line = None
                    cursor.x = end
            function, arguments = actions[sequence]
            function(self, *arguments)
        if tokens[-1]:
            self.draw(tokens[-1])
        self._drew_last = bool(tokens[-1])

    def touch(self, row: Row, start: int, end: int) -> None:
        """Columns of the cursor's row are about to be painted."""
        fresh = self._fresh.get(row)
        if fresh is not None and fresh[1] <= start and row.data[start] == " ":
            self._fresh[row] = (fresh[0], end)  # nothing is lost
            return
        if row is self._entering:
            row.continued = False
            if row in self._fresh:
                self._look_if_shown(row, *self._fresh[row])
            else:
                self._spare(row, start, end)
            row.continued = True
            self._entering = None
        else:
            self._spare(row, start, end)
        if row is not self._stroke:
            self._stroke = row if "".join(row.data[start:end]).strip(" ") else None
        self._paused = False
        if row is not self._entered:
            self._entered = None
            if start == 0 and row.continued:
                self._loosen(row)
        fresh = self._fresh.get(row)
        if fresh is None:
            self._fresh[row] = (start, end)
            self._quiet = min(self._quiet, self.cursor.y + 1 - NEAR)
        else:
            self._fresh[row] = (min(start, fresh[0]), max(end, fresh[1]))

    def pause(self) -> None:
        """What stands there now may stand there for long: the end of a chunk."""
        self._paused = True
        self.read_erased()

    def _make_room(self) -> None:
        """Remember the row that a line wraps into: it is loose when it is painted anew, after the cursor left it.

        What stands there until something is painted is no part of the line. Without auto-wrap nothing is entered.
        """
        super()._make_room()
        if self.watching and DECAWM in self.mode:
            self._entered = self._entering = row = self.grid[self.cursor.y]
            self._loose.discard(row)

    def _loosen(self, *rows: Row) -> None:
        if len(self._loose) > _MOST_LOOSE:
            self._loose.intersection_update(self.grid)
        self._loose.update(rows)

    def _spare(self, row: Row, start: int, end: int) -> None:
        """Look, if what stands in columns of the cursor's row is lost with them."""
        fresh = self._fresh.get(row)
        y = self.cursor.y
        if fresh is None:
            if self._fresh and (row.continued or (y + 1 < self.lines and self.grid[y + 1].continued)):
                first, last = wrapped(self.grid, y)
                if any(other in self._fresh for other in self.grid[first : last + 1]):
                    self._look_if_shown(row, start, end)
            if self._fresh:
                self._look_if_joined(row, y)
            return
        low, high = fresh
        if start < high and low < end:
            self._look_if_shown(row, max(low, start), min(high, end))
        elif high <= start and row is self._stroke:
            if self._paused and " " not in row.data[high - 1 : start + 1]:
                first, last = wrapped(self.grid, y)
                self._read(in_doubt(line(self.grid, first, last), row, high))
        else:
            between = row.data[high - 1 : start + 1] if high <= start else row.data[end - 1 : low + 1]
            if " " not in between:
                first, last = wrapped(self.grid, y)
                self._read(line(self.grid, first, last, self._loose))

    def _look_if_joined(self, row: Row, y: int) -> None:
        """Look, if an older row is lost with which something fresh above goes on, or that goes on in a fresh one."""
        text = row_text(row)
        if not text:
            return
        fresh, grid = self._fresh, self.grid
        for at in range(max(0, y - _CLOSE), y):
            if grid[at] in fresh and self._goes_on(at):
                self.look()
                return
        if any(below in fresh for below in grid[y + 1 : y + 1 + _CLOSE]) and self._goes_on(y):
            self.look()

    def _goes_on(self, y: int) -> bool:
        """May something go on below a row, as far as is seen quickly?"""
        grid = self.grid
        return any(
            isinstance(how, str) or goes_on(grid, y, y, character, how)
            for character, how in self._judge(row_text(grid[y]))
        )

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
            self._quiet = 0

    def _forget(self) -> None:
        """Rows stand below others now: every line may go on in another."""
        if self.watching:
            self._begun = None
            self._quiet = 0

    def _erasing(self, start: int, end: int) -> Row | None:
        """Columns of the cursor's row are about to be erased. The row, if anything is left that is not read anyway."""
        row = self.grid[self.cursor.y]
        self._spare(row, start, end)
        if self._begun is not None:
            self._begun[row] = None
        data = row.data
        if not "".join(data[start:end]).strip(" "):
            return None
        first, last = self._fresh.get(row, (start, start))
        is_left = "".join(data[:first]).strip(" ") or "".join(data[max(last, end) :]).strip(" ")
        return row if is_left else None

    def _note_left(self, row: Row | None) -> None:
        if row is not None:
            self._erased[row] = untouched(row)

    def read_erased(self) -> None:
        """Read what erasures left of rows that were read before, as far as it still stands there."""
        erased, self._erased = self._erased, {}
        for row, left in erased.items():
            if row.line is left and row not in self._fresh and row in self.grid:
                first, last = wrapped(self.grid, self.grid.index(row))
                self._read(line(self.grid, first, last, self._loose))

    def look(self) -> None:
        """See `LookingTerminal`."""
        if self._erased:
            self.read_erased()
        super().look()

    def erase_in_line(self, how: int = 0, *_: Any, **__: Any) -> None:
        """See `EditingScreen`."""
        left = None
        if self.watching:
            x = min(self.cursor.x, self.columns - 1)
            left = self._erasing(*{0: (x, self.columns), 1: (0, x + 1)}.get(how, (0, self.columns)))
        super().erase_in_line(how)
        self._note_left(left)

    def erase_characters(self, count: int | None = 1) -> None:
        """See `EditingScreen`."""
        left = None
        if self.watching:
            x = min(self.cursor.x, self.columns - 1)
            left = self._erasing(x, min(self.columns, x + (count or 1)))
        super().erase_characters(count)
        self._note_left(left)

    def _blank_rows(self, start: int, end: int) -> None:
        self._spare_rows(start, end)
        super()._blank_rows(start, end)

    def selective_erase_in_line(self, how: int = 0) -> None:
        """See `EditingScreen`."""
        self._spare_rows(self.cursor.y, self.cursor.y + 1)
        self._forget()
        super().selective_erase_in_line(how)

    def selective_erase_in_display(self, how: int = 0) -> None:
        """See `EditingScreen`."""
        self._spare_rows(0, self.lines)
        self._forget()
        super().selective_erase_in_display(how)

    def alignment_display(self) -> None:
        """See `EditingScreen`."""
        self._spare_rows(0, self.lines)
        self._forget()
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
        self._forget()
        super().scroll_up(count, top, bottom)

    def scroll_down(self, count: int, top: int, bottom: int) -> None:
        """See `Screen`."""
        self._spare_rows(max(top, bottom + 1 - count), bottom + 1)
        self._forget()
        super().scroll_down(count, top, bottom)

    def index(self) -> None:
        """See `Screen`."""
        if self.watching:
            top, bottom = self.margins or (0, self.lines - 1)
            self._entered = None
            if self.cursor.y != bottom:
                pass
            elif top:
                if any(row in self._fresh for row in self.grid[top : top + NEAR]):
                    self.look()
                self._forget()
            elif self._quiet > 0:
                self._quiet -= 1
            elif self._fresh:
                self._spare_top()
        super().index()

    def _spare_top(self) -> None:
        """Look, if something fresh is near the top, which scrolls away; else count how far from it it is."""
        fresh = self._fresh
        for y, row in enumerate(self.grid):
            if row in fresh:
                if y < NEAR:
                    self.look()
                else:
                    self._quiet = y - NEAR
                return

    def use_alternate(self, on: bool, clear_first: bool = False) -> None:
        """See `StatefulScreen`."""
        self._spare_rows(0, self.lines)
        self._forget()
        self.switches += on != self.alternate
        super().use_alternate(on, clear_first)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """See `EditingScreen`."""
        self._spare_rows(0, self.lines)
        self._forget()
        super().resize(lines, columns)
        if self.watching:
            self._fresh = {row: (0, len(row.data)) for row in self.grid}
            self._loosen(*(row for row in self.grid if row.continued))

    def reset(self) -> None:
        """See `StatefulScreen`."""
        if self.watching:
            self.look()
            self._forget()
        super().reset()
