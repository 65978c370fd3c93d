"""The engine: views in, rewrites out. Discover, sweep, rewrite, check; no I/O, no terminal.

A rewritten recording is read again in every view. What is found then is rewritten too, and when that does not
end, nothing is given out: `SecretsLeft` is raised, and never holds a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

from scrub.known import Book, KnownValue, discovered
from scrub.placeholder import Width, last_number, width_of
from scrub.report import HitCounts
from scrub.rewrite import Rewriter
from scrub.rows import RowJoiner
from scrub.rules import RuleSet
from scrub.sweep import Hit, Sweep
from scrub.table import default_rules
from scrub.views import NO_SEAMS, SeamsAtEnds, View, raw_view

Views = Callable[[Mapping[str, bytes]], Iterable[View]]
"""Reads streams (name -> bytes) in every way there is. Called again with the rewritten streams."""

_MUCH_MORE = 8  # than a search was built for
_ROUNDS = 4  # a placeholder can form another known value, which the next round covers with stars


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that is still there: its kind and origin, never its value, and where it shows."""

    kind: str
    origin: str
    form: str
    view: str
    stream: str
    offset: int


def leak_of(hit: Hit) -> Leak:
    """A hit as it may be told."""
    return Leak(hit.entry.kind, hit.entry.origin, hit.form, hit.view.kind, hit.view.stream, hit.start)


class SecretsLeft(Exception):
    """Secrets would still be there after scrubbing. `leaks` says which and where."""

    def __init__(self, leaks: list[Leak]) -> None:
        self.leaks = leaks
        first = leaks[0]
        super().__init__(
            f"{len(leaks)} secrets would be left; the first: {first.kind} ({first.origin}, {first.form}) in "
            f"{first.stream} at byte {first.offset} of its view {first.view!r}"
        )


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """Streams without secrets, of the same lengths, and what was done. `book` is for further streams."""

    streams: dict[str, bytes]
    counts: HitCounts
    book: Book


class Scrubber:
    """Finds secrets in views and covers them. One for each cassette, since it numbers the secrets.

    `known` are values known beforehand. `width` tells the cells of a character; give the terminal's own table.
    `find_more` are further finders, such as an organisation's rules: view -> known values.
    """

    def __init__(
        self,
        rules: RuleSet | None = None,
        known: Iterable[KnownValue] = (),
        *,
        width: Width = width_of,
        find_more: Iterable[Callable[[View], Iterable[KnownValue]]] = (),
    ) -> None:
        self.rules = rules if rules is not None else default_rules()
        self.book = Book(known)
        self._width = width
        self._rows = RowJoiner(self.rules)
        self._raw_rules = self.rules.for_raw
        self._find_more = tuple(find_more)
        self._numbers: dict[int, int] = {}
        self._last_number = 0  # of the placeholders that were there before
        self._swept: tuple[int, int, Sweep] | None = None  # for which book and how many bytes

    def copy(self) -> Self:
        """One that knows the same, with the same numbers, and goes its own way."""
        twin = copy(self)
        twin.book = copy(self.book)
        twin.book.__dict__ = {name: copy(value) for name, value in self.book.__dict__.items()}
        twin._numbers = dict(self._numbers)
        return twin

    def completed(self, views: Iterable[View], streams: Mapping[str, bytes]) -> list[View]:
        """The views with those added that follow from them: broken lines joined, and the raw bytes, last."""
        given = list(views)
        joined = [more for view in given if view.kind == "text" for more in self._rows.views(view)]
        return [*given, *joined, *(raw_view(name, data) for name, data in streams.items())]

    def discover(self, views: Iterable[View]) -> int:
        """Let the rules look at the views; what they find becomes known. How many values are new."""
        before = len(self.book)
        for view in views:
            if view.discover:
                for known in self.found(view):
                    self.book.add(known)
        return len(self.book) - before

    def found(self, view: View, before: int | None = None) -> Iterator[KnownValue]:
        """What the rules find in one view, an organisation's first, since theirs is the name that it looks for.

        With `before`, ours find only what begins before that byte of the stream.
        """
        for finder in self._find_more:
            yield from finder(view)
        # Raw bytes have no words that another view would not show better; only tokens by themselves.
        rules = self._raw_rules if view.kind == "raw" else self.rules
        yield from discovered(rules, self._with_ends(view), before)

    def _with_ends(self, view: View) -> View:
        """A view whose rows were joined by a guess: a value that is known for certain ends where a row does."""
        if view.seams is NO_SEAMS:
            return view
        return replace(view, seams=SeamsAtEnds(view.seams, view.text, lambda: self.book.certain))

    def sweep(self, views: Iterable[View]) -> list[Hit]:
        """Where every known value stands, in every form, in the views. Empty when nothing is known."""
        if not len(self.book):
            return []
        seen = list(views)
        size = sum(len(view.text) for view in seen)
        if self._swept is None or self._swept[0] != self.book.version or size > _MUCH_MORE * self._swept[1]:
            self._swept = (self.book.version, size, Sweep(self.book, size))
        sweep = self._swept[2]
        hits: list[Hit] = []
        for view in seen:
            if view.kind != "raw":  # what stands there whole stands in a better view, too
                self._last_number = max(self._last_number, last_number(view.text))
            hits.extend(sweep.hits(view))
        return hits

    def rewrite(self, streams: Mapping[str, bytes], hits: list[Hit]) -> tuple[dict[str, bytes], list[Hit]]:
        """The streams with every hit covered, lengths and widths kept, and the hits that covered something."""
        return Rewriter(streams, self._width, self._numbers, self._last_number).rewrite(hits)

    def check(self, views: Iterable[View]) -> list[Leak]:
        """What of the known values is in the views. Empty is good."""
        return [leak_of(hit) for hit in self.sweep(views)]

    def scrub(self, streams: Mapping[str, bytes], views: Views) -> Scrubbed:
        """Scrub whole streams. SecretsLeft when the check finds anything after it.

        `views` is asked for the views of the streams, and again for those of each rewritten version; where
        nothing was found it is asked once. `Views` must give every view in which a secret could be read;
        `completed` adds the rest.
        """
        counts = HitCounts()
        current = dict(streams)
        leaks: list[Leak] = []
        for _ in range(_ROUNDS):
            rewritten, leaks = self._round(current, views, counts)
            if not leaks:
                return Scrubbed(current, counts, self.book)
            if rewritten == current:
                break
            current = rewritten
        raise SecretsLeft(leaks)

    def _round(
        self, streams: Mapping[str, bytes], views: Views, counts: HitCounts
    ) -> tuple[dict[str, bytes], list[Leak]]:
        """The streams rewritten once, and what was there before. The views are gone when it returns."""
        seen = self.completed(views(streams), streams)
        self.discover(seen)
        hits = self.sweep(seen)
        if not hits:
            return dict(streams), []
        rewritten, effective = self.rewrite(streams, hits)
        counts.count(effective)
        return rewritten, [leak_of(hit) for hit in hits]
