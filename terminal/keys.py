"""Key name to bytes, as xterm sends them, by the modes that the program set.

A name is a key with modifiers before it: "a", "enter", "ctrl+c", "alt+shift+left", "f5", "kp_enter".
Modifiers are shift, alt, ctrl, super, hyper, meta. When the program pushed kitty keyboard flags, the kitty
protocol is spoken; else xterm's own, with DECCKM, DECKPAM, LNM and modifyOtherKeys.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache

from terminal.modes import DEFAULT_MODES, Modes

SHIFT, ALT, CTRL, SUPER, HYPER, META = 1, 2, 4, 8, 16, 32
MODIFIERS = {
    "shift": SHIFT, "alt": ALT, "option": ALT, "ctrl": CTRL, "control": CTRL, "super": SUPER, "cmd": SUPER,
    "hyper": HYPER, "meta": META, "s": SHIFT, "m": ALT, "a": ALT, "c": CTRL,
}  # fmt: skip

# Keys with a letter as final: `CSI X`, `SS3 X` with DECCKM, `CSI 1 ; m X` with modifiers.
CURSOR_KEYS = {"up": "A", "down": "B", "right": "C", "left": "D", "begin": "E", "end": "F", "home": "H"}
# `SS3 X`, `CSI 1 ; m X` with modifiers.
PF_KEYS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
# `CSI n ~`, `CSI n ; m ~` with modifiers. The holes are those of the VT220 keyboard.
TILDE_KEYS = {
    "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6, "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20,
    "f10": 21, "f11": 23, "f12": 24, "f13": 25, "f14": 26, "f15": 28, "f16": 29, "f17": 31, "f18": 32,
    "f19": 33, "f20": 34,
}  # fmt: skip
# The numeric keypad: what it types, and the final of `SS3 X` with DECKPAM.
KEYPAD = {
    **{f"kp_{i}": (str(i), chr(ord("p") + i)) for i in range(10)},
    "kp_enter": ("\r", "M"), "kp_add": ("+", "k"), "kp_subtract": ("-", "m"), "kp_multiply": ("*", "j"),
    "kp_divide": ("/", "o"), "kp_decimal": (".", "n"), "kp_separator": (",", "l"), "kp_equal": ("=", "X"),
}  # fmt: skip
# Keys that are a character: DEL, not BS, is what xterm's backspace sends.
CHARACTER_KEYS = {"enter": "\r", "tab": "\t", "backspace": "\x7f", "escape": "\x1b", "space": " "}
ALIASES = {
    "return": "enter", "cr": "enter", "esc": "escape", "bs": "backspace", "del": "delete", "ins": "insert",
    "pgup": "pageup", "page_up": "pageup", "prior": "pageup", "ppage": "pageup", "pgdn": "pagedown",
    "page_down": "pagedown", "next": "pagedown", "npage": "pagedown", "bspace": "backspace",
    "btab": "shift+tab", "backtab": "shift+tab", "plus": "+", "minus": "-", "spc": "space",
    "arrowup": "up", "arrowdown": "down", "arrowleft": "left", "arrowright": "right",
}  # fmt: skip
# Kitty's numbers for keys that have none in legacy form.
KITTY_KEYS = {
    **{f"f{n}": 57363 + n for n in range(13, 36)},
    **{f"kp_{i}": 57399 + i for i in range(10)},
    "kp_decimal": 57409, "kp_divide": 57410, "kp_multiply": 57411, "kp_subtract": 57412, "kp_add": 57413,
    "kp_enter": 57414, "kp_equal": 57415, "kp_separator": 57416, "menu": 57363, "caps_lock": 57358,
    "scroll_lock": 57359, "num_lock": 57360, "print_screen": 57361, "pause": 57362,
}  # fmt: skip
_SHIFTED = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
_UNSHIFTED = {shifted: plain for plain, shifted in _SHIFTED.items()}
# Control characters that are not a letter's (ECMA-48's columns 2 and 3 folded, as a VT220 does).
_CONTROLS = {
    " ": 0, "2": 0, "@": 0, "`": 0, "3": 27, "[": 27, "{": 27, "4": 28, "\\": 28, "|": 28, "5": 29, "]": 29,
    "}": 29, "6": 30, "^": 30, "~": 30, "7": 31, "/": 31, "_": 31, "-": 31, "8": 127, "?": 127,
}  # fmt: skip

_PREFIX = re.compile(r"([a-zA-Z]+)[+-](?=.)", re.DOTALL).match

DISAMBIGUATE, EVENT_TYPES, ALTERNATE_KEYS, ALL_KEYS, ASSOCIATED_TEXT = 1, 2, 4, 8, 16


class UnknownKeyError(ValueError):
    """No key has this name; the message names those that are spelled nearly so."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name.lower().rpartition("+")[2], key_names(), 3, 0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else "; see terminal.keys.key_names()"
        super().__init__(f"no key is called {name!r}{hint}")
        self.name = name
        self.near = tuple(near)


