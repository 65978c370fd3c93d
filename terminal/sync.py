"""Where synchronized updates (`CSI ? 2026`) end, to the byte, for any emulator.

Only a few bytes can be the last of a sequence that begins or ends an update: `h`, `l` and `r` behind a
parameter, `c` behind ESC (RIS), `p` behind `!` (DECSTR), or any of these first in the data, when the data
goes on inside a sequence; controls may stand between. The data is fed in pieces that end at such bytes and
the emulator is asked after each; plain text has hardly any.
"""

from __future__ import annotations

import re
from typing import Protocol

_MAY_BEGIN = re.compile(rb"[\x00-\x1f\x7f0-?][hr]")
_MAY_END = re.compile(rb"[\x00-\x1f\x7f0-?!][lrcp]")
_FINALS = b"hlrcp"


class Feedable(Protocol):
    """What `feed_to_sync_end` needs of an emulator."""

    @property
    def synchronized(self) -> bool:
        """Inside an update."""

    def feed(self, data: bytes) -> None:
        """Take bytes."""


def feed_to_sync_end(emulator: Feedable, data: bytes, start: int) -> int:
    """See `Emulator.feed_to_sync_end`."""
    position = start
    while position < len(data):
        was_synchronized = emulator.synchronized
        if position == start and data[position] in _FINALS:
            end = position + 1
        else:
            match = (_MAY_END if was_synchronized else _MAY_BEGIN).search(data, position)
            end = match.end() if match else len(data)
        emulator.feed(data[position:end])
        position = end
        if was_synchronized and not emulator.synchronized:
            return position
    return len(data)
