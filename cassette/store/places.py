"""Where a spool may lie: a private directory on a file system that really is memory.

`$CASSETTE_SPOOL_DIR` alone when it is set, else the first that fits of `$XDG_RUNTIME_DIR` and `/dev/shm`. The
kernel is asked what the file system is; a name proves nothing. In it, `pty-cassette-<uid>` has mode 0700, belongs
to the user, and is used through its descriptor, so that nobody can put another in its place. (A tmpfs can be
swapped out by the kernel: where that matters, encrypt the swap.)

What holds nothing secret may lie on a disk: in the same kind of directory below `$XDG_STATE_HOME` (`~/.local/state`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cassette.errors import CannotStore
from cassette.store import syscalls

SPOOL_DIR_VARIABLE = "CASSETTE_SPOOL_DIR"
"""Environment variable: a directory on tmpfs or ramfs to use instead of the usual ones."""
STATE_VARIABLE = "XDG_STATE_HOME"
"""Environment variable: a directory on a disk, for spools that hold nothing secret."""
LEAST_ROOM_BYTES = 512 * 1024
"""A place with less free room than this is passed over."""


class NoPlace(Exception):
    """A directory cannot hold a spool; the message says why, and begins with the directory."""


@dataclass
class Place:
    """An open private directory."""

    path: Path
    fd: int

    def close(self) -> None:
        """Free the descriptor."""
        os.close(self.fd)


def demanded_root() -> Path | None:
    """What `$CASSETTE_SPOOL_DIR` says."""
    value = os.environ.get(SPOOL_DIR_VARIABLE)
    return Path(value) if value else None


def usual_roots() -> list[Path]:
    """Where memory is usually mounted, best first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [Path(root) for root in (runtime, "/dev/shm") if root and Path(root).is_absolute()]


def places_to_write(roots: Sequence[Path] | None, refused: list[str]) -> Iterator[Place]:
    """Private directories that can take a new spool, made where missing, best first.

    Appends to `refused` why others cannot. The caller closes what it is given. Raises CannotStore when
    `$CASSETTE_SPOOL_DIR` is set, `roots` is not given, and it cannot be used.
    """
    demanded = demanded_root() if roots is None else None
    if demanded is not None:
        try:
            yield open_place(demanded, make=True)
        except NoPlace as problem:
            raise cannot_use(demanded, str(problem).removeprefix(f"{demanded} ")) from None
        return
    for root in usual_roots() if roots is None else roots:
        try:
            yield open_place(root, make=True)
        except NoPlace as problem:
            refused.append(str(problem))


def places_to_read(roots: Sequence[Path] | None) -> Iterator[Place]:
    """Private directories that are there already, in memory and on the disk; the caller closes what it is given."""
    on_disk = [disk] if roots is None and (disk := disk_root()) else []
    if roots is None:
        demanded = demanded_root()
        roots = [demanded] if demanded else usual_roots()
    for root in dict.fromkeys(roots):
        with suppress(NoPlace):
            yield open_place(root, make=False)
    for root in on_disk:
        with suppress(NoPlace):
            yield open_place(root, make=False, in_memory=False)


def check_demanded() -> None:
    """Raises CannotStore where `$CASSETTE_SPOOL_DIR` is set and is no directory in memory; makes nothing."""
    if (demanded := demanded_root()) is None:
        return
    try:
        fd = os.open(demanded, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise cannot_use(demanded, f"cannot be used: {_why(error)}") from None
    try:
        if not syscalls.is_ram_backed(fd):
            raise cannot_use(demanded, "is not memory (neither tmpfs nor ramfs)")
    finally:
        os.close(fd)


def disk_root() -> Path | None:
    """Where what is no secret may be kept on a disk; None for a user whose home nobody knows."""
    given = os.environ.get(STATE_VARIABLE, "")
    if given.startswith("/"):
        return Path(given)
    home = os.path.expanduser("~")  # noqa: PTH111 - says "~" where nobody knows
    return Path(home) / ".local" / "state" if home.startswith("/") else None


def disk_place() -> Place:
    """The private directory on a disk, made where it is missing. Raises CannotStore."""
    root = disk_root()
    todo = f"Let {STATE_VARIABLE} name a directory that can be written and has room."
    if root is None:
        raise CannotStore(action="spool in", path="~/.local/state", why="nobody knows your home", todo=todo)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open_place(root, make=True, in_memory=False)
    except (OSError, NoPlace) as error:
        why = _why(error) if isinstance(error, OSError) else str(error).removeprefix(f"{root} ")
        raise CannotStore(action="spool in", path=root, why=why, todo=todo) from None


def cannot_use(demanded: Path, why: str) -> CannotStore:
    """The error for a `$CASSETTE_SPOOL_DIR` that is no good: nothing else is used in its place."""
    return CannotStore(
        action="spool in",
        path=demanded,
        why=why,
        todo=f"Let {SPOOL_DIR_VARIABLE} name a directory on tmpfs, or unset it.",
    )


def open_place(root: Path, *, make: bool, in_memory: bool = True) -> Place:
    """The private directory under `root`. Raises NoPlace, also where it should be in memory and is not.

    `make` also demands room for a spool.
    """
    name = f"pty-cassette-{os.geteuid()}"
    path = root.absolute() / name
    try:
        root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NoPlace(f"{root} cannot be used: {_why(error)}") from None
    try:
        if in_memory and not syscalls.is_ram_backed(root_fd):
            raise NoPlace(f"{root} is not memory (neither tmpfs nor ramfs)")
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=root_fd)
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root_fd)
    except OSError as error:
        raise NoPlace(f"{root} cannot be used: {name}: {_why(error)}") from None
    finally:
        os.close(root_fd)
    try:
        _check_private(fd, path, in_memory=in_memory)
        if make:
            _check_room(fd, root)
    except BaseException:
        os.close(fd)
        raise
    return Place(path, fd)


def _check_private(fd: int, path: Path, *, in_memory: bool) -> None:
    facts = os.fstat(fd)
    if facts.st_uid != os.geteuid():
        raise NoPlace(f"{path} belongs to another user (uid {facts.st_uid})")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise NoPlace(
            f"{path} can be entered by others (mode {stat.S_IMODE(facts.st_mode):04o}, wanted 0700)"
        )
    if in_memory and not syscalls.is_ram_backed(fd):
        raise NoPlace(f"{path} is not memory (neither tmpfs nor ramfs)")


def _check_room(fd: int, root: Path) -> None:
    facts = os.fstatvfs(fd)
    room = facts.f_bavail * facts.f_frsize
    unlimited = facts.f_blocks == 0  # ramfs, and tmpfs with size=0
    if not unlimited and room < LEAST_ROOM_BYTES:
        raise NoPlace(f"{root} has {room} bytes of room, and {LEAST_ROOM_BYTES} are needed to begin")


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
