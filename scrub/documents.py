"""JSON documents as one text, so that they are scrubbed like any stream: same length, then put back.

Every string becomes a field: `"key": "value"`, and the strings of a list one line: `"argv": tool --token …`, so
that the name of a value and the word before it are read with it. Names are scrubbed too; punctuation is not
written back. Names of one object that would be one are told apart by a number, so that no value is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scrub.placeholder import told_apart

Json = Any  # what JSON can hold


@dataclass(frozen=True, slots=True)
class FlatDocument:
    """`text` holds every string of `document`, in the order in which they are met."""

    document: Json
    text: bytes
    spans: tuple[tuple[int, int], ...]

    def rebuilt(self, text: bytes) -> Json:
        """The document with its strings taken from `text`, which has the same length. ValueError when not."""
        if len(text) != len(self.text):
            raise ValueError(f"{len(text)} bytes where the document has {len(self.text)}")
        strings = iter([text[start:end].decode("utf-8", "surrogatepass") for start, end in self.spans])
        return _replaced(self.document, lambda _: next(strings))


def flatten(document: Json) -> FlatDocument:
    """A document as a text. Numbers, booleans and null are no part of it."""
    text = bytearray()
    spans: list[tuple[int, int]] = []
    for before, string, after in _fields(document, ""):
        text += before.encode("utf-8", "surrogatepass")
        start = len(text)
        text += string.encode("utf-8", "surrogatepass")
        spans.append((start, len(text)))
        text += after.encode()
    return FlatDocument(document, bytes(text), tuple(spans))


def _fields(value: Json, name: str) -> Iterator[tuple[str, str, str]]:
    """(text before, a string that can be rewritten, text after), in the order of `_replaced`."""
    if isinstance(value, str):
        yield (f'"{name}": "' if name else ""), value, '"\n' if name else "\n"
    elif isinstance(value, list):
        yield from _list_fields(value, name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield '"', key, '"\n'
            yield from _fields(inner, key)


def _list_fields(values: list[Json], name: str) -> Iterator[tuple[str, str, str]]:
    begun = False
    for inner in values:
        if isinstance(inner, str):
            yield ("" if begun or not name else f'"{name}": '), inner, " "
            begun = True
        else:
            yield from _fields(inner, name)
            begun = False


def _replaced(value: Json, take: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return take(value)
    if isinstance(value, list):
        return [_replaced(inner, take) for inner in value]
    if isinstance(value, dict):
        return _object([(key, take(key), _replaced(inner, take)) for key, inner in value.items()])
    return value


def _object(entries: list[tuple[str, str, Json]]) -> dict[str, Json]:
    """(name before, name now, value) as an object; a name that did not change is never given another."""
    used = {now for before, now, _ in entries if now == before}
    made: dict[str, Json] = {}
    for before, now, value in entries:
        name = now if now == before else told_apart(now, used)
        used.add(name)
        made[name] = value
    return made


def map_strings(value: Json, change: Callable[[str], str]) -> Json:
    """The document with each of its strings, names included, changed by a function."""
    return _replaced(value, change)
