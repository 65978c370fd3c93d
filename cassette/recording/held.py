"""What is recorded in a test stays in the spool until the test has passed: then it is saved, else thrown away.

A known secret is never saved: a recording that holds one is thrown away, and the test fails.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cassette.errors import CassetteError, CassetteExists
from cassette.model import Input, Output
from cassette.recording.live import LiveSession
from cassette.recording.spooled import SpooledRecording
from cassette.store.spool import discard_spool
from cassette.testing.callsite import shown_path

_SHORTEST_SECRET = 4
_SHOWN_FRAMES = 5


class SecretWouldLeak(CassetteError):
    """A recording holds the value of a secret that the test named."""

    template = (
        "the recording of {path} holds the value of {name} in {where}, and was thrown away. Type it with "
        "secret=True, and keep the program from showing it."
    )
    exit_code = 5


@dataclass
class Held:
    """A recording that is not published. `replaces` says whether an older cassette at `path` gives way."""

    path: Path
    argv: tuple[str, ...]
    session: LiveSession
    keep: bool
    replaces: bool
    done: bool = False

    def save(self, secrets: Mapping[str, str]) -> bool:
        """Publish it; False where another test was first. Raises SecretWouldLeak, CannotStore."""
        recorder = self.session.recorder
        leak = self._leak(secrets)
        if leak is not None or (not self.replaces and self.path.exists()):
            self.discard()
            if leak is not None:
                raise SecretWouldLeak(path=shown_path(self.path), name=leak[0], where=leak[1])
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

    def trace(self, place: Path, secrets: Mapping[str, str]) -> None:
        """Publish it at another place, with its last screens as text. One that holds a secret is thrown away."""
        if self._leak(secrets) is not None:
            self.discard()
            return
        self.done = True
        recorder = self.session.recorder
        recorder.spool.target = place.absolute()
        recorder.close()

    def _leak(self, secrets: Mapping[str, str]) -> tuple[str, str] | None:
        """The name of a secret that is in the recording, and where."""
        known = {
            name: value.encode("utf-8", "surrogateescape")
            for name, value in secrets.items()
            if len(value) >= _SHORTEST_SECRET
        }
        if not known:
            return None
        outputs, inputs, others = bytearray(), bytearray(), bytearray()
        for observed in SpooledRecording(self.session.recorder.spool).evidence():
            event = observed.event
            if isinstance(event, Output):
                outputs += event.data
            elif isinstance(event, Input):
                inputs += event.data
            else:
                others += observed.body + b"\n"
        words = "\0".join(self.argv).encode("utf-8", "replace")
        for where, data in (
            ("its input", inputs),
            ("the output", outputs),
            ("its service events", others),
            ("the command", words),
        ):
            for name, value in known.items():
                if value in data:
                    return name, where
        return None


def last_screens(path: Path) -> str:
    """The last settled frames of a cassette, as text, each with its moment."""
    from cassette.reading.reader import open as open_cassette
    from cassette.viewing.picture import picture

    with open_cassette(path) as tape:
        frames = list(tape.frames())[-_SHOWN_FRAMES:]
    return "\n".join(f"{frame.t_ms / 1000:.3f} s\n{picture(frame.screen)}\n" for frame in frames)
