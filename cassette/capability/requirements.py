"""What CI may demand, as one text: `codex:model=gpt-6.1-sol,reasoning=high`.

    HARNESS[@ACCOUNT]:CONDITION[,CONDITION…]

A condition is a capability, `model=`, `reasoning=` or `permission_mode=` with a value or a pattern (`*`, `?`, `[…]`),
or `quota<N`, `quota.WINDOW<=N` in percent. HARNESS may be a pattern: then it has to hold for every harness that fits.
Without ACCOUNT the evidence of any class of account will do. With a model, `reasoning=` is asked of that model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from cassette.capability.answers import (
    Answer,
    Condition,
    Has,
    Lists,
    QuotaBelow,
    Stale,
    ask_any,
    nearest,
)
from cassette.capability.matrix import Row
from cassette.capability.names import CAPABILITIES, LISTS
from cassette.errors import UsageError

_QUOTA = re.compile(
    r"quota(?:\.(?P<window>[^<>=,]+))?(?P<sign><=?)(?P<limit>\d{1,3}(?:\.\d{1,6})?)%?\Z", re.A
)
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Target:
    """Which rows of the matrix are meant, by patterns; `account` is None for any."""

    harness: str
    account: str | None = None

    def __str__(self) -> str:
        return self.harness if self.account is None else f"{self.harness}@{self.account}"

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are meant."""
        return [
            row
            for row in rows
            if fnmatchcase(row.harness, self.harness)
            and (self.account is None or fnmatchcase(row.account, self.account))
        ]

    def missing(self, rows: Sequence[Row]) -> str:
        """Why there are no such rows, and what is near."""
        harnesses = sorted({row.harness for row in rows})
        accounts = [row.account or "none" for row in rows if fnmatchcase(row.harness, self.harness)]
        if accounts:
            return f"{self}: no evidence of such an account; seen: {', '.join(accounts)}"
        hint = nearest(self.harness, harnesses)
        parts = [f"{self}: no evidence of such a harness", f"seen: {', '.join(harnesses) or 'none'}", hint]
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One demand, as it was written and as it is meant."""

    text: str
    target: Target
    conditions: tuple[Condition, ...]


def parse_target(text: str) -> Target:
    """`HARNESS` or `HARNESS@ACCOUNT`. Raises UsageError."""
    harness, at, account = text.partition("@")
    if not harness or (at and not account):
        raise UsageError(what=f"{text!r} names no harness. Write it like codex or codex@api-key.")
    return Target(harness, account if at else None)


def parse_requirement(text: str) -> Requirement:
    """One demand. Raises UsageError for one that means nothing."""
    target, colon, rest = text.partition(":")
    if not colon or not rest:
        raise UsageError(
            what=f"--require {text!r} demands nothing. Write it like codex:model=gpt-6.1-sol or codex:list_models."
        )
    conditions = tuple(_condition(part.strip(), text) for part in rest.split(","))
    names = [each.name for each in conditions if isinstance(each, Lists)]
    if len(names) != len(set(names)):
        raise UsageError(what=f"--require {text!r} names one thing twice. Give one --require for each.")
    return Requirement(text, parse_target(target), conditions)


def judge(requirement: Requirement, rows: Sequence[Row], stale: Stale = "evidence") -> Answer:
    """Whether it holds; with a pattern for the harness, whether it holds for each that fits."""
    target = requirement.target
    meant = target.rows(rows)
    if not meant:
        return Answer(False, target.missing(rows))
    names = dict.fromkeys(row.harness for row in meant)
    answers = [
        ask_any([row for row in meant if row.harness == name], requirement.conditions, stale)
        for name in names
    ]
    if len(answers) == 1:
        return answers[0]
    wrong = [answer for answer in answers if not answer.holds]
    kept = wrong or answers
    return Answer(
        holds=not wrong,
        why="; ".join(answer.why for answer in kept),
        evidence=tuple(item for answer in kept for item in answer.evidence),
        facts=tuple(fact for answer in kept for fact in answer.facts),
        stale="; ".join(answer.stale for answer in kept if answer.stale),
    )


def has_pattern(text: str) -> bool:
    """Whether a name is a pattern."""
    return _PATTERN.search(text) is not None


def _condition(part: str, text: str) -> Condition:
    if part in CAPABILITIES:
        return Has(part)
    found = _QUOTA.match(part)
    if found:
        limit = float(found["limit"])
        if limit > 100 or (limit == 0 and found["sign"] == "<"):
            raise UsageError(what=f"--require {text!r}: quota is in percent, from 0 to 100.")
        return QuotaBelow(limit, found["sign"] == "<=", found["window"] or "*")
    name, equals, value = part.partition("=")
    if equals and name in LISTS and value:
        return Lists(name, value)
    known = [*LISTS, "quota", *CAPABILITIES]
    near = get_close_matches(re.split("[=<>.]", part)[0], known, 1)
    forms = ", ".join([*(f"{name}=…" for name in LISTS), "quota<N", *CAPABILITIES])
    hint = f"Did you mean {near[0]}?" if near else f"Known are {forms}."
    if name in LISTS:
        hint = f"Give {name} a value, as in {name}=NAME."
    raise UsageError(what=f"--require {text!r}: {part!r} means nothing. {hint}")
