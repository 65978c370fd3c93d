"""What a person needs to see why a test failed: recordings that were not saved, and the last screens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cassette.playing.player import ReplaySession
from cassette.recording.held import Held, last_screens
from cassette.session import Session
from cassette.testing.cassette_names import nth
from cassette.viewing.picture import picture


def write_trace(place: Path, test: str, held: Sequence[Held], sessions: Sequence[Session]) -> None:
    """Keep the recordings below the directory `place`, and the screens in its `screens.txt`."""
    notes = [test]
    for number, recording in enumerate(held, 1):
        target = nth(place / "cassette", number)
        why = None if recording.done else recording.trace(target)
        kept = [path for path in (target, recording.path) if path.exists()]
        notes.append(f"\n{kept[0]}\n\n{last_screens(kept[0])}" if kept else f"\nnot kept: {why}\n")
    for session in sessions:
        if isinstance(session, ReplaySession):
            screen = picture(session.left_at)
            notes.append(f"\n{session.recording.path}, replayed up to here\n\n{screen}\n")
    (place / "screens.txt").write_text("\n".join(notes), "utf-8")
