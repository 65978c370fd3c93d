"""An open cassette. It reads what was opened and nothing else: no writes, no processes, no credentials.

Opening maps the files and reads the small documents; events and frames are decoded when they are asked for. A
cassette is verified before anything of it is handed out, unless the caller says otherwise. One `Cassette` may be
read by many threads at once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cassette.errors import NotWhatWasDemanded, UsageError
from cassette.model import (
    FRAMES,
    INPUT,
    OUTPUT,
    OUTPUT_RAW,
    SERVICE_EVENTS,
    Discovery,
    EmulatorIdentity,
    Event,
    Final,
    Frame,
    Input,
    Manifest,
    Output,
    Quota,
    ScrubSummary,
    ServiceEvent,
    Size,
)
from cassette.reading.documents import discovery_of, final_of, manifest_of, quota_of, scrub_report_of
from cassette.reading.streams import Streams
from cassette.reading.verdict import State, Verdict
from cassette.reading.verify import examine
from cassette.store.directory import Buffer, CassetteDirectory

if TYPE_CHECKING:
    from cassette.clock import Clock
    from cassette.playing.player import ReplaySession
    from cassette.reading.screens import ExactScreens, FrameScreens
    from terminal.snapshot import Snapshot

_MAPPED = (INPUT, OUTPUT, OUTPUT_RAW, FRAMES, SERVICE_EVENTS)


def open(  # noqa: A001 (cassette.open is the name that users know)
    path: str | os.PathLike[str],
    *,
    expected_id: str | None = None,
    expected_sha256: str | None = None,
    expected_evidence: str | None = None,
    required_emulator: EmulatorIdentity | str | None = None,
    unverified: bool = False,
) -> Cassette:
    """The cassette at `path`, verified: partial ones are opened, damaged ones refused.

    `expected_id`, `expected_sha256` (of `output.raw`), `expected_evidence` (the head of the evidence chain) and
    `required_emulator` (an identity, a name, or "name version") are demanded of it. `unverified` hashes nothing;
    then no digest can be demanded. Raises NotACassette, UnknownVersion, UnknownFeature, Damaged,
    NotWhatWasDemanded, and UsageError.
    """
    if unverified and (expected_sha256 or expected_evidence):
        raise UsageError(
            what="a digest cannot be demanded of a cassette that is not verified. Leave out unverified."
        )
    directory = CassetteDirectory(path)
    try:
        if not unverified:
            verdict = examine(directory)
            verdict.raise_if_damaged()
        tape = Cassette(directory, None if unverified else verdict)
        _demand(tape, expected_id, expected_sha256, expected_evidence, required_emulator)
    except BaseException:
        directory.close()
        raise
    return tape


class Cassette:
    """One cassette, made by `open`. Times are in milliseconds, offsets in bytes of `output.raw`."""

    def __init__(self, directory: CassetteDirectory, verdict: Verdict | None = None) -> None:
        """Read what is small and map the rest. Raises as `open` does."""
        self._directory = directory
        self._lock = threading.Lock()
        self._verdict = verdict
        self.path: Path = directory.path
        self.manifest: Manifest = manifest_of(directory)
        self.final: Final = final_of(directory)
        self.scrub_report: ScrubSummary = scrub_report_of(directory)
        self.discovery: Discovery | None = discovery_of(directory)
        self.quota: Quota | None = quota_of(directory)
        self._data: dict[str, Buffer] = {name: directory.map(name) for name in _MAPPED}
        self._streams = Streams(self.path, self._data, self.final)

    def __repr__(self) -> str:
        return f"<Cassette {self.path} id={self.id}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the directory. What was handed out, and iterators that run, stay valid."""
        self._directory.close()

    @property
    def id(self) -> str:
        """The cassette's UUID."""
        return self.manifest.id

    @property
    def size(self) -> Size:
        """The terminal's size at the start."""
        return self.manifest.terminal.size

    @property
    def duration_ms(self) -> int:
        """How long the recording took."""
        return self.final.duration_ms

    @property
    def verdict(self) -> Verdict:
        """What the cassette is worth; computed when first asked for, if it was opened unverified."""
        with self._lock:
            if self._verdict is None:
                self._verdict = examine(self._directory)
            return self._verdict

    @property
    def state(self) -> State:
        """`complete`, `partial` or `damaged`."""
        return self.verdict.state

    @property
    def evidence_sha256(self) -> str | None:
        """Head of the evidence chain, in hex: what a test binds to."""
        return self.verdict.evidence_sha256

    @property
    def raw(self) -> Buffer:
        """All of `output.raw`, without a copy where it is mapped; slices are bytes."""
        return self._data[OUTPUT_RAW]

    def output_bytes(self, start: int = 0, end: int | None = None) -> bytes:
        """The program's bytes from offset `start` up to `end` (the end of all), as a slice."""
        return self.raw[slice(start, end)]

    def events(self) -> Iterator[Event]:
        """All events in the order of `seq`: outputs with their bytes, frames with their screens."""
        return self._streams.events()

    def inputs(self) -> Iterator[Input]:
        """What went into the terminal."""
        return self._streams.inputs()

    def outputs(self) -> Iterator[Output]:
        """What the program wrote, chunk by chunk."""
        return self._streams.outputs()

    def frames(self) -> Iterator[Frame]:
        """The settled frames, with their screens."""
        return self._streams.frames()

    def service_events(self) -> Iterator[ServiceEvent]:
        """What the caller handed over, and gap records."""
        return self._streams.service_events()

    def screen_at(self, *, t_ms: int | None = None, seq: int | None = None, exact: bool = False) -> Snapshot:
        """The screen at a moment: of an event, or `t_ms` after the start (give one of the two).

        That is the last settled frame at or before it, or a blank screen of the size then. With `exact` it is the
        true screen right after the last event of that moment, drawn from the start by the emulator at hand.
        """
        if (t_ms is None) == (seq is None) or (t_ms or 0) < 0 or (seq or 0) < 0:
            raise UsageError(what="a screen has one moment. Give either t_ms or seq, 0 or more.")
        if exact:
            return self._exact_screens.at(t_ms=t_ms, seq=seq)
        frame = self._frame_screens.before(t_ms=t_ms, seq=seq)
        return frame.screen if frame else self._blank(t_ms, seq)

    def replay(
        self,
        sink: Callable[[Event], object],
        *,
        mode: str | None = None,
        scale: float = 1.0,
        clock: Clock | None = None,
        cancelled: threading.Event | None = None,
        start_ms: int = 0,
        end_ms: int | None = None,
        idle_limit_ms: int | None = None,
    ) -> None:
        """Call `sink(event)` for each event when it is due; see `cassette.playing.replay.replay`.

        `mode` is `realtime`, `scaled` or `collapsed`; by default what the manifest says.
        """
        from cassette.playing.replay import replay

        replay(
            self.events(),
            sink,
            mode=mode or self.manifest.timing.replay_default,
            scale=scale,
            clock=clock,
            cancelled=cancelled,
            start_ms=start_ms,
            end_ms=end_ms,
            idle_limit_ms=idle_limit_ms,
        )

    def session(self, **options: Any) -> ReplaySession:
        """A session on this recording, to be driven as the live one was: it executes nothing.

        The options (`match_on`, `replay`, `scale`, `clock`, `on_unplayed`, `argv`, `columns`, `rows`, …) are those
        of `cassette.playing.player.ReplaySession`. Raises ReplayMismatch for a command or a size that it does not have.
        """
        from cassette.playing.player import ReplaySession

        return ReplaySession(self, **options)

    @cached_property
    def _frame_screens(self) -> FrameScreens:
        from cassette.reading.screens import FrameScreens

        return FrameScreens(self.path, self._data[FRAMES])

    @cached_property
    def _exact_screens(self) -> ExactScreens:
        from cassette.emulators import reading_emulator
        from cassette.reading.screens import ExactScreens

        name = self.manifest.terminal.emulator.name
        return ExactScreens(lambda: reading_emulator(name, self.size), self._streams.painting)

    def _blank(self, t_ms: int | None, seq: int | None) -> Snapshot:
        from cassette.reading.screens import blank, is_size, reached

        size = self.size
        for event in self.inputs():
            if not reached(event, t_ms, seq):
                break
            if event.size is not None and is_size(event.size):
                size = event.size
        return blank(size)


def _demand(
    tape: Cassette,
    expected_id: str | None,
    expected_sha256: str | None,
    expected_evidence: str | None,
    required_emulator: EmulatorIdentity | str | None,
) -> None:
    """Raise NotWhatWasDemanded for the first thing that the cassette does not have."""
    emulator = tape.manifest.terminal.emulator
    emulator_names = (emulator.name, f"{emulator.name} {emulator.version}")
    demands: list[tuple[str, object, object]] = [("id", expected_id, tape.id)]
    if expected_sha256 is not None:
        demands.append(("output.raw with the SHA-256", expected_sha256.lower(), tape.verdict.content_sha256))
    if expected_evidence is not None:
        demands.append(("evidence_sha256", expected_evidence.lower(), tape.evidence_sha256))
    if isinstance(required_emulator, EmulatorIdentity):
        demands.append(("emulator", required_emulator, emulator))
    elif required_emulator not in (None, *emulator_names):
        demands.append(("emulator", required_emulator, emulator_names[1]))
    for name, wanted, found in demands:
        if wanted is not None and wanted != found:
            raise NotWhatWasDemanded(path=tape.path, name=name, found=found, wanted=wanted)
