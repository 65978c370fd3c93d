"""A person drives the program: their terminal is raw, keys go through, the size follows, and all of it is undone.

Runs in the foreground, in the main thread. Signals come through a pipe into the same loop, so nothing happens in
the middle of something else. Those that somebody sends to the recorder are meant for the program: each is passed on
and recorded as an event. TERM and HUP ask for the end: the program has some seconds for it, or until the next of them.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
import tty
from collections.abc import Iterator
from typing import Any

from cassette.errors import CannotSend, NoTerminal
from cassette.format.limits import MAX_COLUMNS, MAX_ROWS
from cassette.model import Size
from cassette.recording.run import Run
from cassette.recording.stopping import PATIENCE_S
from cassette.recording.typed import Typed
from cassette.viewing.leftovers import Leftovers

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_PASSED_ON = (*_ENDING, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_READ_BYTES = 65_536
_BELL = b"\a"


def size_of(fd: int) -> Size:
    """The size of a person's terminal, in cells. Raises NoTerminal."""
    try:
        columns, rows = os.get_terminal_size(fd)
    except OSError:
        raise NoTerminal(
            what="interactive recording", which="standard input", instead="give a --script"
        ) from None
    return Size(min(columns or 80, MAX_COLUMNS), min(rows or 24, MAX_ROWS))


class Person:
    """Connects a person's terminal to a run. `follow_size` passes their terminal's size on when it changes."""

    def __init__(self, in_fd: int, out_fd: int, *, follow_size: bool) -> None:
        self._in = in_fd
        self._out = out_fd
        self._follow_size = follow_size
        self._run: Run | None = None
        self._before: list[Any] | None = None
        self._leftovers = Leftovers()
        self._typed = Typed()
        self._gone = False
        self._passed_on: list[signal.Signals] = []
        self._patience: threading.Timer | None = None
        self.ended_by: signal.Signals | None = None
        """The signal to the recorder that asked for the end, or that the program died of."""

    def show(self, data: bytes) -> None:
        """Output of the program, to the person. A terminal or a pipe that went away ends the program."""
        if self._gone:
            return
        self._leftovers.feed(data)
        self._typed.printed(data)
        try:
            self._write(data)
        except BrokenPipeError:  # `| head`: who read has enough, which is no error
            self._gone = True
            self._end("nobody reads the output any more", None)
        except OSError:
            self._gone = True
            self._hang_up()

    def drive(self, run: Run) -> None:
        """Run the loop until the program has ended; the terminal is as before, however that comes."""
        self._run = run
        with self._signals(run), self._raw():
            run.pump.add_reader(self._in, self._keys)
            self._resize()  # it may have changed while nobody listened
            try:
                run.loop()
            finally:
                if self._patience is not None:
                    self._patience.cancel()
        status = run.pump.end.status if run.pump.end is not None else None
        died_of = [
            number for number in self._passed_on if status is not None and status.signal == number.name
        ]
        self.ended_by = self.ended_by or (died_of[0] if died_of else None)

    def _keys(self) -> None:
        assert self._run is not None
        try:
            data = os.read(self._in, _READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._run.pump.remove_reader(self._in)
            self._hang_up()
            return
        for is_answer, piece in self._typed.pieces(data):
            try:
                self._run.send(piece, source="terminal" if is_answer else "user")
            except CannotSend:
                self.show(_BELL)  # it does not read, or has ended: not taken, not recorded, and not silent

    @contextlib.contextmanager
    def _raw(self) -> Iterator[None]:
        self._before = termios.tcgetattr(self._in)
        try:
            self._make_raw()
            yield
        finally:
            self._restore()

    def _make_raw(self) -> None:
        tty.setraw(self._in, termios.TCSADRAIN)

    def _restore(self) -> None:
        """Line discipline and modes as they were; twice does no harm."""
        with contextlib.suppress(OSError):
            if reset := self._leftovers.reset():
                self._write(reset)
        assert self._before is not None
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(self._in, termios.TCSANOW, self._before)

    @contextlib.contextmanager
    def _signals(self, run: Run) -> Iterator[None]:
        """Signals of this process come as bytes on a pipe that the loop reads."""
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        numbers = (*_PASSED_ON, signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP)
        before = {number: signal.signal(number, lambda *_: None) for number in numbers}
        wakeup = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        run.pump.add_reader(read_end, lambda: self._on_signals(os.read(read_end, 512)))
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
            os.close(read_end)
            os.close(write_end)

    def _on_signals(self, numbers: bytes) -> None:
        for number in dict.fromkeys(numbers):
            try:
                self._on_signal(signal.Signals(number))
            except (NoTerminal, termios.error, OSError):  # a hang-up comes with a SIGCONT
                self._hang_up()

    def _on_signal(self, number: signal.Signals) -> None:
        if number in _PASSED_ON:
            self._pass_on(number)
        elif number == signal.SIGTSTP:
            self._pause()
        elif number == signal.SIGCONT:
            self._make_raw()
        elif number == signal.SIGWINCH:
            self._resize()

    def _pause(self) -> None:
        """The recorder itself is suspended: give the shell its terminal, take it again afterwards.

        The program knows nothing of it, and is told to paint its screen again.
        """
        self._restore()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # returns when it is continued
        signal.signal(signal.SIGTSTP, handler)
        self._make_raw()
        self._write(self._leftovers.again())
        self._resize()
        if self._run is not None:
            self._run.signal("SIGWINCH")

    def _resize(self) -> None:
        if self._follow_size and self._run is not None:
            size = size_of(self._in)
            if size != self._run.size:
                self._run.resize(columns=size.columns, rows=size.rows)

    def _pass_on(self, number: signal.Signals) -> None:
        """A signal for the program, and an event of the recording."""
        assert self._run is not None
        if number in _ENDING and self.ended_by is not None:
            self._end(f"the recorder got {self.ended_by.name}, then {number.name}", number)
            return
        self._passed_on.append(number)
        self._run.signal(number.name)
        if number in _ENDING:
            self.ended_by = number
            why = f"the recorder got {number.name}, and the program did not end within {PATIENCE_S:g} s"
            self._patience = threading.Timer(PATIENCE_S, self._run.stop, [why])
            self._patience.daemon = True
            self._patience.start()

    def _hang_up(self) -> None:
        """Nobody is there any more: the program is told, as its terminal would, and ended."""
        if self._run is not None and self.ended_by is None:
            self._run.signal("SIGHUP")
        self._end("the terminal is gone", signal.SIGHUP)

    def _end(self, why: str, number: signal.Signals | None) -> None:
        self.ended_by = self.ended_by or number
        if self._run is not None:
            self._run.stop(why)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._out, view) :]
            except BlockingIOError:  # somebody made the terminal that we share non-blocking
                select.select([], [self._out], [])
