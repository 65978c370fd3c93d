"""The matrix and its answers as plain values: what `cassette capabilities --json` prints (docs/capabilities.md)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cassette.capability.answers import Answer
from cassette.capability.evidence import Evidence
from cassette.capability.facts import AtEnd, InDocument, InEvent, InOutput, OnScreen, Place
from cassette.capability.freshness import Freshness
from cassette.capability.matrix import Cell, Matrix, Row
from cassette.capability.proof import Checked

SCHEMA = 1


def document(found: Matrix, answers: Iterable[tuple[str, Answer]] = ()) -> dict[str, Any]:
    """Everything; `answers` are requirements as they were written, each with its answer."""
    return {
        "schema": SCHEMA,
        "now": _moment(found.now),
        "directories": list(found.directories),
        "cassettes": found.found,
        "harnesses": [_row(row) for row in found.rows],
        "problems": [
            {"cassette": str(problem.cassette), "harness": problem.harness or None, "why": problem.why}
            for problem in found.problems
        ],
        "requirements": [_answer(text, answer) for text, answer in answers],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "harness": row.harness,
        "account_class": row.account or None,
        "versions": row.versions,
        "capabilities": {name: _cell(cell) for name, cell in row.cells.items()},
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "status": cell.status,
        "why": cell.why,
        "evidence": None if cell.counts is None else _evidence(cell.counts),
        "others": [_evidence(other) for other in cell.others],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "cassette": str(evidence.cassette),
        "id": evidence.cassette_id,
        "state": evidence.state,
        "state_why": evidence.state_why,
        "file": evidence.file,
        "probe": evidence.probe or None,
        "version": evidence.version or None,
        "status": evidence.status,
        "why": evidence.why,
        "freshness": _freshness(evidence.freshness),
        "facts": [_fact(checked) for checked in evidence.facts],
    }


def _freshness(freshness: Freshness) -> dict[str, Any]:
    return {
        "state": freshness.state,
        "captured_at": _moment(freshness.captured_at),
        "window_s": freshness.window_s,
        "until": _moment(freshness.until),
        "staleness_behavior": freshness.behavior,
        "why": freshness.why,
    }


def _fact(checked: Checked) -> dict[str, Any]:
    fact = checked.fact
    return {
        "name": fact.name,
        "value": fact.value,
        "of": fact.of,
        "detail": dict(fact.detail),
        "holds": checked.holds,
        "why": checked.why,
        "t_ms": checked.t_ms,
        "place": _place(fact.place),
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    if isinstance(place, OnScreen):
        return {"kind": "screen", "raw_end": place.raw_end, "rows": list(place.rows)}
    if isinstance(place, InOutput):
        return {"kind": "output", "offset": place.offset, "length": place.length}
    if isinstance(place, InEvent):
        return {"kind": "service", "index": place.index}
    if isinstance(place, AtEnd):
        return {"kind": "final"}
    return {"kind": "document", "file": place.file} if isinstance(place, InDocument) else None


def _answer(text: str, answer: Answer) -> dict[str, Any]:
    return {
        "require": text,
        "holds": answer.holds,
        "why": answer.why,
        "stale": answer.stale,
        "cassettes": list(dict.fromkeys(str(evidence.cassette) for evidence in answer.evidence)),
        "facts": [_fact(checked) for checked in answer.facts],
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
