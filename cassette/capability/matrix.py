"""Harness by capability, over all cassettes found: the freshest evidence counts, and the others stand beside it.

Evidence of different classes of account is never mixed: each has a row of its own. Of one probe only the newest
cassette counts. Evidence that is blocked counts only where there is no other: it shows nothing, so it cannot
contradict what stands; nor does a probe that did not see something contradict one that did.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cassette.capability.evidence import Evidence, Problem, read_evidence
from cassette.capability.names import CAPABILITIES, Status
from cassette.reading.finding import find_cassettes


@dataclass(frozen=True, slots=True)
class Cell:
    """One capability of one row."""

    capability: str
    status: Status
    why: str
    counts: Evidence | None = None
    """The evidence that decides; None where no cassette speaks of it."""
    others: tuple[Evidence, ...] = ()
    """What else there is, the freshest first."""


@dataclass(frozen=True)
class Row:
    """A harness as one class of account sees it."""

    harness: str
    account: str
    cells: dict[str, Cell]
    """Every capability, in the order of `CAPABILITIES`."""

    @property
    def label(self) -> str:
        """How it is called, on the command line and in messages."""
        return f"{self.harness}@{self.account}" if self.account else self.harness

    @property
    def versions(self) -> list[str]:
        """The versions of the program that its evidence is of."""
        seen = {cell.counts.version for cell in self.cells.values() if cell.counts}
        return sorted(seen - {""})


@dataclass(frozen=True)
class Matrix:
    """All rows in order, and the cassettes that could not be read."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    now: datetime
    directories: tuple[str, ...]
    found: int
    """How many cassettes there are, with evidence or without."""


def matrix(directories: Iterable[str | os.PathLike[str]] = (), *, now: datetime | None = None) -> Matrix:
    """The matrix of the cassettes in and below these directories (`cassettes` by default), as of `now`.

    Raises UsageError for a directory that is not there, never for what is in a cassette.
    """
    given = [os.fspath(directory) for directory in directories]
    moment = now or datetime.now(UTC)
    paths = find_cassettes(given)
    evidence: list[Evidence] = []
    problems: list[Problem] = []
    for path in paths:
        shown, problem = read_evidence(path, moment)
        evidence += shown
        if problem is not None:
            problems.append(problem)
    return Matrix(rows_of(evidence), tuple(problems), moment, tuple(given), len(paths))


def rows_of(evidence: Iterable[Evidence]) -> tuple[Row, ...]:
    """One row for each harness and class of account."""
    sorted_in: dict[tuple[str, str], dict[str, list[Evidence]]] = defaultdict(lambda: defaultdict(list))
    for item in evidence:
        sorted_in[item.harness, item.account][item.capability].append(item)
    return tuple(
        Row(harness, account, {name: _cell(name, found.get(name, ())) for name in CAPABILITIES})
        for (harness, account), found in sorted(sorted_in.items())
    )


def _cell(capability: str, found: Iterable[Evidence]) -> Cell:
    by_path = sorted(found, key=lambda item: Path(item.cassette))
    if not by_path:
        return Cell(capability, "gap", "no cassette speaks of it")
    newest = sorted(by_path, key=lambda item: (item.status != "blocked", item.date), reverse=True)
    of_probe: dict[tuple[str, str], Evidence] = {}
    for item in newest:
        of_probe.setdefault((item.probe, item.file), item)
    first = max(of_probe.values(), key=lambda item: item.rank)
    others = sorted((item for item in by_path if item is not first), key=lambda item: item.rank, reverse=True)
    return Cell(capability, first.status, first.why, first, tuple(others))
