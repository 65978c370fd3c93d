"""The steps of a probe against its own recording: a replayed session stands for the harness. Nothing is started."""

from __future__ import annotations

from cassette.errors import CassetteError
from cassette.harness.adapter import Adapter, Probe
from cassette.reading.reader import Cassette
from terminal.snapshot import Snapshot


def walk(adapter: Adapter, probe: Probe, tape: Cassette) -> None:
    """Wait until it is ready, take the steps of the probe, leave it. Raises what a replay that differs raises.

    Boxes that were left on the way are not looked for: a recording that has some stops where they were left.
    """
    with tape.session() as session:
        ready = adapter.start.ready
        if probe.kind == "screen" and ready is not None:

            def is_ready(screen: Snapshot) -> bool:
                return ready.holds("\n".join(screen.text))

            session.wait_for(is_ready)
            session.wait_for_stable(quiet_ms=adapter.start.stable_ms)
        for number, step in enumerate(probe.steps, 1):
            try:
                step.act(session)
            except CassetteError as error:
                error.add_note(f"(step {number} of {adapter.harness}/{probe.name}: {step.verb})")
                raise
        for step in adapter.start.quit if probe.kind == "screen" else ():
            step.act(session)
        session.wait()
