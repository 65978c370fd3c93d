"""docs/wrong-tests.md: tests that are wrong, and what a person reads then. `--update-golden` makes the page.

The commands that a message gives are run as they stand there.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from build_cassette import Tape
from plugin_helpers import Project

from cassette.cli import main as cassette_main

PAGE = Path(__file__).parent.parent / "docs" / "wrong-tests.md"
HEAD = """# Wrong tests, and what they are told

Each of these tests is wrong in one way. Below it stands what is printed, word for word. This page is made by
`tests/test_wrong_tests.py`, which also runs the commands that the messages give.

All of them are about one program, `order.sh`,

```sh
{program}```

and about one test that was right when it was recorded:

```python
{right}```
"""
PROGRAM = """printf 'name? '; read name
printf 'tea or coffee? '; read drink
echo "$drink for $name"
"""
RIGHT = """from cassette import expect


def test_order(pty):
    with pty.spawn(["sh", "order.sh"]) as term:
        term.wait_for("name?")
        term.type("Ada")
        term.press("enter")
        term.wait_for("tea or coffee?")
        term.type("tea")
        term.press("enter")
        expect(term).to_contain_text("tea for Ada")
    assert term.exit_code == 0
"""
TAPE = "cassettes/test_order/test_order"
_RAN = re.compile(r"(?:^|[ :(])((?:pytest|cassette) [^\n]*)")


@dataclass(frozen=True)
class Wrong:
    """One way to be wrong: what is changed in the right test, the run, and what is done before."""

    title: str
    change: tuple[str, str] = ("", "")
    text: str = ""
    arguments: tuple[str, ...] = ()
    before: Callable[[Project], None] | None = None
    ini: str = ""

    @property
    def test(self) -> str:
        """The wrong test."""
        old, new = self.change
        assert old in RIGHT
        return self.text or (RIGHT.replace(old, new, 1) if old else RIGHT)


def no_cassette(project: Project) -> None:
    shutil.rmtree(project.path / "cassettes")


def damage(project: Project) -> None:
    path = project.path / TAPE / "output.raw"
    path.write_bytes(path.read_bytes().replace(b"coffee", b"toffee"))


def older(project: Project) -> None:
    """The same, recorded in 2020."""
    shutil.rmtree(project.path / "cassettes")
    write_tape(project, "2020-01-02T03:04:05Z")


def write_tape(project: Project, recorded_at: str) -> None:
    """The cassette of the right test, by hand: what a run records has other seqs and other cuts each time."""
    tape = Tape(
        command={"argv": ["sh", "order.sh"], "workdir_policy": "inherit"},
        terminal={"initial_rows": 24, "initial_cols": 80, "emulator": {"name": "pyte", "version": "test"}},
        provenance={"os": "linux", "arch": "x86_64", "recorded_at": recorded_at, "recorder_version": "test"},
    )
    enter = {"key": "enter", "source": "script"}
    tape.output(10, b"name? ").input(60, kind="mark", op="wait_for")
    tape.input(100, b"Ada", source="script").output(105, b"Ada")
    tape.input(200, b"\r", **enter).output(205, b"\r\ntea or coffee? ").input(260, kind="mark", op="wait_for")
    tape.input(300, b"tea", source="script").output(305, b"tea")
    tape.input(400, b"\r", **enter).output(405, b"\r\ntea for Ada\r\n").input(460, kind="mark", op="wait_for")
    (project.path / TAPE).parent.mkdir(parents=True)
    tape.final(500, 0).write(project.path / TAPE)


def program_says(text: str) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        program = PROGRAM.replace('"$drink for $name"', text)
        (project.path / "order.sh").write_text(program, "utf-8")

    return change


def secret_named(project: Project) -> None:
    project.env.delenv("ORDER_PIN", raising=False)


def one_more(project: Project) -> None:
    shutil.copytree(project.path / TAPE, project.path / "cassettes" / "test_order" / "test_old")


ENTER = '        term.type("Ada")\n        term.press("enter")\n'
NAME = f'        term.wait_for("name?")\n{ENTER}'
DRINK = '        term.wait_for("tea or coffee?")\n        term.type("tea")\n        term.press("enter")\n'
END = '        expect(term).to_contain_text("tea for Ada")\n'
ONLY = "    assert term.exit_code == 0\n"
SPAWN = '["sh", "order.sh"]'
DEF = "def test_order(pty):"
MARKED = "@pytest.mark.pty({said})\ndef test_order(pty):"
IMPORT = "import pytest\nfrom cassette import expect\n\n\n"


def marked(said: str) -> str:
    return RIGHT.replace("from cassette", "import pytest\nfrom cassette").replace(
        DEF, MARKED.format(said=said)
    )


ON_PATH = """import subprocess


