"""Which harnesses are installed, in which version. Only their version commands are run, side by side, with a limit."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from cassette.doctor.check import Check, State, parted

if TYPE_CHECKING:
    from cassette.harness.adapter import Adapter

LIMIT_S = 5.0
"""A version command that takes longer is given up."""


def harness_checks() -> Iterator[Check]:
    """One line for each harness that is installed, one for those that are not, and one for each broken adapter."""
    from cassette.harness.registry import GENERIC, all_adapters

    registry = all_adapters()
    for error in registry.broken:
        yield _check("adapter", "warn", *parted(str(error)))
    names = [name for name in registry.names() if name != GENERIC]
    adapters = [adapter for name in names for adapter in registry.adapters[name]]
    found = [(adapter, path) for adapter in adapters if (path := binary_of(adapter)) is not None]
    absent = sorted({adapter.name for adapter in adapters} - {adapter.name for adapter, _ in found})
    with ThreadPoolExecutor(max(1, len(found))) as pool:
        yield from pool.map(lambda pair: _installed(*pair), found)
    if absent:
        what = f"{', '.join(absent)} (only needed to discover or record them)"
        yield _check("not installed", "ok", what)


def binary_of(adapter: Adapter) -> str | None:
    """Where the program of an adapter is, by PATH."""
    return next((path for name in adapter.binary if (path := shutil.which(name)) is not None), None)


def _installed(adapter: Adapter, path: str) -> Check:
    version = adapter.version
    if version is None:
        return _check(adapter.name, "ok", f"{path}; its adapter does not ask for a version")
    try:
        said = _output([path, *version.args], min(version.timeout, LIMIT_S))
    except subprocess.TimeoutExpired:
        what = f"{path} {' '.join(version.args)} took more than {LIMIT_S:g} s"
        return _check(adapter.name, "warn", what, "Run it by hand, and see what it waits for.")
    except OSError as error:
        what = f"{path} cannot be run: {(error.strerror or str(error)).lower()}"
        return _check(adapter.name, "warn", what, "Install it anew.")
    found = version.pattern.search(said)
    if found is None:
        what = f"{path} {' '.join(version.args)} says {_first_line(said)!r}, which its adapter cannot read"
        return _check(
            adapter.name, "warn", what, "Reading its screens may fail too; look for a newer pty-cassette."
        )
    number = found["version"]
    if number not in version.known:
        what = f"{number} ({path}), and its adapter knows {version.known}"
        return _check(adapter.name, "warn", what, f"Try it: cassette discover {adapter.name}.")
    return _check(adapter.name, "ok", f"{number} ({path})")


def _output(command: list[str], limit_s: float) -> str:
    """What a command says on both its outputs; it gets no input, and its whole group is killed at the limit."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1"},
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=limit_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what it left behind in its group, too
    return re.sub(r"\x1b\[[0-9;]*m", "", said.decode("utf-8", "replace"))


def _first_line(text: str) -> str:
    return next((line.strip()[:80] for line in text.splitlines() if line.strip()), "")


def _check(name: str, state: State, what: str, todo: str = "") -> Check:
    return Check("harnesses", name, state, what, todo)
