"""A spool in, evidence and documents without secrets out: the one way from what was observed to what is written.

The whole recording is read, in memory. What the spool knows of secrets is all that is known: who finishes it in
another environment gets the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cassette.errors import SecretsWouldLeak, TooLongToScrub
from cassette.format import documents
from cassette.recording.plan import RecordingPlan
from cassette.recording.stream_spool import StreamSpool
from cassette.scrubbing.settings import ScrubSettings, known_value, settings_of
from cassette.scrubbing.undecided import Undecided, undecided
from cassette.scrubbing.whole import ScrubPlan, scrub_recording
from cassette.store.spool import Spool
from cassette.store.spooled import (
    TYPED,
    Kind,
    Observed,
    Records,
    SpooledRecording,
    observed_final,
    observed_gap,
)
from scrub.environment import Taken
from scrub.hidden import LEAST_VALUE, Discipline
from scrub.known import KnownValue
from scrub.report import Preserved

_PLAN, _DISCOVERY, _QUOTA = "manifest", "discovery", "quota"
TOO_SHORT = f"shorter than {LEAST_VALUE} characters"
"""Why a value that was typed as a secret is not looked for."""


@dataclass(frozen=True)
class CleanRecording:
    """What may be written: events as often as they are asked for, the plan and the documents, the report."""

    events: Callable[[], Iterable[Observed]]
    plan: RecordingPlan
    discovery: Any | None
    quota: Any | None
    pty_mode: Mapping[str, Any] | None
    report: Mapping[str, Any]


@dataclass
class Beside:
    """What a spool holds beside its events; none of it is clean."""

    discovery: Any | None = None
    quota: Any | None = None
    pty_mode: Mapping[str, Any] | None = None
    known: list[KnownValue] = field(default_factory=list)
    output_bytes: int = 0
    has_end: bool = False

    @classmethod
    def of(cls, spool: Records) -> Beside:
        """Read a spool for them. Raises SpoolDamaged."""
        found = cls()
        for record in spool.records():
            if record.kind == Kind.OUTPUT:
                found.output_bytes += len(record.data)
            elif record.kind == Kind.DISCOVERY:
                found.discovery = documents.read_json(bytes(record.data))
            elif record.kind == Kind.QUOTA:
                found.quota = documents.read_json(bytes(record.data))
            elif record.kind == Kind.PTY_MODE:
                found.pty_mode = documents.read_json(bytes(record.data))
            elif record.kind == Kind.FINAL:
                found.has_end = True
            elif record.kind == Kind.KNOWN:
                found.known.append(known_value(*documents.read_json(bytes(record.data))))
        return found

    @property
    def discipline(self) -> Discipline:
        """The line discipline at the start."""
        mode = self.pty_mode or {}
        return Discipline(0, echo=bool(mode.get("echo", True)), canonical=bool(mode.get("icanon", True)))

    def known_with(self, settings: ScrubSettings) -> Taken:
        """The known values of the settings and of the recording; a short answer that was typed is none."""
        typed_short = [
            value for value in self.known if value.origin == TYPED and len(value.value) < LEAST_VALUE
        ]
        skipped = (Preserved(TYPED, TOO_SHORT),) if typed_short else ()
        kept = tuple(value for value in self.known if value not in typed_short)
        return settings.known + Taken(kept, skipped)


def scrub_spool(spool: Spool, *, max_output_bytes: int | None = None) -> CleanRecording:
    """Scrub a finished recording, or one whose end nobody saw.

    `max_output_bytes` raises the limit that the recording was begun with.

    Raises SecretsWouldLeak, ScrubMovedCells, TooLongToScrub, SpoolDamaged; then nothing has been written anywhere.
    """
    plan, settings = RecordingPlan.from_header(spool.header), settings_of(spool.header)
    beside = Beside.of(spool)
    limit = max(settings.max_output_bytes, max_output_bytes or 0)
    if beside.output_bytes > limit:
        raise TooLongToScrub(size=beside.output_bytes, limit=limit)
    typed = Undecided()
    if beside.pty_mode is not None and not beside.has_end:  # else nobody ever looks whether echo is off
        typed = undecided(SpooledRecording(spool).evidence, beside.discipline)
        beside.known.extend(typed.values)
    try:
        clean = scrub_recording(
            lambda: typed.hidden(evidence_with_end(SpooledRecording(spool))),
            replace(_scrub_plan(plan, settings, beside), documents=_documents(plan, beside)),
        )
    except SecretsWouldLeak as leak:
        raise leak.told(own_rules=settings.rule_names) from None
    kept = plan.with_texts(clean.documents[_PLAN])
    report = replace(
        clean.report,
        rules=(*clean.report.rules, *settings.rule_names),
        env_allowlist=kept.env_names,
    )
    return CleanRecording(
        clean.events,
        kept,
        clean.documents.get(_DISCOVERY),
        clean.documents.get(_QUOTA),
        beside.pty_mode,
        report.as_document(),
    )


def scrub_so_far(spool: Spool | StreamSpool, *, until: int | None = None) -> Iterable[Observed]:
    """The events of a recording that goes on, up to a place in the spool, scrubbed by what is known by now.

    Of a streamed one: the events that a screen shows.
    """
    if isinstance(spool, StreamSpool):
        return SpooledRecording(spool.stored(), until=until).evidence()
    plan, settings = RecordingPlan.from_header(spool.header), settings_of(spool.header)
    scrub_plan = _scrub_plan(plan, settings, Beside.of(spool))
    return scrub_recording(SpooledRecording(spool, until=until).evidence, scrub_plan).events()


def evidence_with_end(recording: SpooledRecording) -> Iterator[Observed]:
    """Every event; where nobody saw the end, with a gap `recorder-died` and a final without exit."""
    yield from recording.evidence()
    if recording.final is None:
        yield observed_gap(recording.last_ms, "recorder-died")
        yield observed_final(recording.last_ms)


def _scrub_plan(plan: RecordingPlan, settings: ScrubSettings, beside: Beside) -> ScrubPlan:
    return ScrubPlan(
        plan.size,
        known=beside.known_with(settings),
        identity=settings.identity,
        env_names=plan.env_names,
        find_more=settings.find_more,
        echo=beside.discipline.echo,
        canonical=beside.discipline.canonical,
    )


def _documents(plan: RecordingPlan, beside: Beside) -> dict[str, Any]:
    given = {_PLAN: plan.texts(), _DISCOVERY: beside.discovery, _QUOTA: beside.quota}
    return {name: document for name, document in given.items() if document is not None}
