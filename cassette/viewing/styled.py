"""A screen as text for a person's terminal: rows, SGR for the styles, newlines, and never anything else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cassette.viewing.filtering import safe_text
from terminal.snapshot import DEFAULT_STYLE, Line, Snapshot, Style
from terminal.widths import split_cells

_FLAGS = (
    ("bold", "1"), ("dim", "2"), ("italic", "3"), ("blink", "5"), ("reverse", "7"), ("hidden", "8"),
    ("strike", "9"), ("overline", "53"),
)  # fmt: skip
_UNDERLINES = {"single": "4", "double": "4:2", "curly": "4:3", "dotted": "4:4", "dashed": "4:5"}


def plain_rows(screen: Snapshot) -> list[str]:
    """The text of every row, safe to print."""
    return [safe_text(row) for row in screen.text]


def styled_rows(screen: Snapshot) -> list[str]:
    """Every row with SGR for its styles; each begins and ends in the terminal's default style."""
    return [_styled(line) for line in screen.lines]


def boxed(rows: list[str], screen: Snapshot) -> list[str]:
    """Rows (plain or styled) of a screen in a frame; blank ones at the end are left out."""
    bar = "─" * screen.columns
    last = max((number for number, row in enumerate(rows) if row), default=0)
    inside = []
    for row, line in zip(rows[: last + 1], screen.lines, strict=False):
        inside.append(f"│{row}{' ' * (screen.columns - _columns(line, row))}│")
    return [f"┌{bar}┐", *inside, f"└{bar}┘"]


def cut_to(text: str, columns: int) -> str:
    """A line of text that fits into so many columns; what was cut is an ellipsis."""
    if len(text) * 2 <= columns or (text.isascii() and len(text) <= columns):
        return text
    kept, used = [], 0
    for cell, width in split_cells(text):
        if used + width > columns:
            break
        kept.append((cell, width))
        used += width
    else:
        return text
    while kept and used > columns - 1:
        used -= kept.pop()[1]
    return "".join(cell for cell, _ in kept) + "…"


def _columns(line: Line, row: str) -> int:
    """How wide a row came out; styled ones reach to the end of the last span."""
    text = sum(columns for _, columns in split_cells(safe_text(line.text)))
    styled_to = line.spans[-1].column + line.spans[-1].width if line.spans and "\x1b" in row else 0
    return max(text, styled_to)


def _styled(line: Line) -> str:
    if not line.spans:
        return safe_text(line.text)
    return "".join(_pieces(line))


def _pieces(line: Line) -> Iterator[str]:
    column = 0
    for span in line.spans:
        if span.column > column:
            yield safe_text(line.cut(column, span.column))
        text = safe_text(line.cut(span.column, span.column + span.width))
        code = sgr(span.style)
        yield f"\x1b[{code}m{text}\x1b[m" if code else text
        column = span.column + span.width
    yield safe_text(line.cut(column, max(column, _width(line)))).rstrip(" ")


def _width(line: Line) -> int:
    return sum(columns for _, columns in split_cells(line.text))


@lru_cache(maxsize=4096)
def sgr(style: Style) -> str:
    """The parameters of SGR for a style; nothing for the default one, or for a mere link."""
    if style == DEFAULT_STYLE:
        return ""
    parts = [code for name, code in _FLAGS if getattr(style, name)]
    if style.underline:
        parts.append(_UNDERLINES.get(style.underline, "4"))
    for colour, base, bright in ((style.fg, 30, 90), (style.bg, 40, 100)):
        if isinstance(colour, int) and 0 <= colour < 16:
            parts.append(str(base + colour if colour < 8 else bright + colour - 8))
        elif code := _colour(colour):
            parts.append(f"{base + 8};{code.replace(':', ';')}")
    if style.underline and (code := _colour(style.underline_color)):
        parts.append(f"58:{code.replace('2:', '2::', 1) if code.startswith('2:') else code}")
    return ";".join(parts)


def _colour(colour: int | str | None) -> str:
    """`5:n` or `2:r:g:b`; nothing for the default, or for what is no colour at all."""
    if isinstance(colour, int):
        return f"5:{colour}" if 0 <= colour < 256 else ""
    if not isinstance(colour, str) or len(colour) != 7:
        return ""
    try:
        return "2:" + ":".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    except ValueError:
        return ""


def style_facts(style: Style) -> dict[str, object]:
    """What a style has that is not default, as plain values."""
    values = ((name, getattr(style, name)) for name in Style.__slots__ if name != "__weakref__")
    return {name: value for name, value in values if value not in (None, False)}
