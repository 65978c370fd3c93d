"""Facts as `discovery.json` and `quota.json` have them, and back: does a recording still show what they say? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cassette.errors import FactsRefused
from cassette.harness.adapter import Adapter, Fact, Probe
from cassette.harness.extracting import QUOTA, Extraction, Refusal, extract
from cassette.harness.found import Found
from cassette.harness.recorded import Recorded, recorded_of_tape
from cassette.model import Discovery, Quota

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette

OK = "ok"
SOURCES = {"screen": "pty", "command": "cli"}
QUOTA_STATUS = "quota_status"
SCRUBBED = "its value was taken out as a secret"


@dataclass(frozen=True)
class Findings:
    """What a probe found and keeps; `dropped` was found, and its value was scrubbed."""

    adapter: Adapter
    probe: Probe
    account: str | None
    extraction: Extraction
    dropped: tuple[Found, ...] = ()

    @property
    def facts(self) -> list[Found]:
        """What is kept, in the order of the adapter."""
        return self.extraction.found

    def documents(self, captured_at: str) -> tuple[Discovery | None, Quota | None]:
        """`discovery.json` and `quota.json`; None for one that would say nothing."""
        quota = [fact for fact in self.facts if fact.name == QUOTA]
        others = [fact for fact in self.facts if fact.name != QUOTA]
        about = capabilities(self, others)
        discovery = Discovery(
            source=SOURCES[self.probe.kind],
            status=OK,
            models=tuple(_values(others, "model")),
            reasoning_levels=tuple(_values(others, "reasoning")),
            captured_at=captured_at,
            freshness_window=self.probe.freshness_window,
            staleness_behavior=self.probe.staleness_behavior,
            metadata=self._metadata(others, about, [fact for fact in self.dropped if fact.name != QUOTA]),
        )
        return discovery if others or about else None, self._quota(quota, captured_at)

    def _quota(self, facts: list[Found], captured_at: str) -> Quota | None:
        dropped = [fact for fact in self.dropped if fact.name == QUOTA]
        if not facts and not dropped:
            return None
        return Quota(
            source=SOURCES[self.probe.kind],
            status=OK,
            captured_at=captured_at,
            freshness_window=self.probe.freshness_window,
            staleness_behavior=self.probe.staleness_behavior,
            account_class=self.account,
            windows=tuple(fact.value for fact in facts),
            metadata=self._metadata(facts, capabilities(self, facts, of_quota=True), dropped),
        )

    def _metadata(
        self, facts: Sequence[Found], about: Mapping[str, Any], dropped: Sequence[Found]
    ) -> dict[str, Any]:
        made: dict[str, Any] = {
            "adapter": {"name": self.adapter.name, "revision": self.adapter.revision},
            "probe": self.probe.name,
        }
        if self.account is not None:
            made["account_class"] = self.account
        made |= {"facts": [fact.document() for fact in facts], "capabilities": dict(about)}
        if dropped:
            made["dropped"] = [
                {"name": fact.name, "why": SCRUBBED, "evidence": fact.place.document()} for fact in dropped
            ]
        return made


def capabilities(findings: Findings, facts: Sequence[Found], *, of_quota: bool = False) -> dict[str, Any]:
    """What these facts say of each capability. A fact that shows it counts before one that is missing."""
    by_table = {fact.where: fact for fact in findings.probe.facts}
    said: dict[str, dict[str, Any]] = {}
    for index, fact in enumerate(facts):
        spec = by_table[fact.fact]
        for name in spec.proves:
            _say(said, name, spec.status, spec.why, index)
    if of_quota:
        return {name: said[name] for name in said if name == QUOTA_STATUS}
    for missing, why in _unseen(findings):
        for name in missing.proves:
            said.setdefault(name, {"status": "gap", "facts": [], "why": missing.why or why})
    shown_by_quota = {
        name for fact in findings.facts if fact.name == QUOTA for name in by_table[fact.fact].proves
    }
    for name, why in findings.adapter.not_applicable.items():
        if name not in said and name not in shown_by_quota:
            said[name] = {"status": "n/a", "facts": [], "why": why}
    return {name: entry for name, entry in said.items() if entry["facts"] or name not in shown_by_quota}


def _say(said: dict[str, dict[str, Any]], name: str, status: str, why: str, index: int) -> None:
    entry = said.get(name)
    if entry is None or (entry["status"] != "pass" and status == "pass"):
        entry = said[name] = {"status": status, "facts": []}
        if why:
            entry["why"] = why
    if entry["status"] == status:
        entry["facts"].append(index)


def _unseen(findings: Findings) -> Iterable[tuple[Fact, str]]:
    yield from findings.extraction.missing
    by_table = {fact.where: fact for fact in findings.probe.facts}
    kept = {fact.fact for fact in findings.facts}
    for fact in findings.dropped:
        if fact.fact not in kept:
            yield by_table[fact.fact], SCRUBBED


def _values(facts: Iterable[Found], name: str) -> list[str]:
    """The values of facts of a name, each once, in their order."""
    return list(dict.fromkeys(str(fact.value) for fact in facts if fact.name == name))


def facts_of(adapter: Adapter, probe: Probe, recorded: Recorded, account: str | None) -> Findings:
    """What a recording of a probe shows. Raises FactsRefused for one that the adapter cannot read."""
    extraction = extract(probe, recorded, account)
    if extraction.refusals:
        raise refused(adapter, probe, extraction.refusals)
    return Findings(adapter, probe, account, extraction)


def facts_of_tape(adapter: Adapter, probe: Probe, tape: Cassette) -> Findings:
    """The same for a cassette; what its documents call dropped is not asked for. Raises FactsRefused, Damaged."""
    account = tape.manifest.harness.account_class
    extraction = extract(probe, recorded_of_tape(tape), account)
    return without(adapter, probe, account, extraction, dropped_of(tape))


def without(
    adapter: Adapter,
    probe: Probe,
    account: str | None,
    extraction: Extraction,
    dropped: Sequence[Mapping[str, Any]],
) -> Findings:
    """The facts that do not stand at places of which a document says that they were scrubbed."""
    places = [entry.get("evidence") for entry in dropped]
    names = {entry.get("name") for entry in dropped}
    refusals = [refusal for refusal in extraction.refusals if refusal.name not in names]
    if refusals:
        raise refused(adapter, probe, refusals)
    kept = [fact for fact in extraction.found if fact.place.document() not in places]
    return Findings(adapter, probe, account, Extraction(kept, [], extraction.missing))


def dropped_of(tape: Cassette) -> list[Mapping[str, Any]]:
    """What a cassette's documents say of facts that were found and not kept."""
    documents = [document for document in (tape.discovery, tape.quota) if document is not None]
    return [entry for document in documents for entry in (document.metadata or {}).get("dropped", [])]


