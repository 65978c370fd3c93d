"""The one place where time is read and waited for; tests and replays bring a clock of their own."""

from __future__ import annotations

import threading
import time
from typing import Protocol

_LONGEST_SLEEP_S = 3600.0  # a system call cannot sleep for as long as a number can say


class Clock(Protocol):
    """A monotonic clock. `now()` is in seconds from an arbitrary start; it never goes back."""

    def now(self) -> float:
        """Seconds since an arbitrary start."""
        ...

    def sleep_until(self, moment: float, cancelled: threading.Event | None = None) -> bool:
        """Wait until `now() >= moment`; False when `cancelled` was set before that."""
        ...


class MonotonicClock:
    """Real time."""

    def now(self) -> float:
        """Seconds of the system's monotonic clock."""
        return time.monotonic()

    def sleep_until(self, moment: float, cancelled: threading.Event | None = None) -> bool:
        """Sleep to the absolute moment, so that errors do not add up."""
        while (left := min(moment - self.now(), _LONGEST_SLEEP_S)) > 0:
            if cancelled is None:
                time.sleep(left)
            elif cancelled.wait(left):
                return False
        return not (cancelled is not None and cancelled.is_set())


class VirtualClock:
    """Time that passes only when somebody waits for it; thread-safe."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds that were waited for so far, from `start`."""
        return self._now

    def sleep_until(self, moment: float, cancelled: threading.Event | None = None) -> bool:
        """Jump to the moment without sleeping."""
        if cancelled is not None and cancelled.is_set():
            return False
        with self._lock:
            self._now = max(self._now, moment)
        return True

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += seconds
