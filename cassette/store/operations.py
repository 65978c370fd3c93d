"""Every call to the system that publishing makes, one method each, so that a test can stop it at any of them.

Names are relative to an open directory and are never followed when they are symbolic links.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cassette.clock import Clock
from cassette.store import locks, syscalls

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileOperations:
    """The system's own calls; all raise OSError."""

    def make_parent(self, path: Path) -> None:
        """Make one directory of the way to a cassette."""
        path.mkdir()

    def remove_parent(self, path: Path) -> None:
        """Remove it again, if it is empty."""
        path.rmdir()

    def open_path(self, path: Path) -> int:
        """Open a directory by its path; the way there may lead over links."""
        return os.open(path, _DIRECTORY)

    def open_directory(self, dir_fd: int, name: str) -> int:
        """Open a directory in a directory."""
        return os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=dir_fd)

    def make_directory(self, dir_fd: int, name: str) -> None:
        """Make a directory that only this user may enter."""
        os.mkdir(name, 0o700, dir_fd=dir_fd)

    def names(self, dir_fd: int) -> list[str]:
        """What is in a directory, sorted."""
        return sorted(os.listdir(dir_fd))

    def look(self, dir_fd: int, name: str) -> os.stat_result | None:
        """What an entry is; None when it is not there."""
        try:
            return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def create_file(self, dir_fd: int, name: str) -> int:
        """A new file, open for writing."""
        return os.open(name, _NEW_FILE, 0o666, dir_fd=dir_fd)

    def open_file(self, dir_fd: int, name: str) -> int:
        """A file that is there, open for reading."""
        return os.open(name, _OLD_FILE, dir_fd=dir_fd)

    def read(self, fd: int, size: int) -> bytes:
        """The next bytes; none at the end."""
        return os.read(fd, size)

    def write(self, fd: int, data: bytes | bytearray | memoryview) -> int:
        """Write; returns how many bytes were taken."""
        return os.write(fd, data)

    def link_copy(self, from_fd: int, to_fd: int, name: str) -> None:
        """Make the same symbolic link elsewhere."""
        os.symlink(os.readlink(name, dir_fd=from_fd), name, dir_fd=to_fd)

    def set_mode(self, fd: int, mode: int) -> None:
        """Set who may do what."""
        os.fchmod(fd, stat.S_IMODE(mode))

    def set_times(self, fd: int, facts: os.stat_result) -> None:
        """Set the times of a copy to those of its original."""
        os.utime(fd, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def sync(self, fd: int) -> None:
        """Wait until a file or a directory is on the disk."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close a descriptor, and free its lock."""
        os.close(fd)

    def rename(self, dir_fd: int, source: str, target: str) -> None:
        """Rename; an empty directory of that name is replaced."""
        os.rename(source, target, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)

    def rename_new(self, dir_fd: int, source: str, target: str) -> None:
        """Rename and replace nothing: FileExistsError."""
        syscalls.rename_new(dir_fd, source, target)

    def exchange(self, dir_fd: int, one: str, other: str) -> None:
        """Let two entries change names in one step."""
        syscalls.exchange(dir_fd, one, other)

    def remove_file(self, dir_fd: int, name: str) -> None:
        """Remove what is no directory."""
        os.unlink(name, dir_fd=dir_fd)

    def remove_directory(self, dir_fd: int, name: str) -> None:
        """Remove an empty directory."""
        os.rmdir(name, dir_fd=dir_fd)

    def own(self, fd: int) -> bool:
        """Take a directory's lock if nobody has it."""
        return locks.try_own(fd)

    def own_within(self, fd: int, limit_s: float, clock: Clock) -> bool:
        """Take a directory's lock, waiting for its owner."""
        return locks.own_within(fd, limit_s=limit_s, clock=clock)

    def release(self, fd: int) -> None:
        """Free a directory's lock."""
        locks.release(fd)


SYSTEM = FileOperations()
