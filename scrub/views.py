"""A view is a text with a map back to the bytes that made it. Scrubbing reads views and writes bytes.

For whoever gives views of a rendered screen (`terminal/provenance.py`):

- One view is one text as a reader would read it: a row, or rows joined. `View.of_cells` takes it as
  `(character, spans)` pairs in reading order. The spans of a character are the byte ranges `(start, end)` of the
  stream that painted exactly this character at this cell, all of them: the byte that painted it last, and every
  earlier one that painted the same character there (an overstrike). They may lie anywhere and in any order.
- A cell that no byte painted (erased, never written) is a blank with no spans: `(" ", ())`. It is read, never
  written. A character painted by one byte for many cells (`CSI b`) has that byte's range in every such cell.
- The continuation cell of a wide character is left out. Combining marks are characters of their own.
- Rows that the terminal itself wrapped are joined without anything between. Rows that are joined by a guess (a
  box, an indent, a pane) are joined too, and the offset of the guess is told in `seams`, counted in characters:
  only rules that need no context cross a seam, and a doubtful one only for what is no whole token before it.
  Borders and padding are left out of a joined text. Give the rows
  by themselves as well.
- Look before every erase, scroll and screen switch, not only at frames. The same text from the same bytes need
  not be given twice.
- After rewriting, the same views are asked for again, from the rewritten bytes, to check them.

The length of `text` is in bytes of UTF-8, and so are all offsets in here, except those given to `of_cells`.
"""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

Span = tuple[int, int]
Unit = tuple[int, int, tuple[Span, ...]]  # a character: where it begins and ends in the view, what painted it


class Seams:
    """Offsets in a text at which two rows were joined by a guess. By itself there are none."""

    def between(self, start: int, end: int) -> Sequence[int]:  # noqa: ARG002 - see above
        """The seams with `start < seam < end`, ascending."""
        return ()

    def at(self, offset: int) -> bool:
        """Is there one right here?"""
        return bool(self.between(offset - 1, offset + 1))

    def doubtful(self, start: int, end: int) -> Sequence[int]:  # noqa: ARG002 - see above
        """Where two rows meet (`start < place < end`) and a token that is whole before has more likely ended."""
        return ()

    def limit(self, start: int, end: int) -> int:  # noqa: ARG002 - see above
        """The first place (`start < place < end`) at which everything ends, since a border is drawn there; or `end`."""
        return end


