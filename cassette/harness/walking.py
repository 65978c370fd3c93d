"""The steps of a probe against its own recording: a replayed session stands for the harness. Nothing is started."""

from __future__ import annotations

from cassette.harness.adapter import Adapter, Probe
from cassette.harness.driving import Driver
from cassette.reading.reader import Cassette


def walk(adapter: Adapter, probe: Probe, tape: Cassette) -> list[str]:
    """Wait until it is ready, take the steps of the probe, leave it; what was done, boxes that were left included.

    Raises StepsFailed where the recording has no such step, and what a replay that differs raises at its end.
    """
    with tape.session() as session:
        driver = Driver(adapter, session, probe.timeout)
        if probe.kind == "screen":
            driver.until_ready()
        driver.run(probe.steps)
        if probe.kind == "screen":
            driver.quit()
        session.wait()
    return driver.done
