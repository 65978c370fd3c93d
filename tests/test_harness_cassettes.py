"""The recordings of real agents in cassettes/: whole, scrubbed, small; their facts are read again, and replayed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cassette
from cassette.errors import FactsRefused, StepsFailed
from cassette.harness.adapter import Adapter, Probe
from cassette.harness.discovering import Request
from cassette.harness.documents import differences
from cassette.harness.extracting import Refusal, extract
from cassette.harness.recorded import recorded_of
from cassette.harness.registry import all_adapters
from cassette.harness.replaying import replay
from cassette.harness.walking import walk
from cassette.model import Output
from cassette.reading.reader import Cassette
from cassette.reading.verify import verify
from cassette.recording.rederive import rederive

ROOT = Path(__file__).parent.parent
TAPES = sorted(path.parent for path in (ROOT / "cassettes").glob("*/*/manifest.json"))
HARNESSES = ("aider", "codex", "gemini", "opencode", "pi")
ADAPTERS = {name: all_adapters(ROOT).get(name) for name in (*HARNESSES, "qwen", "claude", "cline", "generic")}
each_tape = pytest.mark.parametrize("path", TAPES, ids=lambda path: f"{path.parent.name}-{path.name}")


def of(path: Path) -> tuple[Adapter, Probe]:
    adapter = ADAPTERS[path.parent.name]
    probe = adapter.probe(path.name)
    assert probe is not None, f"the adapter has no probe {path.name}"
    return adapter, probe


def test_each_probe_of_each_harness_has_its_recording() -> None:
    wanted = {(name, probe.name) for name in HARNESSES for probe in ADAPTERS[name].probes}
    assert {(path.parent.name, path.name) for path in TAPES} == wanted
    assert all("conversation" in {name for harness, name in wanted if harness == each} for each in HARNESSES)


def test_the_recorded_programs_may_be_shown_and_are_named() -> None:
    readme = (ROOT / "cassettes" / "README.md").read_text("utf-8")
    for name in HARNESSES:
        adapter = ADAPTERS[name]
        assert adapter.commit
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{name}` |"))
        assert adapter.licence in ("MIT", "Apache-2.0")
        assert adapter.licence in row
        assert all(f"`{probe.name}`" in row for probe in adapter.probes)
    assert not ADAPTERS["claude"].commit


@each_tape
def test_it_is_whole_scrubbed_and_of_the_lab(path: Path) -> None:
    adapter, _ = of(path)
    assert verify(path, frames=True).state == "complete"
    assert not rederive(path, dry_run=True).changed
    with cassette.open(path) as tape:
        harness = tape.manifest.harness
        assert (harness.name, harness.account_class) == (adapter.name, "loopback-lab")
        assert harness.binary_version
        assert adapter.version is not None
        assert harness.binary_version in adapter.version.known
        assert tape.manifest.command.argv[0] == adapter.binary[0]
        assert tape.scrub_report is not None
        assert tape.scrub_report.status == "clean"
        assert harness.binary_version in (ROOT / "cassettes" / "README.md").read_text("utf-8")


def test_they_are_small_and_show_no_machine() -> None:
    for harness in HARNESSES:
        sizes = [
            sum(file.stat().st_size for file in path.iterdir())
            for path in TAPES
            if path.parent.name == harness
        ]
        assert max(sizes) < 300 * 1024
        assert sum(sizes) < 600 * 1024
    for path in TAPES:
        for file in path.iterdir():
            data = file.read_bytes()
            assert not re.search(rb"sk-test-0000|/root\b|/tmp/|/home/(?!vcr\b|use\b)", data), file
            assert str(ROOT).encode() not in data, file


@each_tape
def test_what_is_written_is_what_can_be_read(path: Path) -> None:
    adapter, probe = of(path)
    with cassette.open(path) as tape:
        assert differences(adapter, probe, tape) == []


@each_tape
def test_each_fact_stands_where_it_says(path: Path) -> None:
    """Without the extractors: the cited bytes, rows or record have the value."""
    with cassette.open(path) as tape:
        facts = [
            fact
            for document in (tape.discovery, tape.quota)
            if document
            for fact in document.metadata["facts"]
        ]
        assert facts
        raw = (path / "output.raw").read_bytes()
        services = [event.payload for event in tape.service_events()]
        for fact in facts:
            cited = at_place(fact["evidence"], tape, raw, services)
            values = fact["value"].values() if isinstance(fact["value"], dict) else [fact["value"]]
            for value in values:
                assert squeezed(str(value)) in squeezed(cited), (fact, cited)


def at_place(evidence: dict[str, Any], tape: Cassette, raw: bytes, services: list[Any]) -> str:
    if evidence["kind"] == "output":
        return raw[evidence["offset"] :][: evidence["length"]].decode()
    if evidence["kind"] == "service":
        return json.dumps(services[evidence["index"]])
    assert evidence["kind"] == "screen"
    ends = [event for event in tape.events() if isinstance(event, Output) and event.seq]
    seen, seq = 0, 0
    for event in ends:
        seen, seq = seen + len(event.data), event.seq
        if seen == evidence["raw_end"]:
            break
    assert seen == evidence["raw_end"], "the cited byte ends a chunk"
    rows = tape.screen_at(seq=seq, exact=True).text
    return "\n".join(rows[row] for row in evidence["rows"])


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@each_tape
def test_it_can_be_walked_as_a_session(path: Path) -> None:
    adapter, probe = of(path)
    with cassette.open(path) as tape:
        walk(adapter, probe, tape)


def test_a_walk_with_other_keys_fails() -> None:
    path = ROOT / "cassettes" / "codex" / "pickers"
    adapter, probe = of(path)
    steps = tuple(
        replace(step, given={"keys": "up"})
        if step.verb == "press" and step.given["keys"] == "escape"
        else step
        for step in probe.steps
    )
    with cassette.open(path) as tape, pytest.raises(StepsFailed, match="no_match"):
        walk(adapter, replace(probe, steps=steps), tape)


@pytest.mark.parametrize(
    ("harness", "probe"),
    [("codex", "catalogue"), ("opencode", "models"), ("pi", "help"), ("gemini", "models"), ("codex", "pickers"),
     ("aider", "conversation")],
)  # fmt: skip
def test_a_shim_of_it_gives_the_same_facts(
    harness: str, probe: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """The very code that read the real program reads the shim; `replay` compares the facts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    source = ROOT / "cassettes" / harness
    outcomes = list(replay(ADAPTERS[harness], Request((probe,), tmp_path / "out"), source))
    assert [(each.probe, each.status, each.error) for each in outcomes] == [(probe, "recorded", None)]
    assert verify(tmp_path / "out" / probe).state == "complete"


