"""Which line of a test made a call: the innermost frame that is not ours. Looks only when a message needs it."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import terminal
from cassette.errors import CassetteError

_OURS = tuple(f"{Path(module).parent}/" for module in (Path(__file__).parent, str(terminal.__file__)))
_RUNNERS = (f"{os.sep}_pytest{os.sep}", f"{os.sep}pluggy{os.sep}")
_given: ContextVar[CallSite | None] = ContextVar("cassette call site", default=None)


@dataclass(frozen=True, slots=True)
class CallSite:
    """A line of somebody's code; `path` is relative to the working directory where it can be."""

    path: str
    line: int
    source: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def call_site() -> CallSite | None:
    """The line that called into this package; None where there is none, as when pytest itself called."""
    given = _given.get()
    if given is not None:
        return given
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    if frame is None or any(part in frame.f_code.co_filename for part in _RUNNERS):
        return None
    name, line = frame.f_code.co_filename, frame.f_lineno
    return CallSite(shown_path(name), line, linecache.getline(name, line, frame.f_globals).strip())


@contextmanager
def calling_from(site: CallSite | None) -> Iterator[None]:
    """Calls from here on, and in threads that take this context along, were made at that line."""
    token = _given.set(site)
    try:
        yield
    finally:
        _given.reset(token)


def shown_path(path: str | Path) -> str:
    """A path as a message shows it: relative to the working directory where it lies in it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def explained(caught: Any) -> bool:
    """Whether pytest may leave our frames out of a traceback: for errors that say all; a fault of ours stays visible.

    Modules that a test calls into set it as `__tracebackhide__`; pytest gives it its `ExceptionInfo`.
    """
    return isinstance(caught.value, CassetteError | AssertionError)
