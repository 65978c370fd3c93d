"""Which of the plugin's record modes holds for a test, and who said so. Words in, words out: no pytest, no files.

Command line before environment, before marker, before config fixture, before ini file. Under `CI` nothing but the
command line can make a run record: a test that lacks its cassette has to fail there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cassette.errors import UsageError

MODES: Final = ("none", "once", "all", "rewrite", "verify")
RECORDING: Final = frozenset({"once", "all", "rewrite"})
"""Those that write cassettes; `verify` runs programs and writes nothing."""
DEFAULT: Final = "none"
FLAG: Final = "--pty-record"
VARIABLE: Final = "PTY_RECORD"
_NEW_EPISODES = (
    "there is no record mode 'new_episodes': a running program cannot be spliced, what it does next depends on all "
    "that it was sent before. Use 'once' for tests that have no cassette yet, 'rewrite' to record a test again."
)


def checked_mode(name: object, where: str) -> str:
    """The mode of this name. Raises UsageError for another one; `where` says who gave it."""
    if name == "new_episodes":
        raise UsageError(what=_NEW_EPISODES)
    if name not in MODES:
        raise UsageError(what=f"{where} is {name!r}: use one of {', '.join(MODES)}")
    return str(name)


def under_ci(environment: Mapping[str, str]) -> bool:
    """Whether a build server runs this."""
    return environment.get("CI", "").lower() not in ("", "0", "false", "no")


def choose_mode(said: Iterable[tuple[str, object]], *, ci: bool) -> tuple[str, str]:
    """The mode that holds, and who said so; `said` has who and what, the strongest first, None for nothing.

    Raises UsageError for a name that is no mode's, also where a stronger voice overrules it.
    """
    chosen: tuple[str, str] | None = None
    for where, name in said:
        if name in (None, ""):
            continue
        mode = checked_mode(name, where)
        if chosen is None:
            chosen = (mode, where)
    mode, where = chosen or (DEFAULT, "the default")
    if ci and where != FLAG and mode in RECORDING:
        return DEFAULT, f"{where} says {mode}, and under CI only {FLAG} records"
    return mode, where
