"""When a frame is taken: a function of the evidence alone (format 1, "When a frame is taken").

Output events of equal `t_ms` count as one, so cutting or merging such chunks changes no frame. Marks, mode
changes, service events, gaps and what the terminal itself answers do not count. Inside a synchronized update no
frame is taken for up to 1,000 ms; one that became due there is taken at the byte that ends the update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cassette.model import DEFAULT_SETTLE_MS, Event, Evidence, Final, Frame, Input, Output
from terminal.emulator import Emulator
from terminal.snapshot import Snapshot

PAINTING_LIMIT_MS = 1000
SYNCHRONIZED_LIMIT_MS = 1000
_COUNTED_INPUT = frozenset({"input", "paste", "resize", "signal"})


def settled(
    events: Iterable[Evidence],
    emulator: Emulator,
    *,
    settle_ms: int = DEFAULT_SETTLE_MS,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Event]:
    """The events with the settled frames between them, in the order of a cassette; each `seq` is left as it is.

    `progress` is told how many bytes of output have been drawn.
    """
    settler = _Settler(emulator, settle_ms)
    for event in events:
        yield from settler.take(event)
        if progress is not None and isinstance(event, Output):
            progress(settler.drawn)
    yield from settler.release()


class _Settler:
    """Feeds an emulator with evidence and says when its screen stands still."""

    def __init__(self, emulator: Emulator, settle_ms: int) -> None:
        self._emulator = emulator
        self._settle_ms = settle_ms
        self.drawn = 0  # bytes fed
        self._unit_ms: int | None = None  # the time of output that waits for judgement
        self._paint_start_ms: int | None = None  # first output since the last frame
        self._synchronized_since_ms: int | None = None
        self._deferred = False  # a frame became due inside a synchronized update
        self._held: list[Event] = []  # uncounted events that follow the output under judgement
        self._last: Snapshot | None = None
        self._last_end = 0

    def take(self, event: Evidence) -> Iterator[Event]:
        if not _counts(event):
            if self._unit_ms is None or event.t_ms == self._unit_ms:
                yield event
            else:
                self._held.append(event)
            return
        if self._unit_ms is not None and not (isinstance(event, Output) and event.t_ms == self._unit_ms):
            yield from self._judge(event)
        yield from self.release()
        yield event
        if isinstance(event, Output):
            yield from self._draw(event)
        elif isinstance(event, Input) and event.kind == "resize" and event.size is not None:
            self._emulator.resize(columns=event.size.columns, rows=event.size.rows)

    def release(self) -> Iterator[Event]:
        """What was held back until the frame before it was known."""
        yield from self._held
        self._held.clear()

    def _draw(self, event: Output) -> Iterator[Event]:
        if not event.data:
            return
        self._unit_ms = event.t_ms
        if self._paint_start_ms is None:
            self._paint_start_ms = event.t_ms
        base, at, size = self.drawn, 0, len(event.data)
        while at < size:
            at = self._emulator.feed_to_sync_end(event.data, at)
            self.drawn = base + at
            if not self._emulator.synchronized:
                self._synchronized_since_ms = None
                if self._deferred:
                    yield from self._frame(event.t_ms)
                    if at < size:
                        self._paint_start_ms = event.t_ms
            elif self._synchronized_since_ms is None:
                self._synchronized_since_ms = event.t_ms

    def _judge(self, following: Evidence) -> Iterator[Event]:
        """The output of one moment is complete; `following` is the next event that counts."""
        unit_ms, self._unit_ms = self._unit_ms, None
        if unit_ms is None or self._paint_start_ms is None:
            return
        painting = following.t_ms - self._paint_start_ms
        due = (
            not isinstance(following, Output)
            or following.t_ms - unit_ms >= self._settle_ms
            or painting >= PAINTING_LIMIT_MS
        )
        if not due:
            return
        since = self._synchronized_since_ms
        inside = since is not None and following.t_ms - since < SYNCHRONIZED_LIMIT_MS
        if inside and not isinstance(following, Final):
            self._deferred = True
        else:
            yield from self._frame(unit_ms)

    def _frame(self, t_ms: int) -> Iterator[Event]:
        self._deferred = False
        self._paint_start_ms = None
        screen = self._emulator.snapshot()
        if self._last is not None and same_picture(screen, self._last):
            return
        yield Frame(0, t_ms, screen, self._last_end, self.drawn)
        self._last, self._last_end = screen, self.drawn


def same_picture(one: Snapshot, other: Snapshot) -> bool:
    """Whether two screens are alike in what a frame keeps: size, text, spans, cursor and title."""
    return (
        one.lines == other.lines
        and one.cursor == other.cursor
        and one.title == other.title
        and one.columns == other.columns
        and one.rows == other.rows
    )


def _counts(event: Evidence) -> bool:
    """Whether an event takes part in the judgement of frames."""
    if isinstance(event, Input):
        return event.kind in _COUNTED_INPUT and event.source != "terminal"
    return isinstance(event, Output | Final)
