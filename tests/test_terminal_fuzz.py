"""No bytes make the terminal model raise, grow, or depend on how they were cut.

Small here; with CASSETTE_PROVE=1 100 MB are fed, and 1 GB for the memory. A seed that ever failed stays in SEEDS.
"""

from __future__ import annotations

import os
import random
import resource
import tracemalloc

import pytest
import terminal_data as data

PROVE = bool(os.environ.get("CASSETTE_PROVE"))
SEEDS = [1, 2, 3, 20, 107]
BYTES_A_SEED = 100_000_000 // len(SEEDS) if PROVE else 40_000
PIECE = 2_000
STREAMS = data.streams()
SPLICES = [
    b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b", b";", b":", b"999999999999", b"?", b"m", b"h", b"l", b"\x18",
    b"\x07", b"\x1b\\", b"\x9b", b"\xc2\x9b", b"\xff", b"\xe4\xb8\xad", b"\xf0\x9f\x91\xa9\xe2\x80\x8d",
    b"\xef\xb8\x8f", b"\xcc\x81", b"\xf0\x9f\x87\xab", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?2026h", b"\x1b[?2027h",
    b"\x1b[4h", b"\x1b[?7l", b"\x1b[?6h", b"\x1b[2;4r", b"\x1b[9999b", b"\x1b[1\"q", b"\x1b[?J", b"\x1b(0",
    b"\x0e", b"\x1b7", b"\x1b8", b"\x1bc", b"\x1b[!p", b"\x1b#8", b"\x1b[99999L", b"\x1b[99999@", b"\x1b[38:2:1:2:3m",
    b"\x1b]8;;x\x07",
]  # fmt: skip


def noise(random_: random.Random) -> bytes:
    return random_.randbytes(PIECE)


def escapes(random_: random.Random) -> bytes:
    """Sequences with random parameters and finals."""
    parts = []
    while sum(map(len, parts)) < PIECE:
        parameters = bytes(random_.choice(b"0123456789;:?<=>! \"$'") for _ in range(random_.randrange(8)))
        final = random_.randrange(0x40, 0x7F).to_bytes(1, "big")
        opening = random_.choice(
            [b"\x1b[", b"\x1b[", b"\x1b[?", b"\x1b", b"\x1b]", b"\x1bP", "\x9b".encode()]
        )
        parts.append(
            opening + parameters + final + random_.choice([b"", b"ab", "中é😀".encode(), b"\r\n", b"\x07"])
        )
    return b"".join(parts)


def mutated(random_: random.Random) -> bytes:
    """A part of a real stream with bytes changed, dropped, doubled and spliced in."""
    source = random_.choice(STREAMS).data
    start = random_.randrange(max(1, len(source) - PIECE))
    part = bytearray(source[start : start + PIECE])
    for _ in range(random_.randrange(1, 40)):
        at = random_.randrange(len(part))
        kind = random_.randrange(4)
        if kind == 0:
            part[at] = random_.randrange(256)
        elif kind == 1:
            del part[at : at + random_.randrange(1, 20)]
        elif kind == 2:
            part[at:at] = part[at : at + random_.randrange(1, 50)]
        else:
            part[at:at] = random_.choice(SPLICES)
        if not part:
            break
    return bytes(part)


def fed(pieces: list[bytes], columns: int, rows: int) -> data.Emulator:
    emulator = data.new("pyte", columns, rows)
    for piece in pieces:
        emulator.feed(piece)
    return emulator


@pytest.mark.prove
@pytest.mark.parametrize("make", [noise, escapes, mutated])
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_raises_and_no_cut_matters(seed: int, make: object) -> None:
    random_ = random.Random(f"{seed} {make.__name__}")
    emulator = data.new("pyte", 40, 10)
    done = 0
    while done < BYTES_A_SEED // 3:
        piece = make(random_)
        done += len(piece)
        columns, rows = random_.randrange(1, 60), random_.randrange(1, 20)
        emulator.feed(piece)
        if random_.random() < 0.02:  # a size costs more than a piece: rows above the screen are wrapped anew
            emulator.resize(columns=columns, rows=rows)
        snapshot = emulator.snapshot()
        assert len(snapshot.lines) == emulator.rows
        assert 0 <= snapshot.cursor.row < emulator.rows
        assert 0 <= snapshot.cursor.column < emulator.columns
        if random_.random() < 0.02 or not PROVE:
            once, cut = fed([piece], columns, rows), fed(list(data.at_random(piece, seed, 6)), columns, rows)
            assert data.state(once, probe=True) == data.state(cut, probe=True), piece
            assert once.feed_to_sync_end(piece) <= len(piece)


@pytest.mark.prove
def test_memory_is_flat() -> None:
    """What never ends, never closes or is always new must not pile up."""
    random_ = random.Random(5)
    kinds = [
        lambda: b"\x1b]0;" + bytes(random_.choice(b"abc") for _ in range(2000)),
        lambda: b"".join(b"\x1b[38;2;%d;%d;%dmx" % tuple(random_.randbytes(3)) for _ in range(100)),
        lambda: b"a" + "\u0301".encode() * 1000,
        lambda: b"\x1b[?1049h\x1b7\x1b[>1u\x1b[22t\x1b[c" * 50,
        lambda: b"\x1b[" + b"1;" * 1000,
        lambda: b"\x1bP" + b"q" * 2000 + b"\x18",
        lambda: "".join(f"\x1b]8;;http://{random_.random()}\x07l" for _ in range(50)).encode(),
        lambda: "".join(chr(random_.randrange(0x4E00, 0x9FFF)) for _ in range(500)).encode(),
        lambda: b"line\r\n" * 300,
    ]
    emulator = data.new("pyte", 80, 24)
    rounds = 300 if PROVE else 12

    def feed_all() -> None:
        for _ in range(rounds):
            for kind in kinds:
                emulator.feed(kind())
            emulator.snapshot()

    for _ in range(3):
        feed_all()
    tracemalloc.start()
    try:
        feed_all()
        before = tracemalloc.get_traced_memory()[0]
        feed_all()
        feed_all()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 4_000_000


@pytest.mark.prove
@pytest.mark.skipif(
    not data.Path("/proc/self/statm").exists(), reason="the system does not say what is resident"
)
def test_resident_memory_is_flat() -> None:
    """1 GB of real streams with damage, 4 MB in the small form; what the first tenth took has to be enough."""
    total = 1_000_000_000 if PROVE else 4_000_000
    random_ = random.Random(9)
    emulator = data.new("pyte", 80, 24)
    done = early = 0
    while done < total:
        part = bytearray(random_.choice(STREAMS).data)
        for _ in range(1 + len(part) // 20_000):
            at = random_.randrange(len(part))
            part[at : at + random_.randrange(8)] = random_.choice(SPLICES)
        for start in range(0, len(part), 65_536):
            emulator.feed(bytes(part[start : start + 65_536]))
        emulator.snapshot()
        emulator.replies()
        done += len(part)
        if not early and done > total // 10:
            early = resident()
    if PROVE:  # in so short a run as the small one, caches are still filling
        assert resident() - early < 8_000_000


def resident() -> int:
    """What this process has in RAM now, in bytes."""
    return int(data.Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
