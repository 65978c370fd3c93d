"""Directories for a while, in the temporary directory: removed at the end, or by whoever comes next after a kill.

A fresh HOME may hold a copy of a login, so none is left lying about. Each is locked by its owner; one without an
owner, of this user and with our prefix, is what a kill left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cassette.store import locks

PREFIX = "pty-cassette-run-"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty directory (mode 0700), removed with all in it at the end. Raises OSError where none can be made."""
    _remove_left()
    path, fd = _made()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(fd)


def _made() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # another run took it for a leftover before it was locked
            continue
        try:
            with contextlib.suppress(
                OSError
            ):  # without locks nobody tells whose it is, and none is taken away
                locks.try_own(fd)
            if _is_there(path, fd):
                return path, fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _is_there(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), os.fstat(fd))
    except FileNotFoundError:
        return False


def _remove_left() -> None:
    """Remove what runs of this user left that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        facts = os.fstat(fd)
        if facts.st_uid == os.geteuid() and not stat.S_IMODE(facts.st_mode) & 0o077 and locks.try_own(fd):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(fd)
