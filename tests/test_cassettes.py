"""The recordings of this repository: intact, as the emulator of today draws them, small, and of no one's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

import cassette
from cassette.machine import identity_of_machine
from cassette.reading.verify import verify
from cassette.recording.rederive import rederive

ROOT = Path(__file__).parent.parent
TAPES = sorted(path.parent for path in (ROOT / "cassettes").glob("*/manifest.json"))
PROJECT = sorted(path.parent for path in (ROOT / "examples" / "project").rglob("manifest.json"))
ENDS = {
    "dialog-menu": (0, None, "toast"),
    "exit-3": (3, None, "That did not work."),
    "killed": (137, "SIGKILL", "one line\none line"),
    "less": (0, None, ""),
    "password": (0, None, "Welcome, ada."),
    "shell": (0, None, "12 60"),
    "top": (0, None, "PID USER"),
    "vim": (0, None, ""),
    "wide": (0, None, "狐 │"),
}


def test_there_is_a_recording_of_each_kind() -> None:
    assert {tape.name for tape in TAPES} == set(ENDS)


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_it_is_whole_and_ends_as_it_should(path: Path) -> None:
    assert verify(path, frames=True).state == "complete"
    code, signal, text = ENDS[path.name]
    with cassette.open(path) as tape:
        status = tape.final.exit
        assert status is not None
        assert (status.code, status.signal) == (code, signal)
        assert text in "\n".join(tape.screen_at(t_ms=tape.duration_ms).text)


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_its_frames_are_what_the_emulator_draws_today(path: Path) -> None:
    """After a change of the model: raise LAYER_VERSION, run `cassette rederive cassettes/*`, look at the diff."""
    assert not rederive(path, dry_run=True).changed


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_a_frame_is_the_screen_of_its_moment(path: Path) -> None:
    with cassette.open(path) as tape:
        for frame in tape.frames():
            exact = tape.screen_at(seq=frame.seq, exact=True)
            assert (exact.text, exact.spans, exact.cursor) == (
                frame.screen.text,
                frame.screen.spans,
                frame.screen.cursor,
            )


@pytest.mark.parametrize("path", TAPES + PROJECT, ids=lambda path: path.name)
def test_its_scrub_report_is_clean(path: Path) -> None:
    with cassette.open(path) as tape:
        report = tape.scrub_report
        assert report.status == ("scrubbed" if path.name == "password" else "clean")
        assert report.hit_counts == {}
        assert report.hidden_inputs == (path.name == "password")
        assert (len(report.rules) > 400, report.guarantee) == (True, "whole")


@pytest.mark.parametrize("path", TAPES + PROJECT, ids=lambda path: path.name)
def test_nothing_in_it_is_of_the_machine_that_it_is_read_on(path: Path) -> None:
    """Where somebody has just recorded them: nobody's home, user, host or worktree."""
    own = identity_of_machine(ROOT)
    for file in path.iterdir():
        text = file.read_text("utf-8", "replace")
        assert own.in_text(text) == text


def test_together_they_are_small_and_have_no_path_and_no_secret() -> None:
    files = [path for tape in TAPES for path in tape.iterdir()]
    assert sum(path.stat().st_size for path in files) < 2**20
    for path in files:
        data = path.read_bytes()
        assert not any(word in data for word in (str(ROOT).encode(), b"/home/", b"/root", b"sk-test-0000")), (
            path
        )
