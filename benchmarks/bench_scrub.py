"""Secrets: what is missed, what is wrongly taken, the linear pass against stock pyte on the same bytes, memory.

By the views that need no terminal. Samples are made up; real streams are read where they are at hand.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyte

from benchmarks.figures import Figure, Missing, in_turns
from cassette.format.lines import output_body
from cassette.model import OUTPUT, Output, Size
from cassette.recording.scrubbing import ScrubPlan, scrub_recording
from cassette.recording.spooled import Observed
from scrub.documents import flatten
from scrub.escapes import text_views
from scrub.finder import find
from scrub.hidden import Discipline, InputFacts, hidden_by, hidden_line, hidden_values
from scrub.known import KnownValue
from scrub.rows import RowJoiner
from scrub.scrubber import Scrubber, SecretsLeft
from scrub.table import default_rules
from scrub.typed import typed_views
from scrub.views import View, plain_view

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "data" / "scrub"
SHARED = ROOT.parent / "shared"
MB = 1_000_000
TURNS = 3
MEMORY_SIZE = 16 * MB


def figures() -> Iterator[Figure | Missing]:
    """Recall, hazards, false positives, speed, memory."""
    yield from recall()
    yield from hazards()
    streams = real_streams()
    if not streams:
        yield Missing("real streams", "the folder with real terminal output is not here")
        return
    yield from false_positives(streams)
    yield from speed(streams)
    yield memory(b"".join(streams.values()))


def samples(name: str, *elsewhere: str) -> list[dict[str, Any]]:
    """The records of a sample file, the whole one where it is at hand."""
    whole = SHARED.joinpath(*elsewhere)
    path = whole if whole.exists() else SAMPLES / name
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def real_streams() -> dict[str, bytes]:
    """Real programs' output, by name."""
    return {path.stem: path.read_bytes() for path in sorted((SHARED / "terminal" / "streams").glob("*.raw"))}


def share(part: int, whole: int) -> float:
    """Percent."""
    return 100 * part / whole if whole else 0.0


def recall() -> Iterator[Figure]:
    """Secrets that no rule covers whole, by tier, and look-alikes that one takes."""
    rules = default_rules()
    total: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for record in samples("dev.jsonl", "scrub", "dev.jsonl"):
        text, secret = record["context"].encode(), record["secret"].encode()
        tier = record["tier"] if record["is_secret"] else "benign"
        matches = find(rules, text)
        at = text.find(secret)
        covered = any(match.start <= at and match.end >= at + len(secret) for match in matches)
        total[tier] += 1
        wrong[tier] += bool(matches) if tier == "benign" else not covered
    for tier, aim in (("prefix", 1.0), ("context", 5.0)):
        note = f"{total[tier] - wrong[tier]} of {total[tier]} found"
        yield Figure(f"secrets of the {tier} tier missed", [share(wrong[tier], total[tier])], aim, "%", note)
    yield Figure(
        "look-alikes taken", [share(wrong["benign"], total["benign"])], 0.0, "%", f"of {total['benign']}"
    )


def hazards() -> Iterator[Figure]:
    """Terminal cases of which something is left, without any view that needs a terminal."""
    records = samples("hazards.jsonl", "scrub", "hazards_dev.jsonl")
    for known in (False, True):
        total: Counter[str] = Counter()
        left: Counter[str] = Counter()
        for record in records:
            family = "random" if record["id"].startswith("fuzz") else "designed"
            total[family] += 1
            left[family] += not hazard_is_clean(record, known=known or record["needs_known"])
        for family in ("designed", "random"):
            name = f"{family} hazards left in these views, {'value known' if known else 'by patterns'}"
            note = f"{total[family] - left[family]} of {total[family]} clean"
            yield Figure(name, [share(left[family], total[family])], None, "%", note)


def hazard_is_clean(record: Mapping[str, Any], *, known: bool) -> bool:
    """Whether nothing of a case's secret is left in any view after scrubbing, and something was covered."""
    typed, hidden = typed_and_hidden(record)
    flat = flatten(record["meta"])
    streams = {"output": base64.b64decode(record["raw_b64"]), "input": typed, "meta": flat.text}
    values = hidden_values(hidden) if hidden else []
    if known:
        values.append(KnownValue(record["secret"].encode(), "known", "environment:NAME"))
    try:
        result = Scrubber(known=values).scrub(streams, every_view)
    except SecretsLeft:
        return False
    assert all(len(result.streams[name]) == len(data) for name, data in streams.items())
    secret = record["secret"].encode()
    seen = [view.text for view in every_view(result.streams)]
    return bool(hidden or result.counts.total) and not any(secret in text for text in seen)


