"""Snapshots, styles, sizes and the interface of emulators; what the reference data does not look at."""

from __future__ import annotations

import importlib.util
import re

import pytest
import terminal_data as data

from terminal.emulator import (
    EmulatorNotInstalledError,
    Identity,
    UnknownEmulatorError,
    known_emulators,
    make_emulator,
)
from terminal.snapshot import DEFAULT_STYLE, EMPTY_LINE, Line, Span, Style
from terminal.widths import TABLE_NAME, split_cells

BOTH = pytest.mark.parametrize("name", ["pyte", "ghostty"])


def screen_of(text: str | bytes, name: str = "pyte", columns: int = 20, rows: int = 4) -> data.Any:
    emulator = data.new(name, columns, rows)
    emulator.feed(text.encode() if isinstance(text, str) else text)
    return emulator.snapshot()


# -- styles -------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("sgr", "style"),
    [
        ("1", Style(bold=True)),
        ("2", Style(dim=True)),
        ("3", Style(italic=True)),
        ("4", Style(underline="single")),
        ("4:1", Style(underline="single")),
        ("4:2", Style(underline="double")),
        ("21", Style(underline="double")),
        ("4:3", Style(underline="curly")),
        ("4:4", Style(underline="dotted")),
        ("4:5", Style(underline="dashed")),
        ("5", Style(blink=True)),
        ("7", Style(reverse=True)),
        ("8", Style(hidden=True)),
        ("9", Style(strike=True)),
        ("53", Style(overline=True)),
        ("31", Style(fg=1)),
        ("97", Style(fg=15)),
        ("44", Style(bg=4)),
        ("103", Style(bg=11)),
        ("38;5;196", Style(fg=196)),
        ("38:5:196", Style(fg=196)),
        ("48;2;1;2;3", Style(bg="#010203")),
        ("48:2::1:2:3", Style(bg="#010203")),
        ("38:2:1:2:3", Style(fg="#010203")),
        ("58;5;9", Style(underline_color=9)),
        ("58:2::255:0:0", Style(underline_color="#ff0000")),
        ("1;2;22;3", Style(italic=True)),
        ("1;31;44;0;9", Style(strike=True)),
        ("31;39;1", Style(bold=True)),
        ("4:3;24;1", Style(bold=True)),
        ("1;38;5;9;4", Style(bold=True, fg=9, underline="single")),
        ("38;2;1;2;3;1", Style(fg="#010203", bold=True)),
        ("01;031", Style(bold=True, fg=1)),
        (";1", Style(bold=True)),
    ],
)
def test_style(sgr: str, style: Style, name: str) -> None:
    screen = screen_of(f"a\x1b[{sgr}mXY\x1b[mb", name)
    assert screen.text[0] == "aXYb"
    assert screen.spans == {0: (Span(1, 2, style),)}


@pytest.mark.parametrize(
    "sgr", ["38;5;300", "38;2;1;2", "38", "4:9", "38:5", "38:2:1", "999", "38;2;256;0;0"]
)
def test_what_is_no_style_changes_nothing(sgr: str) -> None:
    assert screen_of(f"\x1b[{sgr}mX").spans == {}


@BOTH
def test_coloured_blanks_lie_beyond_the_text(name: str) -> None:
    screen = screen_of("ab\x1b[44m\x1b[K\x1b[2;1H\x1b[7m  \x1b[m", name)
    assert screen.text[:2] == ["ab", ""]
    assert screen.spans == {0: (Span(2, 18, Style(bg=4)),), 1: (Span(0, 2, Style(reverse=True, bg=4)),)}


@pytest.mark.parametrize(
    "erase", ["\x1b[J", "\x1b[2J", "\x1b[20X", "\x1b[2K", "\x1b[L", "\x1b[20P", "\x1b[20@"]
)
def test_erasing_leaves_the_background_and_nothing_else(erase: str) -> None:
    screen = screen_of(f"some text\r\x1b[1;4;31;45m{erase}")
    assert screen.spans[0] == (Span(0, 20, Style(bg=5)),)


