"""Many byte strings found in one pass. The only file that knows which library does it."""

from __future__ import annotations

from collections.abc import Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

_FEW = 4000  # up to so many words the fastest form is worth its memory
_WORTH = 28_000  # bytes to read for each word that make it worth the time to build it


class Automaton:
    """Finds many byte strings in one pass."""

    def __init__(self, words: Sequence[bytes], size: int | None = None) -> None:
        """`size` is how many bytes will be read with it, if it is not for good."""
        fast = len(words) <= _FEW and (size is None or size > _WORTH * len(words))
        self._automaton = (
            BytesAhoCorasick(
                list(words),
                matchkind=MatchKind.Standard,
                implementation=Implementation.DFA if fast else Implementation.ContiguousNFA,
            )
            if words
            else None
        )

    def hits(self, text: bytes) -> list[tuple[int, int, int]]:
        """(index of the word, start, end) of every occurrence, overlapping ones too."""
        return self._automaton.find_matches_as_indexes(text, overlapping=True) if self._automaton else []
