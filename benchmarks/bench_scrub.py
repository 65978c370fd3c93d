"""Secrets: what is missed, what is wrongly taken, the linear pass and whole scrubs against stock pyte, memory.

Samples are made up. `CASSETTE_SCRUB_DATA` and `CASSETTE_STREAMS` name more of them; see `scrub_cases.py`. Streams
are fed to both sides at the size that they were made for: at another one lines of different moments mix.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, Missing, in_turns
from benchmarks.scrub_cases import Stream, observed_output, pyte_takes, real_streams, samples, scrubbed_hazard
from cassette.scrubbing.beginnings import Beginnings
from cassette.scrubbing.screen_texts import screen_texts
from cassette.scrubbing.whole import ScrubPlan, scrub_recording
from scrub.escapes import text_views
from scrub.finder import find
from scrub.known import KnownValue
from scrub.scrubber import Scrubber
from scrub.table import default_rules
from scrub.views import View
from terminal.played import Played

ROOT = Path(__file__).parent.parent
MB = 1_000_000
TURNS = 3
MEMORY_SIZE = 4 * MB
SECRET = b"\r\nsk-ant-api03-Qm7Zt0vB4xKc9RwL2pYd8HsJ6nTf3GaE5uVi1oXk\r\n"
PAINTED = b"\x1b[H\x1b[2Jsk-ant-api03-Qm7\x1b[3;1Hx\x1b[1;18HZt0vB4xKc9RwL2pYd8HsJ6nTf3GaE5uVi1oXk\r\n"
ENOUGH = 20 * MB


def figures() -> Iterator[Figure | Missing]:
    """Recall, hazards, false positives, speed, memory."""
    yield from recall()
    yield from hazards()
    streams = real_streams()
    yield from false_positives(streams)
    yield from speed([stream for stream in streams if pyte_takes(stream)])
    yield memory(b"".join(stream.data for stream in streams))


def share(part: int, whole: int) -> float:
    """Percent."""
    return 100 * part / whole if whole else 0.0


def recall() -> Iterator[Figure]:
    """Secrets that no rule covers whole, by tier, and look-alikes that one takes."""
    rules = default_rules()
    total: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for record in samples("dev.jsonl", "dev.jsonl"):
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
    """Terminal cases of which something is left, in every view; and what the rewriting moved."""
    records = samples("hazards.jsonl", "hazards_dev.jsonl")
    moved = 0
    for known in (False, True):
        total: Counter[str] = Counter()
        left: Counter[str] = Counter()
        for record in records:
            if record["needs_known"] and not known:
                continue
            family = "random" if record["id"].startswith("fuzz") else "designed"
            outcome = scrubbed_hazard(record, known=known)
            total[family] += 1
            left[family] += not outcome.clean
            moved += outcome.moved
        for family, most in (("designed", 10.0), ("random", 2.0)):
            name = f"{family} hazards left, {'value known' if known else 'by patterns'}"
            note = f"{total[family] - left[family]} of {total[family]} clean"
            yield Figure(name, [share(left[family], total[family])], 0.0 if known else most, "%", note)
    # A cursor that moved is an error of scrubbing itself (ScrubMovedCells), and counts as left above.
    yield Figure("chunks of another length", [float(moved)], 0.0, "", "in all hazards")


def false_positives(streams: Sequence[Stream]) -> Iterator[Figure]:
    """What the rules take in real output, which has no secrets: in all views, each value of a stream once."""
    taken: Counter[str] = Counter()
    for stream in streams:
        scrubber, seen = Scrubber(), set[bytes]()
        for view in every_view(scrubber, stream):
            rules = scrubber.rules.for_raw if view.kind == "raw" else scrubber.rules
            for match in find(rules, view.text, view.seams):
                value = view.text[match.start : match.end]
                if value not in seen:
                    seen.add(value)
                    taken["joined rows" if "joined" in view.kind else match.rule.tier] += 1
    size = sum(len(stream.data) for stream in streams)
    for tier, most in (("prefix", 10), ("context", 40), ("joined rows", 20)):
        note = f"{taken[tier]} in {size / MB:.1f} MB; the aim is {most} in {ENOUGH // MB} MB"
        yield Figure(f"false positives, {tier}", [taken[tier] / size * MB], most / ENOUGH * MB, "/MB", note)


def every_view(scrubber: Scrubber, stream: Stream) -> list[View]:
    """The views of an output, the screen's too."""
    linear = scrubber.completed(text_views("output", stream.data), {"output": stream.data})
    worth = Beginnings(scrubber.rules, scrubber.book)
    played = Played(stream.size.columns, stream.size.rows, [len(stream.data)], stream.data)
    screen = screen_texts(played, worth, scrubber.book)
    return [*(view for view in linear if view.discover), *screen.views]


