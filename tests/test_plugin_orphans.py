"""`--pty-orphans`: which cassettes nobody uses, when that can be known, and what is done about them."""

from __future__ import annotations

import pytest
from plugin_helpers import HELLO, Project

BOTH = HELLO + HELLO.replace("test_hello", "test_other")
ROOT = "cassettes/test_it"
OTHER = f"{ROOT}/test_other"


@pytest.fixture
def orphaned(project: Project) -> Project:
    """A project with a cassette of a test that is gone, and one that was made by hand."""
    project.test(BOTH)
    project.passes("--pty-record=once")
    by_hand = project.path / "cassettes" / "by-hand"
    by_hand.mkdir()
    (by_hand / "manifest.json").write_text("{}", "utf-8")
    (project.path / ROOT / "notes").mkdir()
    project.test()
    return project


def test_ignore_says_nothing(orphaned: Project) -> None:
    assert "orphan" not in orphaned.passes()


def test_warn(orphaned: Project) -> None:
    output = orphaned.passes("--pty-orphans=warn")
    assert [line for line in output.splitlines() if "orphan" in line] == [f"orphan {OTHER}: no test uses it"]


def test_fail(orphaned: Project) -> None:
    result = orphaned.run("--pty-orphans=fail")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1)
    assert f"orphan {OTHER}: no test uses it" in result.stdout.str()


def test_delete(orphaned: Project) -> None:
    assert f"orphan {OTHER}: deleted" in orphaned.passes("--pty-orphans=delete")
    assert orphaned.cassettes == ["cassettes/by-hand", f"{ROOT}/test_hello"]
    assert (orphaned.path / ROOT / "notes").is_dir()
    orphaned.passes("--pty-orphans=fail")


def test_all_tests_of_a_directory_are_gone(orphaned: Project) -> None:
    orphaned.test("def test_nothing(): pass")
    output = orphaned.passes("--pty-orphans=delete")
    assert output.count("deleted") == 2
    assert orphaned.cassettes == ["cassettes/by-hand"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("-k", "hello"), "-k was given"),
        (("-m", "not slow"), "-m was given"),
        (("test_it.py::test_hello",), "single files or tests were named"),
        (("test_it.py",), "single files or tests were named"),
        (("--deselect", "test_it.py::test_none"), "--deselect was given"),
        (("--ignore", "elsewhere"), "--ignore was given"),
    ],
)
def test_a_run_of_less_than_everything_judges_nothing(
    orphaned: Project, arguments: tuple[str, ...], why: str
) -> None:
    output = orphaned.passes("--pty-orphans=delete", *arguments)
    assert f"orphans not judged: {why}" in output
    assert OTHER in orphaned.cassettes


def test_a_run_that_stopped_judges_nothing(orphaned: Project) -> None:
    orphaned.test("def test_a(): assert 0\n" + HELLO)
    assert "orphans not judged: the run did not come to its end" in orphaned.fails(
        "--pty-orphans=delete", "-x"
    )
    assert OTHER in orphaned.cassettes


@pytest.mark.parametrize("how", ["skip('not here')", "fail('broken')", "xfail('not yet')"])
def test_a_test_that_did_not_pass_keeps_its_cassettes(project: Project, how: str) -> None:
    two = HELLO + "\n    with pty.spawn(['true']): pass\n"
    project.test(two)
    project.passes("--pty-record=once")
    project.test(
        f"import pytest\n{BOTH}".replace("def test_hello(pty):", f"def test_hello(pty):\n    pytest.{how}")
    )
    result = project.run("--pty-orphans=delete", "--pty-record=once")
    assert "orphan " not in result.stdout.str()
    assert f"{ROOT}/test_hello.2" in project.cassettes


def test_nothing_is_deleted_while_a_test_does_not_pass(orphaned: Project) -> None:
    orphaned.test(f"import pytest\n{HELLO}\ndef test_skipped(pty):\n    pytest.skip('no')\n")
    output = orphaned.passes("--pty-orphans=delete")
    assert f"orphan {OTHER}: no test uses it" in output
    assert "not deleted, since a test that may use one did not pass (1 in all)" in output
    assert OTHER in orphaned.cassettes


def test_a_further_spawn_that_is_gone_is_an_orphan(project: Project) -> None:
    project.test(HELLO + "\n    with pty.spawn(['true']): pass\n")
    project.passes("--pty-record=once")
    project.test()
    assert f"orphan {ROOT}/test_hello.2: no test uses it" in project.passes("--pty-orphans=warn")


def test_workers_know_together(orphaned: Project) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    orphaned.test(HELLO + "".join(HELLO.replace("test_hello", f"test_{n}") for n in range(3)))
    result = orphaned.run(
        "-n2",
        "--pty-record=once",
        "--pty-orphans=delete",
        plugins="xdist.plugin xdist.looponfail",
        alone=True,
    )
    result.assert_outcomes(passed=4)
    output = result.stdout.str()
    assert f"orphan {OTHER}: deleted" in output
    assert "1 played, 3 recorded" in output
    assert len(orphaned.cassettes) == 5
