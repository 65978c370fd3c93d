"""The one way to wait for a program: on a clock, woken by output, never by looking again and again.

Whoever receives the output calls `Waiter.notify` from its own thread; whoever waits looks at the screen in the
caller's thread. Times are in seconds, of whatever clock the waiter was given. Nothing here knows who drives.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from terminal.snapshot import Snapshot
from terminal.widths import columns_of

What: TypeAlias = str | re.Pattern[str] | Callable[[Snapshot], object]
"""A text, a pattern (both looked for in all rows joined by newlines), or a predicate."""
DEFAULT_TIMEOUT_S = 10.0
DEFAULT_QUIET_S = 0.1
_AT_ONCE = float("-inf")


class WaitClock(Protocol):
    """Time, and how to sleep in it."""

    def now(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def sleep(self, condition: threading.Condition, until: float) -> None:
        """Release `condition`, and return when it is notified or the moment has come."""


class RealClock:
    """Sleeps in real time; `now` may be of anybody's clock that goes as fast."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now

    def sleep(self, condition: threading.Condition, until: float) -> None:
        """Wait on the condition."""
        condition.wait(min(max(0.0, until - self.now()), threading.TIMEOUT_MAX))


class WaitError(Exception):
    """A wait ended without what was waited for; `snapshot` is the last screen, the message shows it."""

    reason = "stopped waiting"

    def __init__(self, what: str, waited_s: float, quiet_s: float, snapshot: Snapshot) -> None:
        self.what = what
        self.waited_s = waited_s
        self.quiet_s = quiet_s
        self.snapshot = snapshot
        super().__init__(
            f"{self.reason} for {what} (waited {waited_s:.1f} s; the screen last changed {quiet_s:.1f} s ago). "
            f"The screen:\n{framed(snapshot)}"
        )


class WaitTimeoutError(WaitError, TimeoutError):
    """The time is up."""

    reason = "timed out waiting"


class WaitEndedError(WaitError):
    """The program ended first."""

    reason = "the program ended while waiting"


@dataclass(slots=True)
class Turn:
    """One look of a wait. `last`: the program has ended, or the time is up; there is no use in another."""

    now: float
    ended: bool
    last: bool
    again_at: float
    """When to look again though nothing has come: the wait's end, unless the waiting sets it."""


