"""The example project replays with none of its programs at hand, and its cassettes say nothing of a machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_helpers import Project
from recut import recut

EXAMPLE = Path(__file__).parent.parent / "examples" / "project"


def test_the_example_project_replays_without_its_programs(project: Project) -> None:
    shutil.copytree(EXAMPLE / "tests", project.path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    project.env.setenv("PATH", "")
    assert "5 played" in project.passes("--pty-orphans=fail", "--rootdir=.")


WATCHED = """
import sys

FORBIDDEN = ("subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.system", "pty.", "socket.connect")
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith(FORBIDDEN) else None)

def pytest_sessionfinish():
    print("seen:", seen)
"""


def test_nothing_but_the_cassettes_is_needed(tmp_path: Path) -> None:
    """No variable at all, so no PATH and no HOME; nothing is started, and nobody is called."""
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "conftest.py").write_text(WATCHED, "utf-8")
    command = [sys.executable, "-B", "-m", "pytest", "-s", "-p", "cassette.pytest_plugin", "--rootdir=."]
    ran = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 played" in ran.stdout
    assert "seen: []" in ran.stdout


@pytest.mark.parametrize("seed", range(3))
def test_output_cut_anew_changes_nothing(project: Project, seed: int) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "cassettes")
    shutil.copytree(EXAMPLE / "tests", project.path / "tests", ignore=ignored)
    for found in (EXAMPLE / "tests").rglob("manifest.json"):
        recut(found.parent, project.path / found.parent.relative_to(EXAMPLE), seed)
    assert "5 played" in project.passes("--rootdir=.")


def test_nothing_of_a_machine_is_in_its_cassettes() -> None:
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and "cassettes" in path.parts:
            data = path.read_bytes()
            for word in (b"/tmp/", b"/home/", b"/root", b"/Users/", b"HOSTNAME", b"USER="):
                assert word not in data, f"{path} has {word!r}"
