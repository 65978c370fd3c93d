"""The one interface of every terminal model, and the way to get one by name.

An emulator is fed bytes and shows a screen. Any cut of the same bytes gives the same screen, modes, title
and answers; no bytes make it raise. Stored frames are compared only with frames of the same `Identity`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Protocol

from terminal.modes import Modes
from terminal.snapshot import Cursor, Snapshot


class EmulatorError(Exception):
    """An emulator cannot be had; the message says what to do."""


class UnknownEmulatorError(EmulatorError):
    """There is no emulator of that name."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name, known_emulators(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        super().__init__(f"no emulator is called {name!r}: known are {', '.join(known_emulators())}{hint}")
        self.name = name


class EmulatorNotInstalledError(EmulatorError):
    """The emulator is known, but the package that it needs is not there."""

    def __init__(self, name: str, extra: str) -> None:
        super().__init__(f"the emulator {name!r} is not installed: pip install 'pty-cassette[{extra}]'")
        self.name = name
        self.extra = extra


@dataclass(frozen=True, slots=True)
class Identity:
    """Which emulator drew a frame. `version` covers the engine, our layer over it and the width table."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Emulator(Protocol):
    """A terminal that is fed bytes. Sizes are in cells, columns before rows."""

    @property
    def columns(self) -> int:
        """Columns of the screen."""

    @property
    def rows(self) -> int:
        """Rows of the screen."""

    @property
    def identity(self) -> Identity:
        """Which emulator this is; a constant."""

    @property
    def modes(self) -> Modes:
        """The modes that the program set."""

    @property
    def title(self) -> str:
        """The window title."""

    @property
    def cursor(self) -> Cursor:
        """Where the cursor stands."""

    @property
    def synchronized(self) -> bool:
        """Inside a synchronized update: the screen is half painted, no frame may be taken."""

    def feed(self, data: bytes) -> None:
        """Take the program's output. Never raises on any bytes."""

    def feed_to_sync_end(self, data: bytes, start: int = 0) -> int:
        """Feed `data[start:]` up to the byte that ends a synchronized update, and not one byte more.

        Returns the offset reached: right behind that byte, or `len(data)` when no update ended.
        """

    def resize(self, *, columns: int, rows: int) -> None:
        """Give the screen another size."""

    def snapshot(self) -> Snapshot:
        """The screen now. Rows that did not change are the same `Line` objects as in the last one."""

    def dirty_rows(self) -> set[int]:
        """The rows that may differ from the last snapshot (all of them before the first)."""

    def replies(self) -> bytes:
        """The answers to what the program asked since the last call, in order."""


DEFAULT_EMULATOR = "pyte"


def _make_pyte(columns: int, rows: int) -> Emulator:
    from terminal.pyte_emulator import PyteEmulator

    return PyteEmulator(columns=columns, rows=rows)


def _make_ghostty(columns: int, rows: int) -> Emulator:
    if find_spec("pyghostty") is None:
        raise EmulatorNotInstalledError("ghostty", "ghostty")
    from terminal.ghostty_emulator import GhosttyEmulator

    return GhosttyEmulator(columns=columns, rows=rows)


# The outside packages are imported only when their emulator is asked for.
_MAKERS: dict[str, Callable[[int, int], Emulator]] = {"pyte": _make_pyte, "ghostty": _make_ghostty}


def known_emulators() -> tuple[str, ...]:
    """The names that `make_emulator` takes, installed or not."""
    return tuple(_MAKERS)


def make_emulator(name: str = DEFAULT_EMULATOR, *, columns: int, rows: int) -> Emulator:
    """A fresh emulator. Raises `UnknownEmulatorError` or `EmulatorNotInstalledError` (both `EmulatorError`).

    Raises `ValueError` for a size without cells.
    """
    if name not in _MAKERS:
        raise UnknownEmulatorError(name)
    if columns < 1 or rows < 1:
        raise ValueError(f"a terminal of {columns} columns and {rows} rows has no cells")
    return _MAKERS[name](columns, rows)
