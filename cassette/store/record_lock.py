"""One recording of an account at a time, for all programs of a user on this machine; freed by a crash."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from cassette.errors import CannotStore, LockHeld
from cassette.store import locks


@contextlib.contextmanager
def record_lock(harness: str, account: str = "default", *, root: Path | None = None) -> Iterator[None]:
    """Hold the lock of one account of one harness while the block runs; never waits.

    `root` is the directory of the lock files; by default one of this user's under the temporary directory. The
    account's name is only kept as a digest. Raises LockHeld when another process (or another block of this one)
    has it, CannotStore when there is no place for locks.
    """
    path = _private_directory(root) / _file_name(harness, account)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _no_place(path, error) from None
    try:
        try:
            if not locks.try_own(fd):
                raise LockHeld(name=harness, pid=os.pread(fd, 20, 0).decode("ascii", "replace") or "unknown")
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)
        except OSError as error:  # no locks there, or no room for the number
            raise _no_place(path, error) from None
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)


def _file_name(harness: str, account: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", harness)[:60] or "unnamed"
    digest = sha256("\0".join((harness, account)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{safe}-{digest[:16]}.lock"


def _private_directory(root: Path | None) -> Path:
    path = root or Path(tempfile.gettempdir()) / f"pty-cassette-locks-{os.geteuid()}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = path.lstat()
    except OSError as error:
        raise _no_place(path, error) from None
    if root is None and (not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid()):
        raise CannotStore(
            action="lock in", path=path, why="it is not this user's directory", todo="Remove it."
        )
    return path


def _no_place(path: Path, error: OSError) -> CannotStore:
    why = (error.strerror or str(error)).lower()
    return CannotStore(action="lock in", path=path, why=why, todo="Give another directory with TMPDIR.")
