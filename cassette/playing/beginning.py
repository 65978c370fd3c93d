"""Whether a driver begins with what was recorded: the command, and the size of the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cassette.model import Size
from cassette.playing import mismatch
from cassette.playing.matching import MatchOn
from cassette.playing.mismatch import Recording

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette


def check_beginning(
    recording: Recording,
    tape: Cassette,
    match_on: MatchOn,
    argv: Sequence[str] | None,
    size: Size,
    *,
    normalize: Callable[[str], str],
) -> None:
    """Raise ReplayMismatch for another command (None is any) or another size, as far as `match_on` compares them.

    `normalize` makes equal what may differ between two runs.
    """
    is_other = argv is not None and match_on.command and tuple(argv) != recording.argv
    if is_other and not _is_same(tape, argv or (), normalize):
        raise mismatch.command(recording, argv or ())
    if match_on.resize and size != tape.size:
        raise mismatch.geometry(recording, size, tape.size)


def _is_same(tape: Cassette, argv: Sequence[str], normalize: Callable[[str], str]) -> bool:
    """Whether a command in other words is the recorded one all the same."""
    from cassette.covered import same_command
    from cassette.machine import identity_of_machine

    recorded = tape.manifest.command.argv
    # A recording takes its names from the working directory; the tape may be kept in another tree.
    return any(
        same_command(recorded, argv, normalize, partial(identity_of_machine, place))
        for place in (tape.path.absolute().parent, Path.cwd())
    )
