"""The names that evidence uses: capabilities, what can be said of one, and what evidence does when it is old."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

CAPABILITIES: Final = {
    "run": "run",
    "final_text": "final",
    "progress": "progr",
    "cancel": "cancel",
    "workdir": "workdir",
    "permission_modes": "perms",
    "list_models": "models",
    "set_model": "model=",
    "list_reasoning": "efforts",
    "set_reasoning": "effort=",
    "token_usage": "tokens",
    "quota_status": "quota",
    "error_status": "errors",
}
"""Every capability in the order of the matrix, with the short name of its column."""

LISTS: Final = {"model": "list_models", "reasoning": "list_reasoning", "permission_mode": "permission_modes"}
"""Facts whose values can be asked for, and the capability whose evidence lists them."""

Status: TypeAlias = Literal["pass", "gap", "blocked", "stale", "n/a"]
STATUSES: Final[dict[Status, str]] = {
    "pass": "fresh evidence shows it",
    "gap": "no evidence shows it",
    "blocked": "there is evidence, and it cannot be trusted or read",
    "stale": "evidence shows it, and is older than it may be",
    "n/a": "the harness has no such thing",
}

Behavior: TypeAlias = Literal["refuse", "warn", "use"]
BEHAVIORS: Final[tuple[Behavior, ...]] = ("refuse", "warn", "use")
DEFAULT_BEHAVIOR: Final[Behavior] = "refuse"
"""What old evidence does where `staleness_behavior` is missing, or is a word that nobody knows."""
