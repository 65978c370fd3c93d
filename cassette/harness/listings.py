"""Lists and texts on a screen or in a command's output, read row by row.

Between its header and its end a list has rows that the adapter can read and rows that it may skip. Anything else
means that the screen is not the one that the adapter knows, and nothing of it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cassette.harness.adapter import Fact, RowsFact, TextFact
from cassette.harness.found import NotThere, Place, Refused, Spot
from cassette.harness.recorded import Capture, OutputText

_OWN_GROUPS = ("value", "of", "number", "count")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Source:
    """Rows of a captured screen, or lines of a command's output."""

    rows: Sequence[str]
    output: OutputText | None
    capture: Capture | None

    @property
    def shown(self) -> str:
        """All rows, joined by newlines."""
        return "\n".join(self.rows)

    def place(self, rows: Sequence[int]) -> Place:
        """Where rows stand: on the screen, or (from the first to the last) in the output."""
        if self.capture is not None:
            return Place(
                "screen", self.capture.raw_end, rows=tuple(sorted(set(rows))), capture=self.capture.name
            )
        assert self.output is not None
        first, last = min(rows), max(rows)
        start, end = self.output.start_of(first), self.output.start_of(last) + len(self.rows[last])
        return Place("output", *self.output.bytes_of(start, end))

    def rows_of(self, start: int, end: int) -> list[int]:
        """The rows over which the characters of `shown` from `start` up to `end` go."""
        first = self.shown.count("\n", 0, start)
        return list(range(first, first + self.shown.count("\n", start, max(start, end - 1)) + 1))


def find_rows(fact: RowsFact, source: Source) -> list[Spot]:
    """The list that a fact describes. Raises NotThere, Refused."""
    shown = source.shown
    for pattern in fact.expect:
        if not pattern.search(shown):
            raise NotThere(f"/{pattern.pattern}/", "nothing there matches it")
    of, of_rows = _of(fact, source)
    first, last = _stretch(fact, source.rows)
    if fact.more is not None and (found := fact.more.search(shown)):
        raise Refused("the whole list", f"it goes on out of sight: {_row_of(shown, found.start())!r}")
    matches = _matches(fact, source.rows, first, last)
    if not matches:
        raise NotThere(f"rows that match /{fact.row.pattern}/", "there are none between header and end")
    _check_numbers(fact, matches, shown)
    return [
        Spot(_value(found), source.place([row, *of_rows] if source.capture else [row]), of, _detail(found))
        for row, found in matches
    ]


def find_text(fact: TextFact, source: Source) -> Spot:
    """A text that must show. Raises NotThere."""
    shown = source.shown
    rows: list[int] = []
    value: Any = None
    for text in fact.when.texts:
        if text not in shown:
            raise NotThere(repr(text), "it does not show")
        at = shown.index(text)
        rows += source.rows_of(at, at + len(text))
        value = text if value is None else value
    for pattern in fact.when.patterns:
        found = _must_match(pattern, shown)
        rows += source.rows_of(*found.span())
        value = _value(found) if value is None else value
    for pattern in fact.when.absent:
        if stray := pattern.search(shown):
            raise NotThere(f"nothing that matches /{pattern.pattern}/", f"{stray[0]!r} shows")
    detail: dict[str, str] = {}
    if fact.pattern is not None:
        found = _must_match(fact.pattern, shown)
        value, detail = _value(found), _detail(found)
        rows += source.rows_of(*found.span())
    of, of_rows = _of(fact, source)
    return Spot(value, source.place([*rows, *of_rows]), of, detail)


def _must_match(pattern: re.Pattern[str], shown: str) -> re.Match[str]:
    found = pattern.search(shown)
    if not found:
        raise NotThere(f"/{pattern.pattern}/", "nothing there matches it")
    return found


def _of(fact: Fact, source: Source) -> tuple[str | None, list[int]]:
    """What the facts are about, and the rows that say so."""
    if fact.of is None or isinstance(fact.of, str):
        return fact.of, []
    found = fact.of.search(source.shown)
    if not found or not (found["of"] or "").strip():
        raise NotThere(f"/{fact.of.pattern}/, which says what it is about", "nothing there matches it")
    return found["of"].strip(), source.rows_of(*found.span("of"))


def _stretch(fact: RowsFact, rows: Sequence[str]) -> tuple[int, int]:
    """The first row of the list, and the row behind its last one."""
    first = 0
    if fact.after is not None:
        headers = [number for number, row in enumerate(rows) if fact.after.search(row)]
        if len(headers) != 1:
            found = f"{len(headers)} rows match it" if headers else "no row matches it"
            raise (Refused if headers else NotThere)(f"one header /{fact.after.pattern}/", found)
        first = headers[0] + 1
    if fact.until is None:
        filled = [number for number, row in enumerate(rows) if row.strip()]
        return first, max([first, *(number + 1 for number in filled)])
    for number in range(first, len(rows)):
        if fact.until.search(rows[number]):
            return first, number
    raise NotThere(f"an end /{fact.until.pattern}/ below the list", "no row matches it")


def _matches(fact: RowsFact, rows: Sequence[str], first: int, last: int) -> list[tuple[int, re.Match[str]]]:
    matches = []
    for number in range(first, last):
        if fact.skip is not None and fact.skip.search(rows[number]):
            continue
        found = fact.row.search(rows[number])
        if found is None or not _value(found):
            skip = f" or /{fact.skip.pattern}/" if fact.skip else ""
            wanted = f"each row of the list to match /{fact.row.pattern}/{skip}"
            raise Refused(wanted, f"row {number} is {rows[number]!r}")
        matches.append((number, found))
    return matches


def _check_numbers(fact: RowsFact, matches: Sequence[tuple[int, re.Match[str]]], shown: str) -> None:
    if fact.numbered:
        numbers = [found["number"] for _, found in matches]
        if numbers != [str(number) for number in range(1, len(matches) + 1)]:
            raise Refused("rows numbered 1, 2, 3 …", f"the numbers are {', '.join(map(str, numbers))}")
    if fact.count is not None:
        said = _must_match(fact.count, shown)["count"]
        if said != str(len(matches)):
            raise Refused(f"{said} rows, as it says", f"{len(matches)} can be read")


def _value(found: re.Match[str]) -> str:
    value = found["value"] if "value" in found.re.groupindex else found[0]
    return _SPACE.sub(" ", value or "").strip()


def _detail(found: re.Match[str]) -> dict[str, str]:
    """The other groups that matched something."""
    groups = ((name, (text or "").strip()) for name, text in found.groupdict().items())
    return {name: text for name, text in groups if text and name not in _OWN_GROUPS}


def _row_of(shown: str, at: int) -> str:
    start = shown.rfind("\n", 0, at) + 1
    end = shown.find("\n", at)
    return shown[start : end if end >= 0 else len(shown)].strip()
