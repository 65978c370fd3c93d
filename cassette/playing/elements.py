"""What a recorded input accepts, element by element: its bytes, and wildcards where something was hidden.

The one reading of redacted and masked input: sessions match by it, and plans of shims are made from it. Pure.
"""

from __future__ import annotations

from typing import Final

from cassette.model import Input

WILD: Final = -1
"""Stands for one hidden byte of a line, or more. All other elements are bytes."""
LINE_ENDS = b"\r\n"


def elements_of(event: Input) -> list[int]:
    """The elements of an input: a redacted one is anything and the line end that was recorded behind it."""
    if event.redacted:
        return [WILD, *event.data[len(event.data.rstrip(LINE_ENDS)) :]]
    if not event.masked:
        return list(event.data)
    hidden = {place for start, length in event.masked for place in range(start, start + length)}
    found: list[int] = []
    for place, byte in enumerate(event.data):
        if place not in hidden:
            found.append(byte)
        elif found[-1:] != [WILD]:
            found.append(WILD)
    return found
