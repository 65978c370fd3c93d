"""Volatile text (clocks, pids, paths, spinners) made equal, for comparing two screens. Never applied to evidence.

Each rule has a name and a version. A changed pattern is a new version, so that a comparison can say by which
rules it was made: `time@1`. Replacements are as long as a reader needs, not as long as the text was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Volatile:
    """One kind of text that differs between two runs of the same program: `pattern` becomes `replacement`."""

    name: str
    version: int
    pattern: re.Pattern[str]
    replacement: str

    @property
    def id(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


def volatile(name: str, expression: str, replacement: str | None = None, *, version: int = 1) -> Volatile:
    """A rule of a test's own. `re.error` when the expression is none; the replacement is `<name>` if not given."""
    return Volatile(
        name, version, re.compile(expression), f"<{name}>" if replacement is None else replacement
    )


_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAYS = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_UNIT = r"(?:ms|[\u00b5\u03bcu]s|ns|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_SPINNERS = (
    "\u280b\u2819\u2839\u2838\u283c\u2834\u2826\u2827\u2807\u280f"
    "\u28fe\u28fd\u28fb\u28bf\u287f\u28df\u28ef\u28f7"
)
_STARS = "\u2736\u2738\u2739\u273a\u273b\u273d\u2722\u2733\u25d0\u25d3\u25d1\u25d2\u25f4\u25f7\u25f6\u25f5"

# The order matters: what holds a number comes before the numbers in it.
RULES: tuple[Volatile, ...] = (
    volatile(
        "timestamp",
        r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z| ?[+-]\d{2}:?\d{2})?",
    ),
    volatile("uuid", r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"),
    volatile(
        "date",
        rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b"
        rf"|\b(?:{_DAYS},? )?(?:{_MONTHS} \d{{1,2}}|\d{{1,2}} {_MONTHS})(?:,? \d{{4}})?\b",
    ),
    volatile("port", r"\b(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):\d{2,5}\b", r"\g<host>:<port>"),
    volatile("time", r"(?<![\d.:])\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?(?: ?[AaPp][Mm]\b)?"),
    volatile(
        "temporary-path",
        r"(?:/private)?(?:/tmp|/var/tmp|/var/folders|/dev/shm|/run/user/\d+)(?:/[\w.@+-]+)+",
        "/tmp/<temporary-path>",
    ),
    volatile(
        "pid", r"(?i)\b(?P<word>pid|process|ppid|tid)(?P<gap>[ =:#]{1,3})\d+\b", r"\g<word>\g<gap><pid>"
    ),
    volatile("job-pid", r"(?m)^\[(?P<job>\d+)\] \d+$", r"[\g<job>] <pid>"),
    volatile("percentage", r"\b\d{1,3}(?:\.\d+)? ?%"),
    volatile(
        "token-count",
        rf"(?i)(?:[\u2191\u2193\u2195] ?)?\b(?:{_NUMBER})(?:\.\d+)?[km]? (?P<word>tokens?)\b",
        r"<token-count> \g<word>",
    ),
    volatile("cost", r"\$\d+\.\d{2,6}\b", "$<cost>"),
    volatile("size", rf"\b(?:{_NUMBER})(?:\.\d+)? ?(?:[KMGT]i?)?B(?:/s|ps)?\b"),
    volatile("duration", rf"\b\d+(?:\.\d+)? ?{_UNIT}\b(?: \d+(?:\.\d+)? ?{_UNIT}\b)*"),
    volatile("object-address", r"\b0x[0-9a-f]{6,16}\b"),
    volatile("spinner", rf"[{_SPINNERS}{_STARS}]", "<spinner>"),
    volatile("line-spinner", r"(?m)(?:^|(?<=\s))[|/\\-](?= ?\w)(?!-)", "<spinner>"),
)
BY_NAME = {rule.name: rule for rule in RULES}
DEFAULT = tuple(rule.name for rule in RULES if rule.name != "line-spinner")


def rules_named(names: Iterable[str]) -> tuple[Volatile, ...]:
    """The rules with these names, `name` or `name@version`, in their own order. KeyError names an unknown one."""
    wanted = set()
    for name in names:
        rule = BY_NAME.get(name.partition("@")[0])
        if rule is None or name not in (rule.name, rule.id):
            raise KeyError(name)
        wanted.add(rule.name)
    return tuple(rule for rule in RULES if rule.name in wanted)


def normalize(text: str, names: Iterable[str] = DEFAULT, more: Sequence[Volatile] = ()) -> str:
    """`text` with everything volatile made equal: first by `more`, a test's own rules, then by those named."""
    for rule in (*more, *rules_named(names)):
        text = rule.pattern.sub(rule.replacement, text)
    return text


def normalize_rows(
    rows: Iterable[str], names: Iterable[str] = DEFAULT, more: Sequence[Volatile] = ()
) -> list[str]:
    """Each row of a screen normalized by itself, trailing blanks cut: what stays is compared."""
    chosen = tuple(names)
    return [normalize(row, chosen, more).rstrip() for row in rows]
