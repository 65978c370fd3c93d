"""Where a program broke a token into rows, as far as the rows around it tell; and where the token had just ended.

A program breaks all lines of a text at the same width, so a row that is shorter than its neighbours is the end
of something. And what begins the next row has to look like the rest of a token: a word of a sentence, a prompt,
a file's name do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence

from terminal.cells import Row

BORDERS = frozenset("│┃║|▏▕▌▐┆┇┊┋╎╏¦")
_NOTHING = BORDERS | {" ", ""}
Piece = tuple[Row, int, int]
"""A row, and the columns from and up to which it is read."""

TOKEN_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=_.~:%-")
_NEIGHBOURS = 8
_LEAST_BORDER = 3  # rows
_NO_TEXT = (" ", "|")
_PROMPT = frozenset("#$(❯*")
_FILE = re.compile(r"(?:[\w.-]{0,24}|[\w./-]*/[\w.-]*)\w\.[a-z]{1,5}\Z")
_WORD = re.compile(r"[-+]?[A-Z]?[a-z]+[.:]?\Z|[0-9]{1,2}[A-Z][a-z]+\Z|[A-Z]+[.:]?\Z|[^A-Za-z]+\Z")
_CAPITALS = re.compile(r"[A-Z]{2,}(?:_[A-Z]{2,})+\Z")
# A name may stand behind the mark of a diff.
_NAMED = r"[-+]?(?:[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*|[A-Za-z_]{1,24}(?:[0-9]{1,2}[A-Za-z_]{0,16})?)[=:]"
_NAME = re.compile(rf"{_NAMED}[^=]")
_NAME_ALONE = re.compile(rf"{_NAMED}\Z")
_ASSIGNMENT = re.compile(r"[-+]?(?:[A-Za-z][A-Za-z_]*[A-Za-z]|[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+)=[^=]")
_UNDERSCORED = re.compile(r"[-+]?[A-Za-z][A-Za-z0-9]*_[A-Za-z_]+=\Z")
_LABEL = re.compile(r"[-+]?[A-Za-z][A-Za-z_]+[A-Za-z]:\Z")
_QUOTES = frozenset("\"'`$")
_MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])|.*[a-z][A-Z]")
_LEAST_MIXED = 8


def unlikely_joins(rows: Sequence[Row], y: int, border: int, pieces: Sequence[Piece]) -> list[int]:
    """Which pieces (by their numbers) hardly go on with the one before them.

    Row `y` is that of the first piece, the others are below it; `border` is the column left of all, or -1.
    """
    found = []
    for number in range(1, len(pieces)):
        edge, (row, start, end) = pieces[number - 1][2], pieces[number]
        if is_no_rest(row.data, start, end):
            found.append(number)
        elif (end == edge and number + 1 < len(pieces)) or _is_mixed(row.data, start, end):
            continue  # rows of one width, one below the other; letters as random as a token's
        elif any(other > edge for other in _neighbour_ends(rows, y + number - 1, border)):
            found.append(number)
    return found


def is_no_rest(data: Sequence[str], start: int, end: int) -> bool:
    """Are letters of tokens, at these columns of a row, something else than the rest of a token?

    A name with its value, a file, a prompt, a word with more words behind it, marks without letters.
    """
    piece, after = "".join(data[start:end]), data[end] if end < len(data) else ""
    if _NAME.match(piece) or _FILE.match(piece) or _CAPITALS.match(piece):
        return True
    if _NAME_ALONE.match(piece) and (after in _QUOTES or after == " "):
        return True
    if after in _PROMPT or (after == "@" and not _MIXED.match(piece)):
        return True
    if not _WORD.match(piece):
        return False
    behind = next((cell for cell in data[end:] if cell != " "), "") if after == " " else ""
    goes_on = behind not in _NOTHING
    return goes_on or not piece.lstrip("-+").isalnum()


def is_assignment(data: Sequence[str], start: int, end: int) -> bool:
    """Is it a name with its value for certain, so that no token goes on with it?

    Few tokens have a `=` inside, none a quote behind one that no base64 would end with.
    """
    piece, after = "".join(data[start:end]), data[end : end + 2]
    if _ASSIGNMENT.match(piece):
        return True
    if _UNDERSCORED.match(piece):
        return after[:1] != [] and after[0] in _QUOTES
    return (
        _LABEL.match(piece) is not None and len(after) == 2 and after[0] == " " and after[1] not in _NOTHING
    )


def field_joins(rows: Sequence[Row], y: int, border: int, pieces: Sequence[Piece]) -> list[int]:
    """As `unlikely_joins`, for pieces that go on behind their first word."""
    words = [(row, start, token_end(row.data, start)) for row, start, _ in pieces[1:]]
    found = []
    for number, word in enumerate(words, 1):
        if unlikely_joins(rows, y + number - 1, border, [pieces[number - 1], word]):
            found.append(number)
    return found


def loose_joins(pieces: Sequence[Piece], loose: Container[Row]) -> list[int]:
    """Which pieces hardly go on with the one before them, though the terminal had wrapped there: rows that something
    else was painted over (`loose`), which is no rest of a token.
    """
    return [
        number
        for number, (row, start, _) in enumerate(pieces)
        if number and row in loose and is_no_rest(row.data, start, token_end(row.data, start))
    ]


def older_joins(pieces: Sequence[Piece], is_old: Callable[[Row], bool]) -> list[int]:
    """Which pieces stood there long before the one above them was painted.

    What a program breaks over rows it paints at once: a token that is whole above has ended there.
    """
    old = [is_old(row) for row, _, _ in pieces]
    return [number for number in range(1, len(pieces)) if old[number] and not old[number - 1]]


def token_end(data: Sequence[str], x: int) -> int:
    """Where the letters of tokens end that begin at column `x`."""
    while x < len(data) and data[x] in TOKEN_LETTERS:
        x += 1
    return x


def _is_mixed(data: Sequence[str], start: int, end: int) -> bool:
    """Are these the letters of a token and of nothing else, up to the end of their field?"""
    alone = end >= len(data) or data[end] in BORDERS or set(data[end : end + 2]) <= _NOTHING
    return alone and end - start >= _LEAST_MIXED and _MIXED.match("".join(data[start:end])) is not None


def _neighbour_ends(rows: Sequence[Row], y: int, border: int) -> Iterator[int]:
    """Where the rows end that stand in one block with row `y`: next to it, and with the same beginning."""
    start = first_shown(rows[y].data, border + 1)
    for step in (-1, 1):
        for near in range(y + step, y + step * (_NEIGHBOURS + 1), step):
            if not 0 <= near < len(rows) or first_shown(rows[near].data, border + 1) != start:
                break
            end = field_end(rows[near].data, start)
            if end == start:
                break
            yield end


def drawn_borders(rows: Sequence[Row], y: int) -> list[int]:
    """The columns of a row at which `|` is a border: one below the other in several rows, beside different texts.

    Only those to which a text goes: behind a blank nothing has to be ended.
    """
    data, found, x = rows[y].data, [], -1
    for _ in range(data.count("|")):
        x = data.index("|", x + 1)
        if x and data[x - 1] not in _NO_TEXT and _is_drawn_border(rows, y, x):
            found.append(x)
    return found


def _is_drawn_border(rows: Sequence[Row], y: int, x: int) -> bool:
    beside = [_beside(rows[y], x)]
    for step in (-1, 1):
        for near in range(y + step, y + step * (_NEIGHBOURS + 1), step):
            if not 0 <= near < len(rows) or rows[near].data[x : x + 1] != ["|"]:
                break
            beside.append(_beside(rows[near], x))
    return len(beside) >= _LEAST_BORDER and len(set(beside)) > 1


def _beside(row: Row, x: int) -> tuple[str, ...]:
    return (*row.data[max(0, x - 1) : x], *row.data[x + 1 : x + 2])


def behind_number(rows: Sequence[Row], y: int) -> int:
    """The column at which a row goes on that has the number of the one above before it; 0 where there is none."""
    above, below = rows[y].data, rows[y + 1].data
    end = _number_end(below)
    return end + 1 if 0 < end < len(below) - 1 and above[: end + 1] == below[: end + 1] else 0


def numbered_margin(rows: Sequence[Row], y: int) -> int:
    """The columns of the margin with the number of a line that fills its row and goes on in the one below, where the
    margin is blank; 0 where that is not so.
    """
    data, below = rows[y].data, rows[y + 1].data
    end = _number_end(data)
    is_filled = 0 < end < len(data) - 2 and data[-1] != " "
    return end + 1 if is_filled and goes_on_behind(below, end + 1) else 0


def _number_end(data: Sequence[str]) -> int:
    """Where the number before a row ends, with a blank behind it; 0 where there is none."""
    start = end = first_shown(data, 0)
    while end < len(data) and data[end].isdecimal():
        end += 1
    return end if start < end < len(data) and data[end] == " " else 0


def goes_on_behind(data: Sequence[str], margin: int) -> bool:
    """Does a row have nothing in its margin, and something right behind it?"""
    return first_shown(data, 0) == margin and data[margin] != " "


def first_shown(data: Sequence[str], x: int) -> int:
    """The first column from `x` on that is not blank; the last one when all are."""
    while x < len(data) - 1 and data[x] == " ":
        x += 1
    return x


def field_end(data: Sequence[str], x: int) -> int:
    """Where what stands from column `x` on ends: before a border or the row's end, and the blanks there."""
    end = next((at for at in range(x, len(data)) if data[at] in BORDERS), len(data))
    while end > x and data[end - 1] == " ":
        end -= 1
    return end
