"""One program under record: wires session, loop, recorder and spool. Used in a thread and in the foreground.

The loop does the least for each read: stamp, spool, forward. It draws nothing and waits for nobody.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Literal

from cassette.errors import CannotSend, SpoolFull
from cassette.model import Size
from cassette.playing.driving import signal_name
from cassette.recording.given import check_size
from cassette.recording.recorder import Recorder
from terminal.discipline import Discipline
from terminal.pump import End, Pump
from terminal.session import InputNotTaken, PtySession, SessionClosed

Source = Literal["user", "script", "terminal"]


class Run:
    """The program, its loop and its recorder, from the first byte to the recorded end.

    `on_output(data)` is called in the loop after the bytes were spooled; `limit_s` ends the program after so many
    seconds.
    """

    def __init__(
        self,
        program: PtySession,
        recorder: Recorder,
        *,
        limit_s: float | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> None:
        self.program = program
        self.recorder = recorder
        self._on_output = on_output
        self._mode_known = False
        self._failure: BaseException | None = None
        self.spool_full: SpoolFull | None = None
        self._thread: threading.Thread | None = None
        self.over = threading.Event()
        self.pump = Pump(
            program, on_output=self._output, on_mode=self._mode, on_gap=recorder.gap, timeout_s=limit_s
        )

    def start(self, on_end: Callable[[], None]) -> None:
        """Run the loop in a thread of its own; `on_end()` is called there when it is over."""

        def body() -> None:
            try:
                self.loop()
            finally:
                on_end()

        self._thread = threading.Thread(target=body, name=f"recording {self.program.argv[0]}", daemon=True)
        self._thread.start()

    def loop(self) -> None:
        """Run until the program has ended and all it wrote is spooled; what went wrong is kept for `conclude`."""
        try:
            self.pump.run()
        except SpoolFull as error:  # what was recorded is published all the same
            self.spool_full = error
        except BaseException as error:
            self._failure = error
        finally:
            self.over.set()

    def send(
        self,
        data: bytes,
        *,
        wait_s: float | None = None,
        kind: Literal["input", "paste"] = "input",
        source: Source = "script",
        key: str | None = None,
        redacted: bytes | None = None,
    ) -> None:
        """Record input, then write it; `redacted` is what is recorded in its place.

        With `wait_s` it returns when the terminal has taken all of it. Raises CannotSend when the program has
        ended or does not read.
        """
        rule = None if redacted is None else "caller"
        kept = data if redacted is None else redacted

        def note() -> None:
            self.recorder.input(kept, kind=kind, key=key, source=source, redacted=rule)

        try:
            write = self.pump.write(data, before=note)
            if wait_s is not None:
                write.wait(wait_s)
        except InputNotTaken as error:
            raise CannotSend(what=str(error)) from None

    @property
    def size(self) -> Size:
        """The terminal's size now, in cells."""
        columns, rows = self.program.size
        return Size(columns, rows)

    def resize(self, *, columns: int, rows: int) -> None:
        """Record a new size (cells), then tell the terminal."""
        check_size(Size(columns, rows))
        if not self.over.is_set():
            self.recorder.resize(columns=columns, rows=rows)
            with contextlib.suppress(SessionClosed):
                self.program.resize(columns=columns, rows=rows)

    def signal(self, name: str) -> None:
        """Record a signal (`SIGINT` or `INT`), then send it to the foreground process group."""
        full = signal_name(name)
        if not self.over.is_set():
            self.recorder.signal(full)
            with contextlib.suppress(SessionClosed):
                self.program.signal(signal.Signals[full])

    def stop(self, why: str) -> None:
        """End the program (HUP, TERM, KILL), reading all the while. Returns at once; safe in signal handlers."""
        self.pump.stop(why)

    def fail(self, error: BaseException) -> None:
        """Something that the recording needs has failed: end the program; `conclude` raises this."""
        self._failure = self._failure or error
        self.stop(f"{type(error).__name__}: {error}")

    def conclude(self) -> End | None:
        """After the loop: end what is left of the program and record how it ended. Raises what went wrong.

        None where the loop never ran to an end.
        """
        if self._thread is not None:
            self._thread.join()
        end = self.pump.end
        status = end.status if end is not None else None
        self.program.close()
        status = status or self.program.poll()
        metadata = None
        if end is not None and end.reason != "exited":
            metadata = {"ended_by": end.reason, "detail": end.detail}
        self.recorder.final(exit=status, metadata=metadata)
        if self._failure is not None:
            raise self._failure
        return end

    def _output(self, data: bytes) -> None:
        kept = self.recorder.output(data)
        if self._on_output is not None and kept:
            self._on_output(data[:kept])
        if kept < len(data):
            self.pump.stop(self.recorder.full or "full")

    def _mode(self, discipline: Discipline) -> None:
        mode = asdict(discipline)
        if self._mode_known:
            self.recorder.mode(mode)
        else:
            self._mode_known = True
            self.recorder.pty_mode(mode)
