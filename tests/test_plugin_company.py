"""The plugin beside others and in other surroundings: workers, other plugins, async tests, foreign packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from plugin_helpers import HELLO, Project

import cassette.pytest_plugin as plugin

OTHERS = ("vcr", "cassette", "snapshot", "terminal", "capabilities", "record_mode")


def needs(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{module} is not installed")


def test_names_that_belong_to_others_are_not_taken(project: Project) -> None:
    project.test()
    lines = project.run("--fixtures", "-v").stdout.str().splitlines()
    ours = {line.split()[0] for line in lines if "cassette/pytest_plugin.py" in line}
    assert ours == {
        "pty",
        "pty_async",
        "pty_capabilities",
        "pty_cassette_dir",
        "pty_cassette_name",
        "pty_config",
    }
    for name in OTHERS:
        assert not hasattr(plugin, name)
    assert "autouse" not in Path(plugin.__file__).read_text("utf-8")


def test_the_header_and_the_marker_are_shown(project: Project) -> None:
    project.test()
    output = project.run("--markers").stdout.str()
    assert "@pytest.mark.pty(cassette=None, *, record_mode" in output
    assert "pty-cassette: record mode none (the default)" in project.run().stdout.str()
    for option in (
        "--pty-record=MODE",
        "--pty-disable",
        "--pty-update-screens",
        "--pty-orphans=",
        "--pty-trace=",
    ):
        assert option in project.run("--help").stdout.str()


def test_a_run_without_the_fixture_says_and_imports_nothing(project: Project) -> None:
    project.test(
        """
import sys

def test_nothing():
    heavy = (
        "terminal", "scrub", "cassette.recording.live", "cassette.reading.reader", "yaml", "pydantic", "pyte", "msgspec"
    )
    assert [name for name in heavy if name in sys.modules] == []
"""
    )
    output = project.passes(alone=True)
    assert output.count("pty-cassette") == 2  # the header, and pytest's own list of plugins


def test_nothing_is_called_for_a_test_that_does_not_use_it() -> None:
    for_each_test = (
        "pytest_runtest",
        "pytest_fixture",
        "pytest_pyfunc",
        "pytest_assertion",
        "pytest_report_test",
    )
    assert [name for name in vars(plugin) if name.startswith(for_each_test)] == []


@pytest.mark.parametrize("name", ["terminal", "scrub"])
def test_foreign_packages_are_told_when_a_fixture_is_used(project: Project, name: str) -> None:
    project.test(HELLO + "\ndef test_nothing(): pass\n")
    (project.path / f"{name}.py").write_text("", "utf-8")
    project.env.syspath_prepend(project.path)
    project.env.setenv("PYTHONPATH", str(project.path), prepend=":")
    result = project.run(alone=True)
    result.assert_outcomes(passed=1, errors=1)
    assert f"the package '{name}' that Python finds is not pty-cassette's" in result.stdout.str()


def test_the_fixture_asked_for_in_the_test_itself(project: Project) -> None:
    text = HELLO.replace(
        "def test_hello(pty):", "def test_hello(request):\n    pty = request.getfixturevalue('pty')"
    )
    project.test(text)
    project.passes("--pty-record=once")
    project.passes()
    project.test(
        text.replace("with pty.spawn(ASK) as term:", "term = pty.spawn(ASK)\n    return\n    if True:")
    )
    assert "unplayed: The test ended" in project.fails()


@needs("xdist")
def test_workers_record_and_replay(project: Project) -> None:
    project.test(HELLO + "".join(HELLO.replace("test_hello", f"test_{n}") for n in range(5)))
    arguments = ("-n2", "--dist=load")
    record = project.run(*arguments, "--pty-record=once", plugins="xdist.plugin xdist.looponfail", alone=True)
    record.assert_outcomes(passed=6)
    assert "6 recorded" in record.stdout.str()
    again = project.run(*arguments, plugins="xdist.plugin xdist.looponfail", alone=True)
    again.assert_outcomes(passed=6)
    assert "6 played" in again.stdout.str()


@needs("xdist")
def test_workers_that_share_a_cassette(project: Project) -> None:
    shared = "import pytest\npytestmark = pytest.mark.pty('shared')\n"
    project.test(shared + "".join(HELLO.replace("test_hello", f"test_{n}") for n in range(4)))
    for mode in ("once", "all"):
        result = project.run(
            "-n2", f"--pty-record={mode}", plugins="xdist.plugin xdist.looponfail", alone=True
        )
        result.assert_outcomes(passed=4)
        assert project.cassettes == ["cassettes/test_it/shared"]


@needs("xdist")
def test_a_marker_that_cannot_be_meant_fails_in_a_worker_too(project: Project) -> None:
    project.test("import pytest\npytestmark = pytest.mark.pty(colums=1)\n" + HELLO)
    result = project.run("-n1", plugins="xdist.plugin xdist.looponfail", alone=True)
    result.assert_outcomes(errors=1)
    assert "the marker pty does not know 'colums'" in result.stdout.str()


ASYNC = """
import asyncio, re
import pytest
from cassette.testing.aio import expect

