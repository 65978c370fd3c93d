"""Assertions about bytes and what was done to the terminal: what the program wrote, what was typed, pastes, resizes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from cassette.model import Input, Size
from cassette.reading.moments import format_time
from cassette.scenario.fields import CouldNotFail, Fields
from cassette.scenario.look_kinds import size_of
from cassette.scenario.screen_kinds import Count, read_count, times
from cassette.scenario.tape import Tape
from cassette.scenario.texts import compiled
from cassette.scenario.when import DoesNotHold, Run, Window, read_window
from cassette.viewing.readable import keys_of, quoted, size_words
from cassette.yaml_file import Node, WrongYaml

_HEX = re.compile(r"(?:[0-9a-fA-F]{2}\s*)+\Z")
_SOURCES = ("user", "script", "terminal", "any")
_NEWLINE = rb"(?:\r\n?|\n)"
_BRACKETED = re.compile(rb"\x1b\[200~(.*)\x1b\[201~\Z", re.S)
_SHOWN_BYTES = 120


@dataclass(frozen=True, slots=True)
class Sought:
    """Bytes to look for, and how they were written."""

    pattern: re.Pattern[bytes]
    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class RawOrder:
    """These stand in the program's bytes one after another, anything in between."""

    items: tuple[Sought, ...]
    window: Window

    @classmethod
    def read(cls, node: Node) -> RawOrder:
        """Its fields, or a bare list."""
        fields = Fields(node, "raw_order", ("items", "window"), "items")
        fields.need("items")
        items = tuple(_sought(item, "raw_order") for item in fields.nodes("items"))
        return cls(items, read_window(fields))

    def __str__(self) -> str:
        return f"{' then '.join(map(str, self.items))} in the program's bytes {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        run = self.window.find(tape)
        chunks = [chunk for chunk in tape.outputs if chunk.seq in run]
        if not chunks:
            raise CouldNotFail(f"the program wrote nothing {self.window}. Widen the window.")
        raw, position, end = tape.cassette.raw, chunks[0].offset, chunks[-1].offset + chunks[-1].length
        before = None
        for item in self.items:
            found = item.pattern.search(raw, position, end)
            if found is None:
                at = tape.place_of_byte(max(position - 1, 0))
                screen = tape.standing_at(at.t_ms) if before and at else tape.standing(run.last)
                raise DoesNotHold(self._missing(item, before, position, at.t_ms if at else 0), screen)
            position, before = found.end(), item

    def _missing(self, item: Sought, before: Sought | None, position: int, t_ms: int) -> str:
        if before is None:
            return f"{item} is not there"
        return f"{item} does not follow {before}, which ends at byte {position} ({format_time(t_ms)} s)"


@dataclass(slots=True)
class Typed:
    """What went in without a hidden byte in between, and which event each byte is of."""

    data: bytearray = field(default_factory=bytearray)
    starts: list[int] = field(default_factory=list)
    events: list[Input] = field(default_factory=list)

    def add(self, data: bytes, event: Input) -> None:
        """The next bytes."""
        self.starts.append(len(self.data))
        self.events.append(event)
        self.data += data

    def event_at(self, offset: int) -> Input:
        """Whose byte that is."""
        return self.events[bisect_right(self.starts, offset) - 1]


@dataclass(frozen=True, slots=True)
class InputBytes:
    """What was typed and pasted; hidden input is never looked into."""

    sought: Sought
    whole: bool
    count: Count
    source: str | None
    window: Window

    @classmethod
    def read(cls, node: Node) -> InputBytes:
        """Its fields."""
        known = ("text", "hex", "keys", "whole", "count", "source", "window")
        fields = Fields(node, "input_bytes", known, "text")
        sought = _sought_in(fields)
        whole = bool(fields.flag("whole"))
        if whole and "count" in fields:
            fields.wrong("a whole input is there once or not. Leave out count.", "count")
        source = fields.choice("source", _SOURCES)
        return cls(sought, whole, read_count(fields), source, read_window(fields))

    def __str__(self) -> str:
        of = f" by {self.source}" if self.source else ""
        how = "and nothing else " if self.whole else ""
        return f"{self.sought} {how}typed{of}{self.count} {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        run = self.window.find(tape)
        parts = list(_typed(tape, run, self.source))
        if 0 in self.count and not any(part.data for part in parts):
            raise CouldNotFail(f"nothing was typed {self.window}. Widen the window.")
        if self.whole:
            holds = len(parts) == 1 and self.sought.pattern.fullmatch(parts[0].data) is not None
        else:
            number = sum(1 for part in parts for _ in self.sought.pattern.finditer(part.data))
            holds = number in self.count
        if not holds:
            seen = "" if self.whole or not number else f"it is there {times(number)}: "
            raise DoesNotHold(seen + _typed_words(parts), tape.standing(run.last))


