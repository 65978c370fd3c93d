"""Looks at every line of a cassette's files, once, where it stands in the mapped file.

What is not format 1 is a finding, never an exception. A line's length is known before anything of it is parsed.
Each line begins `{"seq":N,"t_ms":N`, so order and time need no JSON; evidence is decoded as a reader would decode
it, and `output.jsonl`, of which there is most, in bulk (`verify_bulk`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

from cassette.format.frame_decoder import FrameDecoder
from cassette.format.limits import MAX_COLUMNS, MAX_LINE_BYTES, MAX_ROWS
from cassette.format.lines import LINE_START, BadLine, body_of, read_input, read_output, read_service
from cassette.model import (
    FINAL,
    FRAMES,
    INPUT,
    OUTPUT,
    OUTPUT_RAW,
    SERVICE_EVENTS,
    Final,
    Input,
    ServiceEvent,
)
from cassette.reading.verdict import Findings
from cassette.reading.verify_bulk import output_in_bulk
from cassette.store.directory import Buffer, line_places

_RECORDER_DIED = "recorder-died"
_CR = 13

_Head: TypeAlias = tuple[int, int, int]
"""`seq`, `t_ms`, and where the body begins that the chain covers."""
_Check: TypeAlias = Callable[[Buffer, int, int], _Head]
"""Looks at the line `data[start:end]`, without its newline; raises BadLine."""


@dataclass
class Lines:
    """What a file's lines say: `seq` and `t_ms` of each, and where its body (what the chain covers) stands."""

    name: str
    data: Buffer = b""
    seqs: array[int] = field(default_factory=lambda: array("q"))
    times: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    whole: bool = True
    """False when a line has no readable `seq`, or looking ended early: then the order says nothing."""

    def add(self, head: _Head, end: int) -> None:
        """Take in a line that ends at `end`."""
        self.seqs.append(head[0])
        self.times.append(head[1])
        self.starts.append(head[2])
        self.ends.append(end)

    def bodies(self) -> Iterator[bytes]:
        """The bodies in file order, each cut out when it is asked for."""
        data = self.data
        return (data[start:end] for start, end in zip(self.starts, self.ends, strict=True))


@dataclass
class Gaps:
    """What the gap records say."""

    count: int = 0
    reasons: list[str] = field(default_factory=list)
    """Each reason once, at most twenty."""

    @property
    def recovered(self) -> bool:
        """Whether the recorder died."""
        return _RECORDER_DIED in self.reasons

    def add(self, event: ServiceEvent) -> None:
        """Take in a service event."""
        if not event.is_gap:
            return
        self.count += 1
        reason = str(event.payload.get("reason", "no reason given"))[:80]
        if reason not in self.reasons and (len(self.reasons) < 20 or reason == _RECORDER_DIED):
            self.reasons.append(reason)


class _BadChunk(BadLine):
    """A chunk whose bytes are not what its line says; `offset` is its place in `output.raw`."""

    def __init__(self, offset: int, length: int) -> None:
        super().__init__(f"the SHA-256 of these {length} bytes is not that of their line in {OUTPUT}")
        self.offset = offset


class _Converted(BadLine):
    """A line of a file whose line endings were converted: what is there is not what was written."""


def scan_input(data: Buffer, findings: Findings) -> Lines:
    """Every line of `input.jsonl`."""

    def check(data: Buffer, start: int, end: int) -> _Head:
        head = _head(data, start)
        event = read_input(data[start:end])
        _same(head, event.seq, event.t_ms)
        _check_input(event)
        return head

    return _scan(Lines(INPUT, data), check, findings)


def scan_service(data: Buffer, findings: Findings, gaps: Gaps) -> Lines:
    """Every line of `service-events.jsonl`; gap records are counted in `gaps`."""

    def check(data: Buffer, start: int, end: int) -> _Head:
        head = _head(data, start)
        event = read_service(data[start:end])
        _same(head, event.seq, event.t_ms)
        gaps.add(event)
        return head

    return _scan(Lines(SERVICE_EVENTS, data), check, findings)


def scan_frames(data: Buffer, findings: Findings) -> Lines:
    """Every line of `frames.jsonl`, by its beginning alone."""
    return _scan(Lines(FRAMES, data), lambda data, start, _: _head(data, start), findings)


def scan_frames_in_full(data: Buffer, findings: Findings, *, raw_size: int, deltas: bool) -> Lines:
    """Every line of `frames.jsonl`, decoded.

    `raw_size` is the size of `output.raw`, `deltas` whether the manifest says that there are delta frames.
    """
    run = FrameDecoder()
    last_start = last_end = 0

    def check(data: Buffer, start: int, end: int) -> _Head:
        nonlocal last_start, last_end
        head = _head(data, start)
        run.add(data[start:end])
        frame = run.frame()
        _same(head, frame.seq, frame.t_ms)
        if not (frame.is_key or deltas):
            raise BadLine("a delta frame, and required_features does not name frames-delta")
        if not (last_start <= frame.raw_start and last_end <= frame.raw_end <= raw_size):
            raise BadLine(
                f"raw_start {frame.raw_start}, raw_end {frame.raw_end}: a step back, "
                f"or beyond the {raw_size} bytes of {OUTPUT_RAW}"
            )
        last_start, last_end = frame.raw_start, frame.raw_end
        return head

    return _scan(Lines(FRAMES, data), check, findings)


