"""The matrix as lines of a table that fits a width, and the remarks below it. Nothing here prints.

Where the columns do not fit side by side the table goes on below, with the harnesses named again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from cassette.capability.matrix import Cell, Matrix, Row
from cassette.capability.names import CAPABILITIES

Piece = tuple[str, str]
"""A text, and what colours it: a status, `bold` for a heading, or nothing."""
GAP = "  "


def table(found: Matrix, width: int | None = None) -> Iterator[list[Piece]]:
    """The lines of the table; `width` is in columns, None where any width will do."""
    label_width = max(len(row.label) for row in found.rows)
    for number, names in enumerate(_blocks(found, label_width, width)):
        if number:
            yield []
        widths = [_width(found, name) for name in names]
        heads = [(f"{CAPABILITIES[name]:<{w}}", "bold") for name, w in zip(names, widths, strict=True)]
        yield _line((" " * label_width, ""), heads)
        for row in found.rows:
            states = [row.cells[name].status for name in names]
            cells: list[Piece] = [(f"{state:<{w}}", state) for state, w in zip(states, widths, strict=True)]
            yield _line((f"{row.label:<{label_width}}", "bold"), cells)


def remarks(found: Matrix) -> Iterator[str]:
    """What a person should know of each row: what is stale, what is blocked, and why."""
    lines = [line for row in found.rows for line in _of_row(row)]
    yield from ["", *lines] if lines else []
    if found.rows:
        yield ""
        yield "The screen behind each: cassette capabilities --explain HARNESS[:CAPABILITY]"


def _line(label: Piece, cells: list[Piece]) -> list[Piece]:
    """Cells side by side; no blanks at the end."""
    last = cells[-1]
    pieces = [label, *(piece for cell in cells[:-1] for piece in ((GAP, ""), cell))]
    return [*pieces, (GAP, ""), (last[0].rstrip(), last[1])]


def _width(found: Matrix, name: str) -> int:
    return max(len(CAPABILITIES[name]), *(len(row.cells[name].status) for row in found.rows))


def _blocks(found: Matrix, label_width: int, width: int | None) -> list[list[str]]:
    """The columns, as many side by side as fit; one at least."""
    blocks: list[list[str]] = [[]]
    used = label_width
    for name in CAPABILITIES:
        needed = len(GAP) + _width(found, name)
        if width is not None and blocks[-1] and used + needed > width:
            blocks.append([])
            used = label_width
        blocks[-1].append(name)
        used += needed
    return blocks


def _of_row(row: Row) -> Iterator[str]:
    """Cells that are not as they should be, those with one reason together."""

    def key(cell: Cell) -> tuple[str, str, str]:
        behavior = cell.counts.freshness.behavior if cell.counts and cell.status == "stale" else ""
        return cell.status, cell.why, behavior

    telling = [cell for cell in row.cells.values() if cell.status in ("stale", "blocked")]
    for (status, why, behavior), cells in groupby(sorted(telling, key=key), key):
        names = ", ".join(CAPABILITIES[cell.capability] for cell in cells)
        meant = f" (staleness_behavior {behavior})" if behavior else ""
        yield f"{row.label}: {names} {status}: {why}{meant}"
