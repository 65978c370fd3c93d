"""The views of a recording's screen, for the scrub engine: what `terminal.provenance` reads, as `scrub.View`s.

First all texts in a few large views without places, which cost little to search; then, for those in which
something was found, the same texts with the bytes that painted them.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter

from cassette.model import Size
from scrub.forms import forms_of
from scrub.keywords import Automaton
from scrub.known import Book
from scrub.rows import goes_on
from scrub.rules import RuleSet
from scrub.sweep import Hit
from scrub.views import FixedSeams, Span, View
from terminal.provenance import Ask, PaintedText, Resize, Step, Text, Track, key_of, painted_texts, texts
from terminal.readings import How
from terminal.watched import Beginning, Worth

_LEAST_ANCHOR = 3
_DOT = rb"\."  # a token with parts is told by more than a short anchor
_HEAD = 4
_LONGEST_CUT = 12
_BORDERS = frozenset("\u2502\u2503\u2551|\u258f\u2595")
_TAIL = re.compile(r"(?:^|[^a-zA-Z0-9_.~-])([a-zA-Z0-9_.~-]+)\Z")
_FIELD_END = re.compile(r" {0,200}[\u2502\u2503\u2551|\u258f\u2595]")
_BLOCK = b"-----BEGIN "
_APART = b"\n\0\n"  # no rule reads across it
_BATCH = 1 << 18
_CONTEXT = 32  # characters beside a hit, by which it is judged to be a whole word
_MOST_ALIKE = b"\1\1\1"  # a placeholder has a letter in common with what it covers now and then

_MOST_RANGES = 500

Wanted = Mapping[str, tuple[int, int]]
"""Texts, and which characters of them (from, up to)."""
Timeline = Sequence[int | Resize | Ask]
"""A recording's chunks by their lengths, and what came between them."""


class NoPlaces:
    """A text that is only searched."""

    encoded: Span | None = None

    def spans(self, start: int, end: int) -> tuple[Span, ...]:  # noqa: ARG002 - see `scrub.views.Places`
        """No bytes."""
        return ()


@dataclass(slots=True)
class _Batch:
    kind: str
    text: bytearray = field(default_factory=bytearray)
    starts: array[int] = field(default_factory=lambda: array("I"))
    seams: list[int] = field(default_factory=list)
    doubts: list[int] = field(default_factory=list)

    def add(self, text: Text) -> None:
        start = len(self.text)
        self.starts.append(start)
        for mine, theirs in ((self.seams, text.seams), (self.doubts, text.doubts)):
            mine.extend(start + len(text.text[:seam].encode("utf-8", "replace")) for seam in theirs)
        self.text += text.text.encode("utf-8", "replace")
        self.text += _APART

    def view(self) -> View:
        return View(self.kind, "output", bytes(self.text), NoPlaces(), FixedSeams(self.seams, self.doubts))


Ranges = tuple[tuple[int, int], ...]


class Replacements:
    """Texts in which something was found, and whether something else is shown now at every place where it was."""

    def __init__(self) -> None:
        self._found: dict[str, set[tuple[int, int]]] = {}
        self._masked: dict[Ranges, dict[str, str]] = {}
        self._left: set[str] = set()
        self.failed = False

    def add(self, text: str, start: int, end: int) -> None:
        """Something was found in these characters of a text."""
        self._found.setdefault(text, set()).add((start, end))

    def begin(self) -> None:
        """All that was found is known; from now on texts are seen."""
        for text, found in self._found.items():
            ranges = tuple(sorted(found))
            self._masked.setdefault(ranges, {})[_without(text, ranges)] = text
        self._left = set(self._found)
        self.failed = len(self._masked) > _MOST_RANGES

    def see(self, text: str) -> None:
        """A text that was not there before, or one in which something was found."""
        for ranges, rows in () if self.failed else self._masked.items():
            old = rows.get(_without(text, ranges)) if len(text) >= ranges[-1][1] else None
            if old is not None and len(old) == len(text):
                self._left.discard(old)
                self.failed = self.failed or any(_is_alike(old[a:b], text[a:b]) for a, b in ranges)

    @property
    def complete(self) -> bool:
        """Is something else shown, for certain, wherever something was found?"""
        return not self.failed and not self._left


def _without(text: str, ranges: Ranges) -> str:
    parts, at = [], 0
    for start, end in ranges:
        parts.append(text[at:start])
        at = max(at, end)
    return "\0".join([*parts, text[at:]])


def _is_alike(old: str, new: str) -> bool:
    return _MOST_ALIKE in bytes(was == now for was, now in zip(old, new, strict=False))


