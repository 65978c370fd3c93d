"""What becomes of recordings when a test fails, is skipped or interrupted; unplayed inputs; traces; secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from plugin_helpers import HELLO, Project, message, spools

import cassette

Golden = Callable[[str, str], None]
PLACE = "cassettes/test_it/test_hello"
ENDINGS = {
    "fails": "    assert 0",
    "xfails": "    pytest.xfail('not yet')",
    "skips": "    pytest.skip('not here')",
    "interrupted": "    raise KeyboardInterrupt",
    "exits": "    pytest.exit('enough')",
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("inside", [True, False], ids=["inside", "behind"])
def test_a_test_that_does_not_pass_saves_nothing(project: Project, ending: str, inside: bool) -> None:
    project.test()
    project.passes("--pty-record=once")
    before, spooled = project.digest(PLACE), spools()
    line = ENDINGS[ending]
    text = (
        HELLO.replace('        term.press("enter")', f'        term.press("enter")\n    {line}')
        if inside
        else HELLO + line
    )
    project.test("import pytest\n" + text)
    project.run("--pty-record=all", alone=ending == "interrupted")
    assert project.digest(PLACE) == before
    assert project.cassettes == [PLACE]
    assert spools() == spooled


def test_a_strict_xpass_and_a_failed_setup_save_nothing(project: Project) -> None:
    project.test(
        f"""
import pytest
{HELLO.replace("def test_hello", "@pytest.mark.xfail(strict=True)" + chr(10) + "def test_hello")}
@pytest.fixture
def broken(pty):
    pty.spawn(["true"])
    raise ValueError("no")

def test_setup(broken):
    pass
"""
    )
    result = project.run("--pty-record=once")
    result.assert_outcomes(failed=1, errors=1)
    assert project.cassettes == []


def test_a_passing_test_may_have_failed_inside(project: Project) -> None:
    test = """
import pytest

def test_hello(pty):
    with pytest.raises(ValueError), pty.spawn(["sh", "-c", "echo ready; cat"]) as term:
        term.wait_for("ready")
        raise ValueError
"""
    project.test(test)
    project.passes("--pty-record=once")
    assert project.cassettes == [PLACE]
    project.passes()
    assert cassette.open(project.path / PLACE).state == "complete"


def test_a_session_without_with_ends_with_the_test(project: Project) -> None:
    project.test(HELLO.replace("with pty.spawn(ASK) as term:", "term = pty.spawn(ASK)\n    if True:"))
    project.passes("--pty-record=once")
    project.passes()


# Unplayed inputs.


SHORT = HELLO.replace(
    '        term.press("enter")\n        term.wait_for("Hello, Ada")\n    assert term.exit_code == 0',
    "        {}",
)


@pytest.mark.parametrize("where", ["block", "no_block"])
def test_unplayed_inputs_fail_a_passing_test(project: Project, golden: Golden, where: str) -> None:
    project.test()
    project.passes("--pty-record=once")
    text = SHORT.format("pass")
    if where == "no_block":
        text = text.replace("with pty.spawn(ASK) as term:", "term = pty.spawn(ASK)\n    if True:")
    project.test(text)
    result = project.run()
    result.assert_outcomes(failed=1)
    output = result.stdout.str()
    assert f"unplayed {PLACE} (1)" in output
    golden(
        f"plugin/unplayed_{where}.txt",
        message(output, "unplayed: The test ended", "test_it.py:" if where == "block" else "====="),
    )


def test_unplayed_inputs_hide_no_failure(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    project.test(SHORT.format("assert 1 == 2"))
    result = project.run()
    result.assert_outcomes(failed=1)
    assert "assert 1 == 2" in result.stdout.str()
    assert "unplayed: The test ended" not in result.stdout.str()


@pytest.mark.parametrize("how", ["ignore", "warn"])
def test_on_unplayed(project: Project, how: str) -> None:
    project.test()
    project.passes("--pty-record=once")
    project.test(SHORT.format("pass"), ini=f"pty_on_unplayed = {how}")
    result = project.run()
    result.assert_outcomes(passed=1, warnings=1 if how == "warn" else 0)


# Traces.


def traces(output: str) -> list[Path]:
    return [Path(line.removeprefix("trace ")) for line in output.splitlines() if line.startswith("trace ")]


FAILING = HELLO + "    assert 0\n"


def test_a_failed_live_test_leaves_its_recording_and_its_last_screens(project: Project) -> None:
    project.test(FAILING)
    (place,) = traces(project.fails("--pty-record=once", "--pty-trace=retain-on-failure"))
    assert "Hello, Ada" in (place / "screens.txt").read_text("utf-8")
    assert cassette.open(place / "cassette").final.exit == cassette.ExitStatus(0)
    assert project.cassettes == []


def test_a_failed_replay_leaves_its_last_screen(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    project.test(HELLO.replace('term.type("Ada")', 'term.type("Bob")'))
    (place,) = traces(project.fails("--pty-trace=retain-on-failure"))
    assert "0 |name?" in (place / "screens.txt").read_text("utf-8")


def test_a_passing_test_is_traced_only_with_on(project: Project) -> None:
    project.test()
    assert traces(project.passes("--pty-record=once", "--pty-trace=retain-on-failure")) == []
    assert traces(project.passes("--pty-trace=off")) == []
    assert len(traces(project.passes("--pty-trace=on"))) == 1
    (place,) = traces(project.passes("--pty-disable", "--pty-trace=on"))
    assert (place / "cassette" / "manifest.json").is_file()


# Secrets.


SECRET = """
def test_hello(pty):
    with pty.spawn(["sh", "-c", "{echo} printf 'password? '; read p; echo; echo thanks {shown}"]) as term:
        term.wait_for("password?")
        term.type(pty.secret("DEMO_PASSWORD"), secret=True)
        term.press("enter")
        term.wait_for("thanks")
