"""The fixture `pty_capabilities`: answers in tests, stale evidence by configuration, harnesses as parameters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from capability_tapes import models_probe
from plugin_helpers import Project

TEST = """
def test_it(pty_capabilities):
    assert pty_capabilities["codex"].supports(model="gpt-6.1-sol", reasoning="high")
"""


def ago(**past: float) -> str:
    return (datetime.now(UTC) - timedelta(**past)).isoformat()


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with fresh evidence of codex and gemini, and stale evidence of pi."""
    root = project.path / "cassettes"
    models_probe(root / "codex" / "models", captured_at=ago(hours=1))
    models_probe(root / "gemini" / "models", "gemini", None, captured_at=ago(hours=1))
    for behavior in ("refuse", "warn", "use"):
        models_probe(root / behavior, behavior, None, captured_at=ago(days=3), staleness_behavior=behavior)
    return project


def test_what_holds_passes(recorded: Project) -> None:
    recorded.test(TEST)
    recorded.run().assert_outcomes(passed=1)


def test_what_does_not_says_why(recorded: Project) -> None:
    recorded.test(TEST.replace("gpt-6.1-sol", "gpt-9"))
    output = recorded.fails()
    assert (
        "<no: codex@loopback-lab: model=gpt-9 is not seen; seen: gpt-6.1-sol, gpt-6.1-mini, gpt-5.2-codex"
        in output
    )
    assert "did you mean 'gpt-6.1-sol'?" in output


def test_the_reason_is_there_without_rewritten_asserts(recorded: Project) -> None:
    recorded.test(
        TEST.replace("gpt-6.1-sol", "gpt-9").replace("assert ", "answer = ")
        + "    raise ValueError(answer)\n"
    )
    assert "ValueError: <no: codex@loopback-lab: model=gpt-9 is not seen" in recorded.fails("--assert=plain")


def test_a_harness_that_is_not_there(recorded: Project) -> None:
    recorded.test(TEST.replace("codex", "codx"))
    output = recorded.fails()
    assert (
        "speaks of codx (did you mean 'codex'?); there is evidence of codex@loopback-lab, gemini, " in output
    )
    assert "Record it with cassette discover codx" in output
    assert "api.py" not in output, "the traceback ends at the test's own line"


def test_no_cassettes_at_all(project: Project) -> None:
    project.test(TEST)
    output = project.fails()
    assert f"no cassette in {project.path / 'cassettes'} speaks of codex; there is evidence of none" in output


@pytest.mark.parametrize(
    ("on_stale", "refuse", "warn", "use"),
    [
        ("", "failed", "passed", "passed"),
        ("evidence", "failed", "passed", "passed"),
        ("fail", "failed", "failed", "failed"),
        ("skip", "skipped", "skipped", "skipped"),
        ("use", "passed", "passed", "passed"),
    ],
)
def test_on_stale(recorded: Project, on_stale: str, refuse: str, warn: str, use: str) -> None:
    for behavior, outcome in (("refuse", refuse), ("warn", warn), ("use", use)):
        recorded.test(TEST.replace("codex", behavior), ini=f"pty_on_stale = {on_stale}")
        result = recorded.run("-rs")
        warnings = int(behavior == "warn" and on_stale in ("", "evidence"))
        result.assert_outcomes(**{outcome: 1}, warnings=warnings)
        text = result.stdout.str()
        if outcome != "passed":
            assert f"{behavior}: list_models is stale, it was fresh until" in text
        if warnings:
            assert "StaleEvidence: warn: list_models is stale" in text


def test_only_staleness_is_skipped(recorded: Project) -> None:
    recorded.test(TEST.replace("codex", "refuse").replace("gpt-6.1-sol", "gpt-9"), ini="pty_on_stale = skip")
    recorded.run().assert_outcomes(failed=1)


def test_a_setting_that_is_none(recorded: Project) -> None:
    recorded.test(TEST, ini="pty_on_stale = ignore")
    assert "pty_on_stale is 'ignore': use one of evidence, fail, skip, use" in recorded.fails()


def test_other_directories(recorded: Project) -> None:
    (recorded.path / "cassettes").rename(recorded.path / "evidence")
    recorded.test(TEST, ini="pty_capability_dirs = evidence/codex evidence/gemini")
    recorded.passes()
    recorded.test(TEST, ini="pty_capability_dirs = evidence/gemini")
    assert "speaks of codex" in recorded.fails()
    recorded.test(TEST, ini="pty_capability_dirs = nowhere")
    assert f"there is no directory {recorded.path / 'nowhere'}" in recorded.fails()


def test_directories_are_meant_from_the_root_on(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded.test(TEST, ini="testpaths = .")
    (recorded.path / "below").mkdir()
    monkeypatch.chdir(recorded.path / "below")
    recorded.passes("--rootdir", str(recorded.path), str(recorded.path / "test_it.py"))


PARAMETERS = """
from pathlib import Path

import cassette
import pytest

RECORDED = cassette.capabilities(Path(__file__).parent / "cassettes")

@pytest.mark.parametrize("harness", RECORDED.harnesses())
def test_lists_models(harness, pty_capabilities):
    answer = pty_capabilities[harness].supports("list_models")
    if harness in ("codex", "gemini", "use"):
        assert answer
"""


def test_harnesses_are_parameters(recorded: Project) -> None:
    recorded.test(PARAMETERS)
    output = recorded.passes("-v", "-W", "ignore")
    for harness in ("codex", "gemini", "refuse", "use", "warn"):
        assert f"test_lists_models[{harness}] PASSED" in output


def test_it_is_read_once_in_a_run(recorded: Project) -> None:
    recorded.test(
        "seen = []\n"
        "def test_one(pty_capabilities): seen.append(pty_capabilities)\n"
        "def test_two(pty_capabilities): assert seen == [pty_capabilities]\n"
    )
    recorded.passes()


def test_a_run_that_does_not_use_it_imports_nothing_of_it(project: Project) -> None:
    project.test("import sys\n\ndef test_it():\n    assert 'cassette.capability' not in sys.modules\n")
    project.run(alone=True).assert_outcomes(passed=1)


def test_with_workers(recorded: Project) -> None:
    recorded.test(TEST + TEST.replace("test_it", "test_too"))
    result = recorded.run("-n", "2", alone=True, plugins="xdist")
    result.assert_outcomes(passed=2)
