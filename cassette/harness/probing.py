"""One probe live: started clean, driven, read from its own evidence, and only then published.

A probe that fails leaves no cassette and the old one as it was; it leaves a diagnosis, whose screen is scrubbed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cassette.emulators import default_emulator
from cassette.errors import CassetteError, FactsRefused, StepsFailed, TimedOut
from cassette.harness.adapter import Adapter, Probe
from cassette.harness.documents import Findings, kept_of, refused
from cassette.harness.driving import Driver
from cassette.harness.evidence_files import Before, records_of
from cassette.harness.extracting import Extraction, Refusal, extract
from cassette.harness.interrupting import held
from cassette.harness.machine import Place
from cassette.harness.preflight import Fit
from cassette.harness.recorded import Recorded, recorded_of
from cassette.model import Event, Size
from cassette.recording.live import LiveSession
from cassette.recording.recorder import Recorder
from cassette.recording.spool_scrub import CleanRecording, scrub_so_far, scrub_spool
from cassette.recording.starting import record
from cassette.scrubbing.settings import holds_a_secret
from cassette.store.publish import check_target
from cassette.store.spool import Spool
from cassette.store.spooled import Observed, SpooledRecording
from terminal.snapshot import Snapshot
from terminal.waiting import framed

KEY_QUIET_MS = 3000
"""A command that reads key by key and shows nothing new for so long waits for a key."""


@dataclass(frozen=True)
class Diagnosis:
    """What is known of a failed probe: the steps that were taken, and the last screen, scrubbed."""

    steps: tuple[str, ...] = ()
    screen: str = ""


@dataclass(frozen=True)
class Recording:
    """A probe that was recorded."""

    path: Path
    findings: Findings
    warnings: tuple[str, ...] = ()


class ProbeFailed(Exception):
    """A probe that was not recorded: the error, and what is known of it."""

    def __init__(self, error: CassetteError, diagnosis: Diagnosis) -> None:
        super().__init__(str(error))
        self.error = error
        self.diagnosis = diagnosis


@dataclass(frozen=True)
class Job:
    """One probe to run: of which adapter, where, with what preflight found, and where its cassette goes."""

    adapter: Adapter
    probe: Probe
    place: Place
    fit: Fit
    target: Path
    in_lab: bool = False
    on_path: bool = True
    """Whether the binary is found by its name, which is then what the recording shows."""
    file_records: tuple[Mapping[str, Any], ...] | None = None
    """What its files held, where a recording of it is played: that writes none."""

    @property
    def size(self) -> Size:
        """The terminal's size, in cells."""
        start, probe = self.adapter.start, self.probe
        return Size(probe.columns or start.columns, probe.rows or start.rows)

    def argv(self, args: Sequence[str]) -> list[str]:
        """The whole command."""
        first = self.place.binary.name if self.on_path else str(self.place.binary)
        lab = self.adapter.lab.args if self.in_lab and self.adapter.lab is not None else ()
        start = self.adapter.start.args if self.probe.kind == "screen" else ()
        return [first, *self.adapter.prefix, *map(self.place.fill, lab), *start, *args]


def run_probe(job: Job) -> Recording:
    """Run a probe and publish its cassette. Raises ProbeFailed; what interrupts it leaves nothing."""
    check_target(job.target, overwrite=True)
    first: ProbeFailed | None = None
    for args in (job.probe.args, *job.probe.other_args):
        try:
            return _attempt(job, args)
        except ProbeFailed as failed:
            first = first or failed
    assert first is not None
    raise first


def _attempt(job: Job, args: Sequence[str]) -> Recording:
    captured_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = Before.look(job.probe.files, job.place)
    session: LiveSession | None = None
    driver: Driver | None = None
    try:
        with held():
            session = _started(job, args, captured_at)
            driver = Driver(job.adapter, session, job.probe.timeout)
        warnings = _driven(job, session, driver)
        written = records_of(job.probe.files, job.place, before)
        for payload in written if job.file_records is None else job.file_records:
            session.recorder.service_event(payload)
        findings = _read(job, session.recorder, session, captured_at)
    except BaseException as error:
        with held():
            diagnosis = _given_up(job, session, driver, error)
        if isinstance(error, CassetteError):
            raise ProbeFailed(error, diagnosis) from error
        raise
    return _published(job, session.recorder, driver, findings, warnings)


