"""Expectations: what holds and what does not, on screens made by hand; live ones wait; goldens; awaited ones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from build_cassette import Tape

import cassette
from cassette import ExpectationFailed, GoldenFiles, Region, Session, expect
from cassette.errors import UsageError
from cassette.playing.screen_diff import rows_diff, screens_diff, style_words
from cassette.testing import aio
from cassette.testing.locator import Found
from terminal.emulator import make_emulator
from terminal.snapshot import Snapshot, Style

LIMIT_S = 60.0
SCREEN = (
    b"\x1b]2;Main menu\x07"
    b"\x1b[1;1Hname: Ada name: Eve\x1b[2;1H\x1b[1;31mred\x1b[0m and \x1b[7m \xe4\xbd\xa0\xe5\xa5\xbd \x1b[0m!"
    b"\x1b[4;3H| box |\x1b[5;3H\x1b[4munder\x1b[0mlined\x1b[1;7H"
)
Check = Callable[[Session], None]


@pytest.fixture
def term(tmp_path: Path):
    tape = Tape(
        terminal={"initial_rows": 6, "initial_cols": 30, "emulator": {"name": "pyte", "version": "test"}}
    )
    path = (
        tape.output(0, SCREEN).input(500, b"q").output(501, b"\x1b[2Jbye").final(900).write(tmp_path / "tape")
    )
    with cassette.open(path).session() as session:
        yield session


HOLDS: dict[str, Check] = {
    "text": lambda term: expect(term).to_contain_text("red and"),
    "text_over_rows": lambda term: expect(term).to_contain_text("Eve\nred"),
    "pattern": lambda term: expect(term).to_contain_text(re.compile(r"^RED", re.M | re.I)),
    "blank_before_the_cursor": lambda term: expect(term).to_contain_text("name: "),
    "row": lambda term: expect(term).to_have_text("name: Ada name: Eve", row=0),
    "row_with_blanks": lambda term: expect(term).to_have_text("name: Ada name: Eve   ", row=0),
    "last_row": lambda term: expect(term).to_have_text("", row=-1),
    "row_pattern": lambda term: expect(term).to_have_text(re.compile("name: .*Eve"), row=0),
    "region": lambda term: expect(term).to_have_text("box", region=Region(4, 3, 7, 4)),
    "region_of_rows": lambda term: expect(term).to_have_text(
        "\n  | box |\n  underlined", region=Region(top=2)
    ),
    "screen": lambda term: expect(term).to_have_text(
        "name: Ada name: Eve\nred and  你好 !\n\n  | box |\n  underlined\n"
    ),
    "visible": lambda term: expect(term.get_by_text("box")).to_be_visible(),
    "second": lambda term: expect(term.get_by_text("name", nth=1)).to_be_visible(),
    "last": lambda term: expect(term.get_by_text("name", nth=-1)).to_be_visible(),
    "within": lambda term: expect(term.get_by_text("name", within=Region(left=9))).to_be_visible(),
    "found_text": lambda term: expect(term.get_by_text(re.compile(r"name: \w+"), nth=1)).to_have_text(
        "name: Eve"
    ),
    "cursor": lambda term: expect(term).to_have_cursor(row=0, column=6, visible=True),
    "column": lambda term: expect(term).to_have_cursor(column=6),
    "title": lambda term: expect(term).to_have_title("Main menu"),
    "title_pattern": lambda term: expect(term).to_have_title(re.compile("menu")),
    "style": lambda term: expect(term.get_by_text("red")).to_have_style(bold=True, fg=1),
    "style_of_wide": lambda term: expect(term.get_by_text("你好")).to_have_style(reverse=True),
    "style_at": lambda term: expect(term).to_have_style(row=4, column=2, width=5, underline="single"),
    "style_of_one_of_them": lambda term: expect(term.get_by_text(re.compile("under|lined"))).to_have_style(
        underline="single"
    ),
}
FAILS: dict[str, Check] = {
    "text": lambda term: expect(term).to_contain_text("blue"),
    "text_not_over_rows": lambda term: expect(term).to_contain_text("Eve red"),
    "row": lambda term: expect(term).to_have_text("name: Ada", row=0),
    "no_such_row": lambda term: expect(term).to_have_text("", row=6),
    "no_such_row_not": lambda term: expect(term).not_.to_have_text("x", row=6),
    "row_pattern": lambda term: expect(term).to_have_text(re.compile("name"), row=0),
    "region": lambda term: expect(term).to_have_text("bo", region=Region(4, 3, 7, 4)),
    "third": lambda term: expect(term.get_by_text("name", nth=2)).to_be_visible(),
    "before_first": lambda term: expect(term.get_by_text("name", nth=-3)).to_be_visible(),
    "within": lambda term: expect(term.get_by_text("red", within=Region(left=1))).to_be_visible(),
    "cursor": lambda term: expect(term).to_have_cursor(row=1, column=6),
    "hidden": lambda term: expect(term).to_have_cursor(visible=False),
    "title": lambda term: expect(term).to_have_title("Main"),
    "style": lambda term: expect(term.get_by_text("red and")).to_have_style(bold=True),
    "style_of_nothing": lambda term: expect(term.get_by_text("blue")).to_have_style(bold=True),
    "style_of_nothing_not": lambda term: expect(term.get_by_text("blue")).not_.to_have_style(bold=True),
    "style_beyond": lambda term: expect(term).to_have_style(row=0, column=30, bold=False),
    "text_not": lambda term: expect(term).not_.to_contain_text("red"),
    "visible_not": lambda term: expect(term.get_by_text("box")).not_.to_be_visible(),
    "style_not": lambda term: expect(term.get_by_text("red")).not_.to_have_style(fg=1),
}


@pytest.mark.parametrize("name", HOLDS)
def test_holds(term: Session, name: str) -> None:
    HOLDS[name](term)


@pytest.mark.parametrize("name", FAILS)
def test_fails(term: Session, name: str) -> None:
    with pytest.raises(ExpectationFailed, match="expected "):
        FAILS[name](term)


@pytest.mark.parametrize("name", [name for name in HOLDS if name != "style_of_one_of_them"])
def test_what_holds_fails_negated(term: Session, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = expect

    def negated(target: object) -> object:
        return real(target).not_  # type: ignore[call-overload]

    monkeypatch.setitem(globals(), "expect", negated)
    with pytest.raises(AssertionError, match="not to "):
        HOLDS[name](term)


def test_it_waits_until_it_does_not_hold_any_more(term: Session) -> None:
    term.press("q")
    expect(term).not_.to_contain_text("box")
    expect(term).to_contain_text("bye")
    expect(term).not_.not_.to_contain_text("bye")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda term: expect("a text"),
        lambda term: expect(term).to_contain_text(7),
        lambda term: expect(term).to_contain_text(re.compile(b"x")),
        lambda term: expect(term).to_have_cursor(),
        lambda term: expect(term).to_have_text("x", row=0, region=Region()),
        lambda term: expect(term).to_have_style(row=0, column=0),
        lambda term: expect(term.get_by_text("red")).to_have_style(colour=1),
        lambda term: expect(term).to_match_screen(),
        lambda term: term.get_by_text(""),
        lambda term: term.get_by_text(b"x"),
        lambda term: term.wait_for(3),
    ],
)
def test_what_is_asked_wrongly_is_no_failure_of_the_program(term: Session, wrong: Check) -> None:
    with pytest.raises(UsageError):
        wrong(term)


def test_places_are_in_columns(term: Session) -> None:
    assert term.get_by_text("好").found() == [Found(1, 11, 2, "好")]
    assert term.get_by_text("!").found() == [Found(1, 14, 1, "!")]
    assert term.get_by_text("!", within=Region(left=12)).found() == [Found(1, 14, 1, "!")]
    assert [place.column for place in term.get_by_text("name").found()] == [0, 10]
    assert term.get_by_text("name").narrowed(nth=1).found() == [Found(0, 10, 4, "name")]
    assert term.get_by_text(re.compile("z*")).found() == []
    assert not term.get_by_text("nothing").is_visible()


# Live.


def test_live_it_waits(tmp_path: Path) -> None:
    script = "printf start; read x; sleep 0.1; printf '\\033[2J\\033[H\\033[1mdone\\033[0m'; read x; exit 2"
    with cassette.record(
        tmp_path / "tape", ["sh", "-c", script], timeout=LIMIT_S, columns=40, rows=5
    ) as term:
        expect(term).to_contain_text("start")
        term.press("enter")
        expect(term).not_.to_contain_text("start")
        expect(term.get_by_text("done")).to_have_style(bold=True)
        with pytest.raises(ExpectationFailed) as caught:
            expect(term, timeout=0.05).to_have_text("dune", row=0)
        message = str(caught.value)
        assert message.startswith(
            "expected row 0 to have the text 'dune', and waited 0.1 s: the screen last changed"
        )
        assert "    0 -|dune\n      +|done\n         ^\n" in message
        assert "to_have_text" in message.split("  test    ")[1].splitlines()[0]
        term.press("enter")
        term.wait()
        expect(term).to_contain_text("done")
        with pytest.raises(ExpectationFailed, match="the program ended with exit code 2"):
            expect(term).to_contain_text("more")


# Goldens.


def test_a_golden_is_written_once_and_compared_from_then_on(tmp_path: Path, term: Session) -> None:
    directory = tmp_path / "screens"
    with pytest.raises(ExpectationFailed, match=r"there is no golden .*menu\.txt for this screen yet"):
        expect(term, goldens=GoldenFiles(directory)).to_match_screen("menu")
    assert not directory.exists()
    expect(term, goldens=GoldenFiles(directory, update=True)).to_match_screen("menu")
    text = (directory / "menu.txt").read_text("utf-8")
    assert text == "name: Ada name: Eve\nred and  你好 !\n\n  | box |\n  underlined\n"
    expect(term, goldens=GoldenFiles(directory)).to_match_screen("menu")
    (directory / "menu.txt").write_text(text.replace("box", "fox"), "utf-8")
    with pytest.raises(ExpectationFailed) as caught:
        expect(term, goldens=GoldenFiles(directory)).to_match_screen("menu")
    assert "    3 -|  | fox |\n      +|  | box |\n            ^\n" in str(caught.value)
    assert "pytest --pty-update-screens" in str(caught.value)
    expect(term, goldens=GoldenFiles(directory)).not_.to_match_screen("menu")


def test_goldens_of_a_region_of_what_changes_and_without_a_name(tmp_path: Path, term: Session) -> None:
    def normalize(text: str) -> str:
        return re.sub(r"Ada|Bob", "<name>", text)

    for update in (True, False):
        goldens = GoldenFiles(tmp_path, stem="test_it", update=update)
        term.goldens = goldens
        expect(term).to_match_screen()
        expect(term).to_match_screen(region=Region(2, 3, 9, 5))
        expect(term).to_match_screen(normalize=normalize)
        assert [path.name for path in goldens.used] == ["test_it.txt", "test_it.2.txt", "test_it.3.txt"]
        third = tmp_path / "test_it.3.txt"
        if update:
            third.write_text(third.read_text("utf-8").replace("Ada", "Bob"), "utf-8")
    assert (tmp_path / "test_it.2.txt").read_text() == "| box |\nunderli\n"
    kept = third.read_text("utf-8")
    goldens = GoldenFiles(tmp_path, update=True)
    expect(term, goldens=goldens).to_match_screen("test_it.3", normalize=normalize)
    assert third.read_text("utf-8") == kept  # what is equal after normalizing is not written again


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a\nb"])
def test_a_golden_has_a_plain_name(tmp_path: Path, term: Session, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a screen"):
        expect(term, goldens=GoldenFiles(tmp_path)).to_match_screen(name)


def test_a_golden_is_written_when_the_screen_stands_still(tmp_path: Path) -> None:
    script = "sleep 0.2; printf one; sleep 0.1; printf ' two'; read x"
    with cassette.record(tmp_path / "tape", ["sh", "-c", script], timeout=LIMIT_S) as live:
        expect(live, goldens=GoldenFiles(tmp_path, update=True)).to_match_screen("start")
        live.press("enter")
    assert (tmp_path / "start.txt").read_text() == "one two\n"
    with cassette.open(tmp_path / "tape").session() as session:
        expect(session, goldens=GoldenFiles(tmp_path)).to_match_screen("start")


# Differences.


def screen_of(data: bytes) -> Snapshot:
    emulator = make_emulator(columns=12, rows=3)
    emulator.feed(data)
    return emulator.snapshot()


def test_rows_differ() -> None:
    assert rows_diff(["a", "b"], ["a", "b"]) == ""
    assert rows_diff(["abcd"], ["abxd"], first=7) == "    7 -|abcd\n      +|abxd\n          ^"
    assert rows_diff(["a"], ["a", "\x1b[0m"]) == "    1 -|(no such row)\n      +|\\x1b[0m"
    assert "^" not in rows_diff(["abcdef"], ["uvwxyz"])


def test_attributes_are_compared_where_the_text_is_equal() -> None:
    plain, bold = (
        screen_of(b"one\r\ntwo\r\nthree"),
        screen_of(b"one\r\n\x1b[1;32mtw\x1b[0mo\r\n\x1b[1mthird\x1b[0m"),
    )
    assert screens_diff(plain, plain) == ""
    difference = screens_diff(plain, bold)
    assert "    1  |two\n        columns 0 to 1: expected plain, found fg=2, bold" in difference
    assert "    2 -|three\n      +|third" in difference
    assert difference.count("columns") == 1
    assert "title: expected '', found 'x'" in screens_diff(
        plain, screen_of(b"one\r\ntwo\r\nthree\x1b]2;x\x07")
    )
    assert style_words(Style()) == "plain"


# Awaited.


def test_async_tests_use_the_same_logic(tmp_path: Path) -> None:
    async def drive(term: aio.AsyncSession) -> int | None:
        async with term:
            await aio.expect(term).to_contain_text("name? ")
            await term.type("Ada")
            await term.press("enter")
            screen = await term.wait_for("hello Ada")
            assert screen == await term.screen()
            await aio.expect(term.get_by_text("hello")).not_.to_have_style(bold=True)
            with pytest.raises(AssertionError) as caught:
                await aio.expect(term, timeout=0.05).to_have_title("none")
            assert 'aio.expect(term, timeout=0.05).to_have_title("none")' in str(caught.value)
            await term.resize(columns=50, rows=10)
            await term.sleep(0.01)
            await term.paste("x\n")
            assert (await term.wait()).code == 4
            assert b"hello Ada" in await term.read()
        return term.exit_code

    script = "printf 'name? '; read n; echo hello $n; read x; exit 4"
    live = cassette.record(tmp_path / "tape", ["sh", "-c", script], timeout=LIMIT_S)
    assert asyncio.run(drive(aio.AsyncSession(live))) == 4
    tape = cassette.open(tmp_path / "tape")
    assert asyncio.run(drive(aio.AsyncSession(tape.session(on_unplayed="fail")))) == 4
    paced = tape.session(replay="scaled", scale=0.01, on_unplayed="fail")
    assert asyncio.run(drive(aio.AsyncSession(paced))) == 4


def test_the_event_loop_goes_on_while_a_live_session_waits(tmp_path: Path) -> None:
    async def drive() -> list[str]:
        order: list[str] = []
        live = cassette.record(tmp_path / "tape", ["sh", "-c", "read x; echo got $x"], timeout=LIMIT_S)

        async def other(term: aio.AsyncSession) -> None:
            order.append("other")
            await asyncio.to_thread(term.session.send, b"it\n")

        async with aio.AsyncSession(live) as term:
            waiting = asyncio.create_task(term.wait_for("got it"))
            await other(term)
            await waiting
            order.append("waited")
        return order

    assert asyncio.run(drive()) == ["other", "waited"]


def test_an_expectation_has_only_what_it_has() -> None:
    inner = aio.AsyncExpectation(None, None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        inner.contains  # noqa: B018
