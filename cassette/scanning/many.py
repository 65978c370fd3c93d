"""Many cassettes, on all processors where that is worth the start of a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from cassette.scanning.finding import Scan, scan
from cassette.scrubbing.settings import ScrubSettings
from scrub.table import default_rules

WORTH_PROCESSES_BYTES = 4 * 2**20
"""Less output is read sooner than processes have begun."""
_settings = ScrubSettings()  # for the processes that are forked from this one


def scan_many(paths: Sequence[Path], settings: ScrubSettings) -> Iterator[Scan]:
    """Scan each, in their order."""
    workers = min(len(paths), _processors())
    if workers < 2 or sum(map(_size, paths)) < WORTH_PROCESSES_BYTES or sys.platform != "linux":
        for path in paths:
            yield scan(path, settings)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    global _settings  # noqa: PLW0603 - a forked process has what is here; secrets go through no pipe
    _settings = settings
    default_rules()  # once, before there are several processes
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(_scan, paths)


def _scan(path: Path) -> Scan:
    return scan(path, _settings)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _size(path: Path) -> int:
    with suppress(OSError):
        return sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(path))
    return 0
