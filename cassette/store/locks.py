"""Locks that a crash frees: `flock` on an open file or directory, nothing written anywhere.

Who owns something holds it exclusively; who only wants to know whether the owner lives asks for a shared lock
for a moment. So a refused shared lock always means a living owner, and questions do not disturb one another.
"""

from __future__ import annotations

import errno
import fcntl
import os

from cassette.clock import Clock

RETRY_S = 0.02
NO_LOCKS = frozenset({errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})
"""What a file system without locks answers (some network file systems, for directories)."""


def has_owner(fd: int) -> bool:
    """Whether somebody holds this file exclusively; True also where the file system has no locks to tell by."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in NO_LOCKS:
            return True
        raise
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def try_own(fd: int) -> bool:
    """Take the lock if nobody owns it; whoever merely asks at this moment is waited for. False when it is owned."""
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if has_owner(fd):
                return False
            os.sched_yield() if hasattr(os, "sched_yield") else None
        else:
            return True


def own_within(fd: int, *, limit_s: float, clock: Clock) -> bool:
    """Take the lock, waiting up to `limit_s` seconds. False when the owner kept it for that long.

    Where the file system has no locks this is True at once: what is done under the lock must then be safe by
    itself (renames are).
    """
    deadline = clock.now() + limit_s
    while True:
        try:
            if try_own(fd):
                return True
        except OSError as error:
            if error.errno in NO_LOCKS:
                return True
            raise
        if clock.now() >= deadline:
            return False
        clock.sleep_until(min(deadline, clock.now() + RETRY_S))


def release(fd: int) -> None:
    """Free the lock; closing the last descriptor, or dying, does the same."""
    try:
        fcntl.flock(fd, fcntl.LOCK_UN)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
