"""What scrubbing a cassette again changes in it, as places."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cassette.format import lines
from cassette.model import FINAL, OUTPUT_RAW, Input, Output
from cassette.scanning.rewriting import Pair, Rewritten
from cassette.scanning.where import Where, shown, strings
from scrub.escapes import text_views

Stretch = tuple[int, int]
_NEAR = 256
"""Bytes of output between two changes that are told as one: letters with colours and cursor moves between them."""
_KIND = re.compile(rb"<SCRUBBED:([a-z0-9-]+):")
_FOLLOWS = frozenset({"sha256", "masked", "key"})  # fields that change because others do


@dataclass(frozen=True, slots=True)
class Change:
    """One place that is another after scrubbing: `where` names it as it was, `now` without what was found there."""

    where: Where
    now: Where
    kind: str
    origin: str
    view: str


class Changes:
    """All of them: `stretches` of output that differ, and strings elsewhere."""

    def __init__(self, result: Rewritten) -> None:
        outputs = [(pair.before.event, pair.after and pair.after.event) for pair in result.pairs]
        self._chunks = [(old, new) for old, new in outputs if isinstance(old, Output)]
        self._starts = [old.offset for old, _ in self._chunks]
        self._new = b"".join(new.data for _, new in self._chunks if isinstance(new, Output))
        rules = sorted(result.recording.report.counts.by_rule)
        self._origins = [rule if ":" in rule or rule == "input" else f"rule:{rule}" for rule in rules]
        self.stretches = [stretch for old, new in self._chunks for stretch in _stretches(old, new)]
        self.others = list(_others(result))

    def on_screen(self, stretches: Iterable[Stretch], named: Collection[str]) -> Iterator[Change]:
        """Changes of output that no text had shown, those near each other as one.

        `named` are the origins of what the texts had shown: one that is not among them saw these.
        """
        others = [origin for origin in self._origins if origin not in named]
        for start, end in _near(stretches):
            old = self._chunks[max(0, bisect_right(self._starts, start) - 1)][0]
            where = Where(OUTPUT_RAW, offset=start, seq=old.seq, t_ms=old.t_ms)
            shown_now = text_views("", self._new[max(0, start - len(b"<SCRUBBED")) : end])[0].text
            found = _KIND.search(shown_now)
            kind = found[1].decode() if found else ""
            origin = next((origin for origin in others if kind and origin == f"rule:{kind}"), "")
            if not origin and len(others) == 1:
                origin = others[0]
            yield Change(where, where, kind or _kind_of(origin), origin, "screen")


def _kind_of(origin: str) -> str:
    source, _, name = origin.partition(":")
    return name if source == "rule" else source or "secret"


def _stretches(old: Output, new: Any) -> Iterator[Stretch]:
    if not isinstance(new, Output) or old.data == new.data:
        return
    start: int | None = None
    for at in range(len(old.data) + 1):
        differs = at < len(old.data) and old.data[at] != new.data[at]
        if differs and start is None:
            start = at
        elif not differs and start is not None:
            yield old.offset + start, old.offset + at
            start = None


def _near(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    group: Stretch | None = None
    for start, end in stretches:
        if group is not None and start - group[1] <= _NEAR:
            group = group[0], end
            continue
        if group is not None:
            yield group
        group = start, end
    if group is not None:
        yield group


def _others(result: Rewritten) -> Iterator[Change]:
    for pair in result.pairs:
        if pair.changed:
            yield from _of_line(pair)
    for name, (old, new) in result.documents.items():
        yield from _of_values(Where(name), old, new)


def _of_line(pair: Pair) -> Iterator[Change]:
    event, after = pair.before.event, pair.after
    where = Where(pair.before.file, seq=event.seq, t_ms=event.t_ms)
    if pair.before.file == FINAL:
        where = Where(FINAL)
    if isinstance(event, Input) and (after is None or _is_hidden_now(event, after.event)):
        place = _at(where, "bytes")
        yield Change(place, place, "hidden-input", "input", "typed")
    if after is not None:
        old, new = (json.loads(lines.with_seq(1, found.body)) for found in (pair.before, after))
        yield from _of_values(where, old, new, skip=_skipped(event, after))


def _is_hidden_now(before: Input, after: Any) -> bool:
    return isinstance(after, Input) and after.redacted is not None and before.redacted is None


def _skipped(event: Any, after: Any) -> Collection[str]:
    if isinstance(event, Input) and _is_hidden_now(event, after.event):
        return {*_FOLLOWS, "bytes", "redacted"}
    return _FOLLOWS if isinstance(event, Input | Output) else ()


def _of_values(where: Where, old: Any, new: Any, skip: Collection[str] = ()) -> Iterator[Change]:
    for (path, was), (path_now, now) in zip(strings(old), strings(new), strict=False):
        if was != now and not (path and path[0] in skip):
            kind = _KIND.search(now.encode("utf-8", "replace"))
            name = kind[1].decode() if kind else "secret"
            yield Change(_at(where, shown(path)), _at(where, shown(path_now)), name, "", "document")


def _at(where: Where, at: str) -> Where:
    return Where(where.file, seq=where.seq, t_ms=where.t_ms, at=at or None)
