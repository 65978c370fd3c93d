"""Where in the texts of a screen something begins that may go on in the rows below."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

from scrub.forms import forms_of
from scrub.keywords import Automaton
from scrub.known import Book, Entry
from scrub.rows import goes_on
from scrub.rules import RuleSet
from scrub.sweep import Hit
from scrub.views import View
from terminal.breaks import BORDERS
from terminal.looking import Beginning
from terminal.readings import How

_LEAST_ANCHOR = 3
_DOT = rb"\."  # a token with parts is told by more than a short anchor
_HEAD = 4
_LONGEST_CUT = 12
_BORDERS = BORDERS | {"|"}
_TAIL = re.compile(r"(?:^|[^a-zA-Z0-9_.~-])([a-zA-Z0-9_.~-]+)\Z")
_MOST_BLANKS = 200
_FIELD_END = re.compile(rf" {{0,{_MOST_BLANKS}}}[{''.join(sorted(_BORDERS))}]")
_ENCODED_BORDERS = sorted(border.encode() for border in _BORDERS)
_BLOCK = b"-----BEGIN "
APART = b"\n\0\n"
"""Stands between two texts of a view; no rule reads across it."""


class Beginnings:
    """Where in a text something begins that may go on in the rows below: a rule's anchor, a known value's head, or
    the first letters of one at the end of a field.
    """

    def __init__(self, rules: RuleSet | None, book: Book) -> None:
        """Without rules only known values begin anywhere: what is left for a check of what the rules have read."""
        self._anchors, self._cuts, last = _anchors(rules) if rules else (Automaton([]), {}, frozenset())
        heads = _heads(book.entries)
        self._heads = Automaton(sorted(map(_encoded, heads)))
        self._head_cuts = _with_rests(heads)
        self._last = last | _last_letters(self._head_cuts)

    def __call__(self, text: str) -> Sequence[Beginning]:
        """The characters at which they begin."""
        encoded = _encoded(text)
        anchors, heads = self._anchors.hits(encoded), self._heads.hits(encoded)
        starts: dict[int, How | tuple[str, ...]] = {}
        if anchors or heads:
            for _, start, _ in anchors:
                if not goes_on(encoded, start):
                    starts[start] = "box" if encoded.startswith(_BLOCK, start) else "token"
            for _, start, _ in heads:
                starts[start] = "any"
            if len(encoded) > len(text):
                starts = {
                    len(encoded[:start].decode("utf-8", "replace")): how for start, how in starts.items()
                }
        for start, rest in self._cut(text):
            starts.setdefault(start, rest)
        return sorted(starts.items(), key=itemgetter(0)) if starts else ()

    def _cut(self, text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Where the first letters of something stand at the end of the text, or before a border; and the rest."""
        for end in _field_ends(text):
            if text[max(0, end - 2) : end] in self._last or text[end - 1 : end] in self._last:
                yield from self._cut_at(text, end)

    def _cut_at(self, text: str, end: int) -> Iterator[tuple[int, tuple[str, ...]]]:
        tail = _TAIL.search(text, max(0, end - _LONGEST_CUT), end)
        if tail and (rest := self._cuts.get(tail[1])):
            yield tail.start(1), rest
        for length in range(1, _HEAD) if self._head_cuts else ():
            if rest := self._head_cuts.get(text[end - length : end]):
                yield end - length, rest


def _field_ends(text: str) -> Iterator[int]:
    """Where a text ends, and each field of it that has a border behind it."""
    yield len(text)
    if "|" in text or (not text.isascii() and not _BORDERS.isdisjoint(text)):
        for found in _FIELD_END.finditer(text):
            yield found.start()


