"""What tests and programs use: `cassette.capabilities("cassettes")["codex"].supports(model="…", reasoning="high")`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from cassette.capability.answers import (
    Answer,
    Condition,
    Has,
    Lists,
    QuotaBelow,
    Stale,
    ask_any,
    listed,
    lister,
    names_of,
    nearest,
    values,
)
from cassette.capability.matrix import Matrix, Row, matrix
from cassette.capability.names import CAPABILITIES, Status
from cassette.capability.proof import Checked
from cassette.capability.requirements import judge, parse_requirement, parse_target
from cassette.errors import UnknownHarness, UsageError
from cassette.testing.callsite import explained

__tracebackhide__ = explained


class StaleEvidence(UserWarning):
    """An answer rests on evidence that is stale, and whose `staleness_behavior` is to warn."""


def capabilities(
    *directories: str | os.PathLike[str], now: datetime | None = None, stale: Stale = "evidence"
) -> Capabilities:
    """What the cassettes in and below these directories (`cassettes` by default) show of harnesses.

    `now` (with a time zone) is the moment for which freshness is judged; the present by default. `stale` says what
    stale evidence is worth: `evidence` (its own staleness_behavior), `fail` (nothing), `use` (as if it were fresh).
    Starts nothing and asks no network. Raises UsageError for a directory that is not there.
    """
    if now is not None and now.utcoffset() is None:
        raise UsageError(what=f"now is {now}, which has no time zone. Give one: datetime.now(UTC).")
    if stale not in ("evidence", "fail", "use"):
        raise UsageError(what=f"stale is {stale!r}. Give evidence, fail or use.")
    return Capabilities(matrix(directories, now=now), stale=stale)


class Capabilities:
    """The matrix with its questions. `["codex"]` is a harness, `["codex@api-key"]` as one class of account sees it.

    `on_stale` is called with the reason when an answer is no only because its evidence is stale.
    """

    def __init__(
        self, found: Matrix, *, stale: Stale = "evidence", on_stale: Callable[[str], object] | None = None
    ) -> None:
        self.matrix = found
        self._stale = stale
        self._on_stale = on_stale

    def __repr__(self) -> str:
        return f"<capabilities of {', '.join(self.harnesses()) or 'no harness'}>"

    def harnesses(self) -> list[str]:
        """The names of all harnesses with evidence, sorted; made for `pytest.mark.parametrize`."""
        return sorted({row.harness for row in self.matrix.rows})

    def __iter__(self) -> Iterator[str]:
        return iter(self.harnesses())

    def __len__(self) -> int:
        return len(self.harnesses())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name) and bool(self._rows(name))

    def __getitem__(self, name: str) -> Harness:
        """A harness by name. Raises UnknownHarness where no cassette speaks of it."""
        rows = self._rows(name)
        if not rows:
            known = self.harnesses()
            raise UnknownHarness(
                name=name,
                where=", ".join(self.matrix.directories) or "cassettes",
                known=", ".join(row.label for row in self.matrix.rows) or "none",
                hint=f" ({hint})" if (hint := nearest(name.partition("@")[0], known)) else "",
            )
        return Harness(name, rows, self)

    def require(self, text: str) -> Answer:
        """The answer to a demand as `cassette capabilities --require` takes it. Raises UsageError."""
        requirement = parse_requirement(text)
        return self.weighed(lambda stale: judge(requirement, self.matrix.rows, stale))

    def weighed(self, ask: Callable[[Stale], Answer]) -> Answer:
        """Ask, with what stale evidence is worth here; warn or tell where that decides."""
        answer = ask(self._stale)
        if answer.warns and self._stale == "evidence":
            warnings.warn(StaleEvidence(answer.stale), stacklevel=3)
        if not answer.holds and answer.stale and self._on_stale is not None and ask("use").holds:
            self._on_stale(answer.stale)
        return answer

    def _rows(self, name: str) -> list[Row]:
        target = parse_target(name)
        return [
            row
            for row in self.matrix.rows
            if row.harness == target.harness and target.account in (None, row.account)
        ]


class Harness:
    """One harness, as all classes of account see it that were asked for: any of them will do."""

    def __init__(self, name: str, rows: Sequence[Row], of: Capabilities) -> None:
        self.name = name
        self.rows = tuple(rows)
        self._of = of

    def __repr__(self) -> str:
        return self.name

    @property
    def accounts(self) -> list[str]:
        """The classes of account that there is evidence of."""
        return [row.account for row in self.rows]

    @property
    def models(self) -> list[str]:
        """The models that are listed, fresh or stale."""
        return self._listed("list_models", "model", None)

    def reasoning_levels(self, model: str | None = None) -> list[str]:
        """The reasoning levels that are listed; of one model, and of no model in particular."""
        return self._listed("list_reasoning", "reasoning", model)

    def status(self, capability: str) -> Status:
        """The status of a capability: the best that any class of account has."""
        order: list[Status] = ["pass", "stale", "blocked", "gap", "n/a"]
        return min((row.cells[_known(capability)].status for row in self.rows), key=order.index)

    def supports(
        self,
        *names: str,
        model: str | None = None,
        reasoning: str | None = None,
        permission_mode: str | None = None,
        quota_below: float | None = None,
    ) -> Answer:
        """Whether the evidence shows all of this; the answer is true or false, and its repr is the reason.

        `names` are capabilities. `model`, `reasoning` and `permission_mode` are values or patterns; with a model,
        `reasoning` is asked of that model. `quota_below` is in percent used, of every window. Raises UsageError.
        """
        asked: list[Condition] = [Has(_known(name)) for name in names]
        given = {"model": model, "reasoning": reasoning, "permission_mode": permission_mode}
        asked += [Lists(name, value) for name, value in given.items() if value is not None]
        if quota_below is not None:
            asked.append(QuotaBelow(float(quota_below)))
        if not asked:
            raise UsageError(what="supports() was asked for nothing. Give a capability, model=, reasoning= …")
        return self._of.weighed(lambda stale: ask_any(self.rows, asked, stale))

    def _listed(self, capability: str, name: str, model: str | None) -> list[str]:
        found: list[Checked] = []
        for row in self.rows:
            cell = lister(row.cells[capability], name)
            if cell.status in ("pass", "stale"):
                found += listed(cell.counts, name, None if model is None else _names(row, model))
        return values(found)


def _names(row: Row, model: str) -> set[str]:
    """What a model may be called in a row."""
    facts = [
        fact
        for fact in listed(lister(row.cells["list_models"], "model").counts, "model")
        if model in values([fact])
    ]
    return names_of(facts) | {model.casefold()}


def _known(capability: str) -> str:
    if capability not in CAPABILITIES:
        hint = nearest(capability, CAPABILITIES)
        known = f"{hint.capitalize()}" if hint else f"Known are {', '.join(CAPABILITIES)}."
        raise UsageError(what=f"{capability!r} is no capability. {known}")
    return capability
