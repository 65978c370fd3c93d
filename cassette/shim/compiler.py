"""From a cassette to a plan. The plan is a function of the cassette: the same events give the same bytes.

What a terminal or a driver did by itself takes no part: marks, service events, gaps, frames, and the terminal's own
input. How the output was cut plays no part either.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import Any

from cassette.covered import COVERED_WORD
from cassette.errors import CassetteError
from cassette.model import Final, Input, Output
from cassette.playing.elements import WILD, elements_of
from cassette.reading.reader import Cassette
from cassette.shim.queries import queries
from cassette.shim.runtime import plan as parts
from cassette.shim.runtime.answers import Questions
from cassette.shim.runtime.plan import Plan, Step
from terminal.exit_status import ExitStatus

_MODE_BITS = {
    "echo": parts.ECHO,
    "icanon": parts.ICANON,
    "isig": parts.ISIG,
    "icrnl": parts.ICRNL,
    "onlcr": parts.ONLCR,
}
_COVERED = re.compile(rf"{COVERED_WORD.pattern}|(?<![\w./-])/home/user(?:/project)?(?=/|\Z)")
"""What stands for a secret or a place of the machine in an argument: anything may be given there."""


def compile_plan(tape: Cassette, *, any_arguments: bool = False) -> Plan:
    """The plan of an open cassette; its output stays in `tape.raw`."""
    steps = _Steps(tape)
    steps.run()
    terminal = tape.manifest.terminal
    return Plan(
        {
            "name": tape.manifest.harness.name,
            "cassette": str(Path(tape.path).resolve()),
            "id": tape.id,
            "evidence": tape.evidence_sha256 if tape.verdict.sealed else "",
            "content": tape.manifest.content_digest.sha256,
            "argv": tuple(tuple(_COVERED.split(word)) for word in tape.manifest.command.argv),
            "any_arguments": any_arguments,
            "columns": terminal.initial_cols,
            "rows": terminal.initial_rows,
            "mode": _bits(terminal.pty_mode or {}),
            "steps": steps.steps,
            "keys": bytes(steps.keys),
            "wild": steps.wild,
            "inputs": steps.inputs,
            "end": _end(tape.final, steps.last_ms),
        }
    )


def _bits(mode: Mapping[str, Any]) -> int:
    """A line discipline in a plan's bits; what is not known is as on a fresh terminal."""
    return sum(bit for name, bit in _MODE_BITS.items() if mode.get(name, True) is not False)


def _end(final: Final, last_ms: int) -> tuple[int, int, int]:
    delay = max(0, final.t_ms - last_ms)
    if final.exit is None or not final.exit.known:
        return delay, -1, 0
    return delay, final.exit.code & 0xFF, _number_of(final.exit)


def _number_of(status: ExitStatus) -> int:
    """The signal that ended the program, 0 for none. Other writers have other names and codes for it."""
    if status.signal is None:
        return 0
    found = signal.Signals.__members__.get(status.signal)
    if found is not None:
        return int(found)
    if status.code - 128 in signal.valid_signals():
        return status.code - 128
    return next(
        (int(s) for s in signal.Signals if signal.strsignal(s) == status.signal.capitalize()), signal.SIGKILL
    )


