"""What the records of a spool mean: evidence lines as they will stand on disk, and output as it is.

A spool is the recorder's memory of a running program (`cassette.store.spool` keeps its bytes). Its events have no
`seq` yet: they get it in the order in which they stand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from cassette.format import lines
from cassette.model import FINAL, INPUT, OUTPUT, SERVICE_EVENTS, Evidence, Final, Output, ServiceEvent
from cassette.store.spool import Record

TYPED = "input"
"""Origin of a value that was typed as a secret."""


class Kind:
    """The kinds of records, one byte each."""

    OUTPUT = b"O"
    INPUT = b"I"
    SERVICE = b"S"
    FINAL = b"F"
    DISCOVERY = b"D"
    QUOTA = b"Q"
    PTY_MODE = b"M"
    KNOWN = b"K"
    """A secret that became known while the program ran; no event."""


_BESIDE = frozenset({Kind.DISCOVERY, Kind.QUOTA, Kind.PTY_MODE, Kind.KNOWN})


@dataclass(frozen=True, slots=True)
class Observed:
    """One evidence event, the file that it goes to, and its line without `{"seq":N,` and newline."""

    event: Evidence
    file: str
    body: bytes


class Records(Protocol):
    """A spool, or another view of one."""

    def records(self, start: int | None = None) -> Iterator[Record]:
        """The records from a place on, in order, to what is there now. Raises SpoolDamaged."""


@dataclass
class SpooledRecording:
    """Reads the events of a spool, from the start, up to the place `until` where one is given."""

    spool: Records
    until: int | None = None
    output_bytes: int = 0
    last_ms: int = 0
    final: Final | None = field(default=None)

    def evidence(self) -> Iterator[Observed]:
        """Every event, in order. Raises SpoolDamaged."""
        self.output_bytes = 0
        for record in self.spool.records():
            if self.until is not None and record.end > self.until:
                return
            self.last_ms = max(self.last_ms, record.t_ms)
            if record.kind not in _BESIDE:
                yield self._observed(record)

    def _observed(self, record: Record) -> Observed:
        data = bytes(record.data)
        if record.kind == Kind.OUTPUT:
            return self.observe_output(record.t_ms, data)
        line = lines.with_seq(1, data)
        if record.kind == Kind.INPUT:
            return Observed(lines.read_input(line), INPUT, data)
        if record.kind == Kind.SERVICE:
            return Observed(lines.read_service(line), SERVICE_EVENTS, data)
        self.final = lines.read_final(line)
        return Observed(self.final, FINAL, data)

    def observe_output(self, t_ms: int, data: bytes) -> Observed:
        """A chunk of output at the place where it comes to stand."""
        offset, self.output_bytes = self.output_bytes, self.output_bytes + len(data)
        body = lines.output_body(t_ms, offset, len(data), sha256(data).hexdigest())
        return Observed(Output(0, t_ms, data, offset), OUTPUT, body)


def observed_gap(t_ms: int, reason: str) -> Observed:
    """A gap that is noted after the recording."""
    event = ServiceEvent(0, t_ms, {"type": "gap", "reason": reason})
    return Observed(event, SERVICE_EVENTS, lines.service_body(event))


def observed_final(t_ms: int) -> Observed:
    """The end of a recording whose end nobody saw."""
    event = Final(0, t_ms, None, t_ms)
    return Observed(event, FINAL, lines.final_body(event))
