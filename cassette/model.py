"""What a cassette says, as frozen values. No I/O, no JSON, no clock; the disk shape is in `cassette.format`.

Times are integer milliseconds since the recording began (`t_ms`), sizes have columns before rows, bytes stay
bytes. `seq` is 1, 2, 3 … over all streams; 0 means that it has not been given yet (before publishing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from terminal.exit_status import ExitStatus
from terminal.snapshot import Snapshot

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
INPUT = "input.jsonl"
OUTPUT_RAW = "output.raw"
OUTPUT = "output.jsonl"
FRAMES = "frames.jsonl"
SERVICE_EVENTS = "service-events.jsonl"
FINAL = "final.json"
SCRUB_REPORT = "scrub-report.json"
SEAL = "seal.json"
DISCOVERY = "discovery.json"
QUOTA = "quota.json"
REQUIRED_FILES = (MANIFEST, INPUT, OUTPUT_RAW, OUTPUT, FRAMES, SERVICE_EVENTS, FINAL, SCRUB_REPORT)
SEALED_FILES = (*REQUIRED_FILES, DISCOVERY, QUOTA)
"""Every file that a seal covers when it is there; nothing else in the directory is evidence."""

FEATURE_DELTA_FRAMES = "frames-delta"
KNOWN_FEATURES = frozenset({FEATURE_DELTA_FRAMES})
DEFAULT_SETTLE_MS = 30
INPUT_KINDS = ("input", "paste", "resize", "signal", "mode", "mark")
MAX_SAFE_INTEGER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Size:
    """A terminal's size in cells."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Input:
    """What went into the terminal, or was done to it."""

    seq: int
    t_ms: int
    kind: str
    """One of `INPUT_KINDS`."""
    data: bytes = b""
    key: str | None = None
    size: Size | None = None
    signal: str | None = None
    source: str | None = None
    """`user`, `script`, or `terminal` for what a terminal answers by itself."""
    mode: Mapping[str, bool] | None = None
    """The line discipline after a change: echo, icanon, isig, icrnl, opost, onlcr."""
    op: str | None = None
    """What the driver did at a `mark`."""
    redacted: str | None = None
    """The rule that hid this input whole; `data` is filler."""
    masked: tuple[tuple[int, int], ...] = ()
    """`(start, length)` of the bytes that are filler."""


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that the program wrote, as one read returned them; `offset` is their place in `output.raw`."""

    seq: int
    t_ms: int
    data: bytes
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """The screen at a moment when the program had stopped painting.

    `raw_end` is the offset in `output.raw` behind the last byte that it shows, `raw_start` that of the frame
    before it.
    """

    seq: int
    t_ms: int
    screen: Snapshot
    raw_start: int
    raw_end: int
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """JSON that the caller handed over, or a gap that the recorder noted (`payload["type"] == "gap"`)."""

    seq: int
    t_ms: int
    payload: Any

    @property
    def is_gap(self) -> bool:
        """Whether this is the recorder's own note that something is missing."""
        return isinstance(self.payload, Mapping) and self.payload.get("type") == "gap"


@dataclass(frozen=True, slots=True)
class Final:
    """The last event. `exit` is None when the recorder did not see the end."""

    seq: int
    t_ms: int
    exit: ExitStatus | None
    duration_ms: int
    final_text: str | None = None
    usage: Mapping[str, Any] | None = None
    cost_usd: float | None = None
    metadata: Mapping[str, Any] | None = None
    routing_actual: str | None = None
    session_log_path: str | None = None


Event: TypeAlias = Input | Output | Frame | ServiceEvent | Final
Evidence: TypeAlias = Input | Output | ServiceEvent | Final
"""What was observed. A `Frame` is derived: it can be computed again from the rest."""


@dataclass(frozen=True)
class ContentDigest:
    """SHA-256 of `output.raw`, in hex."""

    sha256: str


@dataclass(frozen=True)
class Harness:
    """The program under record."""

    name: str
    binary_path_digest_sha256: str | None = None
    binary_version: str | None = None
    capability: Mapping[str, Any] | None = None
    account_class: str | None = None
    captured_at: str | None = None
    freshness_window: str | None = None


@dataclass(frozen=True)
class Command:
    """How the program was started; `env_allowlist` has names, never values."""

    workdir_policy: str
    argv: tuple[str, ...] = ()
    env_allowlist: tuple[str, ...] = ()
    timeout_ms: int | None = None
    permission_mode: str | None = None


@dataclass(frozen=True)
class EmulatorIdentity:
    """Which emulator drew the frames, in which version."""

    name: str
    version: str


@dataclass(frozen=True)
class TerminalInfo:
    """The terminal that the program saw."""

    initial_rows: int
    initial_cols: int
    emulator: EmulatorIdentity
    locale: str | None = None
    term: str | None = None
    pty_mode: Mapping[str, Any] | None = None

    @property
    def size(self) -> Size:
        """The size at the start."""
        return Size(self.initial_cols, self.initial_rows)


@dataclass(frozen=True)
class Timing:
    """How time was measured."""

    resolution_ms: int = 1
    clock_policy: str = "monotonic-elapsed"
    replay_default: str = "collapsed"
    settle_ms: int = DEFAULT_SETTLE_MS


@dataclass(frozen=True)
class FixedFrom:
    """What a cassette was before secrets were taken out of it: its digests, when (UTC) and by whom it was rewritten."""

    evidence_sha256: str | None
    content_digest: str
    at: str
    by: str


@dataclass(frozen=True)
class Provenance:
    """Where the recording comes from. `fixed_from` has one entry for each time that it was rewritten."""

    os: str
    arch: str
    recorded_at: str
    recorder_version: str
    git_sha: str | None = None
    contract_version: str | None = None
    fixed_from: tuple[FixedFrom, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """Who, what, where and how."""

    version: int
    id: str
    content_digest: ContentDigest
    harness: Harness
    command: Command
    terminal: TerminalInfo
    timing: Timing
    provenance: Provenance
    required_features: tuple[str, ...] = ()
    optional: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Discovery:
    """What a harness can do, as it was seen."""

    source: str
    status: str
    models: tuple[str, ...] = ()
    reasoning_levels: tuple[str, ...] = ()
    captured_at: str | None = None
    freshness_window: str | None = None
    staleness_behavior: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Quota:
    """What is left of an account's allowance, as it was seen."""

    source: str
    status: str
    captured_at: str | None = None
    freshness_window: str | None = None
    staleness_behavior: str | None = None
    account_class: str | None = None
    windows: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ScrubSummary:
    """What `scrub-report.json` says: whether scrubbing ran, and what it found."""

    status: str
    rules: tuple[str, ...] = ()
    hit_counts: Mapping[str, int] = field(default_factory=dict)
    env_allowlist: tuple[str, ...] = ()
    intentionally_preserved: tuple[str, ...] = ()
    guarantee: str = "whole"
    hidden_inputs: int = 0
    short_values: tuple[str, ...] = ()
    skipped_values: tuple[str, ...] = ()