CHANGED = [  # harness, probe, what stood there, what stands there now, the fact, and what the refusal shows
    (
        "codex",
        "pickers",
        b"Select Model and Effort",
        b"Choose your next model.",
        "model_choice",
        "your next model.",
    ),
    (
        "codex",
        "pickers",
        b"Select Reasoning Level",
        b"What Reasoning Effort ",
        "reasoning_choice",
        "What Reasoning",
    ),
    ("codex", "catalogue", b'"hidden":false', b'"masked":false', "model", '"codexHome"'),
    ("codex", "conversation", b"interrupted", b"was stopped", "cancel", "Conversation was stopped"),
    ("gemini", "models", b"231m2.", b"231m9.", "model", "9. gemini-3-flash-preview"),
    ("gemini", "help", b"--approval-mode", b"--consent-style", "permission_mode", "Usage: gemini"),
    ("opencode", "models", b'"id": ', b'"me": ', "model", '"me": "fake-model-1"'),
    ("opencode", "conversation", b"interrupted", b"stopped now", "cancel", "· stopped now"),
    ("pi", "models", b"provider", b"supplier", "model", "supplier  model"),
    ("pi", "pickers", b"Model Name:", b"It is named", "model_choice", "It is named Fake model 1"),
    ("aider", "models", b"Models which match", b"Some known models:", "model", "Some known models:"),
    ("aider", "conversation", b"received", b"answered", "token_usage", "17 answered"),
]


@pytest.mark.parametrize(("harness", "probe", "old", "new", "fact", "shown"), CHANGED)
def test_a_harness_that_changed_its_screens_is_refused(
    harness: str, probe: str, old: bytes, new: bytes, fact: str, shown: str
) -> None:
    """What was expected is said and what is there is shown; nothing is read of it."""
    path = ROOT / "cassettes" / harness / probe
    _, of_probe = of(path)
    assert len(old) == len(new)
    refusals, found = edited(path, of_probe, old, new)
    refusal = refusals[fact]
    assert refusal.expected
    assert refusal.found
    assert shown in refusal.screen
    assert fact not in found


def edited(path: Path, probe: Probe, old: bytes, new: bytes) -> tuple[dict[str, Refusal], set[str]]:
    """What is refused and what is found in a recording with other bytes."""
    with cassette.open(path) as tape:
        changed = [
            replace(event, data=event.data.replace(old, new)) if isinstance(event, Output) else event
            for event in tape.events()
        ]
        assert changed != list(tape.events()), f"{old!r} is not in one chunk"
        emulator = tape.manifest.terminal.emulator.name
        argv = tuple(tape.manifest.command.argv)
        recorded = recorded_of(changed, size=tape.size, emulator=emulator, argv=argv)
    seen = extract(probe, recorded, "loopback-lab")
    return {refusal.name: refusal for refusal in seen.refusals}, {each.name for each in seen.found}


def test_a_changed_cassette_is_refused_as_a_whole(tmp_path: Path) -> None:
    """The facts of a cassette are all or none: one that cannot be read is an error that shows the screen."""
    path = ROOT / "cassettes" / "codex" / "pickers"
    adapter, probe = of(path)
    wanted = replace(probe.facts[0], row=re.compile(r"^(?P<value>never)$"), numbered=False)
    with cassette.open(path) as tape, pytest.raises(FactsRefused) as refused:
        differences(adapter, replace(probe, facts=(wanted,)), tape)
    assert "Select Model and Effort" in str(refused.value)
    assert "never" in str(refused.value)
