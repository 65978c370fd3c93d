"""When a session is over. Pure: it is told what happened and when (seconds), and reads no clock and no file.

The rules: the end of file alone is not the end, and the leader's exit alone is not the end. Where others hold
the terminal after the leader's exit, the end is a while without output, or a limit. A program that is to stop
is told so three times, and may speak all the while.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

GAP_SILENT = (
    "survivors: the program ended, other processes kept its terminal open; silent for {quiet_s:g} s, "
    "what they write later is not recorded"
)
GAP_WRITING = (
    "survivors: the program ended, other processes kept writing to its terminal; "
    "cut {linger_s:g} s after its exit"
)
GAP_UNREAD = "unread: reading was paused when the program was stopped; what it wrote since is not recorded"
GAP_UNKILLABLE = "unkillable: the program outlived HUP, TERM and KILL; what it writes later is not recorded"

_STEPS = (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL)
_BACKLOG = 1 << 20  # bytes: more than a kernel holds for a terminal, so beyond it survivors are writing


@dataclass(frozen=True, slots=True)
class Intervals:
    """How long a pump waits for what, in seconds."""

    quiet_s: float = 1.0  # without output from survivors, then it is over
    linger_s: float = 5.0  # at most this long after the leader's exit
    grace_s: float = 1.0  # after each of HUP, TERM and KILL
    mode_tick_s: float = 0.025  # between looks at the line discipline, while something happens
    mode_watch_s: float = 0.3  # how long after output or input that is
    slow_tick_s: float = 1.0  # between looks when nothing happens
    retry_s: float = 0.05  # between reads of a terminal that nobody holds while the leader lives


@dataclass(frozen=True, slots=True)
class Verdict:
    """It is over; `gap` says what may be missing, `survivors` that others still held the terminal."""

    gap: str | None = None
    survivors: bool = False


class Ending:
    """Collects what bears on the end of one session, and judges."""

    def __init__(self, intervals: Intervals) -> None:
        self._intervals = intervals
        self._exited_at: float | None = None
        self._heard_at = 0.0
        self._heard_bytes = 0  # since the leader's exit
        self._settled = False  # since the leader's exit there was a moment with nothing to read
        self._eof = False
        self._steps = list(_STEPS)
        self._step_ends_at: float | None = None  # None: nobody wants it to stop

    @property
    def exited(self) -> bool:
        """The leader has exited."""
        return self._exited_at is not None

    @property
    def stopping(self) -> bool:
        """Somebody wants the program to stop."""
        return self._step_ends_at is not None

    @property
    def eof(self) -> bool:
        """The last read met the end of file."""
        return self._eof

    def heard(self, now: float, count: int) -> None:
        """`count` bytes of output were read."""
        self._eof = False
        self._heard_at = now
        self._heard_bytes += count

    def drained(self) -> None:
        """A read found nothing, with somebody holding the terminal."""
        self._eof = False
        self._settled = True

    def met_eof(self) -> None:
        """A read found that nobody holds the terminal."""
        self._eof = True

    def leader_exited(self, now: float) -> None:
        """The leader has exited. What was read before says nothing: it may have written since."""
        self._exited_at = self._heard_at = now
        self._heard_bytes = 0
        self._settled = self._eof = False

    def resumed(self, now: float) -> None:
        """Reading goes on after a pause, which counts neither as silence nor as lingering."""
        self._heard_at = now
        if self.exited:
            self._exited_at = now
            self._settled = False

    def stop(self, now: float) -> None:
        """Somebody wants the program to stop."""
        if self._step_ends_at is None:
            self._step_ends_at = now

    def nobody_left(self, now: float) -> None:
        """There is nobody left to signal."""
        if self._steps:
            self._steps.clear()
            self._step_ends_at = now + self._intervals.grace_s

    def next_signal(self, now: float) -> signal.Signals | None:
        """The signal that is due, once."""
        if self._step_ends_at is None or not self._steps or now < self._step_ends_at:
            return None
        self._step_ends_at = now + self._intervals.grace_s
        return self._steps.pop(0)

    def verdict(self, now: float, *, reading: bool) -> Verdict | None:
        """Whether it is over; `reading` False while output is held back."""
        if self.exited and self._eof:
            return Verdict()
        if self.stopping and self._steps:
            return None
        stopped = self._step_ends_at is not None and now >= self._step_ends_at
        if stopped and not self.exited:
            return Verdict(gap=GAP_UNKILLABLE)
        if stopped and not reading:
            return Verdict(gap=GAP_UNREAD)
        return self._survivors(now) if self.exited and reading else None

    def next_moment(self, *, reading: bool) -> float | None:
        """When to judge again if nothing happens until then."""
        moments = []
        if self._step_ends_at is not None and (self._steps or not self.exited or not reading):
            moments.append(self._step_ends_at)
        if self._exited_at is not None and reading:
            limit = self._exited_at + self._intervals.linger_s
            moments.append(min(self._heard_at + self._intervals.quiet_s, limit))
        return min(moments, default=None)

    def _survivors(self, now: float) -> Verdict | None:
        assert self._exited_at is not None
        limits = {"quiet_s": self._intervals.quiet_s, "linger_s": self._intervals.linger_s}
        if self._settled and now >= self._heard_at + self._intervals.quiet_s:
            return Verdict(gap=GAP_SILENT.format(**limits), survivors=True)
        all_of_leader = self._settled or self._heard_bytes > _BACKLOG
        if all_of_leader and now >= self._exited_at + self._intervals.linger_s:
            return Verdict(gap=GAP_WRITING.format(**limits), survivors=True)
        return None
