"""Whether a fact stands where it says: the screen is drawn again from the output, the bytes are read again.

Nothing that is derived is trusted here, frames included: a screen is fed byte by byte up to the one that is cited. A
value stands in a text when it is there as a word of its own: `gpt-5` does not stand in `gpt-5.2`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from operator import attrgetter
from typing import Any

from cassette.capability.facts import AtEnd, Fact, InDocument, InEvent, InOutput, OnScreen, leaves
from cassette.emulators import emulator_at_hand
from cassette.format.documents import dump_json
from cassette.model import Final, Input, Output, ServiceEvent
from cassette.reading.reader import Cassette
from cassette.reading.screens import is_size
from terminal.emulator import Emulator
from terminal.snapshot import Snapshot

MAX_EXCERPT_BYTES = 2**20
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Z]|[=>78])")
_SPACE = re.compile(r"\s+")
# A word of its own: names of models hold dots, dashes, colons and at signs inside.
_BEFORE, _AFTER = r"(?:(?<!\w)|(?<=\bv)(?=\d))(?<!\w[-.])", r"(?!\w)(?![-.:@]\w)"
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:\.\d{1,15})?(?![\w]|\.\d)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A screen of a recording that was drawn again; `t_ms` is that of its last byte."""

    t_ms: int
    screen: Snapshot


@dataclass(frozen=True, slots=True)
class Checked:
    """A fact, and whether it holds; `why` says why it does not."""

    fact: Fact
    holds: bool
    why: str = ""
    t_ms: int | None = None
    """When it stood on the screen, or was written."""


