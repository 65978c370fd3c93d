"""Which bytes painted which cell, and that every text that ever stood on a screen is read before it goes."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from screen_steps import COLUMNS, PIECES, ROWS, STEPS

from terminal.dispatch import Terminal
from terminal.looking import NEAR, Beginning
from terminal.origins import Origins
from terminal.passes import AGE, Stretch
from terminal.played import Played, Resize, Step
from terminal.provenance import PaintedText, Part, Text, cells_of, painted_texts, texts
from terminal.pyte_emulator import PyteEmulator
from terminal.readings import How, goes_on, line, wrapped
from terminal.readings import joined as rows_joined
from terminal.tokenizer import Tokenizer
from terminal.watched import WatchedTerminal

OTHER = {"é": "ü", "世": "界", "\u0301": "\u0300"}
Cells = list[list[tuple[str, tuple[object, ...]]]]


def played(steps: Iterable[Step], columns: int = COLUMNS, rows: int = ROWS) -> Played:
    return Played.of(steps, columns=columns, rows=rows)


def cells(*steps: Step) -> Cells:
    return list(cells_of(played(steps)))


def painters(grid: Cells) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Cell to the byte ranges that painted its characters last."""
    return {
        (y, x): [spans[0] for spans in character_spans if spans]  # type: ignore[index]
        for y, row in enumerate(grid)
        for x, (cell, character_spans) in enumerate(row)
        if cell and any(character_spans)
    }


def other(painted: bytes) -> bytes:
    """Another character of the same length and width."""
    text = painted.decode()
    return OTHER.get(text, "Z" if text != "Z" else "Y").encode()


def shown(grid: Cells) -> list[list[str]]:
    return [[cell for cell, _ in row] for row in grid]


def text_of(grid: Cells) -> list[str]:
    return ["".join(cell for cell, _ in row).rstrip() for row in grid]


def assert_bytes_change_their_cells(steps: list[Step]) -> None:
    """Replace the bytes that painted a cell: that cell changes, with all others that they painted, and no more."""
    grid = cells(*steps)
    found = painters(grid)
    for span in {span for spans in found.values() for span in spans}:
        changed = shown(cells(*replaced(steps, span)))
        cells_of_span = {place for place, spans in found.items() if span in spans}
        before = shown(grid)
        differing = {
            (y, x) for y, row in enumerate(before) for x, cell in enumerate(row) if changed[y][x] != cell
        }
        assert differing == cells_of_span, (steps, span)


def replaced(steps: list[Step], span: tuple[int, int]) -> list[Step]:
    output = b"".join(step for step in steps if isinstance(step, bytes))
    output = output[: span[0]] + other(output[slice(*span)]) + output[span[1] :]
    result: list[Step] = []
    for step in steps:
        length = len(step) if isinstance(step, bytes) else 0
        result.append(output[:length] if isinstance(step, bytes) else step)
        output = output[length:]
    return result


