"""Secrets out of a cassette that exists: evidence rewritten at the same length, frames drawn again, sealed again.

The new cassette takes the place of the old one in one step; killed at any moment, one of the two is there, whole.
What is found by no view of the new one is published, nothing else. A cassette in which nothing is found is not
touched. One that was not sealed is not sealed afterwards, and a gap stays a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cassette.emulators import identity_of, reading_emulator
from cassette.errors import CassetteError, ScrubMovedCells, SecretsWouldLeak, TooLongToFix
from cassette.format.documents import write_json
from cassette.model import (
    DISCOVERY,
    FEATURE_DELTA_FRAMES,
    MANIFEST,
    OUTPUT_RAW,
    QUOTA,
    SCRUB_REPORT,
    SEAL,
    EmulatorIdentity,
)
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.recording.finish import CassetteWriter, Progress
from cassette.recording.plan import own_version
from cassette.scanning.files import read_files
from cassette.scanning.finding import Scan, scan
from cassette.scanning.rewriting import Rewritten, rewritten
from cassette.scrubbing.settings import ScrubSettings
from cassette.store.directory import CassetteDirectory
from cassette.store.publish import NewCassette

AS_IT_WAS = "The cassette is as it was"
_SUMS = ("hit_counts", "hits_by_view", "hits_by_stream", "hits_by_form")


@dataclass(frozen=True)
class Fixed:
    """What `fix` did: the digests before and after, to which tests are bound."""

    path: Path
    before: str | None
    after: str | None
    """Heads of the evidence chain."""
    content_before: str
    content_after: str
    """SHA-256 of `output.raw`."""
    bound: tuple[str, ...] = ()
    """Files of the user's in the cassette that name an old digest."""


def fix(
    found: Scan,
    settings: ScrubSettings,
    *,
    progress: Progress | None = None,
) -> Fixed:
    """Take out of a cassette what `found` says, and publish it in its own place.

    Raises what `open` raises (a damaged cassette is never rewritten), SecretsWouldLeak when something would be
    left, TooLongToFix, UnknownEmulator, CannotStore; then the old one stands as it was.
    """
    with open_cassette(found.path) as tape, CassetteDirectory(found.path) as old:
        if len(tape.raw) > settings.max_output_bytes:
            raise TooLongToFix(path=found.path, size=len(tape.raw), limit=settings.max_output_bytes)
        clean = _rewritten(tape, old, settings, found)
        with NewCassette(tape.path.resolve(), overwrite=True, in_spool=False) as new:
            writer = _write(new, tape, clean, progress)
            content = new.digests[OUTPUT_RAW][1]
            _write_documents(new, tape, clean, content, settings)
            if old.has(SEAL):
                writer.seal(tape.id)
            _check(new.staging, settings, found)
            new.publish()
            content_before = tape.manifest.content_digest.sha256
    with open_cassette(found.path) as now:
        before, after = tape.evidence_sha256, now.evidence_sha256
    bound = _bound(found.path, [digest for digest in (before, content_before) if digest])
    return Fixed(found.path, before, after, content_before, content, bound)


def _bound(path: Path, digests: list[str]) -> tuple[str, ...]:
    others = read_files(path).others
    return tuple(name for name, data in others.items() if any(digest.encode() in data for digest in digests))


def _rewritten(tape: Cassette, old: CassetteDirectory, settings: ScrubSettings, found: Scan) -> Rewritten:
    try:
        return rewritten(tape, old, settings, found.values)
    except SecretsWouldLeak as leak:
        raise leak.told(kept=AS_IT_WAS, own_rules=settings.rule_names) from None
    except ScrubMovedCells as moved:
        raise moved.told(kept=AS_IT_WAS) from None
    except (ValueError, LookupError) as error:
        raise CassetteError(
            what=f"{found.path} cannot be rewritten ({type(error).__name__}: two names in it would be one). "
            "Record it again."
        ) from None


def _write(new: NewCassette, tape: Cassette, clean: Rewritten, progress: Progress | None) -> CassetteWriter:
    """Evidence and frames; what is drawn is what the rewritten evidence shows."""
    emulator = reading_emulator(tape.manifest.terminal.emulator.name, tape.size)
    writer = CassetteWriter(new, full_frames=FEATURE_DELTA_FRAMES not in tape.manifest.required_features)
    total = len(tape.raw)
    writer.write(
        clean.evidence(),
        emulator,
        settle_ms=tape.manifest.timing.settle_ms,
        progress=None if progress is None else lambda drawn: progress(drawn, total),
    )
    return writer


def _write_documents(
    new: NewCassette, tape: Cassette, clean: Rewritten, content: str, settings: ScrubSettings
) -> None:
    documents = {name: now for name, (_, now) in clean.documents.items()}
    emulator = identity_of(reading_emulator(tape.manifest.terminal.emulator.name, tape.size))
    new.write_file(MANIFEST, write_json(_manifest(documents[MANIFEST], tape, content, emulator)))
    report = replace(
        clean.recording.report, rules=(*clean.recording.report.rules, *settings.rule_names)
    ).as_document()
    new.write_file(SCRUB_REPORT, write_json(_report(documents[SCRUB_REPORT], report)))
    for name in (DISCOVERY, QUOTA):
        if name in documents:
            new.write_file(name, write_json(documents[name]))


def _manifest(
    document: dict[str, Any], tape: Cassette, content: str, emulator: EmulatorIdentity
) -> dict[str, Any]:
    """The manifest of the rewritten cassette; where it came from is added to what its provenance says."""
    made = dict(document)
    made["content_digest"] = {**made["content_digest"], "sha256": content}
    made["terminal"] = {**made["terminal"], "emulator": asdict(emulator)}
    step = {
        "evidence_sha256": tape.evidence_sha256,
        "content_digest": tape.manifest.content_digest.sha256,
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "by": f"pty-cassette {own_version()}",
    }
    before = made["provenance"].get("fixed_from", [])
    made["provenance"] = {**made["provenance"], "fixed_from": [*before, step]}
    return made


def _report(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The report of all scrubbing that was done: what was covered now is added to what was covered before."""
    if old.get("status") == "not-run":
        return {**old, **new}
    made = {**old, **new, "status": "scrubbed"}
    for name in _SUMS:
        before = old.get(name) or {}
        made[name] = {
            key: before.get(key, 0) + new[name].get(key, 0) for key in sorted({*before, *new[name]})
        }
    kept = [*old.get("intentionally_preserved", ()), *new["intentionally_preserved"]]
    made["intentionally_preserved"] = list(dict.fromkeys(kept))
    made["rules"] = list(dict.fromkeys([*old.get("rules", ()), *new["rules"]]))
    return made


def _check(staging: Path, settings: ScrubSettings, found: Scan) -> None:
    """Nothing may be found in what is about to be published. Raises SecretsWouldLeak."""
    known = replace(settings.known, values=(*settings.known.values, *found.values))
    left = scan(staging, replace(settings, known=known), draw=True)
    if left.found or left.problems:
        first = left.found[0] if left.found else None
        raise SecretsWouldLeak(
            count=max(1, len(left.found)),
            kind=first.kind if first else "secret",
            origin=first.origin if first else left.problems[0],
            form=first.form if first else "plain",
            view=first.view if first else "screen",
            stream=first.where.file if first else OUTPUT_RAW,
            offset=(first.where.offset if first else None) or 0,
            kept=AS_IT_WAS,
            own_rules=settings.rule_names,
        )
