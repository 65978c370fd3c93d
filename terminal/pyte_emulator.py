"""Our terminal model behind the `Emulator` interface: bytes to text to tokens to screen to snapshot.

Its identity names pyte, our layer over it (`LAYER_VERSION`: raised with whatever shows another screen) and the
width table.
"""

from __future__ import annotations

from codecs import getincrementaldecoder

from terminal.dispatch import Terminal
from terminal.emulator import Identity
from terminal.modes import Modes
from terminal.pyte_screen import pyte_version
from terminal.queries import LAYER_VERSION
from terminal.snapshot import Cursor, Line, Snapshot
from terminal.sync import feed_to_sync_end
from terminal.tokenizer import Tokenizer
from terminal.widths import TABLE_NAME

_PIECE = 65_536


class PyteEmulator:
    """The default emulator."""

    def __init__(self, *, columns: int, rows: int) -> None:
        self._terminal = Terminal(columns, rows)
        self._tokenizer = Tokenizer()
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._shown: tuple[Line, ...] = ()

    @property
    def columns(self) -> int:
        """Columns of the screen."""
        return int(self._terminal.columns)

    @property
    def rows(self) -> int:
        """Rows of the screen."""
        return int(self._terminal.lines)

    @property
    def identity(self) -> Identity:
        """pyte, our layer over it and our width table."""
        return Identity("pyte", f"{pyte_version()}+ours.{LAYER_VERSION}.{TABLE_NAME}")

    @property
    def modes(self) -> Modes:
        """The modes that the program set."""
        return self._terminal.modes

    @property
    def title(self) -> str:
        """The window title."""
        return str(self._terminal.title)

    @property
    def cursor(self) -> Cursor:
        """Where the cursor stands."""
        return self._terminal.cursor_value

    @property
    def synchronized(self) -> bool:
        """Inside a synchronized update."""
        return self._terminal.synchronized

    def feed(self, data: bytes) -> None:
        """Take the program's output."""
        if len(data) > _PIECE:
            for start in range(0, len(data), _PIECE):
                self.feed(data[start : start + _PIECE])
            return
        # Pure ASCII needs no decoder, unless the last piece ended inside a character.
        ascii_only = data.isascii() and not self._decoder.getstate()[0]
        text = str(data, "ascii") if ascii_only else self._decoder.decode(data)
        self._terminal.execute(self._tokenizer.feed(text))

    def feed_to_sync_end(self, data: bytes, start: int = 0) -> int:
        """Feed up to the byte that ends a synchronized update; the offset reached."""
        return feed_to_sync_end(self, data, start)

    def resize(self, *, columns: int, rows: int) -> None:
        """Give the screen another size."""
        self._terminal.resize(rows, columns)

    def snapshot(self) -> Snapshot:
        """The screen now."""
        terminal = self._terminal
        self._shown = tuple([row.line or row.render() for row in terminal.grid])
        return Snapshot(
            terminal.columns,
            terminal.lines,
            self._shown,
            terminal.cursor_value,
            terminal.title,
            terminal.modes,
            terminal.alternate,
        )

    def dirty_rows(self) -> set[int]:
        """The rows that may differ from the last snapshot."""
        shown = self._shown
        if len(shown) != self.rows:
            return set(range(self.rows))
        return {y for y, row in enumerate(self._terminal.grid) if row.line is not shown[y]}

    def replies(self) -> bytes:
        """The answers since the last call."""
        return self._terminal.take_replies()
