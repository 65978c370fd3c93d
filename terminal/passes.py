"""Drawing a recording from one place to another, with what is noted on the way: states of the screen to go on from,
where the cursor stood, when which text was read.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, Self

from terminal.played import PIECE, START, Ask, Place, Played, Resize
from terminal.readings import row_text
from terminal.saved import Saved
from terminal.tokenizer import Tokenizer
from terminal.watched import WatchedTerminal

ROWS_ABOVE = 3
"""Rows above that of the cursor which belong to what a program asked."""
LEAST_RUN = 3
"""Marks side by side that are a run."""
AGE = 4_096
"""Bytes after which, at the latest two times as many, what was painted is no longer new."""
MOST_KEPT = 48
"""States that are kept: one for each piece at first, at twice the distance each time that they have become too many."""
_MOST_SEEN = 500_000


class Stretch(NamedTuple):
    """Bytes of output, from and up to. What is read at the very end stands behind the last byte."""

    start: int
    end: int


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, those that overlap as one."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Stretch(start, end))
    return found


class Run(NamedTuple):
    """The same mark so often side by side, from a column of a row on."""

    row: int
    column: int
    mark: str
    length: int


class Later(NamedTuple):
    """What was shown soon after the input with this number among those that were asked for."""

    number: int
    row: str
    runs: tuple[Run, ...]

    def after(self, count: int) -> Later:
        """The same where so many inputs before it are gone."""
        return self._replace(number=self.number - count)


@dataclass(slots=True)
class Track:
    """What a pass notes beside the readings: the cursor after each chunk, as a digest, and what was asked for."""

    asked: list[str] = field(default_factory=list)
    runs: list[tuple[Run, ...]] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    chunks: int = 0
    _digest: blake2b = field(default_factory=blake2b)
    _is_answered: bool = False

    def note(self, terminal: WatchedTerminal) -> None:
        """The end of a chunk."""
        cursor = terminal.cursor
        self.chunks += 1
        self._digest.update(b"%d;%d;%d;" % (cursor.x, cursor.y, terminal.alternate))

    def ask(self, terminal: WatchedTerminal, step: Ask) -> None:
        """Keep the cursor's row, up to the cursor, the rows above it, in which a box has its label, and the runs."""
        if step.until and self._is_answered:
            return
        x, y = terminal.cursor.x, terminal.cursor.y
        above = ["".join(line.data) for line in terminal.grid[max(0, y - ROWS_ABOVE) : y]]
        row = "\n".join([*above, "".join(terminal.grid[y].data[:x])])
        runs = tuple(_runs(terminal, step.marks)) if step.marks else ()
        self._is_answered = bool(step.until) and step.until in row.replace("\n", "")
        if step.until:
            self.later.append(Later(len(self.asked) - 1, row, runs))
        else:
            self.asked.append(row)
            self.runs.append(runs)

    @property
    def digest(self) -> bytes:
        """Equal for two passes in which the cursor stood at the same places after all chunks."""
        return self._digest.digest()

    def so_far(self) -> Track:
        """The cursor up to here, without the rows."""
        return Track([], [], [], self.chunks, self._digest.copy())


def _runs(terminal: WatchedTerminal, marks: str) -> Iterator[Run]:
    for y, row in enumerate(terminal.grid):
        text = row_text(row)
        if any(mark * LEAST_RUN in text for mark in marks):
            for found in re.finditer(rf"([{re.escape(marks)}])\1{{{LEAST_RUN - 1},}}", text):
                yield Run(y, found.start(), found[1], len(found[0]))


class Seen:
    """The texts that were read, by their keys, each with the piece of output in which it was read last.

    `now` is where that piece begins. `forgets` says that there were too many, and some are no longer known. Where a
    text was not read for more than `apart` bytes, that is known, too.
    """

    __slots__ = ("_gaps", "_since", "apart", "forgets", "last", "now")

    def __init__(self) -> None:
        self.last: dict[int, int] = {}
        self.now = 0
        self.forgets = False
        self.apart = PIECE
        self._gaps = array("q")  # of all texts, in the order in which they ended: key, last read, read again
        self._since: dict[int, int] = {}  # from where on they count for a text that was forgotten

    def is_new(self, key: int) -> bool:
        """Note a text; was it never read before?"""
        last, now = self.last, self.now
        before = last.get(key)
        if before is None:
            if len(last) >= _MOST_SEEN:
                last.clear()
                self.forgets = True
            last[key] = now
            return True
        if before < now:
            if now - before > self.apart:
                self._gaps.extend((key, before, now))
            last[key] = now
        return False

    def stretches(self, first: Mapping[int, int]) -> dict[int, list[Stretch]]:
        """Where texts were read of which the key is given, and where each was read first."""
        gaps: dict[int, list[tuple[int, int]]] = {key: [] for key in first}
        for at in range(0, len(self._gaps), 3):
            key, *gap = self._gaps[at : at + 3]
            if key in gaps and at >= self._since.get(key, 0):
                gaps[key].append((gap[0], gap[1]))
        found: dict[int, list[Stretch]] = {}
        for key, place in first.items():
            starts = [place, *(after for _, after in gaps[key])]
            ends = [*(before for before, _ in gaps[key]), self.last.get(key, place)]
            found[key] = [Stretch(start, end + 1) for start, end in zip(starts, ends, strict=True)]
        return found

    def forget(self, key: int) -> None:
        """The text is a new one when it is read again."""
        if self.last.pop(key, None) is not None:
            self._since[key] = len(self._gaps)


