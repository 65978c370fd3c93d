"""Sessions and expectations for tests that are async: the same calls, awaited. No logic of its own.

A live session waits in a thread, so that the event loop goes on; a replay that does not sleep answers at once. Calls
of one session are to be made one after the other, as a person would.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, Self, TypeVar

from cassette.errors import UsageError
from cassette.playing.replay_errors import ReplayMismatch
from cassette.testing import expectation
from cassette.testing.callsite import call_site, calling_from, explained

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from cassette.session import Session
    from cassette.testing.locator import Locator, Region
    from terminal.exit_status import ExitStatus
    from terminal.snapshot import Snapshot
    from terminal.waiting import What

__tracebackhide__ = explained
P = ParamSpec("P")
T = TypeVar("T")


async def _run(session: Session, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Make a blocking call of a session: in a thread, unless it cannot block."""
    if getattr(session, "instant", False):
        return call(*args, **kwargs)
    with calling_from(call_site()):
        return await asyncio.to_thread(call, *args, **kwargs)


class AsyncSession:
    """A `Session` whose calls are awaited; see there for what they mean."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def __aenter__(self) -> Self:
        self.session.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await _run(self.session, self.session.__exit__, kind, error, trace)
        except ReplayMismatch as mismatch:
            if mismatch.reason == "unplayed":
                mismatch.add_note("If the test does send it: await each call, as in await term.type(…)")
            raise

    def __enter__(self) -> NoReturn:
        """Say what is meant. Raises UsageError."""
        raise UsageError(what="with is given the session of an async test: write async with")

    def __exit__(self, *_error: object) -> None:
        """For the statement `with`, which looks for it first."""

    async def type(self, text: str, *, secret: bool = False) -> None:
        """Type text."""
        await _run(self.session, self.session.type, text, secret=secret)

    async def press(self, *keys: str) -> None:
        """Press keys by name."""
        await _run(self.session, self.session.press, *keys)

    async def paste(self, text: str) -> None:
        """Paste text."""
        await _run(self.session, self.session.paste, text)

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        await _run(self.session, self.session.send, data)

    async def resize(self, *, columns: int, rows: int) -> None:
        """Give the terminal another size, in cells."""
        await _run(self.session, self.session.resize, columns=columns, rows=rows)

    async def signal(self, name: str) -> None:
        """Signal the foreground process group."""
        await _run(self.session, self.session.signal, name)

    async def screen(self) -> Snapshot:
        """The screen."""
        return await _run(self.session, lambda: self.session.screen)

    async def read(self, timeout: float | None = None) -> bytes:
        """The output since the last `read()`."""
        return await _run(self.session, self.session.read, timeout)

    async def wait_for(self, what: What, timeout: float | None = None) -> Snapshot:
        """Wait until the screen has what is given."""
        return await _run(self.session, self.session.wait_for, what, timeout)

    async def wait_for_stable(self, quiet_ms: int = 200, timeout: float | None = None) -> Snapshot:
        """Wait until nothing has come for `quiet_ms`."""
        return await _run(self.session, self.session.wait_for_stable, quiet_ms, timeout)

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await _run(self.session, self.session.sleep, seconds)

    async def wait(self, timeout: float | None = None) -> ExitStatus:
        """Wait for the program to end by itself."""
        return await _run(self.session, self.session.wait, timeout)

    async def close(self) -> None:
        """End the session."""
        await _run(self.session, self.session.close)

    async def mark(self, op: str) -> None:
        """Note this moment under a name."""
        await _run(self.session, self.session.mark, op)

    # What does not block.

    def service_event(self, payload: Mapping[str, Any]) -> None:
        """Keep a JSON object of the caller's."""
        self.session.service_event(payload)

    def get_by_text(
        self, what: str | re.Pattern[str], *, nth: int | None = None, within: Region | None = None
    ) -> Locator:
        """The places where a text or pattern stands; for `cassette.testing.aio.expect`."""
        return self.session.get_by_text(what, nth=nth, within=within)

    @property
    def exit_status(self) -> ExitStatus | None:
        """How the program ended; None while it runs."""
        return self.session.exit_status

    @property
    def exit_code(self) -> int | None:
        """Its exit status."""
        return self.session.exit_code


class AsyncExpectation:
    """Any expectation, with its methods awaited: `await expect(term).to_contain_text("Hello")`."""

    def __init__(
        self, session: Session, inner: expectation.ScreenExpectation | expectation.LocatorExpectation
    ) -> None:
        self._session = session
        self._inner = inner

    @property
    def not_(self) -> AsyncExpectation:
        """The opposite."""
        return AsyncExpectation(self._session, self._inner.not_)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        if not name.startswith("to_"):
            raise AttributeError(f"an expectation has no {name!r}")
        method = getattr(self._inner, name)

        async def awaited(*args: Any, **kwargs: Any) -> None:
            await _run(self._session, method, *args, **kwargs)

        return awaited


def expect(target: AsyncSession | Locator, **options: Any) -> AsyncExpectation:
    """What `cassette.expect` gives, to be awaited."""
    if isinstance(target, AsyncSession):
        return AsyncExpectation(target.session, expectation.expect(target.session, **options))
    return AsyncExpectation(target.session, expectation.expect(target, **options))