def _given_up(
    job: Job, session: LiveSession | None, driver: Driver | None, error: BaseException
) -> Diagnosis:
    """End the program and throw the recording away; what is to be known of it for a person."""
    if session is None or driver is None:
        return Diagnosis()
    session.abandon(error)
    diagnosis = _diagnosis(job, session.recorder, driver) if isinstance(error, CassetteError) else Diagnosis()
    session.recorder.discard()
    return diagnosis


def _published(
    job: Job, recorder: Recorder, driver: Driver, findings: Findings, warnings: tuple[str, ...]
) -> Recording:
    try:
        with held():
            path = recorder.close(to=job.target, overwrite=True)
    except CassetteError as error:
        raise ProbeFailed(error, Diagnosis(tuple(driver.done))) from error
    if findings.dropped:
        names = ", ".join(sorted({fact.name for fact in findings.dropped}))
        warnings = (*warnings, f"not kept, because scrubbing took the values out: {names}")
    return Recording(path, findings, warnings)


def _started(job: Job, args: Sequence[str], captured_at: str) -> LiveSession:
    adapter, probe, start = job.adapter, job.probe, job.adapter.start
    variables = {**start.env, **probe.env} if probe.kind == "screen" else dict(probe.env)
    place = job.place.with_variables(variables)
    given = dict(place.environment) if job.in_lab else dict(place.added)
    secrets = [place.expanded(name) for name in start.credential_files]
    return record(
        _unfinished(job.target),
        job.argv(args),
        columns=job.size.columns,
        rows=job.size.rows,
        env=given,
        clean_env=job.in_lab,
        cwd=place.workdir,
        timeout=probe.timeout,
        exit_timeout=start.exit_timeout,
        hold=True,
        known_secret_env=[name for name in start.credential_env if place.environment.get(name, "").strip()],
        known_secret_file=[path for path in secrets if holds_a_secret(path)],
        harness={
            "name": adapter.harness,
            "binary_version": job.fit.version,
            "account_class": job.fit.account_class,
            "captured_at": captured_at,
            "freshness_window": probe.freshness_window,
            "capability": {"adapter": adapter.name, "revision": adapter.revision, "probe": probe.name},
        },
    )


def _unfinished(target: Path) -> Path:
    """Where `recover` would put a probe that died: beside its place, never over what stands there."""
    number = 1
    while True:
        path = target.with_name(f"{target.name}.unfinished" + (f"-{number}" if number > 1 else ""))
        if not path.exists():
            return path
        number += 1


def _driven(job: Job, session: LiveSession, driver: Driver) -> tuple[str, ...]:
    """Run it to its end. Raises StepsFailed, CannotProbe."""
    warnings: tuple[str, ...] = ()
    with session:
        if job.probe.kind == "command":
            driver.run(job.probe.steps)
            _await_end(job.probe, session)
        else:
            driver.until_ready()
            driver.run(job.probe.steps)
            driver.quit()
    if session.end_reason != "exited":
        warnings = (f"it did not end by itself within {job.adapter.start.exit_timeout:g} s, and was ended",)
    _check_exit(job.probe, session)
    return warnings


def _await_end(probe: Probe, session: LiveSession) -> None:
    """Wait for the end of a command; it is given no key, so one that waits for a key is not waited for."""
    if not probe.steps and session.waits_for_a_key(KEY_QUIET_MS, probe.timeout):
        raise StepsFailed(
            what="it shows something and waits for a key, as a pager does, and a probe of a command presses none. "
            "Give it arguments with which it prints and ends, or steps"
        )
    try:
        session.wait(probe.timeout if probe.steps else 0)
    except TimedOut:
        raise StepsFailed(what=f"it did not end within {probe.timeout:g} s") from None