"""


def test_a_secret_is_the_environments_value_live_and_a_dummy_in_a_replay(project: Project) -> None:
    project.test(SECRET.format(echo="stty -echo;", shown=""))
    output = project.fails("--pty-record=once")
    assert "the secret DEMO_PASSWORD is not in the environment" in output
    project.env.setenv("DEMO_PASSWORD", "hunter2-hunter2")
    project.passes("--pty-record=once")
    for file in (project.path / PLACE).iterdir():
        assert b"hunter2" not in file.read_bytes()
    project.env.delenv("DEMO_PASSWORD")
    project.passes()


def stored(project: Project) -> bytes:
    """Every byte of every cassette."""
    return b"".join(
        file.read_bytes() for place in project.cassettes for file in Path(project.path / place).iterdir()
    )


def test_a_secret_that_the_program_shows_is_covered_and_the_test_passes_with_any_key(
    project: Project,
) -> None:
    project.env.setenv("DEMO_PASSWORD", "hunter2-hunter2")
    project.test(SECRET.format(echo="stty -echo;", shown="$p"))
    project.passes("--pty-record=once")
    assert b"hunter2" not in stored(project)
    project.passes("--pty-record=verify")
    for another in ("another-key-0000", "a-key-that-is-longer-than-the-first-0000", "key-0000"):
        project.env.setenv("DEMO_PASSWORD", another)
        project.passes()
        project.passes("--pty-record=verify")
    project.env.delenv("DEMO_PASSWORD")
    project.passes()


HOME = """
import os
from cassette import expect

def test_hello(pty):
    with pty.spawn(["sh", "-c", "echo home is $HOME; read x", "sh", os.environ["HOME"]]) as term:
        term.wait_for("home is")
        expect(term).to_match_screen()
        term.press("enter")
"""


def test_home_is_covered_in_cassette_command_and_golden(project: Project) -> None:
    project.env.setenv("HOME", "/home/zoltan")
    project.test(HOME)
    project.passes("--pty-record=once", "--pty-update-screens")
    screens = b"".join(path.read_bytes() for path in project.path.rglob("screens/**/*.txt"))
    assert b"home is /home/user" in screens
    assert b"zoltan" not in screens + stored(project)
    project.passes("--pty-record=verify")
    project.passes("--pty-record=all")
    project.passes()
    project.env.setenv("HOME", "/home/somebody-else")
    project.passes()


def test_variables_that_the_ini_file_names_are_covered(project: Project) -> None:
    project.test(HELLO, ini="pty_known_secret_env = NAME NOT_SET")
    project.env.setenv("NAME", "hello again")
    project.passes("--pty-record=once")
    report = json.loads((project.path / PLACE / "scrub-report.json").read_text("utf-8"))
    assert report["known_values"]["environment"] >= 1
    assert "environment:NOT_SET: not set" in report["skipped_values"]


def test_what_would_leak_is_not_saved_and_says_so(project: Project, golden: Golden) -> None:
    """A fault of the engine: it finds, and does not cover."""
    project.env.setenv("DEMO_PASSWORD", "hunter2-hunter2")
    leaky = """
import pytest

@pytest.fixture(autouse=True)
def leaky(monkeypatch):
    monkeypatch.setattr("scrub.scrubber.Scrubber.rewrite", lambda self, streams, hits: (dict(streams), []))
"""
    (project.path / "conftest.py").write_text(leaky, "utf-8")
    project.test(SECRET.format(echo="stty -echo;", shown="$p"))
    output = project.fails("--pty-record=once")
    said = re.sub(r"recover [0-9a-f-]{36}", "recover ID", message(output, "nothing was written"))
    golden("plugin/secret.txt", said)
    assert "hunter2" not in output
    assert project.cassettes == []


@pytest.mark.parametrize("arguments", [(), ("--pty-record=once",)])
def test_something_else_at_the_place_of_a_cassette_is_named(
    project: Project, arguments: tuple[str, ...]
) -> None:
    project.test()
    place = project.path / PLACE
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("mine")
    output = project.fails(*arguments)
    assert (
        f"cassette.ReplayMismatch: not_found: What stands at {PLACE} is no cassette: it has no manifest.json."
        in output
    )
    assert "2. Then record it: pytest test_it.py::test_hello --pty-record=once" in output
    assert (place / "notes.txt").read_text() == "mine"


def test_an_error_that_says_all_shows_no_frames_of_ours(project: Project) -> None:
    project.test(
        HELLO.replace('"sh", "-c"', '"no-such-program", "-c"').replace(
            "'sh', '-c'", "'no-such-program', '-c'"
        )
    )
    output = project.fails("--pty-record=once")
    assert "CannotStart: The command 'no-such-program' was not found in PATH." in output
    assert "recording/" not in output
    assert "pty_fixture" not in output
