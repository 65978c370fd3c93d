"""Signals that end a discovery come as exceptions, and never between making a thing and holding it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_held: list[list[BaseException]] = []


@contextmanager
def held() -> Iterator[None]:
    """While this block runs nothing is raised by `interrupt`; the first of what came is, when it is over."""
    came: list[BaseException] = []
    _held.append(came)
    try:
        yield
    finally:
        _held.pop()
    if came:
        interrupt(came[0])


def interrupt(error: BaseException) -> None:
    """Raise an error, now or when nothing is held any more. For signal handlers."""
    if not _held:
        raise error
    _held[-1].append(error)
