"""The plan of a shim on disk: a head of plain values, then the recorded output, in one file that is replaced whole.

The head is `marshal` without references: read in no time by any Python, and the same bytes for the same cassette.
"""

import posix
from marshal import dumps, loads

MAGIC = b"pty-cassette plan 1\n"
_SIZE = 8
"""Bytes of the head's length, little end first."""

OUTPUT, MODE, RESIZE, SIGNAL, QUERY, STAY = "output", "mode", "resize", "signal", "query", "stay"
"""Kinds of steps. A step is `(kind, place, delay_ms, a, b)`: `place` is how much of the recorded input came before
it, `delay_ms` how long after the event before it. `a, b` are offset and length of output, bits of a mode, columns and
rows, number and name of a signal, kind of a query. `stay`: the recorder ended the program here, it would have stayed.
"""
ECHO, ICANON, ISIG, ICRNL, ONLCR = 1, 2, 4, 8, 16
ONE, ANY = 1, 2
"""What a wildcard takes of one line: exactly one byte; any number of them."""

Step = tuple[str, int, int, int | str, int | str]


class Plan:
    """All that a shim needs to know of its cassette. `content` is the digest of its output.

    `keys` is the recorded input, end to end; where `wild` has a place, that byte stands for what was hidden.
    `inputs` has `(place, seq, line)` for each recorded input, line in `input.jsonl`. `argv` has each argument in
    pieces, with anything between them where it was scrubbed; it is empty when nobody knows it. `end` is
    `(delay_ms, exit code, signal number)`; the code is -1 when nobody saw the end.
    """

    FIELDS = (
        "name", "cassette", "id", "evidence", "content", "argv", "any_arguments", "columns", "rows", "mode", "steps",
        "keys", "wild", "inputs", "end",
    )  # fmt: skip
    name: str
    cassette: str
    id: str
    evidence: str
    content: str
    argv: tuple[tuple[str, ...], ...]
    any_arguments: bool
    columns: int
    rows: int
    mode: int
    steps: list[Step]
    keys: bytes
    wild: dict[int, int]
    inputs: list[tuple[int, int, int]]
    end: tuple[int, int, int]

    def __init__(self, values: dict[str, object], fd: int = -1, start: int = 0) -> None:
        for field in self.FIELDS:
            setattr(self, field, values[field])
        self._fd = fd
        self._start = start

    def output(self, offset: int, length: int) -> bytes:
        """Recorded output, from the file."""
        return posix.pread(self._fd, length, self._start + offset)

    def head(self) -> bytes:
        """Everything before the output, as it stands in the file."""
        body = dumps({field: getattr(self, field) for field in self.FIELDS}, 2)
        return MAGIC + len(body).to_bytes(_SIZE, "little") + body


def read_plan(path: str) -> Plan:
    """The plan in a file, which stays open. Raises OSError and ValueError."""
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    begin = len(MAGIC) + _SIZE
    lead = posix.pread(fd, begin, 0)
    if lead[: len(MAGIC)] != MAGIC:
        raise ValueError("it was written by another release")
    size = int.from_bytes(lead[len(MAGIC) :], "little")
    return Plan(loads(posix.pread(fd, size, begin)), fd, begin + size)
