"""Which sequence is which operation. One table; a sequence is read once and then called from a cache.

What is not in the table does nothing: a terminal never prints what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import length_hint
from typing import Any, ClassVar, TypeAlias

from terminal.charsets import CHARSETS, DESIGNATORS
from terminal.modes import SIMPLE_MODES
from terminal.pens import DEFAULT_PEN, Effect
from terminal.pyte_screen import DECOM
from terminal.queries import AnsweringScreen
from terminal.widths import special

Action: TypeAlias = tuple[Callable[..., object], tuple[Any, ...]]
"""A function of the terminal, and what it is called with beside it."""

MAX_ACTIONS = 4_096
"""Sequences that are remembered; past it the memory starts afresh."""
MAX_NUMBER = 65_535
MAX_PARAMETERS = 32

_is_sgr = re.compile(r"(?:\x1b\[[0-9:;]*m)+").fullmatch
_parse_csi = re.compile(r"\x1b\[([<-?]?)([0-9:;]*)([ -/]*)([@-~])").fullmatch

# Prefix, intermediates and final of a control sequence, then the method. It gets the first parameter, which
# is at least 1.
COUNTED = {
    "@": "insert_characters", "A": "cursor_up", "B": "cursor_down", "C": "cursor_forward",
    "D": "cursor_back", "E": "next_rows", "F": "previous_rows", "G": "to_column", "I": "tab",
    "L": "insert_lines", "M": "delete_lines", "P": "delete_characters", "S": "scroll_region_up",
    "T": "scroll_region_down", "X": "erase_characters", "Z": "back_tab", "`": "to_column",
    "a": "cursor_forward", "b": "repeat", "d": "to_row", "e": "rows_down",
    "^": "scroll_region_down", " @": "scroll_left", " A": "scroll_right",
    "'}": "insert_columns", "'~": "delete_columns", "<u": "kitty_pop",
}  # fmt: skip

# The method gets every parameter as it stands (a missing one is 0).
PLAIN = {
    "J": "erase_in_display", "K": "erase_in_line", "?J": "selective_erase_in_display",
    "?K": "selective_erase_in_line", '"q': "set_protection",
    "H": "position", "f": "position", "r": "margins_from", "g": "clear_tab_stop",
    "h": "set_mode", "l": "reset_mode", "?h": "set_private", "?l": "reset_private",
    "?s": "save_modes", "?r": "restore_modes", "!p": "soft_reset", "?W": "tab_stops_every_eight",
    "c": "report_device_attributes", ">c": "report_secondary_attributes", "=c": "report_tertiary_attributes",
    "n": "report_device_status", "?n": "report_private_status", "x": "report_parameters",
    ">q": "report_version", "$p": "report_mode", "?$p": "report_private_mode", "t": "window_operation",
    " q": "set_cursor_style", "s": "save_cursor", "u": "restore_cursor",
    ">m": "key_options", "?m": "report_key_options",
    "?u": "report_kitty_flags", ">u": "kitty_push", "=u": "kitty_set",
}  # fmt: skip

# Methods of PLAIN that take at most so many parameters; more are cut off.
AT_MOST = {
    "erase_in_display": 1, "erase_in_line": 1, "selective_erase_in_display": 1, "selective_erase_in_line": 1,
    "set_protection": 1, "position": 2, "margins_from": 2, "clear_tab_stop": 1,
    "soft_reset": 0, "tab_stops_every_eight": 1, "report_device_attributes": 1, "report_secondary_attributes": 1,
    "report_tertiary_attributes": 1, "report_device_status": 1, "report_private_status": 1,
    "report_parameters": 1, "report_version": 1, "report_mode": 1, "report_private_mode": 1,
    "set_cursor_style": 1, "save_cursor": 0, "restore_cursor": 0, "key_options": 2, "kitty_push": 1,
    "kitty_set": 2,
}  # fmt: skip

ESCAPES: dict[str, tuple[str, tuple[object, ...]]] = {
    "7": ("save_cursor", ()), "8": ("restore_cursor", ()), "D": ("index", ()), "E": ("next_line", ()),
    "H": ("set_tab_stop", ()), "M": ("reverse_index", ()), "c": ("full_reset", ()),
    "=": ("set_keypad", (True,)), ">": ("set_keypad", (False,)), "#8": ("alignment_display", ()),
    "N": ("shift_once", (2,)), "O": ("shift_once", (3,)), "n": ("select_charset", (2,)),
    "o": ("select_charset", (3,)), "Z": ("report_device_attributes", ()),
}  # fmt: skip

CONTROLS: dict[str, tuple[str, tuple[object, ...]]] = {
    "\b": ("backspace", ()), "\t": ("tab", ()), "\n": ("linefeed", ()), "\v": ("linefeed", ()),
    "\f": ("linefeed", ()), "\r": ("carriage_return", ()), "\r\n": ("new_line", ()),
    "\x0e": ("select_charset", (1,)), "\x0f": ("select_charset", (0,)),
}  # fmt: skip


def _nothing(_: Terminal) -> None:
    """What a sequence does that nobody knows."""


def _change_pen(terminal: Terminal, effect: Effect) -> None:
    terminal.pen = effect[terminal.pen]


NOTHING: Action = (_nothing, ())


class Actions(dict[str, Action]):
    """Sequence to what it does; read when it comes the first time, shared by all terminals of a class."""

    def __init__(self, owner: type[Terminal]) -> None:
        super().__init__()
        self._owner = owner

    def __missing__(self, sequence: str) -> Action:
        if len(self) >= MAX_ACTIONS:
            self.clear()
        action = self._read(sequence)
        if len(sequence) < 256:
            self[sequence] = action
        return action

    def _bound(self, name: str, *arguments: object) -> Action:
        return getattr(self._owner, name), arguments

    def _read(self, sequence: str) -> Action:
        if sequence in CONTROLS:
            name, arguments = CONTROLS[sequence]
            return self._bound(name, *arguments)
        kind = sequence[1:2]
        if kind == "[":
            return self._read_csi(sequence)
        if kind == "]":
            terminator = "\x07" if sequence[-1] == "\x07" else "\x1b\\"
            body = sequence[2 : -len(terminator)]
            return self._bound("operating_system_command", body, terminator)
        if kind == "P":
            return self._bound("device_control_string", sequence[2:-2])
        return self._read_escape(sequence[1:])

    def _read_escape(self, rest: str) -> Action:
        if rest in ESCAPES:
            name, arguments = ESCAPES[rest]
            return self._bound(name, *arguments)
        if len(rest) == 2 and rest[0] in DESIGNATORS and rest[1] in CHARSETS:
            return self._bound("designate", DESIGNATORS[rest[0]], CHARSETS[rest[1]])
        return NOTHING

    def _read_csi(self, sequence: str) -> Action:
        if sequence[-1] == "m" and _is_sgr(sequence):
            return _change_pen, (Effect(sequence),)
        parsed = _parse_csi(sequence)
        if parsed is None:
            return NOTHING
        prefix, parameters, intermediates, final = parsed.groups()
        if ":" in parameters:
            return NOTHING
        name = prefix + intermediates + final
        numbers = [_number(text) for text in parameters.split(";")[:MAX_PARAMETERS]] if parameters else []
        if name in COUNTED:
            return self._bound(COUNTED[name], max(1, numbers[0] if numbers else 1))
        if name in ("?h", "?l") and len(numbers) == 1 and numbers[0] in SIMPLE_MODES:
            return self._bound("set_flag" if final == "h" else "clear_flag", numbers[0] << 5)
        if name in PLAIN:
            return self._bound(PLAIN[name], *numbers[: AT_MOST.get(PLAIN[name])])
        return NOTHING


class Terminal(AnsweringScreen):
    """The whole terminal behind the tokenizer: `execute` takes its tokens."""

    actions: ClassVar[Actions]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.actions = Actions(cls)

    def __init__(self, columns: int, lines: int) -> None:
        self._texts: list[str] = []
        self._left = iter(self._texts)
        self._drew_last = False
        super().__init__(columns, lines)

    def execute(self, tokens: list[str]) -> None:
        """Draw and do what `Tokenizer.feed` gave.

        The common case of drawing is in line here: narrow text that fits into a row without special cells.
        """
        if len(tokens) == 1:
            if tokens[0]:
                self.draw(tokens[0])
                self._drew_last = True
            return
        actions, cursor = self.actions, self.cursor
        self._texts = texts = tokens[::2]
        self._left = left = iter(texts)
        for text, sequence in zip(left, tokens[1::2], strict=False):
            if text:
                start = cursor.x
                end = start + len(text)
                row = self.grid[cursor.y]
                if end > self.columns or row.special or not self.simple:
                    self.draw(text)
                elif text.isascii() or not special().search(text):
                    row.data[start:end] = text
                    pen = self.pen
                    if pen is not DEFAULT_PEN or not row.plain:
                        row.pens[start:end] = [pen] * (end - start)
                        row.plain = False
                    row.line = None
                    cursor.x = end
                else:
                    self.draw(text)
            function, arguments = actions[sequence]
            function(self, *arguments)
        if tokens[-1]:
            self.draw(tokens[-1])
        self._drew_last = bool(tokens[-1])

    def repeat(self, count: int = 1) -> None:
        """REP: the last character again, if nothing but it came last."""
        index = len(self._texts) - length_hint(self._left) - 1
        if self._texts[index] or (index == 0 and self._drew_last):
            self.repeat_last(count)

    # -- operations that only differ in how they are written ------------------------------------------

    def new_line(self) -> None:
        """CR and LF."""
        self.cursor.x = 0
        self.index()

    def next_rows(self, count: int = 1) -> None:
        """CNL."""
        self.cursor_down(count)
        self.cursor.x = 0

    def previous_rows(self, count: int = 1) -> None:
        """CPL."""
        self.cursor_up(count)
        self.cursor.x = 0

    def to_column(self, column: int = 1) -> None:
        """CHA, HPA."""
        self.cursor.x = min(column, self.columns) - 1

    def rows_down(self, count: int = 1) -> None:
        """VPR: down whatever the margins are."""
        self.cursor.y = min(self.lines - 1, self.cursor.y + count)
        self.cursor.x = min(self.cursor.x, self.columns - 1)

    def to_row(self, row: int = 1) -> None:
        """VPA."""
        self.move_to(min(self.cursor.x, self.columns - 1), row - 1)

    def position(self, row: int = 1, column: int = 1) -> None:
        """CUP, HVP."""
        if DECOM in self.mode:
            self.move_to((column or 1) - 1, (row or 1) - 1)
            return
        cursor = self.cursor
        cursor.y = (row if row <= self.lines else self.lines) - 1 if row else 0
        cursor.x = (column if column <= self.columns else self.columns) - 1 if column else 0

    def margins_from(self, top: int = 0, bottom: int = 0) -> None:
        """DECSTBM."""
        self.set_margins(top, bottom)

    def set_private(self, *modes: int) -> None:
        """DECSET."""
        self.set_mode(*modes, private=True)

    def reset_private(self, *modes: int) -> None:
        """DECRST."""
        self.reset_mode(*modes, private=True)

    def report_private_mode(self, number: int = 0) -> None:
        """DECRQM of a private mode."""
        self.report_mode(number, private=True)

    def set_tab_stop(self) -> None:
        """HTS."""
        self.tabstops.add(min(self.cursor.x, self.columns - 1))

    def clear_tab_stop(self, how: int = 0) -> None:
        """TBC: 0 here, 3 all."""
        if how == 0:
            self.tabstops.discard(min(self.cursor.x, self.columns - 1))
        elif how == 3:
            self.tabstops.clear()

    def tab_stops_every_eight(self, how: int = 0) -> None:
        """DECST8C."""
        if how == 5:
            self.tabstops = set(range(8, self.columns, 8))

    def full_reset(self) -> None:
        """RIS."""
        self.reset()


Terminal.actions = Actions(Terminal)


def _number(text: str) -> int:
    return min(int(text[:9]), MAX_NUMBER) if text else 0
