"""Where a text stands on a session's screen, looked up again each time. Waiting for it is `expectation.py`'s."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cassette.errors import UsageError
from terminal.snapshot import Snapshot, Style
from terminal.widths import columns_of

if TYPE_CHECKING:
    from cassette.session import Session


@dataclass(frozen=True, slots=True)
class Region:
    """Columns `left` up to `right` of rows `top` up to `bottom`, ends excluded; None is the screen's edge."""

    left: int = 0
    top: int = 0
    right: int | None = None
    bottom: int | None = None

    def __str__(self) -> str:
        edges = (("left", self.left), ("top", self.top), ("right", self.right), ("bottom", self.bottom))
        return ", ".join(
            f"{name}={value}"
            for name, value in edges
            if value is not None and (value or name in ("right", "bottom"))
        )

    def rows(self, screen: Snapshot) -> range:
        """Its rows on this screen."""
        return range(screen.rows)[self.top : self.bottom]

    def text(self, screen: Snapshot) -> list[str]:
        """Its text on this screen, row by row, trailing blanks cut."""
        return screen.region(left=self.left, top=self.top, right=self.right, bottom=self.bottom)


WHOLE = Region()


@dataclass(frozen=True, slots=True)
class Found:
    """A place on a screen: row, first column, width in columns, and the text there."""

    row: int
    column: int
    width: int
    text: str


@dataclass(frozen=True)
class Locator:
    """The places where a text or a pattern stands, row by row from the top; one of them with `nth` (-1: the last)."""

    session: Session
    what: str | re.Pattern[str]
    nth: int | None = None
    within: Region | None = None

    def __post_init__(self) -> None:
        what = self.what.pattern if isinstance(self.what, re.Pattern) else self.what
        if not what or not isinstance(what, str):
            raise UsageError(what=f"cannot look for {self.what!r}: give a text, or a pattern of text")

    def __str__(self) -> str:
        what = repr(self.what) if isinstance(self.what, str) else f"the pattern {self.what.pattern!r}"
        which = "" if self.nth is None else f", match {self.nth}"
        return f"{what}{which}" + (f", within {self.within}" if self.within else "")

    def narrowed(self, *, nth: int | None = None, within: Region | None = None) -> Locator:
        """The same with another `nth` or `within`."""
        return replace(
            self, nth=self.nth if nth is None else nth, within=self.within if within is None else within
        )

    def found_on(self, screen: Snapshot) -> Sequence[Found]:
        """The places on a screen; with `nth` at most one. Empty matches of a pattern do not count."""
        found = list(self._all(screen))
        if self.nth is None:
            return found
        return found[self.nth :][:1] if -len(found) <= self.nth < len(found) else []

    def found(self) -> Sequence[Found]:
        """The places on the session's screen now: a look, and no wait."""
        return self.found_on(self.session.screen)

    def is_visible(self) -> bool:
        """Whether there is one on the session's screen now: a look, and no wait."""
        return bool(self.found())

    def styles_on(self, screen: Snapshot, place: Found) -> set[Style]:
        """The styles of the cells of a place."""
        line = screen.lines[place.row]
        return {line.style_at(column) for column in range(place.column, place.column + place.width)}

    def _all(self, screen: Snapshot) -> Iterator[Found]:
        region = self.within or WHOLE
        right = screen.columns if region.right is None else min(region.right, screen.columns)
        pattern = re.compile(re.escape(self.what)) if isinstance(self.what, str) else self.what
        for row in region.rows(screen):
            text = screen.lines[row].text
            if self.within:
                text = screen.lines[row].cut(region.left, right).rstrip()
            for match in pattern.finditer(text):
                column = region.left + columns_of(text[: match.start()])
                if match.group():
                    yield Found(row, column, columns_of(match.group()), match.group())
