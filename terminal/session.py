"""One program on one pseudo-terminal: spawn, read, write, resize, signal, wait, close.

The only file that imports `ptyprocess`, and that knows that rows come first there. `ptyprocess` forks; what is
read and written goes straight to the descriptor, which never blocks. The leader stays unreaped until `close()`
where the system can tell its status without reaping, so that its number cannot come to mean another process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
import termios
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import ptyprocess

from terminal import launch, session_group
from terminal.discipline import Discipline, read_discipline
from terminal.exit_status import ExitStatus
from terminal.session_errors import (
    BadCommand,
    BadSize,
    BadWorkingDirectory,
    CommandNotExecutable,
    CommandNotFound,
    InputNotTaken,
    SessionClosed,
    SessionError,
    SpawnFailed,
)

__all__ = [
    "BadCommand",
    "BadSize",
    "BadWorkingDirectory",
    "CommandNotExecutable",
    "CommandNotFound",
    "Discipline",
    "ExitStatus",
    "InputNotTaken",
    "PtySession",
    "SessionClosed",
    "SessionError",
    "SpawnFailed",
    "TerminalSize",
]

_CLOSING = (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL)
_LOOK_S = 0.01  # between two looks at a program that was told to end

_spawning = threading.Lock()  # a fork at a time: they share the collector's and the warnings' settings


class TerminalSize(NamedTuple):
    """The size of a terminal, in cells."""

    columns: int
    rows: int


class PtySession:
    """A running program and the terminal we hold for it. Leave the `with` block, or call `close()`."""

    def __init__(self, pid: int, fd: int, argv: Sequence[str], *, grace_s: float) -> None:
        self.pid = pid
        self.argv = tuple(argv)
        self._fd = fd
        self._grace_s = grace_s
        self._status: ExitStatus | None = None
        self._reaped = False
        self._closed = False
        self._lock = threading.RLock()  # a signal handler may come back in
        self._closing = threading.RLock()
        self._exit_fd = _exit_descriptor(pid)
        os.set_blocking(fd, False)

    @classmethod
    def spawn(
        cls,
        argv: Sequence[str | os.PathLike[str]],
        *,
        columns: int,
        rows: int,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        grace_s: float = 1.0,
    ) -> Self:
        """Start `argv` on a new terminal of this size (cells); `env` None inherits ours.

        The program gets default signals and no descriptors but 0, 1 and 2. `grace_s` is what `close()` waits
        after each of HUP, TERM and KILL. Raises a `SessionError` when the program cannot be started.
        """
        launch.check_size(columns, rows)
        plan = launch.prepare(argv, env=env, cwd=cwd)
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            raise SpawnFailed(
                "This process ignores SIGCHLD, so no exit status can be learnt. "
                "Call signal.signal(signal.SIGCHLD, signal.SIG_DFL) first."
            )
        pid, fd, report = _fork(plan, columns=columns, rows=rows)
        if report:
            os.close(fd)
            os.waitpid(pid, 0)
            raise launch.launch_error(plan, report)
        return cls(pid, fd, plan.argv, grace_s=grace_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
            self._close_descriptors()  # the kernel hangs up; no signal from here, we may be a forked copy

    def __repr__(self) -> str:
        state = "closed" if self._closed else self._status or "running"
        return f"<PtySession {self.argv[0]!r} pid {self.pid}, {state}>"

    def fileno(self) -> int:
        """The master's descriptor, for a selector."""
        return self._open_fd()

    def exit_fileno(self) -> int | None:
        """A descriptor that becomes readable when the leader exits; None where the system has none."""
        return self._exit_fd

    @property
    def closed(self) -> bool:
        """`close()` was called."""
        return self._closed

    @property
    def size(self) -> TerminalSize:
        """The terminal's size now, in cells; the program can change it too."""
        with self._lock:
            rows, columns = termios.tcgetwinsize(self._open_fd())
        return TerminalSize(columns, rows)

    def read(self, max_bytes: int = 65_536) -> bytes | None:
        """What the program wrote: None for nothing now, b"" when nobody holds the terminal (end of file).

        End of file is not for ever: while the leader lives, a process of it can open the terminal again.
        """
        with self._lock:
            try:
                return os.read(self._open_fd(), max_bytes)
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno == errno.EIO:  # how Linux says it
                    return b""
                raise

    def write(self, data: bytes | memoryview) -> int:
        """Give bytes to the terminal, at once; how many it took, 0 while the program does not read."""
        if not data:
            return 0
        with self._lock:
            try:
                return os.write(self._open_fd(), data)
            except BlockingIOError:
                return 0
            except OSError as error:
                if error.errno == errno.EIO:
                    return 0
                raise

    def resize(self, *, columns: int, rows: int) -> None:
        """Give the terminal this size (cells); the kernel tells the foreground group with SIGWINCH."""
        launch.check_size(columns, rows)
        with self._lock:
            termios.tcsetwinsize(self._open_fd(), (rows, columns))

    def discipline(self) -> Discipline | None:
        """The line discipline now, read through the master; None where there is none any more."""
        with self._lock:
            return read_discipline(self._open_fd())

    def signal(self, signum: int) -> bool:
        """Signal the foreground process group, as the terminal's keys do, or the leader's where there is none.

        False where nobody is left, or where the system forbids it (another user's program).
        """
        with self._lock:
            group = self._foreground_group()
            if session_group.group_exists(group):
                return session_group.signal_process_group(group, signum)
            return self._signal_leader(signum)

    def signal_group(self, signum: int, *, resume: bool = False) -> None:
        """Signal every process of the leader's session; `resume` also continues stopped ones, to let them die.

        Job control gives each job a process group of its own, so the leader's group alone is not enough.
        """
        with self._lock:
            if self._reaped or session_group.signal_members(self.pid, signum, resume=resume):
                return
            for number in (signum, signal.SIGCONT) if resume else (signum,):
                session_group.signal_process_group(self._foreground_group(), number)
                self._signal_leader(number)

    def members(self) -> list[int]:
        """Pids of the live processes in the session, best effort where there is no /proc."""
        with self._lock:
            if self._reaped:
                return []
            found = session_group.members(self.pid)
            if found is None:
                found = [] if self.poll() else [self.pid]
            return found

    def poll(self) -> ExitStatus | None:
        """How the leader ended; None while it runs."""
        with self._lock:
            if self._status is None:
                self._status = self._look()
            return self._status

    def wait(self, timeout_s: float | None = None) -> ExitStatus | None:
        """Wait for the leader; None when `timeout_s` passed. Reads nothing: a full terminal holds it up."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (status := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            self._pause(left)
        return status

    def close(self) -> None:
        """End every process of the session (HUP, TERM, KILL), reap the leader, close the terminal.

        What the program still writes is read and dropped, so that it is not held up. Safe to call again.
        """
        with self._closing:
            if self._closed:
                return
            try:
                self._end_members()
            finally:
                self._close_descriptors()
                self._reap()

    def _open_fd(self) -> int:
        if self._fd < 0:
            raise SessionClosed(f"The session of {self.argv[0]!r} is closed. Use it before close().")
        return self._fd

    def _foreground_group(self) -> int:
        try:
            return os.tcgetpgrp(self._open_fd())
        except OSError:
            return 0

    def _signal_leader(self, signum: int) -> bool:
        return not self._reaped and session_group.signal_process_group(self.pid, signum)

    def _look(self) -> ExitStatus | None:
        """The leader's status without reaping it, where the system can tell (macOS: from Python 3.13)."""
        try:
            if not hasattr(os, "waitid"):
                return self._take(os.WNOHANG)
            result = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            self._reaped = True
            return ExitStatus.unknown()
        if result is None:
            return None
        if result.si_code == os.CLD_EXITED:
            return ExitStatus(result.si_status)
        return ExitStatus.by_signal(result.si_status)

    def _take(self, options: int) -> ExitStatus | None:
        """Reap the leader; None while it runs."""
        pid, word = os.waitpid(self.pid, options)
        if not pid:
            return None
        self._reaped = True
        code = os.waitstatus_to_exitcode(word)
        return ExitStatus(code) if code >= 0 else ExitStatus.by_signal(-code)

    def _pause(self, limit_s: float | None) -> None:
        """Sleep until the leader exits or `limit_s` passed; only for a moment where exits cannot be awaited."""
        if self._exit_fd is None:
            time.sleep(_LOOK_S if limit_s is None else min(_LOOK_S, limit_s))
            return
        watch = select.poll()
        watch.register(self._exit_fd, select.POLLIN)
        watch.poll(None if limit_s is None else limit_s * 1000)

    def _end_members(self) -> None:
        for signum in _CLOSING:
            if not self._left():
                return
            self.signal_group(signum, resume=True)
            self._await_end(time.monotonic() + self._grace_s)

    def _left(self) -> list[int]:
        """Who still lives of the session; the leader counts until its end can be read."""
        return self.members() or ([] if self.poll() else [self.pid])

    def _await_end(self, deadline: float) -> None:
        left = self._left()
        while left and time.monotonic() < deadline:
            self._drop_output()
            if self.poll() is None:
                self._pause(_LOOK_S)
            else:
                time.sleep(_LOOK_S)
            known = session_group.still_members(left, self.pid)
            left = known or self._left()  # looking at all processes is dear: only when these are gone

    def _drop_output(self) -> None:
        with contextlib.suppress(SessionClosed):
            while self.read():
                pass

    def _close_descriptors(self) -> None:
        with self._lock:
            self._closed = True
            fd, self._fd = self._fd, -1
            exit_fd, self._exit_fd = self._exit_fd, None
        for descriptor in (fd, exit_fd):
            if descriptor is not None and descriptor >= 0:
                os.close(descriptor)

    def _reap(self) -> None:
        with self._lock:
            if self._reaped:
                return
            with contextlib.suppress(ChildProcessError):
                self._status = self._take(os.WNOHANG) or self._status
        if not self._reaped:  # not ours to kill (sudo), or asleep in the kernel: the hang-up is all we have
            threading.Thread(target=self._reap_late, daemon=True).start()

    def _reap_late(self) -> None:
        with contextlib.suppress(ChildProcessError):
            self._status = self._take(0)


