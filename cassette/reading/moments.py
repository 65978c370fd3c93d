"""Moments of a recording as a person gives them, and the screens that stand there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cassette.errors import UsageError

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette
    from terminal.snapshot import Snapshot

_TIME = re.compile(
    r"(?:(?:(?P<hours>\d{1,6}):)?(?P<minutes>\d{1,6}):)?(?P<seconds>\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})s?\Z",
    re.ASCII,
)
_MILLISECONDS = re.compile(r"(\d{1,15})ms\Z", re.ASCII)


class Moment(NamedTuple):
    """A screen, and the event after which it stood: a frame's, or with `exact` any event's."""

    t_ms: int
    seq: int
    """0 before the first event."""
    screen: Snapshot


def parse_time(text: str, option: str) -> int:
    """Milliseconds of `1.5`, `1.5s`, `1500ms`, `1:02.5` or `1:00:00`. Raises UsageError, naming the option."""
    if found := _MILLISECONDS.match(text):
        return int(found[1])
    if found := _TIME.match(text):
        hours, minutes, seconds = (
            int(found["hours"] or 0),
            int(found["minutes"] or 0),
            float(found["seconds"]),
        )
        if (found["minutes"] is None or seconds < 60) and (found["hours"] is None or minutes < 60):
            return (hours * 60 + minutes) * 60_000 + round(seconds * 1000)
    raise UsageError(what=f"{option} {text}: that is no time. Give seconds (1.5), 1500ms or 1:02.5.")


def format_time(t_ms: int) -> str:
    """Seconds with three places; from a minute on, minutes too."""
    minutes, ms = divmod(t_ms, 60_000)
    if not minutes:
        return f"{ms / 1000:.3f}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{ms / 1000:06.3f}" if hours else f"{minutes}:{ms / 1000:06.3f}"


def moment_at(
    tape: Cassette, *, t_ms: int | None = None, seq: int | None = None, exact: bool = False
) -> Moment:
    """The screen at a time or an event (the end, when neither is given)."""
    if t_ms is None and seq is None:
        seq = tape.final.seq
    if seq is not None and seq > tape.final.seq:
        raise UsageError(what=f"--seq {seq}: the last event is {tape.final.seq}. See cassette events.")
    screen = tape.screen_at(t_ms=t_ms, seq=seq, exact=exact)
    at_ms = at_seq = 0
    for event in tape.events() if exact else tape.frames():
        if event.seq > seq if seq is not None else event.t_ms > (t_ms or 0):
            break
        at_ms, at_seq = event.t_ms, event.seq
    return Moment(at_ms, at_seq, screen)


def first_with(tape: Cassette, text: str, *, exact: bool = False) -> Moment | None:
    """The first settled frame (with `exact` the first event) whose screen has `text`; None when it never comes."""
    if not exact:
        frames = (Moment(frame.t_ms, frame.seq, frame.screen) for frame in tape.frames())
        return next((moment for moment in frames if _has(moment.screen, text)), None)
    for event in tape.outputs():
        screen = tape.screen_at(seq=event.seq, exact=True)
        if _has(screen, text):
            return Moment(event.t_ms, event.seq, screen)
    return None


def _has(screen: Snapshot, text: str) -> bool:
    return text in "\n".join(screen.text)
