"""Whether a cassette is older than a project lets it be. The age is counted from `recorded_at` in its manifest."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

from cassette.durations import in_words
from cassette.playing import mismatch
from cassette.reading.reader import Cassette
from cassette.testing.callsite import explained
from cassette.testing.plugin_settings import Settings, seconds_of

__tracebackhide__ = explained


def check_age(tape: Cassette, settings: Settings, record_command: str) -> None:
    """Raise ReplayMismatch with the reason `expired`, or warn, as `on_expiry` says."""
    limit = settings.max_age
    if limit is None or settings.on_expiry == "ignore":
        return
    recorded_at = tape.manifest.provenance.recorded_at
    try:
        moment = datetime.fromisoformat(recorded_at)
    except ValueError:
        return  # another writer's words: nobody can tell
    age = datetime.now(UTC) - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    age_s, limit_s = age.total_seconds(), seconds_of(limit)
    if age_s <= limit_s:
        return
    recording = mismatch.Recording(tape.path, tape.manifest.command.argv, tape.size, record_command)
    error = mismatch.expired(recording, recorded_at, in_words(age_s), in_words(limit_s))
    if settings.on_expiry == "fail":
        raise error
    warnings.warn(str(error.facts["what"]), stacklevel=4)
