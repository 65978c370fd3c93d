"""What `verify` says of a cassette: frozen values, and the words for them. Nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from cassette.errors import Damaged

State: TypeAlias = Literal["complete", "partial", "damaged"]
EXIT_CODES: Mapping[State, int] = {"complete": 0, "partial": 1, "damaged": 3}
MAX_FINDINGS = 100
"""A broken file can break in each of its lines; the first hundred say enough."""

UNSIGNED = (
    "An unsigned seal finds corruption and careless edits; who can rewrite the directory can rewrite the seal. "
    "Keep evidence_sha256 elsewhere (in git, in a test's binding, in a signature) to anchor it."
)
"""The limit of what `verify` can say."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not match, and where. `line` counts from 1; `offset` is in bytes of `file`."""

    file: str
    why: str
    line: int | None = None
    seq: int | None = None
    offset: int | None = None

    def __str__(self) -> str:
        places = (("line", self.line), ("seq", self.seq), ("offset", self.offset))
        where = ", ".join([self.file, *(f"{name} {at}" for name, at in places if at is not None)])
        return f"{where}: {self.why}"

    def as_error(self, path: object, *, others: int = 0) -> Damaged:
        """The error that a reader raises for it; `others` is how many findings there are beside it."""
        more = f" (and {others} more; see cassette verify)" if others else ""
        return Damaged(
            path=path, file=self.file, why=self.why + more, line=self.line, seq=self.seq, offset=self.offset
        )


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file is: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Verdict:
    """The result of a verification, computed from the files alone."""

    path: str
    state: State
    reasons: tuple[str, ...]
    """Why it is not complete, one sentence each; empty when it is."""
    findings: tuple[Finding, ...]
    """What does not match, the most telling first, at most `MAX_FINDINGS`; empty unless damaged."""
    sealed: bool
    """Whether there is a seal at all."""
    recovered: bool
    """Whether the recorder died and the recording was finished from its spool."""
    gaps: int
    """How many gap records there are."""
    id: str | None
    evidence_sha256: str | None
    """Head of the evidence chain; None when the events do not hold together."""
    evidence_events: int
    counts: Mapping[str, int] = field(default_factory=dict)
    """Events by file name."""
    files: Mapping[str, FileFacts] = field(default_factory=dict)
    """The files that are there, by name, without the seal."""
    foreign: tuple[str, ...] = ()
    """Names in the directory that no seal covers, `assertions.yaml` among them. No damage."""

    @property
    def exit_code(self) -> int:
        """0 complete, 1 partial, 3 damaged."""
        return EXIT_CODES[self.state]

    @property
    def content_sha256(self) -> str | None:
        """SHA-256 of `output.raw`; None when there is none."""
        facts = self.files.get("output.raw")
        return facts.sha256 if facts else None

    def raise_if_damaged(self) -> None:
        """Raise Damaged with the first finding."""
        if self.findings:
            raise self.findings[0].as_error(self.path, others=len(self.findings) - 1)

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain values, for `--json`."""
        return {
            "path": self.path,
            "state": self.state,
            "reasons": list(self.reasons),
            "findings": [
                {name: getattr(found, name) for name in ("file", "line", "seq", "offset", "why")}
                for found in self.findings
            ],
            "sealed": self.sealed,
            "recovered": self.recovered,
            "gaps": self.gaps,
            "id": self.id,
            "evidence_sha256": self.evidence_sha256,
            "content_sha256": self.content_sha256,
            "evidence_events": self.evidence_events,
            "counts": dict(self.counts),
            "files": {
                name: {"size": facts.size, "sha256": facts.sha256} for name, facts in self.files.items()
            },
            "foreign": list(self.foreign),
            "limit": UNSIGNED,
        }


def printable(text: str) -> str:
    """Text out of a cassette, made safe to print: control characters and lone surrogates are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class Findings:
    """Collects findings, up to `MAX_FINDINGS`."""

    def __init__(self) -> None:
        self.all: list[Finding] = []

    def __bool__(self) -> bool:
        return bool(self.all)

    @property
    def full(self) -> bool:
        """Whether there are so many that looking further tells nothing."""
        return len(self.all) >= MAX_FINDINGS

    def add(
        self,
        file: str,
        why: str,
        *,
        line: int | None = None,
        seq: int | None = None,
        offset: int | None = None,
    ) -> None:
        """Note something that does not match."""
        if not self.full:
            self.all.append(Finding(file, why, line, seq, offset))
