"""A secret that was typed among other keys: it goes, and what else was typed stays, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.known import KnownValue
from scrub.scrubber import Scrubber
from scrub.typed import typed_views
from tests.scrub_samples import ANTHROPIC, GITHUB, OPAQUE

PIECE = 6  # so many letters of a secret are one that was left
SECRETS = [
    ("", ANTHROPIC, False),
    ("", GITHUB, False),
    ("", OPAQUE, True),
    ("export PASSWORD=", "hunter2Zq9!xw", False),
    ("token: ", "q8Zt0vB4xKc9RwL2", False),
]
KEYS = [
    b"\x1b",
    b"\x1b\x1b",
    b"\x1bx",
    b"\x1b.",
    b"\x1b[A",
    b"\x1bOB",
    b"\x1b[1;5C",
    b"\x1b[F",
    b"\x1b[5~",
    b"\x1b[2~",
    b"\x1bOP",
    b"\x1b[15~",
    b"\x1b[15;2~",
    b"\x1b[Z",
    b"\x1b[200~",
    b"\x1b[201~",
    b"\x1b[27u",
    b"\x1b[99;5u",
    b"\x1b[<0;10;5M",
    b"\x1b[I",
    b"\t",
    b"\r",
    b"\n",
    *(bytes((code,)) for code in b"\x03\x05\x07\x0c\x0e\x10\x12\x13\x14\x16\x18\x1a\x1c"),
]
EDITING = [
    b"\x1b[D",
    b"\x1b[3~",
    b"\x1b[H",
    b"\x7f",
    b"\x1b\x7f",
    b"\x01",
    b"\x02",
    b"\x08",
    b"\x0b",
    b"\x15",
    b"\x17",
]
COMMANDS = [
    b":q!\r",
    b":wq\r",
    b":w file.txt\r",
    b"ls -la\r",
    b"q\r",
    b"y",
    b"dd",
    b"git status\r",
    b"!make\r",
    b"",
]
BEFORE = [b"", b"i", b"vim notes.txt\r", b"ls\r", b"o", b"cd src && "]


def scrubbed(data: bytes, *known: str) -> bytes:
    values = [KnownValue(value.encode(), "known", "environment:NAME") for value in known]
    done = Scrubber(None, values).scrub({"input": data}, lambda now: typed_views("input", now["input"]))
    return done.streams["input"]


def check(before: bytes, secret: tuple[str, str, bool], after: bytes) -> None:
    words, value, known = secret
    start = before + words.encode()
    done = scrubbed(start + value.encode() + after, *([value] if known else []))
    inside = done[len(start) : len(start) + len(value)].decode()
    assert (done[: len(start)], done[len(start) + len(value) :]) == (start, after)
    assert not any(value[at : at + PIECE] in inside for at in range(len(value) - PIECE + 1))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_behind_a_secret(secret: tuple[str, str, bool], key: bytes) -> None:
    for command in COMMANDS:
        check(b"", secret, key + command)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_before_a_secret(secret: tuple[str, str, bool], key: bytes) -> None:
    for before in BEFORE:
        check(before + key, secret, b"\r")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(BEFORE),
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=4),
    st.sampled_from(SECRETS),
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=4),
    st.sampled_from(COMMANDS),
)
def test_any_keys_before_and_behind_a_secret(
    before: bytes, first: list[bytes], secret: tuple[str, str, bool], then: list[bytes], command: bytes
) -> None:
    check(before + b"".join(first), secret, b"".join(then) + command)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*KEYS, *EDITING, *COMMANDS, *BEFORE]), max_size=5),
    st.sampled_from(SECRETS),
    st.lists(st.sampled_from([*KEYS, *EDITING, *COMMANDS]), max_size=5),
)
def test_no_letter_is_left_and_no_key_changed_whatever_is_edited(
    first: list[bytes], secret: tuple[str, str, bool], then: list[bytes]
) -> None:
    words, value, known = secret
    start = b"".join(first) + words.encode()
    data = start + value.encode() + b"".join(then)
    done = scrubbed(data, *([value] if known else []))
    inside = done[len(start) : len(start) + len(value)].decode("utf-8", "replace")
    assert not any(value[at : at + PIECE] in inside for at in range(len(value) - PIECE + 1))
    assert len(done) == len(data)
    for old, new in zip(data, done, strict=True):
        assert old == new or old >= 0x20


@pytest.mark.parametrize("key", [b"\x1b[I", b"\x1b[15~", b"\x1b[201~", b"\x1b[5~"])
@pytest.mark.parametrize("at", [20, 50, 70, 90])
def test_a_token_typed_in_two_parts_goes_as_a_whole(at: int, key: bytes) -> None:
    first, then = ANTHROPIC[:at].encode(), ANTHROPIC[at:].encode()
    done = scrubbed(first + key + then + b"\r")
    assert done[len(first) :].startswith(key)
    assert not any(
        ANTHROPIC[place : place + PIECE].encode() in done for place in range(13, len(ANTHROPIC) - PIECE)
    )


def test_a_token_pasted_over_two_lines() -> None:
    pasted = f"\x1b[200~{ANTHROPIC[:60]}\r{ANTHROPIC[60:]}\r\x1b[201~".encode()
    done = scrubbed(pasted).decode()
    assert not any(ANTHROPIC[at : at + PIECE] in done for at in range(13, len(ANTHROPIC) - PIECE))
