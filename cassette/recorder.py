"""Facts become events in the spool, in the order in which they are told; the clock is the caller's.

Every method stamps its event once, and returns when the event would survive the death of this process. Nothing
here reads a descriptor, draws a screen or waits for a program: that is `cassette.live`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from cassette.clock import Clock, MonotonicClock
from cassette.errors import CassetteError, SpoolFull, UsageError
from cassette.finish import Progress, finish
from cassette.format import documents, lines
from cassette.format.limits import MAX_COLUMNS, MAX_INPUT_BYTES, MAX_ROWS
from cassette.model import Discovery, Final, Input, Quota, ServiceEvent, Size
from cassette.plan import RecordingPlan
from cassette.spooled import Kind
from cassette.store.publish import check_target
from cassette.store.spool import Spool
from terminal.exit_status import ExitStatus


class Recorder:
    """Records what the caller observes; `close()` publishes the cassette.

    Thread-safe. Leaving the `with` block closes it; after an exception in the block nothing is published, the
    recording stays in the spool, and the exception carries a note that says how to get it.
    """

    def __init__(
        self,
        path: str | Path,
        plan: RecordingPlan | None = None,
        *,
        columns: int | None = None,
        rows: int | None = None,
        overwrite: bool = False,
        max_bytes: int | None = None,
        clock: Clock | None = None,
        progress: Progress | None = None,
    ) -> None:
        plan = (plan or RecordingPlan()).sized(columns, rows)
        check_size(plan.size)
        if max_bytes is not None and max_bytes < 1:
            raise UsageError(what=f"max_bytes is {max_bytes}: give at least 1, or leave it out")
        self.path = Path(path).absolute()
        check_target(self.path, overwrite=overwrite)
        self.clock = clock or MonotonicClock()
        self.progress = progress
        self._lock = threading.RLock()
        self._max_bytes = max_bytes
        self._last_ms = 0
        self._bytes = 0
        self._dropped = 0
        self._full: str | None = None
        self._final: Final | None = None
        self._closed = False
        self.spool = Spool.create(plan.header(overwrite=overwrite), target=self.path)
        self._start = self.clock.now()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif not self._closed:
            self.keep(error)

    @property
    def full(self) -> str | None:
        """Why no more output is taken: `max-bytes`, `spool-full`, or None while there is room."""
        return self._full

    @property
    def output_bytes(self) -> int:
        """Bytes of output recorded so far."""
        return self._bytes

    def now_ms(self) -> int:
        """Milliseconds since the recording began; never less than the last event's."""
        self._last_ms = max(self._last_ms, int((self.clock.now() - self._start) * 1000))
        return self._last_ms

    def input(
        self,
        data: bytes,
        *,
        kind: Literal["input", "paste"] = "input",
        key: str | None = None,
        source: Literal["user", "script", "terminal"] = "user",
        redacted: str | None = None,
    ) -> None:
        """Bytes for the program. Call it before they are written, so that no answer can come first."""
        if len(data) > MAX_INPUT_BYTES:
            raise UsageError(what=f"an input of {len(data)} bytes: send at most {MAX_INPUT_BYTES} at once")
        self._input(kind, data=bytes(data), key=key, source=source, redacted=redacted)

    def output(self, data: bytes) -> int:
        """Bytes that the program wrote; how many of them were kept. Fewer than given: it is full, stop the program.

        Raises SpoolFull for bytes that did not fit in the spool; they count as a gap.
        """
        with self._lock:
            self._check_open()
            room = len(data) if self._max_bytes is None else self._max_bytes - self._bytes
            taken = b"" if self._full else data[:room]
            if taken:
                self._spool_output(taken)
            if len(taken) < len(data):
                self._full = self._full or "max-bytes"
                self._dropped += len(data) - len(taken)
            return len(taken)

    def _spool_output(self, data: bytes) -> None:
        try:
            self.spool.append(Kind.OUTPUT, self.now_ms(), data)
        except SpoolFull:
            self._full, self._dropped = "spool-full", len(data)
            raise
        self._bytes += len(data)

    def resize(self, *, columns: int, rows: int) -> None:
        """The terminal has a new size, in cells. Call it before the program is told."""
        size = Size(columns, rows)
        check_size(size)
        self._input("resize", size=size)

    def signal(self, name: str) -> None:
        """A signal goes to the program, by name: `SIGINT`."""
        self._input("signal", signal=name)

    def pty_mode(self, mode: Mapping[str, bool]) -> None:
        """The line discipline at the start; it goes into the manifest."""
        self._document(Kind.PTY_MODE, dict(mode))

    def mode(self, mode: Mapping[str, bool]) -> None:
        """The line discipline changed: echo, icanon, isig, icrnl, opost, onlcr."""
        self._input("mode", mode=dict(mode))

    def mark(self, op: str) -> None:
        """The driver looked at the screen or waited for it."""
        self._input("mark", op=op)

    def _input(self, kind: str, **facts: Any) -> None:
        with self._lock:
            event = Input(0, self.now_ms(), kind, **facts)
            self._append(Kind.INPUT, event.t_ms, lines.input_body(event))

    def service_event(self, payload: Mapping[str, Any]) -> None:
        """A caller's own JSON object, kept in order with the rest. The type `gap` is the recorder's."""
        if not isinstance(payload, Mapping):
            raise UsageError(
                what=f"a service event is a JSON object, not {type(payload).__name__}: wrap it in one"
            )
        if payload.get("type") == "gap":
            raise UsageError(what="the service event type 'gap' is the recorder's own: choose another type")
        with self._lock:
            self._service(payload)

    def gap(self, reason: str, *, lost_bytes: int | None = None) -> None:
        """Something is missing here, and why; the cassette will be partial."""
        payload: dict[str, Any] = {"type": "gap", "reason": reason}
        if lost_bytes is not None:
            payload["bytes"] = lost_bytes
        with self._lock:
            self._service(payload, closing=True)

    def _service(self, payload: Mapping[str, Any], *, closing: bool = False) -> None:
        event = ServiceEvent(0, self.now_ms(), payload)
        try:
            body = lines.service_body(event)
        except ValueError as error:
            raise UsageError(what=f"this service event cannot be kept: {error}") from None
        self._append(Kind.SERVICE, event.t_ms, body, closing=closing)

    def final(
        self,
        exit: ExitStatus | int | None = None,  # noqa: A002 - the contract's name
        *,
        usage: Mapping[str, Any] | None = None,
        cost_usd: float | None = None,
        final_text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """How it ended; facts that are given again replace those of an earlier call. The last event."""
        status = ExitStatus(exit) if isinstance(exit, int) else exit
        given: dict[str, Any] = {
            "exit": status,
            "usage": usage,
            "final_text": final_text,
            "metadata": metadata,
        }
        given["cost_usd"] = None if cost_usd is None else float(cost_usd)
        with self._lock:
            self._check_open()
            earlier = self._final
            facts = {
                name: value if value is not None or earlier is None else getattr(earlier, name)
                for name, value in given.items()
            }
            moment = self.now_ms()
            event = Final(0, moment, duration_ms=moment, **facts)
            try:
                lines.final_body(event)
            except ValueError as error:
                raise UsageError(what=f"these final facts cannot be kept: {error}") from None
            self._final = event

    def discovery(self, facts: Discovery) -> None:
        """What the harness can do, as it was seen: becomes `discovery.json`."""
        self._document(Kind.DISCOVERY, documents.json_document(Discovery, facts))

    def quota(self, facts: Quota) -> None:
        """What is left of the account's allowance, as it was seen: becomes `quota.json`."""
        self._document(Kind.QUOTA, documents.json_document(Quota, facts))

    def _document(self, kind: bytes, document: dict[str, Any]) -> None:
        try:
            data = documents.write_json(document)
        except ValueError as error:
            raise UsageError(what=f"these facts cannot be kept: {error}") from None
        with self._lock:
            self._append(kind, self.now_ms(), data)

    def close(self) -> Path:
        """Publish the cassette; its path. After an error the recording stays in the spool, for `recover`."""
        with self._lock:
            if self._closed:
                return self.path
            self._end()
            self._closed = True
        try:
            finish(self.spool, progress=self.progress)
        except BaseException:
            self.spool.close()
            raise
        return self.path

    def _end(self) -> None:
        """The closing events; they use the room that the spool keeps for them."""
        if self._full:
            self.gap(self._full, lost_bytes=self._dropped)
        if self._final is None:
            self.final()
        final = self._final
        assert final is not None
        moment = self.now_ms()
        closing = Final(0, moment, **{**asdict_shallow(final), "duration_ms": moment})
        self._append(Kind.FINAL, moment, lines.final_body(closing), closing=True)

    def discard(self) -> None:
        """Throw the recording away: nothing is published, nothing stays in the spool."""
        with self._lock:
            self._closed = True
            self.spool.discard()

    def keep(self, error: BaseException | None = None) -> None:
        """Stop without publishing; the recording stays in the spool, and `error` gets a note of that."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self.spool.close()
        if error is not None and not self.spool.in_memory:
            error.add_note(f"The recording is kept: finish it with `cassette recover {self.spool.id}`.")

    def _append(self, kind: bytes, t_ms: int, body: bytes, *, closing: bool = False) -> None:
        self._check_open()
        try:
            self.spool.append(kind, t_ms, body, closing=closing)
        except SpoolFull:
            self._full = self._full or "spool-full"
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise CassetteError(what=f"the recording of {self.path} has ended: start a new one")


def asdict_shallow(final: Final) -> dict[str, Any]:
    """The facts of a Final without its place."""
    return {name: getattr(final, name) for name in asdict(final) if name not in ("seq", "t_ms")}


def check_size(size: Size) -> None:
    """Raise UsageError for a size that no terminal has."""
    if not (1 <= size.columns <= MAX_COLUMNS and 1 <= size.rows <= MAX_ROWS):
        limits = f"1 to {MAX_COLUMNS} columns and 1 to {MAX_ROWS} rows"
        raise UsageError(what=f"a terminal of {size.columns} columns and {size.rows} rows: give {limits}")
