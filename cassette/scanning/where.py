"""Where in a cassette something stands, and JSON whose strings know that."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from scrub.documents import FlatDocument, flatten
from scrub.table import default_rules

Path = tuple[str | int, ...]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_DIGEST = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Where:
    """A place for a person: a file, and what of byte, line, event, moment and JSON path there is to say."""

    file: str
    offset: int | None = None
    line: int | None = None
    seq: int | None = None
    t_ms: int | None = None
    at: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.at is not None:
            parts.append(self.at)
        if self.offset is not None:
            parts.append(f"byte {self.offset}")
        if self.t_ms is not None:
            parts.append(f"at {self.t_ms / 1000:.3f} s")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an event file: its number from 1, where it begins and ends, and its JSON object, if it is one."""

    number: int
    start: int
    end: int
    value: dict[str, Any] | None

    def where(self, file: str, at: str | None = None) -> Where:
        """The place of this event."""
        value = self.value or {}
        seq, t_ms = value.get("seq"), value.get("t_ms")
        return Where(
            file,
            line=self.number,
            seq=seq if isinstance(seq, int) else None,
            t_ms=t_ms if isinstance(t_ms, int) else None,
            at=at,
        )


def event_lines(data: bytes) -> Iterator[Line]:
    """Every line, whether it can be understood or not; the last one even when it is cut."""
    start = number = 0
    while start < len(data):
        number += 1
        newline = data.find(b"\n", start)
        end = newline if newline >= 0 else len(data)
        yield Line(number, start, end, json_object(data[start:end]))
        start = end + 1


def json_object(data: bytes) -> dict[str, Any] | None:
    """A JSON object; None for anything else, and for one that hides a part of itself behind a name given twice."""
    try:
        value = json.loads(data, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice")
    return made


@dataclass
class Documents:
    """JSON values of one file, flattened into one text, in which each place knows what it is."""

    file: str
    values: list[Any] = field(default_factory=list)
    places: list[Where] = field(default_factory=list)

    def add(self, value: Any, where: Where) -> None:
        """One more value, which stands there."""
        self.values.append(value)
        self.places.append(where)

    @cached_property
    def flat(self) -> FlatDocument:
        """All of them as a text."""
        return flatten(self.values)

    def where(self, offset: int) -> Where:
        """The place of a byte of that text."""
        if not self._paths:
            return Where(self.file)
        index = max(0, bisect_right(self._starts, offset) - 1)
        first, *rest = self._paths[index]
        place = self.places[int(first)]
        return Where(place.file, None, place.line, place.seq, place.t_ms, shown(rest) or None)

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.flat.spans]

    @cached_property
    def _paths(self) -> list[Path]:
        return [path for path, _ in strings(self.values)]


def strings(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string of a JSON value with its path, in the order of `scrub.documents`; names are strings, too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key
            yield from strings(item, (*path, key))


def shown(path: Sequence[str | int]) -> str:
    """A path for a person: `command.argv[2]`. Nothing of a name that is not a plain word is shown."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f"{'.' if text else ''}{step if _NAME.fullmatch(step) else '…'}"
    return text


def without_noise(value: Any) -> Any:
    """The JSON value without digests, which are random letters behind a name, and without the names of our rules,
    which are full of words that announce secrets. Neither is one; null stands in their places.
    """
    if isinstance(value, list):
        return [None if _is_rule(item) else without_noise(item) for item in value]
    if isinstance(value, dict):
        return {key: None if _is_digest(key, item) else without_noise(item) for key, item in value.items()}
    return value


def with_noise(value: Any, whole: Any) -> Any:
    """`value`, which came from `without_noise(whole)`, with what was left out. ValueError if that cannot be."""
    if isinstance(value, list):
        return [
            old if _is_rule(old) else with_noise(item, old) for item, old in zip(value, whole, strict=True)
        ]
    if isinstance(value, dict):
        return {
            key: old if _is_digest(was, old) else with_noise(item, old)
            for (key, item), (was, old) in zip(value.items(), whole.items(), strict=True)
        }
    return value


def _is_rule(value: Any) -> bool:
    return isinstance(value, str) and value in _rule_names()


@cache
def _rule_names() -> frozenset[str]:
    return frozenset(default_rules().names)


def _is_digest(key: str, value: Any) -> bool:
    named = key.endswith("sha256") or key == "git_sha"
    return named and isinstance(value, str) and _DIGEST.fullmatch(value) is not None
