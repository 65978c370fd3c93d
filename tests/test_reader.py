"""An open cassette gives back what was recorded, at any moment, to any number of readers."""

import json
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from build_cassette import ID, Tape, document, greeter, long_tape, with_seal, write
from hypothesis import given
from hypothesis import strategies as st

import cassette
from cassette.errors import Damaged, NotACassette, NotWhatWasDemanded, UnknownVersion, UsageError
from cassette.format.frame_decoder import FrameDecoder
from cassette.format.frames import FrameEncoder
from cassette.format.lines import with_seq
from cassette.model import EmulatorIdentity, Final, Frame, Input, Output, ServiceEvent, Size
from cassette.reading.reader import Cassette
from terminal.snapshot import Cursor, Line, Snapshot, Span, Style


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return greeter().write(tmp_path / "tape")


@pytest.fixture
def tape(path: Path) -> Iterator[Cassette]:
    with cassette.open(path) as opened:
        yield opened


# Opening


def test_what_stands_in_it(tape: Cassette, path: Path) -> None:
    assert (tape.id, tape.path, tape.state) == (ID, path, "complete")
    assert tape.manifest.harness.name == "greeter"
    assert tape.size == Size(columns=20, rows=4)
    assert tape.final.exit is not None
    assert tape.final.exit.code == 0
    assert tape.duration_ms == 1000
    assert tape.scrub_report.status == "not-run"
    assert tape.discovery is tape.quota is None
    assert tape.evidence_sha256 == json.loads((path / "seal.json").read_bytes())["evidence_sha256"]
    assert ID in repr(tape)


def test_optional_documents(tmp_path: Path) -> None:
    record = document({"source": "pty", "status": "ok", "models": ["a", "b"], "windows": [{"used": 5}]})
    files = {**greeter().files(), "discovery.json": record, "quota.json": record}
    tape = cassette.open(write(tmp_path / "tape", with_seal(files)))
    assert tape.discovery is not None
    assert tape.discovery.models == ("a", "b")
    assert tape.quota is not None
    assert tape.quota.windows == ({"used": 5},)


def test_demands_that_are_met(path: Path, tape: Cassette) -> None:
    digest = tape.verdict.content_sha256
    assert digest is not None
    cassette.open(path, expected_id=ID, expected_sha256=digest, expected_evidence=tape.evidence_sha256)
    cassette.open(path, expected_sha256=digest.upper(), required_emulator="pyte")
    cassette.open(path, required_emulator="pyte test")
    cassette.open(path, required_emulator=EmulatorIdentity("pyte", "test"), unverified=True)


@pytest.mark.parametrize(
    ("demand", "words"),
    [
        ({"expected_id": "other"}, f"has id {ID}, and other was demanded"),
        ({"expected_sha256": "0" * 64}, "SHA-256"),
        ({"expected_evidence": "0" * 64}, "evidence_sha256"),
        ({"required_emulator": "ghostty"}, "emulator pyte test, and ghostty"),
        ({"required_emulator": "pyte 1"}, "emulator"),
        ({"required_emulator": EmulatorIdentity("pyte", "1")}, "emulator"),
    ],
)
def test_demands_that_are_not_met(path: Path, demand: dict[str, str], words: str) -> None:
    with pytest.raises(NotWhatWasDemanded, match=words) as caught:
        cassette.open(path, **demand)  # type: ignore[arg-type]
    assert caught.value.exit_code == 1


def test_a_digest_cannot_be_demanded_unverified(path: Path) -> None:
    with pytest.raises(UsageError, match="digest"):
        cassette.open(path, expected_evidence="0" * 64, unverified=True)


def test_damaged_is_refused_and_unverified_is_not(path: Path) -> None:
    raw = (path / "output.raw").read_bytes()
    (path / "output.raw").write_bytes(raw.replace(b"Ada", b"Eve"))
    with pytest.raises(
        Damaged, match=r"output.raw, seq 5, offset 6: the SHA-256 .* more; see cassette verify"
    ):
        cassette.open(path)
    with cassette.open(path, unverified=True) as tape:
        assert b"Eve" in tape.output_bytes()
        assert tape.state == "damaged"


