"""The committed recordings of harnesses: facts are read again, steps walk them, changed screens are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import cassette
from cassette.harness.adapter import RowsFact
from cassette.harness.discovering import Request
from cassette.harness.documents import differences, facts_of_tape
from cassette.harness.found import Refused
from cassette.harness.interrupting import held, interrupt
from cassette.harness.listings import Source, find_rows
from cassette.harness.recorded import recorded_of_tape
from cassette.harness.registry import all_adapters
from cassette.harness.replaying import replay
from cassette.harness.walking import walk

ROOT = Path(__file__).parent.parent
TAPES = sorted(path.parent for path in (ROOT / "cassettes").glob("*/*/discovery.json"))
HARNESSES = sorted({path.parent for path in TAPES})


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
def test_the_facts_are_read_again(path, adapters):
    adapter, probe = probe_of(path, adapters)
    with cassette.open(path) as tape:
        assert differences(adapter, probe, tape) == []
        assert facts_of_tape(adapter, probe, tape).facts
        about = (tape.discovery or tape.quota).metadata
        assert about["adapter"]["revision"] <= adapter.revision


@pytest.mark.parametrize("path", TAPES, ids=named)
def test_the_steps_walk_it(path, adapters):
    adapter, probe = probe_of(path, adapters)
    with cassette.open(path) as tape:
        done = walk(adapter, probe, tape)
    assert len([step for step in done if not step.startswith("left the box")]) >= len(probe.steps)


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda path: path.name)
def test_shims_in_its_place_give_the_same_facts(harness, adapters, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    outcomes = list(replay(adapters.get(harness.name), Request(output=tmp_path / "again"), harness))
    assert {each.probe: str(each.error) for each in outcomes if each.status != "recorded"} == {}
    assert {each.probe for each in outcomes} == {path.name for path in TAPES if path.parent == harness}


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
