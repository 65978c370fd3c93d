"""Facts become events in the spool, in the order in which they are told; the clock is the caller's.

Every method stamps its event once, and returns when the event would survive the death of this process. Nothing
here reads a descriptor, draws a screen or waits for a program: that is `cassette.recording.live`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from cassette.clock import Clock, MonotonicClock
from cassette.errors import CassetteError, SpoolFull, UsageError
from cassette.format import documents, lines
from cassette.format.limits import MAX_INPUT_BYTES
from cassette.model import Discovery, Final, Input, Quota, ServiceEvent, Size
from cassette.recording.finish import Progress, finish
from cassette.recording.given import check_size, encoded, final_body, plain, read_final, read_input
from cassette.recording.plan import RecordingPlan
from cassette.recording.stream_spool import StreamSpool
from cassette.scrubbing.settings import Names, Paths, ScrubSettings, read_settings
from cassette.store.publish import check_target
from cassette.store.spool import Spool
from cassette.store.spooled import TYPED, Kind
from terminal.exit_status import ExitStatus

Facts = TypeVar("Facts", Discovery, Quota)
MAX_OUTPUT_BYTES = 2**20
"""Bytes of one output event; more at once becomes several events of one moment."""


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
        known_secret_env: Names = (),
        known_secret_file: Paths = (),
        rules: Paths = (),
        scrub: ScrubSettings | None = None,
        stream: bool = False,
    ) -> None:
        """`max_bytes` ends the recording after so much output. With `stream` it is scrubbed as it goes and kept on a
        disk, for recordings too long for memory; the report says that this is the weaker guarantee.

        `known_secret_env` names variables and `known_secret_file` files whose values are secret, `rules` files with
        rules in gitleaks' form; `scrub`, where given, is all of that, read before. Raises UsageError, CassetteExists,
        CannotStore.
        """
        plan = (plan or RecordingPlan()).sized(columns, rows)
        check_size(plan.size)
        if max_bytes is not None and max_bytes < 1:
            raise UsageError(what=f"max_bytes is {max_bytes}: give at least 1, or leave it out")
        self.path = Path(path).absolute()
        check_target(self.path, overwrite=overwrite)
        self.scrub = scrub or read_settings(
            known_secret_env=known_secret_env, known_secret_file=known_secret_file, rules=rules
        )
        """What was known of secrets at the beginning."""
        self.clock = clock or MonotonicClock()
        self.progress = progress
        self._lock = threading.RLock()
        self._max_bytes = max_bytes
        self._last_ms = 0
        self._bytes = 0
        self._dropped = 0  # bytes of output
        self._refused = 0  # other events
        self._full: str | None = None
        self._final: Final | None = None
        self._closed = False
        try:
            self.spool = self._begin_spool(plan, overwrite=overwrite, stream=stream)
        except (TypeError, ValueError) as error:
            raise UsageError(
                what=f"this plan cannot be kept: {error}. Give plain text and numbers."
            ) from None
        self._start = self.clock.now()

    def _begin_spool(self, plan: RecordingPlan, *, overwrite: bool, stream: bool) -> Spool | StreamSpool:
        if stream:
            return StreamSpool(plan, self.scrub, target=self.path, overwrite=overwrite)
        return Spool.create(plan.header(overwrite=overwrite, scrub=self.scrub), target=self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._closed:
            return
        if error is None:
            self.close()
        else:
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
        with self._lock:
            self._last_ms = max(self._last_ms, round((self.clock.now() - self._start) * 1000))
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
        if kind not in ("input", "paste") or source not in ("user", "script", "terminal"):
            raise UsageError(
                what=f"an input of kind {kind!r} from {source!r}: the kinds are input and paste, "
                "the sources user, script and terminal"
            )
        self._input(kind, data=bytes(data), key=key, source=source, redacted=redacted)

    def output(self, data: bytes) -> int:
        """Bytes that the program wrote; how many of them were kept. Fewer than given: it is full, stop the program.

        Raises SpoolFull for bytes that did not fit in the spool; they count as a gap.
        """
        with self._lock:
            self._check_open()
            room = len(data) if self._max_bytes is None else self._max_bytes - self._bytes
            taken = 0 if self._full else min(room, len(data))
            moment, begun = self.now_ms(), self._bytes
            try:
                for start in range(0, taken, MAX_OUTPUT_BYTES):
                    part = data[start : min(start + MAX_OUTPUT_BYTES, taken)]
                    self._append(Kind.OUTPUT, moment, part)
                    self._bytes += len(part)
            finally:
                self._dropped += len(data) - (self._bytes - begun)
            if taken < len(data):
                self._full = self._full or "max-bytes"
            return taken

    def known_secret(self, value: str | bytes, *, name: str | None = None) -> None:
        """A value that must not be in the cassette, in no form and in no file. Tell it before it is used.

        `name` of a variable is what the report calls it by. A short one is looked for only as a whole word.
        """
        data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)
        if not data.strip():
            return
        kind, origin = ("hidden-input", TYPED) if name is None else ("environment", f"environment:{name}")
        body = documents.write_json([data.decode("latin-1"), kind, origin])
        self._spool_document(Kind.KNOWN, body)

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
        self._spool_document(Kind.PTY_MODE, encoded("mode", lambda: documents.write_json(plain(mode))))

    def mode(self, mode: Mapping[str, bool]) -> None:
        """The line discipline changed: echo, icanon, isig, icrnl, opost, onlcr."""
        self._input("mode", mode=dict(mode))

    def mark(self, op: str) -> None:
        """The driver looked at the screen or waited for it."""
        self._input("mark", op=op)

    def _input(self, kind: str, **facts: Any) -> None:
        with self._lock:
            event = Input(0, self.now_ms(), kind, **facts)
            body = encoded("input", lambda: lines.input_body(event), read_input)
            self._append(Kind.INPUT, event.t_ms, body)

    def service_event(self, payload: Mapping[str, Any]) -> None:
        """A caller's own JSON object, kept in order with the rest. The type `gap` is the recorder's."""
        if not isinstance(payload, Mapping):
            raise UsageError(
                what=f"a service event is a JSON object, not {type(payload).__name__}: wrap it in one"
            )
        if payload.get("type") == "gap":
            raise UsageError(what="the service event type 'gap' is the recorder's own: choose another type")
        with self._lock:
            self._check_open()
            self._put_service(payload)

    def gap(self, reason: str, *, lost_bytes: int = 0) -> None:
        """Something is missing here, and why; the cassette will be partial."""
        with self._lock:
            self._check_open()
            self._put_gap(reason, lost_bytes)

    def _put_gap(self, reason: str, lost_bytes: int = 0, lost_events: int = 0) -> None:
        payload: dict[str, Any] = {"type": "gap", "reason": reason}
        payload |= {name: n for name, n in (("bytes", lost_bytes), ("events", lost_events)) if n}
        self._put_service(payload, closing=True)

    def _put_service(self, payload: Mapping[str, Any], *, closing: bool = False) -> None:
        moment = self.now_ms()
        body = encoded("service event", lambda: lines.service_body(ServiceEvent(0, moment, plain(payload))))
        self._put(Kind.SERVICE, moment, body, closing=closing)

    def final(
        self,
        exit: ExitStatus | int | None = None,  # noqa: A002 - the contract's name
        *,
        usage: Mapping[str, Any] | None = None,
        cost_usd: float | None = None,
        final_text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """How it ended: the last event. What is given again replaces what an earlier call gave; `metadata` adds."""
        given: dict[str, Any] = {
            "exit": ExitStatus(exit) if isinstance(exit, int) else exit,
            "usage": usage,
            "cost_usd": cost_usd,
            "final_text": final_text,
            "metadata": metadata,
        }
        with self._lock:
            self._check_open()
            final = self._final or Final(0, 0, None, 0)
            if metadata is not None and final.metadata is not None:
                given["metadata"] = {**final.metadata, **metadata}
            given = {name: value for name, value in given.items() if value is not None}
            final = replace(final, **given)
            encoded("final", lambda: final_body(final), read_final)
            self._final = replace(final, usage=plain(final.usage), metadata=plain(final.metadata))

    def discovery(self, facts: Discovery) -> None:
        """What the harness can do, as it was seen: becomes `discovery.json`."""
        self._facts(Kind.DISCOVERY, Discovery, facts)

    def quota(self, facts: Quota) -> None:
        """What is left of the account's allowance, as it was seen: becomes `quota.json`."""
        self._facts(Kind.QUOTA, Quota, facts)

    def _facts(self, kind: bytes, shape: type[Facts], facts: Facts) -> None:
        if not isinstance(facts, shape):
            raise UsageError(
                what=f"{type(facts).__name__} is no {shape.__name__}: give a cassette.{shape.__name__}"
            )

        def encode() -> bytes:
            document = {field.name: plain(getattr(facts, field.name)) for field in fields(facts)}
            kept = {name: value for name, value in document.items() if value not in (None, [], {})}
            documents.read_document(shape, kept)
            return documents.write_json(kept)

        self._spool_document(kind, encoded(shape.__name__.lower(), encode, documents.read_json))

    def _spool_document(self, kind: bytes, data: bytes) -> None:
        with self._lock:
            self._append(kind, self.now_ms(), data)

    def close(self, *, to: str | Path | None = None, overwrite: bool = False) -> Path:
        """Publish the cassette; its path. Again it does nothing.

        `to` is another place than the one that it was begun for (which stays that of `recover`); `overwrite` says
        whether a cassette may be replaced there. After an error the recording stays in the spool, for `recover`; the
        error carries a note that says how.
        """
        with self._lock:
            if self._closed:
                return self.path
            self._closed = True
            try:
                self._end()
                if to is not None:
                    self.path = self.spool.target = Path(to).absolute()
                    self.spool.header = {**self.spool.header, "overwrite": overwrite}
                spool = self.spool.check() if isinstance(self.spool, StreamSpool) else self.spool
                finish(spool, progress=self.progress)
            except BaseException as error:
                self._let_go(error)
                raise
        return self.path

    def _end(self) -> None:
        """The closing events; they use the room that the spool keeps for them."""
        if self._full:
            self._put_gap(self._full, self._dropped, self._refused)
        moment = self.now_ms()
        final = self._final or Final(0, moment, None, moment)
        body = lines.final_body(replace(final, t_ms=moment, duration_ms=moment))
        self._put(Kind.FINAL, moment, body, closing=True)

    def discard(self) -> None:
        """Throw the recording away: nothing is published, nothing stays in the spool."""
        with self._lock:
            self._check_open()
            self._closed = True
            self.spool.discard()

    def keep(self, error: BaseException | None = None) -> None:
        """Stop without publishing; the recording stays in the spool, and `error` gets a note of that.

        What `recover` makes of it is partial, with a gap `abandoned`.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(CassetteError):  # it ends without its last words then
                self._put_gap("abandoned")
                self._end()
                if isinstance(self.spool, StreamSpool):
                    self.spool.check()
            self._let_go(error)

    def _let_go(self, error: BaseException | None) -> None:
        """Close the spool, and tell who reads `error` what became of the recording."""
        self.spool.close()
        if error is None:
            return
        if self.spool.in_memory:
            error.add_note("The recording was in memory only, and is lost.")
        else:
            error.add_note(f"The recording is kept: finish it with `cassette recover {self.spool.id}`.")

    def _append(self, kind: bytes, t_ms: int, body: bytes) -> None:
        self._check_open()
        self._put(kind, t_ms, body)

    def _put(self, kind: bytes, t_ms: int, body: bytes, *, closing: bool = False) -> None:
        try:
            self.spool.append(kind, t_ms, body, closing=closing)
        except SpoolFull:
            self._full = self._full or "spool-full"
            self._refused += kind != Kind.OUTPUT  # output is counted in bytes
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise CassetteError(what=f"the recording of {self.path} has ended: start a new one")
