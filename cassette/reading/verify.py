"""Says what a cassette is worth: complete, partial or damaged. Computed from its bytes, never from a marker.

This is not the writer read backwards: order, chain and seal are computed by code of its own (`verify_lines`,
`verify_chain`, `verify_seal`). Nothing that stands in a cassette makes it raise, except what makes it none of
this reader's: no cassette at all, a later format, an unknown required feature.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from threading import Thread

from cassette.errors import Damaged
from cassette.format.limits import MAX_DOCUMENT_BYTES, MAX_LINE_BYTES
from cassette.model import (
    DISCOVERY,
    FEATURE_DELTA_FRAMES,
    FINAL,
    FRAMES,
    INPUT,
    MANIFEST,
    OUTPUT,
    OUTPUT_RAW,
    QUOTA,
    REQUIRED_FILES,
    SCRUB_REPORT,
    SEAL,
    SEALED_FILES,
    SERVICE_EVENTS,
    Manifest,
)
from cassette.reading.documents import discovery_of, final_of, manifest_of, quota_of, scrub_report_of
from cassette.reading.verdict import FileFacts, Findings, State, Verdict, printable
from cassette.reading.verify_chain import Chain, Order
from cassette.reading.verify_lines import (
    Gaps,
    Lines,
    final_lines,
    scan_frames,
    scan_frames_in_full,
    scan_input,
    scan_output,
    scan_service,
)
from cassette.reading.verify_seal import Computed, check_files, check_seal
from cassette.store.directory import Buffer, CassetteDirectory

WORTH_A_THREAD_BYTES = 1 << 20
"""Less is hashed sooner than a thread starts."""
_DOCUMENTS: tuple[tuple[str, Callable[[CassetteDirectory], object]], ...] = (
    (SCRUB_REPORT, scrub_report_of),
    (DISCOVERY, discovery_of),
    (QUOTA, quota_of),
)


def verify(path: str | os.PathLike[str], *, frames: bool | None = None) -> Verdict:
    """What the cassette at `path` is worth.

    `frames` says whether every frame is decoded too (None: only where no seal covers them). Raises NotACassette,
    UnknownVersion and UnknownFeature; whatever else is wrong is in the verdict.
    """
    with CassetteDirectory(path) as directory:
        return examine(directory, frames=frames)


def examine(directory: CassetteDirectory, *, frames: bool | None = None) -> Verdict:
    """The same of a directory that is open already; what was read stays mapped in it."""
    return _Examination(directory, frames).verdict()


class _Examination:
    """One verification: each step adds to what is known, or to the findings."""

    def __init__(self, directory: CassetteDirectory, frames: bool | None) -> None:
        self._directory = directory
        self._findings = Findings()
        self._gaps = Gaps()
        self._manifest: Manifest | None = None
        self._hashing: Thread | None = None
        self._data: dict[str, Buffer] = {}
        self._files: dict[str, FileFacts] = {}
        self._sealed = directory.has(SEAL)
        self._in_full = not self._sealed if frames is None else frames

    def verdict(self) -> Verdict:
        self._open_files()
        self._read_documents()
        lines = self._scan_lines()
        order, chain = Order(lines), None
        if all(part.whole for part in lines) and order.check(self._findings):
            chain = order.chain()
        self._wait_for_hashes()
        self._check_content()
        counts = {part.name: len(part.seqs) for part in lines}
        if self._sealed:
            self._check_seal(order, chain, counts)
        return self._as_verdict(chain, counts)

    def _open_files(self) -> None:
        for name in SEALED_FILES:
            if name not in REQUIRED_FILES and not self._directory.has(name):
                continue
            with self._noting():
                self._data[name] = self._directory.map(name)
        if sum(map(len, self._data.values())) >= WORTH_A_THREAD_BYTES:
            hashing = Thread(target=self._hash_files, name="cassette-hash", daemon=True)
            with suppress(RuntimeError):  # no more threads here: then it is done when it is needed
                hashing.start()
                self._hashing = hashing

    def _hash_files(self) -> None:
        """Done beside everything else: hashing leaves the interpreter to others."""
        for name, data in self._data.items():
            if name not in self._files:
                self._files[name] = FileFacts(len(data), sha256(data).hexdigest())

    def _wait_for_hashes(self) -> None:
        if self._hashing is not None:
            self._hashing.join()
        self._hash_files()  # what the thread could not do raises here

    def _read_documents(self) -> None:
        with self._noting(MANIFEST):
            self._manifest = manifest_of(self._directory)
        for name, read in _DOCUMENTS:
            with self._noting(name):
                read(self._directory)

    def _scan_lines(self) -> list[Lines]:
        """What each file's lines say; a file that cannot be read has none, and its order says nothing."""
        data, findings, raw = self._data, self._findings, self._data.get(OUTPUT_RAW)
        lines = [Lines(name, whole=name in data) for name in (INPUT, OUTPUT, FRAMES, SERVICE_EVENTS, FINAL)]
        if INPUT in data:
            lines[0] = scan_input(data[INPUT], findings)
        if OUTPUT in data:
            lines[1] = scan_output(data[OUTPUT], raw, findings)
        if FRAMES in data:
            lines[2] = self._scan_frames(data[FRAMES])
        if SERVICE_EVENTS in data:
            lines[3] = scan_service(data[SERVICE_EVENTS], findings, self._gaps)
        lines[4].whole = False
        with self._noting(FINAL):
            final = final_of(self._directory)
            lines[4] = final_lines(self._directory.read(FINAL, MAX_LINE_BYTES), final)
        return lines

    def _scan_frames(self, data: Buffer) -> Lines:
        raw = self._data.get(OUTPUT_RAW)
        if not self._in_full or raw is None or self._manifest is None:
            return scan_frames(data, self._findings)
        deltas = FEATURE_DELTA_FRAMES in self._manifest.required_features
        return scan_frames_in_full(data, self._findings, raw_size=len(raw), deltas=deltas)

    def _check_content(self) -> None:
        raw = self._files.get(OUTPUT_RAW)
        if raw and self._manifest and self._manifest.content_digest.sha256 != raw.sha256:
            self._findings.add(OUTPUT_RAW, "its SHA-256 is not the content_digest of manifest.json")

    def _check_seal(self, order: Order, chain: Chain | None, counts: dict[str, int]) -> None:
        with self._noting():
            seal = self._directory.read(SEAL, MAX_DOCUMENT_BYTES)
            if chain is None or self._manifest is None:
                check_files(seal, self._files, self._findings)
                return
            computed = Computed(self._manifest.id, chain, counts, self._gaps.count, self._files)
            check_seal(seal, computed, order, self._findings)

    @contextmanager
    def _noting(self, name: str | None = None) -> Iterator[None]:
        """Turn Damaged into a finding; a file `name` that could not be opened was noted already."""
        try:
            yield
        except Damaged as error:
            if name is None or name in self._data:
                facts = {key: error.facts[key] for key in ("file", "why", "line", "seq", "offset")}
                self._findings.add(**facts)

    def _as_verdict(self, chain: Chain | None, counts: dict[str, int]) -> Verdict:
        gaps, findings = self._gaps, tuple(self._findings.all)
        reasons = [f"something does not match: {findings[0]}"] if findings else []
        if not self._sealed:
            reasons.append("it has no seal")
        if gaps.recovered:
            reasons.append("its recorder died, and it was recovered")
        if gaps.count:
            reasons.append(f"gap records: {gaps.count} ({', '.join(map(printable, gaps.reasons))})")
        state: State = "damaged" if findings else "partial" if reasons else "complete"
        return Verdict(
            path=str(self._directory.path),
            state=state,
            reasons=tuple(reasons),
            findings=findings,
            sealed=self._sealed,
            recovered=gaps.recovered,
            gaps=gaps.count,
            id=self._manifest.id if self._manifest else None,
            evidence_sha256=chain.sha256 if chain else None,
            evidence_events=chain.events if chain else 0,
            counts=counts,
            files=self._files,
            foreign=tuple(self._directory.foreign_names()),
        )
