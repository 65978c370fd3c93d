"""What a program left on in a terminal, and what came from the terminal rather than from the person."""

import pytest

from cassette.recording.typed import Typed
from cassette.viewing.leftovers import Leftovers
from terminal.emulator import make_emulator

MODES = ["1", "9", "47", "66", "1000", "1002", "1003", "1004", "1006", "1047", "1049", "2004", "2026", "2031"]


def after(*parts):
    left = Leftovers()
    for part in parts:
        left.feed(part)
    return left


def at_every_split(data):
    return [(data[:n], data[n:]) for n in range(len(data) + 1)] + [
        tuple(data[n : n + 1] for n in range(len(data)))
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_that_is_on_is_switched_off_however_reads_cut_it(mode):
    for parts in at_every_split(b"text\x1b[?%sh more" % mode.encode()):
        assert after(*parts).reset() == b"\x1b[?%sl" % mode.encode(), parts


@pytest.mark.parametrize("mode", MODES)
def test_a_program_that_tidied_up_leaves_nothing(mode):
    for parts in at_every_split(b"\x1b[?%sh\x1b[?%sl" % (mode.encode(), mode.encode())):
        assert after(*parts).reset() == b"", parts


@pytest.mark.parametrize(
    ("on", "off"),
    [
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?7l", b"\x1b[?7h"),
        (b"\x1b=", b"\x1b>"),
        (b"\x1b[5 q", b"\x1b[0 q"),
        (b"\x1b[>1u", b"\x1b[<1u"),
        (b"\x1b[>1u\x1b[>5u", b"\x1b[<2u"),
        (b"\x1b[=5;1u", b"\x1b[=0u"),
        (b"\x1b[?1000;1006h", b"\x1b[?1006l\x1b[?1000l"),
        (b"\x1b[?1049h\x1b[?25l\x1b[?2004h", b"\x1b[?2004l\x1b[?1049l\x1b[?25h"),
    ],
)
def test_what_is_on_and_how_it_goes_off(on, off):
    assert after(on).reset() == off
    assert after(on, off).reset() == b""
    for parts in at_every_split(on):
        assert after(*parts).reset() == off, parts


@pytest.mark.parametrize(
    "tidy",
    [
        b"\x1b[?1049h\x1b[?25l\x1b=\x1b[>1u\x1bc",
        b"\x1b[?25l\x1b[?7l\x1b[?1h\x1b=\x1b[!p",
        b"\x1b[>1u\x1b[<u",
        b"\x1b[>1u\x1b[<9u",
        b"\x1b[=5u\x1b[=0;1u",
        b"\x1b[2 q\x1b[ q",
        b"plain \x1b[1;31mtext\x1b[m \x1b]0;title\x07",
        b"\x1b[?12h\x1b[?3h",  # not ours to judge
    ],
)
def test_nothing_is_left(tidy):
    assert after(tidy).reset() == b""


def test_a_terminal_is_as_before_and_can_be_put_back():
    program = b"\x1b[?1049h\x1b[?1h\x1b[?2004h\x1b[?25l\x1b[?1002h\x1b=hello"
    screen, left = make_emulator(columns=20, rows=4), after(program)
    fresh = screen.modes
    screen.feed(program)
    during = screen.modes
    assert during != fresh
    screen.feed(left.reset())
    assert screen.modes == fresh
    screen.feed(left.again())
    assert screen.modes == during


def test_a_long_sequence_that_never_ends_is_forgotten():
    left = after(b"\x1b[?" + b"1;" * 10_000)
    assert len(left._tail) < 100
    assert after(b"\x1b[?1;" * 1000, b"\x1b[?2004h").reset() == b"\x1b[?2004l"


# Answers and keys.


ANSWERS = [
    b"\x1b[?62;22c",
    b"\x1b[>1;10;0c",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[?2026;2$y",
    b"\x1b[?0u",
    b"\x1b[8;24;80t",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]4;1;rgb:cdcd/0000/0000\x07",
    b"\x1bP>|xterm(370)\x1b\\",
    b"\x1bP1+r544e=787465\x1b\\",
    b"\x1bP1$r0m\x1b\\",
]
KEYS = [
    b"a",
    b"\x1b",
    b"\x1b[A",
    b"\x1bOA",
    b"\x1b[15~",
    b"\x1b[1;5C",
    b"\x1b[1;2R",
    b"\x1b[1;2P",
    b"\x1bP",
    b"\x1b]",
]
KEYS += [b"\x03", "ü✨".encode(), b"\xff\x00\x80", b"\x1b[200~pasted\x1b[201~", b"\x1b[<0;3;4M", b"\x1b[I"]


def told(*reads, printed=b""):
    typed = Typed()
    typed.printed(printed)
    return [piece for data in reads for piece in typed.pieces(data)]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_the_terminals(answer):
    assert told(answer) == [(True, answer)]
    assert told(b"ab" + answer + b"c") == [(False, b"ab"), (True, answer), (False, b"c")]
    assert told(answer + answer) == [(True, answer * 2)]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_the_persons(key):
    assert told(key) == [(False, key)]
    assert told(key, b"x") == [(False, key), (False, b"x")]


@pytest.mark.parametrize("data", [*ANSWERS, *KEYS, b"".join(ANSWERS + KEYS)])
def test_nothing_is_held_back_or_lost(data):
    for parts in at_every_split(data):
        typed = Typed()
        for part in parts:
            assert b"".join(piece for _, piece in typed.pieces(part)) == part


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_rest_of_an_answer_that_a_read_cut_is_the_terminals(answer):
    for cut in range(1, len(answer)):
        whose = told(answer[:cut], answer[cut:])
        assert whose[-1] == (True, answer[cut:]), cut
        if cut > 4:
            assert whose[0] == (True, answer[:cut]), cut


def test_escape_and_then_text_is_all_the_persons():
    reads = [b"\x1b", b"P", b"0", b"w", b":wq\r", b"\x1b", b"]", b"]", b"x" * 5000]
    assert told(*reads) == [(False, data) for data in reads]


@pytest.mark.parametrize("report", [b"\x1b[1;2R", b"\x1b[1;16R"])
def test_a_cursor_report_is_one_only_while_it_is_owed(report):
    typed = Typed()
    assert typed.pieces(report) == [(False, report)]  # shift+f3 and the like
    typed.printed(b"where? \x1b[6n")
    assert typed.pieces(b"x" + report + report) == [(False, b"x"), (True, report), (False, report)]
    for cut in (b"\x1b", b"\x1b[", b"\x1b[6"):
        typed.printed(cut)
        typed.printed(b"\x1b[6n"[len(cut) :])
        assert typed.pieces(report) == [(True, report)]
    assert typed.pieces(b"\x1b[12;40R") == [(True, b"\x1b[12;40R")]  # no key is so
