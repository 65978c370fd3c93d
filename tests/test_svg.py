"""Pictures of screens: every attribute is in them, and they are well-formed whatever is on the screen."""

from __future__ import annotations

import random
from xml.etree import ElementTree

import pytest
import terminal_data as data

from terminal.__main__ import main
from terminal.snapshot import Snapshot
from terminal.svg import CELL_HEIGHT, CELL_WIDTH, svg

TAG = "{http://www.w3.org/2000/svg}"


def screen(written: bytes, columns: int = 20, rows: int = 3) -> Snapshot:
    emulator = data.new("pyte", columns, rows)
    emulator.feed(b"\x1b[?25l" + written)
    return emulator.snapshot()


def elements(written: bytes, kind: str) -> list[dict[str, str]]:
    """The attributes of the elements of a kind; `content` is their text. The first rectangle is the screen's."""
    root = ElementTree.fromstring(svg(screen(written)))
    found = [{**element.attrib, "content": element.text or ""} for element in root.iter(TAG + kind)]
    return found[1:] if kind == "rect" else found


def text(written: bytes) -> dict[str, str]:
    (only,) = elements(written, "text")
    return only


def test_words_stand_at_their_columns() -> None:
    words = [(e["content"], e["x"], e["y"]) for e in elements(b"one  two\r\n\x1b[3Gx", "text")]
    low = f"{13.5 + CELL_HEIGHT:g}"
    assert words == [
        ("one", "0", "13.5"),
        ("two", str(5 * CELL_WIDTH), "13.5"),
        ("x", str(2 * CELL_WIDTH), low),
    ]


def test_wide_characters_take_two_cells() -> None:
    words = [(e["content"], e["x"]) for e in elements("漢字a".encode(), "text")]
    assert words == [("漢", "0"), ("字", str(2 * CELL_WIDTH)), ("a", str(4 * CELL_WIDTH))]


@pytest.mark.parametrize(
    ("pen", "fill"),
    [
        ("", "#e5e5e5"), ("32", "#00cd00"), ("92", "#00ff00"), ("38;5;208", "#ff8700"), ("38;5;244", "#808080"),
        ("38;2;1;2;3", "#010203"), ("1;34", "#5c5cff"), ("1", "#e5e5e5"), ("2;97", "#aaaaaa"), ("7", "#000000"),
    ],
)  # fmt: skip
def test_colours(pen: str, fill: str) -> None:
    assert text(f"\x1b[{pen}mx".encode())["fill"] == fill


def test_backgrounds_are_one_rectangle_for_each_run() -> None:
    (first, second) = elements(b" \x1b[41mab\x1b[32mc\x1b[7md", "rect")
    assert (first["x"], first["width"], first["fill"]) == ("9", "27", "#cd0000")
    assert (second["x"], second["width"], second["fill"]) == ("36", "9", "#00cd00")


def test_reverse_video_of_the_whole_screen() -> None:
    assert text(b"\x1b[?5hx")["fill"] == "#000000"


def test_weight_and_slant() -> None:
    assert text(b"\x1b[1;3mx")["font-weight"] == "bold"
    assert text(b"\x1b[1;3mx")["font-style"] == "italic"


def test_hidden_text_is_not_there() -> None:
    assert elements(b"\x1b[8msecret", "text") == []


@pytest.mark.parametrize(
    ("pen", "path"),
    [
        ("4", "M0 15.5H18"), ("4:2", "M0 14.5H18M0 16.5H18"), ("4:4", "M0 15.5H18"), ("4:5", "M0 15.5H18"),
        ("9", "M0 9.5H18"), ("53", "M0 0.5H18"),
    ],
)  # fmt: skip
def test_lines(pen: str, path: str) -> None:
    (line,) = elements(f"\x1b[{pen}mxy".encode(), "path")
    assert (line["d"], line["stroke"]) == (path, "#e5e5e5")
    assert line.get("stroke-dasharray") == {"4:4": "1 2", "4:5": "4 2"}.get(pen)


def test_a_curly_line_in_its_own_colour() -> None:
    (line,) = elements(b"\x1b[4:3;58;5;9mxy", "path")
    assert line["stroke"] == "#ff0000"
    assert line["d"].count("q") == 4


@pytest.mark.parametrize(
    ("shape", "box"), [(2, None), (4, ("9", "15", "9", "2")), (6, ("9", "0", "2", "17"))]
)
def test_the_cursor(shape: int, box: tuple[str, ...] | None) -> None:
    rects = elements(b"ab\x1b[2G\x1b[?25h\x1b[%d q" % shape, "rect")
    (cursor,) = rects
    assert cursor["fill"] == "#e5e5e5"
    if box is not None:
        assert (cursor["x"], cursor["y"], cursor["width"], cursor["height"]) == box
    else:
        assert [e["fill"] for e in elements(b"ab\x1b[2G\x1b[?25h\x1b[2 q", "text")] == ["#e5e5e5", "#000000"]


def test_it_is_well_formed_whatever_is_on_the_screen() -> None:
    random_ = random.Random(4)
    for _ in range(60):
        emulator = data.new("pyte", random_.randrange(1, 40), random_.randrange(1, 8))
        emulator.feed(b"<&\"'>]]>" + random_.randbytes(400) + "\uffff\ufdd0\U0001f600\u0301".encode())
        for code in random_.sample(range(110), 8):
            emulator.feed(b"\x1b[%dm" % code + random_.randbytes(60))
        ElementTree.fromstring(svg(emulator.snapshot()))


@pytest.mark.parametrize("name", ["tui-vim", "tui-dialog-menu", "htop-80x24"])
def test_all_that_a_real_screen_has_is_in_its_picture(name: str) -> None:
    (stream,) = (stream for stream in data.streams() if stream.name == name)
    emulator = data.new("pyte", stream.columns, stream.rows)
    emulator.feed(stream.data[: stream.screens[-1]["offset"]])
    shown = emulator.snapshot()
    root = ElementTree.fromstring(svg(shown))
    drawn = "".join(element.text or "" for element in root.iter(TAG + "text"))
    assert drawn == "".join(shown.text).replace(" ", "")


def test_from_the_debugger(tmp_path: data.Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "output.raw").write_bytes(b"hello there")
    picture = tmp_path / "picture.svg"
    assert main(["show", str(tmp_path / "output.raw"), "--at", "5", "--svg", str(picture)]) == 0
    assert capsys.readouterr().out == ""
    assert [e.text for e in ElementTree.parse(picture).iter(TAG + "text")] == ["hello"]
