"""How two screens differ, for a person: row by row, attributes only where the text is equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import zip_longest

from cassette.viewing.picture import plain
from terminal.snapshot import DEFAULT_STYLE, Line, Snapshot, Style

_FACTS = ("columns", "rows", "cursor", "title", "alternate_screen")


def rows_diff(expected: Sequence[str], found: Sequence[str], *, first: int = 0) -> str:
    """The rows that differ, `-` as expected and `+` as found; `^` marks the characters that do. "" for none."""
    lines: list[str] = []
    for row, (wanted, there) in enumerate(zip_longest(expected, found), first):
        if wanted == there:
            continue
        lines += [f"{row:>5} -|{_shown(wanted)}", f"{'':>5} +|{_shown(there)}"]
        if wanted is not None and there is not None and (marks := _marks(plain(wanted), plain(there))):
            lines.append(f"{'':>5}   {marks}")
    return "\n".join(lines)


def screens_diff(expected: Snapshot, found: Snapshot) -> str:
    """All that differs between two screens, "" for nothing. Attributes are compared on rows of equal text."""
    facts = ((name, getattr(expected, name), getattr(found, name)) for name in _FACTS)
    parts = [
        rows_diff(expected.text, found.text),
        styles_diff(expected, found),
        *(
            f"{name}: expected {wanted!r}, found {there!r}"
            for name, wanted, there in facts
            if wanted != there
        ),
    ]
    return "\n".join(part for part in parts if part)


def styles_diff(expected: Snapshot, found: Snapshot) -> str:
    """The rows of equal text whose attributes differ, and where in them; "" for none."""
    lines: list[str] = []
    for row, (wanted, there) in enumerate(zip(expected.lines, found.lines, strict=False)):
        if styles_differ(wanted, there):
            lines += [f"{row:>5}  |{plain(there.text)}", *_style_lines(wanted, there, found.columns)]
    return "\n".join(lines)


def styles_differ(wanted: Line, there: Line) -> bool:
    """Whether two rows have the same text and other attributes."""
    return wanted.text == there.text and wanted.spans != there.spans


def style_words(style: Style) -> str:
    """A style in words: `bold, fg=2`; `plain` for the default."""
    words = []
    for field in fields(Style):
        value = getattr(style, field.name)
        if value != getattr(DEFAULT_STYLE, field.name):
            words.append(field.name if value is True else f"{field.name}={value!r}")
    return ", ".join(words) or "plain"


def _style_lines(wanted: Line, there: Line, columns: int) -> Iterator[str]:
    """One line for each stretch of columns whose style differs."""
    start = 0
    while start < columns:
        pair = (wanted.style_at(start), there.style_at(start))
        end = start + 1
        while end < columns and (wanted.style_at(end), there.style_at(end)) == pair:
            end += 1
        if pair[0] != pair[1]:
            yield (
                f"{'':>5}   columns {start} to {end - 1}: "
                f"expected {style_words(pair[0])}, found {style_words(pair[1])}"
            )
        start = end


def _shown(text: str | None) -> str:
    return "(no such row)" if text is None else plain(text)


def _marks(one: str, other: str) -> str:
    """`^` under each character that is not the same in both; "" when hardly any is."""
    length = max(len(one), len(other))
    marks = "".join(" " if one[at : at + 1] == other[at : at + 1] else "^" for at in range(length)).rstrip()
    return marks if marks.count("^") <= length / 2 else ""
