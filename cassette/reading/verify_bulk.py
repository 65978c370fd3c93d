"""`output.jsonl` in bulk: all lines of a block by one regular expression, all columns at once.

This says yes or nothing. Where a single line is not of the usual shape, or does not match its chunk, the caller
looks at the file line by line and says what is wrong. Memory is that of a block, not of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import accumulate, chain, islice
from operator import eq, lt

from cassette.store.directory import Buffer

BLOCK = 1 << 17
_NUMBER = rb"(0|[1-9]\d{0,15})"
_LINE = re.compile(
    rb'^\{"seq":%b,("t_ms":%b,"offset":%b,"length":%b,"sha256":"([0-9a-f]{64})"\})\n'
    % (_NUMBER, _NUMBER, _NUMBER, _NUMBER),
    re.MULTILINE,
)
_BEFORE_BODY = len(b'{"seq":,')


class Columns:
    """What the lines of a block say, as columns: `seq`, `t_ms`, and where the bodies stand in the file."""

    __slots__ = ("ends", "seqs", "starts", "times")

    def __init__(self, rows: list[tuple[bytes, ...]], start: int) -> None:
        seqs, bodies, times, *_ = zip(*rows, strict=True)
        self.seqs = list(map(int, seqs))
        self.times = list(map(int, times))
        sizes = [len(seq) + len(body) + _BEFORE_BODY + 1 for seq, body in zip(seqs, bodies, strict=True)]
        self.ends = [at - 1 for at in islice(accumulate(sizes, initial=start), 1, None)]
        self.starts = [end - len(body) for end, body in zip(self.ends, bodies, strict=True)]


def output_in_bulk(data: Buffer, raw: Buffer) -> Iterator[Columns | None]:
    """The columns of each block; None, and no more, when the lines are not all what they should be."""
    chunks = memoryview(raw)
    position = covered = last = 0
    while position < len(data):
        block = data[position : position + BLOCK]
        block = block[: block.rfind(b"\n") + 1]
        rows = _LINE.findall(block)
        # Each match is one whole line, so that as many matches as newlines leave nothing out.
        if not rows or len(rows) != block.count(b"\n"):
            yield None
            return
        columns = Columns(rows, position)
        end = _covered(rows, chunks, covered)
        if end is None or not all(map(lt, chain((last,), columns.seqs), columns.seqs)):
            yield None
            return
        yield columns
        position, covered, last = position + len(block), end, columns.seqs[-1]
    if covered != len(chunks):
        yield None


def _covered(rows: list[tuple[bytes, ...]], chunks: memoryview, start: int) -> int | None:
    """Where the chunks of a block end in `output.raw`; None when one is not there or has other bytes."""
    _, _, _, offsets, lengths, digests = zip(*rows, strict=True)
    places = list(accumulate(map(int, lengths), initial=start))
    if places[-1] > len(chunks) or not all(map(eq, map(int, offsets), places)):
        return None
    found = [
        sha256(chunks[begin:end]).hexdigest()
        for begin, end in zip(places, islice(places, 1, None), strict=False)
    ]
    return places[-1] if b"".join(digests) == "".join(found).encode() else None
