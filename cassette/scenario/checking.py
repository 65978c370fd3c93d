"""A spec against its cassette: bound first, then evaluated in order, every assertion told apart.

The outcome of one is that it holds, that it does not, or that it could not fail; the last makes the spec wrong.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from cassette.errors import CassetteError, NotACassette, NotBound, NothingToCheck, UsageError
from cassette.model import MANIFEST
from cassette.reading.moments import Moment
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.scenario.fields import CouldNotFail
from cassette.scenario.spec import FILE_NAME, Assertion, Spec, read_spec
from cassette.scenario.tape import Tape
from cassette.scenario.when import DoesNotHold
from cassette.yaml_file import quoted_yaml

Outcome: TypeAlias = Literal["holds", "fails", "could not fail"]
EXIT_CODES: dict[Outcome, int] = {"holds": 0, "fails": 1, "could not fail": 2}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one assertion. `screen` stood when it was decided, or before; it is never a later one."""

    assertion: Assertion
    outcome: Outcome
    found: str = ""
    screen: Moment | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        document: dict[str, Any] = {
            "line": self.assertion.line,
            "kind": self.assertion.kind,
            "name": self.assertion.name,
            "outcome": self.outcome,
            "expected": str(self.assertion.check),
            "found": self.found or None,
        }
        if self.screen is not None:
            cursor = self.screen.screen.cursor
            document["screen"] = {
                "t_ms": self.screen.t_ms,
                "seq": self.screen.seq,
                "rows": self.screen.screen.text,
                "cursor": {"row": cursor.row, "column": cursor.column, "visible": cursor.visible},
            }
        return document


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a spec. `error` says why nothing, or nothing more, could be checked."""

    spec: str
    cassette: str | None = None
    id: str | None = None
    state: str | None = None
    results: tuple[Result, ...] = ()
    error: CassetteError | None = field(default=None, compare=False)

    @property
    def nothing(self) -> bool:
        """Whether there was a cassette, and no assertion about it."""
        return isinstance(self.error, NothingToCheck)

    @property
    def exit_code(self) -> int:
        """0 all hold, 1 some do not or it is another recording, 2 the spec is wrong, 3 no cassette or a damaged one.

        2, too, where there is nothing to check.
        """
        codes = [EXIT_CODES[result.outcome] for result in self.results]
        return max([*codes, self.error.exit_code if self.error else 0])

    def count(self, outcome: Outcome) -> int:
        """How many assertions came out so."""
        return sum(1 for result in self.results if result.outcome == outcome)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "spec": self.spec,
            "cassette": self.cassette,
            "id": self.id,
            "state": self.state,
            "exit_code": self.exit_code,
            "error": str(self.error) if self.error else None,
            "assertions": [result.as_json() for result in self.results],
        }


def spec_at(path: str | Path) -> Path:
    """The file of a spec that was named by itself or by the directory where it lies.

    Raises NothingToCheck, NotACassette, UsageError.
    """
    place = Path(path)
    try:
        if not place.is_dir():
            return place
        if (place / FILE_NAME).exists():
            return place / FILE_NAME
        is_cassette = (place / MANIFEST).exists()
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(what=f"cannot read the assertions {path}: {why}. Check the path.") from None
    if is_cassette:
        raise NothingToCheck(path=path, file=FILE_NAME)
    raise NotACassette(path=path, why=f"it has neither {MANIFEST} nor {FILE_NAME}")


def check(path: str | Path) -> Report:
    """Check one spec, a file or a directory with one; what goes wrong is in the report. Raises nothing of ours."""
    try:
        spec = read_spec(spec_at(path))
    except CassetteError as error:
        return Report(str(path), error=error)
    try:
        with closing(_opened(spec)) as tape:
            return _checked(spec, tape)
    except CassetteError as error:
        return Report(spec.path, str(spec.cassette_path), error=error)


def _opened(spec: Spec) -> Cassette:
    path = spec.cassette_path
    try:
        return open_cassette(path)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise NotACassette(path=path, why=f"it cannot be read ({why})") from None


def _checked(spec: Spec, tape: Cassette) -> Report:
    results: tuple[Result, ...] = ()
    refused = None
    try:
        bind(spec, tape)
        results = evaluate(spec, tape)
    except CassetteError as error:
        refused = error
    return Report(spec.path, str(spec.cassette_path), tape.id, tape.state, results, refused)


def bind(spec: Spec, tape: Cassette) -> None:
    """Raise NotBound unless it is the recording that the spec means."""
    binding, verdict = spec.binding, tape.verdict
    if binding.id != tape.id:
        why = f"its id is {tape.id}, not {binding.id}"
    elif binding.evidence_sha256 not in (None, tape.evidence_sha256):
        why = f"its evidence_sha256 is {tape.evidence_sha256}, not {binding.evidence_sha256}"
    elif binding.content_digest is None:
        return
    elif verdict.sealed:
        why = "it has a seal, and content_digest is for recordings without"
    elif binding.content_digest != verdict.content_sha256:
        why = f"its content_digest is {verdict.content_sha256}, not {binding.content_digest}"
    else:
        return
    lines = "\n".join(f"  {line}" for line in binding_lines(tape))
    raise NotBound(spec=spec.path, line=binding.line, path=tape.path, why=why, binding=lines)


def binding_lines(tape: Cassette) -> tuple[str, str]:
    """`id` and digest as they stand under `cassette:` in a spec of this recording."""
    name, digest = "content_digest", tape.verdict.content_sha256
    if tape.verdict.sealed:
        name, digest = "evidence_sha256", tape.evidence_sha256
    return f"id: {quoted_yaml(tape.id)}", f'{name}: "{digest}"'


def evaluate(spec: Spec, tape: Cassette) -> tuple[Result, ...]:
    """Every assertion in order. Raises Damaged where the cassette cannot be read."""
    view = Tape(tape)
    return tuple(judge(assertion, view) for assertion in spec.assertions)


def judge(assertion: Assertion, tape: Tape) -> Result:
    """One assertion."""
    try:
        assertion.check.judge(tape)
    except DoesNotHold as no:
        return Result(assertion, "fails", no.found, no.screen)
    except CouldNotFail as why:
        return Result(assertion, "could not fail", str(why))
    return Result(assertion, "holds")
