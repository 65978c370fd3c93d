"""The seal, rebuilt from the other files and compared byte for byte; this file shares no code with the writer's.

When the bytes differ, what the seal claims is read only to say where: which file, which events, which field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cassette.model import SEAL
from cassette.reading.verdict import FileFacts, Findings, printable
from cassette.reading.verify_chain import CHECKPOINT_EVERY, Chain, Order


@dataclass(frozen=True)
class Computed:
    """What the files of a cassette say by themselves."""

    id: str
    chain: Chain
    counts: Mapping[str, int]
    gaps: int
    files: Mapping[str, FileFacts]


def seal_bytes(computed: Computed) -> bytes:
    """`seal.json` as it has to be."""
    chain = computed.chain
    document = {
        "seal_version": 1,
        "id": computed.id,
        "evidence_sha256": chain.sha256,
        "evidence_events": chain.events,
        "events": sum(computed.counts.values()),
        "counts": {name: computed.counts[name] for name in sorted(computed.counts)},
        "gaps": computed.gaps,
        "checkpoints": [{"events": mark.events, "sha256": mark.sha256} for mark in chain.checkpoints],
        "files": {
            name: {"size": facts.size, "sha256": facts.sha256}
            for name, facts in sorted(computed.files.items())
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def check_seal(seal: bytes, computed: Computed, order: Order, findings: Findings) -> None:
    """Note what differs between the seal and the files, the most exact place first."""
    wanted = seal_bytes(computed)
    if seal == wanted:
        return
    before = len(findings.all)
    claims = _claims(seal)
    if claims is not None:
        _locate_break(claims, computed.chain, order, findings)
        check_files(seal, computed.files, findings)
    if len(findings.all) == before:
        findings.add(SEAL, "it is not the seal of these files", offset=_first_difference(seal, wanted))


def check_files(seal: bytes, files: Mapping[str, FileFacts], findings: Findings) -> None:
    """Note each file that is not what the seal says, even when the events do not hold together."""
    claims = _claims(seal)
    claimed = claims.get("files") if claims else None
    if not isinstance(claimed, dict):
        findings.add(SEAL, "it cannot be read as a seal of format 1")
        return
    for name, facts in files.items():
        claim = claimed.get(name)
        if not isinstance(claim, dict):
            findings.add(name, "it is not in the seal")
        elif claim.get("size") != facts.size:
            findings.add(name, f"it has {facts.size} bytes, and the seal says {str(claim.get('size'))[:20]}")
        elif claim.get("sha256") != facts.sha256:
            findings.add(name, "its SHA-256 is not what the seal says")
    for name in sorted(set(claimed) - set(files))[:10]:
        findings.add(printable(name[:60]), "it is in the seal and missing")


def _claims(seal: bytes) -> dict[str, Any] | None:
    """What the seal says, or None when it cannot be read."""
    try:
        found = json.loads(seal)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _locate_break(claims: dict[str, Any], chain: Chain, order: Order, findings: Findings) -> None:
    """Note between which checkpoints the evidence is not what was sealed."""
    if claims.get("evidence_sha256") == chain.sha256:
        return
    claimed = claims.get("checkpoints")
    if not isinstance(claimed, list):
        return
    first, first_seq, last, last_seq = 1, 1, chain.events, order.count
    for claim, mark in zip(claimed, chain.checkpoints, strict=False):
        if not isinstance(claim, dict) or claim.get("sha256") != mark.sha256:
            last, last_seq = mark.events, mark.seq
            break
        first, first_seq = mark.events + 1, mark.seq + 1
    if first > last:
        return  # the seal claims more events than there are: its counts and sizes say so
    name, line = order.where(min(first_seq, order.count))
    why = (
        f"the evidence chain breaks within evidence events {first} to {last} of {chain.events} "
        f"(seq {first_seq} to {last_seq}; a checkpoint every {CHECKPOINT_EVERY})"
    )
    findings.add(name, why, line=line, seq=first_seq)


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
