"""An organisation's own rules, from a file in gitleaks' TOML form. They run in RE2, which cannot hang.

A field that is understood is listed here; any other is refused by name, since a rule that silently means less
than its author thinks is a leak. The same for a rule that RE2 does not take. The only file that imports RE2.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from scrub import likeness
from scrub.known import KnownValue
from scrub.views import View

FILE_FIELDS = frozenset({"title", "description", "minVersion", "rules", "allowlist", "allowlists"})
RULE_FIELDS = frozenset(
    {"id", "description", "regex", "secretGroup", "entropy", "keywords", "tags", "allowlist", "allowlists"}
)
ALLOW_FIELDS = frozenset(
    {
        "id",
        "description",
        "regexes",
        "regexTarget",
        "stopwords",
        "condition",
        "targetRules",
        "paths",
        "commits",
    }
)
_MEMORY = 16 << 20  # of one compiled expression
_TARGETS = ("secret", "match", "line")


class RulesRefused(Exception):
    """The rules file cannot be used; says which rule and why."""


@dataclass(frozen=True, slots=True)
class Allow:
    """What is no secret although a rule matches. `whole` demands that every test agrees, else one does.

    A terminal's output has no path and no commit: such a test never agrees.
    """

    patterns: tuple[Any, ...]
    target: str
    stopwords: tuple[bytes, ...]
    whole: bool
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class UserRule:
    """One rule of an organisation."""

    name: str
    pattern: Any
    group: int
    entropy: float
    keywords: tuple[bytes, ...]
    allows: tuple[Allow, ...]


@dataclass(frozen=True, slots=True)
class UserRules:
    """The rules of one file; `find` is a finder for `Scrubber(find_more=…)`."""

    rules: tuple[UserRule, ...]

    @property
    def names(self) -> list[str]:
        """Their names, for the report."""
        return [rule.name for rule in self.rules]

    def find(self, view: View) -> Iterable[KnownValue]:
        """What the rules find in a view."""
        lowered = view.text.lower()
        for rule in self.rules:
            if not rule.keywords or any(keyword in lowered for keyword in rule.keywords):
                yield from _matches(rule, view.text)


def parse_rules(text: str, source: str = "rules file") -> UserRules:
    """The rules in a TOML text. RulesRefused says what is not understood, and where."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesRefused(f"{source} is not TOML: {error}") from error
    _only(document, FILE_FIELDS, source)
    compiler = _compiler()
    shared = tuple(_allow(table, f"{source}: allowlist", compiler) for table in _tables(document))
    rules = document.get("rules", [])
    if not isinstance(rules, list) or not rules:
        raise RulesRefused(f"{source} has no [[rules]]")
    made = [_rule(table, source, compiler) for table in rules]
    return UserRules(tuple(_with_shared(rule, shared) for rule in made))


def _compiler() -> Callable[[str, str], Any]:
    try:
        import re2
    except ImportError as error:
        raise RulesRefused("an organisation's rules need RE2: install pty-cassette[rules]") from error
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1

    def compile_one(expression: str, where: str) -> Any:
        try:
            return re2.compile(expression.encode("utf-8"), options)
        except re2.error as error:
            reason = error.args[0] if error.args else error
            shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
            raise RulesRefused(f"{where}: RE2 does not take its expression ({shown})") from error

    return compile_one


def _rule(table: object, source: str, compiler: Callable[[str, str], Any]) -> UserRule:
    if not isinstance(table, dict) or not isinstance(table.get("id"), str) or not table["id"]:
        raise RulesRefused(f"{source}: a rule without id")
    where = f"{source}: rule {table['id']!r}"
    _only(table, RULE_FIELDS, where)
    expression = _typed(table, "regex", str, "", where)
    if not expression:
        raise RulesRefused(f"{where} has no regex")
    pattern = compiler(expression, where)
    group = _typed(table, "secretGroup", int, 0, where)
    if not 0 <= group <= pattern.groups:
        raise RulesRefused(f"{where} has no group {group}")
    entropy = _typed(table, "entropy", float, 0.0, where)
    keywords = tuple(word.lower().encode() for word in _texts(table, "keywords", where))
    allows = tuple(_allow(inner, where, compiler) for inner in _tables(table))
    return UserRule(table["id"], pattern, group, float(entropy), keywords, allows)


