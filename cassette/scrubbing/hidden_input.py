"""Input that was typed blind becomes filler of one length: one event for a whole hidden line.

The first event of a hidden line carries the filler, those after it are dropped, and what ends the line stands
outside the filler, in the event in which it came.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cassette.model import Input
from cassette.scrubbing.typed_events import ERASING, LINE_ENDS, ends_line, has_letters, is_named_key, is_typed
from scrub.hidden import (
    LAG_MS,
    LEAST_VALUE,
    MASKS,
    Discipline,
    InputFacts,
    are_masks,
    asks_for_secret,
    hidden_by,
    hidden_line,
    hidden_values,
    is_masked,
)
from scrub.known import KnownValue
from scrub.typed import typed_lines
from terminal.passes import Later, Run

MASKED = "masked"
"""The rule by which an input is hidden for which the program showed marks, one for each letter."""
ASKED_LATER = "prompt-later"
"""The rule for one that was typed before its prompt stood there whole."""


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

    `later` is what was shown soon after some of them. `was_read` says whether a text stood in a row by itself.
    """

    rows: Sequence[str]
    runs: Sequence[Sequence[Run]] = ()
    later: Sequence[Later] = ()
    was_read: Callable[[str], bool] = lambda _: False

    def rule(self, first: int, last: int, typed: bytes) -> str | None:
        """The rule by which the screen hides what was typed, from one input to another."""
        if self.show_marks(first, last, typed):
            return MASKED
        return self._later_rule(first, last, typed)

    def _later_rule(self, first: int, last: int, typed: bytes) -> str | None:
        """By what came soon after it; nothing, as soon as the text stood at the cursor."""
        start = bisect_left(self.later, first, key=lambda look: look.number)
        end = bisect_right(self.later, last, lo=start, key=lambda look: look.number)
        if start == end:
            return None
        lines = [line for line in typed_lines(typed) if line]
        before = {place for run in self.runs[first : first + 1] for place in run}
        for _, row, runs in self.later[start:end]:
            shown = row.replace("\n", "")
            if any(line in shown for line in lines):
                return None
            if asks_for_secret(row):
                return ASKED_LATER
            if any(run.length in map(len, lines) and run not in before for run in runs):
                return MASKED
        return None

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
    result, by_screen, rows = JudgedInput(), _by_screen(inputs, screens), screens.rows
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
        rule = event.redacted or hidden_by(facts) or by_screen.get(index)
        if rule is None or is_named_key(event):
            line = line + event.data if rule and event.data in ERASING else _closed(result, line)
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


def _by_screen(inputs: Sequence[Input], screens: Screens) -> dict[int, str]:
    """The inputs (by their places) that are hidden by what was shown for them, each with the rule.

    Every key but one that erases ends a run of letters, and so does the end of a line.
    """
    found: dict[int, str] = {}
    run, first = list[int](), 0
    typed = [index for index, event in enumerate(inputs) if is_typed(event)][: len(screens.rows)]
    for at, index in enumerate(typed):
        event = inputs[index]
        is_letter = has_letters(event)
        if is_letter:
            run.append(index)
        if is_letter and not ends_line(event) and at + 1 < len(typed):
            continue
        data = b"".join(inputs[one].data for one in run)
        if run and (rule := screens.rule(first, at, data)):
            found.update(dict.fromkeys(run, rule))
        run, first = [], at + 1
    return found


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
