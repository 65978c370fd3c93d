"""What the tests of one run did with cassettes: added up over the workers, told in a few lines at the end. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

_LISTED = 20


@dataclass
class Tally:
    """Counts, and paths as strings, so that workers can send them."""

    played: int = 0
    recorded: list[str] = field(default_factory=list)
    verified: int = 0
    live: int = 0
    """Programs that were run and not kept."""
    unplayed: dict[str, int] = field(default_factory=dict)
    """Cassettes that were not played to their end, with the number of inputs that were left."""
    traces: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    """Every cassette that a test asked for."""
    roots: list[str] = field(default_factory=list)
    """The directories of cassettes beside collected tests."""
    directories: list[str] = field(default_factory=list)
    """The directories in which cassettes of a module lie that was used, wherever they are."""
    claims: dict[str, str] = field(default_factory=dict)
    """Each collected test that drives cassettes, by its id, with the place of its first cassette."""
    passed: list[str] = field(default_factory=list)
    """The ids of those that passed."""
    filtered: list[str] = field(default_factory=list)
    """Why this was not the whole suite."""

    def add(self, other: Mapping[str, Any]) -> None:
        """Take in what a worker counted; what all workers collected counts once."""
        self.played += other["played"]
        self.verified += other["verified"]
        self.live += other["live"]
        for name in ("recorded", "traces", "used", "roots", "directories", "passed", "filtered"):
            mine = getattr(self, name)
            known = set(mine)
            mine += [item for item in other[name] if item not in known]
        for path, count in other["unplayed"].items():
            self.unplayed[path] = self.unplayed.get(path, 0) + count
        self.claims |= other["claims"]

    def as_plain(self) -> dict[str, Any]:
        """Plain lists, dicts and numbers."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """What a person wants to know of it; nothing where nothing was done."""
        unplayed = sum(self.unplayed.values())
        counts = (
            (self.played, "played"),
            (len(self.recorded), "recorded"),
            (self.verified, "verified"),
            (self.live, "run live, not kept"),
            (unplayed, "input unplayed" if unplayed == 1 else "inputs unplayed"),
        )
        if any(count for count, _ in counts):
            yield ", ".join(f"{count} {what}" for count, what in counts if count)
        yield from _listed("recorded ", self.recorded)
        yield from _listed("unplayed ", [f"{path} ({count})" for path, count in self.unplayed.items()])
        yield from _listed("trace ", self.traces)


def _listed(before: str, items: list[str]) -> Iterator[str]:
    for item in items[:_LISTED]:
        yield f"{before}{item}"
    if len(items) > _LISTED:
        yield f"{before}… and {len(items) - _LISTED} more"
