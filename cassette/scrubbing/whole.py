"""A whole recording in, the same recording without secrets out; or an error, and nothing.

Output keeps every length and moves no cursor; input is masked or hidden as format 1 says; every string of every
document is read. What was rewritten is drawn and read again: while anything known is left in any view, or the
cursor stands elsewhere, nothing is given out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from cassette.errors import ScrubMovedCells, SecretsWouldLeak
from cassette.format import lines
from cassette.model import FINAL, INPUT, OUTPUT, SERVICE_EVENTS, Final, Input, Output, ServiceEvent, Size
from cassette.scrubbing.beginnings import Beginnings
from cassette.scrubbing.hidden_input import JudgedInput, Screens, judged
from cassette.scrubbing.rewritten_inputs import RewrittenInputs
from cassette.scrubbing.screen_texts import (
    ScreenTexts,
    Wanted,
    painted_views,
    screen_texts,
    screen_texts_again,
)
from cassette.scrubbing.typed_events import Looks, is_typed
from cassette.store.spooled import Observed
from scrub.documents import FlatDocument, flatten
from scrub.environment import Taken
from scrub.escapes import text_views
from scrub.hidden import MASKS, Discipline
from scrub.identity import Identity
from scrub.known import KnownValue
from scrub.misread import doubtful, misread
from scrub.report import HitCounts, ScrubReport
from scrub.rules import RuleSet
from scrub.scrubber import Leak, Scrubber, leak_of
from scrub.sweep import Hit, is_in_sequence
from scrub.typed import typed_views
from scrub.views import View, plain_view
from terminal.passes import Track
from terminal.played import Ask, Played, Resize
from terminal.widths import width

_ROUNDS = 4
FINAL_STRINGS = ("final_text", "usage", "metadata", "routing_actual", "session_log_path")
"""The fields of a final event in which something secret can stand."""

Evidence = Callable[[], Iterable[Observed]]
"""Gives every event from the start, each time that it is called."""


@dataclass(frozen=True)
class ScrubPlan:
    """What is known before a recording is scrubbed.

    `documents` are JSON documents to scrub with it, by name (manifest, discovery, quota …). `known` is what the
    environment and files gave. `echo` and `canonical` are the line discipline at the start.
    """

    size: Size
    known: Taken = field(default_factory=Taken)
    identity: Identity = field(default_factory=Identity)
    env_names: tuple[str, ...] = ()
    documents: Mapping[str, Any] = field(default_factory=dict)
    rules: RuleSet | None = None
    find_more: tuple[Callable[[View], Iterable[KnownValue]], ...] = ()
    echo: bool = True
    canonical: bool = True


@dataclass(frozen=True)
class ScrubbedRecording:
    """A recording without secrets. `events` can be called once or often; `documents` are the plan's."""

    events: Callable[[], Iterator[Observed]]
    documents: Mapping[str, Any]
    report: ScrubReport


def scrub_recording(evidence: Evidence, plan: ScrubPlan) -> ScrubbedRecording:
    """Scrub all of it. Raises SecretsWouldLeak or ScrubMovedCells; neither holds a value."""
    scrubber = Scrubber(
        plan.rules,
        [*plan.known.values, *plan.identity.known_values()],
        width=width,
        find_more=plan.find_more,
    )
    work = _Work(scrubber, _Material.of(evidence()), plan)
    work.run()
    return ScrubbedRecording(
        lambda: _events(evidence(), work), work.documents(), _report(work, plan, scrubber)
    )


@dataclass(slots=True)
class _Material:
    """A recording taken apart: output, where its chunks end, inputs, and what else has strings."""

    output: bytes
    timeline: list[int | Resize | Ask]
    inputs: list[Input]
    service: list[Any]
    final: dict[str, Any]
    looks: Looks = field(default_factory=Looks)

    @staticmethod
    def of(evidence: Iterable[Observed]) -> _Material:
        output = bytearray()
        made = _Material(b"", [], [], [], {})
        for observed in evidence:
            event = observed.event
            if isinstance(event, Output):
                output += event.data
                made.timeline.append(len(event.data))
                if made.looks.are_wanted(event.t_ms):
                    made.timeline.append(Ask(MASKS, made.looks.text))
            elif isinstance(event, Input):
                made._take_input(event)
            elif isinstance(event, ServiceEvent):
                made.service.append(event.payload)
            elif isinstance(event, Final):
                made.final = {name: getattr(event, name) for name in FINAL_STRINGS}
        made.output = bytes(output)
        return made

    def _take_input(self, event: Input) -> None:
        self.inputs.append(event)
        if event.kind == "resize" and event.size is not None:
            self.timeline.append(Resize(event.size.columns, event.size.rows))
        elif is_typed(event):
            self.timeline.append(Ask(MASKS))
            self.looks.typed(event)


