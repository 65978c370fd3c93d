"""From a live discovery to an answer, and no further: what `discover` wrote of the fake agent is what stands there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from capability_tapes import edit
from cli_harness import run
from harness_helpers import ADAPTER, machine

import cassette
from cassette.capability.api import Capabilities
from cassette.capability.names import CAPABILITIES
from cassette.harness.adapter import CAPABILITIES as CAPABILITIES_OF_ADAPTERS


@pytest.fixture(scope="module")
def discovered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cassettes of every probe of the fake agent."""
    with pytest.MonkeyPatch.context() as patch:
        here: Path = machine(tmp_path_factory.mktemp("machine"), patch)
        result = run("discover", "fakeagent", "--adapter", ADAPTER)
        assert result.code == 0, result
    return here / "cassettes"


@pytest.fixture
def tapes(discovered: Path) -> Capabilities:
    return cassette.capabilities(discovered)


def test_both_sides_have_the_same_capabilities() -> None:
    assert tuple(CAPABILITIES) == CAPABILITIES_OF_ADAPTERS


def test_every_fact_stands_where_the_probe_says(tapes: Capabilities) -> None:
    (row,) = tapes.matrix.rows
    cells = {name: cell for name, cell in row.cells.items() if cell.counts and cell.counts.facts}
    wrong = [fact.why for cell in cells.values() for fact in cell.counts.facts if not fact.holds]  # type: ignore[union-attr]
    assert wrong == []
    assert {name: cell.status for name, cell in cells.items()} == dict.fromkeys(cells, "pass")
    assert {"list_models", "list_reasoning", "final_text", "quota_status", "token_usage"} <= set(cells)


def test_answers_are_those_of_the_probe(discovered: Path, tapes: Capabilities) -> None:
    said = json.loads((discovered / "fakeagent" / "models" / "discovery.json").read_text())
    agent = tapes["fakeagent"]
    assert agent.models == said["models"]
    for model in said["models"]:
        assert agent.supports(model=model), agent.supports(model=model)
    levels = [fact for fact in said["metadata"]["facts"] if fact["name"] == "reasoning"]
    for level in levels:
        answer = agent.supports(model=level["of"], reasoning=level["value"])
        assert answer, answer
    assert not agent.supports(model="no-such-model")


def test_whatever_is_edited_proves_nothing(discovered: Path, tmp_path: Path) -> None:
    """Each fact in turn is given another value, with a fresh seal: its capability is blocked."""
    source = discovered / "fakeagent" / "models"
    said = json.loads((source / "discovery.json").read_text())
    cited = {n for entry in said["metadata"]["capabilities"].values() for n in entry["facts"]}
    assert cited
    for number in sorted(cited):
        path = Path(shutil.copytree(source, tmp_path / str(number) / "models"))

        def forge(found: dict[str, Any], number: int = number) -> None:
            found["models"], found["reasoning_levels"] = [], []
            found["metadata"]["facts"][number]["value"] = "forged-0"

        edit(path, "discovery.json", forge, seal=True)
        (row,) = cassette.capabilities(path).matrix.rows
        blocked = [name for name, cell in row.cells.items() if cell.status == "blocked"]
        entries = said["metadata"]["capabilities"].items()
        assert blocked == [
            name for name in CAPABILITIES if number in dict(entries).get(name, {"facts": []})["facts"]
        ]
        assert blocked
        assert (
            "does not stand in" in row.cells[blocked[0]].why
            or "is not how it ended" in row.cells[blocked[0]].why
        )
