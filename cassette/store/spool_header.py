"""The first record of a spool: JSON about the recording, with what a recovery needs to know about the spool itself."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cassette.errors import NoSuchSpool, SpoolDamaged
from cassette.format.documents import BadDocument, read_json
from cassette.store.framing import BadRecord, read_records
from cassette.store.media import Medium

HEADER_KIND = b"H"
"""No event may have this kind."""
SPOOL_VERSION = 1
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
"""What may name a spool; it becomes a file name."""


def read_header(medium: Medium, spool_id: str) -> tuple[dict[str, Any], int]:
    """The header document and where the first event begins. Raises NoSuchSpool when it was never finished."""
    try:
        record = next(read_records(medium.read, 0, medium.size()), None)
        if record is None:
            raise NoSuchSpool(id=spool_id)
        document = read_json(record.data) if record.kind == HEADER_KIND else None
        if not _is_one(document):
            raise BadRecord(0, "it does not begin with the facts of a recording")
    except (BadRecord, BadDocument) as bad:
        raise SpoolDamaged(path=medium.path, id=spool_id, offset=0, why=str(bad)) from None
    assert isinstance(document, dict)
    return document, record.end


def _is_one(document: Any) -> bool:
    try:
        about = document["spool"]
        texts = [about["id"], about["target"], about["started"]]
        fits = about["version"] == SPOOL_VERSION and isinstance(about["pid"], int)
        return fits and isinstance(document["header"], dict) and all(isinstance(text, str) for text in texts)
    except (TypeError, KeyError):
        return False


def new_header(header: Mapping[str, Any], target: Path) -> dict[str, Any]:
    """The document for a recording that this process begins now. Raises ValueError for an `id` that is no name."""
    spool_id = str(header.get("id") or uuid.uuid4())
    if not ID.fullmatch(spool_id):
        raise ValueError(f"{spool_id!r:.80} cannot name a spool")
    about = {
        "version": SPOOL_VERSION,
        "id": spool_id,
        "pid": os.getpid(),
        "boot_id": _first_line("/proc/sys/kernel/random/boot_id"),
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        # Latin-1 keeps every byte of a path that is not UTF-8.
        "target": os.fsencode(target.absolute()).decode("latin-1"),
    }
    return {"spool": about, "header": dict(header)}


def path_of(text: str) -> Path:
    """The `target` of a header as a path."""
    return Path(os.fsdecode(text.encode("latin-1")))


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text("ascii").strip()
    except OSError:
        return ""
