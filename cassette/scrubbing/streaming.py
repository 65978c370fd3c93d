"""Events in, the same events without secrets out, in their order, held back for a bounded time. Memory stays flat.

Output goes through `scrub.stream`; lengths, moments and the cuts of its reads are kept. What came between two pieces
of output waits until both have been read together with what follows them, so that an echo tells about the input
before it. What is given out does not depend on how reads cut the output.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from cassette.model import Evidence, Final, Input, Output, ServiceEvent, Size
from cassette.scrubbing.held_inputs import HeldInputs
from cassette.scrubbing.prompt_rows import PromptRows
from cassette.scrubbing.rendered_window import RenderedWindow
from cassette.scrubbing.typed_events import Looks, is_typed
from cassette.scrubbing.whole import FINAL_STRINGS
from scrub.documents import flatten
from scrub.hidden import LAG_MS, Discipline
from scrub.identity import Identity
from scrub.report import HitCounts
from scrub.scrubber import Scrubber, SecretsLeft, leak_of
from scrub.stream import WINDOW, StreamScrubber, Window
from scrub.sweep import Hit
from scrub.views import plain_view

MOST_WAITING_BYTES = 4 * 2**20
"""Of inputs, service events and documents that wait for output; with more, all that is held is given out."""
MOST_FOUND = 1000
"""Values that rules found and that are looked for everywhere; the first are forgotten when there are more."""
_LEAST_WEIGHT = 256
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Noted:
    """A JSON document that is no event; `kind` is the caller's."""

    t_ms: int
    kind: bytes
    document: Any


Item: TypeAlias = Evidence | Noted


@dataclass(frozen=True, slots=True)
class _Held:
    item: Item
    at: int
    """So many bytes of output must be ready before it may go."""
    weight: int
    """Bytes that it takes while it waits; output is counted apart."""


