"""Keys, pastes and the mouse: the bytes of xterm and of the kitty protocol, by mode."""

from __future__ import annotations

from dataclasses import replace

import pytest

from terminal.keys import (
    UnknownKeyError,
    encode_focus,
    encode_key,
    encode_paste,
    encode_text,
    key_names,
    parse_key,
)
from terminal.modes import DEFAULT_MODES, Modes
from terminal.mouse import MouseError, encode_click, encode_mouse, encode_wheel

PLAIN = DEFAULT_MODES
APPLICATION = Modes(private=frozenset({1}), application_keypad=True)
KITTY = Modes(kitty_flags=1)
KITTY_ALL = Modes(kitty_flags=31)
OTHER_KEYS = Modes(modify_other_keys=2)


def mouse(*modes: int) -> Modes:
    return Modes(private=frozenset(modes))


@pytest.mark.parametrize(
    ("name", "modes", "expected"),
    [
        ("a", PLAIN, b"a"),
        ("é", PLAIN, "é".encode()),
        ("enter", PLAIN, b"\r"),
        ("return", PLAIN, b"\r"),
        ("enter", Modes(ansi=frozenset({20})), b"\r\n"),
        ("tab", PLAIN, b"\t"),
        ("shift+tab", PLAIN, b"\x1b[Z"),
        ("btab", PLAIN, b"\x1b[Z"),
        ("backspace", PLAIN, b"\x7f"),
        ("ctrl+backspace", PLAIN, b"\x08"),
        ("escape", PLAIN, b"\x1b"),
        ("space", PLAIN, b" "),
        ("ctrl+space", PLAIN, b"\x00"),
        ("ctrl+c", PLAIN, b"\x03"),
        ("C-c", PLAIN, b"\x03"),
        ("^C", PLAIN, b"\x03"),
        ("ctrl+[", PLAIN, b"\x1b"),
        ("ctrl+/", PLAIN, b"\x1f"),
        ("ctrl+-", PLAIN, b"\x1f"),
        ("alt+x", PLAIN, b"\x1bx"),
        ("M-x", PLAIN, b"\x1bx"),
        ("alt+enter", PLAIN, b"\x1b\r"),
        ("ctrl+alt+a", PLAIN, b"\x1b\x01"),
        ("shift+a", PLAIN, b"A"),
        ("shift+1", PLAIN, b"!"),
        ("+", PLAIN, b"+"),
        ("-", PLAIN, b"-"),
        ("plus", PLAIN, b"+"),
        ("up", PLAIN, b"\x1b[A"),
        ("up", APPLICATION, b"\x1bOA"),
        ("home", APPLICATION, b"\x1bOH"),
        ("ctrl+up", APPLICATION, b"\x1b[1;5A"),
        ("shift+alt+ctrl+left", PLAIN, b"\x1b[1;8D"),
        ("f1", PLAIN, b"\x1bOP"),
        ("shift+f1", PLAIN, b"\x1b[1;2P"),
        ("f5", PLAIN, b"\x1b[15~"),
        ("f6", PLAIN, b"\x1b[17~"),
        ("ctrl+f12", PLAIN, b"\x1b[24;5~"),
        ("f20", PLAIN, b"\x1b[34~"),
        ("delete", PLAIN, b"\x1b[3~"),
        ("pageup", PLAIN, b"\x1b[5~"),
        ("pgdn", PLAIN, b"\x1b[6~"),
        ("insert", PLAIN, b"\x1b[2~"),
        ("kp_5", PLAIN, b"5"),
        ("kp_5", APPLICATION, b"\x1bOu"),
        ("kp_enter", APPLICATION, b"\x1bOM"),
        ("ctrl+enter", OTHER_KEYS, b"\x1b[27;5;13~"),
        ("ctrl+c", OTHER_KEYS, b"\x1b[27;5;99~"),
        ("shift+a", OTHER_KEYS, b"A"),
        ("ctrl+c", replace(OTHER_KEYS, modify_other_keys=1), b"\x03"),
        ("ctrl+enter", replace(OTHER_KEYS, modify_other_keys=1), b"\x1b[27;5;13~"),
        ("a", KITTY, b"a"),
        ("A", KITTY, b"A"),
        ("enter", KITTY, b"\r"),
        ("escape", KITTY, b"\x1b[27u"),
        ("ctrl+c", KITTY, b"\x1b[99;5u"),
        ("alt+x", KITTY, b"\x1b[120;3u"),
        ("shift+enter", KITTY, b"\x1b[13;2u"),
        ("ctrl+shift+a", KITTY, b"\x1b[97;6u"),
        ("shift+tab", KITTY, b"\x1b[9;2u"),
        ("up", replace(KITTY, private=frozenset({1})), b"\x1b[A"),
        ("f1", KITTY, b"\x1b[P"),
        ("f3", KITTY, b"\x1b[13~"),
        ("f13", KITTY, b"\x1b[57376u"),
        ("kp_5", KITTY, b"\x1b[57404u"),
        ("super+a", KITTY, b"\x1b[97;9u"),
        ("a", KITTY_ALL, b"\x1b[97;;97u"),
        ("shift+a", KITTY_ALL, b"\x1b[97:65;2;65u"),
        ("enter", KITTY_ALL, b"\x1b[13u"),
        ("menu", PLAIN, b""),
        ("menu", KITTY, b"\x1b[57363u"),
    ],
)
def test_key(name: str, modes: Modes, expected: bytes) -> None:
    assert encode_key(name, modes) == expected


