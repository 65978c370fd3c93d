"""Checks before a program is started, and the child's side of starting it.

Everything that can be decided is decided here, in the parent, before the fork: the child of a process with
threads may do little. What only the kernel knows comes back as a stage and an errno through a pipe.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import signal
import stat
import sys
import termios
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from terminal.session_errors import (
    BadCommand,
    BadSize,
    BadWorkingDirectory,
    CommandNotExecutable,
    CommandNotFound,
    SessionError,
    SpawnFailed,
)

MAX_SIZE = 65_535  # struct winsize holds unsigned shorts
_IUTF8 = {"linux": 0o40000, "darwin": 0x4000}.get(sys.platform, 0)  # not in `termios` before Python 3.13
_ENTER, _EXEC = b"enter", b"exec"  # the stages of the child that can fail


@dataclass(frozen=True, slots=True)
class Launch:
    """A program that is ready to be started: absolute path, arguments, environment, directory."""

    path: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str | None


def check_size(columns: int, rows: int) -> None:
    """Raise `BadSize` unless both are 1 to 65,535 cells."""
    for name, value in (("columns", columns), ("rows", rows)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SIZE:
            raise BadSize(
                f"A terminal cannot have {value!r} {name}. Give a whole number from 1 to {MAX_SIZE}."
            )


def prepare(
    argv: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None,
    cwd: str | os.PathLike[str] | None,
) -> Launch:
    """Check a command and find its file. Relative paths are meant from `cwd`, where the program starts."""
    words = _checked_argv(argv)
    environment = _checked_env(os.environ if env is None else env)
    directory = None if cwd is None else _checked_cwd(os.fspath(cwd))
    path = _find(words[0], environment.get("PATH", os.defpath), directory or str(Path.cwd()))
    return Launch(path=path, argv=words, env=environment, cwd=directory)


def _checked_argv(argv: Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    if isinstance(argv, (str, bytes)):
        raise BadCommand(
            f"The command is one string: {argv!r}. Give a list: the program, then its arguments."
        )
    words = tuple(os.fspath(word) if isinstance(word, os.PathLike) else word for word in argv)
    if not words or not words[0]:
        raise BadCommand("There is no command to run. Give the program's name first, then its arguments.")
    for place, word in enumerate(words):
        _check_text(word, f"Argument {place} of the command")
    return words


def _checked_env(env: Mapping[str, str]) -> dict[str, str]:
    for name, value in env.items():
        _check_text(name, f"The environment name {name!r}")
        _check_text(value, f"The value of the environment variable {name!r}")
        if not name or "=" in name:
            raise BadCommand(f"{name!r} is no name for an environment variable. Use a name without '='.")
    return dict(env)


def _check_text(text: object, what: str) -> None:
    if not isinstance(text, str):
        raise BadCommand(f"{what} is no text but {type(text).__name__}. Give a str.")
    if "\0" in text:
        raise BadCommand(f"{what} holds a NUL byte, which no program can be given. Leave it out.")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise BadCommand(f"{what} cannot be encoded for the system. Use characters it can encode.") from None


def _checked_cwd(cwd: str) -> str:
    if "\0" in cwd or not Path(cwd).exists():
        raise BadWorkingDirectory(f"The working directory {cwd!r} does not exist. Create it or name another.")
    if not Path(cwd).is_dir():
        raise BadWorkingDirectory(f"The working directory {cwd!r} is no directory. Name a directory.")
    return str(Path(cwd).absolute())


def _find(command: str, search: str, cwd: str) -> str:
    """The absolute path that the child would run, searched in the child's PATH and from its directory."""
    if "/" in command:
        path = os.path.join(cwd, command)
        _check_file(path, command)
        return path
    refused: SessionError | None = None
    for directory in search.split(os.pathsep):
        path = os.path.join(cwd, directory, command)
        try:
            _check_file(path, command)
        except CommandNotFound:
            continue
        except CommandNotExecutable as error:  # as a shell does: look on, and tell if nothing better comes
            refused = refused or error
            continue
        return path
    raise refused or CommandNotFound(
        f"The command {command!r} was not found in PATH. Check its spelling, or give its path."
    )


