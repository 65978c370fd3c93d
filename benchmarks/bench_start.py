"""`cassette --help` against the bare interpreter: what everybody pays before anything happens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figures import Figure, in_turns, seconds

TURNS = 21


def figures() -> Iterator[Figure]:
    """Each of 21 turns starts one process of either kind."""

    def start(*arguments: str) -> float:
        command = [sys.executable, *arguments]
        return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))

    ratios, ours, bare = in_turns(
        lambda: start("-m", "cassette", "--help"), lambda: start("-c", "pass"), turns=TURNS
    )
    note = f"{min(ours) * 1000:.0f} ms against {min(bare) * 1000:.0f} ms at best"
    yield Figure("cassette --help / python -c pass", ratios, aim=3, note=note)
