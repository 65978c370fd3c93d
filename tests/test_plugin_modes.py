"""`--pty-record` and what else chooses the mode; what each mode does with a cassette that is there, and with none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from plugin_helpers import HELLO, Project, message

from cassette.errors import UsageError
from cassette.testing.recording_modes import choose_mode

Golden = Callable[[str, str], None]
PLACE = "cassettes/test_it/test_hello"


def test_none_executes_nothing_and_says_how_to_record(project: Project, golden: Golden) -> None:
    project.test()
    output = project.fails()
    golden("plugin/not_found.txt", message(output, "ReplayMismatch: not_found", "test_it.py:"))
    assert project.cassettes == []


def test_the_command_of_the_message_records_and_then_it_replays(project: Project) -> None:
    project.test()
    output = project.fails()
    command = next(line for line in output.splitlines() if "Record it: " in line).partition("Record it: ")[2]
    words = command.split()
    assert words[0] == "pytest"
    assert "1 recorded" in project.passes(*words[1:])
    assert project.cassettes == [PLACE]
    project.env.setenv("PATH", "")
    assert "1 played" in project.passes()


def test_once_keeps_what_is_there(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    before = project.digest(PLACE)
    assert "1 played" in project.passes("--pty-record=once")
    assert project.digest(PLACE) == before


@pytest.mark.parametrize("mode", ["all", "rewrite"])
def test_all_and_rewrite_record_again(project: Project, mode: str) -> None:
    project.test()
    project.passes("--pty-record=once")
    before = project.digest(PLACE)
    assert f"recorded {PLACE}" in project.passes(f"--pty-record={mode}")
    assert project.digest(PLACE) != before


def test_rewrite_removes_what_the_test_does_not_spawn_any_more(project: Project) -> None:
    both = HELLO + "\n    with pty.spawn(['true']): pass\n"
    project.test(both)
    project.passes("--pty-record=once")
    assert project.cassettes == [PLACE, f"{PLACE}.2"]
    project.test()
    project.passes("--pty-record=all")
    assert project.cassettes == [PLACE, f"{PLACE}.2"]
    project.passes("--pty-record=rewrite")
    assert project.cassettes == [PLACE]


def test_rewrite_records_a_shared_cassette_once_in_a_run(project: Project) -> None:
    shared = "import pytest\npytestmark = pytest.mark.pty('shared')\n" + HELLO
    project.test(shared + HELLO.replace("test_hello", "test_again"))
    assert "1 played, 1 recorded" in project.passes("--pty-record=rewrite")
    assert "2 played" in project.passes()
    assert project.cassettes == ["cassettes/test_it/shared"]


def test_verify_passes_for_the_same_program(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    before = project.digest(PLACE)
    assert "1 verified" in project.passes("--pty-record=verify")
    assert project.digest(PLACE) == before


CHANGED = """
import pytest

@pytest.mark.pty(match_on=["keys"])
def test_hello(pty):
    with pty.spawn(["sh", "-c", {program!r}]) as term:
        term.wait_for("name")
        term.type("Ada")
        term.press("enter")
        term.wait(10)
"""


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("prompt", "printf 'your name? '; read n; echo Hello, $n"),
        ("end", "printf 'name? '; read n; echo Goodbye, $n"),
        ("exit", "printf 'name? '; read n; echo Hello, $n; exit 3"),
        ("colour", "printf 'name? '; read n; printf 'Hello, \\033[1;31m%s\\033[m\\n' $n"),
    ],
)
def test_verify_tells_what_has_changed(project: Project, golden: Golden, name: str, program: str) -> None:
    ini = "pty_timeout = 1"
    project.test(CHANGED.format(program="printf 'name? '; read n; echo Hello, $n"), ini=ini)
    project.passes("--pty-record=once")
    project.test(CHANGED.format(program=program), ini=ini)
    output = project.fails("--pty-record=verify")
    golden(f"plugin/verify_{name}.txt", message(output, "RunDiffers", "test_it.py:"))


def test_verify_lets_styles_differ_where_the_test_says_so(project: Project) -> None:
    marked = CHANGED.replace('match_on=["keys"]', 'match_on=["keys"], normalize={said}')
    program = "printf 'name? '; read n; printf 'Hello, {}%s took 10 ms\\n' $n"
    ini = "pty_timeout = 1"
    project.test(marked.format(said="None", program=program.format("")), ini=ini)
    project.passes("--pty-record=once")
    coloured = program.format("\\033[31m")
    for said in ('"style"', '["style", "duration"]'):  # alone it leaves the rules for text as they are
        other = coloured.replace("10 ms", "11 ms")
        project.test(marked.format(said=said, program=other), ini=ini)
        project.passes("--pty-record=verify")
    project.test(marked.format(said='["duration"]', program=coloured), ini=ini)
    assert "expected plain, found fg=1" in project.fails("--pty-record=verify")
    volatile = coloured.replace("10 ms", "11 ms")
    project.test(marked.format(said='["duration"]', program=volatile), ini=ini)
    project.passes(
        "--pty-record=verify"
    )  # what is made equal stands elsewhere: nothing to compare cell by cell


def test_verify_compares_no_screen_that_nobody_looked_at(project: Project) -> None:
    test = """