class _Work:
    """The rounds of one recording: read, discover, sweep, rewrite, until nothing is left."""

    def __init__(self, scrubber: Scrubber, material: _Material, plan: ScrubPlan) -> None:
        self.scrubber = scrubber
        self.material = replace(material, output=b"")  # as one of the streams
        self.counts = HitCounts()
        self.judged = JudgedInput()
        self._plan = plan
        self._meta: FlatDocument | None = None
        self.streams = {"output": material.output}
        self._track: Track | None = None
        self._seen: ScreenTexts | None = None

    def run(self) -> None:
        leaks: list[Leak] = []
        for _ in range(_ROUNDS):
            rewritten, leaks = self._round()
            if not leaks:
                return
            if rewritten == self.streams:
                break
            self.streams = rewritten
        first = leaks[0]
        raise SecretsWouldLeak(
            count=len(leaks), kind=first.kind, origin=first.origin, form=first.form, view=first.view,
            stream=first.stream, offset=first.offset,
        )  # fmt: skip

    def _round(self) -> tuple[dict[str, bytes], list[Leak]]:
        """The streams rewritten once, and what was found in them before."""
        scrubber = self.scrubber
        output = self.streams["output"]
        screen = self._seen or self._look(output)
        self._seen = None
        views = scrubber.completed(self._views(), self.streams)
        scrubber.discover([*views, *screen.views])
        if screen.is_partial and screen.swept_with != scrubber.book.version:
            screen = self._look(output)  # what was left out is to be searched for more now
            scrubber.discover(screen.views)
        hits = [
            hit for hit in scrubber.sweep(views) if not (_is_name_in_document(hit) or is_in_sequence(hit))
        ]
        on_screen = [hit for hit in scrubber.sweep(screen.views) if _is_of_its_own(hit)]
        if not hits and not on_screen:
            screen.found([], scrubber.book)
            if not screen.again:
                return self.streams, []
            self._seen = self._look(output, screen)  # what was typed hidden may be broken over rows
            return self._round()
        leaks = [leak_of(hit) for hit in (*hits, *on_screen)]
        wanted = screen.found(on_screen, scrubber.book)
        del views
        return self._rewritten(screen, hits, on_screen, wanted), leaks

    def _rewritten(
        self, screen: ScreenTexts, hits: list[Hit], on_screen: list[Hit], wanted: Wanted
    ) -> dict[str, bytes]:
        """The streams with all hits covered.

        What shows on the screen is most often covered with what was found elsewhere; a look tells, and is the
        check as well. Else the bytes of each cell are wanted, which takes longer.
        """
        scrubber = self.scrubber
        elsewhere = {hit.entry.identity for hit in hits if hit.view.stream == "output"}
        is_elsewhere = all(_is_whole(hit) and hit.entry.identity in elsewhere for hit in on_screen)
        if is_elsewhere and not doubtful(hits, on_screen):
            rewritten, effective = scrubber.rewrite(self.streams, hits)
            self._seen = self._look(rewritten["output"], screen)
            if not self._seen.replaced:
                self._seen.forget()
                self._seen = None
                del rewritten
        if self._seen is None:
            joined = any(hit.view.kind != "screen" for hit in on_screen)
            worth = Beginnings(scrubber.rules, scrubber.book) if joined else _nothing_begins
            painted = scrubber.sweep(painted_views(screen.passed, worth, wanted))
            wrong = misread(hits, on_screen, painted)
            scrubber.book.forget(entry.value for entry in wrong)
            right = [hit for hit in (*hits, *painted) if hit.entry not in wrong]
            rewritten, effective = scrubber.rewrite(self.streams, right)
            self._seen = self._look(rewritten["output"], screen)
        self.counts.count(effective)
        return rewritten

    def _look(self, output: bytes, before: ScreenTexts | None = None) -> ScreenTexts:
        """All that stands on the screen with this output, or what is new since `before`. Raises ScrubMovedCells."""
        book = self.scrubber.book
        if before is None:
            size = self._plan.size
            played = Played(size.columns, size.rows, self.material.timeline, output)
            screen = screen_texts(played, Beginnings(self.scrubber.rules, book), book)
        else:
            screen = screen_texts_again(before, output, Beginnings(None, book), book)
        track = screen.track
        if self._track is None:
            self._begin(screen)
        elif track.digest != self._track.digest:
            raise ScrubMovedCells(what=f"in {track.chunks} chunks")
        return screen

    def _begin(self, screen: ScreenTexts) -> None:
        """Judge the input by what was seen, and lay out the streams."""
        plan, material = self._plan, self.material
        self._track = track = screen.track
        start = Discipline(0, echo=plan.echo, canonical=plan.canonical)
        self.judged = judged(
            material.inputs, Screens(track.asked, track.runs, track.later, screen.was_read), start
        )
        for value in self.judged.values:
            self.scrubber.book.add(value)
        ops = [event.op for event in material.inputs if event.op]
        document = {**plan.documents, "service": material.service, "final": material.final, "marks": ops}
        self._meta = flatten(document)
        self.streams = {
            **self.streams,
            "input": b"".join(event.data for event in self._kept(typed=True)),
            "answers": b"".join(event.data for event in self._kept(typed=False)),
            "documents": self._meta.text,
        }

    def _kept(self, *, typed: bool) -> Iterator[Input]:
        return (event for event in self.judged.kept if event is not None and is_typed(event) is typed)

    def _views(self) -> Iterator[View]:
        """Every view that needs no terminal."""
        yield from text_views("output", self.streams["output"])
        yield from typed_views("input", self.streams["input"])
        yield from text_views("answers", self.streams["answers"])
        yield plain_view("document", "documents", self.streams["documents"])

    def _rebuilt(self) -> dict[str, Any]:
        assert self._meta is not None
        rebuilt: dict[str, Any] = self._plan.identity.in_document(
            self._meta.rebuilt(self.streams["documents"])
        )
        return rebuilt

    def documents(self) -> dict[str, Any]:
        """The plan's documents, scrubbed."""
        rebuilt = self._rebuilt()
        return {name: rebuilt[name] for name in self._plan.documents}

    def own_documents(self) -> tuple[list[Any], dict[str, Any], list[str]]:
        """Payloads of service events, strings of the final event, what marks say."""
        rebuilt = self._rebuilt()
        return rebuilt["service"], rebuilt["final"], rebuilt["marks"]


