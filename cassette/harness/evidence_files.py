"""Files that a harness wrote during a probe become service events: often better evidence than its screen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cassette.errors import StepsFailed
from cassette.harness.adapter import EvidenceFile
from cassette.harness.json_facts import fits, located
from cassette.harness.json_paths import parse_path
from cassette.harness.machine import Place
from cassette.harness.recorded import EVIDENCE_FILE
from cassette.model import MAX_SAFE_INTEGER

MAX_FILE_BYTES = 16 * 2**20
MAX_RECORDS = 1000
_State = tuple[int, int, int]


@dataclass(frozen=True)
class Before:
    """Which files were there before the probe, as they were then."""

    states: dict[Path, _State]

    @classmethod
    def look(cls, files: Sequence[EvidenceFile], place: Place) -> Before:
        """Look now."""
        return cls({path: _state(path) for file in files for path in _matching(file, place)})

    def written(self, file: EvidenceFile, place: Place) -> list[Path]:
        """What was written since, the newest last; only that one where the adapter wants no more."""
        changed = [path for path in _matching(file, place) if self.states.get(path) != _state(path)]
        changed.sort(key=lambda path: (path.stat().st_mtime_ns, str(path)))
        return changed[-1:] if file.newest else changed


def records_of(files: Sequence[EvidenceFile], place: Place, before: Before) -> Iterator[dict[str, Any]]:
    """The payloads of the service events. Raises StepsFailed where a file is missing, too long, or no JSON."""
    for file in files:
        paths = before.written(file, place)
        if not paths and not file.optional:
            raise StepsFailed(what=f"it wrote no file {file.glob} in its {file.root}")
        number = 0
        for path in paths:
            for data in _records(file, path):
                number += 1
                if number > MAX_RECORDS:
                    raise StepsFailed(
                        what=f"{file.glob} has more than {MAX_RECORDS} records: choose with where"
                    )
                yield {"type": EVIDENCE_FILE, "file": file.name, "data": data}


def _matching(file: EvidenceFile, place: Place) -> list[Path]:
    root = place.home if file.root == "home" else place.workdir
    return [path for path in root.glob(file.glob) if path.is_file()]


def _state(path: Path) -> _State:
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _records(file: EvidenceFile, path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise StepsFailed(
            what=f"{file.glob} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise StepsFailed(what=f"{file.glob} has more than {MAX_FILE_BYTES} bytes")
    text = data.decode("utf-8", "replace")
    if file.format == "text":
        yield text
        return
    for number, part in enumerate([text] if file.format == "json" else text.splitlines(), 1):
        if not part.strip():
            continue
        try:
            record = json.loads(part, parse_float=_number, parse_int=_number)
        except (ValueError, RecursionError):
            raise StepsFailed(
                what=f"{file.glob} has something that is no JSON in its line {number}"
            ) from None
        if fits(located(record), file.filter):
            yield kept(record, file.keep)


def _number(text: str) -> int | str:
    """A number as events may hold it: whole, within 2**53; any other one as it is written."""
    if len(text) > 40:
        return text
    value = float(text)
    whole = value.is_integer() and abs(value) <= MAX_SAFE_INTEGER
    return int(value) if whole else text


def kept(record: Any, paths: Sequence[str]) -> Any:
    """A record with nothing but what stands at these paths of names; all of it without paths."""
    if not paths:
        return record
    made: dict[str, Any] = {}
    for path in paths:
        names = [str(step) for _, step in parse_path(path).steps]
        value = record
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            inner = made
            for name in names[:-1]:
                inner = inner.setdefault(name, {})
            inner[names[-1]] = value
    return made
