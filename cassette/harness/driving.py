"""Drives a harness through the steps of a probe: ready first, modals left as they come, then step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from cassette.errors import CannotProbe, CannotSend, CassetteError, StepsFailed, WaitFailed
from cassette.harness.adapter import Adapter, Blocked, Modal, Predicate, Start
from cassette.looking import matcher
from cassette.script import Step
from cassette.session import Session
from terminal.snapshot import Snapshot
from terminal.waiting import What

MOST_MODALS = 10
"""A box that comes back again and again is not left by its steps."""


class Driver:
    """One started harness, or a replay of one. `done` are the steps that were taken, for who asks why it failed."""

    def __init__(self, adapter: Adapter, session: Session, timeout_s: float) -> None:
        self._adapter = adapter
        self._start: Start = adapter.start
        self._session = session
        self._timeout = timeout_s
        self._modals = 0
        self.done: list[str] = []

    def until_ready(self) -> None:
        """Wait until the harness is ready, leaving modals on the way. Raises StepsFailed, CannotProbe."""
        ready = self._start.ready
        assert ready is not None
        self._at("ready", partial(self._become_ready, ready))

    def run(self, steps: Sequence[Step]) -> None:
        """Take the steps of a probe. Raises StepsFailed, CannotProbe."""
        guarded = cast(Session, _Guarded(self))
        for step in steps:
            self._at(_words(step), partial(step.act, guarded))

    def quit(self) -> None:
        """Take the steps that leave it; one that has ended already is left."""
        for step in self._start.quit:
            try:
                step.act(self._session)
            except CannotSend:
                return
            except CassetteError as error:
                raise StepsFailed(what=f"leaving it, {_words(step)}: {_first_line(error)}") from error

    def _at(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except (CannotProbe, StepsFailed):
            raise
        except CassetteError as error:
            raise StepsFailed(what=f"at step {len(self.done) + 1}, {name}: {_first_line(error)}") from error
        self.done.append(name)

    def _become_ready(self, ready: Predicate) -> None:
        while True:
            self.wait_for(
                lambda screen: ready.holds(_shown(screen)),
                self._start.timeout,
                f"{self._adapter.harness} to be ready ({ready})",
                early=True,
            )
            if self._start.stable_ms:
                self._session.wait_for_stable(quiet_ms=self._start.stable_ms, timeout=self._start.timeout)
            shown = _shown(self._session.screen)
            if ready.holds(shown) and self._in_the_way(shown, early=True) is None:
                return

    def wait_for(
        self, what: What, timeout: float | None = None, name: str | None = None, *, early: bool = False
    ) -> Snapshot:
        """Wait for a screen; a modal that comes up meanwhile is left, a screen that blocks ends it."""
        matches, words = matcher(what)
        while True:

            def awaited(screen: Snapshot) -> bool:
                return bool(matches(screen)) or self._in_the_way(_shown(screen), early=early) is not None

            awaited.__name__ = awaited.__doc__ = name or words
            limit = self._timeout if timeout is None else timeout
            screen = self._session.wait_for(awaited, limit)
            obstacle = self._in_the_way(_shown(screen), early=early)
            if obstacle is None:
                return screen
            self._leave(obstacle)

    def _in_the_way(self, shown: str, *, early: bool) -> Modal | Blocked | None:
        for blocked in self._start.blocked:
            if blocked.when.holds(shown):
                return blocked
        for modal in self._start.modals:
            if (early or modal.late) and modal.when.holds(shown):
                return modal
        return None

    def _leave(self, obstacle: Modal | Blocked) -> None:
        if isinstance(obstacle, Blocked):
            raise CannotProbe(
                harness=self._adapter.harness,
                kind=obstacle.kind,
                what=f"its screen says so: {obstacle.when}",
                todo=obstacle.todo,
            )
        self._modals += 1
        if self._modals > MOST_MODALS:
            raise StepsFailed(what=f"the box {obstacle.name!r} comes back again and again")
        for step in obstacle.steps:
            step.act(self._session)
        gone = f"the box {obstacle.name!r} to go away"
        self._session.wait_for(
            _named(lambda screen: not obstacle.when.holds(_shown(screen)), gone), self._timeout
        )
        self.done.append(f"left the box {obstacle.name!r}")


class _Guarded:
    """The session as steps see it: its waits leave modals; all else is the session's own."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.timeout = driver._timeout

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver._session, name)

    def wait_for(self, what: What, timeout: float | None = None) -> Snapshot:
        """As the session's, leaving modals."""
        return self._driver.wait_for(what, timeout)


def _named(predicate: Callable[[Snapshot], bool], name: str) -> Callable[[Snapshot], bool]:
    predicate.__name__ = predicate.__doc__ = name
    return predicate


def _shown(screen: Snapshot) -> str:
    return "\n".join(screen.text)


def _words(step: Step) -> str:
    """A step as it is written; a secret is not shown."""
    if step.verb == "secret":
        return "secret"
    values = list(step.given.values())
    return f"{step.verb} {values[0]!r}" if len(values) == 1 else f"{step.verb} {dict(step.given)}"


def _first_line(error: CassetteError) -> str:
    """An error without the screen that it shows: that is shown scrubbed, elsewhere."""
    if isinstance(error, WaitFailed):
        what = str(error.facts["what"]).removeprefix("the predicate ")
        return f"waited {error.facts['waited_s']:.1f} s for {what}: {error.facts['why']}"
    return str(error).split("\n", 1)[0]