@pytest.mark.parametrize(
    ("final", "shown"),
    [
        ("B", "x"),
        ("1", "x"),
        ("2", "x"),
        ("K", "x"),
        ("0", "│"),
        ("m", "│"),
        ("8", "│"),
        ("@", "│"),
        ("%5", "│"),
    ],
)
def test_a_character_set_that_is_not_known_is_not_designated(final: str, shown: str) -> None:
    """As xterm, where the national sets are ASCII until a program asks for them, and 1 and 2 are the alternate ROM."""
    assert screen_of(f"\x1b(0\x1b({final}x").lines[0].text == shown


@BOTH
def test_link(name: str) -> None:
    screen = screen_of("\x1b]8;id=1;http://a/\x07ab\x1b[1mc\x1b]8;;\x07d", name)
    link = "http://a/"
    assert screen.spans[0] == (
        Span(0, 2, Style(link=link)),
        Span(2, 1, Style(bold=True, link=link)),
        Span(3, 1, Style(bold=True)),
    )


def test_a_link_survives_sgr_0_and_ends_with_ris() -> None:
    assert screen_of("\x1b]8;;u\x07\x1b[1m\x1b[mx").spans[0] == (Span(0, 1, Style(link="u")),)
    assert screen_of("\x1b]8;;u\x07\x1bcx").spans == {}


# -- snapshots ----------------------------------------------------------------------------------------------


@BOTH
def test_cursor_title_modes_and_screen(name: str) -> None:
    screen = screen_of("\x1b]2;title ✓\x07\x1b[2;3H\x1b[4 q\x1b[?25l\x1b[?1049h\x1b[?2004h", name)
    assert (screen.cursor.row, screen.cursor.column) == (1, 2)
    assert (screen.cursor.visible, screen.cursor.shape, screen.cursor.blinking) == (False, "underline", False)
    assert screen.title == "title ✓"
    assert screen.alternate_screen
    assert screen.modes.bracketed_paste
    assert not screen.modes.application_cursor
    assert screen_of("\x1b[6 q", name).cursor.shape == "bar"
    assert screen_of("\x1b[5 q", name).cursor.blinking


@BOTH
def test_rows_that_did_not_change_keep_their_line(name: str) -> None:
    emulator = data.new(name, 20, 4)
    emulator.feed(b"one\r\ntwo\r\nthree\r\nfour")
    assert emulator.dirty_rows() == {0, 1, 2, 3}
    before = emulator.snapshot()
    assert emulator.dirty_rows() == set()
    emulator.feed(b"\x1b[2;1HTWO\x1b[3;1Hthree")
    assert 1 in emulator.dirty_rows()
    after = emulator.snapshot()
    assert [a is b for a, b in zip(before.lines, after.lines, strict=True)] == [True, False, True, True]
    assert after.changed_rows(before) == {1}
    emulator.feed(b"\x1b[4;1H\r\nfive")
    scrolled = emulator.snapshot()
    assert [scrolled.lines[i] is after.lines[i + 1] for i in range(3)] == [True] * 3


@BOTH
def test_equal_screens_are_equal(name: str) -> None:
    one, two = screen_of("a\x1b[31mb", name), screen_of("\x1b[31m\x1b[2Gb\x1b[m\ra\x1b[2C", name)
    assert one.lines == two.lines
    assert hash(one.lines[0]) == hash(two.lines[0])
    assert not one.diff(screen_of("a\x1b[31mb", name))


def test_difference() -> None:
    before, after = screen_of("one\r\ntwo"), screen_of("one\r\n\x1b[1mtwo\r\n3\x1b]2;t\x07")
    difference = before.diff(after)
    assert set(difference.rows) == {1, 2}
    assert difference.fields == ("cursor", "title")
    assert "styles differ" in str(difference)
    assert "+ '3'" in str(difference)
    small = screen_of("one", rows=2)
    assert set(before.diff(small).rows) == {1, 2, 3}


def test_region_and_search() -> None:
    screen = screen_of("name  value\r\n中文  x\r\nabc")
    assert screen.region(left=6) == ["value", "x", "", ""]
    assert screen.region(left=0, right=4, top=1, bottom=2) == ["中文"]
    assert screen.region(left=1, right=4, top=1, bottom=2) == [" 文"]
    assert screen.lines[1].cut(0, 3) == "中 "
    assert screen.lines[1].cut(5, 9) == " x  "
    assert screen.lines[1].cut(30, 33) == "   "
    assert (screen.find("value").row, screen.find("value").index) == (0, 6)
    assert screen.find(re.compile(r"a\wc")).text == "abc"
    assert screen.find("nothing") is None
    assert "文" in screen
    assert "nothing" not in screen


