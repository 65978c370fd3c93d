"""The views of a recording's screen, for the scrub engine: what `terminal.provenance` reads, as `scrub.View`s.

First all texts in a few large views without places, which cost little to search; then, for those in which
something was found, the same texts with the bytes that painted them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cassette.model import Size
from scrub.forms import forms_of
from scrub.keywords import Automaton
from scrub.known import Book
from scrub.rows import goes_on
from scrub.rules import RuleSet
from scrub.sweep import Hit
from scrub.views import FixedSeams, Span, View
from terminal.provenance import Ask, PaintedText, Resize, Step, Text, Track, key_of, painted_texts, texts
from terminal.watched import Beginning, Worth

_LEAST_ANCHOR = 3
_HEAD = 4
_BLOCK = b"-----BEGIN "
_APART = b"\n\0\n"  # no rule reads across it
_BATCH = 1 << 18
_CONTEXT = 32  # characters beside a hit, by which it is judged to be a whole word
_MOST_ALIKE = b"\1\1\1"  # a placeholder has a letter in common with what it covers now and then

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

    def add(self, text: Text) -> None:
        start = len(self.text)
        self.starts.append(start)
        for seam in text.seams:
            self.seams.append(start + len(text.text[:seam].encode("utf-8", "replace")))
        self.text += text.text.encode("utf-8", "replace")
        self.text += _APART

    def view(self) -> View:
        return View(self.kind, "output", bytes(self.text), NoPlaces(), FixedSeams(self.seams))


@dataclass(frozen=True, slots=True)
class Shown:
    """A text in which something was found: its key, and which characters of it (from, up to) were found."""

    key: int
    text: str
    found: list[tuple[int, int]] = field(default_factory=list)

    def is_replaced_by(self, text: str) -> bool:
        """Is something else shown where something was found, for certain?"""
        if len(text) != len(self.text):
            return False
        return not any(
            _MOST_ALIKE
            in bytes(was == now for was, now in zip(self.text[start:end], text[start:end], strict=True))
            for start, end in self.found
        )


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
        self.replaced = True
        self._open: dict[str, _Batch] = {}
        self._starts: dict[int, array[int]] = {}
        self._order: array[int] = array("q")
        self._before: array[int] = before._order if before else array("q")
        self._hit: dict[int, Shown] = {shown.key: shown for shown in before._hit.values()} if before else {}

    def take(self, text: Text) -> None:
        """One more text."""
        batch = self._open.get(text.kind)
        if batch is None:
            batch = self._open[text.kind] = _Batch(text.kind)
        batch.add(text)
        if len(batch.text) > _BATCH:
            self._close(self._open.pop(text.kind))

    def each(self, key: int, text: str) -> None:
        """One more reading of the screen, a text that was there before among them."""
        if self.is_partial:
            at = len(self._order)
            shown = self._hit.get(self._before[at]) if at < len(self._before) else None
            if shown is not None and not shown.is_replaced_by(text):
                self.replaced = False
        self._order.append(key)

    def close(self) -> None:
        """No more texts."""
        for batch in self._open.values():
            self._close(batch)
        self._open.clear()
        if self.is_partial and len(self._order) != len(self._before):
            self.replaced = False
        self._hit, self._before = {}, array("q")

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
            key = key_of(hit.view.kind, text)
            self._hit.setdefault(key, Shown(key, text)).found.append((start, end))
            self.seen.discard(key)
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
    """Where in a text something begins that may go on in the rows below: a rule's anchor, a known value's head."""

    def __init__(self, rules: RuleSet, book: Book) -> None:
        self._anchors = _anchors(rules)
        heads: set[bytes] = set()
        for entry in book.entries:
            heads.update(form[:_HEAD] for form in ([entry.value] if entry.mask else forms_of(entry.value)))
        self._heads = Automaton(sorted(heads))

    def __call__(self, text: str) -> Sequence[Beginning]:
        """The characters at which they begin."""
        encoded = text.encode("utf-8", "replace")
        anchors, heads = self._anchors.hits(encoded), self._heads.hits(encoded)
        if not anchors and not heads:
            return ()
        begun = {start for _, start, _ in anchors if not goes_on(encoded, start)}
        starts = sorted(begun | {start for _, start, _ in heads})
        found = [(start, encoded.startswith(_BLOCK, start)) for start in starts]
        if len(encoded) == len(text):
            return found
        return [(len(encoded[:start].decode("utf-8", "replace")), boxed) for start, boxed in found]


@lru_cache(maxsize=4)
def _anchors(rules: RuleSet) -> Automaton:
    joining = (anchor for rule in rules.rules if rule.joins for anchor in rule.anchors)
    return Automaton(sorted({_BLOCK, *(anchor for anchor in joining if len(anchor) >= _LEAST_ANCHOR)}))


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
        each=found.each,
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