FUNCTIONS: dict[str, list[Step]] = {
    "text": [b"hello"],
    "overwritten": [b"hello\rJU"],
    "wrapped": [b"abcdefghijklmnop"],
    "no wrap": [b"\x1b[?7labcdefghijklmnop"],
    "coloured": [b"a\x1b[1;31mb\x1b[0mc"],
    "split in a sequence": [b"a\x1b[3", b"1mb"],
    "split in a character": [b"a\xe4\xb8", b"\x96b"],
    "insert characters": [b"abef\x1b[3G\x1b[2@cd"],
    "delete characters": [b"abXXcd\x1b[3G\x1b[2P"],
    "insert mode": [b"bcd\r\x1b[4ha"],
    "erase characters": [b"abcdef\x1b[2G\x1b[2X"],
    "insert lines": [b"one\r\ntwo\x1b[1;1H\x1b[L"],
    "delete lines": [b"one\r\ntwo\r\nsix\x1b[1;1H\x1b[M"],
    "scrolled": [b"1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7"],
    "scroll region": [b"1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\nX"],
    "scrolled down": [b"1\r\n2\x1b[1;1H\x1bM0"],
    "scroll up and down": [b"1\r\n2\r\n3\x1b[2S\x1b[T"],
    "sideways": [b"abc\r\ndef\x1b[1 @\x1b[2 A"],
    "columns": [b"abc\r\ndef\x1b[1;2H\x1b[2'}\x1b['~"],
    "repeated": [b"ab\x1b[4bc"],
    "repeated over the edge": [b"a\x1b[15b"],
    "wide": [b"\xe4\xb8\x96a\xe4\xb8\x96"],
    "wide at the edge": [b"abcdefghijk\xe4\xb8\x96x"],
    "combining": ["e\u0301a\u0301b".encode()],
    "line drawing": [b"\x1b(0qx\x1b(Bqx"],
    "single shift": [b"\x1b*0\x1bNqq"],
    "alternate screen": [b"main\x1b[?1049halt"],
    "back from the alternate screen": [b"main\x1b[?1049halt\x1b[?1049lX"],
    "resized": [b"abcdefghijklmnop", Resize(8, 5), b"\r\nq"],
    "resized twice": [b"abcdefghijklmnop\r\nq", Resize(30, 3), b"X", Resize(12, 5)],
    "backspace": [b"ab\b\bcd"],
    "tab": [b"a\tb"],
    "reset": [b"ab\x1bcd"],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_bytes_of_a_cell_change_that_cell_and_no_other(name: str) -> None:
    assert_bytes_change_their_cells(FUNCTIONS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_watched_is_drawn_as_ever(name: str) -> None:
    emulator = PyteEmulator(columns=COLUMNS, rows=ROWS)
    for step in FUNCTIONS[name]:
        if isinstance(step, Resize):
            emulator.resize(columns=step.columns, rows=step.rows)
        elif isinstance(step, bytes):
            emulator.feed(step)
    assert text_of(cells(*FUNCTIONS[name])) == [line.text for line in emulator.snapshot().lines]


def test_repeated_cells_are_all_of_the_byte_that_is_repeated() -> None:
    found = painters(cells(b"ab\x1b[3bc"))
    assert [found[0, x] for x in range(6)] == [[(0, 1)], [(1, 2)], [(1, 2)], [(1, 2)], [(1, 2)], [(6, 7)]]


def test_a_character_painted_over_itself_has_both_bytes() -> None:
    assert cells(b"s\x08s")[0][0] == ("s", (((2, 3), (0, 1)),))
    assert cells(b"a\x08s")[0][0] == ("s", (((2, 3),),))


def test_a_combining_mark_has_bytes_of_its_own() -> None:
    assert cells("e\u0301".encode())[0][0] == ("e\u0301", (((0, 1),), ((1, 3),)))


def test_an_erased_cell_has_none() -> None:
    assert cells(b"ab\x1b[2K")[0][0] == (" ", ())


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=20))
def test_the_bytes_of_any_cell_change_it_and_no_other(steps: list[Step]) -> None:
    assert_bytes_change_their_cells(steps)


@settings(max_examples=200)
@given(STEPS)
def test_every_word_that_stood_on_the_screen_is_read(steps: list[Step]) -> None:
    read: list[Text] = []
    texts(played(steps), worth=lambda _: (), take=read.append)
    everything = "\n".join(text.text for text in read)
    emulator = PyteEmulator(columns=COLUMNS, rows=ROWS)
    for index, step in enumerate(steps):
        if isinstance(step, Resize):
            emulator.resize(columns=step.columns, rows=step.rows)
        elif isinstance(step, bytes):
            emulator.feed(step)
        for row in emulator.snapshot().lines:
            for word in row.text.split():
                assert word in everything, (steps[: index + 1], word)


@settings(max_examples=100)
@given(STEPS)
def test_both_passes_read_the_same_and_place_the_cursor_alike(steps: list[Step]) -> None:
    read, painted = both_passes(steps)
    assert read == painted


@pytest.mark.parametrize("tail", [b"", b"\r", b"\x1b[m!", "é世x".encode()])
def test_both_passes_read_the_same_without_auto_wrap(tail: bytes) -> None:
    read, painted = both_passes([b"\x1b[?7l", b"mnopqrstuvwxyz" + tail])
    assert read == painted


class Everything(dict[str, Part]):
    """Every text is wanted whole."""

    def __contains__(self, _: object) -> bool:
        return True

    def get(self, text: str, _: object = None) -> Part:  # type: ignore[override]
        return Part(0, len(text), 0, len(text))


