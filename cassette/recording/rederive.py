"""Frames again, from the evidence: after a change of the emulator, or of its width table.

Evidence stays byte for byte, so no digest that a test is bound to changes. A cassette that was not sealed is not
sealed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cassette.emulators import identity_of, new_emulator, reading_emulator
from cassette.format import documents
from cassette.format.limits import MAX_DOCUMENT_BYTES
from cassette.model import (
    DISCOVERY,
    FEATURE_DELTA_FRAMES,
    FRAMES,
    MANIFEST,
    QUOTA,
    SCRUB_REPORT,
    SEAL,
    EmulatorIdentity,
)
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.recording.evidence import evidence_of
from cassette.recording.finish import CassetteWriter, Progress
from cassette.store.directory import CassetteDirectory, line_places
from cassette.store.publish import NewCassette

_COPIED = (DISCOVERY, QUOTA, SCRUB_REPORT)


@dataclass(frozen=True, slots=True)
class Rederived:
    """What came of it; `changed` is False when the frames were as they should be, and nothing was written."""

    path: Path
    changed: bool
    before: EmulatorIdentity
    after: EmulatorIdentity
    frames_before: int
    frames_after: int


def rederive(
    path: str | Path,
    *,
    emulator: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Rederived:
    """Draw the frames of a cassette again, with `emulator` or the one that its manifest names.

    `dry_run` only tells what would change, and writes nothing beside the cassette. Raises what `open` raises,
    UnknownEmulator, CannotStore.
    """
    with open_cassette(path) as tape, CassetteDirectory(path) as old, _place(tape, dry_run) as place:
        named = tape.manifest.terminal.emulator.name
        screen = new_emulator(emulator, tape.size) if emulator else reading_emulator(named, tape.size)
        with NewCassette(place, overwrite=True, in_spool=False) as new:
            full = FEATURE_DELTA_FRAMES not in tape.manifest.required_features
            writer = CassetteWriter(new, full_frames=full)
            total = len(tape.raw)
            writer.write(
                evidence_of(tape, old),
                screen,
                settle_ms=tape.manifest.timing.settle_ms,
                progress=None if progress is None else lambda drawn: progress(drawn, total),
            )
            identity = identity_of(screen)
            for name in _COPIED:
                if old.has(name):
                    new.write_file(name, old.read(name, MAX_DOCUMENT_BYTES))
            new.write_file(MANIFEST, _manifest(old, tape, identity))
            if old.has(SEAL):
                writer.seal(tape.id)
            changed = any(not _same(old, new, name) for name in (FRAMES, MANIFEST))
            if changed and not dry_run:
                new.publish()
            return Rederived(
                tape.path,
                changed,
                tape.manifest.terminal.emulator,
                identity,
                frames_before=sum(1 for _ in line_places(old.map(FRAMES))),
                frames_after=writer.counts[FRAMES],
            )


@contextmanager
def _place(tape: Cassette, dry_run: bool) -> Iterator[Path]:
    """Where the new cassette is made: in its own place, or where nothing is kept."""
    if not dry_run:
        yield tape.path.absolute()
        return
    with TemporaryDirectory(prefix="pty-cassette-") as scratch:
        yield Path(scratch) / "rederived"


def _manifest(old: CassetteDirectory, tape: Cassette, identity: EmulatorIdentity) -> bytes:
    """The manifest with another emulator; everything else of it stays, known or not."""
    data = old.read(MANIFEST, MAX_DOCUMENT_BYTES)
    if tape.manifest.terminal.emulator == identity:
        return data
    document: dict[str, Any] = documents.read_json(data)
    document["terminal"]["emulator"] = asdict(identity)
    return documents.write_json(document)


def _same(old: CassetteDirectory, new: NewCassette, name: str) -> bool:
    return new.digests[name] == (old.size(name), sha256(old.map(name)).hexdigest())
