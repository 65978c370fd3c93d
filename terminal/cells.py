"""One row of cells, as two parallel lists, and the `Line` that shows it.

Whatever changes a row forgets its line; `render` makes it again, and gives back the old object when the
row looks as before. Rows move as objects when the screen scrolls, so their lines move with them.
"""

from __future__ import annotations

from terminal.snapshot import DEFAULT_STYLE, EMPTY_LINE, Line, Span, Style


class Row:
    """`data[x]` is what column x holds ("" behind a wide character), `styles[x]` how it is drawn.

    `plain`: every style is the default. `special`: some cell may be wide or protected (DECSCA), so that
    writing needs care. `protected` says which are, None when none is. `wrapped`: the row runs on in the
    next one. `line` is what `render` found, None when it must look again.
    """

    __slots__ = ("data", "last", "line", "plain", "protected", "special", "styles", "wrapped")

    def __init__(self, columns: int, style: Style = DEFAULT_STYLE) -> None:
        self.data = [" "] * columns
        self.styles = [style] * columns
        self.plain = style is DEFAULT_STYLE
        self.special = False
        self.protected: list[bool] | None = None
        self.wrapped = False
        self.line: Line | None = EMPTY_LINE if self.plain else None
        self.last = EMPTY_LINE

    def render(self) -> Line:
        """The row as a value."""
        if self.line is None:
            text = "".join(self.data).rstrip(" ")
            spans = () if self.plain else _spans(self.styles)
            last = self.last
            if last.text == text and last.spans == spans:
                self.line = last
            else:
                self.line = self.last = Line(text, spans) if text or spans else EMPTY_LINE
        return self.line

    def write(self, start: int, text: str, style: Style) -> None:
        """Put narrow characters from `start` on; wide ones cut in half go whole."""
        end = start + len(text)
        if self.special:
            self.cut_wide(start)
            self.cut_wide(end)
            if self.protected:
                self.protected[start:end] = [False] * (end - start)
        self.data[start:end] = text
        if style is not DEFAULT_STYLE or not self.plain:
            self.styles[start:end] = [style] * (end - start)
            self.plain = False
        self.line = None

    def protect(self, start: int, end: int) -> None:
        """Mark columns as protected from selective erasing."""
        if self.protected is None:
            self.protected = [False] * len(self.data)
            self.special = True
        self.protected[start:end] = [True] * (end - start)

    def erase(self, start: int, end: int, style: Style) -> None:
        """Blank the columns from `start` up to `end`."""
        self.write(start, " " * (end - start), style)

    def erase_unprotected(self, start: int, end: int, style: Style) -> None:
        """Blank those of the columns from `start` up to `end` that are not protected."""
        for column in range(start, end):
            if not self.protected or not self.protected[column]:
                self.erase(column, column + 1, style)

    def cut_wide(self, column: int) -> None:
        """Make sure that no wide character lies across the left edge of `column`."""
        data = self.data
        if 0 < column < len(data) and data[column] == "":
            data[column - 1] = data[column] = " "
            self.line = None

    def insert(self, start: int, end: int, count: int, style: Style) -> None:
        """Move what is right of `start` by `count` columns to the right, up to `end`."""
        count = min(count, end - start)
        self._cut_before_moving(start, end - count, end)
        self._move(start, start + count, end - count - start)
        self.erase(start, start + count, style)

    def delete(self, start: int, end: int, count: int, style: Style) -> None:
        """Move what is right of `start + count` to the left; blanks come in at `end`."""
        count = min(count, end - start)
        self._cut_before_moving(start, start + count, end)
        self._move(start + count, start, end - count - start)
        self.erase(end - count, end, style)

    def _cut_before_moving(self, *columns: int) -> None:
        if self.special:
            for column in columns:
                self.cut_wide(column)

    def _move(self, source: int, target: int, count: int) -> None:
        self.data[target : target + count] = self.data[source : source + count]
        self.styles[target : target + count] = self.styles[source : source + count]
        if self.protected:
            self.protected[target : target + count] = self.protected[source : source + count]

    def resize(self, columns: int) -> None:
        """Cut or pad the row; a wide character cut in half goes whole."""
        self.cut_wide(columns)
        missing = columns - len(self.data)
        self.data[columns:] = [" "] * missing
        self.styles[columns:] = [DEFAULT_STYLE] * missing
        if self.protected:
            self.protected[columns:] = [False] * missing
        self.line = None


def _spans(styles: list[Style]) -> tuple[Span, ...]:
    spans = []
    previous, start = DEFAULT_STYLE, 0
    for column, style in enumerate(styles):
        if style is previous:  # styles are interned
            continue
        if previous is not DEFAULT_STYLE:
            spans.append(Span(start, column - start, previous))
        previous, start = style, column
    if previous is not DEFAULT_STYLE:
        spans.append(Span(start, len(styles) - start, previous))
    return tuple(spans)
