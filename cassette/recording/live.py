"""A session with a running program that is recorded: what a test or a script drives.

Waits and looks draw the screen from the spool, in the caller's thread; a second thread draws only when the program
asks its terminal something, and sends the answer.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cassette.errors import CannotSend, TimedOut, UsageError, WaitFailed
from cassette.looking import matcher
from cassette.playing.driving import check_keys, utf8
from cassette.recording.live_screen import LiveScreen, QueryWatch
from cassette.recording.plan import RecordingPlan
from cassette.recording.recorder import Recorder
from cassette.recording.run import Run
from cassette.testing.callsite import explained
from scrub.hidden import FILLER
from terminal.exit_status import ExitStatus
from terminal.keys import encode_key, encode_paste
from terminal.session import PtySession
from terminal.snapshot import Snapshot
from terminal.waiting import RealClock, Waiter, WaitError, WaitTimeoutError, What, framed

if TYPE_CHECKING:
    from cassette.testing.golden import Goldens
    from cassette.testing.locator import Locator, Region

__tracebackhide__ = explained
DEFAULT_TIMEOUT_S = 10.0
DEFAULT_EXIT_TIMEOUT_S = 5.0
LOOK_LIMIT_S = 1.0
"""How long a look waits at most for the screen to stand still after an input."""
MOST_STATUS_MARKS = 1000
"""A driver that asks again and again whether the program has ended does not fill the recording with that."""
SECRET_FILLER = FILLER
"""Recorded for a secret of any length, so that the number of keys tells nothing."""


class LiveSession:
    """One program under record. Everything that is sent is recorded before it is written.

    Leaving the `with` block gives the program `exit_timeout` seconds to end by itself, ends it, and publishes
    the cassette; after an exception nothing is published and the recording stays in the spool. With `hold` the end
    publishes nothing either way: whoever holds it calls `recorder.close()` or `recorder.discard()` later.
    """

    def __init__(
        self,
        program: PtySession,
        recorder: Recorder,
        plan: RecordingPlan,
        *,
        limit_s: float | None = None,
        timeout: float = DEFAULT_TIMEOUT_S,
        exit_timeout: float = DEFAULT_EXIT_TIMEOUT_S,
        on_output: Callable[[bytes], None] | None = None,
        hold: bool = False,
    ) -> None:
        self.recorder = recorder
        self._hold = hold
        self.timeout = timeout
        self.exit_timeout = exit_timeout
        self.goldens: Goldens | None = None
        """The approved screens that `expect` compares with."""
        self._forward = on_output
        self._clock = recorder.clock
        self._settle_s = plan.settle_ms / 1000
        self._screen = LiveScreen(recorder.spool, plan.emulator, plan.size)
        self._watch = QueryWatch()
        self._waiter = Waiter(self._look, RealClock(recorder.clock.now))
        self._question = threading.Event()  # the program may have asked something, or has ended
        self._unsettled = False  # something was sent since the last wait or look
        self._read_position: int | None = None
        self._closed = False
        self._status_marks = 0
        self._answering = threading.Lock()
        self._run = Run(program, recorder, limit_s=limit_s, on_output=self._on_output)
        self._answerer = threading.Thread(target=self._answer, name="terminal answers", daemon=True)
        self._run.start(self._on_end)
        self._answerer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon(error)

    # What goes in.

    def type(self, text: str, *, secret: bool = False) -> None:
        """Type text, as UTF-8, in one write. A secret is not recorded; the recording says that one was typed.

        What a secret ends with (a line's end) is recorded behind the filler. Wherever else the secret shows, it is
        covered in the recording.
        """
        data = utf8(text)
        ending = text[len(text.rstrip("\r\n")) :].encode()
        if secret:
            self.recorder.known_secret(data.rstrip(b"\r\n"))
        self._send(data, redacted=SECRET_FILLER + ending if secret else None)

    def press(self, *keys: str) -> None:
        """Press keys by name (`enter`, `ctrl+c`, `shift+tab`, `up`), each in a write of its own.

        Raises UsageError for a name that is no key's, before any is pressed.
        """
        check_keys(keys)
        for key in keys:
            self._catch_up()
            self._send(encode_key(key, self._screen.modes), key=key)

    def paste(self, text: str) -> None:
        """Paste text, bracketed where the program has asked for that."""
        self._catch_up()
        self._send(encode_paste(utf8(text), self._screen.modes), kind="paste")

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._send(data)

    def resize(self, *, columns: int, rows: int) -> None:
        """Give the terminal another size, in cells."""
        self._unsettled = True
        self._run.resize(columns=columns, rows=rows)

    def signal(self, name: str) -> None:
        """Signal the foreground process group: `SIGINT`, `SIGTERM`, …"""
        self._unsettled = True
        self._run.signal(name)

    def service_event(self, payload: Mapping[str, Any]) -> None:
        """Keep a JSON object of the caller's, in order with the rest."""
        self.recorder.service_event(payload)

    def mark(self, op: str) -> None:
        """Note this moment under a name, so that a replay can stand at it."""
        self.recorder.mark(op)

    def _send(self, data: bytes, **facts: Any) -> None:
        self._unsettled = True
        self._run.send(data, wait_s=self.timeout, **facts)

    # What comes out.

    @property
    def screen(self) -> Snapshot:
        """The screen; after an input, once it stands still (or after a second)."""
        if self._unsettled:
            self._waiter.until_quiet(self._settle_s, LOOK_LIMIT_S)
        return self._stood("screen")

    def as_stored(self, screen: Snapshot) -> Snapshot:  # noqa: ARG002 - what was recorded up to it is drawn
        """The screen as it was drawn last, with secrets and names covered, as far as they are known by now."""
        return self._screen.stored()

    def get_by_text(
        self, what: str | re.Pattern[str], *, nth: int | None = None, within: Region | None = None
    ) -> Locator:
        """The places where a text or pattern stands, looked up again each time that they are asked for."""
        from cassette.testing.locator import Locator

        return Locator(self, what, nth=nth, within=within)

    def read(self, timeout: float | None = None) -> bytes:
        """The output since the last `read()`, waiting for some; b"" when the program has ended. Raises TimedOut."""
        for turn in self._waiter.news(self._given(timeout)):
            data = self._take_output()
            if data or turn.ended:
                return data
            if turn.last:
                break
        self._note("read-timeout")
        raise TimedOut(what=f"no output came within {self._given(timeout):g} s. Wait longer, or send input.")

    def wait_for(self, what: What, timeout: float | None = None) -> Snapshot:
        """Wait until the screen has a text, matches a pattern or satisfies a predicate, and return it.

        The match has to hold for `settle_ms` (30), or the screen to stand still. Text and patterns are looked for
        in all rows joined by newlines. Raises WaitFailed with the screen after `timeout` seconds, or when the
        program has ended without it.
        """
        matches, name = matcher(what)
        try:
            return self._waiter.wait_for(
                matches,
                hold_s=self._settle_s,
                timeout_s=self._given(timeout),
                settle=lambda: self._stood("wait_for"),
            )
        except WaitError as error:
            raise self._wait_failed("wait_for", name, error) from None

    def wait_for_stable(self, quiet_ms: int = 200, timeout: float | None = None) -> Snapshot:
        """Wait until nothing has come for `quiet_ms`, and return the screen. Raises WaitFailed."""
        try:
            return self._waiter.wait_for_stable(
                quiet_s=quiet_ms / 1000,
                timeout_s=self._given(timeout),
                settle=lambda: self._stood("wait_for_stable"),
            )
        except WaitError as error:
            raise self._wait_failed("wait_for_stable", error.what, error) from None

    def sleep(self, seconds: float) -> None:
        """Let time pass; in a replay it costs none. Prefer to wait for a screen."""
        self._clock.sleep_until(self._clock.now() + seconds)

    # The end.

    def wait(self, timeout: float | None = None) -> ExitStatus:
        """Wait for the program to end by itself. Raises TimedOut."""
        ended = self._run.over.wait(self._given(timeout))
        status = self._run.program.poll()
        if not ended or status is None:
            self._note("wait-timeout")
            raise TimedOut(
                what=f"the program did not end within {self._given(timeout):g} s. Make it end, or wait longer."
            )
        return status

    def waits_for_a_key(self, quiet_ms: int, timeout: float | None = None) -> bool:
        """Wait until the program ends (False), or stands still for `quiet_ms` and reads key by key (True).

        So does a pager, or a menu. False, too, when neither has come within `timeout` seconds.
        """
        quiet = self._waiter.until_quiet(quiet_ms / 1000, self._given(timeout), self._reads_keys)
        return quiet and not self._waiter.ended

    def _reads_keys(self) -> bool:
        discipline = self._run.pump.discipline
        return discipline is not None and not discipline.icanon

    def await_end(self) -> None:
        """Wait until the program has ended, however long that takes; `limit_s` and `stop()` end it."""
        self._run.over.wait()

    @property
    def end_reason(self) -> str:
        """Why it is over: `exited`, `stopped`, `timeout` or `failed`; `running` before that."""
        end = self._run.pump.end
        return "running" if end is None else end.reason

    @property
    def exit_status(self) -> ExitStatus | None:
        """How the program ended; None while it runs."""
        status = self._run.program.poll()
        if status is None and self._status_marks < MOST_STATUS_MARKS:
            self._status_marks += self._note("exit_status")
        return status

    @property
    def exit_code(self) -> int | None:
        """Its exit status, 128 + n after signal n; None while it runs."""
        status = self.exit_status
        return None if status is None else status.code

    def stop(self, why: str = "stopped") -> None:
        """Make the program end: HUP, TERM, KILL. Returns at once."""
        self._run.stop(why)

    def close(self) -> None:
        """End the program, publish the cassette. Raises SpoolFull when not all could be kept.

        What interrupts it ends the program at once; the recording stays in the spool then.
        """
        if self._closed:
            return
        try:
            if not self._run.over.wait(self.exit_timeout):
                self._run.stop(f"it did not end within {self.exit_timeout:g} s")
            self._conclude()
        except BaseException as error:
            self.abandon(error)
            raise
        self._closed = True
        if not self._hold:
            self.recorder.close()
        if self._run.spool_full is not None:
            raise self._run.spool_full

    def abandon(self, error: BaseException | None = None) -> None:
        """End the program at once and publish nothing; the recording stays in the spool."""
        if self._closed:
            return
        self._closed = True
        self._run.stop("abandoned")
        try:
            self._conclude()
        except Exception as failure:
            if error is None:
                raise
            if failure is not error:
                error.add_note(f"Ending the program failed too: {failure}")
        finally:
            if not self._hold:
                self.recorder.keep(error)

    def _conclude(self) -> None:
        try:
            self._run.conclude()
        finally:
            self._answerer.join()

    # In the loop's thread.

    def _on_output(self, data: bytes) -> None:
        if self._watch.may_ask(data):
            self._question.set()
        self._waiter.notify()
        if self._forward is not None:
            self._forward(data)

    def _on_end(self) -> None:
        self._question.set()
        self._waiter.notify(ended=True)

    # In the answering thread.

    def _answer(self) -> None:
        while True:
            self._question.wait()  # not for the news: waking for each output would hold the loop up
            self._question.clear()
            if self._run.over.is_set():
                return
            try:
                self._draw_and_answer()
            except Exception as error:
                self._run.fail(error)
                return

    # Drawing.

    def _look(self) -> Snapshot:
        self._catch_up()
        return self._screen.snapshot()

    def _catch_up(self) -> None:
        if self._closed:
            raise UsageError(what="the session is closed: look at what it recorded with cassette.open(path)")
        self._draw_and_answer()

    def _draw_and_answer(self) -> None:
        """Draw what has come, and send what the terminal answers."""
        with self._answering:
            self._reply(self._screen.catch_up())

    def _reply(self, answers: bytes) -> None:
        if answers:
            with contextlib.suppress(CannotSend):  # it ended before it got its answer
                self._run.send(answers, source="terminal")

    def _stood(self, op: str) -> Snapshot:
        """Mark this moment, and give the screen as it is at the mark itself: what a replay will see there."""
        self._catch_up()
        with self._answering:
            marked = self._note(op)
            self._reply(self._screen.catch_up(to_mark=marked))
            screen = self._screen.snapshot()
        self._unsettled = False
        return screen

    def _note(self, op: str) -> bool:
        """Record a mark, unless the recording is full: then it has ended, and `close` will say so."""
        if self._closed or self.recorder.full is not None:
            return False
        self.recorder.mark(op)
        return True

    def _take_output(self) -> bytes:
        if self._closed:
            return b""
        data, self._read_position = self._screen.output_since(self._read_position)
        return data

    def _given(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else timeout

    def _wait_failed(self, op: str, name: str, error: WaitError) -> WaitFailed:
        """Mark a wait that timed out, so that it does in a replay; in our words, with how the program ended."""
        if isinstance(error, WaitTimeoutError):
            self._note(f"{op}-timeout")
            why = f"the screen last changed {error.quiet_s:.1f} s ago"
        else:
            status = self._run.program.poll()
            how = "" if status is None else f" with {status.signal or f'exit code {status.code}'}"
            why = f"the program ended{how}"
        return WaitFailed(waited_s=error.waited_s, what=name, why=why, screen=framed(error.snapshot))
