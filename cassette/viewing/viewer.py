"""Shows a recording on a viewer's terminal, which is as before afterwards, however the showing ends.

Everything goes through a `ViewFilter`. Signals are noted by a handler; a byte on a pipe ends a wait, even for a
signal that comes just before it, and only a write that blocks is broken off, never what puts the terminal back.
Keys work where both ends are a terminal that is ours: space pauses and resumes, `.` steps while paused, `q` leaves.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import termios
import threading
import tty
from collections import deque
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from cassette.clock import MonotonicClock
from cassette.errors import Cancelled
from cassette.model import Event, Frame, Output
from cassette.viewing.filtering import ViewFilter

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_RESTORE_S = 1.0
"""How long a terminal that takes nothing is waited for, to be put back."""
_READ_BYTES = 4096
_PIECE_BYTES = 4096
_FOREVER_S = 86_400.0


class _BrokenOff(BaseException):
    """A signal came while the terminal took nothing."""


class Viewer:
    """Writes what may be seen to `out_fd`; `keys_fd` is the viewer's keyboard, where there is one.

    `again(from_seq, to_seq)` gives outputs anew, to draw the alternate screen again after a suspension.
    """

    def __init__(
        self,
        out_fd: int,
        keys_fd: int | None = None,
        *,
        bell: bool = False,
        again: Callable[[int, int], Iterator[Output]] | None = None,
    ) -> None:
        self.cancelled = threading.Event()
        self.ended_by: signal.Signals | None = None
        """The signal that ended it; None also when `q` did."""
        self.clock = _PausableClock(self)
        self._out = out_fd
        self._on_terminal = os.isatty(out_fd)
        self._keys = keys_fd
        self._filter = ViewFilter(bell=bell)
        self._again = again
        self._discipline: list[Any] | None = None
        self._wake = -1
        self._writing = False
        self._suspended = self._left = False
        self._alternate_from = 0
        self._seen_seq = 0
        self._last_frame: Frame | None = None

    def __call__(self, event: Event) -> None:
        """Show one event: the sink of a replay."""
        if isinstance(event, Output):
            before = self._filter.alternate_screen
            self._write(self._filter.feed(event.data))
            if self._filter.alternate_screen and not before:
                self._alternate_from = event.seq
        elif isinstance(event, Frame):
            self._last_frame = event
        self._seen_seq = event.seq

    def run(self, play: Callable[[], object]) -> None:
        """Call `play`, which replays into this viewer; the terminal is put back when it ends or fails."""
        with self._listening():
            try:
                self._take_keys()
                play()
            except (_BrokenOff, Cancelled):
                pass
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                self.ended_by = self.ended_by or signal.SIGHUP  # the terminal is gone
            finally:
                self._writing = False
                self._give_back(ending=True)

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Take the signals; one that is ignored (nohup) stays so."""
        self._wake, write_end = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(write_end, False)
        wakeup = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        wanted = [n for n in (*_ENDING, signal.SIGTSTP) if signal.getsignal(n) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._note) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
            signal.set_wakeup_fd(wakeup)
            os.close(self._wake)
            os.close(write_end)

    def leave(self) -> None:
        """End the replay, as `q` does."""
        self._left = True
        self.cancelled.set()

    def wait(self, seconds: float) -> bytes:
        """Wait so long, at most, for keys; what was typed. A signal ends the wait."""
        keys = [] if self._keys is None else [self._keys]
        ready, _, _ = select.select([self._wake, *keys], [], [], seconds)
        self._drain(ready)
        if self._suspended:
            self._suspend()
            return b""
        return self._typed() if self._keys in ready else b""

    def _drain(self, ready: list[int]) -> None:
        if self._wake in ready:
            os.read(self._wake, _READ_BYTES)

    def _typed(self) -> bytes:
        assert self._keys is not None
        try:
            data = os.read(self._keys, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._keys = None  # the keyboard is gone; what runs can still be seen
        return data

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTSTP:
            self._suspended = True
        elif self.ended_by is None:
            self.ended_by = signal.Signals(number)
            if not self._left:  # a signal can come inside `set`, which must not be entered twice
                self.cancelled.set()
            if self._writing:
                raise _BrokenOff

    def _write(self, data: bytes) -> None:
        """All of it; a suspension waits for the end of a piece, since nobody could tell what of it was written."""
        view = memoryview(data)
        while view:
            ready, writable, _ = select.select([self._wake], [self._out], [])
            self._drain(ready)
            if self._suspended:
                self._suspend()
            elif writable:
                view = view[self._write_piece(view[:_PIECE_BYTES]) :]
            if self.cancelled.is_set():
                raise _BrokenOff

    def _write_piece(self, piece: memoryview) -> int:
        self._writing = True
        try:
            return os.write(self._out, piece)
        except BlockingIOError:  # somebody else made this terminal non-blocking
            return 0
        finally:
            self._writing = False

    def _take_keys(self) -> None:
        """Keys come one by one and are not echoed; Ctrl-C and Ctrl-Z stay signals."""
        if self._keys is None:
            return
        try:
            if os.tcgetpgrp(self._keys) != os.getpgrp():
                self._keys = None  # in the background: the terminal is somebody else's
                return
            self._discipline = self._discipline or termios.tcgetattr(self._keys)
            tty.setcbreak(self._keys, termios.TCSANOW)
        except (OSError, termios.error):
            self._keys = None

    def _give_back(self, *, ending: bool) -> None:
        """The terminal as it was; twice does no harm, and a terminal that is gone is no error."""
        end_of_picture = self._below_picture() if ending else b""
        with contextlib.suppress(OSError):
            self._write_soon(self._filter.finish() + end_of_picture)
        if self._discipline is not None and self._keys is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._keys, termios.TCSANOW, self._discipline)

    def _write_soon(self, data: bytes) -> None:
        while data and select.select([], [self._out], [], _RESTORE_S)[1]:
            data = data[os.write(self._out, data) :]

    def _below_picture(self) -> bytes:
        """On a terminal, what goes to a line of its own under what the recording left there."""
        if not self._on_terminal or self._last_frame is None:
            return b""
        if self._filter.alternate_screen:
            return b""  # leaving it brings back the cursor of before
        screen = self._last_frame.screen
        lowest = max((row for row, line in enumerate(screen.lines) if line.text or line.spans), default=0)
        down = max(0, lowest - screen.cursor.row)
        if not down and not screen.cursor.column:
            return b"\r"
        return (b"\x1b[%dB" % down if down else b"") + b"\r\n"

    def _suspend(self) -> None:
        """Give the shell its terminal, stop as Ctrl-Z does, and draw again when continued."""
        self._suspended = False
        alternate = self._filter.alternate_screen
        self._give_back(ending=False)
        self.clock.stand_while(lambda: os.kill(os.getpid(), signal.SIGSTOP))
        self._take_keys()
        if alternate and self._again is not None:
            for output in self._again(self._alternate_from, self._seen_seq):
                self._write(self._filter.feed(output.data))


