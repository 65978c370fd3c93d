"""What a program left switched on in the viewer's terminal, and the bytes that switch it off again."""

from __future__ import annotations

import re

_CHANGE = re.compile(
    rb"\x1b\[\?([\d;]{1,40})([hl])"  # private modes
    rb"|\x1b\[([>=<])[\d;]{0,20}u"  # kitty keyboard
    rb"|\x1b([=>c])"  # keypad, full reset
    rb"|\x1b\[(!)p"  # soft reset
    rb"|\x1b\[(\d{0,3}) q"  # cursor shape
)
_WATCHED = frozenset(
    b"1 5 9 47 66 1000 1002 1003 1004 1005 1006 1007 1015 1016 1047 1049 2004 2026 2027 2031 2048".split()
)
_HIDDEN_CURSOR = b"25"
_TAIL = 48


class Leftovers:
    """Told what goes to a terminal; knows which modes are on. Reads may cut a sequence anywhere."""

    def __init__(self) -> None:
        self._tail = b""
        self._clear()

    def _clear(self) -> None:
        self._on: dict[bytes, None] = {}
        self._hidden = self._keypad = self._kitty = self._shape = False

    def feed(self, data: bytes) -> None:
        """Bytes that were written to the terminal."""
        window = self._tail + data
        end = 0
        for match in _CHANGE.finditer(window):
            end = match.end()
            self._note(match)
        start = window.rfind(b"\x1b", max(end, len(window) - _TAIL))
        self._tail = window[start:] if start >= 0 else b""

    def _note(self, match: re.Match[bytes]) -> None:
        modes, switch, kitty, keypad, soft_reset, shape = match.groups()
        if modes is not None:
            for mode in modes.split(b";"):
                self._switch(mode, switch == b"h")
        elif kitty is not None:
            self._kitty = True
        elif keypad == b"c":
            self._clear()
        elif keypad is not None:
            self._keypad = keypad == b"="
        elif soft_reset is not None:
            self._hidden = self._keypad = False
            self._on.pop(b"1", None)
        elif shape is not None:
            self._shape = shape not in (b"", b"0")

    def _switch(self, mode: bytes, on: bool) -> None:
        if mode == _HIDDEN_CURSOR:
            self._hidden = not on
        elif mode in _WATCHED:
            if on:
                self._on[mode] = None
            else:
                self._on.pop(mode, None)

    def reset(self) -> bytes:
        """What switches off all that is on, the newest first; nothing where a program has tidied up."""
        parts = [b"\x1b[?%bl" % mode for mode in reversed(self._on)]
        if self._kitty:
            parts.append(b"\x1b[=0u\x1b[<9u")
        if self._keypad:
            parts.append(b"\x1b>")
        if self._shape:
            parts.append(b"\x1b[0 q")
        if self._hidden:
            parts.append(b"\x1b[?25h")
        return b"".join(parts)