def key_names() -> list[str]:
    """Every name of a key that is not simply a character, without modifiers and aliases."""
    return sorted({*CURSOR_KEYS, *PF_KEYS, *TILDE_KEYS, *KEYPAD, *CHARACTER_KEYS, *KITTY_KEYS})


@lru_cache(maxsize=1024)
def parse_key(name: str) -> tuple[str, int]:
    """The plain key and its modifiers (a sum of SHIFT, ALT, …). Raises `UnknownKeyError`."""
    modifiers, rest = 0, name
    while (prefix := _PREFIX(rest)) and prefix[1].lower() in MODIFIERS:
        modifiers |= MODIFIERS[prefix[1].lower()]
        rest = rest[prefix.end() :]
    if rest[:1] == "^" and len(rest) == 2:
        modifiers, rest = modifiers | CTRL, rest[1]
    if len(rest) == 1:
        return rest, modifiers
    lowered = rest.lower()
    key = ALIASES.get(lowered, lowered)
    if key.startswith("shift+"):
        key, modifiers = key.removeprefix("shift+"), modifiers | SHIFT
    if len(key) != 1 and key not in key_names():
        raise UnknownKeyError(name)
    return key, modifiers


def encode_key(name: str, modes: Modes = DEFAULT_MODES) -> bytes:
    """The bytes of one key press. Raises `UnknownKeyError`.

    A key that xterm sends nothing for in this mode (a lone lock key, `menu`) is `b""`.
    """
    key, modifiers = parse_key(name)
    if key in CHARACTER_KEYS and key == "space":
        key = " "
    if modes.kitty_flags:
        return _kitty(key, modifiers, modes).encode()
    return _legacy(key, modifiers, modes).encode()


def encode_text(text: str, modes: Modes = DEFAULT_MODES) -> bytes:
    """What typing `text` sends, character by character; a line feed is the enter key."""
    named = {"\n": "enter", "\r": "enter", "\t": "tab", " ": "space"}
    return b"".join(encode_key(named.get(character, character), modes) for character in text)


def encode_paste(text: str | bytes, modes: Modes = DEFAULT_MODES) -> bytes:
    """What pasting sends: line feeds as CR, and in brackets when the program asked for them.

    The closing bracket is taken out of the text: a paste must not be able to end itself.
    """
    data = text.encode() if isinstance(text, str) else text
    data = data.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    if not modes.bracketed_paste:
        return data
    while b"\x1b[201~" in data:
        data = data.replace(b"\x1b[201~", b"")
    return b"\x1b[200~" + data + b"\x1b[201~"


def encode_focus(gained: bool, modes: Modes = DEFAULT_MODES) -> bytes:
    """What gaining or losing the focus sends; nothing when the program did not ask."""
    if not modes.focus_events:
        return b""
    return b"\x1b[I" if gained else b"\x1b[O"


def _numbered(number: int, modifiers: int, final: str) -> str:
    return f"\x1b[{number};{modifiers + 1}{final}" if modifiers else f"\x1b[{number}{final}"


# -- xterm ------------------------------------------------------------------------------------------------


def _legacy(key: str, modifiers: int, modes: Modes) -> str:
    if key in CURSOR_KEYS:
        if modifiers:
            return f"\x1b[1;{modifiers + 1}{CURSOR_KEYS[key]}"
        return ("\x1bO" if modes.application_cursor else "\x1b[") + CURSOR_KEYS[key]
    if key in PF_KEYS:
        return f"\x1b[1;{modifiers + 1}{PF_KEYS[key]}" if modifiers else "\x1bO" + PF_KEYS[key]
    if key in TILDE_KEYS:
        return _numbered(TILDE_KEYS[key], modifiers, "~")
    if key in KEYPAD:
        return _legacy_keypad(key, modifiers, modes)
    if key in KITTY_KEYS:
        return ""
    return _legacy_character(CHARACTER_KEYS.get(key, key), modifiers, modes)


