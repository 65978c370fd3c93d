"""Input on its way to a program: in order, whatever part of it the terminal takes at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from terminal.session_errors import InputNotTaken


class Write:
    """One piece of input; who sent it can wait until the terminal has taken all of it."""

    def __init__(self, data: bytes, before: Callable[[], None] | None) -> None:
        self.size = len(data)
        self.before = before
        self.begun = False
        self._rest = memoryview(data)
        self._settled = threading.Event()
        self._why_not: str | None = None

    @property
    def taken(self) -> int:
        """Bytes that the terminal has taken."""
        return self.size - len(self._rest)

    @property
    def done(self) -> bool:
        """All of it was taken."""
        return self._settled.is_set() and self._why_not is None

    @property
    def rest(self) -> memoryview:
        """What is still to be written."""
        return self._rest

    def wait(self, timeout_s: float) -> None:
        """Wait until all was taken; `InputNotTaken` after `timeout_s` or when the program ended before."""
        if not self._settled.wait(timeout_s):
            raise InputNotTaken(
                f"The program took {self.taken} of {self.size} bytes of input in {timeout_s:g} s. "
                "Wait until it reads, or send less."
            )
        if self._why_not is not None:
            raise InputNotTaken(self._why_not)

    def advance(self, count: int) -> bool:
        """`count` more bytes were taken; whether that was all."""
        self._rest = self._rest[count:]
        if not self._rest:
            self._settled.set()
        return not self._rest

    def give_up(self, why: str) -> None:
        """The rest will never be written."""
        self._why_not = why
        self._settled.set()


class InputQueue:
    """Writes in the order in which they were put, from any thread; bounded in bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._writes: deque[Write] = deque()
        self._pending = 0
        self._closed: str | None = None
        self._lock = threading.RLock()

    def __bool__(self) -> bool:
        return bool(self._writes)

    def put(self, data: bytes, before: Callable[[], None] | None) -> Write:
        """Queue `data`; raises `InputNotTaken` when too much waits already, or nobody takes input any more."""
        write = Write(bytes(data), before)
        with self._lock:
            if self._closed is not None:
                raise InputNotTaken(self._closed)
            if self._pending + write.size > self._max_bytes:
                raise InputNotTaken(
                    f"The program has left {self._pending} bytes of input unread, and {write.size} more "
                    f"would pass the limit of {self._max_bytes}. Wait until it reads."
                )
            self._pending += write.size
            self._writes.append(write)
        return write

    def head(self) -> Write | None:
        """The write whose turn it is."""
        with self._lock:
            return self._writes[0] if self._writes else None

    def advance(self, count: int) -> bool:
        """The terminal took `count` bytes of the head; whether that was all of it."""
        with self._lock:
            self._pending -= count
            if finished := self._writes[0].advance(count):
                self._writes.popleft()
            return finished

    def close(self, why: str) -> None:
        """Nobody takes input any more: fail what waits, and what is put later."""
        with self._lock:
            self._closed = self._closed or why
            for write in self._writes:
                write.give_up(f"{why} It took {write.taken} of {write.size} bytes of this input.")
            self._writes.clear()
