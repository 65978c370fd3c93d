"""Character sets that a program designates into G0 to G3 (ECMA-35). Only those that change a character."""

from __future__ import annotations

_PLAIN = "_`abcdefghijklmnopqrstuvwxyz{|}~"
_DRAWN = " ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"
LINE_DRAWING = {ord(plain): drawn for plain, drawn in zip(_PLAIN, _DRAWN, strict=True)}
"""DEC special graphics: `ESC ( 0`. Its 0x5F is a blank."""

UNITED_KINGDOM = {ord("#"): "£"}

CHARSETS: dict[str, dict[int, str] | None] = {
    **dict.fromkeys("B1245679=CEHKQRYZf"),  # national ones too: xterm shows ASCII until DECNRCM asks for them
    "0": LINE_DRAWING,
    "A": UNITED_KINGDOM,
}
"""Final of the designating sequence to what it translates, None for ASCII. Finals not listed designate nothing."""

DESIGNATORS = {"(": 0, ")": 1, "*": 2, "+": 3, "-": 1, ".": 2, "/": 3}
"""Intermediate of the designating sequence to the number of the set."""
