"""What the benchmark of scrubbing reads: samples, terminal cases, real output with the size it was made for.

The repository has small ones. `CASSETTE_SCRUB_DATA` names a folder with larger `dev.jsonl` and `hazards_dev.jsonl`,
`CASSETTE_STREAMS` folders (with `:` between them) of `NAME.raw` beside `NAME.json` (`columns`, `rows`).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyte

from cassette.errors import CassetteError
from cassette.format.lines import final_body, input_body, output_body
from cassette.model import FINAL, INPUT, OUTPUT, Final, Input, Output, Size
from cassette.scrubbing.whole import ScrubPlan, scrub_recording
from cassette.store.spooled import Observed
from scrub.environment import Taken
from scrub.escapes import text_views
from scrub.forms import forms_of
from scrub.known import KnownValue
from scrub.typed import typed_views
from terminal.exit_status import ExitStatus
from terminal.looking import Beginning
from terminal.played import Played
from terminal.provenance import Text, texts

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "data" / "scrub"
STREAMS = ROOT / "tests" / "data" / "terminal" / "streams"


@dataclass(frozen=True, slots=True)
class Stream:
    """A real program's output."""

    name: str
    data: bytes
    size: Size

    def feed_pyte(self) -> None:
        """Into stock pyte."""
        pyte.ByteStream(pyte.Screen(self.size.columns, self.size.rows)).feed(self.data)


def samples(name: str, whole: str) -> list[dict[str, Any]]:
    """The records of a sample file, of the whole one where a folder with it is named."""
    folder = os.environ.get("CASSETTE_SCRUB_DATA")
    path = Path(folder) / whole if folder else SAMPLES / name
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def real_streams() -> list[Stream]:
    """All streams that are at hand."""
    folders = [Path(folder) for folder in os.environ.get("CASSETTE_STREAMS", str(STREAMS)).split(":")]
    return [_stream(path) for folder in folders for path in sorted(folder.glob("*.raw"))]


def _stream(path: Path) -> Stream:
    about = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return Stream(path.stem, path.read_bytes(), Size(about["columns"], about["rows"]))


def pyte_takes(stream: Stream) -> bool:
    """Stock pyte fails on private forms that it does not know; only streams that it reads are compared."""
    try:
        stream.feed_pyte()
    except TypeError:
        return False
    return True


def observed_output(data: bytes) -> Observed:
    """Output as one read gave it."""
    return Observed(Output(0, 0, data), OUTPUT, output_body(0, 0, len(data), sha256(data).hexdigest()))


def hazard_events(record: Mapping[str, Any]) -> list[Observed]:
    """A terminal case as a recording: its inputs with what the line discipline hid, its output in its chunks."""
    raw, at, found = base64.b64decode(record["raw_b64"]), 0, list[Observed]()
    for encoded in record["inputs_b64"]:
        data = base64.b64decode(encoded)
        hidden = any(start <= at < end for start, end in record["noecho"])
        for event in (
            Input(0, 0, "mode", mode={"echo": not hidden, "icanon": True}),
            Input(0, 0, "input", data, source="user"),
        ):
            found.append(Observed(event, INPUT, input_body(event)))
        at += len(data)
    offset = 0
    for length in record["chunks"]:
        found.append(observed_output(raw[offset : offset + length]))
        offset += length
    final = Final(0, 2000, ExitStatus(0), 2000)
    return [*found, Observed(final, FINAL, final_body(final))]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case came out. `moved`: a length or a cell's width is another than before."""

    clean: bool
    moved: bool = False


def scrubbed_hazard(record: Mapping[str, Any], *, known: bool) -> Outcome:
    """Scrub a case, by patterns or with its value known, and read the result in every view."""
    events, size, secret = hazard_events(record), Size(record["cols"], record["rows"]), record["secret"]
    values = (KnownValue(secret.encode(), "known", "environment:NAME"),) if known else ()
    plan = ScrubPlan(size, known=Taken(values), documents={"manifest": record["meta"] or {}})
    try:
        result = scrub_recording(lambda: events, plan)
    except CassetteError:
        return Outcome(clean=False)
    after = [seen.event for seen in result.events()]
    output = b"".join(event.data for event in after if isinstance(event, Output))
    typed = b"".join(event.data for event in after if isinstance(event, Input))
    seen = [*readings(output, typed, size), repr(result.documents)]
    forms = [form.decode("utf-8", "replace") for form in forms_of(secret.encode())] if known else [secret]
    clean = not any(form in text for form in forms for text in seen)
    before = [seen.event for seen in events if isinstance(seen.event, Output)]
    lengths = [len(event.data) for event in after if isinstance(event, Output)]
    moved = lengths != [len(event.data) for event in before]
    return Outcome(clean and result.report.status == "scrubbed", moved)


def readings(output: bytes, typed: bytes, size: Size) -> Iterator[str]:
    """Every text that a reader of the result could see."""
    for view in (*text_views("output", output), *typed_views("input", typed)):
        yield view.text.decode("utf-8", "replace")
    yield output.decode("utf-8", "replace")
    shown: list[Text] = []
    texts(Played.of([output], columns=size.columns, rows=size.rows), worth=_words, take=shown.append)
    yield from (text.text for text in shown)


def _words(text: str) -> list[Beginning]:
    return [(at, "box") for at in range(len(text)) if text[at] != " " and (at == 0 or text[at - 1] in " │|")]
