"""The forms in which one value can stand in a text: plain, base64, URL, JSON, HTML, shell, hex; and pieces of it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, quote_plus

LEAST_LENGTH = 8  # bytes; a shorter value is looked for only as a whole word
LEAST_LINE = 4  # of a value of several lines
FRAGMENT_LENGTH = 12
FRAGMENT_SECRET = 8  # so much of a fragment must lie behind the public prefix
SEED_LENGTH, SEED_STEP = 8, 4  # each fragment of 12 holds one of these whole

# Whose it is, and of which kind; words up to the end are a phrase, and none of them is public.
_PUBLIC_PREFIX = re.compile(
    rb"[a-zA-Z]{1,12}(?:[-_](?:[a-z]{1,8}|[A-Z]{1,8})[0-9]{0,2}){0,2}[-_.]"
    rb"(?![A-Z]?[a-z]{2,12}(?:[-_.]|[0-9]{0,4}\Z))"
)
_AS_IT_IS = re.compile(rb"[a-zA-Z0-9_.-]*")  # no encoder of texts changes these
_UNESCAPED_BY = (
    *("", "+", "/", "=", "+/", "+=", "/=", "+/="),  # any of the signs of base64
    "!'()*~",
    ";,/?:@&=+$#!'()*~",
)  # what various encoders leave as it is, beside letters
_QUOTE = "&quot;"
_PAGE = (
    ('"', "'"),
    (_QUOTE, "'"),
    (_QUOTE, "&#39;"),
    ("&#34;", "&#39;"),
    (_QUOTE, "&#x27;"),
    (_QUOTE, "&apos;"),
)
_ESCAPED = rb"\\\g<0>"
_SHELL = (
    (rb"'", b"'\\\\''"),  # inside '…'
    (rb"'", b"'\"'\"'"),
    (rb"[\\']", _ESCAPED),  # inside $'…', and Python's own
    (rb"[\"$`\\]", _ESCAPED),  # inside "…"
    (rb"[\"$`\\!]", _ESCAPED),
    *(
        (rb"[^\w./:=@%+\x80-\xff" + left + rb"-]", _ESCAPED) for left in (b"", b"~#", b",", b",~#")
    ),  # printf %q
)
_BYTE_BY_BYTE = (
    ("hex", "{:02x} "),
    ("hex", "{:02x}:"),
    ("hex", "\\x{:02x}"),
    ("url", "%{:02x}"),
    ("json", "\\u00{:02x}"),
)


@lru_cache(maxsize=64)
def forms_of(value: bytes) -> Mapping[bytes, str]:
    """Every form of `value` with its name, the plain one first. None is shorter than `LEAST_LENGTH`, but the plain."""
    found = {value: "plain"}
    if len(value) < LEAST_LENGTH:
        return found
    for name, form in _forms(value):
        if len(form) >= LEAST_LENGTH:
            found.setdefault(form, name)
    return found


def _forms(value: bytes) -> Iterator[tuple[str, bytes]]:
    if not _AS_IT_IS.fullmatch(value):
        yield from _escaped(value)
    yield "hex", value.hex().encode()
    yield "hex", value.hex().upper().encode()
    yield from _byte_by_byte(value)
    for alignment in range(3):
        yield from (("base64", form) for form in _base64(value, alignment))


def _byte_by_byte(value: bytes) -> Iterator[tuple[str, bytes]]:
    """As programs print bytes: `68 75`, `68:75`, `\\x68\\x75`; and where an encoder leaves no letter as it is."""
    for name, pattern in _BYTE_BY_BYTE:
        for number in (pattern, pattern.replace("x}", "X}")):
            form = "".join(map(number.format, value)).rstrip(" :")
            if name != "json" or value.isascii():
                yield name, form.encode()


def _escaped(value: bytes) -> Iterator[tuple[str, bytes]]:
    text = value.decode("utf-8", "surrogateescape")
    for escaped in (
        json.dumps(text),
        json.dumps(text, ensure_ascii=False),
        json.dumps(text).replace("/", "\\/"),
    ):
        yield "json", escaped[1:-1].encode("utf-8", "surrogateescape")
        if "\\" in escaped:
            yield "json", json.dumps(escaped[1:-1])[1:-1].encode("utf-8", "surrogateescape")
    yield from _quoted(value, text)
    for safe in _UNESCAPED_BY:
        for encoded in (quote(value, safe=safe), quote_plus(value, safe=safe)):
            yield "url", encoded.encode()
            yield "url", re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), encoded).encode()


def _quoted(value: bytes, text: str) -> Iterator[tuple[str, bytes]]:
    """As web pages and shells write it; bytes that are no text stay."""
    page = html.escape(text, quote=False)
    for double, single in _PAGE:
        yield "html", page.replace('"', double).replace("'", single).encode("utf-8", "surrogateescape")
    for unsafe, quoted in _SHELL:
        yield "shell", re.sub(unsafe, quoted, value)


def _base64(value: bytes, alignment: int) -> Iterator[bytes]:
    """The letters that `value` alone decides on when it follows `alignment` other bytes."""
    skipped = (0, 2, 3)[alignment]
    decided = (alignment + len(value)) * 8 // 6
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        yield encode(b"\0" * alignment + value)[skipped:decided]


def lines_of(value: bytes) -> list[bytes]:
    """The lines of a value of several, such as a private key or codes, that are secret by themselves.

    What is shorter than `LEAST_LINE`, or a mark such as `-----BEGIN …`, is in too many other places.
    """
    lines = re.split(rb"[\r\n]+|\\r\\n|\\n", value)
    if len(lines) < 2:
        return []
    return [
        line for line in map(bytes.strip, lines) if len(line) >= LEAST_LINE and not line.startswith(b"--")
    ]


def public_prefix(value: bytes) -> int:
    """How many bytes at the start of a token say only whose it is: 13 for `sk-ant-api03-…`."""
    found = _PUBLIC_PREFIX.match(value)
    return found.end() if found and len(value) - found.end() >= FRAGMENT_LENGTH else 0


class Piece(NamedTuple):
    """A form of a value that is looked for in parts, too: so many bytes at its start are public, so many are a part."""

    text: bytes
    public: int
    least: int
    secret: int


def pieces_of(value: bytes, *, encoded: bool) -> Iterator[Piece]:
    """The value as it is; and with `encoded` in base64 and hex, of which a program may show the beginning alone."""
    public = public_prefix(value)
    yield Piece(value, public, FRAGMENT_LENGTH, FRAGMENT_SECRET)
    if not encoded:
        return
    for alignment in range(3):
        letters = next(_base64(value, alignment))
        yield Piece(letters, public * 4 // 3, FRAGMENT_LENGTH * 4 // 3, FRAGMENT_SECRET * 4 // 3)
    for letters in (value.hex().encode(), value.hex().upper().encode()):
        yield Piece(letters, public * 2, FRAGMENT_LENGTH * 2, FRAGMENT_SECRET * 2)


def seeds_of(piece: Piece) -> Iterator[tuple[bytes, int]]:
    """The stretches of 8 bytes to look for, with their places in a piece, that any part of 12 holds one of."""
    for offset in range(0, len(piece.text) - SEED_LENGTH + 1, SEED_STEP):
        if offset + SEED_LENGTH > piece.public:
            yield piece.text[offset : offset + SEED_LENGTH], offset


def fragment_at(piece: Piece, offset: int, text: bytes, at: int) -> tuple[int, int] | None:
    """The longest stretch of `text` round `text[at]` that equals a piece round its `offset`; None if too short."""
    value = piece.text
    before = 0
    while before < min(offset, at) and value[offset - before - 1] == text[at - before - 1]:
        before += 1
    after = 0
    while (
        offset + after < len(value) and at + after < len(text) and value[offset + after] == text[at + after]
    ):
        after += 1
    behind_prefix = offset + after - max(offset - before, piece.public)
    if before + after < piece.least or behind_prefix < piece.secret:
        return None
    return at - before, at + after