def differences(adapter: Adapter, probe: Probe, tape: Cassette) -> list[str]:
    """What a cassette's documents say and its recording does not show, or the other way round; empty when nothing.

    Raises FactsRefused when the adapter cannot read the recording, Damaged.
    """
    findings = facts_of_tape(adapter, probe, tape)
    written = [
        (fact["name"], fact["value"], fact.get("of"), fact["evidence"])
        for document in (tape.discovery, tape.quota)
        if document is not None
        for fact in (document.metadata or {}).get("facts", [])
    ]
    read = [
        (each["name"], each["value"], each.get("of"), each["evidence"])
        for each in (fact.document() for fact in findings.facts)
    ]
    return [
        *(f"{_words(fact)} is written, and cannot be read" for fact in written if fact not in read),
        *(f"{_words(fact)} can be read, and is not written" for fact in read if fact not in written),
    ]


def _words(fact: tuple[str, Any, str | None, Any]) -> str:
    name, value, of, _ = fact
    return f"{name} {value!r}" + (f" of {of}" if of else "")


def kept_of(before: Extraction, after: Extraction) -> tuple[Extraction, list[Found]]:
    """Of the facts that were seen, those that scrubbing left as they were, and those that it changed or took away."""
    left = list(after.found)
    kept, dropped = [], []
    for fact in before.found:
        if fact in left:
            left.remove(fact)
            kept.append(fact)
        else:
            dropped.append(fact)
    return Extraction(kept, [], before.missing), dropped


def refused(adapter: Adapter, probe: Probe, refusals: Sequence[Refusal]) -> FactsRefused:
    """The error for what cannot be read: the first, and how many more there are."""
    first = refusals[0]
    more = f" ({len(refusals) - 1} more of its facts cannot be read either)" if len(refusals) > 1 else ""
    return FactsRefused(
        harness=adapter.harness,
        probe=probe.name,
        name=first.name,
        expected=first.expected,
        found=first.found + more,
        screen=first.screen,
        fact=first.fact,
        adapter=adapter.origin,
    )
