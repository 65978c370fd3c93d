"""What `discovery.json` and `quota.json` say, read strictly. It is a claim: `proof` looks whether it stands there.

`metadata` of our own recordings has facts with the place of each, and a word about each capability (ADR 0013).
Other writers of format 1 give plain lists; those are claims too, whose place is the document itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeGuard

from cassette.capability.names import CAPABILITIES
from cassette.model import DISCOVERY, FINAL, QUOTA, SERVICE_EVENTS, Discovery, Quota

MAX_FACTS = 10_000
MAX_ROWS_CITED = 4096
WINDOW = "quota"
"""The name of facts that are windows of quota."""
_GOOD = "ok"
"""The only `status` of a document without facts that claims anything."""


@dataclass(frozen=True, slots=True)
class OnScreen:
    """Rows (from 0) of the screen that stood after the byte `raw_end` of the output."""

    raw_end: int
    rows: tuple[int, ...]

    def __str__(self) -> str:
        shown = ", ".join(str(row) for row in self.rows[:8]) + (", …" if len(self.rows) > 8 else "")
        return f"row{'' if len(self.rows) == 1 else 's'} {shown} after byte {self.raw_end} of output.raw"


@dataclass(frozen=True, slots=True)
class InOutput:
    """Bytes of `output.raw`."""

    offset: int
    length: int

    def __str__(self) -> str:
        return f"bytes {self.offset} to {self.offset + self.length} of output.raw"


@dataclass(frozen=True, slots=True)
class InEvent:
    """A line (from 0) of `service-events.jsonl`: what the harness itself wrote, handed over by the recorder."""

    index: int

    def __str__(self) -> str:
        return f"line {self.index + 1} of {SERVICE_EVENTS}"


@dataclass(frozen=True, slots=True)
class AtEnd:
    """How the program ended."""

    def __str__(self) -> str:
        return FINAL


@dataclass(frozen=True, slots=True)
class InDocument:
    """Nowhere but in the document: another writer's word."""

    file: str

    def __str__(self) -> str:
        return self.file


Place: TypeAlias = OnScreen | InOutput | InEvent | AtEnd | InDocument


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was seen: `value` is plain JSON, `of` what it belongs to (the model of a reasoning level).

    `detail` is what else was read there; it proves nothing.
    """

    name: str
    value: Any
    of: str | None
    place: Place | None
    """None when the evidence that it gives is no place."""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.value!r}" + (f" of {self.of}" if self.of else "")


@dataclass(frozen=True, slots=True)
class Word:
    """What a document says about one capability; `wrong` is why it cannot be read."""

    status: str
    facts: tuple[Fact, ...] = ()
    why: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One document: who says it, of whose account, when, and what."""

    file: str
    account: str | None
    probe: str
    words: Mapping[str, Word] = field(default_factory=dict)


def of_discovery(found: Discovery) -> Statement:
    """The claims of a `discovery.json`."""
    about = found.metadata or {}
    lists = (
        ("list_models", "model", found.models),
        ("list_reasoning", "reasoning", found.reasoning_levels),
    )
    if _has_facts(about):
        words = dict(_words(about))
        for name, fact, listed in lists:
            if name in words:
                words[name] = _with_list(words[name], listed, _values_of(about, fact))
    else:
        words = {}
        for name, fact, listed in lists:
            facts = [Fact(fact, value, None, InDocument(DISCOVERY)) for value in listed]
            if facts:
                words[name] = _plain(found.status, facts)
    return Statement(DISCOVERY, _text(about.get("account_class")), _text(about.get("probe")) or "", words)


def of_quota(found: Quota) -> Statement:
    """The claims of a `quota.json`."""
    about = found.metadata or {}
    if _has_facts(about):
        words = dict(_words(about))
        if "quota_status" in words:
            words["quota_status"] = _with_windows(words["quota_status"], found.windows)
    else:
        facts = [Fact(WINDOW, dict(window), None, InDocument(QUOTA)) for window in found.windows]
        words = {"quota_status": _plain(found.status, facts)} if facts else {}
    account = found.account_class or _text(about.get("account_class"))
    return Statement(QUOTA, account, _text(about.get("probe")) or "", words)


def used_percent(window: Any) -> float | None:
    """How much of a window of quota is used, by `used_percent` or `left_percent`; None when it does not say."""
    if not isinstance(window, Mapping):
        return None
    used, left = _number(window.get("used_percent")), _number(window.get("left_percent"))
    if used is not None:
        return used
    return None if left is None else 100 - left


