"""Where the rules match in one text. An anchor is found first; only there is an expression tried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scrub.keywords import Automaton
from scrub.likeness import is_url_password
from scrub.rules import Rule, RuleSet
from scrub.views import NO_SEAMS, Seams

_DIGEST = re.compile(
    rb"(?:(?:sha|md)-?\d{0,3}|digest|checksum|integrity|fingerprint)(?:\\?[\"'])?"
    rb"[ \t]{0,4}[:=(-][ \t]{0,4}(?:\\?[\"'])?"
    rb"(?:(?:sha|md)\d{1,3}[:=-])?\Z",
    re.IGNORECASE,
)
_BEFORE_DIGEST = 40
_JUDGED = 16  # so often one stretch of text is judged from ever later beginnings: the work stays linear
_LONGEST_LINE = 4096
_CHANGED = re.compile(rb"-\]|\+\}")
_OPENING = {b"-]": b"[-", b"+}": b"{+"}
_URL = re.compile(
    rb"[a-z][a-z0-9+]{1,20}://[a-z][a-z_-]{0,15}:(?P<password>[^\s:/@?#]{3,128})"
    rb"(?P<host>@[a-zA-Z0-9.-]+(?::[0-9]+)?(?:/[a-zA-Z0-9_.-]*)*)?\Z"
)
_BEHIND_URL = (b"@", b"", b"\n")  # or the end of a row, where it is cut
_TRAILING = b".,:;"  # ends a sentence more often than a secret


@dataclass(frozen=True, slots=True)
class Match:
    """`text[start:end]` is a secret, says `rule`."""

    rule: Rule
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Done:
    """Up to `end` one rule has looked, so many times in vain; one that found something looks on behind it."""

    end: int
    judged: int


@lru_cache(maxsize=16)
def _automata(rules: RuleSet) -> tuple[Automaton, Automaton]:
    return Automaton(rules.exact.anchors), Automaton(rules.folded.anchors)


def find(rules: RuleSet, text: bytes, seams: Seams = NO_SEAMS) -> list[Match]:
    """Every secret that a rule finds in `text`, each rule's matches apart from each other, in no set order.

    Only rules that may join cross a seam, and no further than their token is long for certain.
    """
    exact, folded = _automata(rules)
    found: list[Match] = []
    for index, hits in ((rules.exact, exact.hits(text)), (rules.folded, folded.hits(text.lower()))):
        done: dict[int, _Done] = {}
        for word, start, _ in hits:
            for rule in index.rules[word]:
                before = done.get(id(rule))
                if before is not None and start < before.end and before.judged >= _JUDGED:
                    continue
                if rule.spans:
                    matches = list(_spanned(rule, text, start, seams))
                    found.extend(matches)
                    again = before.judged if before is not None and start < before.end else 0
                    end = max([start + rule.reach, *(match.end for match in matches)])
                    done[id(rule)] = _Done(end, _JUDGED if matches else again + 1)
                    continue
                match = _confirm(rule, text, start, seams)
                if match is None:
                    continue
                if _is_secret(match, text):
                    found.append(_in_url(match, text))
                    done[id(rule)] = _Done(match.end, _JUDGED)
                else:
                    again = before.judged if before is not None and start < before.end else 0
                    done[id(rule)] = _Done(max(match.end, start + 1), again + 1)
    found.extend(_scanned(rules, text, seams))
    return found


def _scanned(rules: RuleSet, text: bytes, seams: Seams) -> Iterator[Match]:
    for rule in rules.scanned:
        for place in rule.scan.finditer(text) if rule.scan else ():
            if rule.spans:
                yield from _spanned(rule, text, place.start(), seams)
                continue
            match = _confirm(rule, text, place.start(), seams)
            if match and _is_secret(match, text):
                yield match


def _spanned(rule: Rule, text: bytes, at: int, seams: Seams) -> Iterator[Match]:
    if rule.spans:
        for start, end in rule.spans(text, at):
            if start < end and (rule.joins or not seams.between(start, end)) and rule.accept(text[start:end]):
                yield Match(rule, start, end)


def _is_secret(match: Match, text: bytes) -> bool:
    return match.start < match.end and match.rule.accept(text[match.start : match.end])


def _confirm(rule: Rule, text: bytes, at: int, seams: Seams) -> Match | None:
    if at < rule.lead[0]:
        return None
    limit = seams.limit(at, at + rule.reach)
    matched = _matched(rule, text, at, limit, seams)
    if matched is None:
        return None
    for seam in seams.doubtful(at, matched.end()):
        whole = _matched(rule, text, at, seam, seams)
        if whole is not None and whole.end() == seam and rule.accept(_secret_of(whole)):
            matched = whole
            break
    core = "core" in matched.re.groupindex
    start, end = matched.span(1 if matched.re.groups and not core else 0)
    end = _cut(rule, seams.between(matched.start(), end), matched.end("core") if core else end, end)
    if (erased := text.find(b"\b", start, end)) >= 0:
        end = erased  # a line editor goes back: what it writes then stands elsewhere
    end = _without_punctuation(text, start, _end_of_change(text, start, end))
    if _DIGEST.search(text, max(0, start - _BEFORE_DIGEST), start):
        return None
    return Match(rule, start, end)


def _matched(rule: Rule, text: bytes, at: int, limit: int, seams: Seams) -> re.Match[bytes] | None:
    """What a rule matches for an anchor at `at`, up to `limit`."""
    low, high = rule.lead
    if low != high:
        return rule.pattern.search(text, max(0, at - high), limit)
    matched = rule.pattern.match(text, at - low, limit)
    if matched is None and rule.loose and seams is not NO_SEAMS:
        return _between_seams(rule.loose, text, at - low, limit, seams)
    return matched


def _secret_of(matched: re.Match[bytes]) -> bytes:
    return matched[1 if matched.re.groups and "core" not in matched.re.groupindex else 0]


def _between_seams(
    loose: re.Pattern[bytes], text: bytes, at: int, limit: int, seams: Seams
) -> re.Match[bytes] | None:
    """A match without its boundaries, where a seam is the boundary that it lacks."""
    matched = loose.match(text, at, limit)
    if matched is None:
        return None
    end = matched.end("core")
    bounded_left = not text[at - 1 : at].isalnum() if at else True
    bounded_right = not text[end : end + 1].isalnum()
    return (
        matched
        if (bounded_left or seams.at(at)) and (bounded_right or end == limit or seams.at(end))
        else None
    )


def _cut(rule: Rule, inside: Sequence[int], sure: int, end: int) -> int:
    """Where a match must end because of the seams inside it; 0 when it may not be at all."""
    if rule.joins:
        return next((seam for seam in inside if seam >= sure), end)
    return 0 if inside else end


def _end_of_change(text: bytes, start: int, end: int) -> int:
    """Where a match ends that begins inside the marks of a diff of words, `[-old-]{+new+}`."""
    closed = _CHANGED.search(text, start, end + 1)
    if closed is None:
        return end
    line = text.rfind(b"\n", max(0, start - _LONGEST_LINE), start) + 1
    opened = text.rfind(_OPENING[closed[0]], line, start)
    return closed.start() if opened >= 0 and text.find(closed[0], opened, start) < 0 else end


def _in_url(match: Match, text: bytes) -> Match:
    """The password alone, where what stands behind a word is a URL that has one."""
    if match.rule.tier == "prefix":
        return match
    found = _URL.match(text, match.start, match.end)
    if found is None or not (found["host"] or text[match.end : match.end + 1] in _BEHIND_URL):
        return match
    return Match(match.rule, *found.span("password")) if is_url_password(found["password"]) else match


def _without_punctuation(text: bytes, start: int, end: int) -> int:
    if text[end : end + 1] in (b'"', b"'", b"`", b"\\"):
        return end
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    return end
