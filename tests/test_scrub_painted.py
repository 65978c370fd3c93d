"""Secrets painted in every way that a terminal has: none of what is known may be left, nothing else may change.

Values that are known have to go wherever a reader could put them together; tokens of providers by rules alone.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cassette.model import Size
from tests.scrub_recordings import everything, output_of, outputs, readings, scrubbed
from tests.scrub_samples import GITHUB, OPAQUE
from tests.test_scrubbing import assert_same_cells

PHRASE = "Tr0ub4dor &3 staple!"
VALUES = {"rule": (GITHUB, False), "known": (OPAQUE, True), "known phrase": (PHRASE, True)}
ROWS = 9


def check(data: bytes, chunks: list[bytes], secret: str, known: bool, size: Size) -> None:
    recording = scrubbed(outputs(chunks), *([secret.encode()] if known else []), size=size)
    assert not [text for text in everything(recording, size) if secret in text], (data, size)
    assert_same_cells(data, output_of(recording), secret, size)
    assert recording.report.as_document()["status"] == "scrubbed"


def stands(data: bytes, secret: str, size: Size) -> bool:
    """Does it stand there whole? A letter in the last column is painted over when the cursor comes back to it."""
    return any(secret in text for text in readings(data, size))


def cut(data: bytes, *places: int) -> list[bytes]:
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(ends)]


def piecewise(secret: str, at: int, column: int, row: int, between: str) -> str:
    """Painted in two parts with something in between, at a place of the screen."""
    a, b = secret[:at], secret[at:]
    return f"\x1b[{row};{column}H{a}{between}\x1b[{row};{column + len(a)}H{b}"


BETWEEN = {
    "nothing": "",
    "a colour": "\x1b[38;5;208m",
    "the cursor elsewhere": "\x1b[9;1Hbusy\x1b[K",
    "a tab": "\x1b[9;1Ha\tb",
    "a wide letter": "\x1b[9;1H世界",
    "a title": "\x1b]0;working\x07",
    "a synchronized update": "\x1b[?2026h\x1b[9;1H.\x1b[?2026l",
    "lines moved below": "\x1b[8;1H\x1b[L\x1b[M",
    "a region that scrolls": "\x1b[7;9r\x1b[9;1H\n\n\x1b[r",
    "the cursor saved": "\x1b7\x1b[9;3Hx\x1b8",
    "another screen": "\x1b[?47h\x1b[1;1Hother\x1b[?47l",
}
AFTER = {
    "nothing": "",
    "erased": "\x1b[2J",
    "its row erased": "\x1b[2K",
    "scrolled away": "\x1b[9;1H" + "\n" * 12,
    "lines deleted": "\x1b[1;1H\x1b[9M",
    "letters deleted": "\x1b[4P",
    "overwritten": "\r" + "." * 50,
    "the other screen": "\x1b[?1049hx",
    "reset": "\x1bc",
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("after", AFTER)
def test_in_two_parts_with_anything_between_and_after(value: str, between: str, after: str) -> None:
    secret, known = VALUES[value]
    for at in (1, 2, 3, len(secret) // 2, len(secret) - 1):
        data = (piecewise(secret, at, 5, 3, BETWEEN[between]) + AFTER[after]).encode()
        check(data, [data], secret, known, Size(60, ROWS))


@pytest.mark.parametrize("value", ["known", "known phrase"])
@pytest.mark.parametrize("border", ["│", "|", "┃", ""])
@pytest.mark.parametrize("width", range(1, 14))
def test_a_known_value_in_a_box_of_any_width(value: str, border: str, width: int) -> None:
    secret, _ = VALUES[value]
    parts = [secret[at : at + width] for at in range(0, len(secret), width)]
    rows = [f"\x1b[{row};7H{border} {part:<{width}} {border}" for row, part in enumerate(parts, 2)]
    recording = scrubbed(outputs(["".join(rows).encode()]), secret.encode(), size=Size(40, 30))
    after = output_of(recording).decode()
    assert len(after) == len("".join(rows))
    for part in parts:
        stripped = part.strip()
        assert len(stripped) < 2 or not border or f"{border} {part:<{width}} {border}" not in after, parts


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("columns", [7, 11, 20, 33, 41])
@pytest.mark.parametrize("no_wrap", [False, True])
def test_at_every_margin(value: str, columns: int, no_wrap: bool) -> None:
    secret, known = VALUES[value]
    mode = "\x1b[?7l" if no_wrap else ""
    for column in range(1, columns + 1, 2):
        data = (mode + f"\x1b[2;{column}H{secret}\x1b[5;1Hdone").encode()
        check(data, [data], secret, known, Size(columns, 30))


SECRETS = st.sampled_from(list(VALUES.values()))
NOISE = st.sampled_from(
    [
        "\x1b[1m", "\x1b[31m", "\x1b[m", "\x1b]0;t\x07", "\x1b[?25l", "\x1b[?25h", "\x1b[?2026h", "\x1b[?2026l",
        "\x1b7\x1b[9;1Hz\x1b8", "\x1b[s\x1b[8;2Hxy\x1b[u", "\x00", "\x07", "\x1b(B",
    ]
)  # fmt: skip


@settings(max_examples=60)
@given(
    SECRETS,
    st.lists(st.tuples(st.integers(0, 40), NOISE), max_size=6),
    st.integers(8, 70),
    st.integers(1, 60),
    st.lists(st.integers(0, 500), max_size=5),
    st.sampled_from(list(AFTER.values())),
)
@example(("ghp_q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5uVi1", False), [(11, "\x1b(B"), (22, "\x1b[1m")], 8, 1, [], "")
def test_a_secret_with_anything_inside_cut_anywhere(
    value: tuple[str, bool],
    noise: list[tuple[int, str]],
    columns: int,
    column: int,
    cuts: list[int],
    after: str,
) -> None:
    secret, known = value
    letters = list(secret)
    for at, extra in sorted(noise, reverse=True):
        letters.insert(min(at, len(letters)), extra)
    data = (f"\x1b[2;{min(column, columns)}H" + "".join(letters) + after).encode()
    assume(stands(data, secret, Size(columns, 30)))
    check(data, cut(data, *cuts), secret, known, Size(columns, 30))


@settings(max_examples=40)
@given(SECRETS, st.permutations(range(6)), st.integers(1, 12))
def test_a_secret_painted_in_any_order(value: tuple[str, bool], order: list[int], column: int) -> None:
    secret, known = value
    step = -(-len(secret) // 6)
    parts = [(column + at * step, secret[at * step : (at + 1) * step]) for at in order if secret[at * step :]]
    data = "".join(f"\x1b[3;{place}H{part}" for place, part in parts).encode()
    check(data, [data], secret, known, Size(60, ROWS))
