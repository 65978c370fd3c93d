"""Views of the input: as bytes, and as the line editor on the other side sees it.

Backspaces, cursor keys and kills are carried out; pastes lose their markers; keys that a terminal reports as
`CSI <code point> u` become their characters, whose spans are the digits of the code point.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from scrub.escapes import text_views
from scrub.views import Span, View

_KEY = re.compile(
    rb"(?P<paste>\x1b\[20[01]~)"
    rb"|\x1b\[(?P<codes>[0-9]+(?::[0-9]*){0,2})(?:;(?P<mods>[0-9]*)(?::(?P<event>[0-9]))?(?:;(?P<text>[0-9:]*))?)?u"
    rb"|\x1b\[27;(?P<mods2>[0-9]+);(?P<code2>[0-9]+)~"
    rb"|(?P<named>\x1b(?:\[|O)(?:[0-9]*;[0-9:]*)?[A-DFH]|\x1b\[[1-8]~|\x1b[\x7fbf])"
    rb"|(?P<other>\x1b\[M...|\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[^\x1b]?)"
    rb"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    rb"|(?P<letter>[\x20-\x7e]|[\xc0-\xff][\x80-\xbf]*|[\x80-\xbf])",
    re.DOTALL,
)
_DIGITS = re.compile(rb"[0-9]+")
_CTRL, _ALT = 4, 2

Cell = tuple[str, tuple[Span, ...]]


@dataclass(slots=True)
class LineEditor:
    """One line under edit, as bash, zsh and most prompts edit it by default."""

    cells: list[Cell] = field(default_factory=list)
    cursor: int = 0

    def insert(self, character: str, spans: tuple[Span, ...]) -> None:
        """Type one character."""
        self.cells.insert(self.cursor, (character, spans))
        self.cursor += 1

    def erase(self, start: int, end: int) -> None:
        """Take cells out; the cursor is left at `start`."""
        start, end = max(0, start), min(len(self.cells), end)
        del self.cells[start:end]
        self.cursor = start

    def move(self, to: int) -> None:
        """Put the cursor somewhere on the line."""
        self.cursor = max(0, min(len(self.cells), to))

    def word_start(self) -> int:
        """Where the word before the cursor begins, by blanks."""
        at = self.cursor
        while at and self.cells[at - 1][0] == " ":
            at -= 1
        while at and self.cells[at - 1][0] != " ":
            at -= 1
        return at


_CONTROLS: dict[int, Callable[[LineEditor], None]] = {
    0x01: lambda line: line.move(0),
    0x02: lambda line: line.move(line.cursor - 1),
    0x04: lambda line: line.erase(line.cursor, line.cursor + 1),
    0x05: lambda line: line.move(len(line.cells)),
    0x06: lambda line: line.move(line.cursor + 1),
    0x08: lambda line: line.erase(line.cursor - 1, line.cursor),
    0x0B: lambda line: line.erase(line.cursor, len(line.cells)),
    0x15: lambda line: line.erase(0, line.cursor),
    0x17: lambda line: line.erase(line.word_start(), line.cursor),
    0x7F: lambda line: line.erase(line.cursor - 1, line.cursor),
}
_NAMED: dict[bytes, int] = {b"C": 0x06, b"D": 0x02, b"H": 0x01, b"F": 0x05, b"\x7f": 0x17}
_NUMBERED: dict[bytes, int] = {b"1": 0x01, b"7": 0x01, b"3": 0x04, b"4": 0x05, b"8": 0x05}


def typed_views(stream: str, data: bytes) -> list[View]:
    """Every view of an input stream: escapes removed, and the lines as edited. Lengths in bytes of `data`."""
    return [*text_views(stream, data), _edited(stream, data)]


def typed_lines(data: bytes) -> list[str]:
    """The lines that a line editor has at the end of each, the last one unfinished; for hidden input."""
    return _edited("", data).text.decode("utf-8", "replace").split("\n")


def _edited(stream: str, data: bytes) -> View:
    done: list[Cell] = []
    line = LineEditor()
    pasting = False
    for found in _KEY.finditer(data):
        if found["paste"]:
            pasting = found["paste"].endswith(b"200~")
            continue
        control = _apply(line, found)
        if control is None:
            continue
        if control in (0x0A, 0x0D, 0x03):
            done += [*line.cells, ("\n", (found.span(),))]
            line = LineEditor()
        elif not pasting and control in _CONTROLS:
            _CONTROLS[control](line)
    return View.of_cells("typed", stream, done + line.cells)


def _apply(line: LineEditor, found: re.Match[bytes]) -> int | None:
    """Type a character, or say which control was given."""
    if found["letter"]:
        line.insert(found["letter"].decode("utf-8", "replace")[:1], (found.span(),))
        return None
    if found["control"]:
        return found["control"][0]
    if named := found["named"]:
        return _NUMBERED.get(named[2:3]) if named.endswith(b"~") else _NAMED.get(named[-1:])
    if found["codes"] or found["code2"]:
        return _reported(line, found)
    return None


def _reported(line: LineEditor, found: re.Match[bytes]) -> int | None:
    if found["event"] == b"3":  # a key let go
        return None
    group = "codes" if found["codes"] else "code2"
    spans = _spans(found, group) + (_spans(found, "text") if found["text"] else ())
    shown = found["text"] or found[group]
    code = int(_DIGITS.findall(shown)[0])
    modifiers = max(0, int(found["mods"] or found["mods2"] or 1) - 1)
    if modifiers & _CTRL and 0x40 <= code < 0x80:
        return code & 0x1F
    if code < 0x20 or code == 0x7F:
        return code
    if code > 0x10FFFF or 0xD800 <= code < 0xE000 or 57344 <= code < 63744 or modifiers & (_CTRL | _ALT):
        return None
    line.insert(chr(code), spans)
    return None


def _spans(found: re.Match[bytes], group: str) -> tuple[Span, ...]:
    start = found.start(group)
    return tuple((start + digits.start(), start + digits.end()) for digits in _DIGITS.finditer(found[group]))
