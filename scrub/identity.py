"""Home, user, host and worktree: no secrets, but nobody's business. Rewritten to fixed names.

In documents the fixed name is written; in output, where nothing may move, the fixed name cut or filled to the
same length. A name under 5 characters is left in output, since it is part of too many words; the report says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from scrub.documents import Json, map_strings
from scrub.known import KnownValue
from scrub.report import Preserved

LEAST_NAME = 5
_FILL = b"_"
_COMMON = frozenset(
    [
        "root",
        "user",
        "admin",
        "ubuntu",
        "debian",
        "runner",
        "node",
        "vagrant",
        "localhost",
        "home",
        "work",
        "workspace",
    ]
)


@dataclass(frozen=True)
class Identity:
    """Where and as whom a recording is made; empty where unknown. Paths are absolute, without a slash at the end."""

    home: str = ""
    user: str = ""
    host: str = ""
    worktree: str = ""

    @cached_property
    def names(self) -> tuple[tuple[str, str, str], ...]:
        """(what it is, the real name, the fixed name), the longest real name first."""
        host, domain = self.host.partition(".")[0], self.host
        named = [
            ("worktree", self.worktree, "/home/user/project"),
            ("home", self.home, "/home/user"),
            ("host", domain if domain != host else "", "host.example"),
            ("host", host, "host"),
            ("user", self.user, "user"),
        ]
        real = [
            (what, name, fixed) for what, name, fixed in named if len(name) > 1 and name not in ("/", fixed)
        ]
        return tuple(sorted(real, key=lambda entry: -len(entry[1])))

    def known_values(self) -> list[KnownValue]:
        """The names as values to look for in output, each with what is written over it."""
        return [
            KnownValue(name.encode(), what, f"identity:{what}", mask=fixed.encode(), fill=_FILL)
            for what, name, fixed in self.names
            if self._reason_to_leave(name) is None
        ]

    def preserved(self) -> list[Preserved]:
        """The names that are left in output, for the report; by what they are, not by what they say."""
        return [
            Preserved(f"identity:{what}", reason)
            for what, name, _ in self.names
            if (reason := self._reason_to_leave(name)) is not None
        ]

    def in_document(self, document: Json) -> Json:
        """The document with every name, where it stands as a whole word, replaced by its fixed name."""
        if not self.names:
            return document
        return map_strings(document, self.in_text)

    def in_text(self, text: str) -> str:
        """A text with the fixed names in it."""
        for what, name, fixed in self.names:
            if what in ("host", "user") and self._reason_to_leave(name):
                continue  # `dev` is a user, and stands in /dev/null
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", fixed, text)
        return text

    @staticmethod
    def _reason_to_leave(name: str) -> str | None:
        if len(name) < LEAST_NAME:
            return f"left in output: under {LEAST_NAME} characters"
        if name.lower() in _COMMON:
            return "left in output: a name that machines share"
        return None
