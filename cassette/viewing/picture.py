"""A screen in a message: numbered rows, the cursor, nothing that could act on the reader's terminal."""

from __future__ import annotations

from itertools import groupby

from terminal.snapshot import Snapshot

_SHOWN_BLANK = 2


def picture(screen: Snapshot, indent: str = "") -> str:
    """The rows up to the last with something on it, each with its number; `^` stands under the cursor.

    Of more than two blank rows in a run only a mark is left.
    """
    cursor = screen.cursor
    last = max((row for row, line in enumerate(screen.lines) if line.text), default=0)
    shown = range(min(max(last, cursor.row), screen.rows - 1) + 1)
    lines: list[str] = []
    for blank, run in groupby(shown, lambda row: not screen.lines[row].text and row != cursor.row):
        rows = list(run)
        if blank and len(rows) > _SHOWN_BLANK:
            lines.append(f"{indent}  : |")
            continue
        for row in rows:
            lines.append(f"{indent}{row:>3} |{plain(screen.lines[row].text)}")
            if row == cursor.row:
                lines.append(f"{indent}     {' ' * cursor.column}^" + ("" if cursor.visible else " (hidden)"))
    return "\n".join(lines)


def place_of(screen: Snapshot) -> str:
    """Its size and where the cursor stands, counted from 0."""
    cursor = screen.cursor
    title = f", title {plain(screen.title)!r}" if screen.title else ""
    return f"{screen.columns} columns, {screen.rows} rows; cursor at row {cursor.row}, column {cursor.column}{title}"


def plain(text: str) -> str:
    """Text with its control characters, and whatever else is not printable, escaped."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )
