"""The evidence of a cassette in order, and its stops: where the recorded program was given something by its driver.

Pure and complete in memory; nothing here plays. What a terminal sends by itself is no stop, nor is a resize to the
size that there is already.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from cassette.model import Evidence, Final, Input, Output, Size
from terminal.queries import split_answers

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette


@dataclass(frozen=True, slots=True)
class Stop:
    """An input that the driver has to send: its index among the events, and its line in `input.jsonl` (from 1)."""

    index: int
    line: int
    event: Input


class Timeline:
    """Events by index; the last one is the Final."""

    def __init__(self, tape: Cassette, counts: Callable[[Input], bool]) -> None:
        """Read the events of `tape`; `counts` says which of the driver's inputs are stops."""
        self.final = tape.final
        events: list[Evidence] = [*tape.inputs(), *tape.outputs(), *tape.service_events()]
        self.events: list[Evidence] = [*sorted(events, key=attrgetter("seq")), tape.final]
        self.end = len(self.events) - 1
        """The index of the Final."""
        self.stops: list[Stop] = []
        self._marks: list[int] = []
        self._find(tape.size, counts)

    def _find(self, size: Size, counts: Callable[[Input], bool]) -> None:
        line = 0
        for index, event in enumerate(self.events):
            if not isinstance(event, Input):
                continue
            line += 1
            if event.kind == "mark":
                self._marks.append(index)
            elif _is_the_drivers(event, size) and counts(event):
                self.stops.append(Stop(index, line, event))
            size = event.size or size

    def mark_from(self, index: int, limit: int) -> int | None:
        """The first mark at `index` or later, before `limit`."""
        at = bisect_left(self._marks, index)
        return self._marks[at] if at < len(self._marks) and self._marks[at] < limit else None

    def op(self, index: int) -> str:
        """What the driver did at a mark."""
        event = self.events[index]
        return event.op or "" if isinstance(event, Input) else ""

    def next_output(self, index: int, limit: int) -> int | None:
        """The first output with bytes at `index` or later, before `limit`."""
        for at in range(index, limit):
            event = self.events[at]
            if isinstance(event, Output) and event.data:
                return at
        return None

    def unit_end(self, first: int, limit: int) -> int:
        """Behind the last output of the moment of output `first`: chunks of one `t_ms` are one, however cut."""
        t_ms, end = self.events[first].t_ms, first + 1
        for at in range(first + 1, limit):
            event = self.events[at]
            if event.t_ms != t_ms or isinstance(event, Final):
                break
            if isinstance(event, Output):
                end = at + 1
        return end


def _is_the_drivers(event: Input, size: Size) -> bool:
    """Whether an input is one that somebody or a script gave, and that does something."""
    if event.kind == "resize":
        return event.size is not None and event.size != size
    if event.kind == "signal":
        return True
    if event.kind not in ("input", "paste") or not event.data or event.source == "terminal":
        return False
    # Another writer may not say the source: what a terminal answers looks like nothing that a person types.
    return event.source is not None or not all(answer for answer, _ in split_answers(event.data))
