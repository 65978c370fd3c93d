"""What may have been meant by a name that nobody knows: one sentence for messages."""

from __future__ import annotations

from collections.abc import Sequence


def hint(name: str, known: Sequence[str]) -> str:
    """The one name that is near; all of them where none is."""
    near = nearest(name, known)
    return f"Did you mean {near!r}?" if near else f"Known are {', '.join(known)}."


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The one name that is near, None where none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, 1)), None)
