"""What a person reads when a test and its recording do not agree: one golden for each way to get it wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from build_cassette import Tape, greeter

import cassette
from cassette import expect
from cassette.errors import CassetteError, Damaged
from cassette.model import Input, Size
from cassette.playing import mismatch
from cassette.playing.mismatch import Recording, call_of
from cassette.playing.replay_errors import REASONS, ReplayMismatch
from cassette.testing.callsite import CallSite, calling_from

COMMAND = "pytest tests/test_menu.py::test_menu --pty-record=rewrite"
Drive = Callable[[cassette.ReplaySession], object]


@pytest.fixture(autouse=True)
def _beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def menu() -> Tape:
    """A menu, a secret, a paste, a resize: what real recordings have."""
    tape = Tape(
        command={"argv": ["menu", "--fast mode"], "workdir_policy": "inherit"},
        terminal={
            "initial_rows": 8,
            "initial_cols": 40,
            "emulator": {"name": "pyte", "version": "test"},
        },
    )
    tape.output(12, b"\x1b]2;Menu\x07Breakfast?\r\n\r\n  1 tea\r\n  2 eggs\r\n> ")
    tape.input(900, b"\x1b[B", key="down", source="script").output(905, b"\r* ")
    tape.input(1200, b"two eggs", source="script").output(1202, b"two eggs")
    tape.input(1300, b"\r", key="enter", source="script").output(1400, b"\r\nPIN: ")
    tape.input(2000, b"********", source="script", redacted="caller").input(2001, b"\r", key="enter")
    tape.output(2010, b"\r\nNote: ").input(3000, b"\x1b[200~soft\rboiled\x1b[201~", kind="paste")
    tape.resize(3500, 50, 10).input(4000, kind="signal", signal="SIGINT").output(4001, b"^C bye\r\n")
    return tape.final(5000, 130)


def eat(session: cassette.ReplaySession) -> None:
    session.press("down")
    session.type("two eggs")
    session.press("enter")
    session.type("1234", secret=True)
    session.press("enter")


def all_of_it(session: cassette.ReplaySession) -> None:
    eat(session)
    session.paste("soft\nboiled")
    session.resize(columns=50, rows=10)
    session.signal("SIGINT")


WRONG: dict[str, tuple[str, Drive]] = {
    "wrong_key": ("no_match", lambda session: session.press("up")),
    "key_left_out": ("no_match", lambda session: session.type("two eggs")),
    "wrong_text": ("no_match", lambda session: (session.press("down"), session.type("two rolls"))),
    "extra_key": ("no_match", lambda session: session.press("down", "down")),
    "wrong_order": ("no_match", lambda session: (session.press("down"), session.press("enter"))),
    "key_for_a_secret": (
        "no_match",
        lambda session: (session.type("\x1b[Btwo eggs\r"), session.press("enter")),
    ),
    "secret_somewhere_else": ("no_match", lambda session: session.type("hunter2", secret=True)),
    "wrong_paste": ("no_match", lambda session: (eat(session), session.paste("hard boiled"))),
    "paste_for_resize": (
        "no_match",
        lambda session: (eat(session), session.paste("soft\rboiled"), session.paste("x")),
    ),
    "wrong_size": (
        "geometry",
        lambda session: (eat(session), session.paste("soft\rboiled"), session.resize(columns=80, rows=24)),
    ),
    "wrong_signal": (
        "no_match",
        lambda session: (
            eat(session),
            session.paste("soft\rboiled"),
            session.resize(columns=50, rows=10),
            session.signal("SIGTERM"),
        ),
    ),
    "one_too_many": ("exhausted", lambda session: (all_of_it(session), session.press("q"))),
    "stopped_early": ("unplayed", lambda session: session.press("down")),
    "stopped_inside": ("unplayed", lambda session: (session.press("down"), session.type("two"))),
    "control_bytes": ("no_match", lambda session: session.send(b"\x1b]0;x\x07\x00\xff")),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_test_is_told_all(name: str, golden: Callable[[str, str], None]) -> None:
    reason, drive = WRONG[name]
    path = menu().write(Path("cassettes/test_menu/test_menu"))
    with (
        pytest.raises(ReplayMismatch) as caught,
        calling_from(CallSite("tests/test_menu.py", 14, "term.do_it()")),
        cassette.open(path).session(on_unplayed="fail", record_command=COMMAND) as session,
    ):
        drive(session)
    assert caught.value.reason == reason
    golden(f"mismatch/{name}.txt", f"{caught.value}\n")


WAITS: dict[str, Drive] = {
    "wait_for_what_never_comes": lambda session: session.wait_for("dinner"),
    "wait_for_what_comes_later": lambda session: session.wait_for("PIN"),
    "wait_after_a_part": lambda session: (
        session.press("down"),
        session.type("two"),
        session.wait_for("* two eggs"),
    ),
    "wait_at_the_end": lambda session: (all_of_it(session), session.wait_for("dinner")),
    "expect_text": lambda session: expect(session).to_contain_text("Dinner?"),
    "expect_row": lambda session: expect(session).to_have_text("Breakfast!", row=0),
    "expect_rows": lambda session: expect(session).to_have_text("Breakfast?\n\n  1 tea\n  2 ham\n>\nmore"),
    "expect_style": lambda session: expect(session.get_by_text("tea")).to_have_style(bold=True, fg=2),
    "expect_place": lambda session: expect(session.get_by_text("tea", nth=1)).to_be_visible(),
    "expect_not": lambda session: expect(session.get_by_text("tea")).not_.to_be_visible(),
    "expect_title": lambda session: expect(session).to_have_title("Lunch"),
    "expect_cursor": lambda session: expect(session).to_have_cursor(row=4, column=3, visible=True),
    "expect_early": lambda session: expect(session).to_contain_text("bye"),
}


@pytest.mark.parametrize("name", WAITS)
def test_what_does_not_come_is_told_too(name: str, golden: Callable[[str, str], None]) -> None:
    path = menu().write(Path("cassettes/test_menu/test_menu"))
    with (
        pytest.raises((CassetteError, AssertionError)) as caught,
        calling_from(CallSite("tests/test_menu.py", 14, "term.do_it()")),
        cassette.open(path).session(record_command=COMMAND) as session,
    ):
        WAITS[name](session)
    golden(f"mismatch/{name}.txt", f"{caught.value}\n")


def around() -> dict[str, Callable[[], ReplayMismatch]]:
    """The reasons that are not found by a session but before it."""
    recording = Recording(Path("cassettes/menu"), ("menu", "--fast mode"), Size(40, 8), COMMAND)
    damage = Damaged(path="cassettes/menu", file="output.jsonl", why="its SHA-256 is another", line=3, seq=9)
    return {
        "command": lambda: mismatch.command(recording, ["menu", "--slow"]),
        "geometry": lambda: mismatch.geometry(recording, Size(80, 24), Size(40, 8)),
        "not_found": lambda: mismatch.not_found("cassettes/menu", COMMAND),
        "expired": lambda: mismatch.expired(recording, "2026-01-02T03:04:05Z", "322 days", "90 days"),
        "damaged": lambda: mismatch.damaged("cassettes/menu", damage, COMMAND),
    }


@pytest.mark.parametrize("reason", ["command", "geometry", "not_found", "expired", "damaged"])
def test_what_is_known_before_it_starts(reason: str, golden: Callable[[str, str], None]) -> None:
    with calling_from(CallSite("tests/test_menu.py", 9, 'pty.spawn(["menu"])')):
        error = around()[reason]()
    assert error.reason == reason
    assert error.exit_code == 1
    golden(f"mismatch/{reason}.txt", f"{error}\n")


def test_every_reason_has_a_golden() -> None:
    assert {reason for reason, _ in WRONG.values()} | set(around()) == set(REASONS)


def test_a_recording_without_input_and_with_a_gap() -> None:
    path = Tape().output(1, b"hello").gap(2, "spool-full").final(3).write(Path("tape"))
    with (
        pytest.raises(ReplayMismatch) as caught,
        calling_from(None),
        cassette.open(path).session() as session,
    ):
        session.wait(), session.press("q")
    text = str(caught.value)
    assert "the recording has no input at all" in text
    assert "1 before this point: something is missing" in text
    assert "cassette record -o tape --overwrite --columns 20 --rows 4 -- greeter" in text


def test_the_line_of_the_test_is_the_innermost_that_is_not_ours(tmp_path: Path) -> None:
    with cassette.open(greeter().write(tmp_path / "tape")).session() as session:
        with pytest.raises(ReplayMismatch) as caught:
            session.press("f1")  # this very line
        assert 'session.press("f1")  # this very line' in str(caught.value)
        with pytest.raises(AssertionError) as failed:
            expect(session).to_contain_text("nothing of this")
        assert 'expect(session).to_contain_text("nothing of this")' in str(failed.value)
        assert f"{os.path.basename(__file__)}:" in str(failed.value)


def test_a_secret_is_not_in_a_message(tmp_path: Path) -> None:
    with cassette.open(greeter().write(tmp_path / "tape")).session() as session:
        with pytest.raises(ReplayMismatch) as caught:
            session.type("hunter2", secret=True)
        shown = f"{caught.value} {caught.value.facts} {caught.value!r}"
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("event", "call"),
    [
        (Input(1, 0, "input", b"ls -l\r"), 'type("ls -l"); press("enter")'),
        (Input(1, 0, "input", b"\x1b[A\x1b[A\x03"), 'press("up"); press("up"); press("ctrl+c")'),
        (Input(1, 0, "input", 'say "grüß"'.encode()), r'type("say \"grüß\"")'),
        (Input(1, 0, "input", b"\xff\x00"), r'send(b"\xff"); press("ctrl+space")'),
        (Input(1, 0, "input", b"x", key="x"), 'press("x")'),
        (Input(1, 0, "paste", b"\x1b[200~a\rb\x1b[201~"), r"paste('a\rb')"),
        (Input(1, 0, "input", b"****\r", redacted="hidden"), "type(<any text: it was hidden>)"),
        (Input(1, 0, "resize", size=Size(3, 4)), "resize(columns=3, rows=4)"),
        (Input(1, 0, "signal", signal="SIGHUP"), 'signal("SIGHUP")'),
    ],
)
def test_recorded_input_reads_as_the_call_that_sends_it(event: Input, call: str) -> None:
    assert call_of(event) == call


TESTS = """
import cassette

def test_session():
    with cassette.open("tape").session() as term:
        term.type("Eve")

def test_expectation():
    with cassette.open("tape").session() as term:
        cassette.expect(term).to_contain_text("Eve")
"""


def test_pytest_points_at_the_line_of_the_test(tmp_path: Path) -> None:
    greeter().write(tmp_path / "tape")
    (tmp_path / "test_it.py").write_text(TESTS)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "2 failed" in ran.stdout
    assert '>       term.type("Eve")' in ran.stdout or '>           term.type("Eve")' in ran.stdout
    assert 'to_contain_text("Eve")' in ran.stdout
    assert "player.py:" not in ran.stdout
    assert "expectation.py:" not in ran.stdout
