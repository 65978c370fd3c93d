"""The processes of one terminal session: found, and signalled without ever hitting a stranger.

A session is named by its leader's pid. The caller keeps the leader unreaped while it uses these functions, so
that this number cannot come to mean another process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

_KILL_ROUNDS = 10
_DEAD = b"ZXx"  # states in /proc/PID/stat of a process that only waits to be reaped


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    state: bytes
    parent: int
    session: int


def members(leader: int) -> list[int] | None:
    """Pids of the live processes in the leader's session, itself included; None where no /proc can tell.

    Dead ones that became our children, because we are pid 1 or a subreaper, are reaped on sight.
    """
    if not Path("/proc/self/stat").exists():
        return None
    found = [process for process in _processes() if process.session == leader]
    for process in found:
        if process.state in _DEAD and process.parent == os.getpid() and process.pid != leader:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)
    return [process.pid for process in found if process.state not in _DEAD]


def still_members(pids: list[int], leader: int) -> list[int]:
    """Those of `pids` that still live in the leader's session."""
    return [pid for pid in pids if _alive_in(_look(pid), leader)]


def signal_members(leader: int, signum: int, *, resume: bool) -> bool:
    """Signal every process of the session, and continue stopped ones; False where no /proc can tell.

    A process can fork while we look, so a kill looks again until nobody new is found. Other signals look once:
    what a program starts in answer to them, to tidy up or to say goodbye, is not meant.
    """
    told: set[int] = set()
    for _round in range(_KILL_ROUNDS if signum == signal.SIGKILL else 1):
        found = members(leader)
        if found is None:
            return False
        fresh = [pid for pid in found if pid not in told]
        if not fresh:
            break
        for pid in fresh:
            _signal_member(pid, leader, signum)
            if resume:
                _signal_member(pid, leader, signal.SIGCONT)
        told.update(fresh)
    return True


def group_exists(group: int) -> bool:
    """Whether there is such a process group, be it one that we may not signal."""
    if group <= 1:
        return False
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def signal_process_group(group: int, signum: int) -> bool:
    """Signal a process group; False where it is gone or forbidden. Never our own group, never everybody."""
    if group <= 1 or group == os.getpgrp():
        return False
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal_member(pid: int, leader: int, signum: int) -> None:
    """Through a pidfd where there is one: between looking and signalling a pid can change hands."""
    try:
        if sys.platform == "linux" and hasattr(os, "pidfd_open"):
            handle = os.pidfd_open(pid)
            try:
                if _alive_in(_look(pid), leader):
                    signal.pidfd_send_signal(handle, signum)
            finally:
                os.close(handle)
        else:
            os.kill(pid, signum)
    except (ProcessLookupError, PermissionError):
        return


def _alive_in(process: _Process | None, leader: int) -> bool:
    return process is not None and process.session == leader and process.state not in _DEAD


def _processes() -> list[_Process]:
    with os.scandir("/proc") as entries:
        names = [entry.name for entry in entries if entry.name.isdigit()]
    found = (_look(int(name)) for name in names)
    return [process for process in found if process is not None]


def _look(pid: int) -> _Process | None:
    try:
        with open(
            f"/proc/{pid}/stat", "rb", buffering=0
        ) as file:  # there may be thousands: no Path, no buffer
            text = file.read()
    except OSError:
        return None
    state, parent, _group, session = text[text.rindex(b")") + 2 :].split(maxsplit=4)[:4]
    return _Process(pid=pid, state=state, parent=int(parent), session=int(session))
