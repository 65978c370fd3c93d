"""A snapshot as a picture. Pure: the same screen is the same SVG, which refers to nothing outside itself.

Colours are xterm's: of the first eight, bold is brighter, as there. Each word stands at its own column, so that a
viewer whose font is a little wider or narrower stays in step; each character that is not ASCII stands at its own
too. What blinks is drawn as if it did not; links are drawn as the text that they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

from terminal.queries import BACKGROUND, CURSOR_COLOUR, FOREGROUND, palette_colour
from terminal.snapshot import DEFAULT_STYLE, Colour, Snapshot, Style
from terminal.widths import split_cells

CELL_WIDTH, CELL_HEIGHT = 9, 17
FONT_SIZE, BASELINE = 15, 13.5
"""With DejaVu Sans Mono a character is 0.602 em wide: 9 pixels, and line drawing reaches from row to row."""
_FONTS = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,monospace"
_UNDERLINE_AT, _STRIKE_AT = 15, 9
_DASHES = {"dotted": "1 2", "dashed": "4 2"}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class _Cell:
    """What is drawn at a column; colours are final (`#rrggbb`)."""

    column: int
    width: int
    text: str
    fg: str
    bg: str
    style: Style


def svg(screen: Snapshot) -> str:
    """The picture of a screen."""
    width, height = screen.columns * CELL_WIDTH, screen.rows * CELL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONTS}" font-size="{FONT_SIZE}" xml:space="preserve">',
        f'<rect width="{width}" height="{height}" fill="{_defaults(screen)[1]}"/>',
    ]
    for row in range(screen.rows):
        cells = _cells(screen, row)
        parts += _backgrounds(cells, row, _defaults(screen)[1])
        parts += _texts(cells, row)
        parts += _lines(cells, row)
    parts += _thin_cursor(screen)
    return "\n".join([*parts, "</svg>", ""])


def _hex(x11: str) -> str:
    return "#" + "".join(part[:2] for part in x11.removeprefix("rgb:").split("/"))


def _defaults(screen: Snapshot) -> tuple[str, str]:
    """Foreground and background; the other way round in reverse video (mode 5)."""
    colours = _hex(FOREGROUND), _hex(BACKGROUND)
    return colours[::-1] if 5 in screen.modes.private else colours


def _colour(colour: Colour, default: str) -> str:
    if colour is None:
        return default
    return _hex(palette_colour(colour)) if isinstance(colour, int) else colour


def _dimmed(colour: str) -> str:
    """Two thirds as bright, as xterm does it."""
    return "#" + "".join(f"{int(colour[at : at + 2], 16) * 2 // 3:02x}" for at in (1, 3, 5))


def _cells(screen: Snapshot, row: int) -> list[_Cell]:
    """All cells of a row, those of a block cursor too, with their final colours."""
    line, cursor = screen.lines[row], screen.cursor
    styles = [DEFAULT_STYLE] * screen.columns
    for span in line.spans:
        styles[span.column : span.column + span.width] = [span.style] * span.width
    contents = list(split_cells(line.text, 2027 in screen.modes.private))
    contents += [(" ", 1)] * (screen.columns - sum(width for _, width in contents))
    cells, column = [], 0
    for text, width in contents:
        style = styles[column] if column < screen.columns else DEFAULT_STYLE
        fg, bg = _colours(style, _defaults(screen))
        here = cursor.row == row and column <= cursor.column < column + width
        if here and cursor.visible and cursor.shape == "block":
            fg, bg = bg, _hex(CURSOR_COLOUR)
        cells.append(_Cell(column, width, text, fg, bg, style))
        column += width
    return cells


def _colours(style: Style, defaults: tuple[str, str]) -> tuple[str, str]:
    bright = 8 if style.bold and isinstance(style.fg, int) and style.fg < 8 else 0
    own = style.fg + bright if isinstance(style.fg, int) else style.fg
    fg, bg = _colour(own, defaults[0]), _colour(style.bg, defaults[1])
    if style.dim:
        fg = _dimmed(fg)
    return (bg, fg) if style.reverse else (fg, bg)


def _backgrounds(cells: list[_Cell], row: int, plain: str) -> Iterator[str]:
    for bg, first, end in _runs(cells, lambda cell: cell.bg):
        if bg != plain:
            yield (
                f'<rect x="{first * CELL_WIDTH}" y="{row * CELL_HEIGHT}" width="{(end - first) * CELL_WIDTH}" '
                f'height="{CELL_HEIGHT}" fill="{bg}"/>'
            )


def _runs(cells: list[_Cell], key: Callable[[_Cell], str]) -> Iterator[tuple[str, int, int]]:
    """(key, first column, column behind the last) of neighbours with the same key."""
    for value, group in groupby(cells, key):
        run = list(group)
        yield value, run[0].column, run[-1].column + run[-1].width


def _texts(cells: list[_Cell], row: int) -> Iterator[str]:
    word: list[_Cell] = []
    for cell in cells:
        if word and not (_is_wordlike(cell) and _is_wordlike(word[0]) and _look(cell) == _look(word[0])):
            yield _text(word, row)
            word = []
        if cell.text != " " and not cell.style.hidden:
            word.append(cell)
    if word:
        yield _text(word, row)


def _is_wordlike(cell: _Cell) -> bool:
    return cell.text != " " and cell.text.isascii() and not cell.style.hidden


def _look(cell: _Cell) -> tuple[str, bool, bool]:
    return cell.fg, cell.style.bold, cell.style.italic


def _text(word: list[_Cell], row: int) -> str:
    first = word[0]
    bold = ' font-weight="bold"' if first.style.bold else ""
    italic = ' font-style="italic"' if first.style.italic else ""
    length = f' textLength="{len(word) * CELL_WIDTH}"' if len(word) > 1 else ""
    content = escape(_NOT_XML.sub("\ufffd", "".join(cell.text for cell in word)))
    return (
        f'<text x="{first.column * CELL_WIDTH}" y="{row * CELL_HEIGHT + BASELINE:g}" fill="{first.fg}"'
        f"{bold}{italic}{length}>{content}</text>"
    )


def _lines(cells: list[_Cell], row: int) -> Iterator[str]:
    """Underlines, overlines and lines through the text."""
    top = row * CELL_HEIGHT
    for look, first, end in _runs(cells, _underline):
        if look:
            kind, colour = look.split()
            yield _underlined(kind, colour, first * CELL_WIDTH, end * CELL_WIDTH, top + _UNDERLINE_AT)
    for name, at in (("strike", _STRIKE_AT), ("overline", 0)):
        for colour, first, end in _runs(cells, lambda cell: cell.fg if getattr(cell.style, name) else ""):  # noqa: B023
            if colour:
                yield _line(f"M{first * CELL_WIDTH} {top + at + 0.5:g}H{end * CELL_WIDTH}", colour)


def _underline(cell: _Cell) -> str:
    style = cell.style
    return f"{style.underline} {_colour(style.underline_color, cell.fg)}" if style.underline else ""


def _underlined(kind: str, colour: str, left: int, right: int, y: int) -> str:
    if kind == "double":
        return _line(f"M{left} {y - 0.5:g}H{right}M{left} {y + 1.5:g}H{right}", colour)
    if kind == "curly":
        waves = "".join(f"q{CELL_WIDTH / 4:g} {dy} {CELL_WIDTH / 2:g} 0" for dy in (-3, 3))
        return _line(f"M{left} {y}" + waves * ((right - left) // CELL_WIDTH), colour)
    return _line(f"M{left} {y + 0.5:g}H{right}", colour, _DASHES.get(kind))


def _line(path: str, colour: str, dashes: str | None = None) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{path}" stroke="{colour}" fill="none"{dashed}/>'


def _thin_cursor(screen: Snapshot) -> Iterator[str]:
    """A cursor that leaves its cell as it is."""
    cursor = screen.cursor
    if cursor.visible and cursor.shape != "block":
        x, y = cursor.column * CELL_WIDTH, cursor.row * CELL_HEIGHT
        size = (2, CELL_HEIGHT) if cursor.shape == "bar" else (CELL_WIDTH, 2)
        yield (
            f'<rect x="{x}" y="{y + CELL_HEIGHT - size[1]}" width="{size[0]}" height="{size[1]}" '
            f'fill="{_hex(CURSOR_COLOUR)}"/>'
        )
