"""Where a test's cassettes lie: module, class, parameters, further spawns, names that had to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_helpers import HELLO, Project

from cassette.testing.cassette_names import LONGEST, is_further, name_of_test, nth, safe_name


@pytest.mark.parametrize("name", ["test_it", "test_it[a-1]", "Class.test_it", "a,b+c=d@e"])
def test_safe_names_stay(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name", ["a b", "a/b", "../up", "...", "ä", "a\nb", "x" * 300, "a:b", "test[\\x00]", "a" * 101]
)
def test_other_names_are_changed_and_tell_it(name: str) -> None:
    safe = safe_name(name)
    assert safe != name
    assert safe_name(safe) == safe
    assert len(safe) <= LONGEST
    assert not safe.startswith(".")
    assert "/" not in safe


def test_names_that_become_alike_stay_apart() -> None:
    assert len({safe_name(name) for name in ("a b", "a/b", "a-b", "a:b", "a  b")}) == 5


def test_further_spawns() -> None:
    first = Path("cassettes/m/test_a")
    assert [nth(first, number).name for number in (1, 2, 3)] == ["test_a", "test_a.2", "test_a.3"]
    assert is_further(nth(first, 2), first)
    assert not is_further(first, first)
    assert not is_further(Path("cassettes/m/test_ab.2"), first)
    assert not is_further(Path("cassettes/m/test_a.x"), first)
    assert name_of_test(["Outer", "Inner"], "test_a[1]") == "Outer.Inner.test_a[1]"


def test_all_kinds_of_tests(project: Project) -> None:
    (project.path / "deep").mkdir()
    test = """
import pytest

def test_plain(pty):
    with pty.spawn(["echo", "1"]): pass
    with pty.spawn(["echo", "2"]) as two, pty.spawn(["echo", "3"]): pass
    assert pty.cassette.name == "test_plain"

class TestOuter:
    class TestInner:
        @pytest.mark.parametrize("word", ["a", "b/c", "d e"])
        def test_it(self, pty, word):
            with pty.spawn(["echo", word]) as term:
                term.wait_for(word)

class TestBase:
    def test_inherited(self, pty):
        with pty.spawn(["echo", type(self).__name__]): pass

class TestChild(TestBase):
    pass
"""
    (project.path / "deep" / "test_deep.py").write_text(test, "utf-8")
    project.passes("--pty-record=once")
    root = "deep/cassettes/test_deep"
    assert [place.removeprefix(f"{root}/") for place in project.cassettes] == [
        "TestBase.test_inherited",
        "TestChild.test_inherited",
        "TestOuter.TestInner.test_it[a]",
        f"{safe_name('TestOuter.TestInner.test_it[b/c]')}",
        f"{safe_name('TestOuter.TestInner.test_it[d e]')}",
        "test_plain",
        "test_plain.2",
        "test_plain.3",
    ]
    assert "8 played" in project.passes()


def test_a_directory_of_a_projects_own(project: Project) -> None:
    project.test(ini="pty_cassette_dir = tapes")
    project.passes("--pty-record=once")
    project.passes()
    assert project.cassettes == ["tapes/test_it/test_hello"]


def test_fixtures_that_are_overridden(project: Project) -> None:
    own = """
import pytest

@pytest.fixture(scope="module")
def pty_cassette_dir():
    return "tapes/here"

@pytest.fixture
def pty_cassette_name(request):
    return "all of them"
"""
    project.test(own + HELLO + HELLO.replace("test_hello", "test_too"))
    project.passes("--pty-record=once")
    assert project.cassettes == [f"tapes/here/{safe_name('all of them')}"]
    assert "2 played" in project.passes()


def test_cassettes_by_name(project: Project) -> None:
    test = """
import pytest

@pytest.mark.pty("shared/menu")
def test_marked(pty):
    with pty.spawn(["echo", "1"]): pass
    with pty.spawn(["echo", "2"], cassette="other"): pass
    with pty.spawn(["echo", "3"]): pass
"""
    project.test(test)
    project.passes("--pty-record=once")
    root = "cassettes/test_it"
    assert project.cassettes == [f"{root}/other", f"{root}/shared/menu", f"{root}/shared/menu.2"]
    project.passes()
