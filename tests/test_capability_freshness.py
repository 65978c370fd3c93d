"""Lengths of time, and whether evidence is fresh: by hand, and by hypothesis over every moment round a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette.capability.freshness import judge
from cassette.capability.names import BEHAVIORS
from cassette.durations import UNIT_SECONDS, BadDuration, in_words, parse_duration

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("24h", 86_400),
        ("7d", 604_800),
        ("8w", 8 * 604_800),
        ("1 w", 604_800),
        ("1h30m", 5400),
        ("24h0m0s", 86_400),
        ("1.5h", 5400),
        (" 90s ", 90),
        ("P1DT2H", 93_600),
        ("PT15M", 900),
        ("PT0.5S", 0.5),
        ("P2W", 1_209_600),
        ("0s", 0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "90", "d", "-1d", "1y", "P", "PT", "P1DT", "P1Y", "P1M", "30m1h", "1h 2", "24 hours", "P1D2H",
     "²h", "1e3s", "9" * 30 + "s", "24H", "inf", "1h\n2", None, 24, 1.5, b"24h", ["24h"], True],
)  # fmt: skip
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(BadDuration, match="is no length of time: write"):
        parse_duration(text)


@given(st.dictionaries(st.sampled_from(list(UNIT_SECONDS)), st.integers(0, 10**9 - 1), min_size=1))
def test_both_ways_to_write_a_duration_mean_the_same(parts: dict[str, int]) -> None:
    ordered = {unit: parts[unit] for unit in UNIT_SECONDS if unit in parts}
    days = "".join(f"{n}{unit.upper()}" for unit, n in ordered.items() if unit in "wd")
    hours = "".join(f"{n}{unit.upper()}" for unit, n in ordered.items() if unit in "hms")
    seconds = sum(n * UNIT_SECONDS[unit] for unit, n in ordered.items())
    assert parse_duration("".join(f"{n}{unit}" for unit, n in ordered.items())) == seconds
    assert parse_duration(f"P{days}" + (f"T{hours}" if hours else "")) == seconds


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert parse_duration(text) >= 0
    except BadDuration:
        pass


def test_durations_in_words() -> None:
    assert [in_words(age) for age in (5, 60, 7200, 90_000)] == ["5 seconds", "1 minute", "2 hours", "1 day"]


MOMENTS = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
SECONDS = st.integers(0, 10**8)


@given(MOMENTS, SECONDS, SECONDS, st.sampled_from(BEHAVIORS))
def test_fresh_up_to_its_window_and_never_after(
    captured: datetime, window: int, age: int, behavior: str
) -> None:
    found = judge(captured.isoformat(), f"{window}s", behavior, now=captured + timedelta(seconds=age))
    assert found.state == ("fresh" if age <= window else "stale")
    assert found.usable == (age <= window or behavior != "refuse")
    assert bool(found.why) == (found.state != "fresh")
    assert found.until == captured + timedelta(seconds=window)


@given(MOMENTS, SECONDS, st.integers(1, 10**8), st.sampled_from(BEHAVIORS))
def test_the_future_is_never_fresh_and_never_used(
    captured: datetime, window: int, ahead: int, behavior: str
) -> None:
    now = captured - timedelta(microseconds=ahead)
    found = judge(captured.isoformat(), f"{window}s", behavior, now=now)
    assert (found.state, found.usable) == ("unknown", False)
    assert "in the future" in found.why


@given(MOMENTS, MOMENTS)
def test_the_time_zone_in_which_it_is_written_means_nothing(captured: datetime, now: datetime) -> None:
    there = captured.isoformat()
    here = captured.astimezone(UTC).isoformat().replace("+00:00", "Z")
    states = {judge(text, "24h", "warn", now=now).state for text in (there, here)}
    assert len(states) == 1


JUNK = st.none() | st.text() | st.integers() | st.booleans() | st.lists(st.text(), max_size=2)


@given(JUNK, JUNK, JUNK)
def test_junk_supports_nothing(captured: object, window: object, behavior: object) -> None:
    found = judge(captured, window, behavior, now=NOW)
    assert (found.state, found.usable) == ("unknown", False)
    assert found.why


@pytest.mark.parametrize(
    ("captured", "window", "why"),
    [
        (None, "24h", "it has no captured_at"),
        ("", "24h", "it has no captured_at"),
        ("yesterday", "24h", "its captured_at is 'yesterday'"),
        ("2026-11-21", "24h", "its captured_at '2026-11-21' has no time zone"),
        ("2026-11-21T11:00:00", "24h", "its captured_at '2026-11-21T11:00:00' has no time zone"),
        ("2026-11-21T11:00:00Z", None, "it has no freshness_window"),
        ("2026-11-21T11:00:00Z", "soon", "its freshness_window is 'soon'"),
        ("2026-11-21T12:00:01Z", "24h", "it is dated 2026-11-21 12:00:01 UTC, which is in the future"),
    ],
)
def test_what_is_unknown_says_why(captured: object, window: object, why: str) -> None:
    found = judge(captured, window, "use", now=NOW)
    assert (found.state, found.why, found.usable) == ("unknown", why, False)


@pytest.mark.parametrize("behavior", [None, "", "ignore", 7, ["use"]])
def test_no_behavior_that_is_known_means_refuse(behavior: object) -> None:
    stale = judge("2026-11-19T00:00:00Z", "24h", behavior, now=NOW)
    assert (stale.state, stale.behavior, stale.usable) == ("stale", "refuse", False)
    assert stale.why == "it was fresh until 2026-11-20 00:00:00 UTC"


def test_a_moment_as_go_writes_it() -> None:
    assert judge("2026-11-21T11:59:59.123456789Z", "15m0s", None, now=NOW).state == "fresh"


def test_a_window_beyond_the_calendar() -> None:
    found = judge("2026-11-21T11:00:00Z", "999999999w", "refuse", now=NOW)
    assert (found.state, found.until) == ("fresh", None)
