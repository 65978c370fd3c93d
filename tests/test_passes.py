"""What a pass keeps on the way: going on from there, reading only what is another, comes to what a whole one does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from screen_steps import COLUMNS, PIECES, ROWS

from terminal import inked, passes, played
from terminal.dispatch import Terminal
from terminal.looking import Beginning
from terminal.passes import Drawing, Passed, Seen, Stretch, TextFeed
from terminal.played import START, Played, Resize, Step
from terminal.provenance import PaintedText, Part, Text, key_of, painted_texts, texts, texts_again
from terminal.saved import Saved
from terminal.watched import WatchedTerminal

LETTERS = {ord(letter): other for letter, other in zip("abcdefghijklm", "BCDEFGHIJKLMN", strict=True)}


@pytest.fixture(autouse=True, scope="module")
def _short_distances() -> Iterator[None]:
    """Every few bytes a state is kept, so that small recordings have many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(played, "PIECE", 5)
        patch.setattr(inked, "STRIKES_APART", 8)
        yield


def recording(steps: Iterable[Step]) -> Played:
    return Played.of(steps, columns=COLUMNS, rows=ROWS)


def box(text: str) -> list[Beginning]:
    return [(at, "any") for at, letter in enumerate(text) if letter in "gG"]


def nothing(_: str) -> tuple[()]:
    return ()


def never(_: str) -> bool:
    return False


class Reading:
    """All texts of a pass, with what was read when."""

    def __init__(self, output: Played, worth: object = box) -> None:
        self.found: list[Text] = []
        self.seen = Seen()
        self.passed = texts(output, worth=worth, take=self.found.append, seen=self.seen, keep=True)  # type: ignore[arg-type]

    @property
    def texts(self) -> set[tuple[str, str]]:
        return {(text.kind, text.text) for text in self.found}

    def stretch(self, text: Text) -> Stretch:
        return Stretch(text.at, self.seen.last[key_of(text.kind, text.text)] + 1)

    def again(self, output: bytes, stretches: Iterable[Stretch] = (), **how: object) -> list[Text]:
        """What a pass over other output gives that is new; this reading goes on from there."""
        new: list[Text] = []
        options = {"stays": never, "worth": box, **how}
        self.passed = texts_again(
            self.passed, output, stretches=stretches, take=new.append, seen=self.seen, **options,  # type: ignore[arg-type]
        )  # fmt: skip
        self.found += new
        return new


def replaced(output: bytes, places: Iterable[int]) -> bytes:
    """Some letters of an output as others. Controls stay: they are no letters of these."""
    changed = bytearray(output)
    for place in places:
        before = changed[place - 3 : place + 1]
        if not set(b"\x1b[?;(") & set(before):
            changed[place] = ord(LETTERS.get(changed[place], chr(changed[place])))
    return bytes(changed)


MORE = st.lists(
    st.one_of(PIECES, PIECES, PIECES, st.builds(Resize, st.integers(3, 20), st.integers(1, 8))), max_size=60
)


@settings(max_examples=300)
@given(MORE, st.data())
def test_rewritten_output_is_read_as_if_all_of_it_were(steps: list[Step], draw: st.DataObject) -> None:
    reading = Reading(recording(steps))
    output = reading.passed.played.output
    assume(output)
    for _ in range(3):
        places = draw.draw(st.lists(st.integers(0, len(output) - 1), min_size=1, max_size=4))
        output = replaced(output, places)
        reading.again(output)
        size, timeline = (COLUMNS, ROWS), reading.passed.played.timeline
        whole = Reading(Played(*size, timeline, output))
        assert whole.texts <= reading.texts
        assert whole.passed.track.digest == reading.passed.track.digest
        assert whole.passed.track.chunks == reading.passed.track.chunks


@settings(max_examples=200)
@given(MORE, st.data())
def test_what_was_found_is_read_again_wherever_it_stands(steps: list[Step], draw: st.DataObject) -> None:
    reading = Reading(recording(steps))
    assume(reading.found)
    text = draw.draw(st.sampled_from(reading.found))
    stretch = reading.stretch(text)
    del reading.seen.last[key_of(text.kind, text.text)]
    new = reading.again(reading.passed.played.output, [stretch])
    assert (text.kind, text.text) in {(one.kind, one.text) for one in new}


