"""What was typed so shortly before a recorder died that nobody can tell whether it was typed blind.

Programs turn echo off a moment after their prompt, so what is typed is judged by the next 250 ms, too
(`scrub.hidden`). Where the recording ends before, it counts as hidden, unless its whole line had been echoed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate

from cassette.format.lines import input_body
from cassette.model import INPUT, Input, Output
from cassette.scrubbing.hidden_input import changed_by
from cassette.scrubbing.typed_events import LINE_ENDS, ends_line, is_named_key, is_typed
from cassette.store.spooled import Observed
from scrub.escapes import text_views
from scrub.hidden import LAG_MS, LEAST_VALUE, Discipline, hidden_line, hidden_values
from scrub.known import KnownValue
from scrub.typed import typed_lines

RULE = "undecided"
"""What `redacted` says of such an input."""
_MOST_PARTS = 100
_MOST_OUTPUT = 1 << 16  # bytes behind the beginning of a line in which its echo is looked for


@dataclass
class _Line:
    """Inputs up to the end of a line, by their number among all inputs, and what was printed meanwhile."""

    inputs: list[tuple[int, Input]] = field(default_factory=list)
    printed: bytearray = field(default_factory=bytearray)

    @property
    def data(self) -> bytes:
        return b"".join(event.data for _, event in self.inputs)

    def values(self) -> Iterator[KnownValue]:
        """What was typed, and as far as it may have been echoed when the recorder died."""
        typed = accumulate((event.data for _, event in self.inputs), initial=b"")
        for part in deque(typed, maxlen=_MOST_PARTS):
            yield from hidden_values(part)

    def was_echoed(self) -> bool:
        """Does all of it stand in the output, of a few letters right at its beginning? Elsewhere it may be chance."""
        shown = text_views("output", bytes(self.printed))[0].text
        typed = [line.encode() for line in typed_lines(self.data) if line]
        return bool(typed) and all(
            shown.startswith(line) or (len(line) >= LEAST_VALUE and line in shown) for line in typed
        )


@dataclass(frozen=True)
class Undecided:
    """The inputs to hide, by their number among all inputs, and what they say."""

    numbers: frozenset[int] = frozenset()
    values: tuple[KnownValue, ...] = ()

    def hidden(self, evidence: Iterable[Observed]) -> Iterator[Observed]:
        """The events with those inputs filled, as a declared secret is."""
        number = 0
        for observed in evidence:
            event = observed.event
            if isinstance(event, Input):
                number += 1
                if number - 1 in self.numbers:
                    filler, end = hidden_line(event.data)
                    event = replace(event, data=filler + end, key=None, redacted=RULE)
                    yield Observed(event, INPUT, input_body(event))
                    continue
            yield observed


def undecided(evidence: Callable[[], Iterable[Observed]], discipline: Discipline) -> Undecided:
    """Of a recording whose end nobody saw; `discipline` is that of the beginning, where it was looked at."""
    last_ms = max((observed.event.t_ms for observed in evidence()), default=0)
    numbers: set[int] = set()
    values: list[KnownValue] = []
    for line in _lines(evidence(), discipline):
        late = [number for number, event in line.inputs if event.t_ms >= last_ms - LAG_MS]
        if late and not line.was_echoed():
            numbers.update(late)
            values.extend(line.values())
    return Undecided(frozenset(numbers), tuple(values))


def _lines(evidence: Iterable[Observed], discipline: Discipline) -> Iterator[_Line]:
    """The lines at the end that nothing would have hidden; what is printed may be the echo of each of them."""
    lines, number = deque([_Line()]), -1
    for observed in evidence:
        event = observed.event
        while len(lines) > 1 and lines[0].inputs[-1][1].t_ms < event.t_ms - LAG_MS:
            lines.popleft()
        if isinstance(event, Output):
            for line in lines:
                line.printed += event.data[: max(0, _MOST_OUTPUT - len(line.printed))]
        elif isinstance(event, Input):
            number += 1
            if event.kind == "mode" and event.mode is not None:
                discipline = changed_by(discipline, event)
            elif is_typed(event):
                _take(lines, number, event, discipline)
    yield from lines


def _take(lines: deque[_Line], number: int, event: Input, discipline: Discipline) -> None:
    """Put what was typed on the line that it belongs to."""
    is_key = event.data in LINE_ENDS or is_named_key(event)
    if not (is_key or discipline.hides or event.redacted is not None):
        lines[-1].inputs.append((number, event))
    if lines[-1].inputs and ends_line(event):
        lines.append(_Line())
