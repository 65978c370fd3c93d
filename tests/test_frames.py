"""When a frame is taken, clause by clause; and frame lines: what is written is what is read."""

import pytest
from frame_events import final, gap, mark, mode, output, resize, service, signal, terminal_answer, typed

from cassette.format.frame_decoder import FrameDecoder
from cassette.format.frames import KEY_EVERY_BYTES, KEY_EVERY_FRAMES, FrameEncoder
from cassette.format.lines import BadLine, with_seq
from cassette.frames import same_picture, settled
from cassette.model import Frame
from terminal.emulator import make_emulator
from terminal.snapshot import Cursor, Line, Snapshot, Span, Style

BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"


def run(*events, columns=20, rows=4):
    return list(settled(events, make_emulator(columns=columns, rows=rows)))


def frames(*events):
    """(t_ms, raw_end, first row) of each frame."""
    found = [event for event in run(*events) if isinstance(event, Frame)]
    return [(frame.t_ms, frame.raw_end, frame.screen.text[0]) for frame in found]


# When output is followed by something that counts.


@pytest.mark.parametrize("following", [typed, resize, signal, final], ids=lambda make: make.__name__)
def test_due_at_once_before_input_resize_signal_and_end(following):
    assert frames(output(5, b"hi"), following(6))[0] == (5, 2, "hi")


def test_frame_stands_behind_its_output_and_before_what_made_it_due():
    kinds = [type(event).__name__ for event in run(output(0, b"hi"), typed(1), final(2))]
    assert kinds == ["Output", "Frame", "Input", "Final"]


@pytest.mark.parametrize(
    "between", [terminal_answer, mode, mark, service, gap], ids=lambda make: make.__name__
)
def test_what_does_not_count_makes_nothing_due(between):
    assert frames(output(0, b"a"), between(5), output(10, b"b"), final(50)) == [(10, 2, "ab")]


@pytest.mark.parametrize(
    "between", [terminal_answer, mode, mark, service, gap], ids=lambda make: make.__name__
)
def test_frame_stands_before_what_came_later_than_its_output(between):
    kinds = [type(event).__name__ for event in run(output(0, b"a"), between(5), output(40, b"b"), final(50))]
    assert kinds[:2] == ["Output", "Frame"]


def test_evidence_keeps_its_order():
    events = [output(0, b"a"), mark(0), mark(3), service(4), output(40, b"b"), mark(41), typed(42), final(43)]
    assert [event for event in run(*events) if not isinstance(event, Frame)] == events


# When output is followed by output.


def test_settled_after_30_ms_and_not_after_29():
    assert frames(output(0, b"a"), output(29, b"b"), output(59, b"c"), final(59)) == [
        (29, 2, "ab"),
        (59, 3, "abc"),
    ]


def test_settle_ms_can_be_another():
    events = [output(0, b"a"), output(40, b"b"), output(50, b"c"), final(50)]
    found = list(settled(events, make_emulator(columns=20, rows=4), settle_ms=10))
    assert [event.t_ms for event in found if isinstance(event, Frame)] == [0, 40, 50]


def test_output_of_equal_time_counts_as_one():
    assert frames(output(0, b"a"), output(0, b"b"), output(40, b"c"), final(40)) == [
        (0, 2, "ab"),
        (40, 3, "abc"),
    ]


