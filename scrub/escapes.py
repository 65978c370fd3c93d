"""Views of a terminal's output that need no terminal: escapes removed, and the texts inside them.

Nothing here knows what an escape does, with three exceptions: one that moves the cursor leaves a seam (what
follows may be elsewhere on the screen), one that moves it to the right leaves a blank, a backspace is undone.
"""

from __future__ import annotations

import re
import string
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

from scrub.rests import LONGEST_PIECE, begins_otherwise
from scrub.views import Base64Places, PiecePlaces, SamePlaces, Seams, Span, View

_CSI = rb"\[[0-?]*+[ -/]*+[@-~]?+"
_OTHER = rb"\][^\x07\x1b]*+(?:\x07|\x1b\\)?+|[PX^_][^\x1b]*+(?:\x1b\\)?+|[ -/]*+[0-~]?+"
# Beginning with one letter makes this five times as fast; the other is for text that has controls, too.
_ESCAPES = re.compile(rb"(\x1b(?:" + _CSI + rb"|" + _OTHER + rb")(?:\x1b" + _CSI + rb")*+)")
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\b\t\n\v\f\r\x1b"})
_ESCAPES_AND_CONTROLS = re.compile(
    rb"((?:\x1b(?:" + _CSI + rb"|" + _OTHER + rb")|[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f])++)"
)
_MOVES = re.compile(rb"\x1b(?:\[[0-?]*[ABDEFGHdf`aSTLMeu]|[DEM78c])")
_MAY_GO_RIGHT = re.compile(rb"C(?<=[0-9\[]C)")  # beginning with a letter
_ENDS_RIGHT = re.compile(rb"\x1b\[[0-9]*C\Z")
_STRINGS = re.compile(rb"\x1b(?P<type>[\]PX^_])(?P<text>[^\x07\x1b]*)")
_STRING_BEGINS = re.compile(rb"\x1b[\]PX^_]")
_WITH_PAYLOAD = (b"52;", b"1337;", b"99;", b"5522;")
_PASSED_ON = re.compile(rb"\x1b\\\x1bP(?:tmux;)?(?P<text>[^\x07\x1b]*)")
_ASCII = re.compile(rb"[\x00-\x7f]+")
_BLANKS = bytes(range(0x21))
_NO_BLANKS = re.compile(rb"[^\x00-\x20]+")
_LETTERS_AND_DIGITS = string.ascii_letters.encode() + string.digits.encode()
_STANDARD, _URL_SAFE = _LETTERS_AND_DIGITS + b"+/", _LETTERS_AND_DIGITS + b"-_"
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")
_PIECES = re.compile(r"[\b]|[^\b]+")
_LINE_END = re.compile(rb"[\r\n]")
_BLOCK = 1 << 16
_LINE_BEFORE, _LINE_AFTER = 4096, 65536  # a full-screen program writes no line ends at all


def text_views(stream: str, data: bytes) -> list[View]:
    """The output with its escapes removed; where there are backspaces, also with those undone; every text in an
    escape (titles, links, the clipboard), decoded.
    """
    views = [_stripped(stream, data)]
    if b"\x08" in data:
        views.extend(_without_backspaces(views[0]))
    views.extend(_strings(stream, data))
    return views


def _stripped(stream: str, data: bytes) -> View:
    view = _without(_ESCAPES, stream, data)
    if len(view.text.translate(None, _CONTROLS)) < len(view.text):
        del view
        view = _without(_ESCAPES_AND_CONTROLS, stream, data)
    return view


def _without(escapes: re.Pattern[bytes], stream: str, data: bytes) -> View:
    """A list of parts takes ten times the room of what it holds: it is made of one block after another."""
    text = b"".join(b"".join(texts) for _, texts in _split(escapes, data))
    pieces = _Pieces(escapes, data)
    return View("text", stream, text, pieces, _MoveSeams(data, text, pieces))


