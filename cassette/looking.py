"""What a driver may wait for, as a predicate over screens with a name for messages. Pure: nothing waits here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from cassette.errors import UsageError
from terminal.snapshot import Snapshot
from terminal.widths import split_cells

What: TypeAlias = str | re.Pattern[str] | Callable[[Snapshot], object]
"""A text, a pattern (both looked for in all rows joined by newlines), or a predicate."""


def texts_of(screen: Snapshot) -> tuple[str, ...]:
    """What a text is looked for in: the rows without trailing blanks, and with those before the cursor.

    The second is what makes a prompt such as `"$ "` findable, on a screen where blanks are not known from nothing.
    """
    rows, cursor = screen.text, screen.cursor
    cut = "\n".join(rows)
    if cursor.row >= len(rows) or cursor.column <= columns_of(rows[cursor.row]):
        return (cut,)
    rows[cursor.row] = screen.lines[cursor.row].cut(0, cursor.column)
    return cut, "\n".join(rows)


def matcher(what: What) -> tuple[Callable[[Snapshot], object], str]:
    """A predicate over screens, and its name for a message. Raises UsageError for what is neither."""
    if isinstance(what, str):
        return lambda screen: any(what in text for text in texts_of(screen)), repr(what)
    if isinstance(what, re.Pattern) and isinstance(what.pattern, str):
        pattern = what
        return lambda screen: any(map(pattern.search, texts_of(screen))), f"the pattern {what.pattern!r}"
    if not callable(what):
        raise UsageError(what=f"cannot wait for {what!r}: give a text, a pattern of text, or a predicate")
    return what, f"the predicate {getattr(what, '__name__', what)!s}"


def columns_of(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else sum(width for _, width in split_cells(text))


def framed(screen: Snapshot) -> str:
    """A screen in a box, for a message."""
    bar = "+" + "-" * screen.columns + "+"
    last = max((row for row, text in enumerate(screen.text) if text.strip()), default=0)
    rows = [f"|{line.cut(0, screen.columns)}|" for line in screen.lines[: last + 1]]
    cursor = screen.cursor
    return "\n".join([bar, *rows, bar, f"cursor: row {cursor.row}, column {cursor.column}"])
