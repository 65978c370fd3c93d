"""Events in words: bytes as quoted text, keys by their names, control bytes as escapes. Always one printable line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cassette.model import Event, Final, Frame, Input, Output, ServiceEvent, Size
from cassette.reading.verdict import printable

KINDS = ("input", "paste", "resize", "signal", "mode", "mark", "output", "frame", "service", "gap", "final")
_ESCAPES = {"\r": r"\r", "\n": r"\n", "\t": r"\t", "\\": r"\\", '"': r"\""}
_NAMED = (
    "up", "down", "right", "left", "end", "home", "insert", "delete", "pageup", "pagedown",
    "enter", "tab", "backspace", "escape", "shift+tab", *(f"f{n}" for n in range(1, 13)),
)  # fmt: skip
_SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|\x1b[\x20-\x7e]?|[\x00-\x1a\x1c-\x1f\x7f]")
_MODE_NAMES = ("echo", "icanon", "isig", "icrnl", "opost", "onlcr")


def kind_of(event: Event) -> str:
    """One of `KINDS`."""
    if isinstance(event, Input):
        return event.kind
    if isinstance(event, ServiceEvent):
        return "gap" if event.is_gap else "service"
    return type(event).__name__.lower()


def words(event: Event) -> str:
    """What an event says, in one printable line of any length."""
    if isinstance(event, Input):
        return _input_words(event)
    if isinstance(event, Output):
        return quoted(event.data)
    if isinstance(event, Frame):
        return _frame_words(event)
    if isinstance(event, ServiceEvent):
        return _service_words(event)
    return _final_words(event)


def quoted(data: bytes) -> str:
    """Bytes as text in quotes; what is not printable, or no UTF-8, is escaped as Python would."""
    text = data.decode("utf-8", "surrogateescape")
    return '"' + "".join(map(_escaped, text)) + '"'


def keys_of(data: bytes) -> str:
    """What was typed: text in quotes, keys by name, what no key sends as escapes."""
    parts: list[str] = []
    position = 0
    for found in _SEQUENCE.finditer(data):
        parts += [quoted(data[position : found.start()])] if found.start() > position else []
        parts.append(_key_name(found.group()))
        position = found.end()
    parts += [quoted(data[position:])] if position < len(data) else []
    return " ".join(parts) or '""'


def how_it_ended(final: Final) -> str:
    """The end of the program in words."""
    status = final.exit
    if status is None:
        return "not seen (the recording stopped before the program ended)"
    if not status.known:
        return "ended, its status is not known"
    return f"killed by {printable(status.signal)}" if status.signal else f"exit code {status.code}"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{point - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


@cache
def _names() -> dict[bytes, str]:
    """Bytes of keys to their names, in both cursor modes; the plainest name wins."""
    from terminal.keys import encode_key
    from terminal.modes import Modes

    found: dict[bytes, str] = {}
    application = Modes(private=frozenset({1, 7, 25}))
    modified = [f"{m}+{key}" for m in ("shift", "alt", "ctrl") for key in _NAMED[:10]]
    controls = [f"ctrl+{chr(code)}" for code in range(ord("a"), ord("z") + 1)]
    letters = [f"alt+{chr(code)}" for code in range(0x21, 0x7F) if chr(code) not in "[O"]
    for name in (*_NAMED, *modified, *controls, "ctrl+space", "ctrl+\\", *letters):
        for modes in (Modes(), application):
            found.setdefault(encode_key(name, modes), name)
    return found


def _key_name(data: bytes) -> str:
    name = _names().get(data)
    return f"<{name}>" if name else quoted(data)


def _input_words(event: Input) -> str:
    if event.redacted:
        hidden = f"hidden ({printable(event.redacted)})"
        return " ".join([hidden, *_trailing_keys(event.data)])
    said = _said(event)
    notes = [] if event.source in (None, "user", "script") else [printable(str(event.source))]
    notes += [f"{sum(length for _, length in event.masked)} bytes masked"] if event.masked else []
    return f"{said} ({', '.join(notes)})" if notes else said


def _trailing_keys(data: bytes) -> list[str]:
    """The terminator of a hidden line, which is not hidden."""
    return ["<enter>"] if data[-1:] in (b"\r", b"\n") else []


def _said(event: Input) -> str:
    if event.kind == "resize":
        return size_words(event.size) if event.size else "?"
    if event.kind == "signal":
        return printable(event.signal or "?")
    if event.kind == "mode":
        mode = event.mode or {}
        return " ".join(f"{name}={'on' if mode[name] else 'off'}" for name in _MODE_NAMES if name in mode)
    if event.kind == "mark":
        return printable(event.op or "?")
    if event.kind == "paste" or event.source == "terminal":
        return quoted(event.data)
    return keys_of(event.data)


def size_words(size: Size) -> str:
    """Columns before rows."""
    return f"{size.columns}x{size.rows}"


def _frame_words(event: Frame) -> str:
    screen, cursor = event.screen, event.screen.cursor
    filled = sum(1 for row in screen.text if row)
    title = f", title {quoted(screen.title.encode('utf-8', 'replace'))}" if screen.title else ""
    where = f"cursor {cursor.row},{cursor.column}{'' if cursor.visible else ' hidden'}"
    rows = f"{filled} row{'' if filled == 1 else 's'} with text"
    which = "key" if event.is_key else "delta"
    return f"{which} {screen.columns}x{screen.rows}, {rows}, {where}, bytes to {event.raw_end}{title}"


def _service_words(event: ServiceEvent) -> str:
    if not event.is_gap:
        return printable(json.dumps(event.payload, ensure_ascii=False, separators=(",", ":")))
    facts = {str(k): v for k, v in event.payload.items() if k not in ("type", "reason")}
    more = "".join(f", {printable(key)} {printable(str(value))}" for key, value in facts.items())
    return f"{printable(str(event.payload.get('reason', '?')))}{more}"


def _final_words(event: Final) -> str:
    parts = [how_it_ended(event)]
    parts += [f"final text {quoted(event.final_text.encode('utf-8', 'replace'))}"] if event.final_text else []
    parts += [f"cost {event.cost_usd:g} USD"] if event.cost_usd is not None else []
    return ", ".join(parts)


def as_json(event: Event, *, frames: bool = False) -> dict[str, Any]:
    """An event as plain values: bytes in base64 and as text; with `frames` the rows of a frame too."""
    head: dict[str, Any] = {"seq": event.seq, "t_ms": event.t_ms, "kind": kind_of(event)}
    return head | dict(_facts(event, frames))


def _facts(event: Event, frames: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(event, Input | Output):
        yield from _bytes(event.data)
    if isinstance(event, Input):
        if event.size is not None:
            yield "size", {"columns": event.size.columns, "rows": event.size.rows}
        yield from ((n, v) for n in ("key", "signal", "source", "op", "redacted") if (v := getattr(event, n)))
        yield from [("mode", dict(event.mode))] if event.mode else []
        yield from [("masked", [list(pair) for pair in event.masked])] if event.masked else []
    elif isinstance(event, Output):
        yield from (("offset", event.offset), ("length", len(event.data)))
    elif isinstance(event, Frame):
        yield from _frame_facts(event, frames)
    elif isinstance(event, ServiceEvent):
        yield "payload", event.payload
    else:
        yield from _final_facts(event)


def _bytes(data: bytes) -> Iterator[tuple[str, Any]]:
    from base64 import b64encode

    if data:
        yield "bytes", b64encode(data).decode()
        yield "text", data.decode("utf-8", "replace")


def _frame_facts(event: Frame, frames: bool) -> Iterator[tuple[str, Any]]:
    screen = event.screen
    yield "size", {"columns": screen.columns, "rows": screen.rows}
    yield "cursor", cursor_facts(event.screen.cursor)
    yield from [("title", screen.title)] if screen.title else []
    yield from (("raw_start", event.raw_start), ("raw_end", event.raw_end), ("is_key", event.is_key))
    yield from [("rows", screen.text)] if frames else []


def cursor_facts(cursor: Any) -> dict[str, Any]:
    """A cursor as plain values."""
    return {"row": cursor.row, "column": cursor.column, "visible": cursor.visible}


def _final_facts(event: Final) -> Iterator[tuple[str, Any]]:
    status = event.exit
    yield "exit", None if status is None else {"code": status.code, "signal": status.signal}
    yield "duration_ms", event.duration_ms
    for name in ("final_text", "usage", "cost_usd", "metadata", "routing_actual", "session_log_path"):
        value = getattr(event, name)
        if value is not None:
            yield name, value
