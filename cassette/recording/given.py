"""What a caller gives a recorder, as bytes that a reader reads again, or a UsageError: nothing unreadable is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cassette.errors import UsageError
from cassette.format import lines
from cassette.format.limits import MAX_COLUMNS, MAX_ROWS
from cassette.model import Final, Input, Size
from terminal.exit_status import ExitStatus


def read_input(body: bytes) -> Input:
    """The input of a line that has no `seq` yet."""
    return lines.read_input(lines.with_seq(1, body))


def final_body(final: Final) -> bytes:
    """The line of a final event, whose `exit` and `cost_usd` are what they should be. Raises TypeError, ValueError."""
    if not isinstance(final.exit, ExitStatus | None):
        raise TypeError(f"exit is {type(final.exit).__name__}, not an ExitStatus or an int")
    if final.cost_usd is not None and not math.isfinite(final.cost_usd):
        raise ValueError(f"cost_usd is {final.cost_usd}")
    return lines.final_body(replace(final, usage=plain(final.usage), metadata=plain(final.metadata)))


def read_final(body: bytes) -> Final:
    """The final event of a line that has no `seq` yet."""
    return lines.read_final(lines.with_seq(1, body))


def plain(value: Any) -> Any:
    """Mappings as dicts and sequences as lists, all the way down; the rest as it is, for others to judge."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def encoded(what: str, encode: Callable[[], bytes], read: Callable[[bytes], object] | None = None) -> bytes:
    """What `encode` gives, where `read` can read it again. Raises UsageError, which calls it `what`."""
    try:
        body = encode()
        if read is not None:
            read(body)
    except RecursionError:
        raise UsageError(
            what=f"this {what} cannot be kept: it is nested too deep. Make it flatter."
        ) from None
    except (TypeError, ValueError) as error:
        raise UsageError(what=f"this {what} cannot be kept: {error}. Give plain, bounded values.") from None
    return body


def check_size(size: Size) -> None:
    """Raise UsageError for a size that no terminal has."""
    whole = all(type(number) is int for number in (size.columns, size.rows))
    if not whole or not (1 <= size.columns <= MAX_COLUMNS and 1 <= size.rows <= MAX_ROWS):
        limits = f"1 to {MAX_COLUMNS} columns and 1 to {MAX_ROWS} rows"
        raise UsageError(what=f"a terminal of {size.columns} columns and {size.rows} rows: give {limits}")
