"""A project of a user's in a temporary directory, and pytest run on it, with no plugin but ours."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

# In-process runs forget the modules that they were the first to import; extension modules cannot bear that, and
# classes would be there twice.
import cassette.testing.expectation
import cassette.testing.locator
import cassette.testing.pty_async
import cassette.testing.pty_fixture
import cassette.testing.verified_run  # noqa: F401

PROGRAM = ["sh", "-c", "printf 'name? '; read n; echo Hello, $n"]
HELLO = f"""
ASK = {PROGRAM!r}

def test_hello(pty):
    with pty.spawn(ASK) as term:
        term.wait_for("name?")
        term.type("Ada")
        term.press("enter")
        term.wait_for("Hello, Ada")
    assert term.exit_code == 0
"""
_DIFFERS = re.compile(r"seq \d+, \d+\.\d{3} s")


class Project:
    """`run` runs pytest here; `cassettes` lists what it recorded."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.path: Path = pytester.path
        self.env = monkeypatch
        for name in ("CI", "PTY_RECORD", "PYTEST_ADDOPTS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def test(self, text: str = HELLO, name: str = "test_it", ini: str = "") -> None:
        """Write a test file, and an ini file."""
        self.pytester.makepyfile(**{name: text})
        if ini:
            self.pytester.makeini(f"[pytest]\n{ini}\n")

    def run(self, *arguments: str, alone: bool = False, plugins: str = "") -> pytest.RunResult:
        """pytest on this project, `alone` in a process of its own; `plugins` are loaded beside ours."""
        named = ["cassette.pytest_plugin", *plugins.split()]
        loaded = [word for name in named for word in ("-p", name)]
        run = self.pytester.runpytest_subprocess if alone else self.pytester.runpytest_inprocess
        return run(*loaded, "-p", "no:cacheprovider", "-W", "default", *arguments)

    def passes(self, *arguments: str, alone: bool = False) -> str:
        """The output of a run that has to be good."""
        result = self.run(*arguments, alone=alone)
        assert result.ret == 0, result.stdout.str() + result.stderr.str()
        return result.stdout.str()

    def fails(self, *arguments: str) -> str:
        """The output of a run that must not be good."""
        result = self.run(*arguments)
        assert result.ret != 0, result.stdout.str()
        return result.stdout.str() + result.stderr.str()

    @property
    def cassettes(self) -> list[str]:
        """Every cassette's place, from the project on."""
        return sorted(
            found.parent.relative_to(self.path).as_posix() for found in self.path.rglob("manifest.json")
        )

    def digest(self, place: str) -> str:
        """What tells two recordings apart."""
        return (self.path / place / "seal.json").read_text("utf-8")


def message(output: str, begin: str, end: str = "=====") -> str:
    """The part of an output from the first line with `begin` up to one with `end`, without what differs by the run."""
    lines = output.splitlines()
    first = next(number for number, line in enumerate(lines) if begin in line)
    last = next(
        (number for number in range(first + 1, len(lines)) if lines[number].startswith(end)), len(lines)
    )
    text = "\n".join(line.rstrip() for line in lines[first:last]).strip("\n") + "\n"
    return _DIFFERS.sub("seq N, 0.000 s", text)


def spools() -> list[str]:
    """Recordings that lie in the spool directory of this run."""
    root = os.environ.get("CASSETTE_SPOOL_DIR")
    return sorted(str(path) for path in Path(root).rglob("*.spool")) if root else []
