"""Assertions about what stands on the screen: at a moment, never, at some time, for how long."""

from __future__ import annotations

from dataclasses import dataclass

from cassette.reading.moments import Moment, format_time
from cassette.scenario.fields import CouldNotFail, Fields
from cassette.scenario.tape import Tape
from cassette.scenario.texts import AREA, WHAT, Area, Text, read_area, read_text
from cassette.scenario.when import (
    MOMENT,
    WINDOW,
    DoesNotHold,
    When,
    Window,
    read_when,
    read_window,
)
from cassette.yaml_file import Node
from terminal.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Count:
    """How often something must be there; once or more by default."""

    low: int = 1
    high: int | None = None

    def __contains__(self, number: int) -> bool:
        return self.low <= number and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        if self == Count():
            return ""
        if self.high is None:
            return f" {self.low} times or more"
        if self.low == self.high:
            return f" {times(self.low)}"
        return f" {self.low} to {self.high} times"


def times(number: int) -> str:
    """A number of times in words."""
    return {0: "not at all", 1: "once"}.get(number, f"{number} times")


def read_count(fields: Fields, low: int = 0) -> Count:
    """`count`: a number, or {min, max}."""
    if "count" not in fields:
        return Count()
    if isinstance(fields.node("count").value, dict):
        inner = Fields(fields.node("count"), f"{fields.what}: count", ("min", "max"))
        least, most = inner.integer("min", low), inner.integer("max", low)
        if (least or 0, most) == (0, None):
            inner.wrong("any number would do, so it could not fail. Give a min from 1 on, or a max.")
        if most is not None and most < (least or 0):
            inner.wrong(f"no number is from {least} to {most}. Give a max that is not below min.")
        return Count(least or 0, most)
    number = fields.integer("count", low)
    return Count(number or 0, number)


@dataclass(frozen=True, slots=True)
class ScreenContains:
    """A text stands on the screen at a moment."""

    text: Text
    area: Area
    count: Count
    when: When

    @classmethod
    def read(cls, node: Node) -> ScreenContains:
        """Its fields."""
        fields = Fields(node, "screen_contains", (*WHAT, *AREA, "count", *MOMENT), "text")
        return cls(read_text(fields), read_area(fields), read_count(fields), read_when(fields))

    def __str__(self) -> str:
        return f"{self.text}{_in(self.area)}{self.count} {self.when}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        moment = self.when.screen(tape)
        self.area.must_lie_on([moment.screen])
        if 0 in self.count:
            self.text.must_fit(self.area, [moment.screen])
        shown = self.area.text(moment.screen)
        number = self.text.count(shown)
        if number not in self.count:
            found = (
                f"it is there {times(number)}" if number else f"it is not there{self.text.near_miss(shown)}"
            )
            raise DoesNotHold(found + self._earlier(tape, moment, number), moment)

    def _earlier(self, tape: Tape, moment: Moment, number: int) -> str:
        """When it was there last, of the screens before."""
        if number:
            return ""
        before = [
            frame
            for frame in tape.frames
            if frame.seq < moment.seq and self.text.pattern.search(self.area.text(frame.screen))
        ]
        return (
            f"; it was last on the screen of {format_time(before[-1].t_ms)} s (seq {before[-1].seq})"
            if before
            else ""
        )


@dataclass(frozen=True, slots=True)
class NeverContains:
    """A text is on no screen of a window."""

    text: Text
    area: Area
    window: Window

    @classmethod
    def read(cls, node: Node) -> NeverContains:
        """Its fields."""
        fields = Fields(node, "never_contains", (*WHAT, *AREA, *WINDOW), "text")
        text, window = read_text(fields), read_window(fields)
        ends_before = window.end.text.literal if window.is_until and window.end.text else None
        if ends_before and ends_before in (text.literal or ""):
            fields.wrong("the window ends before it comes, so it could not fail. Give another end.", "window")
        return cls(text, read_area(fields), window)

    def __str__(self) -> str:
        return f"never {self.text}{_in(self.area)} {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        moments = _screens(self.window, self.area, self.text, tape)
        found = next(
            (each for each in moments if self.text.pattern.search(self.area.text(each.screen))), None
        )
        if found is not None:
            raise DoesNotHold(f"it is there at {format_time(found.t_ms)} s (seq {found.seq})", found)


@dataclass(frozen=True, slots=True)
class EventuallyContains:
    """A text is on some screen of a window."""

    text: Text
    area: Area
    count: Count
    window: Window

    @classmethod
    def read(cls, node: Node) -> EventuallyContains:
        """Its fields."""
        fields = Fields(node, "eventually_contains", (*WHAT, *AREA, "count", *WINDOW), "text")
        return cls(read_text(fields), read_area(fields), read_count(fields, 1), read_window(fields))

    def __str__(self) -> str:
        return f"{self.text}{_in(self.area)}{self.count} at some time {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        moments = _screens(self.window, self.area, self.text, tape)
        numbers = [self.text.count(self.area.text(each.screen)) for each in moments]
        if any(number in self.count for number in numbers):
            return
        last = moments[-1]
        screens = f"{len(moments)} screen{'s' if len(moments) > 1 else ''}"
        if any(numbers):
            raise DoesNotHold(f"it is there {times(max(numbers))} at most, on {screens}", last)
        near = next(
            (miss for each in moments if (miss := self.text.near_miss(self.area.text(each.screen)))), ""
        )
        raise DoesNotHold(f"it is on none of {screens}{near}", last)


