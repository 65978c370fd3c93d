"""One thing that was looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal["ok", "warn", "fail"]
AREAS: Final = ("machine", "harnesses", "cassettes")


@dataclass(frozen=True, slots=True)
class Check:
    """`fail` means that recording or replaying will not work; `warn` that something is worth a look."""

    area: str
    name: str
    state: State
    what: str
    todo: str = ""
    """What to do; empty when it is ok."""


def parted(message: str) -> tuple[str, str]:
    """An error's two sentences: what happened, and what to do."""
    what, dot, todo = message.partition(". ")
    return what, todo if dot else ""
