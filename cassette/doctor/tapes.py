"""These cassettes: damaged, partial, stale, unscrubbed, drawn by another emulator, left by tests that are gone.

What many have in common is one line with the first of their names.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cassette.capability.evidence import evidence_of
from cassette.doctor.check import Check, State
from cassette.errors import CassetteError
from cassette.reading.finding import DEFAULT_DIRECTORY, find_cassettes
from cassette.reading.overview import at_hand
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from terminal.emulator import known_emulators

SHOWN = 3
_TODO = {
    "damaged": "Restore it from version control, or record it again.",
    "unsealed": "Nothing tells whether it is as it was recorded; record it again.",
    "partial": "cassette verify says what is missing; record it again if that matters.",
    "not scrubbed": "There may be secrets in it: look with cassette scan before you share it.",
    "emulator": "Its screens may differ from what is drawn now: cassette rederive draws its frames again.",
    "stale": "Record it again with cassette discover.",
    "blocked": "cassette capabilities says why; record it again with cassette discover.",
    "orphaned": "Remove it, or see pytest --pty-orphans=warn.",
}
_BAD = ("damaged",)


@dataclass
class _Found:
    """Cassettes by what is the matter with them; each with a word of detail."""

    matters: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    good: int = 0


def tape_checks(
    directories: Sequence[str | os.PathLike[str]], *, now: datetime | None = None
) -> Iterator[Check]:
    """One line for each thing that is the matter, and one for the cassettes in order.

    Raises UsageError at once for a directory that is not there; `cassettes`, the default, need not be.
    """
    if not directories and not Path(DEFAULT_DIRECTORY).is_dir():
        return iter([_check("cassettes", "ok", f"there is no directory {DEFAULT_DIRECTORY} here")])
    return _checks(find_cassettes(directories), now or datetime.now(UTC))


def _checks(paths: Sequence[Path], now: datetime) -> Iterator[Check]:
    found = _Found()
    for path in paths:
        before = sum(map(len, found.matters.values()))
        _look(path, now, found)
        found.good += sum(map(len, found.matters.values())) == before
    for matter, todo in _TODO.items():
        said = found.matters.get(matter)
        if said:
            more = f" and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
            what = f"{len(said)} of {len(paths)}: {'; '.join(said[:SHOWN])}{more}"
            yield _check(matter, "fail" if matter in _BAD else "warn", what, todo)
    if found.good or not paths:
        yield _check("in order", "ok", f"{found.good} of {len(paths)}")


def _look(path: Path, now: datetime, found: _Found) -> None:
    if _is_orphan(path):
        found.matters["orphaned"].append(str(path))
    try:
        with open_cassette(path) as tape:
            for matter, detail in (*_of_tape(tape), *_of_evidence(tape, now)):
                found.matters[matter].append(f"{path} ({detail})" if detail else str(path))
    except (CassetteError, OSError) as error:
        found.matters["damaged"].append(" ".join(str(error).partition(". ")[0].split()))


def _of_tape(tape: Cassette) -> Iterator[tuple[str, str]]:
    verdict = tape.verdict
    if not verdict.sealed:
        yield "unsealed", ""
    elif verdict.state == "partial":
        yield "partial", "; ".join(verdict.reasons)
    if tape.scrub_report.status == "not-run":
        yield "not scrubbed", ""
    drawn = tape.manifest.terminal.emulator
    if drawn.name in known_emulators():
        here = at_hand(drawn.name)
        if here != f"{drawn.name} {drawn.version}":
            yield "emulator", f"{drawn.name} {drawn.version}, here {here or 'not installed'}"


def _of_evidence(tape: Cassette, now: datetime) -> Iterator[tuple[str, str]]:
    evidence = list(evidence_of(tape, now))
    for status in ("stale", "blocked"):
        why = sorted({item.why for item in evidence if item.status == status})
        if why:
            yield status, why[0]


def _is_orphan(path: Path) -> bool:
    """Whether it lies where a test would record, `cassettes/test_<module>/<test>`, and there is no such test.

    Only what cannot be otherwise counts: no such module, or no such function in it.
    """
    module, root = path.parent, path.parent.parent
    if not re.match(r"test_\w+\Z", module.name) or root.name != DEFAULT_DIRECTORY:
        return False
    file = root.parent / f"{module.name}.py"
    try:
        source = file.read_text("utf-8", "replace")
    except OSError:
        return True
    test = re.match(r"(?:[A-Za-z_]\w*\.)*(test\w*)", path.name)
    if test is None or "pty_cassette_name" in source:
        return False
    return re.search(rf"\bdef\s+{re.escape(test[1])}\b", source) is None


def _check(name: str, state: State, what: str, todo: str = "") -> Check:
    return Check("cassettes", name, state, what, todo)