@dataclass(frozen=True, slots=True)
class StableFor:
    """The screen does not change for a while: from a moment on, or somewhere in a window."""

    duration_ms: int
    area: Area
    when: When
    window: Window | None

    @classmethod
    def read(cls, node: Node) -> StableFor:
        """Its fields."""
        fields = Fields(node, "stable_for", ("duration", *AREA, "at", "seq", "after", "window"), "duration")
        duration = fields.time("duration")
        if duration is None:
            fields.wrong("it needs a duration, such as 500ms.")
        if not duration:
            fields.wrong("every screen is stable for no time at all. Give a duration.", "duration")
        given = fields.only(("at", "seq", "after", "window"))
        window = read_window(fields) if given in (None, "window") else None
        if window is not None and None not in (window.start.t_ms, window.end.t_ms):
            length = (window.end.t_ms or 0) - (window.start.t_ms or 0)
            if length < duration:
                fields.wrong(
                    f"{_ms(duration)} do not fit into a window of {_ms(length)}. Widen it.", "window"
                )
        when = When() if window else read_when(fields)
        return cls(duration, read_area(fields), when, window)

    def __str__(self) -> str:
        part = self.area.words or "the screen"
        where = f"somewhere {self.window}" if self.window else f"from {self.when.point} on"
        return f"{part} stays as it is for {_ms(self.duration_ms)}, {where}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        if self.window is None:
            self._from_moment(tape)
        else:
            self._in_window(tape, self.window)

    def _from_moment(self, tape: Tape) -> None:
        place = self.when.point.find(tape)
        first = self.when.screen(tape)
        self.area.must_lie_on([first.screen])
        end = place.t_ms + self.duration_ms
        if end > tape.end_ms:
            left = _ms(tape.end_ms - place.t_ms)
            raise CouldNotFail(f"only {left} are left after {self.when.point}. Give a shorter duration.")
        # What comes at the very end of the time is no change within it.
        for later in tape.looks(place.seq, tape.first_from(end) - 1):
            if changed := self._changes(first, later):
                waited = _ms(later.t_ms - place.t_ms)
                raise DoesNotHold(f"it changed after {waited} (seq {later.seq}): {changed}", first)

    def _in_window(self, tape: Tape, window: Window) -> None:
        run = window.find(tape)
        length = run.end_ms - run.start.t_ms
        if length < self.duration_ms:
            raise CouldNotFail(
                f"{_ms(self.duration_ms)} do not fit into {_ms(length)}, {window}. Widen the window."
            )
        moments = list(tape.looks(run.start.seq, run.last))
        if not moments:
            raise CouldNotFail(f"there is no screen {window}: {tape.first_screen_words()}. Widen the window.")
        self.area.must_lie_on([moment.screen for moment in moments])
        longest, since = 0, moments[0]
        longest_from = since
        for later in [*moments[1:], None]:
            if later is None or self._changes(since, later):
                quiet = (later.t_ms if later else run.end_ms) - max(since.t_ms, run.start.t_ms)
                longest, longest_from = max((longest, longest_from), (quiet, since), key=lambda pair: pair[0])
                since = later or since
        if longest < self.duration_ms:
            raise DoesNotHold(f"{_ms(longest)} was the longest time without a change", longest_from)

    def _changes(self, first: Moment, later: Moment) -> str:
        """What is different of the area, in words; the cursor and the title do not count."""
        one, other = first.screen, later.screen
        if (one.columns, one.rows) != (other.columns, other.rows):
            return f"the size went from {one.columns}x{one.rows} to {other.columns}x{other.rows}"
        top, bottom, left, right = self.area.bounds(one)
        whole = (left, right) == (0, one.columns)
        rows = [
            row
            for row in sorted(other.changed_rows(one))
            if top <= row < bottom and (whole or not _same(one, other, row, left, right))
        ]
        return ", ".join([f"row {row}" for row in rows[:5]] + ["…"] * (len(rows) > 5))


def _same(one: Snapshot, other: Snapshot, row: int, left: int, right: int) -> bool:
    """Whether these columns of a row are equal on both screens, styles and all."""
    before, after = one.lines[row], other.lines[row]
    if before.cut(left, right) != after.cut(left, right):
        return False
    return all(before.style_at(column) == after.style_at(column) for column in range(left, right))


def _screens(window: Window, area: Area, text: Text, tape: Tape) -> list[Moment]:
    """The screens of a window, on which the area lies and the text could stand."""
    moments = window.screens(tape)
    screens = [moment.screen for moment in moments]
    area.must_lie_on(screens)
    text.must_fit(area, screens)
    return moments


def _in(area: Area) -> str:
    return f" in {area.words}" if area.words else ""


def _ms(duration: int) -> str:
    return f"{duration} ms" if duration < 10_000 else f"{format_time(duration)} s"