def _check_exit(probe: Probe, session: LiveSession) -> None:
    status = session.exit_status
    if probe.exit_codes is not None and (status is None or status.code not in probe.exit_codes):
        how = "nobody saw its end" if status is None else f"it ended with {status.signal or status.code}"
        wanted = " or ".join(map(str, probe.exit_codes))
        raise StepsFailed(what=f"{how}, and exit code {wanted} was expected")


def _read(job: Job, recorder: Recorder, session: LiveSession, captured_at: str) -> Findings:
    """Read the facts of a finished recording, and put those into it that scrubbing leaves. Raises FactsRefused."""
    raw = _recorded(job, (each.event for each in SpooledRecording(recorder.spool).evidence()), session)
    account = job.fit.account_class
    seen = extract(job.probe, raw, account)
    if seen.refusals:
        raise _refused(job, recorder, session, seen.refusals)
    findings = Findings(job.adapter, job.probe, account, seen)
    _keep(recorder, findings, captured_at)
    assert isinstance(recorder.spool, Spool), "a probe is scrubbed as a whole"
    clean = scrub_spool(recorder.spool)
    left, dropped = kept_of(seen, _left(job, clean, session))
    if dropped:
        findings = replace(findings, extraction=left, dropped=tuple(dropped))
        _keep(recorder, findings, captured_at)
    return findings


def _keep(recorder: Recorder, findings: Findings, captured_at: str) -> None:
    discovery, quota = findings.documents(captured_at)
    if discovery is not None:
        recorder.discovery(discovery)
    if quota is not None:
        recorder.quota(quota)


def _left(job: Job, clean: CleanRecording, session: LiveSession) -> Extraction:
    """What can still be read after scrubbing, and stands the same in the scrubbed documents."""
    recorded = _recorded(job, (each.event for each in clean.events()), session)
    after = extract(job.probe, recorded, job.fit.account_class)
    written = [
        fact
        for document in (clean.discovery, clean.quota)
        if document is not None
        for fact in document.get("metadata", {}).get("facts", [])
    ]
    return Extraction([fact for fact in after.found if fact.document() in written])


def _recorded(job: Job, events: Iterable[Event], session: LiveSession) -> Recorded:
    made = recorded_of(
        events, size=job.size, emulator=default_emulator(), argv=tuple(job.argv(job.probe.args))
    )
    made.exit = session.exit_status
    return made


def _refused(job: Job, recorder: Recorder, session: LiveSession, refusals: Sequence[Refusal]) -> FactsRefused:
    """The error for what cannot be read, with screens and rows as they are after scrubbing."""
    clean: list[Observed] = list(scrub_so_far(recorder.spool))
    recorded = _recorded(job, (each.event for each in clean), session)
    again = {
        refusal.fact: refusal for refusal in extract(job.probe, recorded, job.fit.account_class).refusals
    }
    hidden = {"found": "what is there holds a secret", "screen": "(not shown)"}
    shown = [again.get(refusal.fact) or replace(refusal, **hidden) for refusal in refusals]
    return refused(job.adapter, job.probe, shown)


def _diagnosis(job: Job, recorder: Recorder, driver: Driver) -> Diagnosis:
    """The steps and the last screen; no screen where scrubbing cannot make it fit to be shown."""
    screen: Any = None
    with contextlib.suppress(CassetteError):
        events = (each.event for each in scrub_so_far(recorder.spool))
        screen = recorded_of(events, size=job.size, emulator=default_emulator()).last
    return Diagnosis(tuple(driver.done), _drawn(job.probe, screen) if screen is not None else "")


def _drawn(probe: Probe, screen: Snapshot) -> str:
    """A screen for a message; that of a command is as wide as its text, for it has a width for lists."""
    if probe.kind == "screen":
        return framed(screen)
    return "\n".join(f"| {row}" for row in "\n".join(screen.text).strip("\n").split("\n"))
