"""What can go wrong between us and the program: one sentence of what happened, one of what to do."""

from __future__ import annotations


class SessionError(Exception):
    """A program could not be started, or could not be talked to."""


class BadSize(SessionError):
    """A terminal size that no terminal has."""


class BadCommand(SessionError):
    """An argument list or an environment that no program can be given."""


class BadWorkingDirectory(SessionError):
    """The directory to start the program in is missing, or may not be entered."""


class CommandNotFound(SessionError):
    """There is no such command."""


class CommandNotExecutable(SessionError):
    """There is such a file, but it cannot be run."""


class SpawnFailed(SessionError):
    """The system refused a new process or a new pseudo-terminal."""


class SessionClosed(SessionError):
    """The session was closed before this call."""


class InputNotTaken(SessionError):
    """The program did not read what was sent to it."""
