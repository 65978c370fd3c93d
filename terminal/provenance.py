"""Which bytes of a recording painted which cell, and every text that ever stood on its screen.

Two passes over the same output, with the same looks at the same moments (`watched.py`). `texts` only reads, and
is quick; `painted_texts` also knows the bytes of each character, and gives those readings that are asked for
by their text. Whether anything is to be looked for, and what, is the caller's: nothing here knows a secret.

The first pass keeps states of the screen on the way (`passes.py`). With these the second one draws only the stretches
in which something was read, and output of which a few bytes were replaced is read again (`texts_again`) only from
there up to where the screen is as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from terminal.cells import Row
from terminal.inked import InkedTerminal, Inker, Strikes, are_known, painted, strikes_at
from terminal.looking import Worth
from terminal.origins import Origins, Span
from terminal.passes import MOST_KEPT, Drawing, Kept, Passed, Seen, Stretch, TextFeed, Track, merged
from terminal.played import START, Place, Played
from terminal.readings import Reading, line, wrapped
from terminal.saved import Saved, rows_above, rows_of
from terminal.watched import WatchedTerminal

_SCREEN = "screen"
_APART = 64  # bytes that are the same between two stretches that are not
_FURTHER = 3  # states further back, where one is too late

PaintedCell: TypeAlias = tuple[str, tuple[Span, ...]]
"""A character and the byte ranges of the output that painted it, the latest first."""


def key_of(kind: str, text: str) -> int:
    """What a text is remembered by. A hash: of many texts, they take less room than the texts."""
    return hash(text) if kind == _SCREEN else hash((kind, text))


class Text(NamedTuple):
    """A reading as text. `seams` are the characters at which rows were joined by a guess, `doubts` those at which
    what stands in the first of two rows has more likely ended, `limits` those at which everything ends. It was read in
    the piece of output that begins at `at`.
    """

    kind: str
    text: str
    seams: Sequence[int] = ()
    doubts: Sequence[int] = ()
    at: int = 0
    limits: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class PaintedText:
    """A reading with the bytes of the output that painted each of its characters; none for a blank."""

    kind: str
    cells: list[PaintedCell]
    seams: list[int]


class Part(NamedTuple):
    """Characters of a text that are wanted, from and up to; and among them those whose bytes are needed."""

    start: int
    end: int
    first: int
    last: int


# -- the first pass, and the first pass again ----------------------------------------------------------------


def texts(
    played: Played,
    *,
    worth: Worth,
    take: Callable[[Text], None],
    seen: Seen | None = None,
    keep: bool = False,
) -> Passed:
    """Give every text that stood on the screen to `take`, each once, and what `worth` says may go on below it.

    `worth` is asked for the characters of a line at which something begins that may go on in the rows below.
    The texts that were given are noted in `seen`; those that are in it are not given. With `keep`, states are kept.
    """
    seen, passed = seen or Seen(), Passed.over(played)
    seen.apart = max(2 * played.piece, len(played.output) // MOST_KEPT)
    terminal = _reader(passed, worth, take, seen)
    feed = TextFeed(terminal)

    def stops(after: Place) -> bool:
        if keep and feed.rests():
            passed.keep(after, terminal, passed.track)
        return False

    Drawing(terminal, feed, passed.track, seen).draw(played, START, stops)
    return passed


def texts_again(
    before: Passed,
    output: bytes,
    *,
    stretches: Iterable[Stretch],
    stays: Callable[[str], bool],
    worth: Worth,
    take: Callable[[Text], None],
    seen: Seen,
) -> Passed:
    """Read a recording again of which bytes were replaced by as many others. As `texts`, and as if all were read.

    What is drawn: from before each replaced byte until the screen is as it was then; and all `stretches`, in which
    something was read that must not be there again, or goes on in another way than was known; and on, as long as a
    line of which `stays` says so is on the screen. Everything else stands there as it was read before.
    """
    again = _Again(before, output, [*stretches, *_replaced(before.played.output, output)], stays, worth)
    while not again.is_done:
        terminal = _reader(again.passed, worth, take, seen)
        if again.goes_on(terminal, seen):
            break
    return again.passed


class _Again:
    """A pass that only draws what may be another than before."""

    def __init__(
        self,
        before: Passed,
        output: bytes,
        ahead: Iterable[Stretch],
        stays: Callable[[str], bool],
        worth: Worth,
    ) -> None:
        played = before.played
        self._stays, self._worth = stays, worth
        self._before = before
        self.passed = before.with_output(Played(played.columns, played.rows, played.timeline, output))
        self.ahead = merged(ahead)
        self._numbers = {kept.place: number for number, kept in enumerate(before.kept)}
        self._landed: int | None = None  # the state to go on from, if it is not the one before what is ahead

    def goes_on(self, terminal: WatchedTerminal, seen: Seen) -> bool:
        """Draw from before the next stretch up to where the screen is as it was. True: it was drawn to the end."""
        number = self._landed if self._landed is not None else self.passed.before(self.ahead[0].start)
        self._landed = None
        start, track = self.passed.resume(number, terminal)
        feed = TextFeed(terminal)
        reached = Drawing(terminal, feed, track, seen).draw(
            self.passed.played,
            start,
            lambda after: feed.rests() and self._is_as_before(after, terminal, track),
        )
        if reached:
            self.passed.track = track
        return reached

    @property
    def is_done(self) -> bool:
        """Is there nothing left to be drawn?"""
        return not self.ahead and self._landed is None

    def _is_as_before(self, after: Place, terminal: WatchedTerminal, track: Track) -> bool:
        """Is nothing of a stretch left, and the screen as it was? Else this state is the one to keep here.

        It is as good where only rows are not as they were that stay so for a while, as nobody touches them.
        """
        while self.ahead and self.ahead[0].end <= after.at:
            del self.ahead[0]
        number = self._numbers.get(after)
        if number is None:
            return False
        with_history = self._before.is_resized_after(after)
        now = Kept(after, Saved(terminal, with_history=with_history), track.so_far())
        end = self.ahead[0].start if self.ahead else len(self.passed.played.output)
        rows = self._before.rows_unlike(number, now) if end >= after.at else None
        if rows is not None:
            all_rows = rows_of(terminal, with_history=with_history)
            unlike = {all_rows[row] for row in rows}
            if any(self._goes_on_below(*line, unlike) for line in shown(terminal, with_history=with_history)):
                rows = None
        if rows == set():
            return True
        self.passed.kept[number] = now
        if rows:
            landing = self._before.with_rows(number, now, rows, end)
            self.passed.kept[number + 1 : number + 1 + len(landing)] = landing
            self._landed = number + len(landing) if landing else None
        return self._landed is not None

    def _goes_on_below(self, text: str, members: Sequence[Row], unlike: set[Row]) -> bool:
        """May a line be read together with what comes to stand below it, in another way than before?"""
        return self._stays(text) or (not unlike.isdisjoint(members) and bool(self._worth(text)))


def shown(terminal: WatchedTerminal, *, with_history: bool) -> Iterator[tuple[str, Sequence[Row]]]:
    """Every line that stands on a terminal, or may come back, with its rows: of the other screen, and above it, too."""
    for rows in ([*rows_above(terminal, with_history=with_history), *terminal.grid], terminal._other_grid):
        y = 0
        while y < len(rows):
            first, last = wrapped(rows, y)
            yield line(rows, first, last).text, rows[first : last + 1]
            y = last + 1


def _replaced(before: bytes, after: bytes) -> Iterator[Stretch]:
    """Where two outputs differ."""
    if len(before) != len(after):
        raise ValueError("output that is read again has to be as long as it was")
    block = 256
    for start in range(0, len(before), block):
        old, new = before[start : start + block], after[start : start + block]
        if old != new:
            differ = [start + at for at, (was, now) in enumerate(zip(old, new, strict=True)) if was != now]
            ends = [at for at, after in pairwise(differ) if after - at > _APART]
            starts = [after for at, after in pairwise(differ) if after - at > _APART]
            yield from map(Stretch, [differ[0], *starts], [at + 1 for at in (*ends, differ[-1])])


def _reader(passed: Passed, worth: Worth, take: Callable[[Text], None], seen: Seen) -> WatchedTerminal:
    """A terminal that gives each text once."""

    def read_row(_: object, text: str, doubts: Sequence[int] = (), limits: Sequence[int] = ()) -> None:
        if text and seen.is_new(hash(text)):
            take(Text(_SCREEN, text, (), doubts, seen.now, limits))

    def read(reading: Reading) -> None:
        text, rows = reading.text, reading.pieces
        if len(rows) > 1 and any(row is not rows[0][0] for row, _, _ in rows):
            passed.note_joined(seen.now)
        if reading.kind == _SCREEN:
            read_row(None, text, reading.doubts, reading.limits)
        elif text and seen.is_new(key_of(reading.kind, text)):
            take(Text(reading.kind, text, reading.seams, reading.doubts, seen.now))

    terminal = WatchedTerminal(passed.played.columns, passed.played.rows)
    terminal.watch(read, worth, read_row)
    return terminal


# -- the second pass -----------------------------------------------------------------------------------------


def painted_texts(
    passed: Passed,
    *,
    worth: Worth,
    wanted: Mapping[str, Part],
    stretches: Iterable[Stretch],
    take: Callable[[PaintedText], None],
) -> None:
    """Give the characters that are `wanted` of a reading to `take`, each time that they were painted by other bytes.

    The output that `passed` went over is drawn in the `stretches` in which the texts were read, and from as far before
    each as it takes to know the bytes of all that is needed.
    """
    given: set[int] = set()

    def give(number: int, stretches: Sequence[Stretch]) -> list[Stretch]:
        painting = _Painting(passed, number, worth, wanted)
        lacking = painting.draw(stretches)
        for text in painting.found:
            key = hash((text.kind, *text.cells))
            if key not in given:
                given.add(key)
                take(text)
        return lacking

    for near, group in _groups(passed, merged(stretches)):
        for stretch in give(near, group):
            if give(max(-1, near - _FURTHER), [stretch]):
                give(-1, [stretch])


def _groups(passed: Passed, stretches: Sequence[Stretch]) -> Iterator[tuple[int, list[Stretch]]]:
    """Stretches that are drawn in one go, with the number of the state before them."""
    near, group = -1, list[Stretch]()
    for stretch in stretches:
        before = passed.before(stretch.start - 1)
        if group and before >= 0 and passed.kept[before].place.at > group[-1].end:
            yield near, group
            group = []
        if not group:
            near = before
        group.append(stretch)
    if group:
        yield near, group


class _Painting:
    """Stretches of a recording drawn by a terminal that knows which bytes it draws. `found` is what was wanted."""

    def __init__(self, passed: Passed, number: int, worth: Worth, wanted: Mapping[str, Part]) -> None:
        played = passed.played
        self._played = played
        self._wanted = wanted
        terminal = InkedTerminal(played.columns, played.rows)
        terminal.watch(self._read, worth, self._read_row)
        self._start, _ = passed.resume(number, terminal)
        self._origins = Origins(self._start.at)
        self._drawing = Drawing(terminal, _inking(terminal, self._origins))
        self._seen: set[int] = set()
        self._lacking: set[int] = set()
        self.found: list[PaintedText] = []

    def draw(self, stretches: Sequence[Stretch]) -> list[Stretch]:
        """Draw to the end of the last one. Those in which bytes are needed that were drawn before the start."""
        end = stretches[-1].end
        self._drawing.draw(self._played, self._start, lambda after: after.at >= end)
        return [
            stretch for stretch in stretches if any(stretch.start <= at < stretch.end for at in self._lacking)
        ]

    def _read_row(self, row: Row, text: str) -> None:
        if text and text in self._wanted:
            self._read(Reading(_SCREEN, ((row, 0, len(row.data)),)))

    def _read(self, reading: Reading) -> None:
        text = reading.text
        part = self._wanted.get(text) if text else None
        if part is None:
            return
        needed = list(painted(reading, part.first, part.last))
        if self._start.at and not all(cell == " " or are_known(strikes) for cell, strikes in needed):
            self._lacking.add(self._drawing.seen.now)
            return
        key = hash((reading.kind, text, tuple(needed)))
        if key in self._seen:
            return
        self._seen.add(key)
        cells = list(painted(reading, part.start, part.end))
        seams = [seam - part.start for seam in reading.seams if part.start <= seam <= part.start + len(cells)]
        shown = [(character, _spans(self._origins, strikes)) for character, strikes in cells]
        self.found.append(PaintedText(reading.kind, shown, seams))


def _inking(terminal: InkedTerminal, origins: Origins) -> Callable[[bytes], None]:
    inker = Inker(terminal)
    return lambda data: inker.feed(origins.decode(data))


def _spans(origins: Origins, strikes: Strikes) -> tuple[Span, ...]:
    return tuple([origins.span(strike) for strike in strikes if strike >= 0])


def cells_of(played: Played) -> Iterator[list[tuple[str, tuple[tuple[Span, ...], ...]]]]:
    """The rows of the screen at the end, each cell with the bytes of each of its characters."""
    origins = Origins()
    terminal = InkedTerminal(played.columns, played.rows)
    terminal.watch(lambda _: None, lambda _: ())
    Drawing(terminal, _inking(terminal, origins)).draw(played, START)
    for row in terminal.grid:
        yield [
            (cell, tuple(_spans(origins, strikes) for strikes in strikes_at(row, x)))
            for x, cell in enumerate(row.data)
        ]
