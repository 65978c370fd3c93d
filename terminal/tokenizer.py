"""Text to tokens: plain runs and whole control sequences, the same for every way to cut the input.

`Tokenizer.feed` returns a list in which plain text and sequences take turns: text at even places (often
empty), a sequence at each odd place. A sequence is always complete and in one canonical form, so that it
can be the key of a cache: a C0 character; "\\r\\n"; `ESC` with intermediates and a final; `ESC [`
parameters, intermediates, final; `ESC ]` body and its terminator (BEL or `ESC \\`); `ESC P`, `ESC X`,
`ESC ^`, `ESC _` with body and `ESC \\`. Runs of SGR come as one token.

What is regular is split by one compiled pattern. What is not (cut by the end of the input, or with
controls inside) goes through a state machine in the manner of DEC's parser (VT500): controls inside a
sequence are executed before it, CAN and SUB abort it, ESC starts a new one, DEL is ignored. A character that is
not ASCII ends a sequence, and neither is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_PARAMETERS = 512
"""Characters of CSI parameters; a longer sequence is ignored up to its final."""
MAX_STRING = 65_536
"""Characters of an OSC, DCS, APC, PM or SOS body; a longer one is ignored up to its end."""
_REGULAR_STRING = 4_096

ESC = "\x1b"
BEL = "\x07"
ST = "\x1b\\"

_CSI = rf"\x1b\[[<-?]?[0-9:;]{{0,{MAX_PARAMETERS}}}[ -/]{{0,4}}[@-~]"
_SGR = r"(?:\x1b\[[0-9:;]{0,64}m)+"
_ESCAPE = r"\x1b[ -/]{0,4}[0-OQ-WYZ`-~]|\x1b[ -/]{1,4}[0-~]|\x1b\\"
_OSC = rf"\x1b\][^\x00-\x1f\x7f-\x9f]{{0,{_REGULAR_STRING}}}(?:\x07|\x1b\\)"
_STRING = rf"\x1b[PX^_][^\x00-\x1f\x7f-\x9f]{{0,{_REGULAR_STRING}}}\x1b\\"
_REGULAR = rf"{_SGR}|\r\n|{_CSI}|[\x00-\x1a\x1c-\x1f\x7f]|{_ESCAPE}|{_OSC}|{_STRING}"
_split = re.compile(rf"({_REGULAR}|[\x1b\x80-\x9f][\s\S]*)").split
_is_regular = re.compile(rf"(?:{_REGULAR})\Z").match

_string_end = re.compile(r"[\x07\x18\x1a\x1b\x80-\x9f]").search
_controls = re.compile(r"[\x00-\x1f\x7f]")
_SEVEN_BIT = {chr(0x80 + i): chr(0x40 + i) for i in range(32)}
_STRINGS = "PX]^_"


State = Callable[[str, int, list[str]], int]


class Tokenizer:
    """Where a cut left us. Start with a fresh one for each stream of text."""

    def __init__(self) -> None:
        self._state: State | None = None
        self._kept = ""
        self._parts: list[str] = []
        self._length = 0

    @property
    def in_sequence(self) -> bool:
        """Whether what was fed so far ends inside a sequence."""
        return self._state is not None

    def feed(self, text: str) -> list[str]:
        """The tokens that `text` completes; their number is odd (see the module's docstring)."""
        if len(text) == 1:
            return self._feed_one(text)
        if self._state is not None:
            return self._irregular(["", text, ""])
        pieces = _split(text)
        return self._irregular(pieces) if _ends_irregular(pieces) else pieces

    def _feed_one(self, character: str) -> list[str]:
        """One character: what byte-by-byte reads give, so it is worth a short cut."""
        found: list[str] = []
        if self._state is not None:
            self._state(character, 0, found)
        elif " " <= character < "\x7f" or character >= "\xa0":
            return [character]
        elif character < ESC or ESC < character <= "\x7f":
            return ["", character, ""]
        else:
            self._begin(character, found)
        result = [""]
        for sequence in found:
            result += (sequence, "")
        return result

    def _irregular(self, pieces: list[str]) -> list[str]:
        """Run the state machine over the last sequence of `pieces`, and again until the end is regular."""
        result = [""]
        while True:
            result[-1] += pieces[0]
            result += pieces[1:-2]
            rest = self._run(pieces[-2], result)
            if not rest:
                return result
            pieces = _split(rest)
            if not _ends_irregular(pieces):
                result[-1] += pieces[0]
                return result + pieces[1:]

    def _run(self, text: str, result: list[str]) -> str:
        """Feed the machine up to where it is back on the ground; what is left of `text`."""
        found: list[str] = []
        position = 0
        if self._state is None:
            position = self._begin(text, found)
        while self._state is not None and position < len(text):
            position = self._state(text, position, found)
        for sequence in found:
            result += (sequence, "")
        return text[position:]

    def _begin(self, text: str, found: list[str]) -> int:
        """Enter at ESC or at the one character (C1) that stands for ESC and another."""
        self._kept = ""
        self._state = self._escape
        if text[0] != ESC:
            self._escape(_SEVEN_BIT[text[0]], 0, found)
        return 1

    def _control(self, character: str, found: list[str]) -> None:
        """A C0 or C1 control, or DEL, inside an escape or control sequence."""
        if character in "\x18\x1a":
            self._state = None
            found.append(character)
        elif character == ESC or character >= "\x80":
            self._begin(character, found)
        elif character != "\x7f":
            found.append(character)

    def _escape(self, text: str, position: int, found: list[str]) -> int:
        character = text[position]
        if character < " " or "\x7f" <= character < "\xa0":
            self._control(character, found)
        elif character < "0":
            self._kept += character if len(self._kept) < 4 else ""
        elif character > "~":
            self._state = None  # not ASCII: xterm shows neither the sequence nor this
        elif not self._kept and character == "[":
            self._state = self._csi
        elif not self._kept and character in _STRINGS:
            self._open_string(character)
        else:
            self._state = None
            found.append(ESC + self._kept + character)
        return position + 1

    def _csi(self, text: str, position: int, found: list[str]) -> int:
        character = text[position]
        if character < " " or "\x7f" <= character < "\xa0":
            self._control(character, found)
        elif character < "@":
            self._kept += character
            if len(self._kept) > MAX_PARAMETERS:
                self._state = self._csi_ignored
        elif character > "~":
            self._state = None
        else:
            self._state = None
            sequence = f"{ESC}[{self._kept}{character}"
            if _is_regular(sequence):
                found.append(sequence)
        return position + 1

    def _csi_ignored(self, text: str, position: int, found: list[str]) -> int:
        character = text[position]
        if character < " " or "\x7f" <= character < "\xa0":
            self._control(character, found)
        elif character >= "@":
            self._state = None
        return position + 1

    def _open_string(self, introducer: str) -> None:
        self._state = self._string
        self._kept = introducer
        self._parts = []
        self._length = 0

    def _string(self, text: str, position: int, found: list[str]) -> int:
        """The body of an OSC, DCS, APC, PM or SOS, up to what ends it."""
        end = _string_end(text, position)
        body = text[position : end.start() if end else len(text)]
        self._length += len(body)
        if self._length <= MAX_STRING:
            self._parts.append(body)
        if not end:
            return len(text)
        character = end.group()
        if character == BEL and self._kept != "]":
            return end.end()
        self._close_string(character, found)
        if character in (BEL, "\x9c"):
            self._state = None
        else:
            self._control(character, found)
            if character == ESC:
                self._state = self._after_string
        return end.end()

    def _after_string(self, text: str, position: int, found: list[str]) -> int:
        """Behind the ESC that ended a string: a backslash belongs to it (ST)."""
        self._state = self._escape
        if text[position] != "\\":
            return self._escape(text, position, found)
        self._state = None
        return position + 1

    def _close_string(self, character: str, found: list[str]) -> None:
        if self._length <= MAX_STRING and character not in "\x18\x1a":
            body = _controls.sub("", "".join(self._parts))
            found.append(f"{ESC}{self._kept}{body}{BEL if character == BEL else ST}")
        self._parts = []


def _ends_irregular(pieces: list[str]) -> bool:
    """Whether the last sequence is one that only the state machine understands."""
    if len(pieces) == 1 or pieces[-1]:
        return False
    last = pieces[-2]
    return (last[0] == ESC and not _is_regular(last)) or last[0] >= "\x80"
