"""Everything in a cassette's directory as texts for the engine, each of which knows where it stands.

Needs no whole cassette: a line that is no event is read as text, a file that is missing is left out. What takes a
terminal to be seen is not in here (`cassette.scrubbing.whole` draws it).
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from cassette.model import (
    DISCOVERY,
    FINAL,
    FRAMES,
    INPUT,
    MANIFEST,
    OUTPUT,
    OUTPUT_RAW,
    QUOTA,
    SCRUB_REPORT,
    SEAL,
    SERVICE_EVENTS,
)
from cassette.scanning.files import Files
from cassette.scanning.where import Documents, Line, Where, event_lines, json_object, without_noise
from scrub.escapes import text_views
from scrub.typed import typed_views
from scrub.views import View, plain_view

_DOCUMENTS = (MANIFEST, FINAL, DISCOVERY, QUOTA, SCRUB_REPORT, SEAL)
_OUTPUT_LINE = re.compile(
    rb'\{"seq":(\d{1,15}),"t_ms":(\d{1,15}),"offset":(\d{1,15}),"length":(\d{1,15}),"sha256":"[0-9a-f]{64}"\}'
)
_FRAME_NUMBERS = frozenset(
    "seq t_ms size cursor spans raw_start raw_end parser_offset text rows".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Source:
    """One text: `data`, ways to read it, and where each byte of it stands. `is_raw`: read as bytes, too."""

    stream: str
    data: bytes
    views: list[View]
    where: Callable[[int], Where]
    is_raw: bool = False


@dataclass
class Pieces:
    """Bytes from several places, end to end."""

    file: str
    parts: list[bytes] = field(default_factory=list)
    places: list[Where] = field(default_factory=list)

    def add(self, data: bytes, where: Where) -> None:
        """More bytes, which stand there."""
        self.parts.append(data)
        self.places.append(where)

    def source(self, suffix: str, views: Callable[[str, bytes], list[View]]) -> Source:
        """All of it as a text."""
        data, stream = b"".join(self.parts), f"{self.file}{suffix}"
        starts = list(accumulate(map(len, self.parts), initial=0))

        def where(offset: int) -> Where:
            return self.places[min(bisect_right(starts, offset), len(self.places)) - 1]

        return Source(stream, data, views(stream, data), where)


def sources(files: Files) -> Iterator[Source]:
    """Every text of a directory."""
    own = files.own
    chunks = list(event_lines_of_output(own.get(OUTPUT, b"")))
    if OUTPUT_RAW in own:
        raw = own[OUTPUT_RAW]
        yield Source(OUTPUT_RAW, raw, text_views(OUTPUT_RAW, raw), _moments(chunks), is_raw=True)
    yield from _inputs(own.get(INPUT, b""))
    yield from _frames(own.get(FRAMES, b""))
    yield from _rest(SERVICE_EVENTS, event_lines(own.get(SERVICE_EVENTS, b"")), own)
    yield from _rest(OUTPUT, (line for line in chunks if isinstance(line, Line)), own)
    for name in _DOCUMENTS:
        if name in own:
            yield from _document(name, own[name])
    for name, data in own.items():
        if name != OUTPUT_RAW:
            yield Source(f"{name} as bytes", data, [], _lines_of(name, data), is_raw=True)
    for name, data in files.others.items():
        yield Source(name, data, text_views(name, data), _lines_of(name, data), is_raw=True)
    names = "\n".join(files.names).encode("utf-8", "surrogateescape")
    yield Source("names", names, [plain_view("name", "names", names)], lambda _: Where("a file's name"))


def text_of_lines(stream: str, data: bytes) -> list[View]:
    """The view of what is text already."""
    return [plain_view("text", stream, data)]


# Output.


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a line of `output.jsonl` says, when it says nothing else."""

    number: int
    seq: int
    t_ms: int
    offset: int


def event_lines_of_output(data: bytes) -> Iterator[Chunk | Line]:
    """The chunks of `output.jsonl`, and whole lines of it that say more or that are none."""
    number = start = 0
    while start < len(data):
        number += 1
        newline = data.find(b"\n", start)
        end = newline if newline >= 0 else len(data)
        if found := _OUTPUT_LINE.fullmatch(data, start, end):
            yield Chunk(number, int(found[1]), int(found[2]), int(found[3]))
        else:
            yield Line(number, start, end, json_object(data[start:end]))
        start = end + 1


