"""States of a watched terminal that are kept on the way, to go on from one later, or to see that another run has come
to the same.

Cells are kept as text where they are nothing else: a state of 80 by 24 takes about 5 KB.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

from terminal.cells import Row
from terminal.looking import NEAR
from terminal.readings import untouched
from terminal.watched import WatchedTerminal

ROWS_ABOVE = NEAR + 2
"""Rows above the screen that are read with it (see `terminal.watched`)."""
MOST_HISTORY = 200
"""Rows above the screen that are kept where a later resize may bring them back; with more, nothing is kept."""

_OF_A_PASS = frozenset({"_read", "_read_row", "_worth", "_judged", "_room", "_texts", "_left", "_erased"})
_OF_READING = frozenset({"_fresh", "_begun", "_quiet", "_lately", "_before"})
_AS_THEY_ARE = (str, bytes, int, float, tuple, type(None), frozenset)


class _Cells(NamedTuple):
    """A row. Its text and no pens where these say nothing more."""

    data: str | tuple[str, ...]
    pens: tuple[Any, ...] | None
    protected: tuple[bool, ...] | None
    flags: tuple[bool, bool, bool, bool]


class _Number(NamedTuple):
    """A row in the state of a terminal, as its number."""

    row: int


class Saved:
    """What stands on a terminal, in it and about it, at one moment.

    What was read of it is kept too (`resume`), but is no part of the comparison (`rows_unlike`).
    """

    __slots__ = ("_height", "_lines", "_rows", "_state")

    def __init__(self, terminal: WatchedTerminal, *, with_history: bool, before: Saved | None = None) -> None:
        """With an earlier state of the same terminal, what was not touched since is shared with it."""
        rows = rows_of(terminal, with_history=with_history)
        history = rows[len(terminal.grid) + len(terminal._other_grid) :]
        numbers = dict(zip(rows, _numbers(len(rows)), strict=True))
        shared = {line: before._rows[row] for line, row in before._by_line().items()} if before else {}
        self._height = len(terminal.grid)
        self._lines = [untouched(row) for row in rows]
        self._rows: list[_Cells] = [
            _cells(row, shared.get(id(line))) for row, line in zip(rows, self._lines, strict=True)
        ]
        self._state = {
            name: _packed(value, numbers)
            for name, value in {**vars(terminal), "history": history}.items()
            if name not in _OF_A_PASS
        }

    def _by_line(self) -> dict[int, int]:
        """The numbers of the rows by their lines; those that never had a letter share one."""
        return {id(line): number for number, line in enumerate(self._lines) if line.text}

    @staticmethod
    def can_keep(terminal: WatchedTerminal, *, with_history: bool) -> bool:
        """Is it little enough to be kept?"""
        return not with_history or len(terminal.history) <= MOST_HISTORY

    def resume(self, terminal: WatchedTerminal) -> None:
        """Put a new terminal, which is watched already, into this state. Every line of it is judged anew."""
        rows = [_row(cells) for cells in self._rows]
        state = {name: _unpacked(value, rows) for name, value in self._state.items()}
        state["history"] = deque(state["history"], maxlen=terminal.history.maxlen)
        state["_begun"] = None
        vars(terminal).update(state)

    def rows_unlike(self, other: Saved) -> set[int] | None:
        """The rows (by their numbers) that hold other letters than those of another state.

        None where anything else differs, and the two would show different things from now on.
        """
        if len(self._rows) != len(other._rows) or self._shown() != other._shown():
            return None
        unlike = {
            number
            for number, (mine, theirs) in enumerate(zip(self._rows, other._rows, strict=True))
            if mine != theirs
        }
        are_letters = all(_are_letters(self._rows[number], other._rows[number]) for number in unlike)
        return unlike if are_letters else None

    def is_hidden(self, row: int) -> bool:
        """Is a row one of the screen that is not shown?"""
        return self._height <= row < 2 * self._height

    @property
    def switches(self) -> int:
        """How often the other screen had come."""
        return int(self._state["switches"])

    def with_rows(self, other: Saved, rows: Iterable[int], before: Saved) -> Saved | None:
        """This state with some rows of another one in place of what they are here.

        They are known by what they were in the state `before` the other one; None where one of them was touched since.
        """
        numbers = self._by_line()
        changed = copy(self)
        changed._rows = list(self._rows)
        for row in rows:
            number = numbers.get(id(before._lines[row]))
            if number is None:
                return None
            changed._rows[number] = self._rows[number]._replace(data=other._rows[row].data)
        return changed

    def _shown(self) -> dict[str, Any]:
        return {name: value for name, value in self._state.items() if name not in _OF_READING}


def rows_of(terminal: WatchedTerminal, *, with_history: bool) -> list[Row]:
    """Every row that a state has, in the order of their numbers."""
    above = rows_above(terminal, with_history=with_history)
    return [*terminal.grid, *terminal._other_grid, *above]


def rows_above(terminal: WatchedTerminal, *, with_history: bool) -> list[Row]:
    """Those above the screen: all, or so many as are read with it."""
    history = terminal.history
    first = 0 if with_history else max(0, len(history) - ROWS_ABOVE)
    return [history[at] for at in range(first, len(history))]


def _are_letters(one: _Cells, other: _Cells) -> bool:
    """Are two rows alike but for letters of one cell each?"""
    return one[1:] == other[1:] and isinstance(one.data, str) and isinstance(other.data, str)


@lru_cache(maxsize=64)
def _numbers(count: int) -> tuple[_Number, ...]:
    return tuple(map(_Number, range(count)))


def _cells(row: Row, known: _Cells | None) -> _Cells:
    """`known`: what the row was when its line was made, which says nothing of its flags."""
    flags = (row.plain, row.special, row.continued, row.padded)
    if known is not None and known.flags == flags and known.protected is None and row.protected is None:
        return known
    text = "".join(row.data)
    return _Cells(
        text if len(text) == len(row.data) and not (row.special and "" in row.data) else tuple(row.data),
        None if row.plain else tuple(row.pens),
        None if row.protected is None else tuple(row.protected),
        flags,
    )


def _row(cells: _Cells) -> Row:
    row = Row(len(cells.data))
    row.data = list(cells.data)
    if cells.pens is not None:
        row.pens = list(cells.pens)
    row.protected = None if cells.protected is None else list(cells.protected)
    row.plain, row.special, row.continued, row.padded = cells.flags
    row.line = None
    return row


def _packed(value: Any, numbers: dict[Row, _Number]) -> Any:
    """A copy with numbers in place of rows; what is no longer on the terminal is left out of sets and dictionaries."""
    if isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, Row):
        return numbers.get(value)
    if isinstance(value, (list, deque)):
        return [_packed(one, numbers) for one in value]
    if isinstance(value, set):
        return {_packed(one, numbers) for one in value if not isinstance(one, Row) or one in numbers}
    if isinstance(value, dict):
        return {
            _packed(key, numbers): _packed(one, numbers)
            for key, one in value.items()
            if not isinstance(key, Row) or key in numbers
        }
    return _Object(value)


def _unpacked(value: Any, rows: list[Row]) -> Any:
    if isinstance(value, _Number):
        return rows[value.row]
    if isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, list):
        return [_unpacked(one, rows) for one in value]
    if isinstance(value, set):
        return {_unpacked(one, rows) for one in value}
    if isinstance(value, dict):
        return {_unpacked(key, rows): _unpacked(one, rows) for key, one in value.items()}
    return copy(value.kept)


class _Object:
    """Something else that the terminal has, such as its cursor, by what it consists of."""

    __slots__ = ("kept",)

    def __init__(self, value: Any) -> None:
        self.kept = copy(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Object) and _parts(self.kept) == _parts(other.kept)

    __hash__ = None  # type: ignore[assignment]


def _parts(value: Any) -> Any:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    parts = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return type(value), {**parts, **getattr(value, "__dict__", {})}
