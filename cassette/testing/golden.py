"""Screens that were approved, as text files: one screen each, rows without trailing blanks. No pytest here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from cassette.errors import UsageError
from cassette.testing.callsite import shown_path

_SAFE = re.compile(r"[\w][\w .,+=@\[\]-]*\Z")


class Goldens(Protocol):
    """Where the approved screens of one test are."""

    update: bool
    """Write them instead of comparing."""
    update_command: str
    """The exact command that writes them anew, for messages."""

    def key(self, name: str | None) -> str:
        """Which one is meant: by its name, or, without one, the next of this test. Raises UsageError."""

    def shown(self, key: str) -> str:
        """Where it is, for messages."""

    def load(self, key: str) -> str | None:
        """Its text; None when there is none yet."""

    def save(self, key: str, text: str) -> None:
        """Keep it."""


class GoldenFiles:
    """Goldens in a directory: `<stem>.txt`, `<stem>.2.txt`, … and `<name>.txt` for those with a name."""

    def __init__(
        self,
        directory: Path,
        *,
        stem: str = "screen",
        update: bool = False,
        update_command: str = "pytest --pty-update-screens",
    ) -> None:
        self.directory = directory
        self.update = update
        self.update_command = update_command
        self.used: list[Path] = []
        """Those that were asked for, so that somebody can tell which are orphans."""
        self._stem = stem
        self._unnamed = 0

    def key(self, name: str | None) -> str:
        """The file's name without `.txt`."""
        if name is None:
            self._unnamed += 1
            return self._stem if self._unnamed == 1 else f"{self._stem}.{self._unnamed}"
        name = name.removesuffix(".txt")
        if not _SAFE.match(name):
            raise UsageError(
                what=f"{name!r} is no name for a screen: use letters, digits, blanks and any of .,+=@-"
            )
        return name

    def shown(self, key: str) -> str:
        """The path, relative to the working directory where it can be."""
        return shown_path(self._path(key))

    def load(self, key: str) -> str | None:
        """The file's text."""
        path = self._path(key)
        self.used.append(path)
        return path.read_text("utf-8") if path.is_file() else None

    def save(self, key: str, text: str) -> None:
        """Write the file."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._path(key).write_text(text, "utf-8")

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}.txt"