class FixedSeams(Seams):
    """Seams that are known beforehand."""

    def __init__(
        self, offsets: Iterable[int] = (), doubts: Iterable[int] = (), limits: Iterable[int] = ()
    ) -> None:
        self._offsets = sorted(set(offsets))
        self._doubts = sorted(set(doubts))
        self._limits = sorted(set(limits))

    def between(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        return self._offsets[bisect_right(self._offsets, start) : bisect_left(self._offsets, end)]

    def doubtful(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        return self._doubts[bisect_right(self._doubts, start) : bisect_left(self._doubts, end)]

    def limit(self, start: int, end: int) -> int:
        """See `Seams`."""
        index = bisect_right(self._limits, start)
        return min(end, self._limits[index]) if index < len(self._limits) else end


NO_SEAMS = FixedSeams()


class SeamsAtEnds(Seams):
    """Seams of which those at the end of one of these values are doubtful too: no secret is longer than itself."""

    def __init__(self, seams: Seams, text: bytes, values: Callable[[], tuple[bytes, ...]]) -> None:
        self._seams, self._text, self._values = seams, text, values

    def between(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        return self._seams.between(start, end)

    def limit(self, start: int, end: int) -> int:
        """See `Seams`."""
        return self._seams.limit(start, end)

    def doubtful(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        seams = self.between(start, end)
        values = self._values() if seams else ()
        ends = [seam for seam in seams if self._text.endswith(values, start, seam)]
        return (
            sorted({*self._seams.doubtful(start, end), *ends}) if ends else self._seams.doubtful(start, end)
        )


class Places(Protocol):
    """A map from a view's text to its stream."""

    @property
    def encoded(self) -> Span | None:
        """From the first letter of base64 to the last that the text was decoded from, when it was."""

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """The stream's bytes behind one character, `text[start:end]`."""


@dataclass(frozen=True, slots=True)
class View:
    """One way to read a stream.

    `kind` names the way (`text`, `osc`, `typed`, `screen` …) and appears in the report; `stream` names the bytes
    that `places` points into. `seams` tell where in `text` two rows were joined by a guess.
    `discover` is false for a view that is only swept for known values, since another shows the same text.
    """

    kind: str
    stream: str
    text: bytes
    places: Places = field(repr=False)
    seams: Seams = NO_SEAMS
    discover: bool = True

    @staticmethod
    def of_cells(
        kind: str, stream: str, cells: Iterable[tuple[str, tuple[Span, ...]]], seams: Iterable[int] = ()
    ) -> View:
        """A view of characters that each know the bytes that painted them; `seams` count characters."""
        pairs = list(cells)
        encoded = [character.encode("utf-8", "replace") for character, _ in pairs]
        starts = [0]
        for character in encoded:
            starts.append(starts[-1] + len(character))
        places = CellPlaces(starts, [spans for _, spans in pairs])
        return View(kind, stream, b"".join(encoded), places, FixedSeams(starts[seam] for seam in seams))

    def units(self, start: int, end: int) -> Iterator[Unit]:
        """The characters that `text[start:end]` touches, each with the bytes that painted it."""
        text = self.text
        while start > 0 and text[start] & 0xC0 == 0x80:
            start -= 1
        while start < end:
            after = start + 1
            while after < len(text) and text[after] & 0xC0 == 0x80:
                after += 1
            yield start, after, self.places.spans(start, after)
            start = after

    def place(self, start: int) -> int:
        """The first byte of the stream behind a place in the view; 0 where no byte is."""
        for _, _, spans in self.units(start, len(self.text)):
            if spans:
                return min(first for first, _ in spans)
        return 0


class SamePlaces:
    """The text is the stream itself, or a stretch of it that begins at `offset`."""

    encoded: Span | None = None

    def __init__(self, offset: int = 0) -> None:
        self._offset = offset

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """See `Places`."""
        return ((self._offset + start, self._offset + end),)


class PiecePlaces:
    """The text is made of pieces of the stream, in order; what lies between two pieces in the text has no bytes."""

    encoded: Span | None = None

    def __init__(
        self, text_starts: Sequence[int], stream_starts: Sequence[int], lengths: Sequence[int]
    ) -> None:
        self._text_starts = text_starts
        self._stream_starts = stream_starts
        self._lengths = lengths

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """See `Places`."""
        found: list[Span] = []
        index = max(0, bisect_right(self._text_starts, start) - 1)
        while index < len(self._text_starts) and self._text_starts[index] < end:
            piece = self._text_starts[index]
            first, last = max(start, piece), min(end, piece + self._lengths[index])
            if first < last:
                shift = self._stream_starts[index] - piece
                found.append((first + shift, last + shift))
            index += 1
        return tuple(found)


class OverlaidPlaces:
    """Each character stands where one or more characters of another view stood, one over the other."""

    encoded: Span | None = None

    def __init__(self, under: View, starts: Sequence[int], offsets: Sequence[tuple[int, ...]]) -> None:
        self._under = under
        self._starts = starts
        self._offsets = offsets

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """See `Places`."""
        offsets = self._offsets[bisect_right(self._starts, start) - 1]
        return tuple(
            span for offset in offsets for span in self._under.places.spans(offset, offset + end - start)
        )


class CellPlaces:
    """Each character has its own byte ranges."""

    encoded: Span | None = None

    def __init__(self, starts: Sequence[int], spans: Sequence[tuple[Span, ...]]) -> None:
        self._starts = starts
        self._spans = spans

    def spans(self, start: int, end: int) -> tuple[Span, ...]:  # noqa: ARG002 - a character is never cut
        """See `Places`."""
        return self._spans[bisect_right(self._starts, start) - 1]


class Base64Places:
    """The text was decoded from base64, whose letters stand in these stretches of the stream, in order.

    It is written by encoding it again; blanks between the letters and padding behind them stay. The letters are
    of one alphabet, `-_` where `is_url_safe`, and never one more than a multiple of four.
    """

    def __init__(self, letters: Sequence[Span], *, is_url_safe: bool = False) -> None:
        self._letters = letters
        self._altchars = b"-_" if is_url_safe else b"+/"
        lengths = [end - start for start, end in letters]
        starts = list(accumulate(lengths, initial=0))
        self._places = PiecePlaces(starts[:-1], [start for start, _ in letters], lengths)
        self.encoded: Span | None = (letters[0][0], letters[-1][1])

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """The groups of four letters that hold these bytes."""
        return self._places.spans(start // 3 * 4, -(-end // 3) * 4)

    def read(self, stream: bytes | bytearray) -> bytes:
        """The text, as it stands in the stream now."""
        letters = b"".join(stream[start:end] for start, end in self._letters)
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), self._altchars)

    def written(self, text: bytes | bytearray) -> Iterator[tuple[int, bytes]]:
        """What to write, and where, so that it becomes `text`, which is as long as before."""
        letters, at = base64.b64encode(text, self._altchars), 0
        for start, end in self._letters:
            yield start, letters[at : at + end - start]
            at += end - start


def raw_view(stream: str, data: bytes) -> View:
    """The bytes as they are, escapes and all: for what no better view makes sense of."""
    return View("raw", stream, data, SamePlaces())


def plain_view(kind: str, stream: str, data: bytes) -> View:
    """A text without escapes: typed by hand, or a document."""
    return View(kind, stream, data, SamePlaces())
