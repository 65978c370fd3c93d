"""Disk shape of the evidence lines of format 1. Frozen: fix readers, never the shape.

A line is `{"seq":N,` + body + newline. The body is what the evidence chain is computed over, so an event is
encoded once, when it is observed, and gets its `seq` when it is published. Frames are in `frames.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from cassette.format.limits import MAX_DEPTH, MAX_LINE_BYTES, MAX_PAYLOAD_BYTES
from cassette.model import (
    INPUT_KINDS,
    MAX_SAFE_INTEGER,
    Final,
    Input,
    Output,
    ServiceEvent,
    Size,
)
from terminal.exit_status import ExitStatus

LINE_START = re.compile(rb'\{"seq":(0|[1-9]\d{0,15}),"t_ms":(0|[1-9]\d{0,15})[,}]')
"""How each event line begins: `seq` and `t_ms` can be read without parsing the rest."""
_PREFIX = len(b'{"seq":0,')


class BadLine(ValueError):
    """A line that is not an event of format 1; the message says why."""


class SizeLine(msgspec.Struct, frozen=True):
    """`{"Rows":24,"Cols":80}`."""

    Rows: int
    Cols: int


class _InputLine(msgspec.Struct, frozen=True, omit_defaults=True):
    seq: int
    t_ms: int
    kind: str
    data: bytes | None = msgspec.field(default=None, name="bytes")
    key: str | None = None
    size: SizeLine | None = None
    signal: str | None = None
    source: str | None = None
    mode: dict[str, bool] | None = None
    op: str | None = None
    redacted: str | None = None
    masked: list[tuple[int, int]] | None = None


class _OutputLine(msgspec.Struct, frozen=True, omit_defaults=True):
    seq: int
    t_ms: int
    offset: int
    length: int
    sha256: str | None = None


class _ServiceLine(msgspec.Struct, frozen=True):
    seq: int
    t_ms: int
    payload: Any


class _ExitLine(msgspec.Struct, frozen=True):
    Code: int
    Signal: str
    Exited: bool
    Signaled: bool
    Err: Any = None


class _FinalLine(msgspec.Struct, frozen=True, omit_defaults=True):
    seq: int
    t_ms: int
    duration_ms: int
    exit: _ExitLine | None = None
    metadata: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    cost_usd: float | None = None
    routing_actual: str | None = None
    session_log_path: str | None = None
    final_text: str | None = None


_encode = msgspec.json.Encoder().encode
_input_decoder = msgspec.json.Decoder(_InputLine)
_output_decoder = msgspec.json.Decoder(_OutputLine)
_service_decoder = msgspec.json.Decoder(_ServiceLine)
_final_decoder = msgspec.json.Decoder(_FinalLine)


def with_seq(seq: int, body: bytes) -> bytes:
    """The line of an event body, with its newline."""
    return b'{"seq":%d,%b\n' % (seq, body)


def body_of(line: bytes) -> bytes:
    """An event line without its `seq` and newline: what the evidence chain hashes."""
    return line[line.index(b",") + 1 :].rstrip(b"\r\n")


def input_body(event: Input) -> bytes:
    """Encode what went in."""
    size = SizeLine(event.size.rows, event.size.columns) if event.size else None
    line = _InputLine(
        seq=0,
        t_ms=event.t_ms,
        kind=event.kind,
        data=event.data or None,
        key=event.key,
        size=size,
        signal=event.signal,
        source=event.source,
        mode=None if event.mode is None else dict(event.mode),
        op=event.op,
        redacted=event.redacted,
        masked=list(event.masked) or None,
    )
    return _encode(line)[_PREFIX:]


def output_body(t_ms: int, offset: int, length: int, sha256: str) -> bytes:
    """Encode where a chunk stands; `sha256` is the chunk's, in hex."""
    return b'"t_ms":%d,"offset":%d,"length":%d,"sha256":"%b"}' % (
        t_ms,
        offset,
        length,
        sha256.encode("ascii"),
    )


def service_body(event: ServiceEvent) -> bytes:
    """Encode a caller's JSON or a gap. Raises ValueError when the payload is not plain, bounded JSON."""
    check_plain(event.payload)
    body = _encode(_ServiceLine(0, event.t_ms, event.payload))[_PREFIX:]
    if len(body) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"it has {len(body)} bytes as JSON, and {MAX_PAYLOAD_BYTES} is the limit")
    return body


