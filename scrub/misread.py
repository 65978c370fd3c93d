"""Values that text without a terminal joined over movements of the cursor, where the screen shows them otherwise.

Between two parts of a secret a program may move away, write a word elsewhere, and come back. With the escapes removed
it reads as one token with that word in its middle; on the screen it is the token alone, and the word beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scrub.known import Entry
from scrub.sweep import Hit


def doubtful(hits: Iterable[Hit], shown: Iterable[Hit]) -> set[Entry]:
    """The values that rules found over seams in text without a terminal (`hits`), and that the screen (`shown`) never
    shows whole, while it shows others.
    """
    whole = {hit.entry for hit in shown if hit.form != "fragment"}
    over = {hit.entry for hit in hits if hit.form != "fragment" and _is_over_a_seam(hit)}
    return over - whole if whole else set()


def misread(hits: Sequence[Hit], shown: Sequence[Hit], painted: Iterable[Hit]) -> set[Entry]:
    """Those of the doubtful values whose first and last part, up to a seam, are bytes of another one that stands whole
    on the screen: of the hits of these, `painted` know their bytes.
    """
    candidates = doubtful(hits, shown)
    known = [*painted, *(hit for hit in hits if not _is_over_a_seam(hit))] if candidates else []
    covered = {at for hit in known if hit.entry not in candidates for at in _bytes(hit, hit.start, hit.end)}
    return candidates - {
        hit.entry for hit in hits if hit.form != "fragment" and not _is_between(hit, covered)
    }


def _is_over_a_seam(hit: Hit) -> bool:
    return hit.entry.origin.startswith("rule:") and bool(hit.view.seams.between(hit.start, hit.end))


def _is_between(hit: Hit, covered: set[int]) -> bool:
    seams = hit.view.seams.between(hit.start, hit.end)
    return bool(seams) and covered.issuperset(
        (*_bytes(hit, hit.start, seams[0]), *_bytes(hit, seams[-1], hit.end))
    )


def _bytes(hit: Hit, first: int, last: int) -> Iterable[int]:
    return (
        at for _, _, spans in hit.view.units(first, last) for start, end in spans for at in range(start, end)
    )
