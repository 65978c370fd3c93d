"""What a terminal remembers beside cells: modes, saved cursors, the other screen, titles, keyboard flags."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from terminal.cells import Row
from terminal.charsets import CHARSETS, DESIGNATORS
from terminal.editing import EditingScreen
from terminal.modes import ANSI_MODES, PRIVATE_MODES, Modes
from terminal.pens import DEFAULT_PEN, linked
from terminal.pyte_screen import DECOM, IRM, SavedCursor
from terminal.snapshot import Cursor

MAX_STACK = 32
"""Titles and keyboard flags that can be pushed; more push out the oldest."""
MAX_TITLE = 1_024
MAX_LINK = 4_096
"""Characters of an OSC 8 URI; what is drawn after a longer one is no link."""

DECTCEM = 25 << 5
SYNCHRONIZED = 2026 << 5
_ALTERNATE = (47, 1047, 1049)
_MOUSE = {9, 1000, 1002, 1003}
_MOUSE_FORMS = {1005, 1006, 1015, 1016}
_SHAPES = ("block", "block", "underline", "bar")


class StatefulScreen(EditingScreen):
    """`EditingScreen` with modes, two screens and their saved states."""

    def reset(self) -> None:
        """RIS."""
        super().reset()
        self.alternate: bool = False
        self._other_grid: list[Row] = []
        self._other_cursor = SavedCursor()
        self._saved_modes: dict[int, bool] = {}
        self._titles: list[str] = []
        self.kitty_stack: list[int] = [0]
        self._other_kitty: list[int] = [0]
        self.modify_other_keys = 0
        self.application_keypad = False
        self.cursor_style = 0
        self._modes: Modes | None = None
        self._cursor_value: Cursor | None = None

    def soft_reset(self) -> None:
        """DECSTR: modes, margins, pen and character sets; what is on the screen stays."""
        self.mode -= {IRM, DECOM, 1 << 5, 66 << 5, 45 << 5}
        self.mode.add(DECTCEM)
        self.application_keypad = False
        self.margins = None
        self.pen = DEFAULT_PEN
        self.charsets = [None] * 4
        self.charset = 0
        self.single_shift = None
        self.protecting = False
        self._modes = None
        self.refresh_simple()

    # -- character sets -------------------------------------------------------------------------------

    def define_charset(self, code: str, mode: str) -> None:
        """SCS: designate a set into G0 to G3; unknown ones change nothing."""
        if code in CHARSETS:
            self.designate(DESIGNATORS[mode], CHARSETS[code])

    def designate(self, number: int, charset: dict[int, str] | None) -> None:
        """Put a set into G0 to G3; None is ASCII."""
        if self.charsets[number] is not charset:
            self.charsets[number] = charset
            self.refresh_simple()

    def select_charset(self, number: int) -> None:
        """SI, SO, LS2, LS3: which of G0 to G3 is used."""
        self.charset = number
        self.refresh_simple()

    def shift_once(self, number: int) -> None:
        """SS2, SS3: G2 or G3 for the next character."""
        self.single_shift = number
        self.simple = False

    # -- saved cursors and screens --------------------------------------------------------------------

    def save_cursor(self) -> None:
        """DECSC."""
        cursor = self.cursor
        origin = DECOM in self.mode
        # A wrap that is due is not kept: tmux, xterm.js and libvterm forget it, xterm and ghostty do not.
        x = min(cursor.x, self.columns - 1)
        sets = tuple(self.charsets)
        self.saved_cursor = SavedCursor(x, cursor.y, self.pen, sets, self.charset, origin, self.protecting)

    def restore_cursor(self) -> None:
        """DECRC: home and defaults when nothing was saved."""
        saved = self.saved_cursor
        self.cursor.x = min(saved.x, self.columns - 1)
        self.cursor.y = min(saved.y, self.lines - 1)
        self.pen = saved.pen
        self.charsets = list(saved.charsets)
        self.charset = saved.active
        self.protecting = saved.protecting
        self.mode = self.mode | {DECOM} if saved.origin else self.mode - {DECOM}
        self._modes = None
        self.refresh_simple()

    def use_alternate(self, on: bool, clear_first: bool = False) -> None:
        """Switch screens; each has its own cells, saved cursor and keyboard flags."""
        if on == self.alternate:
            return
        grid = self._other_grid if self._other_grid and not clear_first else None
        self._other_grid, self.grid = (
            self.grid,
            grid or [Row(self.columns, self.erase_pen) for _ in range(self.lines)],
        )
        self._other_cursor, self.saved_cursor = self.saved_cursor, self._other_cursor
        self._other_kitty, self.kitty_stack = self.kitty_stack, self._other_kitty
        self.alternate = on
        self.keeps_history = not on
        self._modes = None

    def _alternate_mode(self, number: int, on: bool) -> None:
        if number == 1049 and on and not self.alternate:
            self.save_cursor()
        if number == 1047 and not on and self.alternate:
            self._blank_rows(0, self.lines)
        self.use_alternate(on, clear_first=on and number == 1049)
        if number == 1049 and not on:
            self.restore_cursor()

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """See `EditingScreen.resize`; the screen that is not shown is resized too."""
        lines, columns = lines or self.lines, columns or self.columns
        if self._other_grid and (lines, columns) != (self.lines, self.columns):
            saved = self._other_cursor
            if self.alternate:
                shape = self.reshaped(self._other_grid, min(saved.y, self.lines - 1), lines, columns)
                self._other_grid, y = shape.grid, shape.y
            else:
                y = self._cut(self._other_grid, min(saved.y, self.lines - 1), lines, columns)
            self._other_cursor = replace(saved, y=y)
        super().resize(lines, columns)

    # -- modes ----------------------------------------------------------------------------------------

    def set_mode(self, *modes: int, private: bool = False, **_: Any) -> None:
        """SM, DECSET."""
        self._change_modes(modes, private, True)

    def reset_mode(self, *modes: int, private: bool = False, **_: Any) -> None:
        """RM, DECRST."""
        self._change_modes(modes, private, False)

    def _change_modes(self, modes: tuple[int, ...], private: bool, on: bool) -> None:
        self._modes = self._cursor_value = None
        for number in modes:
            if private and number in PRIVATE_MODES:
                self._private_mode(number, on)
            elif not private and number in ANSI_MODES:
                self._flag(number, on)
        self.refresh_simple()

    def set_flag(self, mode: int) -> None:
        """Set one mode that has no effect beside being set; private ones shifted."""
        self.mode.add(mode)
        self._modes = self._cursor_value = None

    def clear_flag(self, mode: int) -> None:
        """Reset such a mode."""
        self.mode.discard(mode)
        self._modes = self._cursor_value = None

    def _flag(self, mode: int, on: bool) -> None:
        if on:
            self.set_flag(mode)
        else:
            self.clear_flag(mode)

    def _private_mode(self, number: int, on: bool) -> None:
        if number in _ALTERNATE:
            self._alternate_mode(number, on)
            return
        if number == 1048:
            if on:
                self.save_cursor()
            else:
                self.restore_cursor()
            return
        for family in (_MOUSE, _MOUSE_FORMS):
            if number in family:
                self.mode -= {other << 5 for other in family}
        self._flag(number << 5, on)
        if number == 6:
            self.move_to(0, 0)
        elif number == 66:
            self.application_keypad = on

    def save_modes(self, *modes: int) -> None:
        """XTSAVE."""
        for number in modes:
            if number in PRIVATE_MODES:
                self._saved_modes[number] = self.has_private(number)

    def restore_modes(self, *modes: int) -> None:
        """XTRESTORE."""
        for number in modes:
            if number in self._saved_modes and self._saved_modes[number] != self.has_private(number):
                self._change_modes((number,), True, self._saved_modes[number])

    def has_private(self, number: int) -> bool:
        """Whether a private mode is set."""
        return self.alternate if number in _ALTERNATE else number << 5 in self.mode

    @property
    def modes(self) -> Modes:
        """The modes as one value, the same object until one changes."""
        if self._modes is None:
            private = frozenset(mode >> 5 for mode in self.mode if mode >= 32 and not mode & 31)
            ansi = frozenset(mode for mode in self.mode if mode < 32)
            self._modes = Modes(
                private, ansi, self.application_keypad, self.kitty_stack[-1], self.modify_other_keys
            )
        return self._modes

    @property
    def synchronized(self) -> bool:
        """Inside a synchronized update."""
        return SYNCHRONIZED in self.mode

    # -- keyboard -------------------------------------------------------------------------------------

    def set_keypad(self, application: bool) -> None:
        """DECKPAM, DECKPNM."""
        self.application_keypad = application
        self._flag(66 << 5, application)
        self._modes = None

    def kitty_set(self, flags: int = 0, how: int = 1) -> None:
        """`CSI = flags ; how u`: 1 sets, 2 adds, 3 takes away."""
        old = self.kitty_stack[-1]
        self.kitty_stack[-1] = {1: flags, 2: old | flags, 3: old & ~flags}.get(how, old) & 31
        self._modes = None

    def kitty_push(self, flags: int = 0) -> None:
        """`CSI > flags u`."""
        self.kitty_stack = [*self.kitty_stack, flags & 31][-MAX_STACK:]
        self._modes = None

    def kitty_pop(self, count: int = 1) -> None:
        """`CSI < count u`."""
        self.kitty_stack = self.kitty_stack[:-count] or [0] if count else self.kitty_stack
        self._modes = None

    def key_options(self, resource: int = -1, value: int = 0) -> None:
        """XTMODKEYS: only modifyOtherKeys is kept."""
        if resource in (-1, 4):
            self.modify_other_keys = min(value, 2) if resource == 4 else 0
            self._modes = None

    # -- title, link, cursor --------------------------------------------------------------------------

    def set_title(self, param: str) -> None:
        """OSC 0, OSC 2."""
        self.title = param[:MAX_TITLE]

    def push_title(self) -> None:
        """XTWINOPS 22."""
        self._titles = [*self._titles, self.title][-MAX_STACK:]

    def pop_title(self) -> None:
        """XTWINOPS 23."""
        if self._titles:
            self.title = self._titles.pop()

    def set_link(self, uri: str) -> None:
        """OSC 8: what is drawn from now on links to `uri`; an empty one ends the link."""
        self.pen = linked(self.pen, uri if 0 < len(uri) <= MAX_LINK else None)

    def set_cursor_style(self, number: int = 0) -> None:
        """DECSCUSR: 0 to 6; odd ones blink."""
        if number <= 6:
            self.cursor_style = number
            self._cursor_value = None

    @property
    def cursor_value(self) -> Cursor:
        """The cursor as a value."""
        x, y = min(self.cursor.x, self.columns - 1), self.cursor.y
        old = self._cursor_value
        if old is None or old.column != x or old.row != y:
            shape = _SHAPES[(self.cursor_style + 1) // 2]
            blinking = self.cursor_style in (1, 3, 5) or (self.cursor_style == 0 and 12 << 5 in self.mode)
            old = self._cursor_value = Cursor(y, x, DECTCEM in self.mode, shape, blinking)
        return old
