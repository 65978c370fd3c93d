"""What a terminal shows at one moment. Frozen values only: nothing here draws, feeds or waits.

A row that did not change from one snapshot to the next is the same `Line` object in both,
so that comparing two snapshots costs what changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from terminal.modes import DEFAULT_MODES, Modes
from terminal.widths import split_cells

Colour = int | str | None
"""None: the terminal's default; int: palette index 0 to 255; str: "#rrggbb"."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell is drawn, as the program set it (`reverse` is not applied to the colours).

    `underline` is None, "single", "double", "curly", "dotted" or "dashed"; `link` is an OSC 8 URI.
    """

    fg: Colour = None
    bg: Colour = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: str | None = None
    underline_color: Colour = None
    blink: bool = False
    reverse: bool = False
    hidden: bool = False
    strike: bool = False
    overline: bool = False
    link: str | None = None


DEFAULT_STYLE = Style()


@dataclass(frozen=True, slots=True)
class Span:
    """`width` columns from `column` (0-based) that are drawn in `style`, which is never the default."""

    column: int
    width: int
    style: Style


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its text without trailing blanks, a wide character once, and what is not default.

    Spans are in order, do not overlap, and may lie beyond the text (coloured blanks).
    """

    text: str = ""
    spans: tuple[Span, ...] = ()

    def cut(self, start: int, end: int, clusters: bool = False) -> str:
        """The text of columns `start` up to `end`, padded with blanks to so many columns.

        A wide character that is cut in half is a blank. `clusters`: drawn with mode 2027 on.
        """
        if self.text.isascii():
            return self.text[start:end].ljust(end - start)
        parts = []
        column = 0
        for text, width in split_cells(self.text, clusters):
            if column + width > start and column < end:
                whole = column >= start and column + width <= end
                parts.append(text if whole else " " * (min(end, column + width) - max(start, column)))
            column += width
        return "".join(parts) + " " * (end - max(start, min(column, end)))

    def style_at(self, column: int) -> Style:
        """The style of one column."""
        for span in self.spans:
            if span.column <= column < span.column + span.width:
                return span.style
        return DEFAULT_STYLE


EMPTY_LINE = Line()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the cursor is, 0-based, and how it looks.

    `column` is the column that it stands on: after the last one was written, the last one.
    `shape` is "block", "underline" or "bar".
    """

    row: int = 0
    column: int = 0
    visible: bool = True
    shape: str = "block"
    blinking: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """Where a text was found: 0-based row, index into that row's text, and what matched."""

    row: int
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two snapshots. Falsy when nothing does.

    `rows` maps a row number to (before, after); None stands for a row that one of them does not have.
    `fields` names what else differs: "columns", "rows", "cursor", "title", "modes", "alternate_screen".
    """

    rows: dict[int, tuple[Line | None, Line | None]]
    fields: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.rows or self.fields)

    def __str__(self) -> str:
        lines = []
        for number, (before, after) in self.rows.items():
            lines += [f"row {number}:"]
            lines += [f"  - {before.text!r}" if before else "  - (no such row)"]
            lines += [f"  + {after.text!r}" if after else "  + (no such row)"]
            if before and after and before.text == after.text:
                lines += ["    (styles differ)"]
        return "\n".join([*lines, *(f"{name} differs" for name in self.fields)])


_FIELDS = ("columns", "rows", "cursor", "title", "modes", "alternate_screen")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole screen. `lines` has `rows` entries; numbers of rows and columns are 0-based everywhere."""

    columns: int
    rows: int
    lines: tuple[Line, ...]
    cursor: Cursor = Cursor()
    title: str = ""
    modes: Modes = DEFAULT_MODES
    alternate_screen: bool = False

    @property
    def text(self) -> list[str]:
        """The text of every row, trailing blanks cut."""
        return [line.text for line in self.lines]

    @property
    def spans(self) -> dict[int, tuple[Span, ...]]:
        """Row number to what is not default on it; rows without any are left out."""
        return {row: line.spans for row, line in enumerate(self.lines) if line.spans}

    def __str__(self) -> str:
        return "\n".join(self.text).rstrip("\n")

    def changed_rows(self, before: Snapshot) -> set[int]:
        """The rows whose text or styles are not those of `before`."""
        shared = zip(before.lines, self.lines, strict=False)
        changed = {row for row, (old, new) in enumerate(shared) if old is not new and old != new}
        return changed | set(range(min(before.rows, self.rows), max(before.rows, self.rows)))

    def diff(self, other: Snapshot) -> Difference:
        """What is different in `other`, seen as the later of the two."""
        rows = {
            row: (
                self.lines[row] if row < len(self.lines) else None,
                other.lines[row] if row < len(other.lines) else None,
            )
            for row in sorted(other.changed_rows(self))
        }
        fields = tuple(name for name in _FIELDS if getattr(self, name) != getattr(other, name))
        return Difference(rows, fields)

    def region(
        self, *, left: int = 0, top: int = 0, right: int | None = None, bottom: int | None = None
    ) -> list[str]:
        """The text of columns `left` up to `right` of rows `top` up to `bottom` (ends excluded), blanks cut."""
        end = self.columns if right is None else min(right, self.columns)
        clusters = 2027 in self.modes.private
        return [line.cut(left, end, clusters).rstrip(" ") for line in self.lines[top:bottom]]

    def find(self, what: str | re.Pattern[str]) -> Match | None:
        """Where `what` stands first (a plain text, or a compiled pattern searched row by row)."""
        return next(self.find_all(what), None)

    def find_all(self, what: str | re.Pattern[str]) -> Iterator[Match]:
        """Every place where `what` stands, top to bottom."""
        pattern = re.compile(re.escape(what)) if isinstance(what, str) else what
        for row, line in enumerate(self.lines):
            for match in pattern.finditer(line.text):
                yield Match(row, match.start(), match.group())

    def __contains__(self, what: str) -> bool:
        return any(what in line.text for line in self.lines)
