"""How one event lies in a spool: a checked header, then its bytes.

A record is 24 bytes of header and the payload, little-endian: magic, kind, length, t_ms, CRC-32 of the payload,
CRC-32 of the header. The header has a checksum of its own so that a wrong length is damage and never passes for
the torn end that a kill leaves. Torn means: the file ends inside the last record. Everything else is damage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct
from zlib import crc32

MAGIC = b"\xc5\x7e"
MAX_PAYLOAD_BYTES = 64 * 2**20
"""More than any event may have; keeps one record small enough for memory."""

_FRONT = Struct("<2scxIQI")
_CHECK = Struct("<I")
HEADER_BYTES = _FRONT.size + _CHECK.size
_BLOCK_BYTES = 256 * 1024

Read = Callable[[int, int], bytes]
"""`read(offset, size)`: the bytes there, fewer only at the end of the file."""


class BadRecord(ValueError):
    """A record that is there as a whole and is not what was written; the message says why."""

    def __init__(self, offset: int, why: str) -> None:
        self.offset = offset
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Record:
    """One event as it was observed; `kind` is one byte, `offset` where the record begins in the spool."""

    kind: bytes
    t_ms: int
    data: bytes
    offset: int

    @property
    def end(self) -> int:
        """Where the next record begins."""
        return self.offset + HEADER_BYTES + len(self.data)


def header_of(kind: bytes, t_ms: int, payload: bytes | memoryview) -> bytes:
    """The 24 bytes that go before a payload. Raises struct.error when kind or t_ms do not fit."""
    front = _FRONT.pack(MAGIC, kind, len(payload), t_ms, crc32(payload))
    return front + _CHECK.pack(crc32(front))


def read_records(read: Read, start: int, end: int) -> Iterator[Record]:
    """Records from the boundary `start` up to `end`; stops before a torn one. Raises BadRecord.

    Holds one block, or one record where that is larger.
    """
    window = _Window(read, end)
    offset = start
    while (head := _header_at(window, offset, end)) is not None:
        kind, length, t_ms, check = head
        data = window.get(offset + HEADER_BYTES, length)
        if crc32(data) != check:
            raise BadRecord(offset, "the checksum of a complete event does not match")
        yield Record(kind, t_ms, data, offset)
        offset += HEADER_BYTES + length


def whole_end(read: Read, start: int, end: int) -> int:
    """Where the last whole record ends, by the headers alone. Raises BadRecord for a header that is damaged."""
    window = _Window(read, end, HEADER_BYTES)
    offset = start
    while (head := _header_at(window, offset, end)) is not None:
        offset += HEADER_BYTES + head[1]
    return offset


class _Window:
    """Reads ahead by blocks."""

    def __init__(self, read: Read, end: int, block: int = _BLOCK_BYTES) -> None:
        self._read, self._end, self._size = read, end, block
        self._block, self._at = b"", 0

    def get(self, offset: int, size: int) -> bytes:
        start = offset - self._at
        if start + size > len(self._block):
            self._block = self._read(offset, min(max(size, self._size), self._end - offset))
            self._at, start = offset, 0
        return self._block[start : start + size]


def _header_at(window: _Window, offset: int, end: int) -> tuple[bytes, int, int, int] | None:
    """(kind, length, t_ms, payload CRC) of a record that is whole; None at the end, torn or not."""
    left = end - offset
    header = window.get(offset, min(left, HEADER_BYTES)) if left > 0 else b""
    if not header:
        return None
    if header[: len(MAGIC)] != MAGIC[: len(header)]:
        raise BadRecord(offset, "no event begins here")
    if len(header) < HEADER_BYTES:
        return None
    (check,) = _CHECK.unpack_from(header, _FRONT.size)
    if crc32(header[: _FRONT.size]) != check:
        raise BadRecord(offset, "the checksum of an event's header does not match")
    _, kind, length, t_ms, payload_check = _FRONT.unpack_from(header)
    if left < HEADER_BYTES + length:
        return None
    return kind, length, t_ms, payload_check
