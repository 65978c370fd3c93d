"""What the setting `normalize` means, as one function from text to text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cassette.errors import UsageError
from scrub.normalize import DEFAULT, Volatile, normalize

STYLE = "style"
"""Named in `normalize`, it lets colours and attributes differ."""
ARGV = ("uuid", "port", "temporary-path")
"""Made equal in command lines when nothing is said: what a test cannot choose. Numbers and times it can."""


def compares_styles(given: Any) -> bool:
    """Whether colours and attributes count where the text is equal: they do, unless `style` is named."""
    return STYLE not in _items(given)


def normalizer(given: Any, *, for_argv: bool = False) -> Callable[[str], str]:
    """`given` is None (the default rules), a bool, a function, or names of rules and rules. Raises UsageError.

    `style` among the names is no rule for text; where it stands alone, the default rules hold.
    """
    if not compares_styles(given):
        given = tuple(item for item in _items(given) if item != STYLE) or None
    if given is False:
        return str
    if callable(given):
        return _checked(given)
    if given is None or given is True:
        names: Iterable[str] = ARGV if for_argv and given is None else DEFAULT
        return lambda text: normalize(text, names)
    items = _items(given)
    more = tuple(item for item in items if isinstance(item, Volatile))
    chosen = tuple(item for item in items if not isinstance(item, Volatile))
    try:
        normalize("", chosen)
    except (KeyError, AttributeError):
        raise UsageError(
            what=f"normalize does not know {chosen!r}: use some of {', '.join((*DEFAULT, STYLE))}, or a function"
        ) from None
    return lambda text: normalize(text, chosen, more)


def _items(given: Any) -> tuple[Any, ...]:
    """The names and rules in a setting; none where it is something else."""
    if given is None or isinstance(given, bool) or callable(given):
        return ()
    return (given,) if isinstance(given, str | Volatile) else tuple(given)


def _checked(function: Callable[[str], Any]) -> Callable[[str], str]:
    def call(text: str) -> str:
        result = function(text)
        if not isinstance(result, str):
            raise UsageError(what=f"normalize gave {result!r} for {text!r}: it has to give a text")
        return result

    return call
