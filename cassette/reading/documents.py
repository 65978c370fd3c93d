"""Reads a cassette's JSON documents, and refuses what this reader cannot understand.

Each function raises Damaged for a document that is not of format 1, and never takes a part of one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar

from cassette.errors import Damaged, UnknownFeature, UnknownVersion
from cassette.format.documents import BadDocument, read_document, read_json
from cassette.format.limits import MAX_COLUMNS, MAX_DOCUMENT_BYTES, MAX_LINE_BYTES, MAX_ROWS
from cassette.format.lines import BadLine, read_final
from cassette.model import (
    DISCOVERY,
    FINAL,
    FORMAT_VERSION,
    KNOWN_FEATURES,
    MANIFEST,
    QUOTA,
    SCRUB_REPORT,
    SEAL,
    Discovery,
    Final,
    Manifest,
    Quota,
    ScrubSummary,
)
from cassette.store.directory import CassetteDirectory

T = TypeVar("T", Manifest, Discovery, Quota, ScrubSummary)
R = TypeVar("R")


def _once(read: Callable[[CassetteDirectory], R]) -> Callable[[CassetteDirectory], R]:
    """What verified a document and what hands it out read the same bytes: they are made into values once."""

    @wraps(read)
    def kept(directory: CassetteDirectory) -> R:
        if read not in directory.documents:
            directory.documents[read] = read(directory)
        value: R = directory.documents[read]
        return value

    return kept


@_once
def manifest_of(directory: CassetteDirectory) -> Manifest:
    """`manifest.json`. Raises UnknownVersion and UnknownFeature before anything else of it is looked at."""
    data = directory.read(MANIFEST, MAX_DOCUMENT_BYTES)
    document = _json(directory, MANIFEST, data)
    if isinstance(document, dict):
        _refuse_unknown(directory, data, document)
    manifest = _model(directory, MANIFEST, Manifest, document)
    size = manifest.terminal.size
    why = ""
    if manifest.version != FORMAT_VERSION:
        why = f"version: there is no format {manifest.version}"
    elif not manifest.id:
        why = "id: it is empty"
    elif not (1 <= size.columns <= MAX_COLUMNS and 1 <= size.rows <= MAX_ROWS):
        why = f"terminal: a size of {size.columns}x{size.rows}"
    if why:
        raise Damaged(path=directory.path, file=MANIFEST, why=why)
    return manifest


@_once
def scrub_report_of(directory: CassetteDirectory) -> ScrubSummary:
    """`scrub-report.json`."""
    data = directory.read(SCRUB_REPORT, MAX_DOCUMENT_BYTES)
    return _model(directory, SCRUB_REPORT, ScrubSummary, _json(directory, SCRUB_REPORT, data))


@_once
def discovery_of(directory: CassetteDirectory) -> Discovery | None:
    """`discovery.json`, or None when there is none."""
    return _optional(directory, DISCOVERY, Discovery)


@_once
def quota_of(directory: CassetteDirectory) -> Quota | None:
    """`quota.json`, or None when there is none."""
    return _optional(directory, QUOTA, Quota)


@_once
def final_of(directory: CassetteDirectory) -> Final:
    """`final.json`."""
    try:
        return read_final(directory.read(FINAL, MAX_LINE_BYTES))
    except BadLine as error:
        raise Damaged(path=directory.path, file=FINAL, why=str(error)) from None


def _refuse_unknown(directory: CassetteDirectory, data: bytes, document: dict[str, Any]) -> None:
    """Raise for a later format, unless the seal says that these are not the bytes that were written."""
    version, features = document.get("version"), document.get("required_features")
    later = isinstance(version, int) and version > FORMAT_VERSION
    unknown = [name for name in _names(features) if name not in KNOWN_FEATURES]
    if not later and not unknown:
        return
    if _seal_denies(directory, data):
        raise Damaged(path=directory.path, file=MANIFEST, why="its SHA-256 is not what the seal says")
    if later:
        raise UnknownVersion(path=directory.path, found=version, known=FORMAT_VERSION)
    names = ", ".join(repr(name[:60]) for name in unknown[:10])
    raise UnknownFeature(path=directory.path, features=names)


def _names(features: Any) -> list[str]:
    return [name for name in features if isinstance(name, str)] if isinstance(features, list) else []


def _seal_denies(directory: CassetteDirectory, manifest: bytes) -> bool:
    """Whether a seal of format 1 is there that was made for another manifest."""
    try:
        seal = read_json(directory.read(SEAL, MAX_DOCUMENT_BYTES))
        return bool(seal["seal_version"] == 1 and seal["files"][MANIFEST]["sha256"] != _hex(manifest))
    except (Damaged, BadDocument, LookupError, TypeError):
        return False


def _hex(data: bytes) -> str:
    return sha256(data).hexdigest()


def _optional(directory: CassetteDirectory, name: str, kind: type[T]) -> T | None:
    if not directory.has(name):
        return None
    return _model(directory, name, kind, _json(directory, name, directory.read(name, MAX_DOCUMENT_BYTES)))


def _json(directory: CassetteDirectory, name: str, data: bytes) -> Any:
    try:
        return read_json(data)
    except BadDocument as error:
        raise Damaged(path=directory.path, file=name, why=str(error)) from None


def _model(directory: CassetteDirectory, name: str, kind: type[T], document: Any) -> T:
    try:
        return read_document(kind, document)
    except BadDocument as error:
        raise Damaged(path=directory.path, file=name, why=str(error)) from None
