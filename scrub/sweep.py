"""Every known value, in every form, in every view: where it stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scrub.forms import FRAGMENT_LENGTH, Piece, forms_of, fragment_at, pieces_of, seeds_of
from scrub.keywords import Automaton
from scrub.known import Book, Entry
from scrub.views import View

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_NAME = _WORD | frozenset(b"-")
_FIELD_END = frozenset(b" \t\r\n\"'`=")
_CONTROL = rb"\x1b\[[0-?]*[ -/]*[@-~]"
_SEQUENCE = re.compile(_CONTROL + rb"|\x1b[ -/]+[0-~]|\x1b[0-Z\\^-~]")
_KEY = re.compile(_CONTROL)  # what is typed behind a lone Escape is text
_LONGEST_SEQUENCE = 64
_FEW = 200  # values whose encoded forms are looked for in parts, too


@dataclass(frozen=True, slots=True)
class Hit:
    """`view.text[start:end]` shows a known value, in the form named; `fragment` for a part of one."""

    view: View
    start: int
    end: int
    entry: Entry
    form: str


def is_in_sequence(hit: Hit) -> bool:
    """Are these raw bytes of a terminal that only look like a secret together with a control sequence?

    A sequence draws nothing, and to write over it would move the cursor.
    """
    if hit.view.kind != "raw" or hit.view.stream == "documents":
        return False
    text = hit.view.text
    before = text.rfind(b"\x1b", max(0, hit.start - _LONGEST_SEQUENCE), hit.end)
    sequence = _KEY if hit.view.stream == "input" else _SEQUENCE
    found = sequence.match(text, before) if before >= 0 else None
    return found is not None and found.end() > hit.start


class Sweep:
    """Looks for the values of a book in about so many bytes. Built once; the book must not grow meanwhile."""

    def __init__(self, book: Book, size: int | None = None) -> None:
        self._forms = list(_forms(book))
        self._seeds = list(_seeds(book))
        words = [*(form for form, _, _ in self._forms), *(seed for seed, _ in self._seeds)]
        self._words = Automaton(words, size)

    def hits(self, view: View) -> list[Hit]:
        """Every occurrence in one view, those of whole values first; occurrences may overlap."""
        text = view.text
        hits = self._words.hits(text)
        if not hits:
            return []
        found: list[Hit] = []
        for index, start, end in hits:
            if index < len(self._forms):
                _, entry, form = self._forms[index]
                if not entry.short or _is_whole(entry, text, start, end):
                    found.append(Hit(view, start, end, entry, form))
        first = len(self._forms)
        seeds = [(index - first, start, end) for index, start, end in hits if index >= first]
        found.extend(self._fragments(view, seeds, _union((hit.start, hit.end) for hit in found)))
        return found

    def _fragments(
        self, view: View, seeds: Iterable[tuple[int, int, int]], covered: list[tuple[int, int]]
    ) -> Iterator[Hit]:
        starts = [start for start, _ in covered]
        reached: dict[int, int] = {}
        for index, start, end in seeds:
            before = bisect_right(starts, start) - 1
            if before >= 0 and end <= covered[before][1]:
                continue
            for entry, piece, offset in self._seeds[index][1]:
                if start < reached.get(entry.identity, 0):
                    continue
                if fragment := fragment_at(piece, offset, view.text, start):
                    reached[entry.identity] = fragment[1]
                    yield Hit(view, *fragment, entry, "fragment")


def _forms(book: Book) -> Iterator[tuple[bytes, Entry, str]]:
    seen: set[bytes] = set()
    for entry in book.entries:
        for form, name in ({entry.value: "plain"} if entry.mask else forms_of(entry.value)).items():
            if form not in seen:
                seen.add(form)
                yield form, entry, name


def _seeds(book: Book) -> Iterator[tuple[bytes, list[tuple[Entry, Piece, int]]]]:
    table: dict[bytes, list[tuple[Entry, Piece, int]]] = {}
    for entry in book.entries:
        if entry.mask or len(entry.value) <= FRAGMENT_LENGTH or len(set(entry.value)) < 6:
            continue
        for piece in pieces_of(entry.value, encoded=len(book) <= _FEW):
            for seed, offset in seeds_of(piece):
                table.setdefault(seed, []).append((entry, piece, offset))
    yield from table.items()


def _is_whole(entry: Entry, text: bytes, start: int, end: int) -> bool:
    """Does a short value, or a name, stand by itself: no letter beside a word, no other text beside anything else?"""
    before = text[start - 1] if start else 32
    after = text[end] if end < len(text) else 32
    if entry.mask:
        return before not in _NAME and after not in _NAME
    if set(entry.value) <= _WORD:
        return before not in _WORD and after not in _WORD
    return before in _FIELD_END and after in _FIELD_END


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
