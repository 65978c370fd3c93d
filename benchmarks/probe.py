"""One recording in a process of its own, measured: `python -m benchmarks.probe WHAT TARGET COMMAND…`.

WHAT is `publish`, `discard`, or `stream`: publish what was scrubbed as it came. Prints JSON: `to_exit_s` is from before
the spawn to the end of the loop, `publish_s` what comes after, `scrub_s` that part of it in which secrets are taken
out; `hwm_…` are the highest memory of this process until then (VmHWM), in bytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from cassette.recording import finish
from cassette.recording.starting import record


def highest_memory() -> int:
    """VmHWM of this process, in bytes; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def timed(module: object, name: str) -> list[float]:
    """Seconds of every call of a function from now on."""
    taken: list[float] = []
    function = getattr(module, name)

    def measured(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            taken.append(time.perf_counter() - start)

    setattr(module, name, measured)
    return taken


def main(what: str, target: str, command: list[str]) -> None:
    """Record to the end, forwarding the output to nowhere as a peer does."""
    nowhere = os.open(os.devnull, os.O_WRONLY)

    def forward(data: bytes) -> None:
        os.write(nowhere, data)

    scrubbing = timed(finish, "scrub_spool")
    start = time.perf_counter()
    session = record(target, command, on_output=forward, stream=what == "stream")
    session.await_end()
    ended = time.perf_counter()
    hwm_recording = highest_memory()
    if what != "discard":
        session.close()
    else:
        session.recorder.discard()
    published = time.perf_counter()
    print(
        json.dumps(
            {
                "to_exit_s": ended - start,
                "publish_s": published - ended,
                "scrub_s": sum(scrubbing),
                "hwm_recording": hwm_recording,
                "hwm_published": highest_memory(),
                "output_bytes": session.recorder.output_bytes,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
