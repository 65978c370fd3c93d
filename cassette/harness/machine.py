"""What a harness is run with: its binary, its environment, a fresh HOME and working directory, short commands."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from cassette.errors import CannotProbe, UsageError
from cassette.harness.adapter import Adapter
from cassette.harness.scratch import scratch

WORKDIR = "proj"
MAX_OUTPUT = 4 * 2**20
_PLACEHOLDER = re.compile(r"\{(base_url|port|home|workdir|binary)\}")
_KEPT_IN_LAB = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "SHELL")
"""What the lab inherits: nothing that could be a login."""


@dataclass(frozen=True)
class Settings:
    """What a caller decides: `lab` is the base URL of a model server on loopback, `home` the place of fresh HOMEs."""

    lab: str | None = None
    home: Path | None = None
    binary: str | None = None

    def checked(self, adapter: Adapter) -> Self:
        """The same. Raises UsageError for what does not go together."""
        if self.lab is not None:
            if adapter.lab is None:
                raise UsageError(what=f"the adapter of {adapter.name} has no [lab]: leave out --lab")
            parts = urlsplit(self.lab)
            try:
                port = parts.port
            except ValueError:
                port = None
            if parts.scheme not in ("http", "https") or not parts.hostname or port is None:
                raise UsageError(what=f"--lab {self.lab}: give a URL with its port, as http://127.0.0.1:8399")
        if self.home is not None and self.lab is None and adapter.home is None:
            raise UsageError(
                what=f"{adapter.name} runs with your own HOME here: --home is for --lab, or for [home]"
            )
        return self


@dataclass(frozen=True)
class Place:
    """Where a harness runs: its binary, the whole environment of its children, HOME and working directory.

    `added` is what the environment has beside what is inherited: its names are recorded.
    """

    binary: Path
    environment: Mapping[str, str]
    home: Path
    workdir: Path
    added: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """A text of an adapter with its placeholders replaced."""
        return _PLACEHOLDER.sub(lambda found: self.values[found[1]], text)

    def with_variables(self, variables: Mapping[str, str]) -> Place:
        """The same with more variables."""
        if not variables:
            return self
        return replace(self, environment={**self.environment, **variables}, added={**self.added, **variables})

    def expanded(self, path: str) -> Path:
        """A path of an adapter: `~` is this HOME."""
        return self.home / path[2:] if path.startswith("~/") else self.home / path


def find_binary(adapter: Adapter, given: str | None) -> Path:
    """The harness's executable. Raises CannotProbe when it is missing, or is not one."""
    names = (given,) if given is not None else adapter.binary
    for name in names:
        if found := shutil.which(name):
            return Path(found).absolute()
    for name in names:
        stranger = shutil.which(name, mode=os.F_OK)
        if stranger is not None:
            raise CannotProbe(
                harness=adapter.harness,
                kind="not-executable",
                what=f"{stranger} is there, and is not executable",
                todo=f"Make it so with chmod +x {stranger}, or install it again.",
            )
    listed = " or ".join(names)
    where = "" if "/" in listed else " on PATH"
    raise CannotProbe(
        harness=adapter.harness,
        kind="missing",
        what=f"there is no {listed}{where}",
        todo="Install it, or give its path with --binary.",
    )


@contextlib.contextmanager
def prepared(adapter: Adapter, settings: Settings, binary: Path) -> Iterator[Place]:
    """A place to run in, made anew and taken away afterwards. Raises CannotProbe when it cannot be prepared."""
    with contextlib.ExitStack() as made:
        own_home = Path(os.path.expanduser("~"))  # noqa: PTH111 - says "~" where nobody knows
        fresh = settings.lab is not None or adapter.home is not None
        home = made.enter_context(_fresh_home(settings.home)) if fresh else own_home
        workdir = _workdir(adapter, home if fresh else None, made)
        place = _place(adapter, settings, binary, home, workdir)
        if fresh:
            _write_files(adapter, settings, place, own_home)
        if settings.lab is not None and adapter.lab is not None:
            for words in adapter.lab.prepare:
                _prepare(adapter, place, [place.fill(word) for word in words])
        yield place


