"""A cassette's directory, for reading. Nothing outside it is ever read, and nothing in it can make a reader hang.

The directory is opened once. Its files are opened relative to that descriptor, by names of the format only, and
only when they are regular files: a symbolic link, a fifo, a device or a directory in a file's place is refused
before a byte is read. What was opened once stays the same file, even when the cassette is replaced meanwhile. A
file must not be cut short in place while it is mapped (the kernel ends the process); the store never does that.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from cassette.errors import CassetteError, Damaged, NotACassette
from cassette.model import MANIFEST, SEAL, SEALED_FILES

Buffer: TypeAlias = bytes | mmap.mmap
"""A file's bytes: slices, regular expressions and hashes take either."""

FILE_NAMES = frozenset({*SEALED_FILES, SEAL})
MAX_EXTRA_NAMES = 100
WORTH_A_MAP_BYTES = 1 << 16
"""Smaller files are read: that is quicker than to map them."""
"""How many names of foreign files are kept for a report."""
SCAN_BLOCK = 1 << 20
SWAP_WAIT_S = 2.0
"""How long a publish beside a missing cassette is waited for; it holds its lock for some renames."""

# O_NONBLOCK: opening a fifo without a writer would wait for one.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a fifo"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a symbolic link"),
)


def line_places(data: Buffer) -> Iterator[tuple[int, int]]:
    """Start and end of each line that has a newline; the end is that newline's offset."""
    start = base = 0
    while base < len(data):
        block = data[base : base + SCAN_BLOCK]  # a copy, since only bytes are searched at full speed
        end = block.find(b"\n")
        while end >= 0:
            yield start, base + end
            start = base + end + 1
            end = block.find(b"\n", end + 1)
        base += SCAN_BLOCK


class CassetteDirectory:
    """An open cassette directory. Raises NotACassette when `path` is none: missing, a file, or without manifest.

    A file that was read or mapped is kept, so that asking again gives the same bytes. `close` lets go of the
    directory only; what was handed out stays valid.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._mapped: dict[str, Buffer] = {}
        self._read: dict[str, bytes] = {}
        self.documents: dict[object, Any] = {}
        """What readers have made of its small files, kept for the next that asks."""
        self._descriptor = -1
        self._descriptor = _open_directory(self.path)
        try:
            if not self.has(MANIFEST):
                raise NotACassette(path=self.path, why="it has no manifest.json")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the directory; calling it again does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def has(self, name: str) -> bool:
        """Whether something of that name is there, of whatever kind."""
        _check_name(name)
        try:
            os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Damaged(path=self.path, file=name, why=_reason(error)) from None
        return True

    def size(self, name: str) -> int:
        """Size of a file in bytes. Raises Damaged when it is missing or no regular file."""
        with self._opened(name) as (_, size):
            return size

    def read(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes. Raises Damaged when it is larger, missing or no regular file."""
        if name not in self._read:
            with self._opened(name) as (descriptor, size):
                if size > limit:
                    raise Damaged(
                        path=self.path, file=name, why=f"it has {size} bytes, and {limit} is the limit"
                    )
                # One more than the limit shows a file that grew meanwhile; such a one ends in bad JSON.
                self._read[name] = _read_bytes(descriptor, limit + 1)
        return self._read[name]

    def map(self, name: str) -> Buffer:
        """A whole file, mapped when it is large and the file system can. Raises Damaged."""
        if name not in self._mapped:
            with self._opened(name) as (descriptor, size):
                self._mapped[name] = _map_bytes(descriptor, size)
        return self._mapped[name]

    def foreign_names(self) -> list[str]:
        """Names in the directory that the format does not know, sorted, at most `MAX_EXTRA_NAMES`."""
        found: list[str] = []
        with os.scandir(self._descriptor) as entries:
            for entry in entries:
                if entry.name not in FILE_NAMES:
                    found.append(os.fsencode(entry.name).decode("utf-8", "backslashreplace"))
                    if len(found) == MAX_EXTRA_NAMES:
                        break
        return sorted(found)

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[int, int]]:
        """Descriptor and size of a regular file."""
        _check_name(name)
        try:
            descriptor = os.open(name, _FILE_FLAGS, dir_fd=self._descriptor)
        except FileNotFoundError:
            raise Damaged(path=self.path, file=name, why="it is missing") from None
        except OSError as error:
            raise Damaged(path=self.path, file=name, why=self._why_refused(name, error)) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Damaged(path=self.path, file=name, why=_not_regular(status.st_mode))
            yield descriptor, status.st_size
        except OSError as error:
            raise Damaged(path=self.path, file=name, why=_reason(error)) from None
        finally:
            os.close(descriptor)

    def _why_refused(self, name: str, error: OSError) -> str:
        """Why `open` failed: O_NOFOLLOW says ELOOP of a link, a socket says ENXIO."""
        try:
            mode = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_mode
        except OSError:
            return _reason(error)
        return _reason(error) if stat.S_ISREG(mode) else _not_regular(mode)


def _open_directory(path: Path, *, swap: bool = True) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        if swap and _finish_swap(path):
            return _open_directory(path, swap=False)
        raise NotACassette(path=path, why="there is nothing at this path") from None
    except NotADirectoryError:
        raise NotACassette(path=path, why="it is a file, not a directory") from None
    except (OSError, ValueError) as error:
        raise NotACassette(path=path, why=_reason(error)) from None


def _finish_swap(path: Path) -> bool:
    """Finish a replacement that was interrupted between its two renames; whether there is a directory now.

    Only then does a cassette that was there have no name. Where that cannot be done, nothing is lost by it.
    """
    from cassette.store.siblings import finish_interrupted_swap

    with suppress(CassetteError, OSError, ValueError):
        finish_interrupted_swap(path.parent, wait_s=SWAP_WAIT_S)
    return path.is_dir()


def _check_name(name: str) -> None:
    if name not in FILE_NAMES:
        raise ValueError(f"{name!r} is no file of a cassette")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return (
            "a symbolic link loop" if error.errno == errno.ELOOP else (error.strerror or str(error)).lower()
        )
    return str(error)


def _not_regular(mode: int) -> str:
    kind = next((name for test, name in _KINDS if test(mode)), "a device")
    return f"it is {kind}, not a regular file"


def _read_bytes(descriptor: int, limit: int) -> bytes:
    parts = []
    while limit > 0 and (part := os.read(descriptor, min(limit, 1 << 20))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _map_bytes(descriptor: int, size: int) -> Buffer:
    if size < WORTH_A_MAP_BYTES:
        return _read_bytes(descriptor, size)
    try:
        return mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # a file system that cannot map, or a file that shrank meanwhile
        return _read_bytes(descriptor, size)
