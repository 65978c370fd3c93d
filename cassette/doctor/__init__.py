"""Is this machine fit to record, and are these cassettes in order? Looks, and changes nothing.

`cassette doctor` prints what `examine` finds. Harnesses are only asked for their version; nothing needs a network.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime

from cassette.doctor.check import AREAS, Check, State

__all__ = ["AREAS", "Check", "State", "examine"]


def examine(
    directories: Iterable[str | os.PathLike[str]] = (), *, now: datetime | None = None
) -> Iterator[Check]:
    """Every check, as it is made: the machine, installed harnesses, the cassettes in and below these directories.

    Raises UsageError for a directory that is not there.
    """
    from cassette.doctor.harnesses import harness_checks
    from cassette.doctor.machine import machine_checks
    from cassette.doctor.tapes import tape_checks

    tapes = tape_checks(list(directories), now=now)
    yield from machine_checks()
    yield from harness_checks()
    yield from tapes
