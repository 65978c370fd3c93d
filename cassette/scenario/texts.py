"""Texts and patterns that an assertion looks for, and the part of a screen where it looks. Pure.

What would be found on a blank screen, or on no screen at all, is refused: such an assertion says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cassette.scenario.fields import CouldNotFail, Fields
from cassette.viewing.picture import plain
from cassette.yaml_file import Node
from terminal.snapshot import Snapshot, Style
from terminal.widths import split_cells

WHAT = ("text", "regex")
AREA = ("row", "region")
_SIDES = ("top", "bottom", "left", "right")
_BLANK = "\n\n\n"
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
MAX_CELLS = 4096
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Text:
    """A text, or a pattern (multiline: `^` and `$` are the ends of a row)."""

    pattern: re.Pattern[str]
    literal: str | None = None

    def __str__(self) -> str:
        return f"the pattern {self.pattern.pattern!r}" if self.literal is None else repr(self.literal)

    def count(self, text: str) -> int:
        """How often it stands in a text."""
        return sum(1 for _ in self.pattern.finditer(text))

    def must_fit(self, area: Area, screens: list[Snapshot]) -> None:
        """Raise CouldNotFail when no such screen has room for it."""
        lines = (self.literal or "").split("\n")
        columns = max(sum(width for _, width in split_cells(line)) for line in lines)
        if all(area.columns(screen) < columns or area.rows(screen) < len(lines) for screen in screens):
            where = f"in {area.words}" if area.words else "on any screen there"
            raise CouldNotFail(f"{self} has no room {where}. Look for less of it.")

    def near_miss(self, text: str) -> str:
        """Why a text that looks as if it were there is not."""
        if self.literal is None:
            return ""
        if self.literal.rstrip() in text:
            return " (rows have no blanks at their end)"
        if self.literal.casefold() in text.casefold():
            return " (but in other upper and lower case)"
        squeezed = " ".join(self.literal.split())
        return " (but with other blanks or line ends)" if squeezed in " ".join(text.split()) else ""


@dataclass(frozen=True, slots=True)
class Area:
    """Part of a screen, ends excluded, numbers from 0; negative ones count from the end. All of it by default."""

    top: int = 0
    bottom: int | None = None
    left: int = 0
    right: int | None = None
    words: str = ""

    def bounds(self, screen: Snapshot) -> tuple[int, int, int, int]:
        """Top, bottom, left and right on this screen."""
        top, bottom, _ = slice(self.top, self.bottom).indices(screen.rows)
        left, right, _ = slice(self.left, self.right).indices(screen.columns)
        return top, bottom, left, right

    def rows(self, screen: Snapshot) -> int:
        """How many rows of it a screen has."""
        top, bottom, _, _ = self.bounds(screen)
        return max(0, bottom - top)

    def columns(self, screen: Snapshot) -> int:
        """How many columns of it a screen has."""
        _, _, left, right = self.bounds(screen)
        return max(0, right - left)

    def text(self, screen: Snapshot) -> str:
        """The rows of it, blanks at their end cut, joined by newlines."""
        top, bottom, left, right = self.bounds(screen)
        if (left, right) == (0, screen.columns):
            return "\n".join(line.text for line in screen.lines[top:bottom])
        return "\n".join(screen.region(top=top, bottom=bottom, left=left, right=right))

    def must_lie_on(self, screens: list[Snapshot]) -> None:
        """Raise CouldNotFail when no such screen has any of it."""
        if not any(self.rows(screen) and self.columns(screen) for screen in screens):
            sizes = sorted({f"{screen.columns}x{screen.rows}" for screen in screens})
            raise CouldNotFail(
                f"{self.words} is outside of the screen ({', '.join(sizes)}). Give another place."
            )

    def styles(self, screen: Snapshot, text: Text | None) -> Iterator[tuple[int, int, str, list[Style]]]:
        """Row, column, text and the cells' styles of every place of a text, or of every row of the area."""
        top, bottom, left, right = self.bounds(screen)
        clusters = 2027 in screen.modes.private
        for row in range(top, bottom):
            line = screen.lines[row]
            part = line.cut(left, right, clusters).rstrip(" ")
            if text is None:
                yield row, left, part, [line.style_at(column) for column in range(left, right)]
                continue
            for found in text.pattern.finditer(part):
                first = left + _columns(part[: found.start()], clusters)
                width = _columns(found.group(), clusters)
                yield (
                    row,
                    first,
                    found.group(),
                    [line.style_at(column) for column in range(first, first + width)],
                )


ANYWHERE = Area()


def read_text(fields: Fields) -> Text:
    """`text` or `regex`, of which one must be there."""
    name = fields.need(*WHAT)
    return _pattern(fields, name) if name == "regex" else _literal(fields, name)


def text_of(node: Node, what: str) -> Text:
    """A bare text, or a mapping with `text` or `regex`."""
    return read_text(Fields(node, what, WHAT, "text"))


def compiled(fields: Fields, name: str = "regex") -> re.Pattern[str]:
    """A pattern that cannot match nothing."""
    source = fields.text(name) or ""
    try:
        pattern = re.compile(source, re.M)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        fields.wrong(
            f"{_brief(source)} is no pattern: {plain(str(error))}. Escape what is meant as it stands.", name
        )
    if pattern.search(""):
        fields.wrong(
            f"{_brief(source)} matches the empty text, so it could not fail. Say what must stand there.",
            name,
        )
    return pattern


def read_area(fields: Fields) -> Area:
    """`row` or `region`, or the whole screen."""
    name = fields.only(AREA)
    if name == "row":
        row = fields.integer("row", -MAX_CELLS, MAX_CELLS) or 0
        return Area(row, row + 1 if row != -1 else None, words=f"row {row}")
    if name is None:
        return ANYWHERE
    inner = Fields(fields.node(name), f"{fields.what}: region", _SIDES)
    if not inner.names(_SIDES):
        inner.wrong(f"it needs one of {', '.join(_SIDES)}.")
    top, bottom, left, right = (inner.integer(side, -MAX_CELLS, MAX_CELLS) for side in _SIDES)
    for low, high in ((top or 0, bottom), (left or 0, right)):
        if high is not None and (low < 0) == (high < 0) and high <= low:
            inner.wrong(
                f"nothing lies between {low} and {high} (the end is excluded). Give an end behind the start."
            )
    words = ", ".join(f"{side} {inner.integer(side, -MAX_CELLS, MAX_CELLS)}" for side in inner.names(_SIDES))
    return Area(top or 0, bottom, left or 0, right, f"the region ({words})")


def _literal(fields: Fields, name: str) -> Text:
    text = fields.text(name) or ""
    if not text.strip():
        fields.wrong(
            f"{_brief(text)} stands on every screen, so it could not fail. Say what must stand there.", name
        )
    if found := _CONTROL.search(text):
        fields.wrong(
            f"no screen has the control character {found.group()!r}. Look for it with raw_order.", name
        )
    if text[0] == "\n" or text[-1] == "\n" or " \n" in text:
        fields.wrong("rows have no blanks or newlines at their ends. Leave them out.", name)
    return Text(re.compile(re.escape(text)), text)


def _pattern(fields: Fields, name: str) -> Text:
    pattern = compiled(fields, name)
    if pattern.search(_BLANK):
        shown = _brief(pattern.pattern)
        fields.wrong(
            f"{shown} is found on a blank screen, so it could not fail. Say what must stand there.", name
        )
    return Text(pattern)


def _columns(text: str, clusters: bool) -> int:
    return sum(columns for _, columns in split_cells(text, clusters))


def _brief(text: str) -> str:
    return repr(plain(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"))