class _Steps:
    """Goes through the events once."""

    def __init__(self, tape: Cassette) -> None:
        self._tape = tape
        self.steps: list[Step] = []
        self.keys = bytearray()
        self.wild: dict[int, int] = {}
        self.inputs: list[tuple[int, int, int]] = []
        self.last_ms = 0
        self._spoken: tuple[int, int, int] | None = None
        self._asked = queries(tape.raw)
        self._next_query: tuple[int, str] | None = next(self._asked, None)
        self._questions = Questions()

    def run(self) -> None:
        """Make the steps."""
        line = 0
        for event in _in_order(self._tape):
            if isinstance(event, Output):
                self._output(event)
                continue
            line += 1
            if event.kind == "mark":
                continue
            self._speak()
            if event.kind in ("input", "paste"):
                self._keys(event, line)
            else:
                self._other(event)
        self._speak()
        if _was_ended(self._tape.final):
            self._step(parts.STAY, self.last_ms, 0, 0)

    def _step(self, kind: str, t_ms: int, a: int | str, b: int | str) -> None:
        self.steps.append((kind, len(self.keys), max(0, t_ms - self.last_ms), a, b))
        self.last_ms = t_ms

    def _output(self, event: Output) -> None:
        """Chunks of one moment are one step, however they were cut."""
        start, t_ms = event.offset, event.t_ms
        if self._spoken is not None:
            if self._spoken[0] == t_ms:
                start = self._spoken[1]
            else:
                self._speak()
        self._spoken = (t_ms, start, event.offset + len(event.data))

    def _speak(self) -> None:
        """The step of the output that was gathered, and of what it asked."""
        if self._spoken is None:
            return
        (t_ms, start, end), self._spoken = self._spoken, None
        if end > start:
            self._step(parts.OUTPUT, t_ms, start, end - start)
        while self._next_query is not None and self._next_query[0] <= end:
            kind = self._next_query[1]
            self._step(parts.QUERY, t_ms, kind, 0)
            self._questions.ask(kind)
            self._next_query = next(self._asked, None)

    def _keys(self, event: Input, line: int) -> None:
        if event.source == "terminal":
            self._answers(event.data)
            return
        start = len(self.keys)
        if event.redacted or event.masked:
            self._hidden(event)
        else:
            self.keys += self._answers(event.data)
        if len(self.keys) > start:
            self.inputs.append((start, event.seq, line))
            self.last_ms = event.t_ms

    def _answers(self, data: bytes) -> bytes:
        """Input without what answers a query that is open, whoever sent it."""
        if not self._questions.open:
            return data
        pieces = self._questions.pieces(data)
        pieces.append(self._questions.release())
        return b"".join(piece for piece in pieces if not self._questions.is_answer(piece))

    def _hidden(self, event: Input) -> None:
        for element in elements_of(event):
            if element == WILD:
                self._wildcard()
            else:
                self.keys.append(element)

    def _wildcard(self) -> None:
        """One byte of a line or more."""
        if self.wild.get(len(self.keys) - 1) == parts.ANY:
            return
        for kind in (parts.ONE, parts.ANY):
            self.wild[len(self.keys)] = kind
            self.keys += b"*"

    def _other(self, event: Input) -> None:
        if event.kind == "mode" and event.mode is not None:
            self._step(parts.MODE, event.t_ms, _bits(event.mode), 0)
        elif event.kind == "resize" and event.size is not None:
            self._step(parts.RESIZE, event.t_ms, event.size.columns, event.size.rows)
        elif event.kind == "signal" and event.signal not in (
            None,
            "SIGSTOP",
        ):  # the kernel stops a shim as well
            self._step(parts.SIGNAL, event.t_ms, self._number(event), event.signal or "")

    def _number(self, event: Input) -> int:
        try:
            return int(signal.Signals[event.signal or ""])
        except KeyError:
            raise CassetteError(
                what=f"{self._tape.path} has the signal {event.signal} (seq {event.seq}), which this system does "
                "not know. Make the shim on a system like the one that it was recorded on."
            ) from None


def _in_order(tape: Cassette) -> Iterator[Input | Output]:
    """Inputs and outputs by `seq`; frames are not even read."""
    streams: tuple[Iterator[Input | Output], ...] = (tape.inputs(), tape.outputs())
    yield from merge(*streams, key=attrgetter("seq"))


def _was_ended(final: Final) -> bool:
    """Whether the recorder ended the program, or nobody saw how it ended."""
    return final.exit is None or not final.exit.known or "ended_by" in (final.metadata or {})
