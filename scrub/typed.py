"""Views of the input: as bytes, and as the line editor on the other side sees it.

Backspaces, cursor keys, kills and yanks are carried out, in several ways where line editors differ; pastes lose
their markers; keys that a terminal reports as `CSI <code point> u` become their characters, whose spans are the
digits of the code point.

What a key that is no letter separates (Escape, Alt with a letter, arrows, function keys, the ends of a paste) is
no one word for sure: a token that is whole before it has ended there, unless more of its letters follow.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from scrub.escapes import text_views
from scrub.line_editor import ALT, JUMP, READINGS, Cell, LineEditor
from scrub.rests import LETTERS, begins_otherwise
from scrub.views import FixedSeams, SamePlaces, Span, View

_KEY = re.compile(
    rb"(?P<paste>\x1b\[20[01]~)"
    rb"|\x1b\[(?P<codes>[0-9]{1,9}(?::[0-9]*){0,2})"
    rb"(?:;(?P<mods>[0-9]{0,9})(?::(?P<event>[0-9]))?(?:;(?P<text>[0-9]{1,9}(?::[0-9]{1,9})*)?)?)?u"
    rb"|\x1b\[27;(?P<mods2>[0-9]{1,9});(?P<code2>[0-9]{1,9})~"
    rb"|(?P<named>\x1b{1,2}[\[O](?:[0-9]*;)?(?P<arrow_mods>[0-9]{0,9}(?::[0-9]*)?)(?P<arrow>[A-DFH])"
    rb"|\x1b\[(?P<number>[1-8])(?:;(?P<number_mods>[0-9]{0,9}(?::[0-9]*)?))?~)"
    rb"|\x1b(?P<alt>[\x08\x7fbcdfluBCDFLU])"
    rb"|(?P<other>\x1b\[M...|\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[^\x1b]?)"
    rb"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    rb"|(?P<letter>[\x20-\x7e]|[\xc0-\xff][\x80-\xbf]*|[\x80-\xbf])",
    re.DOTALL,
)
_NO_KEY = -1  # one that does nothing on a line
_LINE_ENDS = (0x0A, 0x0D, 0x03)
_ARROWS: dict[bytes, int] = {b"C": 0x06, b"D": 0x02, b"H": 0x01, b"F": 0x05}
_NUMBERED: dict[bytes, int] = {b"1": 0x01, b"7": 0x01, b"3": 0x04, b"4": 0x05, b"8": 0x05}
_FOR_WORDS = (0x02, 0x04, 0x06)  # with Ctrl or Alt: Left, Delete, Right
_WITH_ALT = frozenset(b"bcdflu\x7f")
_DIGITS = re.compile(rb"[0-9]+")
_CTRL, _ALT = 4, 2

_LEAST_REST = 8  # fewer letters behind a key are something else: a command, an answer
_REST = re.compile(LETTERS + rb"{%d}" % _LEAST_REST)
_COMMAND = re.compile(rb"(?:^|(?<=\s))[:/?!]?[a-zA-Z]{1,%d}\Z" % (_LEAST_REST - 1))  # `i`, and then a paste
_OPEN_ESCAPE = re.compile(rb"\x1b(?:O(?![A-DFHMP-Sj-y]))?")  # not the beginning of a key that is reported


IsSeam = Callable[[bytes, int], bool]
"""Does a text break for sure at an offset where it may?"""


def typed_views(stream: str, data: bytes) -> list[View]:
    """Every view of an input stream: the lines as edited, the letters in the order of their keys, pastes of several
    lines, texts in escapes. Lengths in bytes of `data`.
    """
    keys = list(_KEY.finditer(data))
    views = [view for view in text_views(stream, data) if view.kind not in ("text", "backspaces-undone")]
    return [*_edited(stream, keys), _in_order(stream, keys), *_pastes(stream, data, keys), *views]


def typed_lines(data: bytes) -> list[str]:
    """The lines that readline has at the end of each, the last one unfinished; for hidden input."""
    return (
        _lines("", _KEY.finditer(data), LineEditor(READINGS[0])).text.decode("utf-8", "replace").split("\n")
    )


def _edited(stream: str, keys: Sequence[re.Match[bytes]]) -> Iterator[View]:
    """The lines as readline edits them; then those that others edit differently."""
    line = LineEditor(READINGS[0])
    yield (first := _lines(stream, keys, line))
    if line.is_doubtful:
        given, texts = first.text.split(b"\n"), set[bytes]()
        for reading in READINGS[1:]:
            view = _lines(stream, keys, LineEditor(reading), given)
            if view.text and view.text not in texts:
                texts.add(view.text)
                yield view


def _lines(
    stream: str, keys: Iterable[re.Match[bytes]], line: LineEditor, given: Iterable[bytes] = ()
) -> View:
    """Every line that differs from those that were given, in the same order."""
    done: list[Cell] = []
    breaks: list[int] = []
    others = iter(given)
    pasting = False

    def end(*cells: Cell) -> None:
        if next(others, None) != line.text.encode("utf-8", "replace"):
            breaks.extend(len(done) + index for index in line.breaks())
            done.extend((*line.cells, *cells))
        line.begin()

    for found in keys:
        if found["paste"]:
            pasting = found["paste"].endswith(b"200~")
        control = _apply(line, found)
        if control is None:
            continue
        if control in _LINE_ENDS:
            end(Cell("\n", (found.span(),)))
        else:
            line.press(_NO_KEY if pasting else control)
    end()
    starts = _starts(done)
    return _view(stream, "typed", done, [starts[index] for index in breaks], _is_behind_command)


def _in_order(stream: str, keys: Iterable[re.Match[bytes]]) -> View:
    """Letters as they were typed, what was taken back later too; an Escape before a letter is a key of its own."""
    line, escaped = LineEditor({}), list[int]()
    for found in keys:
        control = _apply(line, found)
        if control in (0x09, 0x0A, 0x0D):
            line.insert(chr(control), (found.span(),))
        elif control is not None:
            line.last = 0
        if found["other"] or found["alt"]:
            escaped.extend(_type_behind_escape(line, found))
    starts = _starts(line.cells)
    certain = [starts[index] for index, cell in enumerate(line.cells) if cell.after != index]
    places = sorted({*certain, *(starts[index + 1] for index in escaped)})

    def is_seam(text: bytes, at: int) -> bool:
        index = bisect_left(certain, at)
        if certain[index : index + 1] == [at]:
            return True
        piece = text[at : certain[index] if index < len(certain) else None]
        return _REST.match(piece) is not None and not begins_otherwise(piece, 0)

    return _view(stream, "keys", line.cells, places, is_seam)


def _type_behind_escape(line: LineEditor, found: re.Match[bytes]) -> Iterator[int]:
    """Type the letter that makes a key with Escape; its place."""
    escape = _OPEN_ESCAPE.match(found[0])
    if escape is None or found[0].startswith((b"\x1b[", b"\x1b]")) or len(found[0]) == escape.end():
        return
    letter = found[0][escape.end() :]
    if letter.isascii() and letter.decode().isprintable():
        yield line.cursor
        line.insert(letter.decode(), ((found.start() + escape.end(), found.end()),))


def _starts(cells: Sequence[Cell]) -> list[int]:
    """Where each begins in a view, in bytes, and where the last ends."""
    return list(accumulate((len(cell.character.encode("utf-8", "replace")) for cell in cells), initial=0))


def _view(stream: str, kind: str, cells: Sequence[Cell], places: Iterable[int], is_seam: IsSeam) -> View:
    """The cells as a text; at these places a token that is whole has ended, unless more of it follows."""
    view = View.of_cells(kind, stream, [(cell.character, cell.spans) for cell in cells])
    text, listed = view.text, list(places)
    doubts = [at for at in listed if not _REST.match(text, at) or begins_otherwise(text, at)]
    return replace(view, seams=FixedSeams((at for at in listed if is_seam(text, at)), doubts))


def _is_behind_command(text: bytes, at: int) -> bool:
    """Do a few letters that stand by themselves end here, before more?"""
    before = text[max(0, at - _LEAST_REST - 2) : at]
    return _REST.match(text, at) is not None and _COMMAND.search(before) is not None


def _pastes(stream: str, data: bytes, keys: Iterable[re.Match[bytes]]) -> Iterator[View]:
    """What was pasted in several lines, in which a token may be broken."""
    start: int | None = None
    for found in keys:
        if not found["paste"]:
            continue
        if found["paste"].endswith(b"200~"):
            start = found.end()
        elif start is not None:
            text = data[start : found.start()]
            if b"\r" in text or b"\n" in text:
                yield View("text", stream, text, SamePlaces(start))
            start = None


def _apply(line: LineEditor, found: re.Match[bytes]) -> int | None:
    """Type a character, or say which control was given; `_NO_KEY` for any other key."""
    if found["letter"]:
        line.insert(found["letter"].decode("utf-8", "replace")[:1], (found.span(),))
        return None
    if found["control"]:
        return found["control"][0]
    if found["named"]:
        return _named(found)
    if found["alt"]:
        return _with_alt(found["alt"][0])
    if found["codes"] or found["code2"]:
        return _reported(line, found)
    return _NO_KEY


def _named(found: re.Match[bytes]) -> int | None:
    """An arrow, Home, Delete and the like."""
    mods, _, event = (found["arrow_mods"] or found["number_mods"] or b"").partition(b":")
    if event == b"3":  # a key let go
        return None
    code = _ARROWS.get(found["arrow"]) if found["arrow"] else _NUMBERED.get(found["number"])
    is_for_words = found[0].startswith(b"\x1b\x1b") or max(0, int(mods or 1) - 1) & (_CTRL | _ALT)
    if code is None:
        return _NO_KEY
    return JUMP | code if is_for_words and code in _FOR_WORDS else code


def _with_alt(code: int) -> int:
    """A key with Alt."""
    lower = 0x7F if code == 0x08 else code | 0x20 if 0x40 < code <= 0x5A else code
    return ALT | lower if lower in _WITH_ALT else _NO_KEY


def _reported(line: LineEditor, found: re.Match[bytes]) -> int | None:
    if found["event"] == b"3":  # a key let go
        return None
    group = "codes" if found["codes"] else "code2"
    spans = _spans(found, group) + (_spans(found, "text") if found["text"] else ())
    shown = found["text"] or found[group]
    code = int(_DIGITS.findall(shown)[0])
    modifiers = max(0, int(found["mods"] or found["mods2"] or 1) - 1)
    if code in (0x08, 0x7F) and modifiers & (_CTRL | _ALT):
        return _with_alt(code)
    if modifiers & _CTRL and 0x40 <= code < 0x80:
        return code & 0x1F
    if code < 0x20 or code == 0x7F:
        return code
    if modifiers & _ALT and not modifiers & _CTRL:
        return _with_alt(code)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000 or 57344 <= code < 63744 or modifiers & _CTRL:
        return _NO_KEY
    line.insert(chr(code), spans)
    return None


def _spans(found: re.Match[bytes], group: str) -> tuple[Span, ...]:
    start = found.start(group)
    return tuple((start + digits.start(), start + digits.end()) for digits in _DIGITS.finditer(found[group]))
