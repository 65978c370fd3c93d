"""The README's first test works when it is pasted; what docs/pytest.md lists is what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from plugin_helpers import Project

from cassette import pytest_plugin
from cassette.testing.plugin_settings import CONFIG_KEYWORDS
from cassette.testing.recording_modes import MODES

ROOT = Path(__file__).parent.parent
DOCS = (ROOT / "docs" / "pytest.md").read_text("utf-8")
_TEST = re.compile(
    r"```python\n(?:# test_greeting.py\n)?(from cassette import expect\n.*?)```\n\n((?:    pytest [^\n]*\n)+)",
    re.S,
)


def pasted(text: str) -> tuple[str, list[list[str]]]:
    """The test of a document, and the commands below it."""
    found = _TEST.search(text)
    assert found is not None
    return found[1], [shlex.split(line, comments=True)[1:] for line in found[2].splitlines()]


def test_the_readmes_first_test(project: Project) -> None:
    test, commands = pasted((ROOT / "README.md").read_text("utf-8"))
    assert len([line for line in test.splitlines() if line]) <= 10
    project.test(test, "test_greeting")
    recorded, replayed = [project.passes(*command) for command in commands]
    assert "1 recorded" in recorded
    assert "1 played" in replayed


def test_the_first_test_of_the_documentation(project: Project) -> None:
    test, commands = pasted(DOCS)
    project.test(test, "test_greeting")
    assert "Record it: pytest test_greeting.py::test_greeting --pty-record=once" in project.fails(
        *commands[0]
    )
    assert "1 recorded" in project.passes(*commands[1])
    assert "1 played" in project.passes(*commands[2])


def test_the_documentation_lists_everything() -> None:
    for name in (*pytest_plugin._INI, *CONFIG_KEYWORDS, *MODES):
        assert f"`{name}`" in DOCS, name
    for option in ("--pty-record", "--pty-disable", "--pty-update-screens", "--pty-orphans", "--pty-trace"):
        assert f"`{option}" in DOCS
