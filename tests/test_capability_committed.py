"""The evidence in cassettes/: of five real agents, recorded in a box with a made-up model server, and still good."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cassette.capability.api import Capabilities
from cassette.capability.evidence import Evidence
from cassette.capability.facts import OnScreen
from cassette.capability.matrix import Matrix, matrix
from cassette.capability.names import CAPABILITIES
from cassette.capability.showing import explain
from cassette.capability.table import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
HARNESSES = ("aider", "codex", "gemini", "opencode", "pi")


def at(moment: datetime) -> Matrix:
    return matrix([ROOT / "cassettes"], now=moment)


@pytest.fixture(scope="module")
def recorded() -> datetime:
    """The moment at which the last of it was recorded."""
    evidence = everything(at(datetime.now(UTC)))
    return max(item.freshness.captured_at for item in evidence if item.freshness.captured_at)


@pytest.fixture(scope="module")
def found(recorded: datetime) -> Matrix:
    return at(recorded)


def everything(found: Matrix) -> list[Evidence]:
    cells = [cell for row in found.rows for cell in row.cells.values()]
    return [item for cell in cells for item in (cell.counts, *cell.others) if item is not None]


def test_five_agents_of_the_lab(found: Matrix) -> None:
    assert [(row.harness, row.account) for row in found.rows] == [
        (name, "loopback-lab") for name in HARNESSES
    ]
    assert found.problems == ()


def test_all_of_it_is_whole_and_stands_where_it_says(found: Matrix) -> None:
    evidence = everything(found)
    assert {item.state for item in evidence} == {"complete"}
    assert [fact.why for item in evidence for fact in item.facts if not fact.holds] == []
    assert {item.status for item in evidence} <= {"pass", "gap", "n/a"}


@pytest.mark.parametrize("harness", HARNESSES)
def test_each_fact_opens_on_its_screen(found: Matrix, harness: str) -> None:
    rows = [row for row in found.rows if row.harness == harness]
    for name in CAPABILITIES:
        cell = rows[0].cells[name]
        facts = cell.counts.facts if cell.counts else ()
        shown = [line for line in explain(rows, name) if line.kind == "mark"]
        on_screens = {
            row for fact in facts if isinstance(fact.fact.place, OnScreen) for row in fact.fact.place.rows
        }
        marked = {int(number[1]) for line in shown if (number := re.match(r"  > +(\d+) \|", line.text))}
        assert on_screens <= marked, name
        assert cell.status != "pass" or shown or any("final" in str(fact.fact.place) for fact in facts), name


def test_a_year_later_it_is_stale_and_does_what_it_says(recorded: datetime) -> None:
    found = at(recorded + timedelta(days=366))
    evidence = everything(found)
    assert {item.status for item in evidence} <= {"stale", "gap", "n/a"}
    assert all(item.freshness.usable == (item.freshness.behavior != "refuse") for item in evidence)


@pytest.mark.filterwarnings("ignore::cassette.capability.api.StaleEvidence")
def test_what_ci_may_ask_on_any_day(found: Matrix) -> None:
    tapes = Capabilities(at(datetime.now(UTC)))
    for name in HARNESSES:
        assert tapes[name].supports("run", "list_models"), tapes[name].supports("run", "list_models")
    for line in re.findall(r"^    \$ cassette capabilities --require '([^']+)'", README, re.M):
        answer = tapes.require(line)
        assert answer, answer


def test_the_readme_shows_this_matrix(found: Matrix) -> None:
    shown = re.search(r"^    \$ cassette capabilities\n((?:    .*\n)+)", README, re.M)
    assert shown is not None
    lines = ["".join(text for text, _ in pieces) for pieces in table(found)]
    assert [line[4:] for line in shown[1].splitlines()] == lines
