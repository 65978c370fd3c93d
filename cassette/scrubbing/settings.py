"""What a project, a caller and this machine say about secrets, gathered before a recording begins.

All of it is read at once: the values of variables, the contents of files, the rules. Nothing is looked up later,
so that who finishes the recording in another environment scrubs the same. The values live in memory and in the
spool only.

`[tool.pty-cassette.scrub]` of the nearest pyproject.toml that has it:

    known-secret-env = ["ACME_LOGIN"]        variables whose values are secret, whatever they are called
    known-secret-files = ["~/.acme/token"]   files that hold secrets: JSON, KEY=value, PEM, or one a line
    rules = "secrets.toml"                   an organisation's own rules in gitleaks' form; or a list of files
    max-output-bytes = 67108864              most output that is scrubbed as a whole, in memory

Paths are meant from the directory of that file. Variables and files that a project names need not be there; those
that a caller names must. An empty variable is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeAlias

from cassette.errors import CassetteError, UsageError
from cassette.given_file import read_given
from cassette.machine import identity_of_machine
from cassette.project_file import SCRUB_TABLE, scrub_table
from scrub.environment import Taken, is_binary, known_from_environment, known_from_file
from scrub.identity import Identity
from scrub.known import KnownValue
from scrub.report import Preserved
from scrub.views import View

DEFAULT_MAX_OUTPUT_BYTES = 64 * 2**20
_SECRET_FILE = "--known-secret-file"
MAX_FILE_BYTES = 4 * 2**20
"""Of a file with known secrets, or with rules."""

Names: TypeAlias = str | Iterable[str]
Paths: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
Finder: TypeAlias = Callable[[View], Iterable[KnownValue]]


@dataclass(frozen=True, slots=True)
class RulesText:
    """A rules file as it was read; `name` is how messages call it."""

    name: str
    text: str


@dataclass(frozen=True)
class ScrubSettings:
    """Known values, names of people and machines, an organisation's rules, and the limit of a whole scrub."""

    known: Taken = field(default_factory=Taken)
    identity: Identity = field(default_factory=Identity)
    rules: tuple[RulesText, ...] = ()
    max_output_bytes: int = DEFAULT_MAX_OUTPUT_BYTES

    @cached_property
    def _user_rules(self) -> tuple[Any, ...]:
        return tuple(_parsed(rules) for rules in self.rules)

    @property
    def find_more(self) -> tuple[Finder, ...]:
        """Finders for the organisation's rules. Raises UsageError for a rule that cannot run safely, by name."""
        return tuple(rules.find for rules in self._user_rules)

    @property
    def rule_names(self) -> tuple[str, ...]:
        """The names of the organisation's rules, for the report. Raises UsageError."""
        return tuple(name for rules in self._user_rules for name in rules.names)

    def check(self) -> Self:
        """The same settings, once every rule is known to be one. Raises UsageError."""
        _ = self._user_rules
        return self

    def as_header(self) -> dict[str, Any]:
        """All of it as JSON for the spool, values included: it must never go anywhere else."""
        return {
            "known": [
                [value.value.decode("latin-1"), value.kind, _text(value.origin)]
                for value in self.known.values
            ],
            "skipped": [[_text(item.what), item.reason] for item in self.known.skipped],
            "identity": {name: _text(value) for name, value in vars(self.identity).items() if name in _WHO},
            "rules": [[_text(rules.name), rules.text] for rules in self.rules],
            "max_output_bytes": self.max_output_bytes,
        }

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> Self:
        """What `as_header` gave. Raises KeyError, TypeError or ValueError for what it never gives."""
        values = (known_value(*entry) for entry in header["known"])
        return cls(
            Taken(tuple(values), tuple(Preserved(*entry) for entry in header["skipped"])),
            Identity(**header["identity"]),
            tuple(RulesText(*entry) for entry in header["rules"]),
            int(header["max_output_bytes"]),
        )


_WHO = ("home", "user", "host", "worktree")


def settings_of(header: Mapping[str, Any]) -> ScrubSettings:
    """The settings in a spool's header. Raises CassetteError for one that another release wrote in another way."""
    try:
        return ScrubSettings.from_header(header["scrub"])
    except (KeyError, TypeError, ValueError) as error:
        raise CassetteError(
            what=f"this recording was made by another release of pty-cassette ({error}). Finish it with that one."
        ) from None


def max_output_bytes_here() -> int:
    """The limit of a whole scrub that the project round the working directory sets. Raises UsageError."""
    return _Project.nearest(Path.cwd()).max_output_bytes


def known_value(value: str, kind: str, origin: str) -> KnownValue:
    """A known value as the spool has it: its bytes as Latin-1."""
    return KnownValue(value.encode("latin-1"), kind, origin)


def read_settings(
    *,
    start: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    known_secret_env: Names = (),
    known_secret_file: Paths = (),
    rules: Paths = (),
    optional_env: Names = (),
) -> ScrubSettings:
    """The settings of the project round `start` (default: the working directory), with what a caller adds.

    `environment` is where variables are looked up, by default ours; `given` are those that the program gets, where
    it gets others. `optional_env` are names that need not be set. Raises UsageError for what is named and is not
    there, is not understood, or is a rule that cannot run safely.
    """
    place = Path.cwd() if start is None else Path(start).absolute()
    project = _Project.nearest(place)
    known = _from_environment(
        os.environ if environment is None else environment,
        given or {},
        _names(known_secret_env),
        (*project.names, *_names(optional_env)),
    )
    for path in _paths(known_secret_file, _SECRET_FILE):
        known += _from_named_file(path)
    for path in project.files:
        known += _from_project_file(path, project.path)
    texts = [_rules_text(path, "--rules") for path in _paths(rules, "--rules")]
    texts += [_rules_text(path, f"rules of {project.path}") for path in project.rules]
    return ScrubSettings(known, identity_of_machine(place), tuple(texts), project.max_output_bytes).check()


