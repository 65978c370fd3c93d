"""How a reader would put the cells of a screen together: rows, rows that wrapped, rows that a program broke itself.

A `Reading` names cells, it copies none: its text and its bytes are made when somebody asks, before the cells
change. What joins rows by a guess says where (`seams`, in characters); borders and padding are left out there.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Literal, NamedTuple

from terminal.breaks import (
    BORDERS,
    TOKEN_LETTERS,
    Piece,
    behind_number,
    field_end,
    field_joins,
    first_shown,
    goes_on_behind,
    is_assignment,
    loose_joins,
    numbered_margin,
    older_joins,
    token_end,
    unlikely_joins,
)
from terminal.cells import Row
from terminal.snapshot import Line

MOST_ROWS = 64
"""Rows that one reading joins; further ones are another reading's."""

How = Literal["token", "box", "any"]
"""What begins somewhere: a token, a box of lines, any text."""
FIELDS = "screen-fields"
"""The kind of readings in which any text goes on in rows below: only for who knows it, since most of it does not."""
_MOST_FIELDS = 24


class Reading(NamedTuple):
    """Cells in reading order. `kind`: `screen` is what the terminal shows, the others are guesses.

    `between` stands between two pieces in the text.
    """

    kind: str
    pieces: Sequence[Piece]
    between: str = ""
    guessed: bool = False
    unlikely: Sequence[int] = ()
    """The pieces (by their numbers) that hardly go on with the one before them."""
    fields: bool = False
    """Do the pieces stand beside each other, each by itself, parted by borders?"""

    @property
    def text(self) -> str:
        """The cells as text, without trailing blanks."""
        if len(self.pieces) == 1 and self.pieces[0][1:] == (0, len(self.pieces[0][0].data)):
            return row_text(self.pieces[0][0])
        return self.between.join(["".join(row.data[start:end]) for row, start, end in self.pieces]).rstrip(
            " "
        )

    @property
    def seams(self) -> list[int]:
        """Where, in characters, the text was joined by a guess."""
        return self._ends() if self.guessed else []

    @property
    def doubts(self) -> list[int]:
        """Where two rows meet, in characters, of which the first has more likely ended there."""
        if not self.unlikely:
            return []
        ends = self._ends()
        return [ends[number - 1] for number in self.unlikely]

    @property
    def limits(self) -> list[int]:
        """Where, in characters, everything ends that stands before, since a border is drawn there."""
        return self._ends() if self.fields else []

    def _ends(self) -> list[int]:
        """Where, in characters, each piece but the last ends."""
        found, length = [], 0
        for row, start, end in self.pieces[:-1]:
            length += len("".join(row.data[start:end]))
            found.append(length)
            length += len(self.between)
        return found


def row_text(row: Row) -> str:
    """A row's text without trailing blanks; remembered in the row until it changes.

    For screens that are only read: the line that is remembered knows no styles.
    """
    if row.line is None:
        row.line = Line("".join(row.data).rstrip(" "))
    return row.line.text


def untouched(row: Row) -> Line:
    """The same object again as long as a row is not changed."""
    row_text(row)
    assert row.line is not None
    return row.line


def wrapped(rows: Sequence[Row], y: int) -> tuple[int, int]:
    """First and last row of the line that row `y` belongs to, as the terminal wrapped it."""
    first = last = y
    while first > 0 and rows[first].continued and y - first < MOST_ROWS:
        first -= 1
    while last + 1 < len(rows) and rows[last + 1].continued and last - y < MOST_ROWS:
        last += 1
    return first, last


def line(rows: Sequence[Row], first: int, last: int, loose: Container[Row] = ()) -> Reading:
    """A line of the screen; a blank that a wide character left at the edge is no part of it.

    `loose` are rows that were painted anew since the terminal wrapped into them.
    """
    pieces = [(row, 0, len(row.data) - (row.padded and y < last)) for y, row in _numbered(rows, first, last)]
    return Reading("screen", pieces, unlikely=loose_joins(pieces, loose))


