"""Secrets in one cassette, and where each of them stands. Never what they say.

First every text that needs no terminal is read, of every file in the directory. Then the engine scrubs the
recording in memory, which also draws it: what it would change is what is found. Where no drawing can show more
than the bytes do, that is left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from cassette.errors import CassetteError, Damaged, ScrubMovedCells, SecretsWouldLeak, own_rule
from cassette.format.lines import BadLine
from cassette.model import (
    DISCOVERY,
    FINAL,
    FRAMES,
    INPUT,
    MANIFEST,
    OUTPUT,
    OUTPUT_RAW,
    QUOTA,
    SCRUB_REPORT,
    SEAL,
    SERVICE_EVENTS,
)
from cassette.reading.reader import Cassette
from cassette.reading.verify import examine
from cassette.scanning.changes import Changes, Stretch
from cassette.scanning.files import Files, read_files
from cassette.scanning.rewriting import rewritten
from cassette.scanning.targets import below
from cassette.scanning.texts import Source, sources
from cassette.scanning.where import Where
from cassette.scrubbing.beginnings import Beginnings
from cassette.scrubbing.settings import ScrubSettings
from cassette.store.directory import FILE_NAMES, CassetteDirectory
from scrub.known import KnownValue
from scrub.scrubber import Scrubber
from scrub.sweep import Hit, is_in_sequence
from terminal.widths import width

State = Literal["clean", "secrets", "unread"]
Screen = Literal["read", "as its lines", "not read"]
_RANK = (
    OUTPUT_RAW,
    INPUT,
    SERVICE_EVENTS,
    FINAL,
    MANIFEST,
    DISCOVERY,
    QUOTA,
    SCRUB_REPORT,
    OUTPUT,
    FRAMES,
    SEAL,
)
MAX_PLACES = 1000
"""More places in one cassette are not told apart."""
_DAMAGED = "it is damaged: "
_MOVES = re.compile(
    rb"[\x00-\x06\x08\x0b-\x1f\x7f]"
    rb"(?:(?<=\x1b)(?!\[[0-9;:]*m|\[\?(?:25|2004|2026)[hl]|\][^\x07\x1b]*(?:\x07|\x1b\\))"
    rb"|(?<=\r)(?!\r*\n)|(?<![\x1b\r]))"
)
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
"""What may draw elsewhere than line under line; other output shows on the screen what its bytes show."""


@dataclass(frozen=True, slots=True)
class Found:
    """One secret at one place.

    `origin` says what found it (`rule:…`, `environment:…`, `file:…`, `input`; empty where several may have). `form`
    is how it is written, `view` how it was read. `fixable` is whether `--fix` takes it out.
    """

    kind: str
    origin: str
    form: str
    view: str
    where: Where
    fixable: bool = True


@dataclass
class Scan:
    """What a scan of one cassette says. `problems`: what could not be read, so that something may be there still."""

    path: Path
    found: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    screen: Screen = "not read"
    values: tuple[KnownValue, ...] = field(default=(), repr=False)
    own_rule: str = ""
    """The organisation's rule that found what the engine could not cover; the rule has to be mended."""

    @property
    def state(self) -> State:
        """`secrets` goes before `unread`."""
        return "secrets" if self.found else "unread" if self.problems else "clean"

    @property
    def is_damaged(self) -> bool:
        """It is not what was recorded, and is never rewritten."""
        return any(problem.startswith(_DAMAGED) for problem in self.problems)

    @property
    def exit_code(self) -> int:
        """5 secrets, 3 not all could be read, 0 clean."""
        return {"clean": 0, "secrets": 5, "unread": 3}[self.state]


def scan(path: Path, settings: ScrubSettings, *, draw: bool | None = None) -> Scan:
    """Look for secrets in the cassette at `path`, but not in other cassettes that lie in it.

    `draw` says whether the screens are drawn; by default where that can show more. Damage is a problem, no error.
    """
    made = Scan(path)
    try:
        files = read_files(path, frozenset(below(path)) - {path})
    except OSError as error:
        made.problems.append(f"it cannot be read: {(error.strerror or str(error)).lower()}")
        return made
    made.problems += files.unread
    texts = Texts(files, settings)
    marks = texts.marks()
    made.values = texts.values
    if draw is None:
        draw = bool(marks) or texts.may_show_more(files)
    changes = _changes(made, settings, draw)
    made.found = sorted([*made.found, *_together(marks, changes, texts)], key=_order)
    if made.is_damaged:
        made.found = [replace(found, fixable=False) for found in made.found]
    return made


