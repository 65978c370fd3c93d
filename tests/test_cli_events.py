"""`cassette events`: every event on a line of its own, readable, and nothing that acts on a terminal."""

import base64
import json

import pytest
from build_cassette import Tape, greeter
from cli_harness import OnTerminal, refused, run, run_here

from cassette.model import Input
from cassette.viewing.readable import KINDS, keys_of, quoted, words


def test_every_event_is_a_line(tmp_path, golden):
    result = run("events", greeter().write(tmp_path / "tape"))
    assert (result.code, result.err) == (0, "")
    golden("events/greeter.txt", result.out)


def test_the_screens_of_frames_can_be_drawn(tmp_path, golden):
    result = run("events", greeter().write(tmp_path / "tape"), "--frames", "--kind", "frame")
    golden("events/frames.txt", result.out)


def test_json_lines_hold_every_byte(tmp_path):
    path = greeter().write(tmp_path / "tape")
    events = [json.loads(line) for line in run("events", path, "--json").out.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["kind"] for event in events} <= set(KINDS)
    outputs = [event for event in events if event["kind"] == "output"]
    assert b"".join(base64.b64decode(e["bytes"]) for e in outputs) == (path / "output.raw").read_bytes()
    assert "rows" not in events[1]
    frames = run("events", path, "--json", "--frames", "--kind", "frame").out.splitlines()
    assert json.loads(frames[0])["rows"][0] == "name?"


def test_kinds_and_times_choose(tmp_path):
    path = greeter().write(tmp_path / "tape")

    def seqs(*options):
        return [int(line.split()[0]) for line in run("events", path, *options).out.splitlines()]

    assert seqs("--kind", "input") == [3, 4]
    assert seqs("--kind", "input", "--kind", "final") == [3, 4, 12]
    assert seqs("--from", "0.62", "--to", "640ms") == [4, 5, 6, 7]
    assert seqs("--from", "10") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--kind", "nothing"], "--kind nothing"),
        (["--from", "soon"], "--from soon"),
        (["--to", "-1"], "--to"),
        (["--from", "nan"], "--from nan"),
        (["--from", "2", "--to", "1"], "--to 1 is before --from 2"),
    ],
)
def test_wrong_usage(options, said, tmp_path, capsys):
    refused(run_here(capsys, "events", greeter().write(tmp_path / "tape"), *options), 2, said)


def test_lines_are_cut_on_a_terminal_only(recordings):
    with OnTerminal(f"{{cassette}} events {recordings['greeter']}", columns=30, NO_COLOR="1") as shown:
        pass
    lines = shown.output.decode().splitlines()
    assert any(line.endswith("…") for line in lines)
    assert shown.screen.text[: len(lines)] == [line.rstrip() for line in lines]  # nothing wrapped
    assert any(len(line) > 60 for line in run("events", recordings["greeter"]).out.splitlines())


def test_nothing_recorded_acts_on_the_terminal(tmp_path):
    tape = (
        Tape()
        .output(0, b"\x1b]0;t\x07\xc2\x9b2J\xff")
        .input(1, b"\x1b[6n\x00")
        .key(2, ["\x1b[2J\u009b\u202e"])
    )
    tape.input(3, kind="mark", op="\x1b[c").input(4, kind="signal", signal="\x1b[c").gap(5, "\x1b[c")
    path = tape.service(6, {"a": "\x1b\u009bü\u202e"}).final(7, final_text="\x1b[c").write(tmp_path / "t")
    for options in ([], ["--json"], ["--frames"], ["--json", "--frames"]):
        result = run("events", path, *options)
        assert result.code == 0
        assert not set(result.out) & {
            *map(chr, range(10)),
            *map(chr, range(11, 32)),
            *map(chr, range(127, 160)),
            "\u202e",
        }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"ls -l\r", '"ls -l" <enter>'),
        (b"\x03", "<ctrl+c>"),
        (b"\x1b[A\x1bOB", "<up> <down>"),
        (b"\x1b[1;5C", "<ctrl+right>"),
        (b"\x1b", "<escape>"),
        (b"\x1bf", "<alt+f>"),
        (b"\t\x1b[Z\x7f", "<tab> <shift+tab> <backspace>"),
        (b"\x00", "<ctrl+space>"),
        (b"\x1b[200~", r'"\x1b[200~"'),
        (b"<enter>", '"<enter>"'),
        (b'say "hi\\"', r'"say \"hi\\\""'),
        ("ü ✨".encode(), '"ü ✨"'),
        (b"", '""'),
    ],
)
def test_keys_have_names(data, said):
    assert keys_of(data) == said


def test_bytes_that_are_no_text_are_escaped():
    assert quoted(b"\xe2\x9c \xff\x1b\x00\xc2\x85\xe2\x80\xae") == r'"\xe2\x9c \xff\x1b\x00\x85\u202e"'


def test_hidden_input_shows_no_filler():
    assert words(Input(1, 0, "input", b"filler\r", redacted="echo-off")) == "hidden (echo-off) <enter>"
    assert words(Input(1, 0, "input", b"a**b", masked=((1, 2),))) == '"a**b" (2 bytes masked)'
