"""A watched terminal whose cells know which characters of the output painted them.

A character is known by its number in the decoded output; `origins.py` says which bytes it was. The number travels
in place of a cell's pen, so that whatever moves or copies cells (insert, delete, scroll, reflow) moves it along:
as an integer where one character painted the cell, as an `Ink` where it takes more to say. A bit of it says
whether the pen was the default one, which is all that the model asks of the pen of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from operator import eq
from typing import Any

from terminal.cells import Row
from terminal.pens import DEFAULT_PEN, Pen
from terminal.pyte_screen import DECAWM, IRM
from terminal.readings import Reading
from terminal.tokenizer import Tokenizer
from terminal.watched import WatchedTerminal
from terminal.widths import special

Strikes = tuple[int, ...]
"""Numbers of the characters that painted the same character over itself, the latest first."""

MOST_STRIKES = 8
"""Paintings of one character over itself that a cell remembers."""
STRIKES_APART = 4096
"""Characters of output between two of them, at most: what is older was another text, with a letter in common."""
UNKNOWN = -1
"""The strike of a character that was drawn before this terminal knew the numbers."""
_LONG = 512
_OTHER_PEN: Pen = (-1, -1, -1, 1, None)


class Ink(tuple[Any, ...]):
    """A pen that remembers what it painted, and for each character of that the strikes."""

    cell: str
    strikes: tuple[Strikes, ...]


def inked(pen: tuple[Any, ...], cell: str, strikes: tuple[Strikes, ...]) -> Any:
    """The pen with strikes."""
    ink = Ink(pen)
    ink.cell = cell
    ink.strikes = strikes
    return ink


def strikes_at(row: Row, x: int) -> tuple[Strikes, ...]:
    """The strikes of each character of a cell; none where what was painted is gone (half of a wide character)."""
    pen: Any = row.pens[x]
    if type(pen) is int:
        return ((pen >> 1,),)
    return pen.strikes if isinstance(pen, Ink) and pen.cell == row.data[x] else ()


def are_known(strikes: Strikes) -> bool:
    """Is it known what painted a character, every time?"""
    return bool(strikes) and UNKNOWN not in strikes


def painted(reading: Reading, start: int, end: int) -> Iterator[tuple[str, Strikes]]:
    """Characters of a reading, from one up to another, with their strikes; as many as its text has."""
    at, end = 0, min(end, len(reading.text))
    for index, (row, first, last) in enumerate(reading.pieces):
        if index and reading.between:
            if start <= at < end:
                yield reading.between, ()
            at += 1
        if (
            not row.special
            and at + last - first <= start
            and len("".join(row.data[first:last])) == last - first
        ):
            at += last - first
            continue
        for x in range(first, last):
            if at >= end:
                return
            cell = row.data[x]
            if at + len(cell) > start:
                strikes = strikes_at(row, x)
                for inside, character in enumerate(cell):
                    if start <= at + inside < end:
                        yield character, strikes[inside] if inside < len(strikes) else ()
            at += len(cell)


class InkedTerminal(WatchedTerminal):
    """`WatchedTerminal` that is told with every text what its characters' numbers are (`execute_from`)."""

    _numbers: Sequence[int] = ()  # twice the number of each character of the text that is being drawn
    _next = 0  # the first of them that is not drawn yet
    _same: Strikes | None = None  # what all that is drawn is made of, where it is not one character a cell

    def execute_from(self, tokens: list[str], numbers: Sequence[Sequence[int]]) -> None:
        """As `execute`; `numbers` has for each text among the tokens twice the numbers of its characters."""
        if tokens == [""]:
            return
        actions, cursor = self.actions, self.cursor
        self._texts = texts = tokens[::2]
        self._left = left = iter(texts)
        for text, of_text, sequence in zip(left, numbers, [*tokens[1::2], ""], strict=False):
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
                    self._numbers, self._next = of_text, 0
                    self.draw(text)
                else:
                    self.touch(row, start, end)
                    self._ink(row, start, text, of_text)
                    row.line = None
                    cursor.x = end
            if sequence:
                function, arguments = actions[sequence]
                function(self, *arguments)
        self._drew_last = bool(tokens[-1])

    def _ink(self, row: Row, start: int, text: str, numbers: Sequence[int]) -> None:
        """Put narrow characters with their numbers into cells that need no more care."""
        end = start + len(text)
        old, pens = row.data[start:end], row.pens[start:end]
        row.data[start:end] = text
        self._ink_pens(row, start, text, numbers)
        if any(map(eq, old, text)):
            self._strike_again(row, start, old, pens)

    def _ink_pens(self, row: Row, start: int, text: str, numbers: Sequence[int]) -> None:
        if len(numbers) != len(text):
            raise AssertionError("characters that are drawn have lost their numbers")
        inks: Any = numbers if self.pen is DEFAULT_PEN else [number | 1 for number in numbers]
        row.pens[start : start + len(text)] = inks
        row.plain = False

    def _strike_again(self, row: Row, start: int, old: list[str], pens: list[Any]) -> None:
        """Remember what painted the same character in the same cell before, a short while ago."""
        for x, (cell, pen) in enumerate(zip(old, pens, strict=True), start):
            if cell == row.data[x] and cell != " ":
                now = strikes_at(row, x)[0]
                oldest = now[0] - STRIKES_APART if now else 0
                if type(pen) is int:
                    earlier: Strikes = (pen >> 1,)
                elif isinstance(pen, Ink) and pen.cell == cell:
                    earlier = pen.strikes[0]
                else:
                    earlier = (UNKNOWN,)
                strikes = tuple(dict.fromkeys((*now, *(one for one in earlier if one >= oldest))))
                row.pens[x] = inked(self.pen, cell, (strikes[:MOST_STRIKES],))

    # -- drawing, with an eye on what is drawn -----------------------------------------------------------

    def _draw_narrow(self, text: str) -> None:
        """As the model's; what falls into the last column without auto-wrap, and is lost there, has numbers too."""
        after = self._next + len(text)
        room = max(1, self.columns - self.cursor.x)
        if len(text) > room and DECAWM not in self.mode:
            super()._draw_narrow(text[:room])
            self._next = after - 1
            super()._draw_narrow(text[-1])
        else:
            super()._draw_narrow(text)
        self._next = after

    def _write(self, text: str) -> None:
        row, start = self.grid[self.cursor.y], self.cursor.x
        end = start + len(text)
        old, pens = row.data[start:end], row.pens[start:end]
        super()._write(text)
        row.plain = False
        if self._same is not None:
            row.pens[start:end] = [inked(self.pen, cell, (self._same,)) for cell in text]
            return
        self._ink_pens(row, start, text, self._numbers[self._next : self._next + len(text)])
        self._next += len(text)
        if IRM not in self.mode:
            self._strike_again(row, start, old, pens)

    def _draw_special(self, character: str) -> None:
        after = self._next + 1
        super()._draw_special(character)
        self._next = after

    def _number(self) -> Strikes:
        """What the next character is made of."""
        return self._same if self._same is not None else (self._numbers[self._next] >> 1,)

    def _draw_wide(self, character: str) -> None:
        before, made_of = self._same, self._number()
        self._same = made_of
        super()._draw_wide(character)
        self._same = before
        row, x = self.grid[self.cursor.y], self.cursor.x - 2
        row.pens[x] = row.pens[x + 1] = inked(self.pen, character, (made_of,))

    def _join(self, row: Row, left: int, character: str) -> bool:
        cell, strikes = row.data[left], strikes_at(row, left)
        more = self._number()
        if not super()._join(row, left, character):
            return False
        if row.data[left] != cell:
            known = (strikes + ((),) * len(cell))[: len(cell)]
            row.pens[left] = inked(self.pen, row.data[left], (*known, more))
            row.plain = False
        self._next += 1
        return True

    def repeat_last(self, count: int) -> None:
        """REP: made of the characters that made the cell that is repeated."""
        row, left = self._cell_before_cursor()
        if left < 0:
            return
        self._same = tuple(strike for strikes in strikes_at(row, left) for strike in strikes)
        super().repeat_last(count)
        self._same = None

    # -- shape -------------------------------------------------------------------------------------------

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """See `EditingScreen`: rows are wrapped anew by what their cells' pens are."""
        for row in (*self.history, *self.grid, *self._other_grid):
            pens: list[Any] = row.pens
            for x, pen in enumerate(pens):
                if type(pen) is int:
                    pens[x] = inked(_OTHER_PEN if pen & 1 else DEFAULT_PEN, row.data[x], ((pen >> 1,),))
        super().resize(lines, columns)


