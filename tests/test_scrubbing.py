"""Whole recordings scrubbed: canaries at every cut, in every colour, at every margin, in every stream."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from cassette.errors import SecretsWouldLeak
from cassette.model import Evidence, Final, Input, Output, ServiceEvent, Size
from cassette.scrubbing.whole import ScrubbedRecording
from scrub.identity import Identity
from terminal.exit_status import ExitStatus
from terminal.played import Played
from terminal.provenance import cells_of
from tests.scrub_recordings import everything, hazard, input_of, known, output_of, outputs, scrubbed
from tests.scrub_samples import ANTHROPIC, GITHUB, OPAQUE, lines_of_data

FINAL = Final(0, 9000, ExitStatus(0), 9000)
SMALL = Size(40, 12)


def assert_clean(recording: ScrubbedRecording, *secrets: str, size: Size = SMALL) -> None:
    """None of the secrets can be read, and the report does not say that there was nothing."""
    seen = everything(recording, size)
    for secret in secrets:
        assert not [text for text in seen if secret in text]
    report = recording.report.as_document()
    assert report["status"] == "scrubbed"
    assert not [secret for secret in secrets if secret in json.dumps(report)]


def assert_same_cells(before: bytes, after: bytes, secret: str, size: Size = SMALL) -> None:
    """Cells differ only where bytes of a secret were: everything else, and every width, is as it was."""
    assert len(before) == len(after)
    changed = {at for at in range(len(before)) if before[at] != after[at]}
    old = list(cells_of(Played.of([before], columns=size.columns, rows=size.rows)))
    new = list(cells_of(Played.of([after], columns=size.columns, rows=size.rows)))
    for old_row, new_row in zip(old, new, strict=True):
        for (cell, spans), (now, _) in zip(old_row, new_row, strict=True):
            painted = {start for character in spans for start, _ in character}  # type: ignore[attr-defined]
            assert cell == now or painted & changed, secret


def scrub_output(chunks: Iterable[bytes], *known: str, size: Size = SMALL) -> ScrubbedRecording:
    return scrubbed(outputs(chunks), *(value.encode() for value in known), size=size)


@pytest.mark.parametrize(("secret", "known"), [(GITHUB, ()), (OPAQUE, (OPAQUE,))])
def test_a_secret_cut_by_reads_anywhere(secret: str, known: tuple[str, ...]) -> None:
    data = f"key \x1b[1m{secret}\x1b[0m\r\n".encode()
    for cut in range(len(data) + 1):
        recording = scrub_output([data[:cut], data[cut:]], *known)
        chunks = [seen.event.data for seen in recording.events() if isinstance(seen.event, Output)]
        assert [len(chunk) for chunk in chunks] == [cut, len(data) - cut]
        assert secret.encode() not in b"".join(chunks)


VARIANTS = {
    "colour inside": "{a}\x1b[1;32m{b}\x1b[0m",
    "colour of each character": "{coloured}",
    "cursor moved away and back": "\x1b[3;2H{a}\x1b[9;1Hstatus\x1b[3;{column}H{b}",
    "painted from the end": "\x1b[3;{column}H{b}\x1b[3;2H{a}",
    "written over": "\x1b[3;2H{dots}\r\x1b[3;2H{a}{b}",
    "struck twice": "{struck}",
    "typed with a mistake": "{a}q\b \b{b}",
    "inserted": "{b}\r\x1b[{length}@{a}",
    "insert mode": "{b}\r\x1b[4h{a}\x1b[4l",
    "deleted between": "{a}----{b}\r\x1b[{length}C\x1b[4P",
    "scrolled away": "{a}{b}" + "\r\n" * 30,
    "erased": "{a}{b}\x1b[2J",
    "erased by its line": "\x1b[4;2H{a}\x1b[7;1H-\x1b[4;{column}H{b}\r\x1b[K",
    "half on each screen": "\x1b[3;2H{a}{b}\x1b[?1049h\x1b[3;2H{a}\x1b[?1049l",
    "alternate screen": "\x1b[?1049h\x1b[3;{column}H{b}\x1b[3;2H{a}\x1b[?1049l",
    "reset": "\x1b[3;{column}H{b}\x1b[3;2H{a}\x1bc",
    "in a title": "\x1b]0;{a}{b}\x07",
    "in a link": "\x1b]8;;https://x.test/?t={a}{b}\x1b\\link\x1b]8;;\x1b\\",
}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize(("secret", "known"), [(GITHUB, ()), (OPAQUE, (OPAQUE,))], ids=["rule", "known"])
def test_a_secret_however_it_is_painted(name: str, secret: str, known: tuple[str, ...]) -> None:
    for cut in (5, len(secret) // 2, len(secret) - 2):
        a, b = secret[:cut], secret[cut:]
        data = VARIANTS[name].format(
            a=a, b=b, column=2 + cut, length=cut, dots="." * len(secret),
            coloured="".join(f"\x1b[3{at % 8}m{letter}" for at, letter in enumerate(secret)),
            struck="".join(f"{letter}\b{letter}" for letter in secret),
        ).encode()  # fmt: skip
        recording = scrub_output([data], *known, size=Size(60, 12))
        assert_clean(recording, secret, size=Size(60, 12))
        assert_same_cells(data, output_of(recording), secret, Size(60, 12))


@pytest.mark.parametrize("column", range(1, 41, 3))
def test_a_secret_at_every_margin(column: int) -> None:
    data = f"\x1b[12;{column}H{GITHUB} and more".encode()
    recording = scrub_output([data])
    assert_clean(recording, GITHUB)
    assert_same_cells(data, output_of(recording), GITHUB)


@pytest.mark.parametrize("width", range(8, 36, 3))
@pytest.mark.parametrize("left", ["│ ", "> ", "   ", "key │ "])
def test_a_secret_wrapped_by_the_program(width: int, left: str) -> None:
    parts = [GITHUB[at : at + width] for at in range(0, len(GITHUB), width)]
    right = " │" if "│" in left else ""
    text = "".join(f"{left}{part:<{width}}{right}\r\n" for part in parts)
    recording = scrub_output([text.encode()], size=Size(60, 12))
    seen = "".join(output_of(recording).decode().split())
    for mark in "│>key":
        seen = seen.replace(mark, "")
    assert not [at for at in range(4, len(GITHUB) - 8) if GITHUB[at : at + 8] in seen]


def test_a_terminal_that_changes_its_size() -> None:
    events: list[Evidence] = [
        Output(0, 1, b"\x1b[2;1H" + GITHUB[:20].encode()),
        Input(0, 2, "resize", size=Size(30, 8)),
        Output(0, 3, b"\x1b[5;3Hx\x1b[2;21H" + GITHUB[20:].encode()),
        FINAL,
    ]
    assert GITHUB[20:].encode() not in output_of(scrubbed(events, size=SMALL))


def typed(text: str, t_ms: int = 10, **fields: object) -> list[Evidence]:
    return [Input(0, t_ms, "input", letter.encode(), source="user", **fields) for letter in text]  # type: ignore[arg-type]


def test_a_key_typed_letter_by_letter_is_masked_in_its_events() -> None:
    recording = scrubbed([*typed(GITHUB + "\r"), FINAL])
    assert_clean(recording, GITHUB)
    events = [seen.event for seen in recording.events() if isinstance(seen.event, Input)]
    assert len(events) == len(GITHUB) + 1
    assert events[-1].data == b"\r"
    assert not events[-1].masked
    assert events[10].masked == ((0, 1),)


def test_a_placeholder_is_masked_whole_though_it_has_letters_of_what_it_covers() -> None:
    secret = "<SxxUBxxD:" + GITHUB[:20]
    pasted = Input(0, 10, "paste", secret.encode(), source="script")
    recording = scrubbed([pasted, *typed(secret), FINAL], secret.encode())
    events = [seen.event for seen in recording.events() if isinstance(seen.event, Input)]
    assert [event.masked for event in events] == [((0, len(secret)),), *[((0, 1),)] * len(secret)]


def test_a_hidden_line_is_one_event_whatever_its_length() -> None:
    blind = Input(0, 5, "mode", mode={"echo": False, "icanon": True})
    for line in ("correct-Horse9", "other"):
        recording = scrubbed([blind, *typed(line), *typed("\r"), FINAL])
        events = [seen.event for seen in recording.events() if isinstance(seen.event, Input)]
        assert [event.redacted for event in events] == [None, "echo-off", None]
        assert events[1].data == b"*" * 16
        assert events[2].data == b"\r"
        assert recording.report.hidden_inputs == 1
        assert line not in " ".join(everything(recording))


def test_short_hidden_input_is_told_as_looked_for_only_as_a_whole_word() -> None:
    blind = Input(0, 5, "mode", mode={"echo": False, "icanon": True})
    lines = ["4711", "other12", "4711", "correct-Horse9", "yes"]
    events = [blind, *(event for line in lines for event in (*typed(line), *typed("\r"))), FINAL]
    assert scrubbed(events).report.as_document()["short_values"] == ["input", "input"]
    recording = scrubbed(events, b"4711", b"shortie")
    origins = [value.origin for value in known(b"4711", b"shortie").values]
    assert recording.report.as_document()["short_values"] == sorted([*origins, "input"])


def test_a_hidden_line_in_one_write_keeps_its_end_outside_the_filler() -> None:
    blind = Input(0, 5, "mode", mode={"echo": False, "icanon": True})
    sent = Input(0, 9, "input", b"correct-Horse9\r", source="script")
    echoed = Output(0, 20, b"you said correct-Horse9\r\n")
    recording = scrubbed([blind, sent, echoed, FINAL])
    assert input_of(recording) == b"*" * 16 + b"\r"
    assert_clean(recording, "correct-Horse9")


def test_input_at_a_prompt_is_hidden_though_the_line_discipline_is_raw() -> None:
    raw = Input(0, 1, "mode", mode={"echo": False, "icanon": False})
    events = [raw, Output(0, 2, b"Enter API key: "), *typed("zu-viele-Worte"), *typed("\r"), FINAL]
    recording = scrubbed(events)
    assert_clean(recording, "zu-viele-Worte")
    assert recording.report.hidden_inputs == 1


def test_echo_that_goes_off_a_moment_later_hides_too() -> None:
    late = Input(0, 150, "mode", mode={"echo": False, "icanon": True})
    recording = scrubbed([Input(0, 10, "input", b"correct-Horse9\r", source="script"), late, FINAL])
    assert_clean(recording, "correct-Horse9")


def test_what_the_terminal_answers_is_never_hidden() -> None:
    answer = Input(0, 5, "input", b"\x1b[1;1R", source="terminal")
    blind = Input(0, 1, "mode", mode={"echo": False, "icanon": True})
    assert input_of(scrubbed([blind, answer, FINAL])) == b"\x1b[1;1R"


def test_every_document_is_read() -> None:
    documents = {"manifest": {"command": {"argv": ["tool", f"--key={GITHUB}"]}, "list": [1, None, OPAQUE]}}
    events: list[Evidence] = [
        ServiceEvent(0, 1, {"type": "call", "headers": {"Authorization": f"Bearer {ANTHROPIC}"}}),
        Input(0, 2, "mark", op=f"wait {OPAQUE}"),
        Final(0, 3, ExitStatus(0), 3, final_text=f"token {OPAQUE}", metadata={OPAQUE: [OPAQUE]}),
    ]
    recording = scrubbed(events, OPAQUE.encode(), documents=documents)
    assert_clean(recording, GITHUB, ANTHROPIC, OPAQUE)
    assert recording.documents["manifest"]["list"][:2] == [1, None]


def test_names_are_fixed_in_documents_and_filled_in_output() -> None:
    identity = Identity(home="/home/zoltan", user="zoltan", host="mybox-17")
    events: list[Evidence] = [Output(0, 1, b"zoltan@mybox-17:/home/zoltan$ "), FINAL]
    recording = scrubbed(events, identity=identity, documents={"manifest": {"cwd": "/home/zoltan/x"}})
    assert recording.documents == {"manifest": {"cwd": "/home/user/x"}}
    assert output_of(recording) == b"user__@host____:/home/user__$ "


def test_a_clean_recording_stays_as_it_is() -> None:
    events = [*outputs([b"hello\r\n", b"\x1b[2Jworld"])[:2], *typed("ls\r"), FINAL]
    recording = scrubbed(events)
    assert output_of(recording) == b"hello\r\n\x1b[2Jworld"
    assert input_of(recording) == b"ls\r"
    assert recording.report.as_document()["status"] == "clean"


def test_what_would_leak_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrub.scrubber.Scrubber.rewrite", lambda _self, streams, _hits: (dict(streams), []))
    with pytest.raises(SecretsWouldLeak) as caught:
        scrub_output([GITHUB.encode()])
    assert caught.value.exit_code == 5
    assert GITHUB not in str(caught.value)
    assert "github" in str(caught.value)
    assert "output" in str(caught.value)


@pytest.mark.parametrize("record", lines_of_data("hazards.jsonl"), ids=lambda record: record["id"])
def test_hazards_with_their_value_known(record: dict[str, object]) -> None:
    secret = str(record["secret"])
    size = Size(int(str(record["cols"])), int(str(record["rows"])))
    documents = {"manifest": record["meta"] or {}}
    recording = scrubbed(hazard(record), secret.encode(), size=size, documents=documents)
    assert_clean(recording, secret, size=size)
    before = b"".join(event.data for event in hazard(record) if isinstance(event, Output))
    assert_same_cells(before, output_of(recording), secret, size)


BROKEN = [
    GITHUB,
    "sk-ant-api03-Qm7Zt0vB4xKc9RwL2pYd8HsJ6nTf3GaE5uVi1oXkQm7Zt0vB4xKc9RwL2pYd8HsJ6nTf3GaE5uVi1oXkQm7Zt0vB4xAA",
]


@pytest.mark.parametrize("secret", BROKEN, ids=["github", "anthropic"])
@pytest.mark.parametrize("at", [8, 14, 20, 26, 32])
@pytest.mark.parametrize("word", ["status", "some-long-status-of-a-program", "ok"])
def test_a_word_that_is_written_elsewhere_between_two_halves_stays(secret: str, at: int, word: str) -> None:
    """With the escapes removed it reads as the middle of the token; the screen knows better."""
    size = Size(130, 24)
    halves = f"\x1b[5;3H{secret[:at]}", f"\x1b[9;1H{word}", f"\x1b[5;{3 + at}H{secret[at:]}\x1b[9;1H"
    recording = scrubbed(outputs([half.encode() for half in halves]), size=size)
    after = output_of(recording)
    assert f"\x1b[9;1H{word}\x1b".encode() in after
    assert_clean(recording, secret, size=size)
    assert secret[at:].encode() not in after


def test_a_token_that_only_text_without_a_terminal_shows_is_covered_whole() -> None:
    """Its halves stand apart on the screen, and nothing there says that they are one."""
    data = f"\x1b[2;5H{GITHUB[:20]}\x1b[9;60H{GITHUB[20:]}\x1b[1;1H".encode()
    after = output_of(scrubbed(outputs([data]), size=Size(80, 24)))
    assert GITHUB[:20].encode() not in after
    assert GITHUB[20:].encode() not in after


@pytest.mark.parametrize("known", [False, True], ids=["by-patterns", "known"])
@pytest.mark.parametrize("record", lines_of_data("hazards.jsonl")[::4], ids=lambda record: record["id"])
def test_hazards_come_out_alike_with_states_kept_everywhere(
    record: dict[str, object], known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small recordings are drawn in one piece; in long ones only what may differ is drawn again."""
    values = [str(record["secret"]).encode()] if known else []
    size = Size(int(str(record["cols"])), int(str(record["rows"])))
    filler = outputs([b"\x1b[1;1H%04d\r\n" % number for number in range(30)])[:-1]
    events = [*filler, *hazard(record)]
    whole = scrubbed(events, *values, size=size)
    monkeypatch.setattr("terminal.played.PIECE", 16)
    again = scrubbed(events, *values, size=size)
    assert output_of(again) == output_of(whole)
    assert again.report == whole.report


