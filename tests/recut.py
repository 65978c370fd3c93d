"""The same recording with its output cut elsewhere: what one read returned is chance, and must change nothing."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from build_cassette import EVENT_FILES, line_of, with_seal, write

Line = tuple[str, dict[str, Any]]


def recut(
    source: Path, target: Path, seed: int, *, without: Callable[[dict[str, Any]], bool] = lambda event: False
) -> Path:
    """A copy of a cassette: chunks of one moment merged, or cut at places that the seed says; sealed again.

    The events that `without` picks are left out.
    """
    chance = random.Random(seed)
    raw = (source / "output.raw").read_bytes()
    events = [
        (name, json.loads(line))
        for name in (*EVENT_FILES, "final.json")
        for line in (source / name).read_bytes().splitlines()
        if not without(json.loads(line))
    ]
    events.sort(key=lambda item: item[1]["seq"])
    files = {path.name: path.read_bytes() for path in source.iterdir()}
    files |= dict.fromkeys((*EVENT_FILES, "final.json"), b"")
    for seq, (name, event) in enumerate(_cut(_merged(events), chance), 1):
        if name == "output.jsonl":
            chunk = raw[event["offset"] : event["offset"] + event["length"]]
            event["sha256"] = hashlib.sha256(chunk).hexdigest()
        files[name] += line_of(**(event | {"seq": seq}))
    return write(target, with_seal(files) if "seal.json" in files else files)


def _merged(events: list[Line]) -> list[Line]:
    """Outputs of one moment with nothing between them as one."""
    merged: list[Line] = []
    for name, event in events:
        last = merged[-1] if merged else None
        if last and name == last[0] == "output.jsonl" and event["t_ms"] == last[1]["t_ms"]:
            last[1]["length"] += event["length"]
        else:
            merged.append((name, dict(event)))
    return merged


def _cut(events: list[Line], chance: random.Random) -> list[Line]:
    cut: list[Line] = []
    for name, event in events:
        if name != "output.jsonl":
            cut.append((name, event))
            continue
        start, end = event["offset"], event["offset"] + event["length"]
        places = sorted(chance.randrange(start, end + 1) for _ in range(chance.randrange(6)))
        for low, high in zip([start, *places], [*places, end], strict=True):
            cut.append((name, event | {"offset": low, "length": high - low}))
    return cut