def _moments(chunks: Iterable[Chunk | Line]) -> Callable[[int], Where]:
    starts: list[int] = []
    places: list[tuple[int | None, int | None]] = []
    for chunk in chunks:
        if isinstance(chunk, Chunk):
            starts.append(chunk.offset)
            places.append((chunk.seq, chunk.t_ms))
        elif chunk.value is not None and isinstance(offset := chunk.value.get("offset"), int):
            place = chunk.where(OUTPUT)
            starts.append(offset)
            places.append((place.seq, place.t_ms))

    def where(offset: int) -> Where:
        index = bisect_right(starts, offset) - 1
        seq, t_ms = places[index] if index >= 0 else (None, None)
        return Where(OUTPUT_RAW, offset=offset, seq=seq, t_ms=t_ms)

    return where


# Input.


def _inputs(data: bytes) -> Iterator[Source]:
    """What was typed, what the terminal answered, and what stands in the place of hidden input."""
    typed, answers, filler = Pieces(INPUT), Pieces(INPUT), Pieces(INPUT)
    rest = []
    for line in event_lines(data):
        value = line.value
        content = _bytes_of(value)
        if value is None or content is None:
            rest.append(line)
            continue
        pieces = answers if value.get("source") == "terminal" else filler if value.get("redacted") else typed
        pieces.add(content, line.where(INPUT, "bytes"))
        others = {key: item for key, item in value.items() if key != "bytes"}
        rest.append(Line(line.number, line.start, line.end, others))
    yield typed.source("", typed_views)
    yield answers.source(" of the terminal", text_views)
    yield filler.source(" that is hidden", text_views)
    yield from _rest(INPUT, rest, {INPUT: data})


def _bytes_of(value: dict[str, object] | None) -> bytes | None:
    encoded = (value or {}).get("bytes")
    if not isinstance(encoded, str):
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


# Frames.


def _frames(data: bytes) -> Iterator[Source]:
    """Each row that a frame shows, once, and each title; rows stand below each other as on the screen."""
    rows, rest, seen = Pieces(FRAMES), [], set[str]()
    for line in event_lines(data):
        value = line.value
        if value is None:
            rest.append(line)
            continue
        for row, text in _rows_of(value):
            if text not in seen:
                seen.add(text)
                rows.add(f"{text}\n".encode("utf-8", "surrogatepass"), line.where(FRAMES, f"row {row}"))
        others = {key: item for key, item in value.items() if key not in _FRAME_NUMBERS}
        odd = {key: value[key] for key in ("text", "rows") if not _is_plain(value.get(key))}
        if others or odd:
            kept = {"seq": value.get("seq"), "t_ms": value.get("t_ms"), **others, **odd}
            rest.append(Line(line.number, line.start, line.end, kept))
    yield rows.source("", text_of_lines)
    yield from _rest(FRAMES, rest, {FRAMES: data})


def _rows_of(frame: dict[str, object]) -> Iterator[tuple[object, str]]:
    text, rows = frame.get("text"), frame.get("rows")
    if isinstance(text, list):
        yield from ((row, item) for row, item in enumerate(text) if isinstance(item, str))
    if isinstance(rows, dict):
        yield from ((row, item) for row, item in rows.items() if isinstance(item, str))


def _is_plain(value: object) -> bool:
    """Rows as a frame has them, all of which `_rows_of` gives."""
    if value is None:
        return True
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    if isinstance(value, dict):
        return all(key.isdigit() and isinstance(item, str) for key, item in value.items())
    return False


# Everything else.


def _rest(file: str, lines: Iterable[Line], own: dict[str, bytes]) -> Iterator[Source]:
    """What lines say beside what was read already: JSON as JSON, anything else as text."""
    documents, text = Documents(file), Pieces(file)
    for line in lines:
        if line.value is None:
            text.add(own[file][line.start : line.end + 1], line.where(file))
        else:
            documents.add(without_noise(line.value), line.where(file))
    flat = documents.flat.text
    yield Source(f"{file} as JSON", flat, [plain_view("document", f"{file} as JSON", flat)], documents.where)
    yield text.source(" as text", text_of_lines)


def _document(name: str, data: bytes) -> Iterator[Source]:
    value = json_object(data)
    if value is None:
        yield Source(f"{name} as text", data, text_of_lines(f"{name} as text", data), _lines_of(name, data))
        return
    documents = Documents(name)
    documents.add(without_noise(value), Where(name))
    flat = documents.flat.text
    stream = f"{name} as JSON"
    yield Source(stream, flat, [plain_view("document", stream, flat)], documents.where)


def _lines_of(name: str, data: bytes) -> Callable[[int], Where]:
    """The place of a byte in a file of lines: its line, and what event that is."""

    def where(offset: int) -> Where:
        number = data.count(b"\n", 0, offset) + 1
        if not name.endswith(".jsonl"):
            return Where(name, line=number)
        start = data.rfind(b"\n", 0, offset) + 1
        end = data.find(b"\n", offset)
        return Line(number, start, end, json_object(data[start : end if end >= 0 else len(data)])).where(name)

    return where
