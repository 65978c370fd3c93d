"""The errors of a replay that is driven: what a test gets when it and its recording do not agree.

Messages are made in `cassette.playing.mismatch`; here is only what callers may catch and ask for.
"""

from __future__ import annotations

from typing import Final

from cassette.errors import CannotSend, CassetteError, WaitFailed

REASONS: Final = (
    "command",
    "no_match",
    "exhausted",
    "unplayed",
    "not_found",
    "expired",
    "geometry",
    "damaged",
)


class ReplayMismatch(CassetteError):
    """A test and its recording do not agree. `reason` is one of `REASONS`; `facts` has the parts of the message."""

    __module__ = "cassette"  # where callers find it, and what pytest's one-line summary has room for
    template = "{reason}: {what}\n{report}"
    exit_code = 1

    @property
    def reason(self) -> str:
        """Why, in one word of `REASONS`."""
        return str(self.facts["reason"])


class InputExhausted(ReplayMismatch, CannotSend):
    """More was sent than was recorded; to the driver the program takes no input any more."""

    __module__ = "cassette"


class ReplayWaitFailed(WaitFailed):
    """What was waited for does not come in this recording before its next input. Known at once."""

    __module__ = "cassette"
    template = "waited for {what}: {why}.\n{report}"