def test_hello(pty):
    with pty.spawn(["sh", "-c", "read a; read b; echo $a $b"]) as term:
        term.type("one\\n")
        term.type("tw")
        term.type("o")
        term.press("enter")
        term.wait_for("one two")
"""
    project.test(test)
    project.passes("--pty-record=once")
    project.passes("--pty-record=verify")


def test_verify_makes_volatile_text_equal(project: Project) -> None:
    test = """
import pytest, uuid

@pytest.mark.pty(match_on=["keys"])
def test_hello(pty):
    with pty.spawn(["sh", "-c", f"echo {uuid.uuid4()}; echo took $$ ms; read n"]) as term:
        term.wait_for("took")
        term.press("enter")
"""
    project.test(test)
    project.passes("--pty-record=once")
    project.passes("--pty-record=verify")


@pytest.mark.parametrize("length", [1, 30])
def test_verify_makes_volatile_text_equal_that_goes_on_in_the_next_row(project: Project, length: int) -> None:
    """Of one length, and of lengths that need more rows or fewer."""
    test = """
import os, pytest

@pytest.mark.pty(match_on=["keys"], columns=40, rows=8)
def test_hello(pty):
    path = "/tmp/run/" + "d" * 35 + os.environ["LETTER"] * int(os.environ["LENGTH"])
    with pty.spawn(["sh", "-c", f"echo made {path}; echo done; read n"]) as term:
        term.wait_for("done")
        term.press("enter")
"""
    project.test(test)
    project.env.setenv("LETTER", "a")
    project.env.setenv("LENGTH", "1")
    project.passes("--pty-record=once")
    project.env.setenv("LETTER", "b")
    project.env.setenv("LENGTH", str(length))
    project.passes("--pty-record=verify")


def test_verify_needs_a_cassette(project: Project) -> None:
    project.test()
    assert "not_found: There is no cassette" in project.fails("--pty-record=verify")


def test_disable_runs_and_keeps_nothing(project: Project) -> None:
    project.test()
    output = project.passes("--pty-disable")
    assert "1 run live, not kept" in output
    assert "pty-cassette: disabled" in output
    assert project.cassettes == []


# Who says it.


SAID = [
    "--pty-record",
    "PTY_RECORD",
    "record_mode of the marker pty",
    "record_mode of pty_config",
    "pty_record_mode",
]


@pytest.mark.parametrize("strongest", range(len(SAID)))
def test_the_strongest_voice_decides(strongest: int) -> None:
    said = [
        (who, None if number < strongest else ("all", "once")[number > strongest])
        for number, who in enumerate(SAID)
    ]
    assert choose_mode(said, ci=False) == ("all", SAID[strongest])
    assert choose_mode(said, ci=True)[0] == ("all" if strongest == 0 else "none")


def test_nobody_says_anything() -> None:
    assert choose_mode([(who, "") for who in SAID], ci=True) == ("none", "the default")
    assert choose_mode([("PTY_RECORD", "verify")], ci=True) == ("verify", "PTY_RECORD")


def test_a_weak_voice_must_make_sense_too() -> None:
    with pytest.raises(UsageError, match="PTY_RECORD is 'al': use one of none, once"):
        choose_mode([("--pty-record", "none"), ("PTY_RECORD", "al")], ci=False)


EVERYWHERE = """
import pytest

@pytest.fixture
def pty_config():
    return {"record_mode": "none"}

@pytest.mark.pty(record_mode="once")
""" + HELLO.lstrip().partition("\n")[2].lstrip()


def test_voices_in_a_real_run(project: Project) -> None:
    test = EVERYWHERE.replace("import pytest", "import pytest\n" + HELLO.lstrip().partition("\n")[0], 1)
    project.test(test, ini="pty_record_mode = all")
    project.env.setenv("PTY_RECORD", "none")
    project.fails()  # the environment over the marker
    assert "record mode none (PTY_RECORD)" in project.fails()
    project.env.delenv("PTY_RECORD")
    project.env.setenv("CI", "true")
    assert "under CI only --pty-record records" in project.fails()
    project.env.setenv("CI", "false")
    project.passes()  # the marker over the fixture
    before = project.digest(PLACE)
    project.passes()
    assert project.digest(PLACE) == before  # … and over the ini file
    project.env.setenv("CI", "1")
    project.passes("--pty-record=all")
    assert project.digest(PLACE) != before


@pytest.mark.parametrize("where", ["flag", "environment", "ini", "marker"])
def test_new_episodes_is_refused_with_the_reason(project: Project, where: str) -> None:
    project.test()
    arguments = ["--pty-record=new_episodes"] if where == "flag" else []
    if where == "environment":
        project.env.setenv("PTY_RECORD", "new_episodes")
    elif where == "ini":
        project.test(ini="pty_record_mode = new_episodes")
    elif where == "marker":
        project.test("import pytest\npytestmark = pytest.mark.pty(record_mode='new_episodes')" + HELLO)
    result = project.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "a running program cannot be spliced" in result.stdout.str() + result.stderr.str()


def test_another_mode_is_refused(project: Project) -> None:
    project.test()
    result = project.run("--pty-record=sometimes")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--pty-record is 'sometimes': use one of none, once, all, rewrite, verify" in result.stderr.str()