def test_partial_is_opened(tmp_path: Path) -> None:
    assert cassette.open(greeter().write(tmp_path / "tape", sealed=False)).state == "partial"


@pytest.mark.parametrize("unverified", [False, True])
def test_what_is_no_cassette_of_ours(tmp_path: Path, unverified: bool) -> None:
    with pytest.raises(NotACassette):
        cassette.open(tmp_path / "none", unverified=unverified)
    with pytest.raises(UnknownVersion):
        cassette.open(greeter(version=2).write(tmp_path / "later"), unverified=unverified)
    for name in ("frames.jsonl", "final.json", "scrub-report.json", "input.jsonl"):
        path = greeter().write(tmp_path / name)
        (path / name).unlink()
        with pytest.raises(Damaged, match=f"{name}: it is missing"):
            cassette.open(path, unverified=unverified)


def test_unverified_looks_at_no_event(tmp_path: Path) -> None:
    files = greeter().files()
    for name in ("frames.jsonl", "input.jsonl", "output.jsonl", "service-events.jsonl"):
        files[name] = b"junk\n"
    tape = cassette.open(write(tmp_path / "tape", files), unverified=True)
    assert tape.id == ID
    for read in (tape.events, tape.inputs, tape.outputs, tape.frames, tape.service_events):
        with pytest.raises(Damaged):
            list(read())
    for moment in ({"t_ms": 5}, {"seq": 5}, {"t_ms": 5, "exact": True}):
        with pytest.raises(Damaged):
            tape.screen_at(**moment)  # type: ignore[arg-type]


