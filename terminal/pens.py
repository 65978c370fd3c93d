"""SGR: from one style to the next. A parameter string is read once; its effect is then a table look-up.

Styles are interned, so that cells drawn alike hold the same object and identity tells styles apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Any
from weakref import WeakValueDictionary

from terminal.snapshot import DEFAULT_STYLE, Colour, Style

MAX_REMEMBERED = 1_024
"""Results that one effect remembers; past it, it starts afresh."""

UNDERLINES = (None, "single", "double", "curly", "dotted", "dashed")

_SIMPLE: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": "single"},
    5: {"blink": True},
    6: {"blink": True},
    7: {"reverse": True},
    8: {"hidden": True},
    9: {"strike": True},
    21: {"underline": "double"},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": None},
    25: {"blink": False},
    27: {"reverse": False},
    28: {"hidden": False},
    29: {"strike": False},
    39: {"fg": None},
    49: {"bg": None},
    53: {"overline": True},
    55: {"overline": False},
    59: {"underline_color": None},
    **{30 + i: {"fg": i} for i in range(8)},
    **{40 + i: {"bg": i} for i in range(8)},
    **{90 + i: {"fg": 8 + i} for i in range(8)},
    **{100 + i: {"bg": 8 + i} for i in range(8)},
}
_EXTENDED = {38: "fg", 48: "bg", 58: "underline_color"}
_MISSING: Any = object()

_FIELDS = {field.name: index for index, field in enumerate(fields(Style))}
_values_of = attrgetter(*_FIELDS)
# Weak: two styles that are alive and equal are one object, and what no cell shows any more goes.
_styles: WeakValueDictionary[tuple[Any, ...], Style] = WeakValueDictionary({_values_of(DEFAULT_STYLE): DEFAULT_STYLE})


def changed_style(style: Style, changes: dict[str, Any]) -> Style:
    """The one object for `style` with some fields changed."""
    values = list(_values_of(style))
    for name, value in changes.items():
        values[_FIELDS[name]] = value
    key = tuple(values)
    found = _styles.get(key)
    if found is None:
        found = _styles[key] = Style(*values)
    return found


class Effect(dict[Style, Style]):
    """What one run of SGR sequences makes of a style; looked up, computed when it is new."""

    def __init__(self, sequences: str) -> None:
        """`sequences` is a token of SGR sequences (`ESC [ … m`, one or more)."""
        super().__init__()
        self._reset = False
        self._changes: dict[str, Any] = {}
        for part in sequences[2:-1].split("m\x1b["):
            self._read(part)

    def __missing__(self, style: Style) -> Style:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        base = DEFAULT_STYLE if self._reset else style
        changes = self._changes
        if self._reset and style.link is not None:
            changes = {**changes, "link": style.link}
        result = self[style] = changed_style(base, changes) if changes else base
        return result

    def _read(self, part: str) -> None:
        parameters = iter(part.split(";"))
        for parameter in parameters:
            number, _, rest = parameter.partition(":")
            code = int(number or 0)
            if rest:
                self._read_colons(code, parameter.split(":"))
            elif code == 0:
                self._reset = True
                self._changes = {}
            elif code in _EXTENDED:
                colour = _colour_from_semicolons(parameters)
                if colour is not _MISSING:
                    self._changes[_EXTENDED[code]] = colour
            else:
                self._changes.update(_SIMPLE.get(code, {}))

    def _read_colons(self, code: int, parts: list[str]) -> None:
        if code == 4:
            kind = int(parts[1] or 0)
            if kind < len(UNDERLINES):
                self._changes["underline"] = UNDERLINES[kind]
        elif code in _EXTENDED:
            colour = _colour_from_colons([int(part or 0) for part in parts[1:]])
            if colour is not _MISSING:
                self._changes[_EXTENDED[code]] = colour


def _colour(kind: int, values: list[int]) -> Colour:
    """A colour from its kind (5: palette, 2: RGB) and numbers; `_MISSING` when it is none."""
    result: Colour = _MISSING
    if any(value > 255 for value in values):
        return result
    if kind == 5 and values:
        result = values[0]
    elif kind == 2 and len(values) >= 3:
        result = "#{:02x}{:02x}{:02x}".format(*values)
    return result


def _colour_from_semicolons(parameters: Iterator[str]) -> Colour:
    kind = _number(next(parameters, "0"))
    count = {5: 1, 2: 3}.get(kind, 0)
    return _colour(kind, [_number(value) for _, value in zip(range(count), parameters, strict=False)])


def _number(text: str) -> int:
    return int(text.partition(":")[0] or 0)


def _colour_from_colons(values: list[int]) -> Colour:
    kind, *rest = values
    # ITU T.416 has a colour space before the three values; many programs leave it out.
    if kind == 2 and len(rest) > 3:
        rest = rest[1:]
    return _colour(kind, rest[:3] if kind == 2 else rest[:1])