class Waiter:
    """Waits on one screen. `look` draws what has come so far and returns the screen; only waiters call it."""

    def __init__(self, look: Callable[[], Snapshot], clock: WaitClock | None = None) -> None:
        self._look = look
        self._clock = clock or RealClock()
        self._condition = threading.Condition()
        self._news = 0
        self._output_at = self._clock.now()
        self.ended = False
        """Whether the program has ended."""

    def notify(self, *, ended: bool = False) -> None:
        """Output has come, or the program has ended. From any thread."""
        with self._condition:
            self._news += 1
            if ended:
                self.ended = True
            else:
                self._output_at = self._clock.now()
            self._condition.notify_all()

    def news(self, timeout_s: float) -> Iterator[Turn]:
        """A turn at once, and one for whatever comes: output, the end of the program, the moment that was asked for.

        It goes on for as long as it is asked; whoever waits gives up at a turn that says that it is the last.
        """
        deadline = self._clock.now() + timeout_s
        while True:
            seen, ended, now = self._news, self.ended, self._clock.now()
            turn = Turn(now, ended, ended or now >= deadline, deadline)
            yield turn
            with self._condition:
                if self._news == seen and turn.again_at > self._clock.now():
                    self._clock.sleep(self._condition, turn.again_at)

    def wait_for(
        self,
        what: What,
        *,
        hold_s: float = 0.0,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        settle: Callable[[], Snapshot] | None = None,
    ) -> Snapshot:
        """The screen once `what` has been on it for `hold_s`, or the program has ended with it there.

        Of what comes and goes within `hold_s` nothing is seen. The last word has the screen that `settle` returns
        (by default the one looked at). Raises `WaitTimeoutError`, or `WaitEndedError` when the program ended
        without it.
        """
        matches, name = matcher(what)
        began = self._clock.now()
        held_since: float | None = None
        for turn in self.news(timeout_s):
            screen = self._look()
            if not matches(screen):
                held_since = None
                if turn.last:
                    raise self._failed(name, began, screen, ended=turn.ended, now=turn.now)
                continue
            held_since = turn.now if held_since is None else held_since
            turn.again_at = held_since + hold_s
            if turn.ended or turn.now >= turn.again_at:
                screen = settle() if settle else screen
                if matches(screen):
                    return screen
                held_since, turn.again_at = None, _AT_ONCE  # something came between the two looks
        raise AssertionError("news never ends")

    def wait_for_stable(
        self,
        *,
        quiet_s: float = DEFAULT_QUIET_S,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        settle: Callable[[], Snapshot] | None = None,
    ) -> Snapshot:
        """The screen when nothing has come for `quiet_s`, from now on, or the program has ended.

        Raises `WaitTimeoutError`.
        """
        began = self._clock.now()
        if not self.until_quiet(quiet_s, timeout_s):
            raise self._failed(f"{quiet_s * 1000:g} ms without output", began, self._look(), ended=False)
        return settle() if settle else self._look()

    def until_quiet(self, quiet_s: float, timeout_s: float, also: Callable[[], bool] | None = None) -> bool:
        """Wait until nothing has come for `quiet_s`, from now on, or the program has ended; False at the time limit.

        Where `also` is given, it must hold then, and is asked again every `quiet_s`.
        """
        began = self._clock.now()
        for turn in self.news(timeout_s):
            quiet_at = max(began, self._output_at) + quiet_s
            if turn.ended:
                return True
            if turn.now >= quiet_at:
                if also is None or also():
                    return True
                quiet_at = turn.now + quiet_s
            if turn.last:
                return False
            turn.again_at = min(quiet_at, turn.again_at)
        raise AssertionError("news never ends")

    def _failed(
        self, name: str, began: float, screen: Snapshot, *, ended: bool, now: float | None = None
    ) -> WaitError:
        at = self._clock.now()
        kind = WaitEndedError if ended else WaitTimeoutError
        return kind(name, (at if now is None else now) - began, at - self._output_at, screen)


def matcher(what: What) -> tuple[Callable[[Snapshot], object], str]:
    """A predicate over screens, and its name for a message. Raises TypeError for what is neither."""
    if isinstance(what, str):
        return lambda screen: any(what in text for text in texts_of(screen)), repr(what)
    if isinstance(what, re.Pattern) and isinstance(what.pattern, str):
        pattern = what
        return lambda screen: any(map(pattern.search, texts_of(screen))), f"the pattern {what.pattern!r}"
    if not callable(what):
        raise TypeError(f"cannot wait for {what!r}: give a text, a pattern of text, or a predicate")
    return what, f"the predicate {getattr(what, '__name__', what)!s}"


def texts_of(screen: Snapshot) -> tuple[str, ...]:
    """What a text is looked for in: the rows without trailing blanks, and with those before the cursor.

    The second is what makes a prompt such as `"$ "` findable, on a screen where blanks are not known from nothing.
    """
    rows, cursor = screen.text, screen.cursor
    cut = "\n".join(rows)
    if cursor.row >= len(rows) or cursor.column <= columns_of(rows[cursor.row]):
        return (cut,)
    rows[cursor.row] = screen.lines[cursor.row].cut(0, cursor.column)
    return cut, "\n".join(rows)


def framed(screen: Snapshot) -> str:
    """A screen in a box, for a message; blank rows at the end are left out."""
    bar = "+" + "-" * screen.columns + "+"
    last = max((row for row, text in enumerate(screen.text) if text.strip()), default=0)
    clusters = 2027 in screen.modes.private
    rows = [f"|{line.cut(0, screen.columns, clusters)}|" for line in screen.lines[: last + 1]]
    cursor = screen.cursor
    return "\n".join([bar, *rows, bar, f"cursor: row {cursor.row}, column {cursor.column}"])
