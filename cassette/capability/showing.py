"""Where evidence stands, for a person: the screen with its rows marked, the lines of output, or the document's word.

Lines are plain and safe to print; each comes with what it is, so that a terminal can colour it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from cassette.capability.answers import Answer, values
from cassette.capability.evidence import Evidence
from cassette.capability.facts import Fact, InEvent, InOutput, OnScreen, leaves
from cassette.capability.freshness import in_utc
from cassette.capability.matrix import Cell, Row
from cassette.capability.proof import Checked, lines_of, screens_at
from cassette.errors import CassetteError
from cassette.format.documents import dump_json
from cassette.reading.moments import format_time
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.viewing.picture import picture, plain

CONTEXT_BYTES = 60
MOST_LINES = 40
MOST_NAMES = 20
MOST_BYTES = 400
_NUMBERED = re.compile(r"\s*(\d+) \|")


class Shown(NamedTuple):
    """A line; `head` begins a cell, `mark` is evidence."""

    text: str
    kind: Literal["head", "plain", "mark", "wrong"] = "plain"


def explain(rows: Sequence[Row], capability: str | None = None) -> Iterator[Shown]:
    """Every cell that has evidence (or only those of one capability), with the places where it stands."""
    for row in rows:
        cells = [cell for name, cell in row.cells.items() if capability in (None, name)]
        for cell in cells:
            if cell.counts is not None or capability is not None:
                yield from _cell(row, cell)


def where(answer: Answer) -> str:
    """The places on which an answer rests, in a few words: cassette, moment, rows."""
    said = []
    for evidence in answer.evidence:
        facts = [checked for checked in evidence.facts if checked in answer.facts] or evidence.facts[:1]
        place = facts[0].fact.place if facts else None
        at = f" at {format_time(facts[0].t_ms)} s" if facts and facts[0].t_ms is not None else ""
        state = f" (partial: {evidence.state_why})" if evidence.state == "partial" else ""
        said.append(f"{evidence.cassette}{state}{at}, {place or evidence.file}")
    return "; ".join(dict.fromkeys(said))


def _cell(row: Row, cell: Cell) -> Iterator[Shown]:
    yield Shown(f"{plain(row.label)} {cell.capability}: {cell.status}", "head")
    if cell.why:
        yield Shown(f"  {plain(cell.why)}", "wrong" if cell.status == "blocked" else "plain")
    if cell.counts is not None:
        for line in _facts(cell.counts):
            yield Shown(f"  {line}")
        for line in _about(cell.counts):
            yield Shown(f"  {line}")
        yield from _places(cell.counts)
    for other in cell.others:
        captured = other.freshness.captured_at
        yield Shown(f"  also: {plain(str(other.cassette))}, {in_utc(captured)}, {other.status}")
    yield Shown("")


def _facts(evidence: Evidence) -> Iterator[str]:
    """What it shows: by name, and where that matters by what it is of."""

    def key(checked: Checked) -> tuple[str, str]:
        return checked.fact.name, checked.fact.of or ""

    for (name, of), found in groupby(evidence.facts, key):
        shown = values(list(found))
        more = f" and {len(shown) - MOST_NAMES} more" if shown[MOST_NAMES:] else ""
        yield plain(f"{name}{f' of {of}' if of else ''}: {', '.join(shown[:MOST_NAMES])}{more}")


def _about(evidence: Evidence) -> Iterator[str]:
    freshness = evidence.freshness
    version = f" {evidence.version}" if evidence.version else ""
    state = f" (partial: {evidence.state_why})" if evidence.state == "partial" else ""
    yield plain(f"in {evidence.cassette}{state}, {evidence.harness}{version}")
    if freshness.captured_at is not None:
        said = f"captured {in_utc(freshness.captured_at)}, fresh until {in_utc(freshness.until)}"
        yield f"{said}, staleness_behavior {freshness.behavior}"


def _places(evidence: Evidence) -> Iterator[Shown]:
    """The screens and the output, opened anew; a cassette that cannot be opened shows none."""
    try:
        with open_cassette(evidence.cassette) as tape:
            yield from _screens(tape, evidence.facts)
            yield from _outputs(tape, evidence.facts)
            yield from _events(tape, evidence.facts)
    except (CassetteError, OSError):
        return


def _screens(tape: Cassette, facts: Iterable[Checked]) -> Iterator[Shown]:
    rows: dict[int, set[int]] = {}
    for checked in facts:
        if isinstance(checked.fact.place, OnScreen):
            rows.setdefault(checked.fact.place.raw_end, set()).update(checked.fact.place.rows)
    for raw_end, shown in sorted(screens_at(tape, rows).items()):
        yield Shown(f"  the screen at {format_time(shown.t_ms)} s, after byte {raw_end:,} of output.raw:")
        for line in picture(shown.screen, "    ").split("\n"):
            number = _NUMBERED.match(line)
            marked = number is not None and int(number[1]) in rows[raw_end]
            yield Shown(f"  > {line[4:]}", "mark") if marked else Shown(line)


def _outputs(tape: Cassette, facts: Iterable[Checked]) -> Iterator[Shown]:
    """The lines of output in which facts stand; of a long line what stands round the value."""
    found = [checked.fact for checked in facts if isinstance(checked.fact.place, InOutput)]
    if not found:
        return
    yield Shown("  the output:")
    last = ""
    for number, fact in enumerate(sorted(found, key=_offset)):
        if number == MOST_LINES:
            yield Shown(f"        … and {len(found) - number} places more")
            break
        for at, text in _excerpt(tape, fact):
            line = f"  > {at:>6} |{plain(text)}"
            if line != last:
                yield Shown(line, "mark")
            last = line


def _offset(fact: Fact) -> int:
    return fact.place.offset if isinstance(fact.place, InOutput) else 0


def _excerpt(tape: Cassette, fact: Fact) -> list[tuple[int, str]]:
    """Where the lines begin in which a value stands, and their text."""
    place = fact.place
    assert isinstance(place, InOutput)
    inside = tape.output_bytes(place.offset, place.offset + place.length)
    wanted = next((part for part in map(_as_bytes, leaves(fact.value)) if part in inside), b"")
    at = place.offset + (inside.find(wanted) if wanted else 0)
    end = at + (len(wanted) if wanted else min(place.length, CONTEXT_BYTES))
    before = tape.output_bytes(max(0, at - CONTEXT_BYTES), at)
    after = tape.output_bytes(end, end + CONTEXT_BYTES)
    start = at - len(before) + before.rfind(b"\n") + 1
    stop = end + (after.find(b"\n") if b"\n" in after else len(after))
    lines = lines_of(tape.output_bytes(start, stop))
    cut = ("… " if start and b"\n" not in before else "", " …" if b"\n" not in after and after else "")
    return [
        (start, f"{cut[0]}{lines[0]}{cut[1] if len(lines) == 1 else ''}"),
        *((at, line) for line in lines[1:]),
    ]


def _as_bytes(value: object) -> bytes:
    return str(value).encode("utf-8", "replace")


def _events(tape: Cassette, facts: Iterable[Checked]) -> Iterator[Shown]:
    wanted = {checked.fact.place.index for checked in facts if isinstance(checked.fact.place, InEvent)}
    if not wanted:
        return
    yield Shown("  service events:")
    for index, event in enumerate(tape.service_events()):
        if index in wanted:
            text = " ".join(dump_json(event.payload).split())
            yield Shown(f"  > {format_time(event.t_ms)} s |{plain(text[:MOST_BYTES])}", "mark")
