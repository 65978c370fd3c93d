"""Recordings made by hand, for the tests of whole scrubs: what was observed, and every way to read the result."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from cassette.format import lines
from cassette.model import (
    FINAL,
    INPUT,
    OUTPUT,
    SERVICE_EVENTS,
    Evidence,
    Final,
    Input,
    Output,
    ServiceEvent,
    Size,
)
from cassette.scrubbing.whole import ScrubbedRecording, ScrubPlan, scrub_recording
from cassette.store.spooled import Observed
from scrub.environment import Taken
from scrub.escapes import text_views
from scrub.known import KnownValue
from scrub.typed import typed_views
from terminal.exit_status import ExitStatus
from terminal.played import Played
from terminal.provenance import Text, texts

SIZE = Size(80, 24)


def observed(events: Iterable[Evidence]) -> list[Observed]:
    """Events as a spool gives them."""
    found, offset = [], 0
    for event in events:
        if isinstance(event, Output):
            body = lines.output_body(event.t_ms, offset, len(event.data), sha256(event.data).hexdigest())
            found.append(Observed(Output(0, event.t_ms, event.data, offset), OUTPUT, body))
            offset += len(event.data)
        elif isinstance(event, Input):
            found.append(Observed(event, INPUT, lines.input_body(event)))
        elif isinstance(event, ServiceEvent):
            found.append(Observed(event, SERVICE_EVENTS, lines.service_body(event)))
        else:
            found.append(Observed(event, FINAL, lines.final_body(event)))
    return found


def outputs(chunks: Iterable[bytes]) -> list[Evidence]:
    """A program that only writes, and ends well."""
    events: list[Evidence] = [Output(0, t_ms, data) for t_ms, data in enumerate(chunks)]
    return [*events, Final(0, len(events), ExitStatus(0), len(events))]


def known(*values: bytes) -> Taken:
    """Values from an environment that is made up."""
    return Taken(tuple(KnownValue(value, "environment", "environment:NAME") for value in values))


def scrubbed(
    events: Sequence[Evidence], *values: bytes, size: Size = SIZE, **facts: Any
) -> ScrubbedRecording:
    """Scrub a recording of these events."""
    evidence = observed(events)
    return scrub_recording(lambda: evidence, ScrubPlan(size, known(*values), **facts))


def output_of(recording: ScrubbedRecording) -> bytes:
    """The whole output."""
    return b"".join(found.event.data for found in recording.events() if isinstance(found.event, Output))


def input_of(recording: ScrubbedRecording) -> bytes:
    """All bytes of input."""
    return b"".join(found.event.data for found in recording.events() if isinstance(found.event, Input))


def readings(output: bytes, size: Size = SIZE) -> list[str]:
    """Every text that stood on the screen, with whatever may be joined to each word of it."""
    found: list[Text] = []

    def words(text: str) -> list[tuple[int, bool]]:
        return [
            (at, "box") for at in range(len(text)) if text[at] != " " and (at == 0 or text[at - 1] in " │|")
        ]

    texts(Played.of([output], columns=size.columns, rows=size.rows), worth=words, take=found.append)
    return [text.text for text in found]


def everything(recording: ScrubbedRecording, size: Size = SIZE) -> list[str]:
    """Every text that a reader of the recording could see, whichever way they look."""
    output, typed = output_of(recording), input_of(recording)
    views = [*text_views("output", output), *typed_views("input", typed)]
    seen = [view.text.decode("utf-8", "replace") for view in views]
    bodies = [found.body.decode() for found in recording.events()]
    return [
        *seen,
        *readings(output, size),
        output.decode("utf-8", "replace"),
        *bodies,
        repr(recording.documents),
    ]


def hazard(record: Mapping[str, Any]) -> list[Evidence]:
    """The events of a hazard: its inputs with what the line discipline hid, then its output in its chunks."""
    raw, at, events = base64.b64decode(record["raw_b64"]), 0, list[Evidence]()
    for encoded in record["inputs_b64"]:
        data = base64.b64decode(encoded)
        hidden = any(start <= at < end for start, end in record["noecho"])
        events.append(Input(0, 0, "mode", mode={"echo": not hidden, "icanon": True}))
        events.append(Input(0, 0, "input", data, source="user"))
        at += len(data)
    offset = 0
    for length in record["chunks"]:
        events.append(Output(0, 1000, raw[offset : offset + length]))
        offset += length
    assert offset == len(raw)
    return [*events, Final(0, 2000, ExitStatus(0), 2000)]