def _is_of_its_own(hit: Hit) -> bool:
    """What is found in rows that are joined, and not in one of them, which is read by itself as well."""
    inside = hit.view.text[hit.start : hit.end]
    return hit.view.kind == "screen" or b"\n" in inside or bool(hit.view.seams.between(hit.start, hit.end))


def _is_whole(hit: Hit) -> bool:
    """A whole value in one row, as it stands in the output most often."""
    return hit.view.kind == "screen" and hit.form != "fragment"


def _nothing_begins(_: str) -> tuple[()]:
    return ()


def _is_name_in_document(hit: Hit) -> bool:
    """Names of people and machines get their fixed names in documents, of whatever length."""
    return bool(hit.entry.mask) and hit.view.stream == "documents"


def _events(evidence: Iterable[Observed], work: _Work) -> Iterator[Observed]:
    """The events with scrubbed bytes and strings, in their order."""
    service, final, ops = map(iter_or_self, work.own_documents())
    inputs = RewrittenInputs(work.judged.kept, work.streams["input"], work.streams["answers"], ops)
    output, at = work.streams["output"], 0
    for observed in evidence:
        event = observed.event
        if isinstance(event, Output):
            data = output[at : at + len(event.data)]
            yield _output(observed, event, data, at)
            at += len(event.data)
        elif isinstance(event, Input):
            if (kept := inputs.next()) is not None:
                yield Observed(kept, INPUT, lines.input_body(kept))
        elif isinstance(event, ServiceEvent):
            yield _service(observed, event, next(service))
        else:
            yield _final(observed, event, final)


def iter_or_self(value: Any) -> Any:
    """An iterator over a list; anything else as it is."""
    return iter(value) if isinstance(value, list) else value


def _output(observed: Observed, event: Output, data: bytes, offset: int) -> Observed:
    if data == event.data:
        return observed
    body = lines.output_body(event.t_ms, offset, len(data), sha256(data).hexdigest())
    return Observed(replace(event, data=data), OUTPUT, body)


def _service(observed: Observed, event: ServiceEvent, payload: Any) -> Observed:
    if payload == event.payload:
        return observed
    changed = replace(event, payload=payload)
    return Observed(changed, SERVICE_EVENTS, lines.service_body(changed))


def _final(observed: Observed, event: Final, strings: Mapping[str, Any]) -> Observed:
    changed = replace(event, **strings)
    return observed if changed == event else Observed(changed, FINAL, lines.final_body(changed))


def _report(work: _Work, plan: ScrubPlan, scrubber: Scrubber) -> ScrubReport:
    origins = Counter(entry.origin.partition(":")[0] for entry in scrubber.book.entries)
    covered = work.counts.total or work.judged.hidden
    known = {value.value for value in plan.known.values}
    typed = {value.value: value for value in work.judged.values if value.value not in known}
    return ScrubReport(
        "scrubbed" if covered else "clean",
        rules=tuple(rule.name for rule in scrubber.rules.rules),
        counts=work.counts,
        env_allowlist=plan.env_names,
        preserved=tuple(plan.identity.preserved()),
        hidden_inputs=work.judged.hidden,
        short_values=(plan.known + Taken(tuple(typed.values()))).short,
        skipped_values=plan.known.skipped,
        known_values=dict(origins),
    )
