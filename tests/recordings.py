"""Small cassettes of real programs, recorded once in a run, when a test asks for them by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import cassette

HOSTILE = (
    r"\033]0;stolen title\007\033]52;c;Y2xpcA==\007\033]1337;File=:AAAA\007\033]9;note\007\033[c\033[6n\033[?u"
    r"\033[>1u\033[?1000h\033[?2004h\033[?1h\033=\033[8;50;200t\033[22t\033[?3h\033[5i\033Pq#0\033\\\033]4;1;?\007"
    r"\033[?1049h\033[?25l\033[31mred"
)
"""Asks, tells, stores and switches all kinds of things, and tidies nothing up."""


class Recordings:
    """`recordings["greeter"]` is the directory of a cassette."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __getitem__(self, name: str) -> Path:
        path = self._root / name
        if not path.exists():
            getattr(self, f"_{name}")(path)
        return path

    def copy(self, name: str, to: Path) -> Path:
        """A copy that a test may damage."""
        return Path(shutil.copytree(self[name], to / name))

    def _greeter(self, path: Path) -> None:
        """Asks for a name, greets in bold and with wide characters, exits 3."""
        script = r"""printf 'name? '; read name; printf 'hello \033[1m%s\033[m 你好 ✨\n' "$name"; exit 3"""
        with cassette.record(
            path, ["sh", "-c", script], columns=40, rows=6, labels={"kind": "greeting"}
        ) as session:
            session.wait_for("name?")
            session.type("Ada")
            session.press("enter")

    def _killed(self, path: Path) -> None:
        """Draws on the alternate screen, then kills itself."""
        script = r"""printf '\033[?1049h\033[H\033[2J\033[44mblue\033[K'; sleep 0.1; kill -KILL $$"""
        with cassette.record(path, ["sh", "-c", script], columns=40, rows=6):
            pass

    def _hostile(self, path: Path) -> None:
        with cassette.record(
            path, ["sh", "-c", f"stty -echo; printf '{HOSTILE}'; sleep 0.1"], columns=40, rows=6
        ):
            pass

    def _busy(self, path: Path) -> None:
        """Some thousand lines, for pipes that are closed early."""
        script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done"
        with cassette.record(path, ["sh", "-c", script]):
            pass
