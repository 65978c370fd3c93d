"""Where a replay stands: events played so far, the screen that they drew, virtual time. It only goes forward.

Nothing is executed and nothing waits, but for the pace that was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cassette.clock import Clock, MonotonicClock
from cassette.emulators import emulator_at_hand
from cassette.errors import UsageError
from cassette.model import Evidence, Input, Output, ServiceEvent, Size
from cassette.playing.replay import MODES
from cassette.playing.timeline import Stop, Timeline
from cassette.reading.screens import is_size

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette
    from terminal.emulator import Emulator
    from terminal.modes import Modes
    from terminal.snapshot import Snapshot


class Pace:
    """Sleeps to the moments of the recording, times a factor; a factor of 0 never sleeps."""

    def __init__(self, mode: str = "collapsed", scale: float = 1.0, clock: Clock | None = None) -> None:
        if mode not in MODES:
            raise UsageError(what=f"there is no replay mode {mode!r}. Use one of {', '.join(MODES)}.")
        if not (math.isfinite(scale) and scale > 0) or (scale != 1.0 and mode != "scaled"):
            raise UsageError(
                what=f"a scale of {scale} has no meaning in mode {mode}. Give a number above 0 with scaled."
            )
        self._factor = {"collapsed": 0.0, "realtime": 1.0, "scaled": scale}[mode] / 1000
        self._clock = clock or MonotonicClock()
        self._origin = self._clock.now()

    def reach(self, t_ms: float) -> None:
        """Sleep until that moment of the recording is due."""
        if self._factor:
            self._clock.sleep_until(self._origin + t_ms * self._factor)

    def anchor(self, t_ms: float) -> None:
        """That moment is now, if it is overdue: what took the driver long is not made up for by hurrying."""
        if self._factor:
            self._origin = max(self._origin, self._clock.now() - t_ms * self._factor)


class Playhead:
    """A place on a timeline, and the screen there."""

    def __init__(self, tape: Cassette, timeline: Timeline, pace: Pace) -> None:
        self._emulator_name = tape.manifest.terminal.emulator.name
        self._initial_size = tape.size
        self._timeline = timeline
        self.pace = pace
        self._restart()

    def _restart(self) -> None:
        self.at = 0
        self.raw_end = 0
        """Bytes of `output.raw` played so far."""
        self.now_ms: float = 0
        self.size = self._initial_size
        self.asked = False
        """A query of the program's has been played that no answer has followed."""
        self.gaps: list[ServiceEvent] = []
        self._emulator: Emulator = emulator_at_hand(self._emulator_name, self.size)
        self._snapshot: Snapshot | None = None

    @property
    def ended(self) -> bool:
        """Everything has been played."""
        return self.at > self._timeline.end

    @property
    def modes(self) -> Modes:
        """The terminal's modes here."""
        return self._emulator.modes

    @property
    def synchronized(self) -> bool:
        """Inside a synchronized update."""
        return self._emulator.synchronized

    def snapshot(self) -> Snapshot:
        """The screen here."""
        if self._snapshot is None:
            self._snapshot = self._emulator.snapshot()
        return self._snapshot

    def play_to(self, index: int) -> None:
        """Play all events before `index`."""
        for event in self._timeline.events[self.at : index]:
            self._play(event)
        self.at = max(self.at, index)

    def play_unit(self, limit: int) -> bool:
        """Play the output of the next moment that has some, and what is before it; False when none is left."""
        first = self._timeline.next_output(self.at, limit)
        if first is None:
            return False
        self.play_to(self._timeline.unit_end(first, limit))
        return True

    def next_output_ms(self, limit: int) -> int | None:
        """When the next output comes, of those before `limit`."""
        first = self._timeline.next_output(self.at, limit)
        return None if first is None else self._timeline.events[first].t_ms

    def pass_time(self, until_ms: float) -> None:
        """Let virtual time pass without playing anything."""
        if until_ms > self.now_ms:
            self.now_ms = until_ms
            self.pace.reach(until_ms)

    def rewind(self, at: int, now_ms: float) -> None:
        """Stand where this playhead stood before, drawn anew; costs no time and is for rare cases."""
        pace, self.pace = self.pace, Pace()
        self._restart()
        self.play_to(at)
        self.pace, self.now_ms = pace, now_ms

    def _play(self, event: Evidence) -> None:
        self.pass_time(event.t_ms)
        if isinstance(event, Output):
            if event.data:
                self._emulator.feed(event.data)
                self.asked = bool(self._emulator.replies()) or self.asked
                self.raw_end = event.offset + len(event.data)
                self._snapshot = None
        elif isinstance(event, Input):
            if event.kind == "resize" and event.size is not None and is_size(event.size):
                self._emulator.resize(columns=event.size.columns, rows=event.size.rows)
                self.size, self._snapshot = Size(event.size.columns, event.size.rows), None
        elif isinstance(event, ServiceEvent) and event.is_gap:
            self.gaps.append(event)


def screens_before_inputs(
    tape: Cassette, counts: Callable[[Input], bool]
) -> Iterator[tuple[Stop | None, Snapshot]]:
    """Each input that `counts`, with the screen right before it; at last None with the screen at the end."""
    timeline = Timeline(tape, counts)
    head = Playhead(tape, timeline, Pace())
    for stop in timeline.stops:
        head.play_to(stop.index)
        yield stop, head.snapshot()
    head.play_to(timeline.end + 1)
    yield None, head.snapshot()
