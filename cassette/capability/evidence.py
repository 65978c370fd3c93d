"""What one cassette shows of one capability: its claim, how old it is, and whether it really stands there.

A cassette is verified before it may show anything. One that is damaged, or whose claim does not stand where it says,
is `blocked`, and never an exception: the matrix over many cassettes must not end at one of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cassette.capability.facts import Statement, Word, of_discovery, of_quota
from cassette.capability.freshness import Freshness, judge
from cassette.capability.names import LISTS, Status
from cassette.capability.proof import Checked, check
from cassette.errors import CassetteError, Damaged
from cassette.model import DISCOVERY, QUOTA, Discovery, Harness, Quota
from cassette.reading.documents import discovery_of, manifest_of, quota_of
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.store.directory import CassetteDirectory


@dataclass(frozen=True, slots=True)
class Evidence:
    """One cassette about one capability of one harness and kind of account."""

    harness: str
    account: str
    """The class of account, as in the manifest; empty where nobody says."""
    capability: str
    status: Status
    why: str
    """Empty for `pass`."""
    freshness: Freshness
    cassette: Path
    cassette_id: str
    state: str
    """`complete`, `partial` or `damaged`."""
    state_why: str = ""
    file: str = DISCOVERY
    """The document that claims it."""
    probe: str = ""
    version: str = ""
    facts: tuple[Checked, ...] = ()

    @property
    def date(self) -> float:
        """Its date in seconds, the larger the later; the least of all where it cannot be trusted."""
        dated = None if self.freshness.state == "unknown" else self.freshness.captured_at
        return dated.timestamp() if dated else float("-inf")

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, float]:
        """The larger, the more it counts.

        What can be trusted goes first; then what was seen, since a probe that did not see something does not
        contradict one that did; what is fresh; what lists values before what only shows that there is a list; and
        then the later date.
        """
        return (
            self.status != "blocked",
            bool(self.facts) and self.status != "n/a",
            self.freshness.state == "fresh",
            self.status == "gap" or any(LISTS.get(each.fact.name) == self.capability for each in self.facts),
            self.date,
        )

    def superseded_by(self, other: Evidence) -> bool:
        """Whether another cassette of the same probe is newer, and can be trusted."""
        same = (other.probe, other.file) == (self.probe, self.file)
        return same and other.status != "blocked" and other.date > self.date


@dataclass(frozen=True, slots=True)
class Problem:
    """A cassette that cannot be evidence of anything."""

    cassette: Path
    why: str
    harness: str = ""


def read_evidence(path: Path, now: datetime) -> tuple[list[Evidence], Problem | None]:
    """Everything that the cassette at `path` shows, or what is wrong with it. Never raises for what is on disk."""
    try:
        if not any(os.path.lexists(path / name) for name in (DISCOVERY, QUOTA)):
            return [], None
        with open_cassette(path) as tape:
            return list(evidence_of(tape, now)), None
    except (CassetteError, OSError) as error:
        why = _in_short(error)
        blocked = list(_of_wreck(path, why, now))
        return blocked, Problem(path, why, blocked[0].harness if blocked else "")


def _in_short(error: CassetteError | OSError) -> str:
    """Why a cassette cannot be read, without its path, on one line."""
    if isinstance(error, Damaged):
        return f"damaged: {error.facts['where']}: {error.facts['why']}"
    return " ".join(str(error).split())


def evidence_of(tape: Cassette, now: datetime) -> Iterator[Evidence]:
    """Everything that an open cassette shows. Raises Damaged for one whose events cannot be read."""
    verdict = tape.verdict
    about = _About(tape.path, tape.id, tape.manifest.harness, verdict.state, "; ".join(verdict.reasons))
    documents = _documents(tape.discovery, tape.quota)
    words = [
        (statement, freshness, name, word)
        for statement, freshness in _with_age(documents, tape.manifest.harness, now)
        for name, word in statement.words.items()
    ]
    checked = iter(check(tape, [fact for *_, word in words for fact in word.facts]))
    for statement, freshness, name, word in words:
        facts = tuple(next(checked) for _ in word.facts)
        yield about.evidence(statement, freshness, name, word, facts)


def _of_wreck(path: Path, why: str, now: datetime) -> Iterator[Evidence]:
    """What a damaged cassette claimed, as far as its documents can be read: all of it blocked."""
    try:
        with CassetteDirectory(path) as directory:
            manifest = manifest_of(directory)
            documents = _documents(discovery_of(directory), quota_of(directory))
    except (CassetteError, OSError):
        return
    about = _About(path, manifest.id, manifest.harness, "damaged", why)
    for statement, freshness in _with_age(documents, manifest.harness, now):
        for name in statement.words:
            yield about.evidence(statement, freshness, name, Word("pass", wrong=why), ())


_Document = tuple[Statement, Discovery | Quota]


def _documents(discovery: Discovery | None, quota: Quota | None) -> list[_Document]:
    found: list[_Document] = []
    if discovery is not None:
        found.append((of_discovery(discovery), discovery))
    if quota is not None:
        found.append((of_quota(quota), quota))
    return found


def _with_age(
    documents: Iterable[_Document], harness: Harness, now: datetime
) -> Iterator[tuple[Statement, Freshness]]:
    """Each statement with its freshness; a date or window that a document lacks is the manifest's."""
    for statement, document in documents:
        captured_at = document.captured_at or harness.captured_at
        window = document.freshness_window or harness.freshness_window
        yield statement, judge(captured_at, window, document.staleness_behavior, now=now)


@dataclass(frozen=True, slots=True)
class _About:
    """What all evidence of a cassette has in common."""

    path: Path
    id: str
    harness: Harness
    state: str
    why: str

    def evidence(
        self,
        statement: Statement,
        freshness: Freshness,
        name: str,
        word: Word,
        facts: tuple[Checked, ...],
    ) -> Evidence:
        status, why = _judged(word, facts, freshness)
        return Evidence(
            harness=self.harness.name,
            account=self.harness.account_class or statement.account or "",
            capability=name,
            status=status,
            why=why,
            freshness=freshness,
            cassette=self.path,
            cassette_id=self.id,
            state=self.state,
            state_why=self.why,
            file=statement.file,
            probe=statement.probe,
            version=self.harness.binary_version or "",
            facts=facts,
        )


def _judged(word: Word, facts: tuple[Checked, ...], freshness: Freshness) -> tuple[Status, str]:
    """What a claim is worth. A gap and `n/a` need no proof, and do not grow old: they promise nothing."""
    if word.wrong:
        return "blocked", word.wrong
    if word.status == "n/a":
        return "n/a", word.why or "the harness has no such thing"
    if word.status == "gap":
        return "gap", word.why or "the probe did not see it"
    if not facts:
        return "blocked", "it cites no fact"
    wrong = next((fact.why for fact in facts if not fact.holds), "")
    if wrong:
        return "blocked", wrong
    if freshness.state == "unknown":
        return "blocked", f"nobody can tell how old it is: {freshness.why}"
    return ("stale", freshness.why) if freshness.state == "stale" else ("pass", "")
