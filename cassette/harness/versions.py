"""Which versions of a harness an adapter knows: prefixes (`0.169`) and ranges (`>=0.160 <0.175`). Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest

_BOUND = re.compile(r"(>=|<=|>|<)\s*(\d+(?:\.\d+)*)")
_RANGE = re.compile(r"(?:(?:>=|<=|>|<)\s*\d+(?:\.\d+)*\s*)+\Z")
_PREFIX = re.compile(r"\d+(?:\.\d+)*\Z")
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class KnownVersions:
    """The versions with which an adapter was tried; none means that it does not say."""

    written: tuple[str, ...] = ()

    @classmethod
    def of(cls, written: Iterable[str]) -> KnownVersions:
        """From an adapter's list. Raises ValueError for one that is neither a prefix nor a range."""
        for each in (written := tuple(written)):
            if not (_PREFIX.match(each) or _RANGE.match(each)):
                raise ValueError(
                    f"{each!r} is no version. Give a prefix (0.169) or a range (>=0.160 <0.175)."
                )
        return cls(written)

    def __str__(self) -> str:
        return ", ".join(self.written)

    def __contains__(self, version: str) -> bool:
        return not self.written or any(_matches(each, version) for each in self.written)


def _matches(written: str, version: str) -> bool:
    numbers = _numbers(version)
    if _PREFIX.match(written):
        wanted = _numbers(written)
        return numbers[: len(wanted)] == wanted
    return all(_COMPARE[sign](_order(numbers, _numbers(bound)), 0) for sign, bound in _BOUND.findall(written))


def _numbers(version: str) -> list[int]:
    """The numbers that a version begins with; `0.61.0-preview.2` is as 0.61.0."""
    found = re.match(r"[vV]?(\d+(?:\.\d+)*)", version.strip())
    return [int(part) for part in found[1].split(".")] if found else []


def _order(left: list[int], right: list[int]) -> int:
    for one, other in zip_longest(left, right, fillvalue=0):
        if one != other:
            return 1 if one > other else -1
    return 0
