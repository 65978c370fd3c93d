"""Rules: where to look for a secret and which bytes of a match are the secret. Built from facts, never by hand
where a fact will do; every expression is bounded and is matched only where one of its anchors was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

from scrub import likeness
from scrub.facts import Fact, KeyedFact
from scrub.shapes import anchor_of, expression_of, last_alphabet, length_of, pieces_of

Tier = Literal["prefix", "context"]
Judge = Callable[[bytes], bool]
Spans = Callable[[bytes, int], Iterable[tuple[int, int]]]
"""All secrets (from, up to) of the block of text in which an anchor or a scan's match begins at a place."""

_NO_PATH = 32  # letters after a slash that are no path
_EXTENSION = 240  # how much longer than its fact a token may be before the rest is taken for text
# Not right after a letter or digit, unless those are an escape's (\n in JSON, %3D in a URL).
_LEFT = r"(?:(?<![a-zA-Z0-9])|(?<=\\[nrtbf])|(?<=%[0-9a-fA-F]{2}))"
# From a provider's name to its value: the rest of a name, an operator, quotes. A table's border is an operator.
_KEYED_TAIL = (
    r"[ \t\w.,\[\]-]{0,40}?(?:\\?['\"`]|[\s)]){0,3}"
    r"(?:=>|=|>|:{1,3}=?|\|{1,2}|\?=|\.=|,|\xe2\x94\x82)"
    r"(?:\\?['\"`]|[\s=(\[]){0,12}"
)
# The same without an operator, where another word says that a secret comes: "Acme secret key  …", or on the next line.
_NEAR_TAIL = (
    r"[\w \t\r\n.-]{0,32}?(?:secret|token|key|password|passwd|credentials?|private|access)(?:[ _-]?id)?s?"
    r"(?:\\?['\"`]|[ \t:=]){0,6}(?:\r?\n|\r){0,2}(?:[ \t]|\\?['\"`]|is\b){0,12}(?<![a-zA-Z0-9])"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to find a secret.

    `pattern` is matched at each anchor (literal bytes; lower case where `folded`), or, where a match begins
    before its anchor, `lead` bytes (least, greatest) earlier. The secret is group 1 of the match, or what the
    group named `core` matches and the rest that follows it. `accept` judges the secret. `joins` lets a match
    cross a guessed join of two rows. `source` says where the fact was found. A rule whose anchor would be
    everywhere has none, and `scan` finds where it may match. With `spans`, that finds the secrets, not `pattern`.
    """

    name: str
    tier: Tier
    anchors: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    accept: Judge
    source: str
    folded: bool = False
    lead: tuple[int, int] = (0, 0)
    reach: int = 512
    joins: bool = False
    scan: re.Pattern[bytes] | None = None
    loose: re.Pattern[bytes] | None = (
        None  # without its left boundary, for the place where two rows were joined
    )
    spans: Spans | None = None


def compile_pattern(expression: str, *, fold: bool = False) -> re.Pattern[bytes]:
    """An expression for bytes; characters above 0x7f in it stand for those bytes. Compiled when it is first used."""
    return cast(re.Pattern[bytes], _Late(expression.encode("latin-1"), re.IGNORECASE if fold else 0))


class _Late:
    """A pattern that costs nothing until an anchor of its rule is met: of 700 a recording needs a few."""

    def __init__(self, expression: bytes, flags: int) -> None:
        self._given = expression, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._given)
        for used in ("match", "search", "finditer", "fullmatch", "pattern", "flags", "groups"):
            setattr(self, used, getattr(compiled, used))
        return getattr(compiled, name)


def rules_of_fact(fact: Fact) -> list[Rule]:
    """One rule for each shape of the fact."""
    return [_rule_of_shape(fact, shape) for shape in fact.shapes]


def _rule_of_shape(fact: Fact, shape: str) -> Rule:
    anchor = anchor_of(shape)
    alphabet = last_alphabet(shape)
    tail = f"[{alphabet}]{{0,{_EXTENSION}}}" if fact.extend else f"(?![{alphabet}])"
    body = f"(?P<core>{expression_of(shape)}){tail}"
    left = "" if fact.glued else _LEFT
    literal = pieces_of(shape)[0].low if pieces_of(shape)[0].literals else 0
    return Rule(
        name=fact.name,
        tier="prefix",
        anchors=tuple(word.encode() for word in anchor.words),
        pattern=compile_pattern(left + body, fold=fact.fold),
        accept=_random_behind(literal, fact.digits),
        source=fact.source,
        lead=(anchor.before_low, anchor.before_high),
        reach=length_of(shape)[1] + _EXTENSION,
        joins=True,
        loose=compile_pattern(f"(?P<core>{expression_of(shape)})", fold=fact.fold),
    )


def _random_behind(literal: int, digits: int) -> Judge:
    def accept(value: bytes) -> bool:
        return likeness.is_random(value[literal:], digits) and b"EXAMPLE" not in value

    return accept


def rule_of_keyed(fact: KeyedFact) -> Rule:
    """`<word> … = <value>`, for the values of this provider only."""
    words = "|".join(map(re.escape, fact.words))
    longest_first = sorted(fact.values, key=lambda shape: -length_of(shape)[1])
    values = "|".join(f"{expression_of(shape)}(?![{last_alphabet(shape)}])" for shape in longest_first)
    return Rule(
        name=fact.name,
        tier="context",
        anchors=tuple(word.encode() for word in fact.words),
        pattern=compile_pattern(f"(?:{words})(?:{_KEYED_TAIL}|{_NEAR_TAIL})({values})", fold=True),
        accept=_random_keyed,
        source=fact.source,
        folded=True,
    )


def _random_keyed(value: bytes) -> bool:
    if value[:1] == b"/" and len(value) >= _NO_PATH:
        value = value[1:]  # base64 may begin so
    return likeness.is_random(value) and not likeness.is_placeholder(value)


class RuleSet:
    """Rules with an index of their anchors. Cheap to share, never changed after it is built."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.scanned = tuple(rule for rule in self.rules if rule.scan)
        self.exact = _index(rule for rule in self.rules if not rule.folded)
        self.folded = _index(rule for rule in self.rules if rule.folded)

    @cached_property
    def prefix_only(self) -> RuleSet:
        """Those that find a token by its own letters."""
        return RuleSet(rule for rule in self.rules if rule.tier == "prefix")

    @cached_property
    def for_raw(self) -> RuleSet:
        """Those of `prefix_only` that an anchor tells: without one, letters of an escape could begin a token.

        In any case of letters stand parts of URLs, which text, links and documents show as well.
        """
        return RuleSet(rule for rule in self.prefix_only.rules if not (rule.scan or rule.folded))

    @property
    def names(self) -> list[str]:
        """The names of the rules, sorted, each once."""
        return sorted({rule.name for rule in self.rules})


@dataclass(frozen=True, slots=True)
class AnchorIndex:
    """Anchor texts, and for each the rules to try where it was found."""

    anchors: tuple[bytes, ...]
    rules: tuple[tuple[Rule, ...], ...]


def _index(rules: Iterable[Rule]) -> AnchorIndex:
    table: dict[bytes, list[Rule]] = {}
    for rule in rules:
        for anchor in rule.anchors:
            table.setdefault(anchor, []).append(rule)
    return AnchorIndex(tuple(table), tuple(tuple(found) for found in table.values()))
