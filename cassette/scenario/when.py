"""When an assertion looks: moments and windows, as they are written and as they lie in a cassette.

A time stands for the last event at or before it, or, where a window begins, the first one at or after it. `after: T`
is the first screen that has T; in a window, the first one from its start on.
"""

from __future__ import annotations

from dataclasses import dataclass

from cassette.reading.moments import Moment, format_time
from cassette.scenario.fields import CouldNotFail, Fields, time_of
from cassette.scenario.tape import Tape
from cassette.scenario.texts import ANYWHERE, Text, text_of
from cassette.yaml_file import Node, WrongYaml

AT = ("at", "seq", "after")
MOMENT = (*AT, "exact")
WINDOW = ("window", "exact")
_BOUNDS = ("from", "to", "after", "until")


class DoesNotHold(Exception):
    """The cassette is not as an assertion says: what was found, and the screen that stood by then."""

    def __init__(self, found: str, screen: Moment | None = None) -> None:
        super().__init__(found)
        self.found = found
        self.screen = screen


@dataclass(frozen=True, slots=True)
class Place:
    """A moment in a cassette: its time, the last event of it, and the first one that is not before it."""

    t_ms: int
    seq: int
    first: int


@dataclass(frozen=True, slots=True)
class Point:
    """A moment as it was written: a time, an event, a text that comes up, or the start or end."""

    t_ms: int | None = None
    seq: int | None = None
    text: Text | None = None
    is_start: bool = False

    def __str__(self) -> str:
        if self.t_ms is not None:
            return f"{format_time(self.t_ms)} s"
        if self.seq is not None:
            return f"seq {self.seq}"
        if self.text is not None:
            return f"the first screen with {self.text}"
        return "the start" if self.is_start else "the end"

    def find(self, tape: Tape, *, since: Place | None = None, exact: bool = False) -> Place:
        """Where it lies. Raises CouldNotFail beyond the end, DoesNotHold when the text never comes up."""
        if self.text is not None:
            return self._coming_up(tape, self.text, since, exact)
        if self.t_ms is not None:
            if self.t_ms > tape.end_ms:
                raise CouldNotFail(
                    f"{self} is beyond the end, {format_time(tape.end_ms)} s. Give a moment before it."
                )
            return Place(self.t_ms, tape.last_by(self.t_ms), tape.first_from(self.t_ms))
        if self.is_start:
            return Place(0, 0, 1)
        seq = tape.final.seq if self.seq is None else self.seq
        if seq > tape.final.seq:
            raise CouldNotFail(f"{self} is beyond the last event, {tape.final.seq}. Give a moment before it.")
        return Place(tape.time_of(seq), seq, seq)

    def _coming_up(self, tape: Tape, text: Text, since: Place | None, exact: bool) -> Place:
        begin = since.seq if since else 0
        last = None
        for last in tape.looks(begin, tape.final.seq, exact=exact):
            if text.pattern.search(ANYWHERE.text(last.screen)):
                seq = max(last.seq, begin)
                return Place(max(last.t_ms, since.t_ms if since else 0), seq, seq)
        near = text.near_miss(ANYWHERE.text(last.screen)) if last else ""
        where = f" from {format_time(since.t_ms)} s on" if since and since.t_ms else ""
        raise DoesNotHold(f"{text} never comes up{where}{near}", last)


START, END = Point(is_start=True), Point()