class ScreenTexts:
    """Every text of a screen, in batches; `views` to search, `found` to name the texts of hits.

    With `before`, what the screen showed with the output before it was rewritten, only the texts that are new
    are in it: the others are known to have nothing, by the values that were known then (`swept_with`). `replaced`
    says whether something else is shown at every place where something was found.
    """

    def __init__(self, before: ScreenTexts | None = None) -> None:
        self.views: list[View] = []
        self.is_partial = before is not None
        self.swept_with: int = before.swept_with if before else 0
        self.seen: set[int] = before.seen if before else set()
        self._open: dict[str, _Batch] = {}
        self._starts: dict[int, array[int]] = {}
        self._hits = Replacements()
        self._before = before._hits if before else None
        if self._before:
            self._before.begin()

    @property
    def replaced(self) -> bool:
        """See above."""
        return self._before is None or self._before.complete

    def take(self, text: Text) -> None:
        """One more text."""
        if self._before and text.kind == "screen":
            self._before.see(text.text)
        batch = self._open.get(text.kind)
        if batch is None:
            batch = self._open[text.kind] = _Batch(text.kind)
        batch.add(text)
        if len(batch.text) > _BATCH:
            self._close(self._open.pop(text.kind))

    def close(self) -> None:
        """No more texts."""
        for batch in self._open.values():
            self._close(batch)
        self._open.clear()

    def _close(self, batch: _Batch) -> None:
        view = batch.view()
        self.views.append(view)
        self._starts[id(view)] = batch.starts

    def found(self, hits: Iterable[Hit], known: int) -> Wanted:
        """The texts in which these hits stand, and which characters of each are wanted; the views are given up.

        `known` is how many values were known when the views were swept.
        """
        wanted: dict[str, tuple[int, int]] = {}
        for hit in hits:
            text, start, end = self._around(hit)
            low, high = wanted.get(text, (start, end))
            wanted[text] = min(low, max(0, start - _CONTEXT)), max(high, end + _CONTEXT)
            self.seen.discard(key_of(hit.view.kind, text))
            if hit.view.kind == "screen":
                self._hits.add(text, start, end)
        self.swept_with = known
        self.views.clear()
        self._starts.clear()
        return wanted

    def _around(self, hit: Hit) -> tuple[str, int, int]:
        """The text that a hit stands in, and its place there in characters."""
        starts, view = self._starts[id(hit.view)], hit.view.text
        index = bisect_right(starts, hit.start) - 1
        first = starts[index]
        last = starts[index + 1] if index + 1 < len(starts) else len(view)
        last -= len(_APART)
        start = len(view[first : hit.start].decode("utf-8", "replace"))
        end = start + len(view[hit.start : hit.end].decode("utf-8", "replace"))
        return view[first:last].decode("utf-8"), start, end


class Beginnings:
    """Where in a text something begins that may go on in the rows below: a rule's anchor, a known value's head, or
    the first letters of one at the end of a field.
    """

    def __init__(self, rules: RuleSet | None, book: Book) -> None:
        """Without rules only known values begin anywhere: what is left for a check of what the rules have read."""
        self._anchors, self._cuts = _anchors(rules) if rules else (Automaton([]), {})
        heads: set[str] = set()
        for entry in book.entries:
            for form in [entry.value] if entry.mask else forms_of(entry.value):
                heads.add(form.decode("utf-8", "replace")[:_HEAD])
        self._heads = Automaton(sorted(head.encode("utf-8", "replace") for head in heads))
        self._head_cuts = _with_rests(heads)
        self._last = frozenset(cut[-2:] for cut in (*self._cuts, *self._head_cuts))

    def __call__(self, text: str) -> Sequence[Beginning]:
        """The characters at which they begin."""
        encoded = text.encode("utf-8", "replace")
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
        yield from self._cut_at(text, len(text))
        if "|" in text or (not text.isascii() and not _BORDERS.isdisjoint(text)):
            for found in _FIELD_END.finditer(text):
                yield from self._cut_at(text, found.start())

    def _cut_at(self, text: str, end: int) -> Iterator[tuple[int, tuple[str, ...]]]:
        if text[max(0, end - 2) : end] not in self._last and text[end - 1 : end] not in self._last:
            return
        tail = _TAIL.search(text, max(0, end - _LONGEST_CUT), end)
        if tail and (rest := self._cuts.get(tail[1])):
            yield tail.start(1), rest
        for length in range(1, _HEAD) if self._head_cuts else ():
            if rest := self._head_cuts.get(text[end - length : end]):
                yield end - length, rest


def _with_rests(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What words may begin with, and for each what has to follow it."""
    rests: dict[str, set[str]] = {}
    for word in words:
        for length in range(1, min(len(word), _LONGEST_CUT)):
            if word[0].isalnum() or length > 1:
                rests.setdefault(word[:length], set()).add(word[length:])
    return {cut: tuple(sorted(rest)) for cut, rest in rests.items()}


@lru_cache(maxsize=4)
def _anchors(rules: RuleSet) -> tuple[Automaton, dict[str, tuple[str, ...]]]:
    """What finds the anchors of rules whose tokens may be broken, and all that one of them may begin with."""
    words = {
        anchor
        for rule in rules.rules
        for anchor in (rule.anchors if rule.joins else ())
        if len(anchor) >= _LEAST_ANCHOR
        or b"~" in anchor
        or (len(anchor) == 2 and anchor.isalpha() and _DOT in rule.pattern.pattern)
    }
    words.add(_BLOCK)
    return Automaton(sorted(words)), _with_rests(word.decode("utf-8", "replace") for word in words)


def steps_of(timeline: Timeline, output: bytes) -> Iterator[Step]:
    """The recording again, with this output."""
    at = 0
    for step in timeline:
        if isinstance(step, int):
            yield output[at : at + step]
            at += step
        else:
            yield step


def screen_texts(
    timeline: Timeline, output: bytes, size: Size, worth: Worth, before: ScreenTexts | None = None
) -> tuple[ScreenTexts, Track]:
    """All that stood on the screen, and where the cursor was. With `before`, see `ScreenTexts`."""
    found = ScreenTexts(before)
    track = texts(
        steps_of(timeline, output),
        columns=size.columns,
        rows=size.rows,
        worth=worth,
        take=found.take,
        seen=found.seen,
    )
    found.close()
    return found, track


def painted_views(timeline: Timeline, output: bytes, size: Size, worth: Worth, wanted: Wanted) -> list[View]:
    """The texts that are wanted, as views that know their bytes."""
    views: list[View] = []

    def take(text: PaintedText) -> None:
        views.append(View.of_cells(text.kind, "output", text.cells, text.seams))

    painted_texts(
        steps_of(timeline, output),
        columns=size.columns,
        rows=size.rows,
        worth=worth,
        wanted=wanted.get,
        take=take,
    )
    return views
