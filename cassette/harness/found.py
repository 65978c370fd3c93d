"""What extractors find, where it stands, and why they find nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


class Refused(Exception):
    """The recording has what the adapter does not know: nothing may be read of it."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}; {found}")
        self.expected = expected
        self.found = found


class NotThere(Refused):
    """What was looked for is not there; an optional fact may say so."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact stands.

    `screen`: after the first `start` bytes of the output, on `rows`. `output`: `length` bytes of it from `start`.
    `service`: the service event with the index `start`. `final`: the end.
    """

    kind: Literal["screen", "output", "service", "final"]
    start: int = 0
    length: int = 0
    rows: tuple[int, ...] = ()
    capture: str = ""

    def document(self) -> dict[str, Any]:
        """As `discovery.json` has it."""
        if self.kind == "screen":
            return {
                "kind": "screen",
                "capture": self.capture,
                "raw_end": self.start,
                "rows": list(self.rows),
            }
        if self.kind == "output":
            return {"kind": "output", "offset": self.start, "length": self.length}
        return {"kind": "service", "index": self.start} if self.kind == "service" else {"kind": "final"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A value that an extractor read."""

    value: Any
    place: Place
    of: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """One fact: its name, its value, what it is about, and the path of its table in the adapter."""

    name: str
    value: Any
    of: str | None
    detail: Mapping[str, Any]
    place: Place
    fact: str

    def document(self) -> dict[str, Any]:
        """As `discovery.json` has it."""
        made: dict[str, Any] = {"name": self.name, "value": self.value}
        if self.of is not None:
            made["of"] = self.of
        if self.detail:
            made["detail"] = dict(self.detail)
        return {**made, "evidence": self.place.document()}
