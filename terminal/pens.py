"""SGR: from one pen to the next. A parameter string is read once; its effect is then a table look-up.

A pen is a small tuple, cheap to make, to hash and to compare, and what cells hold; `style_of` says it in
words. Two pens that are equal are the same style.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from terminal.snapshot import DEFAULT_STYLE, Colour, Style

Pen: TypeAlias = tuple[int, int, int, int, str | None]
"""Foreground, background, underline colour, flags, link. A colour is -1 (default), 0 to 255 (palette) or
RGB plus its three bytes."""

RGB = 0x1000000
DEFAULT_PEN: Pen = (-1, -1, -1, 0, None)

BOLD, DIM, ITALIC, BLINK, REVERSE, HIDDEN, STRIKE, OVERLINE = (1 << i for i in range(8))
_UNDERLINE = 8
_UNDERLINE_MASK = 7 << _UNDERLINE
UNDERLINES = (None, "single", "double", "curly", "dotted", "dashed")

MAX_REMEMBERED = 64
"""Results that one effect remembers; past it, it starts afresh."""

# SGR parameter to (flags that it clears, flags that it sets).
_FLAGS = {
    "1": (0, BOLD), "2": (0, DIM), "3": (0, ITALIC), "4": (_UNDERLINE_MASK, 1 << _UNDERLINE),
    "5": (0, BLINK), "6": (0, BLINK), "7": (0, REVERSE), "8": (0, HIDDEN), "9": (0, STRIKE),
    "21": (_UNDERLINE_MASK, 2 << _UNDERLINE), "22": (BOLD | DIM, 0), "23": (ITALIC, 0),
    "24": (_UNDERLINE_MASK, 0), "25": (BLINK, 0), "27": (REVERSE, 0), "28": (HIDDEN, 0),
    "29": (STRIKE, 0), "53": (0, OVERLINE), "55": (OVERLINE, 0),
}  # fmt: skip
# SGR parameter to (which of the pen's colours, its value).
_COLOURS = {
    "39": (0, -1), "49": (1, -1), "59": (2, -1),
    **{str(30 + i): (0, i) for i in range(8)}, **{str(40 + i): (1, i) for i in range(8)},
    **{str(90 + i): (0, 8 + i) for i in range(8)}, **{str(100 + i): (1, 8 + i) for i in range(8)},
}  # fmt: skip
_EXTENDED = {"38": 0, "48": 1, "58": 2}


class Effect(dict[Pen, Pen]):
    """What a run of SGR sequences makes of a pen; looked up, computed when it is new."""

    __slots__ = ("_add", "_colours", "_keep", "_reset")

    def __init__(self, sequences: str) -> None:
        """`sequences` is a token of SGR sequences (`ESC [ … m`, one or more)."""
        super().__init__()
        self._reset = False
        self._keep, self._add = -1, 0
        self._colours: list[int | None] = [None, None, None]
        for part in sequences[2:-1].split("m\x1b["):
            self._read(part)

    def __missing__(self, pen: Pen) -> Pen:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        fg, bg, line, flags, link = pen
        if self._reset:
            fg, bg, line, flags = -1, -1, -1, 0
        new_fg, new_bg, new_line = self._colours
        result: Pen = (
            fg if new_fg is None else new_fg,
            bg if new_bg is None else new_bg,
            line if new_line is None else new_line,
            flags & self._keep | self._add,
            link,
        )
        if result == DEFAULT_PEN:
            result = DEFAULT_PEN  # so that identity tells the default
        self[pen] = result
        return result

    def _read(self, part: str) -> None:
        codes = part.split(";")
        index, count = 0, len(codes)
        while index < count:
            code = codes[index]
            index += 1
            if code in _EXTENDED:
                colour, taken = _from_semicolons(codes[index : index + 4])
                self._set_colour(_EXTENDED[code], colour)
                index += taken
            elif code in _COLOURS:
                which, value = _COLOURS[code]
                self._colours[which] = value
            elif code in _FLAGS:
                self._change_flags(*_FLAGS[code])
            elif ":" in code:
                self._read_colons(*code.split(":"))
            else:
                self._read_number(code)

    def _read_number(self, parameter: str) -> None:
        number = parameter.lstrip("0")
        if not number:
            self._reset = True
            self._keep, self._add = -1, 0
            self._colours = [None, None, None]
        elif number != parameter:
            self._read(number)

    def _read_colons(self, code: str, *values: str) -> None:
        numbers = [int(value or 0) for value in values]
        if code == "4":
            if numbers[0] < len(UNDERLINES):
                self._change_flags(_UNDERLINE_MASK, numbers[0] << _UNDERLINE)
        elif code in _EXTENDED:
            self._set_colour(_EXTENDED[code], _from_colons(*numbers))

    def _change_flags(self, clear: int, add: int) -> None:
        self._keep &= ~clear
        self._add = self._add & ~clear | add

    def _set_colour(self, which: int, value: int | None) -> None:
        if value is not None:
            self._colours[which] = value


def _from_semicolons(codes: list[str]) -> tuple[int | None, int]:
    """The colour that follows 38, 48 or 58 (None when it is none), and how many codes it took."""
    kind = codes[0] if codes else ""
    if kind == "2":
        if len(codes) < 4:
            return None, len(codes)
        try:
            return _rgb(int(codes[1]), int(codes[2]), int(codes[3])), 4
        except ValueError:
            return _rgb(*map(_number, codes[1:])), 4
    if kind == "5":
        number = _number(codes[1]) if len(codes) > 1 else 256
        return number if number < 256 else None, 2
    return None, 1


def _number(text: str) -> int:
    return int(text.partition(":")[0] or 0)


def _rgb(red: int, green: int, blue: int) -> int | None:
    if red > 255 or green > 255 or blue > 255:
        return None
    return RGB | red << 16 | green << 8 | blue


def _from_colons(kind: int, *values: int) -> int | None:
    if kind == 5 and values:
        return values[0] if values[0] < 256 else None
    if kind == 2 and len(values) >= 3:
        # ITU T.416 has a colour space before the three values; many programs leave it out.
        return _rgb(*(values[1:4] if len(values) > 3 else values))
    return None


def erased(pen: Pen) -> Pen:
    """What erasing leaves under a pen: its background and nothing else (BCE)."""
    return DEFAULT_PEN if pen[1] == -1 else (-1, pen[1], -1, 0, None)


def linked(pen: Pen, link: str | None) -> Pen:
    """The pen with another link."""
    result = (*pen[:4], link)
    return DEFAULT_PEN if result == DEFAULT_PEN else result


def _colour(value: int) -> Colour:
    if value < 0:
        return None
    return value if value < 256 else f"#{value - RGB:06x}"


@lru_cache(maxsize=8192)
def style_of(pen: Pen) -> Style:
    """The pen as a value."""
    if pen == DEFAULT_PEN:
        return DEFAULT_STYLE
    fg, bg, line, flags, link = pen
    return Style(
        fg=_colour(fg),
        bg=_colour(bg),
        bold=bool(flags & BOLD),
        dim=bool(flags & DIM),
        italic=bool(flags & ITALIC),
        underline=UNDERLINES[flags >> _UNDERLINE],
        underline_color=_colour(line),
        blink=bool(flags & BLINK),
        reverse=bool(flags & REVERSE),
        hidden=bool(flags & HIDDEN),
        strike=bool(flags & STRIKE),
        overline=bool(flags & OVERLINE),
        link=link,
    )
