"""Input that was typed blind becomes filler of one length: one event for a whole hidden line.

The first event of a hidden line carries the filler, those after it are dropped, and what ends the line stands
outside the filler, in the event in which it came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cassette.model import Input
from scrub.hidden import (
    LAG_MS,
    LEAST_VALUE,
    MASKS,
    Discipline,
    InputFacts,
    are_masks,
    hidden_by,
    hidden_line,
    hidden_values,
    is_masked,
)
from scrub.known import KnownValue
from terminal.passes import Run

LINE_ENDS = (b"\r", b"\n", b"\r\n", b"\x03", b"\x04", b"\x1b[13u")
_ERASING = (b"\x7f", b"\b")
MASKED = "masked"
"""The rule by which an input is hidden for which the program showed marks, one for each letter."""
_TYPED = ("input", "paste")


def is_typed(event: Input) -> bool:
    """Is it what a user or a script sent, not the terminal by itself?"""
    return event.kind in _TYPED and event.source != "terminal" and bool(event.data)


@dataclass(slots=True)
class JudgedInput:
    """Inputs as they are to be kept: by place among all inputs, None for one that is dropped."""

    kept: list[Input | None] = field(default_factory=list)
    values: list[KnownValue] = field(default_factory=list)
    hidden: int = 0

    def open_line(self, event: Input, rule: str) -> None:
        """A hidden line begins."""
        filler, end = hidden_line(event.data)
        self.kept.append(replace(event, data=filler + end, key=None, redacted=rule, masked=()))
        self.hidden += 1


@dataclass(frozen=True, slots=True)
class Screens:
    """What was shown before each input that `is_typed`, in order: the cursor's row, and runs of marks.

    `was_read` says whether a text stood in a row by itself.
    """

    rows: Sequence[str]
    runs: Sequence[Sequence[Run]] = ()
    was_read: Callable[[str], bool] = lambda _: False

    def show_marks(self, first: int, last: int, typed: bytes) -> bool:
        """Did marks appear for what was typed, from one input to another?"""
        rows = self.rows[first : last + 1]
        prompt, letters = rows[0].rpartition("\n")[2], len(typed.decode("utf-8", "replace"))
        if is_masked(rows, typed) or self._shows_later(prompt, letters):
            return True
        shown = [{run[:3]: run.length for run in runs} for runs in self.runs[first : last + 1]]
        places = {place for runs in shown for place in runs}
        return any(are_masks([runs.get(place, 0) for runs in shown], typed) for place in places)

    def _shows_later(self, prompt: str, letters: int) -> bool:
        """Where the line's end was sent at once, the marks come behind it."""
        return (
            letters >= LEAST_VALUE
            and prompt.strip() != ""
            and any(self.was_read(prompt + mark * letters) for mark in MASKS)
        )


def judged(inputs: Sequence[Input], screens: Screens, initial: Discipline) -> JudgedInput:
    """Hide what was typed blind."""
    result, masked, rows = JudgedInput(), _masked(inputs, screens), screens.rows
    before, line, at, is_open, echoed = initial, b"", 0, False, False
    for index, event in enumerate(inputs):
        if event.kind == "mode" and event.mode is not None:
            before = changed_by(before, event)
        if not is_typed(event):
            result.kept.append(event)
            continue
        row, at = rows[at] if at < len(rows) else "", at + 1
        if event.data in LINE_ENDS:
            result.kept.append(event if event.redacted is None else replace(event, redacted=None))
            line, is_open = _closed(result, line), False
            continue
        facts = InputFacts(event.t_ms, before, _later(inputs, index, before), row)
        rule = event.redacted or hidden_by(facts) or (MASKED if index in masked else None)
        if rule is None or is_named_key(event):
            line = line + event.data if rule and event.data in _ERASING else _closed(result, line)
            is_open = False
            result.kept.append(event)
            continue
        _, end = hidden_line(event.data)
        if not is_open or event.source == "script":  # each call of a script is one input of its replay
            result.open_line(event, rule)
        else:
            result.kept.append(replace(event, data=end, key=None, redacted=None) if end else None)
        is_open = not end
        if echoed and not before.echo and line:
            result.values.extend(hidden_values(line))  # so far it was shown
        echoed = before.echo
        line += b"" if event.redacted else event.data  # else it is filler already
        if end:
            line = _closed(result, line)
    _closed(result, line)
    return result


def _masked(inputs: Sequence[Input], screens: Screens) -> set[int]:
    """The inputs (by their places) for which the program showed marks; every key but one that erases ends a run."""
    found: set[int] = set()
    run, first = list[int](), 0
    typed = [index for index, event in enumerate(inputs) if is_typed(event)][: len(screens.rows)]
    for at, index in enumerate(typed):
        data = inputs[index].data
        is_letter = data[:1] >= b" " or data in _ERASING
        if is_letter:
            run.append(index)
        ends = bool(run) and (not is_letter or at + 1 == len(typed))
        if ends and screens.show_marks(first, at, b"".join(inputs[one].data for one in run)):
            found.update(run)
        if not is_letter:
            run, first = [], at + 1
    return found


def is_named_key(event: Input) -> bool:
    """Is it a key that a driver pressed by its name and that types nothing? A replay waits for it."""
    return event.key is not None and (event.data[:1] < b" " or event.data in _ERASING)


def _closed(result: JudgedInput, line: bytes) -> bytes:
    if line:
        result.values.extend(hidden_values(line))
    return b""


def changed_by(before: Discipline, event: Input) -> Discipline:
    """The line discipline after an event of kind `mode`."""
    mode = event.mode or {}
    return Discipline(
        event.t_ms, echo=mode.get("echo", before.echo), canonical=mode.get("icanon", before.canonical)
    )


def _later(inputs: Sequence[Input], index: int, before: Discipline) -> list[Discipline]:
    """The changes of the line discipline soon after an input, as far as they may be meant for it."""
    found: list[Discipline] = []
    until, ended = inputs[index].t_ms + LAG_MS, bool(hidden_line(inputs[index].data)[1])
    for at, event in enumerate(inputs[index + 1 :], index + 1):
        if event.t_ms > until:
            break
        ended = ended or (is_typed(event) and event.data in LINE_ENDS)
        if event.kind == "mode":
            before = changed_by(before, event)
            # A line that was whole before echo went off is hidden by that, unless another was typed then: a name,
            # say, that was asked for just before a password.
            if not (ended and before.hides and _typed_while_hidden(inputs, at, before)):
                found.append(before)
    return found


def _typed_while_hidden(inputs: Sequence[Input], start: int, mode: Discipline) -> bool:
    """Is anything typed before the discipline that begins at `start` changes to one that does not hide?"""
    for event in inputs[start + 1 :]:
        if is_typed(event):
            return True
        if event.kind == "mode":
            mode = changed_by(mode, event)
            if not mode.hides:
                return False
    return False
