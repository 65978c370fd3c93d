"""A new cassette appears whole under its name, or not at all.

It is written into a hidden sibling of its place, put on the disk, and takes its place in one rename, or in one
exchange with the cassette that stands there. At every moment the old one or the new one is there, whole; where the
file system cannot exchange, it is so again after `finish_interrupted_swap`. An error leaves the old one as it was.
The parent's lock is held to begin and to swap, not while the files are written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from cassette.clock import Clock
from cassette.errors import CannotStore, CassetteExists
from cassette.model import SEAL, SEALED_FILES
from cassette.store import locks, siblings, syscalls
from cassette.store.operations import SYSTEM, FileOperations
from cassette.store.siblings import LOCK_WAIT_S, Hidden, finish_interrupted_swap
from cassette.store.targets import check_target, checked_target, place_is_taken
from cassette.store.trees import CannotCopy, copy_entry, write_all

__all__ = ["FileWriter", "NewCassette", "check_target", "finish_interrupted_swap"]

BUFFER_BYTES = 256 * 1024
_OURS = frozenset({*SEALED_FILES, SEAL})
"""What a cassette replaces; everything else in its directory belongs to the user."""
_NO_EXCHANGE = syscalls.UNSUPPORTED | {errno.EPERM, errno.EXDEV}  # EPERM: a sandbox; EXDEV: an overlay
_REMEDIES = {
    errno.ENOSPC: ("the disk is full", "Make room"),
    errno.EDQUOT: ("the quota is used up", "Make room"),
    errno.EROFS: ("the file system is read-only", "Make it writable"),
    errno.EACCES: ("permission denied", "Make it writable"),
    errno.EIO: ("the disk failed (input/output error)", "Look after the disk"),
}


class NewCassette:
    """A cassette in the making: `with NewCassette(path, overwrite=False) as new: …; new.publish()`.

    Leaving the block without `publish`, or by an error, removes what was made, missing parent directories
    included. Raises CassetteExists, UnknownVersion, or CannotStore when the file system says no; `in_spool` says
    whether that error may promise that the recording is still in the spool. Not thread-safe.
    """

    def __init__(
        self,
        target: Path,
        *,
        overwrite: bool,
        in_spool: bool = True,
        ops: FileOperations = SYSTEM,
        clock: Clock | None = None,
        lock_wait_s: float = LOCK_WAIT_S,
    ) -> None:
        self.target = checked_target(target)
        self.digests: dict[str, tuple[int, str]] = {}
        """Size and SHA-256 in hex of every closed file, by name."""
        self._overwrite, self._in_spool = overwrite, in_spool
        self._ops, self._clock, self._wait_s = ops, clock, lock_wait_s
        self._hidden = Hidden.fresh(self.target.name)
        self._made: list[Path] = []
        self._writers: list[FileWriter] = []
        self._parent_fd = self._staging_fd = -1
        self._published = False

    def __enter__(self) -> Self:
        try:
            with self._storing("write"):
                self._begin()
        except BaseException:
            self._abort()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._published:
            self._close()
        else:
            self._abort()

    @property
    def staging(self) -> Path:
        """The hidden directory in which the files are until `publish`, for reading them back."""
        return self.target.parent / self._hidden.new

    def file(self, name: str) -> FileWriter:
        """Begin one of the cassette's files. Raises ValueError for a name that is none, CannotStore."""
        if name not in _OURS or any(writer.name == name for writer in self._writers):
            raise ValueError(f"{name!r} is no file of a cassette, or was begun before")
        with self._storing("write"):
            writer = FileWriter(self, name, self._ops.create_file(self._staging_fd, name))
        self._writers.append(writer)
        return writer

    def write_file(self, name: str, data: bytes) -> None:
        """Write one of the cassette's files at once."""
        with self.file(name) as writer:
            writer.write(data)

    def publish(self) -> None:
        """Put everything on the disk and into its place; afterwards nothing more can be written."""
        for writer in self._writers:
            writer.close()
        with self._storing("publish"), self._locked():
            replacing = place_is_taken(self._ops, self._parent_fd, self.target, overwrite=self._overwrite)
            if replacing:
                self._carry_over()
            self._sync_staging()
            try:
                self._swap(replacing=replacing)
                self._ops.sync(self._parent_fd)
                self._published = True
            finally:
                if not self._published:
                    self._undo_swap()
                with suppress(OSError):  # what cannot be removed now is removed by whoever comes next
                    siblings.settle(self._parent_fd, self._hidden, self._ops, mine=True)

    def _begin(self) -> None:
        parent, ops = self.target.parent, self._ops
        self._make_parents(parent)
        self._parent_fd = ops.open_path(parent)
        with self._locked():
            siblings.tidy(self._parent_fd, ops)
            place_is_taken(ops, self._parent_fd, self.target, overwrite=self._overwrite)
            ops.make_directory(self._parent_fd, self._hidden.new)
            self._staging_fd = ops.open_directory(self._parent_fd, self._hidden.new)
            try:
                ops.own(self._staging_fd)
            except OSError as error:
                if (
                    error.errno not in locks.NO_LOCKS
                ):  # without locks nobody judges who lives, and nothing is garbage
                    raise

    def _make_parents(self, parent: Path) -> None:
        missing = []
        while not parent.exists():
            missing.append(parent)
            parent = parent.parent
        for path in reversed(missing):
            with suppress(FileExistsError):
                self._ops.make_parent(path)
                self._made.append(path)

    def _carry_over(self) -> None:
        """Copy what the user keeps beside the evidence of the cassette that is replaced."""
        old_fd = self._ops.open_directory(self._parent_fd, self.target.name)
        try:
            for name in self._ops.names(old_fd):
                if name not in _OURS:
                    copy_entry(self._ops, old_fd, self._staging_fd, name)
        finally:
            self._ops.close(old_fd)

    def _sync_staging(self) -> None:
        inherited = os.fstat(self._staging_fd).st_mode & stat.S_ISGID
        self._ops.set_mode(self._staging_fd, 0o777 & ~_umask() | inherited)
        self._ops.sync(self._staging_fd)
        for path in self._made:
            fd = self._ops.open_path(path.parent)
            try:
                self._ops.sync(fd)
            finally:
                self._ops.close(fd)

    def _swap(self, *, replacing: bool) -> None:
        ops, parent, name, hidden = self._ops, self._parent_fd, self.target.name, self._hidden
        if replacing:
            try:
                ops.exchange(parent, hidden.new, name)
                return
            except OSError as error:
                if error.errno not in _NO_EXCHANGE:
                    raise
            ops.rename(parent, name, hidden.old)
        try:
            ops.rename_new(parent, hidden.new, name)
        except OSError as error:
            if error.errno not in syscalls.UNSUPPORTED:
                raise
            ops.rename(parent, hidden.new, name)  # replaces nothing but an empty directory

    def _undo_swap(self) -> None:
        """Give the place back to the cassette that had it, as far as the system lets us; `settle` does the rest."""
        ops, parent, name, hidden = self._ops, self._parent_fd, self.target.name, self._hidden
        with suppress(OSError):
            found = ops.look(parent, name)
            if found is None or not os.path.samestat(found, os.fstat(self._staging_fd)):
                return
            if ops.look(parent, hidden.new) is not None:
                ops.exchange(parent, hidden.new, name)
            else:
                ops.rename(parent, name, hidden.new)

    def _abort(self) -> None:
        """Remove what was made, and never hide the error that led here. Needs no lock: all of it is ours."""
        for writer in self._writers:
            writer.abandon()
        if self._parent_fd >= 0:
            with suppress(OSError):
                siblings.settle(self._parent_fd, self._hidden, self._ops, mine=True)
        self._close()
        for path in reversed(self._made):
            with suppress(OSError):
                self._ops.remove_parent(path)

    def _close(self) -> None:
        self._close_staging()
        fd, self._parent_fd = self._parent_fd, -1
        if fd >= 0:
            with suppress(OSError):
                self._ops.close(fd)

    def _close_staging(self) -> None:
        fd, self._staging_fd = self._staging_fd, -1
        if fd >= 0:
            with suppress(OSError):
                self._ops.close(fd)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with siblings.locked_parent(
            self._parent_fd, self.target.parent, ops=self._ops, clock=self._clock, wait_s=self._wait_s
        ):
            yield

    @contextmanager
    def _storing(self, action: str) -> Iterator[None]:
        """Errors of the system as CannotStore, with what to do."""
        try:
            yield
        except FileExistsError as error:
            raise CassetteExists(path=self.target) from error
        except OSError as error:
            why, fix = _why_and_fix(error)
            kept = "The recording is still in the spool: then finish it with cassette recover."
            todo = f"{fix}. {kept}" if self._in_spool else f"{fix}, then record again."
            raise CannotStore(action=action, path=self.target, why=why, todo=todo) from error


