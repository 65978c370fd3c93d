"""A recorder's spool whose every byte is scrubbed before it is written, so that it may lie on a disk.

It takes what any spool takes. What it holds back to read it together with what follows is in memory only, and is
lost when the recorder dies: at most a few hundred KB of output. Known secrets are never written. Who draws the live
screen gets the real events.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cassette.errors import DiskSpoolFull, SecretsWouldLeak, SpoolFull
from cassette.format import documents
from cassette.recording.live_tail import LiveTail, Numbered
from cassette.recording.plan import RecordingPlan
from cassette.recording.stream_records import (
    CHECKED,
    COUNTS,
    PATCH,
    REFUSED,
    STREAM,
    StreamRecords,
    StreamState,
    item_of,
    patch_of,
    record_of,
)
from cassette.scrubbing.prompt_rows import PromptRows
from cassette.scrubbing.settings import ScrubSettings, known_value
from cassette.scrubbing.streaming import Item, Noted, StreamedScrub
from cassette.store.spool import Record, Spool
from cassette.store.spooled import TYPED, Kind, Records
from scrub.forms import LEAST_LENGTH
from scrub.hidden import LEAST_VALUE
from scrub.known import Entry
from scrub.report import HitCounts
from scrub.scrubber import Scrubber, SecretsLeft
from scrub.stream import WINDOW
from terminal.widths import width

SLACK_BYTES = 4 * 2**20
"""Room that is held back on the disk for what is held back in memory, and for how a recording ended."""


class StreamSpool:
    """See `Spool`: the same for a recorder, but for `check`, which is due before it is published."""

    in_memory = False
    why_in_memory = ""

    def __init__(
        self, plan: RecordingPlan, settings: ScrubSettings, *, target: Path, overwrite: bool
    ) -> None:
        """Raises CannotStore, SpoolFull, SecretsWouldLeak, ValueError."""
        self._settings = settings
        self._lock = threading.RLock()
        self._scrubber = Scrubber(
            known=[*settings.known.values, *settings.identity.known_values()],
            width=width,
            find_more=settings.find_more,
        )
        rows = PromptRows(plan.emulator, plan.size)
        self._scrub = StreamedScrub(self._scrubber, settings.identity, size=plan.size, rows=rows)
        self._counted = -1
        self._skipped = 0
        self._failure: SecretsWouldLeak | SpoolFull | None = None
        self._unwritten: deque[Item] = deque()
        self._spool = Spool.create_on_disk(
            self._header(plan, overwrite=overwrite), target=target, slack=SLACK_BYTES
        )
        self._tail = LiveTail(self._spool)

    def _header(self, plan: RecordingPlan, *, overwrite: bool) -> dict[str, Any]:
        try:
            clean = plan.with_texts(self._scrub.document(plan.texts()))
        except SecretsLeft as left:
            raise would_leak(left, self._settings.rule_names) from None
        header = clean.header(overwrite=overwrite, scrub=ScrubSettings())
        del header["scrub"]
        settings = self._settings.as_header()
        short = [origin for value, _, origin in settings["known"] if len(value) < LEAST_LENGTH]
        facts = {
            "rules": [*(rule.name for rule in self._scrubber.rules.rules), *self._settings.rule_names],
            "preserved": [[item.what, item.reason] for item in self._settings.identity.preserved()],
            "short": short,
            "skipped": settings["skipped"],
        }
        return {**header, STREAM: facts}

    # What a recorder asks of any spool.

    @property
    def id(self) -> str:
        """Its name."""
        return self._spool.id

    @property
    def path(self) -> Path | None:
        """The file."""
        return self._spool.path

    @property
    def size(self) -> int:
        """Bytes that it takes on the disk."""
        return self._spool.size

    @property
    def header(self) -> Mapping[str, Any]:
        """What was known at the beginning, scrubbed."""
        return self._spool.header

    @header.setter
    def header(self, header: Mapping[str, Any]) -> None:
        self._spool.header = header

    @property
    def target(self) -> Path:
        """Where the cassette will go."""
        return self._spool.target

    @target.setter
    def target(self, target: Path) -> None:
        self._spool.target = target

    def append(self, kind: bytes, t_ms: int, payload: bytes | memoryview, *, closing: bool = False) -> None:
        """Take one event. It is on the disk when what follows it has been read, or after the final event.

        Raises SecretsWouldLeak, SpoolFull, also for an earlier event; then this one was not taken.
        """
        data = bytes(payload)
        with self._lock:
            if isinstance(self._failure, SecretsWouldLeak) or (self._failure and not closing):
                raise self._failure
            if kind == Kind.KNOWN:
                self._know(data)
                return
            item = item_of(kind, t_ms, data)
            self._tail.add(kind, t_ms, data)
            if isinstance(item, Noted) and kind == Kind.PTY_MODE:
                mode = item.document
                self._scrub.begins_with(
                    echo=bool(mode.get("echo", True)), canonical=bool(mode.get("icanon", True))
                )
            try:
                self._unwritten += self._scrub.take(item, len(data))
            except SecretsLeft as left:
                self._failure = would_leak(left, self._settings.rule_names)
                raise self._failure from None
            self._write(closing=closing)

    def _know(self, data: bytes) -> None:
        value = known_value(*documents.read_json(data))
        if value.origin == TYPED and len(value.value) < LEAST_VALUE:  # an answer
            self._skipped += 1
        else:
            self._scrubber.book.add(value)

    def _write(self, *, closing: bool) -> None:
        if not self._unwritten:
            return
        try:
            while self._unwritten:
                item = self._unwritten[0]
                kind, data = record_of(item)
                self._tail.wrote(kind, data)
                self._spool.append(kind, item.t_ms, data, closing=closing)
                self._unwritten.popleft()
            self._note_counts(closing=closing)
        except SpoolFull as full:
            self._failure = DiskSpoolFull(**full.facts)
            if closing:
                raise self._failure from None

    def _note_counts(self, *, closing: bool) -> None:
        counted = self._scrub.counts.total + self._scrub.hidden_inputs
        if counted != self._counted:
            self._spool.append(COUNTS, 0, self._state(self._scrub.counts).as_record(), closing=closing)
            self._counted = counted

    def _state(self, counts: HitCounts) -> StreamState:
        entries = self._scrubber.book.entries
        origins = Counter(entry.origin.partition(":")[0] for entry in entries)
        before = {value.value for value in self._settings.known.values}
        short = (entry.origin for entry in entries if _is_short(entry) and entry.value not in before)
        return StreamState(
            counts,
            self._scrub.hidden_inputs,
            dict(origins),
            self._scrub.forgotten,
            self._skipped,
            tuple(short),
        )

    def records(self, start: int | None = None) -> Iterator[Record]:
        """The real events that a screen shows, from a place on; see `LiveTail`."""
        return self._tail.records(start)

    def stored(self) -> Records:
        """The events that a screen shows, as they are stored by what is known now."""
        return _Stored(self)

    def stored_records(self) -> Iterator[Record]:
        """See `stored`; what is held back is scrubbed apart, and teaches nothing."""
        with self._lock:
            written = self._tail.written
            first, real = self._tail.behind(written, WINDOW.before)
            apart = self._scrub.apart()
            items = [item_of(record.kind, record.t_ms, bytes(record.data)) for record in real]
            clean = [out for item in items for out in apart.take(item)] + apart.flush()
        yield from self._tail.scrubbed(0, written)
        for number, item in enumerate(clean, first):
            if number >= written:
                kind, data = record_of(item)
                yield Numbered(kind, item.t_ms, data, number)

    def discard(self) -> None:
        """Remove it for good."""
        self._spool.discard()

    def close(self) -> None:
        """Let it go and keep its file; what was held back is lost."""
        self._spool.close()

    # The end.

    def check(self) -> Spool:
        """Read all of it again with all that is known by now, cover what became known late; the spool to publish.

        Raises SecretsWouldLeak, and then it can never be published.
        """
        with self._lock:
            if isinstance(self._failure, SecretsWouldLeak):
                raise self._failure
            try:
                self._patch()
            except SecretsLeft as left:
                self._spool.append(REFUSED, 0, b"", closing=True)
                raise would_leak(left, self._settings.rule_names) from None
            except SpoolFull as full:
                raise DiskSpoolFull(**full.facts) from None
        return self._spool

    def _patch(self) -> None:
        plan = RecordingPlan.from_header(self._spool.header)
        again = StreamedScrub(self._scrubber, self._settings.identity, size=plan.size, rows=None, learn=False)
        texts = again.document(plan.texts())
        waiting: deque[Item] = deque()
        number = 0
        for record in StreamRecords(self._spool).records():
            item = item_of(record.kind, record.t_ms, bytes(record.data))
            waiting.append(item)
            for clean in again.take(item, len(record.data)):
                if record_of(clean) != record_of(waiting.popleft()):
                    self._spool.append(PATCH, 0, patch_of(number, clean), closing=True)
                number += 1
        counts = self._scrub.counts
        counts.merge(again.counts)
        self._spool.append(COUNTS, 0, self._state(counts).as_record(), closing=True)
        self._spool.append(CHECKED, 0, documents.write_json(texts), closing=True)


class _Stored:
    def __init__(self, spool: StreamSpool) -> None:
        self._spool = spool

    def records(self, start: int | None = None) -> Iterator[Record]:  # noqa: ARG002 - read from the start
        return self._spool.stored_records()


def _is_short(entry: Entry) -> bool:
    return entry.short and not entry.mask and not entry.origin.startswith("rule:")


def would_leak(left: SecretsLeft, own_rules: Sequence[str]) -> SecretsWouldLeak:
    """The error for what cannot be covered; `own_rules` are the names of an organisation's."""
    first = left.leaks[0]
    return SecretsWouldLeak(
        count=len(left.leaks), kind=first.kind, origin=first.origin, form=first.form, view=first.view,
        stream=first.stream, offset=first.offset, own_rules=own_rules,
    )  # fmt: skip
