"""What a spool is written on: a locked file on a RAM-backed file system, or this process's own memory.

A medium is append-only but for `cut`, which takes away what was never acknowledged. It knows no records.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cassette.store import locks, syscalls
from cassette.store.places import Place

SUFFIX = ".spool"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM})
"""What a medium answers when it has no room left."""


class Medium(Protocol):
    """Bytes that grow at the end."""

    @property
    def path(self) -> Path | None:
        """Where they can be found; None when nowhere."""
        ...

    def write(self, head: bytes, payload: bytes | memoryview) -> int:
        """Append both in one step; returns how many bytes were taken. Raises OSError."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """The bytes there, fewer only at the end."""
        ...

    def size(self) -> int:
        """How many bytes there are."""
        ...

    def cut(self, size: int) -> None:
        """Drop what lies behind `size`."""
        ...

    def reserve(self, start: int, end: int) -> bool:
        """Make sure of room up to `end`; False when this medium cannot promise. Raises OSError when full."""
        ...

    def discard(self) -> None:
        """Remove it from where it can be found."""
        ...

    def close(self) -> None:
        """Let it go, and with it the lock."""
        ...


class FileMedium:
    """One file, owned by the exclusive lock on it."""

    def __init__(self, fd: int, place_fd: int, path: Path) -> None:
        self._fd, self._place_fd, self._path = fd, place_fd, path

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    @classmethod
    def create(cls, place: Place, name: str) -> FileMedium:
        """A new file in a place, locked. Raises OSError."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        while True:
            fd = os.open(name, flags, 0o600, dir_fd=place.fd)
            fcntl.flock(fd, fcntl.LOCK_EX)  # at once, or after somebody's `has_owner`
            if os.fstat(fd).st_nlink:
                return cls(fd, os.dup(place.fd), place.path / name)
            os.close(fd)  # somebody removed it before it was locked, as one that a crash left empty

    @classmethod
    def open(cls, place: Place, name: str) -> FileMedium | None:
        """A file that nobody owns, now locked; None when it has an owner. Raises OSError.

        What is no regular file counts as not there.
        """
        if not stat.S_ISREG(os.stat(name, dir_fd=place.fd, follow_symlinks=False).st_mode):
            raise FileNotFoundError(name)
        fd = os.open(name, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.fd)
        try:
            if not locks.try_own(fd):
                os.close(fd)
                return None
            if os.fstat(fd).st_nlink == 0:
                raise FileNotFoundError(name)
        except OSError:
            os.close(fd)
            raise
        return cls(fd, os.dup(place.fd), place.path / name)

    def write(self, head: bytes, payload: bytes | memoryview) -> int:
        """One call, so that a kill leaves the event whole or torn at the end, never mixed."""
        return os.writev(self._fd, (head, payload))

    def read(self, offset: int, size: int) -> bytes:
        """The bytes there, fewer only at the end."""
        data = os.pread(self._fd, size, offset)
        while len(data) < size and (more := os.pread(self._fd, size - len(data), offset + len(data))):
            data += more
        return data

    def size(self) -> int:
        """As the file system says."""
        return os.fstat(self._fd).st_size

    def cut(self, size: int) -> None:
        """Drop what lies behind `size`, and what was reserved."""
        os.ftruncate(self._fd, size)

    def reserve(self, start: int, end: int) -> bool:
        """Claim blocks without changing the size, so that the end of the file stays the end of what was written."""
        try:
            syscalls.reserve(self._fd, start, end - start)
        except OSError as error:
            if error.errno in FULL:
                raise
            return False  # a file system, or a sandbox, that cannot reserve
        return True

    def discard(self) -> None:
        """Unlink, if the name still means this file. After `close` it does nothing: the lock is gone."""
        if self._fd < 0:
            return
        with suppress(FileNotFoundError):
            found = os.stat(self._path.name, dir_fd=self._place_fd, follow_symlinks=False)
            if os.path.samestat(found, os.fstat(self._fd)):
                os.unlink(self._path.name, dir_fd=self._place_fd)

    def close(self) -> None:
        """Give back what was reserved and not used; free the lock."""
        if self._fd >= 0:
            with suppress(OSError):
                os.ftruncate(self._fd, self.size())
        self.release()

    def release(self) -> None:
        """Close the descriptors and change nothing."""
        if self._fd < 0:
            return
        os.close(self._fd)
        os.close(self._place_fd)
        self._fd = self._place_fd = -1

    def __del__(self) -> None:
        with suppress(Exception):  # a spool that nobody closed frees its lock with its last reference
            self.release()


class MemoryMedium:
    """This process's memory: what it holds is lost when the process dies."""

    def __init__(self) -> None:
        self._data = bytearray()

    @property
    def path(self) -> None:
        """Nowhere."""

    def write(self, head: bytes, payload: bytes | memoryview) -> int:
        """Append both."""
        before = len(self._data)
        try:
            self._data += head
            self._data += payload
        except MemoryError:
            self.cut(before)
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from None
        return len(head) + len(payload)

    def read(self, offset: int, size: int) -> bytes:
        """The bytes there, fewer only at the end."""
        return bytes(self._data[offset : offset + size])

    def size(self) -> int:
        """How many bytes there are."""
        return len(self._data)

    def cut(self, size: int) -> None:
        """Drop what lies behind `size`."""
        del self._data[size:]

    def reserve(self, start: int, end: int) -> bool:  # noqa: ARG002
        """Memory makes no promise."""
        return False

    def discard(self) -> None:
        """Forget everything."""
        self._data = bytearray()

    def close(self) -> None:
        """Nothing to do: the bytes go with the object."""
