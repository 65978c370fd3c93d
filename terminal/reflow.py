"""What a new size does to rows: lines that had wrapped are joined or wrapped anew, the cursor stays on its text.

A line is a row and those that continue it. The line that the cursor is on is left as it is, only cut or
padded: the program is about to draw it again. Rows that no longer fit go to the history above the screen,
and come back from there when there is room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from terminal.cells import Row
from terminal.pens import DEFAULT_PEN


@dataclass(slots=True)
class Shape:
    """Rows above the screen, rows of the screen, and the row of the cursor (0-based, on the screen)."""

    history: list[Row]
    grid: list[Row]
    y: int


def with_columns(shape: Shape, columns: int) -> Shape:
    """The shape at another width; the number of rows on the screen stays."""
    base, rows = len(shape.history), len(shape.grid)
    everything = shape.history + shape.grid
    cursor = base + shape.y
    result: list[Row] = []
    new_cursor = 0
    index = 0
    for line in _lines(everything):
        end = index + len(line)
        if index <= cursor < end:
            new_cursor = len(result) + cursor - index
            for row in line:
                row.resize(columns)
            result += line
        else:
            result += _wrapped_anew(line, columns)
        index = end
    return _placed(result, new_cursor, base, rows, grown=len(result) - len(everything), columns=columns)


def with_rows(shape: Shape, rows: int, columns: int) -> Shape:
    """The shape at another height."""
    history, grid, y = list(shape.history), list(shape.grid), shape.y
    if rows < len(grid):
        below = min(len(grid) - rows, len(grid) - 1 - y)
        if below:
            del grid[-below:]
        above = len(grid) - rows
        history += grid[:above]
        return Shape(history, grid[above:], y - above)
    missing = rows - len(grid)
    # Only a screen that is full down to the cursor gets rows back from above.
    back = min(missing, len(history)) if y == len(grid) - 1 else 0
    returned = history[len(history) - back :]
    blank = [Row(columns) for _ in range(missing - back)]
    return Shape(history[: len(history) - back], returned + grid + blank, y + back)


def _lines(rows: list[Row]) -> Iterator[list[Row]]:
    line: list[Row] = []
    for row in rows:
        if line and not row.continued:
            yield line
            line = []
        line.append(row)
    if line:
        yield line


def _placed(rows: list[Row], cursor: int, base: int, height: int, *, grown: int, columns: int) -> Shape:
    """Choose where the screen begins in `rows`."""
    top = max(0, base + grown) if base or grown < 0 else 0
    top = min(max(top, cursor - height + 1), cursor)
    grid = rows[top : top + height]
    grid += [Row(columns) for _ in range(height - len(grid))]
    return Shape(rows[:top], grid, cursor - top)


def _wrapped_anew(line: list[Row], columns: int) -> list[Row]:
    """One line of text at another width."""
    if len(line) == 1 and _used(line[0]) <= columns:
        line[0].resize(columns)
        return line
    cells = [cell for row in line[:-1] for cell in _cells(row, len(row.data))]
    cells += _cells(line[-1], _used(line[-1]))
    result = [Row(columns)]
    result[0].continued = line[0].continued
    x = 0
    for text, pen, width in cells:
        if x + width > columns:
            result.append(Row(columns))
            result[-1].continued = True
            x = 0
        if width <= columns:
            _put(result[-1], x, text, pen, width)
            x += width
    return result


def _cells(row: Row, end: int) -> Iterator[tuple[str, tuple[int, int, int, int, str | None], int]]:
    """Content, pen and width of each cell; the blank that a wide character left at the edge is none."""
    data, pens = row.data, row.pens
    for x in range(end):
        if data[x] != "":
            wide = x + 1 < len(data) and data[x + 1] == ""
            if not (row.padded and x == len(data) - 1):
                yield data[x], pens[x], 2 if wide else 1


def _used(row: Row) -> int:
    """Columns up to the last cell that shows something."""
    data, pens = row.data, row.pens
    x = len(data)
    while x and data[x - 1] == " " and pens[x - 1] == DEFAULT_PEN:
        x -= 1
    return x


def _put(row: Row, x: int, text: str, pen: tuple[int, int, int, int, str | None], width: int) -> None:
    row.data[x] = text
    row.pens[x : x + width] = [pen] * width
    if width == 2:
        row.data[x + 1] = ""
        row.special = True
    row.plain = row.plain and pen is DEFAULT_PEN
    row.line = None