def test_a_lines_style_by_column() -> None:
    line = screen_of("ab\x1b[1mcd").lines[0]
    assert line.style_at(1) == DEFAULT_STYLE
    assert line.style_at(3) == Style(bold=True)
    assert line.style_at(19) == DEFAULT_STYLE
    assert Line() == EMPTY_LINE


# -- widths -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a中b", [("a", 1), ("中", 2), ("b", 1)]),
        ("e\u0301x", [("e\u0301", 1), ("x", 1)]),
        ("👍🏻x", [("👍", 2), ("🏻", 2), ("x", 1)]),
        ("❤️x", [("❤️", 1), ("x", 1)]),
    ],
)
def test_cells(text: str, cells: list[tuple[str, int]]) -> None:
    assert list(split_cells(text)) == cells
    screen = screen_of(text)
    assert screen.text[0] == text
    assert screen.cursor.column == sum(width for _, width in cells)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("👍🏻", 2),
        ("❤️", 2),
        ("👨‍👩‍👧", 2),
        ("👩‍❤️‍👨", 2),
        ("🏳️‍🌈", 2),
        ("🇫🇷", 2),
        ("🇫🇷🇩🇪", 4),
        ("1️⃣", 2),
        ("a中", 3),
    ],
)
def test_clusters_when_the_program_asked_for_them(text: str, columns: int) -> None:
    assert sum(width for _, width in split_cells(text, clusters=True)) == columns
    for chunks in ([text.encode()], data.by_byte(text.encode())):
        emulator = data.new("pyte", 20, 2)
        emulator.feed(b"\x1b[?2027h")
        for chunk in chunks:
            emulator.feed(chunk)
        assert emulator.snapshot().text[0] == text
        assert emulator.cursor.column == columns
        ghostty = data.new("ghostty", 20, 2)
        ghostty.feed(b"\x1b[?2027h" + text.encode())
        assert ghostty.cursor.column == columns


def test_a_flood_of_combining_marks_is_capped() -> None:
    assert len(screen_of("a" + "\u0301" * 1000).text[0]) == 32


# -- sizes --------------------------------------------------------------------------------------------------


def resized(text: str, columns: int, rows: int, then: str = "Z") -> data.Any:
    emulator = data.new("pyte", 20, 4)
    emulator.feed(text.encode())
    emulator.resize(columns=columns, rows=rows)
    emulator.feed(then.encode())
    return data.trimmed(emulator.snapshot().text)


def test_lines_that_wrapped_are_wrapped_anew() -> None:
    text = "0123456789abcdefghijKLM\r\nnext"
    assert resized(text, 40, 4) == ["0123456789abcdefghijKLM", "nextZ"]
    assert resized(text, 10, 4) == ["0123456789", "abcdefghij", "KLM", "nextZ"]
    assert resized("a" * 19 + "中b\r\nnext", 30, 4) == ["a" * 19 + "中b", "nextZ"]
    assert resized("ab中中中中中中\r\nnext", 5, 6) == ["ab中", "中中", "中中", "中", "nextZ"]


def test_a_taller_screen_brings_rows_back() -> None:
    text = "\r\n".join(f"line{i}" for i in range(8))
    assert resized(text, 20, 6) == ["line2", "line3", "line4", "line5", "line6", "line7Z"]
    assert resized(text + "\x1b[3J", 20, 6) == ["line4", "line5", "line6", "line7Z"]
    assert resized(text, 20, 2) == ["line6", "line7Z"]


def test_the_screen_that_is_not_shown_is_resized_too() -> None:
    text = "0123456789abcdefghijKLM\r\nnext\x1b[?1049hALT"
    assert resized(text, 40, 4, "\x1b[?1049lZ") == ["0123456789abcdefghijKLM", "nextZ"]
    assert resized(text, 10, 3, "") == ["", "     ALT"] or resized(text, 10, 3, "")[-1].strip().startswith(
        "ALT"
    )


