"""A recording in place of a program: the session that a test drives, on virtual time. It executes nothing.

An input first plays all output recorded before it, then becomes bytes by the terminal's modes of that moment, then
has to match. Waits and looks go to the mark that the recording has of them, else by the rules of a live session;
none plays past the next input that has not been sent.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from cassette.clock import Clock
from cassette.errors import TimedOut, UsageError
from cassette.format.limits import MAX_COLUMNS, MAX_ROWS
from cassette.looking import matcher
from cassette.model import Size
from cassette.playing import mismatch
from cassette.playing.beginning import check_beginning
from cassette.playing.driving import check_keys, quoted, signal_name, utf8
from cassette.playing.matching import DEFAULT_MATCH_ON, InputQueue, MatchOn, Sent
from cassette.playing.mismatch import Recording
from cassette.playing.playhead import Pace, Playhead
from cassette.playing.replay_errors import ReplayWaitFailed
from cassette.playing.replay_rules import Matches, Rules, first_that_brings
from cassette.playing.timeline import Stop, Timeline
from cassette.testing.callsite import explained
from terminal.exit_status import ExitStatus
from terminal.keys import encode_key, encode_paste
from terminal.queries import split_answers

if TYPE_CHECKING:
    from cassette.model import ServiceEvent
    from cassette.reading.reader import Cassette
    from cassette.testing.golden import Goldens
    from cassette.testing.locator import Locator, Region
    from terminal.modes import Modes
    from terminal.snapshot import Snapshot
    from terminal.waiting import What

__tracebackhide__ = explained
OnUnplayed = Literal["fail", "warn", "ignore"]


class ReplaySession:
    """A session without a program; see `cassette.session.Session` for what each method means.

    `match_on` names what has to agree (`playing.matching.NAMES`); `argv`, `columns` and `rows`, where given, are
    checked against the recording at once. `replay` is `collapsed`, `realtime` or `scaled` (delays times `scale`).
    `on_unplayed` says what leaving the block does about inputs that were not sent. `timeout` has no meaning here:
    what the recording has comes at once, and what it does not have fails at once. Raises ReplayMismatch.
    """

    def __init__(
        self,
        tape: Cassette,
        *,
        match_on: Iterable[str] = DEFAULT_MATCH_ON,
        replay: str = "collapsed",
        scale: float = 1.0,
        clock: Clock | None = None,
        on_unplayed: OnUnplayed = "ignore",
        argv: Sequence[str] | None = None,
        columns: int | None = None,
        rows: int | None = None,
        normalize: Callable[[str], str] | None = None,
        record_command: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        if on_unplayed not in ("fail", "warn", "ignore"):
            raise UsageError(what=f"on_unplayed is {on_unplayed!r}: use 'fail', 'warn' or 'ignore'")
        self.timeout = timeout
        self.instant = replay == "collapsed"
        """No call of this session ever sleeps."""
        self.goldens: Goldens | None = None
        """The approved screens that `expect` compares with."""
        self.tape = tape
        self.recording = Recording(tape.path, tape.manifest.command.argv, tape.size, record_command)
        self._match_on = MatchOn(match_on)
        self._on_unplayed = on_unplayed
        size = Size(columns or tape.size.columns, rows or tape.size.rows)
        check_beginning(self.recording, tape, self._match_on, argv, size, normalize=normalize or str)
        self._timeline = Timeline(tape, self._match_on.counts)
        self._queue = InputQueue(self._timeline.stops, self._match_on)
        self._head = Playhead(tape, self._timeline, Pace(replay, scale, clock))
        self._rules = Rules(self._head, self._timeline, tape.manifest.timing.settle_ms)
        self._unsettled = True  # to be started is to be given something
        self._read_to = 0
        self._closed = False
        self._unplayed: Sequence[Stop] = ()
        self._left_at: Snapshot | None = None

    def __repr__(self) -> str:
        return f"<ReplaySession {self.recording.shown}, {self._queue.played} of {self._queue.total} inputs>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._finish()
        if error is None:
            self._judge_unplayed()

    # What goes in.

    def type(self, text: str, *, secret: bool = False) -> None:
        """Type text, as UTF-8."""
        shown = "type(<secret>, secret=True)" if secret else f"type({quoted(text)})"
        data = utf8(text)
        self._send(lambda _: Sent("type", shown, data, secret=secret))

    def press(self, *keys: str) -> None:
        """Press keys by name, each by the modes of its moment. Raises UsageError before any for an unknown name."""
        check_keys(keys)
        for key in keys:
            self._press(key)

    def _press(self, key: str) -> None:
        self._send(lambda modes: Sent("press", f"press({quoted(key)})", encode_key(key, modes), key))

    def paste(self, text: str) -> None:
        """Paste text, in brackets where the program has asked for them."""
        data = utf8(text)
        self._send(lambda modes: Sent("paste", f"paste({quoted(text)})", encode_paste(data, modes)))

    def send(self, data: bytes) -> None:
        """Send bytes as they are; what answers a query of the program's is taken for the terminal's own."""
        self._send(lambda _: Sent("send", f"send({data!r})", self._without_answers(data)))

    def _without_answers(self, data: bytes) -> bytes:
        stop = self._queue.next
        if not self._head.asked or (stop is not None and stop.event.data.startswith(data)):
            return data
        return b"".join(piece for is_answer, piece in split_answers(data) if not is_answer)

    def resize(self, *, columns: int, rows: int) -> None:
        """Give the terminal another size, in cells: the one that the recording has here."""
        size = Size(columns, rows)
        if not (1 <= columns <= MAX_COLUMNS and 1 <= rows <= MAX_ROWS):
            raise UsageError(
                what=f"a terminal of {columns} columns and {rows} rows: no terminal has this size"
            )
        sent = Sent("resize", f"resize(columns={columns}, rows={rows})")
        if not self._match_on.resize or (size == self._head.size and not self._next_is("resize")):
            self._check_open()
            return
        stop = self._give(sent, "resize")
        if stop.event.size not in (None, size):
            raise mismatch.geometry(self.recording, size, stop.event.size or size, stop, self._head)
        self._pass(stop)

    def signal(self, name: str) -> None:
        """Signal the program: `SIGINT`, `SIGTERM`, …"""
        full = signal_name(name)
        if self._match_on.content not in ("keys", "bytes"):
            self._check_open()
            return
        sent = Sent("signal", f'signal("{full}")')
        stop = self._give(sent, "signal")
        if stop.event.signal != full:
            raise mismatch.no_match(self.recording, self._queue, self._head, sent, b"")
        self._pass(stop)

    def service_event(self, payload: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Nothing: the recording has its service events."""
        self._check_open()

    def mark(self, op: str) -> None:
        """Go to the mark of this name, if the recording has it next."""
        self._check_open()
        self._rules.to_mark(op, self._limit)

    def _send(self, make: Callable[[Modes], Sent]) -> None:
        self._check_open()
        if not self._match_on.of_sent(make(self._head.modes).data):
            return  # nothing that is compared: it takes no place in the recording
        if (stop := self._queue.next) is not None:
            self._head.play_to(stop.index)
        sent = make(self._head.modes)
        rest = self._match_on.of_sent(sent.data)
        while rest:
            stop = self._give(sent, "input", rest)
            taken = self._queue.take(sent, rest)
            if not taken:
                raise mismatch.no_match(self.recording, self._queue, self._head, sent, rest)
            rest = rest[taken:]
            if self._queue.next is not stop:
                self._sent(stop)
        self._unsettled = True

    def _give(self, sent: Sent, kind: str, rest: bytes = b"") -> Stop:
        """The next input, with all that was recorded before it played; it has to be of that kind."""
        self._check_open()
        stop = self._queue.next
        if stop is None:
            raise mismatch.exhausted(self.recording, self._queue, self._head, sent, rest or sent.data)
        self._head.play_to(stop.index)
        is_bytes = stop.event.kind in ("input", "paste")
        if is_bytes != (kind == "input") or (not is_bytes and stop.event.kind != kind):
            raise mismatch.no_match(self.recording, self._queue, self._head, sent, rest)
        return stop

    def _pass(self, stop: Stop) -> None:
        self._queue.pass_next()
        self._sent(stop)
        self._unsettled = True

    def _sent(self, stop: Stop) -> None:
        self._head.play_to(stop.index + 1)
        self._head.asked = False
        self._head.pace.anchor(stop.event.t_ms)

    def _next_is(self, kind: str) -> bool:
        stop = self._queue.next
        return stop is not None and stop.event.kind == kind

    # What comes out.

    def as_stored(self, screen: Snapshot) -> Snapshot:
        """The same screen: what a recording shows is what it stores."""
        return screen

    @property
    def screen(self) -> Snapshot:
        """The screen where the recording was looked at; else, after an input, the next that is settled."""
        self._check_open()
        if self._rules.to_mark("screen", self._limit) is None and self._unsettled:
            self._rules.to_settled(self._limit)
        self._unsettled = False
        return self._head.snapshot()

    def get_by_text(
        self, what: str | re.Pattern[str], *, nth: int | None = None, within: Region | None = None
    ) -> Locator:
        """The places where a text or pattern stands, looked up again each time that they are asked for."""
        from cassette.testing.locator import Locator

        return Locator(self, what, nth=nth, within=within)

    def read(self, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """The output since the last `read()`: all that comes before the next input, or where the driver stood.

        b"" when the program has ended. Raises TimedOut, at once, when the recording wants input first.
        """
        limit = self._limit
        while self._nothing_to_read and self._head.at < limit:
            if self._rules.to_timeout("read", limit) and self._nothing_to_read:
                raise TimedOut(
                    what="no output came in time, as in the recording. Wait longer, or send input."
                )
            mark = self._timeline.mark_from(self._head.at, limit)
            self._head.play_to(limit if mark is None else mark + 1)
        if self._nothing_to_read and not self._closed:
            self._play_out_or("no more output comes")
        start, self._read_to = self._read_to, self._head.raw_end
        return self.tape.output_bytes(start, self._read_to)

    def wait_for(self, what: What, timeout: float | None = None) -> Snapshot:  # noqa: ARG002
        """Go to where the screen has a text, matches a pattern or satisfies a predicate. Raises WaitFailed, at once."""
        self._check_open()
        matches, name = matcher(what)
        reached = self._rules.wait_at_marks(matches, self._limit)
        if reached == "timed-out":
            raise self._wait_failed(name, "that did not come in time in the recording either")
        if reached is None and not self._rules.wait(matches, self._limit):
            raise self._wait_failed(name, later=self._input_that_brings(matches))
        self._unsettled = False
        return self._head.snapshot()

    def wait_for_stable(self, quiet_ms: int = 200, timeout: float | None = None) -> Snapshot:  # noqa: ARG002
        """Go to where nothing came for `quiet_ms`, or nothing comes before the next input."""
        self._check_open()
        reached = self._rules.to_mark("wait_for_stable", self._limit)
        if reached == "timed-out":
            raise self._wait_failed(
                f"{quiet_ms} ms without output", "they did not come in the recording either"
            )
        if reached is None:
            self._rules.to_quiet(quiet_ms, self._limit)
        self._unsettled = False
        return self._head.snapshot()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass, and what comes in it; not past the next input, nor past where the driver stood."""
        self._check_open()
        self._rules.pass_time(seconds * 1000, self._limit)

    @property
    def _nothing_to_read(self) -> bool:
        return self._read_to == self._head.raw_end

    def _wait_failed(
        self, name: str, why: str | None = None, *, later: Stop | None = None
    ) -> ReplayWaitFailed:
        return mismatch.wait_failed(self.recording, self._queue, self._head, name, why=why, later=later)

    def _input_that_brings(self, matches: Matches) -> Stop | None:
        """The input after which the recording has what was waited for; looked for on a second playhead."""
        scout = Playhead(self.tape, self._timeline, Pace())
        scout.play_to(self._head.at)
        return first_that_brings(scout, self._queue.left, self._timeline.end, matches)

    # The end.

    def wait(self, timeout: float | None = None) -> ExitStatus:  # noqa: ARG002
        """Play to the end. Raises TimedOut, at once, when the recorded program went on to take input."""
        if not self._closed:
            if self._rules.to_timeout("wait", self._limit):
                raise TimedOut(what="the program did not end in time, as in the recording. Make it end.")
            self._play_out_or("the program does not end")
        return self.exit_status or ExitStatus.unknown()

    @property
    def exit_status(self) -> ExitStatus | None:
        """How the program ended; None while it runs, and where the recording did not see the end."""
        running = not self._closed and not self._head.ended
        if running and self._rules.to_mark("exit_status", self._limit) is None and self._queue.next is None:
            self._head.play_to(self._timeline.end + 1)
        return self._timeline.final.exit if self._head.ended else None

    @property
    def exit_code(self) -> int | None:
        """Its exit status, 128 + n after signal n; None while it runs."""
        status = self.exit_status
        return None if status is None else status.code

    def close(self) -> None:
        """Play to the end. Raises ReplayMismatch for inputs that were not sent, if `on_unplayed` is `fail`."""
        self._finish()
        self._judge_unplayed()

    @property
    def unplayed(self) -> Sequence[Stop]:
        """The recorded inputs that have not been sent (once closed: that were not), with their lines on disk."""
        return self._unplayed if self._closed else self._queue.left

    @property
    def played(self) -> int:
        """How many recorded inputs have been sent, whole."""
        return self._queue.played

    @property
    def gaps(self) -> Sequence[ServiceEvent]:
        """The gap records that have been played: where the recording lacks something."""
        return self._head.gaps

    @property
    def last_screen(self) -> Snapshot:
        """The screen where the replay stands, for reports: this is no look, and moves nothing."""
        return self._head.snapshot()

    @property
    def left_at(self) -> Snapshot:
        """The screen that the driver left; after `close` the replay itself has played on to its end."""
        return self._left_at or self._head.snapshot()

    def check_unplayed(self) -> None:
        """Raise ReplayMismatch with the reason `unplayed` when the recording has more input than was sent."""
        if left := self.unplayed:
            raise mismatch.unplayed(
                self.recording, left, self._queue.total, self._queue.begun_bytes, self.left_at
            )

    def _finish(self) -> None:
        if not self._closed:
            self._unplayed, self._left_at = self._queue.left, self._head.snapshot()
            self._head.play_to(self._timeline.end + 1)
            self._closed = True

    def _judge_unplayed(self) -> None:
        on_unplayed, self._on_unplayed = self._on_unplayed, "ignore"  # once
        if not self.unplayed or on_unplayed == "ignore":
            return
        if on_unplayed == "fail":
            self.check_unplayed()
        stop = self.unplayed[0]
        warnings.warn(
            f"{len(self.unplayed)} recorded inputs were not sent, the first at {self.recording.line(stop)}",
            stacklevel=3,
        )

    @property
    def _limit(self) -> int:
        """The index of the next input, or of the end: nothing is played past it but by sending."""
        stop = self._queue.next
        return self._timeline.end if stop is None else stop.index

    def _play_out_or(self, what: str) -> None:
        """Play to the end. Raises TimedOut when the recording has input before it."""
        stop = self._queue.next
        if stop is not None:
            self._head.play_to(stop.index)
            raise TimedOut(
                what=f"{what} before the next input of the recording, {mismatch.call_of(stop.event)} "
                f"({self.recording.line(stop)}). Send that first, or record again: {self.recording.record_again}"
            )
        self._head.play_to(self._timeline.end + 1)

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError(
                what="the session is closed: do this inside its with block, or read the recording with cassette.open"
            )
