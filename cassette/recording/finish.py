"""A spool becomes a cassette: scrub, settled frames, seal, publish. One way for recorder and `recover`.

An error anywhere leaves an older cassette at that place as it was, and the spool where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from cassette.emulators import identity_of, new_emulator
from cassette.format import documents, lines
from cassette.format.frames import FrameEncoder
from cassette.format.seal import EvidenceChain, SealFacts, seal_document
from cassette.frames import settled
from cassette.model import (
    DISCOVERY,
    FINAL,
    FRAMES,
    INPUT,
    MANIFEST,
    OUTPUT,
    OUTPUT_RAW,
    QUOTA,
    SCRUB_REPORT,
    SEAL,
    SERVICE_EVENTS,
    Evidence,
    Final,
    Frame,
    Manifest,
    Output,
    ServiceEvent,
)
from cassette.recording.spool_scrub import scrub_spool
from cassette.recording.stream_records import is_stream
from cassette.recording.stream_scrub import clean_stream
from cassette.store.publish import NewCassette
from cassette.store.spool import Spool
from cassette.store.spooled import Observed
from terminal.emulator import Emulator

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many bytes of output are done, and how many there are."""
EVENT_FILES = (INPUT, OUTPUT, FRAMES, SERVICE_EVENTS)


def finish(spool: Spool, *, progress: Progress | None = None, max_output_bytes: int | None = None) -> Path:
    """Scrub what a spool holds, publish it and delete the spool; the cassette's path.

    A recording whose end nobody saw gets a gap `recorder-died` and a final without exit: it is partial. A streamed one
    is scrubbed already. Raises what `scrub_spool` or `clean_stream` raises, and then nothing has been written;
    CassetteExists, CannotStore.
    """
    clean = (
        clean_stream(spool)
        if is_stream(spool.header)
        else scrub_spool(spool, max_output_bytes=max_output_bytes)
    )
    plan = clean.plan
    emulator = new_emulator(plan.emulator, plan.size)
    with NewCassette(spool.target, overwrite=spool.header["overwrite"], in_spool=not spool.in_memory) as new:
        writer = CassetteWriter(new, full_frames=plan.frames == "full")
        writer.write(clean.events(), emulator, settle_ms=plan.settle_ms, progress=_of_total(progress, spool))
        manifest = plan.manifest(
            spool.header,
            output_sha256=new.digests[OUTPUT_RAW][1],
            emulator=identity_of(emulator),
            pty_mode=clean.pty_mode,
        )
        for name, document in (
            (DISCOVERY, clean.discovery),
            (QUOTA, clean.quota),
            (SCRUB_REPORT, clean.report),
        ):
            if document is not None:
                new.write_file(name, documents.write_json(document))
        new.write_file(MANIFEST, documents.write_json(documents.json_document(Manifest, manifest)))
        writer.seal(manifest.id)
        new.publish()
    spool.discard()
    return new.target


def _of_total(progress: Progress | None, spool: Spool) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda drawn: progress(drawn, spool.size)


class CassetteWriter:
    """Writes evidence and frames into a new cassette, gives each event its `seq`, and seals the whole."""

    def __init__(self, new: NewCassette, *, full_frames: bool) -> None:
        self._new = new
        self._frames = FrameEncoder(full=full_frames)
        self._chain = EvidenceChain()
        self.counts = dict.fromkeys((*EVENT_FILES, FINAL), 0)
        self._gaps = 0

    def write(
        self,
        evidence: Iterable[Observed],
        emulator: Emulator,
        *,
        settle_ms: int,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write all events, with the settled frames between them. Lines of evidence stay byte for byte."""
        raw = self._new.file(OUTPUT_RAW)
        files = {name: self._new.file(name) for name in EVENT_FILES}
        waiting: deque[Observed] = deque()
        seq = 0
        for event in settled(_noted(evidence, waiting), emulator, settle_ms=settle_ms, progress=progress):
            seq += 1
            if isinstance(event, Frame):
                name, body = FRAMES, self._frames.body(event)
            else:
                observed = waiting.popleft()
                name, body = observed.file, observed.body
                self._chain.add(name, body)
            self.counts[name] += 1
            line = lines.with_seq(seq, body)
            if isinstance(event, Final):
                self._new.write_file(FINAL, line)
                continue
            files[name].write(line)
            if isinstance(event, Output):
                raw.write(event.data)
            elif isinstance(event, ServiceEvent) and event.is_gap:
                self._gaps += 1
        for file in (raw, *files.values()):
            file.close()

    def seal(self, cassette_id: str) -> None:
        """Write `seal.json`; every other file must be there."""
        facts = SealFacts(cassette_id, self._chain, self.counts, self._gaps, dict(self._new.digests))
        self._new.write_file(SEAL, seal_document(facts))


def _noted(evidence: Iterable[Observed], waiting: deque[Observed]) -> Iterator[Evidence]:
    """The bare events; `waiting` keeps what belongs to each until it comes out again, in the same order."""
    for observed in evidence:
        waiting.append(observed)
        yield observed.event