def final_body(event: Final) -> bytes:
    """Encode the end. Raises ValueError when usage or metadata are not plain, bounded JSON."""
    for part in (event.usage, event.metadata):
        check_plain(part, floats=True)
    status = event.exit
    exit_line = (
        _ExitLine(status.code, status.signal or "", status.exited, status.signaled) if status else None
    )
    line = _FinalLine(
        seq=0,
        t_ms=event.t_ms,
        duration_ms=event.duration_ms,
        exit=exit_line,
        metadata=_plain_dict(event.metadata),
        usage=_plain_dict(event.usage),
        cost_usd=event.cost_usd,
        routing_actual=event.routing_actual,
        session_log_path=event.session_log_path,
        final_text=event.final_text,
    )
    return _encode(line)[_PREFIX:]


def read_input(line: bytes) -> Input:
    """One line of `input.jsonl`. Raises BadLine."""
    found = _decode(_input_decoder, line)
    if found.kind not in INPUT_KINDS:
        raise BadLine(f"unknown kind of input {found.kind[:40]!r}")
    return Input(
        seq=found.seq,
        t_ms=found.t_ms,
        kind=found.kind,
        data=found.data or b"",
        key=found.key or None,
        size=found.size and Size(found.size.Cols, found.size.Rows),
        signal=found.signal or None,
        source=found.source,
        mode=found.mode,
        op=found.op,
        redacted=found.redacted,
        masked=tuple(found.masked or ()),
    )


def read_output(line: bytes) -> tuple[Output, int, str | None]:
    """One line of `output.jsonl` as (event without its bytes, length, sha256). Raises BadLine."""
    found = _decode(_output_decoder, line)
    if found.offset < 0 or found.length < 0:
        raise BadLine("a negative offset or length")
    return Output(found.seq, found.t_ms, b"", found.offset), found.length, found.sha256


def read_service(line: bytes) -> ServiceEvent:
    """One line of `service-events.jsonl`. Raises BadLine."""
    found = _decode(_service_decoder, line)
    return ServiceEvent(found.seq, found.t_ms, found.payload)


def read_final(data: bytes) -> Final:
    """`final.json`. Raises BadLine."""
    found = _decode(_final_decoder, data)
    status = found.exit
    return Final(
        seq=found.seq,
        t_ms=found.t_ms,
        exit=status and ExitStatus(status.Code, status.Signal or None),
        duration_ms=found.duration_ms,
        final_text=found.final_text,
        usage=found.usage,
        cost_usd=found.cost_usd,
        metadata=found.metadata,
        routing_actual=found.routing_actual,
        session_log_path=found.session_log_path,
    )


def check_plain(value: Any, *, floats: bool = False, depth: int = 0) -> None:
    """Raise ValueError unless `value` is JSON that every reader reads alike."""
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        value.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, a ValueError
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(value, floats)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"the key {key!r:.60} is not a string")
            check_plain(key)
            check_plain(item, floats=floats, depth=depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            check_plain(item, floats=floats, depth=depth + 1)
    elif value is not None and not isinstance(value, bool):
        raise ValueError(f"{type(value).__name__} is not JSON")


def _check_number(value: float, floats: bool) -> None:
    if isinstance(value, float):
        if not floats or not math.isfinite(value):
            raise ValueError(f"{value!r} is not an integer; give it as a string or in a smaller unit")
    elif abs(value) > MAX_SAFE_INTEGER:
        raise ValueError(f"the integer {value!s:.30} is beyond ±(2^53-1); give it as a string")


def _decode(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"a line of {len(line)} bytes, and {MAX_LINE_BYTES} is the limit")
    try:
        found = decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise BadLine(str(error)) from None
    except RecursionError:
        raise BadLine("JSON nested too deep") from None
    if not 1 <= found.seq <= MAX_SAFE_INTEGER or not 0 <= found.t_ms <= MAX_SAFE_INTEGER:
        raise BadLine(f"seq {found.seq} or t_ms {found.t_ms} out of range")
    return found


def _plain_dict(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else dict(value)
