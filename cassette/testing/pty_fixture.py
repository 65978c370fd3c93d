"""What stands behind the fixture `pty`: a test's sessions, live or replayed, and what becomes of them. No pytest here.

A mode decides for each spawn whether it replays or runs. Nothing is saved before `teardown(passed=True)`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cassette.errors import CassetteError, Damaged, NotACassette, UsageError
from cassette.playing import mismatch
from cassette.playing.matching import DEFAULT_MATCH_ON, MatchOn
from cassette.playing.player import ReplaySession
from cassette.playing.timeline import Timeline
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.recording.environment import child_environment
from cassette.recording.held import Held
from cassette.recording.starting import record
from cassette.scrubbing.settings import read_settings
from cassette.session import Session
from cassette.testing.callsite import explained, shown_path
from cassette.testing.cassette_names import is_further, nth
from cassette.testing.expiry import check_age
from cassette.testing.golden import GoldenFiles
from cassette.testing.normalizing import compares_styles, normalizer
from cassette.testing.path_recording import PathRecorder, real_program
from cassette.testing.plugin_settings import Settings
from cassette.testing.pty_place import Place, Wishes
from cassette.testing.tally import Tally
from cassette.testing.traces import write_trace
from cassette.testing.verified_run import VerifiedSession

if TYPE_CHECKING:
    from cassette.recording.live import LiveSession

__tracebackhide__ = explained


class ShimDiffers(CassetteError):
    """A driver of a replayed process did something else than was recorded."""

    template = "{name} was not driven as it was recorded in {path}.\n{report}"


@dataclass(repr=False)
class Pty:
    """The fixture: `spawn` a program or its recording, `open` a cassette, `on_path` a replayed process."""

    settings: Settings
    place: Place
    wishes: Wishes
    tally: Tally
    _sessions: list[Session] = field(default_factory=list)
    _held: list[Held] = field(default_factory=list)
    _tapes: list[Cassette] = field(default_factory=list)
    _shims: list[tuple[str, Path, Path]] = field(default_factory=list)
    _path_recorders: list[PathRecorder] = field(default_factory=list)
    _secrets: dict[str, str] = field(default_factory=dict)
    _spawned: int = 0
    _path_before: str | None = None
    _ended: bool = False

    def __post_init__(self) -> None:
        self._match_on = MatchOn(self.settings.match_on or DEFAULT_MATCH_ON)
        self._argv_rules = normalizer(self.settings.normalize, for_argv=True)
        self._goldens = GoldenFiles(
            self.place.screens,
            update=self.wishes.update_screens,
            update_command=self.place.command("--pty-update-screens"),
        )

    def __repr__(self) -> str:
        return f"<Pty {self.place.test}, {'disabled' if self.wishes.disabled else self.settings.mode}>"

    @property
    def cassette(self) -> Path:
        """The directory of this test's cassette: that of its first spawn."""
        return self.place.first

    def spawn(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        columns: int | None = None,
        rows: int | None = None,
        cassette: str | None = None,
        timeout: float | None = None,
        exit_timeout: float = 5.0,
        env: Mapping[str, str] | None = None,
        clean_env: bool = False,
        cwd: str | os.PathLike[str] | None = None,
        limit_s: float | None = None,
        max_bytes: int | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Session:
        """A session with a program, or with its recording; the mode decides. Use it in a `with` block.

        `columns` and `rows` are cells; `timeout` and `exit_timeout` are seconds. `cassette` names another one than
        this test's next. What follows `exit_timeout` matters only where the program runs; see `cassette.record`.
        Raises ReplayMismatch where there is no cassette, or it is of another command or size.
        """
        if isinstance(argv, str | bytes):
            raise UsageError(what=f"spawn was given {argv!r}: give a list, as in {shlex.split(str(argv))!r}")
        words = tuple(str(word) for word in argv)
        size = (columns or self.settings.columns, rows or self.settings.rows)
        wait_s = timeout or self.settings.timeout
        path = self._next(cassette)
        options: dict[str, Any] = {
            "columns": size[0] or 80,
            "rows": size[1] or 24,
            "timeout": wait_s,
            "exit_timeout": exit_timeout,
            "env": env,
            "clean_env": clean_env,
            "cwd": cwd,
            "limit_s": limit_s,
            "max_bytes": max_bytes,
            "labels": labels,
        }
        mode = "disabled" if self.wishes.disabled else self.settings.mode
        if mode == "disabled":
            self.tally.live += 1
            return self._begun(self._live(path, words, options, keep=False))
        tape = None if self._records(mode, path) else self._tape(path)
        if tape is None and mode in ("once", "all", "rewrite"):
            return self._begun(self._live(path, words, options, keep=True))
        if tape is None:
            raise mismatch.not_found(path, self.place.command("--pty-record=once"))
        replay = self._replay(tape, words, size, wait_s)
        if mode != "verify":
            check_age(tape, self.settings, self.place.command("--pty-record=rewrite"))
            return self._begun(replay)
        self.tally.verified += 1
        options |= {"columns": replay.tape.size.columns, "rows": replay.tape.size.rows}
        live = self._live(path, words, options, keep=False)
        timeline, said = Timeline(tape, self._match_on.counts), self.settings.normalize
        return self._begun(
            VerifiedSession(live, replay, timeline, normalizer(said), styles=compares_styles(said))
        )

    def open(self, path: str | os.PathLike[str]) -> Session:
        """A session on a cassette by its path, from the directory of the test's file on; it executes nothing."""
        place = self.place.beside / path
        self._use(place)
        by_hand = f"cassette record -o {shlex.quote(shown_path(place))} -- COMMAND"
        tape = self._tape(place, by_hand)
        if tape is None:
            raise mismatch.not_found(place, by_hand)
        return self._begun(self._replay(tape, None, (None, None), self.settings.timeout, own=False))

    def on_path(self, name: str, *, cassette: str | None = None, any_arguments: bool = False) -> Path:
        """Put an executable in front of PATH that plays a cassette; its path. It goes when the test ends.

        Whatever this test starts by that `name` gets the recording. Where the mode says so, it records the program
        that stands on PATH instead, when that is started on a terminal. With `--pty-disable` it is the program itself.
        """
        path = self._next(cassette)
        if self.wishes.disabled:
            return Path(real_program(name, "--pty-disable"))
        mode = self.settings.mode
        if self._records(mode, path) or (mode == "once" and not path.exists()):
            recorder = PathRecorder(
                name, real_program(name, mode), path, self.place.scratch("pty-bin"), replaces=mode != "once"
            )
            self._path_recorders.append(recorder)
            return self._in_front_of_path(recorder.write(self._secret_names))
        from cassette.shim import write_shim

        if not path.exists():
            raise mismatch.not_found(path, self.place.command("--pty-record=once"))
        into = self.place.scratch("pty-bin")
        try:
            shim = write_shim(path, name=name, into=into, any_arguments=any_arguments)
        except Damaged as error:
            raise mismatch.damaged(path, error, self.place.command("--pty-record=rewrite")) from None
        self._shims.append((name, path, shim.with_name(f"{name}.shim") / "report.txt"))
        self.tally.played += 1
        return self._in_front_of_path(shim)

    def _in_front_of_path(self, executable: Path) -> Path:
        before = os.environ.get("PATH", os.defpath)
        if self._path_before is None:
            self._path_before = before
        os.environ["PATH"] = os.pathsep.join([str(executable.parent), before])
        return executable

    def secret(self, name: str) -> str:
        """The environment's value where a program runs, a dummy in a replay. It is covered wherever it was recorded."""
        if not self._runs_programs():
            return f"dummy-{name}"
        value = os.environ.get(name)
        if not value:
            raise UsageError(
                what=f"the secret {name} is not in the environment: give it to the run that needs it, as in "
                f"{name}=… {self.place.command(f'--pty-record={self.settings.mode}')}"
            )
        self._secrets[name] = value
        for recorder in self._path_recorders:
            recorder.write(self._secret_names)
        for held in self._held:
            if not held.done:
                held.session.recorder.known_secret(value, name=name)
        return value

    # What the plugin calls.

    def end_of_call(self) -> None:
        """After a test that has not failed so far: end its sessions. Raises what is wrong with their ends."""
        if self._ended:
            return
        self._ended = True
        for session in self._sessions:
            session.close()
        for recorder in self._path_recorders:
            recorder.settle()
        for name, path, report in self._shims:
            if report.is_file() and self.settings.on_unplayed == "fail":
                text = self._in_words_of_the_test(report.read_text("utf-8", "replace"), path)
                raise ShimDiffers(name=name, path=shown_path(path), report=text)

    def _in_words_of_the_test(self, report: str, path: Path) -> str:
        """A shim's report, with its cassette's path as everywhere here, and the test's way to record it again."""
        again = self.place.command("--pty-record=rewrite")
        text = report.strip().replace(str(path.resolve()), shown_path(path))
        return re.sub(r"(record it again: *)cassette record .*", lambda found: f"{found[1]}{again}", text)

    def teardown(self, *, passed: bool) -> None:
        """End everything; save what was recorded, if the test has passed, and throw it away if not."""
        try:
            if passed:
                self.end_of_call()
            self._close_all()
            if passed:
                self.tally.passed.append(self.place.test)
                self._save()
        finally:
            try:
                self._close_all()
                self._trace(passed=passed)
            finally:
                self._let_go()

    def _let_go(self) -> None:
        """Throw away what was not saved, close what was opened, put PATH back."""
        for held in self._held:
            held.discard()
        for recorder in self._path_recorders:
            recorder.discard()
        for tape in self._tapes:
            tape.close()
        if self._path_before is not None:
            os.environ["PATH"] = self._path_before

    def _close_all(self) -> None:
        for session in self._sessions:
            if isinstance(session, ReplaySession):
                with contextlib.suppress(Exception):
                    session.__exit__(RuntimeError, RuntimeError(), None)
            else:
                with contextlib.suppress(Exception):
                    session.abandon()  # type: ignore[attr-defined]  # no part of the Protocol: live ones only

    def _save(self) -> None:
        saved: list[Path] = []
        for held in self._held:
            if held.keep and held.save():
                saved.append(held.path)
                self.tally.recorded.append(shown_path(held.path))
        for recorder in self._path_recorders:
            if recorder.save():
                saved.append(recorder.place)
                self.tally.recorded.append(shown_path(recorder.place))
        if self.settings.mode == "rewrite" and self.place.own and self.place.first in saved:
            for path in self.place.first.parent.iterdir():
                if is_further(path, self.place.first) and path not in saved:
                    _remove(path)

    def _trace(self, *, passed: bool) -> None:
        """Keep what a person needs to see why a test failed: recordings that were not saved, the last screens."""
        self._count_unplayed()
        trace = self.wishes.trace
        if trace == "off" or (trace == "retain-on-failure" and passed) or not self._sessions:
            return
        place = self.place.scratch(f"pty-trace-{self.place.first.name}")
        write_trace(place, self.place.test, self._held, self._sessions)
        self.tally.traces.append(str(place))

    def _count_unplayed(self) -> None:
        for session in self._sessions:
            if isinstance(session, ReplaySession):
                self.tally.played += 1
                if session.unplayed:
                    shown = session.recording.shown
                    self.tally.unplayed[shown] = self.tally.unplayed.get(shown, 0) + len(session.unplayed)

    # How a session is made.

    @property
    def _secret_names(self) -> list[str]:
        return [*self.settings.known_secret_env, *self._secrets]

    def _next(self, name: str | None) -> Path:
        """The place of a cassette by its name, or of this test's next."""
        if name is not None:
            path = self.place.directory / name
        else:
            self._spawned += 1
            path = nth(self.place.first, self._spawned)
        self._use(path)
        return path

    def _use(self, path: Path) -> None:
        self.tally.used.append(os.path.normpath(path.absolute()))

    def _records(self, mode: str, path: Path) -> bool:
        return mode == "all" or (mode == "rewrite" and shown_path(path) not in self.tally.recorded)

    def _runs_programs(self) -> bool:
        if self._sessions:
            return any(not isinstance(session, ReplaySession) for session in self._sessions)
        mode, path = self.settings.mode, self.place.first
        return (
            self.wishes.disabled
            or mode == "verify"
            or self._records(mode, path)
            or (mode == "once" and not path.exists())
        )

    def _begun(self, session: Session) -> Session:
        session.goldens = self._goldens
        self._sessions.append(session)
        return session

    def _live(
        self, path: Path, argv: tuple[str, ...], options: Mapping[str, Any], *, keep: bool
    ) -> LiveSession:
        target = path if keep else Path(tempfile.gettempdir(), f"pty-cassette-{uuid4()}")
        replaces = keep and self.settings.mode != "once"
        try:
            scrub = read_settings(
                start=self.place.beside,
                given=child_environment(options["env"] or {}, clean=options["clean_env"]),
                known_secret_env=self._secrets,
                optional_env=self.settings.known_secret_env,
            )
            session = record(target, argv, hold=True, overwrite=replaces, scrub=scrub, **options)
        except CassetteError as error:  # it says all: nobody wants to see our frames
            raise error.with_traceback(None) from None
        self._held.append(Held(target, session, keep=keep, replaces=replaces))
        return session

    def _tape(self, path: Path, record_command: str | None = None) -> Cassette | None:
        """The cassette at a place; None where nothing is. Raises ReplayMismatch for one that is damaged, or is none."""
        try:
            tape = open_cassette(path)
        except NotACassette as error:
            if not path.exists():
                return None
            record_command = record_command or self.place.command("--pty-record=once")
            raise mismatch.no_cassette(path, str(error.facts["why"]), record_command) from None
        except Damaged as error:
            raise mismatch.damaged(path, error, self.place.command("--pty-record=rewrite")) from None
        self._tapes.append(tape)
        return tape

    def _replay(
        self,
        tape: Cassette,
        argv: tuple[str, ...] | None,
        size: tuple[int | None, int | None],
        timeout: float,
        *,
        own: bool = True,
    ) -> ReplaySession:
        columns, rows = size
        return tape.session(
            argv=argv,
            columns=columns,
            rows=rows,
            match_on=self._match_on.names,
            replay=self.settings.replay,
            scale=self.settings.scale,
            on_unplayed=self.settings.on_unplayed,
            normalize=self._argv_rules,
            record_command=self.place.command("--pty-record=rewrite") if own else None,
            timeout=timeout,
        )


def _remove(path: Path) -> None:
    if (path / "manifest.json").is_file() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
