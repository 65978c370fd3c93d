"""Start a program under record: `cassette.record(…)`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cassette.emulators import default_emulator, new_emulator
from cassette.errors import CannotStart, UsageError
from cassette.model import Size
from cassette.recording.environment import child_environment, locale_of
from cassette.recording.finish import Progress
from cassette.recording.live import DEFAULT_EXIT_TIMEOUT_S, DEFAULT_TIMEOUT_S, LiveSession
from cassette.recording.plan import Frames, RecordingPlan, harness_of
from cassette.recording.recorder import Recorder
from cassette.scrubbing.settings import Names, Paths, ScrubSettings, read_settings
from cassette.testing.callsite import explained
from terminal.session import PtySession, SessionError

__tracebackhide__ = explained
MAX_SECONDS = 10**9


def record(
    path: str | Path,
    argv: Sequence[str],
    *,
    timeout: float = DEFAULT_TIMEOUT_S,
    exit_timeout: float = DEFAULT_EXIT_TIMEOUT_S,
    limit_s: float | None = None,
    on_output: Callable[[bytes], None] | None = None,
    hold: bool = False,
    **options: Any,
) -> LiveSession:
    """Start `argv` on a terminal and record it into the directory `path`; drive it with what this returns.

    Waits take `timeout` seconds at most; the end of the `with` block waits `exit_timeout` for the program;
    `limit_s` ends it after so many seconds. With `hold` nothing is published at the end, but by `recorder.close()`
    on what this returns (`recorder.discard()` throws it away). The other options are those of `start`. Raises
    CannotStart when the program cannot be started, CassetteExists when the place is taken; then nothing is written.
    """
    program, recorder, plan = start(path, argv, limit_s=limit_s, **options)
    return LiveSession(
        program,
        recorder,
        plan,
        limit_s=limit_s,
        timeout=timeout,
        exit_timeout=exit_timeout,
        on_output=on_output,
        hold=hold,
    )


def start(
    path: str | Path,
    argv: Sequence[str],
    *,
    columns: int = 80,
    rows: int = 24,
    env: Mapping[str, str] | None = None,
    clean_env: bool = False,
    cwd: str | Path | None = None,
    overwrite: bool = False,
    frames: Frames = "delta",
    emulator: str | None = None,
    max_bytes: int | None = None,
    limit_s: float | None = None,
    labels: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    known_secret_env: Names = (),
    known_secret_file: Paths = (),
    rules: Paths = (),
    scrub: ScrubSettings | None = None,
    harness: Mapping[str, Any] | None = None,
    stream: bool = False,
) -> tuple[PtySession, Recorder, RecordingPlan]:
    """A program on a terminal of `columns` x `rows` cells, and the recorder of it; nothing has been read yet.

    `env` is added to the inherited environment (to nothing but PATH with `clean_env`); its names are recorded,
    its values are not. `max_bytes` ends the recording after so much output. `progress(done, all)` is told how
    far the frames are drawn, in bytes.

    Secrets are taken out before anything is written: what rules find, values of variables whose names say so, what
    `known_secret_env` (names) and `known_secret_file` (paths) hold, what `rules` files in gitleaks' form find, and
    what `[tool.pty-cassette.scrub]` of pyproject.toml says. `scrub`, where given, is all of that, read before.
    `harness` is what a caller knows of the program (`name`, `binary_version`, …), for the manifest. With `stream` the
    recording is scrubbed as it goes and kept on a disk: for one too long for memory, with a weaker guarantee.
    """
    emulator = emulator or default_emulator()
    new_emulator(emulator, Size(1, 1))  # one that is not there is known now, not when the program has ended
    if limit_s is not None and not 0 < limit_s < MAX_SECONDS:
        raise UsageError(what=f"a limit of {limit_s} s: give a number of seconds above 0")
    environment = child_environment(env or {}, clean=clean_env)
    scrub = scrub or read_settings(
        given=environment,
        known_secret_env=known_secret_env,
        known_secret_file=known_secret_file,
        rules=rules,
    )
    plan = _plan(
        argv, Size(columns, rows), environment, cwd, frames=frames, emulator=emulator, limit_s=limit_s
    )
    assert plan.harness is not None
    plan = replace(
        plan,
        harness=replace(plan.harness, **(harness or {})),
        env_names=tuple(sorted(map(as_text, env or ()))),
        labels={as_text(name): as_text(value) for name, value in (labels or {}).items()},
    )
    recorder = Recorder(
        path, plan, overwrite=overwrite, max_bytes=max_bytes, progress=progress, scrub=scrub, stream=stream
    )
    return _spawned(argv, plan.size, environment, cwd, recorder), recorder, plan


def _spawned(
    argv: Sequence[str],
    size: Size,
    environment: Mapping[str, str],
    cwd: str | Path | None,
    recorder: Recorder,
) -> PtySession:
    try:
        return PtySession.spawn(argv, columns=size.columns, rows=size.rows, env=environment, cwd=cwd)
    except BaseException as error:
        recorder.discard()
        if isinstance(error, SessionError):
            raise CannotStart(what=str(error)) from None
        raise


def _plan(
    argv: Sequence[str],
    size: Size,
    environment: Mapping[str, str],
    cwd: str | Path | None,
    *,
    frames: Frames,
    emulator: str,
    limit_s: float | None,
) -> RecordingPlan:
    words = tuple(as_text(argument) for argument in argv)
    locale = locale_of(environment)
    return RecordingPlan(
        argv=words,
        harness=harness_of(words, search=environment.get("PATH"), cwd=cwd),
        size=size,
        workdir_policy="inherit" if cwd is None else "given",
        timeout_ms=None if limit_s is None else int(limit_s * 1000),
        term=as_text(environment["TERM"]),
        locale=None if locale is None else as_text(locale),
        frames=frames,
        emulator=emulator,
    )


def as_text(value: object) -> str:
    """A word of a command line as JSON can hold it: bytes that are no UTF-8 become U+FFFD."""
    if not isinstance(value, str | bytes | os.PathLike):
        return str(value)  # what starts the program says what is wrong with it
    return os.fsencode(value).decode("utf-8", "replace")