class _PausableClock(MonotonicClock):
    """Real time, but for pauses; keys are taken while it is waited for."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._paused_s = 0.0
        self._pause_began: float | None = None
        self._keys: deque[int] = deque()

    def now(self) -> float:
        """Seconds of showing: it stands while paused."""
        real = super().now() if self._pause_began is None else self._pause_began
        return real - self._paused_s

    def sleep_until(self, moment: float, cancelled: threading.Event | None = None) -> bool:
        """Wait, and do what the keys say meanwhile; False when the viewer has left."""
        while (left := moment - self.now()) > 0 and not (cancelled is not None and cancelled.is_set()):
            if self._keys:
                key = self._keys.popleft()
                if key == ord(".") and self._pause_began is not None:
                    self._paused_s -= left  # the next event is now, whatever the rounding says
                    break
                self._press(key)
            else:
                self._keys.extend(self._viewer.wait(left if self._pause_began is None else _FOREVER_S))
        return not (cancelled is not None and cancelled.is_set())

    def stand_while(self, act: Callable[[], object]) -> None:
        """Do something that takes no time of the showing."""
        began = super().now()
        act()
        if self._pause_began is None:
            self._paused_s += super().now() - began

    def _press(self, key: int) -> None:
        if key == ord(" ") and self._pause_began is None:
            self._pause_began = super().now()
        elif key == ord(" ") and self._pause_began is not None:
            self._paused_s += super().now() - self._pause_began
            self._pause_began = None
        elif key in b"qQ":
            self._viewer.leave()
