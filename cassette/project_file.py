"""Our tables in a project's pyproject.toml: `[tool.pty-cassette]`, and `[tool.pty-cassette.scrub]` in it.

What looks like one of them and is none is refused, never passed over: who misspells a table believes that what it
names is protected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cassette.errors import UsageError
from cassette.near_names import nearest

TABLE = "[tool.pty-cassette]"
SCRUB_TABLE = "[tool.pty-cassette.scrub]"
SCRUB_KEYS = ("known-secret-env", "known-secret-files", "rules", "max-output-bytes")
_NAME = "pty-cassette"
_LIKE_OURS = r"(?i)p[ty]{2}[^a-z0-9]?cas+et+es?"
_NAMED = re.compile(_LIKE_OURS.encode())  # a pyproject.toml without it is not parsed
_LIKE = re.compile(_LIKE_OURS)
_MEANT = {
    "scrub": SCRUB_TABLE,
    "harnesses": f"harnesses in {TABLE}",
    **{key: f"{key} in {SCRUB_TABLE}" for key in SCRUB_KEYS},
}
"""Every name that is known, and where it stands."""


def our_table(path: Path, content: bytes) -> Mapping[str, Any]:
    """What `[tool.pty-cassette]` of a pyproject.toml with this content says; empty when it has none.

    Raises UsageError for what is no TOML or no table, and for names that are misspelled or in the wrong place.
    """
    if not _NAMED.search(content):
        return {}
    try:
        document = tomllib.loads(content.decode())
    except ValueError as error:
        raise UsageError(what=f"{path} is not TOML ({error}): mend it") from None
    tools = document.get("tool")
    tools = tools if isinstance(tools, dict) else {}
    _refuse_other_names(path, "", document)
    _refuse_other_names(path, "tool.", (name for name in tools if name != _NAME))
    table = tools.get(_NAME, {})
    if not isinstance(table, dict):
        raise UsageError(what=f"{TABLE} of {path} is no table: write its keys below that line")
    for name in table:
        if name not in ("scrub", "harnesses"):
            raise _unknown(path, name, is_table=isinstance(table[name], dict))
    return table


def scrub_table(path: Path, content: bytes) -> Mapping[str, Any] | None:
    """What `[tool.pty-cassette.scrub]` says, None when there is none. Raises UsageError as `our_table` does."""
    table: Mapping[str, Any] | None = our_table(path, content).get("scrub")
    if table is not None and not isinstance(table, dict):
        raise UsageError(what=f"{SCRUB_TABLE} of {path} is no table: write its keys below that line")
    if unknown := sorted((table or {}).keys() - set(SCRUB_KEYS)):
        raise UsageError(
            what=f"{SCRUB_TABLE} of {path} does not know {unknown[0]!r}: use some of {', '.join(SCRUB_KEYS)}"
        )
    return table


def _refuse_other_names(path: Path, before: str, names: Iterable[str]) -> None:
    for name in names:
        if _LIKE.fullmatch(name):
            raise UsageError(
                what=f"[{before}{name}] of {path} is no table that is read: write {TABLE}, or {SCRUB_TABLE}"
            )


def _unknown(path: Path, name: str, *, is_table: bool) -> UsageError:
    near = nearest(name.lower().replace("_", "-"), tuple(_MEANT))
    right = _MEANT[near] if near else f"{_MEANT['harnesses']}, or {SCRUB_TABLE}"
    if is_table:
        return UsageError(what=f"[tool.{_NAME}.{name}] of {path} is no table that is read: write {right}")
    return UsageError(what=f"{TABLE} of {path} does not know {name!r}: write {right}")
