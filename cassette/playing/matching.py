"""Whether what a driver sends is what the recording has next. Pure: bytes in, a verdict out; messages are elsewhere.

By `keys` the bytes compare however they were split, by `text` only what is printable, by `bytes` each input as it
was recorded. What was hidden in the recording is a wildcard: no secret is known here, and none is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from cassette.errors import UsageError
from cassette.model import Input
from cassette.playing.elements import LINE_ENDS, WILD, elements_of
from cassette.playing.timeline import Stop
from terminal.keys import parse_key

NAMES: Final = ("command", "keys", "resize", "text", "bytes")
DEFAULT_MATCH_ON: Final = ("command", "keys", "resize")
_BRACKETS = re.compile(rb"\A\x1b\[200~(.*)\x1b\[201~\Z", re.S)
_NOT_PRINTABLE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bO?[ -~]?|[\x00-\x1f\x7f]"
)
_MASK = 0xFF  # stands for a wildcard among bytes; no UTF-8 has it
_ANY = -2  # one byte or more, of any kind: where no line end is known to come


@dataclass(frozen=True, slots=True)
class Sent:
    """What a driver sends: the method that it called, its bytes, and how a message shows the call."""

    how: Literal["type", "press", "paste", "send", "resize", "signal"]
    shown: str
    data: bytes = field(default=b"", repr=False)
    key: str | None = None
    secret: bool = False


class MatchOn:
    """What has to agree. Made from names out of `NAMES`; the strictest of keys, text and bytes counts."""

    def __init__(self, names: Iterable[str] = DEFAULT_MATCH_ON) -> None:
        given = (names,) if isinstance(names, str) else tuple(names)
        unknown = [name for name in given if name not in NAMES]
        if unknown:
            raise UsageError(
                what=f"match_on does not know {unknown[0]!r}: use some of {', '.join(NAMES)}, as in ['keys', 'resize']"
            )
        self.names = given
        self.command = "command" in given
        self.resize = "resize" in given
        self.content = next((name for name in ("bytes", "keys", "text") if name in given), None)

    def counts(self, event: Input) -> bool:
        """Whether a recorded input has to be sent at all."""
        if event.kind == "resize":
            return self.resize
        if event.kind == "signal":
            return self.content in ("keys", "bytes")
        return (
            self.content != "text" or bool(event.redacted) or bool(printable(_with_masks(elements_of(event))))
        )

    def of_sent(self, data: bytes) -> bytes:
        """What of sent bytes is compared."""
        return printable(data) if self.content == "text" else data


class InputQueue:
    """The inputs that a driver still has to send, in order."""

    def __init__(self, stops: Sequence[Stop], match_on: MatchOn) -> None:
        self._stops = stops
        self._match_on = match_on
        self._begun: _Pattern | None = None
        self.played = 0
        """How many have been sent, whole."""
        self.begun_bytes = 0
        """How many bytes of the next one have been sent."""

    @property
    def next(self) -> Stop | None:
        """The next one, or what is left of it."""
        return self._stops[self.played] if self.played < len(self._stops) else None

    @property
    def previous(self) -> Stop | None:
        """The last one that was sent whole."""
        return self._stops[self.played - 1] if self.played else None

    @property
    def left(self) -> Sequence[Stop]:
        """All that have not been sent whole."""
        return self._stops[self.played :]

    @property
    def total(self) -> int:
        """How many there are in the recording."""
        return len(self._stops)

    def pass_next(self) -> None:
        """The next one has been sent."""
        self.played += 1
        self._begun, self.begun_bytes = None, 0

    def take(self, sent: Sent, rest: bytes) -> int:
        """Match `rest`, the last bytes of what was sent, against the next input; how many it took, 0 for no match."""
        stop = self.next
        if stop is None or stop.event.kind not in ("input", "paste"):
            return 0
        whole = len(rest) == len(self._match_on.of_sent(sent.data))
        if self._begun is None and whole and self._taken_whole(stop.event, sent):
            self.pass_next()
            return len(rest)
        if stop.event.redacted and sent.how == "press":
            return 0
        pattern = self._begun or _Pattern(self._elements(stop.event))
        taken, complete = pattern.feed(rest)
        if self._match_on.content == "bytes" and not (whole and complete and taken == len(rest)):
            return 0
        if complete:
            self.pass_next()
        elif taken:
            self._begun = pattern
            self.begun_bytes += taken
        return taken

    def would_take(self, stop: Stop, sent: Sent) -> bool:
        """Whether an input further on is, or begins with, what was sent: a hint for a message."""
        event = stop.event
        if event.kind not in ("input", "paste") or event.redacted:
            return False
        data = self._match_on.of_sent(sent.data)
        taken, complete = _Pattern(self._elements(event)).feed(data)
        return self._taken_whole(event, sent) or (taken > 0 and (complete or taken == len(data)))

    def _taken_whole(self, event: Input, sent: Sent) -> bool:
        """Whether one call stands for the whole input by what it is, whatever its bytes."""
        if self._match_on.content is None:
            return True
        if self._match_on.content != "keys" or event.redacted or event.masked:
            return False
        if sent.key is not None and event.key is not None:  # the modes may have changed while it was encoded
            return parse_key(sent.key) == _parsed(event.key)
        return (
            sent.how == "paste"
            and event.kind == "paste"
            and unbracketed(event.data) == unbracketed(sent.data)
        )

    def _elements(self, event: Input) -> list[int]:
        found = elements_of(event)
        if event.redacted:
            return found if len(found) > 1 or self._line_end_follows() else [_ANY]
        if self._match_on.content != "text":
            return found
        return [WILD if byte == _MASK else byte for byte in printable(_with_masks(found))]

    def _line_end_follows(self) -> bool:
        """Whether the input after the next one begins with what ends a hidden line."""
        after = self._stops[self.played + 1 : self.played + 2]
        return any(stop.event.data[:1] in (b"\r", b"\n") for stop in after)


class _Pattern:
    """What one recorded input accepts, byte by byte: bytes, and wildcards of one byte or more."""

    def __init__(self, elements: Sequence[int]) -> None:
        self._elements = elements
        self._plain = bytes(elements) if all(element >= 0 for element in elements) else None
        self._states = {0}

    def feed(self, data: bytes) -> tuple[int, bool]:
        """Take bytes: how many of them, 0 when they cannot go on here, and whether the pattern is complete."""
        if self._plain is not None:
            return self._feed_plain(self._plain, data)
        accepted = 0
        states, end = self._states, len(self._elements)
        for count, byte in enumerate(data, 1):
            states = {after for state in states for after in self._after(state, byte)}
            if end in states:
                accepted = count
                states.discard(end)
            if not states:
                return accepted, bool(accepted)
        if accepted:
            return accepted, True
        self._states = states
        return len(data), False

    def _feed_plain(self, plain: bytes, data: bytes) -> tuple[int, bool]:
        (start,) = self._states
        part = plain[start : start + len(data)]
        if not data.startswith(part):
            return 0, False
        self._states = {start + len(part)}
        return len(part), start + len(part) == len(plain)

    def _after(self, state: int, byte: int) -> tuple[int, ...]:
        element = self._elements[state]
        if element >= 0:
            return (state + 1,) if element == byte else ()
        if element == WILD and byte in LINE_ENDS:
            return ()
        return state, state + 1


def printable(data: bytes) -> bytes:
    """What of input is text: no escape sequences, no control characters."""
    return _NOT_PRINTABLE.sub(b"", data)


def unbracketed(data: bytes) -> bytes:
    """What was pasted, without the brackets of a bracketed paste."""
    found = _BRACKETS.match(data)
    return found[1] if found else data


def _with_masks(elements: Iterable[int]) -> bytes:
    """Elements as bytes, with `_MASK` for each wildcard."""
    return bytes(_MASK if element == WILD else element for element in elements)


def _parsed(key: str) -> tuple[str, int] | None:
    try:
        return parse_key(key)
    except ValueError:  # a later release knows more keys
        return None
