"""One row of cells, as two parallel lists, and the `Line` that shows it.

Whatever changes a row forgets its line; `render` makes it again, and gives back the old object when the
row looks as before. Rows move as objects when the screen scrolls, so their lines move with them.
"""

from __future__ import annotations

from terminal.pens import DEFAULT_PEN, Pen, style_of
from terminal.snapshot import EMPTY_LINE, Line, Span


class Row:
    """`data[x]` is what column x holds ("" behind a wide character), `pens[x]` how it is drawn.

    `plain`: every pen is the default one. `special`: some cell may be wide or protected (DECSCA), so that
    writing needs care; `protected` says which are, None when none is. `continued`: the row goes on from the
    one above. `padded`: its last column was left blank because a wide character did not fit. `line` is what
    `render` found, None when it must look again.
    """

    __slots__ = ("continued", "data", "last", "line", "padded", "pens", "plain", "protected", "special")

    def __init__(self, columns: int, pen: Pen = DEFAULT_PEN) -> None:
        self.data = [" "] * columns
        self.pens = [pen] * columns
        self.plain = pen is DEFAULT_PEN
        self.special = False
        self.protected: list[bool] | None = None
        self.continued = False
        self.padded = False
        self.line: Line | None = EMPTY_LINE if self.plain else None
        self.last = EMPTY_LINE

    def render(self) -> Line:
        """The row as a value."""
        if self.line is None:
            text = "".join(self.data).rstrip(" ")
            spans = () if self.plain else spans_of(self.pens)
            last = self.last
            if last.text == text and last.spans == spans:
                self.line = last
            else:
                self.line = self.last = Line(text, spans) if text or spans else EMPTY_LINE
        return self.line

    def write(self, start: int, text: str, pen: Pen) -> None:
        """Put narrow characters from `start` on; wide ones cut in half go whole."""
        end = start + len(text)
        if self.special:
            self.cut_wide(start)
            self.cut_wide(end)
            if self.protected:
                self.protected[start:end] = [False] * (end - start)
        self.data[start:end] = text
        if pen is not DEFAULT_PEN or not self.plain:
            self.pens[start:end] = [pen] * (end - start)
            self.plain = False
        self.line = None

    def protect(self, start: int, end: int) -> None:
        """Mark columns as protected from selective erasing."""
        if self.protected is None:
            self.protected = [False] * len(self.data)
            self.special = True
        self.protected[start:end] = [True] * (end - start)

    def erase(self, start: int, end: int, pen: Pen) -> None:
        """Blank the columns from `start` up to `end`."""
        self.write(start, " " * (end - start), pen)

    def erase_unprotected(self, start: int, end: int, pen: Pen) -> None:
        """Blank those of the columns from `start` up to `end` that are not protected."""
        for column in range(start, end):
            if not self.protected or not self.protected[column]:
                self.erase(column, column + 1, pen)

    def cut_wide(self, column: int) -> None:
        """Make sure that no wide character lies across the left edge of `column`."""
        data = self.data
        if 0 < column < len(data) and data[column] == "":
            data[column - 1] = data[column] = " "
            self.line = None

    def insert(self, start: int, end: int, count: int, pen: Pen) -> None:
        """Move what is right of `start` by `count` columns to the right, up to `end`."""
        count = min(count, end - start)
        self._cut_before_moving(start, end - count, end)
        self._move(start, start + count, end - count - start)
        self.erase(start, start + count, pen)

    def delete(self, start: int, end: int, count: int, pen: Pen) -> None:
        """Move what is right of `start + count` to the left; blanks come in at `end`."""
        count = min(count, end - start)
        self._cut_before_moving(start, start + count, end)
        self._move(start + count, start, end - count - start)
        self.erase(end - count, end, pen)

    def _cut_before_moving(self, *columns: int) -> None:
        if self.special:
            for column in columns:
                self.cut_wide(column)

    def _move(self, source: int, target: int, count: int) -> None:
        self.data[target : target + count] = self.data[source : source + count]
        self.pens[target : target + count] = self.pens[source : source + count]
        if self.protected:
            self.protected[target : target + count] = self.protected[source : source + count]

    def resize(self, columns: int) -> None:
        """Cut or pad the row; a wide character cut in half goes whole."""
        self.cut_wide(columns)
        missing = columns - len(self.data)
        self.data[columns:] = [" "] * missing
        self.pens[columns:] = [DEFAULT_PEN] * missing
        if self.protected:
            self.protected[columns:] = [False] * missing
        self.line = None


def spans_of(pens: list[Pen]) -> tuple[Span, ...]:
    """What is not drawn with the default pen, as spans."""
    spans = []
    previous, start = DEFAULT_PEN, 0
    for column, pen in enumerate(pens):
        if pen is previous or pen == previous:
            continue
        if previous is not DEFAULT_PEN:
            spans.append(Span(start, column - start, style_of(previous)))
        previous, start = pen, column
    if previous is not DEFAULT_PEN:
        spans.append(Span(start, len(pens) - start, style_of(previous)))
    return tuple(spans)