def _order(found: Found) -> tuple[int, str, int, int]:
    """What was observed goes first, what was made from it later, what is not the cassette's own last."""
    where = found.where
    rank = _RANK.index(where.file) if where.file in _RANK else len(_RANK)
    return rank, where.file, where.seq or where.line or 0, where.offset or 0


# What needs no terminal.


@dataclass(frozen=True)
class Mark:
    """Where the linear pass saw a secret: `spans` in its stream, first and last byte, and the places they are of."""

    hit: Hit
    source: Source
    spans: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """The first byte of it."""
        return min(start for start, _ in self.spans)

    @property
    def end(self) -> int:
        """The byte behind its last one."""
        return max(end for _, end in self.spans)

    @property
    def where(self) -> Where:
        """The place of its first byte."""
        return self.source.where(self.start)

    @property
    def touched(self) -> set[Where]:
        """Every event that it stands in."""
        return {self.source.where(start) for start, _ in self.spans}


class Texts:
    """The texts of a directory, and what is found in them."""

    def __init__(self, files: Files, settings: ScrubSettings) -> None:
        self.scrubber = Scrubber(None, settings.known.values, width=width, find_more=settings.find_more)
        self._given = len(self.scrubber.book)
        self._sources = {source.stream: source for source in sources(files)}
        views = [view for source in self._sources.values() for view in source.views]
        raw = {source.stream: source.data for source in self._sources.values() if source.is_raw}
        self._views = self.scrubber.completed(views, raw)
        self.scrubber.discover(self._views)

    @property
    def values(self) -> tuple[KnownValue, ...]:
        """What was found by rules, for looking everywhere."""
        entries = self.scrubber.book.entries
        return tuple(KnownValue(entry.value, entry.kind, entry.origin) for entry in entries[self._given :])

    def marks(self) -> list[Mark]:
        """Every place, each once: of readings of the same bytes the longest."""
        hits = (hit for hit in self.scrubber.sweep(self._views) if not is_in_sequence(hit))
        marks = [mark for hit in hits if (mark := self._mark(hit))]
        marks.sort(
            key=lambda mark: (mark.hit.view.kind == "raw", mark.hit.form == "fragment", -_length(mark))
        )
        kept: list[Mark] = []
        for mark in marks:
            if len(kept) < MAX_PLACES and not any(_is_same(mark, other) for other in kept):
                kept.append(mark)
        return kept

    def _mark(self, hit: Hit) -> Mark | None:
        source = self._sources[hit.view.stream]
        spans = tuple(span for _, _, spans in hit.view.units(hit.start, hit.end) for span in spans)
        return Mark(hit, source, spans) if spans else None

    def may_show_more(self, files: Files) -> bool:
        """May the screen, or the row that was typed into, show what no text shows?"""
        typed = self._sources.get(INPUT)
        raw = files.own.get(OUTPUT_RAW, b"")
        if (typed is not None and typed.data) or _MOVES.search(raw) or _C1.search(raw):
            return True
        begins = Beginnings(self.scrubber.rules, self.scrubber.book)
        shown = self._sources[OUTPUT_RAW].views[0].text if OUTPUT_RAW in self._sources else b""
        return bool(begins(shown.decode("utf-8", "replace")))

    def safe(self, text: str) -> str:
        """A name out of a cassette without anything that is known to be secret."""
        for entry in self.scrubber.book.entries:
            text = text.replace(entry.value.decode("utf-8", "replace"), "…")
        return text


def _length(mark: Mark) -> int:
    return mark.hit.end - mark.hit.start


def _is_same(mark: Mark, other: Mark) -> bool:
    if mark.source is other.source:
        return mark.start < other.end and other.start < mark.end
    if mark.hit.entry.identity != other.hit.entry.identity or mark.hit.view.kind != "raw":
        return False
    here, there = mark.where, other.where
    return here.file == there.file and (here.line == there.line or there.line is None)


