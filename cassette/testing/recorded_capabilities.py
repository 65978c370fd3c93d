"""The fixture `pty_capabilities`: what a project's cassettes show of harnesses, and what stale evidence is worth there.

It only reads: an answer is the same with and without the harness, a login or a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cassette.capability.answers import Stale
from cassette.capability.api import Capabilities
from cassette.capability.matrix import Matrix, matrix
from cassette.errors import UsageError
from cassette.reading.finding import DEFAULT_DIRECTORY

ON_STALE: Final[dict[str, Stale]] = {"evidence": "evidence", "fail": "fail", "skip": "fail", "use": "use"}
"""What `pty_on_stale` may say, and what stale evidence is worth then."""


def recorded_capabilities(
    root: Path, directories: Sequence[str], *, on_stale: str = "", skip: Callable[[str], object]
) -> Capabilities:
    """The capabilities of a project; directories are meant from its `root` on, `cassettes` by default.

    `skip` is called with the reason where `on_stale` is `skip` and only staleness is in the way. Raises UsageError.
    """
    wish = on_stale or "evidence"
    if wish not in ON_STALE:
        raise UsageError(what=f"pty_on_stale is {wish!r}: use one of {', '.join(ON_STALE)}")
    default = root / DEFAULT_DIRECTORY
    places = [root / directory for directory in directories]
    nothing = not places and not default.is_dir()
    found = Matrix((), (), datetime.now(UTC), (str(default),), 0) if nothing else matrix(places or [default])
    return Capabilities(found, stale=ON_STALE[wish], on_stale=skip if wish == "skip" else None)