@dataclass(frozen=True, slots=True)
class Paste:
    """Something was pasted."""

    text: str | None
    whole: bool
    bracketed: bool | None
    count: Count
    window: Window

    @classmethod
    def read(cls, node: Node) -> Paste:
        """Its fields."""
        fields = Fields(node, "paste", ("text", "whole", "bracketed", "count", "window"), "text")
        if not fields.names(("text", "bracketed", "count")):
            fields.wrong("it needs text, bracketed or count.")
        text = fields.text("text")
        if text == "":
            fields.wrong(
                "every paste has the empty text in it, so it could not fail. Say what was pasted.", "text"
            )
        whole = bool(fields.flag("whole"))
        if whole and text is None:
            fields.wrong("`whole` needs a text.", "whole")
        return cls(text, whole, fields.flag("bracketed"), read_count(fields, 1), read_window(fields))

    def __str__(self) -> str:
        kind = {True: "a bracketed paste", False: "a paste without brackets", None: "a paste"}[self.bracketed]
        of = "" if self.text is None else f" {'of just' if self.whole else 'with'} {quoted(_utf8(self.text))}"
        return f"{kind}{of}{self.count} {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        run = self.window.find(tape)
        pastes = [found for event in tape.inputs if event.seq in run and (found := _pasted(event))]
        number = sum(1 for paste in pastes if self._is_it(*paste))
        if number not in self.count:
            shown = [f"{quoted(text)}{' in brackets' if bracketed else ''}" for text, bracketed, _ in pastes]
            seen = f"there were {', '.join(shown)}" if shown else "nothing was pasted"
            raise DoesNotHold(
                f"{f'it was pasted {times(number)}; ' if number else ''}{seen}", tape.standing(run.last)
            )

    def _is_it(self, data: bytes, bracketed: bool, hidden: bool) -> bool:
        if self.bracketed not in (None, bracketed):
            return False
        if self.text is None:
            return True
        wanted, found = _one_newline(_utf8(self.text)), _one_newline(data)
        return not hidden and (wanted == found if self.whole else wanted in found)


@dataclass(frozen=True, slots=True)
class ResizeOrder:
    """The terminal got these sizes, in this order."""

    sizes: tuple[Size, ...]
    whole: bool
    window: Window

    @classmethod
    def read(cls, node: Node) -> ResizeOrder:
        """Its fields, or a bare list."""
        fields = Fields(node, "resize_order", ("sizes", "whole", "window"), "sizes")
        fields.need("sizes")
        sizes = tuple(size_of(item, "resize_order") for item in fields.nodes("sizes"))
        return cls(sizes, fields.flag("whole") is not False, read_window(fields))

    def __str__(self) -> str:
        others = "" if self.whole else " among others"
        return f"resizes to {', '.join(map(size_words, self.sizes))}{others} {self.window}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        run = self.window.find(tape)
        events = [
            event for event in tape.inputs if event.seq in run and event.kind == "resize" and event.size
        ]
        sizes = [event.size for event in events if event.size]
        rest = iter(sizes)
        holds = tuple(sizes) == self.sizes if self.whole else all(size in rest for size in self.sizes)
        if not holds:
            seen = "the sizes were " + ", ".join(map(size_words, sizes)) if sizes else "there was no resize"
            raise DoesNotHold(seen, tape.standing(run.last))


