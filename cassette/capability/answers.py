"""Does a harness support something? Answers from the matrix, each with its reason.

What evidence of a stale cell is worth says `stale`: `evidence` (its own `staleness_behavior`), `fail` (nothing), or
`use` (as if it were fresh).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

from cassette.capability.evidence import Evidence
from cassette.capability.facts import WINDOW, Fact, leaves, used_percent, window_name
from cassette.capability.matrix import Cell, Row
from cassette.capability.names import LISTS
from cassette.capability.proof import Checked

Stale: TypeAlias = Literal["evidence", "fail", "use"]
SHOWN_NAMES = 8
_TITLES = ("title", "name", "display_name", "id", "slug")


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """True or false, with the reason; `repr` is what an assertion that fails shows."""

    holds: bool
    why: str
    evidence: tuple[Evidence, ...] = ()
    """What it rests on; the last is what decided."""
    facts: tuple[Checked, ...] = ()
    """The facts that were asked for."""
    stale: str = ""
    """Why evidence that it rests on is stale; empty where none is."""

    @property
    def warns(self) -> bool:
        """Whether it holds by stale evidence whose `staleness_behavior` is to warn."""
        stale = (item for item in self.evidence if item.status == "stale")
        return self.holds and any(item.freshness.behavior == "warn" for item in stale)

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        return f"<{'yes' if self.holds else 'no'}: {self.why}>"


@dataclass(frozen=True, slots=True)
class Has:
    """A capability as such."""

    capability: str

    def __str__(self) -> str:
        return self.capability


@dataclass(frozen=True, slots=True)
class Lists:
    """A value that is listed: a model, a reasoning level (of the model asked for with it), a permission mode."""

    name: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.name}={self.pattern}"

    @property
    def capability(self) -> str:
        """The capability whose evidence lists it."""
        return LISTS[self.name]


@dataclass(frozen=True, slots=True)
class QuotaBelow:
    """Less than so many percent used, in every window of quota whose name fits."""

    limit: float
    inclusive: bool = False
    window: str = "*"

    def __str__(self) -> str:
        window = "" if self.window == "*" else f".{self.window}"
        return f"quota{window}{'<=' if self.inclusive else '<'}{self.limit:g}"

    capability = "quota_status"


Condition: TypeAlias = Has | Lists | QuotaBelow


def ask(row: Row, conditions: Sequence[Condition], stale: Stale = "evidence") -> Answer:
    """Whether all conditions hold in a row; the answer of the first that does not."""
    models: list[Checked] | None = None
    good: list[Answer] = []
    for condition in sorted(conditions, key=lambda each: str(each).startswith("reasoning=")):
        cell = row.cells[condition.capability]
        cell = lister(cell, condition.name) if isinstance(condition, Lists) else cell
        answer = _usable(row, cell, stale)
        if answer.holds:
            answer = replace(_met(row, cell, condition, models), stale=answer.stale)
        if not answer.holds:
            return answer
        if isinstance(condition, Lists) and condition.name == "model":
            models = list(answer.facts)
        good.append(answer)
    return Answer(
        holds=True,
        why="; ".join(answer.why for answer in good),
        evidence=tuple(item for answer in good for item in answer.evidence),
        facts=tuple(fact for answer in good for fact in answer.facts),
        stale="; ".join(dict.fromkeys(answer.stale for answer in good if answer.stale)),
    )


def ask_any(rows: Sequence[Row], conditions: Sequence[Condition], stale: Stale = "evidence") -> Answer:
    """The answer of the first row in which all hold; the reasons of all where there is none."""
    answers = [ask(row, conditions, stale) for row in rows]
    found = next((answer for answer in answers if answer.holds), None)
    if found is not None or len(answers) == 1:
        return found or answers[0]
    return Answer(
        holds=False,
        why="; ".join(answer.why for answer in answers),
        evidence=tuple(item for answer in answers for item in answer.evidence),
        stale="; ".join(answer.stale for answer in answers if answer.stale),
    )


def listed(evidence: Evidence | None, name: str, models: Collection[str] | None = None) -> list[Checked]:
    """The facts of that name that evidence gives; with `models` (`names_of`) theirs, and those of no model at all."""
    facts = evidence.facts if evidence else ()
    return [
        checked
        for checked in facts
        if checked.fact.name == name
        and (models is None or checked.fact.of is None or checked.fact.of.casefold() in models)
    ]


def lister(cell: Cell, name: str) -> Cell:
    """The cell by the evidence that has facts of that name, where what counts only shows that they can be listed."""
    if cell.counts is None or listed(cell.counts, name):
        return cell
    everything = (cell.counts, *cell.others)
    for item in cell.others:
        if listed(item, name) and not any(item.superseded_by(other) for other in everything):
            others = tuple(other for other in everything if other is not item)
            return replace(cell, status=item.status, why=item.why, counts=item, others=others)
    return cell


def names_of(facts: Iterable[Checked]) -> set[str]:
    """What models may be called in other facts: as they are listed, or by their titles, however written."""
    named = [
        checked.fact.detail.get(key) if key else leaf
        for checked in facts
        for key in ("", *_TITLES)
        for leaf in leaves(checked.fact.value)
    ]
    return {name.casefold() for name in named if isinstance(name, str)}


def values(facts: Iterable[Checked]) -> list[str]:
    """What facts list, in order, each once."""
    return list(dict.fromkeys(text for checked in facts for text in _texts(checked.fact)))


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is not there; empty when nothing is near."""
    lowered = {each.casefold(): each for each in known}
    wanted = name.casefold()
    alike = [each for each in lowered if each[:3] == wanted[:3]]  # of names that begin so, less has to agree
    near = get_close_matches(wanted, lowered, 1) or get_close_matches(wanted, alike, 1, 0.5)
    return f"did you mean {lowered[near[0]]!r}?" if near else ""