class Inker:
    """Feeds text to an `InkedTerminal` and numbers its characters."""

    def __init__(self, terminal: InkedTerminal) -> None:
        self._terminal = terminal
        self._tokenizer = Tokenizer()
        self._shadow = (
            Tokenizer()
        )  # sees the same, one character at a time, where the tokens alone do not say
        self._count = 0

    def feed(self, text: str) -> None:
        """Take the next characters of the decoded output."""
        last = text.rfind("\x1b") if len(text) > _LONG and not self._tokenizer.in_sequence else 0
        if last > 0:  # most often it is only the last sequence that is cut
            self._feed(text[:last])
            text = text[last:]
        self._feed(text)

    def _feed(self, text: str) -> None:
        first, self._count = self._count, self._count + len(text)
        regular = not self._tokenizer.in_sequence
        tokens = self._tokenizer.feed(text)
        if regular and "".join(tokens) == text:
            places = accumulate(map(len, tokens), initial=first)
            numbers = [
                range(2 * at, 2 * (at + len(token)), 2) for at, token in zip(places, tokens, strict=False)
            ]
            self._terminal.execute_from(tokens, numbers[::2])
            return
        drawn = [2 * at for at, letter in enumerate(text, first) if self._shadow.feed(letter)[0]]
        ends = list(accumulate(map(len, tokens[::2]), initial=0))
        self._terminal.execute_from(tokens, [drawn[start:end] for start, end in pairwise(ends)])
