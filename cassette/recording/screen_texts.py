"""The views of a recording's screen, for the scrub engine: what `terminal.provenance` reads, as `scrub.View`s.

First all texts in a few large views without places, which cost little to search; then, for those in which
something was found, the same texts with the bytes that painted them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cassette.model import Size
from scrub.forms import forms_of
from scrub.keywords import Automaton
from scrub.known import Book
from scrub.rules import RuleSet
from scrub.sweep import Hit
from scrub.views import FixedSeams, Span, View
from terminal.provenance import Ask, PaintedText, Resize, Step, Text, Track, painted_texts, texts
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
    parts: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    seams: list[int] = field(default_factory=list)
    length: int = 0

    def add(self, text: Text) -> None:
        encoded = text.text.encode("utf-8", "replace")
        self.starts.append(self.length)
        for seam in text.seams:
            self.seams.append(self.length + len(text.text[:seam].encode("utf-8", "replace")))
        self.parts.append(encoded)
        self.length += len(encoded) + len(_APART)

    def view(self) -> View:
        return View(self.kind, "output", _APART.join(self.parts), NoPlaces(), FixedSeams(self.seams))


class ScreenTexts:
    """Every text of a screen, in batches; `views` to search, `found` to name the texts of hits."""

    def __init__(self) -> None:
        self._open: dict[str, _Batch] = {}
        self._starts: dict[int, list[int]] = {}
        self.views: list[View] = []

    def take(self, text: Text) -> None:
        """One more text."""
        batch = self._open.setdefault(text.kind, _Batch(text.kind))
        batch.add(text)
        if batch.length > _BATCH:
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

    def found(self, hits: Iterable[Hit]) -> Wanted:
        """The texts in which these hits stand, and which characters of each are wanted."""
        wanted: dict[str, tuple[int, int]] = {}
        for hit in hits:
            text, start, end = self._around(hit)
            low, high = wanted.get(text, (start, end))
            wanted[text] = min(low, max(0, start - _CONTEXT)), max(high, end + _CONTEXT)
        return wanted

    def replaced_by(self, after: ScreenTexts, hits: Iterable[Hit]) -> bool:
        """Does `after`, the same screens of a rewritten output, show something else at every hit, for certain?"""
        ours, theirs = self._shown(), after._shown()
        if [starts for _, starts in ours] != [starts for _, starts in theirs]:
            return False
        new_text = {id(view): new.text for (view, _), (new, _) in zip(ours, theirs, strict=True)}
        for hit in hits:
            if id(hit.view) not in new_text:
                return False
            new = new_text[id(hit.view)][hit.start : hit.end]
            old = hit.view.text[hit.start : hit.end]
            alike = bytes(was == now for was, now in zip(old, new, strict=False))
            if len(new) != len(old) or _MOST_ALIKE in alike:
                return False
        return True

    def _shown(self) -> list[tuple[View, list[int]]]:
        return [(view, self._starts[id(view)]) for view in self.views if view.kind == "screen"]

    def _around(self, hit: Hit) -> tuple[str, int, int]:
        """The text that a hit stands in, and its place there in characters."""
        starts, view = self._starts[id(hit.view)], hit.view.text
        index = bisect_right(starts, hit.start) - 1
        first = starts[index]
        last = starts[index + 1] - len(_APART) if index + 1 < len(starts) else len(view)
        start = len(view[first : hit.start].decode("utf-8", "replace"))
        end = start + len(view[hit.start : hit.end].decode("utf-8", "replace"))
        return view[first:last].decode("utf-8"), start, end


class Beginnings:
    """Where in a text something begins that may go on in the rows below: a rule's anchor, a known value's head."""

    def __init__(self, rules: RuleSet, book: Book) -> None:
        words = {_BLOCK}
        words.update(
            anchor
            for rule in rules.rules
            if rule.joins
            for anchor in rule.anchors
            if len(anchor) >= _LEAST_ANCHOR
        )
        for entry in book.entries:
            words.update(form[:_HEAD] for form in ([entry.value] if entry.mask else forms_of(entry.value)))
        self._words = Automaton(sorted(words))

    def __call__(self, text: str) -> Sequence[Beginning]:
        """The characters at which they begin."""
        encoded = text.encode("utf-8", "replace")
        hits = self._words.hits(encoded)
        if not hits:
            return ()
        starts = sorted({start for _, start, _ in hits})
        found = [(start, encoded.startswith(_BLOCK, start)) for start in starts]
        if len(encoded) == len(text):
            return found
        return [(len(encoded[:start].decode("utf-8", "replace")), boxed) for start, boxed in found]


def steps_of(timeline: Timeline, output: bytes) -> Iterator[Step]:
    """The recording again, with this output."""
    at = 0
    for step in timeline:
        if isinstance(step, int):
            yield output[at : at + step]
            at += step
        else:
            yield step


def screen_texts(timeline: Timeline, output: bytes, size: Size, worth: Worth) -> tuple[ScreenTexts, Track]:
    """All that stood on the screen, and where the cursor was."""
    found = ScreenTexts()
    track = texts(
        steps_of(timeline, output), columns=size.columns, rows=size.rows, worth=worth, take=found.take
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