def _sought(node: Node, what: str) -> Sought:
    """One item: a text, or {regex} or {hex}."""
    fields = Fields(node, what, ("text", "regex", "hex"), "text")
    if fields.need("text", "regex", "hex") != "regex":
        return _sought_in(fields, newlines=False)
    source = compiled(fields).pattern
    try:
        return Sought(re.compile(_utf8(source), re.M), f"the pattern {source!r}")
    except re.error as error:
        fields.wrong(f"this is no pattern over bytes: {error}. Escape what is meant as it stands.", "regex")


def _sought_in(fields: Fields, *, newlines: bool = True) -> Sought:
    """Bytes as text, hex or keys. With `newlines`, CR and LF are the same: both are what enter sends."""
    name = fields.need(*(known for known in ("text", "hex", "keys") if known != "keys" or newlines))
    if name == "keys":
        return _keys(fields)
    text = fields.text("text") if name == "text" else fields.node("hex").raw
    if not text:
        fields.wrong("nothing is found everywhere, so it could not fail. Say what must be there.", name)
    if name == "hex":
        if not _HEX.match(text):
            fields.wrong("hex is pairs of digits, such as 1b5b41.", name)
        data = bytes.fromhex(text)
        return Sought(re.compile(re.escape(data), re.S), f"the bytes {data.hex(' ')}")
    data = _utf8(text)
    if newlines:
        parts = re.split(_NEWLINE, data)
        return Sought(re.compile(_NEWLINE.join(map(re.escape, parts)), re.S), quoted(data))
    return Sought(re.compile(re.escape(data), re.S), quoted(data))


def _keys(fields: Fields) -> Sought:
    """Keys by name, as a terminal sends them in either cursor mode."""
    from terminal.keys import UnknownKeyError, encode_key
    from terminal.modes import Modes

    node = fields.node("keys")
    nodes = [node] if isinstance(node.value, str) else fields.nodes("keys")
    parts, names = [], []
    for key in nodes:
        if not isinstance(key.value, str):
            raise WrongYaml(key.line, f"{fields.what}: keys are names such as enter or ctrl+c. Quote digits.")
        try:
            ways = {encode_key(key.value, modes) for modes in (Modes(), Modes(private=frozenset({1, 66})))}
        except UnknownKeyError as error:
            raise WrongYaml(key.line, f"{fields.what}: {error}") from None
        if ways == {b""}:
            raise WrongYaml(key.line, f"{fields.what}: the key {key.value} sends nothing. Leave it out.")
        parts.append(b"(?:" + b"|".join(re.escape(way) for way in sorted(ways)) + b")")
        names.append(f"<{key.value}>")
    return Sought(re.compile(b"".join(parts), re.S), " ".join(names))


def _typed(tape: Tape, run: Run, source: str | None) -> Iterator[Typed]:
    """What went in, cut where something is hidden; there is always one part."""
    part = Typed()
    for event in tape.inputs:
        if event.seq not in run or not event.data or not _is_of(event, source):
            continue
        if event.redacted:
            yield part
            part = Typed()
            continue
        position = 0
        for start, length in sorted(event.masked):
            part.add(event.data[position:start], event)
            yield part
            part, position = Typed(), start + length
        part.add(event.data[position:], event)
    yield part


def _is_of(event: Input, source: str | None) -> bool:
    if source is None:
        return event.source != "terminal"
    return source in ("any", event.source)


def _typed_words(parts: list[Typed]) -> str:
    shown = []
    for part in parts:
        data = bytes(part.data)
        cut = len(data) > _SHOWN_BYTES
        shown.append(f"{'… ' if cut else ''}{keys_of(data[-_SHOWN_BYTES:])}" if data else "")
    if not any(shown):
        return "nothing was typed" + (" that is not hidden" if len(parts) > 1 else "")
    return "typed was " + " (hidden) ".join(shown).strip()


def _pasted(event: Input) -> tuple[bytes, bool, bool] | None:
    """What an event pasted without its brackets, whether it had some, and whether it is hidden."""
    found = _BRACKETED.match(event.data)
    if event.kind != "paste" and not (event.kind == "input" and found):
        return None
    hidden = event.redacted is not None or bool(event.masked)
    return (found[1] if found else event.data), found is not None, hidden


def _one_newline(data: bytes) -> bytes:
    return re.sub(_NEWLINE, b"\n", data)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
