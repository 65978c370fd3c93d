"""What a program left switched on in the viewer's terminal, and the bytes that switch it off again."""

from __future__ import annotations

import re

_CHANGE = re.compile(
    rb"\x1b\[\?([\d;]{1,40})([hl])"  # private modes
    rb"|\x1b\[([>=<])([\d;]{0,20})u"  # kitty keyboard: push, set, pop
    rb"|\x1b([=>c])"  # keypad, full reset
    rb"|\x1b\[(!)p"  # soft reset
    rb"|\x1b\[(\d{0,3}) q"  # cursor shape
)
_WATCHED = frozenset(
    b"1 5 9 47 66 1000 1002 1003 1004 1005 1006 1007 1015 1016 1047 1049 2004 2026 2027 2031 2048".split()
)
_HIDDEN_CURSOR = b"25"
_WRAP = b"7"
_TAIL = 48


class Leftovers:
    """Told what goes to a terminal; knows which modes are on. Reads may cut a sequence anywhere."""

    def __init__(self) -> None:
        self._tail = b""
        self._clear()

    def _clear(self) -> None:
        self._on: dict[bytes, None] = {}
        self._hidden = self._keypad = self._shape = self._no_wrap = False
        self._kitty_depth = 0
        self._kitty_flags = False

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
        modes, switch, kitty, flags, keypad, soft_reset, shape = match.groups()
        if modes is not None:
            for mode in modes.split(b";"):
                self._switch(mode, switch == b"h")
        elif kitty is not None:
            self._note_kitty(kitty, flags)
        elif keypad == b"c":
            self._clear()
        elif keypad is not None:
            self._keypad = keypad == b"="
        elif soft_reset is not None:
            self._hidden = self._keypad = self._no_wrap = False
            self._on.pop(b"1", None)
        elif shape is not None:
            self._shape = shape not in (b"", b"0")

    def _note_kitty(self, what: bytes, flags: bytes) -> None:
        number = int(flags.partition(b";")[0] or b"1") if what == b"<" else 0
        if what == b">":
            self._kitty_depth += 1
        elif what == b"<":
            self._kitty_depth = max(0, self._kitty_depth - number)
        else:
            self._kitty_flags = flags.partition(b";")[0].strip(b"0") != b""

    def _switch(self, mode: bytes, on: bool) -> None:
        if mode == _HIDDEN_CURSOR:
            self._hidden = not on
        elif mode == _WRAP:
            self._no_wrap = not on
        elif mode in _WATCHED:
            if on:
                self._on[mode] = None
            else:
                self._on.pop(mode, None)

    def reset(self) -> bytes:
        """What switches off all that is on, the newest first; nothing where a program has tidied up."""
        parts = [b"\x1b[?%bl" % mode for mode in reversed(self._on)]
        if self._kitty_depth:
            parts.append(b"\x1b[<%du" % self._kitty_depth)
        if self._kitty_flags:
            parts.append(b"\x1b[=0u")
        if self._keypad:
            parts.append(b"\x1b>")
        if self._shape:
            parts.append(b"\x1b[0 q")
        if self._hidden:
            parts.append(b"\x1b[?25h")
        if self._no_wrap:
            parts.append(b"\x1b[?7h")
        return b"".join(parts)

    def again(self) -> bytes:
        """What switches on again what `reset` switched off; keyboard protocols and cursor shapes stay plain."""
        parts = [b"\x1b[?%bh" % mode for mode in self._on]
        parts += [b"\x1b="] if self._keypad else []
        parts += [b"\x1b[?25l"] if self._hidden else []
        parts += [b"\x1b[?7l"] if self._no_wrap else []
        return b"".join(parts)
