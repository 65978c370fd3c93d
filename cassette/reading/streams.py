"""The event files of a cassette, decoded one line at a time, when it is asked for, in the order of `seq`.

Every iterator is independent of the others and begins anew: many threads may read one cassette. What is not
format 1 raises Damaged with its file, line and offset; no line is read before its length is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from cassette.errors import Damaged
from cassette.format.limits import MAX_LINE_BYTES
from cassette.format.lines import BadLine, read_input, read_output, read_service
from cassette.model import (
    FINAL,
    FRAMES,
    INPUT,
    OUTPUT,
    OUTPUT_RAW,
    SERVICE_EVENTS,
    Event,
    Final,
    Frame,
    Input,
    Output,
    ServiceEvent,
)
from cassette.store.directory import Buffer, line_places

T = TypeVar("T")
_FILES = {Input: INPUT, Output: OUTPUT, Frame: FRAMES, ServiceEvent: SERVICE_EVENTS, Final: FINAL}
_by_seq = attrgetter("seq")


class Streams:
    """The events of one cassette; `data` has the files of events and `output.raw`."""

    def __init__(self, path: Path, data: Mapping[str, Buffer], final: Final) -> None:
        self._path = path
        self._data = data
        self._final = final

    def events(self) -> Iterator[Event]:
        """All events. Raises Damaged where `seq` is not 1, 2, 3 …"""
        parts: list[Iterator[Event]] = [self.inputs(), self.outputs(), self.frames(), self.service_events()]
        parts.append(iter((self._final,)))
        expected = 1
        for event in merge(*parts, key=_by_seq):
            if event.seq != expected:
                why = f"it has seq {event.seq} where {expected} was due"
                raise Damaged(path=self._path, file=_FILES[type(event)], why=why, seq=event.seq)
            expected += 1
            yield event

    def painting(self) -> Iterator[Input | Output]:
        """What draws on the screen: output, and resizes."""
        resizes = (event for event in self.inputs() if event.kind == "resize" and event.size is not None)
        return merge(resizes, self.outputs(), key=_by_seq)

    def inputs(self) -> Iterator[Input]:
        """What went in."""
        return self._decoded(INPUT, read_input)

    def service_events(self) -> Iterator[ServiceEvent]:
        """What the caller handed over, and gaps."""
        return self._decoded(SERVICE_EVENTS, read_service)

    def outputs(self) -> Iterator[Output]:
        """What the program wrote, with its bytes."""
        raw = self._data[OUTPUT_RAW]

        def read(line: bytes) -> Output:
            event, length, _ = read_output(line)
            end = event.offset + length
            if end > len(raw):
                raise BadLine(f"its chunk ends at {end}, beyond the {len(raw)} bytes of {OUTPUT_RAW}")
            return Output(event.seq, event.t_ms, raw[event.offset : end], event.offset)

        return self._decoded(OUTPUT, read)

    def frames(self) -> Iterator[Frame]:
        """The settled frames, with their screens rebuilt."""
        from cassette.format.frame_decoder import FrameDecoder

        run = FrameDecoder()

        def read(line: bytes) -> Frame:
            run.add(line)
            return run.frame()

        return self._decoded(FRAMES, read)

    def _decoded(self, name: str, read: Callable[[bytes], T]) -> Iterator[T]:
        data = self._data[name]
        number = 0
        for number, (start, end) in enumerate(line_places(data), 1):
            try:
                if end - start > MAX_LINE_BYTES:
                    raise BadLine(f"a line of {end - start} bytes, and {MAX_LINE_BYTES} is the limit")
                event = read(data[start:end])
            except BadLine as error:
                raise Damaged(path=self._path, file=name, why=str(error), line=number, offset=start) from None
            yield event
        if len(data) and data[len(data) - 1] != ord("\n"):
            raise Damaged(path=self._path, file=name, why="the file is cut", line=number + 1)
