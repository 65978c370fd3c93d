"""Lengths of time as people and other programs write them; the one reading of them, and one way to say them.

`90s`, `15m`, `24h`, `7d`, `8w`, several of them from long to short (`1h30m`, as Go writes them), and ISO 8601
(`P1DT2H`, `PT15M`, `P2W`). Years and months have no fixed length, so they are refused.
"""

from __future__ import annotations

import re

UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_PLAIN = re.compile(
    "".join(rf"(?:(?P<{unit}>{_NUMBER})\s?{unit}\s?)?" for unit in UNIT_SECONDS) + r"\Z", re.A
)
_ISO = re.compile(
    rf"P(?:(?P<w>{_NUMBER})W)?(?:(?P<d>{_NUMBER})D)?"
    rf"(?:T(?=\d)(?:(?P<h>{_NUMBER})H)?(?:(?P<m>{_NUMBER})M)?(?:(?P<s>{_NUMBER})S)?)?\Z",
    re.A,
)


class BadDuration(ValueError):
    """A text that is no length of time; the message says what one looks like."""


def parse_duration(text: object) -> float:
    """Seconds of a length of time. Raises BadDuration, also for what is no text."""
    given = text.strip() if isinstance(text, str) else ""
    found = (_ISO if given.startswith("P") else _PLAIN).match(given)
    parts = {unit: value for unit, value in found.groupdict().items() if value} if found else {}
    if not parts:
        raise BadDuration(f"{text!r} is no length of time: write 90s, 15m, 24h, 7d, 8w, 1h30m or P1DT2H")
    return sum(float(value) * UNIT_SECONDS[unit] for unit, value in parts.items())


def in_words(seconds: float) -> str:
    """A length of time for a message: in days, or less where it is less."""
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{int(seconds)} seconds"
