"""The tokenizer, the disassembler over it, and what holds for any bytes at all."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
import terminal_data as data
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.__main__ import main
from terminal.disassemble import pieces
from terminal.tokenizer import MAX_STRING, Tokenizer


def tokens(chunks: list[str]) -> list[str]:
    """The tokens of all chunks, texts joined, runs of SGR and CR LF taken apart."""
    tokenizer, result, text = Tokenizer(), [], ""
    for chunk in chunks:
        found = tokenizer.feed(chunk)
        assert len(found) % 2
        for index, token in enumerate(found):
            if index % 2 == 0:
                text += token
                continue
            result += [text] if text else []
            text = ""
            result += token.replace("\r\n", "\r\x00\n").replace("m\x1b[", "m\x00\x1b[").split("\x00")
    return [*result, text] if text else result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ab\r\ncd", ["ab", "\r", "\n", "cd"]),
        ("\x1b[31;1mx\x1b[0mz", ["\x1b[31;1m", "x", "\x1b[0m", "z"]),
        ("a\x1b[3\n1mb", ["a", "\n", "\x1b[31m", "b"]),
        ("a\x1b[3\x181mb", ["a", "\x18", "1mb"]),
        ("a\x1b[3\x1b[1mb", ["a", "\x1b[1m", "b"]),
        ("a\x1b[3\x7f1mb", ["a", "\x1b[31m", "b"]),
        ("a\x1b[1?hb", ["ab"]),
        ("a\x1b[?1 hb", ["a", "\x1b[?1 h", "b"]),
        ("a\x1b(0b", ["a", "\x1b(0", "b"]),
        ("a\x1b]0;t\x07b", ["a", "\x1b]0;t\x07", "b"]),
        ("a\x1b]0;t\x1b\\b", ["a", "\x1b]0;t\x1b\\", "b"]),
        ("a\x1b]0;t\ni\x07b", ["a", "\x1b]0;ti\x07", "b"]),
        ("a\x1b]0;t\x18b", ["a", "\x18", "b"]),
        ("a\x1b]0;t\x1b[31mb", ["a", "\x1b]0;t\x1b\\", "\x1b[31m", "b"]),
        ("a\x1bPq\x07x\x1b\\b", ["a", "\x1bPqx\x1b\\", "b"]),
        (
            "a\x1b_G\x1b\\\x1b^p\x1b\\\x1bXs\x1b\\b",
            ["a", "\x1b_G\x1b\\", "\x1b^p\x1b\\", "\x1bXs\x1b\\", "b"],
        ),
        ("a\u009b31mb", ["a", "\x1b[31m", "b"]),
        ("a\u0085b", ["a", "\x1bE", "b"]),
        ("a\u009d0;t\u009cb", ["a", "\x1b]0;t\x1b\\", "b"]),
        ("a\x1béb", ["ab"]),  # as xterm: the letter ends the sequence, and neither is shown
        ("a\x1b─b", ["ab"]),
        ("a\x1b(─b", ["ab"]),
        ("a\x1b[3─mb", ["amb"]),
        ("a\x1b[ ─qb", ["aqb"]),
        ("a\x1b[" + "1;" * 400 + "─mb", ["amb"]),
        ("a\x1b─\x1b[1m─", ["a", "\x1b[1m", "─"]),
        ("a\x1b[" + "1;" * 400 + "mb", ["ab"]),
        ("a\x1b]0;" + "x" * MAX_STRING + "\x07b", ["ab"]),
        ("a\x1b]0;" + "x" * 5000 + "\x07b", ["a", "\x1b]0;" + "x" * 5000 + "\x07", "b"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens([text]) == expected
    assert tokens(list(text)) == expected


def test_a_sequence_that_never_ends_keeps_nothing() -> None:
    tokenizer = Tokenizer()
    for _ in range(100):
        assert tokenizer.feed("x" * 10_000 if tokenizer.in_sequence else "\x1b]0;") == [""]
    assert sum(map(len, tokenizer._parts)) <= MAX_STRING


PARTS = st.sampled_from(
    [
        *"\x1b[]P\\\x07m1;?:\x18\n\r\u009b\u009céa\x7f( _!$pH中\u0301\u200d😀👍\t\x0e",
        *("👍🏻", "🇫", "❤️", "\x1b[?1049h", "\x1b[?1049l", "\x1b[2;3r", "\x1b[?6h", "\x1b[?7l", "\x1b[4h"),
        *(
            "\x1b[?2026h",
            "\x1b[?2027h",
            "\x1b7",
            "\x1b8",
            "\x1b[5b",
            "\x1b(0",
            "\x1b[K",
            "\x1b[1J",
            "\x1b[3@",
        ),
        *("\x1b[2P", "\x1b[44m", "\x1bM", "\x1b[c", '\x1b[1"q', "\x1b[?K", "hello world"),
    ]
)
OUTPUT = st.lists(PARTS, max_size=30).map(lambda parts: "".join(parts).encode())
BYTES = st.one_of(OUTPUT, st.binary(max_size=60))


@given(output=BYTES, cuts=st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=300)
def test_cutting_never_matters(output: bytes, cuts: list[int]) -> None:
    whole, cut = data.new("pyte", 12, 5), data.new("pyte", 12, 5)
    whole.feed(output)
    bounds = [0, *sorted(min(at, len(output)) for at in cuts), len(output)]
    for start, end in itertools.pairwise(bounds):
        cut.feed(output[start:end])
        cut.snapshot()  # looking changes nothing
        cut.dirty_rows()
    assert data.state(whole, probe=True) == data.state(cut, probe=True)


@given(output=BYTES, columns=st.integers(1, 30), rows=st.integers(1, 8), then=BYTES)
@settings(max_examples=300)
def test_a_screen_is_always_whole(output: bytes, columns: int, rows: int, then: bytes) -> None:
    emulator = data.new("pyte", 12, 5)
    emulator.feed(output)
    before = emulator.snapshot()
    emulator.resize(columns=columns, rows=rows)
    emulator.feed(then)
    screen = emulator.snapshot()
    assert (screen.columns, screen.rows, len(screen.lines)) == (columns, rows, rows)
    assert 0 <= screen.cursor.row < rows
    assert 0 <= screen.cursor.column < columns
    for line in screen.lines:
        assert line.text == line.text.rstrip(" ")
        ends = [0]
        for span in line.spans:
            assert span.width > 0
            assert ends[-1] <= span.column
            ends.append(span.column + span.width)
        assert ends[-1] <= columns
    assert before.diff(before).rows == {}


@given(output=OUTPUT, more=OUTPUT)
@settings(max_examples=200)
def test_lines_and_dirty_rows_tell_the_truth(output: bytes, more: bytes) -> None:
    """A row that keeps its line or is not called dirty shows what a fresh look shows."""
    emulator, fresh = data.new("pyte", 12, 5), data.new("pyte", 12, 5)
    emulator.feed(output)
    before = emulator.snapshot()
    emulator.feed(more)
    dirty = emulator.dirty_rows()
    after = emulator.snapshot()
    fresh.feed(output + more)
    assert after == fresh.snapshot()
    assert after.changed_rows(before) <= dirty


@given(output=BYTES)
@settings(max_examples=200)
def test_disassembly_covers_every_byte_once(output: bytes) -> None:
    position = 0
    for piece in pieces(output):
        assert position <= piece.start <= piece.end <= len(output)
        if piece.start < position:
            assert piece.end == position
        position = max(position, piece.end)
        assert str(piece)


def test_dis(capsys: pytest.CaptureFixture[str], tmp_path: data.Path) -> None:
    file = tmp_path / "output.raw"
    file.write_bytes(
        "é\x1b[1;38;5;9mhi\x1b[?2004h\x1b[5%z\x1b]52;c;eA==\x07\x1bP+q544e\x1b\\\r\n\x1b[3".encode()
    )
    assert main(["dis", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "00000000   text                               'é'",
        "00000002   SGR graphic rendition              \\x1b[1;38;5;9m  (fg 9, bold)",
        "00000013   text                               'hi'",
        "00000015   DECSET private mode                \\x1b[?2004h  (bracketed paste)",
        "00000023 ? CSI %z                             \\x1b[5%z",
        "00000028   OSC 52 clipboard                   \\x1b]52;c;eA==\\x07  (swallowed)",
        "00000040   DCS XTGETTCAP ask terminfo         \\x1bP+q544e\\x1b\\\\",
        "00000050   CR                                 \\r",
        "00000051   LF                                 \\n",
        "00000052   unfinished sequence                  (3 bytes)",
    ]
    assert main(["dis", "--unknown", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == [lines[4]]


def test_show(capsys: pytest.CaptureFixture[str], tmp_path: data.Path) -> None:
    file = tmp_path / "output.raw"
    file.write_bytes(b"one\r\n\x1b[1mtwo\x1b[m\x1b[?1049hthree\x1b[6n")
    assert main(["show", str(file), "--at", "12", "--size", "10x3", "--spans"]) == 0
    out = capsys.readouterr().out
    assert "|one       |\n|two       |" in out
    assert "cursor: row 1, column 3" in out
    assert "row 1: Span(column=0, width=3" in out
    assert main(["show", str(file), "--size", "10x3"]) == 0
    out = capsys.readouterr().out
    assert "alternate screen" in out
    assert "answers: b'\\x1b[2;9R'" in out
    assert main(["show", str(tmp_path / "none")]) == 2


def test_runs_as_a_module(tmp_path: data.Path) -> None:
    file = tmp_path / "output.raw"
    file.write_bytes(b"hello")
    command = [sys.executable, "-m", "terminal", "show", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=data.HERE.parent)
    assert "hello" in result.stdout
