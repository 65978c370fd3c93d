"""Pace is a matter of the clock alone: order, events and what the sink sees are the same in every mode."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from build_cassette import greeter

import cassette
from cassette.clock import VirtualClock
from cassette.errors import Cancelled, UsageError
from cassette.model import Event, Output
from cassette.playing.replay import Paced, cap_idle, in_order, replay, scaled, window

TIMES = (0, 0, 500, 620, 630, 640, 640, 700, 900, 910, 910, 1000)


@dataclass
class Tape:
    """A sink that notes what came when."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(100.0))
    seen: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.seen.append((event.seq, round((self.clock.now() - 100.0) * 1000)))

    @property
    def times(self) -> tuple[int, ...]:
        return tuple(at for _, at in self.seen)


@pytest.fixture
def opened(tmp_path: Path) -> cassette.Cassette:
    return cassette.open(greeter().write(tmp_path / "tape"))


@pytest.mark.parametrize(
    ("mode", "scale", "times"),
    [
        ("realtime", 1.0, TIMES),
        ("scaled", 2.0, tuple(2 * t for t in TIMES)),
        ("scaled", 0.5, tuple(t // 2 for t in TIMES)),
        ("scaled", 1, TIMES),
        ("collapsed", 1.0, (0,) * 12),
    ],
)
def test_modes(opened: cassette.Cassette, mode: str, scale: float, times: tuple[int, ...]) -> None:
    sink = Tape()
    opened.replay(sink, mode=mode, scale=scale, clock=sink.clock)
    assert [seq for seq, _ in sink.seen] == list(range(1, 13))
    assert sink.times == times


def test_the_sink_gets_the_events_as_recorded(opened: cassette.Cassette) -> None:
    seen: list[Event] = []
    opened.replay(seen.append, mode="scaled", scale=0.1, clock=VirtualClock())
    assert seen == list(opened.events())


def test_the_manifest_says_the_default(tmp_path: Path) -> None:
    for mode, times in (("collapsed", (0,) * 12), ("realtime", TIMES)):
        timing = {"resolution_ms": 1, "clock_policy": "monotonic-elapsed", "replay_default": mode}
        tape, sink = cassette.open(greeter(timing=timing).write(tmp_path / mode)), Tape()
        tape.replay(sink, clock=sink.clock)
        assert sink.times == times
        tape.replay(sink, mode="scaled", scale=2, clock=sink.clock)


def test_part_of_it(opened: cassette.Cassette) -> None:
    sink = Tape()
    opened.replay(sink, mode="realtime", clock=sink.clock, start_ms=620, end_ms=700)
    assert sink.seen == [(1, 0), (2, 0), (3, 0), (4, 0), (5, 10), (6, 20), (7, 20), (8, 80)]


def test_no_long_waits(opened: cassette.Cassette) -> None:
    sink = Tape()
    opened.replay(sink, mode="scaled", scale=2, clock=sink.clock, idle_limit_ms=100)
    assert sink.times == (0, 0, 200, 400, 420, 440, 440, 560, 760, 780, 780, 960)


def test_a_late_sink_is_caught_up_with() -> None:
    """Each wait is for an absolute moment: a sink that takes 30 ms delays nothing but itself."""
    clock, times = VirtualClock(), []

    def slow(event: Event) -> None:
        times.append(round(clock.now() * 1000))
        clock.advance(0.03)

    replay((Output(n, n * 100, b"") for n in range(1, 6)), slow, clock=clock)
    assert times == [100, 200, 300, 400, 500]


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), float("-inf"), 1e-400])
def test_a_scale_without_meaning(opened: cassette.Cassette, scale: float) -> None:
    with pytest.raises(UsageError, match="a scale of") as caught:
        opened.replay(pytest.fail, mode="scaled", scale=scale)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mode": "backwards"}, "no replay mode 'backwards'"),
        ({"mode": "realtime", "scale": 2}, "Give mode scaled"),
        ({"start_ms": -1}, "no time"),
        ({"start_ms": 5, "end_ms": 4}, "no time"),
        ({"idle_limit_ms": -1}, "idle limit"),
    ],
)
def test_other_arguments_without_meaning(
    opened: cassette.Cassette, arguments: dict[str, int], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        opened.replay(pytest.fail, **arguments)  # type: ignore[arg-type]


def test_events_out_of_order() -> None:
    with pytest.raises(UsageError, match="event 1 comes after event 2"):
        replay([Output(2, 0, b""), Output(1, 0, b"")], lambda _: None)


def test_a_sink_that_raises_ends_it(opened: cassette.Cassette) -> None:
    seen: list[Event] = []

    def sink(event: Event) -> None:
        seen.append(event)
        if event.seq == 3:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        opened.replay(sink, mode="collapsed")
    assert len(seen) == 3


@pytest.mark.parametrize("mode", ["realtime", "collapsed"])
def test_cancelled_by_the_sink(opened: cassette.Cassette, mode: str) -> None:
    cancelled, seen = threading.Event(), []

    def sink(event: Event) -> None:
        seen.append(event.seq)
        if event.seq == 3:
            cancelled.set()

    with pytest.raises(Cancelled, match="at event 4"):
        opened.replay(sink, mode=mode, cancelled=cancelled, clock=VirtualClock())
    assert seen == [1, 2, 3]


def test_cancelled_in_a_real_wait() -> None:
    """The wait is for a day; that this test ends is the proof."""
    cancelled, first = threading.Event(), threading.Event()
    events = [Output(1, 0, b""), Output(2, 86_400_000, b"")]
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(replay, events, lambda _: first.set(), cancelled=cancelled)
        assert first.wait(60)
        cancelled.set()
        with pytest.raises(Cancelled, match="at event 2"):
            result.result(60)


def test_many_replays_at_once(opened: cassette.Cassette) -> None:
    def run(_: int) -> tuple[int, ...]:
        sink = Tape()
        opened.replay(sink, mode="realtime", clock=sink.clock)
        return sink.times

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(run, range(16))) == {TIMES}


def test_changes_of_timing_compose() -> None:
    events = [Output(n, t, b"") for n, t in enumerate((0, 100, 5000, 5050), 1)]
    paced = scaled(cap_idle(window(in_order(events), start_ms=50), 1000), 0.5)
    assert list(paced) == [Paced(due, event) for due, event in zip((0, 25, 525, 550), events, strict=True)]