# What the engine would change.


def _changes(made: Scan, settings: ScrubSettings, draw: bool) -> Changes | None:
    """None where the engine was not asked, or could not be."""
    try:
        with CassetteDirectory(made.path) as directory:
            verdict = examine(directory)
            if verdict.findings:
                made.problems.append(f"{_DAMAGED}{verdict.findings[0]}")
            if not draw:
                made.screen = "as its lines"
                return None
            tape = Cassette(directory, verdict)
            if len(tape.raw) > settings.max_output_bytes:
                made.problems.append(
                    f"its screens are not drawn: {len(tape.raw)} bytes of output are more than "
                    f"max-output-bytes, {settings.max_output_bytes}"
                )
                return None
            result = rewritten(tape, directory, settings, made.values)
    except (SecretsWouldLeak, ScrubMovedCells) as error:
        made.screen = "read"
        made.found.append(_stuck(error.facts))
        made.own_rule = own_rule(made.found[-1].origin, settings.rule_names)
        return None
    except CassetteError as error:
        if not (isinstance(error, Damaged) and made.is_damaged):
            made.problems.append(str(error))
        return None
    except (BadLine, OSError, ValueError, LookupError) as error:
        made.problems.append(f"it holds no recording that can be drawn ({type(error).__name__})")
        return None
    made.screen = "read"
    return Changes(result)


def _stuck(facts: Mapping[str, Any]) -> Found:
    """What the engine found and could not cover."""
    stream = facts.get("stream", "output")
    file = {"output": OUTPUT_RAW, "documents": MANIFEST}.get(stream, INPUT)
    where = Where(file, offset=facts.get("offset") if stream == "output" else None)
    kind, origin, form = (str(facts.get(name, "")) for name in ("kind", "origin", "form"))
    return Found(
        kind or "secret", origin, form or "plain", str(facts.get("view", "screen")), where, fixable=False
    )


def _together(marks: list[Mark], changes: Changes | None, texts: Texts) -> Iterator[Found]:
    """What was seen in the texts, without what the engine knows better, and what only the engine saw."""
    places = {(place.file, place.seq, place.at) for mark in marks for place in mark.touched}
    for mark in marks:
        if changes is None or not _is_the_engines(mark) or _is_changed(mark, changes):
            yield _found(mark, texts, fixable=changes is not None)
    if changes is None:
        return
    inked = [span for mark in marks if mark.source.stream == OUTPUT_RAW for span in mark.spans]
    left = _without(changes.stretches, inked)
    others = (one for one in changes.others if (one.where.file, one.where.seq, one.where.at) not in places)
    named = {mark.hit.entry.origin for mark in marks}
    for change in (*changes.on_screen(left, named), *others):
        yield Found(change.kind, change.origin, "plain", change.view, _safe(change.now, texts))


def _is_the_engines(mark: Mark) -> bool:
    """Is it of bytes that the engine judges by more than their text?"""
    return mark.source.stream in (OUTPUT_RAW, INPUT)


def _is_changed(mark: Mark, changes: Changes) -> bool:
    if mark.source.stream == OUTPUT_RAW:
        return len(_without(changes.stretches, mark.spans)) < len(changes.stretches)
    changed = {(change.where.file, change.where.seq) for change in changes.others}
    return any((place.file, place.seq) in changed for place in mark.touched)


def _without(stretches: list[Stretch], spans: Sequence[Stretch]) -> list[Stretch]:
    """The stretches that meet none of the spans."""
    merged: list[Stretch] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    starts = [start for start, _ in merged]
    left = []
    for start, end in stretches:
        before = bisect_left(starts, end) - 1
        if before < 0 or merged[before][1] <= start:
            left.append((start, end))
    return left


def _found(mark: Mark, texts: Texts, *, fixable: bool) -> Found:
    entry, where = mark.hit.entry, _safe(mark.where, texts)
    own = mark.where.file in FILE_NAMES
    return Found(entry.kind, entry.origin, mark.hit.form, mark.hit.view.kind, where, fixable=own and fixable)


def _safe(where: Where, texts: Texts) -> Where:
    """The same place without anything that is known to be secret in its names."""
    return replace(where, file=texts.safe(where.file), at=where.at and texts.safe(where.at))
