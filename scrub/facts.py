"""What a fact about a token is. The tables beside this file hold the facts; `rules.py` makes rules of them."""

from __future__ import annotations

from dataclasses import dataclass

# Where a fact was found. A source tells what the token looks like; no expression or sentence is taken from it.
PROVIDER = "the provider's own documentation"
GITLEAKS = "the public rules of gitleaks"
BETTERLEAKS = "the public rules of betterleaks"
SEEN = "the shape of issued tokens"


@dataclass(frozen=True, slots=True)
class Fact:
    """A token that is recognized by its own letters, wherever it stands.

    `name` becomes the kind in a placeholder. `shapes` are in the notation of `shapes.py`. `extend` lets the
    token go on with characters of its last run (providers lengthen their tokens); without it a longer run is
    no match, for prefixes too weak to be believed alone. `fold` ignores case after the anchor. `glued` allows
    a letter or digit right before it. `digits` is how many digits it must have.
    """

    name: str
    shapes: tuple[str, ...]
    source: str
    extend: bool = True
    fold: bool = False
    glued: bool = False
    digits: int = 0


@dataclass(frozen=True, slots=True)
class KeyedFact:
    """A token that only the words before it give away: `<word> … = <value>`.

    `words` are matched without case, `values` are shapes.
    """

    name: str
    words: tuple[str, ...]
    values: tuple[str, ...]
    source: str


def fact(name: str, *shapes: str, source: str = PROVIDER, **options: bool | int) -> Fact:
    """A `Fact`, written on one line of a table."""
    return Fact(name, shapes, source, **options)  # type: ignore[arg-type]


def keyed(name: str, words: str, *values: str, source: str = GITLEAKS) -> KeyedFact:
    """A `KeyedFact`, written on one line of a table; `words` separated by blanks."""
    return KeyedFact(name, tuple(words.split()), values, source)
