"""Disk shape of `frames.jsonl`: key frames that stand alone, delta frames that say what changed.

A key frame has `text` (all rows) and `styles` in full. A delta frame has `rows` (new text of the rows whose text
changed), `spans` (the rows whose spans changed; an empty list clears a row) and the `styles` that are new. The
cursor, the size and a title that is not empty stand in every frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import msgspec

from cassette.format.limits import MAX_COLUMNS, MAX_LINE_BYTES, MAX_ROWS
from cassette.format.lines import BadLine, SizeLine
from cassette.model import MAX_SAFE_INTEGER, Frame
from terminal.snapshot import DEFAULT_STYLE, Cursor, Snapshot, Span, Style

KEY_EVERY_FRAMES = 64
KEY_EVERY_BYTES = 256 * 1024
FRAME_START = re.compile(
    rb'\{"seq":(\d{1,16}),"t_ms":(\d{1,16}),"size":\{"Rows":\d+,"Cols":\d+\},"(text|rows)":'
)
"""How each frame line begins: seq, t_ms, and `text` in a key frame, `rows` in a delta frame."""

_STYLE_FIELDS = tuple(field.name for field in fields(Style))


class _CursorLine(msgspec.Struct, frozen=True, omit_defaults=True):
    Row: int
    Col: int
    Visible: bool
    Shape: str = "block"
    Blinking: bool = True


class FrameLine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A line as it stands on disk; the names are the format's."""

    seq: int
    t_ms: int
    size: SizeLine
    text: list[str] | None = None
    rows: dict[int, str] | None = None
    cursor: _CursorLine
    title: str = ""
    alternate_screen: bool = False
    raw_start: int
    raw_end: int
    parser_offset: int
    spans: dict[int, list[tuple[int, int, int]]] = {}
    styles: list[dict[str, Any]] = []


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(FrameLine)
_PREFIX = len(b'{"seq":0,')


class FrameEncoder:
    """Turns frames into line bodies, in order; `full` writes key frames only."""

    def __init__(self, *, full: bool = False) -> None:
        self._full = full
        self._last: Snapshot | None = None
        self._styles: dict[Style, int] = {}
        self._since_key = 0
        self._key_end = 0

    def body(self, frame: Frame) -> bytes:
        """The line of a frame without `{"seq":N,` and newline."""
        known = 0
        last = self._last
        if last is None or self._is_key(frame, last):
            self._styles.clear()
            self._since_key, self._key_end = 0, frame.raw_end
            changes: dict[str, Any] = {"text": frame.screen.text, "spans": self._spans(frame.screen.spans)}
        else:
            self._since_key += 1
            known = len(self._styles)
            changes = self._changes(frame.screen, last)
        self._last = frame.screen
        styles = [_style_line(style) for style in list(self._styles)[known:]]
        return _encode(_frame_line(frame, styles=styles, **changes))[_PREFIX:]

    def _is_key(self, frame: Frame, last: Snapshot) -> bool:
        return (
            self._full
            or self._since_key + 1 >= KEY_EVERY_FRAMES
            or frame.raw_end - self._key_end >= KEY_EVERY_BYTES
            or (frame.screen.columns, frame.screen.rows) != (last.columns, last.rows)
        )

    def _changes(self, screen: Snapshot, last: Snapshot) -> dict[str, Any]:
        rows, spans = {}, {}
        for row in sorted(screen.changed_rows(last)):
            new, old = screen.lines[row], last.lines[row]
            if new.text != old.text:
                rows[row] = new.text
            if new.spans != old.spans:
                spans[row] = new.spans
        return {"rows": rows, "spans": self._spans(spans)}

    def _spans(self, spans: Mapping[int, Iterable[Span]]) -> dict[int, list[tuple[int, int, int]]]:
        styles = self._styles
        return {
            row: [(span.column, span.width, styles.setdefault(span.style, len(styles))) for span in row_spans]
            for row, row_spans in spans.items()
        }


def _frame_line(frame: Frame, **changes: Any) -> FrameLine:
    screen, cursor = frame.screen, frame.screen.cursor
    return FrameLine(
        seq=0,
        t_ms=frame.t_ms,
        size=SizeLine(screen.rows, screen.columns),
        raw_start=frame.raw_start,
        raw_end=frame.raw_end,
        parser_offset=frame.raw_end,
        cursor=_CursorLine(cursor.row, cursor.column, cursor.visible, cursor.shape, cursor.blinking),
        title=screen.title,
        alternate_screen=screen.alternate_screen,
        **changes,
    )


def _style_line(style: Style) -> dict[str, Any]:
    """A style without what is default."""
    return {
        name: value
        for name in _STYLE_FIELDS
        if (value := getattr(style, name)) != getattr(DEFAULT_STYLE, name)
    }


def parse_frame(line: bytes) -> FrameLine:
    """One line of `frames.jsonl`, checked but for what depends on the frames before it. Raises BadLine."""
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"a line of {len(line)} bytes, and {MAX_LINE_BYTES} is the limit")
    try:
        found = _decoder.decode(line)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadLine(str(error)) from None
    except RecursionError:
        raise BadLine("JSON nested too deep") from None
    if not 1 <= found.size.Cols <= MAX_COLUMNS or not 1 <= found.size.Rows <= MAX_ROWS:
        raise BadLine(f"a size of {found.size.Cols}x{found.size.Rows}")
    if not 0 <= found.raw_start <= found.raw_end <= MAX_SAFE_INTEGER:
        raise BadLine(f"raw_start {found.raw_start} and raw_end {found.raw_end} out of order")
    return found


def cursor_of(found: FrameLine) -> Cursor:
    """The cursor of a line."""
    cursor = found.cursor
    return Cursor(cursor.Row, cursor.Col, cursor.Visible, cursor.Shape, cursor.Blinking)


def style_of(document: dict[str, Any]) -> Style:
    """A style with the fields that this reader knows."""
    return Style(**{name: value for name, value in document.items() if name in _STYLE_FIELDS})