def _allow(table: object, where: str, compiler: Callable[[str, str], Any]) -> Allow:
    if not isinstance(table, dict):
        raise RulesRefused(f"{where}: an allowlist is a table")
    _only(table, ALLOW_FIELDS, f"{where}: allowlist")
    target = _typed(table, "regexTarget", str, "secret", where) or "secret"
    condition = _typed(table, "condition", str, "OR", where).upper()
    if target not in _TARGETS or condition not in ("OR", "AND", "||", "&&"):
        raise RulesRefused(f"{where}: allowlist with regexTarget {target!r} or condition {condition!r}")
    if condition in ("AND", "&&") and (table.get("paths") or table.get("commits")):
        return Allow((), target, (), False, frozenset())
    return Allow(
        tuple(compiler(expression, f"{where}: allowlist") for expression in _texts(table, "regexes", where)),
        target,
        tuple(word.lower().encode() for word in _texts(table, "stopwords", where)),
        condition in ("AND", "&&"),
        frozenset(_texts(table, "targetRules", where)),
    )


def _tables(table: dict[str, Any]) -> list[object]:
    single = [table["allowlist"]] if "allowlist" in table else []
    return [*single, *table.get("allowlists", [])]


def _with_shared(rule: UserRule, shared: tuple[Allow, ...]) -> UserRule:
    allows = tuple(allow for allow in shared if not allow.rules or rule.name in allow.rules)
    return UserRule(rule.name, rule.pattern, rule.group, rule.entropy, rule.keywords, rule.allows + allows)


def _only(table: dict[str, Any], fields: frozenset[str], where: str) -> None:
    if unknown := sorted(table.keys() - fields):
        raise RulesRefused(
            f"{where}: not understood: {', '.join(unknown)} (only {', '.join(sorted(fields))})"
        )


def _typed(table: dict[str, Any], name: str, wanted: type, default: Any, where: str) -> Any:
    value = table.get(name, default)
    if not isinstance(value, wanted) and not (wanted is float and isinstance(value, int)):
        raise RulesRefused(f"{where}: {name} is not of type {wanted.__name__}")
    return value


def _texts(table: dict[str, Any], name: str, where: str) -> list[str]:
    values = table.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RulesRefused(f"{where}: {name} is not a list of texts")
    return values


def _matches(rule: UserRule, text: bytes) -> Iterable[KnownValue]:
    for found in rule.pattern.finditer(text):
        groups = range(1, rule.pattern.groups + 1)
        group = rule.group or next((number for number in groups if found[number]), 0)
        secret = found[group]
        if not secret or (rule.entropy and likeness.entropy(secret) <= rule.entropy):
            continue
        if not any(_allowed(allow, secret, found[0], text, found.start(0)) for allow in rule.allows):
            kind = re.sub(r"[^a-z0-9-]", "-", rule.name.lower())
            yield KnownValue(secret, kind, f"rule:{rule.name}")


def _allowed(allow: Allow, secret: bytes, match: bytes, text: bytes, start: int) -> bool:
    end = text.find(b"\n", start)
    line = text[text.rfind(b"\n", 0, start) + 1 : end if end >= 0 else len(text)]
    subject = {"secret": secret, "match": match, "line": line}[allow.target]
    tests = []
    if allow.patterns:
        tests.append(any(pattern.search(subject) for pattern in allow.patterns))
    if allow.stopwords:
        tests.append(any(word in secret.lower() for word in allow.stopwords))
    return bool(tests) and (all(tests) if allow.whole else any(tests))
