"""Known values: secrets whose letters are known, from a rule, the environment, a file or hidden input.

Different values that are one secret (the lines of a key, a password and its escaped form) share an identity, so
that they get one number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from scrub.finder import Match, find
from scrub.forms import LEAST_LENGTH, lines_of
from scrub.likeness import MARK
from scrub.rules import RuleSet
from scrub.views import View
from scrub.written import decoded

_USER_AND_PASSWORD = frozenset(
    {"authorization-basic", "authorization-header", "docker-auth"}
)  # base64 of user:password
_ENDED = re.compile(rb"[\"'`;,)&]| [a-zA-Z0-9]")
_HEAD = 16  # so many letters alike, and the whole of the shorter one, are no chance
_FILLERS = frozenset("*¬∗＊\U0001f7b0\U0001f31f\u034f\u20d0\U000e0100")


@dataclass(frozen=True, slots=True)
class KnownValue:
    """One secret to look for everywhere.

    `kind` is shown in a placeholder (letters, digits, `-`). `origin` is shown in the report: `rule:<name>`,
    `environment:<NAME>`, `file:<name>`, `input`. Neither ever holds anything of the value.
    With a `mask` it is no secret but a name: looked for only as a whole word, and covered with the mask, cut or
    filled with `fill` to its length.
    """

    value: bytes
    kind: str
    origin: str
    mask: bytes = b""
    fill: bytes = b"*"
    ended: bool = False
    """Is it certain where it ends? What a rule found may go on in another row; what does not come from one is whole."""

    def __repr__(self) -> str:
        return f"KnownValue({self.kind!r}, {self.origin!r}, {len(self.value)} bytes)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in the book: which secret it is, and where that came from."""

    value: bytes
    identity: int
    kind: str
    origin: str
    mask: bytes = b""

    @property
    def short(self) -> bool:
        """Is it looked for only as a whole word?"""
        return len(self.value) < LEAST_LENGTH or bool(self.mask)

    def __repr__(self) -> str:
        return f"Entry({self.identity}, {self.kind!r}, {self.origin!r}, {len(self.value)} bytes)"


class Book:
    """All known values of one cassette. Grows while views are read; never shows a value."""

    def __init__(self, known: Iterable[KnownValue] = ()) -> None:
        self.version = 0
        """Changes with what is in it."""
        self._certain: dict[bytes, None] = {}
        self._entries: dict[bytes, Entry] = {}
        self._identities = 0
        self._heads: dict[bytes, tuple[tuple[bytes, int], ...]] = {}
        for value in known:
            self.add(value)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Book({len(self._entries)} values)"

    @property
    def entries(self) -> list[Entry]:
        """Every value, in the order in which it became known."""
        return list(self._entries.values())

    def add(self, known: KnownValue) -> None:
        """Take a value in, with what follows from it. Empty ones and placeholders are left out."""
        if not _is_value(known.value):
            return
        if known.ended or not (known.mask or known.origin.startswith("rule:")):
            self._certain[known.value] = None
        if known.value in self._entries:
            return
        identity = self._identity_of(known)
        for value in (known.value, *_derived(known)):
            if _is_value(value) and value not in self._entries:
                mask = known.mask.ljust(len(value), known.fill)[: len(value)] if known.mask else b""
                self._entries[value] = Entry(value, identity, known.kind, known.origin, mask)
                self.version += 1

    @property
    def certain(self) -> tuple[bytes, ...]:
        """The values of which it is certain where they end."""
        return tuple(self._certain)

    def _identity_of(self, known: KnownValue) -> int:
        """That of a value that a rule found shorter or longer before, cut or joined with another row; or a new one."""
        head = known.value[:_HEAD]
        likely = self._heads.get(head, ())
        for value, identity in () if known.mask else likely:
            if known.value.startswith(value) or value.startswith(known.value):
                return identity
        self._identities += 1
        if len(head) == _HEAD and not known.mask:
            self._heads[head] = (*likely, (known.value, self._identities))
        return self._identities

    def keep_found(self, most: int) -> int:
        """Forget what rules found first, so that no more than so many of their values stay; how many were forgotten."""
        found = [value for value, entry in self._entries.items() if entry.origin.startswith("rule:")]
        return self.forget(found[: max(0, len(found) - most)])

    def forget(self, values: Iterable[bytes]) -> int:
        """Know these values no longer; how many they were."""
        forgotten = list(values)
        for value in forgotten:
            del self._entries[value]
            self._heads.pop(value[:_HEAD], None)
            self._certain.pop(value, None)
        self.version += bool(forgotten)
        return len(forgotten)


def _is_value(value: bytes) -> bool:
    return bool(value.strip()) and MARK not in value and not set(value.decode("utf-8", "replace")) <= _FILLERS


def _derived(known: KnownValue) -> Iterable[bytes]:
    yield from lines_of(known.value)
    if b"%" in known.value and len(plain := unquote_to_bytes(known.value)) >= LEAST_LENGTH:
        yield plain
    if known.kind in _USER_AND_PASSWORD and (pair := decoded(known.value)) and pair.isascii():
        password = pair.partition(b":")[2]
        if len(password) >= LEAST_LENGTH:
            yield password


def discovered(rules: RuleSet, view: View, before: int | None = None) -> list[KnownValue]:
    """What the rules find in one view. Matches that overlap are one secret, named after the longest of them.

    With `before`, only those that begin before that byte of the stream.
    """
    matches = sorted(find(rules, view.text, view.seams), key=lambda match: (match.start, -match.end))
    if before is not None:
        matches = [match for match in matches if view.place(match.start) < before]
    found: list[KnownValue] = []
    index = 0
    while index < len(matches):
        best = matches[index]
        end = best.end
        index += 1
        while index < len(matches) and matches[index].start < end:
            end = max(end, matches[index].end)
            best = max(best, matches[index], key=_weight)
            index += 1
        start = min(best.start, matches[index - 1].start) if best.end == end else best.start
        ended = _is_ended(view, end)
        found.append(KnownValue(view.text[start:end], best.rule.name, f"rule:{best.rule.name}", ended=ended))
    return found


def _is_ended(view: View, end: int) -> bool:
    """Does something stand behind a value, in its row, that ends it: a quote, or a word behind one blank?"""
    return _ENDED.match(view.text, end) is not None and not view.seams.between(end - 1, end + 2)


def _weight(match: Match) -> tuple[int, bool, int]:
    """Of matches that overlap, the longest gives the name; of equals, the one whose rule says most."""
    rule = match.rule
    return match.end - match.start, rule.tier == "prefix", max(map(len, rule.anchors), default=0)
