"""What comes from a person's terminal, cut into what the person typed and what the terminal answers by itself.

Nothing is held back: bytes go on as they come, and only their label may be a guess, where a read ends inside an
answer. `CSI 1 ; 2 R` is a cursor report while one is owed, and Shift+F3 else.
"""

from __future__ import annotations

import re

from terminal.queries import split_answers

_ASKS_POSITION = re.compile(rb"\x1b\[\??6n")
_BEGINS_TO_ASK = re.compile(rb"\x1b(?:\[(?:\??6?)?)?\Z")
_POSITION = re.compile(rb"\x1b\[\??[0-9]+;[0-9]+R")
_LIKE_A_KEY = re.compile(rb"\x1b\[1;(?:[2-9]|1[0-6])R")
_BEGUN = re.compile(
    rb"\x1b(?:\[[?>]?[0-9;]*\$?"  # DA, DSR, kitty, DECRQM, XTWINOPS, CPR
    rb"|\](?:4?|4;[0-9]*|1[0-9]?|(?:4;[0-9]+|1[0-9]);[rgba:0-9a-fA-F/]*\x1b?)"  # OSC colours
    rb"|P(?:[>!01]?|[01][$+]|(?:[>!]\||[01][$+]r)[^\x07\x1b]*\x1b?))?\Z"  # XTVERSION, DECRQSS, XTGETTCAP
)
_NO_KEY_SO_FAR = re.compile(rb"\x1b(?:\[(?:[?>][0-9]|[0-9]+;)|\](?:4;|1[0-9];)|P(?:[>!]\||[01][$+]r))")
_LONGEST = 4096


class Typed:
    """Told what the program prints, says whose each piece of input is."""

    def __init__(self) -> None:
        self._owed = 0
        self._asking = b""
        self._begun = b""

    def printed(self, data: bytes) -> None:
        """Output of the program on its way to the terminal: a cursor report may be asked for."""
        window = self._asking + data
        self._owed += len(_ASKS_POSITION.findall(window))
        begins = _BEGINS_TO_ASK.search(window, max(0, len(window) - 4))
        self._asking = begins.group() if begins else b""

    def pieces(self, data: bytes) -> list[tuple[bool, bytes]]:
        """(is the terminal's answer, bytes) of one read, in order; joined they are `data`."""
        skip = len(self._begun)
        judged = [
            piece
            for answer, part in split_answers(self._begun + data)
            for piece in self._judged(answer, part)
        ]
        found: list[tuple[bool, bytes]] = []
        for answer, part in judged:
            rest = part[skip:]
            skip -= len(part) - len(rest)
            if rest and found and found[-1][0] == answer:
                found[-1] = (answer, found[-1][1] + rest)
            elif rest:
                found.append((answer, rest))
        return found

    def _judged(self, answer: bool, part: bytes) -> list[tuple[bool, bytes]]:
        """A piece of `split_answers` again: keys that look like a report, and answers that only begin."""
        self._begun = b""
        if answer:
            return self._reports(part)
        begins = _BEGUN.search(part)
        if begins is None or len(part) - begins.start() > _LONGEST:
            return [(False, part)]
        self._begun = begins.group()
        sure = _NO_KEY_SO_FAR.match(self._begun) is not None and not self._may_be_key()
        return [(False, part[: begins.start()]), (sure, self._begun)]

    def _may_be_key(self) -> bool:
        """Function keys begin as cursor reports do."""
        return self._begun.startswith(b"\x1b[1;") and not self._owed

    def _reports(self, part: bytes) -> list[tuple[bool, bytes]]:
        pieces, end = [], 0
        for match in _POSITION.finditer(part):
            if not self._owed and _LIKE_A_KEY.fullmatch(match.group()):
                pieces += [(True, part[end : match.start()]), (False, match.group())]
                end = match.end()
            self._owed = max(0, self._owed - 1)
        return [*pieces, (True, part[end:])]
