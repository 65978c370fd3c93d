"""The same probes against recordings: each cassette is played by a shim in the place of the harness.

So the whole way, steps and waits included, is walked without binary, login or network, and has to read the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cassette.errors import CannotProbe, CassetteError, FactsDiffer
from cassette.harness.adapter import Adapter, Probe
from cassette.harness.discovering import ProbeOutcome, Request, chosen
from cassette.harness.documents import facts_of_tape
from cassette.harness.found import Found
from cassette.harness.machine import WORKDIR, Place
from cassette.harness.preflight import Fit
from cassette.harness.probing import Job, ProbeFailed, Recording, run_probe
from cassette.harness.recorded import EVIDENCE_FILE
from cassette.harness.scratch import scratch
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.shim import write_shim


def replay(adapter: Adapter, request: Request, source: Path) -> Iterator[ProbeOutcome]:
    """Run the probes whose cassettes lie in `source` against shims of them; other facts than they show are a failure.

    What is recorded on the way is kept where `request.output` says so. Raises CannotProbe when there is none of them.
    """
    probes = [probe for probe in chosen(adapter, request.probes) if (source / probe.name).is_dir()]
    if not probes:
        raise CannotProbe(
            harness=adapter.harness,
            kind="replay",
            what=f"{source} has no cassette of a probe",
            todo="Give the directory in which its cassettes lie, as cassettes/codex.",
        )
    for probe in probes:
        yield _outcome(adapter, probe, request, source / probe.name)


def _outcome(adapter: Adapter, probe: Probe, request: Request, cassette: Path) -> ProbeOutcome:
    try:
        with (
            open_cassette(cassette) as tape,
            scratch() as directory,
        ):
            recording = replayed(adapter, probe, tape, directory, request.output)
            return ProbeOutcome(probe.name, "recorded", recording)
    except ProbeFailed as failed:
        return ProbeOutcome(probe.name, "failed", error=failed.error, diagnosis=failed.diagnosis)
    except CassetteError as error:
        return ProbeOutcome(probe.name, "failed", error=error)


def replayed(
    adapter: Adapter, probe: Probe, tape: Cassette, scratch: Path, output: Path | None = None
) -> Recording:
    """One probe against a shim of its cassette, which is written into `scratch`. Raises ProbeFailed, FactsDiffer."""
    binary = write_shim(
        tape.path, name=Path(adapter.binary[0]).name, into=scratch / "bin", any_arguments=True
    )
    workdir = scratch / "home" / WORKDIR
    workdir.mkdir(parents=True)
    variables = {
        "PATH": f"{binary.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "HOME": str(workdir.parent),
    }
    place = Place(binary, {**os.environ, **variables}, workdir.parent, workdir, added=variables)
    harness = tape.manifest.harness
    job = Job(
        adapter,
        probe,
        place,
        Fit(harness.binary_version, harness.account_class),
        (output or scratch / "cassettes").absolute() / probe.name,
        file_records=tuple(_file_records(tape)),
    )
    recording = run_probe(job)
    before = [_said(fact) for fact in facts_of_tape(adapter, probe, tape).facts]
    after = [_said(fact) for fact in recording.findings.facts]
    if before != after:
        differing = [fact for fact in after if fact not in before] or [
            fact for fact in before if fact not in after
        ]
        raise FactsDiffer(
            path=tape.path, number=len(differing), first=differing[0] if differing else "their order"
        )
    return recording


def _file_records(tape: Cassette) -> Iterator[dict[str, Any]]:
    for event in tape.service_events():
        if isinstance(event.payload, dict) and event.payload.get("type") == EVIDENCE_FILE:
            yield event.payload


def _said(fact: Found) -> str:
    """A fact in words, without its place: chunks may end elsewhere in a replay."""
    about = f" of {fact.of}" if fact.of else ""
    detail = f" ({dict(fact.detail)})" if fact.detail else ""
    return f"{fact.name} {fact.value!r}{about}{detail}"
