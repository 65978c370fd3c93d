"""`pty_max_age` and `pty_on_expiry`: cassettes that have become too old."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from build_cassette import Tape
from plugin_helpers import HELLO, PROGRAM, Project, message

Golden = Callable[[str, str], None]
PLACE = "cassettes/test_it/test_hello"


@pytest.fixture
def old(project: Project) -> Project:
    """A project whose cassette is of the year 2020."""
    tape = Tape(
        command={"argv": PROGRAM, "workdir_policy": "inherit"},
        terminal={"initial_rows": 24, "initial_cols": 80, "emulator": {"name": "pyte", "version": "test"}},
        provenance={
            "os": "linux",
            "arch": "x86_64",
            "recorded_at": "2020-01-02T03:04:05Z",
            "recorder_version": "test",
        },
    )
    tape.output(10, b"name? ").input(20, b"Ada", source="script").input(
        30, b"\r", key="enter", source="script"
    )
    tape.output(40, b"Ada\r\nHello, Ada\r\n").final(50, 0)
    (project.path / PLACE).parent.mkdir(parents=True)
    tape.write(project.path / PLACE)
    project.test()
    return project


def test_no_limit(old: Project) -> None:
    old.passes()


def test_fail_says_how_old_it_is(old: Project, golden: Golden) -> None:
    old.test(ini="pty_max_age = 90d")
    output = message(old.fails(), "expired:", "test_it.py:")
    days = output.partition(" days old")[0].rpartition(" ")[2]
    golden("plugin/expired.txt", output.replace(f"{days} days old", "N days old"))


@pytest.mark.parametrize(("how", "warnings"), [("warn", 1), ("ignore", 0)])
def test_warn_and_ignore(old: Project, how: str, warnings: int) -> None:
    old.test(ini=f"pty_max_age = 90d\npty_on_expiry = {how}")
    old.run().assert_outcomes(passed=1, warnings=warnings)


def test_young_enough(old: Project) -> None:
    old.test(ini="pty_max_age = 5000w")
    old.passes()


def test_recording_again_makes_it_young(old: Project) -> None:
    old.test(ini="pty_max_age = 90d")
    assert "expired" in old.fails("--pty-record=once")
    old.passes("--pty-record=rewrite")
    old.passes()


def test_config_over_ini(old: Project) -> None:
    text = f"import pytest\n\n@pytest.fixture\ndef pty_config():\n    return {{'max_age': '5000w'}}\n{HELLO}"
    old.test(text, ini="pty_max_age = 1d")
    old.passes()


def test_a_moment_that_nobody_can_read_is_no_age(old: Project) -> None:
    manifest = old.path / PLACE / "manifest.json"
    document = json.loads(manifest.read_text("utf-8"))
    document["provenance"]["recorded_at"] = "long ago"
    manifest.write_text(json.dumps(document), "utf-8")
    (old.path / PLACE / "seal.json").unlink(missing_ok=True)
    old.test(ini="pty_max_age = 1d")
    old.passes()