# The project's table.


@dataclass(frozen=True, slots=True)
class _Project:
    """What `[tool.pty-cassette.scrub]` says, checked; paths made absolute."""

    path: Path = Path()
    names: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    max_output_bytes: int = DEFAULT_MAX_OUTPUT_BYTES

    @classmethod
    def nearest(cls, place: Path) -> _Project:
        for directory in (place, *place.parents):
            path = directory / "pyproject.toml"
            table = scrub_table(path, _content(path, "the project's settings")) if path.is_file() else None
            if table is not None:
                return cls._of(path, table)
        return cls()

    @classmethod
    def _of(cls, path: Path, table: Mapping[str, Any]) -> _Project:
        limit = table.get("max-output-bytes", DEFAULT_MAX_OUTPUT_BYTES)
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise _wrong(path, "max-output-bytes", limit, "a number of bytes above 0")
        here = path.parent
        return cls(
            path,
            _texts(path, table, "known-secret-env"),
            tuple(here / _expanded(file) for file in _texts(path, table, "known-secret-files")),
            tuple(here / _expanded(file) for file in _texts(path, table, "rules")),
            limit,
        )


def _texts(path: Path, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    given = table.get(key, [])
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise _wrong(path, key, given, "a text or a list of texts")
    return tuple(texts)


def _wrong(path: Path, key: str, given: object, wanted: str) -> UsageError:
    return UsageError(what=f"{key} in {SCRUB_TABLE} of {path} is {given!r}: give {wanted}")


# Known values, and files.


def _from_environment(
    ours: Mapping[str, str], given: Mapping[str, str], demanded: Iterable[str], wished: Iterable[str]
) -> Taken:
    demanded = tuple(demanded)
    absent = {name: why for name in (*demanded, *wished) if (why := _why_absent(name, ours, given))}
    for name in demanded:
        if name in absent:
            raise _nothing_to_protect(name, absent[name])
    others = {name: value for name, value in given.items() if ours.get(name) != value}
    names = {*demanded, *wished} - absent.keys()
    known = known_from_environment({**others, **ours}, names)
    changed = {name: value for name, value in others.items() if name in ours}
    known += known_from_environment(changed, names & changed.keys())
    return known + Taken((), tuple(Preserved(f"environment:{name}", why) for name, why in absent.items()))


def _why_absent(name: str, *environments: Mapping[str, str]) -> str | None:
    values = [environment[name] for environment in environments if name in environment]
    if not values:
        return "not set"
    return None if any(value.strip() for value in values) else "empty"


def _nothing_to_protect(name: str, why: str) -> UsageError:
    if why == "empty":
        return UsageError(
            what=f"the known secret {name!r} is empty, so nothing would be protected: set that variable to the "
            "secret, or do not name it"
        )
    return UsageError(
        what=f"the known secret {name!r} is not in the environment: set that variable, or do not name it"
    )


def holds_a_secret(path: Path) -> bool:
    """Is there a secret in a file that may be named (`known_secret_file`)? One without is refused there.

    Raises UsageError for one that is binary, or cannot be read.
    """
    return path.is_file() and bool(_known_in(path, "a file of secrets").values)


def _from_named_file(path: Path) -> Taken:
    taken = _known_in(path, _SECRET_FILE)
    if not taken.values:
        raise UsageError(
            what=f"no secret was found in {path} ({_SECRET_FILE}): give JSON, KEY=value lines, PEM, or one secret "
            "a line"
        )
    return taken


def _from_project_file(path: Path, project: Path) -> Taken:
    if not path.exists():
        return Taken((), (Preserved(f"file:{path.name}", "not there"),))
    return _known_in(path, f"known-secret-files of {project}")


def _known_in(path: Path, asked: str) -> Taken:
    content = _content(path, asked)
    if is_binary(content):
        raise UsageError(
            what=f"{path} ({asked}) is binary, and what is shown of a secret is text: give it as UTF-8 text, one "
            "secret a line, in the form in which it is shown (hex, base64)"
        )
    return known_from_file(path.name, content)


def _rules_text(path: Path, asked: str) -> RulesText:
    try:
        return RulesText(str(path), _content(path, asked).decode())
    except UnicodeDecodeError as error:
        raise UsageError(what=f"{path} ({asked}) is not UTF-8 ({error.reason}): save it as UTF-8") from None


def _content(path: Path, asked: str) -> bytes:
    try:
        content = read_given(path, MAX_FILE_BYTES + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(what=f"cannot read {path} ({asked}): {why}. Name a file that can be read.") from None
    if len(content) > MAX_FILE_BYTES:
        raise UsageError(what=f"{path} ({asked}) is longer than {MAX_FILE_BYTES} bytes: name a shorter file")
    return content


def _parsed(rules: RulesText) -> Any:
    from scrub.userrules import RulesRefused, parse_rules

    try:
        return parse_rules(rules.text, rules.name)
    except RulesRefused as error:
        raise UsageError(what=f"these rules cannot be used: {error}. Mend the rule or take it out.") from None


def _names(given: Names) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _paths(given: Paths, asked: str) -> tuple[Path, ...]:
    paths = (given,) if isinstance(given, str | os.PathLike) else tuple(given)
    if any(os.fspath(path) == "" for path in paths):
        raise UsageError(what=f"an empty name ({asked}) is no file: name one, or leave {asked} out")
    return tuple(_expanded(path) for path in paths)


def _expanded(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    return Path(os.path.expanduser(text))  # noqa: PTH111 - a home that nobody knows is no reason to fail


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
