"""Whether a new cassette may be published at a place: it is free, or holds a cassette that may be replaced.

Only a cassette is ever replaced, only when that is asked for, and never one of a later format.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cassette.errors import (
    CannotStore,
    CassetteExists,
    InsideACassette,
    PlaceTaken,
    UnknownVersion,
    UsageError,
)
from cassette.format.documents import BadDocument, read_json
from cassette.format.limits import MAX_DOCUMENT_BYTES
from cassette.model import FORMAT_VERSION, MANIFEST, OUTPUT, OUTPUT_RAW
from cassette.store.operations import SYSTEM, FileOperations
from cassette.store.siblings import LONGEST_NAME_BYTES, finish_interrupted_swap


def check_target(target: Path, *, overwrite: bool, ops: FileOperations = SYSTEM) -> None:
    """Say before a recording begins whether its cassette could be published at `target`. Makes nothing.

    Raises CassetteExists, PlaceTaken, InsideACassette, UnknownVersion (never overwritten), CannotStore, UsageError.
    A swap that a kill interrupted there is finished first.
    """
    target = checked_target(target)
    parent = target.parent
    if (cassette := next(filter(_looks_like_one, target.parents), None)) is not None:
        raise InsideACassette(path=target, cassette=cassette)
    finish_interrupted_swap(parent, ops=ops)
    while not os.path.lexists(parent):
        parent = parent.parent
    if not parent.is_dir():
        raise unfit(target, f"{parent} is no directory")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise unfit(target, f"{parent} cannot be written to")
    if parent == target.parent:
        try:
            _check_place(ops, target, overwrite=overwrite)
        except OSError as error:
            raise unfit(target, (error.strerror or str(error)).lower()) from error


def _looks_like_one(directory: Path) -> bool:
    """Whether a directory is a cassette by its files; other things have a `manifest.json` too."""
    return all(os.path.isfile(directory / name) for name in (MANIFEST, OUTPUT, OUTPUT_RAW))  # noqa: PTH113


def _check_place(ops: FileOperations, target: Path, *, overwrite: bool) -> None:
    fd = ops.open_path(target.parent)
    try:
        place_is_taken(ops, fd, target, overwrite=overwrite)
    finally:
        ops.close(fd)


def place_is_taken(ops: FileOperations, parent_fd: int, target: Path, *, overwrite: bool) -> bool:
    """Whether a cassette stands at `target` that may be replaced; False when nothing is there.

    Raises CassetteExists, PlaceTaken, UnknownVersion, CannotStore.
    """
    facts = ops.look(parent_fd, target.name)
    if facts is None:
        return False
    if not overwrite:
        raise (CassetteExists if _is_cassette(ops, parent_fd, target, facts) else PlaceTaken)(path=target)
    if not stat.S_ISDIR(facts.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(facts.st_mode) else "no directory"
        raise unfit(target, f"it is {kind}, and only a cassette is ever replaced")
    fd = ops.open_directory(parent_fd, target.name)
    try:
        if not _has_manifest(ops, fd):
            raise unfit(target, "it is not a cassette, and only a cassette is ever replaced")
        version = _version(ops, fd)
    finally:
        ops.close(fd)
    if version > FORMAT_VERSION:
        raise UnknownVersion(path=target, found=version, known=FORMAT_VERSION)
    return True


def _is_cassette(ops: FileOperations, parent_fd: int, target: Path, facts: os.stat_result) -> bool:
    if not stat.S_ISDIR(facts.st_mode):
        return False
    fd = ops.open_directory(parent_fd, target.name)
    try:
        return _has_manifest(ops, fd)
    finally:
        ops.close(fd)


def _has_manifest(ops: FileOperations, fd: int) -> bool:
    manifest = ops.look(fd, MANIFEST)
    return manifest is not None and stat.S_ISREG(manifest.st_mode)


def _version(ops: FileOperations, fd: int) -> int | float:
    """What the manifest says; 0 where it says nothing that can be read, which is damage that may be replaced."""
    file = ops.open_file(fd, MANIFEST)
    try:
        document = read_json(ops.read(file, MAX_DOCUMENT_BYTES + 1))
    except BadDocument:
        return 0
    finally:
        ops.close(file)
    version = document.get("version") if isinstance(document, dict) else 0
    return version if isinstance(version, int | float) else 0


def checked_target(target: Path) -> Path:
    """The absolute path. Raises UsageError or CannotStore for what cannot be a cassette's name."""
    absolute = target.absolute()
    if absolute.name in ("", "..") or "\0" in str(target):
        raise UsageError(what=f"{str(target)!r} cannot name a cassette. Give the directory to make.")
    if len(os.fsencode(absolute.name)) > LONGEST_NAME_BYTES:
        raise unfit(target, f"its name is longer than {LONGEST_NAME_BYTES} bytes")
    return absolute


def unfit(target: Path, why: str) -> CannotStore:
    """The error for a place that no cassette can have."""
    return CannotStore(action="write", path=target, why=why, todo="Choose another place.")
