"""Which cassettes are meant by what is named on a command line: themselves, those below a directory, those of a file.

Links are followed only where they are named. A directory counts as a cassette when a file of one lies in it, since
what a kill or a careless hand has left may hold secrets too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cassette.errors import CassetteError, NotACassette, UsageError
from cassette.model import FRAMES, INPUT, MANIFEST, OUTPUT, OUTPUT_RAW, SERVICE_EVENTS
from cassette.store.siblings import finish_interrupted_swap, is_hidden_sibling

_TELLING = (OUTPUT_RAW, INPUT, OUTPUT, FRAMES, SERVICE_EVENTS)
"""Names that only cassettes have; others have a `manifest.json` too."""
_NOT_ENTERED = frozenset({".git", ".hg", ".svn"})


def cassettes_of(
    named: Iterable[str], *, pass_over: bool = False, tidy: bool = False
) -> Iterator[Path | CassetteError]:
    """Each cassette once, in the order in which they are named; an error for what names none.

    Raises UsageError for an empty name, which would be the working directory.

    `pass_over` says nothing of files that belong to no cassette. `tidy` finishes first what a publish that was
    killed has left.
    """
    named = tuple(named)
    if "" in named:
        raise UsageError(what="an empty name is no cassette: name one, or a directory of cassettes")
    seen: set[tuple[int, int]] = set()
    for name in named:
        unread: list[OSError] = []
        try:
            found = _meant(Path(name), tidy, unread)
        except (OSError, ValueError) as error:
            yield _unreadable(name, error)
            continue
        except CassetteError as error:
            if not (pass_over and Path(name).is_file()):
                yield error
            continue
        for path in found:
            facts = path.stat()
            if (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                yield path
        yield from (_unreadable(error.filename, error) for error in unread)


def _unreadable(path: object, error: OSError | ValueError) -> NotACassette:
    why = getattr(error, "strerror", None) or str(error)
    return NotACassette(path=path, why=f"it cannot be read ({why.lower()})")


def _meant(path: Path, tidy: bool, unread: list[OSError]) -> list[Path]:
    if not os.path.lexists(path):
        finish_interrupted_swap(path.parent)
    if not path.is_dir():
        return [_owner(path)]
    if tidy:
        for parent in {found.parent for found in below(path) if is_hidden_sibling(found.name)}:
            finish_interrupted_swap(parent)
    found = list(below(path, unread.append))
    if (path / MANIFEST).exists() and path not in found:
        found.insert(0, path)
    if not found and not unread:
        raise NotACassette(path=path, why="no cassette lies in it, nor in any directory below it")
    return found


def _owner(path: Path) -> Path:
    """The cassette that a file belongs to."""
    if not os.path.lexists(path):
        raise NotACassette(path=path, why="there is nothing at this path")
    for directory in path.absolute().parents:
        if is_cassette(directory):
            return Path(os.path.relpath(directory)) if not path.is_absolute() else directory
    raise NotACassette(path=path, why="it is a file that lies in no cassette")


def below(path: Path, unreadable: Callable[[OSError], object] | None = None) -> Iterator[Path]:
    """The cassettes in a directory, itself included, sorted; `unreadable` is told of what cannot be listed."""
    for place, directories, names in os.walk(path, onerror=unreadable):
        directories[:] = sorted(name for name in directories if name not in _NOT_ENTERED)
        if any(name in _TELLING for name in (*names, *directories)):
            yield Path(place)


def is_cassette(directory: Path) -> bool:
    """Does a file of a cassette lie in it?"""
    return any(os.path.lexists(directory / name) for name in _TELLING)
