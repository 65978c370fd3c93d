"""libghostty behind the `Emulator` interface.

The engine is Ghostty's; ours is what reads its screen into snapshots and answers as `queries.py` does.
What it hands out as pointers is copied before the next call.
"""

from __future__ import annotations

from typing import Any

from terminal.emulator import Identity
from terminal.ghostty_library import VERSION, ffi, handle_of, lib, new_terminal
from terminal.ghostty_rows import RowReader
from terminal.modes import ANSI_MODES, PRIVATE_MODES, Modes
from terminal.queries import CELL_HEIGHT, CELL_WIDTH, MAX_REPLIES, TERMINAL_NAME
from terminal.snapshot import Cursor, Line, Snapshot
from terminal.sync import feed_to_sync_end

LAYER_VERSION = "1"
SCROLLBACK_ROWS = 1_000
"""Rows above the screen that a taller screen can bring back; bounded, so that nothing grows."""

_FOREGROUND = (0xE5, 0xE5, 0xE5)
_BACKGROUND = (0, 0, 0)
_ANSI_BIT = 1 << 15
_SHAPES = {0: "bar", 1: "block", 2: "underline", 3: "block"}
# The alternate screen is told by the snapshot's flag, a saved cursor is no mode.
_PRIVATE = [number for number in PRIVATE_MODES if number not in (47, 1047, 1048, 1049)]


class GhosttyEmulator:
    """The emulator of the extra `ghostty`."""

    def __init__(self, *, columns: int, rows: int) -> None:
        self._terminal = new_terminal(
            cols=columns, rows=rows, scrollback=SCROLLBACK_ROWS, fg=_FOREGROUND, bg=_BACKGROUND
        )
        self._handle = handle_of(self._terminal)
        self._columns, self._rows = columns, rows
        self._replies = bytearray()
        self._terminal.on_reply(self._keep_reply)
        self._callbacks = [self._answer_size(), self._answer_scheme(), self._answer_version()]
        self._reader = RowReader(self._handle)
        self._lines: list[Line] = []
        self._dirty: set[int] = set()
        self._mode_values = _ModeValues(self._handle)

    # -- what the engine asks us ----------------------------------------------------------------------

    def _keep_reply(self, data: bytes) -> None:
        if len(self._replies) + len(data) <= MAX_REPLIES:
            self._replies += data

    def _set(self, option: int, callback: Any) -> Any:
        lib.ghostty_terminal_set(self._handle, option, callback)
        return callback

    def _answer_size(self) -> Any:
        def answer(_terminal: Any, _data: Any, size: Any) -> bool:
            size.rows, size.columns = self._rows, self._columns
            size.cell_width, size.cell_height = CELL_WIDTH, CELL_HEIGHT
            return True

        return self._set(lib.GHOSTTY_TERMINAL_OPT_SIZE, ffi.callback("GhosttyTerminalSizeFn", answer))

    def _answer_scheme(self) -> Any:
        def answer(_terminal: Any, _data: Any, scheme: Any) -> bool:
            scheme[0] = lib.GHOSTTY_COLOR_SCHEME_DARK
            return True

        callback = ffi.callback("GhosttyTerminalColorSchemeFn", answer)
        return self._set(lib.GHOSTTY_TERMINAL_OPT_COLOR_SCHEME, callback)

    def _answer_version(self) -> Any:
        name = f"{TERMINAL_NAME}(ghostty)".encode()
        self._version_name = ffi.new("uint8_t[]", name)

        def answer(_terminal: Any, _data: Any) -> Any:
            return ffi.new("GhosttyString *", {"ptr": self._version_name, "len": len(name)})[0]

        callback = ffi.callback("GhosttyTerminalXtversionFn", answer)
        return self._set(lib.GHOSTTY_TERMINAL_OPT_XTVERSION, callback)

    # -- Emulator -------------------------------------------------------------------------------------

    @property
    def columns(self) -> int:
        """Columns of the screen."""
        return self._columns

    @property
    def rows(self) -> int:
        """Rows of the screen."""
        return self._rows

    @property
    def identity(self) -> Identity:
        """The binding, which pins its engine and the engine's width table, and our layer over it."""
        return Identity("ghostty", f"{VERSION}+ours.{LAYER_VERSION}")

    @property
    def modes(self) -> Modes:
        """The modes that the program set."""
        return self._mode_values.read(int(self._terminal.get("kitty_keyboard_flags", "uint8_t")))

    @property
    def title(self) -> str:
        """The window title."""
        title = self._terminal.get("title", "GhosttyString")
        return bytes(ffi.buffer(title.ptr, title.len)).decode("utf-8", "replace") if title.len else ""

    @property
    def cursor(self) -> Cursor:
        """Where the cursor stands."""
        column, row = self._terminal.cursor
        visible, blinking, style = self._reader.cursor_look()
        return Cursor(row, column, visible, _SHAPES[style], blinking)

    @property
    def synchronized(self) -> bool:
        """Inside a synchronized update."""
        return bool(self._terminal.mode(2026))

    def feed(self, data: bytes) -> None:
        """Take the program's output."""
        self._terminal.feed(data)

    def feed_to_sync_end(self, data: bytes, start: int = 0) -> int:
        """Feed up to the byte that ends a synchronized update; the offset reached."""
        return feed_to_sync_end(self, data, start)

    def resize(self, *, columns: int, rows: int) -> None:
        """Give the screen another size."""
        self._columns, self._rows = columns, rows
        self._terminal.resize(columns, rows, CELL_WIDTH, CELL_HEIGHT)

    def snapshot(self) -> Snapshot:
        """The screen now."""
        self._look()
        self._dirty = set()
        alternate = self._terminal.get("active_screen", "GhosttyTerminalScreen")
        return Snapshot(
            self._columns,
            self._rows,
            tuple(self._lines),
            self.cursor,
            self.title,
            self.modes,
            bool(alternate),
        )

    def dirty_rows(self) -> set[int]:
        """The rows that may differ from the last snapshot."""
        self._look()
        return set(self._dirty)

    def _look(self) -> None:
        """Read what the engine changed since the last look."""
        before = self._lines if len(self._lines) == self._rows else []
        if not before:
            self._dirty = set(range(self._rows))
        known = {line.text: line for line in before}
        lines = before or [Line()] * self._rows
        for row, line in self._reader.changed_rows(everything=not before):
            old = lines[row] if before else None
            if line == old:
                continue
            same = known.get(line.text)
            lines[row] = same if same is not None and same == line else line
            self._dirty.add(row)
        self._lines = lines

    def replies(self) -> bytes:
        """The answers since the last call."""
        data = bytes(self._replies)
        self._replies.clear()
        return data