def numbered(rows: Sequence[Row], y: int) -> Reading | None:
    """A line that a program wrapped at the edge, behind a margin with its number, as editors do."""
    margin = numbered_margin(rows, y) if y + 1 < len(rows) else 0
    if not margin:
        return None
    pieces: list[Piece] = [(rows[y], 0, len(rows[y].data))]
    for row in rows[y + 1 : y + MOST_ROWS]:
        if pieces[-1][0].data[-1] == " " or not goes_on_behind(row.data, margin):
            break
        pieces.append((row, margin, len(row.data)))
    return Reading("screen", pieces)


def bordered(row: Row, borders: Sequence[int]) -> Reading:
    """A row with borders at these columns."""
    pieces: list[Piece] = []
    start = 0
    for x in borders:
        pieces += [(row, start, x), (row, x, x + 1)]
        start = x + 1
    return Reading("screen", [*pieces, (row, start, len(row.data))], fields=True)


def in_doubt(reading: Reading, row: Row, column: int) -> Reading:
    """A line in which something new was painted up to a column of a row, and what stands there is older: a guess."""
    pieces: list[Piece] = []
    for piece, start, end in reading.pieces:
        if piece is row and start < column < end:
            pieces += [(piece, start, column), (piece, column, end)]
        else:
            pieces.append((piece, start, end))
    doubts = [number for number, piece in enumerate(pieces) if piece[0] is row and piece[1] == column]
    return Reading("screen-joined", pieces, guessed=True, unlikely=doubts)


def joined(
    rows: Sequence[Row],
    first: int,
    last: int,
    character: int,
    how: How,
    *,
    loose: Container[Row] = (),
    is_old: Callable[[Row], bool] = lambda _: False,
) -> Iterator[Reading]:
    """The readings of what begins at a character of a line, when it goes on in rows below by a guess.

    Of the token there; with `box` also the rest of the box, line by line; with `any` also whatever stands in the
    same field of the rows below, joined without and with a blank. `is_old`: was nothing of a row painted for long?
    """
    y, x = _column_of(rows, first, last, character)
    row = rows[y].data
    while x > 0 and row[x - 1] in TOKEN_LETTERS:
        x -= 1
    border = _border(row, rows[y + 1].data if y + 1 < len(rows) else [], x)
    if how == "box":
        yield from _block(rows, y, border)
    elif how == "any":
        yield from _fields(rows, y, x, border)
    head = line_pieces(rows, y, last, x)
    if head is None:
        return
    pieces, y, edge = head
    if not _ends(rows[y].data, edge):
        return
    for column in _beginnings(rows, y, x, border):
        tail = list(_below(rows, y + 1, column, edge))
        if tail:
            parts = [pieces[-1], *tail]
            below = {*unlikely_joins(rows, y, border, parts), *older_joins(parts, is_old)}
            unlikely = [*loose_joins(pieces, loose), *(len(pieces) - 1 + at for at in sorted(below))]
            yield Reading("screen-joined", [*pieces, *tail], guessed=True, unlikely=unlikely)


def goes_on(rows: Sequence[Row], first: int, last: int, character: int, with_one_of: tuple[str, ...]) -> bool:
    """Does the row below the one with a character of a line go on with one of these texts, in the same field?"""
    y, x = _column_of(rows, first, last, character)
    if y + 1 >= len(rows):
        return False
    row, below = rows[y].data, rows[y + 1].data
    longest = max(map(len, with_one_of))
    return any(
        "".join(below[column : column + longest]).startswith(with_one_of)
        for column in _beginnings(rows, y, x, _border(row, below, x))
    )


def line_pieces(rows: Sequence[Row], y: int, last: int, x: int) -> tuple[list[Piece], int, int] | None:
    """The token that begins at column `x`, on as far as the terminal wrapped it: pieces, its last row, its end."""
    pieces: list[Piece] = []
    while True:
        end = token_end(rows[y].data, x)
        if end == x:
            return None if not pieces else (pieces, y - 1, len(rows[y - 1].data))
        pieces.append((rows[y], x, end))
        if end < len(rows[y].data) or y >= last:
            return pieces, y, end
        y, x = y + 1, 0


def _numbered(rows: Sequence[Row], first: int, last: int) -> Iterator[tuple[int, Row]]:
    return ((y, rows[y]) for y in range(first, last + 1))


