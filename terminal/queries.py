"""What programs ask a terminal, and what ours answers.

The answers say what this terminal is: an xterm-compatible one with 256 colours and RGB, dark background.
They are data: nobody sends them here. In front of a person, that person's terminal answers instead, and
`split_answers` finds its answers in what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from terminal.modes import ANSI_MODES, PRIVATE_MODES
from terminal.pens import style_of
from terminal.pyte_screen import DECOM
from terminal.snapshot import Style
from terminal.states import StatefulScreen

TERMINAL_NAME = "pty-cassette"
LAYER_VERSION = "1"
"""Part of the identity under which frames are stored. Raise it with every change that makes any bytes show another
screen (text, styles, cursor, title), in any file of the model; tests/test_terminal_identity.py notices."""

DA1 = "\x1b[?62;22c"
"""VT220 with colour: what programs need to see, and nothing that we do not do."""
DA2 = "\x1b[>1;10;0c"
DA3 = "\x1bP!|00000000\x1b\\"
FOREGROUND = "rgb:e5e5/e5e5/e5e5"
BACKGROUND = "rgb:0000/0000/0000"
CURSOR_COLOUR = "rgb:e5e5/e5e5/e5e5"
CELL_WIDTH, CELL_HEIGHT = 10, 20
"""Pixels of a cell, for programs that ask for the size in pixels."""
MAX_REPLIES = 65_536
"""Bytes of answers that are kept until somebody takes them; past it further ones are dropped."""

_BASIC = [
    "000000", "cd0000", "00cd00", "cdcd00", "0000ee", "cd00cd", "00cdcd", "e5e5e5",
    "7f7f7f", "ff0000", "00ff00", "ffff00", "5c5cff", "ff00ff", "00ffff", "ffffff",
]  # fmt: skip
_LEVELS = (0, 95, 135, 175, 215, 255)


def palette_colour(index: int) -> str:
    """xterm's colour for a palette index, as X11 writes it (`rgb:rrrr/gggg/bbbb`)."""
    if index < 16:
        text = _BASIC[index]
        values = [int(text[i : i + 2], 16) for i in (0, 2, 4)]
    elif index < 232:
        values = [_LEVELS[(index - 16) // step % 6] for step in (36, 6, 1)]
    else:
        values = [8 + 10 * (index - 232)] * 3
    return "rgb:" + "/".join(f"{value:02x}{value:02x}" for value in values)


_CAPABILITIES = {
    "TN": "xterm-256color",
    "name": "xterm-256color",
    "Co": "256",
    "colors": "256",
    "RGB": "8/8/8",
    "Tc": "",
    "Su": "",
    "Ms": "\\E]52;%p1%s;%p2%s\\007",
    "Ss": "\\E[%p1%d q",
    "Se": "\\E[2 q",
    "smcup": "\\E[?1049h",
    "rmcup": "\\E[?1049l",
    "setrgbf": "\\E[38:2:%p1%d:%p2%d:%p3%dm",
    "setrgbb": "\\E[48:2:%p1%d:%p2%d:%p3%dm",
}
"""Terminfo capabilities that XTGETTCAP gives away."""


class AnsweringScreen(StatefulScreen):
    """`StatefulScreen` that keeps the answers to queries until they are taken."""

    def reset(self) -> None:
        """RIS; answers that nobody took yet stay."""
        super().reset()
        self._replies: list[str] = getattr(self, "_replies", [])
        self._replies_size: int = getattr(self, "_replies_size", 0)

    def reply(self, answer: str) -> None:
        """Keep one answer."""
        self._replies_size += len(answer)
        if self._replies_size <= MAX_REPLIES:
            self._replies.append(answer)

    def take_replies(self) -> bytes:
        """All answers since the last call."""
        answer = "".join(self._replies).encode()
        self._replies.clear()
        self._replies_size = 0
        return answer

    # -- attributes and status ------------------------------------------------------------------------

    def report_device_attributes(self, mode: int = 0, **_: bool) -> None:
        """DA1."""
        if mode == 0:
            self.reply(DA1)

    def report_secondary_attributes(self, mode: int = 0) -> None:
        """DA2."""
        if mode == 0:
            self.reply(DA2)

    def report_tertiary_attributes(self, mode: int = 0) -> None:
        """DA3."""
        if mode == 0:
            self.reply(DA3)

    def report_version(self, mode: int = 0) -> None:
        """XTVERSION."""
        if mode == 0:
            self.reply(f"\x1bP>|{TERMINAL_NAME}({LAYER_VERSION})\x1b\\")

    def report_parameters(self, mode: int = 0) -> None:
        """DECREQTPARM."""
        if mode <= 1:
            self.reply(f"\x1b[{mode + 2};1;1;128;128;1;0x")

    def _report_position(self, prefix: str) -> None:
        cursor = self.cursor_value
        row = cursor.row - (self.region[0] if DECOM in self.mode else 0)
        self.reply(f"\x1b[{prefix}{row + 1};{cursor.column + 1}R")

    def report_device_status(self, mode: int = 0) -> None:
        """DSR 5 and 6."""
        if mode == 5:
            self.reply("\x1b[0n")
        elif mode == 6:
            self._report_position("")

    def report_private_status(self, mode: int = 0) -> None:
        """DECXCPR and the colour scheme (`CSI ? 996 n`: 1 is dark)."""
        if mode == 6:
            self._report_position("?")
        elif mode == 996:
            self.reply("\x1b[?997;1n")
        elif mode == 15:
            self.reply("\x1b[?13n")
        elif mode == 25:
            self.reply("\x1b[?20n")
        elif mode == 26:
            self.reply("\x1b[?27;1;0;0n")

    def report_mode(self, number: int = 0, private: bool = False) -> None:
        """DECRQM: 1 set, 2 reset, 0 not known."""
        known = number in (PRIVATE_MODES if private else ANSI_MODES)
        on = self.has_private(number) if private else number in self.mode
        state = (1 if on else 2) if known else 0
        self.reply(f"\x1b[{'?' if private else ''}{number};{state}$y")

    def report_kitty_flags(self, *_: int) -> None:
        """`CSI ? u`."""
        self.reply(f"\x1b[?{self.kitty_stack[-1]}u")

    def report_key_options(self, resource: int = 0, *_: int) -> None:
        """XTQMODKEYS."""
        if resource == 4:
            self.reply(f"\x1b[>4;{self.modify_other_keys}m")

    def window_operation(self, number: int = 0, *_: int) -> None:
        """XTWINOPS: sizes and the title stack; a program does not move our window."""
        columns, rows = self.columns, self.lines
        if number == 14:
            self.reply(f"\x1b[4;{rows * CELL_HEIGHT};{columns * CELL_WIDTH}t")
        elif number == 16:
            self.reply(f"\x1b[6;{CELL_HEIGHT};{CELL_WIDTH}t")
        elif number in (18, 19):
            self.reply(f"\x1b[{number - 10};{rows};{columns}t")
        elif number == 11:
            self.reply("\x1b[1t")
        elif number == 13:
            self.reply("\x1b[3;0;0t")
        elif number == 22:
            self.push_title()
        elif number == 23:
            self.pop_title()

    # -- OSC ------------------------------------------------------------------------------------------

    def operating_system_command(self, body: str, terminator: str) -> None:
        """OSC: title, links, questions for colours; everything else is swallowed."""
        number, _, rest = body.partition(";")
        if number in ("0", "2"):
            self.set_title(rest)
        elif number == "8":
            self.set_link(rest.partition(";")[2])
        elif number == "4":
            self._palette(rest.split(";"), terminator)
        elif number in ("10", "11", "12"):
            self._dynamic_colours(int(number), rest.split(";"), terminator)

    def _palette(self, fields: list[str], terminator: str) -> None:
        for index, question in zip(fields[::2], fields[1::2], strict=False):
            if (
                question == "?"
                and index.isascii()
                and index.isdigit()
                and len(index) < 4
                and int(index) < 256
            ):
                self.reply(f"\x1b]4;{int(index)};{palette_colour(int(index))}{terminator}")

    def _dynamic_colours(self, number: int, fields: list[str], terminator: str) -> None:
        colours = {10: FOREGROUND, 11: BACKGROUND, 12: CURSOR_COLOUR}
        for offset, question in enumerate(fields[:3]):
            if question == "?" and number + offset in colours:
                self.reply(f"\x1b]{number + offset};{colours[number + offset]}{terminator}")

    # -- DCS ------------------------------------------------------------------------------------------

    def device_control_string(self, body: str) -> None:
        """DCS: DECRQSS and XTGETTCAP; everything else is swallowed."""
        if body.startswith("$q"):
            setting = self._setting(body[2:])
            self.reply(f"\x1bP{int(setting is not None)}$r{setting or ''}\x1b\\")
        elif body.startswith("+q"):
            for name in body[2:].split(";")[:64]:
                self._capability(name)

    def _setting(self, what: str) -> str | None:
        top, bottom = self.region
        settings: dict[str, Callable[[], str]] = {
            "m": lambda: sgr_of(style_of(self.pen)) + "m",
            "r": lambda: f"{top + 1};{bottom + 1}r",
            " q": lambda: f"{self.cursor_style} q",
            '"p': lambda: '62;1"p',
            '"q': lambda: '0"q',
        }
        return settings[what]() if what in settings else None

    def _capability(self, name: str) -> None:
        try:
            value = _CAPABILITIES[bytes.fromhex(name).decode("ascii")]
        except (ValueError, KeyError):
            self.reply(f"\x1bP0+r{name if name.isalnum() and name.isascii() else ''}\x1b\\")
            return
        answer = f"={value.encode().hex().upper()}" if value else ""
        self.reply(f"\x1bP1+r{name}{answer}\x1b\\")


def _sgr_colour(base: int, colour: int | str) -> str:
    if isinstance(colour, str):
        values = ":".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
        return f"{base + 8}:2::{values}"
    if colour < 8 and base < 50:
        return str(base + colour)
    if colour < 16 and base < 50:
        return str(base + 60 + colour - 8)
    return f"{base + 8}:5:{colour}"


def sgr_of(style: Style) -> str:
    """The SGR parameters that lead from the default to `style`."""
    flags = {1: style.bold, 2: style.dim, 3: style.italic, 5: style.blink, 7: style.reverse}
    flags |= {8: style.hidden, 9: style.strike, 53: style.overline}
    parts = ["0", *(str(code) for code, on in flags.items() if on)]
    kinds = ("single", "double", "curly", "dotted", "dashed")
    if style.underline:
        kind = kinds.index(style.underline) + 1
        parts.append("4" if kind == 1 else f"4:{kind}")
    for base, colour in ((30, style.fg), (40, style.bg), (50, style.underline_color)):
        if colour is not None:
            parts.append(_sgr_colour(base, colour))
    return ";".join(parts)


_ANSWER = re.compile(
    rb"\x1b\[\?[0-9;]*c|\x1b\[>[0-9;]*c"  # DA1, DA2
    rb"|\x1b\[[03]n|\x1b\[\?997;[12]n"  # DSR
    rb"|\x1b\[\??[0-9]+;[0-9]+R"  # CPR, DECXCPR
    rb"|\x1b\[\??[0-9]+;[0-4]\$y"  # DECRQM
    rb"|\x1b\[\?[0-9]+u|\x1b\[>4;[0-9]m"  # kitty flags, XTQMODKEYS
    rb"|\x1b\[(?:[4-9]|48);[0-9;]+t"  # XTWINOPS
    rb"|\x1b\](?:4;[0-9]+|1[0-9]);rgba?:[0-9a-fA-F/]+(?:\x07|\x1b\\)"  # OSC 4, 10, 11, 12
    rb"|\x1bP(?:>\||!\||[01]\$r|[01]\+r)[^\x1b\x07]*\x1b\\"  # XTVERSION, DA3, DECRQSS, XTGETTCAP
)


def split_answers(data: bytes) -> list[tuple[bool, bytes]]:
    """Cut input into (is a terminal's answer, bytes) pieces, in order; joined they are `data` again.

    F3 with a modifier looks like a cursor report on row 1 (`CSI 1 ; 5 R`); it counts as an answer.
    """
    pieces: list[tuple[bool, bytes]] = []
    end = 0
    for match in _ANSWER.finditer(data):
        if match.start() > end:
            pieces.append((False, data[end : match.start()]))
        if pieces and pieces[-1][0]:
            pieces[-1] = (True, pieces[-1][1] + match.group())
        else:
            pieces.append((True, match.group()))
        end = match.end()
    if end < len(data):
        pieces.append((False, data[end:]))
    return pieces
