"""This machine: can it run a program on a terminal, keep what happens, and draw it?

Each check does for a moment what recording does, instead of asking what the system is called.
"""

from __future__ import annotations

import locale
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import suppress

from cassette.doctor.check import Check, State, parted
from cassette.emulators import EMULATOR_VARIABLE, default_emulator
from cassette.errors import CannotStore, CassetteError, LockHeld
from cassette.reading.overview import at_hand
from cassette.recording.plan import DEFAULT_TERM, own_version
from cassette.recording.recovery import list_spools
from cassette.store.places import SPOOL_DIR_VARIABLE, places_to_write
from cassette.store.record_lock import record_lock
from terminal.discipline import Discipline
from terminal.emulator import DEFAULT_EMULATOR, known_emulators
from terminal.pump import Pump
from terminal.session import PtySession
from terminal.session_errors import SessionError

LEAST_PYTHON = (3, 11)
PTY_LIMIT_S = 5.0
ROOMY_BYTES = 64 * 2**20
"""Spools with less room than this are soon full."""
_SAYS, _CODE = b"pty-cassette", 7


def machine_checks() -> Iterator[Check]:
    """Every check of the machine."""
    yield _python()
    yield _pty()
    yield _locale()
    yield _term()
    yield _spool()
    yield _locks()
    yield from _emulators()
    yield _left_spools()


def _check(name: str, state: State, what: str, todo: str = "") -> Check:
    return Check("machine", name, state, what, todo)


def _python() -> Check:
    said = f"Python {platform.python_version()}, pty-cassette {own_version()}, {sys.platform} {platform.machine()}"
    if sys.version_info < LEAST_PYTHON:
        return _check("python", "fail", said, "Use Python 3.11 or newer.")
    if sys.platform not in ("linux", "darwin"):
        return _check("python", "warn", said, "Only Linux is tried, and macOS meant to work.")
    return _check("python", "ok", said)


def _pty() -> Check:
    """Run a program on a terminal, and see its size, its output and its exit code."""
    shown = bytearray()
    line = f"stty size; printf {_SAYS.decode()}; exit {_CODE}"

    def nothing(_: Discipline | str) -> None:
        return None

    try:
        with PtySession.spawn(["sh", "-c", line], columns=91, rows=17, grace_s=0.2) as session:
            pump = Pump(
                session, on_output=shown.extend, on_mode=nothing, on_gap=nothing, timeout_s=PTY_LIMIT_S
            )
            end = pump.run()
    except (SessionError, OSError) as error:
        todo = "Allow this user (or container) to open pseudo-terminals: /dev/ptmx and /dev/pts."
        return _check("pty", "fail", f"a program cannot be started on a terminal: {error}", todo)
    code = end.status.code if end.status else None
    if code != _CODE or _SAYS not in shown:
        what = f"a program on a terminal gave {bytes(shown)[-80:]!r} and ended with {code}"
        return _check(
            "pty", "fail", what, "Look whether a sandbox stands between this process and its child."
        )
    if b"17 91" not in shown:
        what = "a program on a terminal does not see its size"
        return _check("pty", "warn", what, "Install stty (coreutils) to be sure of it.")
    return _check("pty", "ok", "a program on a terminal runs, and its size, output and exit code are seen")


def _locale() -> Check:
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    name = next((each for each in names if os.environ.get(each)), None)
    todo = "Set LC_ALL=C.UTF-8 (or another UTF-8 locale): programs draw with plain ASCII otherwise."
    if name is None:
        return _check("locale", "warn", f"none of {', '.join(names)} is set", todo)
    said = f"{name}={os.environ[name]}"
    if "utf8" not in os.environ[name].lower().replace("-", ""):
        return _check("locale", "warn", f"{said} is not UTF-8", todo)
    return (
        _check("locale", "ok", said)
        if _exists(os.environ[name])
        else _check("locale", "warn", f"{said}, which this system does not have", todo)
    )


def _exists(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    finally:
        with suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, before)
    return True


def _term() -> Check:
    said = f"TERM={os.environ.get('TERM') or '(not set)'}; recorded programs see {DEFAULT_TERM}"
    try:
        import curses

        with open(os.devnull, "wb") as nowhere:
            curses.setupterm(DEFAULT_TERM, nowhere.fileno())
    except ImportError:
        return _check("terminal", "ok", said)
    except Exception as error:  # _curses.error, which has no public name
        todo = "Install the terminfo entries (ncurses-base, ncurses-term), or record with --env TERM=…"
        return _check("terminal", "warn", f"{said}, which terminfo does not know ({error})", todo)
    return _check("terminal", "ok", said)


def _spool() -> Check:
    refused: list[str] = []
    todo = f"Give {SPOOL_DIR_VARIABLE} a directory on tmpfs; until then a crash loses a running recording."
    try:
        place = next(places_to_write(None, refused), None)
    except CannotStore as error:
        return _check("spool", "fail", *parted(str(error)))
    if place is None:
        return _check("spool", "warn", f"no directory in RAM: {'; '.join(refused)}", todo)
    try:
        facts = os.fstatvfs(place.fd)
    finally:
        place.close()
    room = facts.f_bavail * facts.f_frsize
    said = f"{place.path}, {room / 2**20:,.0f} MiB of RAM free"
    if facts.f_blocks and room < ROOMY_BYTES:
        todo = f"Give it more room (in a container: --shm-size), or name another with {SPOOL_DIR_VARIABLE}."
        return _check("spool", "warn", said, todo)
    return _check("spool", "ok", said)


def _locks() -> Check:
    """Two recordings of one account: the second has to be refused."""
    name = "pty-cassette-doctor"
    try:
        with record_lock(name):
            try:
                with record_lock(name):
                    what = "a lock that is held can be taken a second time"
                    return _check("locks", "fail", what, "Use a file system with flock for TMPDIR.")
            except LockHeld:
                return _check("locks", "ok", "a lock that is held is refused to others")
    except LockHeld:
        return _check("locks", "ok", "a lock is held by another doctor, and refused to this one")
    except CassetteError as error:
        return _check("locks", "fail", *parted(str(error)))


def _emulators() -> Iterator[Check]:
    wanted = default_emulator()
    if wanted not in known_emulators():
        todo = f"Let {EMULATOR_VARIABLE} be one of {', '.join(known_emulators())}, or unset it."
        yield _check("emulator", "fail", f"{EMULATOR_VARIABLE} names {wanted!r}, which nobody knows", todo)
    for name in known_emulators():
        identity = at_hand(name)
        if identity is not None:
            default = ", draws where none is named" if name == wanted else ""
            yield _check("emulator", "ok", f"{identity} (engine, our layer, table of widths){default}")
            continue
        install = (
            f"pip install 'pty-cassette[{name}]'" if name != DEFAULT_EMULATOR else "install pty-cassette anew"
        )
        needed = name in (wanted, DEFAULT_EMULATOR)
        yield _check(
            "emulator",
            "fail" if needed else "ok",
            f"{name} is not installed{'' if needed else f'; it is not needed ({install})'}",
            f"{install[0].upper()}{install[1:]}." if needed else "",
        )


def _left_spools() -> Check:
    left = [info for info in list_spools() if not info.alive]
    if not left:
        return _check("crashes", "ok", "no recording was left by a crash")
    words = ", ".join(info.id[:8] for info in left[:5])
    return _check(
        "crashes",
        "warn",
        f"recordings left by a crash: {len(left)} ({words})",
        "Finish them with cassette recover.",
    )