class _ModeValues:
    """Reads every mode that we know in one call."""

    def __init__(self, handle: Any) -> None:
        numbers = [*_PRIVATE, *(number | _ANSI_BIT for number in ANSI_MODES)]
        self._handle = handle
        self._configs = ffi.new("GhosttyTerminalModeConfig[]", len(numbers))
        for config, number in zip(self._configs, numbers, strict=True):
            config.mode = number
        self._keys = ffi.new("GhosttyTerminalData[]", [lib.GHOSTTY_TERMINAL_DATA_MODE] * len(numbers))
        pointers = [ffi.cast("void *", ffi.addressof(self._configs, i)) for i in range(len(numbers))]
        self._values = ffi.new("void *[]", pointers)
        self._written = ffi.new("size_t *")
        self._last = Modes()

    def read(self, kitty_flags: int) -> Modes:
        """The modes; the same object until one changes."""
        count = len(self._keys)
        self._written[0] = 0
        position = 0
        while position < count:  # it stops at a mode that the engine does not know
            lib.ghostty_terminal_get_multi(
                self._handle, count - position, self._keys + position, self._values + position, self._written
            )
            position += int(self._written[0]) + 1
        on = {int(config.mode) for config in self._configs if config.value}
        private = frozenset(mode for mode in on if not mode & _ANSI_BIT)
        ansi = frozenset(mode & ~_ANSI_BIT for mode in on if mode & _ANSI_BIT)
        modes = Modes(private, ansi, 66 in private, kitty_flags)
        if modes != self._last:
            self._last = modes
        return self._last
