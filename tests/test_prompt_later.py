"""A prompt that is painted in pieces, and answered between two of them: hidden from every cut, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cassette.model import Evidence, Input, Output, Size
from tests.scrub_recordings import everything, scrubbed
from tests.test_streaming import FINAL, given_out, inputs_of

SIZE = Size(40, 8)
SECRET = "zwei-Tassen-Tee"
RAW = Input(0, 0, "mode", mode={"echo": False, "icanon": False})
SEEING = Input(0, 0, "mode", mode={"echo": True, "icanon": True})
BOX = (
    b"\x1b[?1049h\x1b[H\x1b[2J\x1b[1;3H\x1b(0lqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqk\x1b(B"
    b"\x1b[2;3H\x1b(0x\x1b(B Password:\x1b[22X\x1b[2;37H\x1b(0x\x1b(B"
    b"\x1b[3;3H\x1b(0x lqqqqqqqqqqqqqqqqqqqqqqqqqqqqqk x\x1b(B"
    b"\x1b[4;3H\x1b(0x x\x1b[29X\x1b[4;35Hx x\x1b(B"
    b"\x1b[5;3H\x1b(0x mqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj x\x1b(B"
    b"\x1b[6;3H\x1b(0x\x1b(B       <  OK  >    <Cancel>       \x1b(0x\x1b(B"
    b"\x1b[7;3H\x1b(0mqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj\x1b(B\x1b[4;7H"
)
CLOSED = b"\x1b[7;37H\x1b[?1049l\r"
FIRST = BOX.index(b"Password:") + len(b"Password:")


def typed(text: str, t_ms: int) -> list[Evidence]:
    return [
        Input(0, t_ms, "input", text.encode(), source="script"),
        Input(0, t_ms, "input", b"\r", key="enter", source="script"),
    ]


def answered(cut: int, *, marks: bool = False, text: str = SECRET) -> list[Evidence]:
    """The box painted up to a byte, a line typed, and the rest of the box."""
    shown = [Output(0, 30, b"*" * len(text))] if marks else []
    return [
        RAW, Output(0, 5, BOX[:cut]), *typed(text, 8), Output(0, 20, BOX[cut:]), *shown, Output(0, 40, CLOSED),
        Output(0, 41, f"dialog gave {text}".encode()), FINAL,
    ]  # fmt: skip


def rules(events: Sequence[Evidence]) -> set[str | None]:
    """The rules that hide typed lines, by a scrub of the whole and as it comes, which are the same."""
    whole = [seen.event for seen in scrubbed(events, size=SIZE).events()]
    found = [
        [event.redacted for event in inputs if event.kind in ("input", "paste") and event.data != b"\r"]
        for inputs in (inputs_of(whole), inputs_of(given_out(events)))
    ]
    assert found[0] == found[1]
    return set(found[0])


@pytest.mark.parametrize("marks", [False, True])
def test_a_prompt_in_a_box_cut_anywhere(marks: bool) -> None:
    seen = set[str | None]()
    for cut in range(FIRST + marks, len(BOX) + 1, 2):
        seen |= rules(answered(cut, marks=marks))
    recording = scrubbed(answered(FIRST + 9, marks=marks), size=SIZE)
    assert not [text for text in everything(recording, SIZE) if SECRET in text]
    assert seen <= {"prompt", "prompt-later", "masked"}
    assert "prompt-later" in seen


def test_a_line_that_was_typed_letter_by_letter_and_one_that_was_pasted() -> None:
    letters = [Input(0, 8, "input", letter.encode(), source="user") for letter in SECRET]
    pasted = [Input(0, 8, "paste", f"\x1b[200~{SECRET}\x1b[201~".encode(), source="user")]
    for line in (letters, pasted):
        events = [RAW, Output(0, 5, BOX[:FIRST] + b"\x1b[8;1H"), *line, Output(0, 9, BOX[FIRST:]), FINAL]
        recording = scrubbed(events, size=SIZE)
        assert recording.report.hidden_inputs == 1
        assert not [text for text in everything(recording, SIZE) if SECRET in text]


def test_marks_that_come_late_and_not_at_the_cursor() -> None:
    for others in (0, 3):
        events = [
            RAW, Output(0, 5, b"\x1b[2;3HYour word\x1b[8;1H" + b"*" * others), *typed(SECRET, 8),
            Output(0, 20, b"\x1b[4;7H" + b"*" * len(SECRET) + b"\x1b[8;1H"), FINAL,
        ]  # fmt: skip
        recording = scrubbed(events, size=SIZE)
        assert recording.report.hidden_inputs == 1, others


ASKS = b"Password: "


@pytest.mark.parametrize(
    "events",
    [
        # A name, and the password right after it.
        [SEEING, Output(0, 1, b"Login: "), *typed("adalovelace", 5), Output(0, 6, b"adalovelace\r\n"),
         Output(0, 7, ASKS)],
        [SEEING, Output(0, 1, b"Login: "), *typed("adalovelace", 5), Output(0, 6, b"adalovelace\r\n" + ASKS)],
        [SEEING, Output(0, 1, b"$ "), *typed("ssh " + "x" * 50, 5), Output(0, 6, b"ssh " + b"x" * 50 + b"\r\n"),
         Output(0, 7, ASKS)],
        # Echo in pieces.
        [SEEING, Output(0, 1, b"Login: "), *typed("adalovelace", 5), Output(0, 6, b"ada"),
         Output(0, 7, b"lovelace\r\n"), Output(0, 8, ASKS)],
        # An answer of a letter or two.
        [RAW, Output(0, 1, b"(1) key (2) password\r\n"), *typed("2", 5), Output(0, 6, ASKS)],
        # A key between the line and the next field.
        [RAW, Output(0, 1, b"Name: "), Input(0, 5, "input", b"adalovelace", source="user"), Output(0, 6, b"."),
         Input(0, 7, "input", b"\t", source="user"), Output(0, 8, b"\r\n" + ASKS)],
        # Silence, or a second, between them.
        [RAW, Output(0, 1, b"> "), *typed("adalovelace", 5), Output(0, 300, ASKS)],
        [RAW, Output(0, 1, b"> "), *typed("adalovelace", 5),
         *(Output(0, t_ms, b".") for t_ms in range(100, 1000, 100)), Output(0, 1010, ASKS)],
        # Marks of another length, and marks that stood there.
        [RAW, Output(0, 1, b"> "), *typed("adalovelace", 5), Output(0, 6, b"\r\n" + b"*" * 10 + b"\r\n")],
        [RAW, Output(0, 1, b"*" * 11 + b"\r\n> "), *typed("adalovelace", 5), Output(0, 6, b"\r\nok\r\n")],
    ],
)  # fmt: skip
def test_what_is_no_answer_to_it_stays(events: Sequence[Evidence]) -> None:
    rest = [Input(0, 2000, "input", b"hello", source="user"), Output(0, 2001, b"." * 3000)]
    assert rules([*events, *rest, FINAL]) <= {None, "prompt"}
    first = next(event.data for event in events if isinstance(event, Input) and event.kind == "input")
    assert first in b"".join(
        event.data for event in inputs_of(given_out([*events, *rest, FINAL])) if event.redacted is None
    )
