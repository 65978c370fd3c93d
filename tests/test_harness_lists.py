"""Lists on the screens of real agents: one that lost a row is not taken for the list. And what interrupts a probe."""

from __future__ import annotations

from pathlib import Path

import pytest

import cassette
from cassette.harness.adapter import RowsFact
from cassette.harness.found import Refused
from cassette.harness.interrupting import held, interrupt
from cassette.harness.listings import Source, find_rows
from cassette.harness.recorded import recorded_of_tape
from cassette.harness.registry import all_adapters

ROOT = Path(__file__).parent.parent
TAPES = sorted(path.parent for path in (ROOT / "cassettes").glob("*/*/discovery.json"))


@pytest.fixture(scope="module")
def adapters():
    return all_adapters(ROOT)


def named(path):
    return "-".join(path.parts[-2:])


def probe_of(path, adapters):
    adapter = adapters.get(path.parent.name)
    probe = adapter.probe(path.name)
    assert probe is not None, f"{adapter.origin} has no probe {path.name} any more"
    return adapter, probe


@pytest.mark.parametrize("path", TAPES, ids=named)
def test_a_list_that_lost_a_row_is_not_taken_for_the_list(path, adapters):
    """Without its header or end it is refused; without one of its numbered rows, but the last, too."""
    _, probe = probe_of(path, adapters)
    with cassette.open(path) as tape:
        captures = recorded_of_tape(tape).captures
    for fact in probe.facts:
        if not isinstance(fact, RowsFact) or fact.capture not in captures:
            continue
        capture = captures[fact.capture]
        rows = capture.rows
        whole = find_rows(fact, Source(rows, None, capture))
        listed = [max(spot.place.rows) for spot in whole]
        header = next(number for number, row in enumerate(rows) if fact.after.search(row))
        must_be_seen = {header, *(listed[:-1] if fact.numbered else [])}
        for number in range(len(rows)):
            left = taken(fact, capture, [*rows[:number], *rows[number + 1 :]])
            if number in must_be_seen:
                assert left is None, rows[number]
            elif number not in listed:
                assert left in (None, [spot.value for spot in whole]), rows[number]


def taken(fact, capture, rows):
    """The values of a list in these rows; None where it is refused."""
    try:
        return [spot.value for spot in find_rows(fact, Source(rows, None, capture))]
    except Refused:
        return None


def test_what_interrupts_waits_until_nothing_is_held():
    with pytest.raises(KeyboardInterrupt):
        interrupt(KeyboardInterrupt())
    seen = []

    def outer():
        with held():
            with held():
                interrupt(KeyboardInterrupt())
                seen.append("the inner block goes on")
            seen.append("the outer one too")

    with pytest.raises(KeyboardInterrupt):
        outer()
    assert seen == ["the inner block goes on", "the outer one too"]
    with held():
        pass
