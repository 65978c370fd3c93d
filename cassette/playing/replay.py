"""Hands the events of a cassette to a sink, paced on a clock. Order is by `seq`; `t_ms` only paces.

Changes of timing are generators over `Paced` that compose; the events themselves stay as they were recorded.
Each wait is for an absolute moment, so that errors do not add up. Nothing here is shared: many replays of one
cassette may run at the same time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from cassette.clock import Clock, MonotonicClock
from cassette.errors import Cancelled, UsageError
from cassette.model import Event

MODES = ("realtime", "scaled", "collapsed")
Sink: TypeAlias = Callable[[Event], object]
"""Takes one event; what it raises ends the replay."""


class Paced(NamedTuple):
    """An event and when it is due, in milliseconds since the replay began."""

    due_ms: float
    event: Event


def replay(
    events: Iterable[Event],
    sink: Sink,
    *,
    mode: str = "realtime",
    scale: float = 1.0,
    clock: Clock | None = None,
    cancelled: threading.Event | None = None,
    start_ms: int = 0,
    end_ms: int | None = None,
    idle_limit_ms: int | None = None,
) -> None:
    """Call `sink(event)` for each event, in order, when it is due.

    `mode` is `realtime`, `scaled` (each delay times `scale`: 0.5 is twice as fast) or `collapsed` (no delay).
    What was before `start_ms` comes at once (a screen needs it), what is after `end_ms` does not come at all;
    both are times of the recording. No wait is longer than `idle_limit_ms` times the scale. When `cancelled` is
    set, also while waiting, Cancelled is raised. A bad argument raises UsageError.
    """
    _check(mode, scale, start_ms, end_ms, idle_limit_ms)
    paced = window(in_order(events), start_ms=start_ms, end_ms=end_ms)
    if idle_limit_ms is not None:
        paced = cap_idle(paced, idle_limit_ms)
    paced = scaled(paced, {"realtime": 1.0, "scaled": scale, "collapsed": 0.0}[mode])
    clock = clock or MonotonicClock()
    began = clock.now()
    for due_ms, event in paced:
        if cancelled is not None and cancelled.is_set():
            raise Cancelled(seq=event.seq)
        if due_ms > 0 and not clock.sleep_until(began + due_ms / 1000, cancelled):
            raise Cancelled(seq=event.seq)
        sink(event)


def in_order(events: Iterable[Event]) -> Iterator[Paced]:
    """Each event, due at its `t_ms`. Raises UsageError where `seq` steps back."""
    last = 0
    for event in events:
        if event.seq < last:
            raise UsageError(
                what=f"event {event.seq} comes after event {last}. Give the events in the order of seq."
            )
        last = event.seq
        yield Paced(event.t_ms, event)


def window(paced: Iterable[Paced], *, start_ms: int = 0, end_ms: int | None = None) -> Iterator[Paced]:
    """From `start_ms` on, up to and including `end_ms`; what was before comes at once."""
    for due_ms, event in paced:
        if end_ms is not None and due_ms > end_ms:
            return
        yield Paced(max(0.0, due_ms - start_ms), event)


def cap_idle(paced: Iterable[Paced], limit_ms: int) -> Iterator[Paced]:
    """No event later than `limit_ms` after the one before it."""
    previous = removed = 0.0
    for due_ms, event in paced:
        removed += max(0.0, due_ms - previous - limit_ms)
        previous = due_ms
        yield Paced(due_ms - removed, event)


def scaled(paced: Iterable[Paced], scale: float) -> Iterator[Paced]:
    """Every delay times `scale`."""
    return (Paced(due_ms * scale, event) for due_ms, event in paced)


def _check(mode: str, scale: float, start_ms: int, end_ms: int | None, idle_limit_ms: int | None) -> None:
    if mode not in MODES:
        raise UsageError(what=f"there is no replay mode {mode!r}. Use one of {', '.join(MODES)}.")
    if not (math.isfinite(scale) and scale > 0):
        raise UsageError(
            what=f"a scale of {scale} has no meaning. Give a number above 0; 0.5 is twice as fast."
        )
    if scale != 1.0 and mode != "scaled":
        raise UsageError(what=f"a scale has no meaning in mode {mode}. Give mode scaled with it.")
    if start_ms < 0 or (end_ms is not None and end_ms < start_ms):
        raise UsageError(
            what=f"there is no time from {start_ms} to {end_ms} ms. Give a start before the end."
        )
    if idle_limit_ms is not None and idle_limit_ms < 0:
        raise UsageError(what=f"an idle limit of {idle_limit_ms} ms has no meaning. Give 0 or more.")
