"""What a scrub report says, in a few words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cassette.cli.output import printable

_MOST = 4


def covered(hit_counts: Mapping[str, int], hidden_inputs: int) -> str:
    """How often what was covered: `3 x github-token, 1 x identity:home, 1 hidden input`."""
    counts = sorted(hit_counts.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{number} x {printable(name)}" for name, number in counts[:_MOST]]
    if len(counts) > _MOST:
        parts.append(f"{sum(number for _, number in counts[_MOST:])} of {len(counts) - _MOST} other kinds")
    if hidden_inputs:
        parts.append(f"{hidden_inputs} hidden input{'' if hidden_inputs == 1 else 's'}")
    return ", ".join(parts) or "nothing"


def glance(facts: Mapping[str, Any]) -> str:
    """The report of a cassette (`reading.overview`) in one line."""
    if facts["status"] == "not-run":
        return "not run: there may be secrets in it"
    how = f"{facts['rules']} rules" + (", as a stream" if facts["guarantee"] == "stream" else "")
    what = (
        "nothing found"
        if facts["status"] == "clean"
        else f"covered {covered(facts['hit_counts'], facts['hidden_inputs'])}"
    )
    names = [entry.removeprefix("identity:").partition(":")[0] for entry in facts["left"]]
    left = f"; left in output: {', '.join(map(printable, names))}" if names else ""
    return f"{printable(facts['status'])}: {what} ({how}){left}"