def scan_output(data: Buffer, raw: Buffer | None, findings: Findings) -> Lines:
    """Every line of `output.jsonl`, and its chunk of `output.raw`; `raw` is None when that file is missing."""
    if raw is not None and (in_bulk := _output_in_bulk(data, raw)) is not None:
        return in_bulk
    chunks = None if raw is None else memoryview(raw)
    covered = 0

    def check(data: Buffer, start: int, end: int) -> _Head:
        nonlocal covered
        head, offset, length, digest = _read_chunk(data, start, end)
        before, covered = covered, offset + length
        if offset != before:
            raise BadLine(f"its chunk begins at offset {offset}, and the one before it ends at {before}")
        if chunks is None:
            return head
        if covered > len(chunks):
            raise BadLine(
                f"its chunk of {length} bytes from offset {offset} is beyond the {len(chunks)} of {OUTPUT_RAW}"
            )
        if digest is not None and sha256(chunks[offset:covered]).hexdigest() != digest:
            raise _BadChunk(offset, length)
        return head

    lines = _scan(Lines(OUTPUT, data), check, findings)
    if chunks is not None and lines.whole and covered < len(chunks):
        findings.add(OUTPUT_RAW, f"its last {len(chunks) - covered} bytes are in no chunk", offset=covered)
    return lines


def _output_in_bulk(data: Buffer, raw: Buffer) -> Lines | None:
    lines = Lines(OUTPUT, data)
    for columns in output_in_bulk(data, raw):
        if columns is None:
            return None
        lines.seqs.extend(columns.seqs)
        lines.times.extend(columns.times)
        lines.starts.extend(columns.starts)
        lines.ends.extend(columns.ends)
    return lines


def final_lines(data: bytes, final: Final) -> Lines:
    """`final.json` as a file of one line."""
    lines = Lines(FINAL, body_of(data))
    lines.add((final.seq, final.t_ms, 0), len(lines.data))
    return lines


def _scan(lines: Lines, check: _Check, findings: Findings) -> Lines:
    name, data, last = lines.name, lines.data, 0
    number = end = 0
    for number, (start, end) in enumerate(line_places(data), 1):
        try:
            if end - start > MAX_LINE_BYTES:
                raise BadLine(f"a line of {end - start} bytes, and {MAX_LINE_BYTES} is the limit")
            if end > start and data[end - 1] == _CR:
                raise _Converted(
                    "it ends in CR LF: the file's line endings were converted (with the line "
                    "`**/cassettes/** -text` in .gitattributes git leaves them alone)"
                )
            head = check(data, start, end)
            if head[0] <= last:
                raise BadLine(f"seq {head[0]} comes after seq {last}")
        except BadLine as error:
            if not _note(lines, error, (number, start, end), findings):
                return lines
        else:
            lines.add(head, end)
            last = head[0]
    if rest := len(data) - (end + 1 if number else 0):
        start = len(data) - rest
        findings.add(name, "its last line has no newline: the file is cut", line=number + 1, offset=start)
        lines.whole = False
    return lines


def _note(lines: Lines, error: BadLine, place: tuple[int, int, int], findings: Findings) -> bool:
    """Note a bad line; whether it makes sense to look at the next one."""
    number, start, end = place
    data = lines.data
    head = _head_if_any(data, start)
    seq = head and head[0]
    if isinstance(error, _BadChunk):
        findings.add(OUTPUT_RAW, str(error), line=None, seq=seq, offset=error.offset)
    else:
        findings.add(lines.name, str(error), line=number, seq=seq, offset=start)
    ended = findings.full or isinstance(error, _Converted)  # the other lines would say the same
    if head is None or ended:
        lines.whole = False
    else:
        lines.add(head, end)
    return not ended


def _head(data: Buffer, start: int) -> _Head:
    found = LINE_START.match(data, start)
    if found is None:
        raise BadLine('it does not begin {"seq":N,"t_ms":N')
    return int(found[1]), int(found[2]), found.end(1) + 1


def _head_if_any(data: Buffer, start: int) -> _Head | None:
    try:
        return _head(data, start)
    except BadLine:
        return None


def _same(head: _Head, seq: int, t_ms: int) -> None:
    """A key that stands twice would be one thing to a scan and another to a reader."""
    if (seq, t_ms) != head[:2]:
        raise BadLine("seq or t_ms stands in it twice")


def _read_chunk(data: Buffer, start: int, end: int) -> tuple[_Head, int, int, str | None]:
    """Head, offset, length and SHA-256 of a line of `output.jsonl`."""
    head = _head(data, start)
    event, size, digest = read_output(data[start:end])
    _same(head, event.seq, event.t_ms)
    return head, event.offset, size, digest or None


def _check_input(event: Input) -> None:
    size = event.size
    if event.kind == "resize" and size is None:
        raise BadLine("a resize without a size")
    if size is not None and not (1 <= size.columns <= MAX_COLUMNS and 1 <= size.rows <= MAX_ROWS):
        raise BadLine(f"a size of {size.columns}x{size.rows}")
    for start, length in event.masked:
        if start < 0 or length < 1 or start + length > len(event.data):
            raise BadLine(f"masked [{start}, {length}] is not inside its {len(event.data)} bytes")
