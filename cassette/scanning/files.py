"""Every byte of a cassette's directory, whoever wrote it: regular files only, no link is followed, nothing hangs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cassette.store.directory import FILE_NAMES

MAX_OTHER_BYTES = 64 * 2**20
"""So much of a file is read that is neither output nor made of events."""
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass
class Files:
    """What lies in a cassette's directory. `own` are files of the format; `others` have names with slashes.

    `unread` says of what could not be read why, one sentence each.
    """

    own: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, bytes] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_files(path: Path, nested: frozenset[Path] = frozenset()) -> Files:
    """Read them all, but for the cassettes `nested` in it. Raises OSError where `path` cannot be listed."""
    found = Files(names=[path.name])
    with os.scandir(path):
        pass
    for entry, name in _entries(path, "", nested, found):
        found.names.append(name)
        own = name in FILE_NAMES
        is_long = own and not name.endswith(".json")
        try:
            content = _content(entry, None if is_long else MAX_OTHER_BYTES + 1)
        except OSError as error:
            found.unread.append(f"{name} cannot be read: {(error.strerror or str(error)).lower()}")
            continue
        if content is None or (own and entry.is_symlink()):
            if own:
                found.unread.append(f"{name} is not a regular file")
        else:
            if len(content) > MAX_OTHER_BYTES and not is_long:
                found.unread.append(f"{name} is read up to byte {MAX_OTHER_BYTES} only")
                content = content[:MAX_OTHER_BYTES]
            (found.own if own else found.others)[name] = content
    return found


def _entries(
    directory: Path, before: str, nested: frozenset[Path], found: Files
) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        with os.scandir(directory) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        found.unread.append(f"{before} cannot be read: {(error.strerror or str(error)).lower()}")
        return
    for entry in listed:
        name = before + entry.name
        if not entry.is_dir(follow_symlinks=False):
            yield entry, name
        elif Path(entry.path) not in nested:
            found.names.append(name)
            yield from _entries(Path(entry.path), f"{name}/", nested, found)


def _content(entry: os.DirEntry[str], limit: int | None) -> bytes | None:
    """A file's bytes, a link's text; None for what holds none. Raises OSError."""
    if entry.is_symlink():
        return os.fsencode(Path(entry.path).readlink())
    descriptor = os.open(entry.path, _FLAGS) if entry.is_file(follow_symlinks=False) else -1
    if descriptor < 0:
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return file.read() if limit is None else file.read(limit)