def _column_of(rows: Sequence[Row], first: int, last: int, character: int) -> tuple[int, int]:
    left = character
    for y, row in _numbered(rows, first, last):
        data = row.data
        length = sum(map(len, data)) if row.special else len("".join(data))
        if left >= length:
            left -= length
            continue
        if length == len(data) and not row.special:
            return y, left
        for x, cell in enumerate(data):
            if left < len(cell):
                return y, x
            left -= len(cell)
    return last, len(rows[last].data) - 1


def _border(row: list[str], below: list[str], x: int) -> int:
    """The column of the border left of `x`, or of a mark that stands before each row; -1 where there is none."""
    for at in range(x - 1, -1, -1):
        if row[at] in BORDERS:
            return at
        if (
            at < len(below)
            and row[at] == below[at]
            and row[at] not in TOKEN_LETTERS
            and row[at] not in (" ", "")
        ):
            return at
    return -1


def _ends(data: list[str], end: int) -> bool:
    """Does nothing follow at `end` in the same box, pane or row?"""
    if end >= len(data) or data[end] in BORDERS:
        return True
    return data[end] == " " and (end + 1 >= len(data) or data[end + 1] == " " or data[end + 1] in BORDERS)


def _beginnings(rows: Sequence[Row], y: int, x: int, border: int) -> list[int]:
    """The columns at which the row below may go on."""
    found = [x]
    if y + 1 < len(rows):
        below = rows[y + 1].data
        if behind := behind_number(rows, y):
            return [*(column for column in found if column > behind), behind]
        if border < 0 or (border < len(below) and below[border] == rows[y].data[border]):
            found.append(first_shown(below, border + 1))
        found.append(first_shown(rows[y].data, border + 1))
        found.append(0)
    return list(dict.fromkeys(found))


def _below(rows: Sequence[Row], y: int, column: int, edge: int) -> Iterator[Piece]:
    """Rows that hold nothing but letters of tokens in this field and are no longer than the first; the last one may
    go on with anything.
    """
    for row in rows[y : y + MOST_ROWS]:
        data = row.data
        if not _is_free(data, column):
            return
        end = token_end(data, column)
        if end == column or end > edge or is_assignment(data, column, end):
            return
        yield row, column, end
        if not _ends(data, end):
            return


def _is_free(data: list[str], column: int) -> bool:
    """May something begin at this column: does nothing but a blank or a border stand before it?"""
    return column < len(data) and (
        column == 0 or data[column - 1] in (" ", "") or data[column - 1] in BORDERS
    )


def _fields(rows: Sequence[Row], y: int, x: int, border: int) -> Iterator[Reading]:
    """What stands in the field from column `x` of a row on, and in the same field of the rows below."""
    mark = rows[y].data[border] if border >= 0 else ""
    head = (rows[y], x, field_end(rows[y].data, x))
    for column in _beginnings(rows, y, x, border):
        pieces: list[Piece] = [head]
        for row in rows[y + 1 : y + _MOST_FIELDS]:
            data = row.data
            if (border >= 0 and (border >= len(data) or data[border] != mark)) or not _is_free(data, column):
                break
            end = field_end(data, column)
            if end == column:
                break
            pieces.append((row, column, end))
        if len(pieces) > 1:
            unlikely = field_joins(rows, y, border, pieces)
            yield Reading(FIELDS, pieces, guessed=True, unlikely=unlikely)
            yield Reading(FIELDS, pieces, " ", guessed=True, unlikely=unlikely)
            edge = max(end for _, _, end in pieces[:-1])
            if any(end < edge for _, _, end in pieces[:-1]):  # blanks at which a row was broken belong to it
                full = [(row, start, edge) for row, start, _ in pieces[:-1]]
                yield Reading(FIELDS, [*full, pieces[-1]], guessed=True, unlikely=unlikely)


def _block(rows: Sequence[Row], y: int, border: int) -> Iterator[Reading]:
    """The rest of a box, line by line: what stands between its borders."""
    pieces: list[Piece] = []
    for row in rows[y : y + MOST_ROWS]:
        data = row.data
        if border >= 0 and (border >= len(data) or data[border] != rows[y].data[border]):
            break
        start = first_shown(data, border + 1)
        end = next((at for at in range(start, len(data)) if data[at] in BORDERS), len(data))
        while end > start and data[end - 1] == " ":
            end -= 1
        pieces.append((row, start, end))
    if len(pieces) > 1 and border >= 0:
        yield Reading("screen-block", pieces, "\n")
