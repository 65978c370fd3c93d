"""The environment that a recorded program is given. Only names are ever recorded."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cassette.recording.plan import DEFAULT_TERM

_KEPT_WHEN_CLEAN = ("PATH",)
_SIZE_VARIABLES = ("COLUMNS", "LINES")  # a shell's own size would overrule the size of the recorded terminal


def child_environment(given: Mapping[str, str], *, clean: bool) -> dict[str, str]:
    """Ours (only PATH of it when `clean`), TERM for our terminal, and what was given."""
    inherited = (
        {name: os.environ[name] for name in _KEPT_WHEN_CLEAN if name in os.environ} if clean else os.environ
    )
    own = {name: value for name, value in inherited.items() if name not in _SIZE_VARIABLES}
    return own | {"TERM": DEFAULT_TERM} | dict(given)


def locale_of(environment: Mapping[str, str]) -> str | None:
    """The locale that decides on characters, as POSIX looks it up."""
    return next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), None)
