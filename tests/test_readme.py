"""What the README shows of the committed recordings is what is printed, and it names every document."""

import re
from itertools import groupby
from pathlib import Path

import pytest
from cli_harness import run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SHOWN = re.findall(r"^    \$ cassette ((?:screen|inspect) .*)\n((?:(?:    .*)?\n)+)", README, re.M)


def test_there_are_examples():
    assert {command.split()[0] for command, _ in SHOWN} == {"screen", "inspect"}


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_an_example_is_what_is_printed(command, shown, monkeypatch):
    monkeypatch.chdir(ROOT)
    words, uniq = command.removesuffix(" | uniq"), command.endswith(" | uniq")
    done = run(*[word.strip('"') for word in re.findall(r'"[^"]*"|\S+', words)])
    lines = done.out.rstrip("\n").split("\n")
    expected = [line for line, _ in groupby(lines)] if uniq else lines
    assert done.code == 0
    assert [line.removeprefix("    ") for line in shown.rstrip("\n").split("\n")] == expected


def test_every_document_is_named():
    linked = set(re.findall(r"\]\((docs/[^)#]+|[A-Z]+\.md)", README))
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= linked
    assert all((ROOT / link).is_file() for link in linked)
