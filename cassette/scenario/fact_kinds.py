"""Assertions about facts beside the screen: service events, the final record, the exit, times, gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cassette.model import Frame, Input, ServiceEvent
from cassette.reading.moments import format_time
from cassette.scenario.fields import CouldNotFail, Fields
from cassette.scenario.json_values import (
    CONDITIONS,
    Condition,
    NotThere,
    Path,
    json_of,
    json_words,
    parse_path,
    path_words,
    read_condition,
    read_path,
    same,
    value_at,
)
from cassette.scenario.screen_kinds import Count, read_count, times
from cassette.scenario.tape import Chunk, Tape
from cassette.scenario.when import END, START, DoesNotHold, Point, Window, point_of, read_window
from cassette.viewing.readable import how_it_ended, words
from cassette.yaml_file import Node, WrongYaml

_PARTS = ("metadata", "usage", "cost_usd", "final_text", "routing_actual", "session_log_path", "duration_ms")
_BETWEEN = ("output", "frame", "input", "service", "any")
_LISTED = 3


@dataclass(frozen=True, slots=True)
class ServiceJson:
    """Service events have what is asked: some of those that match, or every one."""

    match: tuple[tuple[Path, Any], ...]
    condition: Condition | None
    every: bool
    count: Count
    window: Window

    @classmethod
    def read(cls, node: Node) -> ServiceJson:
        """Its fields."""
        known = ("match", "path", *CONDITIONS, "which", "count", "window")
        fields = Fields(node, "service_json", known)
        match = _read_match(fields)
        asks = fields.names(("path", *CONDITIONS))
        if not asks and not match:
            fields.wrong("it needs a path, or a match such as {type: greeted}.")
        if asks and "path" not in fields:
            fields.wrong("it needs a path, which says where to look.", asks[0])
        condition = read_condition(fields, read_path(fields)) if asks else None
        every = fields.choice("which", ("every", "some")) == "every"
        if every and ("count" in fields or condition is None):
            fields.wrong("`which: every` needs a path and no count.", "which")
        return cls(match, condition, every, read_count(fields), read_window(fields))

    def __str__(self) -> str:
        which = "every service event" if self.every else f"a service event{self.count}"
        match = " and ".join(f"{path_words(path)} {json_words(value)}" for path, value in self.match)
        asked = f" where {self.condition}" if self.condition else ""
        return f"{which}{f' with {match}' if match else ''}{asked} {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        run = self.window.find(tape)
        events = [event for event in tape.services if event.seq in run and not event.is_gap]
        if not events and (self.every or 0 in self.count):
            raise CouldNotFail(f"there is no service event {self.window}. Widen the window.")
        chosen = [event for event in events if self._matches(event)]
        if not chosen and self.every:
            raise CouldNotFail(f"no service event matches {self.window}. Ask for one that is there.")
        wrong = [(event, self.condition.wrong(event.payload) if self.condition else "") for event in chosen]
        number = sum(1 for _, why in wrong if not why)
        if (number == len(chosen)) if self.every else number in self.count:
            return
        raise DoesNotHold(self._found(events, wrong, number), tape.standing(self._shown_at(wrong, run.last)))

    def _shown_at(self, wrong: list[tuple[ServiceEvent, str]], last: int) -> int:
        return next((event.seq for event, why in wrong if why), last) if self.every else last

    def _matches(self, event: ServiceEvent) -> bool:
        for path, wanted in self.match:
            try:
                if not same(value_at(event.payload, path), wanted):
                    return False
            except NotThere:
                return False
        return True

    def _found(self, events: list[ServiceEvent], wrong: list[tuple[ServiceEvent, str]], number: int) -> str:
        if not events:
            return "there is no service event"
        if not wrong:
            seen = [f"{json_words(event.payload)} (seq {event.seq})" for event in events[-_LISTED:]]
            return f"none of {len(events)} matches; the last: {'; '.join(seen)}"
        reasons = [f"{why} (seq {event.seq})" for event, why in wrong if why]
        more = f"; and {len(reasons) - _LISTED} more" if len(reasons) > _LISTED else ""
        listed = "; ".join(reasons[:_LISTED]) + more
        return f"it is so {times(number)}{f': {listed}' if listed else ''}"


@dataclass(frozen=True, slots=True)
class FinalMetadata:
    """The final record has what is asked."""

    part: str
    condition: Condition

    @classmethod
    def read(cls, node: Node) -> FinalMetadata:
        """Its fields."""
        fields = Fields(node, "final_metadata", ("of", "path", *CONDITIONS))
        part = fields.choice("of", _PARTS) or "metadata"
        if not fields.names(("of", "path")):
            fields.wrong("it needs a path, which says where to look.")
        return cls(part, read_condition(fields, (part, *read_path(fields))))

    def __str__(self) -> str:
        return f"final.json, where {self.condition}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold."""
        value = getattr(tape.final, self.part)
        document: Mapping[str, Any] = {} if value is None else {self.part: value}
        if wrong := self.condition.wrong(document):
            found = f"there is no {self.part}" if value is None else wrong
            raise DoesNotHold(found, tape.standing(tape.final.seq))


