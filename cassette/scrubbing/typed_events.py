"""What an input is: letters of a line, its end, a key. And when the screen is looked at once more for a line: a prompt
is painted in pieces, and may be answered between two of them; where the cursor then comes to rest tells what was asked.
"""

from __future__ import annotations

import re

from cassette.model import Input
from scrub.hidden import LAG_MS, LEAST_VALUE, hidden_line

LINE_ENDS = (b"\r", b"\n", b"\r\n", b"\x03", b"\x04", b"\x1b[13u")
ERASING = (b"\x7f", b"\b")
_TYPED = ("input", "paste")
_MOST_MS = 1000
_MOST_LOOKS = 64
_MOST_LETTERS = 256
_PASTE = re.compile(rb"\x1b\[20[01]~")


def is_typed(event: Input) -> bool:
    """Is it what a user or a script sent, not the terminal by itself?"""
    return event.kind in _TYPED and event.source != "terminal" and bool(event.data)


def has_letters(event: Input) -> bool:
    """Does a typed input begin with what a line is made of, and not with a key that does something?"""
    return event.kind == "paste" or event.data[:1] >= b" " or event.data in ERASING


def is_named_key(event: Input) -> bool:
    """Is it a key that a driver pressed by its name and that types nothing? A replay waits for it."""
    return event.key is not None and (event.data[:1] < b" " or event.data in ERASING)


def ends_line(event: Input) -> bool:
    """Does a typed input end a line?"""
    return event.data in LINE_ENDS or bool(hidden_line(event.data)[1])


class Looks:
    """Told every typed input; says after which output the screen is wanted for the last line.

    That is until nothing came for 250 ms, or what was typed is shown, for a second and `_MOST_LOOKS` at most; and for
    a line of at least 4 letters: a shorter one is an answer.
    """

    def __init__(self) -> None:
        self.text = ""
        """The letters of that line, or its end."""
        self._line = b""
        self._is_over = False
        self._until_ms = self._last_ms = -1
        self._left = 0

    def typed(self, event: Input) -> None:
        """The next one that `is_typed`."""
        if event.data not in LINE_ENDS:
            before = b"" if self._is_over else self._line
            self._line = (before + event.data)[-_MOST_LETTERS:] if has_letters(event) else b""
            letters = _PASTE.sub(b"", self._line).decode("utf-8", "replace")
            self.text = "".join(letter for letter in letters if letter.isprintable())
        self._is_over = ends_line(event)
        self._left = _MOST_LOOKS
        if len(self.text) >= LEAST_VALUE:
            self._until_ms, self._last_ms = event.t_ms + LAG_MS, event.t_ms + _MOST_MS
        else:
            self._until_ms = -1

    def are_wanted(self, t_ms: int) -> bool:
        """After output that came at this moment?"""
        if t_ms > self._until_ms or not self._left:
            return False
        self._left -= 1
        self._until_ms = min(t_ms + LAG_MS, self._last_ms)
        return True

    def saw(self, row: str) -> None:
        """What stands there; when that is what was typed, nothing more is wanted."""
        if self.text in row.replace("\n", ""):
            self._left = 0