def check(tape: Cassette, facts: Sequence[Fact]) -> list[Checked]:
    """Look each fact up in the recording. Raises Damaged for a recording that cannot be read."""
    places = [fact.place for fact in facts]
    written = any(isinstance(place, InOutput) for place in places)
    handed_over = any(isinstance(place, InEvent) for place in places)
    seen = _Seen(
        tape,
        screens_at(tape, [place.raw_end for place in places if isinstance(place, OnScreen)]),
        [(event.offset + len(event.data), event.t_ms) for event in tape.outputs()] if written else [],
        list(tape.service_events()) if handed_over else [],
    )
    return [_checked(seen, fact) for fact in facts]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What of a recording is needed to check its facts."""

    tape: Cassette
    screens: Mapping[int, Shown]
    times: Sequence[tuple[int, int]]
    """End and moment of each chunk of the output."""
    events: Sequence[ServiceEvent]


def screens_at(tape: Cassette, raw_ends: Iterable[int]) -> dict[int, Shown]:
    """The screens that stood after these bytes of the output, each drawn exactly; those beyond its end are left out."""
    left = sorted({end for end in raw_ends if end <= len(tape.raw)}, reverse=True)
    found: dict[int, Shown] = {}
    if not left:
        return found
    emulator = emulator_at_hand(tape.manifest.terminal.emulator.name, tape.size)
    while left and left[-1] == 0:
        found[left.pop()] = Shown(0, emulator.snapshot())
    resizes = (event for event in tape.inputs() if event.kind == "resize" and is_size(event.size))
    painting: Iterator[Input | Output] = merge(resizes, tape.outputs(), key=attrgetter("seq"))
    for event in painting:
        if not left:
            break
        if isinstance(event, Input):
            assert event.size is not None
            emulator.resize(columns=event.size.columns, rows=event.size.rows)
            continue
        found.update(_drawn(emulator, event, left))
    return found


def stands(value: Any, text: Sequence[str]) -> bool:
    """Whether each part of a value is a word of these lines (as they are, or one going on in the next)."""
    parts = list(leaves(value))
    texts = _texts(tuple(text))
    return bool(parts) and all(any(_is_in(part, candidate) for candidate in texts) for part in parts)


def lines_of(data: bytes) -> list[str]:
    """Lines of output as text, without escape sequences."""
    return _ESCAPES.sub("", data.decode("utf-8", "replace")).replace("\r", "").split("\n")


def _drawn(emulator: Emulator, event: Output, left: list[int]) -> Iterator[tuple[int, Shown]]:
    """Feed one chunk, and stop at each byte that is asked for."""
    start, end = event.offset, event.offset + len(event.data)
    while left and left[-1] <= end:
        stop = left.pop()
        emulator.feed(event.data[start - event.offset : stop - event.offset])
        start = max(start, stop)
        yield stop, Shown(event.t_ms, emulator.snapshot())
    emulator.feed(event.data[start - event.offset :])
    emulator.replies()


def _checked(seen: _Seen, fact: Fact) -> Checked:
    place = fact.place
    if isinstance(place, OnScreen):
        return _on_screen(fact, place, seen.screens.get(place.raw_end))
    if isinstance(place, InOutput):
        return _in_output(seen, fact, place)
    if isinstance(place, InEvent):
        return _in_event(seen, fact, place)
    if isinstance(place, AtEnd):
        return _at_end(seen.tape.final, fact)
    if isinstance(place, InDocument):
        return Checked(fact, holds=True)
    return Checked(fact, holds=False, why=f"{fact} does not say where it stands")


def _on_screen(fact: Fact, place: OnScreen, shown: Shown | None) -> Checked:
    if shown is None:
        return Checked(fact, holds=False, why=f"{fact}: the output has no byte {place.raw_end}")
    screen = shown.screen
    if max(place.rows) >= screen.rows:
        why = f"{fact}: there is no row {max(place.rows)} on a screen of {screen.rows} rows"
        return Checked(fact, holds=False, why=why, t_ms=shown.t_ms)
    return _found(fact, [screen.lines[row].text for row in place.rows], shown.t_ms)


def _in_output(seen: _Seen, fact: Fact, place: InOutput) -> Checked:
    end = place.offset + place.length
    if end > len(seen.tape.raw) or place.length > MAX_EXCERPT_BYTES:
        return Checked(fact, holds=False, why=f"{fact}: the output has no {place}")
    chunk = bisect_left(seen.times, (end, -1))
    t_ms = seen.times[chunk][1] if chunk < len(seen.times) else None
    return _found(fact, lines_of(seen.tape.output_bytes(place.offset, end)), t_ms)


def _in_event(seen: _Seen, fact: Fact, place: InEvent) -> Checked:
    if place.index >= len(seen.events):
        return Checked(fact, holds=False, why=f"{fact}: there is no {place}")
    event = seen.events[place.index]
    return _found(fact, [_words_of(event.payload)], event.t_ms)


def _at_end(final: Final, fact: Fact) -> Checked:
    code = final.exit.code if final.exit else None
    if type(fact.value) is int and fact.value == code:
        return Checked(fact, holds=True, t_ms=final.t_ms)
    return Checked(fact, holds=False, why=f"{fact} is not how it ended: {code!r}", t_ms=final.t_ms)


def _found(fact: Fact, text: Sequence[str], t_ms: int | None) -> Checked:
    if stands(fact.value, text):
        return Checked(fact, holds=True, t_ms=t_ms)
    there = " / ".join(_SPACE.sub(" ", line).strip() for line in text)
    shown = f"{there[:80]}…" if len(there) > 80 else there
    return Checked(fact, holds=False, why=f"{fact} does not stand in {fact.place}: {shown!r}", t_ms=t_ms)


def _words_of(payload: Any) -> str:
    """All names and values of a JSON value, one after the other."""
    if isinstance(payload, Mapping):
        return " ".join(f"{name} {_words_of(item)}" for name, item in payload.items())
    if isinstance(payload, list):
        return " ".join(map(_words_of, payload))
    return payload if isinstance(payload, str) else dump_json(payload).strip()


@lru_cache(maxsize=256)
def _texts(lines: tuple[str, ...]) -> tuple[str, str]:
    """The lines side by side, and as one that goes on from line to line."""
    spaced = _SPACE.sub(" ", " ".join(lines)).casefold()
    return spaced, _SPACE.sub(" ", "".join(line.strip() for line in lines)).casefold()


def _is_in(part: Any, text: str) -> bool:
    if isinstance(part, bool):
        return _is_word("true" if part else "false", text)
    if isinstance(part, int | float):
        plain = (text, text.replace(",", ""))
        return any(float(number) == part for each in plain for number in _NUMBER.findall(each))
    return isinstance(part, str) and _is_word(_SPACE.sub(" ", part).strip().casefold(), text)


def _is_word(word: str, text: str) -> bool:
    return bool(word) and re.search(_BEFORE + re.escape(word) + _AFTER, text) is not None
