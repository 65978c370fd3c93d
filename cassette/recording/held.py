"""What is recorded in a test stays in the spool until the test has passed: then it is saved, else thrown away.

Secrets are taken out when it is saved, as in every recording; where that fails, nothing is saved, and the test fails.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from cassette.errors import (
    CassetteError,
    CassetteExists,
    ScrubMovedCells,
    SecretsWouldLeak,
    TooLongToScrub,
)
from cassette.recording.live import LiveSession
from cassette.store.spool import discard_spool

_SHOWN_FRAMES = 5


@dataclass
class Held:
    """A recording that is not published. `replaces` says whether an older cassette at `path` gives way."""

    path: Path
    session: LiveSession
    keep: bool
    replaces: bool
    done: bool = False

    def save(self) -> bool:
        """Publish it; False where another test was first. Raises what `Recorder.close` raises; the spool stays then."""
        recorder = self.session.recorder
        if not self.replaces and self.path.exists():
            self.discard()
            return False
        self.done = True
        try:
            recorder.close()
        except CassetteExists:
            if not recorder.spool.in_memory:
                discard_spool(recorder.spool.id)
            return False
        return True

    def discard(self) -> None:
        """Throw it away."""
        if not self.done:
            self.done = True
            with contextlib.suppress(CassetteError):
                self.session.recorder.discard()

    def trace(self, place: Path) -> str | None:
        """Publish it at another place; or throw it away, and say why."""
        self.done = True
        recorder = self.session.recorder
        recorder.spool.target = place.absolute()
        try:
            recorder.close()
        except (SecretsWouldLeak, ScrubMovedCells, TooLongToScrub) as error:
            if not recorder.spool.in_memory:
                discard_spool(recorder.spool.id)
            return str(error)
        return None


def last_screens(path: Path) -> str:
    """The last settled frames of a cassette, as text, each with its moment."""
    from cassette.reading.reader import open as open_cassette
    from cassette.viewing.picture import picture

    with open_cassette(path) as tape:
        frames = list(tape.frames())[-_SHOWN_FRAMES:]
    return "\n".join(f"{frame.t_ms / 1000:.3f} s\n{picture(frame.screen)}\n" for frame in frames)