def _exit_descriptor(pid: int) -> int | None:
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):  # an old kernel, or a sandbox that forbids it
            return os.pidfd_open(pid)
    return None


class _Child(ptyprocess.PtyProcess):  # type: ignore[misc]
    """Only ptyprocess' way of forking: the size is set in the child, before the program runs."""

    def setwinsize(self, _rows: int, _columns: int) -> None:
        """Nothing: from the parent it would come late, and undo what the program made of its size."""


def _fork(plan: launch.Launch, *, columns: int, rows: int) -> tuple[int, int, bytes]:
    """Start the plan: pid, master, and what the child reported (nothing when it became the program)."""
    with _spawning, launch.low_descriptors_taken():
        try:
            read_end, write_end = os.pipe()
        except OSError as error:
            raise _no_room(error) from error
        try:
            with launch.quiet_fork():
                process = _Child.spawn(
                    [plan.path],
                    dimensions=(rows, columns),
                    preexec_fn=lambda: launch.become(plan, write_end),
                    pass_fds=(write_end,),
                )
            fd = _take_descriptor(process)
        except OSError as error:
            raise _no_room(error) from error
        finally:
            os.close(write_end)
            with os.fdopen(read_end, "rb") as pipe:
                report = pipe.read()
        return process.pid, fd, report


def _no_room(error: OSError) -> SpawnFailed:
    return SpawnFailed(f"No new terminal or process: {error.strerror or error}. Close some, then retry.")


def _take_descriptor(process: ptyprocess.PtyProcess) -> int:
    """Take the master over: ptyprocess' own object would close it, and wait and kill, when it is collected."""
    try:
        return os.dup(process.fd)
    finally:
        process.fileobj.close()
        process.closed = True