def test_order(pty):
    pty.on_path("order", any_arguments=True)
    subprocess.run(["order"], input=b"{typed}", capture_output=True)
"""
ASYNC = """import asyncio


async def order(pty_async):
    async with pty_async.spawn(["sh", "order.sh"]) as term:
        term.type("Ada")


def test_order(pty_async):
    asyncio.run(order(pty_async))
"""
VERIFY = ("--pty-record=verify",)
WRONG = [
    Wrong("There is no cassette", before=no_cassette),
    Wrong("A wrong key", ('press("enter")', 'press("tab")')),
    Wrong("A wrong text", ('type("Ada")', 'type("Eve")')),
    Wrong(
        "A key too many",
        ('        term.press("enter")\n', '        term.press("enter")\n        term.press("enter")\n'),
    ),
    Wrong("A key is missing", ('        term.press("enter")\n', "")),
    Wrong("The wrong order", (ENTER, '        term.type("tea")\n        term.press("enter")\n')),
    Wrong("More than was recorded", (END, f'{END}        term.type("sugar")\n')),
    Wrong("The test stops early", (DRINK + END, "")),
    Wrong("A text that is never shown", ('wait_for("tea or coffee?")', 'wait_for("espresso")')),
    Wrong(
        "A wait before the input that brings it", (NAME, '        term.wait_for("tea or coffee?")\n' + NAME)
    ),
    Wrong("Another text is expected", ("tea for Ada", "tea for Eve")),
    Wrong(
        "A locator that finds nothing", (END, '        expect(term.get_by_text("milk")).to_be_visible()\n')
    ),
    Wrong(
        "A locator that finds fewer",
        (END, '        expect(term.get_by_text("tea", nth=3)).to_be_visible()\n'),
    ),
    Wrong("Another exit code", ("exit_code == 0", "exit_code == 1")),
    Wrong("Another command", (SPAWN, '["sh", "order.sh", "--sugar"]')),
    Wrong("The command as one text", (SPAWN, '"sh order.sh"')),
    Wrong("Another size", text=marked("columns=100")),
    Wrong("No such key", ('press("enter")', 'press("entr")')),
    Wrong("A secret where none was typed", ('type("Ada")', 'type("sk-test-0000", secret=True)')),
    Wrong(
        "A secret that is not in the environment",
        ('type("Ada")', 'type(pty.secret("ORDER_PIN"), secret=True)'),
        arguments=("--pty-record=rewrite",),
        before=secret_named,
    ),
    Wrong("Typing after the end", (ONLY, ONLY + '    term.type("more")\n')),
    Wrong(
        "Waiting after the end, with the program",
        (END, f'{END}        term.wait_for("bye")\n'),
        arguments=("--pty-disable",),
    ),
    Wrong("The cassette is damaged", before=damage),
    Wrong("The cassette is too old", before=older, ini="pty_max_age = 90d"),
    Wrong(
        "The program says something else",
        (END, "        term.wait()\n"),
        arguments=VERIFY,
        before=program_says('"$drink for you"'),
        ini="pty_timeout = 1",
    ),
    Wrong(
        "The program shows another colour",
        arguments=VERIFY,
        before=program_says('"\\033[31m$drink\\033[m for $name"'),
        ini="pty_timeout = 1",
    ),
    Wrong(
        "The program ends otherwise",
        arguments=VERIFY,
        before=program_says('"$drink for $name"; exit 3'),
        ini="pty_timeout = 1",
    ),
    Wrong("A misspelt keyword of the marker", text=marked("colums=100")),
    Wrong("No such mode", arguments=("--pty-record=sometimes",)),
    Wrong("The mode that other recorders have", arguments=("--pty-record=new_episodes",)),
    Wrong("An await is missing", text=ASYNC),
    Wrong("with, where async with is needed", text=ASYNC.replace("async with", "with")),
    Wrong("A screen that nobody approved", (END, "        expect(term).to_match_screen()\n")),
    Wrong("A replayed process is driven otherwise", text=ON_PATH.format(typed="Eve\\ntea\\n")),
    Wrong("A cassette that no test uses", arguments=("--pty-orphans=fail",), before=one_more),
]


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with the right test, and its cassette."""
    (project.path / "order.sh").write_text(PROGRAM, "utf-8")
    project.test(RIGHT, "test_order")
    write_tape(project, "2026-11-01T03:04:05Z")
    return project


