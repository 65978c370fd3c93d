"""Lines that a program broke itself (inside a box, at an indent, at the right margin), joined again by guess.

For text without a terminal. A token that reaches the end of its line goes on on the next one when that holds
nothing but letters of tokens, and is not longer: programs break all lines at the same width. Only what stands
at an anchor of a rule is looked at; each view is a few lines, each join a seam.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from scrub.keywords import Automaton
from scrub.rests import PIECE, is_no_rest, is_word
from scrub.rules import RuleSet
from scrub.views import FixedSeams, OverlaidPlaces, Seams, View

_LEAST_ANCHOR = 3
_MOST_LINES = 64
_LEAST_FULL, _LONGEST_LINE = 56, 300
_LEAST_INSIDE = 20
_LEAST_WORD = 6  # letters that are one word by chance in no token
_INSIDE = re.compile(rb"[a-zA-Z0-9+/]{%d}\Z" % _LEAST_INSIDE)
_BORDER = rb"(?:\xe2\x94[\x82\x83]|\xe2\x95\x91|\xe2\x96\x8f|\xe2\x96\x95|\|)"
_BREAK = re.compile(
    rb"(?:[ \t]{0,200}"
    + _BORDER
    + rb")?[ \t]{0,200}\r{0,2}(?:\n[ \t]{0,200}(?:"
    + _BORDER
    + rb"[ \t]{0,8})?|(?<=\r))"
)
_ROW_END = re.compile(rb"[ \t]{0,200}" + _BORDER + rb"?[ \t]{0,200}(?:[\r\n]|\Z)")


class RowJoiner:
    """Finds broken tokens by the anchors of the rules that may cross a join."""

    def __init__(self, rules: RuleSet) -> None:
        self._anchors = _anchors(rules)

    def views(self, view: View) -> Iterator[View]:
        """A view for each token of `view` that is broken over lines."""
        reached = 0
        for _, start, _ in self._anchors.hits(view.text):
            if start < reached or goes_on(view.text, start):
                continue
            pieces = list(_pieces(view.text, start))
            if len(pieces) > 1:
                reached = pieces[-1][1]
                yield _joined(view, pieces)


@lru_cache(maxsize=16)
def _anchors(rules: RuleSet) -> Automaton:
    anchors = {anchor for rule in rules.rules if rule.joins for anchor in rule.anchors}
    return Automaton(sorted(anchor for anchor in anchors if len(anchor) >= _LEAST_ANCHOR))


def goes_on(text: bytes, start: int) -> bool:
    """Does what begins here only go on with what is before it, as inside of a path or a base64 text?

    On its line, or at the beginning of a line whose line above is full of letters.
    """
    if text[start - 1 : start] in (b"/", b"+") and _INSIDE.search(text, max(0, start - _LEAST_INSIDE), start):
        return True
    end = text.rfind(b"\n", 0, start)
    if end < 0 or text[end + 1 : start].strip(b" \t\r"):
        return False
    above = text[text.rfind(b"\n", max(0, end - _LONGEST_LINE), end) + 1 : end].strip(b" \t\r")
    return len(above) >= _LEAST_FULL and PIECE.fullmatch(above) is not None


def _pieces(text: bytes, start: int) -> Iterator[tuple[int, int]]:
    """The stretches of a token that begins at `start`, line by line."""
    found = PIECE.match(text, start)
    if found is None:
        return
    yield found.span()
    column = start - max(text.rfind(b"\n", 0, start), text.rfind(b"\r", 0, start)) - 1
    width = column + found.end() - start
    at = found.end()
    for _ in range(_MOST_LINES):
        broken = _BREAK.match(text, at)
        row = PIECE.match(text, broken.end()) if broken and broken.end() > at else None
        if row is None or not _ROW_END.match(text, row.end()) or len(row[0]) > width:
            return
        yield row.span()
        width = len(row[0])
        at = row.end()


def _joined(view: View, pieces: list[tuple[int, int]]) -> View:
    text = b"".join(view.text[start:end] for start, end in pieces)
    offsets = [(offset,) for start, end in pieces for offset in range(start, end)]
    seams, doubts = [], []
    length = 0
    longer = _is_below_longer(view.text, *pieces[0])
    for (start, end), (first, last) in pairwise(pieces):
        length += end - start
        seams.append(length)
        row = view.text[first:last]
        if is_no_rest(row) or (is_word(row) and (longer or len(row) >= _LEAST_WORD)):
            doubts.append(length)
    places = OverlaidPlaces(view, range(len(text) + 1), offsets)
    return View(
        "rows-joined", view.stream, text, places, _Joins(view.seams, pieces, FixedSeams(seams, doubts))
    )


class _Joins(Seams):
    """Where lines were joined, and, looked up only where a rule has matched, where the cursor was moved in one."""

    def __init__(self, under: Seams, pieces: Sequence[tuple[int, int]], joins: FixedSeams) -> None:
        self._under, self._pieces, self._joins = under, pieces, joins

    def between(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        return sorted({*self._joins.between(start, end), *self._inside(self._under.between, start, end)})

    def doubtful(self, start: int, end: int) -> Sequence[int]:
        """See `Seams`."""
        return sorted({*self._joins.doubtful(start, end), *self._inside(self._under.doubtful, start, end)})

    def _inside(self, find: Callable[[int, int], Sequence[int]], start: int, end: int) -> Iterator[int]:
        at = 0
        for first, last in self._pieces:
            low, high = max(start, at), min(end, at + last - first)
            if low < high:
                yield from (at + seam - first for seam in find(first + low - at, first + high - at))
            at += last - first


def _is_below_longer(text: bytes, start: int, end: int) -> bool:
    """Does the line above go on further than what ends a line at `end`?"""
    begin = text.rfind(b"\n", 0, start) + 1
    above = text[max(0, begin - _LONGEST_LINE) : begin].rstrip(b"\r\n")
    return len(above) - above.rfind(b"\n") - 1 > end - begin
