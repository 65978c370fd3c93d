"""What is written over a secret: as many bytes and as many cells as it had, and nothing of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container

STAR = ord("*")
LEAST_LENGTH = 20  # characters; a shorter secret is covered with stars alone
PLACEHOLDER = re.compile(rb"<SCRUBBED:[a-z0-9-]*:(?P<number>\d+)\**>")
_BETWEEN = re.compile(
    rb"[ \t\r\n|]|\xe2\x94[\x80-\x83]|\xe2\x95\x91|\xe2\x96[\x8f\x95]|\x1b\[[0-9;]*[a-zA-Z]"
)
_LONGEST = 2000  # bytes of a text in which a placeholder that is broken over rows ends
_MOST_DIGITS = 9  # a text that only looks like a placeholder must not use the numbers up

Width = Callable[[str], int]
"""How many cells one character takes: 0, 1 or 2."""

# (bytes of UTF-8, cells) -> a character that has both. None of them is of ambiguous width.
_FILLERS = {
    (1, 1): "*",
    (2, 1): "\u00ac",
    (3, 1): "\u2217",
    (3, 2): "\uff0a",
    (4, 1): "\U0001f7b0",
    (4, 2): "\U0001f31f",
    (2, 0): "\u034f",
    (3, 0): "\u20d0",
    (4, 0): "\U000e0100",
}
# A filler -> the first of ten characters in a row that have its length and width.
_ZEROS = {
    "*": "0",
    "\u00ac": "\u0531",
    "\u2217": "\u1e00",
    "\uff0a": "\uff10",
    "\U0001f7b0": "\U0001d7ce",
    "\U0001f31f": "\U0001f311",
}
_BORDERS = frozenset(border.encode() for border in "│┃║▏▕")
# A key as terminals report it, CSI <code point> u: a code point with as many digits.
_CODE_POINTS = {2: b"42", 3: b"120", 4: b"8727", 5: b"65290", 6: b"128944", 7: b"1113855"}


def placeholder(kind: str, number: int, length: int) -> bytes:
    """`<SCRUBBED:kind:n*****>`, `length` characters long; stars where that is too short to say anything."""
    room = length - len(f"<SCRUBBED::{number}>")
    name = re.sub(r"[^a-z0-9-]", "-", kind.lower())[: max(0, room)]
    if length < LEAST_LENGTH or not name:
        return b"*" * length
    head = f"<SCRUBBED:{name}:{number}"
    return f"{head}{'*' * (length - len(head) - 1)}>".encode()


def last_number(text: bytes) -> int:
    """The greatest number of a placeholder in a text, broken over rows or not; 0 where there is none."""
    last, at = 0, text.find(b"<S")
    while at >= 0:
        found = PLACEHOLDER.match(_BETWEEN.sub(b"", text[at : at + _LONGEST]))
        if found and len(found["number"]) <= _MOST_DIGITS:
            last = max(last, int(found["number"]))
        at = text.find(b"<S", at + 1)
    return last


def told_apart(name: str, used: Container[str]) -> str:
    """A covered name that is none of those used: a number over its last stars, so that length and width stay.

    Where it has no star, or too few, the number stands behind it.
    """
    places = [at for at, character in enumerate(name) if character in _ZEROS]
    number, made = 1, name
    while made in used:
        number += 1
        digits = str(number)
        letters = list(name)
        if len(digits) > len(places):
            made = f"{name}{digits}"
            continue
        for at, digit in zip(places[-len(digits) :], digits, strict=True):
            letters[at] = chr(ord(_ZEROS[name[at]]) + int(digit))
        made = "".join(letters)
    return made


def width_of(character: str) -> int:
    """Cells of a character by Unicode's own tables, for when no terminal's are given."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def is_kept(character: bytes) -> bool:
    """Is it a control (line ends stand inside private keys), which moves the cursor, or a box's border?"""
    return character in _BORDERS or (len(character) == 1 and (character[0] < 0x20 or character[0] == 0x7F))


def ink(character: bytes, painted: bytes, wanted: int, width: Width) -> bytes:
    """What to write over `painted`, of the same length, where a view showed `character` and `wanted` should stand.

    `painted` is the character itself in most views; elsewhere its code point, its %XX, its escape in JSON.
    """
    if painted == character:
        return bytes((wanted,)) if len(character) == 1 and character < b"\x80" else _filler(character, width)
    if painted.isdigit():
        return _CODE_POINTS.get(len(painted), painted)
    if re.fullmatch(rb"(?:%[0-9a-fA-F]{2})+", painted):
        return b"%2A" * (len(painted) // 3)
    if re.fullmatch(rb"\\u[0-9a-fA-F]{4}", painted):
        return b"\\u002a"
    if painted.isascii():
        return painted if any(byte < 0x20 or byte == 0x7F for byte in painted) else b"*" * len(painted)
    return _filler(painted, width)


def _filler(painted: bytes, width: Width) -> bytes:
    """Characters of the same lengths and widths; bytes that are no UTF-8 stay, since they show nothing."""
    text = painted.decode("utf-8", "surrogateescape")
    return b"".join(_filler_for(character, width) for character in text)


def _filler_for(character: str, width: Width) -> bytes:
    encoded = character.encode("utf-8", "surrogateescape")
    if is_kept(encoded) or 0xDC80 <= ord(character) <= 0xDCFF:
        return encoded
    return _FILLERS.get((len(encoded), width(character)), character).encode()
