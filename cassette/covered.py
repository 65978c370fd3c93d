"""Texts of a recording in which secrets were covered, compared with texts in which they were not. Pure.

Where a recording has a placeholder, anything may stand: no secret is known here, and none is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrub.identity import Identity

PLACEHOLDER = re.compile(r"<SCRUBBED:[a-z0-9-]+:\d+\**>")
COVERED_WORD = re.compile(rf"{PLACEHOLDER.pattern}|\*{{3,}}")
"""What stands for a secret in a command: one of under 20 characters is covered by stars alone."""


def fits(recorded: str, found: str, covered: re.Pattern[str] = PLACEHOLDER) -> bool:
    """Whether a text is the recorded one, with something in place of each placeholder."""
    if recorded == found:
        return True
    pieces = covered.split(recorded)
    if len(pieces) == 1:
        return False
    return re.fullmatch(".+".join(map(re.escape, pieces)), found, re.DOTALL) is not None


def same_rows(recorded: Sequence[str], found: Sequence[str], shown: Sequence[str] | None = None) -> bool:
    """Whether two screens have the same rows. Stars alone are no placeholder, since programs show them too.

    They are one in a row where something is covered: `shown` are the rows as they are, where `found` has placeholders.
    """
    if len(recorded) != len(found):
        return False
    if shown is None or len(shown) != len(found):
        return all(map(fits, recorded, found))
    return all(
        fits(row, here, PLACEHOLDER if here == plain else COVERED_WORD)
        for row, here, plain in zip(recorded, found, shown, strict=True)
    )


def same_command(
    recorded: Sequence[str],
    given: Sequence[str],
    normalize: Callable[[str], str],
    who: Callable[[], Identity],
) -> bool:
    """Whether a command is the recorded one, though that was of another machine, with other secrets.

    `who` tells the names of this machine, which are looked up only where the words differ.
    """
    wanted, found = [*map(normalize, recorded)], [*map(normalize, given)]
    if wanted == found:
        return True
    if len(wanted) != len(found):
        return False
    own = who()
    named = [normalize(own.in_text(word)) for word in given]
    return all(fits(word, here, COVERED_WORD) for word, here in zip(wanted, named, strict=True))
