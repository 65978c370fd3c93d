"""The one door to pyghostty: its library, and a terminal of it. Nothing else imports pyghostty."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import pyghostty

ffi: Any = pyghostty.ffi
lib: Any = pyghostty.lib
VERSION = metadata.version("pyghostty")


class EngineError(RuntimeError):
    """libghostty refused a call; a fault of ours or of the engine, never of the bytes that were fed."""


def new_terminal(**options: Any) -> Any:
    """A `pyghostty.Terminal`; see there for the options."""
    return pyghostty.Terminal(**options)


def handle_of(terminal: Any) -> Any:
    """The engine's handle of a terminal."""
    return terminal._t[0]


def check(result: int, what: str) -> None:
    """Raise `EngineError` unless a call succeeded."""
    if result:
        raise EngineError(f"libghostty: {what} failed with {result}")


def grid_ref(handle: Any, column: int, row: int) -> Any:
    """A reference to one cell of the screen; good until the terminal is fed again."""
    # The parameter is a tagged union, which cffi passes only as the struct twin that pyghostty declares.
    signature = "GhosttyResult(*)(GhosttyTerminal, GhosttyPointS, GhosttyGridRef*)"
    function = ffi.cast(signature, ffi.addressof(lib, "ghostty_terminal_grid_ref"))
    point = ffi.new("GhosttyPointS *")
    point.tag = lib.GHOSTTY_POINT_TAG_ACTIVE
    point.value.x, point.value.y = column, row
    reference = ffi.new("GhosttyGridRef *")
    reference.size = ffi.sizeof("GhosttyGridRef")
    check(function(handle, point[0], reference), "grid_ref")
    return reference
