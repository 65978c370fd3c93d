"""The example project replays with none of its programs at hand, and its cassettes say nothing of a machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from plugin_helpers import Project

EXAMPLE = Path(__file__).parent.parent / "examples" / "project"


def test_the_example_project_replays_without_its_programs(project: Project) -> None:
    shutil.copytree(EXAMPLE / "tests", project.path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    project.env.setenv("PATH", "")
    assert "5 played" in project.passes("--pty-orphans=fail", "--rootdir=.")


def test_nothing_of_a_machine_is_in_its_cassettes() -> None:
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and "cassettes" in path.parts:
            data = path.read_bytes()
            for word in (b"/tmp/", b"/home/", b"/root", b"/Users/", b"HOSTNAME", b"USER="):
                assert word not in data, f"{path} has {word!r}"
