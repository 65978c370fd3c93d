"""What the caller of a harness hands over: kept at its moment, replayed in order with the rest, shown readably."""

import io

import pytest
from cli_harness import run

import cassette
from cassette.errors import UsageError
from cassette.model import Final, Input, Output, ServiceEvent

ROUTED = {"type": "routing", "wanted": "large", "actual": "small", "why": ["quota", None]}
CALLED = {
    "type": "tool",
    "name": "Bash",
    "arguments": {"command": "ls -l", "about": "Liste \u00fcber\x1b[31m\nzwei"},
}
ENDED = {"type": "final", "text": "42"}
USED = {"type": "usage", "input_tokens": 1234, "cached": True}
ALL = [ROUTED, CALLED, ENDED, USED]


@pytest.fixture
def place(tmp_path):
    """A conversation of a caller with a program, each event told when it was known."""
    with cassette.record(tmp_path / "tape", ["sh", "-c", "read x; echo got $x; read y"]) as session:
        session.service_event(ROUTED)
        session.type("ask\n")
        session.wait_for("got ask")
        session.service_event(CALLED)
        session.service_event(ENDED)
        session.type("\n")
        session.wait()
        session.service_event(USED)
    return tmp_path / "tape"


def kinds(events):
    """What came, in order: payloads, and the kinds of what else matters here."""
    shown = []
    for event in events:
        if isinstance(event, ServiceEvent):
            shown.append(event.payload["type"])
        elif isinstance(event, Input) and event.kind == "input":
            shown.append("input")
        elif isinstance(event, Output) and b"got" in event.data:
            shown.append("answer")
        elif isinstance(event, Final):
            shown.append("end")
    return shown


ORDER = ["routing", "input", "answer", "tool", "final", "input", "usage", "end"]


def test_they_stand_at_their_moment_and_are_what_was_given(place):
    with cassette.open(place) as tape:
        assert tape.state == "complete"
        assert [event.payload for event in tape.service_events()] == ALL
        assert kinds(tape.events()) == ORDER
        times = [event.t_ms for event in tape.events()]
        assert times == sorted(times)


@pytest.mark.parametrize(("mode", "scale"), [("collapsed", 1.0), ("realtime", 1.0), ("scaled", 0.5)])
def test_they_replay_in_order_with_the_rest(place, mode, scale):
    clock = cassette.VirtualClock()
    seen = []
    with cassette.open(place) as tape:
        tape.replay(lambda event: seen.append((event, clock.now())), mode=mode, scale=scale, clock=clock)
        assert kinds(event for event, _ in seen) == ORDER
        assert [event.seq for event, _ in seen] == list(range(1, tape.final.seq + 1))
    if mode != "collapsed":
        for event, now in seen:
            assert now == pytest.approx(event.t_ms / 1000 * scale)


def test_a_driver_of_the_replay_may_tell_them_again(place):
    with cassette.open(place) as tape, tape.session() as session:
        session.service_event(ROUTED)
        session.type("ask\n")
        session.wait_for("got ask")
        session.service_event({"type": "tool", "name": "another"})
        session.type("\n")
        assert session.wait().code == 0


def test_events_shows_each_on_a_line_that_cannot_act_on_a_terminal(place):
    lines = [line for line in run("events", place).out.splitlines() if " service " in line]
    assert [line.split(" service ", 1)[1].strip() for line in lines] == [
        '{"type":"routing","wanted":"large","actual":"small","why":["quota",null]}',
        '{"type":"tool","name":"Bash","arguments":{"command":"ls -l","about":"Liste \u00fcber\\u001b[31m\\nzwei"}}',
        '{"type":"final","text":"42"}',
        '{"type":"usage","input_tokens":1234,"cached":true}',
    ]


@pytest.mark.parametrize(
    "payload",
    [
        "text",
        ["a", "list"],
        {"type": "gap"},
        {"cost": 0.25},
        {"n": 2**60},
        {1: "a"},
        {"bytes": b"x"},
        {"file": io.StringIO()},
    ],
    ids=["text", "list", "gap", "fraction", "large", "key", "bytes", "object"],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(tmp_path, payload):
    with cassette.record(tmp_path / "tape", ["true"]) as session:
        with pytest.raises(UsageError):
            session.service_event(payload)
        session.service_event(USED)
    assert [event.payload for event in cassette.open(tmp_path / "tape").service_events()] == [USED]
