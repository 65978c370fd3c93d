"""A recording as extractors see it: captured screens, the output as text with its places, files, the end. Pure.

It is made of events alone, so a spool, a cassette and scrubbed events all give the same.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cassette.emulators import emulator_at_hand
from cassette.model import Event, Final, Input, Output, ServiceEvent, Size
from cassette.reading.screens import is_size
from cassette.script import CAPTURE
from terminal.exit_status import ExitStatus
from terminal.snapshot import Snapshot

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette

EVIDENCE_FILE = "evidence-file"
"""The type of service events that hold a record of a file that the harness wrote."""
_UNSEEN = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"  # sequences
    rb"|\r(?=\r*\n)|[\x00-\x08\x0e-\x1a\x7f]"  # what ends a line on a terminal, and what shows nothing
)


@dataclass(frozen=True, slots=True)
class Capture:
    """The screen at a `capture` step, after the first `raw_end` bytes of the output."""

    name: str
    raw_end: int
    screen: Snapshot

    @property
    def rows(self) -> list[str]:
        """The text of every row, trailing blanks cut."""
        return self.screen.text


class OutputText:
    """Output as lines of text without control sequences; each character knows its byte."""

    def __init__(self, data: bytes) -> None:
        pieces: list[str] = []
        self._places = array("q")
        at = 0
        for found in _UNSEEN.finditer(data):
            self._add(data[at : found.start()], at, pieces)
            at = found.end()
        self._add(data[at:], at, pieces)
        self._places.append(len(data))
        self.text = "".join(pieces).replace("\r", "\n")

    def _add(self, data: bytes, start: int, pieces: list[str]) -> None:
        text = data.decode("utf-8", "surrogateescape")
        pieces.append(text)
        if len(text) == len(data):
            self._places.extend(range(start, start + len(data)))
            return
        for character in text:
            self._places.append(start)
            start += len(character.encode("utf-8", "surrogateescape"))

    def bytes_of(self, start: int, end: int) -> tuple[int, int]:
        """Offset and length in `output.raw` of the characters from `start` up to `end`."""
        last = self._places[end - 1] if end > start else self._places[start]
        size = len(self.text[end - 1].encode("utf-8", "surrogateescape")) if end > start else 0
        return self._places[start], last + size - self._places[start]

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def start_of(self, line: int) -> int:
        """The character with which a line (from 0) begins."""
        return self._starts[line]

    def line_at(self, character: int) -> int:
        """The line in which a character stands."""
        return bisect_right(self._starts, character) - 1


@dataclass
class Recorded:
    """One recording of a probe. `services` are the payloads of all service events, in order."""

    argv: tuple[str, ...] = ()
    captures: dict[str, Capture] = field(default_factory=dict)
    output: bytes = b""
    services: list[Any] = field(default_factory=list)
    exit: ExitStatus | None = None
    last: Snapshot | None = None
    """The last screen that was not blank, at the end or where the driver looked: leaving clears many a screen."""

    def note_mark(self, op: str, raw_end: int, screen: Snapshot) -> None:
        """The driver looked at this screen."""
        if op.startswith(CAPTURE):
            name = op.removeprefix(CAPTURE)
            self.captures[name] = Capture(name, raw_end, screen)
        self.note_screen(screen)

    def note_screen(self, screen: Snapshot) -> None:
        """This screen was there, after all others so far."""
        if self.last is None or any(text.strip() for text in screen.text):
            self.last = screen

    @cached_property
    def text(self) -> OutputText:
        """The output as text."""
        return OutputText(self.output)

    def file_records(self, name: str) -> list[tuple[int, Any]]:
        """What a file of the harness held: the index of each service event, and the record."""
        return [
            (index, payload.get("data"))
            for index, payload in enumerate(self.services)
            if isinstance(payload, Mapping)
            and payload.get("type") == EVIDENCE_FILE
            and payload.get("file") == name
        ]


def recorded_of(
    events: Iterable[Event], *, size: Size, emulator: str, argv: tuple[str, ...] = ()
) -> Recorded:
    """What events show, drawn by an emulator of that name (or the one at hand) from `size` on."""
    drawing = emulator_at_hand(emulator, size)
    made = Recorded(argv)
    output = bytearray()
    for event in events:
        if isinstance(event, Output):
            drawing.feed(event.data)
            drawing.replies()
            output += event.data
        elif isinstance(event, Input):
            if event.kind == "resize" and event.size is not None and is_size(event.size):
                drawing.resize(columns=event.size.columns, rows=event.size.rows)
            elif event.kind == "mark" and event.op:
                made.note_mark(event.op, len(output), drawing.snapshot())
        elif isinstance(event, ServiceEvent):
            made.services.append(event.payload)
        elif isinstance(event, Final):
            made.exit = event.exit
    made.output = bytes(output)
    made.note_screen(drawing.snapshot())
    return made


def recorded_of_tape(tape: Cassette) -> Recorded:
    """What an open cassette shows."""
    manifest = tape.manifest
    return recorded_of(
        tape.events(), size=tape.size, emulator=manifest.terminal.emulator.name, argv=manifest.command.argv
    )
