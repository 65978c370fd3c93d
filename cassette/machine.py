"""Whose machine this is: the names that no cassette shows as they are."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from scrub.identity import Identity


def identity_of_machine(place: Path) -> Identity:
    """Whose machine this is: home, user, host, and the worktree round `place`; empty where unknown."""
    home = os.path.expanduser("~")  # noqa: PTH111 - it says "~" where nobody knows, and does not raise
    worktree = next((str(path) for path in (place, *place.parents) if (path / ".git").exists()), "")
    return Identity(
        home=home.rstrip("/") if home.startswith("/") else "",
        user=_user(),
        host=socket.gethostname(),
        worktree="" if worktree == home else worktree,
    )


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this number
        return ""
