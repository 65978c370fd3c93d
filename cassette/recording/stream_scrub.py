"""A streamed spool in, what may be published out: it is scrubbed already, and nothing secret is needed to finish it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cassette.errors import StreamRefused
from cassette.recording.plan import RecordingPlan
from cassette.recording.spool_scrub import TOO_SHORT, Beside, CleanRecording, evidence_with_end
from cassette.recording.stream_records import STREAM, StreamRecords, StreamState
from cassette.scrubbing.streaming import MOST_FOUND
from cassette.store.spool import Spool
from cassette.store.spooled import TYPED, SpooledRecording
from scrub.report import Preserved, ScrubReport
from scrub.stream import WINDOW

NOT_RENDERED = (
    f"rendered screens: more than {WINDOW.before + WINDOW.block + WINDOW.behind} bytes of output at once"
)
TOO_FAR = f"secrets that are painted in pieces more than {WINDOW.behind} bytes apart"
UNCHECKED = "what became known after it was written: the recorder died before it could read all of it again"


def clean_stream(spool: Spool) -> CleanRecording:
    """The recording in a streamed spool. Raises SpoolDamaged, and StreamRefused where secrets would be left."""
    state = StreamState.of(spool)
    if state.refused or (state.patches is not None and not state.checked):
        raise StreamRefused(id=spool.id)
    plan = RecordingPlan.from_header(spool.header)
    if state.texts is not None:
        plan = plan.with_texts(state.texts)
    records = StreamRecords(spool, state.patches)
    beside = Beside.of(records)
    return CleanRecording(
        lambda: evidence_with_end(SpooledRecording(records)),
        plan,
        beside.discovery,
        beside.quota,
        beside.pty_mode,
        _report(spool.header[STREAM], state, plan).as_document(),
    )


def _report(facts: Mapping[str, Any], state: StreamState, plan: RecordingPlan) -> ScrubReport:
    return ScrubReport(
        "scrubbed" if state.counts.total or state.hidden else "clean",
        rules=tuple(facts["rules"]),
        counts=state.counts,
        env_allowlist=plan.env_names,
        preserved=tuple(_preserved(facts["preserved"])),
        guarantee="stream",
        hidden_inputs=state.hidden,
        short_values=(*facts["short"], *state.short),
        skipped_values=tuple(_preserved([*facts["skipped"], *_short(state)])),
        known_values=state.known,
        not_looked_at=tuple(_not_looked_at(state)),
    )


def _short(state: StreamState) -> list[list[str]]:
    return [[TYPED, TOO_SHORT]] if state.skipped else []


def _not_looked_at(state: StreamState) -> Iterator[str]:
    yield from (NOT_RENDERED, TOO_FAR)
    if state.forgotten:
        yield f"{state.forgotten} values that rules found, after {MOST_FOUND} more had been found"
    if not state.checked:
        yield UNCHECKED


def _preserved(listed: list[list[str]]) -> Iterator[Preserved]:
    return (Preserved(what, reason) for what, reason in listed)