def window_name(window: Any) -> str:
    """The name of a window of quota."""
    return str(window.get("name", "")) if isinstance(window, Mapping) else str(window)


def leaves(value: Any) -> Iterator[Any]:
    """Everything in a value that is no list and no table."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def _has_facts(metadata: Mapping[str, Any]) -> bool:
    return "capabilities" in metadata or "facts" in metadata


def _plain(status: str, facts: list[Fact]) -> Word:
    if status != _GOOD:
        return Word("pass", (), wrong=f"its status is {status!r}")
    return Word("pass", tuple(facts))


def _words(metadata: Mapping[str, Any]) -> Iterator[tuple[str, Word]]:
    """What is said of each capability that has a name; a list of facts that is none spoils them all."""
    said, listed = metadata.get("capabilities"), metadata.get("facts", [])
    wrong = ""
    if not isinstance(listed, list) or len(listed) > MAX_FACTS:
        wrong = "its facts are no list"
    for name in CAPABILITIES:
        if isinstance(said, Mapping) and name in said:
            yield name, Word("pass", wrong=wrong) if wrong else _word(said[name], listed)


def _word(said: Any, listed: list[Any]) -> Word:
    if not isinstance(said, Mapping):
        return Word("pass", wrong="what is said of it is no table")
    status, why = said.get("status"), _text(said.get("why")) or ""
    if status not in ("pass", "gap", "n/a"):
        return Word("pass", wrong=f"its status is {status!r}")
    numbers = said.get("facts", [])
    if not isinstance(numbers, list) or len(numbers) > MAX_FACTS:
        return Word(status, why=why, wrong="what it cites is no list")
    facts = []
    for number in numbers:
        if type(number) is not int or not 0 <= number < len(listed):
            return Word(status, why=why, wrong=f"it cites fact {number!r}, which is not there")
        fact = _fact(listed[number])
        if fact is None:
            return Word(status, why=why, wrong=f"fact {number} cannot be read")
        facts.append(fact)
    return Word(status, tuple(facts), why)


def _fact(item: Any) -> Fact | None:
    if not isinstance(item, Mapping) or not _text(item.get("name")) or "value" not in item:
        return None
    of, detail = item.get("of"), item.get("detail", {})
    if not isinstance(of, str | None) or not isinstance(detail, Mapping):
        return None
    return Fact(item["name"], item["value"], of, _place(item.get("evidence")), detail)


def _place(evidence: Any) -> Place | None:
    """Where it stands, by the kind that is written, or by the keys that are there."""
    if not isinstance(evidence, Mapping):
        return None
    if "raw_end" in evidence:
        raw_end, rows = evidence["raw_end"], evidence.get("rows")
        if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS_CITED:
            return None
        return OnScreen(raw_end, tuple(rows)) if all(map(_is_count, [raw_end, *rows])) else None
    if "index" in evidence:
        return InEvent(evidence["index"]) if _is_count(evidence["index"]) else None
    if evidence.get("kind") == "final":
        return AtEnd()
    offset, length = evidence.get("offset"), evidence.get("length")
    if not _is_count(offset) or not _is_count(length) or not length:
        return None
    return InOutput(offset, length)


def _values_of(metadata: Mapping[str, Any], name: str) -> set[Any]:
    """The values of all facts of a name, cited or not."""
    listed = metadata.get("facts")
    facts = [_fact(item) for item in listed] if isinstance(listed, list) else []
    return {leaf for fact in facts if fact and fact.name == name for leaf in leaves(fact.value)}


def _with_list(word: Word, listed: tuple[str, ...], shown: set[Any]) -> Word:
    """A plain list beside the facts may only hold what the facts show."""
    extra = [value for value in listed if value not in shown]
    return _spoilt(word, f"it lists {extra[0]!r}, which none of its facts shows") if extra else word


def _with_windows(word: Word, windows: tuple[Mapping[str, Any], ...]) -> Word:
    """The same for the windows of quota."""
    shown = [fact.value for fact in word.facts if fact.name == WINDOW]
    extra = [window for window in windows if dict(window) not in shown]
    return _spoilt(word, f"it lists {dict(extra[0])!r}, which none of its facts shows") if extra else word


def _spoilt(word: Word, wrong: str) -> Word:
    """A claim that something is there cannot be believed; what is no claim stays as it is."""
    return replace(word, wrong=wrong) if word.status == "pass" and not word.wrong else word


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and value >= 0