async def drive(pty_async):
    async with pty_async.spawn(["sh", "-c", "printf 'name? '; read n; echo Hello, $n"]) as term:
        await expect(term).to_contain_text("name?")
        await term.type("Ada")
        await term.press("enter")
        await expect(term.get_by_text(re.compile("hello", re.I))).to_be_visible()
    assert term.exit_code == 0
"""


def test_async_without_any_plugin(project: Project) -> None:
    project.test(ASYNC + "\ndef test_async(pty_async):\n    asyncio.run(drive(pty_async))\n")
    project.passes("--pty-record=once")
    project.passes()
    project.passes("--pty-record=verify")
    assert project.cassettes == ["cassettes/test_it/test_async"]


@needs("pytest_asyncio")
def test_beside_pytest_asyncio(project: Project) -> None:
    ini = "asyncio_default_fixture_loop_scope = function"
    project.test(
        ASYNC + "\n@pytest.mark.asyncio\nasync def test_async(pty_async):\n    await drive(pty_async)\n",
        ini=ini,
    )
    for mode in ("once", "none"):
        project.run(f"--pty-record={mode}", plugins="pytest_asyncio.plugin", alone=True).assert_outcomes(
            passed=1
        )


@needs("pytest_recording")
@needs("syrupy")
@needs("pytest_asyncio")
def test_beside_all_of_them(project: Project) -> None:
    text = (
        HELLO.replace("def test_hello(pty):", "@pytest.mark.vcr\ndef test_hello(pty, vcr, snapshot):")
        + "    assert term.exit_code == snapshot\n"
    )
    ini = "asyncio_default_fixture_loop_scope = function"
    project.test("import pytest\n" + text, ini=ini)
    project.env.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    first = project.run("--pty-record=once", "--record-mode=none", "--snapshot-update", alone=True)
    first.assert_outcomes(passed=1)
    project.run(alone=True).assert_outcomes(passed=1)
    assert "cassettes/test_it/test_hello" in project.cassettes


def test_beside_the_cache_plugin_and_without_the_terminal_reporter(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once", "-p", "cacheprovider")
    assert project.run("-p", "no:terminal").ret == 0
    project.passes("-p", "no:warnings", "-p", "no:logging", "--capture=no")


SCREEN = """
from cassette import expect

def test_screen(pty):
    with pty.spawn(["sh", "-c", "echo {text}; read n"]) as term:
        term.wait_for("{text}")
        expect(term).to_match_screen()
        expect(term).to_match_screen("named")
        term.press("enter")
"""


def test_approved_screens(project: Project) -> None:
    project.test(SCREEN.format(text="hello"))
    output = project.fails("--pty-record=once")
    assert "pytest test_it.py::test_screen --pty-update-screens" in output
    project.passes("--pty-record=once", "--pty-update-screens")
    directory = project.path / "screens" / "test_it" / "test_screen"
    assert sorted(path.name for path in directory.iterdir()) == ["named.txt", "screen.txt"]
    assert (directory / "named.txt").read_text("utf-8") == "hello\n"
    project.passes()
    (directory / "named.txt").write_text("goodbye\n", "utf-8")
    assert "-|goodbye" in project.fails()
    project.passes("--pty-update-screens")
    project.passes()
