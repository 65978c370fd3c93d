"""The evidence of a cassette that exists, as a recorder would hand it over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import merge

from cassette.format import lines
from cassette.format.limits import MAX_DOCUMENT_BYTES
from cassette.model import FINAL, INPUT, OUTPUT, SERVICE_EVENTS, Evidence
from cassette.reading.reader import Cassette
from cassette.store.directory import CassetteDirectory, line_places
from cassette.store.spooled import Observed


def evidence_of(tape: Cassette, directory: CassetteDirectory) -> Iterator[Observed]:
    """The evidence of a cassette in order, each line as it stands on disk."""

    def read_output(line: bytes) -> Evidence:
        event, length, _ = lines.read_output(line)
        return replace(event, data=tape.output_bytes(event.offset, event.offset + length))

    def file_lines(name: str, read: Callable[[bytes], Evidence]) -> Iterator[Observed]:
        data = directory.map(name)
        for start, end in line_places(data):
            line = bytes(data[start:end])
            yield Observed(read(line), name, lines.body_of(line))

    files = (
        file_lines(INPUT, lines.read_input),
        file_lines(OUTPUT, read_output),
        file_lines(SERVICE_EVENTS, lines.read_service),
    )
    yield from merge(*files, key=lambda observed: observed.event.seq)
    final = directory.read(FINAL, MAX_DOCUMENT_BYTES)
    yield Observed(lines.read_final(final), FINAL, lines.body_of(final))
