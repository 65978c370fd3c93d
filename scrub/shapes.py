"""The notation in which token facts are written, and the expressions built from it. No fact lives here.

A shape is literal text with runs in braces:

    ghp_{w:36}            36 letters or digits after "ghp_"
    {x:32}-us{d:1-2}      two runs with literal text between them
    {=live|test}          one of these literals
    {uuid} {pad}          a UUID in hex; up to two "=" of base64 padding

Every run is bounded, so that no expression can take more than linear time on a window.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

ALPHABETS = {
    "d": "0-9",
    "x": "0-9a-f",
    "X": "0-9A-F",
    "h": "0-9a-fA-F",
    "a": "a-z",
    "l": "a-zA-Z",
    "n": "a-z0-9",
    "N": "A-Z0-9",
    "w": "a-zA-Z0-9",
    "v": "a-zA-Z0-9_",
    "u": "a-zA-Z0-9_-",  # base64 for URLs
    "b": "a-zA-Z0-9+/",  # base64
    "m": "a-zA-Z0-9+/_=-",  # either base64, with padding
    "c": "a-zA-Z0-9+/_=,-",  # several of them, with commas
    "t": "a-zA-Z0-9_.=-",
    "q": "a-zA-Z0-9_=-",
    "g": "a-zA-Z0-9_.~-",  # what RFC 3986 calls unreserved
    "2": "a-z2-7",  # base32
    "B": "A-Z2-7",
    "z": "02-9AC-HJ-NP-Z",  # bech32 in capitals
    "e": "a-zA-Z0-9%",
}
_HEX = ALPHABETS["h"]
_UUID = "-".join(f"[{_HEX}]{{{count}}}" for count in (8, 4, 4, 4, 12))
_UUID_LENGTH = 36
_PIECE = re.compile(
    r"\{(?:(?P<run>\w):(?P<low>\d+)(?:-(?P<high>\d+))?|=(?P<choice>[^}]+)|(?P<name>uuid|pad))\}"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a shape: its expression, its least and greatest length, and what it is made of."""

    expression: str
    low: int
    high: int
    literals: tuple[str, ...] = ()  # the texts it can be, when it is literal
    alphabet: str = ""  # the class it repeats, when it is a run


@cache
def pieces_of(shape: str) -> tuple[Piece, ...]:
    """The parts of a shape, in order. ValueError names an alphabet that does not exist."""
    return tuple(_pieces(shape))


def _pieces(shape: str) -> Iterator[Piece]:
    at = 0
    for found in _PIECE.finditer(shape):
        if found.start() > at:
            yield _literal((shape[at : found.start()],))
        yield _braced(found)
        at = found.end()
    if at < len(shape):
        yield _literal((shape[at:],))


def _literal(texts: tuple[str, ...]) -> Piece:
    if any("{" in text or "}" in text for text in texts):
        raise ValueError(f"a brace that opens no run in {texts}")
    lengths = [len(text) for text in texts]
    escaped = [re.escape(text) for text in texts]
    expression = escaped[0] if len(escaped) == 1 else f"(?:{'|'.join(escaped)})"
    return Piece(expression, min(lengths), max(lengths), literals=texts)


def _braced(found: re.Match[str]) -> Piece:
    if choice := found["choice"]:
        return _literal(tuple(choice.split("|")))
    if found["name"] == "uuid":
        return Piece(_UUID, _UUID_LENGTH, _UUID_LENGTH, alphabet=_HEX)
    if found["name"] == "pad":
        return Piece("={0,2}", 0, 2)
    if found["run"] not in ALPHABETS:
        raise ValueError(f"no alphabet {found['run']!r}")
    low = int(found["low"])
    high = int(found["high"] or low)
    alphabet = ALPHABETS[found["run"]]
    return Piece(f"[{alphabet}]{{{low},{high}}}", low, high, alphabet=alphabet)


def expression_of(shape: str) -> str:
    """The expression that matches exactly this shape, without any boundary."""
    return "".join(piece.expression for piece in pieces_of(shape))


def length_of(shape: str) -> tuple[int, int]:
    """Least and greatest length of what the shape matches."""
    pieces = pieces_of(shape)
    return sum(piece.low for piece in pieces), sum(piece.high for piece in pieces)


def last_alphabet(shape: str) -> str:
    """The class that a longer token would go on with; letters and digits where the shape ends in a literal."""
    runs = [piece for piece in pieces_of(shape) if piece.expression != "={0,2}"]
    return runs[-1].alphabet or ALPHABETS["w"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The literal to look for first, and how far before it a match can begin."""

    words: tuple[str, ...]
    before_low: int
    before_high: int


def anchor_of(shape: str) -> Anchor:
    """The longest literal of the shape; of equals, the first. ValueError when it has none."""
    best: Anchor | None = None
    low = high = 0
    for words, piece in _joined_literals(pieces_of(shape)):
        if words and (best is None or min(map(len, words)) > min(map(len, best.words))):
            best = Anchor(words, low, high)
        low, high = low + piece.low, high + piece.high
    if best is None:
        raise ValueError(f"shape {shape!r} has no literal to look for")
    return best


def _joined_literals(pieces: tuple[Piece, ...]) -> Iterator[tuple[tuple[str, ...], Piece]]:
    """Each piece with the literals that begin there, neighbours joined: sk_{=live|test}_ gives sk_live_ first."""
    for index, piece in enumerate(pieces):
        words: tuple[str, ...] = piece.literals
        for following in pieces[index + 1 :] if words else ():
            if not following.literals or len(words) * len(following.literals) > 12:
                break
            words = tuple(word + more for word in words for more in following.literals)
        yield words, piece
