"""Our model beside other engines: libghostty, and xterm.js where Node has it (NODE_PATH with @xterm/headless).

Where the other engines agree with each other, ours shows the same; where they do not, nobody is right, and the
bytes are listed. On real programs ours and libghostty agree on every cell, colour and cursor.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import terminal_data as data

STREAMS = data.streams()
COUNT = 1_500 if "CASSETTE_PROVE" in os.environ else 40
# Stream to the fields of a snapshot in which ours and libghostty differ, with the reason.
KNOWN_FIELDS = {
    "modes": "libghostty starts with 1007 and 12 set, and keeps several mouse modes where xterm keeps the last one",
    "title": "libghostty keeps no stack of titles",
}
# What xterm does and neither of the two others: `CSI ^` scrolls down.
XTERM_ALONE = re.compile(rb"\x1b\[[0-9;]*\^")
Seen = tuple[list[str], int, int]


class XtermHeadless:
    """xterm.js in a Node process."""

    def __init__(self) -> None:
        script = data.DATA / "xterm_headless.js"
        self._process = subprocess.Popen(
            ["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def show(self, output: bytes, columns: int, rows: int) -> Seen:
        request = {"columns": columns, "rows": rows, "data": output.hex()}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        return data.trimmed(answer["screen"]), answer["x"], answer["y"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def xterm() -> Iterator[XtermHeadless]:
    node = shutil.which("node")
    probe = [node or "", "-e", "require.resolve('@xterm/headless')"]
    if node is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("Node with @xterm/headless in NODE_PATH is not here")
    engine = XtermHeadless()
    yield engine
    engine.close()


def shown(name: str, output: bytes, columns: int, rows: int) -> Seen:
    emulator = data.new(name, columns, rows)
    emulator.feed(output)
    screen = emulator.snapshot()
    return data.trimmed(screen.text), screen.cursor.column, screen.cursor.row


def mutated(random_: random.Random) -> tuple[bytes, int, int]:
    """A part of a real stream with a few bytes changed, dropped or doubled, on a small screen."""
    stream = random_.choice(STREAMS)
    length = random_.choice([200, 600, 2000])
    start = random_.randrange(max(1, len(stream.data) - length))
    part = bytearray(stream.data[start : start + length])
    for _ in range(random_.randrange(6)):
        at = random_.randrange(len(part))
        kind = random_.randrange(3)
        if kind == 0:
            part[at] = random_.choice(b"0123456789;?ABCHJKLMPXmhlr\x1b[ \n\r\b")
        elif kind == 1 and len(part) > 20:
            del part[at : at + random_.randrange(1, 9)]
        else:
            part[at:at] = part[at : at + random_.randrange(1, 30)]
    return bytes(part), min(stream.columns, 40), min(stream.rows, 12)


@pytest.mark.prove
def test_mutated_streams_show_what_the_others_agree_on(xterm: XtermHeadless, record_property: Any) -> None:
    random_ = random.Random("differential")
    disagreements = []
    for _ in range(COUNT):
        output, columns, rows = mutated(random_)
        reference, ghostty = xterm.show(output, columns, rows), shown("ghostty", output, columns, rows)
        if reference != ghostty or XTERM_ALONE.search(output):
            disagreements.append(output)
            continue
        assert shown("pyte", output, columns, rows) == reference, output
    record_property("xterm.js and libghostty disagree", [output.hex() for output in disagreements])
    assert len(disagreements) < COUNT / 4


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_ghostty_and_ours_agree_on_real_programs_cell_by_cell(stream: data.Stream) -> None:
    ours = data.new("pyte", stream.columns, stream.rows)
    ghostty = data.new("ghostty", stream.columns, stream.rows)
    for start in range(0, len(stream.data), 1_500):
        for emulator in (ours, ghostty):
            emulator.feed(stream.data[start : start + 1_500])
        difference = ours.snapshot().diff(ghostty.snapshot())
        assert not difference.rows, str(difference)
        assert set(difference.fields) <= set(KNOWN_FIELDS)
