"""How many columns a character takes, and which characters share a cell.

The table is ours and frozen (`unicode18.py`): widths must not change under a recorded cassette because a
package was upgraded. The emulator and the snapshots split text by the same rules, which live only here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache

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
    """The tables' characters of the basic plane; beyond it all count, or the search would be slow."""
    ranges = [(first, min(last, 0xFFFF)) for table in tables for first, last in table if first <= 0xFFFF]
    return "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in ranges) + "\U00010000-\U0010ffff"


@cache
def special() -> re.Pattern[str]:
    """Finds a character that may not be simply one column of its own; it is its only group.

    Compiled when the first text that is not ASCII comes: it takes longer than a short program runs.
    """
    return re.compile(f"([{_character_class(table.ZERO, table.WIDE)}])")


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
def joins(cluster: str, character: str, clusters: bool = False) -> int:
    """Whether `character` shares the cell of `cluster`: 0 if not, else the columns that both take.

    `cluster` is what a cell holds (one base character and what joined it). A zero-width character
    always joins. Only with `clusters` (mode 2027), which few programs ask for, a terminal reckons in
    grapheme clusters: emoji join by ZWJ, as a skin tone, as the second half of a flag, and VS16 widens.
    """
    columns = cluster_width(cluster, clusters)
    if not clusters:
        return 0 if width(character) else columns
    point, base = ord(character), ord(cluster[0])
    if character == VS16:
        return 2 if _contains(table.EMOJI_VARIATION, base) else columns
    if width(character) == 0:
        return columns
    if cluster[-1] == ZWJ:
        return 2 if _contains(table.PICTOGRAPHIC, point) and _contains(table.PICTOGRAPHIC, base) else 0
    if point in _MODIFIERS:
        return 2 if _contains(table.PICTOGRAPHIC, base) else 0
    return 2 if point in _REGIONAL and base in _REGIONAL and len(cluster) == 1 else 0


@lru_cache(maxsize=8192)
def cluster_width(cluster: str, clusters: bool = False) -> int:
    """Columns of one cell's content: 1 or 2."""
    columns = max(1, width(cluster[0]))
    if columns == 2 or not clusters or len(cluster) == 1:
        return columns
    base = ord(cluster[0])
    flag = base in _REGIONAL and any(ord(c) in _REGIONAL for c in cluster[1:])
    widened = VS16 in cluster and _contains(table.EMOJI_VARIATION, base)
    return 2 if flag or widened or any(width(c) == 2 for c in cluster[1:]) else 1


def split_cells(text: str, clusters: bool = False) -> Iterator[tuple[str, int]]:
    """The cells of a row's text, left to right: (content, columns). `clusters` as in `joins`."""
    cluster = ""
    for character in text:
        if cluster and joins(cluster, character, clusters):
            cluster += character
            continue
        if cluster:
            yield cluster, cluster_width(cluster, clusters)
        cluster = character
    if cluster:
        yield cluster, cluster_width(cluster, clusters)


def columns_of(text: str, clusters: bool = False) -> int:
    """How many columns a text takes. `clusters` as in `joins`."""
    return len(text) if text.isascii() else sum(columns for _, columns in split_cells(text, clusters))
