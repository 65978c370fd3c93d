"""What the records of a streamed spool mean. Everything in them is scrubbed.

Events stand as in any spool. Behind them may stand, in this order: `PATCH`es, events that are to be read in place of
earlier ones, since something secret in those became known only later; `CHECKED`, when all events have been read
again with all that was known at the end. `REFUSED` says that secrets would be left: then nothing may be published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from cassette.format import documents, lines
from cassette.model import Final, Input, Output, ServiceEvent
from cassette.scrubbing.streaming import Item, Noted
from cassette.store.spool import Record, Spool
from cassette.store.spooled import Kind
from scrub.report import HitCounts

STREAM = "stream"
"""The key of a spool's header that only a streamed one has: `ReportFacts` as JSON."""
COUNTS, PATCH, CHECKED, REFUSED = b"N", b"P", b"C", b"R"
DOCUMENTS = frozenset({Kind.DISCOVERY, Kind.QUOTA, Kind.PTY_MODE})
_EVENTS = frozenset({Kind.OUTPUT, Kind.INPUT, Kind.SERVICE, Kind.FINAL}) | DOCUMENTS
_NUMBER_BYTES = 8


def item_of(kind: bytes, t_ms: int, data: bytes) -> Item:
    """What a record tells. Raises BadLine, BadDocument."""
    if kind == Kind.OUTPUT:
        return Output(0, t_ms, data)
    if kind in DOCUMENTS:
        return Noted(t_ms, kind, documents.read_json(data))
    line = lines.with_seq(1, data)
    if kind == Kind.INPUT:
        return lines.read_input(line)
    return lines.read_service(line) if kind == Kind.SERVICE else lines.read_final(line)


def record_of(item: Item) -> tuple[bytes, bytes]:
    """The kind of an item's record, and its bytes."""
    if isinstance(item, Output):
        return Kind.OUTPUT, item.data
    if isinstance(item, Noted):
        return item.kind, documents.write_json(item.document)
    if isinstance(item, Input):
        return Kind.INPUT, lines.input_body(item)
    if isinstance(item, ServiceEvent):
        return Kind.SERVICE, lines.service_body(item)
    assert isinstance(item, Final)
    return Kind.FINAL, lines.final_body(item)


def patch_of(number: int, item: Item) -> bytes:
    """The record that replaces the event of that number, counted from 0."""
    kind, data = record_of(item)
    return number.to_bytes(_NUMBER_BYTES, "big") + kind + data


def is_stream(header: Mapping[str, Any]) -> bool:
    """Is everything in a spool with this header scrubbed?"""
    return STREAM in header


@dataclass
class StreamState:
    """How far the scrubbing of a streamed spool has come."""

    counts: HitCounts = field(default_factory=HitCounts)
    hidden: int = 0
    known: Mapping[str, int] = field(default_factory=dict)
    forgotten: int = 0
    """Values that rules found and that were not looked for to the end."""
    skipped: int = 0
    """Values that were typed as secrets and are too short to look for."""
    short: tuple[str, ...] = ()
    """Origins of values that became known while it ran and that are looked for only as whole words."""
    texts: Mapping[str, Any] | None = None
    """The plan's texts after the last check; None when that was not made."""
    patches: int | None = None
    """The place of the first patch."""
    refused: bool = False

    @property
    def checked(self) -> bool:
        """Was it read again with all that was known at the end?"""
        return self.texts is not None

    @classmethod
    def of(cls, spool: Spool) -> Self:
        """Read a spool for it. Raises SpoolDamaged."""
        state = cls()
        for record in spool.records():
            if record.kind == COUNTS:
                state._count(documents.read_json(bytes(record.data)))
            elif record.kind == CHECKED:
                state.texts = documents.read_json(bytes(record.data))
            elif record.kind == PATCH and state.patches is None:
                state.patches = record.offset
            elif record.kind == REFUSED:
                state.refused = True
        return state

    def _count(self, document: Mapping[str, Any]) -> None:
        self.counts = HitCounts.of_lists(document["counts"])
        self.hidden, self.known = document["hidden"], document["known"]
        self.forgotten, self.skipped = document["forgotten"], document["skipped"]
        self.short = tuple(document["short"])

    def as_record(self) -> bytes:
        """The counts as a record."""
        facts = {
            "counts": self.counts.as_lists(),
            "hidden": self.hidden,
            "known": dict(self.known),
            "forgotten": self.forgotten,
            "skipped": self.skipped,
            "short": list(self.short),
        }
        return documents.write_json(facts)


@dataclass(frozen=True)
class StreamRecords:
    """The events and documents of a streamed spool, with their patches; read in memory that stays flat."""

    spool: Spool
    patches: int | None = None

    def records(self, start: int | None = None) -> Iterator[Record]:
        """Every one, in order. Raises SpoolDamaged."""
        patches = self._patches()
        patch = next(patches, None)
        number = 0
        for record in self.spool.records(start):
            if record.kind not in _EVENTS:
                continue
            if patch is not None and patch[0] == number:
                yield Record(patch[1], record.t_ms, patch[2], record.offset)
                patch = next(patches, None)
            else:
                yield record
            number += 1

    def _patches(self) -> Iterator[tuple[int, bytes, bytes]]:
        if self.patches is None:
            return
        for record in self.spool.records(self.patches):
            if record.kind == PATCH:
                data = bytes(record.data)
                number = int.from_bytes(data[:_NUMBER_BYTES], "big")
                yield number, data[_NUMBER_BYTES : _NUMBER_BYTES + 1], data[_NUMBER_BYTES + 1 :]