def _split(escapes: re.Pattern[bytes], data: bytes) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Block by block, the parts (text, escape, text, …) and the texts as they are read."""
    for block in _blocks(data):
        parts = escapes.split(block)
        yield parts, _with_blanks(parts) if _MAY_GO_RIGHT.search(block) else parts[0::2]


class _Pieces:
    """Where the texts between escapes stand. Found out when something was found in the text, which is rare."""

    encoded: Span | None = None

    def __init__(self, escapes: re.Pattern[bytes], data: bytes) -> None:
        self._escapes, self._data = escapes, data

    @cached_property
    def starts(self) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
        """Where each begins in the text and in the stream, and how long it is there."""
        kind = "I" if len(self._data) < 1 << 32 else "Q"
        text_starts, stream_starts, lengths = array(kind), array(kind), array(kind)
        at = shown = 0
        for parts, texts in _split(self._escapes, self._data):
            ends = list(accumulate(map(len, parts), initial=at))
            stream_starts.extend(ends[:-1:2])
            lengths.extend(map(len, parts[0::2]))
            begins = list(accumulate(map(len, texts), initial=shown))
            text_starts.extend(begins[:-1])
            at, shown = ends[-1], begins[-1]
        return text_starts, stream_starts, lengths

    @cached_property
    def _places(self) -> PiecePlaces:
        return PiecePlaces(*self.starts)

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """See `Places`."""
        return self._places.spans(start, end)


def _blocks(data: bytes) -> Iterator[bytes]:
    """The output in stretches that end behind a run of escapes, which is never cut."""
    at = 0
    while at < len(data):
        last = data.rfind(b"\x1b", at, at + _BLOCK)
        last = data.find(b"\x1b", at + _BLOCK) if last < 0 else last
        run = _ESCAPES_AND_CONTROLS.match(data, last) if last >= 0 else None
        end = run.end() if run else len(data)
        yield data[at:end]
        at = end


def _with_blanks(parts: list[bytes]) -> list[bytes]:
    """The texts among the parts, with a blank where the cursor is moved to the right after one."""
    texts = parts[0::2]
    for index, escape in enumerate(parts[1::2]):
        if escape[-1] == ord("C") and _ENDS_RIGHT.search(escape):
            texts[index] += b" "
    return texts


class _Moved(Seams):
    """Where the cursor was moved within a text."""

    _text: bytes

    def doubtful(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        seams = self.between(start, end)
        return [
            seam
            for seam, behind in zip(seams, [*seams[1:], None], strict=False)
            if begins_otherwise(self._text, seam, behind or self._moved_behind(seam))
        ]

    def _moved_behind(self, seam: int) -> int:
        """Where the cursor is moved next, behind a move."""
        seams = self.between(seam, seam + LONGEST_PIECE)
        return seams[0] if seams else len(self._text)


class _MoveSeams(_Moved):
    """Where the cursor was moved between two pieces of text; looked up only where a rule has matched."""

    def __init__(self, data: bytes, text: bytes, pieces: _Pieces) -> None:
        self._data = data
        self._text = text
        self._pieces = pieces
        self._moved: dict[int, bool] = {}

    def between(self, start: int, end: int) -> Sequence[int]:
        text_starts, moved = self._pieces.starts[0], self._moved
        found = []
        for index in range(max(1, bisect_right(text_starts, start)), bisect_left(text_starts, end)):
            is_moved = moved.get(index)
            if is_moved is None:
                is_moved = moved[index] = self._is_moved_before(index)
            if is_moved:
                found.append(text_starts[index])
        return found

    def _is_moved_before(self, index: int) -> bool:
        text_starts, stream_starts, _ = self._pieces.starts
        text = text_starts[index] - text_starts[index - 1]
        return (
            _MOVES.search(self._data, stream_starts[index - 1] + text - 1, stream_starts[index]) is not None
        )


def _without_backspaces(view: View) -> Iterator[View]:
    """Each line with a backspace in it as it would stand after them: overwritten, not inserted.

    A carriage return ends a line, too: what is written over a line from its start is the screen's matter.
    """
    end = 0
    while (at := view.text.find(b"\b", end)) >= 0:
        before = _LINE_END.search(view.text[max(end, at - _LINE_BEFORE) : at][::-1])
        start = at - before.start() if before else max(end, at - _LINE_BEFORE)
        after = _LINE_END.search(view.text, at, at + _LINE_AFTER)
        end = after.start() if after else min(len(view.text), at + _LINE_AFTER)
        raw = view.text[start:end]
        line = raw.decode("utf-8", "replace")
        if line.isascii() or line.encode("utf-8", "replace") == raw:
            yield _overlaid(view, line, start)


def _overlaid(view: View, line: str, start: int) -> View:
    cells: list[str] = []
    painters: list[int | tuple[int, ...]] = []
    at = 0
    for piece in _PIECES.finditer(line):
        text = piece[0]
        if text == "\b":
            at = max(0, at - 1)
        else:
            here: list[int | tuple[int, ...]] = list(range(*piece.span()))
            for index, (under, letter) in enumerate(zip(cells[at : at + len(text)], text, strict=False)):
                if under == letter != " ":  # struck twice: both bytes show the same letter
                    here[index] = (piece.start() + index, *_as_tuple(painters[at + index]))
            cells[at : at + len(text)] = text
            painters[at : at + len(text)] = here
            at += len(text)
    shown = "".join(cells)
    places = _LinePlaces(view, line, start, shown, painters)
    encoded = shown.encode()
    return View("backspaces-undone", view.stream, encoded, places, _LineSeams(view, encoded, places))


def _as_tuple(painter: int | tuple[int, ...]) -> tuple[int, ...]:
    return painter if isinstance(painter, tuple) else (painter,)


class _LinePlaces:
    """Each character of a line stands where one or more characters of it were written, one over the other."""

    encoded: Span | None = None

    def __init__(
        self, under: View, line: str, start: int, shown: str, painters: list[int | tuple[int, ...]]
    ) -> None:
        self._under, self._line, self._start = under, line, start
        self._shown, self._painters = shown, painters

    @cached_property
    def _cell_starts(self) -> list[int]:
        return list(accumulate((len(character.encode()) for character in self._shown), initial=0))

    @cached_property
    def _line_starts(self) -> list[int]:
        lengths = (len(character.encode()) for character in self._line)
        return list(accumulate(lengths, initial=self._start))

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """See `Places`."""
        painters = _as_tuple(self._painters[bisect_right(self._cell_starts, start) - 1])
        starts = [self._line_starts[painter] for painter in painters]
        return tuple(span for at in starts for span in self._under.places.spans(at, at + end - start))

    def written_at(self, offset: int) -> int:
        """Where in the text underneath the character at an offset was written last."""
        cell = bisect_right(self._cell_starts, offset) - 1
        return self._line_starts[_as_tuple(self._painters[cell])[0]]


class _LineSeams(_Moved):
    """Where the cursor was moved between writing two characters that stand side by side."""

    def __init__(self, under: View, text: bytes, places: _LinePlaces) -> None:
        self._under, self._text, self._places = under, text, places

    def between(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        start = max(0, start)
        places = [self._places.written_at(offset) for offset in range(start, min(end, len(self._text)))]
        return [
            start + number
            for number, (before, after) in enumerate(pairwise(places), 1)
            if self._under.seams.between(min(before, after), max(before, after) + 1)
        ]


def _strings(stream: str, data: bytes) -> Iterator[View]:
    for begin in _STRING_BEGINS.finditer(data):  # by itself it is three times as fast
        found = _STRINGS.match(data, begin.start())
        assert found is not None
        text = found["text"]
        start = found.start("text")
        if not text:
            continue
        yield View("osc" if found["type"] == b"]" else "dcs", stream, text, SamePlaces(start))
        if b"%" in text:
            yield _percent_decoded(stream, text, start)
        if found["type"] == b"]" and text.startswith(_WITH_PAYLOAD):
            yield from _payload(stream, data, *found.span("text"))


def _percent_decoded(stream: str, text: bytes, offset: int) -> View:
    cells: list[tuple[str, tuple[Span, ...]]] = []
    at = 0
    while at < len(text):
        found = _PERCENT.match(text, at)
        width = 3 if found else 1
        byte = int(found[1], 16) if found else text[at]
        cells.append((chr(byte) if byte < 0x80 else "\ufffd", ((offset + at, offset + at + width),)))
        at += width
    return View.of_cells("osc-percent-decoded", stream, cells)


def _payload(stream: str, data: bytes, start: int, end: int) -> Iterator[View]:
    """What a clipboard write, an inline file, a variable or a notification says in base64, decoded.

    It may be broken by blanks, unpadded, or cut short; a multiplexer may have passed it on in several strings.
    """
    pieces = [(start, end)]
    while more := _PASSED_ON.match(data, pieces[-1][1]):
        pieces.append(more.span("text"))
    view = _decoded(stream, data, pieces)
    if view is None and pieces[1:]:
        view = _decoded(stream, data, pieces[:1])
    if view is not None:
        yield view


def _decoded(stream: str, data: bytes, pieces: Sequence[Span]) -> View | None:
    """The base64 at the end of a text that stands in pieces; None where something else is there."""
    letters: list[Span] = []
    for number, (start, end) in enumerate(pieces):
        shown = _ASCII.match(data, start, end)  # up to an 8-bit string terminator
        text = (shown[0] if shown else b"").rstrip(_BLANKS + b"=")
        begin = 0 if number else max(map(text.rfind, (b";", b":", b"="))) + 1
        letters.extend((start + run.start(), start + run.end()) for run in _NO_BLANKS.finditer(text, begin))
    encoded = b"".join(data[start:end] for start, end in letters)
    if len(encoded) % 4 == 1:
        start, end = letters.pop()
        letters.extend([(start, end - 1)] if start < end - 1 else [])
        encoded = encoded[:-1]
    is_url_safe = b"-" in encoded or b"_" in encoded
    if not encoded or encoded.translate(None, _URL_SAFE if is_url_safe else _STANDARD):
        return None
    places = Base64Places(letters, is_url_safe=is_url_safe)
    return View("osc-base64", stream, places.read(data), places)
