"""What of a recording may reach a viewer's terminal: what draws, nothing that asks, tells, stores or stays.

An allow-list: a sequence that is not named here is dropped, whatever it may mean to some terminal. So no query is
answered, no clipboard, title, palette, window, printer, file or notification is touched, no keyboard or mouse mode
is set. What does stay behind (a screen, a pen, a character set) is noted, and `ViewFilter.finish` undoes it.
Output is the same for every way to cut the input; a sequence that is not complete is held back.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from terminal.tokenizer import ESC, ST, Tokenizer

_DRAWING_CONTROLS = frozenset("\b\t\n\v\f\r\x0e\x0f")
"""Of C0; not ENQ, which a terminal answers, nor XON and XOFF. "\\r\\n" is a token of its own."""
_PRIVATE_DEFAULTS = {
    5: False,  # reverse video
    6: False,  # origin
    7: True,  # auto-wrap
    12: False,  # blinking cursor
    25: True,  # cursor visible
    47: False,  # alternate screen, and its two later forms
    1047: False,
    1048: False,  # saved cursor: a use, not a state
    1049: False,
    2026: False,  # synchronized output
}
"""Private modes that only change how it looks, and what they are in a terminal at rest."""
_ANSI_DEFAULTS = {4: False, 20: False}  # insert, new line
_ALTERNATE_SCREENS = (47, 1047, 1049)
_DRAWING_FINALS = frozenset("@ABCDEFGHIJKLMPSTXZ`abdefgmrsu")
_PARAMETERS = {
    "J": re.compile(r"[012]?\Z"),  # 3 would erase the viewer's own history
    "T": re.compile(r"\d*\Z"),  # more parameters track the mouse
    "g": re.compile(r"[03]?\Z"),
    "s": re.compile(r"\Z"),  # with parameters: margins
    "u": re.compile(r"\Z"),  # with parameters: a keyboard protocol
}
_ESCAPES = frozenset(f"{ESC}{final}" for final in "78DEMH")
_CHARACTER_SETS = re.compile(r"\x1b[()][0AB]\Z")
_SEQUENCE = re.compile(r"\x1b\[([<-?]?)([0-9:;]*)([ -/]*)([@-~])\Z")
_PENS = re.compile(r"(?:\x1b\[[0-9:;]*m)+\Z")
_LONG_NUMBER = re.compile(r"\d{5,}")
_BIG = "9999"
"""Stands for larger numbers: a huge repetition would keep a terminal busy for long."""
_LINK = re.compile(r"\x1b\]8;([^;]*);((?:https?://|mailto:)[!-~]{1,2000})(?:\x07|\x1b\\)\Z")
_LINK_ID = re.compile(r"(?:\A|:)(id=[\w.-]{1,100})(?:\Z|:)", re.ASCII)
_NO_LINK = f"{ESC}]8;;{ST}"
_RESET_TABS = f"{ESC}7\r{ESC}[3g" + f"{ESC}[8C{ESC}H" * 40 + f"{ESC}8"
_JOINERS = frozenset("\u200c\u200d")
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def safe_text(text: str) -> str:
    """Recorded text with U+FFFD for each control, bidirectional override, surrogate and line separator."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _is_safe(c) else "\ufffd" for c in text)


