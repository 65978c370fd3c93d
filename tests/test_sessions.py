"""One suite for every kind of session: what a driver sees while it records, it sees in each replay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from drivers import CASES, Seen
from recut import recut

import cassette
from cassette.clock import VirtualClock
from cassette.playing.player import ReplaySession
from cassette.recording.live import LiveSession
from cassette.script import parse_script
from cassette.session import Session

LIMIT_S = 60.0
"""What a wait may take on a machine under load."""

Recorded = Callable[[str], tuple[Path, Seen]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """`recorded(name)`: the cassette of a driven program, and what its driver saw; recorded once."""
    done: dict[str, tuple[Path, Seen]] = {}

    def record(name: str) -> tuple[Path, Seen]:
        if name not in done:
            case, root = CASES[name], tmp_path_factory.mktemp(name)
            case.check()
            with cassette.record(
                root / "tape",
                case.argv(root),
                columns=case.columns,
                rows=case.rows,
                env=case.env,
                clean_env=case.clean_env,
                timeout=LIMIT_S,
            ) as session:
                seen = case.drive(session)
            done[name] = root / "tape", [*seen, session.exit_code]
        return done[name]

    return record


def replayed(name: str, path: Path, **options: object) -> Seen:
    with cassette.open(path) as tape, tape.session(on_unplayed="fail", **options) as session:
        seen = CASES[name].drive(session)
    return [*seen, session.exit_code]


def test_every_method_of_the_protocol_is_there() -> None:
    names = {name for name in vars(Session) if not name.startswith("_")} | {"__enter__", "__exit__"}
    for kind in (LiveSession, ReplaySession):
        assert {name for name in names if not hasattr(kind, name)} == set()
    assert {"type", "press", "paste", "send", "resize", "signal", "read", "screen", "get_by_text"} <= names
    assert {"wait_for", "wait_for_stable", "wait", "exit_code", "sleep", "close"} <= names


@pytest.mark.parametrize("name", CASES)
def test_a_replay_shows_what_was_seen_live(name: str, recorded: Recorded) -> None:
    path, seen = recorded(name)
    assert replayed(name, path) == seen


@pytest.mark.parametrize("match_on", [["text"], ["bytes", "resize", "command"], ["command"]], ids="+".join)
@pytest.mark.parametrize("name", CASES)
def test_other_ways_to_match_show_the_same(name: str, match_on: list[str], recorded: Recorded) -> None:
    path, seen = recorded(name)
    if "resize" not in match_on and name == "bash":
        pytest.skip("its last looks are after a resize that is then played when it was recorded")
    assert replayed(name, path, match_on=match_on) == seen


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", CASES)
def test_how_the_output_was_cut_does_not_matter(
    name: str, seed: int, recorded: Recorded, tmp_path: Path
) -> None:
    path, seen = recorded(name)
    assert replayed(name, recut(path, tmp_path / "tape", seed)) == seen


@pytest.mark.parametrize("name", CASES)
def test_a_paced_replay_takes_the_same_steps(name: str, recorded: Recorded) -> None:
    path, seen = recorded(name)
    clock = VirtualClock()
    assert replayed(name, path, replay="scaled", scale=2.0, clock=clock) == seen
    duration_ms = cassette.open(path).duration_ms
    assert duration_ms * 1.5 <= clock.now() * 1000 <= duration_ms * 2 + 1


@pytest.mark.parametrize("name", CASES)
def test_without_marks_the_rules_bring_the_driver_through(
    name: str, recorded: Recorded, tmp_path: Path
) -> None:
    """What a person or another recorder left has no marks: the screens may differ in time, the test passes."""
    path, seen = recorded(name)
    if name == "time_out":
        pytest.skip("that a wait timed out is known from its mark alone")
    unmarked = recut(path, tmp_path / "tape", 0, without=lambda event: event.get("kind") == "mark")
    again = replayed(name, unmarked)
    assert len(again) == len(seen)
    assert again[-1] == seen[-1]


def test_a_script_drives_a_replay_as_it_drove_the_program(tmp_path: Path) -> None:
    steps = parse_script(
        "[{wait: 'name?'}, {type: Ada}, {press: enter}, {mark: here}, {secret: hunter2}, {press: [enter]},"
        " {wait: {regex: '^bye$'}}, wait_stable, {expect: bye}]"
    )
    script = "printf 'name? '; read n; stty -echo; printf 'word? '; read s; stty echo; echo; echo bye"
    with cassette.record(tmp_path / "tape", ["sh", "-c", script], timeout=LIMIT_S) as live:
        steps.run(live)
    with cassette.open(tmp_path / "tape").session(on_unplayed="fail") as session:
        steps.run(session)