def _legacy_keypad(key: str, modifiers: int, modes: Modes) -> str:
    text, final = KEYPAD[key]
    if modes.application_keypad:
        return f"\x1bO{modifiers + 1}{final}" if modifiers else "\x1bO" + final
    return _legacy_character(text, modifiers, modes)


def _legacy_character(character: str, modifiers: int, modes: Modes) -> str:
    if _as_other_key(character, modifiers, modes.modify_other_keys):
        return f"\x1b[27;{modifiers + 1};{ord(character)}~"
    prefix = "\x1b" if modifiers & (ALT | META) else ""
    if character == "\t" and modifiers & SHIFT:
        return prefix + "\x1b[Z"
    if character == "\x7f":
        return prefix + ("\b" if modifiers & CTRL else "\x7f")
    if character == "\r":
        return prefix + ("\r\n" if modes.newline else "\r")
    if modifiers & CTRL:
        return prefix + _control(character)
    if modifiers & SHIFT:
        character = _shifted(character)
    return prefix + character


def _as_other_key(character: str, modifiers: int, level: int) -> bool:
    """Whether modifyOtherKeys sends this key as `CSI 27 ; m ; code ~`."""
    if not level or not modifiers or (modifiers == SHIFT and " " < character != "\x7f"):
        return False
    if level >= 2:
        return True
    # Level 1 leaves alone what has bytes of its own.
    if character in "\r\t\x7f\x1b":
        return not (character == "\t" and modifiers == SHIFT) and modifiers != ALT
    return bool(modifiers & CTRL) and _control(character) == character


def _control(character: str) -> str:
    if character.isascii() and character.isalpha():
        return chr(ord(character) & 31)
    return chr(_CONTROLS[character]) if character in _CONTROLS else character


def _shifted(character: str) -> str:
    return _SHIFTED.get(character) or (character.upper() if len(character.upper()) == 1 else character)


# -- kitty ------------------------------------------------------------------------------------------------


def _kitty(key: str, modifiers: int, modes: Modes) -> str:
    flags = modes.kitty_flags
    final = CURSOR_KEYS.get(key) or PF_KEYS.get(key)
    if final and key != "f3":  # F3's `CSI R` is a cursor report, so kitty gives it a number.
        return f"\x1b[1;{modifiers + 1}{final}" if modifiers else "\x1b[" + final
    if key == "f3":
        return _numbered(13, modifiers, "~")
    if key in TILDE_KEYS and not (key.startswith("f") and int(key[1:]) > 12):
        return _numbered(TILDE_KEYS[key], modifiers, "~")
    if key in KEYPAD and not flags & (DISAMBIGUATE | ALL_KEYS):
        return _legacy_keypad(key, modifiers, modes)
    if key in KITTY_KEYS:
        return _numbered(KITTY_KEYS[key], modifiers, "u")
    return _kitty_character(CHARACTER_KEYS.get(key, key), modifiers, modes)


def _kitty_character(character: str, modifiers: int, modes: Modes) -> str:
    flags = modes.kitty_flags
    plain, text = _plain_and_text(character, modifiers)
    if character != plain and text == character:
        modifiers |= SHIFT
    if not flags & ALL_KEYS:
        if not flags & DISAMBIGUATE:
            return _legacy_character(character, modifiers, modes)
        if character in "\r\t\x7f":
            if not modifiers:
                return character
        elif character >= " " and not modifiers & ~SHIFT:
            return text
    number = str(ord(plain))
    if flags & ALTERNATE_KEYS and modifiers & SHIFT and text != plain:
        number += f":{ord(text)}"
    typed = (
        ord(text) if flags & ASSOCIATED_TEXT and flags & ALL_KEYS and text >= " " and text != "\x7f" else 0
    )
    if typed and not modifiers & ~SHIFT:
        return f"\x1b[{number};{modifiers + 1 if modifiers else ''};{typed}u"
    return f"\x1b[{number};{modifiers + 1}u" if modifiers else f"\x1b[{number}u"


def _plain_and_text(character: str, modifiers: int) -> tuple[str, str]:
    """The key without shift, and what it types with the shift that is held or implied."""
    plain = _UNSHIFTED.get(character) or (character.lower() if len(character.lower()) == 1 else character)
    text = _shifted(plain) if modifiers & SHIFT or plain != character else plain
    return plain, text
