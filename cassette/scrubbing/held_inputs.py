"""Inputs that are held back until it can be told whether they were typed blind, and what of them is secret."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from cassette.model import Input
from cassette.scrubbing.hidden_input import JudgedInput, Screens, changed_by, judged
from cassette.scrubbing.rewritten_inputs import RewrittenInputs
from cassette.scrubbing.typed_events import is_typed
from scrub.hidden import Discipline, hidden_line
from scrub.known import KnownValue
from scrub.report import HitCounts
from scrub.scrubber import Scrubber
from scrub.stream import StreamScrubber, Window, output_views
from scrub.typed import typed_views
from terminal.passes import Later

_MOST_REMEMBERED = 1000
"""Inputs given out that are kept where no line ends, to judge those that follow."""


class HeldInputs:
    """`add` in order, `release` from the front. With `hide` false what was typed blind is hidden already."""

    def __init__(self, scrubber: Scrubber, discipline: Discipline, *, hide: bool, window: Window) -> None:
        self.hidden = 0
        """Hidden lines that were given out."""
        self.discipline = discipline
        """At the beginning; to be set before the first input."""
        self._book = scrubber.book
        self._hide = hide
        self._typed = StreamScrubber(
            scrubber,
            "input",
            views=lambda streams: typed_views("input", streams["input"]),
            learn=hide,
            window=window,
        )
        self._answers = StreamScrubber(scrubber, "answers", views=output_views, learn=hide, window=window)
        self._events: list[Input] = []  # the first `_given` of them are given out already
        self._rows: list[str] = []
        self._later: list[Later] = []
        self._given = 0

    @property
    def counts(self) -> tuple[HitCounts, HitCounts]:
        """What was covered in what was given out."""
        return self._typed.counts, self._answers.counts

    def add(self, event: Input, row: str) -> None:
        """One more; `row` is the text before the cursor, for one that `is_typed`."""
        self._events.append(event)
        if is_typed(event):
            self._rows.append(row)

    def look_again(self, row: str) -> None:
        """The text before the cursor soon after the last one that `is_typed`."""
        self._later.append(Later(len(self._rows) - 1, row, ()))

    def foresee(self) -> None:
        """Let what was typed blind be known, before output that may show it is given out."""
        for value in self.foreseen():
            self._book.add(value)

    def foreseen(self) -> list[KnownValue]:
        """What was typed blind, as far as that can be told by now."""
        return self._judged().values if self._hide and self._given < len(self._events) else []

    def release(self, count: int, ops: Iterator[str]) -> Iterator[Input | None]:
        """The next so many inputs, scrubbed; None for one that is dropped. `ops` is what their marks say."""
        until = self._given + count
        found = self._judged()
        kept, later = found.kept[self._given : until], found.kept[until:]
        streams = {
            typed: scrubber.through(_bytes(kept, typed=typed), _bytes(later, typed=typed)[: scrubber.behind])
            for typed, scrubber in ((True, self._typed), (False, self._answers))
        }
        inputs = RewrittenInputs(kept, streams[True], streams[False], ops)
        self.hidden += sum(event is not None and event.redacted is not None for event in kept)
        self._given = until
        self._forget()
        return (inputs.next() for _ in kept)

    def _judged(self) -> JudgedInput:
        if not self._hide:
            return JudgedInput(list(self._events))
        return judged(self._events, Screens(self._rows, later=self._later), self.discipline)

    def _forget(self) -> None:
        """Drop what was given out, up to the end of a line."""
        ends = (at for at in range(self._given - 1, -1, -1) if _ends_line(self._events[at]))
        last = next(ends, self._given - 1 if self._given > _MOST_REMEMBERED or not self._hide else -1) + 1
        for event in self._events[:last]:
            if event.kind == "mode" and event.mode is not None:
                self.discipline = changed_by(self.discipline, event)
        typed = sum(map(is_typed, self._events[:last]))
        del self._rows[:typed]
        self._later = [look.after(typed) for look in self._later if look.number >= typed]
        del self._events[:last]
        self._given -= last


def _ends_line(event: Input) -> bool:
    return is_typed(event) and bool(hidden_line(event.data)[1])


def _bytes(events: list[Input | None], *, typed: bool) -> bytes:
    return b"".join(chain(event.data for event in events if event is not None and is_typed(event) is typed))
