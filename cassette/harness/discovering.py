"""All probes of a harness, one after the other, under the lock of its account: what `cassette discover` calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from cassette.errors import CassetteError, UsageError
from cassette.harness.adapter import Adapter, Probe
from cassette.harness.machine import Settings, find_binary, prepared
from cassette.harness.preflight import Fit, preflight
from cassette.harness.probing import Diagnosis, Job, ProbeFailed, Recording, run_probe
from cassette.store.record_lock import record_lock

Status = Literal["recorded", "failed", "skipped"]
DEFAULT_ACCOUNT = "default"


@dataclass(frozen=True)
class ProbeOutcome:
    """What came of one probe. `why` is given where it was skipped."""

    probe: str
    status: Status
    recording: Recording | None = None
    error: CassetteError | None = None
    diagnosis: Diagnosis | None = None
    why: str = ""


@dataclass(frozen=True)
class Request:
    """What is to be found out: probes by name (all without), where cassettes go, whose account."""

    probes: tuple[str, ...] = ()
    output: Path | None = None
    account: str | None = None
    settings: Settings = field(default_factory=Settings)


def for_program(adapter: Adapter, command: Sequence[str]) -> Adapter:
    """The generic adapter for a program; further words of its command stand before all arguments."""
    name = Path(command[0]).name
    return replace(adapter, binary=(command[0],), program=name, prefix=tuple(command[1:]))


def chosen(adapter: Adapter, names: Sequence[str]) -> list[Probe]:
    """The probes of these names, each once, in the adapter's order; all without names. Raises UsageError."""
    for name in names:
        if adapter.probe(name) is None:
            known = ", ".join(probe.name for probe in adapter.probes)
            raise UsageError(what=f"{adapter.harness} has no probe {name!r}. Its probes are {known}.")
    return [probe for probe in adapter.probes if not names or probe.name in names]


def fit_of(adapter: Adapter, settings: Settings) -> Fit:
    """Preflight alone: nothing is recorded. Raises CannotProbe."""
    binary = find_binary(adapter, settings.binary)
    with prepared(adapter, settings.checked(adapter), binary) as place:
        return preflight(adapter, place, in_lab=settings.lab is not None)


def checked(adapter: Adapter, request: Request) -> Fit:
    """All that is asked before a probe, the lock too; nothing is recorded. Raises CannotProbe, LockHeld."""
    chosen(adapter, request.probes)
    fit = fit_of(adapter, request.settings)
    with record_lock(adapter.harness, request.account or fit.account_class or DEFAULT_ACCOUNT):
        return fit


def discover(
    adapter: Adapter, request: Request, on_fit: Callable[[Fit], object] | None = None
) -> Iterator[ProbeOutcome]:
    """Run the probes; one that fails does not hinder the others. `on_fit` is told what preflight found.

    Raises CannotProbe before anything is recorded, LockHeld while another recording of this account runs.
    """
    settings = request.settings.checked(adapter)
    probes = chosen(adapter, request.probes)
    binary = find_binary(adapter, settings.binary)
    fit = fit_of(adapter, settings)
    account = request.account or fit.account_class or DEFAULT_ACCOUNT
    with record_lock(adapter.harness, account):
        if on_fit is not None:
            on_fit(fit)
        for probe in probes:
            if probe.accounts and fit.account_class not in probe.accounts:
                why = f"it is for {' or '.join(probe.accounts)}, and this is {fit.account_class or 'unknown'}"
                yield ProbeOutcome(probe.name, "skipped", why=why)
                continue
            yield _outcome(adapter, probe, request, fit, binary)


def _outcome(adapter: Adapter, probe: Probe, request: Request, fit: Fit, binary: Path) -> ProbeOutcome:
    settings = request.settings
    target = (request.output or Path("cassettes") / adapter.harness) / probe.name
    try:
        with prepared(adapter, settings, binary) as place:
            job = Job(
                adapter,
                probe,
                place,
                fit,
                target.absolute(),
                in_lab=settings.lab is not None,
                on_path=settings.binary is None and "/" not in adapter.binary[0],
            )
            return ProbeOutcome(probe.name, "recorded", run_probe(job))
    except ProbeFailed as failed:
        return ProbeOutcome(probe.name, "failed", error=failed.error, diagnosis=failed.diagnosis)
    except CassetteError as error:
        return ProbeOutcome(probe.name, "failed", error=error)
