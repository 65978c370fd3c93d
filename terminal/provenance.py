"""Which bytes of a recording painted which cell, and every text that ever stood on its screen.

Two passes over the same output, with the same looks at the same moments (`watched.py`). `texts` only reads, and
is quick; `painted_views` also knows the bytes of each character, and gives those readings that are asked for
by their text. Whether anything is to be looked for, and what, is the caller's: nothing here knows a secret.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from terminal.cells import Row
from terminal.inked import InkedTerminal, Inker, painted, strikes_at
from terminal.origins import Origins, Span
from terminal.readings import Reading
from terminal.tokenizer import Tokenizer
from terminal.watched import WatchedTerminal, Worth

_PIECE = 65_536
_MOST_SEEN = 500_000
_SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Resize:
    """The terminal gets another size."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Ask:
    """At this moment the cursor's row is wanted, up to the cursor."""


Step: TypeAlias = bytes | Resize | Ask
PaintedCell: TypeAlias = tuple[str, tuple[Span, ...]]
"""A character and the byte ranges of the output that painted it, the latest first."""


def key_of(kind: str, text: str) -> int:
    """What a text is remembered by. A hash: of many texts, they take less room than the texts."""
    return hash(text) if kind == _SCREEN else hash((kind, text))


class Text(NamedTuple):
    """A reading as text. `seams` are the characters at which rows were joined by a guess, `doubts` those at which
    what stands in the first of two rows has more likely ended.
    """

    kind: str
    text: str
    seams: Sequence[int] = ()
    doubts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class PaintedText:
    """A reading with the bytes of the output that painted each of its characters; none for a blank."""

    kind: str
    cells: list[PaintedCell]
    seams: list[int]


ROWS_ABOVE = 3
"""Rows above that of the cursor which belong to what a program asked."""


@dataclass(slots=True)
class Track:
    """What a pass notes beside the readings: the cursor after each chunk, as a digest, and the rows asked for."""

    asked: list[str] = field(default_factory=list)
    chunks: int = 0
    _digest: blake2b = field(default_factory=blake2b)

    def note(self, terminal: WatchedTerminal) -> None:
        """The end of a chunk."""
        cursor = terminal.cursor
        self.chunks += 1
        self._digest.update(b"%d;%d;%d;" % (cursor.x, cursor.y, terminal.alternate))

    def ask(self, terminal: WatchedTerminal) -> None:
        """Keep the cursor's row, up to the cursor, and the rows above it, in which a box has its label."""
        x, y = terminal.cursor.x, terminal.cursor.y
        above = ["".join(line.data) for line in terminal.grid[max(0, y - ROWS_ABOVE) : y]]
        self.asked.append("\n".join([*above, "".join(terminal.grid[y].data[:x])]))

    @property
    def digest(self) -> bytes:
        """Equal for two passes in which the cursor stood at the same places after all chunks."""
        return self._digest.digest()


def texts(
    steps: Iterable[Step],
    *,
    columns: int,
    rows: int,
    worth: Worth,
    take: Callable[[Text], None],
    seen: set[int] | None = None,
) -> Track:
    """Give every text that stood on the screen to `take`, each once, and what `worth` says may go on below it.

    `worth` is asked for the characters of a line at which something begins that may go on in the rows below.
    The keys (`key_of`) of the texts that were given are put into `seen`; those that are in it are not given.
    """
    seen = set() if seen is None else seen

    def read_row(_: object, text: str, doubts: Sequence[int] = ()) -> None:
        key = hash(text)
        if key not in seen and text:
            if len(seen) >= _MOST_SEEN:
                seen.clear()
            seen.add(key)
            take(Text(_SCREEN, text, (), doubts))

    def read(reading: Reading) -> None:
        text = reading.text
        if reading.kind == _SCREEN:
            read_row(None, text, reading.doubts)
        elif (key := key_of(reading.kind, text)) not in seen and text:
            seen.add(key)
            take(Text(reading.kind, text, reading.seams, reading.doubts))

    terminal = WatchedTerminal(columns, rows)
    terminal.watch(read, worth, read_row)
    decoder, tokenizer = getincrementaldecoder("utf-8")("replace"), Tokenizer()

    def feed(data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            terminal.execute(tokenizer.feed(decoder.decode(data[start : start + _PIECE])))

    return _run(steps, terminal, feed)


def painted_texts(
    steps: Iterable[Step],
    *,
    columns: int,
    rows: int,
    worth: Worth,
    wanted: Callable[[str], tuple[int, int] | None],
    take: Callable[[PaintedText], None],
) -> Track:
    """Give the characters that are `wanted` of a reading (from, up to) to `take`, each time that they were painted
    by other bytes.
    """
    seen: set[int] = set()
    origins = Origins()

    def read_row(row: Row, text: str) -> None:
        if text and wanted(text):
            read(Reading(_SCREEN, ((row, 0, len(row.data)),)))

    def read(reading: Reading) -> None:
        text = reading.text
        part = wanted(text) if text else None
        if part is None:
            return
        cells = list(painted(reading, *part))
        key = hash((reading.kind, tuple(cells)))
        if key not in seen:
            seen.add(key)
            seams = [seam - part[0] for seam in reading.seams if part[0] <= seam <= part[0] + len(cells)]
            shown = [(character, _spans(origins, strikes)) for character, strikes in cells]
            take(PaintedText(reading.kind, shown, seams))

    terminal = InkedTerminal(columns, rows)
    terminal.watch(read, worth, read_row)
    return _run(steps, terminal, _inking(terminal, origins))


def _inking(terminal: InkedTerminal, origins: Origins) -> Callable[[bytes], None]:
    inker = Inker(terminal)

    def feed(data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            inker.feed(origins.decode(data[start : start + _PIECE]))

    return feed


def _spans(origins: Origins, strikes: Iterable[int]) -> tuple[Span, ...]:
    return tuple([origins.span(strike) for strike in strikes])


def _run(steps: Iterable[Step], terminal: WatchedTerminal, feed: Callable[[bytes], None]) -> Track:
    track = Track()
    for step in steps:
        if isinstance(step, bytes):
            feed(step)
            terminal.take_replies()
            track.note(terminal)
        elif isinstance(step, Resize):
            terminal.resize(step.rows, step.columns)
        else:
            track.ask(terminal)
    terminal.look()
    return track


def cells_of(
    steps: Iterable[Step], *, columns: int, rows: int
) -> Iterator[list[tuple[str, tuple[tuple[Span, ...], ...]]]]:
    """The rows of the screen at the end, each cell with the bytes of each of its characters."""
    origins = Origins()
    terminal = InkedTerminal(columns, rows)
    terminal.watch(lambda _: None, lambda _: ())
    _run(steps, terminal, _inking(terminal, origins))
    for row in terminal.grid:
        yield [
            (cell, tuple(_spans(origins, strikes) for strikes in strikes_at(row, x)))
            for x, cell in enumerate(row.data)
        ]
