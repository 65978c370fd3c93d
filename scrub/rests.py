"""Does what stands behind a break look like the rest of a token? For text without a terminal."""

from __future__ import annotations

import re

LETTERS = rb"[a-zA-Z0-9+/=_.~:%-]"
LONGEST_PIECE = 512
PIECE = re.compile(LETTERS + rb"{1,%d}" % LONGEST_PIECE)
_SET = re.compile(rb"_?[A-Z]{2,}(?:_[A-Z]{2,})*=[\"'`]")
_NO_REST = re.compile(
    rb"(?:[a-zA-Z0-9_.-]{0,24}|[a-zA-Z0-9_./-]*/[a-zA-Z0-9_.-]*)[a-zA-Z0-9_]\.[a-z]{1,5}\Z"  # a file
    rb"|[-+]?(?:[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*|[A-Za-z_]{1,24}(?:[0-9]{1,2}[A-Za-z_]{0,16})?)(?:[=:][^=]|:\Z)"
    rb"|[^A-Za-z0-9]+\Z"
    rb"|[A-Z]{2,}(?:_[A-Z]{2,})+=?\Z"
)
_WORD = re.compile(rb"[A-Z]?[a-z]+[.:]?\Z|[A-Z]+[.:]?\Z")
_NUMBER = re.compile(rb"[0-9]{1,4}(?=[ \t\r\n])")
_PROMPT = (b"#", b"$", b"@")


def is_no_rest(piece: bytes) -> bool:
    """Is it a file, a name (with its value, or in capitals), or marks without letters? A diff has a mark before it."""
    return _NO_REST.match(piece) is not None


def is_word(piece: bytes) -> bool:
    """Is it one word, as it may stand in a sentence?"""
    return _WORD.match(piece) is not None


def begins_otherwise(text: bytes, at: int, end: int | None = None) -> bool:
    """Does something else than the rest of a token begin here: a word, a number, a prompt, a name with its value?

    What stands behind `end` may stand elsewhere.
    """
    found = PIECE.match(text, at)
    if found is None or _SET.match(text, at):
        return True
    if (
        is_no_rest(found[0])
        or is_no_rest(text[at : min(end or found.end(), found.end())])
        or is_word(found[0])
        or _NUMBER.match(text, at)
    ):
        return True
    return text[found.end() : found.end() + 1] in _PROMPT
