"""Plays a plan: writes what was written, waits where the program waited, and goes on when the same input has come.

Steps are played in order; input is matched as it comes, ahead of them if it is early. All time is real time: a
shim has a driver that does not know that this is a recording.
"""

import posix
import select
from time import monotonic

from cassette.shim.runtime.answers import Questions
from cassette.shim.runtime.line import Line, size_of
from cassette.shim.runtime.matching import Matcher
from cassette.shim.runtime.news import CONTINUE, HANGUP, PIPE, RESIZED, STOP, Death, News
from cassette.shim.runtime.plan import ECHO, ICANON, MODE, OUTPUT, QUERY, RESIZE, SIGNAL, STAY, Plan, Step

RELEASE_S = 0.3
"""Type-ahead: input that was recorded with no output before it may be waited for no longer than this."""
LATE_S = 0.05
"""Answers of a terminal may come so late after the end; a shell should not get them as input."""
_AT_ONCE = 1 << 20
_LF = (10, 13)
_HARMLESS = (STOP, CONTINUE, RESIZED)


class Mismatch(Exception):
    """The driver does not do what was recorded: `reason`, and the bytes that do not fit."""

    def __init__(self, reason: str, sent: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class Player:
    """One run of a plan. `scale` 0 plays without delays; `line` is the terminal, if there is one."""

    def __init__(self, plan: Plan, news: News, line: Line | None, *, scale: float, to_terminal: bool) -> None:
        self.plan = plan
        self.matcher = Matcher(plan.keys, plan.wild)
        self.written = 0
        """Bytes of recorded output that were written."""
        self.at = 0
        """The step that comes next."""
        self._news = news
        self._line = line
        self._scale = scale
        self._to_terminal = to_terminal
        self._questions = Questions()
        self._released = 0  # steps up to this place may be played, although their input has not come
        self._spoke = -1  # the place of the last output
        self._mode = plan.mode
        self._moment = monotonic()
        self._wrong: Mismatch | None = None
        self._size = size_of(0)
        self._follows_size = self._size == (plan.columns, plan.rows)
        self.ended_by = 0
        """The signal with which the driver ended a program that would have stayed."""

    def play(self) -> None:
        """Play to the end. Raises Mismatch, Death, OSError."""
        self._take_early()
        steps = self.plan.steps
        while self.at < len(steps):
            step = steps[self.at]
            if step[1] > max(self.matcher.floor, self._released):
                self._await_input()
            else:
                self._await_moment(step[1], step[2])
                if self._do(step):
                    self.at += 1
                else:
                    self._wait(None)
                    self._moment = monotonic()
        while not self.matcher.complete:
            self._await_input()
        self._await_moment(len(self.plan.keys), self.plan.end[0])
        self._look_a_last_time()

    # Steps.

    def _do(self, step: Step) -> bool:
        """Do one step; False when it has to wait for the driver."""
        kind, place, _, a, b = step
        if kind == OUTPUT:
            self._write(int(a), self._merged(int(a), int(b)))
            self._spoke = place
        elif kind == MODE:
            self._mode = int(a)
            if self._line is not None:
                self._line.show(self._mode)
        elif kind == QUERY:
            self._questions.ask(str(a))
        elif kind == RESIZE:
            return self._resized((int(a), int(b)))
        elif kind == SIGNAL:
            return self._news.take(int(a)) or (int(a) == HANGUP and self._news.gone)
        elif kind == STAY:
            return self._was_ended()
        return True

    def _merged(self, offset: int, length: int) -> int:
        """Without delays, outputs that follow each other are one."""
        end, limit = offset + length, max(self.matcher.floor, self._released)
        while not self._scale and end - offset < _AT_ONCE and self.at + 1 < len(self.plan.steps):
            kind, place, _, start, more = self.plan.steps[self.at + 1]
            if kind != OUTPUT or place > limit or start != end:
                break
            end += int(more)
            self.at += 1
            self._spoke = place
        return end - offset

    def _write(self, offset: int, length: int) -> None:
        data = self.plan.output(offset, length)
        self.written = offset + length
        if self._news.gone:
            return
        if not self._to_terminal:
            data = data.replace(b"\r", b"")
        self._news.fatal_now = True
        try:
            while data:
                try:
                    data = data[posix.write(1, data) :]
                except BlockingIOError:
                    select.select([], [1], [])
        except BrokenPipeError:
            raise Death(PIPE) from None
        except OSError:
            raise Death(HANGUP) from None
        finally:
            self._news.fatal_now = False

    def _resized(self, wanted: tuple[int, int]) -> bool:
        """Whether the terminal has the size it then had. Sizes that followed too quickly for us count as passed."""
        if not self._follows_size:
            return True
        size = size_of(0)
        if size not in (wanted, self._size):
            later = [(a, b) for kind, _, _, a, b in self.plan.steps[self.at :] if kind == RESIZE]
            if size in later:
                return True
        if size == wanted:
            self._size = size
        return size == wanted

    def _was_ended(self) -> bool:
        """Whether the driver has ended a program that would not have ended by itself."""
        for number, _ in self._news.signals:
            if number not in _HARMLESS:
                self.ended_by = number
                return True
        if self._news.gone:
            self.ended_by = HANGUP
        return self._news.over

    # Waiting.

    def _await_moment(self, place: int, delay_ms: int) -> None:
        """Let the recorded time pass, but not before input that has come already."""
        if not self._scale:
            return
        due = self._moment + delay_ms * self._scale / 1000
        while (now := monotonic()) < due:
            if self._wrong is not None or place < self.matcher.ceiling:
                due = now
            else:
                self._wait(due - now)
        self._moment = due

    def _await_input(self) -> None:
        if self._news.over and self._wrong is None:
            if self._news.gone:
                raise Death(HANGUP)
            if b"\x04" not in self.matcher.expects:
                raise Mismatch("unplayed")
            self._take(b"\x04")  # the end of a pipe is what Ctrl-D is on a terminal
            return
        may_release = self._may_release()
        if not self._wait(RELEASE_S if may_release else None) and may_release:
            self._release()
        self._moment = monotonic()

    def _may_release(self) -> bool:
        """Whether the driver may be waiting for output that comes after input which was typed ahead."""
        matcher = self.matcher
        if self.at >= len(self.plan.steps):
            return False
        if self.plan.steps[self.at][1] <= matcher.ceiling:
            return True  # a hidden input that may be over: silence says that it is
        if self._released > matcher.ceiling or self._spoke == matcher.ceiling or matcher.is_hidden:
            return False
        in_line = bool(matcher.taken) and matcher.taken[-1] not in _LF
        return not (in_line and self._mode & (ICANON | ECHO) == ICANON)  # no program sees half a line

    def _release(self) -> None:
        """Play on to where the program spoke next, and owe the input that came before that."""
        places = [step[1] for step in self.plan.steps[self.at :] if step[0] == OUTPUT]
        if self.plan.steps[self.at][1] <= self.matcher.ceiling:
            self._released = self.matcher.ceiling
        elif places:
            self._released = places[0]

    def _wait(self, seconds: float | None) -> bool:
        """Wait for news, `seconds` at most; whether there was any."""
        if self._wrong is not None:
            raise self._wrong
        if self._questions.hold:
            seconds = LATE_S if seconds is None else min(seconds, LATE_S)
        data, happened = self._news.wait(self._until_judgement(seconds))
        if data:
            self._take(data)
        elif self._questions.hold and not happened:
            self._take_keys(self._questions.release())
        if self._news.gone and not self._may_hang_up():
            raise Death(HANGUP)
        self._judge_signals()
        return happened

    def _may_hang_up(self) -> bool:
        kind, _, _, a, _ = self.plan.steps[self.at] if self.at < len(self.plan.steps) else ("", 0, 0, 0, 0)
        return kind == STAY or (kind == SIGNAL and a == HANGUP)

    # Input.

    def _take_early(self) -> None:
        """What was typed before the terminal was ours. The kernel made a NUL of each Ctrl-D there."""
        if self._line is None:
            return
        data, _ = self._news.wait(0)
        if not self.matcher.fits(data):
            data = data.replace(b"\0", self._line.end_of_file)
        self._take_keys(data)

    def _take(self, data: bytes) -> None:
        if not self._questions.open and not self._questions.hold:
            self._take_keys(data)
            return
        for piece in self._questions.pieces(data):
            if self.matcher.fits(piece) or not self._questions.is_answer(piece):
                self._take_keys(piece)

    def _take_keys(self, data: bytes) -> None:
        """Match input. What does not fit is told when all that was recorded before it is played."""
        if self._wrong is None:
            fitting = self.matcher.feed(data)
            if fitting < len(data):
                reason = "exhausted" if self.matcher.complete else "no_match"
                self._wrong = Mismatch(reason, data[fitting:])

    def _look_a_last_time(self) -> None:
        """Late answers are not for the shell; and input that is left over is one too many."""
        deadline = monotonic() + (LATE_S if self._questions.open and self._line else 0.0)
        while not self._news.over:
            happened = self._wait(max(0.0, deadline - monotonic()))
            if not happened and monotonic() >= deadline:
                break
        if self._wrong is not None:
            raise self._wrong

    # Signals.

    def _until_judgement(self, seconds: float | None) -> float | None:
        """A signal overtakes input that was sent before it: it is judged when that had time to come."""
        early = [came for number, came in self._news.signals if not self._is_near(number)]
        if not early:
            return seconds
        left = max(0.0, early[0] + RELEASE_S - monotonic())
        return left if seconds is None else min(seconds, left)

    def _judge_signals(self) -> None:
        """Signals that were recorded are kept for their step; all others do what they do to any program."""
        for number, came in tuple(self._news.signals):
            is_late = not self._is_recorded(number) or monotonic() >= came + RELEASE_S
            if is_late and not self._is_near(number):
                self._news.take(number)
                self._suffer(number)

    def _is_recorded(self, number: int) -> bool:
        return any(step[0] == SIGNAL and step[3] == number for step in self.plan.steps[self.at :])

    def _is_near(self, number: int) -> bool:
        """Whether the recording has this signal before any input that is still to come."""
        reached = max(self.matcher.ceiling, self._released)
        for kind, place, _, a, _ in self.plan.steps[self.at :]:
            if place > reached:
                return False
            if kind == SIGNAL and a == number:
                return True
            if kind == STAY:
                return number not in _HARMLESS
        return False

    def _suffer(self, number: int) -> None:
        if number == STOP:
            if self._line is not None:
                self._line.restore()
            self._news.stop()
        if number in (STOP, CONTINUE):
            if self._line is not None:
                self._line.again()
        elif number != RESIZED:
            raise Death(number)
