"""The text before the cursor at the moment of an input, for the prompt that may stand there. Memory stays flat.

Output is drawn only when somebody asks. Of more than `MOST_BYTES` that came since the last time only the end is
drawn: a prompt is what was painted last.
"""

from __future__ import annotations

from collections import deque

from cassette.emulators import new_emulator
from cassette.model import Size
from terminal.passes import ROWS_ABOVE

MOST_BYTES = 256 * 1024


class PromptRows:
    """Told what the program writes, says what stands before the cursor."""

    def __init__(self, emulator: str, size: Size) -> None:
        self._emulator = new_emulator(emulator, size)
        self._waiting: deque[bytes] = deque()
        self._size = 0

    def output(self, data: bytes) -> None:
        """Bytes that the program wrote."""
        self._waiting.append(data)
        self._size += len(data)
        while self._size - len(self._waiting[0]) >= MOST_BYTES:
            self._size -= len(self._waiting.popleft())

    def resize(self, size: Size) -> None:
        """The terminal got another size, in cells."""
        self._draw()
        self._emulator.resize(columns=size.columns, rows=size.rows)

    def before_cursor(self) -> str:
        """The cursor's row, up to the cursor, and below one another before it the rows above."""
        self._draw()
        screen = self._emulator.snapshot()
        cursor = screen.cursor
        above = [line.text for line in screen.lines[max(0, cursor.row - ROWS_ABOVE) : cursor.row]]
        return "\n".join([*above, screen.lines[cursor.row].cut(0, cursor.column)])

    def _draw(self) -> None:
        if self._waiting:
            self._emulator.feed(b"".join(self._waiting)[-MOST_BYTES:])  # the cut does not depend on the reads
            self._emulator.replies()
            self._waiting.clear()
            self._size = 0