def _is_safe(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _UNSAFE_CATEGORIES


class ViewFilter:
    """Takes recorded output, gives what a viewer's terminal may have of it. `bell` lets BEL through."""

    def __init__(self, *, bell: bool = False) -> None:
        self._controls = _DRAWING_CONTROLS | {"\r\n"} | ({"\a"} if bell else set())
        self._start()

    def _start(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._tokens = Tokenizer()
        self._at_rest()

    def _at_rest(self) -> None:
        self._private: dict[int, bool] = {}
        self._ansi: dict[int, bool] = {}
        self._pen = self._charset = self._region = self._tabs = self._shape = self._link = False

    @property
    def alternate_screen(self) -> bool:
        """Whether what was let through left the viewer on the alternate screen."""
        return any(self._private.get(mode) for mode in _ALTERNATE_SCREENS)

    def feed(self, data: bytes) -> bytes:
        """What may be written of the next bytes of the recording."""
        pieces = self._tokens.feed(self._decode(data))
        pieces[1::2] = [self._allowed(token) for token in pieces[1::2]]
        return "".join(pieces).encode("utf-8", "replace")

    def finish(self) -> bytes:
        """What puts the viewer's terminal back to rest. The filter is as new afterwards."""
        undoing = self._undoing()
        self._start()
        return undoing.encode()

    def _undoing(self) -> str:
        parts = [f"{ESC}[?2026l"] if self._private.get(2026) else []
        if self.alternate_screen:
            parts += [f"{ESC}[r"] if self._region else []
            parts += [f"{ESC}[?{mode}l" for mode in _ALTERNATE_SCREENS if self._private.get(mode)]
        parts += [_NO_LINK] if self._link else []
        parts += [f"{ESC}[m"] if self._pen else []
        parts += [f"\x0f{ESC}(B{ESC})B"] if self._charset else []
        for number, on in self._ansi.items():
            if on != _ANSI_DEFAULTS[number]:
                parts.append(_switch("", number, _ANSI_DEFAULTS[number]))
        for number, on in self._private.items():
            if on != _PRIVATE_DEFAULTS[number] and number not in (*_ALTERNATE_SCREENS, 1048, 2026):
                parts.append(_switch("?", number, _PRIVATE_DEFAULTS[number]))
        parts += [f"{ESC}7{ESC}[r{ESC}8"] if self._region else []  # the region's own reset moves the cursor
        parts += [_RESET_TABS] if self._tabs else []
        parts += [f"{ESC}[0 q"] if self._shape else []
        return "".join(parts)

    def _allowed(self, token: str) -> str:
        if token[0] != ESC:
            if token in "\x0e\x0f":
                self._charset = True
            return token if token in self._controls else ""
        if token[1] == "[":
            return self._sequence(token)
        if token[1] == "]":
            return self._hyperlink(token)
        return self._escape(token)

    def _escape(self, token: str) -> str:
        if token == f"{ESC}c":
            undoing = self._undoing()
            self._at_rest()
            return f"{undoing}{ESC}[H{ESC}[2J"  # a full reset would take the viewer's own settings too
        if token in _ESCAPES:
            self._tabs |= token[1] == "H"
            self._restored(token == f"{ESC}8")
            return token
        if _CHARACTER_SETS.match(token):
            self._charset = True
            return token
        return ""

    def _hyperlink(self, token: str) -> str:
        if not token.startswith(f"{ESC}]8;"):
            return ""
        found = _LINK.match(token)
        if found:
            name = _LINK_ID.search(found[1])
            self._link = True
            return f"{ESC}]8;{name[1] if name else ''};{found[2]}{ST}"
        ending = _NO_LINK if self._link else ""
        self._link = False
        return ending

    def _sequence(self, token: str) -> str:
        if _PENS.match(token):
            self._pen = True
            return _LONG_NUMBER.sub(_BIG, token)
        found = _SEQUENCE.match(token)
        if found is None:
            return ""
        marker, parameters, intermediates, final = found.groups()
        parameters = _LONG_NUMBER.sub(_BIG, parameters)
        if final in "hl" and not intermediates and marker in ("", "?"):
            return self._switched(marker, parameters, on=final == "h")
        if intermediates or marker:
            return self._special(marker, parameters, intermediates + final)
        if final not in _DRAWING_FINALS or (
            final in _PARAMETERS and not _PARAMETERS[final].match(parameters)
        ):
            return ""
        self._region |= final == "r"
        self._tabs |= final == "g"
        self._restored(final == "u")
        return f"{ESC}[{parameters}{final}"

    def _special(self, marker: str, parameters: str, ending: str) -> str:
        """The few with a private marker or intermediates."""
        if not marker and ending == " q" and parameters in ("", *"0123456"):
            self._shape = True
        elif not marker and ending == "!p" and not parameters:
            self._soft_reset()
        elif not (marker == "?" and ending in ("J", "K") and parameters in ("", *"012")):
            return ""
        return f"{ESC}[{marker}{parameters}{ending}"

    def _switched(self, marker: str, parameters: str, *, on: bool) -> str:
        """The modes of one sequence that are allowed, each noted."""
        defaults, now = (_PRIVATE_DEFAULTS, self._private) if marker else (_ANSI_DEFAULTS, self._ansi)
        numbers = [int(p) for p in parameters.split(";") if p.isdigit() and int(p) in defaults]
        now.update(dict.fromkeys(numbers, on))
        if marker and not on and 1049 in numbers:
            self._restored(True)
        return f"{ESC}[{marker}{';'.join(map(str, numbers))}{'h' if on else 'l'}" if numbers else ""

    def _restored(self, is_so: bool) -> None:
        """A saved cursor comes with the pen and the character set of its time, which may be anything by now."""
        if is_so and (self._pen or self._charset or 6 in self._private):
            self._pen = self._charset = True

    def _soft_reset(self) -> None:
        self._ansi.pop(4, None)
        for mode in (6, 25):
            self._private.pop(mode, None)


def _switch(marker: str, number: int, on: bool) -> str:
    return f"{ESC}[{marker}{number}{'h' if on else 'l'}"
