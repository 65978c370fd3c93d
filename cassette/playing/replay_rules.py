"""Where waits and looks of a replay stand: at the mark that the recording has of them, else by a live session's rules.

All of it on virtual time, in a window that ends at the next input which has not been sent (`limit`, an index). Nothing
here knows messages or inputs. Output of one moment is one step, so that no cut of the recorded bytes changes a result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from cassette.playing.playhead import Playhead
from cassette.playing.timeline import Stop, Timeline

if TYPE_CHECKING:
    from terminal.snapshot import Snapshot

PAINTING_LIMIT_MS = 1000
"""After so much painting a look takes the screen as it is."""
TIMED_OUT = "-timeout"
"""Ends the name of a mark where a live wait gave up."""
Matches: TypeAlias = "Callable[[Snapshot], object]"
Reached: TypeAlias = Literal["stood", "timed-out", None]
"""At a mark where the driver stood, at one where its wait timed out, or at none: then nothing was played."""


class Rules:
    """Moves one playhead."""

    def __init__(self, head: Playhead, timeline: Timeline, settle_ms: int) -> None:
        self._head = head
        self._timeline = timeline
        self._settle_ms = settle_ms

    def to_mark(self, op: str, limit: int) -> Reached:
        """Go to the next mark, if it is one of `op`."""
        mark = self._timeline.mark_from(self._head.at, limit)
        if mark is None or self._timeline.op(mark) not in (op, op + TIMED_OUT):
            return None
        self._head.play_to(mark + 1)
        return "stood" if self._timeline.op(mark) == op else "timed-out"

    def to_timeout(self, op: str, limit: int) -> bool:
        """Go to the next mark, if a wait of the name `op` timed out there."""
        mark = self._timeline.mark_from(self._head.at, limit)
        if mark is None or self._timeline.op(mark) != op + TIMED_OUT:
            return False
        self._head.play_to(mark + 1)
        return True

    def to_settled(self, limit: int) -> None:
        """Play on to the next moment when the program has stopped painting."""
        began: float | None = None
        while (due := self._head.next_output_ms(limit)) is not None:
            if began is not None and not self._head.synchronized:
                quiet = due - self._head.now_ms >= self._settle_ms
                if quiet or due - began >= PAINTING_LIMIT_MS:
                    return
            self._head.play_unit(limit)
            began = self._head.now_ms if began is None else began

    def to_quiet(self, quiet_ms: int, limit: int) -> None:
        """Play on to where nothing comes for `quiet_ms`, or nothing comes any more."""
        while (due := self._head.next_output_ms(limit)) is not None:
            if due - self._head.now_ms >= quiet_ms:
                self._head.pass_time(self._head.now_ms + quiet_ms)
                return
            self._head.play_unit(limit)

    def wait_at_marks(self, matches: Matches, limit: int) -> Reached:
        """Go to the first mark of a `wait_for` that satisfies this one; where there is none, stay."""
        at, now_ms = self._head.at, self._head.now_ms
        while (reached := self.to_mark("wait_for", limit)) is not None:
            if matches(self._head.snapshot()):
                return "stood"
            if reached == "timed-out":
                return reached
        if self._head.at != at:
            self._head.rewind(at, now_ms)
        return None

    def wait(self, matches: Matches, limit: int) -> bool:
        """Play on until the match has held for `settle_ms`, or nothing more comes; False when there is none then."""
        held_since: float | None = None
        while True:
            due = self._head.next_output_ms(limit)
            if not matches(self._head.snapshot()):
                held_since = None
            elif held_since is None:
                held_since = self._head.now_ms
            if due is None:
                return held_since is not None
            if held_since is not None and due - held_since >= self._settle_ms:
                self._head.pass_time(held_since + self._settle_ms)
                return True
            self._head.play_unit(limit)

    def pass_time(self, ms: float, limit: int) -> None:
        """Play what comes in the next `ms`; not past a mark, for the driver stood there after its pause."""
        until = self._head.now_ms + ms
        mark = self._timeline.mark_from(self._head.at, limit)
        limit = limit if mark is None else mark
        while (due := self._head.next_output_ms(limit)) is not None and due <= until:
            self._head.play_unit(limit)
        self._head.pass_time(min(until, self._timeline.events[limit].t_ms))


def first_that_brings(scout: Playhead, stops: Sequence[Stop], end: int, matches: Matches) -> Stop | None:
    """The first of these inputs after which a screen matches, before the next of them; moves the playhead."""
    limits = [*(stop.index for stop in stops[1:]), end]
    for stop, limit in zip(stops, limits, strict=False):
        scout.play_to(stop.index + 1)
        while scout.play_unit(limit):
            try:
                if matches(scout.snapshot()):
                    return stop
            except Exception:  # a predicate that is not made for these screens
                return None
    return None
