"""Record, keep, read and replay what a program did on a terminal.

Names are loaded when they are first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cassette.capability.api import Capabilities, StaleEvidence, capabilities
    from cassette.clock import Clock, MonotonicClock, VirtualClock
    from cassette.errors import CassetteError, TimedOut, WaitFailed
    from cassette.model import Discovery, Quota
    from cassette.playing.player import ReplaySession
    from cassette.playing.replay_errors import ReplayMismatch
    from cassette.reading.reader import Cassette, open  # noqa: A004 - the contract's name
    from cassette.recording.plan import RecordingPlan
    from cassette.recording.recorder import Recorder
    from cassette.recording.starting import record
    from cassette.session import Session
    from cassette.store.record_lock import record_lock
    from cassette.testing.expectation import ExpectationFailed, expect
    from cassette.testing.golden import GoldenFiles, Goldens
    from cassette.testing.locator import Locator, Region
    from terminal.exit_status import ExitStatus

__all__ = [
    "Capabilities",
    "Cassette",
    "CassetteError",
    "Clock",
    "Discovery",
    "ExitStatus",
    "ExpectationFailed",
    "GoldenFiles",
    "Goldens",
    "InputExhausted",
    "Locator",
    "MonotonicClock",
    "Quota",
    "Recorder",
    "RecordingPlan",
    "Region",
    "ReplayMismatch",
    "ReplaySession",
    "ReplayWaitFailed",
    "Session",
    "StaleEvidence",
    "TimedOut",
    "VirtualClock",
    "WaitFailed",
    "capabilities",
    "expect",
    "open",
    "record",
    "record_lock",
]

_HOMES = {
    "Capabilities": "capability.api",
    "Cassette": "reading.reader",
    "CassetteError": "errors",
    "Clock": "clock",
    "Discovery": "model",
    "ExitStatus": "model",
    "ExpectationFailed": "testing.expectation",
    "GoldenFiles": "testing.golden",
    "Goldens": "testing.golden",
    "InputExhausted": "playing.replay_errors",
    "Locator": "testing.locator",
    "MonotonicClock": "clock",
    "Quota": "model",
    "Recorder": "recording.recorder",
    "RecordingPlan": "recording.plan",
    "Region": "testing.locator",
    "ReplayMismatch": "playing.replay_errors",
    "ReplaySession": "playing.player",
    "ReplayWaitFailed": "playing.replay_errors",
    "Session": "session",
    "StaleEvidence": "capability.api",
    "TimedOut": "errors",
    "VirtualClock": "clock",
    "WaitFailed": "errors",
    "capabilities": "capability.api",
    "expect": "testing.expectation",
    "open": "reading.reader",
    "record": "recording.starting",
    "record_lock": "store.record_lock",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"cassette.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