def test_a_close_keeps_what_was_handed_out(path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with cassette.open(path) as tape:
        events = tape.events()
        next(events)
    assert len(list(events)) == 11
    assert tape.screen_at(seq=12).text[0] == "name? Ada"
    del tape, events
    assert len(os.listdir("/proc/self/fd")) == before


# Events


def test_events_in_order(tape: Cassette) -> None:
    events = list(tape.events())
    assert [event.seq for event in events] == list(range(1, 13))
    assert [type(event) for event in events] == [
        *(Output, Frame, Input, Input, Output, Output, Frame, ServiceEvent, Input, Output, Frame, Final)
    ]
    assert events[0] == Output(1, 0, b"name? ", 0)
    assert events[2] == Input(3, 500, "input", b"Ada", source="user")
    assert events[7] == ServiceEvent(8, 700, {"type": "greeted", "who": "Ada"})
    assert events[8] == Input(9, 900, "resize", size=Size(columns=30, rows=5))
    frame = events[6]
    assert isinstance(frame, Frame)
    assert frame.screen.text == ["name? Ada", "Hello, Ada", "", ""]
    assert frame.screen.spans == {1: (Span(7, 3, Style(bold=True)),)}
    assert (frame.is_key, frame.raw_start, frame.raw_end) == (False, 6, 31)
    assert events[11] is tape.final


def test_streams_are_parts_of_the_whole(tape: Cassette) -> None:
    events = list(tape.events())
    for kind, stream in (
        (Input, tape.inputs()),
        (Output, tape.outputs()),
        (Frame, tape.frames()),
        (ServiceEvent, tape.service_events()),
    ):
        assert list(stream) == [event for event in events if isinstance(event, kind)]


def test_output_bytes(tape: Cassette) -> None:
    whole = b"name? Ada\r\nHello, \x1b[1mAda\x1b[0m\r\n" + "grüß dich ✨\r\n".encode()
    assert tape.output_bytes() == tape.raw[:] == whole
    assert tape.output_bytes(6, 9) == b"Ada"
    assert tape.output_bytes(6, 6) == tape.output_bytes(10_000) == b""
    assert tape.output_bytes(-2) == b"\r\n"


def test_no_output_at_all(tmp_path: Path) -> None:
    tape = cassette.open(Tape().final(5).write(tmp_path / "tape"))
    assert tape.output_bytes() == b""
    assert list(tape.events()) == [tape.final]
    for exact in (False, True):
        assert tape.screen_at(t_ms=3, exact=exact).text == [""] * 4


def test_unverified_events_stop_at_a_hole(tmp_path: Path) -> None:
    files = greeter().files()
    files["input.jsonl"] = b"".join(files["input.jsonl"].splitlines(keepends=True)[1:])
    tape = cassette.open(write(tmp_path / "tape", files), unverified=True)
    with pytest.raises(Damaged, match="it has seq 4 where 3 was due"):
        list(tape.events())


# Screens


def test_screens_by_seq_and_by_time(tape: Cassette) -> None:
    first, second, third = (frame.screen for frame in tape.frames())
    for seq, screen in (
        (2, first),
        (3, first),
        (6, first),
        (7, second),
        (10, second),
        (11, third),
        (99, third),
    ):
        assert tape.screen_at(seq=seq) == screen
    for t_ms, screen in (
        (0, first),
        (639, first),
        (640, second),
        (909, second),
        (910, third),
        (10**12, third),
    ):
        assert tape.screen_at(t_ms=t_ms) == screen


def test_before_the_first_frame_it_is_blank(tmp_path: Path) -> None:
    tape = Tape().resize(5, 40, 6).resize(7, 50, 7).output(10, b"x").key(10, ["x"], columns=50, rows=7)
    opened = cassette.open(tape.final(10).write(tmp_path / "tape"))
    sizes = [(screen.columns, screen.rows) for screen in (opened.screen_at(t_ms=t) for t in (0, 5, 6, 9))]
    assert sizes == [(20, 4), (40, 6), (40, 6), (50, 7)]
    assert opened.screen_at(seq=0) == Snapshot(20, 4, (Line(),) * 4)
    assert opened.screen_at(seq=1).lines == (Line(),) * 6


def test_exact_screens_there_and_back(tape: Cassette) -> None:
    def screen(seq: int) -> list[str]:
        return tape.screen_at(seq=seq, exact=True).text

    assert screen(0) == ["", "", "", ""]
    assert screen(1) == screen(4) == ["name?", "", "", ""]
    assert screen(5) == ["name? Ada", "", "", ""]
    assert screen(8) == ["name? Ada", "Hello, Ada", "", ""]
    assert len(screen(9)) == 5
    assert screen(12) == ["name? Ada", "Hello, Ada", "grüß dich ✨", "", ""]
    assert screen(5) == ["name? Ada", "", "", ""]
    assert tape.screen_at(t_ms=639, exact=True).text == ["name? Ada", "", "", ""]
    assert tape.screen_at(t_ms=640, exact=True).text[1] == "Hello, Ada"


@pytest.mark.parametrize("moment", [{}, {"t_ms": 1, "seq": 1}, {"t_ms": -1}, {"seq": -1}])
def test_a_screen_has_one_moment(tape: Cassette, moment: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="one moment"):
        tape.screen_at(**moment)


def test_an_emulator_that_is_not_here_does_not_stop_exact_screens(tmp_path: Path) -> None:
    terminal = {"initial_rows": 4, "initial_cols": 20, "emulator": {"name": "vt10x", "version": "0"}}
    tape = cassette.open(greeter(terminal=terminal).write(tmp_path / "tape"))
    assert tape.screen_at(seq=5, exact=True).text[0] == "name? Ada"


def test_random_moments_are_what_reading_in_order_gives(tmp_path: Path) -> None:
    tape = cassette.open(long_tape(1500).write(tmp_path / "tape"))
    frames = list(tape.frames())
    moments = [random.Random(6).choice(frames) for _ in range(300)] + frames
    for frame in moments:
        assert tape.screen_at(seq=frame.seq) == frame.screen
        assert tape.screen_at(t_ms=frame.t_ms) == frame.screen


def test_a_frame_that_cannot_be_rebuilt_is_named(tmp_path: Path) -> None:
    files = greeter().files()
    files["frames.jsonl"] = files["frames.jsonl"].replace(b'"rows":{"0"', b'"rows":{"9"')
    tape = cassette.open(write(tmp_path / "tape", files), unverified=True)
    for _ in range(2):
        with pytest.raises(Damaged, match=r"frames.jsonl, line 2: row 9"):
            tape.screen_at(seq=7)
    assert tape.screen_at(seq=2).text[0] == "name?"
    assert tape.screen_at(seq=11).text[0] == "name? Ada"


def test_many_threads_read_one_cassette(tmp_path: Path) -> None:
    tape = cassette.open(long_tape().write(tmp_path / "tape"), unverified=True)
    alone = cassette.open(tmp_path / "tape")
    wanted = list(alone.events())
    moments = [random.Random(7).randrange(28_000) for _ in range(60)]
    screens = [alone.screen_at(t_ms=t_ms) for t_ms in moments]
    exact = alone.screen_at(seq=50, exact=True)

    def read(_: int) -> bool:
        return (
            list(tape.events()) == wanted
            and [tape.screen_at(t_ms=t_ms) for t_ms in moments] == screens
            and tape.screen_at(seq=50, exact=True) == exact
            and tape.state == "complete"
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(16)))


