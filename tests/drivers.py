"""Programs, and people who drive them: code that knows a `Session` and not which kind it is.

A driver returns what it saw; live, recorded and replayed it has to be the same.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cassette import Region, Session, TimedOut, WaitFailed, expect
from terminal.snapshot import Snapshot

Seen = list[Any]
GO_ON = re.compile(r"go on\? ?$", re.M)


@dataclass(frozen=True)
class Case:
    """A program, how to drive it, and what it takes."""

    drive: Callable[[Session], Seen]
    argv: Callable[[Path], Sequence[str]]
    needs: str
    columns: int = 70
    rows: int = 16
    env: dict[str, str] = field(default_factory=dict)
    clean_env: bool = True

    def check(self) -> None:
        if shutil.which(self.needs) is None:
            pytest.skip(f"{self.needs} is not installed")


def look(screen: Snapshot) -> tuple[Any, ...]:
    """All of a screen that can be compared."""
    return screen.text, screen.spans, screen.cursor, screen.title, screen.alternate_screen, screen.modes


def bash(session: Session) -> Seen:
    seen: Seen = [look(session.wait_for("$ "))]
    session.type("echo one; sleep 0.05; echo t''wo")
    seen.append(look(session.screen))
    session.press("enter")
    seen.append(look(session.wait_for(re.compile(r"^two$", re.M))))
    session.press("up", "up", "down")
    seen.append(look(session.wait_for_stable(50)))
    session.press("ctrl+c")  # the kernel throws away what is typed before the program has its signal
    session.wait_for("^C\n$ ")
    session.resize(columns=60, rows=10)
    session.type("stty size")
    session.press("enter")
    expect(session).to_contain_text("10 60")
    session.wait_for("10 60\n$ ")  # before its prompt a shell takes no bracketed paste
    seen.append(look(session.screen))
    session.paste("echo pasted")
    expect(session.get_by_text("echo pasted")).to_be_visible()
    session.press("enter")
    expect(session.get_by_text(re.compile("^pasted"))).to_be_visible()
    session.wait_for("\npasted\n$ ")
    session.type("sh -c 'echo as''leep; exec sleep 100'")
    session.press("enter")
    seen.append(look(session.screen))
    session.wait_for("asleep")  # before that, the signal could be the shell's
    session.signal("INT")
    session.wait_for("asleep\n\n$ ")
    session.type("exit 3")
    session.press("enter")
    return [*seen, session.wait(), session.exit_code]


def time_out(session: Session) -> Seen:
    """Waits that fail, and looks after them; a query that nobody but the terminal answers."""
    session.wait_for("$ ")
    session.type("for i in 1 2 3 4 5 6 7 8; do sleep 0.1; echo tick $i; done; read -p 'go on? '")
    session.press("enter")
    seen: Seen = []
    for wait in (
        lambda: session.wait_for("never", timeout=0.25),
        lambda: session.wait_for_stable(2000, timeout=0.2),
        lambda: session.wait(timeout=0.05),
    ):
        with pytest.raises(TimedOut) as caught:
            wait()
        seen += [isinstance(caught.value, WaitFailed), look(session.screen)]
    seen.append(session.exit_code)
    session.wait_for(GO_ON)
    with pytest.raises(AssertionError, match="never there"):
        expect(session, timeout=0.05).to_contain_text("never there")
    expect(session).not_.to_contain_text("never there")
    session.press("enter")
    session.type(r"""printf '\033[6n'; read -rsd R where; echo "${#where} "long""")
    session.press("enter")
    answered = re.compile(r"\d+ long$", re.M)  # behind the answer, if that came before echo was off
    seen.append(look(session.wait_for(answered)))
    session.press("ctrl+d")
    return [*seen, session.wait()]


def reads(session: Session) -> Seen:
    """Code that reads bytes, as an expect script does."""
    got = b""
    while b"name? " not in got:
        got += session.read()
    session.send(b"Ada\r")
    while b"secret? " not in got:
        got += session.read()
    session.type("s3same", secret=True)
    session.press("enter")
    while data := session.read():
        got += data
    covered = got.replace(b"s3same", b"******")  # a replay has it so
    return [covered, session.wait(), session.read()]


def python(session: Session) -> Seen:
    seen: Seen = [look(session.wait_for(">>> "))]
    session.type("6 * 7")
    session.press("enter")
    seen.append(look(session.wait_for(re.compile(r"^42$", re.M))))
    session.type("1 / 0")
    session.press("enter")
    expect(session).to_contain_text("ZeroDivisionError")
    session.type("def twice(x):")
    session.press("enter")
    session.type("    return 2 * x")
    session.press("enter", "enter")
    session.type("twice('ab')")
    session.press("enter")
    expect(session.get_by_text("'abab'")).to_be_visible()
    seen.append(look(session.screen))
    session.type("raise SystemExit(7)")
    session.press("enter")
    return [*seen, session.wait()]


def vim(session: Session) -> Seen:
    session.wait_for("~")
    session.wait_for_stable(50)
    session.press("i")
    expect(session).to_contain_text("-- INSERT --")
    session.type("first line\rsecond line")
    session.press("escape")
    expect(session).not_.to_contain_text("-- INSERT --")
    seen: Seen = [look(session.screen)]
    session.press("up", "home")
    expect(session).to_have_cursor(row=0, column=0)
    session.type("x")
    expect(session).to_have_text("irst line", row=0)
    session.type(":%s/line/row/")
    session.press("enter")
    expect(session).to_have_text("irst row\nsecond row", region=Region(bottom=2))
    seen.append(look(session.screen))
    session.type(":q!")
    session.press("enter")
    return [*seen, session.wait()]


def less(session: Session) -> Seen:
    seen: Seen = [look(session.wait_for("line 3\n"))]
    session.press("space")
    seen.append(look(session.wait_for("line 20\n")))
    session.type("/line 47")
    session.press("enter")
    expect(session.get_by_text("line 47", nth=0)).to_have_style(reverse=True)
    session.press("G")
    seen.append(look(session.wait_for("(END)")))
    session.press("q")
    return [*seen, session.wait()]


def dialog(session: Session) -> Seen:
    expect(session.get_by_text("Breakfast")).to_be_visible()
    seen: Seen = []
    for _ in range(2):
        session.press("down")
        seen.append(look(session.wait_for_stable(50)))
    session.press("tab")
    seen.append(look(session.screen))
    session.press("enter")
    return [*seen, session.wait()]


def git(session: Session) -> Seen:
    seen: Seen = [look(session.wait_for("Stage this hunk"))]
    expect(session.get_by_text("+brown")).to_be_visible()
    session.type("y")
    session.press("enter")
    session.wait_for(re.compile(r"\(2/2\)"))
    seen.append(look(session.screen))
    session.type("n")
    session.press("enter")
    return [*seen, session.wait()]


def fzf(session: Session) -> Seen:
    session.wait_for("3/3")
    session.type("an")
    seen: Seen = [look(session.wait_for("1/3"))]
    session.press("backspace", "backspace")
    session.wait_for("3/3")
    session.press("up")
    seen.append(look(session.wait_for_stable(100)))
    session.press("enter")
    return [*seen, session.wait()]


def busy(session: Session) -> Seen:
    """Looks into the middle of painting that does not stop: each has to be the very screen of its mark."""
    seen: Seen = [look(session.wait_for(re.compile(r"\d")))]
    for _ in range(12):
        session.send(b"x")
        seen.append(look(session.wait_for(lambda screen: len(screen.text[0]) > 3)))
        seen.append(look(session.screen))
        seen.append(look(session.screen))
    session.press("enter")
    return [*seen, session.wait()]


def cooked(session: Session) -> Seen:
    """Canonical mode: the kernel edits the line, end of file is a key, a signal ends it."""
    session.type("ab")
    session.wait_for("ab")
    session.press("backspace")
    session.type("c")
    session.press("enter")
    seen: Seen = [look(session.wait_for("ac\nac"))]
    session.signal("SIGTERM")
    return [*seen, session.wait(), session.exit_status.signal if session.exit_status else None]


def _fruit(root: Path) -> list[str]:
    return ["sh", "-c", "printf 'apple\\nbanana\\ncherry\\n' | fzf --no-color --no-unicode"]


def _lines(root: Path) -> list[str]:
    path = root / "lines.txt"
    path.write_text("".join(f"line {number}\n" for number in range(1, 61)))
    return ["less", str(path)]


def _repository(root: Path) -> list[str]:
    work = root / "repository"
    work.mkdir()
    text = [f"line {number}\n" for number in range(30)]
    (work / "file").write_text("".join(text))
    run = ["git", "-C", str(work), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*run, *command], check=True, capture_output=True)
    text[2], text[27] = "brown\n", "blue\n"
    (work / "file").write_text("".join(text))
    return [*run[:3], "add", "-p"]


_COUNTER = """
import itertools, select
for n in itertools.cycle(range(1000, 9999)):
    print(end=f"\\r{n}", flush=True)
    if select.select([0], [], [], 0.001)[0]:  # a whole line: echo is the kernel's
        break
