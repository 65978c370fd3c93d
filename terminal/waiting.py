"""Waiting for a screen: on a clock, woken by output, never by looking again and again.

Whoever receives the program's output calls `Waiter.notify` from its own thread; whoever waits looks at the
screen in the caller's thread. Times are in milliseconds, of whatever clock the waiter was given.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

from terminal.snapshot import Snapshot

What: TypeAlias = "str | re.Pattern[str] | Callable[[Snapshot], object]"
DEFAULT_TIMEOUT_MS = 10_000
DEFAULT_QUIET_MS = 100


class WaitClock(Protocol):
    """Time, and how to sleep in it."""

    def now_ms(self) -> float:
        """Milliseconds from an arbitrary start; never goes back."""

    def sleep(self, condition: threading.Condition, until_ms: float) -> None:
        """Release `condition`, and return when it is notified or the moment has come."""


class SystemClock:
    """Real time."""

    def now_ms(self) -> float:
        """Milliseconds of the monotonic clock."""
        return time.monotonic() * 1000

    def sleep(self, condition: threading.Condition, until_ms: float) -> None:
        """Wait on the condition."""
        condition.wait(max(0.0, until_ms - self.now_ms()) / 1000)


class WaitError(Exception):
    """A wait ended without what was waited for; `snapshot` is the last screen, the message shows it."""

    def __init__(
        self, reason: str, what: str, waited_ms: float, changed_ms: float, snapshot: Snapshot
    ) -> None:
        self.what = what
        self.waited_ms = waited_ms
        self.last_changed_ms = changed_ms
        self.snapshot = snapshot
        super().__init__(
            f"{reason} {what} (waited {waited_ms / 1000:.1f} s; the screen last changed "
            f"{changed_ms / 1000:.1f} s ago). The screen:\n{framed(snapshot)}"
        )


class WaitTimeoutError(WaitError, TimeoutError):
    """The time is up."""


class WaitEndedError(WaitError):
    """The program ended first."""


class Waiter:
    """Waits on one screen. `look` draws what has come so far and returns the screen; only waiters call it."""

    def __init__(self, look: Callable[[], Snapshot], clock: WaitClock | None = None) -> None:
        self._look = look
        self._clock = clock or SystemClock()
        self._condition = threading.Condition()
        self._news = 0
        self._ended = False
        self._last: Snapshot | None = None
        self._changed_at = self._clock.now_ms()

    def notify(self, *, ended: bool = False) -> None:
        """Output has come, or the program has ended. From any thread."""
        with self._condition:
            self._news += 1
            self._ended = self._ended or ended
            self._condition.notify_all()

    def wait_for(self, what: What, *, timeout_ms: float = DEFAULT_TIMEOUT_MS) -> Snapshot:
        """The first screen seen that shows `what`: a text, a pattern (over the rows joined by newlines) or a
        predicate of the snapshot. A screen in the middle of a synchronized update does not count.

        Raises `WaitTimeoutError`, or `WaitEndedError` when the program ended and the screen stays without it.
        """
        matches, name = matcher(what)
        return self._wait(lambda screen, _quiet: matches(screen), f"for {name}", timeout_ms, None)

    def wait_for_stable(
        self, *, quiet_ms: float = DEFAULT_QUIET_MS, timeout_ms: float = DEFAULT_TIMEOUT_MS
    ) -> Snapshot:
        """The screen when nothing on it has changed for `quiet_ms`, from now on, or the program has ended.

        Output that changes nothing on the screen does not count. Raises `WaitTimeoutError`.
        """
        began = self._clock.now_ms()

        def is_stable(_screen: Snapshot, changed_at: float) -> bool:
            return self._ended or self._clock.now_ms() - max(began, changed_at) >= quiet_ms

        return self._wait(
            is_stable, f"for a screen that stands still for {quiet_ms:g} ms", timeout_ms, quiet_ms
        )

    def _wait(
        self, done: Callable[[Snapshot, float], object], name: str, timeout_ms: float, quiet_ms: float | None
    ) -> Snapshot:
        began = self._clock.now_ms()
        deadline = began + timeout_ms
        while True:
            with self._condition:
                news, ended = self._news, self._ended
            screen = self._see()
            now = self._clock.now_ms()
            if not screen.modes.synchronized and done(screen, self._changed_at):
                return screen
            if ended or now >= deadline:
                kind = WaitEndedError if ended else WaitTimeoutError
                reason = "the program ended while waiting" if ended else "timed out waiting"
                raise kind(reason, name, now - began, now - self._changed_at, screen)
            quiet_at = deadline if quiet_ms is None else max(began, self._changed_at) + quiet_ms
            self._sleep(news, min(deadline, quiet_at) if quiet_at > now else deadline)

    def _sleep(self, news: int, until_ms: float) -> None:
        with self._condition:
            if self._news == news and not self._ended:
                self._clock.sleep(self._condition, until_ms)

    def _see(self) -> Snapshot:
        screen = self._look()
        if self._last is None or _looks_other(screen, self._last):
            self._changed_at = self._clock.now_ms()
        self._last = screen
        return screen


def _looks_other(screen: Snapshot, before: Snapshot) -> bool:
    return bool(
        screen.changed_rows(before) or screen.cursor != before.cursor or screen.columns != before.columns
    )


def matcher(what: What) -> tuple[Callable[[Snapshot], object], str]:
    """A predicate of a snapshot, and what to call it in an error."""
    if isinstance(what, str):
        text = what
        return (lambda screen: text in "\n".join(screen.text)), repr(text)
    if isinstance(what, re.Pattern):
        pattern = what
        return (lambda screen: pattern.search("\n".join(screen.text))), f"/{pattern.pattern}/"
    return what, getattr(what, "__name__", repr(what))


def framed(snapshot: Snapshot) -> str:
    """The screen in a frame, for an error message; blank rows at the end are left out."""
    rows = [line.cut(0, snapshot.columns, 2027 in snapshot.modes.private) for line in snapshot.lines]
    while len(rows) > 1 and not rows[-1].strip():
        rows.pop()
    edge = "─" * snapshot.columns
    cursor = f"cursor at row {snapshot.cursor.row}, column {snapshot.cursor.column}"
    return "\n".join([f"┌{edge}┐", *(f"│{row}│" for row in rows), f"└{edge}┘", cursor])
