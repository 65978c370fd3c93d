"""Waiting on a clock of the test's own: nothing here sleeps."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
import terminal_data as data

from terminal.waiting import WaitEndedError, Waiter, WaitError, WaitTimeoutError, framed


class ScriptedClock:
    """Time passes only in `sleep`: up to the next scripted event, or to the end of the sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.events: list[tuple[float, Callable[[], None]]] = []
        self.sleeps = 0

    def now_ms(self) -> float:
        return self.now

    def sleep(self, condition: threading.Condition, until_ms: float) -> None:
        self.sleeps += 1
        if self.events and self.events[0][0] <= until_ms:
            self.now, event = self.events.pop(0)
            condition.release()
            try:
                event()
            finally:
                condition.acquire()
        else:
            self.now = max(self.now, until_ms)


class Program:
    """Output at given moments, fed to an emulator when somebody looks."""

    def __init__(self, *script: tuple[float, bytes | None]) -> None:
        self.clock = ScriptedClock()
        self.emulator = data.new("pyte", 20, 4)
        self.waiter = Waiter(self.emulator.snapshot, self.clock)
        for moment, output in script:
            self.clock.events.append((moment, lambda output=output: self._happen(output)))

    def _happen(self, output: bytes | None) -> None:
        if output is not None:
            self.emulator.feed(output)
        self.waiter.notify(ended=output is None)


def test_wakes_at_the_output_that_shows_it() -> None:
    program = Program((100, b"one "), (250, b"two "), (400, b"three"))
    screen = program.waiter.wait_for("two")
    assert screen.text[0] == "one two"
    assert program.clock.now == 250
    assert program.clock.sleeps == 2


def test_what_is_there_already_needs_no_waiting() -> None:
    program = Program()
    program.emulator.feed(b"ready")
    assert program.waiter.wait_for(re.compile("re.dy")).text[0] == "ready"
    assert program.clock.sleeps == 0


def test_a_pattern_may_span_rows_and_a_predicate_sees_the_cursor() -> None:
    program = Program((10, b"a\r\nb"))
    program.waiter.wait_for(re.compile("a\nb"))
    program.waiter.wait_for(lambda screen: screen.cursor.row == 1)


def test_the_error_shows_the_screen_and_when_it_last_changed() -> None:
    program = Program((300, b"nearly"), (800, b"\x1b[6n"))
    with pytest.raises(WaitTimeoutError) as caught:
        program.waiter.wait_for("done", timeout_ms=2000)
    error = caught.value
    assert (error.waited_ms, error.last_changed_ms) == (2000, 1700)
    assert "'done'" in str(error)
    assert "waited 2.0 s; the screen last changed 1.7 s ago" in str(error)
    assert framed(error.snapshot) in str(error)
    assert isinstance(error, TimeoutError)


def test_the_end_of_the_program_ends_a_wait() -> None:
    program = Program((100, b"bye"), (200, None))
    with pytest.raises(WaitEndedError) as caught:
        program.waiter.wait_for("never")
    assert caught.value.waited_ms == 200
    assert program.waiter.wait_for("bye").text[0] == "bye"


def test_stable_counts_from_the_last_change_of_the_screen() -> None:
    program = Program((50, b"a"), (120, b"b"), (180, b"\x1b[m"), (900, b"late"))
    screen = program.waiter.wait_for_stable(quiet_ms=100)
    assert screen.text[0] == "ab"
    assert program.clock.now == 220


def test_stable_times_out_on_a_spinner() -> None:
    program = Program(*((moment, b"\r%d" % moment) for moment in range(50, 5000, 50)))
    with pytest.raises(WaitTimeoutError, match="stands still for 100 ms"):
        program.waiter.wait_for_stable(quiet_ms=100, timeout_ms=1000)


def test_a_synchronized_update_is_waited_out() -> None:
    program = Program((10, b"\x1b[?2026hdone"), (90, b" really\x1b[?2026l"))
    assert program.waiter.wait_for("done").text[0] == "done really"
    assert program.clock.now == 90


def test_with_real_threads() -> None:
    emulator = data.new("pyte", 20, 4)
    lock = threading.Lock()

    def look() -> object:
        with lock:
            return emulator.snapshot()

    waiter = Waiter(look)

    def produce() -> None:
        for i in range(200):
            with lock:
                emulator.feed(b"%d " % i)
            waiter.notify()

    thread = threading.Thread(target=produce)
    thread.start()
    assert "199" in "\n".join(waiter.wait_for("199").text)
    thread.join()
    waiter.notify(ended=True)
    with pytest.raises(WaitError):
        waiter.wait_for("200")