def _check_file(path: str, command: str) -> None:
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise CommandNotFound(f"The command {command!r} does not exist. Check its path.") from None
    except OSError as error:
        reason = error.strerror
        raise CommandNotExecutable(f"{path!r} cannot be reached: {reason}. Check the path.") from None
    if stat.S_ISDIR(mode):
        raise CommandNotExecutable(f"{path!r} is a directory, not a program. Name a program in it.")
    if not stat.S_ISREG(mode) or not os.access(path, os.X_OK):
        raise CommandNotExecutable(
            f"{path!r} may not be executed. Allow it with chmod +x, or run it through its interpreter."
        )


def become(launch: Launch, report: int) -> NoReturn:
    """In the child, after the fork: become the program, or tell `report` why not, and leave.

    Imports nothing and takes no lock: other threads of the parent may have held it at the fork.
    """
    stage = _ENTER
    try:
        _default_signals()
        _expect_utf8()
        if launch.cwd is not None:
            os.chdir(launch.cwd)
        stage = _EXEC
        os.execve(launch.path, launch.argv, launch.env)
    except BaseException as error:
        os.write(report, b"%s %d" % (stage, getattr(error, "errno", 0) or 0))
    finally:
        os._exit(127)


def _default_signals() -> None:
    """What a program gets from a fresh terminal: Python ignores SIGPIPE and SIGXFSZ, nohup ignores SIGHUP."""
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _expect_utf8() -> None:
    """Let the kernel's line editing erase whole characters, as every terminal emulator does."""
    with contextlib.suppress(termios.error):
        attributes = termios.tcgetattr(0)
        attributes[0] |= _IUTF8
        termios.tcsetattr(0, termios.TCSANOW, attributes)


def launch_error(launch: Launch, report: bytes) -> SessionError:
    """The error to raise for what `become` reported."""
    stage, _, number = report.partition(b" ")
    code = int(number or b"0")
    reason = os.strerror(code)
    if stage == _ENTER:
        return BadWorkingDirectory(
            f"The working directory {launch.cwd!r} cannot be entered: {reason}. Check its permissions."
        )
    if code == errno.ENOEXEC:
        return CommandNotExecutable(
            f"{launch.path!r} is neither a program nor a script with a first line such as '#!/bin/sh'. "
            "Add that line, or run it through its interpreter."
        )
    if code == errno.ENOENT:
        return CommandNotExecutable(
            f"The interpreter or loader that {launch.path!r} asks for does not exist. "
            "Check its first line, or whether it was built for this system."
        )
    if code == errno.E2BIG:
        return BadCommand("Arguments and environment are larger than the system allows. Pass less.")
    if code in (errno.ENOMEM, errno.EAGAIN):
        return SpawnFailed(
            f"{launch.path!r} could not be started: {reason}. Free memory or processes, retry."
        )
    return CommandNotExecutable(f"{launch.path!r} cannot be executed: {reason}. Check the file.")


@contextlib.contextmanager
def low_descriptors_taken() -> Iterator[None]:
    """Keep 0, 1 and 2 busy: the child's terminal goes there, over any pipe that got such a number."""
    held = []
    try:
        while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
            held.append(fd)
        os.close(fd)
        yield
    finally:
        for fd in held:
            os.close(fd)


@contextlib.contextmanager
def quiet_fork() -> Iterator[None]:
    """Nothing of ours may run in the child but `become`: no signal handlers, no finalizers, no cleaning up.

    A child fails before `become` when its parent is killed right after the fork: the size of a terminal that hung up
    cannot be set. It leaves at once, since all that it could clean up is its parent's.
    Python 3.12 warns of any fork beside threads; the child here runs no code that could need them.
    """
    parent, collecting = os.getpid(), gc.isenabled()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        if os.getpid() != parent:
            os._exit(127)
        if collecting:
            gc.enable()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