def _usable(row: Row, cell: Cell, stale: Stale) -> Answer:
    """Whether the evidence of a cell may support anything, and if not, why."""
    evidence = (cell.counts,) if cell.counts else ()
    label = f"{row.label}: {cell.capability}"
    if cell.status == "pass":
        return Answer(True, "", evidence)
    if cell.status == "stale" and cell.counts is not None:
        freshness = cell.counts.freshness
        why = f"{label} is stale, {cell.why}"
        if stale == "use" or (stale == "evidence" and freshness.usable):
            return Answer(True, "", evidence, stale=why)
        wish = f" (staleness_behavior {freshness.behavior})" if stale == "evidence" else ""
        return Answer(False, f"{why}{wish}: record {cell.counts.cassette} again", evidence, stale=why)
    words = {"gap": "not seen", "n/a": "n/a"}.get(cell.status, cell.status)
    where = f" ({cell.counts.cassette})" if cell.counts else ""
    return Answer(False, f"{label} is {words}: {cell.why}{where}", evidence)


def _met(row: Row, cell: Cell, condition: Condition, models: list[Checked] | None) -> Answer:
    """Whether usable evidence shows what is asked for."""
    assert cell.counts is not None
    evidence = (cell.counts,)
    if isinstance(condition, Has):
        return Answer(True, f"{row.label}: {condition}", evidence, cell.counts.facts)
    if isinstance(condition, QuotaBelow):
        return _quota(row, cell.counts, condition)
    of = models if condition.name == "reasoning" else None
    facts = listed(cell.counts, condition.name, None if of is None else names_of(of))
    fitting = tuple(
        fact for fact in facts if any(_fits(value, condition.pattern) for value in values([fact]))
    )
    said = f"{row.label}: {condition}" + (f" of {', '.join(values(of))}" if of else "")
    if fitting:
        return Answer(True, said, evidence, fitting)
    return Answer(False, _unseen(said, condition, values(facts), cell), evidence)


def _unseen(said: str, condition: Lists, seen: Sequence[str], cell: Cell) -> str:
    more = f" and {len(seen) - SHOWN_NAMES} more" if seen[SHOWN_NAMES:] else ""
    shown = f"{', '.join(seen[:SHOWN_NAMES])}{more}" or "none"
    parts = [f"{said} is not seen", f"seen: {shown}", nearest(condition.pattern, seen)]
    older = (
        other
        for other in cell.others
        if any(_fits(value, condition.pattern) for value in values(listed(other, condition.name)))
    )
    if (found := next(older, None)) is not None:
        parts.append(f"other evidence has it: {found.cassette}")
    return "; ".join(part for part in parts if part)


def _quota(row: Row, evidence: Evidence, condition: QuotaBelow) -> Answer:
    facts = [checked.fact.value for checked in listed(evidence, WINDOW)]
    windows = {window_name(window): used_percent(window) for window in facts}
    asked = {name: used for name, used in windows.items() if fnmatchcase(name, condition.window)}
    shown = ", ".join(
        f"{name} {'unknown' if used is None else f'{used:g} %'}" for name, used in asked.items()
    )
    said = f"{row.label}: {condition}"
    if not asked:
        known = ", ".join(windows) or "none"
        return Answer(False, f"{said}: no such window of quota; seen: {known}", (evidence,))
    over = [
        name
        for name, used in asked.items()
        if used is None or not (used <= condition.limit if condition.inclusive else used < condition.limit)
    ]
    if over:
        return Answer(False, f"{said} does not hold: used are {shown}", (evidence,))
    return Answer(True, f"{said} ({shown})", (evidence,), evidence.facts)


def _fits(value: Any, pattern: str) -> bool:
    text = _text(value)
    return text == pattern or fnmatchcase(text, pattern)


def _texts(fact: Fact) -> list[str]:
    """A fact's value in words: each part of it, or a window of quota as a person says it."""
    if fact.name != WINDOW:
        return [_text(leaf) for leaf in leaves(fact.value)]
    used = used_percent(fact.value)
    return [f"{window_name(fact.value)} {'unknown' if used is None else f'{used:g} % used'}"]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
