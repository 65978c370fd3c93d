"""A terminal whose rows are read: what is fresh of them, and what may be joined with that.

What was painted since the last look is fresh. A look reads every fresh row, with the line that it belongs to, and
what goes on in rows below from something that begins in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from terminal.breaks import drawn_borders
from terminal.cells import Row
from terminal.dispatch import Terminal
from terminal.readings import How, Reading, bordered, goes_on, joined, line, numbered, row_text, wrapped

Beginning = tuple[int, How | tuple[str, ...]]
"""A character of a text at which something begins, and what; or, where only its first letters stand at the end of
a field, what the next row would have to go on with, one of these.
"""
Worth = Callable[[str], Iterable[Beginning]]
"""Where in a text something begins that may go on in the rows below."""

NEAR = 8
"""Rows below one that is lost, which may belong to it."""
_MOST_JUDGED = 1 << 20  # characters of lines


class LookingTerminal(Terminal):
    """`Terminal` that hands readings of its screen to `read` when it is told to look."""

    watching = False

    def watch(
        self,
        read: Callable[[Reading], None],
        worth: Worth,
        read_row: Callable[[Row, str], None] | None = None,
    ) -> None:
        """Begin to look. `read_row` gets what is one row by itself, with its text; else `read` does."""
        self._read = read
        self._read_row = read_row or self._read_as_reading
        self._worth = worth
        self._judged: dict[str, tuple[Beginning, ...]] = {}
        self._room = _MOST_JUDGED
        self._fresh: dict[Row, tuple[int, int]] = {}
        self._begun: dict[Row, None] | None = None
        self._quiet = 0
        self._loose: set[Row] = set()
        self._lately: set[Row] = set()
        self._before: set[Row] = set()
        self.watching = True

    def look(self) -> None:
        """Read all rows that are fresh, and what may be joined with them.

        What may go on in rows below is looked for in each line down to the latest fresh row; a line in which
        nothing began, and that did not change, is not judged again.
        """
        fresh, begun = self._fresh, self._begun
        if not fresh:
            return
        rows = self._rows_in_reach()
        latest = len(rows) - 1
        while latest >= 0 and rows[latest] not in fresh:
            latest -= 1
        left: dict[Row, None] = {}
        judged, count = self._judged, len(rows)
        y = 0
        while y <= latest:
            row, last = rows[y], y
            y += 1
            while y < count and rows[y].continued:
                y += 1
            if y > last + 1:
                self._read_line(rows, last, y - 1, left)
            elif row in fresh or begun is None or row in begun:
                text = row_text(row)
                if row in fresh:
                    if "|" in text and (borders := drawn_borders(rows, last)):
                        self._read(bordered(row, borders))
                    else:
                        self._read_row(row, text)
                if judged.get(text) != () and self._read_joined(rows, last, last, text):
                    left[row] = None
        self._read_numbered(rows[: latest + 2])
        for row in rows[latest + 1 :]:
            if begun is None or row in begun:
                left[row] = None
        self._begun = left
        self._lately.update(fresh)
        fresh.clear()
        self._quiet = 0

    def _read_numbered(self, rows: list[Row]) -> None:
        """Lines that go on below a row that they fill, as editors show them, all of it painted just now."""
        fresh = self._fresh
        if all(row.data[-1] == " " for row in fresh):
            return
        for y, row in enumerate(rows[:-1]):
            if row in fresh and row.data[-1] != " " and (reading := numbered(rows, y)):
                margin = reading.pieces[-1][1]
                if all(piece in fresh and fresh[piece][0] <= margin for piece, _, _ in reading.pieces):
                    self._read(reading)

    def grow_old(self) -> None:
        """What was painted before the last time that this was said is no longer new."""
        self._before, self._lately = self._lately, set()

    def _is_old(self, row: Row) -> bool:
        return not (row in self._fresh or row in self._lately or row in self._before)

    def _read_line(self, rows: list[Row], first: int, last: int, left: dict[Row, None]) -> None:
        """Read what is fresh of a line of several rows."""
        fresh, begun = self._fresh, self._begun
        done = -1
        for y in range(first, last + 1):
            if y > done and rows[y] in fresh:
                start, done = wrapped(rows, y)
                self._read(line(rows, start, done, self._loose))
        members = rows[first : last + 1]
        if done >= 0 or begun is None or any(row in begun for row in members):
            last = wrapped(rows, first)[1]
            if self._read_joined(rows, first, last, line(rows, first, last).text):
                left.update(dict.fromkeys(members))

    def _rows_in_reach(self) -> list[Row]:
        """The screen, with the rows above it that its first line began in."""
        above: list[Row] = []
        if self.grid[0].continued and self.keeps_history:
            for row in reversed(self.history):
                above.append(row)
                if not row.continued or len(above) > NEAR:
                    break
        return [*reversed(above), *self.grid]

    def _read_joined(self, rows: list[Row], first: int, last: int, text: str) -> bool:
        """Whether something begins in a line; what goes on below it is read."""
        found = self._judge(text)
        for character, how in found:
            if isinstance(how, str):
                for reading in joined(
                    rows, first, last, character, how, loose=self._loose, is_old=self._is_old
                ):
                    self._read(reading)
            elif goes_on(rows, first, last, character, how):
                self._read_cut(rows, first, last, character)
        return bool(found)

    def _read_cut(self, rows: list[Row], first: int, last: int, character: int) -> None:
        """What begins at the end of a row with its first letters alone."""
        hows = set[str]()
        for reading in joined(rows, first, last, character, "any", loose=self._loose, is_old=self._is_old):
            self._read(reading)
            hows.update(how for _, how in self._judge(reading.text) if isinstance(how, str))
        for reading in joined(rows, first, last, character, "box") if "box" in hows else ():
            self._read(reading)

    def _read_as_reading(self, row: Row, _: str) -> None:
        self._read(Reading("screen", ((row, 0, len(row.data)),)))

    def _judge(self, text: str) -> tuple[Beginning, ...]:
        found = self._judged.get(text) if text else ()
        if found is None:
            self._room -= len(text)
            if self._room < 0:
                self._judged.clear()
                self._room = _MOST_JUDGED
            found = self._judged[text] = tuple(self._worth(text))
        return found
