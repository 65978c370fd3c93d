"""Was an input typed blind? A judgement over facts that the recorder has; nothing is read here.

Echo off together with canonical mode on is a password prompt; echo off alone is every full-screen program.
Scripts print the prompt first and run `stty -echo` a moment later, so the next 250 ms count. Programs that read
keys one by one (`read -s -n`, dialogs, muted readlines) are told by the word before the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scrub.known import KnownValue
from scrub.typed import typed_lines

LAG_MS = 250
LEAST_VALUE = 4
FILLER = b"*" * 16  # what a hidden line becomes, whatever its length was

_WORDS = (
    r"(?:pass(?:word|phrase|code|wort|e)|passwd|kennwort|mot de passe|contrase\u00f1a|senha"
    r"|\u5bc6\u7801|\u30d1\u30b9\u30ef\u30fc\u30c9|token|secret|credentials?|otp|cvv|pin(?:[ -]?code)?"
    r"|(?:api|access|secret|auth|private|licen[sc]e|recovery|encryption|account)[ _-]?(?:key|token|code)"
    r"|(?:one[- ]time|verification|2fa|mfa|security|unlock) (?:code|password))"
)
MASKS = "*\u2217\uff0a\u2022\u25cf\u2b24\u00b7\u25aa\u25a0\u25fc"
_MASKS = rf"[{MASKS}]*[ \t]*$"
_LEAST_MASKS = 3
_BEFORE = r"^\W*(?:(?:please|enter|type|your|the|new|current|old|confirm|repeat|retype|again|\w+'s)\W+){0,4}"
_BORDER = " \t|\u2502\u2503\u2551\u2590\u258c"
_IN_BOX = re.compile(rf"[ \t]*[{_BORDER[2:]}][{_BORDER}]*{_MASKS}")
_ASKED = re.compile(rf"\b{_WORDS}s?\b[^:?>=\n]{{0,80}}[:?>=\u203a\u00bb\u276f][ \t]*{_MASKS}", re.IGNORECASE)
_BARE = re.compile(
    rf"{_BEFORE}{_WORDS}[^\w$#%]*{_MASKS}", re.IGNORECASE
)  # `$ ` is a shell's, after the answer


@dataclass(frozen=True, slots=True)
class Discipline:
    """The line discipline from `t_ms` on."""

    t_ms: int
    echo: bool
    canonical: bool

    @property
    def hides(self) -> bool:
        """Does it hide what is typed, and is it for that?"""
        return self.canonical and not self.echo


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What the recorder knows about one input.

    `t_ms` is the moment of the write, `before` the discipline then. `after` are the changes that were seen
    later, in order; those within `LAG_MS` count. `row` is the text of the cursor's row, up to the cursor, on
    the screen before the write, with a few rows above it before that, if you have them; empty where there is no
    screen. `declared` is what the caller said.
    """

    t_ms: int
    before: Discipline
    after: Sequence[Discipline] = ()
    row: str = ""
    declared: bool = False


def hidden_by(facts: InputFacts) -> str | None:
    """The name of the rule that makes this input hidden, for its `redacted` field; None when it is not hidden."""
    if facts.declared:
        return "declared"
    if facts.before.hides:
        return "echo-off"
    if any(change.hides for change in facts.after if change.t_ms - facts.t_ms <= LAG_MS):
        return "echo-off-later"
    if asks_for_secret(facts.row):
        return "prompt"
    return None


def asks_for_secret(row: str) -> bool:
    """Does a row, up to the cursor, end in the word for a secret? Masks already typed there do not count.

    Where nothing but a box's border stands before the cursor, the nearest row above that says something counts.
    A shell's `$ ` behind or below an answered prompt is none.
    """
    *above, row = row.split("\n")
    if _IN_BOX.match(row):
        said = (line for line in reversed(above) if any(map(str.isalnum, line)))
        row = next(said, "").strip(_BORDER) or row
    row = row.rstrip()[-200:]
    return bool(_ASKED.search(row) or _BARE.search(row))


def is_masked(rows: Sequence[str], typed: bytes) -> bool:
    """Did marks appear for what was typed, one for each letter?

    `rows` are those before each key (see `InputFacts.row`), and before the one that ended it.
    """
    text = typed.decode("utf-8", "replace")
    start, *later = [row.rpartition("\n")[2] for row in rows]
    for row in later:
        more = row[len(start) :] if row.startswith(start) else row
        if not row.startswith(start) or more.strip(MASKS):
            start = row  # something else was written: a prompt that came late, a letter that was shown
        elif _LEAST_MASKS <= len(more) <= len(text) and len(set(more)) == 1 and not text.startswith(more):
            return True
    return False


def are_masks(lengths: Sequence[int], typed: bytes) -> bool:
    """Did a run of one mark grow with what was typed? `lengths` are those before each key, and at the end."""
    grown = [length - lengths[0] for length in lengths[1:]]
    letters = [len(line) for line in typed_lines(typed)] + [len(typed.decode("utf-8", "replace"))]
    steps = sum(after == before + 1 for before, after in pairwise([0, *grown]))
    return bool(grown) and (
        _LEAST_MASKS <= grown[-1] <= max(letters) and (grown[-1] in letters or steps >= _LEAST_MASKS)
    )


def hidden_line(data: bytes) -> tuple[bytes, bytes]:
    """Filler of fixed length for a hidden input, and its terminator, which stays (`b""` where there is none)."""
    for terminator in (b"\r\n", b"\r", b"\n", b"\x1b[13u"):
        if data.endswith(terminator):
            return (FILLER if len(data) > len(terminator) else b""), terminator
    return FILLER if data else b"", b""


def hidden_values(data: bytes) -> list[KnownValue]:
    """What was typed blind, as values to look for everywhere: each line as it was edited.

    Under 4 characters it is an answer (`y`) and stands in too many other places; it is masked where it was typed.
    """
    lines = {line.strip() for line in typed_lines(data)}
    return [
        KnownValue(line.encode(), "hidden-input", "input")
        for line in sorted(lines)
        if len(line) >= LEAST_VALUE
    ]
