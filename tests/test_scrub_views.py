"""Views and their maps: what each shows, and which bytes it points at."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrub import escapes
from scrub.escapes import text_views
from scrub.rows import RowJoiner
from scrub.table import default_rules
from scrub.typed import typed_lines, typed_views
from scrub.views import Base64Places, View


def behind(view: View, data: bytes, needle: bytes) -> list[bytes]:
    """The bytes of the stream behind each character of a text in the view."""
    at = view.text.index(needle)
    return [b"".join(data[a:b] for a, b in spans) for _, _, spans in view.units(at, at + len(needle))]


def of_kind(views: list[View], kind: str) -> list[View]:
    return [view for view in views if view.kind == kind]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\x1b[1mb\x1b[0mc", b"abc"),
        (b"a\x1b[38;5;1mb", b"ab"),
        (b"a\x1b]0;title\x07b\x1b]0;t\x1b\\c", b"abc"),
        (b"a\x1bP+q544e\x1b\\b\x1b_Gx\x1b\\c", b"abc"),
        (b"a\x1b[3Cb", b"a b"),
        (b"a\x00\x07\x0fb", b"ab"),
        (b"a\x1b(0b\x1b7c\x1b=d", b"abcd"),
        (b"\xe2\x94\x82 a", "│ a".encode()),
        (b"a\x1b", b"a"),
        (b"a\x1b[", b"a"),
        (b"a\x1b]0;unfinished", b"a"),
        (b"", b""),
    ],
)
def test_escapes_are_removed_and_each_letter_points_at_its_byte(data: bytes, text: bytes) -> None:
    view = text_views("output", data)[0]
    assert view.text == text
    for start, end, spans in view.units(0, len(text)):
        assert b"".join(data[a:b] for a, b in spans) == (text[start:end] if spans else b"")


def test_a_cursor_move_leaves_a_seam_and_a_colour_does_not() -> None:
    view = text_views("output", b"ab\x1b[1mcd\x1b[5;1Hef\x1b[Kgh\x1b[m\x1b[2;2Hij")[0]
    assert view.text == b"abcdefghij"
    assert list(view.seams.between(0, 10)) == [4, 8]
    assert [view.seams.at(offset) for offset in range(10)] == [offset in (4, 8) for offset in range(10)]


def test_backspaces_are_undone() -> None:
    data = b"x\r\nsek\bcret \xe2\x94\x82\x08s\x08sz\r\n"
    (view,) = of_kind(text_views("output", data), "backspaces-undone")
    assert view.text == b"secret sz"
    assert behind(view, data, b"secret") == [b"s", b"e", b"c", b"r", b"e", b"t"]
    assert sorted(behind(view, data, b"sz")[0]) == sorted(b"ss"), "both strikes show the letter"


def test_texts_inside_escapes_are_views_of_their_own() -> None:
    data = b"\x1b]2;my title\x07\x1b]8;;https://x/?a=%70%61ss\x1b\\l\x1b]8;;\x1b\\"
    views = text_views("output", data)
    assert [view.text for view in of_kind(views, "osc")] == [
        b"2;my title",
        b"8;;https://x/?a=%70%61ss",
        b"8;;",
    ]
    (decoded,) = of_kind(views, "osc-percent-decoded")
    assert decoded.text == b"8;;https://x/?a=pass"
    assert behind(decoded, data, b"pass") == [b"%70", b"%61", b"s", b"s"]


@pytest.mark.parametrize("end", [b"\x07", b"\x1b\\", b""])
def test_the_clipboard_is_decoded(end: bytes) -> None:
    data = b"\x1b]52;c;" + base64.b64encode(b"export K=value!") + end
    (view,) = of_kind(text_views("output", data), "osc-base64")
    assert view.text == b"export K=value!"
    assert view.places.encoded == (7, 27)


PLAIN = b"export K=value!?"
LETTERS = base64.b64encode(PLAIN).rstrip(b"=")


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b]52;c;%s\x07" % LETTERS,
        b"\x1b]52;c;%s\x1b\\;!" % LETTERS,
        b"\x1b]52;c;%s\xc2\x9c and then: more;" % LETTERS,
        b"\x1b]52;c;%s\x9c;!" % LETTERS,
        b"\x1b]52;c;" + LETTERS[:12] + b"\n" + LETTERS[12:] + b"==\n\x07",
        b"\x1b]52;c;\r\n" + LETTERS[:7] + b"\r\n" + LETTERS[7:] + b"\r\n==\x1b\\",
        b"\x1b]52;c; " + b" ".join(LETTERS[at : at + 1] for at in range(len(LETTERS))),
        b"\x1b]5522;type=write:mime=text/plain;%s==\x1b\\" % LETTERS,
        b"\x1b]99;i=1:e=1;%s==\x1b\\" % LETTERS,
        b"\x1b]1337;SetUserVar=name=%s==\x07" % LETTERS,
        b"\x1b]1337;File=name=eA==;size=16:%s==\x07" % LETTERS,
        b"\x1bP\x1b]52;c;" + LETTERS[:9] + b"\x1b\\\x1bP" + LETTERS[9:] + b"==\x07\x1b\\",
        b"\x1bPtmux;\x1b\x1b]52;c;" + LETTERS[:9] + b"\x1b\\\x1bPtmux;" + LETTERS[9:] + b"\x07\x1b\\",
        b"\x1b]52;c;" + LETTERS + b"\x1b\\\x1bPq#0!!\x1b\\",
    ],
)
def test_base64_is_decoded_however_it_is_written(data: bytes) -> None:
    (view,) = of_kind(text_views("output", data), "osc-base64")
    assert view.text == PLAIN
    assert isinstance(view.places, Base64Places)
    changed = bytearray(data)
    for at, letters in view.places.written(b"********" + PLAIN[8:]):
        changed[at : at + len(letters)] = letters
    (again,) = of_kind(text_views("output", bytes(changed)), "osc-base64")
    assert again.text == b"********" + PLAIN[8:]
    assert len(changed) == len(data)
    assert {old for old, new in zip(data, changed, strict=True) if old != new} <= set(LETTERS)


@pytest.mark.parametrize(
    ("letters", "text"), [(18, PLAIN[:13]), (19, PLAIN[:14]), (20, PLAIN[:15]), (21, PLAIN[:15])]
)
def test_base64_that_is_cut_short_is_decoded_as_far_as_it_goes(letters: int, text: bytes) -> None:
    (view,) = of_kind(text_views("output", b"\x1b]52;c;" + LETTERS[:letters]), "osc-base64")
    assert view.text == text


def test_the_other_alphabet_of_base64_stays() -> None:
    plain = b"\xfb\xff\xfe??>>~~key"
    data = b"\x1b]52;c;" + base64.urlsafe_b64encode(plain) + b"\x07"
    (view,) = of_kind(text_views("output", data), "osc-base64")
    assert view.text == plain
    assert isinstance(view.places, Base64Places)
    assert [data[at : at + len(new)] == new for at, new in view.places.written(plain)] == [True]


@pytest.mark.parametrize("payload", [b"?", b"!", b"", b"Q", b"a+b_", b"ab*c", b"ab\xffcd ;"])
def test_what_is_no_base64_is_not_decoded(payload: bytes) -> None:
    views = of_kind(text_views("output", b"\x1b]52;c;" + payload + b"\x07"), "osc-base64")
    assert [view.text for view in views] == ([b"i"] if payload.startswith(b"ab\xff") else [])


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"secret", "secret"),
        (b"seq\x7fcret", "secret"),
        (b"scret\x1b[D\x1b[D\x1b[D\x1b[De", "secret"),
        (b"cret\x01se\x05", "secret"),
        (b"wrong\x15secret", "secret"),
        (b"a wrong\x17b", "a b"),
        (b"\x1b[200~sec\rret\x1b[201~", "ret"),
        (b"\x1b[115u\x1b[101u\x1b[99u", "sec"),
        (b"\x1b[97;1:1u\x1b[97;1:3u\x1b[98:66;2;66u", "aB"),
        (b"\x1b[27;5;97~x", "x"),
        (b"\x1b[99;5u", ""),
        (b"p\xc3\xa2ss", "pâss"),
        (b"a\x1b[<0;3;4Mb\x1b[Ic\x1b]11;rgb:0/0/0\x07d", "abcd"),
        (b"abc\x1b[3~\x1b[H\x1b[3~", "bc"),
        (b"ab\x1bOD\x0b", "a"),
    ],
)
def test_input_is_read_as_a_line_editor_does(data: bytes, line: str) -> None:
    assert typed_lines(data)[-1] == line


def test_typed_letters_point_at_their_keys() -> None:
    data = b"a\x1b[104u\x1b[105:73;2u\xc3\xa2\r"
    view = of_kind(typed_views("input", data), "typed")[0]
    assert view.text == "ahi\u00e2\n".encode()
    assert behind(view, data, b"h") == [b"104"]
    assert behind(view, data, b"i") == [b"10573"]
    assert behind(view, data, "â".encode()) == ["â".encode()]


def test_a_view_of_cells_counts_seams_in_characters() -> None:
    view = View.of_cells(
        "screen", "output", [("│", ((0, 3),)), ("ä", ()), ("b", ((9, 10), (4, 5)))], seams=[2]
    )
    assert view.text == "│äb".encode()
    assert list(view.seams.between(0, 9)) == [5]
    assert [spans for _, _, spans in view.units(0, 6)] == [((0, 3),), (), ((9, 10), (4, 5))]
    assert view.place(3) == 4


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["  sk-ant-api03-Ab3", "  cDe4FgH5iJk6LmN", "  oP7"], "sk-ant-api03-Ab3cDe4FgH5iJk6LmNoP7"),
        (["│ sk-ant-api03-Ab3 │", "│ cDe4FgH5iJk6LmN  │"], "sk-ant-api03-Ab3cDe4FgH5iJk6LmN"),
        (["| sk-ant-api03-Ab3|", "| cDe4 |"], "sk-ant-api03-Ab3cDe4"),
        (["key=sk-ant-api03-Ab3", "cDe4"], "sk-ant-api03-Ab3cDe4"),
        (["sk-ant-api03-Ab3", "", "cDe4"], None),
        (["sk-ant-api03-Ab3", "two words"], None),
        (["sk-ant-api03-Ab3", "longer-than-the-line-before-it"], None),
        (["sk-ant-api03-Ab3 is a key", "cDe4"], None),
    ],
)
def test_broken_lines_are_joined_by_guess(lines: list[str], joined: str | None) -> None:
    data = "\r\n".join([*lines, "and so on"]).encode()
    views = list(RowJoiner(default_rules()).views(text_views("output", data)[0]))
    assert [view.text.decode() for view in views] == ([joined] if joined else [])
    for view in views:
        assert b"".join(behind(view, data, view.text)) == view.text
        assert view.seams.between(0, len(view.text))


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [b"a", b"token", b"\x1b[1m", b"\x1b[3C", b"\x1b[2;2H", b"\x1b]0;title\x07", b"\x1b]2;t\x1b\\", b"\r\n",
             b"\x1b", b"\x1bPq#\x1b\\", b"\x0e", b"\x1b[", "ü".encode(), b"\x1b(B", b" "]
        ),
        max_size=40,
    ).map(b"".join),
    st.integers(1, 30),
)  # fmt: skip
def test_output_is_read_alike_in_blocks_of_any_size(data: bytes, block: int) -> None:
    whole = escapes.text_views("output", data)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escapes, "_BLOCK", block)
        view = escapes.text_views("output", data)[0]
    assert view.text == whole.text
    for at in range(len(view.text)):
        assert view.places.spans(at, at + 1) == whole.places.spans(at, at + 1)
        assert view.seams.at(at) == whole.seams.at(at)
