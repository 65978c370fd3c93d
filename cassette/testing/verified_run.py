"""A running program held against its recording: the same inputs, and the same screens before each and at the end.

Volatile text is made equal on both sides before they are compared. Waits and looks are the running program's; the
replay only follows what is sent. Nothing is recorded. A screen that nobody looked at when it was recorded is not
compared: behind `type("Ada"); press("enter")` the echo had come in one run and not in another.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cassette.covered import same_rows
from cassette.errors import CassetteError, TimedOut, WaitFailed
from cassette.model import Input, Output
from cassette.playing.driving import check_keys
from cassette.playing.screen_diff import rows_diff, styles_diff, styles_differ
from cassette.testing.callsite import call_site, explained
from terminal.widths import columns_of

if TYPE_CHECKING:
    from cassette.looking import What
    from cassette.playing.player import ReplaySession
    from cassette.playing.timeline import Timeline
    from cassette.recording.live import LiveSession
    from cassette.session import Session
    from cassette.testing.golden import Goldens
    from cassette.testing.locator import Locator, Region
    from terminal.exit_status import ExitStatus
    from terminal.snapshot import Snapshot

__tracebackhide__ = explained


class RunDiffers(CassetteError):
    """A program does not do any more what its recording has."""

    template = (
        "the program differs from its recording {where}, at {moment}.{test}\n{difference}\nWhat to do:\n"
        "  1. If the program is right, record it again: {record_again}\n"
        "  2. {varies}\n"
        "  3. If the screen was not yet there, wait for it in the test before you go on."
    )


_TEXT_VARIES = (
    "If this text differs from run to run, make it equal: "
    '@pytest.mark.pty(normalize=lambda text: re.sub(r"what differs", "…", text))'
)
_STYLE_VARIES = 'If colours and attributes may differ, say so: @pytest.mark.pty(normalize="style")'
_STATUS_VARIES = (
    "If the exit differs from run to run, there is nothing to compare: leave verify to other tests."
)


class VerifiedSession:
    """A live session and a replayed one, driven as one. Satisfies `cassette.session.Session`."""

    def __init__(
        self,
        live: LiveSession,
        replay: ReplaySession,
        timeline: Timeline,
        normalize: Callable[[str], str],
        *,
        styles: bool = True,
    ) -> None:
        """`timeline` is that of the replay: of the same tape, with the same inputs for stops.

        With `styles` colours and attributes are compared too, on rows whose text is the same as it stands.
        """
        self.live = live
        self.replay = replay
        self.timeout = live.timeout
        self.goldens: Goldens | None = None
        self._timeline = timeline
        self._normalize = normalize
        self._styles = styles
        self._compared_at = -1
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon(error)

    def type(self, text: str, *, secret: bool = False) -> None:
        """Type text into both."""
        shown = "<secret>" if secret else repr(text)
        self._follow(f"type({shown})", lambda: self.replay.type(text, secret=secret))
        self.live.type(text, secret=secret)

    def press(self, *keys: str) -> None:
        """Press keys in both, one after the other."""
        check_keys(keys)
        for key in keys:
            self._follow(f"press({key!r})", partial(self.replay.press, key))
            self.live.press(key)

    def paste(self, text: str) -> None:
        """Paste text into both."""
        self._follow(f"paste({text!r})", lambda: self.replay.paste(text))
        self.live.paste(text)

    def send(self, data: bytes) -> None:
        """Send bytes to both."""
        self._follow(f"send({data!r})", lambda: self.replay.send(data))
        self.live.send(data)

    def resize(self, *, columns: int, rows: int) -> None:
        """Resize both; the screen is compared before the next input."""
        self.replay.resize(columns=columns, rows=rows)
        self.live.resize(columns=columns, rows=rows)

    def signal(self, name: str) -> None:
        """Signal both; the screen is compared before the next input."""
        self.replay.signal(name)
        self.live.signal(name)

    def service_event(self, payload: Mapping[str, Any]) -> None:
        """Nothing: nothing is recorded."""

    def mark(self, op: str) -> None:
        """Nothing: nothing is recorded."""

    @property
    def screen(self) -> Snapshot:
        """The running program's screen."""
        return self.live.screen

    def as_stored(self, screen: Snapshot) -> Snapshot:
        """The running program's screen with its secrets covered."""
        return self.live.as_stored(screen)

    def get_by_text(
        self, what: str | re.Pattern[str], *, nth: int | None = None, within: Region | None = None
    ) -> Locator:
        """Places on the running program's screen."""
        from cassette.testing.locator import Locator

        return Locator(self, what, nth=nth, within=within)

    def read(self, timeout: float | None = None) -> bytes:
        """The running program's output."""
        return self.live.read(self._given(timeout))

    def wait_for(self, what: What, timeout: float | None = None) -> Snapshot:
        """Wait for the running program's screen."""
        return self.live.wait_for(what, self._given(timeout))

    def wait_for_stable(self, quiet_ms: int = 200, timeout: float | None = None) -> Snapshot:
        """Wait until the running program's screen stands still."""
        return self.live.wait_for_stable(quiet_ms, self._given(timeout))

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.live.sleep(seconds)

    def wait(self, timeout: float | None = None) -> ExitStatus:
        """Wait for the running program to end."""
        return self.live.wait(self._given(timeout))

    @property
    def exit_status(self) -> ExitStatus | None:
        """How the running program ended."""
        return self.live.exit_status

    @property
    def exit_code(self) -> int | None:
        """Its exit status."""
        return self.live.exit_code

    def close(self) -> None:
        """End both and compare how. Raises RunDiffers, ReplayMismatch."""
        if self._closed:
            return
        self._closed = True
        try:
            with contextlib.suppress(TimedOut):
                self.live.wait(self.live.exit_timeout)
            self.replay.close()
            self._compare("the end")
        except BaseException as error:
            self.live.abandon(error)
            raise
        self.live.close()
        self._compare_exits()

    def abandon(self, error: BaseException | None = None) -> None:
        """End the running program at once; nothing is compared any more."""
        if not self._closed:
            self._closed = True
            self.replay.__exit__(RuntimeError, error or RuntimeError(), None)
            self.live.abandon(error)

    def _given(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else timeout

    def _follow(self, moment: str, send: Callable[[], None]) -> None:
        """Send to the replay, which plays it up to there; compare, if the recording's driver looked there."""
        number = self.replay.played
        looked = number != self._compared_at and self._was_looked_at(number)
        send()
        if looked:
            self._compared_at = number
            self._compare(moment)

    def _was_looked_at(self, number: int) -> bool:
        """Whether somebody saw the screen before that input: by a mark; where there is none, by the time it stood."""
        timeline = self._timeline
        if number >= len(timeline.stops):
            return False
        stop = timeline.stops[number]
        first = timeline.stops[number - 1].index + 1 if number else 0
        if timeline.mark_from(0, timeline.end) is not None:
            return timeline.mark_from(first, stop.index) is not None
        before = timeline.events[max(0, first - 1) : stop.index]
        last_ms = max((event.t_ms for event in before if isinstance(event, Input | Output)), default=0)
        return stop.event.t_ms - last_ms >= self.replay.tape.manifest.timing.settle_ms

    def _compare(self, moment: str) -> None:
        """Wait until the running program shows what the recording has where its replay stands."""
        expected = self.replay.last_screen
        wanted = self._rows(expected)
        ways = [(self._rows, wanted), (self._lines, self._lines(expected))]

        def reads_alike(screen: Snapshot) -> bool:
            return any(
                (shown := read(screen)) == stored or same_rows(stored, read(self.as_stored(screen)), shown)
                for read, stored in ways
            )

        def looks_alike(screen: Snapshot) -> bool:
            return not (self._styles and any(map(styles_differ, expected.lines, screen.lines)))

        try:
            self.live.wait_for(lambda screen: reads_alike(screen) and looks_alike(screen), self.timeout)
        except WaitFailed:
            found = self.live.screen
            if reads_alike(found):
                raise self._differs(moment, styles_diff(expected, found), _STYLE_VARIES) from None
            rows = rows_diff(wanted, self._rows(self.as_stored(found)))
            raise self._differs(moment, rows, _TEXT_VARIES) from None

    def _compare_exits(self) -> None:
        recorded, found = self.replay.exit_status, self.live.exit_status
        if recorded is not None and found is not None and recorded != found and recorded.known:
            said = [status.signal or f"exit status {status.code}" for status in (recorded, found)]
            raise self._differs("the end", f"  recorded  {said[0]}\n  found     {said[1]}", _STATUS_VARIES)

    def _differs(self, moment: str, difference: str, varies: str) -> RunDiffers:
        recording, site = self.replay.recording, call_site()
        return RunDiffers(
            where=recording.shown,
            moment=moment,
            test=f"\n  test  {site}   {site.source}".rstrip() if site else "",
            difference=difference,
            varies=varies,
            record_again=recording.record_again,
        )

    def _rows(self, screen: Snapshot) -> list[str]:
        """What is compared of each row; blank ones at the end are left out."""
        return self._normalized(screen.text)

    def _lines(self, screen: Snapshot) -> list[str]:
        """The same of lines: a row that reaches the edge may go on in the next, and volatile text with it."""
        lines: list[str] = []
        goes_on = False
        for row in screen.text:
            if goes_on:
                lines[-1] += row
            else:
                lines.append(row)
            goes_on = columns_of(row) >= screen.columns
        return self._normalized(lines)

    def _normalized(self, texts: list[str]) -> list[str]:
        made = [self._normalize(text).rstrip() for text in texts]
        while made and not made[-1]:
            made.pop()
        return made


if TYPE_CHECKING:

    def _proof(session: VerifiedSession) -> Session:
        """The type checker's proof that it is a session."""
        return session
