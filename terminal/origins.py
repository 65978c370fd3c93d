"""Which bytes each character of a decoded output was. Worked out where it is asked for, a piece at a time."""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import getincrementaldecoder, utf_8_decode
from collections.abc import Iterator
from functools import lru_cache

Span = tuple[int, int]

_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_WINDOW = 256


class Origins:
    """Decodes the output as it comes, from a byte on, and knows for each character (by its number) its bytes."""

    def __init__(self, start: int = 0) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._characters = [0]  # the number of the first character of each piece
        self._bytes: list[int] = [start]  # and its first byte
        self._pieces: list[bytes | None] = []  # None where each byte is a character
        self._expanded = lru_cache(maxsize=4)(self._expand)

    def decode(self, data: bytes) -> str:
        """The characters that the next bytes of the output complete."""
        before = self._decoder.getstate()[0]
        text = self._decoder.decode(data)
        after = self._decoder.getstate()[0]
        self._pieces.append(None if text.isascii() and not before and not after else before + data)
        self._characters.append(self._characters[-1] + len(text))
        self._bytes.append(self._bytes[-1] + len(before) + len(data) - len(after))
        return text

    def span(self, number: int) -> Span:
        """The bytes of a character, from and up to."""
        piece = bisect_right(self._characters, number) - 1
        inside, base = number - self._characters[piece], self._bytes[piece]
        if self._pieces[piece] is None:
            return base + inside, base + inside + 1
        numbers, starts, ends = self._expanded(piece)
        index = bisect_right(numbers, inside) - 1
        if index >= 0 and numbers[index] == inside:
            return base + starts[index], base + ends[index]
        shift = inside - numbers[index] - 1 + ends[index] if index >= 0 else inside
        return base + shift, base + shift + 1

    def _expand(self, piece: int) -> tuple[list[int], list[int], list[int]]:
        """The characters of a piece that are not ASCII: their numbers in it, where they begin and end."""
        data = self._pieces[piece] or b""
        numbers: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        number = at = 0
        for run in _NOT_ASCII.finditer(data):
            number += run.start() - at
            at = run.end()
            for start, end in _characters_of(run[0], at < len(data)):
                numbers.append(number)
                starts.append(run.start() + start)
                ends.append(run.start() + end)
                number += 1
        return numbers, starts, ends


def _characters_of(run: bytes, final: bool) -> Iterator[Span]:
    """The bytes of each character in a run without ASCII; `final`: what is cut at its end is one, too."""
    end = utf_8_decode(run, "replace", final)[1]
    at = 0
    while at < end:
        window = run[at : min(end, at + _WINDOW)]
        try:
            text, wrong = utf_8_decode(window, "strict", at + len(window) == end)[0], 0
        except UnicodeDecodeError as error:
            text, wrong = window[: error.start].decode(), error.end - error.start
        for character in text:
            yield at, (at := at + len(character.encode()))
        if wrong:  # each is one replacement character
            yield at, (at := at + wrong)