def both_passes(steps: list[Step]) -> tuple[set[str], set[str]]:
    """The texts that each pass reads."""
    read: list[Text] = []
    painted: list[PaintedText] = []
    passed = texts(played(steps), worth=lambda _: ((0, "box"),), take=read.append, keep=True)
    painted_texts(
        passed,
        worth=lambda _: ((0, "box"),),
        wanted=Everything(),
        stretches=[Stretch(0, len(passed.played.output) + 1)],
        take=painted.append,
    )
    return {text.text for text in read}, {"".join(cell for cell, _ in text.cells) for text in painted}


class SlowTerminal(WatchedTerminal):
    """Looks at everything each time: what the quick one must come to."""

    def look(self) -> None:
        fresh = self._fresh
        rows = self._rows_in_reach()
        done = latest = -1
        for y, row in enumerate(rows):
            if row in fresh:
                latest = y
                if y > done:
                    first, done = wrapped(rows, y)
                    self._read(line(rows, first, done))
        for y in range(latest + 1):
            if not rows[y].continued or y == 0:
                last = wrapped(rows, y)[1]
                text = line(rows, y, last).text
                for character, how in self._worth(text) if text else ():
                    if not isinstance(how, str):
                        if goes_on(rows, y, last, character, how):
                            self._read_cut(rows, y, last, character)
                        continue
                    for reading in rows_joined(rows, y, last, character, how):
                        self._read(reading)
        fresh.clear()

    def index(self) -> None:
        top, bottom = self.region
        if self.cursor.y == bottom and any(row in self._fresh for row in self.grid[top : top + NEAR]):
            self.look()
        Terminal.index(self)

    def execute(self, tokens: list[str]) -> None:
        """Every text is drawn by the model itself, none in line."""
        for text, sequence in zip(tokens[::2], [*tokens[1::2], ""], strict=True):
            self._texts, self._left = [text], iter([])
            if text:
                self.draw(text)
            if sequence:
                function, arguments = self.actions[sequence]
                function(self, *arguments)


HOWS: dict[str, How | tuple[str, ...]] = {"a": "token", "d": "box", "g": ("ab", "d"), "m": "any", "x": ("m",)}


def read_by(terminal: WatchedTerminal, steps: list[Step]) -> set[tuple[str, str]]:
    """Every text that a terminal reads, by kind; something may begin at each of a few letters."""
    found: set[tuple[str, str]] = set()

    def worth(text: str) -> list[Beginning]:
        return [(at, HOWS[letter]) for at, letter in enumerate(text) if letter in HOWS]

    terminal.watch(lambda reading: found.add((reading.kind, reading.text)), worth)
    decoder, tokenizer = getincrementaldecoder("utf-8")("replace"), Tokenizer()
    for step in steps:
        if isinstance(step, Resize):
            terminal.resize(step.rows, step.columns)
        elif isinstance(step, bytes):
            terminal.execute(tokenizer.feed(decoder.decode(step)))
    terminal.look()
    return {(kind, text) for kind, text in found if text}


@settings(max_examples=200)
@given(STEPS, st.integers(5, 14))
def test_the_quick_look_reads_what_the_slow_one_reads(steps: list[Step], rows: int) -> None:
    steps = [step for step in steps if step != b"\x1b[3b"]
    assert read_by(WatchedTerminal(COLUMNS, rows), steps) == read_by(SlowTerminal(COLUMNS, rows), steps)


CUT = st.one_of(
    PIECES,
    st.binary(max_size=4),
    st.sampled_from(
        [
            b"\x1b", b"[", b"3", b";", b"1m", b"\xe4", b"\xb8", b"\x1b]0;t", b"\x07", b"\x9b", b"\xc2\x9b",
            b"\x1bP", b"\x1b\\", b"\x7f", b"\x18", b"\x1b[2b", b"\x1b[?2027h",
        ]
    ),
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(CUT, max_size=25), st.data())
def test_both_passes_read_the_same_of_any_bytes_however_cut(pieces: list[bytes], draw: st.DataObject) -> None:
    data = b"".join(pieces)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    steps: list[Step] = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    read, painted = both_passes(steps)
    assert read == painted


