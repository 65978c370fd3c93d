"""The hidden directories beside a cassette, and what a kill may have left of them.

`.{name}.{random}.new` is garbage unless its owner lives: a cassette in the making, or one that was replaced. Its
owner holds a lock on it. `.{name}.{random}.old` is precious: the cassette that was moved aside where two
directories cannot change names in one step. It goes back when its place is empty, and becomes garbage only when
the new one stands there. All of this happens under the lock of the parent directory.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cassette.clock import Clock, MonotonicClock
from cassette.errors import CannotStore
from cassette.store.operations import SYSTEM, FileOperations
from cassette.store.trees import remove_tree

LOCK_WAIT_S = 30.0
"""How long another publish into the same parent directory is waited for; it holds the lock for some renames."""
_HIDDEN = re.compile(r"\.(.+)\.([0-9a-f]{16})\.(new|old)", re.DOTALL)
LONGEST_NAME_BYTES = 255 - len("..0123456789abcdef.new")
"""A cassette's name may have this many bytes, so that its hidden siblings fit a directory too."""


def is_hidden_sibling(name: str) -> bool:
    """Is it the name of a hidden directory beside a cassette?"""
    return _HIDDEN.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Hidden:
    """The names that one publish of `name` uses."""

    name: str
    random: str

    @classmethod
    def fresh(cls, name: str) -> Hidden:
        """Names that nobody else has."""
        return cls(name, secrets.token_hex(8))

    @property
    def new(self) -> str:
        """The cassette in the making; after the exchange, the one that was replaced."""
        return f".{self.name}.{self.random}.new"

    @property
    def old(self) -> str:
        """The cassette that was moved aside."""
        return f".{self.name}.{self.random}.old"


def finish_interrupted_swap(
    parent: Path, *, ops: FileOperations = SYSTEM, clock: Clock | None = None, wait_s: float = LOCK_WAIT_S
) -> None:
    """Put right what a publish that died left in `parent`: a cassette moved aside goes back, garbage goes.

    Does nothing, and takes no lock, where there is nothing of the kind. Raises CannotStore.
    """
    try:
        parent_fd = ops.open_path(parent)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise cannot_tidy(parent, error) from error
    try:
        if any(_HIDDEN.fullmatch(name) for name in ops.names(parent_fd)):
            with locked_parent(parent_fd, parent, ops=ops, clock=clock, wait_s=wait_s):
                tidy(parent_fd, ops)
    except OSError as error:
        raise cannot_tidy(parent, error) from error
    finally:
        ops.close(parent_fd)


@contextmanager
def locked_parent(
    parent_fd: int, parent: Path, *, ops: FileOperations, clock: Clock | None, wait_s: float
) -> Iterator[None]:
    """Hold the lock of a directory. Raises CannotStore when another publish keeps it for `wait_s` seconds."""
    if not ops.own_within(parent_fd, wait_s, clock or MonotonicClock()):
        raise CannotStore(
            action="publish in",
            path=parent,
            why=f"another process has been publishing there for {wait_s:g} s",
            todo="Wait for it or end it, then finish the recording with cassette recover.",
        )
    try:
        yield
    finally:
        with suppress(OSError):  # closing the descriptor frees it too
            ops.release(parent_fd)


def tidy(parent_fd: int, ops: FileOperations) -> None:
    """Settle every hidden sibling whose owner is dead. The parent's lock is held. Raises OSError."""
    found = [
        Hidden(*match.groups()[:2]) for name in ops.names(parent_fd) if (match := _HIDDEN.fullmatch(name))
    ]
    for hidden in dict.fromkeys(found):
        settle(parent_fd, hidden, ops)


def settle(parent_fd: int, hidden: Hidden, ops: FileOperations, *, mine: bool = False) -> None:
    """Settle one publish that is over; one whose owner lives is left alone unless it is `mine`. Raises OSError.

    The parent's lock is held.
    """
    if _is_ours(parent_fd, hidden.old, ops):
        if ops.look(parent_fd, hidden.name) is None:
            ops.rename(parent_fd, hidden.old, hidden.name)
        elif ops.look(parent_fd, hidden.new) is None:
            ops.rename(parent_fd, hidden.old, hidden.new)
        else:
            return  # somebody put another thing in its place: nothing here is ours to judge
    if _is_ours(parent_fd, hidden.new, ops) and (mine or not _has_owner(parent_fd, hidden.new, ops)):
        with suppress(OSError):  # it is garbage: what cannot be removed now stays for the next
            remove_tree(ops, parent_fd, hidden.new)


def _is_ours(parent_fd: int, name: str, ops: FileOperations) -> bool:
    facts = ops.look(parent_fd, name)
    return facts is not None and stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid()


def _has_owner(parent_fd: int, name: str, ops: FileOperations) -> bool:
    """Whether the one who makes this directory lives; True also where there are no locks to tell by."""
    fd = ops.open_directory(parent_fd, name)
    try:
        return not ops.own(fd)
    except OSError:
        return True
    finally:
        ops.close(fd)


def cannot_tidy(parent: Path, error: OSError) -> CannotStore:
    """The error for a directory that cannot be put right."""
    return CannotStore(
        action="finish an interrupted publish in",
        path=parent,
        why=(error.strerror or str(error)).lower(),
        todo="Make it readable and writable, then try again.",
    )
