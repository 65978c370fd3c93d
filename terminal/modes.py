"""Modes that a program sets, as one frozen value. Numbers are ECMA-48's and xterm's; names come from here.

`keys.py` and `mouse.py` read this value to know what bytes a key or a click is.
"""

from __future__ import annotations

from dataclasses import dataclass

PRIVATE_MODES = {
    1: "DECCKM application cursor keys",
    3: "DECCOLM 132 columns",
    4: "DECSCLM smooth scroll",
    5: "DECSCNM reverse video",
    6: "DECOM origin mode",
    7: "DECAWM auto-wrap",
    8: "DECARM auto-repeat",
    9: "X10 mouse",
    12: "blinking cursor",
    25: "DECTCEM cursor visible",
    40: "allow 80 to 132 columns",
    45: "reverse wraparound",
    47: "alternate screen",
    66: "DECNKM application keypad",
    69: "DECLRMM left and right margins",
    1000: "mouse: clicks",
    1002: "mouse: drags",
    1003: "mouse: all motion",
    1004: "focus events",
    1005: "mouse: UTF-8 coordinates",
    1006: "mouse: SGR coordinates",
    1007: "alternate scroll",
    1015: "mouse: urxvt coordinates",
    1016: "mouse: SGR pixels",
    1045: "extended reverse wraparound",
    1047: "alternate screen, cleared when left",
    1048: "saved cursor",
    1049: "alternate screen with saved cursor",
    2004: "bracketed paste",
    2026: "synchronized output",
    2027: "grapheme clusters",
    2031: "colour scheme reports",
    2048: "resize reports",
}
"""Private modes (`CSI ? n h`), with xterm's name."""

SIMPLE_MODES = frozenset({1, 12, 25, 1004, 1007, 2004, 2026, 2031, 2048})
"""Private modes that are only remembered: setting one changes nothing else of the screen."""

ANSI_MODES = {
    2: "KAM keyboard locked",
    4: "IRM insert",
    12: "SRM no local echo",
    20: "LNM line feed is also carriage return",
}
"""ECMA-48 modes (`CSI n h`)."""


@dataclass(frozen=True, slots=True)
class Modes:
    """Which modes are set. `private` and `ansi` hold their numbers; the rest has no number.

    `kitty_flags` is the top of the kitty keyboard stack (0 when nothing is pushed),
    `modify_other_keys` is xterm's resource of that name (0, 1 or 2).
    """

    private: frozenset[int] = frozenset({7, 25})
    ansi: frozenset[int] = frozenset()
    application_keypad: bool = False
    kitty_flags: int = 0
    modify_other_keys: int = 0

    @property
    def application_cursor(self) -> bool:
        """DECCKM: arrow keys send SS3."""
        return 1 in self.private

    @property
    def bracketed_paste(self) -> bool:
        """A paste is wrapped in `CSI 200 ~` and `CSI 201 ~`."""
        return 2004 in self.private

    @property
    def synchronized(self) -> bool:
        """Inside a synchronized update: what is on the screen is not a frame."""
        return 2026 in self.private

    @property
    def focus_events(self) -> bool:
        """The program wants `CSI I` and `CSI O`."""
        return 1004 in self.private

    @property
    def newline(self) -> bool:
        """LNM: the enter key sends CR and LF."""
        return 20 in self.ansi

    @property
    def mouse(self) -> int:
        """The mouse mode that is on: 1003, 1002, 1000 or 9; 0 when there is none."""
        return next((mode for mode in (1003, 1002, 1000, 9) if mode in self.private), 0)

    @property
    def mouse_sgr(self) -> bool:
        """Mouse reports are in SGR form."""
        return 1006 in self.private


DEFAULT_MODES = Modes()
"""What a terminal has when it is switched on."""