def test_the_right_test_is_right(shop: Project) -> None:
    shop.passes()
    shop.passes("--pty-record=verify")


def told(project: Project, wrong: Wrong) -> str:
    """What the wrong test is told."""
    (project.path / "test_order.py").write_text(wrong.test, "utf-8")
    if wrong.ini:
        project.pytester.makeini(f"[pytest]\n{wrong.ini}\n")
    if wrong.before:
        wrong.before(project)
    return the_message(project.fails(*wrong.arguments))


def the_message(output: str) -> str:
    """Of what pytest prints: the lines of the error, or what stands in its place."""
    lines = output.splitlines()
    found = [line[1:] for line in lines if re.match(r"E( |$)", line)]
    if not found:
        found = re.findall(r"ERROR: .*", output)
    if not found:
        starts = [n for n, line in enumerate(lines) if re.match(r"_{5,} .* _{5,}|=+ pty-cassette =+", line)]
        end = next(n for n in range(starts[0] + 1, len(lines)) if lines[n].startswith("==="))
        found = lines[starts[0] + 1 : end]
    indent = min(len(line) - len(line.lstrip()) for line in found if line.strip())
    text = "\n".join(line[indent:].rstrip() for line in found)
    text = re.sub(r"\bcassette\.[a-z_.]*\.(?=[A-Z]\w+: )", "", text)
    text = re.sub(r"\d{4} days old", "2345 days old", text)
    text = re.sub(r"waited \d+\.\d s", "waited 0.1 s", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-01-02T03:04:05Z", text) + "\n"


def page(parts: list[tuple[Wrong, str]]) -> str:
    text = HEAD.format(program=PROGRAM, right=RIGHT)
    for number, (wrong, message) in enumerate(parts, 1):
        text += f"\n## {number}. {wrong.title}\n\n"
        if changed := lines_of(wrong):
            text += f"```python\n{changed}```\n\n"
        if wrong.ini:
            text += f"With `{wrong.ini}`. "
        text += f"`pytest {' '.join(wrong.arguments)}`".replace(" `", "`") + f"\n\n```text\n{message}```\n"
    return text


def lines_of(wrong: Wrong) -> str:
    """The lines of the test that are other than in the right one, with one before them; a test of its own whole."""
    if (wrong.text and wrong.text.count("\n") < 14 and "subprocess" in wrong.text) or "asyncio" in wrong.text:
        return wrong.text
    right, there = RIGHT.splitlines(), wrong.test.splitlines()
    if right == there:
        return ""
    first = next(n for n, line in enumerate(there) if n >= len(right) or line != right[n])
    last = next(n for n in range(1, len(there)) if there[-n] != right[-n])
    if "@pytest" in wrong.test:
        first = next(n for n, line in enumerate(there) if line.startswith("@")) + 1
    return "\n".join(there[max(0, first - 1) : max(len(there) - last + 1, first + 1)]) + "\n"


PARTS: dict[str, str] = {}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.title.replace(" ", "-"))
def test_what_it_is_told(shop: Project, wrong: Wrong, request: pytest.FixtureRequest) -> None:
    message = told(shop, wrong)
    PARTS[wrong.title] = message
    if not request.config.getoption("--update-golden"):
        assert f"```text\n{message}```" in PAGE.read_text("utf-8"), message
    run_commands(shop, message)


def run_commands(project: Project, message: str) -> None:
    """Each command as it stands there: it is understood, and does what it is for."""
    for line in commands(message):
        if line in RAN:
            continue
        RAN.add(line)
        words = shlex.split(line)
        if words[0] == "pytest":
            assert project.run(*words[1:]).ret in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), line
        elif words[1] != "record":  # nobody is there to type
            assert cassette_main(words[1:]) in (0, 3 if words[1] == "verify" else 0), line


RAN: set[str] = set()


def commands(message: str) -> list[str]:
    return [
        found.strip()
        for found in _RAN.findall(message)
        if re.match(r"pytest \S*test_|cassette [a-z]+ ", found)
    ]


def test_the_page(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        assert len(PARTS) == len(WRONG), "run all of this file to write the page"
        PAGE.write_text(page([(wrong, PARTS[wrong.title]) for wrong in WRONG]), "utf-8")
    text = PAGE.read_text("utf-8")
    assert re.findall(r"^## \d+\. (.*)$", text, re.M) == [wrong.title for wrong in WRONG]
    assert len(WRONG) >= 20
