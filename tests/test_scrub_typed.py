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
    b"\x19",
    b"\x1bd",
    b"\x1bb",
    b"\x1bf",
    b"\x1bu",
    b"\x1b[1;5D",
    b"\x1b[98;3u",
    b"\x1b[3;5~",
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


@settings(max_examples=300)
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


@settings(max_examples=300)
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


VALUE = "Zq8.xKp2Lm5T7wRbY"
WORDS_BACK = [b"\x1bb", b"\x1bB", b"\x1b[1;5D", b"\x1b[1;3D", b"\x1b\x1b[D", b"\x1b[98;3u", b"\x1b[27;3;98~"]
WORDS_ON = [b"\x1bf", b"\x1b[1;5C", b"\x1b\x1b[C", b"\x1b[102;3u"]
ERASE_WORD = [b"\x1b\x7f", b"\x1b\x08", b"\x1b[127;3u", b"\x1b[127;5u", b"\x1b[8;5u"]
KILL_WORD_ON = [b"\x1bd", b"\x1bD", b"\x1b[100;3u", b"\x1b[3;5~"]


@pytest.mark.parametrize(
    "data",
    [
        b"Zq8.xKpL2\x02\x14m5T7wRbY\r",
        b"Zq8.xKpL2\x14m5T7wRbY\r",
        b"Zq8.xKp2Lm5T7wRYb\x14\r",
        b"Lm5T7wRbY\x01\x0bZq8.xKp2\x19\r",
        b"Lm5T7wRbY\x15Zq8.xKp2\x19\r",
        b"Lm5T7wRbY\x17Zq8.xKp2\x19\r",
        b"T7wRbY\x1b\x7fZq8.xKp2Lm5\x19\r",
        b"T7wRbY\x01\x1bdZq8.xKp2Lm5\x19\r",
        b".xKp2Lm5T7wRbY\x1b\x7f\x1b\x7fZq8\x19\r",
        b"Lm5T7wRbY\x15\rls\rZq8.xKp2\x19\r",
        b"wRbY\x01\x0bZq8.xKp2Lm5T7\x19\x19\r",
        *(b"Zq8.T7wRbY" + key + b"xKp2Lm5\r" for key in WORDS_BACK),
        *(b".T7wRbY\x01Zq8" + key + b"\x1b[1;5DxKp2Lm5\r" for key in WORDS_ON),
        *(b"Zq8.oops" + key + b"xKp2Lm5T7wRbY\r" for key in ERASE_WORD),
        *(b"oops.xKp2Lm5T7wRbY\x01" + key + b"Zq8\r" for key in KILL_WORD_ON),
        b"Zq8.XKP2\x1bb\x1bl\x02\x02\x02\x7fxKp2Lm5T7wRbY\x0b\r",
        b"Zq8.oops.oops\x17Zq8.xKp2Lm5T7wRbY\r",
        b"Zq8.x_p\x17xKp2Lm5T7wRbY\r",
        b"xKp2Lm5T7wRbY\x01Zq8.oops\x15Zq8.xKp2Lm5T7wRbY\r",
    ],
)
def test_a_value_that_only_the_edited_line_shows(data: bytes) -> None:
    edited = [view.text for view in typed_views("input", data) if view.kind == "typed"]
    assert any(VALUE.encode() in text for text in edited), edited
    done = scrubbed(data, VALUE)
    assert len(done) == len(data)
    assert not any(VALUE.encode() in view.text for view in typed_views("input", done))
    for old, new in zip(data, done, strict=True):
        assert old == new or chr(old) in VALUE


def test_a_token_of_which_half_was_put_back() -> None:
    data = GITHUB[4:].encode() + b"\x01\x0bghp_\x19\r"
    done = scrubbed(data)
    assert not any(GITHUB[at : at + PIECE].encode() in done for at in range(4, len(GITHUB) - PIECE))
    assert done[36:38] + done[-2:] == b"\x01\x0b\x19\r"


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a.b\x17c", {"c", "a.c"}),
        (b"a.b\x1b\x7fc", {"a.c", "c", "a.bc"}),
        (b"ab\x14", {"ba", "ab"}),
        (b"\x14a\x14\x02\x14b", {"ba"}),
        (b"ab cd\x01\x1bfx", {"abx cd", "ab xcd", "xab cd"}),
        (b"ab\x02\x15c", {"cb", "c"}),
        (b"ab cd\x01\x1bu", {"AB cd", "ab cd"}),
        (b"ab cd\x01\x1bc\x1bc", {"Ab Cd", "ab cd"}),
        (b"ab\x1b[1;5Dx", {"xab", "axb"}),
        (b"ab\x1b[1;1:3Dx", {"abx"}),
        (b"ab\x1b[1;2Dx", {"axb"}),
        (b"ab\x1b[95;3ux", {"abx"}),
        (b"ab cd\x17\x17\x19", {"ab cd", ""}),
        (b"ab\x17cd\x17\x19\x19", {"cdcd", ""}),
    ],
)
def test_readings_of_keys_that_editors_take_differently(data: bytes, lines: set[str]) -> None:
    edited = {view.text.decode() for view in typed_views("input", data) if view.kind == "typed"}
    assert edited <= lines
    assert next(iter(typed_views("input", data))).text.decode() in lines
    assert len(edited) == len(lines - {""})


def test_lines_that_all_editors_edit_alike_are_given_once() -> None:
    views = [view.text for view in typed_views("input", b"one\ra.b\x17c\rtwo\r") if view.kind == "typed"]
    assert views == [b"one\nc\ntwo\n", b"a.c\n"]


def test_what_is_put_back_again_and_again_does_not_fill_the_memory() -> None:
    data = b"x" * 1000 + b"\x01\x0b\x19\x19" * 1000
    assert all(len(view.text) < 200_000 for view in typed_views("input", data))


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[97;1;:u",
        b"\x1b[" + b"9" * 5000 + b"u",
        b"\x1b[1;" + b"9" * 5000 + b"D",
        b"\x1b[97;" + b"9" * 5000 + b"u",
    ],
)
def test_keys_that_no_terminal_reports_are_read(data: bytes) -> None:
    assert typed_views("input", data + b"abc")[0].text.endswith(b"abc")
