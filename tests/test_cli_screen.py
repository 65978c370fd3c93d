"""`cassette screen`: any moment's screen, as text, in colour, or as JSON."""

import json
import re

import pytest
from build_cassette import Tape, greeter
from cli_harness import refused, run, run_here

from cassette.errors import UsageError
from cassette.reading.moments import format_time, parse_time
from cassette.viewing.styled import cut_to, sgr, styled_rows
from terminal.emulator import make_emulator
from terminal.snapshot import Line, Snapshot, Span, Style

ONLY_SGR = re.compile(r"(?:\x1b\[[0-9;:]*m|[^\x00-\x1f\x7f-\x9f]|\n)*")


@pytest.fixture
def tape(tmp_path):
    return greeter().write(tmp_path / "tape")


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ([], ["name? Ada", "Hello, Ada", "grüß dich ✨"]),
        (["--at", "0"], ["name?"]),
        (["--at", "639ms"], ["name?"]),
        (["--at", "0.64"], ["name? Ada", "Hello, Ada"]),
        (["--at", "1:00:00"], ["name? Ada", "Hello, Ada", "grüß dich ✨"]),
        (["--seq", "2"], ["name?"]),
        (["--seq", "1"], []),
        (["--seq", "0"], []),
        (["--seq", "1", "--exact"], ["name?"]),
        (["--seq", "5", "--exact"], ["name? Ada"]),
        (["--until", "Hello"], ["name? Ada", "Hello, Ada"]),
        (["--until", "dich ✨"], ["name? Ada", "Hello, Ada", "grüß dich ✨"]),
        (["--until", "Ada", "--exact"], ["name? Ada"]),
    ],
)
def test_moments(options, rows, tape, capsys):
    result = run_here(capsys, "screen", tape, *options)
    assert (result.code, result.err) == (0, "")
    assert [row.rstrip() for row in result.out.splitlines()] == rows


def test_a_text_that_never_comes(tape):
    result = run("screen", tape, "--until", "nowhere")
    refused(result, 1, "'nowhere' never comes", "--exact")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--at", "later"], "--at later: that is no time"),
        (["--seq", "99"], "--seq 99: the last event is 12"),
        (["--seq", "-1"], "--seq"),
        (["--seq", "x"], "--seq"),
        (["--at", "1", "--seq", "2"], "not allowed with"),
        (["--until", ""], "--until needs a text"),
        (["--ansi", "--json"], "Give one of them"),
    ],
)
def test_wrong_usage(options, said, tape, capsys):
    refused(run_here(capsys, "screen", tape, *options), 2, said)


def test_json(tape):
    facts = json.loads(run("screen", tape, "--at", "0.7", "--json").out)
    assert facts["text"] == ["name? Ada", "Hello, Ada", "", ""]
    assert (facts["seq"], facts["t_ms"]) == (7, 640)
    assert facts["size"] == {"columns": 20, "rows": 4}
    assert facts["cursor"] == {"row": 0, "column": 0, "visible": True}
    assert facts["spans"] == {"1": [{"column": 7, "width": 3, "bold": True}]}
    assert facts["title"] == ""


def test_colours_and_styles(recordings, golden):
    result = run("screen", recordings["killed"], "--ansi")
    golden("screen/killed.ansi", result.out)
    assert "\x1b" not in run("screen", recordings["killed"]).out


def test_a_hostile_screen_prints_nothing_but_sgr_and_text(tmp_path):
    evil = "a\x1b]0;t\x07\u009b6n\u202e\u2028b"
    tape = (
        Tape()
        .output(0, b"x")
        .key(
            0,
            [evil],
            title=evil,
            spans={"0": [[0, 3, 0], [3, 2, 1]]},
            styles=[{"link": "x\x1b[6n"}, {"fg": 1}],
        )
    )
    path = tape.final(1).write(tmp_path / "tape")
    for options in ([], ["--ansi"]):
        result = run("screen", path, *options)
        assert result.code == 0
        assert ONLY_SGR.fullmatch(result.out), result.out
    assert "\u009b" not in run("screen", path, "--json").out


STYLED = (
    b"\x1b[1;3;4;31mbold\x1b[m plain \x1b[2;7;9;53mdim\x1b[m\r\n"
    b"\x1b[38;5;200;48;2;1;2;3mcolours\x1b[m \x1b[97;104mbright\x1b[m\r\n"
    b"\x1b[4:3m\x1b[58:5:9mcurly\x1b[m \x1b[4:2mdouble\x1b[m \x1b[5mblink\x1b[m \x1b[8mhidden\x1b[m\r\n"
    b"\x1b[44m\x1b[K\x1b[m\r\n" + "\x1b[32m你好\x1b[m ✨ \x1b[1me\u0301\x1b[m".encode()
)


def test_what_is_printed_looks_like_what_was_recorded():
    recorded, printed = make_emulator(columns=40, rows=8), make_emulator(columns=40, rows=8)
    recorded.feed(STYLED)
    printed.feed("\r\n".join(styled_rows(recorded.snapshot())).encode())
    assert printed.snapshot().lines == recorded.snapshot().lines


def test_a_style_that_is_no_style_prints_nothing():
    style = Style(fg="red", bg=999, underline="wavy", underline_color="#xyzxyz")
    assert sgr(style) == "4"
    line = Line("ab", (Span(0, 2, Style(link="http://a/")),))
    assert styled_rows(Snapshot(2, 1, (line,))) == ["ab"]


@pytest.mark.parametrize(
    ("text", "t_ms"),
    [
        ("1.5", 1500),
        ("1500ms", 1500),
        ("2s", 2000),
        (".5", 500),
        ("1:02.5", 62_500),
        ("1:00:00", 3_600_000),
        ("0", 0),
    ],
)
def test_times(text, t_ms):
    assert parse_time(text, "--at") == t_ms
    assert parse_time(format_time(t_ms), "--at") == t_ms


@pytest.mark.parametrize("text", ["9:99", "1:60", "1:99:00", "1:60:00", "", "x", "-1", "1:2:3:4"])
def test_no_times(text):
    with pytest.raises(UsageError, match="that is no time"):
        parse_time(text, "--at")


def test_a_line_is_cut_by_columns():
    assert cut_to("abc", 3) == "abc"
    assert cut_to("abcd", 3) == "ab…"
    assert cut_to("你好吗", 6) == "你好吗"
    assert cut_to("你好吗", 5) == "你好…"
    assert cut_to("你好吗", 4) == "你…"


def test_a_picture(tape, tmp_path, capsys):
    picture = tmp_path / "end.svg"
    done = run_here(capsys, "screen", tape, "--svg", picture)
    assert (done.code, done.out) == (0, "")
    assert picture.read_text("utf-8").startswith("<svg ")
    refused(
        run_here(capsys, "screen", tape, "--svg", tmp_path / "no" / "end.svg"),
        2,
        "cannot write",
        "Give a file",
    )
    refused(run_here(capsys, "screen", tape, "--svg", picture, "--json"), 2, "--json and --svg", "Give one")
