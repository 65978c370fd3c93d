"""One small cassette with exact times, on which every kind of assertion can hold, fail, and say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from build_cassette import ID, Tape

from cassette.reading.reader import open as open_cassette
from cassette.scenario.checking import Result, judge
from cassette.scenario.spec import Assertion, parse_spec
from cassette.scenario.tape import Tape as View

HEAD = f"version: 1\ncassette:\n  id: {ID}\n  evidence_sha256: '{'0' * 64}'\nassertions:\n"
LINE = HEAD.count("\n") + 1
"""Where the first assertion stands."""


class Scene(Tape):
    """A tape whose frames have a cursor."""

    def _frame(self, t_ms: int, columns: int, lines_: int, **more: Any) -> Tape:
        start, self.raw_end = self.raw_end, len(self.raw)
        row, column = more.pop("at", (0, 0))
        shape = {} if more.pop("visible", True) else {"Visible": False}
        return self._add(
            "frames.jsonl",
            t_ms=t_ms,
            size={"Rows": lines_, "Cols": columns},
            raw_start=start,
            raw_end=self.raw_end,
            parser_offset=self.raw_end,
            cursor={"Row": row, "Col": column, "Visible": True, **shape},
            **more,
        )


def scene() -> Scene:
    """Loading, a name, Ready in bold, a paste, an editor in another size, a hidden line, Bye.

    Frames: seq 2 at 0.000, 6 at 0.700, 11 at 1.010, 16 at 1.310; the end is seq 17 at 2.000.
    """
    tape = Scene()
    tape.output(0, b"Loading").key(0, ["Loading"], at=(0, 7))
    tape.input(500, b"Ada", source="user").input(600, b"\r", source="user", key="enter")
    tape.output(700, b"\x1b[H\x1b[2J\x1b[1mReady\x1b[m\r\n\xe4\xbd\xa0\xe5\xa5\xbd \x1b[31mred\x1b[m x x")
    tape.key(
        700,
        ["Ready", "你好 red x x"],
        at=(1, 12),
        spans={"0": [[0, 5, 0]], "1": [[5, 3, 1]]},
        styles=[{"bold": True}, {"fg": 1}],
    )
    tape.service(800, {"type": "greeted", "who": "Ada", "n": 1})
    tape.input(900, b"\x1b[200~two\rlines\x1b[201~", kind="paste", source="user")
    tape.resize(1000, 30, 5)
    tape.output(1010, b"\x1b[?1049h\x1b[H\x1b[2J\x1b]2;editor\x07text of it\x1b[?25l")
    tape.key(
        1010,
        ["text of it"],
        columns=30,
        rows=5,
        at=(0, 10),
        visible=False,
        title="editor",
        alternate_screen=True,
    )
    tape.input(1100, b"********\r", source="user", redacted="known-value")
    tape.service(1200, {"type": "greeted", "who": "Bob", "n": 2.5, "odd name": {"list": [1, {"a": True}]}})
    tape.resize(1300, 20, 4)
    tape.output(1310, b"\x1b[?1049l\x1b[H\x1b[2JBye").key(1310, ["Bye"], at=(0, 3))
    tape.final(
        2000, 0, metadata={"model": "m-1", "ok": True, "tries": [1, 2]}, usage={"tokens": 12}, cost_usd=0.5
    )
    return tape


def view_of(tape: Tape, path: Path) -> View:
    """A tape as assertions see it; what is read stays valid after closing."""
    with open_cassette(tape.write(path)) as opened:
        return View(opened)


def assertion_of(text: str) -> Assertion:
    """The one assertion in `- kind: …`. Raises BadAssertions."""
    (assertion,) = parse_spec(HEAD + text + "\n").assertions
    return assertion


def judged(text: str, view: View) -> Result:
    """What becomes of one assertion."""
    return judge(assertion_of(text), view)