@contextlib.contextmanager
def _fresh_home(given: Path | None) -> Iterator[Path]:
    """An empty directory, here or there; what is in it afterwards goes with it."""
    if given is None:
        with scratch() as directory:
            yield directory
        return
    given = given.absolute()
    existed = given.exists()
    if existed and (not given.is_dir() or any(given.iterdir())):
        raise UsageError(what=f"--home {given} is not empty: give a directory that is, or that is not there")
    given.mkdir(parents=True, exist_ok=True)
    try:
        yield given
    finally:
        for entry in given.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        if not existed:
            with contextlib.suppress(OSError):
                given.rmdir()


def _workdir(adapter: Adapter, fresh_home: Path | None, made: contextlib.ExitStack) -> Path:
    if fresh_home is not None:
        (fresh_home / WORKDIR).mkdir()
        return fresh_home / WORKDIR
    if adapter.start.workdir == "current":
        return Path.cwd()
    workdir = made.enter_context(scratch()) / WORKDIR
    workdir.mkdir()
    return workdir


def _place(adapter: Adapter, settings: Settings, binary: Path, home: Path, workdir: Path) -> Place:
    url = settings.lab or ""
    values = {
        "base_url": url.rstrip("/"),
        "port": str(urlsplit(url).port or "") if url else "",
        "home": str(home),
        "workdir": str(workdir),
        "binary": str(binary),
    }
    place = Place(binary, {}, home, workdir, values=values)
    own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    if settings.lab is not None and adapter.lab is not None:
        inherited = {name: own[name] for name in _KEPT_IN_LAB if name in own}
        added = {name: place.fill(value) for name, value in adapter.lab.env.items()}
    else:
        inherited, added = own, {}
    if home != Path(own.get("HOME", "")):
        added = {"HOME": str(home), **added}
    return replace(place, environment={**inherited, **added}, added=added)


def _write_files(adapter: Adapter, settings: Settings, place: Place, own_home: Path) -> None:
    files: Mapping[str, str] = {}
    if settings.lab is not None and adapter.lab is not None:
        files = adapter.lab.files
    elif adapter.home is not None:
        files = adapter.home.files
        for path in adapter.home.copy:
            _copy(own_home / path, place.home / path)
    for path, text in files.items():
        target = place.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(place.fill(text), "utf-8")


def _copy(source: Path, target: Path) -> None:
    """A file or a directory, where it is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copy2(source, target)


def _prepare(adapter: Adapter, place: Place, words: Sequence[str]) -> None:
    outcome = run_command(adapter.harness, words, place, 60)
    if outcome.code != 0:
        raise CannotProbe(
            harness=adapter.harness,
            kind="prepare",
            what=f"`{' '.join(words)}` ended with {outcome.code}: {outcome.last_line}",
            todo="Mend `prepare` in its adapter.",
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a short command did; `output` is both of its streams."""

    code: int
    output: str

    @property
    def last_line(self) -> str:
        """The last thing that it said, for a message."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return repr(lines[-1][:120]) if lines else "it said nothing"


def run_command(harness: str, words: Sequence[str], place: Place, timeout_s: float) -> Outcome:
    """Run a command on pipes, with nothing to read. Raises CannotProbe when it cannot be run, or takes too long."""
    shown = " ".join([Path(words[0]).name, *words[1:]])
    try:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(place.environment),
            cwd=place.workdir,
            start_new_session=True,
        )
    except OSError as error:
        raise CannotProbe(
            harness=harness,
            kind="cannot-run",
            what=f"{words[0]} cannot be run: {(error.strerror or str(error)).lower()}",
            todo="Install it again for this machine.",
        ) from None
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise CannotProbe(
            harness=harness,
            kind="timeout",
            what=f"`{shown}` did not end within {timeout_s:g} s",
            todo="Run it by hand and see what it waits for.",
        ) from None
    finally:
        _end(process)
    return Outcome(process.returncode, output[:MAX_OUTPUT].decode("utf-8", "replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it stays: it leads a session of its own."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
