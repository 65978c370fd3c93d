"""How many columns a character takes, and which characters share a cell.

The table is ours and frozen (`unicode18.py`): widths must not change under a recorded cassette because a
package was upgraded. The emulator and the snapshots split text by the same rules, which live only here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from terminal import unicode18 as table

TABLE_NAME = "unicode" + table.UNICODE_VERSION.split(".")[0]
"""Stands in the emulator's identity."""

ZWJ = "\u200d"
VS16 = "\ufe0f"
MAX_CLUSTER = 32
"""Code points that one cell keeps; a flood of combining marks must not grow a screen without bound."""

_REGIONAL = range(0x1F1E6, 0x1F200)
_MODIFIERS = range(0x1F3FB, 0x1F400)


def _character_class(*tables: tuple[tuple[int, int], ...]) -> str:
    return "".join(
        f"\\U{first:08x}-\\U{last:08x}" for ranges in tables for first, last in ranges if last >= 0x80
    )


# Emoji that VS16 can widen stay out of the class: the selector itself is in it.
_SPECIAL = _character_class(table.ZERO, table.WIDE, ((_REGIONAL.start, _REGIONAL.stop - 1),))
SPECIAL = re.compile(f"[{_SPECIAL}]")
"""Finds the first character that is not simply one column of its own."""

SPLIT_SPECIAL = re.compile(f"([{_SPECIAL}])").split
"""Splits a run: plain text at even places, one special character at each odd place."""


def _contains(ranges: tuple[tuple[int, int], ...], point: int) -> bool:
    index = bisect_right(ranges, (point, 0x110000)) - 1
    return index >= 0 and ranges[index][1] >= point


@lru_cache(maxsize=8192)
def width(character: str) -> int:
    """Columns of one character: 0, 1 or 2. Control characters count as 0."""
    point = ord(character)
    if point < 0x7F:
        return int(point >= 0x20)
    if point < 0xA0 or _contains(table.ZERO, point):
        return 0
    return 2 if _contains(table.WIDE, point) else 1


@lru_cache(maxsize=8192)
def joins(cluster: str, character: str) -> int:
    """Whether `character` shares the cell of `cluster`: 0 if not, else the columns that both take.

    `cluster` is what a cell holds (one base character and what joined it). A zero-width character
    always joins; what is wide joins by ZWJ, as a skin tone, or as the second half of a flag.
    """
    columns = cluster_width(cluster)
    point = ord(character)
    if character == VS16:
        return 2 if _contains(table.EMOJI_VARIATION, ord(cluster[0])) else columns
    if width(character) == 0:
        return columns
    base = ord(cluster[0])
    if cluster[-1] == ZWJ:
        return 2 if _contains(table.PICTOGRAPHIC, point) and _contains(table.PICTOGRAPHIC, base) else 0
    if point in _MODIFIERS:
        return 2 if _contains(table.PICTOGRAPHIC, base) else 0
    if point in _REGIONAL and base in _REGIONAL and len(cluster) == 1:
        return 2
    return 0


@lru_cache(maxsize=8192)
def cluster_width(cluster: str) -> int:
    """Columns of one cell's content: 1 or 2."""
    if len(cluster) == 1:
        return max(1, width(cluster))
    columns = max(1, width(cluster[0]))
    regional = ord(cluster[0]) in _REGIONAL and any(ord(c) in _REGIONAL for c in cluster[1:])
    widened = VS16 in cluster and _contains(table.EMOJI_VARIATION, ord(cluster[0]))
    joined = any(width(c) == 2 for c in cluster[1:])
    return 2 if regional or widened or joined else columns


def split_cells(text: str) -> Iterator[tuple[str, int]]:
    """The cells of a row's text, left to right: (content, columns)."""
    cluster = ""
    for character in text:
        if cluster and joins(cluster, character):
            cluster += character
            continue
        if cluster:
            yield cluster, cluster_width(cluster)
        cluster = character
    if cluster:
        yield cluster, cluster_width(cluster)
