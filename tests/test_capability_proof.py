"""A fact proves something only where it stands: on the screen drawn again, in the bytes, in an event, at the end."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from capability_tapes import EFFORTS, MODELS, NOW, Probe, edit, models_probe, state
from hypothesis import given, settings
from hypothesis import strategies as st

import cassette
from cassette.capability.evidence import Evidence, read_evidence
from cassette.capability.proof import screens_at, stands

AT = datetime.fromisoformat(NOW)


def evidence(path: Path, capability: str = "list_models") -> Evidence:
    found, _ = read_evidence(path, AT)
    (one,) = [item for item in found if item.capability == capability]
    return one


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ("gpt-5", ["› 1. gpt-5 (current)"]),
        ("gpt-5", ["use gpt-5."]),
        ("gpt-5", ["openai/gpt-5"]),
        ("high", ["  3. High   thinks longer"]),
        ("two words", ["  two   words "]),
        ("two words", ["two", "words"]),
        ("a-long-name", ["a-long", "-name"]),
        ("0.169.0", ["OpenAI Codex (v0.169.0)"]),
        (93, ["93% used"]),
        (93.0, ['"used_percent": 93.0']),
        (93, ["93.0"]),
        (12.5, ["12.5 %"]),
        (1234, ["1,234 tokens"]),
        (True, ["fast: true"]),
        ({"name": "5h", "used_percent": 93}, ["5h limit 93% used"]),
        (["low", "high"], ["low, medium, high"]),
        ("你好", ["say 你好 twice"]),
    ],
)
def test_what_stands_there(value: Any, rows: list[str]) -> None:
    assert stands(value, rows)


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ("gpt-5", ["gpt-5.2"]),
        ("gpt-5", ["gpt-5-codex"]),
        ("gpt-5", ["my-gpt-5"]),
        ("high", ["xhigh", "higher"]),
        ("llama3", ["llama3:8b"]),
        (9, ["93% used"]),
        (93, ["193", "93.5", "v93"]),
        (True, ["false"]),
        ({"name": "5h", "used_percent": 12}, ["5h limit 93% used"]),
        ({}, ["anything"]),
        ([], ["anything"]),
        ("", ["anything"]),
        (None, ["None", "null"]),
        ("here", []),
    ],
)
def test_what_does_not_stand_there(value: Any, rows: list[str]) -> None:
    assert not stands(value, rows)


NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}([-.][a-z0-9]{1,6}){0,3}", fullmatch=True)


@given(NAME, NAME, st.sampled_from(["", "-", ".", "x"]))
def test_a_name_stands_where_it_is_written_and_not_in_a_longer_one(name: str, other: str, glue: str) -> None:
    assert stands(name, [f"  1. {name}  about it"])
    assert stands(name, [f"{other} {name}"])
    longer = f"{name}{glue}{other}"
    assert stands(longer, [f"› {longer}"])
    assert not stands(name, [f"› {longer}"])


@settings(max_examples=40)
@given(
    st.lists(st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=20), min_size=1, max_size=5),
    st.data(),
)
def test_screens_are_those_of_the_bytes_however_they_came(parts: list[str], data: Any) -> None:
    """Drawn again at any byte, a screen is that of the bytes up to there; the cut into reads does not matter."""
    import shutil
    import tempfile

    from terminal.emulator import make_emulator

    root = Path(tempfile.mkdtemp())
    try:
        probe = Probe(root / "tape", columns=20, rows=4)
        for part in parts:
            if part:
                probe.output(part + "\r\n")
        path = probe.finish()
        with cassette.open(path) as tape:
            end = data.draw(st.integers(0, len(tape.raw)))
            shown = screens_at(tape, [end, len(tape.raw) + 1])
            emulator = make_emulator(columns=20, rows=4)
            emulator.feed(tape.output_bytes(0, end))
            assert list(shown) == [end]
            assert shown[end].screen == emulator.snapshot()
    finally:
        shutil.rmtree(root)


def test_menus_prove_what_they_list(tmp_path: Path) -> None:
    found = evidence(models_probe(tmp_path / "models"))
    assert (found.status, found.why, found.state) == ("pass", "", "complete")
    assert [checked.fact.value for checked in found.facts] == list(MODELS)
    assert [checked.t_ms for checked in found.facts] == [2000] * 3
    levels = evidence(tmp_path / "models", "list_reasoning")
    assert [(checked.fact.of, checked.fact.value) for checked in levels.facts] == [
        (MODELS[0], effort) for effort in EFFORTS
    ]


def change(document: dict[str, Any], path: str, value: Any) -> None:
    """Set `a.0.b` in a document."""
    *inner, last = path.split(".")
    for part in inner:
        document = document[int(part) if isinstance(document, list) else part]
    document[int(last) if isinstance(document, list) else last] = value


FIRST = "metadata.facts.0"


@pytest.mark.parametrize(
    ("where", "value", "why"),
    [
        (f"{FIRST}.value", "gpt-9", "model 'gpt-9' does not stand in row 2 after byte"),
        (f"{FIRST}.value", "gpt-6.1", "model 'gpt-6.1' does not stand in row 2"),
        (f"{FIRST}.evidence.rows", [3], "model 'gpt-6.1-sol' does not stand in row 3"),
        (f"{FIRST}.evidence.rows", [12], "there is no row 12 on a screen of 12 rows"),
        (f"{FIRST}.evidence.raw_end", 5, "does not stand in row 2 after byte 5 of output.raw: ''"),
        (f"{FIRST}.evidence.raw_end", 10**9, "the output has no byte 1000000000"),
        (f"{FIRST}.evidence.raw_end", -1, "does not say where it stands"),
        (f"{FIRST}.evidence.raw_end", True, "does not say where it stands"),
        (f"{FIRST}.evidence.rows", [], "does not say where it stands"),
        (f"{FIRST}.evidence", {"kind": "output", "offset": 0, "length": 0}, "does not say where it stands"),
        (f"{FIRST}.evidence", {"kind": "output", "offset": 0, "length": 10}, "does not stand in bytes 0 to 10"),
        (f"{FIRST}.evidence", {"kind": "output", "offset": 0, "length": 10**7}, "the output has no bytes 0 to"),
        (f"{FIRST}.evidence", {"kind": "service", "index": 0}, "there is no line 1 of service-events.jsonl"),
        (f"{FIRST}.evidence", {"kind": "final"}, "is not how it ended: 0"),
        (f"{FIRST}.evidence", None, "does not say where it stands"),
        (FIRST, "gpt-6.1-sol", "fact 0 cannot be read"),
        ("metadata.capabilities.list_models.facts", [], "it cites no fact"),
        ("metadata.capabilities.list_models.facts", [99], "it cites fact 99, which is not there"),
        ("metadata.capabilities.list_models.facts", [-1], "it cites fact -1, which is not there"),
        ("metadata.capabilities.list_models.facts", [True], "it cites fact True, which is not there"),
        ("metadata.capabilities.list_models.facts", "all", "what it cites is no list"),
        ("metadata.capabilities.list_models", "pass", "what is said of it is no table"),
        ("metadata.capabilities.list_models.status", "yes", "its status is 'yes'"),
        ("metadata.facts", {}, "its facts are no list"),
        ("models", ["gpt-9"], "it lists 'gpt-9', which none of its facts shows"),
        ("captured_at", "2027-01-01T00:00:00Z", "nobody can tell how old it is: it is dated 2027"),
        ("freshness_window", "for ever", "nobody can tell how old it is: its freshness_window is 'for ever'"),
    ],
)  # fmt: skip
def test_an_edited_document_proves_nothing_even_with_a_seal_of_its_own(
    tmp_path: Path, where: str, value: Any, why: str
) -> None:
    path = models_probe(tmp_path / "models")
    if where != "models":
        edit(path, "discovery.json", lambda document: change(document, "models", []))
    edit(path, "discovery.json", lambda document: change(document, where, value), seal=True)
    assert state(path) == "complete"
    found = evidence(path)
    assert found.status == "blocked"
    assert why in found.why


def test_an_edited_document_under_the_old_seal_is_damage(tmp_path: Path) -> None:
    path = edit(
        models_probe(tmp_path / "models"),
        "discovery.json",
        lambda found: change(found, f"{FIRST}.value", "x"),
    )
    found, problem = read_evidence(path, AT)
    assert problem is not None
    assert (problem.harness, problem.cassette) == ("codex", path)
    assert problem.why.startswith("damaged: discovery.json: it has ")
    assert {(item.capability, item.status, item.state) for item in found} == {
        ("list_models", "blocked", "damaged"),
        ("list_reasoning", "blocked", "damaged"),
    }


@pytest.mark.parametrize(
    "name", ["manifest.json", "discovery.json", "output.raw", "frames.jsonl", "seal.json"]
)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff" * 40, b"[]"])
def test_no_damage_is_an_exception(tmp_path: Path, name: str, content: bytes) -> None:
    path = models_probe(tmp_path / "models")
    (path / name).write_bytes(content)
    found, problem = read_evidence(path, AT)
    assert problem is not None
    assert problem.why
    assert all(item.status == "blocked" for item in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=5) | st.sampled_from(["pass", "gap"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["status", "facts", "name", "value", "evidence", "rows", "raw_end", "kind",
                                       "of", "detail", "offset", "length", "index", "list_models"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["facts", "capabilities", "probe", "account_class"]), JSON))
def test_whatever_metadata_says_is_read_or_blocked(metadata: dict[str, Any]) -> None:
    from cassette.capability.facts import of_discovery, of_quota
    from cassette.model import Discovery, Quota

    for statement in (
        of_discovery(Discovery("pty", "ok", models=("m",), metadata=metadata)),
        of_quota(Quota("pty", "ok", windows=({"name": "5h"},), metadata=metadata)),
    ):
        for word in statement.words.values():
            assert word.status in ("pass", "gap", "n/a")
            assert word.wrong or all(fact.name for fact in word.facts)


def test_a_command_proves_by_its_bytes(tmp_path: Path) -> None:
    probe = Probe(tmp_path / "cli")
    text = json.dumps({"models": [{"slug": "gpt-6.1-sol"}, {"slug": "gpt-6.1-mini"}]}, indent=1)
    at = probe.output(text.replace("\n", "\r\n"))
    for model in MODELS[:2]:
        offset = text.replace("\n", "\r\n").index(model)
        probe.fact("model", model, {"kind": "output", "offset": at + offset, "length": len(model)})
    probe.capability("list_models", 0, 1)
    found = evidence(probe.write())
    assert (found.status, found.why) == ("pass", "")
    assert [checked.t_ms for checked in found.facts] == [1000, 1000]


def test_an_event_and_the_end_prove(tmp_path: Path) -> None:
    probe = Probe(tmp_path / "turn")
    probe.output("hello")
    probe.event({"type": "other"})
    index = probe.event({"type": "evidence-file", "data": {"usage": {"primary": 12}}})
    probe.fact("token_usage", 12, {"kind": "service", "index": index})
    probe.fact("exit", 0, {"kind": "final"})
    probe.fact("token_usage", 13, {"kind": "service", "index": index})
    probe.capability("token_usage", 0)
    probe.capability("run", 1)
    probe.capability("quota_status", 2)
    path = probe.write()
    assert evidence(path, "token_usage").status == evidence(path, "run").status == "pass"
    wrong = evidence(path, "quota_status")
    assert wrong.status == "blocked"
    assert "token_usage 13 does not stand in line 2 of service-events.jsonl" in wrong.why


def test_colours_in_output_do_not_hide_a_value(tmp_path: Path) -> None:
    probe = Probe(tmp_path / "cli")
    text = "\x1b[1mgpt-\x1b[32m6.1\x1b[m-sol\r\n"
    probe.output(text)
    probe.fact("model", "gpt-6.1-sol", {"kind": "output", "offset": 0, "length": len(text)})
    probe.capability("list_models", 0)
    assert evidence(probe.write()).status == "pass"


def test_gaps_and_what_does_not_apply_promise_nothing_and_do_not_grow_old(tmp_path: Path) -> None:
    probe = Probe(tmp_path / "tape")
    probe.output("hello")
    probe.capability("quota_status", status="n/a", why="an API key has no windows")
    probe.capability("cancel", status="gap", why="the screen did not change")
    path = probe.write(captured_at="2020-01-01T00:00:00Z")
    assert [
        (evidence(path, name).status, evidence(path, name).why) for name in ("quota_status", "cancel")
    ] == [
        ("n/a", "an API key has no windows"),
        ("gap", "the screen did not change"),
    ]


def test_quota_has_its_own_date_and_its_windows_are_those_of_the_facts(tmp_path: Path) -> None:
    path = Probe(tmp_path / "quota").write_quota(
        {"5h": 93, "weekly": 12.5}, captured_at="2026-11-21T11:50:00Z"
    )
    assert evidence(path, "quota_status").status == "pass"
    edit(path, "quota.json", lambda found: change(found, "windows.0.used_percent", 1), seal=True)
    found = evidence(path, "quota_status")
    assert found.status == "blocked"
    assert "which none of its facts shows" in found.why
    late = Probe(tmp_path / "late").write_quota({"5h": 93})
    assert evidence(late, "quota_status").status == "stale"


def test_the_manifest_dates_what_a_document_does_not(tmp_path: Path) -> None:
    path = models_probe(tmp_path / "models", captured_at=None, freshness_window=None)
    assert evidence(path).why == "nobody can tell how old it is: it has no captured_at"

    def dated(manifest: dict[str, Any]) -> None:
        manifest["harness"] |= {"captured_at": "2026-11-21T00:00:00Z", "freshness_window": "1d"}

    assert evidence(edit(path, "manifest.json", dated, seal=True)).status == "pass"


def test_a_resize_before_the_menu_is_drawn_again(tmp_path: Path) -> None:
    probe = Probe(tmp_path / "models", columns=20, rows=3)
    probe.output("small")
    probe.recorder.resize(columns=60, rows=12)
    probe.menu("Select a model", MODELS)
    assert evidence(probe.write()).status == "pass"