@pytest.mark.parametrize(
    "word", ["--password ", "Cookie: sessionid=", "https://x/?access_token=", "AccountKey="]
)
def test_a_line_editor_that_goes_back_behind_a_secret_can_be_recorded(word: str) -> None:
    """As reverse search does, whose steps back are no part of the value."""
    value = "Hq7zPp2mKd81XyT4wB"
    line = f"login {word}{value}".encode()
    data = b"$ " + line + b"\r\n$ \r(search)`': " + line + b"\b" * 26 + b"\x1b[1@s': login\x08\x08\r\n"
    after = output_of(scrubbed(outputs([data])))
    assert len(after) == len(data)
    assert b"Hq7zPp2m" not in after


@pytest.mark.parametrize(
    "value",
    ["égeösl4jcé09ЖQiZQñuRé", "Жx9kQ2mZr7Lw-T4vB8nR3sD9Q", "x9kQ2mZr7Lw-T4vB8nR3sD9Qé"],
)
@pytest.mark.parametrize("known", [False, True])
def test_a_password_with_letters_of_two_bytes_can_be_recorded(value: str, known: bool) -> None:
    """Half of a placeholder between fillers would look like a secret again."""
    data = f"password={value}\r\n".encode()
    after = output_of(scrubbed(outputs([data]), *([value.encode()] if known else [])))
    assert len(after) == len(data)
    assert not set(value) - set("password=\r\n<SCRUBBED:environment:1*>") & set(after.decode())