def speed(streams: Sequence[Stream]) -> Iterator[Figure]:
    """The linear pass (views that need no terminal, rules, sweep) and whole scrubs with all checks, against pyte."""
    size = sum(len(stream.data) for stream in streams) / MB
    known = [KnownValue(b"a-value-that-is-not-there", "known", "environment:NAME")]

    def peer() -> float:
        return seconds(lambda: [stream.feed_pyte() for stream in streams])

    def linear() -> float:
        return seconds(lambda: [linear_pass(Scrubber(known=known), stream.data) for stream in streams])

    recordings(streams, PLANTED["a secret at the end"])  # what is built once
    aim = 1 / 1.5
    jobs: list[tuple[str, Callable[[], float], float | None]] = [("linear pass / pyte", linear, 1 / 20)]
    for where, plant in PLANTED.items():
        most = None if where == TEN else aim
        jobs.append((f"whole scrub, {where} / pyte", partial(recordings, streams, plant), most))
    for name, ours, most in jobs:
        ratios, mine, theirs = in_turns(ours, peer, turns=TURNS)
        times = 1 / sorted(ratios)[len(ratios) // 2]
        note = f"{size / min(mine):.1f} MB/s, pyte {size / min(theirs):.2f} MB/s: {times:.1f} times its speed"
        yield Figure(name, ratios, most, "x", note)


def recordings(streams: Sequence[Stream], plant: Callable[[bytes], bytes]) -> float:
    """Scrub whole recordings in every view, the screen's too, with all checks; each with what is planted in it."""
    jobs = [([observed_output(plant(stream.data))], ScrubPlan(stream.size)) for stream in streams]
    return seconds(lambda: [scrub_recording(lambda events=events: events, plan) for events, plan in jobs])  # type: ignore[misc]


def planted(data: bytes, count: int) -> bytes:
    """An output with different secrets in it, wherever they fall, but in no sequence or character."""
    parts, at = list[bytes](), 0
    for number in range(count):
        escape = data.find(b"\x1b", max(at, len(data) * (2 * number + 1) // (2 * count)))
        end = escape if escape >= 0 else len(data)
        parts += [data[at:end], b" ", SECRET.strip()[:-3], b"%03d " % number]
        at = end
    return b"".join([*parts, data[at:]])


TEN = "ten secrets"
PLANTED: dict[str, Callable[[bytes], bytes]] = {
    "nothing found": lambda data: data,
    "a secret at the end": lambda data: data + SECRET,
    "at the start": lambda data: SECRET + data,
    "in the middle": lambda data: planted(data, 1),
    "on the screen alone": lambda data: data + PAINTED,
    TEN: lambda data: planted(data, 10),
}


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


def memory(data: bytes) -> Figure:
    """The peak of a process that scrubs an output with all checks, over that output."""
    program = (
        "import re, sys\n"
        "from benchmarks.scrub_cases import observed_output\n"
        "from cassette.model import Size\n"
        "from cassette.scrubbing.whole import ScrubPlan, scrub_recording\n"
        "data = sys.stdin.buffer.read()\n"
        "peak = lambda: 1024 * int(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])\n"
        "scrub = lambda events: scrub_recording(lambda: events, ScrubPlan(Size(80, 24)))\n"
        "scrub([observed_output(b'x')])\n"
        "events = [observed_output(data[at : at + 4096]) for at in range(0, len(data), 4096)]\n"
        "before, size = peak(), len(data)\n"
        "del data\n"
        "scrub(events)\n"
        "print((peak() - before) / size)\n"
    )
    secret = b"\r\nghp_q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5uVi1\r\n"
    grown = (data * (MEMORY_SIZE // len(data) + 1))[:MEMORY_SIZE] + secret
    done = subprocess.run(
        [sys.executable, "-c", program], input=grown, capture_output=True, check=True, cwd=ROOT
    )
    return Figure(
        "memory of a whole scrub / output", [float(done.stdout)], 12.0, "x", f"{len(grown) / MB:.0f} MB"
    )
