"""The loop of one session: output out, input in, and the end by the rules of `ending.py`.

Nothing here waits for anything but the descriptors: reading does the least that is possible, and what a
callback raises stops the program in order and comes out of `run()`. One thread runs the loop; the methods that
say so may be called from any thread, and from signal handlers.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from terminal.discipline import Discipline
from terminal.ending import Ending, Intervals, Verdict
from terminal.input_queue import InputQueue, Write
from terminal.session import ExitStatus, PtySession

__all__ = ["End", "Intervals", "Pump", "Write"]

EndReason = Literal["exited", "stopped", "timeout", "failed"]

_CHUNK = 65_536  # bytes at most in one output; then input and other descriptors get their turn
_MAX_PENDING = 16 << 20

# poll() takes every kind of descriptor on Linux, files too; macOS' poll and kqueue refuse terminals.
_Selector = selectors.PollSelector if sys.platform == "linux" else selectors.SelectSelector


@dataclass(frozen=True, slots=True)
class End:
    """How a session ended: the program's status (None: it could not be killed), why, and who stayed."""

    status: ExitStatus | None
    reason: EndReason
    detail: str
    survivors: bool


class Pump:
    """Runs one session until its end.

    `on_output(data)` gets the program's bytes, 1 to 65,536 at a time; `on_mode(discipline)` the line discipline
    at the start and each change that is noticed; `on_gap(reason)` is told what may be missing. All are called in
    the thread of `run()`. `timeout_s` counts from `run()`. `clock` gives seconds and only decides deadlines.
    """

    def __init__(
        self,
        session: PtySession,
        *,
        on_output: Callable[[bytes], None],
        on_mode: Callable[[Discipline], None],
        on_gap: Callable[[str], None],
        timeout_s: float | None = None,
        intervals: Intervals | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_pending_bytes: int = _MAX_PENDING,
    ) -> None:
        self._session = session
        self._on_output = on_output
        self._on_mode = on_mode
        self._on_gap = on_gap
        self._timeout_s = timeout_s
        self._intervals = intervals or Intervals()
        self._clock = clock
        self._inputs = InputQueue(max_pending_bytes)
        self._ending = Ending(self._intervals)
        self._readers: dict[int, Callable[[], None]] = {}
        self._discipline: Discipline | None = None
        self._reading = self._read_last = True
        self._drained = False
        self._busy_at = self._look_again_at = 0.0
        self._hold_writes_until = 0.0
        self._deadline: float | None = None
        self._stop: tuple[EndReason, str] | None = None
        self._came_late = False  # the stop: the program had ended by itself before
        self._failure: BaseException | None = None
        self._dropped = 0
        self._end: End | None = None
        self._ran = False
        self._thread: threading.Thread | None = None
        self._wake_lock = threading.RLock()  # a signal handler may come back in
        self._wake_read = self._wake_write = -1

    # From any thread.

    @property
    def discipline(self) -> Discipline | None:
        """The line discipline that was last noticed."""
        return self._discipline

    @property
    def end(self) -> End | None:
        """How it ended; None while it runs."""
        return self._end

    @property
    def failure(self) -> BaseException | None:
        """What a callback raised, which is what ended it; `run()` raises the same."""
        return self._failure

    def write(self, data: bytes, *, before: Callable[[], None] | None = None) -> Write:
        """Queue input; never blocks. `before()` runs in the loop right before the first byte is written.

        By then the line discipline has been looked at, and told if it had changed. `Write.wait(timeout_s)` waits
        until all was taken. Raises `InputNotTaken` when too much is pending or the session is over.
        """
        write = self._inputs.put(data, before)
        self._wake()
        return write

    def stop(self, reason: str = "stopped") -> None:
        """End the program: HUP, TERM, KILL, reading all the while. Returns at once; safe in signal handlers."""
        if self._stop is None:
            self._stop = ("stopped", reason)
        self._wake()

    def pause_reading(self) -> None:
        """Leave output in the terminal, which holds the program up when it is full; one chunk may still come."""
        self._reading = False

    def resume_reading(self) -> None:
        """Read on."""
        self._reading = True
        self._wake()

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        """Call `callback()` in the loop whenever `fd` is readable or at its end; one for each descriptor."""
        self._readers[fd] = callback
        self._wake()

    def remove_reader(self, fd: int) -> None:
        """Watch `fd` no more. Before closing it elsewhere than in a callback, stop the loop."""
        self._readers.pop(fd, None)
        self._wake()

    def start(self) -> None:
        """Run in a thread of its own; `join()` gives what `run()` would have."""
        self._thread = threading.Thread(
            target=self._run_quietly, name=f"pump {self._session.pid}", daemon=True
        )
        self._thread.start()

    def join(self, timeout_s: float | None = None) -> End | None:
        """Wait for the thread of `start()`: its end, or None after `timeout_s`; raises what `run()` raised."""
        assert self._thread is not None, "start() comes first"
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return None
        if self._failure is not None:
            raise self._failure
        return self._end

    # The loop.

    def run(self) -> End:
        """Run until the end; raises what a callback raised, after the program was stopped in order."""
        assert not self._ran, "a pump runs once"
        self._ran = True
        with _Selector() as selector:
            try:
                self._begin()
                while self._end is None:
                    self._turns(selector)
            finally:
                self._inputs.close("The program ended. Send nothing more.")
                self._close_wake()
        if self._failure is not None:
            if self._dropped:
                self._failure.add_note(f"{self._dropped} bytes written while it was stopped were not kept.")
            raise self._failure
        assert self._end is not None
        return self._end

    def _run_quietly(self) -> None:
        with contextlib.suppress(BaseException):  # join() raises it
            try:
                self.run()
            except BaseException as error:
                self._failure = self._failure or error
                raise

    def _begin(self) -> None:
        with self._wake_lock:
            self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._busy_at = self._clock()
        if self._timeout_s is not None:
            self._deadline = self._busy_at + self._timeout_s
        self._notice_mode()

    def _turns(self, selector: selectors.BaseSelector) -> None:
        """A Ctrl-C in the loop stops the program in order; a second one, or a fault of ours, leaves at once."""
        try:
            while self._end is None:
                self._turn(selector)
        except BaseException as error:
            if self._failure is not None:
                raise
            self._fail(error)

    def _turn(self, selector: selectors.BaseSelector) -> None:
        now = self._clock()
        self._watch(selector, now)
        ready = {key.fd: mask for key, mask in selector.select(self._patience(now))}
        if self._wake_read in ready:
            self._drain_wake()
        now = self._clock()
        self._read(now)
        self._notice_exit(now)
        if self._drained or now >= self._look_again_at:
            self._look_again_at = now + self._intervals.mode_tick_s
            self._notice_mode()
        if not self._ending.eof and ready.get(self._session.fileno(), 0) & selectors.EVENT_WRITE:
            self._write(now)
        for fd, callback in list(self._readers.items()):
            if fd in ready:
                self._call(callback)
        self._conclude(now)

    def _watch(self, selector: selectors.BaseSelector, now: float) -> None:
        """Make the selector watch what matters now."""
        wanted = dict.fromkeys(self._readers, selectors.EVENT_READ)
        wanted[self._wake_read] = selectors.EVENT_READ
        exit_fd = self._session.exit_fileno()
        if exit_fd is not None and not self._ending.exited:
            wanted[exit_fd] = selectors.EVENT_READ
        interest = selectors.EVENT_READ if self._reading else 0
        if self._inputs and now >= self._hold_writes_until:
            interest |= selectors.EVENT_WRITE
        if interest and not self._ending.eof:  # a terminal that nobody holds is always "ready"
            wanted[self._session.fileno()] = interest
        watched = {key.fd: key.events for key in selector.get_map().values()}
        for fd in watched.keys() - wanted.keys():
            selector.unregister(fd)
        for fd, events in wanted.items():
            if fd not in watched:
                selector.register(fd, events)
            elif watched[fd] != events:
                selector.modify(fd, events)

    def _patience(self, now: float) -> float:
        """Seconds until there is something to do even if nothing happens."""
        if self._stop is not None and not self._ending.stopping:
            return 0.0
        busy = now < self._busy_at + self._intervals.mode_watch_s
        wait = self._intervals.mode_tick_s if busy else self._intervals.slow_tick_s
        unseen_exit = self._session.exit_fileno() is None and not self._ending.exited
        if self._ending.eof or unseen_exit or now < self._hold_writes_until:
            wait = min(wait, self._intervals.retry_s)
        for moment in (self._ending.next_moment(reading=self._reading), self._deadline):
            if moment is not None:
                wait = min(wait, max(0.0, moment - now))
        return wait

    def _read(self, now: float) -> None:
        """Read what is there, up to one chunk: terminals give 4 KiB at a time, callbacks are dearer."""
        self._drained = False
        if not self._reading:
            self._read_last = False
            return
        if not self._read_last:
            self._read_last = True
            self._ending.resumed(now)
        parts: list[bytes] = []
        room = _CHUNK
        while room and (data := self._session.read(room)):
            parts.append(data)
            room -= len(data)
        if parts:
            self._busy_at = now
            self._ending.heard(now, _CHUNK - room)
            self._deliver(parts[0] if len(parts) == 1 else b"".join(parts))
        if room and data is None:
            self._drained = True
            self._ending.drained()
        elif room:
            self._ending.met_eof()

    def _deliver(self, data: bytes) -> None:
        if self._failure is None:
            self._call(lambda: self._on_output(data))
        else:
            self._dropped += len(data)  # read on all the same: it must be able to say goodbye

    def _notice_exit(self, now: float) -> None:
        if not self._ending.exited and self._session.poll() is not None:
            self._ending.leader_exited(now)

    def _notice_mode(self) -> None:
        discipline = self._session.discipline()
        if discipline is not None and discipline != self._discipline:
            self._discipline = discipline
            self._call(lambda: self._on_mode(discipline))

    def _write(self, now: float) -> None:
        """Write what the terminal takes. It said that it has room, so a first byte will be taken."""
        write = self._inputs.head()
        if write is None:
            return
        if not write.begun:
            write.begun = True
            self._notice_mode()
            if write.before is not None:
                self._call(write.before)
            if self._failure is not None:
                return
        taken = self._session.write(write.rest[:_CHUNK])
        if taken or not write.rest:
            self._busy_at = now
            self._inputs.advance(taken)
        else:  # hung up, and yet "writable": do not spin
            self._hold_writes_until = now + self._intervals.retry_s

    def _conclude(self, now: float) -> None:
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            if not self._ending.exited:
                self._stop = self._stop or ("timeout", f"no end within {self._timeout_s:g} s")
        if self._stop is not None:
            self._carry_on_stopping(now)
        verdict = self._ending.verdict(now, reading=self._reading)
        if verdict is not None:
            self._finish(verdict)

    def _carry_on_stopping(self, now: float) -> None:
        if not self._ending.stopping:
            self._came_late = self._ending.exited
            self._ending.stop(now)
        signum = self._ending.next_signal(now)
        if signum is None:
            return
        if self._ending.exited and not self._session.members():
            self._ending.nobody_left(now)
        else:
            self._session.signal_group(signum, resume=True)

    def _finish(self, verdict: Verdict) -> None:
        reason, detail = self._stop or ("exited", "")
        if self._came_late and reason != "failed":
            reason = "exited"
        if (gap := verdict.gap) is not None:
            self._call(lambda: self._on_gap(gap))
        self._end = End(self._session.poll(), reason, detail, verdict.survivors)

    def _call(self, callback: Callable[[], None]) -> None:
        if self._failure is not None:
            return
        try:
            callback()
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Keep the first error and stop the program in order; nobody is called back any more."""
        self._failure = error
        self._stop = ("failed", f"{type(error).__name__}: {error}")
        self._readers.clear()
        self._inputs.close("The recording failed. See the error of the loop.")

    # Waking.

    def _wake(self) -> None:
        with self._wake_lock:
            if self._wake_write >= 0:
                with contextlib.suppress(BlockingIOError):  # full: it is awake already
                    os.write(self._wake_write, b"\0")

    def _drain_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake_read, 4096):
                pass

    def _close_wake(self) -> None:
        with self._wake_lock:
            ends = self._wake_read, self._wake_write
            self._wake_read = self._wake_write = -1
        for fd in ends:
            if fd >= 0:
                os.close(fd)
