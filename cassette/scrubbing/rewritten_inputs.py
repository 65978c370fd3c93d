"""Inputs with their bytes from scrubbed streams, and which of their bytes are masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cassette.model import Input
from cassette.scrubbing.typed_events import is_typed

_PLACEHOLDER = re.compile(rb"<SC[^<>\x00-\x1f\x7f]*>|\*+")


class RewrittenInputs:
    """Inputs in order, with their bytes from the scrubbed streams."""

    def __init__(
        self, kept: Sequence[Input | None], typed: bytes, answers: bytes, ops: Iterator[str]
    ) -> None:
        self._kept = iter(kept)
        self._ops = ops
        self._streams = {True: typed, False: answers}
        before = [event for event in kept if event is not None]
        self._covered = {
            stream: _covered(b"".join(event.data for event in before if is_typed(event) is stream), new)
            for stream, new in self._streams.items()
        }
        self._at = {True: 0, False: 0}

    def next(self) -> Input | None:
        """The next input; None when it is dropped."""
        event = next(self._kept)
        if event is None:
            return None
        typed = is_typed(event)
        start = self._at[typed]
        data = self._streams[typed][start : start + len(event.data)]
        self._at[typed] = start + len(data)
        if event.op:
            event = replace(event, op=next(self._ops))
        covered = self._covered[typed][start : start + len(data)]
        if not any(covered):
            return event
        for first, length in event.masked:
            covered[first : first + length] = b"\1" * length
        masked = tuple((found.start(), found.end() - found.start()) for found in re.finditer(b"\1+", covered))
        return replace(event, data=data, key=None, masked=masked if event.redacted is None else ())


def _covered(before: bytes, after: bytes) -> bytearray:
    """Which bytes of a stream a placeholder stands on: those too that it has in common with what it covers."""
    covered = bytearray(was != now for was, now in zip(before, after, strict=True))
    if any(covered):
        for found in _PLACEHOLDER.finditer(after):
            if any(covered[found.start() : found.end()]):
                covered[found.start() : found.end()] = b"\1" * len(found[0])
    return covered