class StreamedScrub:
    """`take` every event in order; what it gives may be written. The final event gives all the rest.

    `size` is that of the terminal at the start. `rows` sees the output and tells the prompt before an input; without,
    what was typed blind is hidden already.
    With `learn` false no rule looks: what the scrubber knows is all there is. Raises SecretsLeft when something known
    cannot be covered; then nothing more may be written.
    """

    def __init__(
        self,
        scrubber: Scrubber,
        identity: Identity,
        *,
        size: Size,
        rows: PromptRows | None,
        learn: bool = True,
        window: Window = WINDOW,
    ) -> None:
        self._scrubber, self._identity = scrubber, identity
        self._learns = learn
        self._rows = rows
        self._size = size
        self._window = RenderedWindow(scrubber, size, learn=learn)
        self._output = StreamScrubber(
            scrubber,
            learn=learn,
            window=window,
            views=lambda streams: self._window.views(streams, self._output.window_start),
        )
        self._inputs = HeldInputs(
            scrubber, Discipline(0, echo=True, canonical=True), hide=rows is not None, window=window
        )
        self.forgotten = 0
        """Values that rules found and that are not looked for any more."""
        self._documents = HitCounts()
        self._looks = Looks()
        self._queue: deque[_Held] = deque()
        self._taken = 0  # bytes of output
        self._given = 0  # of them
        self._ready = bytearray()  # scrubbed output that is not given out yet
        self._waiting = 0
        self._now_ms = 0
        self._is_watched = False  # does anybody look whether echo is off?

    @property
    def counts(self) -> HitCounts:
        """What was covered in what was given out."""
        total = HitCounts()
        for counts in (self._output.counts, *self._inputs.counts, self._documents):
            total.merge(counts)
        return total

    @property
    def hidden_inputs(self) -> int:
        """Hidden lines in what was given out."""
        return self._inputs.hidden

    def begins_with(self, *, echo: bool, canonical: bool) -> None:
        """The line discipline at the start, before the first input. Without it nobody looks at it later."""
        self._is_watched = self._rows is not None
        self._inputs.discipline = Discipline(0, echo=echo, canonical=canonical)

    def apart(self) -> StreamedScrub:
        """One that knows what this one knows, to scrub what is held back without giving it out."""
        twin = self._scrubber.copy()
        for value in self._inputs.foreseen():
            twin.book.add(value)
        return StreamedScrub(twin, self._identity, size=self._size, rows=None)

    def take(self, item: Item, size: int = 0) -> list[Item]:
        """The next event, of about so many bytes; what may be written now, often nothing."""
        self._now_ms = max(self._now_ms, item.t_ms)
        if isinstance(item, Output):
            return list(self._take_output(item))
        held = _Held(item, self._taken, _LEAST_WEIGHT + size)
        self._queue.append(held)
        self._waiting += held.weight
        if isinstance(item, Input):
            self._take_input(item)
        if isinstance(item, Final) or self._waiting > MOST_WAITING_BYTES:
            return self.flush()
        return []

    def flush(self) -> list[Item]:
        """All that is held, read with what is there."""
        self._inputs.foresee()
        self._ready += self._output.flush()
        return list(self._release(self._taken, at_once=True))

    def _take_output(self, event: Output) -> Iterator[Item]:
        data, at = event.data, 0
        self._taken += len(data)
        self._queue.append(_Held(event, self._taken, 0))
        while at < len(data):
            room = self._output.room
            piece = data[at : at + room]
            at += len(piece)
            if len(piece) == room:
                self._inputs.foresee()
            self._ready += self._output.feed(piece)
            if len(piece) == room:
                yield from self._release(self._output.given - self._output.behind)
                self._forget()
        if self._rows is not None:
            self._rows.output(data)
            if self._looks.are_wanted(event.t_ms):
                row = self._rows.before_cursor()
                self._looks.saw(row)
                self._inputs.look_again(row)

    def _forget(self) -> None:
        """Keep memory flat, and every block at about the same speed."""
        if self._learns:
            self.forgotten += self._scrubber.book.keep_found(MOST_FOUND)

    def _take_input(self, event: Input) -> None:
        row = ""
        if event.kind == "resize" and event.size is not None:
            self._window.resized(self._taken, event.size)
            if self._rows is not None:
                self._rows.resize(event.size)
        elif is_typed(event) and self._rows is not None:
            row = self._rows.before_cursor()
            self._looks.typed(event)
        self._inputs.add(event, row)

    def _is_undecided(self, item: Item) -> bool:
        """Was it typed so shortly ago that echo may still turn out to be off? If we died now, nobody would know."""
        return (
            isinstance(item, Input)
            and is_typed(item)
            and self._is_watched
            and self._now_ms <= item.t_ms + LAG_MS
            and len(self._ready) < MOST_WAITING_BYTES
        )

    def _release(self, until: int, *, at_once: bool = False) -> Iterator[Item]:
        """What stands before so many bytes of output and is decided."""
        due: list[Item] = []
        while self._queue and self._queue[0].at <= until:
            if not at_once and self._is_undecided(self._queue[0].item):
                break
            held = self._queue.popleft()
            self._waiting -= held.weight
            due.append(held.item)
        inputs = [item for item in due if isinstance(item, Input)]
        released = self._inputs.release(len(inputs), self._marks(inputs)) if inputs else iter(())
        for item in due:
            clean = next(released) if isinstance(item, Input) else self._clean(item)
            if clean is not None:
                yield clean

    def _clean(self, item: Item) -> Item:
        if isinstance(item, Output):
            data = bytes(self._ready[: len(item.data)])
            del self._ready[: len(data)]
            offset, self._given = self._given, self._given + len(data)
            return Output(item.seq, item.t_ms, data, offset)
        if isinstance(item, Noted):
            return replace(item, document=self.document(item.document))
        if isinstance(item, ServiceEvent):
            return replace(item, payload=self.document({"service": [item.payload]})["service"][0])
        assert isinstance(item, Final)
        strings = {name: getattr(item, name) for name in FINAL_STRINGS}
        return replace(item, **self.document({"final": strings})["final"])

    def _marks(self, inputs: Iterable[Input]) -> Iterator[str]:
        return (self.document({"marks": [event.op]})["marks"][0] for event in inputs if event.op)

    def document(self, document: Any) -> Any:
        """A JSON document, scrubbed by itself; names of people and machines get their fixed names."""
        flat = flatten(document)
        streams = {"documents": flat.text}
        hits: list[Hit] = []
        for _ in range(_ROUNDS):
            views = self._scrubber.completed(
                [plain_view("document", "documents", streams["documents"])], streams
            )
            if self._learns:
                self._scrubber.discover(views)
            hits = [hit for hit in self._scrubber.sweep(views) if not hit.entry.mask]
            if not hits:
                return self._identity.in_document(flat.rebuilt(streams["documents"]))
            streams, effective = self._scrubber.rewrite(streams, hits)
            self._documents.count(effective)
        raise SecretsLeft([leak_of(hit) for hit in hits])
