"""What a session is, for whoever drives one: live, recording or replayed. Types only; nothing here runs.

Code that takes a `Session` works on all of them. Times are in seconds where a person gives them (`timeout`,
`sleep`), in milliseconds where the name says so; columns come before rows, both in cells, counted from 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from terminal.exit_status import ExitStatus
from terminal.snapshot import Snapshot
from terminal.waiting import What

if TYPE_CHECKING:
    from cassette.testing.golden import Goldens
    from cassette.testing.locator import Locator, Region


class Session(Protocol):
    """A program on a terminal, or a recording that stands for one.

    Not for `isinstance`: to ask whether a session has a `screen` would be a look at it.
    """

    timeout: float
    """What a wait takes at most, in seconds, when it is not told otherwise; a replay never waits for it."""

    goldens: Goldens | None
    """The approved screens that `expect` compares with; whoever makes the session may set them."""

    def __enter__(self) -> Self:
        """The session itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close it; after an exception nothing is published."""

    def type(self, text: str, *, secret: bool = False) -> None:
        """Type text in one write, as UTF-8. A secret is never recorded and never shown."""

    def press(self, *keys: str) -> None:
        """Press keys by name (`enter`, `ctrl+c`, `shift+tab`, `up`), each in a write of its own.

        What a key sends follows the terminal's modes of that moment. Raises UsageError for an unknown name.
        """

    def paste(self, text: str) -> None:
        """Paste text, in brackets where the program has asked for them."""

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""

    def resize(self, *, columns: int, rows: int) -> None:
        """Give the terminal another size, in cells."""

    def signal(self, name: str) -> None:
        """Signal the foreground process group: `SIGINT`, `SIGTERM`, …"""

    def service_event(self, payload: Mapping[str, Any]) -> None:
        """Keep a JSON object of the caller's, in order with the rest; a replay has it already."""

    def mark(self, op: str) -> None:
        """Note this moment under a name, so that a replay can stand at it."""

    @property
    def screen(self) -> Snapshot:
        """The screen; after an input once it stands still, after a wait as the wait saw it."""

    def as_stored(self, screen: Snapshot) -> Snapshot:
        """The screen that this session gave last, as a recording of it shows it: secrets and names covered."""

    def get_by_text(
        self, what: str | re.Pattern[str], *, nth: int | None = None, within: Region | None = None
    ) -> Locator:
        """The places where a text or pattern stands, looked up again each time that they are asked for."""

    def read(self, timeout: float | None = None) -> bytes:
        """The output since the last `read()`, waiting for some; b"" when the program has ended. Raises TimedOut."""

    def wait_for(self, what: What, timeout: float | None = None) -> Snapshot:
        """Wait until the screen has a text, matches a pattern or satisfies a predicate, and return it.

        The match has to hold for `settle_ms`. Raises WaitFailed with the screen.
        """

    def wait_for_stable(self, quiet_ms: int = 200, timeout: float | None = None) -> Snapshot:
        """Wait until nothing has come for `quiet_ms`, and return the screen. Raises WaitFailed."""

    def sleep(self, seconds: float) -> None:
        """Let time pass; in a replay it is the recording's time, and costs none."""

    def wait(self, timeout: float | None = None) -> ExitStatus:
        """Wait for the program to end by itself. Raises TimedOut."""

    @property
    def exit_status(self) -> ExitStatus | None:
        """How the program ended; None while it runs."""

    @property
    def exit_code(self) -> int | None:
        """Its exit status, 128 + n after signal n; None while it runs."""

    def close(self) -> None:
        """End the session: a program gets time to end by itself, a replay plays to its end."""


if TYPE_CHECKING:
    from cassette.playing.player import ReplaySession
    from cassette.recording.live import LiveSession

    def _proof(live: LiveSession, replayed: ReplaySession) -> tuple[Session, Session]:
        """The type checker's proof that both are sessions."""
        return live, replayed