class FileWriter:
    """One file of a cassette, written from its beginning to its end; a context manager."""

    def __init__(self, cassette: NewCassette, name: str, fd: int) -> None:
        self.name = name
        self.size = 0
        """Bytes written so far."""
        self._cassette, self._fd = cassette, fd
        self._digest = hashlib.sha256()
        self._buffer = bytearray()

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes at the end. Raises CannotStore."""
        self._digest.update(data)
        self.size += len(data)
        self._buffer += data
        if len(self._buffer) >= BUFFER_BYTES:
            self._flush()

    def close(self) -> None:
        """Put the file on the disk and its digest into the cassette's `digests`. Again does nothing."""
        if self._fd < 0:
            return
        self._flush()
        with self._cassette._storing("write"):
            self._cassette._ops.sync(self._fd)
            fd, self._fd = self._fd, -1
            self._cassette._ops.close(fd)
        self._cassette.digests[self.name] = (self.size, self._digest.hexdigest())

    def abandon(self) -> None:
        """Close the file as it is."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with suppress(OSError):
                self._cassette._ops.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()

    def _flush(self) -> None:
        with self._cassette._storing("write"):
            write_all(self._cassette._ops, self._fd, self._buffer)
        self._buffer = bytearray()


def _why_and_fix(error: OSError) -> tuple[str, str]:
    if isinstance(error, CannotCopy):
        return str(error), "Move it away"
    plain = (error.strerror or str(error)).lower()
    return _REMEDIES.get(error.errno or 0, (plain, "Put that right, or choose another place with -o"))


def _umask() -> int:
    """This process's umask, without changing it where the system tells."""
    with suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text("ascii", "replace")
        return int(status.split("\nUmask:", 1)[1].split(None, 1)[0], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
