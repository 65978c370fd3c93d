"""Cassettes that no test asks for any more. Judged after a whole run only; only what lies where tests record.

A candidate is a directory with a manifest, in the directory of a module's cassettes, in a directory of cassettes
beside collected tests. Recordings made by hand elsewhere are never looked at.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cassette.testing.cassette_names import is_further
from cassette.testing.tally import Tally

MANIFEST = "manifest.json"  # as in cassette.model, which costs more to import than a run may pay for it
_FILTERS = {
    "keyword": "-k",
    "markexpr": "-m",
    "lf": "--lf",
    "deselect": "--deselect",
    "stepwise": "--sw",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
    "collectonly": "--collect-only",
}
CHOICES = ("ignore", "warn", "fail", "delete")


def candidates(roots: Iterable[Path], directories: Iterable[Path]) -> set[Path]:
    """Cassettes two levels below a root, `<root>/<module>/<test>`, or right in one of the directories."""
    modules = {module for root in roots for module in _subdirectories(root)} | set(directories)
    return {path for module in modules for path in _subdirectories(module) if (path / MANIFEST).is_file()}


def orphans(tally: Tally) -> list[Path]:
    """The candidates that nobody has a claim to: no test used them, and they are no waiting test's.

    A test that was skipped or failed keeps all that is named after it.
    """
    used = {Path(path) for path in tally.used}
    passed = set(tally.passed)
    waiting = {Path(path) for test, path in tally.claims.items() if test not in passed}
    found = candidates(map(Path, tally.roots), map(Path, tally.directories)) - used - waiting
    return sorted(path for path in found if not any(is_further(path, first) for first in waiting))


def delete(paths: Iterable[Path]) -> list[Path]:
    """Remove them, and the directories that are empty then; those that are gone."""
    gone = []
    for path in paths:
        if (path / MANIFEST).is_file() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            gone.append(path)
            with contextlib.suppress(OSError):
                path.parent.rmdir()
    return gone


def filters(option: Callable[[str, None], Any], arguments: Sequence[str]) -> Iterator[str]:
    """Why a run is less than the whole suite, as far as its command line tells; `option` looks one up."""
    yield from (f"{flag} was given" for name, flag in _FILTERS.items() if option(name, None))
    if any("::" in argument or Path(argument).suffix for argument in arguments):
        yield "single files or tests were named"


def _subdirectories(path: Path) -> list[Path]:
    try:
        return [entry for entry in path.iterdir() if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []
