"""`pty.on_path` where a test records: the real program runs on the terminal of whoever starts it, and is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_helpers import Project, spools
from proof_helpers import own_spools

import cassette

PLACE = "cassettes/test_it/test_asker"
ASKER = "#!/bin/sh\nprintf 'name? '; read n; echo Hello, $n; exit 3\n"
DRIVEN = """
import os, signal, subprocess
import pexpect

def test_asker(pty):
    pty.on_path("asker")
    child = pexpect.spawn("asker", ["--polite"], timeout=60)
    child.expect_exact("name? ")
    child.sendline("Ada")
    child.expect_exact("Hello, Ada")
    child.expect(pexpect.EOF)
    assert child.wait() == 3
"""


@pytest.fixture(autouse=True)
def only_these() -> Iterator[None]:
    """What another test left behind is not seen."""
    with own_spools():
        yield


@pytest.fixture
def asker(project: Project) -> Path:
    """A program on PATH."""
    program = project.path / "own" / "asker"
    program.parent.mkdir()
    program.write_text(ASKER)
    program.chmod(0o755)
    project.env.setenv("PATH", str(program.parent), prepend=":")
    return program


@pytest.mark.parametrize("mode", ["once", "all", "rewrite"])
def test_it_is_recorded_and_replayed(project: Project, asker: Path, mode: str) -> None:
    project.test(DRIVEN)
    assert "1 recorded" in project.passes(f"--pty-record={mode}")
    with cassette.open(project.path / PLACE) as tape:
        assert tape.manifest.command.argv == ("asker", "--polite")
        assert b"".join(event.data for event in tape.inputs() if event.kind == "input") == b"Ada\n"
        assert tape.verdict.state == "complete"
    before = project.digest(PLACE)
    asker.unlink()
    assert "1 played" in project.passes()
    project.passes("--pty-record=once")
    assert project.digest(PLACE) == before
    assert spools() == []


def test_a_mode_that_records_again_replaces(project: Project, asker: Path) -> None:
    project.test(DRIVEN)
    project.passes("--pty-record=once")
    before = project.digest(PLACE)
    project.passes("--pty-record=rewrite")
    assert project.digest(PLACE) != before


def test_a_test_that_fails_saves_nothing(project: Project, asker: Path) -> None:
    project.test(DRIVEN.replace("== 3", "== 4"))
    project.fails("--pty-record=once")
    assert project.cassettes == []
    assert spools() == []


def test_the_end_of_the_program_is_the_callers(project: Project, asker: Path) -> None:
    asker.write_text("#!/bin/sh\nprintf 'name? '; read n; kill -TERM $$\n")
    text = DRIVEN.replace('    child.expect_exact("Hello, Ada")\n', "").replace(
        "assert child.wait() == 3", "child.wait()\n    assert child.signalstatus == signal.SIGTERM"
    )
    project.test(text)
    project.passes("--pty-record=once")
    project.passes()


def test_a_driver_that_leaves(project: Project, asker: Path) -> None:
    text = DRIVEN[: DRIVEN.index("    child.sendline")] + "    child.close()\n"
    project.test(text)
    project.passes("--pty-record=once")
    with cassette.open(
        project.path / PLACE
    ) as tape:  # pexpect hangs up, and kills what needs longer than a moment
        assert tape.verdict.state in ("complete", "partial")
        assert b"name? " in bytes(tape.raw)
    project.passes()
    assert spools() == []


def test_only_the_first_start_is_recorded(project: Project, asker: Path) -> None:
    body = DRIVEN[DRIVEN.index("    child =") :]
    project.test(DRIVEN + body)
    project.passes("--pty-record=once")
    assert project.cassettes == [PLACE]
    project.passes()  # each start plays all of it


def test_what_it_starts_by_its_own_name_is_no_second_recording(project: Project, asker: Path) -> None:
    asker.write_text(ASKER.replace("#!/bin/sh\n", '#!/bin/sh\n[ "$1" = inner ] && exit 5\nasker inner; '))
    project.test(DRIVEN)
    project.passes("--pty-record=once")
    with cassette.open(project.path / PLACE) as tape:
        assert tape.manifest.command.argv == ("asker", "--polite")


def test_on_a_pipe_it_says_how_it_is_recorded(project: Project, asker: Path) -> None:
    project.test(
        "import subprocess\n\ndef test_asker(pty):\n    pty.on_path('asker')\n"
        "    subprocess.run(['asker', 'two words'], input=b'Ada', capture_output=True)\n"
    )
    output = project.fails("--pty-record=once")
    assert "asker was started without a terminal" in output
    assert "cassette record -o cassettes/test_it/test_asker -- asker 'two words'" in output
    assert project.cassettes == []


def test_one_that_nobody_starts(project: Project, asker: Path) -> None:
    project.test("def test_asker(pty):\n    pty.on_path('asker')\n")
    assert "nobody started it" in project.fails("--pty-record=once")


def test_one_that_is_not_there(project: Project) -> None:
    project.test("def test_asker(pty):\n    pty.on_path('no-such-asker')\n")
    assert "there is no no-such-asker on PATH, and once runs it" in project.fails("--pty-record=once")
    assert "--pty-record=once" in project.fails()


def test_secrets_are_covered(project: Project, asker: Path) -> None:
    project.env.setenv("OWN_PIN", "sk-test-0000-4711")
    text = (
        DRIVEN.replace('sendline("Ada")', "sendline(pin)")
        .replace("Hello, Ada", "Hello, ")
        .replace('pty.on_path("asker")', 'pty.on_path("asker")\n    pin = pty.secret("OWN_PIN")')
    )
    project.test(text)
    project.passes("--pty-record=once")
    for path in (project.path / PLACE).iterdir():
        assert b"sk-test-0000-4711" not in path.read_bytes(), path.name
