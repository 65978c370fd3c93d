"""Whether evidence is fresh, from its own words and a given time.

A moment in the future is not fresh, and no skew of clocks is allowed for: evidence from tomorrow is dated by nobody.
What is missing or cannot be read makes it `unknown`, and unknown evidence supports nothing, whatever it wishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from cassette.capability.names import BEHAVIORS, DEFAULT_BEHAVIOR, Behavior
from cassette.durations import BadDuration, parse_duration
from cassette.errors import UsageError

State: TypeAlias = Literal["fresh", "stale", "unknown"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old evidence is, at one moment."""

    state: State
    why: str
    """One clause for a message; empty when it is fresh."""
    behavior: Behavior
    captured_at: datetime | None = None
    window_s: float | None = None
    until: datetime | None = None
    """The last moment at which it is fresh; None when that is unknown, or beyond the calendar."""

    @property
    def usable(self) -> bool:
        """Whether it may support an answer: fresh, or stale and meant to be used all the same."""
        return self.state == "fresh" or (self.state == "stale" and self.behavior != "refuse")


def judge(captured_at: object, window: object, behavior: object, *, now: datetime) -> Freshness:
    """The freshness of evidence with these fields, at `now` (which has a time zone)."""
    wish: Behavior = behavior if behavior in BEHAVIORS else DEFAULT_BEHAVIOR
    moment, why = _moment(captured_at)
    if moment is None:
        return Freshness("unknown", why, wish)
    try:
        window_s = parse_duration(window)
    except BadDuration:
        why = "it has no freshness_window" if window in (None, "") else f"its freshness_window is {window!r}"
        return Freshness("unknown", why, wish, moment)
    age_s = (now - moment).total_seconds()
    until = _until(moment, window_s)
    if age_s < 0:
        why = f"it is dated {in_utc(moment)}, which is in the future"
        return Freshness("unknown", why, wish, moment, window_s, until)
    if age_s > window_s:
        why = f"it was fresh until {in_utc(until)}"
        return Freshness("stale", why, wish, moment, window_s, until)
    return Freshness("fresh", "", wish, moment, window_s, until)


def in_utc(moment: datetime | None) -> str:
    """A moment for a message."""
    return "unknown" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def moment_of(text: str | None, *, present: datetime | None = None) -> datetime:
    """The moment that a person names: ISO 8601 with a time zone, or `+24h` from now on; now for None.

    Raises UsageError.
    """
    present = present or datetime.now(UTC)
    if text is None:
        return present
    if text[:1] in ("+", "-"):
        try:
            ahead = timedelta(seconds=parse_duration(text[1:]))
            return present + ahead if text[0] == "+" else present - ahead
        except BadDuration as error:
            raise UsageError(what=f"--now {text}: {error}.") from None
        except OverflowError:
            raise UsageError(what=f"--now {text} is beyond the calendar. Give less.") from None
    moment, _ = _moment(text)
    if moment is None:
        raise UsageError(
            what=f"--now {text}: that is no moment. Write 2026-11-21T12:00:00Z, with a time zone, or +24h."
        )
    return moment


def _moment(text: object) -> tuple[datetime | None, str]:
    """A moment of ISO 8601 with its time zone, or why there is none."""
    if text is None or text == "":
        return None, "it has no captured_at"
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None:
        return None, f"its captured_at is {text!r}"
    if moment.utcoffset() is None:
        return None, f"its captured_at {text!r} has no time zone"
    return moment, ""


def _until(moment: datetime, window_s: float) -> datetime | None:
    try:
        return moment + timedelta(seconds=window_s)
    except OverflowError:
        return None
