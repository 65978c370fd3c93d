"""Cassettes below directories: every directory with a manifest is one, and nothing is looked for inside of it.

Hidden directories are passed over (a cassette that is being published lies in one), and links are not followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cassette.errors import UsageError
from cassette.model import MANIFEST

DEFAULT_DIRECTORY = "cassettes"


def find_cassettes(directories: Iterable[str | os.PathLike[str]] = ()) -> list[Path]:
    """The cassettes in and below these directories (`cassettes`, when none is given), each once, in order.

    Raises UsageError for a directory that is not there.
    """
    given = [Path(directory) for directory in directories] or [Path(DEFAULT_DIRECTORY)]
    for directory in given:
        if not directory.is_dir():
            raise UsageError(what=f"there is no directory {directory}. Give one that has cassettes in it.")
    return list(dict.fromkeys(path for directory in given for path in _below(directory)))


def _below(directory: Path) -> Iterator[Path]:
    for place, names, files in os.walk(directory):
        if MANIFEST in files or MANIFEST in names:
            names.clear()
            yield Path(place)
        names[:] = sorted(name for name in names if not name.startswith("."))