@pytest.mark.parametrize("modes", [PLAIN, APPLICATION, KITTY, KITTY_ALL, OTHER_KEYS])
@pytest.mark.parametrize("prefix", ["", "shift+", "ctrl+", "alt+", "ctrl+alt+shift+"])
def test_every_key_has_bytes_in_every_mode(prefix: str, modes: Modes) -> None:
    for name in key_names():
        assert isinstance(encode_key(prefix + name, modes), bytes)


@pytest.mark.parametrize(
    ("name", "near"),
    [("entr", "enter"), ("ctrl+lft", "left"), ("page-up", "pageup"), ("bakspace", "backspace")],
)
def test_unknown_key_names_near_misses(name: str, near: str) -> None:
    with pytest.raises(UnknownKeyError, match="did you mean") as caught:
        encode_key(name)
    assert near in caught.value.near


@pytest.mark.parametrize("name", ["", "ctrl+", "hyperspace!", "ctrl+alt+nothing"])
def test_unknown_key(name: str) -> None:
    with pytest.raises(UnknownKeyError):
        parse_key(name)


def test_text_is_typed_key_by_key() -> None:
    assert encode_text("ls -l\n") == b"ls -l\r"
    assert encode_text("a\n", KITTY_ALL) == b"\x1b[97;;97u\x1b[13u"


def test_paste() -> None:
    assert encode_paste("a\nb\r\nc") == b"a\rb\rc"
    bracketed = Modes(private=frozenset({2004}))
    assert encode_paste("a\nb", bracketed) == b"\x1b[200~a\rb\x1b[201~"
    # Taking the closing bracket out must not make a new one.
    evil = b"x\x1b[20\x1b[201~1~y\x1b[201~"
    assert encode_paste(evil, bracketed).count(b"\x1b[201~") == 1


def test_focus() -> None:
    assert encode_focus(True) == b""
    assert encode_focus(True, mouse(1004)) == b"\x1b[I"
    assert encode_focus(False, mouse(1004)) == b"\x1b[O"


def test_mouse_in_sgr_form() -> None:
    modes = mouse(1000, 1006)
    assert encode_click(column=4, row=2, modes=modes) == b"\x1b[<0;5;3M\x1b[<0;5;3m"
    assert encode_click(column=0, row=0, modes=modes, button="right", modifiers="ctrl+shift") == (
        b"\x1b[<22;1;1M\x1b[<22;1;1m"
    )
    assert encode_wheel(2, column=4, row=2, modes=modes) == b"\x1b[<65;5;3M" * 2
    assert encode_wheel(-1, column=4, row=2, modes=modes) == b"\x1b[<64;5;3M"
    drag = encode_mouse("move", column=9, row=9, modes=mouse(1002, 1006))
    assert drag == b"\x1b[<32;10;10M"
    assert encode_mouse("move", column=9, row=9, button="none", modes=mouse(1003, 1006)) == b"\x1b[<35;10;10M"


def test_mouse_in_older_forms() -> None:
    assert encode_click(column=0, row=1, modes=mouse(1000)) == b'\x1b[M !"\x1b[M#!"'
    assert encode_click(column=0, row=1, modes=mouse(1000, 1015)) == b"\x1b[32;1;2M\x1b[35;1;2M"
    assert encode_click(column=300, row=1, modes=mouse(1000)) == b""
    assert encode_click(column=0, row=0, modes=mouse(9)) == b"\x1b[M !!"


@pytest.mark.parametrize(
    ("action", "button", "modes", "why"),
    [
        ("press", "left", PLAIN, "no mouse mode"),
        ("move", "left", mouse(1000, 1006), "reports no such motion"),
        ("move", "none", mouse(1002, 1006), "reports no such motion"),
        ("press", "lefft", mouse(1000), "no mouse button"),
        ("push", "left", mouse(1000), "no mouse action"),
        ("release", "left", mouse(9), "presses only"),
    ],
)
def test_mouse_that_nobody_would_see(action: str, button: str, modes: Modes, why: str) -> None:
    with pytest.raises(MouseError, match=why):
        encode_mouse(action, column=0, row=0, modes=modes, button=button)
