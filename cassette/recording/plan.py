"""What is known of a recording before its first event: it becomes the spool's header and the manifest."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, Self
from uuid import uuid4

from cassette.emulators import default_emulator
from cassette.errors import CassetteError
from cassette.model import (
    DEFAULT_SETTLE_MS,
    FEATURE_DELTA_FRAMES,
    FORMAT_VERSION,
    Command,
    ContentDigest,
    EmulatorIdentity,
    Harness,
    Manifest,
    Provenance,
    Size,
    TerminalInfo,
    Timing,
)
from cassette.scrubbing.settings import ScrubSettings

DEFAULT_SIZE = Size(80, 24)
_HARNESS_TEXTS = (
    "name",
    "binary_version",
    "capability",
    "account_class",
    "captured_at",
    "freshness_window",
)
_PLAN_TEXTS = ("workdir_policy", "permission_mode", "term", "locale")
DEFAULT_TERM = "xterm-256color"
Frames = Literal["delta", "full"]


@dataclass(frozen=True)
class RecordingPlan:
    """Program, terminal and options of a recording. `env_names` are names only; `labels` are the user's own."""

    argv: tuple[str, ...] = ()
    size: Size = DEFAULT_SIZE
    harness: Harness | None = None
    workdir_policy: str = "inherit"
    env_names: tuple[str, ...] = ()
    timeout_ms: int | None = None
    permission_mode: str | None = None
    term: str | None = DEFAULT_TERM
    locale: str | None = None
    frames: Frames = "delta"
    emulator: str = field(default_factory=default_emulator)
    settle_ms: int = DEFAULT_SETTLE_MS
    labels: Mapping[str, str] = field(default_factory=dict)

    def sized(self, columns: int | None, rows: int | None) -> Self:
        """The same plan on a terminal of another size; None leaves a number as it is."""
        return replace(
            self,
            size=Size(
                self.size.columns if columns is None else columns, self.size.rows if rows is None else rows
            ),
        )

    def header(self, *, overwrite: bool, scrub: ScrubSettings) -> dict[str, Any]:
        """The header of the spool: all that `recover` needs to finish the recording, known secrets included."""
        return {
            "id": str(uuid4()),
            "recorded_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "argv": list(self.argv),
            "overwrite": overwrite,
            "plan": asdict(replace(self, harness=self.harness or harness_of(self.argv))),
            "scrub": scrub.as_header(),
        }

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> Self:
        """The plan of a spool. Raises CassetteError for one that another release wrote in another way."""
        try:
            facts = dict(header["plan"])
            facts.update(
                argv=tuple(facts["argv"]),
                size=Size(**facts["size"]),
                harness=Harness(**facts["harness"]),
                env_names=tuple(facts["env_names"]),
            )
            return cls(**facts)
        except (KeyError, TypeError) as error:
            raise CassetteError(
                what=f"this recording was made by another release of pty-cassette ({error}). Finish it with that one."
            ) from None

    def texts(self) -> dict[str, Any]:
        """All of it that somebody else wrote, as JSON with telling names, to be scrubbed."""
        harness = asdict(self.harness or harness_of(self.argv))
        return {
            "harness": {name: harness[name] for name in _HARNESS_TEXTS if harness[name] is not None},
            "command": {"argv": list(self.argv), "env_allowlist": list(self.env_names)},
            "plan": {name: text for name in _PLAN_TEXTS if (text := getattr(self, name)) is not None},
            "labels": dict(self.labels),
        }

    def with_texts(self, texts: Mapping[str, Any]) -> Self:
        """The same plan with what became of `texts`."""
        harness = replace(self.harness or harness_of(self.argv), **texts["harness"])
        command = texts["command"]
        return replace(
            self,
            harness=harness,
            argv=tuple(command["argv"]),
            env_names=tuple(command["env_allowlist"]),
            labels=texts["labels"],
            **texts["plan"],
        )

    def manifest(
        self,
        header: Mapping[str, Any],
        *,
        output_sha256: str,
        emulator: EmulatorIdentity,
        pty_mode: Mapping[str, Any] | None,
    ) -> Manifest:
        """The manifest, once the recording is whole."""
        return Manifest(
            version=FORMAT_VERSION,
            id=header["id"],
            content_digest=ContentDigest(output_sha256),
            harness=self.harness or harness_of(self.argv),
            command=Command(
                self.workdir_policy, self.argv, self.env_names, self.timeout_ms, self.permission_mode
            ),
            terminal=TerminalInfo(
                self.size.rows, self.size.columns, emulator, self.locale, self.term, pty_mode
            ),
            timing=Timing(settle_ms=self.settle_ms),
            provenance=Provenance(
                os=sys.platform,
                arch=platform.machine(),
                recorded_at=header["recorded_at"],
                recorder_version=f"pty-cassette {own_version()}",
            ),
            required_features=(FEATURE_DELTA_FRAMES,) if self.frames == "delta" else (),
            optional={"labels": dict(self.labels)} if self.labels else {},
        )


def harness_of(argv: tuple[str, ...], *, search: str | None = None, cwd: str | Path | None = None) -> Harness:
    """The program's name, and the digest of the path that its name leads to.

    `search` is the PATH that it is looked for in, ours by default; a relative path is meant from `cwd`.
    """
    if not argv:
        return Harness(name="unknown")
    command = str(Path(cwd, argv[0])) if cwd is not None and "/" in argv[0] else argv[0]
    found = shutil.which(command, path=search)
    digest = None if found is None else sha256(os.fsencode(os.path.realpath(found))).hexdigest()
    return Harness(name=Path(argv[0]).name or argv[0], binary_path_digest_sha256=digest)


def own_version() -> str:
    """The version of this distribution."""
    try:
        return version("pty-cassette")
    except PackageNotFoundError:
        return "0+unknown"
