"""A recording as a terminal gets it: output in chunks, other sizes between them; and places in it to go on from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeAlias

PIECE = 4_096
"""Bytes that are drawn at once, at most."""
_LEAST_PIECE = 2_048
_LEAST_PIECES = 4


@dataclass(frozen=True, slots=True)
class Resize:
    """The terminal gets another size."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Ask:
    """At this moment the cursor's row is wanted, up to the cursor, and every run of one of these marks.

    With `until` it is once more for what was asked before, as long as this text does not stand there.
    """

    marks: str = ""
    until: str = ""


Step: TypeAlias = bytes | Resize | Ask
Timeline: TypeAlias = Sequence[int | Resize | Ask]
"""A recording's chunks by their lengths, and what came between them."""


class Place(NamedTuple):
    """A moment of a recording: the number of a step, bytes of it that were drawn, bytes of output up to there."""

    step: int
    inside: int
    at: int


class Piece(NamedTuple):
    """What comes next. `ends` says whether it is the end of a chunk; `after` is the place behind it."""

    step: Step
    ends: bool
    after: Place


START = Place(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Played:
    """Output, when it was cut and resized, and the size at the start."""

    columns: int
    rows: int
    timeline: Timeline
    output: bytes

    @classmethod
    def of(cls, steps: Iterable[Step], *, columns: int, rows: int) -> Self:
        """From the steps one by one."""
        output, timeline = bytearray(), list[int | Resize | Ask]()
        for step in steps:
            timeline.append(len(step) if isinstance(step, bytes) else step)
            output += step if isinstance(step, bytes) else b""
        return cls(columns, rows, timeline, bytes(output))

    def pieces(self, start: Place = START) -> Iterator[Piece]:
        """All that comes from a place on, cut into pieces of at most `piece` bytes, most often between two
        sequences.
        """
        at, inside = start.at, start.inside
        for number in range(start.step, len(self.timeline)):
            step = self.timeline[number]
            if not isinstance(step, int):
                yield Piece(step, False, Place(number + 1, 0, at))
                continue
            first, end = at - inside, at - inside + step
            while at + self.piece < end:
                before, at = at, self._cut(at)
                yield Piece(self.output[before:at], False, Place(number, at - first, at))
            yield Piece(self.output[at:end], True, Place(number + 1, 0, end))
            at, inside = end, 0

    @property
    def piece(self) -> int:
        """Bytes that are drawn at once: fewer of a small recording, so that there are states in it to go on from."""
        return min(PIECE, max(_LEAST_PIECE, len(self.output) // _LEAST_PIECES))

    def _cut(self, at: int) -> int:
        """Where a piece from a byte on ends: before a sequence, if there is one, so that none is cut."""
        piece = self.piece
        escape = self.output.rfind(b"\x1b", at + piece // 2, at + piece)
        return escape if escape >= 0 else at + piece

    def last_resize(self) -> int:
        """The number of the last step that is another size; -1 where there is none."""
        found = [number for number, step in enumerate(self.timeline) if isinstance(step, Resize)]
        return found[-1] if found else -1
