"""How a program ended. A frozen value; knows no process."""

from __future__ import annotations

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a program ended: `code` is its status, or 128+n after signal n, named in `signal` ("SIGKILL")."""

    code: int
    signal: str | None = None
    known: bool = True  # False: somebody else in this process reaped the program, nobody can tell

    @property
    def exited(self) -> bool:
        """The program ended by itself."""
        return self.known and self.signal is None

    @property
    def signaled(self) -> bool:
        """A signal ended the program."""
        return self.signal is not None

    @classmethod
    def by_signal(cls, number: int) -> ExitStatus:
        """The status of a program that signal `number` ended."""
        try:
            name = signal.Signals(number).name
        except ValueError:  # a real-time signal between SIGRTMIN and SIGRTMAX
            name = f"SIG{number}"
        return cls(code=128 + number, signal=name)

    @classmethod
    def unknown(cls) -> ExitStatus:
        """The status of a program that somebody else reaped."""
        return cls(code=255, known=False)
