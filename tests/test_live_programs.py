"""Real programs, recorded with the tool: what it says was on the screen, another terminal shows for the same bytes.

At each mark of a recording the bytes up to there are written into a tmux pane of the same size. The pane's program
then asks the terminal for its state and signals when the answer has come, so that all before it has been drawn.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_harness import run, run_here
from pty_helpers import LIMIT_S

import cassette
from cassette.model import Input, Output

COLUMNS, ROWS = 90, 26
PLAYER = """
import os, subprocess, sys, tty
tty.setraw(0)
rest = memoryview(open(sys.argv[1], "rb").read() + b"\\x1b[5n")
while rest:
    rest = rest[os.write(1, rest):]
answers = b""
while b"\\x1b[0n" not in answers:
    answers += os.read(0, 4096)
subprocess.run(["tmux", "wait-for", "-S", sys.argv[2]], check=True)
os.read(0, 1)
"""
LINE_DRAWING = str.maketrans("`afgijklmnopqrstuvwxyz{|}~", "◆▒°±␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")


@dataclass(frozen=True)
class Program:
    """A command line, and a script with some moments at which to compare."""

    argv: tuple[str, ...]
    script: str
    least: int = 3


PROGRAMS = {
    "vim": Program(
        ("vim", "-u", "NONE", "-N", "-n", "--cmd", "syntax on", "code.py"),
        '[wait: "class", type: "/def", press: enter, wait_stable: 150, type: "ddp:set number", press: enter,'
        ' wait: " 10     def", type: ":split", press: enter, wait_stable: 150, press: ctrl+d, wait_stable: 150,'
        ' type: ":qa!", press: enter]',
    ),
    "htop": Program(
        ("htop", "--delay=100"),
        '[wait: "F10", press: f5, wait_stable: 150, press: f6, wait: "Sort by", press: escape, wait_stable: 150,'
        " press: [down, down], wait_stable: 150, press: f2, wait_stable: 150, press: f10, wait_stable: 150, press: q]",
    ),
    "mc": Program(
        ("mc", "--nosubshell"),
        '[wait: "Quit", press: [down, down], wait_stable: 150, press: f9, wait_stable: 150, press: enter,'
        ' wait: "View", press: [escape, escape], wait_stable: 150, press: f1, wait_stable: 150, press: f10,'
        " wait_stable: 150, press: f10]",
    ),
    "dialog": Program(
        (
            "dialog",
            "--title",
            "Colours",
            "--menu",
            "Take one",
            "12",
            "40",
            "3",
            "r",
            "red",
            "g",
            "grün",
            "b",
            "青",
        ),
        '[wait: "Take one", press: down, wait_stable: 150, press: [down, tab], wait_stable: 150, press: enter]',
    ),
    "fzf": Program(
        ("sh", "-c", "seq 1 500 | fzf --border --prompt='pick> '"),
        '[wait: "500/500", type: "4", wait_stable: 150, type: "2", wait: "42", press: up, wait_stable: 150,'
        " press: escape]",
    ),
    "tig": Program(
        ("tig",),
        '[wait: "second", press: down, wait_stable: 150, press: enter, wait: "diff --git", press: page_down,'
        " wait_stable: 150, press: h, wait_stable: 150, type: Q]",
    ),
    "nano": Program(
        ("nano", "--ignorercfiles", "code.py"),
        '[wait: "class", type: "# ünï 漢字", wait_stable: 150, press: ctrl+w, wait: "Search", type: "def",'
        ' press: enter, wait_stable: 150, press: ctrl+k, wait_stable: 150, press: ctrl+x, wait: "Save", type: n]',
    ),
    "less": Program(
        ("less", "code.py"),
        '[wait: "class", press: space, wait_stable: 150, type: "/method_2", press: enter, wait_stable: 150, type: n,'
        ' wait_stable: 150, type: "?method_1", press: enter, wait_stable: 150, type: "G", wait_stable: 150, type: q]',
    ),
}


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[list[str]]:
    """The start of a tmux command line, for a server of this test's own."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    settings = tmp_path / "tmux.conf"
    settings.write_text("set -g status off\nset -g remain-on-exit on\n")
    (tmp_path / "player.py").write_text(PLAYER)
    command = ["tmux", "-u", "-f", str(settings), "-S", str(tmp_path / "tmux.socket")]
    yield command
    subprocess.run([*command, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a source file and two commits, and a home without settings."""
    home, place = tmp_path / "home", tmp_path / "workshop"
    home.mkdir()
    place.mkdir()
    monkeypatch.chdir(place)
    for name, value in {
        "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home), "TERM": "xterm-256color",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in ("LESS", "LESSOPEN", "FZF_DEFAULT_OPTS", "PAGER", "TMUX", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    lines = [
        f'class Thing{n}:\n    """Text {n}."""\n\n    def method_{n}(self) -> int:\n        return {n}\n'
        for n in range(40)
    ]
    (place / "code.py").write_text("\n".join(lines))
    return place


def commit_twice(place: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=place, check=True)
    for message in ("first", "second"):
        (place / "code.py").write_text((place / "code.py").read_text() + f"# {message} ✨\n")
        subprocess.run(["git", "add", "code.py"], cwd=place, check=True)
        subprocess.run(["git", "commit", "-q", "-m", message], cwd=place, check=True)


def moments(tape: cassette.Cassette) -> list[tuple[int, int]]:
    """(number of the event, bytes of output until there) of each mark."""
    found, done = [], 0
    for event in tape.events():
        if isinstance(event, Output):
            done += len(event.data)
        elif isinstance(event, Input) and event.kind == "mark":
            found.append((event.seq, done))
    return found


def shown_by_tmux(tmux: list[str], output: bytes, name: str, folder: Path) -> list[str]:
    played = folder / name
    played.write_bytes(output)
    environment = {k: v for k, v in os.environ.items() if k != "TMUX"} | {"LC_ALL": "C.UTF-8"}
    pane = [sys.executable, str(folder / "player.py"), str(played), name]
    for arguments in (
        ["new-session", "-d", "-s", name, "-x", str(COLUMNS), "-y", str(ROWS), *pane],
        ["wait-for", name],
    ):
        subprocess.run([*tmux, *arguments], check=True, env=environment, timeout=LIMIT_S)
    # With -p alone tmux prints a cell of the line drawing set as the letter that was sent (`lqqk`); with -e
    # it says where that set begins and ends.
    capture = [*tmux, "capture-pane", "-p", "-e", "-t", f"={name}:"]
    captured = subprocess.run(capture, check=True, env=environment, capture_output=True, timeout=LIMIT_S)
    return drawn(captured.stdout.decode())


def drawn(captured: str) -> list[str]:
    """The rows of a capture, its styles dropped and its line drawing drawn."""
    plain = re.sub(r"\x1b\[[0-9;:]*m|\x1b\]8;[^\x1b\x07]*(?:\x1b\\|\x07)", "", captured)
    rows = "".join(
        part.translate(LINE_DRAWING) if part.startswith("\x0e") else part
        for part in re.split(r"(\x0e[^\x0f]*\x0f?)", plain)
    )
    return trimmed(rows.replace("\x0e", "").replace("\x0f", ""))


def trimmed(text: str) -> list[str]:
    rows = [row.rstrip() for row in text.split("\n")]
    while rows and not rows[-1]:
        rows.pop()
    return rows


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_terminal_shows_the_same(
    name: str, tmux: list[str], workshop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = PROGRAMS[name]
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    if name == "tig":
        commit_twice(workshop)
    script, tape = tmp_path / "script.yaml", tmp_path / "tape"
    script.write_text(program.script)
    size = ("--columns", COLUMNS, "--rows", ROWS)
    done = run("record", "-o", tape, *size, "--quiet", "--script", script, "--", *program.argv, cwd=workshop)
    assert done.code == 0, done.err
    raw = (tape / "output.raw").read_bytes()
    compared = moments(cassette.open(tape))
    assert len(compared) >= program.least
    for seq, end in compared:
        said = run_here(capsys, "screen", tape, "--seq", seq, "--exact").out
        assert trimmed(said) == shown_by_tmux(tmux, raw[:end], f"at-{seq}", tmp_path), f"at event {seq}"
