"""What a driver may wait for, with an error of ours for what it cannot. How to wait is the terminal's."""

from __future__ import annotations

from collections.abc import Callable

from cassette.errors import UsageError
from terminal import waiting
from terminal.snapshot import Snapshot
from terminal.waiting import What

__all__ = ["What", "matcher"]


def matcher(what: What) -> tuple[Callable[[Snapshot], object], str]:
    """A predicate over screens, and its name for a message. Raises UsageError for what is neither."""
    try:
        return waiting.matcher(what)
    except TypeError as error:
        raise UsageError(what=str(error)) from None