class Kept(NamedTuple):
    """A state of the screen at a place, and where the cursor was up to there."""

    place: Place
    state: Saved
    track: Track


@dataclass(slots=True)
class Passed:
    """A pass over a whole recording, to go on from."""

    played: Played
    track: Track = field(default_factory=Track)
    kept: list[Kept] = field(default_factory=list)
    _spacing: int = 0
    _last_resize: int = -1
    _joined: dict[int, None] = field(default_factory=dict)

    @classmethod
    def over(cls, played: Played) -> Self:
        """Before it began."""
        return cls(played, _spacing=played.piece, _last_resize=played.last_resize())

    def with_output(self, played: Played) -> Passed:
        """The same over other output, as far as the states are the same."""
        return Passed(
            played, self.track, list(self.kept), self._spacing, self._last_resize, dict(self._joined)
        )

    def keep(self, place: Place, terminal: WatchedTerminal, track: Track) -> None:
        """Keep the state at this place, if the last one that was kept is far enough."""
        if place.at - (self.kept[-1].place.at if self.kept else 0) < self._spacing:
            return
        resized = self.is_resized_after(place)
        if Saved.can_keep(terminal, with_history=resized):
            before = self.kept[-1].state if self.kept else None
            state = Saved(terminal, with_history=resized, before=before)
            self.kept.append(Kept(place, state, track.so_far()))
            if len(self.kept) > MOST_KEPT:
                del self.kept[::2]
                self._spacing *= 2

    def is_resized_after(self, place: Place) -> bool:
        """Does the terminal get another size later, which may bring rows of the history back?"""
        return place.step <= self._last_resize

    def before(self, at: int) -> int:
        """The number of the last state up to a byte; -1 is the start."""
        return bisect_right(self.kept, at, key=lambda kept: kept.place.at) - 1

    def resume(self, number: int, terminal: WatchedTerminal) -> tuple[Place, Track]:
        """Put a new terminal into a state; where it was kept, and the track up to there."""
        if number < 0:
            return START, Track()
        place, state, track = self.kept[number]
        state.resume(terminal)
        return place, track.so_far()

    def note_joined(self, at: int) -> None:
        """Several rows were read as one, in the piece of output that begins here."""
        if at not in self._joined:
            self._joined[at] = None

    def rows_unlike(self, number: int, now: Kept) -> set[int] | None:
        """The rows that hold other letters than in the state that was kept at the same place; None where more differs,
        or the cursor was not where it was then all the time.
        """
        _, state, before = self.kept[number]
        return now.state.rows_unlike(state) if before.digest == now.track.digest else None

    def with_rows(self, number: int, now: Kept, rows: set[int], end: int) -> list[Kept]:
        """What the states after one would be with some rows as they are now, up to where one of them was touched, or
        read together with others, or to a byte.
        """
        start, state, _ = self.kept[number]
        hidden = all(map(state.is_hidden, rows))
        found: list[Kept] = []
        for place, other, track in self.kept[number + 1 :]:
            changed = other.with_rows(now.state, rows, state)
            if hidden:
                is_read = other.switches != state.switches
            else:
                is_read = any(start.at <= at < place.at for at in self._joined)
            if changed is None or place.at > end or is_read:
                break
            found.append(Kept(place, changed, track))
        return found


Feed = Callable[[bytes], None]
"""Draws bytes of output."""


class TextFeed:
    """Draws output on a terminal; one for each pass, or part of one."""

    def __init__(self, terminal: WatchedTerminal) -> None:
        self._terminal = terminal
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._tokenizer = Tokenizer()

    def __call__(self, data: bytes) -> None:
        """The next bytes."""
        self._terminal.execute(self._tokenizer.feed(self._decoder.decode(data)))

    def rests(self) -> bool:
        """Is it between two characters and two sequences?"""
        return not self._tokenizer.in_sequence and not self._decoder.getstate()[0]


@dataclass(slots=True)
class Drawing:
    """A terminal, what draws on it, and what is noted meanwhile."""

    terminal: WatchedTerminal
    feed: Feed
    track: Track = field(default_factory=Track)
    seen: Seen = field(default_factory=Seen)

    def draw(self, played: Played, start: Place, stops: Callable[[Place], bool] = lambda _: False) -> bool:
        """Draw a recording from a place on, until `stops` says so after a piece, or to the end (True)."""
        terminal, track, seen = self.terminal, self.track, self.seen
        seen.now = start.at
        for step, ends, after in played.pieces(start):
            if isinstance(step, bytes):
                self.feed(step)
                terminal.take_replies()
                if ends:
                    track.note(terminal)
                    terminal.pause()
            elif isinstance(step, Resize):
                terminal.resize(step.rows, step.columns)
            else:
                track.ask(terminal, step)
            terminal.read_erased()  # before a state is kept, which does not have it
            if after.at // AGE > seen.now // AGE:
                terminal.grow_old()
            if stops(after):
                terminal.look()
                return False
            seen.now = after.at
        terminal.look()
        return True
