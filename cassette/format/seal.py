"""The evidence chain and the seal, as the writer makes them. `cassette.reading.verify` has its own reading of both.

Chain: `h = sha256(h || file name || 0x00 || body)` in event order over the evidence, from 32 zero bytes. It does
not depend on frames. The seal is a function of the other files alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cassette.format.json_library import orjson

CHAIN_HEAD = bytes(32)
CHECKPOINT_EVERY = 256
SEAL_VERSION = 1


@dataclass
class EvidenceChain:
    """A running digest over evidence, with a checkpoint every 256 events."""

    head: bytes = CHAIN_HEAD
    count: int = 0
    checkpoints: list[dict[str, Any]] = field(default_factory=list)

    def add(self, file_name: str, body: bytes) -> None:
        """Take in the next evidence event: its file, and its line without `{"seq":N,` and newline."""
        self.head = sha256(b"%b%b\x00%b" % (self.head, file_name.encode("ascii"), body)).digest()
        self.count += 1
        if self.count % CHECKPOINT_EVERY == 0:
            self.checkpoints.append({"events": self.count, "sha256": self.head.hex()})


@dataclass(frozen=True)
class SealFacts:
    """What a seal says of a cassette; all of it can be computed again from the other files."""

    id: str
    chain: EvidenceChain
    counts: dict[str, int]
    """Lines by file name; `final.json` counts 1."""
    gaps: int
    files: dict[str, tuple[int, str]]
    """Size and SHA-256 in hex, by file name."""


def seal_document(facts: SealFacts) -> bytes:
    """`seal.json`, byte for byte."""
    document = {
        "seal_version": SEAL_VERSION,
        "id": facts.id,
        "evidence_sha256": facts.chain.head.hex(),
        "evidence_events": facts.chain.count,
        "events": sum(facts.counts.values()),
        "counts": dict(sorted(facts.counts.items())),
        "gaps": facts.gaps,
        "checkpoints": facts.chain.checkpoints,
        "files": {
            name: {"size": size, "sha256": digest} for name, (size, digest) in sorted(facts.files.items())
        },
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
