"""The views of a recording's screen, for the scrub engine: what `terminal.provenance` reads, as `scrub.View`s.

First all texts in a few large views without places, which cost little to search; then, for those in which
something was found, the same texts with the bytes that painted them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cassette.scrubbing.beginnings import APART, Openings
from scrub.known import Book
from scrub.sweep import Hit
from scrub.views import FixedSeams, Span, View
from terminal.looking import Worth
from terminal.passes import Passed, Seen, Stretch, Track
from terminal.played import Played
from terminal.provenance import PaintedText, Part, Text, key_of, painted_texts, texts, texts_again
from terminal.readings import FIELDS

_BATCH = 1 << 18
_CONTEXT = 32  # characters beside a hit, by which it is judged to be a whole word
_MOST_ALIKE = b"\1\1\1"  # a placeholder has a letter in common with what it covers now and then

_MOST_RANGES = 500


class Wanted(NamedTuple):
    """Texts of a screen, with the characters of them in which something was found, and where they were read."""

    parts: Mapping[str, Part]
    stretches: Sequence[Stretch]


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
    places: array[int] = field(default_factory=lambda: array("Q"))
    seams: list[int] = field(default_factory=list)
    doubts: list[int] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)

    def add(self, text: Text) -> None:
        start = len(self.text)
        self.starts.append(start)
        self.places.append(text.at)
        if text.seams or text.doubts or text.limits:
            told = ((self.seams, text.seams), (self.doubts, text.doubts), (self.limits, text.limits))
            for mine, theirs in told:
                mine.extend(start + len(text.text[:seam].encode("utf-8", "replace")) for seam in theirs)
        self.text += text.text.encode("utf-8", "replace")
        self.text += APART

    def view(self) -> View:
        seams = FixedSeams(self.seams, self.doubts, self.limits)
        return View(self.kind, "output", bytes(self.text), NoPlaces(), seams, discover=self.kind != FIELDS)


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
    says whether something else is shown at every place where something was found. `known` is how many values were
    known when the texts are read, `passed` the pass that read them. `again` are, after `found`, the stretches that
    have to be read again, since something was found there, or may be broken over rows: where a value, not known when
    the texts were read, `begins`.
    """

    passed: Passed

    def __init__(self, known: int, before: ScreenTexts | None = None) -> None:
        self.views: list[View] = []
        self.is_partial = before is not None
        self.swept_with: int = before.swept_with if before else 0
        self.seen: Seen = before.seen if before else Seen()
        self.again: list[Stretch] = []
        self.begins: Callable[[str], bool] = _never
        self._known = known
        self._open: dict[str, _Batch] = {}
        self._batches: dict[int, _Batch] = {}
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

    def close(self, passed: Passed) -> None:
        """No more texts."""
        for batch in self._open.values():
            self._close(batch)
        self._open.clear()
        self.passed = passed

    def _close(self, batch: _Batch) -> None:
        view = batch.view()
        batch.text.clear()
        self.views.append(view)
        self._batches[id(view)] = batch

    @property
    def track(self) -> Track:
        """Where the cursor was, and what was asked."""
        return self.passed.track

    def was_read(self, text: str) -> bool:
        """Did it stand in a row, or a line, by itself?"""
        return key_of("screen", text) in self.seen.last

    def found(self, hits: Sequence[Hit], book: Book) -> Wanted:
        """The texts in which these hits stand, and which characters of each are wanted; the views are given up.

        `book` has the values by which the views were swept.
        """
        parts: dict[str, Part] = {}
        views = [(view, self._batches[id(view)].starts) for view in self.views]
        openings = Openings(book.entries[self._known :], views, hits)
        self.begins = openings.begins
        opened: dict[int, int] = {}
        for view, number in openings.texts:
            text, place = self._text(view, number)
            opened[key_of(view.kind, text)] = place
        shown: dict[int, int] = {}
        for hit in hits:
            text, start, end, place = self._around(hit)
            low, high, first, last = parts.get(text, (start, end, start, end))
            parts[text] = Part(
                min(low, max(0, start - _CONTEXT)),
                max(high, end + _CONTEXT),
                min(first, start),
                max(last, end),
            )
            shown[key_of(hit.view.kind, text)] = place
            if hit.view.kind == "screen":
                self._hits.add(text, start, end)
        read = self.seen.stretches({**opened, **shown})
        self.again = [stretch for stretches in read.values() for stretch in stretches]
        for key in shown:
            self.seen.forget(key)
        self.swept_with = book.version
        self.views.clear()
        self._batches.clear()
        return Wanted(parts, [stretch for key in shown for stretch in read[key]])

    def forget(self) -> None:
        """Give the texts up without having searched them: they are new again for a further look."""
        for view in self.views:
            for text in view.text.split(APART):
                self.seen.forget(key_of(view.kind, text.decode("utf-8", "replace")))

    def _around(self, hit: Hit) -> tuple[str, int, int, int]:
        """The text that a hit stands in, its place there in characters, and where the text was read first."""
        starts, view = self._batches[id(hit.view)].starts, hit.view.text
        number = bisect_right(starts, hit.start) - 1
        first = starts[number]
        start = len(view[first : hit.start].decode("utf-8", "replace"))
        end = start + len(view[hit.start : hit.end].decode("utf-8", "replace"))
        text, place = self._text(hit.view, number)
        return text, start, end, place

    def _text(self, view: View, number: int) -> tuple[str, int]:
        """A text of a view, and where it was read first."""
        batch = self._batches[id(view)]
        starts = batch.starts
        last = starts[number + 1] if number + 1 < len(starts) else len(view.text)
        return view.text[starts[number] : last - len(APART)].decode("utf-8"), batch.places[number]


def _never(_: str) -> bool:
    return False


def screen_texts(played: Played, worth: Worth, book: Book) -> ScreenTexts:
    """All that stood on the screen, and where the cursor was."""
    found = ScreenTexts(len(book))
    found.close(texts(played, worth=worth, take=found.take, seen=found.seen, keep=True))
    return found


def screen_texts_again(before: ScreenTexts, output: bytes, worth: Worth, book: Book) -> ScreenTexts:
    """What is new on the screen with rewritten output (see `ScreenTexts`)."""
    found = ScreenTexts(len(book), before)
    again = [Stretch(0, len(output) + 1)] if before.seen.forgets else before.again
    passed = texts_again(
        before.passed,
        output,
        stretches=again,
        stays=before.begins,
        worth=worth,
        take=found.take,
        seen=found.seen,
    )
    found.close(passed)
    return found


def painted_views(passed: Passed, worth: Worth, wanted: Wanted) -> list[View]:
    """The texts that are wanted, as views that know their bytes."""
    views: list[View] = []

    def take(text: PaintedText) -> None:
        views.append(View.of_cells(text.kind, "output", text.cells, text.seams))

    painted_texts(passed, worth=worth, wanted=wanted.parts, stretches=wanted.stretches, take=take)
    return views
