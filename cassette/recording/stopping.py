"""Signals to a recorder that nobody types into, as under a script: the program gets them, as it would without one."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from cassette.errors import CassetteError

if TYPE_CHECKING:
    from cassette.recording.live import LiveSession

PATIENCE_S = 5.0
"""How long a program may take to end after a signal that asks for it; who sent it may not come back."""
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def hang_ups_passed_over() -> Iterator[None]:
    """Around a recording and its publishing: where nothing else listens for HUP, it does nothing.

    A terminal that goes away says so several times: its input ends, the kernel sends HUP, and the shell sends it
    again. Whatever comes after the first is no reason to leave the recording in the spool. (A handler, since a
    program that is started would inherit that HUP is ignored.)
    """
    before = signal.signal(signal.SIGHUP, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before if before is not None else signal.SIG_DFL)


class Stopping:
    """Ctrl-C, TERM and HUP, from before the program starts, go to it and are events; the recording is published.

    A second one ends this process as if nobody had listened, and the recording stays in the spool; but a HUP after
    a HUP is no more than the same news.
    """

    def __init__(self) -> None:
        self.ended_by: signal.Signals | None = None
        self._session: LiveSession | None = None
        self._asked: SimpleQueue[signal.Signals | None] = SimpleQueue()  # may be put to in a handler
        self._thread: threading.Thread | None = None
        self._patience: threading.Timer | None = None

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in _NUMBERS}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._asked.put(None)
        if self._thread is not None:
            self._thread.join()
        if self._patience is not None:
            self._patience.cancel()

    def watch(self, session: LiveSession) -> None:
        """The session that signals go to; at once if one has come already."""
        self._session = session
        self._thread = threading.Thread(target=self._pass_on, name="signals to the program", daemon=True)
        self._thread.start()

    def _note(self, number: int, _frame: object) -> None:
        """The handler: it takes no lock that what it interrupts may hold."""
        if number == self.ended_by == signal.SIGHUP:
            return
        if self.ended_by is not None:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.ended_by = signal.Signals(number)
        self._asked.put(self.ended_by)

    def _pass_on(self) -> None:
        while (number := self._asked.get()) is not None:
            assert self._session is not None
            why = f"the recorder got {number.name}, and the program did not end within {PATIENCE_S:g} s"
            self._patience = threading.Timer(PATIENCE_S, self._session.stop, [why])
            self._patience.daemon = True
            self._patience.start()
            with contextlib.suppress(CassetteError):  # it is full, and its program is being ended
                self._session.signal(number.name)