@dataclass(frozen=True, slots=True)
class ExitIs:
    """How the program ended."""

    code: int | None
    signal: str | None

    @classmethod
    def read(cls, node: Node) -> ExitIs:
        """Its fields, or a bare exit code."""
        fields = Fields(node, "exit", ("code", "signal"), "code")
        name = fields.need("code", "signal")
        signal = fields.text("signal")
        if signal is not None and (not signal.startswith("SIG") or not signal[3:].isalnum()):
            fields.wrong("a signal has a name such as SIGTERM.", "signal")
        return cls(fields.integer("code", 0, 255) if name == "code" else None, signal)

    def __str__(self) -> str:
        return f"killed by {self.signal}" if self.signal else f"exit code {self.code}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold."""
        status = tape.final.exit
        known = status is not None and status.known
        wanted = (self.code, None) if self.signal is None else (None, self.signal)
        found = None if status is None else (None if status.signal else status.code, status.signal)
        if not known or found != wanted:
            raise DoesNotHold(how_it_ended(tape.final), tape.standing(tape.final.seq))


@dataclass(frozen=True, slots=True)
class TimingGap:
    """The time from one moment to another, or between every two events that follow each other, is in bounds."""

    low_ms: int
    high_ms: int | None
    start: Point
    end: Point
    between: str | None
    window: Window

    @classmethod
    def read(cls, node: Node) -> TimingGap:
        """Its fields."""
        known = ("from", "to", "between", "window", "min", "max", "equals", "tolerance")
        fields = Fields(node, "timing_gap", known)
        low, high = _bounds(fields)
        if "between" in fields:
            if given := fields.names(("from", "to")):
                fields.wrong("from and to are for one gap, between is for all. Leave one out.", given[0])
            return cls(low, high, START, END, fields.choice("between", _BETWEEN), read_window(fields))
        if "window" in fields:
            fields.wrong("a window goes with between. Say from and to.", "window")
        for name in ("from", "to"):
            if name not in fields:
                fields.wrong("it needs from and to, or between: output.")
        points = [point_of(fields.node(name), fields.what, name) for name in ("from", "to")]
        if points[0] == points[1]:
            fields.wrong("from and to are the same moment, so it could not fail. Name two.", "to")
        if all(point.t_ms is not None or point == START for point in points):
            fields.wrong(
                "between two times the gap is what you write, so it could not fail. Name an event.", "to"
            )
        return cls(low, high, points[0], points[1], None, Window())

    def __str__(self) -> str:
        if self.high_ms is None:
            bounds = f"{self.low_ms} ms or more"
        else:
            bounds = f"{self.low_ms} to {self.high_ms} ms" if self.low_ms else f"at most {self.high_ms} ms"
        if self.between is None:
            return f"{bounds} from {self.start} to {self.end}"
        return f"{bounds} between {_events_words(self.between)} {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        if self.between is not None:
            self._judge_all(tape, self.between)
            return
        start = self.start.find(tape)
        end = self.end.find(tape, since=start)
        if end.seq < start.seq:
            raise DoesNotHold(f"{self.end} is before {self.start}", tape.standing(end.seq))
        gap = end.t_ms - start.t_ms
        if not self._is_right(gap):
            where = f"from {format_time(start.t_ms)} s (seq {start.seq}) to {format_time(end.t_ms)} s (seq {end.seq})"
            raise DoesNotHold(f"{gap} ms, {where}", tape.standing_at(start.t_ms))

    def _judge_all(self, tape: Tape, between: str) -> None:
        run = self.window.find(tape)
        moments = [moment for moment in _moments(tape, between) if moment[1] in run]
        if len(moments) < 2:
            events = f"{len(moments)} {_events_words(between)}"
            raise CouldNotFail(f"there are {events} {self.window}, and a gap needs two. Widen the window.")
        for (before_ms, before), (t_ms, seq) in pairwise(moments):
            if not self._is_right(t_ms - before_ms):
                found = f"{t_ms - before_ms} ms, from {format_time(before_ms)} s (seq {before}) to seq {seq}"
                raise DoesNotHold(found, tape.standing_at(before_ms))

    def _is_right(self, gap_ms: int) -> bool:
        return self.low_ms <= gap_ms and (self.high_ms is None or gap_ms <= self.high_ms)


