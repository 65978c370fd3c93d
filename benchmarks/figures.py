"""What a benchmark gives: ratios to a peer that was measured in the same run, in turns.

A module `bench_<name>.py` has `figures()`, which yields `Figure`s; its docstring says what is measured.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `values` are ratios, one for each turn, unless `unit` says otherwise."""

    name: str
    values: Sequence[float]
    aim: float | None = None
    """The most that the median may be."""
    unit: str = "x"
    note: str = ""
    digits: int = 2

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        """Whether the aim is met; where there is none it is."""
        return self.aim is None or self.median <= self.aim

    def row(self) -> tuple[str, ...]:
        """Name, median, range, aim, verdict, note."""
        least, most = (f"{value:.{self.digits}f}" for value in (min(self.values), max(self.values)))
        spread = f"{least} to {most}" if len(self.values) > 1 else ""
        aim = "" if self.aim is None else f"<= {self.aim:.3g}"
        verdict = "" if self.aim is None else "met" if self.met else "MISSED"
        return self.name, f"{self.median:.{self.digits}f} {self.unit}", spread, aim, verdict, self.note


@dataclass(frozen=True, slots=True)
class Missing:
    """A peer that is not here, so that nobody takes silence for a result."""

    name: str
    why: str

    met = True

    def row(self) -> tuple[str, ...]:
        """As a Figure's."""
        return self.name, "not measured", "", "", "", self.why


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(
    ours: Callable[[], float], peer: Callable[[], float], *, turns: int
) -> tuple[list[float], list[float], list[float]]:
    """(ratios, our seconds, the peer's seconds); both take turns and say how long they took."""
    pairs = [(ours(), peer()) for _ in range(turns)]
    return [one / other for one, other in pairs], [one for one, _ in pairs], [other for _, other in pairs]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned text."""
    head = ("figure", "median", "range", "aim", "", "note")
    everything = [head, *rows]
    widths = [max(len(row[at]) for row in everything) for at in range(len(head))]
    lines = [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in everything
    ]
    return "\n".join(line.rstrip() for line in lines)