@settings(max_examples=200)
@given(MORE)
def test_what_begins_only_now_is_read_on_as_long_as_it_stands(steps: list[Step]) -> None:
    """A letter at which nothing began in the first pass."""
    reading = Reading(recording(steps), nothing)
    begun = [text for text in reading.found if text.kind == "screen" and box(text.text)]
    output = reading.passed.played.output
    reading.again(output, [reading.stretch(text) for text in begun], stays=lambda text: bool(box(text)))
    assert Reading(recording(steps)).texts <= reading.texts


STANDS = [
    b"\x1b[1;2Habcde",
    b"\x1b[2;3Habc",
    b"\x1b[3;1Hefghijklmabc",
    b"\x1b[2;8Hgabcd",
    b"\x1b[?1049h",
    b"\x1b[K",
]
BESIDE = st.one_of(
    st.sampled_from(
        [
            b"\x1b[4;1Hnop", b"\x1b[4;2Hqrs", b"\x1b[5;1Htuv", b"\x1b[5;3H\x1b[1mwxy\x1b[m", b"\x1b[4;1H\x1b[K",
            b"\x1b[4;5Hgno", b"\x1b[3;11Hgg", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[2;3Hxyz", b"\x1b[1;1H\x1b[K",
            b"\x1b[4;10Hstuvwxyz", b"\x1b[4;5r", b"\x1b[5;1H\n", b"\x1b[r",
        ]
    ),
    PIECES,
)  # fmt: skip


@settings(max_examples=600)
@given(
    st.lists(st.sampled_from(STANDS), min_size=1, max_size=4),
    st.lists(BESIDE, max_size=40),
    st.sampled_from([b"\x1b[1;2Hbcdef", b"\x1b[4;2Hbcdef", b"\x1b[5;1Habcde"]),
    st.lists(BESIDE, max_size=20),
    st.booleans(),
)
def test_rows_that_stand_untouched_are_the_same_in_every_state(
    first: list[bytes], beside: list[bytes], second: bytes, later: list[bytes], at_once: bool
) -> None:
    """What was rewritten stays for long, and now and then something is done to it, or a second place is rewritten."""
    place = len(b"".join([*first, *beside]))
    reading = Reading(recording([*first, *beside, second, *later]))
    output = reading.passed.played.output
    ends = range(len(b"".join(first))), range(place, place + 11)
    both = replaced(output, [*ends[0], *ends[1]])
    for changed in [both] if at_once else [replaced(output, ends[0]), both]:
        reading.again(changed)
        whole = Reading(Played(COLUMNS, ROWS, reading.passed.played.timeline, changed))
        assert whole.texts <= reading.texts
        assert whole.passed.track.digest == reading.passed.track.digest
        for mine, drawn in zip(reading.passed.kept, whole.passed.kept, strict=True):
            assert mine.place == drawn.place
            assert mine.state.rows_unlike(drawn.state) == set()


IDLE = [b"\x1b[5;1H%05d" % number for number in range(50)]
BEGUN = b"\x1b[1;1Hgabcdefhijkl"


@pytest.mark.parametrize(
    "steps",
    [
        [BEGUN, *IDLE, b"\x1b[2;1Hmno", *IDLE],
        [BEGUN, b"\x1b[4;1H\x1b[?1049h", *IDLE, b"\x1b[?1049l\x1b[2;1Hmno", *IDLE],
    ],
    ids=["in-sight", "behind-another-screen"],
)
def test_a_beginning_that_stands_is_watched_until_its_row_goes_on(steps: list[Step]) -> None:
    """Nothing is written for long, and then the row below: where reading again ends is not where the beginning was."""
    reading = Reading(recording(steps), nothing)
    begun = next(text for text in reading.found if text.text.startswith("gabc"))
    assert reading.stretch(begun).end < 100
    new = reading.again(
        reading.passed.played.output, [reading.stretch(begun)], stays=lambda text: text.startswith("gabc")
    )
    assert "gabcdefhijklmno" in {text.text for text in new}


def test_what_was_rewritten_before_stands_there_when_more_is() -> None:
    reading = Reading(recording([b"\x1b[1;1Habc", *IDLE, b"\x1b[1;4Hdef", *IDLE]))
    reading.again(reading.passed.played.output.replace(b"abc", b"Bbc"))
    new = reading.again(reading.passed.played.output.replace(b"def", b"Eef"))
    assert "BbcEef" in {text.text for text in new}


def test_what_stays_is_no_reason_to_miss_what_else_was_rewritten() -> None:
    reading = Reading(recording([b"\x1b[1;1Habc", *IDLE, b"\x1b[3;1Hdef", *IDLE]))
    new = reading.again(reading.passed.played.output.replace(b"abc", b"Bbc").replace(b"def", b"Eef"))
    assert {"Bbc", "Eef"} <= {text.text for text in new}


def test_what_was_behind_another_screen_and_was_shown_meanwhile_is_read() -> None:
    shown = [b"\x1b[?1049l\x1b[2;1Hxxgdefghijkl", b"\x1b[?1049h"]
    reading = Reading(recording([b"\x1b[3;1Habc", b"\x1b[?1049h", *IDLE, *shown, *IDLE]))
    new = reading.again(reading.passed.played.output.replace(b"abc", b"Bbc"))
    assert any(text.text.endswith("ghijklBbc") for text in new)


class One(dict[str, Part]):
    """One text, whole."""

    def __init__(self, text: str) -> None:
        super().__init__({text: Part(0, len(text), 0, len(text))})


@settings(max_examples=300)
@given(MORE, st.data())
def test_the_bytes_of_a_text_are_those_that_drawing_all_of_it_tells(
    steps: list[Step], draw: st.DataObject
) -> None:
    reading = Reading(recording(steps))
    assume(reading.found)
    text = draw.draw(st.sampled_from(reading.found))
    near, whole = list[PaintedText](), list[PaintedText]()
    everything = [Stretch(0, len(reading.passed.played.output) + 1)]
    for passed, stretches, take in (
        (reading.passed, [reading.stretch(text)], near.append),
        (Passed.over(reading.passed.played), everything, whole.append),
    ):
        painted_texts(passed, worth=box, wanted=One(text.text), stretches=stretches, take=take)
    # More than once where a stretch ends between two paintings of a letter: what stood there then is read as well.
    assert {(one.kind, *one.cells) for one in near} >= {(one.kind, *one.cells) for one in whole}
    assert near


def test_a_letter_that_was_there_shortly_before_the_state_counts() -> None:
    reading = Reading(recording([b"abcde", b"\rzbc"]))
    text = next(text for text in reading.found if text.text == "zbcde")
    assert reading.passed.kept[reading.passed.before(text.at)].place.at == 5
    found: list[PaintedText] = []
    painted_texts(
        reading.passed,
        worth=box,
        wanted={"zbcde": Part(0, 3, 0, 3)},
        stretches=[reading.stretch(text)],
        take=found.append,
    )
    assert [one.cells[1] for one in found] == [("b", ((7, 8), (1, 2)))]


def test_rows_that_a_later_size_brings_back_are_kept() -> None:
    lines = [b"line %d\r\n" % number for number in range(30)]
    reading = Reading(recording([*lines, Resize(12, 25), *lines]))
    before = [
        number
        for number, kept in enumerate(reading.passed.kept)
        if kept.place.at > 150 and kept.place.step <= 30
    ]
    end = finished(reading.passed, -1)
    assert before
    for number in before:
        assert screen(finished(reading.passed, number)) == screen(end)


def test_too_much_history_before_a_later_size_is_not_kept() -> None:
    lines = [b"line %d\r\n" % number for number in range(400)]
    kept = Reading(recording([*lines, Resize(12, 25), *lines])).passed.kept
    assert not [one for one in kept if 300 < one.place.step <= 400]
    assert [one for one in kept if one.place.step > 401]


@settings(max_examples=300)
@given(MORE)
def test_a_state_goes_on_as_the_terminal_that_it_was_kept_of(steps: list[Step]) -> None:
    reading = Reading(recording(steps))
    passed = reading.passed
    end = finished(passed, -1)
    for number, kept in enumerate(passed.kept):
        terminal = finished(passed, number)
        assert screen(terminal) == screen(end)
        with_history = passed.is_resized_after(kept.place)
        fresh = WatchedTerminal(COLUMNS, ROWS)
        fresh.watch(nothing, nothing)
        kept.state.resume(fresh)
        assert Saved(fresh, with_history=with_history).rows_unlike(kept.state) == set()


def finished(passed: Passed, number: int) -> WatchedTerminal:
    """A terminal that was drawn on from a state to the end."""
    terminal = WatchedTerminal(COLUMNS, ROWS)
    terminal.watch(nothing, nothing)
    start, track = passed.resume(number, terminal)
    Drawing(terminal, TextFeed(terminal), track).draw(passed.played, start)
    assert track.digest == passed.track.digest
    return terminal


def screen(terminal: Terminal) -> tuple[object, ...]:
    rows = [(row.data, row.pens, row.continued, row.padded) for row in terminal.grid]
    return rows, terminal.cursor.x, terminal.cursor.y, terminal.mode, terminal.pen, terminal.title


CHANGES = [
    b"x", b" \r", b"\x1b[1m", b"\x1b[2;4r", b"\x1b[?7l", b"\x1b[4h", b"\x1b(0", b"\x1b7", b"\x1b[?1049h",
    b"\x1b]2;t\x07",
    b"\x1b[C", b"\x1bH", b"\x1b[1;1H\x1b[K", b"\x1b[1;1H\x1b[31mh", b"\x1b[>1u",
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_another_screen_is_not_taken_for_the_one_that_was_kept(change: bytes) -> None:
    terminal = WatchedTerminal(COLUMNS, ROWS)
    terminal.watch(nothing, nothing)
    feed = TextFeed(terminal)
    feed(b"\x1b[5;5Hs\x1b[1;1Hhello\r\nthere\x1b[3;3H")
    before = Saved(terminal, with_history=False)
    assert Saved(terminal, with_history=False).rows_unlike(before) == set()
    feed(change)
    assert Saved(terminal, with_history=False).rows_unlike(before) is None


def test_output_of_another_length_is_refused() -> None:
    reading = Reading(recording([b"abc"]))
    with pytest.raises(ValueError, match="as long as it was"):
        reading.again(b"abcd")


def bytes_drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of what is drawn from now on."""
    drawn: list[int] = []
    feed = TextFeed.__call__

    def counting(self: TextFeed, data: bytes) -> None:
        drawn.append(len(data))
        feed(self, data)

    monkeypatch.setattr(TextFeed, "__call__", counting)
    return drawn


def test_only_what_is_another_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in a line that scrolls away: a few pieces are drawn again, of hundreds."""
    lines = [b"line %d\r\n" % number for number in range(400)]
    reading = Reading(recording(lines))
    output = reading.passed.played.output
    drawn = bytes_drawn(monkeypatch)
    changed = output.replace(b"line 200", b"limb 200")
    assert [text.text for text in reading.again(changed) if "limb" in text.text] == ["limb 200"]
    assert sum(drawn) < len(output) / 4
    assert not reading.again(changed)


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (b"\x1b[?1049h", b""), (b"\x1b[?1049h", b"\x1b[?1049l\x1b[4;1Hxy")],
    ids=["in-sight", "behind-another-screen", "shown-again"],
)
def test_what_stays_on_the_screen_is_drawn_where_it_was_painted(
    before: bytes, after: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that stands from the start to the end, and two hundred pieces below it."""
    reading = Reading(recording([b"\x1b[1;1Habc", before, *IDLE, *IDLE, after, *IDLE, *IDLE]))
    output = reading.passed.played.output
    drawn = bytes_drawn(monkeypatch)
    changed = output.replace(b"abc", b"Bbc")
    assert "Bbc" in {text.text for text in reading.again(changed)}
    assert sum(drawn) < len(output) / 4


def test_a_text_is_known_not_to_be_read_for_long() -> None:
    seen = Seen()
    seen.apart = 10
    for seen.now in (5, 10, 30, 35, 80):
        seen.is_new(1)
    assert seen.stretches({1: 5, 2: 40}) == {
        1: [Stretch(5, 11), Stretch(30, 36), Stretch(80, 81)],
        2: [Stretch(40, 41)],
    }
    seen.forget(1)
    seen.now = 90
    assert seen.is_new(1)
    assert seen.stretches({1: 90}) == {1: [Stretch(90, 91)]}


def test_a_pass_keeps_few_states() -> None:
    reading = Reading(recording([b"line %d\r\n" % number for number in range(2000)]))
    places = [kept.place.at for kept in reading.passed.kept]
    assert 10 < len(places) <= passes.MOST_KEPT
    assert places == sorted(places)
    assert reading.passed.resume(-1, WatchedTerminal(COLUMNS, ROWS))[0] == START
