"""What reaches a viewer's terminal: an allow-list, the same for every cut, and undone at the end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette.viewing.filtering import ViewFilter, safe_text
from terminal.emulator import make_emulator

DRAWS = [
    b"plain text\r\n",
    "wide 你好 ✨ e\u0301 👩\u200d💻".encode(),
    b"\x1b[1;38;5;81mred\x1b[m",
    b"\x1b[4:3m\x1b[58:2::1:2:3mcurly",
    b"\x1b[2J\x1b[H\x1b[10;20Hx\x1b[K",
    b"\x1b[?1049h\x1b[?25l\x1b[5;10r",
    b"\x1b7\x1b8\x1bM\x1bD\x1bE",
    b"\x1b(0lqk\x1b(B\x0e\x0f",
    b"\x1b[3L\x1b[2M\x1b[4P\x1b[5@\x1b[6X\x1b[2S\x1b[2T",
    b"a\tb\bc\x0b\x0c",
    b"\x1b[4habc\x1b[4l\x1b[?7l\x1b[?6h\x1b[?6l",
    b"\x1b[?2026hframe\x1b[?2026l",
    b"\x1b[2 q",
    b"\x1b[!p",
    b"\x1b]8;id=a;https://example.org/x?y=1\x1b\\link\x1b]8;;\x1b\\",
]
DROPPED = [
    b"\x1b[c", b"\x1b[>c", b"\x1b[=c", b"\x1b[0c", b"\x1bZ", b"\x05",  # who are you
    b"\x1b[5n", b"\x1b[6n", b"\x1b[?6n", b"\x1b[?996n", b"\x1b[?25$p", b"\x1b[4$p", b"\x1b[>q", b"\x1b[x",
    b"\x1b[?u", b"\x1b[>1u", b"\x1b[=5u", b"\x1b[<u", b"\x1b[1;2u", b"\x1b[>4;2m", b"\x1b[?4m",
    b"\x1b]4;1;?\x07", b"\x1b]10;?\x1b\\", b"\x1b]11;?\x07", b"\x1b]12;?\x07", b"\x1b]4;1;rgb:ff/0/0\x07",
    b"\x1b]104\x07", b"\x1b]11;#000000\x07",  # the palette
    b"\x1bP+q544e\x1b\\", b"\x1bP$qm\x1b\\", b"\x1bPq#0;2;0;0;0\x1b\\", b"\x1bPtmux;\x1b\x1b[c\x1b\\",
    b"\x1b_Gf=24;AAAA\x1b\\", b"\x1b^pm\x1b\\", b"\x1bXsos\x1b\\",
    b"\x1b]0;title\x07", b"\x1b]1;icon\x07", b"\x1b]2;title\x1b\\", b"\x1b[22;0t", b"\x1b[23t", b"\x1b[21t",
    b"\x1b]52;c;Y2xpcA==\x07", b"\x1b]52;c;?\x07", b"\x1b]5522;type=read\x07",
    b"\x1b[8;50;200t", b"\x1b[3;0;0t", b"\x1b[14t", b"\x1b[?3h", b"\x1b[?3l", b"\x1b[?40h", b"\x1b[?69h",
    b"\x1b[1;20s", b"\x1b[?1s", b"\x1b[?1r",
    b"\x1b[?1000h", b"\x1b[?1002;1006h", b"\x1b[?1004h", b"\x1b[?2004h", b"\x1b[?1h", b"\x1b=", b"\x1b>",
    b"\x1b[?66h", b"\x1b[?2031h", b"\x1b[?2048h", b"\x1b[2h", b"\x1b[12h", b"\x1b[?9h",
    b"\x1b[5i", b"\x1b[?4i", b"\x1b[0i",  # the printer
    b"\x1b]1337;File=name=eA==:AAAA\x07", b"\x1b]9;hello\x07", b"\x1b]777;notify;a;b\x07", b"\x1b]99;;hi\x1b\\",
    b"\x1b]7;file:///etc\x07", b"\x1b]133;A\x07", b"\x1b]22;wait\x07", b"\x1b]50;font\x07",
    b"\x1b]8;;file:///etc/passwd\x07", b"\x1b]8;;javascript:alert(1)\x07",
    b"\x1b[3J",  # the viewer's own history
    b"\x1b[1;2;3;4;5T",  # mouse tracking
    b"\x1bn", b"\x1bo", b"\x1b|", b"\x1b}", b"\x1b~", b"\x1bN", b"\x1bO", b"\x1b*0", b"\x1b+0", b"\x1b%@", b"\x1b G",
    b"\x1b[61\"p", b"\x1b[1\"q", b"\x1b[1q", b"\x1b[4;1y", b"\x1b[1;1;5;5;2;2$z", b"\x1b[2*x", b"\x1b[?5W", b"\x1b#8",
    b"\x07", b"\x00", b"\x11", b"\x13", b"\x18", b"\x1a", b"\x7f",
    "\u009bc".encode(), "\u009d0;title\u009c".encode(), "\u0090q\u009c".encode(),  # the same in 8-bit form
]  # fmt: skip

SAFE = re.compile(
    r"(?:[^\x00-\x1f\x7f-\x9f]|[\b\t\n\v\f\r\x0e\x0f]|\x1b[78DEHM]|\x1b[()][0AB]|(?:\x1b\[[0-9:;]*m)"
    r"|\x1b\[(?:\d{0,4}[:;]?)*[@A-IK-MPSXZ`abdefr]|\x1b\[[012]?J|\x1b\[\d{0,4}T|\x1b\[[03]?g|\x1b\[[su]"
    r"|\x1b\[(?:4|20)(?:;(?:4|20))*[hl]"
    r"|\x1b\[\?(?:5|6|7|12|25|47|1047|1048|1049|2026)(?:;(?:5|6|7|12|25|47|1047|1048|1049|2026))*[hl]"
    r"|\x1b\[[0-6]? q|\x1b\[!p|\x1b\[\?[012]?[JK]"
    r"|\x1b\]8;(?:id=[\w.-]+)?;(?:(?:https?://|mailto:)[!-~]+)?\x1b\\)*"
)


def viewed(data, cuts=()):
    """What the filter lets through of `data`, cut at these places."""
    view, at, out = ViewFilter(), 0, b""
    for cut in (*sorted(cuts), len(data)):
        out += view.feed(data[at:cut])
        at = cut
    return out


@pytest.mark.parametrize("data", DRAWS)
def test_what_draws_goes_through_unchanged(data):
    assert viewed(data) == data


@pytest.mark.parametrize("data", DROPPED)
def test_what_acts_is_dropped_and_what_is_around_it_stays(data):
    assert viewed(b"before" + data + b"after") == b"beforeafter"


@pytest.mark.parametrize("data", [*DRAWS, *DROPPED])
def test_every_cut_gives_the_same(data):
    data = b"<" + data + b">"
    whole = viewed(data)
    for cut in range(len(data)):
        assert viewed(data, [cut]) == whole, cut
    assert viewed(data, range(len(data))) == whole


def test_modes_that_only_draw_are_kept_out_of_a_mixed_sequence():
    assert viewed(b"\x1b[?1049;2004;25;1000h") == b"\x1b[?1049;25h"


def test_a_full_reset_clears_the_picture_and_not_the_viewers_settings():
    assert viewed(b"\x1b[?1049h\x1b[31mx\x1bc") == b"\x1b[?1049h\x1b[31mx\x1b[?1049l\x1b[m\x1b[H\x1b[2J"


def test_a_link_with_a_harmless_address_keeps_only_its_id():
    assert viewed(b"\x1b]8;x=y:id=7:z;http://a/\x07t") == b"\x1b]8;id=7;http://a/\x1b\\t"


def test_a_harmful_link_ends_the_harmless_one_before_it():
    data = b"\x1b]8;;http://a/\x07one\x1b]8;;file:///x\x07two"
    assert viewed(data) == b"\x1b]8;;http://a/\x1b\\one\x1b]8;;\x1b\\two"


def test_huge_numbers_are_cut_down():
    assert viewed(b"x\x1b[2000000000b\x1b[99999;99999H") == b"x\x1b[9999b\x1b[9999;9999H"


def test_the_bell_rings_only_when_asked_for():
    assert ViewFilter(bell=True).feed(b"a\x07b") == b"a\x07b"
    assert ViewFilter().feed(b"a\x07b") == b"ab"


def test_bytes_that_are_no_utf8_cannot_be_control_bytes():
    assert viewed(b"a\x9b6nb\xff") == "a\ufffd6nb\ufffd".encode()


def test_nothing_touched_is_nothing_undone():
    view = ViewFilter()
    view.feed(b"text\r\n\x1b[c\x1b[?25l\x1b[?25h")
    assert view.finish() == b""


def test_an_unfinished_sequence_is_never_written():
    view = ViewFilter()
    assert view.feed(b"a\x1b]8;;http://") == b"a"
    assert view.finish() == b""
    assert view.feed(b"b") == b"b"


FRAGMENTS = st.sampled_from(
    [*DRAWS, *DROPPED, b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x9b", b"\xe2\x9c", b";1", b"\x1bc"]
)
STREAMS = st.lists(FRAGMENTS | st.binary(max_size=8), max_size=25).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 400)))
def test_any_stream_cut_anywhere_gives_the_same_safe_output(data, cuts):
    whole = viewed(data)
    assert SAFE.fullmatch(whole.decode()), whole
    assert viewed(data, [cut for cut in cuts if cut <= len(data)]) == whole
    assert viewed(whole) == whole


@given(STREAMS)
def test_no_stream_makes_a_terminal_answer_or_leaves_it_changed(data):
    emulator, fresh = make_emulator(columns=30, rows=8), make_emulator(columns=30, rows=8).snapshot()
    view = ViewFilter()
    emulator.feed(view.feed(data) + view.finish())
    assert emulator.replies() == b""
    emulator.feed(b"\r\x1b[H\x1b[2Jx")  # what comes next looks as on a fresh terminal
    left = emulator.snapshot()
    assert (left.title, left.modes, left.alternate_screen) == ("", fresh.modes, False)
    assert left.lines[0].text == "x"
    assert left.spans == {}
    emulator.feed(b"\n" * 20 + b"end")
    assert emulator.snapshot().text[-1].endswith("end")  # no scroll region is left


@pytest.mark.parametrize("data", DRAWS)
def test_the_picture_is_the_same(data):
    raw, seen = make_emulator(columns=30, rows=8), make_emulator(columns=30, rows=8)
    raw.feed(data)
    seen.feed(viewed(data))
    assert seen.snapshot().lines == raw.snapshot().lines
    assert seen.snapshot().cursor == raw.snapshot().cursor


def test_text_of_a_screen_is_made_safe():
    assert safe_text("a\x1b[31mb\u009b\u202e\u2028\ud800c") == "a\ufffd[31mb\ufffd\ufffd\ufffd\ufffdc"
    assert safe_text("👩\u200d💻 \ue0b0 \u00a0ü") == "👩\u200d💻 \ue0b0 \u00a0ü"
