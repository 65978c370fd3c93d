"""What programs ask and what the terminal says; and telling a terminal's answers from a person's typing."""

from __future__ import annotations

import pytest
import terminal_data as data

from terminal.queries import MAX_REPLIES, palette_colour, split_answers

ST = b"\x1b\\"
QUESTIONS = {
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[0c": b"\x1b[?62;22c",
    b"\x1bZ": b"\x1b[?62;22c",
    b"\x1b[>c": b"\x1b[>1;10;0c",
    b"\x1b[=c": b"\x1bP!|00000000" + ST,
    b"\x1b[5n": b"\x1b[0n",
    b"ab\x1b[6n": b"\x1b[1;3R",
    b"\x1b[3;5H\x1b[?6n": b"\x1b[?3;5R",
    b"\x1b[2;4r\x1b[?6h\x1b[6n": b"\x1b[1;1R",
    b"\x1b[1;20Hx\x1b[6n": b"\x1b[1;20R",
    b"\x1b[?25$p": b"\x1b[?25;1$y",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2026h\x1b[?2026$p": b"\x1b[?2026;1$y",
    b"\x1b[?1049h\x1b[?1049$p": b"\x1b[?1049;1$y",
    b"\x1b[?9999$p": b"\x1b[?9999;0$y",
    b"\x1b[4h\x1b[4$p": b"\x1b[4;1$y",
    b"\x1b[>q": b"\x1bP>|pty-cassette(1)" + ST,
    b"\x1b[?u": b"\x1b[?0u",
    b"\x1b[>5u\x1b[?u": b"\x1b[?5u",
    b"\x1b[>5u\x1b[>1u\x1b[<u\x1b[?u": b"\x1b[?5u",
    b"\x1b[>5u\x1b[=2;2u\x1b[?u": b"\x1b[?7u",
    b"\x1b[>5u\x1b[=1;3u\x1b[?u": b"\x1b[?4u",
    b"\x1b[>5u\x1b[?1049h\x1b[?u": b"\x1b[?0u",
    b"\x1b]10;?\x07": b"\x1b]10;rgb:e5e5/e5e5/e5e5\x07",
    b"\x1b]11;?\x1b\\": b"\x1b]11;rgb:0000/0000/0000" + ST,
    b"\x1b]10;?;?\x07": b"\x1b]10;rgb:e5e5/e5e5/e5e5\x07\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b]12;?\x07": b"\x1b]12;rgb:e5e5/e5e5/e5e5\x07",
    b"\x1b]4;196;?\x07": b"\x1b]4;196;rgb:ffff/0000/0000\x07",
    b"\x1b]4;1;?;2;?\x07": b"\x1b]4;1;rgb:cdcd/0000/0000\x07\x1b]4;2;rgb:0000/cdcd/0000\x07",
    b"\x1b]4;256;?\x07\x1b]4;x;?\x07\x1b]10;red\x07": b"",
    b"\x1bP+q544e\x1b\\": b"\x1bP1+r544e=787465726D2D323536636F6C6F72" + ST,
    b"\x1bP+q5463\x1b\\": b"\x1bP1+r5463" + ST,
    b"\x1bP+q7a7a\x1b\\": b"\x1bP0+r7a7a" + ST,
    b"\x1bP$qm\x1b\\": b"\x1bP1$r0m" + ST,
    b"\x1b[1;4:3;38;5;9;48;2;1;2;3m\x1bP$qm\x1b\\": b"\x1bP1$r0;1;4:3;91;48:2::1:2:3m" + ST,
    b"\x1b[2;3r\x1bP$qr\x1b\\": b"\x1bP1$r2;3r" + ST,
    b"\x1b[4 q\x1bP$q q\x1b\\": b"\x1bP1$r4 q" + ST,
    b"\x1bP$qzz\x1b\\": b"\x1bP0$r" + ST,
    b"\x1b[14t": b"\x1b[4;120;200t",
    b"\x1b[16t": b"\x1b[6;20;10t",
    b"\x1b[18t": b"\x1b[8;6;20t",
    b"\x1b[?996n": b"\x1b[?997;1n",
    b"\x1b[>4;2m\x1b[?4m": b"\x1b[>4;2m",
    b"\x1b[>4;2m\x1b[>4m\x1b[?4m": b"\x1b[>4;0m",
    b"\x1b[1;2;3;4;5;6;7;8;9n\x1b[99t\x1b[1c\x1b[?1c": b"",
    b"\x1b[21t\x1b[20t\x05": b"",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_answer(question: bytes) -> None:
    for chunks in ([question], data.by_byte(question)):
        emulator = data.new("pyte", 20, 6)
        for chunk in chunks:
            emulator.feed(chunk)
        assert emulator.replies() == QUESTIONS[question]
        assert emulator.replies() == b""


@pytest.mark.parametrize(
    "question", [b"\x1b[c", b"\x1b[6n", b"\x1b[?u", b"\x1b]11;?\x1b\\", b"\x1b[14t", b"\x1b[?996n"]
)
def test_ghostty_answers_alike(question: bytes) -> None:
    emulator = data.new("ghostty", 20, 6)
    emulator.feed(question)
    assert emulator.replies() == QUESTIONS.get(question, b"\x1b[1;1R")


def test_answers_do_not_pile_up() -> None:
    emulator = data.new("pyte", 20, 6)
    for _ in range(100):
        emulator.feed(b"\x1b[c" * 1000)
    assert 0 < len(emulator.replies()) <= MAX_REPLIES
    emulator.feed(b"\x1b[5n")
    assert emulator.replies() == b"\x1b[0n"


def test_every_answer_is_recognized_in_the_input() -> None:
    for question, answer in QUESTIONS.items():
        if answer:
            assert split_answers(b"x" + answer + b"y") == [(False, b"x"), (True, answer), (False, b"y")], (
                question
            )


@pytest.mark.parametrize(
    "typed", [b"hello\r", b"\x1b[A\x1bOB", b"\x1b[200~paste\x1b[201~", b"\x1b[<0;1;1M", b"\x1b"]
)
def test_typing_is_not_taken_for_an_answer(typed: bytes) -> None:
    assert split_answers(typed) == [(False, typed)]


def test_palette() -> None:
    assert palette_colour(0) == "rgb:0000/0000/0000"
    assert palette_colour(16) == "rgb:0000/0000/0000"
    assert palette_colour(231) == "rgb:ffff/ffff/ffff"
    assert palette_colour(110) == "rgb:8787/afaf/d7d7"
    assert palette_colour(232) == "rgb:0808/0808/0808"
    assert palette_colour(255) == "rgb:eeee/eeee/eeee"
