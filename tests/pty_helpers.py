"""Watching real programs in tests: everything waits for an event, with a limit only against hanging for ever."""

import os
import re
import select
import threading
import time
from pathlib import Path

from terminal.pump import Intervals, Pump
from terminal.session import PtySession

LIMIT_S = 60.0  # for what always comes; a loaded machine is slow, a wait without end is a bug

SHORT = Intervals(quiet_s=0.2, linger_s=1.0, grace_s=0.3)


def spawn(*argv, columns=80, rows=24, grace_s=0.3, **options):
    return PtySession.spawn(argv, columns=columns, rows=rows, grace_s=grace_s, **options)


def read_until(session, wanted):
    """Read from a session without a pump until `wanted` (bytes) is there, or to the end (None)."""
    return _read(session, lambda seen: wanted is not None and wanted in seen, wanted)


def read_match(session, pattern):
    """Read until a regular expression matches; its match."""
    return re.search(pattern, _read(session, lambda seen: re.search(pattern, seen), pattern))


def _read(session, enough, wanted):
    seen = b""
    watch = select.poll()
    watch.register(session.fileno(), select.POLLIN)
    deadline = time.monotonic() + LIMIT_S
    while not enough(seen):
        assert time.monotonic() < deadline, f"never came: {wanted!r}; seen so far: {seen[-500:]!r}"
        watch.poll(1000)
        data = session.read()
        if data == b"":
            assert wanted is None, f"ended before {wanted!r}: {seen[-500:]!r}"
            break
        seen += data or b""
    return seen


class Watcher:
    """A pump's callbacks, and waiting for what they bring."""

    def __init__(self):
        self.output = bytearray()
        self.sizes = []
        self.modes = []
        self.gaps = []
        self._news = threading.Condition()

    def pump(self, session, **options):
        options.setdefault("intervals", SHORT)
        return Pump(
            session, on_output=self.on_output, on_mode=self.on_mode, on_gap=self.gaps.append, **options
        )

    def on_output(self, data):
        with self._news:
            self.output += data
            self.sizes.append(len(data))
            self._news.notify_all()

    def on_mode(self, discipline):
        with self._news:
            self.modes.append(discipline)
            self._news.notify_all()

    def wait_for(self, wanted):
        self.wait_until(lambda: wanted in self.output)

    def wait_until(self, condition):
        with self._news:
            assert self._news.wait_for(condition, LIMIT_S), f"never came: {bytes(self.output[-500:])!r}"


def run(*argv, **options):
    """Run a program to its end under a pump in this thread: (end, watcher)."""
    watcher = Watcher()
    with spawn(*argv) as session:
        end = watcher.pump(session, **options).run()
    return end, watcher


def alive(pid):
    """Whether a process lives; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZXx"
    except (FileNotFoundError, ProcessLookupError):
        return False


def our_children():
    """Pids of all our children, zombies too."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(parent) == os.getpid():
                found.append(int(entry.name))
    return found


def open_descriptors():
    return len(os.listdir("/proc/self/fd"))
