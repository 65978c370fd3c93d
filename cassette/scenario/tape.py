"""A cassette as assertions look at it: every event by its `seq`, the screens that stood at a moment.

Nothing is read twice: one pass over the events when it is first needed. A screen is only ever given with the
moment from which it stood, and never one that came later than what was asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cassette.model import Final, Frame, Input, Output, ServiceEvent, Size
from cassette.reading.moments import Moment, format_time
from cassette.reading.screens import is_size

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette


@dataclass(frozen=True, slots=True)
class Chunk:
    """One output event without its bytes."""

    seq: int
    t_ms: int
    offset: int
    length: int


class Tape:
    """The events of one open cassette. Raises Damaged as the reader does."""

    def __init__(self, cassette: Cassette) -> None:
        self.cassette = cassette
        self.times = array("q")
        self.frames: list[Frame] = []
        self.inputs: list[Input] = []
        self.outputs: list[Chunk] = []
        self.services: list[ServiceEvent] = []
        for event in cassette.events():
            self._add(event)

    def _add(self, event: Input | Output | Frame | ServiceEvent | Final) -> None:
        self.times.append(event.t_ms)
        if isinstance(event, Frame):
            self.frames.append(event)
        elif isinstance(event, Input):
            self.inputs.append(event)
        elif isinstance(event, Output):
            self.outputs.append(Chunk(event.seq, event.t_ms, event.offset, len(event.data)))
        elif isinstance(event, ServiceEvent):
            self.services.append(event)

    @property
    def final(self) -> Final:
        """The last event."""
        return self.cassette.final

    @property
    def end_ms(self) -> int:
        """When the last event was."""
        return self.final.t_ms

    def time_of(self, seq: int) -> int:
        """When an event was; 0 before the first."""
        return self.times[seq - 1] if seq > 0 else 0

    def first_from(self, t_ms: int) -> int:
        """The first event at or after a time, by `seq`."""
        return bisect_left(self.times, t_ms) + 1

    def last_by(self, t_ms: int) -> int:
        """The last event at or before a time, by `seq`; 0 when there is none."""
        return bisect_right(self.times, t_ms)

    def standing(self, seq: int, *, exact: bool = False) -> Moment | None:
        """The screen that stood right after an event, with the moment from which it did; None before the first."""
        seqs = self._painted if exact else self._framed
        number = bisect_right(seqs, seq)
        return self._moment(number - 1, exact) if number else None

    def standing_at(self, t_ms: int) -> Moment | None:
        """The screen that stood at a time; that of the very millisecond is no later one."""
        return self.standing(self.last_by(t_ms))

    def looks(self, after: int, last: int, *, exact: bool = False) -> Iterator[Moment]:
        """The screen that stood after the event `after`, then every other one up to the event `last`."""
        seqs = self._painted if exact else self._framed
        for number in range(max(0, bisect_right(seqs, after) - 1), bisect_right(seqs, last)):
            yield self._moment(number, exact)

    def painted_within(self, first: int, last: int, *, exact: bool = False) -> bool:
        """Whether a screen came up in a run of events."""
        seqs = self._painted if exact else self._framed
        return bisect_left(seqs, first) < bisect_right(seqs, last)

    def size_at(self, seq: int) -> Size:
        """The terminal's size right after an event."""
        size = self.cassette.size
        for event in self.inputs:
            if event.seq <= seq and event.size is not None and is_size(event.size):
                size = event.size
        return size

    def place_of_byte(self, offset: int) -> Chunk | None:
        """The output event that wrote the byte at an offset of `output.raw`."""
        number = bisect_right(self._offsets, offset)
        return self.outputs[number - 1] if number else None

    def first_screen_words(self) -> str:
        """When the first screen was taken, for a message."""
        if not self.frames:
            return "the recording has no screens at all"
        return f"the first screen came at {format_time(self.frames[0].t_ms)} s (seq {self.frames[0].seq})"

    def _moment(self, number: int, exact: bool) -> Moment:
        if not exact:
            frame = self.frames[number]
            return Moment(frame.t_ms, frame.seq, frame.screen)
        seq = self._painted[number]
        return Moment(self.time_of(seq), seq, self.cassette.screen_at(seq=seq, exact=True))

    @cached_property
    def _framed(self) -> array[int]:
        return array("q", (frame.seq for frame in self.frames))

    @cached_property
    def _painted(self) -> array[int]:
        resizes = [event.seq for event in self.inputs if event.kind == "resize"]
        return array("q", sorted([*resizes, *(chunk.seq for chunk in self.outputs)]))

    @cached_property
    def _offsets(self) -> array[int]:
        return array("q", (chunk.offset for chunk in self.outputs))