@BOTH
@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 1), (1, 9), (200, 1), (3, 100)])
def test_extreme_sizes(columns: int, rows: int, name: str) -> None:
    emulator = data.new(name, 20, 4)
    emulator.feed("0123456789abcdefghijKLM中\r\nnext\x1b[2;3r\x1b7".encode())
    emulator.resize(columns=columns, rows=rows)
    emulator.feed("中x\x1b8\tq\r\n\x1b[5;5Hw\x1b[3L\x1b[9P\x1b[?1049hA\x1b[?1049l".encode())
    screen = emulator.snapshot()
    assert (screen.columns, screen.rows, len(screen.lines)) == (columns, rows, rows)


# -- interface ----------------------------------------------------------------------------------------------


def test_known_emulators_and_their_identity() -> None:
    assert known_emulators() == ("pyte", "ghostty")
    identity = make_emulator(columns=80, rows=24).identity
    assert identity.name == "pyte"
    assert re.fullmatch(r"0\.8\.\d+\+ours\.\d+\." + TABLE_NAME, identity.version)
    assert make_emulator("pyte", columns=1, rows=1).identity == identity
    assert str(Identity("a", "1")) == "a 1"


def test_unknown_emulator_names_near_misses() -> None:
    with pytest.raises(UnknownEmulatorError, match="did you mean 'ghostty'"):
        make_emulator("gostty", columns=80, rows=24)
    with pytest.raises(ValueError, match="no cells"):
        make_emulator("pyte", columns=0, rows=24)


def test_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.emulator.find_spec", lambda _: None)
    with pytest.raises(EmulatorNotInstalledError, match=re.escape("pip install 'pty-cassette[ghostty]'")):
        make_emulator("ghostty", columns=80, rows=24)


def test_the_extra_pins_the_binding() -> None:
    if importlib.util.find_spec("pyghostty") is None:
        pytest.skip("the extra `ghostty` is not installed")
    import tomllib

    from terminal.ghostty_library import VERSION

    project = tomllib.loads((data.HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["optional-dependencies"]["ghostty"] == [f"pyghostty=={VERSION}"]


# -- synchronized updates -----------------------------------------------------------------------------------

BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"


@BOTH
@pytest.mark.parametrize(
    ("output", "ends"),
    [
        (b"ab" + BEGIN + b"cd" + END + b"ef", [20]),
        (BEGIN + b"l r c p hello" + END + "é中".encode() + BEGIN + END, [29, 50]),
        (BEGIN + b"x\x1bcy", [11]),
        (BEGIN + b"\x1b[?25;2026ly", [19]),
        (b"no update at all \x1b[?25l", []),
        (BEGIN + b"never ends", []),
        (END + b"never began", []),
        (BEGIN + b"\x1b[?20\x0026ly", [17]),
    ],
)
def test_synchronized_updates_end_at_their_byte(output: bytes, ends: list[int], name: str) -> None:
    emulator = data.new(name, 40, 4)
    position, found = 0, []
    while position < len(output):
        position = emulator.feed_to_sync_end(output, position)
        if position < len(output) or not emulator.synchronized:
            found.append(position)
    assert [end for end in found if end < len(output)] == [end for end in ends if end < len(output)]
    whole = data.new(name, 40, 4)
    whole.feed(output)
    assert data.state(emulator) == data.state(whole)


@pytest.mark.parametrize(
    "output", [b"a" + BEGIN + "中b".encode() + END + b"c" + BEGIN + b"\x1bcd", BEGIN + END + BEGIN]
)
def test_synchronized_updates_end_wherever_the_bytes_are_cut(output: bytes) -> None:
    def stops(chunks: list[bytes]) -> list[int]:
        """Stops inside a chunk; where a chunk ends just there, the caller is at that byte anyway."""
        emulator = data.new("pyte", 40, 4)
        found, before = [], 0
        for chunk in chunks:
            position = 0
            while (position := emulator.feed_to_sync_end(chunk, position)) < len(chunk):
                found.append(before + position)
            before += len(chunk)
        return found

    expected = stops([output])
    assert expected
    for chunks in data.at_every_split(output):
        assert stops(chunks) == [end for end in expected if end != len(chunks[0])]