@dataclass(frozen=True, slots=True)
class NoGapRecords:
    """Nothing is missing from the recording."""

    @classmethod
    def read(cls, node: Node) -> NoGapRecords:
        """`true`, or nothing."""
        if node.value is not True:
            raise WrongYaml(node.line, "no_gap_records takes only true. Leave it out if gaps may be there.")
        return cls()

    def __str__(self) -> str:
        return "no gap records"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold."""
        gaps = [event for event in tape.services if event.is_gap]
        if gaps:
            listed = "; ".join(
                f"{words(gap)} at {format_time(gap.t_ms)} s (seq {gap.seq})" for gap in gaps[:_LISTED]
            )
            more = f"; and {len(gaps) - _LISTED} more" if len(gaps) > _LISTED else ""
            raise DoesNotHold(listed + more, tape.standing(gaps[0].seq))


def _read_match(fields: Fields) -> tuple[tuple[Path, Any], ...]:
    if "match" not in fields:
        return ()
    node = fields.node("match")
    if not isinstance(node.value, dict) or not node.value:
        fields.wrong("match has paths and their values, such as {type: greeted}.", "match")
    match = []
    for path, value in node.value.items():
        try:
            match.append((parse_path(path), json_of(value, f"{fields.what}: match")))
        except ValueError as error:
            raise WrongYaml(value.line, f"{fields.what}: {error}") from None
    return tuple(match)


def _bounds(fields: Fields) -> tuple[int, int | None]:
    """`min` and `max`, or `equals` with a `tolerance`."""
    wanted, tolerance = fields.time("equals"), fields.time("tolerance")
    low, high = fields.time("min"), fields.time("max")
    if wanted is not None:
        if given := fields.names(("min", "max")):
            fields.wrong("equals has its own bounds. Leave min and max out.", given[0])
        if tolerance is None:
            fields.wrong(
                "no two runs take the same time. Give a tolerance, such as 200ms (0 if you mean it).",
                "equals",
            )
        return max(0, wanted - tolerance), wanted + tolerance
    if tolerance is not None:
        fields.wrong("a tolerance goes with equals. Give min and max, or equals.", "tolerance")
    if high is None and not low:
        fields.wrong("any time would do, so it could not fail. Give min, max, or equals with a tolerance.")
    if high is not None and high < (low or 0):
        fields.wrong(f"no time is from {low} to {high} ms. Give a max that is not below min.", "max")
    return low or 0, high


def _events_words(between: str) -> str:
    return "events" if between == "any" else "service events" if between == "service" else f"{between}s"


def _moments(tape: Tape, between: str) -> list[tuple[int, int]]:
    """Time and seq of all events of a kind."""
    if between == "any":
        return [(t_ms, seq) for seq, t_ms in enumerate(tape.times, 1)]
    of: dict[str, Sequence[Chunk | Frame | Input | ServiceEvent]] = {
        "output": tape.outputs,
        "frame": tape.frames,
        "input": tape.inputs,
        "service": tape.services,
    }
    return [(event.t_ms, event.seq) for event in of[between]]
