"""A cassette as the scrub engine takes it, and what comes back as lines of a cassette again.

The engine knows events, not lines: what a line says beside its event, known or not, goes through it as a document.
A line that nothing was found in stays byte for byte. Input that is hidden already stays hidden as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cassette.format import lines
from cassette.format.limits import MAX_DOCUMENT_BYTES
from cassette.model import (
    DISCOVERY,
    FINAL,
    INPUT,
    MANIFEST,
    OUTPUT,
    QUOTA,
    SCRUB_REPORT,
    SERVICE_EVENTS,
    Final,
    Input,
    Output,
    ServiceEvent,
)
from cassette.reading.reader import Cassette
from cassette.recording.evidence import evidence_of
from cassette.scanning.where import json_object, strings, with_noise, without_noise
from cassette.scrubbing.settings import ScrubSettings
from cassette.scrubbing.whole import ScrubbedRecording, ScrubPlan, scrub_recording
from cassette.store.directory import CassetteDirectory
from cassette.store.spooled import Observed
from scrub.environment import Taken
from scrub.hidden import FILLER, hidden_line
from scrub.known import KnownValue

DOCUMENTS = (MANIFEST, DISCOVERY, QUOTA, SCRUB_REPORT)
_BESIDE = "lines"
_WITHHELD = "withheld"  # no kind of format 1: the engine judges only what was typed
_OF_THE_ENGINE = {
    INPUT: frozenset({"kind", "bytes", "op", "redacted", "masked"}),
    OUTPUT: frozenset({"sha256"}),
    SERVICE_EVENTS: frozenset({"payload"}),
    FINAL: frozenset({"final_text", "usage", "metadata", "routing_actual", "session_log_path"}),
}
_NUMBERS = frozenset({"seq", "t_ms", "offset", "length", "duration_ms", "cost_usd"})


@dataclass(frozen=True, slots=True)
class Pair:
    """One event before and after; `after` is None for one that became part of a hidden line."""

    before: Observed
    after: Observed | None

    @property
    def changed(self) -> bool:
        """Is anything of it another now?"""
        return self.after is not self.before


@dataclass(frozen=True)
class Rewritten:
    """A cassette without its secrets. `documents` are those that it has, by file name, before and after."""

    pairs: list[Pair]
    documents: Mapping[str, tuple[Any, Any]]
    recording: ScrubbedRecording

    @property
    def changed(self) -> bool:
        """Was anything found?"""
        return any(pair.changed for pair in self.pairs) or any(a != b for a, b in self.documents.values())

    def evidence(self) -> Iterator[Observed]:
        """The events that are left, in order."""
        return (pair.after for pair in self.pairs if pair.after is not None)


def rewritten(
    tape: Cassette, directory: CassetteDirectory, settings: ScrubSettings, more: tuple[KnownValue, ...] = ()
) -> Rewritten:
    """Scrub a cassette in memory; `more` are values that are known beside the settings'.

    Raises what `scrub_recording` raises, and Damaged.
    """
    originals = list(evidence_of(tape, directory))
    if len({observed.event.seq for observed in originals}) < len(originals):
        raise ValueError("events share a seq")
    beside = [_beside(observed) for observed in originals]
    documents = {name: _document(directory, name) for name in DOCUMENTS if directory.has(name)}
    mode = tape.manifest.terminal.pty_mode or {}
    plan = ScrubPlan(
        tape.size,
        known=settings.known + Taken(more),
        env_names=tape.manifest.command.env_allowlist,
        documents={**{name: without_noise(old) for name, old in documents.items()}, _BESIDE: beside},
        find_more=settings.find_more,
        echo=bool(mode.get("echo", True)),
        canonical=bool(mode.get("icanon", True)),
    )
    shown = [seen for observed in originals for seen in _shown(observed)]
    recording = scrub_recording(lambda: iter(shown), plan)
    after = {found.event.seq: found for found in recording.events()}
    clean = recording.documents[_BESIDE]
    pairs = [
        Pair(observed, _line(observed, after.get(observed.event.seq), said, now))
        for observed, said, now in zip(originals, beside, clean, strict=True)
    ]
    for before, now in [*zip(beside, clean, strict=True), *_payloads(originals, after)]:
        _refuse_lost_names(before, now)
    read = {name: with_noise(recording.documents[name], old) for name, old in documents.items()}
    return Rewritten(pairs, {name: (old, read[name]) for name, old in documents.items()}, recording)


def _payloads(originals: list[Observed], after: Mapping[int, Observed]) -> Iterator[tuple[Any, Any]]:
    """What callers said, before and after."""
    for observed in originals:
        old, new = observed.event, after[observed.event.seq].event if observed.event.seq in after else None
        if isinstance(old, ServiceEvent) and isinstance(new, ServiceEvent):
            yield old.payload, new.payload
        elif isinstance(old, Final) and isinstance(new, Final):
            yield [old.usage, old.metadata], [new.usage, new.metadata]


def _refuse_lost_names(before: Any, now: Any) -> None:
    """Two secret names in one object may get one placeholder; then a value would be lost. Raises ValueError."""
    if before != now and len(list(strings(before))) != len(list(strings(now))):
        raise ValueError("two names would be one")


def _document(directory: CassetteDirectory, name: str) -> Any:
    return json.loads(directory.read(name, MAX_DOCUMENT_BYTES))


def _shown(observed: Observed) -> Iterator[Observed]:
    """An event as the engine is to see it. Hidden input is read for secrets, and never judged or filled anew; nor is
    what is masked whole: the stars in the place of a secret that was typed in sight look like a program's own.

    In its place, since what is typed after it depends on it, stands filler, which is dropped again.
    """
    event = observed.event
    if isinstance(event, Input) and event.redacted is None and _is_masked_whole(event):
        yield replace(observed, event=replace(event, seq=-event.seq))
        yield replace(observed, event=replace(event, kind=_WITHHELD))
        return
    if not isinstance(event, Input) or event.redacted is None:
        yield observed
        return
    if event.kind in ("input", "paste"):
        filler = FILLER + hidden_line(event.data)[1]
        yield replace(observed, event=replace(event, seq=-event.seq, data=filler))
    yield replace(observed, event=replace(event, kind=_WITHHELD))


def _is_masked_whole(event: Input) -> bool:
    return (0, len(event.data)) in event.masked and bool(event.data)


def _beside(observed: Observed) -> dict[str, Any]:
    """What a line says that the engine does not read in its event."""
    handled = _OF_THE_ENGINE[observed.file]
    beside = {key: value for key, value in _value(observed).items() if key not in handled | _NUMBERS}
    return beside | _redacted(observed)


def _redacted(observed: Observed) -> dict[str, str]:
    event = observed.event
    return {"redacted": event.redacted} if isinstance(event, Input) and event.redacted is not None else {}


def _value(observed: Observed) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(lines.with_seq(1, observed.body))
    return value


def _line(
    before: Observed, after: Observed | None, said: dict[str, Any], now: dict[str, Any]
) -> Observed | None:
    """The line after scrubbing; the very same object when nothing of it changed."""
    if after is None:
        return None
    is_plain = json_object(lines.with_seq(1, before.body)) is not None
    if is_plain and said == now and _same(before, after):
        return before
    value = _value(before)
    engine, event = _value(after), after.event
    handled = _OF_THE_ENGINE[before.file] - {"kind"}
    if isinstance(event, Input) and isinstance(before.event, Input):
        event = _merged(before.event, event)
        engine = json.loads(lines.with_seq(1, lines.input_body(event)))
        if event.data != before.event.data:
            handled |= {"key"}
    for key in handled:
        if key in engine:
            value[key] = engine[key]
        else:
            value.pop(key, None)
    value = _with_beside(value, said, now)
    return Observed(event, before.file, lines.body_of(_compact(value)))


def _compact(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a character, which only an escape can say
        return json.dumps(value, separators=(",", ":")).encode()


def _with_beside(value: dict[str, Any], said: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The line with what changed beside its event; the names of `now` stand in the order of those of `said`."""
    renamed = dict(zip(said, now.items(), strict=True))
    made = {}
    for key, item in value.items():
        name, clean = renamed.get(key, (key, item))
        made[name] = item if key in renamed and clean == said[key] else clean
    return made


def _merged(before: Input, after: Input) -> Input:
    """The event as it is to be kept: what was hidden or masked before is so still."""
    if before.redacted is not None:
        return replace(after, kind=before.kind, redacted=before.redacted, masked=())
    if after.redacted is not None:
        return after
    return replace(after, masked=_union((*before.masked, *after.masked)))


def _union(stretches: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, length in sorted(stretches):
        if merged and start <= sum(merged[-1]):
            first = merged[-1][0]
            merged[-1] = (first, max(sum(merged[-1]), start + length) - first)
        else:
            merged.append((start, length))
    return tuple(merged)


def _same(before: Observed, after: Observed) -> bool:
    old, new = before.event, after.event
    if isinstance(old, Output) and isinstance(new, Output):
        return old.data == new.data
    if isinstance(old, Input) and isinstance(new, Input):
        return (old.data, old.op) == (new.data, new.op) and (
            old.redacted == new.redacted and (not new.masked or new.masked == old.masked)
        )
    return old == new