def test_after_1000_ms_of_painting_at_a_change_of_time():
    events = [output(t, b"%d" % (t // 20 % 10)) for t in range(0, 1080, 20)]
    assert [t for t, *_ in frames(*events, final(1080))] == [980, 1060]


def test_painting_is_counted_from_the_first_output_since_the_last_frame():
    busy = [output(5000 + t, b"%d" % (t // 20 % 10)) for t in range(0, 1040, 20)]
    assert [t for t, *_ in frames(output(0, b"a"), *busy, final(6040))] == [0, 5980, 6020]


# Synchronized updates.


def test_no_frame_inside_an_update():
    assert frames(output(0, BEGIN + b"half"), output(500, b" whole" + END), final(501))[0][2] == "half whole"


def test_frame_due_inside_is_taken_at_the_byte_that_ends_the_update():
    inside, after = BEGIN + b"one", b"two" + END + b"three"
    raw_end = len(inside) + len(after) - len(b"three")
    found = frames(output(0, inside), typed(10), output(20, after), final(21))
    assert found == [(20, raw_end, "onetwo"), (20, raw_end + 5, "onetwothree")]


def test_end_of_an_update_alone_makes_no_frame():
    assert frames(output(0, BEGIN + b"one" + END + b"two"), final(1)) == [(0, 22, "onetwo")]


def test_update_longer_than_1000_ms_holds_nothing_back():
    assert frames(output(0, BEGIN + b"half"), output(999, b"a"), output(2000, b"b"), final(2001)) == [
        (999, 13, "halfa"),
        (2000, 14, "halfab"),
    ]


def test_update_that_never_ends_is_shown_at_the_end():
    assert frames(output(0, BEGIN + b"half"), final(10)) == [(0, 12, "half")]


# What is not written.


def test_frame_like_the_one_before_is_not_written():
    assert frames(output(0, b"a"), output(40, b"\x1b[0m"), output(80, b"b"), final(90)) == [
        (0, 1, "a"),
        (80, 6, "ab"),
    ]


@pytest.mark.parametrize(
    "change",
    [b"\x1b[31mb\b\x1b[0m", b"\x1b[H", b"\x1b]2;title\a", b"\x1b[?25l"],
    ids=["style", "cursor", "title", "hidden"],
)
def test_text_is_not_all_that_a_frame_shows(change):
    assert len(frames(output(0, b"ab\b"), output(40, change), final(90))) == 2


def test_no_output_no_frame():
    assert frames(typed(0), resize(5), final(90)) == []
    assert frames(output(0, b""), final(90)) == []


def test_raw_start_is_the_end_of_the_frame_before():
    found = [
        e
        for e in run(output(0, b"a"), output(40, b"\x1b[0m"), output(80, b"b"), final(90))
        if isinstance(e, Frame)
    ]
    assert [(frame.raw_start, frame.raw_end) for frame in found] == [(0, 1), (1, 6)]


def test_resize_is_drawn_with_the_next_output():
    found = [e for e in run(output(0, b"a"), resize(10), output(20, b"b"), final(21)) if isinstance(e, Frame)]
    assert [(frame.screen.columns, frame.screen.rows) for frame in found] == [(20, 4), (30, 5)]


# Frame lines.


def frame_of(screen, number=1, raw_end=1):
    return Frame(0, number, screen, 0, raw_end)


def screen_of(*texts, columns=10, rows=3, **more):
    lines = [text if isinstance(text, Line) else Line(text) for text in texts]
    return Snapshot(columns, rows, tuple(lines + [Line()] * (rows - len(lines))), **more)


def lines_of(frames_, **options):
    encoder = FrameEncoder(**options)
    return [with_seq(number, encoder.body(frame)) for number, frame in enumerate(frames_, 1)]


def keys_of(lines):
    return [number for number, line in enumerate(lines) if b'"text":' in line]


def counting(count, *, bytes_each=1, **size):
    return [frame_of(screen_of(str(n), **size), n, n * bytes_each) for n in range(count)]


def test_first_frame_and_every_64th_are_key_frames():
    assert KEY_EVERY_FRAMES == 64
    assert keys_of(lines_of(counting(130))) == [0, 64, 128]


def test_every_256_kib_of_output_make_a_key_frame():
    assert KEY_EVERY_BYTES == 256 * 1024
    assert keys_of(lines_of(counting(5, bytes_each=128 * 1024))) == [0, 2, 4]
    assert keys_of(lines_of(counting(5, bytes_each=128 * 1024 - 1))) == [0, 3]


def test_another_size_makes_a_key_frame():
    assert keys_of(lines_of(counting(2) + counting(2, columns=11) + counting(2, columns=11, rows=4))) == [
        0,
        2,
        4,
    ]


def test_full_mode_writes_key_frames_only():
    assert keys_of(lines_of(counting(5), full=True)) == [0, 1, 2, 3, 4]


def test_delta_frame_says_only_what_changed():
    red, bold = Style(fg=1), Style(bold=True)
    first = screen_of(Line("one", (Span(0, 1, red),)), "two")
    second = screen_of(Line("one", (Span(0, 1, red),)), Line("2", (Span(0, 1, bold),)))
    line = lines_of([frame_of(first), frame_of(second)])[1]
    assert b'"rows":{"1":"2"}' in line
    assert b'"spans":{"1":[[0,1,1]]}' in line
    assert b'"styles":[{"bold":true}]' in line
    assert b"one" not in line


SCREENS = [
    screen_of("plain"),
    screen_of(Line("red", (Span(0, 3, Style(fg="#ff0000", underline="curly")),)), "grüß ✨"),
    screen_of(Line("", (Span(2, 4, Style(bg=7)),)), "grüß ✨"),
    screen_of("", "", "low"),
    screen_of("title", title="a title", cursor=Cursor(2, 9, visible=False, shape="bar", blinking=False)),
    screen_of("other", columns=12, rows=2, alternate_screen=True),
    screen_of("back"),
]


@pytest.mark.parametrize("full", [False, True], ids=["delta", "full"])
def test_what_is_written_is_what_is_read(full):
    decoder = FrameDecoder()
    for screen, line in zip(SCREENS, lines_of(map(frame_of, SCREENS), full=full), strict=True):
        read = decoder.read(line)
        assert same_picture(read.screen, screen)
        assert read.screen.alternate_screen == screen.alternate_screen


def test_reading_may_begin_at_any_key_frame_and_nowhere_else():
    lines = lines_of(counting(70))
    decoder = FrameDecoder()
    assert [decoder.read(line).screen.text[0] for line in lines[64:]] == [str(n) for n in range(64, 70)]
    with pytest.raises(BadLine, match="no key frame before it"):
        FrameDecoder().read(lines[1])
