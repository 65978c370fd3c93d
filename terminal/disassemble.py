"""Bytes as named sequences, for people: what a program sent, one line each, with what we do not understand marked.

It reads through the same tokenizer and the same table as the emulator, one character at a time, so that what
it says is what the emulator did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from terminal.dispatch import NOTHING, Terminal
from terminal.modes import ANSI_MODES, PRIVATE_MODES
from terminal.pens import DEFAULT_PEN, Effect, style_of
from terminal.sequence_names import (
    C0_NAMES,
    CSI_NAMES,
    DCS_NAMES,
    ESCAPE_NAMES,
    OSC_NAMES,
    STRING_NAMES,
    SWALLOWED_OSC,
)
from terminal.snapshot import DEFAULT_STYLE, Style
from terminal.tokenizer import Tokenizer

_csi = re.compile(r"\x1b\[([<-?]?)([0-9:;]*)([ -/]*)([@-~])", re.DOTALL).fullmatch
_IGNORED = frozenset("\x00\x05\x07\x18\x1a\x7f")


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes `start` up to `end`: a run of text (`name` is "text") or one sequence.

    `source` is what the emulator took them for; `understood` is False where it does nothing because it does
    not know the sequence.
    """

    start: int
    end: int
    name: str
    source: str
    detail: str = ""
    understood: bool = True

    def __str__(self) -> str:
        mark = " " if self.understood else "?"
        shown = repr(self.source)[1:-1] if self.name != "text" else repr(self.source)
        detail = f"  ({self.detail})" if self.detail else ""
        return f"{self.start:08d} {mark} {self.name:<34} {shown}{detail}"


def pieces(data: bytes) -> Iterator[Piece]:
    """Every run of text and every sequence in `data`, in order."""
    tokenizer = Tokenizer()
    text, text_start, start, offset = "", 0, 0, 0
    for character in data.decode("utf-8", "surrogateescape"):
        was_inside = tokenizer.in_sequence
        if not was_inside:
            start = offset
        offset += len(character.encode("utf-8", "surrogateescape"))
        tokens = tokenizer.feed(character)
        plain = "".join(tokens[::2])
        if plain:
            text_start = text_start if text else start
            text += plain
        if text and (len(tokens) > 1 or tokenizer.in_sequence):
            yield Piece(text_start, start, "text", text)
            text = ""
        for sequence in tokens[1::2]:
            yield _named(start, offset, sequence)
        if was_inside and len(tokens) > 1:
            start = offset
    if text:
        yield Piece(text_start, offset, "text", text)
    if tokenizer.in_sequence:
        yield Piece(start, offset, "unfinished sequence", "", f"{offset - start} bytes")


def _named(start: int, end: int, sequence: str) -> Piece:
    if len(sequence) == 1:
        known = sequence in _IGNORED or Terminal.actions[sequence] is not NOTHING
        return Piece(start, end, C0_NAMES.get(sequence, f"C0 {ord(sequence):#04x}"), sequence, "", known)
    kind = sequence[1]
    if kind == "[":
        return _named_csi(start, end, sequence)
    if kind == "]":
        number = sequence[2:].partition(";")[0].rstrip("\x07\x1b\\")
        known = number in OSC_NAMES
        detail = "swallowed" if number in SWALLOWED_OSC else ""
        return Piece(
            start, end, f"OSC {number} {OSC_NAMES.get(number, '')}".rstrip(), sequence, detail, known
        )
    if kind in STRING_NAMES:
        inner = next((name for head, name in DCS_NAMES.items() if sequence[2:].startswith(head)), "")
        name = f"DCS {inner}" if inner and kind == "P" else STRING_NAMES[kind]
        return Piece(start, end, name, sequence, "" if inner and kind == "P" else "swallowed")
    rest = sequence[1:]
    if len(rest) == 2 and rest[0] in "()*+-./":
        return Piece(start, end, f"SCS designate {rest[1]!r}", sequence)
    known = rest in ESCAPE_NAMES
    return Piece(start, end, ESCAPE_NAMES.get(rest, f"ESC {rest}"), sequence, "", known)


def _named_csi(start: int, end: int, sequence: str) -> Piece:
    parsed = _csi(sequence)
    if parsed is None:
        return Piece(start, end, "CSI ?", sequence, "", False)
    prefix, parameters, intermediates, final = parsed.groups()
    key = prefix + intermediates + final
    detail = ""
    if key == "m":
        detail = _in_words(style_of(Effect(sequence)[DEFAULT_PEN])) if parameters.strip("0") else "reset"
    elif final in "hlsr" and prefix == "?":
        detail = _modes(parameters, PRIVATE_MODES)
    elif key in ("h", "l"):
        detail = _modes(parameters, ANSI_MODES)
    known = Terminal.actions[sequence] is not NOTHING
    return Piece(start, end, CSI_NAMES.get(key, f"CSI {key}"), sequence, detail, known)


def _modes(parameters: str, names: dict[int, str]) -> str:
    numbers = [int(text or 0) for text in re.split("[;:]", parameters)]
    return ", ".join(names.get(number, f"{number} not known") for number in numbers)


def _in_words(style: Style) -> str:
    parts = []
    for field in fields(Style):
        value = getattr(style, field.name)
        if value != getattr(DEFAULT_STYLE, field.name):
            parts.append(field.name if value is True else f"{field.name} {value}")
    return ", ".join(parts)
