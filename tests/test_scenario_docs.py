"""docs/assertions.md: every kind is there, every example holds on one recording, and says what it is meant to."""

import re
import textwrap
from pathlib import Path

import pytest
from scenario_scene import HEAD

import cassette
from cassette.scenario.checking import binding_lines, check, judge
from cassette.scenario.spec import KINDS, parse_spec
from cassette.scenario.tape import Tape

PAGE = Path(__file__).parent.parent / "docs" / "assertions.md"
BLOCKS = re.findall(r"^```yaml( \w+)?\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
TOUR = r"""
printf '\033]2;tour\007name? '; read name
printf 'hello \033[1;32m%s\033[m\r\n' "$name"; sleep 0.2
printf '\033[?1049h\033[?2004h\033[H\033[2Jeditor: press q\r\n'; read key
printf '\033[?1049l\033[?2004lbye\r\n'; exit 3
"""


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """The recording that the page is about: a name, a greeting, an editor with a paste and a resize."""
    path = tmp_path_factory.mktemp("tour") / "tape"
    with cassette.record(path, ["sh", "-c", TOUR], columns=40, rows=10) as session:
        session.wait_for("name?")
        session.type("Ada")
        session.press("enter")
        session.wait_for("press q")
        usage = {"tokens": [3, 12], "odd name": True}
        session.service_event({"type": "greeted", "who": "Ada", "usage": usage})
        session.resize(columns=60, rows=12)
        session.paste("two\nlines")
        session.recorder.final(metadata={"model": "m-1"}, usage={"tokens": 12})
    return path


@pytest.fixture(scope="module")
def view(tour):
    with cassette.open(tour) as tape:
        return Tape(tape)


EXAMPLES = [
    (line, kind == " fails")
    for kind, block in BLOCKS
    for line in block.splitlines()
    if "version:" not in block and kind != " login"
]


@pytest.mark.parametrize(("line", "fails"), EXAMPLES, ids=[line for line, _ in EXAMPLES])
def test_an_example(line, fails, view):
    (assertion,) = parse_spec(f"{HEAD}{line}\n").assertions
    result = judge(assertion, view)
    assert (result.outcome, result.found) == (("fails", "exit code 3") if fails else ("holds", ""))


def test_every_kind_has_a_section_with_an_example():
    text = PAGE.read_text("utf-8")
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", text, re.M | re.S)
    assert [name for name, _ in sections] == list(KINDS)
    for name, section in sections:
        assert re.search(rf"^- {name}\b", section, re.M), name


def test_every_line_of_the_examples_is_tried():
    assert {kind for kind, _ in BLOCKS} == {"", " fails", " login"}
    assert all(line.startswith("- ") for line, _ in EXAMPLES)


def test_the_file_of_the_page(tour):
    (_, block), *_ = BLOCKS
    with cassette.open(tour) as tape:
        lines = dict(line.split(": ", 1) for line in binding_lines(tape))
    for name, value in lines.items():
        block = re.sub(rf'{name}: "[^"]*"', f"{name}: {value}", block)
    path = tour / "assertions.yaml"
    path.write_text(textwrap.dedent(block), "utf-8")
    report = check(tour)
    assert report.exit_code == 0, report.as_json()
    assert [result.assertion.name for result in report.results] == [None, "it ends well"]


def test_the_login(tmp_path, monkeypatch):
    from cassette.script import read_script

    here = PAGE.parent.parent / "examples" / "recordings"
    monkeypatch.setenv("DEMO_PASSWORD", "sk-test-0000")
    with cassette.record(
        tmp_path / "tape", ["sh", str(here / "password.sh")], columns=60, rows=12
    ) as session:
        read_script(here / "password.yaml").run(session)
    (block,) = (block for kind, block in BLOCKS if kind == " login")
    with cassette.open(tmp_path / "tape") as tape:
        binding = "\n  ".join(binding_lines(tape))
    head = f"version: 1\ncassette:\n  {binding}\nassertions:\n"
    (tmp_path / "tape" / "assertions.yaml").write_text(head + block, "utf-8")
    report = check(tmp_path / "tape")
    assert (report.exit_code, report.count("holds")) == (0, 7), report.as_json()
