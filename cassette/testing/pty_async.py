"""The fixture `pty` for tests that are async: the same, with sessions whose calls are awaited. No logic of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassette.testing.aio import AsyncSession
from cassette.testing.callsite import explained

if TYPE_CHECKING:
    from cassette.testing.pty_fixture import Pty

__tracebackhide__ = explained


class AsyncPty:
    """The fixture for tests that are async: sessions whose calls are awaited."""

    def __init__(self, pty: Pty) -> None:
        self.pty = pty

    @property
    def cassette(self) -> Path:
        """The directory of this test's cassette."""
        return self.pty.cassette

    def spawn(self, argv: Sequence[str | os.PathLike[str]], **options: Any) -> AsyncSession:
        """As `Pty.spawn`; for `async with`."""
        return AsyncSession(self.pty.spawn(argv, **options))

    def open(self, path: str | os.PathLike[str]) -> AsyncSession:
        """As `Pty.open`."""
        return AsyncSession(self.pty.open(path))

    def on_path(self, name: str, **options: Any) -> Path:
        """As `Pty.on_path`."""
        return self.pty.on_path(name, **options)

    def secret(self, name: str) -> str:
        """As `Pty.secret`."""
        return self.pty.secret(name)
