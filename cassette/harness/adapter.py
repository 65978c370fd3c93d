"""What an adapter says of a harness, as values. `cassette/harness/adapter_file.py` makes them of TOML, strictly.

Times are in seconds, sizes in cells. Patterns are compiled with re.M. `docs/harnesses.md` is the reference of keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from cassette.capability import names
from cassette.harness.versions import KnownVersions
from cassette.script import Step

SCHEMA: Final = 1
CAPABILITIES: Final = tuple(names.CAPABILITIES)
STALENESS: Final = names.BEHAVIORS
Pattern: TypeAlias = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A screen that has all of `texts` and all of `patterns`, and none of `absent`."""

    texts: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    absent: tuple[Pattern, ...] = ()

    def __str__(self) -> str:
        wanted = [*map(repr, self.texts), *(f"/{pattern.pattern}/" for pattern in self.patterns)]
        unwanted = [f"no /{pattern.pattern}/" for pattern in self.absent]
        return " and ".join([*wanted, *unwanted])

    def holds(self, shown: str) -> bool:
        """Whether it is so of a screen's rows, joined by newlines."""
        return (
            all(text in shown for text in self.texts)
            and all(pattern.search(shown) for pattern in self.patterns)
            and not any(pattern.search(shown) for pattern in self.absent)
        )


@dataclass(frozen=True, slots=True)
class Version:
    """How the harness tells its version: a command whose output `pattern` finds, group `version`."""

    args: tuple[str, ...]
    pattern: Pattern
    known: KnownVersions
    timeout: float


@dataclass(frozen=True, slots=True)
class LoginCheck:
    """One way of being logged in. All that is given must be so: the command, the files, the variables."""

    account_class: str
    args: tuple[str, ...] | None
    exit_code: int
    pattern: Pattern | None
    files: tuple[str, ...]
    env: tuple[str, ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class QuotaCheck:
    """A command whose output `gone` finds when nothing is left."""

    args: tuple[str, ...]
    gone: Pattern
    timeout: float


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is asked before anything is recorded. Without login checks none is needed."""

    logins: tuple[LoginCheck, ...] = ()
    login_help: str = ""
    quota: tuple[QuotaCheck, ...] = ()
    quota_help: str = ""


@dataclass(frozen=True, slots=True)
class Modal:
    """A box in the way: when it shows, `steps` leave it. A late one may come up at any time."""

    name: str
    when: Predicate
    steps: tuple[Step, ...]
    late: bool


@dataclass(frozen=True, slots=True)
class Blocked:
    """A screen on which it is of no use to go on: `login`, `quota` or `other`."""

    kind: Literal["login", "quota", "other"]
    when: Predicate
    todo: str


@dataclass(frozen=True, slots=True)
class Start:
    """How the harness is started for a screen probe, when it is ready, and how it is left."""

    args: tuple[str, ...]
    columns: int
    rows: int
    env: Mapping[str, str]
    timeout: float
    exit_timeout: float
    workdir: Literal["fresh", "current"]
    credential_files: tuple[str, ...]
    credential_env: tuple[str, ...]
    ready: Predicate | None
    stable_ms: int
    modals: tuple[Modal, ...]
    blocked: tuple[Blocked, ...]
    quit: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """A fresh HOME for every probe: what is copied from the user's, and what is written into it."""

    copy: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lab:
    """How the harness runs against a model server on loopback: its fresh HOME, variables and arguments."""

    account_class: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, str]
    prepare: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """What every extractor has. `name` names the facts that it finds, `proves` the capabilities that they show.

    `of` says what they are about, as the levels of one model. One that is `optional` may find nothing; others
    refuse then. `status` is `gap` where the find shows that something is not possible, and `why` says why.
    """

    name: str
    where: str
    proves: tuple[str, ...]
    accounts: tuple[str, ...]
    of: str | Pattern | None
    optional: bool
    lower: bool
    status: Literal["pass", "gap"]
    why: str
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class RowsFact(Fact):
    """Rows of a captured screen (`capture`), or lines of a command's output, that `row` reads.

    They stand behind the row that `after` finds and before the one that `until` finds. Each of them must match
    `row` or `skip`: a row that is something else is a screen that the adapter does not know.
    """

    capture: str | None
    after: Pattern | None
    until: Pattern | None
    row: Pattern
    skip: Pattern | None
    expect: tuple[Pattern, ...]
    more: Pattern | None
    count: Pattern | None
    numbered: bool


@dataclass(frozen=True, slots=True)
class TextFact(Fact):
    """A captured screen (or a command's output) on which a predicate holds; `pattern` may read a value there."""

    capture: str | None
    when: Predicate
    pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class JsonFact(Fact):
    """Values in JSON: of a command's output, or of the records of a file that was read (`file`)."""

    file: str | None
    lines: bool
    items: str
    value: str
    of_path: str
    detail: Mapping[str, str]
    filter: Mapping[str, str | int | bool]
    pick: Literal["all", "first", "last"]


@dataclass(frozen=True, slots=True)
class HelpFact(Fact):
    """What a help text offers: `options`, `choices` of an option, or `subcommands`."""

    what: Literal["options", "choices", "subcommands"]
    option: Pattern | None


@dataclass(frozen=True, slots=True)
class ExitFact(Fact):
    """The program's exit code is one of these."""

    codes: tuple[int, ...]


AnyFact: TypeAlias = RowsFact | TextFact | JsonFact | HelpFact | ExitFact


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that the harness writes, read when it has ended and kept as service events."""

    name: str
    glob: str
    root: Literal["home", "workdir"]
    format: Literal["jsonl", "json", "text"]
    filter: Mapping[str, str | int | bool]
    keep: tuple[str, ...]
    newest: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """One recording: a command, or the harness driven by steps; and what is read in it."""

    name: str
    kind: Literal["command", "screen"]
    args: tuple[str, ...]
    other_args: tuple[tuple[str, ...], ...]
    exit_codes: tuple[int, ...] | None
    columns: int
    rows: int
    env: Mapping[str, str]
    timeout: float
    steps: tuple[Step, ...]
    accounts: tuple[str, ...]
    freshness_window: str
    staleness_behavior: str
    files: tuple[EvidenceFile, ...]
    facts: tuple[AnyFact, ...]


@dataclass(frozen=True, slots=True)
class Adapter:
    """All that is known of one harness; `origin` is the file or the package that it comes from."""

    origin: str
    name: str
    title: str
    binary: tuple[str, ...]
    licence: str
    commit: bool
    revision: int
    version: Version | None
    preflight: Preflight
    start: Start
    home: Home | None
    lab: Lab | None
    probes: tuple[Probe, ...]
    not_applicable: Mapping[str, str]
    program: str = ""
    """What the harness is called where the adapter is for any program; empty for its own name."""
    prefix: tuple[str, ...] = ()
    """Words between the binary and all arguments, as for `python -m tool`."""

    @property
    def harness(self) -> str:
        """What the harness is called: in messages, manifests and paths."""
        return self.program or self.name

    def probe(self, name: str) -> Probe | None:
        """The probe of that name."""
        return next((probe for probe in self.probes if probe.name == name), None)
