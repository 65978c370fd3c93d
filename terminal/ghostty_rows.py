"""Rows of libghostty's render state as `Line` values: only those that changed are read.

A cell is one 64-bit number: content kind (2 bits), content (24), style (16), width kind (2), protected (1),
hyperlink (1). This layout belongs to the exact version of pyghostty that the extra pins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from terminal.cells import spans_of
from terminal.ghostty_library import check, ffi, grid_ref, lib
from terminal.pens import BLINK, BOLD, DEFAULT_PEN, DIM, HIDDEN, ITALIC, OVERLINE, REVERSE, RGB, STRIKE, Pen
from terminal.snapshot import EMPTY_LINE, Line

_KIND_MASK = 3
_TEXT, _GRAPHEME, _BACKGROUND_INDEX, _BACKGROUND_RGB = range(4)
_CONTENT_SHIFT, _CONTENT_MASK = 2, (1 << 24) - 1
_STYLE_SHIFT, _STYLE_MASK = 26, (1 << 16) - 1
_WIDTH_SHIFT = 42
_SPACER_TAIL = 2
_LINK = 1 << 45
_FLAGS = (
    ("bold", BOLD), ("faint", DIM), ("italic", ITALIC), ("blink", BLINK), ("inverse", REVERSE),
    ("invisible", HIDDEN), ("strikethrough", STRIKE), ("overline", OVERLINE),
)  # fmt: skip


class RowReader:
    """Reads the rows of one terminal. Its memory lives as long as it does."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._state = _owned(
            "GhosttyRenderState", lib.ghostty_render_state_new, lib.ghostty_render_state_free
        )
        self._rows = _owned(
            "GhosttyRenderStateRowIterator",
            lib.ghostty_render_state_row_iterator_new,
            lib.ghostty_render_state_row_iterator_free,
        )
        self._cells = _owned(
            "GhosttyRenderStateRowCells",
            lib.ghostty_render_state_row_cells_new,
            lib.ghostty_render_state_row_cells_free,
        )
        self._view = ffi.new("GhosttyCellsView *")
        self._y = ffi.new("uint16_t *")
        self._style = ffi.new("GhosttyStyle *")
        self._style.size = ffi.sizeof("GhosttyStyle")
        self._length = ffi.new("uint32_t *")
        self._cursor = ffi.new("GhosttyRenderStateCursor *")
        self._cursor.size = ffi.sizeof("GhosttyRenderStateCursor")

    def _update(self) -> None:
        check(lib.ghostty_render_state_update(self._state[0], self._handle), "render_state_update")

    def cursor_look(self) -> tuple[bool, bool, int]:
        """Whether the cursor is visible, whether it blinks, and the engine's number of its shape."""
        self._update()
        kind = lib.GHOSTTY_RENDER_STATE_DATA_CURSOR
        check(lib.ghostty_render_state_get(self._state[0], kind, self._cursor), "cursor")
        cursor = self._cursor
        return bool(cursor.visible), bool(cursor.blinking), int(cursor.visual_style)

    def changed_rows(self, everything: bool) -> Iterator[tuple[int, Line]]:
        """(row, line) for the rows that the engine touched since the last call, or for all of them."""
        self._update()
        kind = lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR
        check(lib.ghostty_render_state_get(self._state[0], kind, self._rows), "row_iterator")
        if everything:
            row = 0
            while lib.ghostty_render_state_row_iterator_next(self._rows[0]):
                yield row, self._line(row)
                row += 1
        else:
            while lib.ghostty_render_state_row_iterator_next_dirty(self._rows[0], self._y):
                yield self._y[0], self._line(self._y[0])
        lib.ghostty_render_state_clean(self._state[0])

    def _line(self, row: int) -> Line:
        get = lib.ghostty_render_state_row_get
        check(get(self._rows[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, self._view), "cells")
        raw = memoryview(ffi.buffer(self._view.ptr, self._view.len * 8)).cast("Q").tolist()
        if not any(raw):
            return EMPTY_LINE
        check(get(self._rows[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._cells), "cells")
        text = "".join([self._text(column, cell) for column, cell in enumerate(raw)]).rstrip(" ")
        spans = spans_of(self._pens(row, raw))
        return Line(text, spans) if text or spans else EMPTY_LINE

    def _text(self, column: int, cell: int) -> str:
        kind = cell & _KIND_MASK
        point = cell >> _CONTENT_SHIFT & _CONTENT_MASK
        if kind == _TEXT and point:
            return chr(point)
        if cell >> _WIDTH_SHIFT & 3 == _SPACER_TAIL:
            return ""
        return self._graphemes(column) if kind == _GRAPHEME else " "

    def _graphemes(self, column: int) -> str:
        cells = self._cells[0]
        get = lib.ghostty_render_state_row_cells_get
        lib.ghostty_render_state_row_cells_select(cells, column)
        check(get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, self._length), "graphemes")
        points = ffi.new("uint32_t[]", max(1, int(self._length[0])))
        check(get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, points), "graphemes")
        return "".join(chr(points[i]) for i in range(int(self._length[0]))) or " "

    def _pens(self, row: int, raw: list[int]) -> list[Pen]:
        pens: list[Pen] = []
        last_key, pen = -1, DEFAULT_PEN
        for column, cell in enumerate(raw):
            kind = cell & _KIND_MASK
            key = cell >> _STYLE_SHIFT & _STYLE_MASK
            if kind >= _BACKGROUND_INDEX:
                key = -2 - (cell & (1 << _STYLE_SHIFT) - 1)
            elif cell & _LINK:
                key = -1
            if key != last_key or key == -1:
                pen = self._pen(row, column, cell, key)
                last_key = key
            pens.append(pen)
        return pens

    def _pen(self, row: int, column: int, cell: int, key: int) -> Pen:
        content = cell >> _CONTENT_SHIFT & _CONTENT_MASK
        if key < -1:
            if cell & _KIND_MASK == _BACKGROUND_INDEX:
                return (-1, content, -1, 0, None)
            red, green, blue = content & 255, content >> 8 & 255, content >> 16 & 255
            return (-1, RGB | red << 16 | green << 8 | blue, -1, 0, None)
        link = self._link(row, column) if cell & _LINK else None
        if not cell >> _STYLE_SHIFT & _STYLE_MASK:
            return DEFAULT_PEN if link is None else (-1, -1, -1, 0, link)
        cells, style = self._cells[0], self._style
        lib.ghostty_render_state_row_cells_select(cells, column)
        kind = lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE
        check(lib.ghostty_render_state_row_cells_get(cells, kind, style), "style")
        flags = sum(bit for name, bit in _FLAGS if getattr(style, name)) | style.underline << 8
        colours = (_colour(style.fg_color), _colour(style.bg_color), _colour(style.underline_color))
        pen = (*colours, flags, link)
        return DEFAULT_PEN if pen == DEFAULT_PEN else pen

    def _link(self, row: int, column: int) -> str | None:
        reference = grid_ref(self._handle, column, row)
        length = ffi.new("size_t *")
        lib.ghostty_grid_ref_hyperlink_uri(reference, ffi.NULL, 0, length)
        if not length[0]:
            return None
        buffer = ffi.new("uint8_t[]", int(length[0]))
        check(lib.ghostty_grid_ref_hyperlink_uri(reference, buffer, len(buffer), length), "hyperlink")
        return bytes(ffi.buffer(buffer, int(length[0]))).decode("utf-8", "replace")


def _owned(kind: str, make: Any, free: Any) -> Any:
    """A handle that is freed when nobody holds it any more."""
    holder = ffi.new(kind + " *")
    check(make(ffi.NULL, holder), kind)
    return ffi.gc(holder, lambda pointer: free(pointer[0]))


def _colour(colour: Any) -> int:
    if colour.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(colour.value.palette)
    if colour.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        rgb = colour.value.rgb
        return RGB | int(rgb.r) << 16 | int(rgb.g) << 8 | int(rgb.b)
    return -1
