"""Waiting on a clock of the test's own: nothing here sleeps."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable

import pytest
import terminal_data as data

from terminal.snapshot import Snapshot
from terminal.waiting import WaitEndedError, Waiter, WaitError, WaitTimeoutError, framed


class ScriptedClock:
    """Time passes only in `sleep`: up to the next scripted event, or to the end of the sleep."""

    def __init__(self) -> None:
        self.time = 0.0
        self.events: list[tuple[float, Callable[[], None]]] = []
        self.sleeps = 0

    def now(self) -> float:
        return self.time

    def sleep(self, condition: threading.Condition, until: float) -> None:
        self.sleeps += 1
        if self.events and self.events[0][0] <= until:
            self.time, event = self.events.pop(0)
            condition.release()
            try:
                event()
            finally:
                condition.acquire()
        else:
            self.time = max(self.time, until)


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
    program = Program((1, b"one "), (2.5, b"two "), (4, b"three"))
    screen = program.waiter.wait_for("two")
    assert screen.text[0] == "one two"
    assert program.clock.time == 2.5
    assert program.clock.sleeps == 2


def test_what_is_there_already_needs_no_waiting() -> None:
    program = Program()
    program.emulator.feed(b"ready")
    assert program.waiter.wait_for(re.compile("re.dy")).text[0] == "ready"
    assert program.clock.sleeps == 0


def test_a_pattern_may_span_rows_and_a_predicate_sees_the_cursor() -> None:
    program = Program((1, b"a\r\nb"))
    program.waiter.wait_for(re.compile("a\nb"))
    program.waiter.wait_for(lambda screen: screen.cursor.row == 1)


def test_blanks_before_the_cursor_are_found() -> None:
    program = Program((1, b"$ "))
    assert program.waiter.wait_for("$ ").text[0] == "$"


@pytest.mark.parametrize("wrong", [5, re.compile(b"bytes"), None])
def test_what_is_no_text_pattern_or_predicate_is_refused_at_once(wrong: object) -> None:
    program = Program()
    with pytest.raises(TypeError, match="give a text, a pattern of text, or a predicate"):
        program.waiter.wait_for(wrong)
    assert program.clock.sleeps == 0


def test_the_error_shows_the_screen_and_how_long_nothing_has_come() -> None:
    program = Program((3, b"nearly"))
    with pytest.raises(WaitTimeoutError) as caught:
        program.waiter.wait_for("done", timeout_s=5)
    error = caught.value
    assert (error.waited_s, error.quiet_s) == (5, 2)
    assert "timed out waiting for 'done'" in str(error)
    assert "waited 5.0 s; the screen last changed 2.0 s ago" in str(error)
    assert framed(error.snapshot) in str(error)
    assert isinstance(error, TimeoutError)


def test_the_end_of_the_program_ends_a_wait() -> None:
    program = Program((1, b"bye"), (2, None))
    with pytest.raises(WaitEndedError, match="the program ended while waiting for 'never'") as caught:
        program.waiter.wait_for("never")
    assert (caught.value.waited_s, caught.value.quiet_s) == (2, 1)
    assert program.waiter.wait_for("bye", hold_s=60).text[0] == "bye"
    assert program.clock.time == 2


def test_a_match_has_to_hold() -> None:
    program = Program((1, b"flicker"), (1.2, b"\r\x1b[K"), (2, b"flicker"), (2.4, b"\r\x1b[Ksteady"))
    screen = program.waiter.wait_for(re.compile("flicker|steady"), hold_s=0.5)
    assert screen.text[0] == "steady"
    assert program.clock.time == 2.5  # something matched from 2 on


def test_a_match_holds_beside_what_goes_on_changing() -> None:
    program = Program((1, b"ready\r\n"), *((1 + n / 10, b"\r%d" % n) for n in range(1, 100)))
    program.waiter.wait_for("ready", hold_s=0.55)
    assert program.clock.time == 1.55


def test_a_match_that_begins_in_time_may_hold_past_the_limit() -> None:
    program = Program((1, b"ready"))
    program.waiter.wait_for("ready", hold_s=0.5, timeout_s=1.25)
    assert program.clock.time == 1.5


def test_the_screen_that_settles_has_the_last_word() -> None:
    program = Program((1, b"ready"), (3, b"\rready again"))
    settled = []

    def settle() -> Snapshot:
        if not settled:
            program.emulator.feed(b"\r\x1b[K")
        settled.append(program.clock.time)
        return program.emulator.snapshot()

    assert program.waiter.wait_for("ready", hold_s=0.5, settle=settle).text[0] == "ready again"
    assert settled == [1.5, 3.5]


def test_stable_counts_from_the_last_output() -> None:
    program = Program((0.5, b"a"), (1.2, b"b"), (1.8, b"\x1b[m"), (9, b"late"))
    screen = program.waiter.wait_for_stable(quiet_s=1)
    assert screen.text[0] == "ab"
    assert program.clock.time == 2.8


def test_stable_counts_from_now_on() -> None:
    program = Program()
    program.clock.time = 100.0
    program.waiter.wait_for_stable(quiet_s=1)
    assert program.clock.time == 101


def test_stable_when_the_program_has_ended() -> None:
    program = Program((0.5, b"a"), (0.6, None))
    assert program.waiter.wait_for_stable(quiet_s=1).text[0] == "a"
    assert program.clock.time == 0.6


def test_stable_times_out_on_a_spinner() -> None:
    program = Program(*((n / 20, b"\r%d" % n) for n in range(1, 100)))
    with pytest.raises(WaitTimeoutError, match="for 100 ms without output"):
        program.waiter.wait_for_stable(quiet_s=0.1, timeout_s=1)
    assert program.clock.time == 1


def test_news_is_whatever_comes_and_the_last_turn_says_so() -> None:
    program = Program((1, b"a"), (2, b"b"))
    turns = [(turn.now, turn.last) for turn in itertools.islice(program.waiter.news(5), 4)]
    assert turns == [(0, False), (1, False), (2, False), (5, True)]
    program = Program((1, b"a"), (2, None))
    turns = [(turn.now, turn.ended, turn.last) for turn in itertools.islice(program.waiter.news(5), 3)]
    assert turns == [(0, False, False), (1, False, False), (2, True, True)]


def test_what_comes_during_a_look_is_not_slept_over() -> None:
    program = Program()
    for turn in program.waiter.news(5):
        if turn.now or program.clock.sleeps or program.emulator.snapshot().text[0]:
            break
        program.emulator.feed(b"now")
        program.waiter.notify()
    assert program.clock.sleeps == 0


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