# Frames of any writer


def test_keys_of_a_frame_in_any_order(tmp_path: Path) -> None:
    tape = Tape().output(0, b"a").key(0, ["a"]).output(9, b"b").delta(9, {0: "ab"}).final(9)
    files = tape.files(sealed=False)
    lines = []
    for line in files["frames.jsonl"].splitlines():
        frame = json.loads(line)
        head = {name: frame.pop(name) for name in ("seq", "t_ms")}
        order = {"title": 'x","text":["', **dict(sorted(frame.items(), reverse=True))}
        lines.append(json.dumps({**head, **order}, separators=(",", ":")).encode() + b"\n")
    files["frames.jsonl"] = b"".join(lines)
    opened = cassette.open(write(tmp_path / "tape", files))
    assert opened.screen_at(seq=4).text[0] == "ab"
    assert [frame.is_key for frame in opened.frames()] == [True, False]


styles = st.builds(
    Style, fg=st.none() | st.integers(0, 255), bold=st.booleans(), link=st.none() | st.text(max_size=3)
)
rows = st.builds(
    Line,
    st.text("ab é✨", max_size=6).map(lambda text: text.rstrip(" ")),
    st.lists(
        st.builds(Span, st.integers(0, 7), st.integers(1, 3), styles.filter(lambda s: s != Style())),
        max_size=2,
    ).map(tuple),
)
screens = st.integers(1, 3).flatmap(
    lambda count: st.builds(
        Snapshot,
        st.just(10),
        st.just(count),
        st.lists(rows, min_size=count, max_size=count).map(tuple),
        st.builds(Cursor, st.integers(0, 2), st.integers(0, 9), st.booleans()),
        st.text(max_size=4),
    )
)


@given(st.lists(screens, min_size=1, max_size=8), st.booleans(), st.data())
def test_a_screen_does_not_depend_on_which_others_were_asked_for(
    wanted: list[Snapshot], full: bool, data: st.DataObject
) -> None:
    encoder, decoder = FrameEncoder(full=full), FrameDecoder()
    lines = [
        with_seq(number, encoder.body(Frame(0, number, screen, number, number)))
        for number, screen in enumerate(wanted, 1)
    ]
    frames = [decoder.read(line) for line in lines]
    assert [frame.screen for frame in frames] == wanted
    run, asked = FrameDecoder(), data.draw(st.sets(st.integers(0, len(lines) - 1)))
    for number, line in enumerate(lines):
        run.add(line)
        if number in asked:
            assert run.frame() == frames[number]
    assert run.frame() == frames[-1]
    assert run.frame().screen.lines[0] is run.frame().screen.lines[0]
