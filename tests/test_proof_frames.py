"""Frames are a function of the events: a second, slower reading of the rule agrees, and cutting changes nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import frame_events as events
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proof_helpers import own_spools, sized

from cassette.clock import VirtualClock
from cassette.frames import same_picture, settled
from cassette.model import Final, Frame, Input, Output
from cassette.reading.reader import open as open_cassette
from cassette.recording.recorder import Recorder
from cassette.recording.rederive import rederive
from terminal.emulator import make_emulator

COLUMNS, ROWS = 12, 4
LIMIT_MS = 1000
SETTLE_MS = [30, 700]  # with 30 alone, a thousand painted ms would need very long examples
PIECES = [
    *(
        b"a",
        b"words and more words",
        b"\r\n",
        b"\x1b[31m",
        b"\x1b[0m",
        b"\x1b[2J",
        b"\x1b[H",
        b"\x1b[?1049h",
        b"\x1bc",
    ),
    *(
        b"\x1b[?2026h",
        b"\x1b[?2026h",
        b"\x1b[?2026l",
        b"\x1b[?2026l",
        b"\x1b[!p",
        b"\x1b]2;title\a",
        b"\x1b[?25l",
    ),
    *("✨".encode(), "grüß".encode(), b"\xf0\x9f", b"\x1b", b"\x1b[?20", b"26", b"l", b"\x1b[6n"),
]
DELAYS = [0, 0, 0, 1, 7, 29, 30, 31, 400, 970, 999, 1000, 1001, 2500]

quick = settings(max_examples=sized(200, 4000), suppress_health_check=list(HealthCheck), derandomize=True)
slow = settings(quick, max_examples=sized(15, 300))


@st.composite
def recordings(draw):
    """Evidence with all kinds of events, at equal and at different times; sequences and characters are split."""
    chunks = draw(st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map(b"".join), max_size=14))
    others = [
        events.typed,
        events.resize,
        events.signal,
        events.mark,
        events.mode,
        events.service,
        events.gap,
        events.terminal_answer,
        lambda t_ms: events.resize(t_ms, 7, 3),
    ]
    found, t_ms = [], 0
    for chunk in chunks:
        for make in draw(st.sampled_from([(), (), (), *((other,) for other in others)])):
            t_ms += draw(st.sampled_from(DELAYS))
            found.append(make(t_ms))
        t_ms += draw(st.sampled_from(DELAYS))
        found.append(events.output(t_ms, chunk))
    return [*found, events.final(t_ms + draw(st.sampled_from(DELAYS)))]


# The rule, read a second time, byte by byte and without regard to speed.


def naive_frames(evidence, settle_ms=30):
    """(t_ms, raw_end, screen) of each frame."""
    emulator, found, fed = make_emulator(columns=COLUMNS, rows=ROWS), [], 0
    painting_since = updating_since = None  # the first output since the last frame; the update's first moment
    owed = False  # a frame became due inside an update

    def take(t_ms):
        nonlocal painting_since, owed
        painting_since, owed = None, False
        screen = emulator.snapshot()
        if not found or not same_picture(found[-1][2], screen):
            found.append((t_ms, fed, screen))

    moments = list(moments_of(evidence))
    for (event, data), (following, _) in itertools.pairwise([*moments, (None, b"")]):
        if isinstance(event, Input) and event.size is not None:
            emulator.resize(columns=event.size.columns, rows=event.size.rows)
        for byte in data:
            painting_since = event.t_ms if painting_since is None else painting_since
            emulator.feed(bytes([byte]))
            fed += 1
            if emulator.synchronized:
                updating_since = event.t_ms if updating_since is None else updating_since
            else:
                updating_since = None
                if owed:
                    take(event.t_ms)
        if not data or painting_since is None or following is None:
            continue
        goes_on = isinstance(following, Output)
        settled_now = following.t_ms - event.t_ms >= settle_ms
        too_long = following.t_ms - painting_since >= LIMIT_MS
        if goes_on and not settled_now and not too_long:
            continue
        inside = updating_since is not None and following.t_ms - updating_since < LIMIT_MS
        if inside and not isinstance(following, Final):
            owed = True
        else:
            take(event.t_ms)
    return found


def moments_of(evidence):
    """What counts, with the bytes of outputs of one time joined."""
    for event in evidence:
        if isinstance(event, Input) and (event.kind in ("mode", "mark") or event.source == "terminal"):
            continue
        if not isinstance(event, Input | Output | Final):
            continue
        yield event, event.data if isinstance(event, Output) else b""


def joined(evidence):
    """The same evidence with neighbouring outputs of one time merged, and what does not count left out."""
    found = []
    for event, data in moments_of(evidence):
        last = found[-1] if found else None
        if isinstance(event, Output) and isinstance(last, Output) and last.t_ms == event.t_ms:
            found[-1] = replace(last, data=last.data + data)
        else:
            found.append(event)
    return found


def cut(evidence, size):
    """The same evidence with every output cut into pieces of `size` bytes."""
    for event in evidence:
        if isinstance(event, Output) and event.data:
            for start in range(0, len(event.data), size):
                yield replace(event, data=event.data[start : start + size])
        else:
            yield event


def frames_of(evidence, settle_ms):
    found = settled(evidence, make_emulator(columns=COLUMNS, rows=ROWS), settle_ms=settle_ms)
    return [(event.t_ms, event.raw_end, event.screen) for event in found if isinstance(event, Frame)]


def assert_same(found, wanted):
    assert [entry[:2] for entry in found] == [entry[:2] for entry in wanted]
    for (*_, one), (*_, other) in zip(found, wanted, strict=True):
        assert same_picture(one, other)


@pytest.mark.prove
@quick
@given(recordings(), st.sampled_from(SETTLE_MS))
def test_frames_obey_the_rule(evidence, settle_ms):
    assert_same(frames_of(evidence, settle_ms), naive_frames(joined(evidence), settle_ms))


@pytest.mark.prove
@quick
@given(recordings(), st.sampled_from(SETTLE_MS), st.integers(1, 9))
def test_cutting_and_merging_output_of_equal_time_changes_no_frame(evidence, settle_ms, size):
    wanted = frames_of(evidence, settle_ms)
    assert_same(frames_of(cut(evidence, size), settle_ms), wanted)
    assert_same(frames_of(joined(evidence), settle_ms), wanted)


@pytest.mark.prove
@quick
@given(recordings())
def test_evidence_comes_out_as_it_went_in(evidence):
    found = settled(evidence, make_emulator(columns=COLUMNS, rows=ROWS))
    assert [event for event in found if not isinstance(event, Frame)] == evidence


@pytest.mark.prove
@slow
@given(recordings())
def test_rederiving_a_fresh_cassette_changes_nothing(evidence):
    with own_spools() as root, TemporaryDirectory(dir=root) as place:
        target = record(Path(place) / "tape", evidence)
        before = {file.name: file.read_bytes() for file in target.iterdir()}
        assert not rederive(target).changed
        assert {file.name: file.read_bytes() for file in target.iterdir()} == before
        with open_cassette(target) as tape:
            stored = [(frame.t_ms, frame.raw_end, frame.screen) for frame in tape.frames()]
            kept = [event for event in tape.events() if not isinstance(event, Frame)]
        assert_same(stored, naive_frames(joined(kept)))


def record(target, evidence):
    """A cassette of these events, through the recorder."""
    clock = VirtualClock()
    recorder = Recorder(target, columns=COLUMNS, rows=ROWS, clock=clock)
    for event in evidence:
        clock.sleep_until(event.t_ms / 1000)
        tell(recorder, event)
    return recorder.close()


def tell(recorder, event):
    if isinstance(event, Output):
        recorder.output(event.data)
    elif isinstance(event, Final):
        recorder.final()
    elif not isinstance(event, Input):
        if not event.is_gap:
            recorder.service_event(event.payload)
    elif event.size is not None:
        recorder.resize(columns=event.size.columns, rows=event.size.rows)
    elif event.kind == "input":
        recorder.input(event.data, source=event.source)
    else:
        {
            "signal": lambda: recorder.signal(event.signal),
            "mark": lambda: recorder.mark(event.op),
            "mode": lambda: recorder.mode(event.mode),
        }[event.kind]()
