"""What was typed blind right before a recorder was killed is in no cassette that `recover` makes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from canaries import files_of, found_in, readings
from proof_helpers import own_spools, sized

import cassette
from cassette.format.lines import input_body, output_body
from cassette.model import INPUT, OUTPUT, Input, Output
from cassette.reading.verify import verify
from cassette.recording.recovery import recover
from cassette.scrubbing.undecided import RULE, undecided
from cassette.store.spooled import Observed
from scrub.hidden import Discipline

DRIVER = Path(__file__).with_name("blind_driver.py")
KILLS = sized(6, 100)
COOKED, RAW = Discipline(0, echo=True, canonical=True), Discipline(0, echo=False, canonical=False)


@pytest.fixture
def spools():
    with own_spools() as root:
        yield root


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_while_somebody_types_blind(tmp_path, spools, seed):
    chance = random.Random(f"blind {seed}")
    word = "".join(chance.choices("abcdefghjkmnpqrstuvwxyz23456789", k=14))
    lag = chance.choice(["0", "0.05", "0.15"])
    target = tmp_path / "tape"
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), str(target), word, lag], stdout=subprocess.PIPE, text=True
    )
    typed, kill_at = 0, chance.randrange(len(word) + 2)
    with process:
        spool = process.stdout.readline().split()[1]
        while typed < kill_at:
            process.stdout.readline()
            typed += 1
        process.kill()
    path = recover(spool)
    assert path == target
    assert verify(path, frames=True).state == "partial"
    with cassette.open(path) as tape:
        shown = tape.output_bytes()
        left = [
            event.data for event in tape.inputs() if event.data not in (b"", b"\r") and not event.redacted
        ]
    if lag == "0":
        assert left == []
        pieces = {f"{size}": word[:size] for size in range(4, len(word) + 1)}
        assert found_in(readings(path), pieces) == []
        assert found_in(files_of([path]), pieces) == []
    # What was typed before echo went off, and the recorder died before it saw that: it was shown. If more of that line
    # is hidden, what was shown of it is covered.
    echoed = shown.partition(b"speak> ")[2][: len(left)]
    assert echoed in (b"".join(left), b"*" * len(left))


def observed(*events):
    for event in events:
        if isinstance(event, Output):
            yield Observed(event, OUTPUT, output_body(event.t_ms, 0, len(event.data), "0" * 64))
        else:
            yield Observed(event, INPUT, input_body(event))


def typed(t_ms, data, **facts):
    return Input(0, t_ms, "input", data, source="user", **facts)


def mode(t_ms, *, echo, icanon):
    return Input(0, t_ms, "mode", mode={"echo": echo, "icanon": icanon})


@pytest.mark.parametrize(
    ("discipline", "events", "hidden"),
    [
        (COOKED, [typed(0, b"secretly")], [0]),
        (COOKED, [typed(0, b"name\r"), typed(300, b"secretly")], [1]),
        (COOKED, [typed(0, b"name\r"), Output(0, 260, b"x")], []),
        (COOKED, [typed(0, b"name\r"), Output(0, 250, b"name\r\n")], []),
        (COOKED, [typed(0, b"name\r"), Output(0, 250, b"your nam")], [0]),
        (COOKED, [typed(0, b"se"), typed(90, b"c"), typed(260, b"r"), typed(300, b"et")], [1, 2, 3]),
        (COOKED, [mode(0, echo=False, icanon=True), typed(1, b"secretly")], []),
        (COOKED, [typed(0, b"secretly", redacted="declared")], []),
        (COOKED, [typed(0, b"\x1b[A", key="up"), typed(0, b"\r")], []),
        (COOKED, [Input(0, 0, "input", b"\x1b[1;1R", source="terminal")], []),
        (RAW, [typed(0, b"ls -la"), Output(0, 1, b"ls -la")], []),
        (RAW, [typed(0, b"ls -la"), Output(0, 1, b"l\x1b[1ms\x1b[m -la\r\n"), typed(2, b"\r")], []),
        (RAW, [typed(0, b"ls -la"), Output(0, 1, b"ls -l")], [0]),
        (RAW, [typed(0, b"ls"), Output(0, 1, b"\x1b[Kls")], []),
        (RAW, [typed(0, b"ls"), Output(0, 1, b"tools")], [0]),
        (RAW, [typed(0, b"s"), Output(0, 1, b"*"), typed(5, b"e"), Output(0, 6, b"*")], [0, 1]),
        (RAW, [typed(0, b"ls -la\r"), typed(2, b"pwd -P\r"), Output(0, 3, b"ls -la\r\npwd -P\r\n")], []),
        (RAW, [typed(0, b"sudo x\r"), Output(0, 1, b"sudo x"), typed(2, b"secretly\r")], [1]),
    ],
)
def test_what_is_undecided(discipline, events, hidden):
    found = undecided(lambda: observed(*events), discipline)
    assert sorted(found.numbers) == hidden
    after = [seen.event for seen in found.hidden(observed(*events))]
    assert len(after) == len(events)
    inputs = [event for event in after if isinstance(event, Input)]
    assert [at for at, event in enumerate(inputs) if event.redacted == RULE] == hidden
    for event in inputs:
        assert event.redacted != RULE or event.data.rstrip(b"\r") == b"*" * 16
