"""The scrub report: what ran, what was covered and where, what was kept on purpose. Never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from scrub.sweep import Hit

Status = Literal["clean", "scrubbed", "not-run"]
Guarantee = Literal["whole", "stream"]


@dataclass(slots=True)
class HitCounts:
    """How many places were covered, by rule and by where they were seen. One secret at three places counts 3."""

    by_rule: Counter[str] = field(default_factory=Counter)
    by_view: Counter[str] = field(default_factory=Counter)
    by_stream: Counter[str] = field(default_factory=Counter)
    by_form: Counter[str] = field(default_factory=Counter)

    def count(self, hits: Iterable[Hit]) -> None:
        """Add hits, each of which covered bytes that no other had covered."""
        for hit in hits:
            self.add(hit.entry.origin, hit.view.kind, hit.view.stream, hit.form)

    def add(self, origin: str, view: str, stream: str, form: str = "plain") -> None:
        """Add one place."""
        self.by_rule[origin.removeprefix("rule:")] += 1
        self.by_view[view] += 1
        self.by_stream[stream] += 1
        self.by_form[form] += 1

    def merge(self, other: HitCounts) -> None:
        """Add all of another count."""
        for mine, theirs in zip(self._all(), other._all(), strict=True):
            mine.update(theirs)

    def _all(self) -> tuple[Counter[str], ...]:
        return self.by_rule, self.by_view, self.by_stream, self.by_form

    def as_lists(self) -> list[dict[str, int]]:
        """The counts as JSON, for `of_lists`."""
        return [dict(counts) for counts in self._all()]

    @classmethod
    def of_lists(cls, lists: Iterable[Mapping[str, int]]) -> Self:
        """What `as_lists` gave. Raises TypeError for what it never gives."""
        return cls(*(Counter(counts) for counts in lists))

    @property
    def total(self) -> int:
        """All places."""
        return self.by_rule.total()


@dataclass(frozen=True, slots=True)
class Preserved:
    """Something that was seen and left: what, where, and why. `what` is a name, never a secret."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """What scrubbing did to one cassette.

    `rules` are the names of all rules that ran, in the document each once. `short_values` are origins of known values
    that were looked for only as whole words, `skipped_values` of those that were not looked for at all, each with the
    reason. `not_looked_at` says where a secret was not looked for, when that is so.
    """

    status: Status
    rules: tuple[str, ...] = ()
    counts: HitCounts = field(default_factory=HitCounts)
    env_allowlist: tuple[str, ...] = ()
    preserved: tuple[Preserved, ...] = ()
    guarantee: Guarantee = "whole"
    hidden_inputs: int = 0
    short_values: tuple[str, ...] = ()
    skipped_values: tuple[Preserved, ...] = ()
    known_values: Mapping[str, int] = field(default_factory=dict)
    not_looked_at: tuple[str, ...] = ()

    @staticmethod
    def not_run() -> ScrubReport:
        """The report of a cassette that was not scrubbed."""
        return ScrubReport("not-run")

    def as_document(self) -> dict[str, Any]:
        """The document `scrub-report.json`. The first five keys are fixed by the format, with their types."""
        limits = {"not_looked_at": list(self.not_looked_at)} if self.not_looked_at else {}
        return {
            "status": self.status,
            "rules": list(dict.fromkeys(self.rules)),
            "hit_counts": dict(sorted(self.counts.by_rule.items())),
            "env_allowlist": list(self.env_allowlist),
            "intentionally_preserved": [f"{item.what}: {item.reason}" for item in self.preserved],
            "guarantee": self.guarantee,
            "hits_by_view": dict(sorted(self.counts.by_view.items())),
            "hits_by_stream": dict(sorted(self.counts.by_stream.items())),
            "hits_by_form": dict(sorted(self.counts.by_form.items())),
            "hidden_inputs": self.hidden_inputs,
            "known_values": dict(sorted(self.known_values.items())),
            "short_values": sorted(self.short_values),
            "skipped_values": [f"{item.what}: {item.reason}" for item in self.skipped_values],
            **limits,
        }