"""
_BREAKFAST = ["dialog", "--menu", "Breakfast", "12", "40", "3", "tea", "Green", "eggs", "Two", "toast", "Jam"]
_ASKS = (
    "printf 'name? '; read n; stty -echo; printf 'secret? '; read s; stty echo; echo; echo $n ${#s}; exit 5"
)
_BASH = ["bash", "--norc", "--noprofile", "-i"]
_PROMPT = {"PS1": "$ ", "LC_ALL": "C.UTF-8", "HISTFILE": "/dev/null"}
_PLAIN = {"LC_ALL": "C.UTF-8", "LESSHISTFILE": "-", "GIT_PAGER": "cat", "GIT_CONFIG_GLOBAL": "/dev/null"}

CASES = {
    "bash": Case(bash, lambda _: _BASH, "bash", env=_PROMPT),
    "time_out": Case(time_out, lambda _: _BASH, "bash", env=_PROMPT),
    "reads": Case(reads, lambda _: ["sh", "-c", _ASKS], "sh"),
    "python": Case(
        python,
        lambda _: [sys.executable, "-E", "-q", "-i"],
        "sh",
        env={"TERM": os.environ.get("TERM", "xterm")},
    ),
    "vim": Case(vim, lambda _: ["vim", "--clean", "-n"], "vim", env=_PLAIN),
    "less": Case(less, _lines, "less", env=_PLAIN),
    "dialog": Case(dialog, lambda _: _BREAKFAST, "dialog", env=_PLAIN),
    "git": Case(git, _repository, "git", rows=30, env=_PLAIN),
    "fzf": Case(fzf, _fruit, "fzf", env=_PLAIN),
    "busy": Case(busy, lambda _: [sys.executable, "-c", _COUNTER], "sh"),
    "cooked": Case(cooked, lambda _: ["cat"], "cat"),
}