@dataclass(frozen=True, slots=True)
class When:
    """A moment at which an assertion looks at the screen; `exact` is after the very event, not at a settled frame."""

    point: Point = END
    exact: bool = False

    def __str__(self) -> str:
        return f"at {self.point}{' (exact)' if self.exact else ''}"

    def screen(self, tape: Tape) -> Moment:
        """The screen that stood then. Raises CouldNotFail when nothing had been painted."""
        place = self.point.find(tape, exact=self.exact)
        found = tape.standing(place.seq, exact=self.exact)
        if found is None:
            raise CouldNotFail(
                f"there is no screen yet at {self.point}: {tape.first_screen_words()}. Look later."
            )
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """A window in a cassette: events `first` to `last`, and the event after which its first screen stood."""

    start: Place
    first: int
    last: int
    end_ms: int

    def __contains__(self, seq: int) -> bool:
        return self.first <= seq <= self.last


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the recording, both ends included; with `until` it ends right before the first screen with a text."""

    start: Point = START
    end: Point = END
    is_until: bool = False
    exact: bool = False

    def __str__(self) -> str:
        exact = " (exact)" if self.exact else ""
        if (self.start, self.end) == (START, END):
            return f"in the whole recording{exact}"
        return f"from {self.start} {'until' if self.is_until else 'to'} {self.end}{exact}"

    def find(self, tape: Tape) -> Run:
        """Where it lies. Raises CouldNotFail when nothing can lie in it."""
        start = self.start.find(tape, exact=self.exact)
        end = self.end.find(tape, since=start, exact=self.exact)
        last = end.seq - 1 if self.is_until else end.seq
        if end.t_ms < start.t_ms or last < start.first - 1 or (self.is_until and last < start.seq):
            raise CouldNotFail(f"the window {self} is empty. Give an end behind the start.")
        return Run(start, start.first, last, end.t_ms)

    def screens(self, tape: Tape) -> list[Moment]:
        """The screen that stood when it began, and those that came up in it. Raises CouldNotFail without the latter."""
        run = self.find(tape)
        if not tape.painted_within(run.first, run.last, exact=self.exact):
            before = tape.standing(run.last, exact=self.exact)
            last = (
                f"the last one before its end is at {format_time(before.t_ms)} s"
                if before
                else "none is before it"
            )
            raise CouldNotFail(
                f"no screen comes up {self} ({last}). "
                "Widen the window, or look at one moment with screen_contains."
            )
        return list(tape.looks(run.start.seq, run.last, exact=self.exact))


def read_when(fields: Fields) -> When:
    """`at`, `seq` or `after`; the end without."""
    return When(_point(fields, fields.only(AT)), bool(fields.flag("exact")))


def read_window(fields: Fields) -> Window:
    """`window`: {from, to}, {after, until}; the whole recording without."""
    exact = "exact" in fields and bool(fields.flag("exact"))
    if "window" not in fields:
        return Window(exact=exact)
    inner = Fields(fields.node("window"), f"{fields.what}: window", _BOUNDS)
    if not inner.names(_BOUNDS):
        inner.wrong("it needs a start (from, after) or an end (to, until).")
    begin, end = inner.only(("from", "after")), inner.only(("to", "until"))
    window = Window(
        START if begin is None else _bound(inner, begin),
        END if end is None else _bound(inner, end),
        is_until=end == "until",
        exact=exact,
    )
    for low, high in ((window.start.t_ms, window.end.t_ms), (window.start.seq, window.end.seq)):
        if (
            low is not None
            and high is not None
            and (low > high or (low == high and window.start.t_ms is not None))
        ):
            inner.wrong(f"it is empty ({window}), so nothing in it could fail. Give an end behind the start.")
    if window.end == START or (window.start == END and begin is not None):
        inner.wrong(f"it is empty ({window}), so nothing in it could fail. Give an end behind the start.")
    return window


def point_of(node: Node, what: str, name: str) -> Point:
    """A moment as a value: a time, `start`, `end`, or a mapping with at, seq or after."""
    if isinstance(node.value, dict):
        inner = Fields(node, f"{what}: {name}", AT)
        return _point(inner, inner.need(*AT))
    if isinstance(node.value, list) or node.value is None:
        raise WrongYaml(node.line, f"{what}: {name} is a moment, such as 1.5, end, or {{after: some text}}.")
    if node.value in ("start", "end"):
        return START if node.value == "start" else END
    return Point(t_ms=time_of(node, what, name))


def _bound(fields: Fields, name: str) -> Point:
    if name in ("after", "until"):
        return Point(text=text_of(fields.node(name), f"{fields.what}: {name}"))
    return point_of(fields.node(name), fields.what, name)


def _point(fields: Fields, name: str | None) -> Point:
    if name is None:
        return END
    if name == "after":
        return _bound(fields, name)
    if name == "seq":
        return Point(seq=fields.integer("seq", 1))
    node = fields.node(name)
    return END if node.value == "end" else Point(t_ms=time_of(node, fields.what, name))
