"""Whole recordings, real ones and made-up ones, drive their own shims."""

from __future__ import annotations

import os
import random
import select
import signal
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape
from shim_helpers import LIMIT_S
from shim_process import (
    Driven,
    mode,
    report_of,
    tape,
    terminal,
)
from shim_process import on_terminal as on_terminal
from shim_process import shim as shim

from cassette.model import Input, Output
from cassette.reading.reader import open as open_cassette
from cassette.shim import write_shim

# Whole recordings, driven by what they say themselves.

RECORDINGS = sorted(
    path.parent for path in (Path(__file__).parent.parent / "cassettes").glob("*/manifest.json")
)


@pytest.mark.parametrize("split", [False, True], ids=["as recorded", "byte by byte"])
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.name)
def test_a_recording_plays_itself(recording: Path, split: bool, tmp_path: Path) -> None:
    path = write_shim(recording, name="shim", into=tmp_path, any_arguments=True)
    with open_cassette(recording) as made:
        driven = Driven([str(path)], (made.size.columns, made.size.rows))
        try:
            seen = drive_by(made, driven, split=split)
            status = driven.end()
        finally:
            driven.close()
        assert seen + driven.seen == made.output_bytes()
        ended = made.final.exit
        assert (status if status >= 0 else 128 - status) == ended.code


def drive_by(made: Any, driven: Driven, *, split: bool) -> bytes:
    """Send each input when all output before it has come; the output."""
    seen = b""
    expected = 0
    for event in made.events():
        if isinstance(event, Output):
            expected += len(event.data)
        elif isinstance(event, Input) and event.source != "terminal" and event.kind not in ("mode", "mark"):
            while len(seen) < expected:
                assert select.select([driven.master], [], [], LIMIT_S)[0], seen
                seen += os.read(driven.master, 65536)
            act(event, driven, split=split)
    return seen


def act(event: Input, driven: Driven, *, split: bool) -> None:
    if event.kind == "resize":
        driven.resize(event.size.columns, event.size.rows)
    elif event.kind == "signal":
        driven.process.send_signal(signal.Signals[event.signal])
    else:
        data = b"some secret" if event.redacted else event.data
        for piece in [data[n : n + 1] for n in range(len(data))] if split else [data]:
            driven.send(piece)


def made_up(chance: random.Random) -> Tape:
    """A conversation of anything that can happen, in any order."""
    made, t_ms = tape(terminal=terminal()), 0
    made.output(0, b"ready")
    for _ in range(chance.randint(1, 30)):
        t_ms += chance.randint(0, 3)
        kind = chance.choice("oooiiihmrst")
        text = bytes(chance.choice(b"abc \r\n\x1b[;0m\x03\x04\x7f") for _ in range(chance.randint(1, 12)))
        if kind == "o":
            made.output(t_ms, text * chance.choice((1, 1, 1, 500)))
        elif kind == "i":
            made.input(t_ms, text, source="user")
        elif kind == "h":
            made.input(t_ms, b"*" * 8, source="user", redacted="hidden-input").input(
                t_ms, b"\r", source="user"
            )
        elif kind == "m":
            made.input(t_ms, kind="mode", mode=mode(chance.random() < 0.5, chance.random() < 0.5))
        elif kind == "r":
            made.resize(t_ms, chance.randint(20, 200), chance.randint(5, 60))
        elif kind == "s":
            made.input(t_ms, kind="signal", signal=chance.choice(("SIGINT", "SIGUSR1", "SIGTERM")))
            made.output(t_ms, b"signalled")  # two of a kind at once would be one
        elif kind == "t":
            made.output(t_ms, b"\x1b[6n").input(t_ms, b"\x1b[1;1R", source="terminal")
    return made.final(t_ms, chance.randint(0, 96))


@pytest.mark.parametrize("seed", range(300 if os.environ.get("CASSETTE_PROVE") else 15))
def test_made_up_conversations_play_themselves(seed: int, on_terminal: Any, tmp_path: Path) -> None:
    chance = random.Random(seed)
    driven = on_terminal(made_up(chance))
    with open_cassette(tmp_path / "tape") as made:
        seen = drive_by(made, driven, split=chance.random() < 0.5)
        assert driven.end() == made.final.exit.code, report_of(tmp_path)
        assert seen + driven.seen == made.output_bytes()