def test_without_auto_wrap_the_last_column_is_not_entered_from_the_row_above() -> None:
    steps: list[Step] = [b"\x1b[5;11H\x1b[?7l", b"aaa"]
    read, painted = both_passes(steps)
    assert read == painted
    assert not any("a" in text and len(text) > COLUMNS for text in read)


@settings(max_examples=200)
@given(st.lists(CUT, max_size=12), st.data())
def test_every_character_knows_its_bytes_however_they_are_cut(
    pieces: list[bytes], draw: st.DataObject
) -> None:
    data = b"".join(pieces)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    origins = Origins()
    text = "".join(
        origins.decode(data[start:end]) for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)
    )
    end = 0
    for number, character in enumerate(text):
        first, last = origins.span(number)
        assert first == end  # nothing is left out, nothing said twice
        assert data[first:last].decode("utf-8", "replace") == character
        end = last
    assert len(data) - end <= 3


def joined(data: bytes, *, columns: int = 40, kind: str = "screen-joined") -> list[str]:
    read: list[Text] = []
    texts(played([data], columns, 10), worth=lambda text: [(text.find("KEY"), "box")] if "KEY" in text else [],
          take=read.append)  # fmt: skip
    return [text.text for text in read if text.kind == kind]


@pytest.mark.parametrize(
    "data",
    [
        "│ KEYabc │\r\n│ def123 │\r\n│ ghi    │".encode(),
        b"  KEYabc\r\n  def123\r\n  ghi",
        b"x: KEYabc\r\n   def123\r\n   ghi",
        b"> KEYabc\r\n> def123\r\n> ghi done",
        b"\x1b[3;20HKEYabc\x1b[4;20Hdef123\x1b[5;20Hghi",
        "one │ KEYabc │ x\r\ntwo │ def123 │ y\r\n    │ ghi    │ z".encode(),
        b"\x1b[5;3Hghi\x1b[4;3Hdef123\x1b[3;3HKEYabc",
    ],
)
def test_rows_that_a_program_broke_are_joined(data: bytes) -> None:
    assert any(text.startswith("KEYabcdef123ghi") for text in joined(data))


@pytest.mark.parametrize(("between", "doubts"), [(3 * AGE, [6]), (20, [])])
def test_what_stood_below_long_before_is_doubtful(between: int, doubts: list[int]) -> None:
    """A row below that was painted a screen or two ago is no rest of what is painted now, which could end here."""
    idle = b"\x1b[5;1Hidle\x1b[2K" * (between // 14)
    chunks = [
        b"\x1b[2;3Hdef123",
        *(idle[at : at + 140] for at in range(0, len(idle), 140)),
        b"\x1b[1;3HKEYabc",
    ]
    read: list[Text] = []
    texts(played(chunks, 40, 10), worth=lambda text: [(text.find("KEY"), "token")] if "KEY" in text else [],
          take=read.append)  # fmt: skip
    found = [text for text in read if text.text == "KEYabcdef123"]
    assert [sorted(text.doubts) for text in found] == [doubts]


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"purplexmonkey\x1b[7G\x1b[X", "purple monkey"),
        (b"one\x1b[5;1Htwo\x1b[1;1H\x1b[5;1H\x1b[2Knews\x1b[1;2H\x1b[K", "o"),
        (b"abc def\x1b[5;1Hx\x1b[2K\x1b[1;3H\x1b[1K", "    def"),
        ("世xé\u0301 界y\x1b[5;1Hx\x1b[2K\x1b[1;3H\x1b[X".encode(), "世 é\u0301 界y"),
    ],
)
def test_what_is_left_of_a_row_is_read(data: bytes, left: str) -> None:
    read: list[Text] = []
    texts(played([data], 40, 10), worth=lambda _: (), take=read.append)
    assert left in [text.text for text in read if text.kind == "screen"]


def test_a_box_is_read_line_by_line() -> None:
    assert joined("│ KEY one │\r\n│  two    │".encode(), kind="screen-block") == ["KEY one\ntwo"]


def test_rows_that_do_not_go_on_are_not_joined() -> None:
    assert joined(b"KEYabc and more\r\ndef") == []
    assert joined(b"KEYabc\r\ndefghijkl") == []