def typed_and_hidden(record: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The input as it would be kept, and what of it the line discipline hid: `noecho` gives stretches of it."""
    data = b"".join(base64.b64decode(part) for part in record["inputs_b64"])
    hidden = b"".join(data[start:end] for start, end in record["noecho"])
    blind = InputFacts(0, Discipline(0, echo=False, canonical=True))
    if not hidden or hidden_by(blind) is None:
        return data, b""
    return data.replace(hidden, b"".join(hidden_line(hidden))), hidden


def every_view(streams: Mapping[str, bytes]) -> Iterator[View]:
    """The views that need no terminal."""
    yield from text_views("output", streams["output"])
    if "input" in streams:
        yield from typed_views("input", streams["input"])
        yield plain_view("metadata", "meta", streams["meta"])


def false_positives(streams: Mapping[str, bytes]) -> Iterator[Figure]:
    """What the rules take in real output, which has no secrets, per megabyte."""
    rules = default_rules()
    rows = RowJoiner(rules)
    taken: Counter[str] = Counter()
    for data in streams.values():
        for view in text_views("output", data):
            taken.update(match.rule.tier for match in find(rules, view.text, view.seams))
            for joined in rows.views(view) if view.kind == "text" else ():
                taken["joined rows"] += len(find(rules, joined.text, joined.seams))
    size = sum(map(len, streams.values())) / MB
    for tier, aim in (("prefix", 0.5), ("context", 2.0), ("joined rows", 1.0)):
        note = f"{taken[tier]} in {size:.1f} MB"
        yield Figure(f"false positives, {tier}", [taken[tier] / size], aim, "/MB", note)


def speed(streams: Mapping[str, bytes]) -> Iterator[Figure]:
    """The linear pass (views that need no terminal, rules, sweep) and the whole scrub with them, against pyte."""
    taken = [data for data in streams.values() if pyte_takes(data)]
    size = sum(map(len, taken)) / MB
    known = [KnownValue(b"a-value-that-is-not-there", "known", "environment:NAME")]

    def peer() -> float:
        return seconds(lambda: [feed_pyte(data) for data in taken])

    def linear() -> float:
        return seconds(lambda: [linear_pass(Scrubber(known=known), data) for data in taken])

    secret = b"\r\nsk-ant-api03-" + b"Qm7Zt0vB4xKc9RwL2pYd8HsJ6nTf3GaE5uVi1oXk" + b"\r\n"

    def whole() -> float:
        return seconds(lambda: [Scrubber().scrub({"output": data + secret}, every_view) for data in taken])

    for name, ours, aim in (
        ("linear pass / pyte", linear, 1 / 20),
        ("scrub and check, no terminal / pyte", whole, None),
        ("whole scrub with check, nothing found / pyte", lambda: recordings(taken, b""), 1 / 1.5),
        ("whole scrub with check, a secret found / pyte", lambda: recordings(taken, secret), 1 / 1.5),
    ):
        ratios, mine, theirs = in_turns(ours, peer, turns=TURNS)
        rates = (
            f"{size / min(mine):.1f} MB/s, pyte {size / min(theirs):.2f} MB/s: {1 / min(ratios):.0f} times"
        )
        yield Figure(name, ratios, aim, "x", rates)


def recordings(taken: list[bytes], secret: bytes) -> float:
    """Scrub whole recordings in every view, the screen's too, with all checks."""
    plan = ScrubPlan(Size(80, 24))
    evidence = [[observed_chunk(data + secret)] for data in taken]
    return seconds(lambda: [scrub_recording(lambda events=events: events, plan) for events in evidence])  # type: ignore[misc]


def observed_chunk(data: bytes) -> Observed:
    """Output as one read gave it."""
    return Observed(Output(0, 0, data), OUTPUT, output_body(0, 0, len(data), sha256(data).hexdigest()))


def seconds(work: Callable[[], object]) -> float:
    """Of this process alone: both sides are pure work, and other processes must not count."""
    start = time.process_time()
    work()
    return time.process_time() - start


def linear_pass(scrubber: Scrubber, data: bytes) -> None:
    """Read, discover and sweep once."""
    views = scrubber.completed(text_views("output", data), {"output": data})
    scrubber.discover(views)
    scrubber.sweep(views)


def feed_pyte(data: bytes) -> None:
    """Stock pyte."""
    pyte.ByteStream(pyte.Screen(80, 24)).feed(data)


def pyte_takes(data: bytes) -> bool:
    """Stock pyte fails on private forms that it does not know; only streams that it reads are compared."""
    try:
        feed_pyte(data)
    except TypeError:
        return False
    return True


def memory(data: bytes) -> Figure:
    """The peak of a process that scrubs 16 MB in the views that need no terminal, over those 16 MB."""
    program = (
        "import resource, sys\n"
        "from benchmarks.bench_scrub import every_view\n"
        "from scrub.scrubber import Scrubber\n"
        "data = sys.stdin.buffer.read()\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "Scrubber().scrub({'output': b'x'}, every_view)\n"
        "before = peak()\n"
        "Scrubber().scrub({'output': data}, every_view)\n"
        "print((peak() - before) / len(data))\n"
    )
    secret = b"\r\nghp_q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5uVi1\r\n"
    grown = (data * (MEMORY_SIZE // len(data) + 1))[:MEMORY_SIZE] + secret
    done = subprocess.run(
        [sys.executable, "-c", program], input=grown, capture_output=True, check=True, cwd=ROOT
    )
    return Figure(
        "memory of a scrub, no terminal / output",
        [float(done.stdout)],
        12.0,
        "x",
        f"{len(grown) / MB:.0f} MB",
    )
