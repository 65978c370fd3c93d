"""Files that a person names: reading one never waits for somebody to open the other end of a pipe."""

from __future__ import annotations

import os
import stat
from os import PathLike


def read_given(path: str | PathLike[str], limit: int) -> bytes:
    """The first `limit` bytes of a file, or of a pipe that somebody writes to (`<(command)` of a shell).

    Raises OSError; for a pipe that nobody has open for writing too, since to open it would wait for ever.
    """
    with open(path, "rb", opener=_at_once) as file:
        content = file.read(limit)
        if not content and stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise OSError(None, "nobody writes to this pipe")
        return content


def _at_once(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)  # what a writer has not written yet is waited for
    return descriptor
