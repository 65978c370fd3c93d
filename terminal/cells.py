"""One row of cells, as two parallel lists, and the `Line` that shows it.

Whatever changes a row forgets its line; `render` makes it again, and gives back the old object when the
row looks as before. Rows move as objects when the screen scrolls, so their lines move with them.
"""

from __future__ import annotations

from terminal.snapshot import DEFAULT_STYLE, EMPTY_LINE, Line, Span, Style


class Row:
    """`data[x]` is what column x holds ("" behind a wide character), `styles[x]` how it is drawn.

    `plain`: every style is the default. `wide`: some cell may be wide. `wrapped`: the row runs on in the
    next one. `line` is what `render` found, None when it must look again.
    """

    __slots__ = ("data", "last", "line", "plain", "styles", "wide", "wrapped")

    def __init__(self, columns: int, style: Style = DEFAULT_STYLE) -> None:
        self.data = [" "] * columns
        self.styles = [style] * columns
        self.plain = style is DEFAULT_STYLE
        self.wide = False
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

    def erase(self, start: int, end: int, style: Style) -> None:
        """Blank the columns from `start` up to `end`; a wide character cut in half goes whole."""
        if self.wide:
            self.cut_wide(start)
            self.cut_wide(end)
        count = end - start
        self.data[start:end] = [" "] * count
        if style is not DEFAULT_STYLE or not self.plain:
            self.styles[start:end] = [style] * count
            self.plain = False
        self.line = None

    def cut_wide(self, column: int) -> None:
        """Make sure that no wide character lies across the left edge of `column`."""
        data = self.data
        if 0 < column < len(data) and data[column] == "":
            data[column - 1] = data[column] = " "
            self.line = None

    def insert(self, start: int, end: int, count: int, style: Style) -> None:
        """Move what is right of `start` by `count` columns to the right, up to `end`."""
        count = min(count, end - start)
        if self.wide:
            for column in (start, end - count, end):
                self.cut_wide(column)
        data, styles = self.data, self.styles
        data[start:end] = [" "] * count + data[start : end - count]
        styles[start:end] = [style] * count + styles[start : end - count]
        self.plain = self.plain and style is DEFAULT_STYLE
        self.line = None

    def delete(self, start: int, end: int, count: int, style: Style) -> None:
        """Move what is right of `start + count` to the left; blanks come in at `end`."""
        count = min(count, end - start)
        if self.wide:
            for column in (start, start + count, end):
                self.cut_wide(column)
        data, styles = self.data, self.styles
        data[start:end] = data[start + count : end] + [" "] * count
        styles[start:end] = styles[start + count : end] + [style] * count
        self.plain = self.plain and style is DEFAULT_STYLE
        self.line = None

    def resize(self, columns: int) -> None:
        """Cut or pad the row; a wide character cut in half goes whole."""
        self.cut_wide(columns)
        missing = columns - len(self.data)
        self.data[columns:] = [" "] * missing
        self.styles[columns:] = [DEFAULT_STYLE] * missing
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