def _with_rests(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What words may begin with, and for each what has to follow it."""
    rests: dict[str, set[str]] = {}
    for word in words:
        for length in range(1, min(len(word), _LONGEST_CUT)):
            if word[0].isalnum() or length > 1:
                rests.setdefault(word[:length], set()).add(word[length:])
    return {cut: tuple(sorted(rest)) for cut, rest in rests.items()}


@lru_cache(maxsize=4)
def _anchors(rules: RuleSet) -> tuple[Automaton, dict[str, tuple[str, ...]], frozenset[str]]:
    """What finds the anchors of rules whose tokens may be broken, all that one of them may begin with, and the last
    letters of that.
    """
    words = {
        anchor
        for rule in rules.rules
        for anchor in (rule.anchors if rule.joins else ())
        if len(anchor) >= _LEAST_ANCHOR
        or b"~" in anchor
        or (len(anchor) == 2 and anchor.isalpha() and _DOT in rule.pattern.pattern)
    }
    words.add(_BLOCK)
    cuts = _with_rests(word.decode("utf-8", "replace") for word in words)
    return Automaton(sorted(words)), cuts, _last_letters(cuts)


def _last_letters(cuts: Iterable[str]) -> frozenset[str]:
    return frozenset(cut[-2:] for cut in cuts)


class Openings:
    """Where values may be broken over rows that were read when they were not known yet.

    `texts` are those of the views (view, number of the text in it) in which one of them begins and does not stand
    whole, or that end with first letters of one of which the rest stands anywhere. Nothing is overlooked; often it
    only seems so.
    """

    def __init__(
        self, values: Sequence[Entry], views: Iterable[tuple[View, Sequence[int]]], hits: Iterable[Hit]
    ) -> None:
        """`views` with where each of their texts begins; `hits` are where values stand whole."""
        heads = _heads(values)
        self._heads = Automaton(sorted(map(_encoded, heads)))
        self._cuts: set[bytes] = set()
        self.texts: list[tuple[View, int]] = []
        if heads:
            cuts = {_encoded(cut): [*map(_encoded, rests)] for cut, rests in _with_rests(heads).items()}
            inside = {(id(hit.view), at) for hit in hits for at in range(hit.start, hit.end)}
            self._look([(view, starts) for view, starts in views if view.kind == "screen"], cuts, inside)

    def _look(
        self,
        rows: Sequence[tuple[View, Sequence[int]]],
        cuts: Mapping[bytes, Sequence[bytes]],
        inside: Container[tuple[int, int]],
    ) -> None:
        found: dict[bytes, set[tuple[View, int]]] = {}
        for view, starts in rows:
            begun = (start for _, start, _ in self._heads.hits(view.text) if (id(view), start) not in inside)
            self.texts.extend(
                (view, number) for number in {bisect_right(starts, start) - 1 for start in begun}
            )
            for end, cut in _cuts_in(view.text, starts, cuts):
                found.setdefault(cut, set()).add((view, bisect_right(starts, end - 1) - 1))
        for cut, places in found.items():
            if any(_goes_on(cut, rest, rows, inside) for rest in cuts[cut]):
                self._cuts.add(cut)
                self.texts.extend(places)

    def begins(self, text: str) -> bool:
        """Does one of the values begin in a text?"""
        data = _encoded(text)
        return bool(self._heads.hits(data)) or any(_cuts_in(data + APART, (0,), self._cuts))


def _cuts_in(data: bytes, starts: Sequence[int], cuts: Collection[bytes]) -> Iterator[tuple[int, bytes]]:
    """Where a text, or a field of one with a border behind it, ends with one of these; the texts begin at `starts`."""
    last = {cut[-1] for cut in cuts}
    lengths = {len(cut) for cut in cuts}
    for end in _ends_in(data, starts) if cuts else ():
        if end and data[end - 1] in last:
            for length in lengths:
                if (cut := data[end - length : end]) in cuts:
                    yield end, cut


def _ends_in(data: bytes, starts: Sequence[int]) -> Iterator[int]:
    yield from (start - len(APART) for start in (*starts[1:], len(data)))
    for border in _ENCODED_BORDERS:
        at = data.find(border)
        while at >= 0:
            yield at - _blanks_before(data, at)
            at = data.find(border, at + 1)


def _blanks_before(data: bytes, at: int) -> int:
    before = data[max(0, at - _MOST_BLANKS) : at]
    return len(before) - len(before.rstrip(b" "))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _goes_on(
    cut: bytes,
    rest: bytes,
    rows: Iterable[tuple[View, Sequence[int]]],
    inside: Container[tuple[int, int]],
) -> bool:
    """Does the rest of a value stand anywhere by itself? Behind its first letters it is the value in one piece."""
    for view, _ in rows:
        at = view.text.find(rest)
        while at >= 0:
            if not view.text.endswith(cut, 0, at) and (id(view), at) not in inside:
                return True
            at = view.text.find(rest, at + 1)
    return False


def _heads(values: Iterable[Entry]) -> set[str]:
    """What the values may begin with, in each of their forms."""
    return {
        form.decode("utf-8", "replace")[:_HEAD]
        for value in values
        for form in ([value.value] if value.mask else forms_of(value.value))
    }
