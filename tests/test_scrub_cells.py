"""What real programs painted: the secrets go, and what stands beside them stays as it was, in every settled frame."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette.emulators import new_emulator
from cassette.frames import settled
from cassette.model import Evidence, Final, Frame, Input, Output, Size
from scrub.known import Book, KnownValue
from terminal.exit_status import ExitStatus
from tests.scrub_recordings import everything, output_of, outputs, scrubbed

DATA = Path(__file__).parent / "data" / "scrub_cells"
SECRETS = (
    "S3cr3tPassw0rdX",
    "ghp_0123456789abcdefghijABCDEFGHIJ456789",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYz3pQvTuEYab1",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dcAAAA",
    "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD",
    "hunter2hunter2",
)
FILE = ["DATABASE_URL=postgres://app:", "GITHUB_TOKEN=", "_SECRET_ACCESS_KEY=", "STRIPE="]
BESIDE = {
    "cat": [*FILE, "normal line with nothing", "@db.example.com", "password: "],
    "vim": [*FILE, "normal line with nothing", "~", "password: ", "env.txt"],
    "less": [*FILE, "env.txt"],
    "readline": [
        "bash-5.2# ",
        "export OPENAI_API_KEY=",
        "echo key=$OPENAI_API_KEY; echo ",
        "read -s -p",
        "got 14",
    ],
}
PAINTED_OVER = [
    ("nano", False),
    ("nano", True),
    ("mc", False),
    ("bash-edit", False),
    ("bash-edit", True),
    *((name, known) for name in ("git-diff", "git-words", "git-rows") for known in (False, True)),
]
"""Recordings of programs that paint over what stood there, and whether the secrets in them are known."""
LEAST_PART = 4
KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD"
PIECE = 8


def recorded(name: str) -> tuple[list[Evidence], Size]:
    """The events of a recording that is stored as (kind, ms, base64 or size)."""
    stored = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    events = [_event(*entry) for entry in stored["events"]]
    end = events[-1].t_ms + 1
    return [*events, Final(0, end, ExitStatus(0), end)], Size(stored["columns"], stored["rows"])


def _event(kind: str, t_ms: int, what: Any) -> Output | Input:
    if kind == "output":
        return Output(0, t_ms, base64.b64decode(what))
    if kind == "resize":
        return Input(0, t_ms, "resize", size=Size(*what))
    return Input(0, t_ms, kind, base64.b64decode(what), source="user")


def screens(events: Sequence[Evidence], size: Size) -> list[str]:
    """The settled frames as texts."""
    found = settled(events, new_emulator("pyte", size), settle_ms=30)
    return ["\n".join(event.screen.text) for event in found if isinstance(event, Frame)]


@pytest.mark.parametrize("name", BESIDE)
def test_what_stands_beside_a_secret_stays(name: str) -> None:
    events, size = recorded(name)
    recording = scrubbed(events, size=size)
    before, after = screens(events, size), screens([found.event for found in recording.events()], size)
    assert len(before) == len(after)
    for text in BESIDE[name]:
        assert any(text in screen for screen in before), text
        assert [screen.count(text) for screen in after] == [screen.count(text) for screen in before], text


@pytest.mark.parametrize("name", BESIDE)
def test_no_piece_of_a_secret_is_left(name: str) -> None:
    events, size = recorded(name)
    recording = scrubbed(events, size=size)
    after = [*everything(recording, size), *screens([found.event for found in recording.events()], size)]
    pieces = {secret[at : at + PIECE] for secret in SECRETS for at in range(len(secret) - PIECE + 1)}
    assert not [piece for piece in pieces if any(piece in text for text in after)]


def parts_of(secrets: Sequence[str], rows: Sequence[str]) -> set[tuple[int, int]]:
    """The cells at which a few letters of a secret stand, in a row or from one row to the next."""
    letters = {
        secret[at : at + LEAST_PART] for secret in secrets for at in range(len(secret) - LEAST_PART + 1)
    }
    found = set[tuple[int, int]]()
    for first in (0, 4):  # with and without line numbers
        places = [(y, x) for y, row in enumerate(rows) for x in range(first, len(row.rstrip(" >")))]
        text = "".join(rows[y][x] for y, x in places)
        for at in range(len(text)):
            if text[at : at + LEAST_PART] in letters:
                found.update(places[at : at + LEAST_PART])
    heads = {secret[:length] for secret in secrets for length in range(1, LEAST_PART)}
    for y, row in enumerate(rows):
        end = len(row.rstrip(" >"))
        for length in range(1, LEAST_PART):
            if row[end - length : end] in heads:
                found.update((y, x) for x in range(end - length, end))
    return found


@pytest.mark.parametrize(("name", "known"), PAINTED_OVER)
def test_no_cell_changes_but_those_of_secrets(name: str, known: bool) -> None:
    events, size = recorded(name)
    secrets = json.loads((DATA / f"{name}.json").read_text("utf-8"))["secrets"]
    recording = scrubbed(events, *(secret.encode() for secret in secrets if known), size=size)
    before, after = screens(events, size), screens([found.event for found in recording.events()], size)
    assert len(before) == len(after)
    changed = False
    for was, now in zip(before, after, strict=True):
        rows = [row.ljust(size.columns) for row in was.split("\n")]
        covered = [row.ljust(size.columns) for row in now.split("\n")]
        differing = {
            (y, x) for y, row in enumerate(rows) for x, cell in enumerate(row) if covered[y][x] != cell
        }
        changed = changed or bool(differing)
        wrong = differing - parts_of(secrets, rows)
        assert not wrong, [(rows[y], covered[y]) for y in sorted({y for y, _ in wrong})]
    assert changed


@pytest.mark.parametrize(
    ("below", "wide"),
    [
        ("normal line with nothing", False),
        ("root@host:~# ls", False),
        ("bash-5.2# ls", False),
        ("NEXT_NAME=and-its-value", False),
        ("env.txt", False),
        ("~", False),
        ("done", True),
    ],
)
def test_a_row_below_that_is_no_rest_of_a_token_stays(below: str, wide: bool) -> None:
    above = "=" * 78 if wide else "the key is"
    data = f"\x1b[2;1H{above}\x1b[3;1H{KEY}\x1b[4;1H{below}\x1b[9;1H".encode()
    after = output_of(scrubbed(outputs([data]))).decode()
    assert below in after
    assert KEY[:PIECE] not in after


@settings(max_examples=40)
@given(st.integers(24, 47), st.sampled_from(["│ ", "", "    "]), st.booleans())
def test_a_token_that_a_program_broke_goes_as_a_whole(width: int, before: str, more: bool) -> None:
    behind = " │" if "│" in before else ""
    rows = [KEY[at : at + width] for at in range(0, len(KEY), width)]
    if more:
        rows.insert(0, "x" * width)
    shown = "".join(f"\x1b[{y};3H{before}{row:<{width}}{behind}" for y, row in enumerate(rows, 2))
    after = output_of(scrubbed(outputs([shown.encode()]))).decode()
    assert KEY[:PIECE] not in after
    for at in range(0, len(KEY), width):
        piece = KEY[at : at + width]
        assert len(piece) < PIECE or piece not in after


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("[-ACME_PASSWORD=x9kQ2mZr7Lw-]{+LOG_LEVEL=info+}", "-]{+LOG_LEVEL=info+}"),
        ("{+ACME_TOKEN=x9kQ2mZr7Lw4Tn8Vb3+}[-debug-]", "+}[-debug-]"),
        (f"-KEY={KEY}\r\n-DATABASE_URL: x", "-DATABASE_URL: x"),
        (f"KEY={KEY}\r\npath/to/some_file.txt", "path/to/some_file.txt"),
        (f"KEY={KEY}\r\n1Help     2UnWrap   3Quit", "1Help     2UnWrap"),
        ("Client(api_key='postgres://app:PHri19aYmermGwQ@db.example.com:5432/app')", "postgres://app:"),
        ("TOKEN: x9kQ2mZr7Lw4Tn8Vb3───┐", "───┐"),
        ("password: \x1b[5;1Hroot@vm:~# ls\x1b[9;1HPASSWORD: root@vm:~# ls", "PASSWORD: root@vm:~# ls"),
    ],
)
def test_what_ends_a_value_is_no_part_of_it(shown: str, kept: str) -> None:
    after = output_of(scrubbed(outputs([shown.encode()]))).decode()
    assert kept in after
    assert not [part for part in ("x9kQ2mZr", "PHri19aY", KEY[8:16]) if part in after]


def test_a_border_of_ascii_ends_a_value() -> None:
    left = ["PORT=8080", "ACCESS_TOKEN=x9kQ2mZr7Lw4", "debug: true", "~"]
    right = ["LOG_LEVEL=info", "9DATABASE_URL=postgres", "home", "~"]
    shown = "".join(
        f"\x1b[{y};27H{two}\x1b[{y};26H|\x1b[{y};1H{one}"
        for y, (one, two) in enumerate(zip(left, right, strict=True), 1)
    )
    after = output_of(scrubbed(outputs([shown.encode()]))).decode()
    assert all(two in after for two in right)
    assert "x9kQ2mZr" not in after


def test_a_mark_that_stands_in_the_same_row_again_and_again_is_no_border() -> None:
    after = output_of(scrubbed(outputs([b"PASSWORD=x9kQ2mZr|7LwT4\r\n" * 5]))).decode()
    assert "7LwT4" not in after


@pytest.mark.parametrize("known", [False, True])
def test_a_token_goes_on_behind_the_number_of_its_line(known: bool) -> None:
    rows = [
        f"{number:>7} {text}" for number, text in ((1, f"value={KEY[:24]}"), (1, KEY[24:]), (2, "more of it"))
    ]
    shown = "".join(f"\x1b[{y};1H{row}" for y, row in enumerate(rows, 2))
    after = output_of(scrubbed(outputs([shown.encode()]), *([KEY.encode()] if known else []))).decode()
    assert not [at for at in range(len(KEY) - PIECE) if KEY[at : at + PIECE] in after]
    assert "      1 " in after
    assert "more of it" in after


JWT_ROWS = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey", "JzdWIiOiAiMEhHTElRSUlvIiwgImlhdCI6IDE3M",
    "TY1Nzk2MzUsICJhdWQiOiAiSnRnNmJ5NUQifQ.y", "cjj9AkYB8qvJoucGNnWFWabprHoIVs6yLqsrrZl", "Vkc",
)  # fmt: skip
ATLASSIAN_ROWS = (
    "ATATT3xFfGF0dRzvyz8wRytou0sMAsMLX7FMjXjAiii5TLOwq2Bv8nRk4Lp9ZsQx7Yc3Hd6Jm1Wt",
    "TLOw5Kf2Vb8Ng4Rj7Xp1Zs6Dq9Hm3Lt0Wy5Ce8Bu2Ai7Oo4Fk6Ev1Jx9Pn3Sg0Mr5Qd8Th2Ub",
    "p_i31D_RoZyP3Cz7By8Cz_EzLFDk05h4=DN296097",
)


@pytest.mark.parametrize("rows", [JWT_ROWS, ATLASSIAN_ROWS], ids=["jwt", "atlassian"])
@pytest.mark.parametrize("frame", ["  {}", "│ {} │"])
def test_a_row_of_a_token_is_neither_a_file_nor_a_name(rows: Sequence[str], frame: str) -> None:
    width = max(map(len, rows))
    data = "\r\n".join(frame.format(row.ljust(width)) for row in rows).encode() + b"\r\n"
    after = output_of(scrubbed(outputs([data]), size=Size(120, 24))).decode()
    assert not [row for row in rows if row in after]


def test_a_known_value_that_ends_a_row_is_not_joined_with_the_next() -> None:
    data = f"\x1b[3;1H{KEY}\x1b[4;1Hx9kQ2mZr7Lw\x1b[9;1H".encode()
    assert "x9kQ2mZr7Lw" not in output_of(scrubbed(outputs([data]))).decode()
    after = output_of(scrubbed(outputs([data]), KEY.encode())).decode()
    assert "x9kQ2mZr7Lw" in after
    assert KEY[:PIECE] not in after


def test_a_row_that_stood_below_for_long_is_no_part_of_a_token() -> None:
    """The status line of a program, and above it what it prints; all else that would end the token is missing."""
    idle = b"".join(b"\x1b[9;1Hworking %d\x1b[K" % number for number in range(900))
    data = b"\x1b[4;1HGPT-6.1-Sol" + idle + f"\x1b[3;1H{KEY}".encode()
    after = output_of(scrubbed(outputs([data]))).decode()
    assert "GPT-6.1-Sol" in after
    assert KEY[:PIECE] not in after


def test_what_is_left_of_an_older_text_is_no_part_of_a_value_that_is_painted_over_it() -> None:
    old, new = "nothing_of_a_key_but_a_long_name", "ACME_PASSWORD=x9kQ2mZr7Lw"
    data = f"\x1b[3;1H{old}\x1b[4;1H-\x1b[3;1H{new}\x1b[K\r\n{old}\x1b[9;1H".encode()
    after = output_of(scrubbed(outputs([data]))).decode()
    assert after.count(old) == 2
    assert "x9kQ2mZr7Lw" not in after


def test_a_secret_whose_second_half_stood_there_first_goes_as_a_whole() -> None:
    data = f"\x1b[3;25H{KEY[24:]}\x1b[4;1H-\x1b[3;1H{KEY[:24]}\x1b[K\x1b[9;1H".encode()
    after = output_of(scrubbed(outputs([data]))).decode()
    assert not [at for at in range(len(KEY) - PIECE) if KEY[at : at + PIECE] in after]


def test_variants_of_one_secret_are_one() -> None:
    book = Book(
        [KnownValue(value.encode(), "key", "rule:key") for value in (KEY, KEY[:30], KEY + "bash", KEY[::-1])]
    )
    assert [entry.identity for entry in book.entries] == [1, 1, 1, 2]


def test_a_forgotten_secret_is_not_held() -> None:
    book = Book([KnownValue(KEY.encode(), "key", "rule:key")])
    assert book.keep_found(0) == 1
    book.add(KnownValue(KEY.encode(), "key", "rule:key"))
    assert [entry.identity for entry in book.entries] == [2]
