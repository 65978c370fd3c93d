"""Recording `cat` of 50 MB to the child's exit, against `script` and asciinema; memory; the publishing after it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Figure, Missing, in_turns, seconds
from benchmarks.scrub_cases import real_streams

MB = 2**20
TURNS = 9
STREAM_TURNS = 3
LARGE, SMALL, SAMPLE = 50 * MB, 5 * MB, MB


def figures() -> Iterator[Figure | Missing]:
    """Nine turns each; two more recordings are also published."""
    with TemporaryDirectory() as name:
        place = Path(name)
        large, small = (coloured_lines(place / f"{size}", size) for size in (LARGE, SMALL))

        def ours() -> float:
            return float(probe(place, large, what="discard")["to_exit_s"])

        yield against("script", ["script", "-q", "-c", f"cat {large}", "/dev/null"], ours, aim=1.5)
        cast = ["asciinema", "rec", "-q", "--overwrite", "-c", f"cat {large}", str(place / "cast")]
        yield against("asciinema rec", cast, ours, aim=None)
        published = [probe(place, large) for _ in range(2)]
        yield from memory(published[-1], probe(place, small))
        yield from publishing(published, large)
        yield shares("cat of 50 MB", published)
        screens = place / "screens"
        screens.write_bytes(
            max((stream.data for stream in real_streams()), key=lambda data: data.count(b"\x1b"))
        )
        size = f"{screens.stat().st_size / 1000:.0f} KB"
        yield shares(f"a full-screen program, {size}", [probe(place, screens) for _ in range(3)])
        yield from streamed(place, large, small)


def against(
    peer: str, command: list[str], ours: Any, *, aim: float | None, turns: int = TURNS
) -> Figure | Missing:
    """The ratio to a peer that records the same program."""
    name = f"cat of 50 MB / {peer}"
    if shutil.which(command[0]) is None:
        return Missing(name, f"{command[0]} is not installed")

    def run() -> float:
        return seconds(
            lambda: subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        )

    ratios, one, other = in_turns(ours, run, turns=turns)
    return Figure(name, ratios, aim, note=f"{min(one):.2f} s against {min(other):.2f} s at best")


def streamed(place: Path, large: Path, small: Path) -> Iterator[Figure | Missing]:
    """`--stream`: the program waits for its output to be scrubbed, and memory stays flat."""

    def stream() -> float:
        return float(probe(place, large, what="stream")["to_exit_s"])

    def whole() -> float:
        return float(probe(place, large, what="discard")["to_exit_s"])

    ratios, one, other = in_turns(stream, whole, turns=STREAM_TURNS)
    note = f"{min(one):.2f} s against {min(other):.2f} s at best"
    yield Figure("cat of 50 MB, --stream / without", ratios, note=note)
    script = ["script", "-q", "-c", f"cat {large}", "/dev/null"]
    yield against("script, --stream", script, stream, aim=None, turns=STREAM_TURNS)
    found = [probe(place, file, what="stream") for file in (large, small)]
    yield Figure("publishing 50 MB of --stream", [found[0]["publish_s"]], unit="s")
    if found[1]["hwm_published"]:
        hwm = [one["hwm_published"] for one in found]
        note = f"{hwm[0] / MB:.1f} MB against {hwm[1] / MB:.1f} MB"
        yield Figure(
            "memory of --stream, 50 MB / 5 MB, publishing included", [hwm[0] / hwm[1]], 1.2, note=note
        )


def memory(large: dict[str, Any], small: dict[str, Any]) -> Iterator[Figure]:
    """The recorder's highest memory with ten times the output; the spool is not in it."""
    for key, when in (("hwm_recording", "to the child's exit"), ("hwm_published", "publishing included")):
        if small[key]:
            note = f"{large[key] / MB:.1f} MB against {small[key] / MB:.1f} MB"
            yield Figure(f"memory, 50 MB / 5 MB, {when}", [large[key] / small[key]], aim=1.2, note=note)


def publishing(found: list[dict[str, Any]], large: Path) -> Iterator[Figure]:
    """Scrub, frames, seal and disk; apart, since nobody waits for it while the program runs."""
    took = [one["publish_s"] for one in found]
    yield Figure("publishing 50 MB", took, unit="s")
    yield Figure("publishing / recording", [one["publish_s"] / one["to_exit_s"] for one in found])
    sample = large.read_bytes()[:SAMPLE].replace(b"\n", b"\r\n")
    stock = [feed_stock_pyte(sample) * LARGE / len(sample) for _ in range(3)]
    name = "publishing / stock pyte feeding the same"
    note = f"pyte would need {min(stock):.0f} s, scaled up from 1 MB"
    yield Figure(name, [min(took) / one for one in stock], note=note)


def shares(what: str, found: list[dict[str, Any]]) -> Figure:
    """What part of `record`, from the spawn to the published cassette, goes into scrubbing."""
    parts = [one["scrub_s"] / (one["to_exit_s"] + one["publish_s"]) for one in found]
    return Figure(f"scrubbing's share of recording {what}", parts, note=f"{found[0]['scrub_s']:.2f} s")


def feed_stock_pyte(data: bytes) -> float:
    """Seconds that the emulator takes as it comes."""
    import pyte

    stream = pyte.ByteStream(pyte.Screen(80, 24))
    return seconds(lambda: stream.feed(data))


def probe(place: Path, file: Path, *, what: str = "publish") -> dict[str, Any]:
    """Record `cat file` in a process of its own, and do `what` (see `benchmarks.probe`) with it."""
    target = place / "tape"
    command = [sys.executable, "-m", "benchmarks.probe", what, str(target), "cat", str(file)]
    environment = {**os.environ, "XDG_STATE_HOME": str(place)}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment
    )
    result: dict[str, Any] = json.loads(done.stdout)
    expected = file.stat().st_size + file.read_bytes().count(b"\n")
    assert result["output_bytes"] == expected, "output is missing"
    shutil.rmtree(target, ignore_errors=True)
    return result


def coloured_lines(path: Path, size: int) -> Path:
    """A text of so many bytes, as a build or a log prints it: every fourth line has some colour."""
    with path.open("wb") as file:
        written = number = 0
        while written < size:
            line = b"[%07d] compiling module_%d.c with the usual flags and some more words" % (
                number,
                number % 977,
            )
            if number % 4 == 0:
                line += b" \x1b[1;32mok\x1b[0m \x1b[33m%d warnings\x1b[0m" % (number % 9)
            written += file.write(line + b"\n")
            number += 1
        file.truncate(size)
    return path
