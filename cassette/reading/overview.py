"""What is in a cassette, at a glance, as plain values: `cassette inspect` prints them, or gives them as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cassette.emulators import identity_of, new_emulator
from cassette.errors import UnknownEmulator
from cassette.model import Discovery, EmulatorIdentity, Quota, Size
from cassette.reading.reader import Cassette
from cassette.reading.verdict import Verdict
from cassette.viewing.readable import how_it_ended, kind_of


def overview(tape: Cassette) -> dict[str, Any]:
    """The facts of one cassette; absent ones are None, times are in milliseconds."""
    manifest, final, verdict = tape.manifest, tape.final, tape.verdict
    emulator = manifest.terminal.emulator
    return {
        "path": str(tape.path),
        "id": tape.id,
        "program": manifest.harness.name,
        "program_version": manifest.harness.binary_version,
        "argv": list(manifest.command.argv),
        "recorded_at": manifest.provenance.recorded_at,
        "recorded_by": manifest.provenance.recorder_version,
        "system": f"{manifest.provenance.os} {manifest.provenance.arch}",
        "size": {"columns": tape.size.columns, "rows": tape.size.rows},
        "term": manifest.terminal.term,
        "locale": manifest.terminal.locale,
        "duration_ms": final.duration_ms,
        "end": how_it_ended(final),
        "exit": None if final.exit is None else {"code": final.exit.code, "signal": final.exit.signal},
        **_counted(tape),
        "output_bytes": len(tape.raw),
        "emulator": {"name": emulator.name, "version": emulator.version},
        "emulator_at_hand": at_hand(emulator.name),
        "labels": _labels(manifest.optional),
        "scrub": {
            "status": tape.scrub_report.status,
            "hits": sum(tape.scrub_report.hit_counts.values()),
            "rules": len(tape.scrub_report.rules),
            "hit_counts": dict(tape.scrub_report.hit_counts),
            "hidden_inputs": tape.scrub_report.hidden_inputs,
            "guarantee": tape.scrub_report.guarantee,
            "left": list(tape.scrub_report.intentionally_preserved),
        },
        "verdict": _verdict_facts(verdict),
        "evidence_sha256": verdict.evidence_sha256,
        "discovery": _discovered(tape.discovery),
        "quota": _quota(tape.quota),
    }


def at_hand(name: str) -> str | None:
    """The identity of the emulator of that name on this machine; None where it is not installed."""
    try:
        identity: EmulatorIdentity = identity_of(new_emulator(name, Size(1, 1)))
    except UnknownEmulator:
        return None
    return f"{identity.name} {identity.version}"


def _counted(tape: Cassette) -> dict[str, Any]:
    """One pass over everything but the output, whose chunks the verdict has counted already."""
    sources: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    typed = hidden = 0
    for event in tape.inputs():
        counts[event.kind] += 1
        if event.kind in ("input", "paste"):
            sources[event.source or "unknown"] += 1
            hidden += bool(event.redacted)
            typed += len(event.data) if not event.redacted and event.source != "terminal" else 0
    gaps = []
    for service in tape.service_events():
        counts[kind_of(service)] += 1
        if service.is_gap:
            gaps.append({str(k): v for k, v in service.payload.items() if k != "type"})
    keys = deltas = 0
    for frame in tape.frames():
        keys, deltas = keys + frame.is_key, deltas + (not frame.is_key)
    counts["output"] = sum(1 for _ in tape.outputs())
    counts["frame"] = keys + deltas
    counts["final"] = 1
    return {
        "events": dict(counts),
        "input": {"by_source": dict(sources), "bytes": typed, "hidden": hidden},
        "frames": {"key": keys, "delta": deltas},
        "gaps": gaps,
    }


def _labels(optional: Mapping[str, Any]) -> dict[str, Any]:
    labels = optional.get("labels")
    return dict(labels) if isinstance(labels, Mapping) else {}


def _verdict_facts(verdict: Verdict) -> dict[str, Any]:
    return {
        "state": verdict.state,
        "reasons": list(verdict.reasons),
        "sealed": verdict.sealed,
        "recovered": verdict.recovered,
    }


def _discovered(found: Discovery | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "source": found.source,
        "status": found.status,
        "models": list(found.models),
        "reasoning_levels": list(found.reasoning_levels),
        "captured_at": found.captured_at,
    }


def _quota(found: Quota | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "source": found.source,
        "status": found.status,
        "windows": [dict(window) for window in found.windows],
        "captured_at": found.captured_at,
    }
