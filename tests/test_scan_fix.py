"""Secrets taken out of cassettes that exist: all of them, nothing else, in one step, and once is enough."""

from __future__ import annotations

import base64
import json
import os
import signal
import tarfile
from functools import partial
from pathlib import Path

import pytest
from build_cassette import Tape, with_seal, write
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_helpers import lines_of
from scan_tapes import (
    GITHUB,
    NOTHING_KNOWN,
    OPAQUE,
    PLANTED,
    TERMINAL,
    contents,
    ended,
    known,
    tape,
    traces,
)
from scrub_samples import lines_of_data

import cassette
from cassette.errors import CassetteError, Damaged, SecretsWouldLeak, TooLongToFix, UnknownVersion
from cassette.reading.verify import verify
from cassette.scanning import fixing
from cassette.scanning.finding import scan
from cassette.scanning.fixing import fix
from cassette.scanning.targets import below
from cassette.store.operations import FileOperations
from cassette.store.publish import NewCassette
from cassette.store.siblings import is_hidden_sibling
from terminal.played import Played
from terminal.provenance import cells_of, texts

INTEROP = Path(__file__).parent / "data" / "interop"


def fixed(path, values=NOTHING_KNOWN):
    return fix(scan(path, values), values)


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize(("secret", "values"), [(GITHUB, ()), (OPAQUE, (OPAQUE,))], ids=["rule", "known"])
def test_a_secret_is_taken_out_wherever_it_stands(tmp_path, name, secret, values):
    path = write(tmp_path / "tape", PLANTED[name][1](secret))
    fixed(path, known(*values))
    assert traces(path, secret) == []
    assert verify(path, frames=True).state == "complete"
    assert scan(path, known(secret)).state == "clean"
    assert [entry.name for entry in tmp_path.iterdir()] == ["tape"]


@pytest.mark.parametrize("name", ["output", "typed", "service event", "argv"])
def test_a_second_time_finds_nothing(tmp_path, name):
    path = write(tmp_path / "tape", PLANTED[name][1](GITHUB))
    fixed(path)
    before = contents(path)
    assert scan(path, NOTHING_KNOWN).found == []
    assert contents(path) == before


def test_what_holds_no_secret_stays_byte_for_byte(tmp_path):
    made = tape().output(50, f"see {GITHUB}\r\n".encode()).service(60, {"n": 1, "b": "ü"})
    made.input(70, kind="mark", op="wait").input(80, b"*" * 16, source="user", redacted="prompt")
    made.input(85, b"ab***", source="user", masked=[[2, 3]])
    files = ended(made, final_text="bye", usage={"tokens": 3}, cost_usd=0.25)
    path = write(tmp_path / "tape", files)

    def evidence():
        names = ("input.jsonl", "output.jsonl", "service-events.jsonl", "final.json")
        return {
            name: [{k: v for k, v in line.items() if k != "seq"} for line in lines_of(path, name)]
            for name in names
        }

    before, raw = evidence(), (path / "output.raw").read_bytes()
    fixed(path)
    after = evidence()
    changed = [
        line for line, now in zip(before["output.jsonl"], after["output.jsonl"], strict=True) if line != now
    ]
    assert [line["t_ms"] for line in changed] == [50]
    assert {name: lines for name, lines in after.items() if name != "output.jsonl"} == {
        name: lines for name, lines in before.items() if name != "output.jsonl"
    }
    now = (path / "output.raw").read_bytes()
    at = raw.index(GITHUB.encode())
    assert (now[:at], now[at + len(GITHUB) :]) == (raw[:at], raw[at + len(GITHUB) :])


def test_fields_that_this_reader_does_not_know_stay(tmp_path):
    files = PLANTED["unknown field of an input"][1](GITHUB)
    files["service-events.jsonl"] = files["service-events.jsonl"].replace(
        b'"payload"', b'"x":{"y":[1.5,null]},"payload"'
    )
    path = write(tmp_path / "tape", with_seal(files))
    fixed(path)
    assert lines_of(path, "service-events.jsonl")[0]["x"] == {"y": [1.5, None]}
    (note,) = lines_of(path, "input.jsonl")[0]["note"]
    assert list(note) == ["a"]
    assert note["a"].startswith("<SCRUBBED:github")
    assert len(note["a"]) == len(GITHUB)


def test_masks_add_up_and_hidden_input_stays_hidden(tmp_path):
    made = tape().input(50, b"**** " + OPAQUE.encode(), source="user", masked=[[0, 4]])
    made.input(60, b"*" * 16 + b"\r", source="user", redacted="prompt")
    path = write(tmp_path / "tape", ended(made))
    fixed(path, known(OPAQUE))
    inputs = [event for event in cassette.open(path).inputs() if event.t_ms in (50, 60)]
    assert inputs[0].masked == ((0, 4), (5, len(OPAQUE)))
    assert (inputs[1].redacted, inputs[1].data) == ("prompt", b"*" * 16 + b"\r")


def test_input_that_was_typed_blind_becomes_hidden(tmp_path):
    made = tape().input(45, kind="mode", mode={"echo": False, "icanon": True})
    for at, letter in enumerate("correct horse"):
        made.input(50 + at, letter.encode(), source="user")
    made.input(70, b"\r", source="user").output(80, b"you said correct horse\r\n")
    path = write(tmp_path / "tape", ended(made))
    fixed(path)
    assert traces(path, "correct horse") == []
    hidden = [event for event in cassette.open(path).inputs() if event.redacted]
    assert [(event.redacted, event.data) for event in hidden] == [("echo-off", b"*" * 16)]


def test_a_line_typed_before_a_hidden_one_stays_readable_however_often_it_is_looked_at(tmp_path):
    made = (
        tape()
        .input(50, b"sudo ls\r", source="user")
        .input(51, kind="mode", mode={"echo": False, "icanon": True})
    )
    for at, letter in enumerate("correct horse"):
        made.input(60 + at, letter.encode(), source="user")
    made.input(80, b"\r", source="user").input(81, kind="mode", mode={"echo": True, "icanon": True})
    path = write(tmp_path / "tape", ended(made.output(85, b"[sudo] password: \r\n")))
    fixed(path)
    typed = [event for event in cassette.open(path).inputs() if event.data and event.t_ms >= 50]
    assert [event.data for event in typed] == [b"sudo ls\r", b"*" * 16, b"\r"]
    assert scan(path, NOTHING_KNOWN).found == []
    assert json.loads((path / "scrub-report.json").read_text())["hidden_inputs"] == 1


def test_another_writers_filler_stays(tmp_path):
    made = tape().input(50, b"REDACTED\r", source="user", redacted="policy").output(60, GITHUB.encode())
    path = write(tmp_path / "tape", ended(made))
    fixed(path)
    (event,) = [event for event in cassette.open(path).inputs() if event.t_ms == 50]
    assert (event.data, event.redacted) == (b"REDACTED\r", "policy")


def test_the_old_digests_stand_in_the_provenance_and_each_fix_adds_its_own(tmp_path):
    path = write(tmp_path / "tape", ended(tape().output(50, f"{GITHUB} {OPAQUE}".encode())))
    first = cassette.open(path)
    done = fixed(path)
    assert (done.before, done.content_before) == (first.evidence_sha256, first.verdict.content_sha256)
    second = cassette.open(path)
    assert (done.after, done.content_after) == (second.evidence_sha256, second.verdict.content_sha256)
    assert second.id == first.id
    fixed(path, known(OPAQUE))
    steps = cassette.open(path).manifest.provenance.fixed_from
    assert [step.evidence_sha256 for step in steps] == [first.evidence_sha256, second.evidence_sha256]
    assert [step.content_digest for step in steps] == [done.content_before, done.content_after]
    assert all(step.by.startswith("pty-cassette ") and step.at.endswith("Z") for step in steps)


def test_the_report_says_all_that_was_done(tmp_path):
    path = write(tmp_path / "tape", ended(tape().output(50, f"{GITHUB} {OPAQUE}".encode())))
    fixed(path)
    first = json.loads((path / "scrub-report.json").read_text())
    assert (first["status"], first["guarantee"], sum(first["hit_counts"].values())) == (
        "scrubbed",
        "whole",
        1,
    )
    assert len(first["rules"]) > 200
    fixed(path, known(OPAQUE))
    second = json.loads((path / "scrub-report.json").read_text())
    assert second["hit_counts"] == {**first["hit_counts"], "environment:V0": 1}
    assert second["hits_by_stream"] == {"output": 2}


def test_the_users_files_stay_and_the_binding_is_told(tmp_path):
    path = write(tmp_path / "tape", ended(tape().output(50, GITHUB.encode())))
    old = cassette.open(path).evidence_sha256
    (path / "assertions.yaml").write_text(f"version: 1\ncassette:\n  evidence_sha256: {old}\n")
    (path / "notes").mkdir()
    (path / "notes" / "a.txt").write_text("mine")
    done = fixed(path)
    assert done.bound == ("assertions.yaml",)
    assert old in (path / "assertions.yaml").read_text()
    assert (path / "notes" / "a.txt").read_text() == "mine"


def test_partial_stays_partial(tmp_path):
    unsealed = tape().output(50, GITHUB.encode()).final(90).write(tmp_path / "unsealed", sealed=False)
    fixed(unsealed)
    assert not (unsealed / "seal.json").exists()
    assert verify(unsealed).reasons == ("it has no seal",)
    gap = write(
        tmp_path / "gap", ended(tape().output(50, GITHUB.encode()).gap(60, "recorder-died"), code=None)
    )
    before = verify(gap).reasons
    fixed(gap)
    assert verify(gap).reasons == before
    assert verify(gap).state == "partial"


@pytest.mark.parametrize("name", ["go-minimal", "go-top"])
def test_cassettes_of_the_go_implementation(tmp_path, name):
    with tarfile.open(INTEROP / f"{name}.tar.gz") as archive:
        archive.extractall(tmp_path)  # our own two archives
    path = tmp_path / name
    assert scan(path, NOTHING_KNOWN).exit_code == 0
    word = max(
        cassette.open(path).output_bytes().decode("utf-8", "replace").split(),
        key=lambda w: w.isalnum() * len(w),
    )
    found = scan(path, known(word))
    assert found.exit_code == 5
    manifest = json.loads((path / "manifest.json").read_text())
    fixed(path, known(word))
    assert scan(path, known(word)).exit_code == 0
    assert verify(path, frames=True).state == "partial"
    now = json.loads((path / "manifest.json").read_text())
    assert now.keys() == manifest.keys()
    assert now.get("required_features") == manifest.get("required_features")


# What a replay shows.

PIECES = st.one_of(
    st.sampled_from(
        ["\r\n", "\t", "\x1b[1;31m", "\x1b[0m", "│ ", "\x1b[5;9H", "\x1b[A", "\r", "\b", "ü", "表", "\x1b[K"]
    ),
    st.sampled_from([GITHUB, GITHUB[:20], GITHUB[20:], OPAQUE, OPAQUE[:6], OPAQUE[6:]]),
    st.text("abc |:", max_size=30),
)


def screens(output, columns, rows):
    """Where the cursor was after each chunk, and the cells at the end with the bytes that painted them."""
    played = Played.of(output, columns=columns, rows=rows)
    passed = texts(played, worth=lambda _: (), take=lambda _: None)
    return passed.track.digest, list(cells_of(played))


@settings(max_examples=40)
@given(st.lists(PIECES, min_size=1, max_size=14), st.integers(8, 60))
def test_the_cursor_goes_where_it_went_and_other_cells_stay(tmp_path_factory, pieces, columns):
    made = Tape(terminal={**TERMINAL, "initial_cols": columns})
    for at, piece in enumerate([*pieces, " ", OPAQUE]):
        made.output(at, piece.encode())
    path = made.final(99).write(tmp_path_factory.mktemp("fix") / "tape")
    before = [event.data for event in cassette.open(path).outputs()]
    fixed(path, known(OPAQUE))
    after = [event.data for event in cassette.open(path).outputs()]
    assert [len(chunk) for chunk in after] == [len(chunk) for chunk in before]
    assert before != after
    assert_only_covered(before, after, columns, 12)


def assert_only_covered(before, after, columns, rows):
    """The cursor goes where it went, and a cell is another only where a byte of it is."""
    changed = {at for at, (a, b) in enumerate(zip(b"".join(before), b"".join(after), strict=True)) if a != b}
    (old_track, old), (new_track, new) = screens(before, columns, rows), screens(after, columns, rows)
    assert new_track == old_track
    for old_row, new_row in zip(old, new, strict=True):
        for (cell, spans), (now, _) in zip(old_row, new_row, strict=True):
            assert cell == now or {at for character in spans for at, _ in character} & changed


HAZARDS = lines_of_data("hazards.jsonl")


def hazard(record):
    """A hazard as a cassette's recording."""
    size = {"initial_cols": record["cols"], "initial_rows": record["rows"]}
    made = Tape(terminal={**TERMINAL, **size}, optional={"meta": record["meta"]})
    at, was = 0, False
    for encoded in record["inputs_b64"]:
        data = base64.b64decode(encoded)
        hidden = any(start <= at < end for start, end in record["noecho"])
        if hidden != was:
            made.input(0, kind="mode", mode={"echo": not hidden, "icanon": True})
        made.input(0, data, source="user")
        was, at = hidden, at + len(data)
    raw, offset = base64.b64decode(record["raw_b64"]), 0
    for length in record["chunks"]:
        made.output(1000, raw[offset : offset + length])
        offset += length
    return made.final(2000)


@pytest.mark.parametrize("record", HAZARDS[:: max(1, len(HAZARDS) // 40)], ids=lambda record: record["id"])
def test_hazards_leave_a_cassette_without_moving_anything(tmp_path, record):
    path, values = hazard(record).write(tmp_path / "tape"), known(record["secret"])
    assert scan(path, values).exit_code == 5
    before = [event.data for event in cassette.open(path).outputs()]
    fixed(path, values)
    after = [event.data for event in cassette.open(path).outputs()]
    assert_only_covered(before, after, record["cols"], record["rows"])
    assert traces(path, record["secret"]) == []
    assert scan(path, values).exit_code == 0


def test_a_replay_of_it_goes_as_before_with_the_placeholder(tmp_path):
    path = write(tmp_path / "tape", ended(tape().output(50, b"key " + GITHUB.encode() + b"\r\nbye\r\n")))
    fixed(path)
    with cassette.open(path).session() as session:
        session.wait_for("name?")
        session.type("Ada")
        session.press("enter")
        session.wait_for("<SCRUBBED:github")
        session.wait_for("bye")
        assert GITHUB not in "\n".join(session.screen.text)


# What goes wrong.


def test_a_damaged_cassette_is_left_as_it_is(tmp_path):
    files = ended(tape().output(50, GITHUB.encode()))
    path = write(tmp_path / "tape", {**files, "final.json": b"junk"})
    before = contents(path)
    with pytest.raises(Damaged):
        fixed(path)
    later = write(tmp_path / "later", files)
    (later / "manifest.json").write_bytes(files["manifest.json"].replace(b'"version": 1', b'"version": 2'))
    (later / "seal.json").unlink()
    with pytest.raises(UnknownVersion):
        fixed(later)
    assert contents(path) == before


def test_a_cassette_that_is_too_long_is_left_as_it_is(tmp_path):
    path = write(tmp_path / "tape", ended(tape().output(50, GITHUB.encode())))
    before = contents(path)
    short = type(NOTHING_KNOWN)(max_output_bytes=10)
    with pytest.raises(TooLongToFix):
        fix(scan(path, short), short)
    assert contents(path) == before


def test_what_would_still_leak_is_not_published(tmp_path, monkeypatch):
    path = write(tmp_path / "tape", ended(tape().output(50, GITHUB.encode())))
    before = contents(path)
    found = scan(path, NOTHING_KNOWN)
    monkeypatch.setattr(fixing, "_rewritten", partial(_not_rewritten, fixing.rewritten))
    with pytest.raises(SecretsWouldLeak) as leak:
        fix(found, NOTHING_KNOWN)
    assert leak.value.exit_code == 5
    assert GITHUB not in str(leak.value)
    assert contents(path) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["tape"]


def _not_rewritten(rewritten, tape, old, values, found):
    made = rewritten(tape, old, values, found.values)
    pairs = [type(pair)(pair.before, pair.before) for pair in made.pairs]
    return type(made)(pairs, made.documents, made.recording)


class Dying(FileOperations):
    """Fails for good at the nth operation."""

    def __init__(self, last):
        self.left = last

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name.startswith("_") or name == "left" or not callable(found):
            return found
        if self.left <= 0 and name not in ("close",):
            raise OSError(5, "Input/output error")
        self.left -= 1
        return found


def test_an_error_at_any_step_leaves_the_old_or_the_new_one(tmp_path, monkeypatch):
    path = write(tmp_path / "tape", ended(tape().output(50, GITHUB.encode())))
    old = contents(path)
    outcomes = set()
    for step in range(1, 400):
        monkeypatch.setattr(fixing, "NewCassette", partial(NewCassette, ops=Dying(step)))
        try:
            fixed(path)
            failed = False
        except CassetteError:
            failed = True
        monkeypatch.undo()
        now = contents(path)
        assert verify(path).state == "complete"
        is_new = now != old
        outcomes.add((failed, is_new))
        if is_new:
            assert traces(path, GITHUB) == []
            break
    assert (True, False) in outcomes
    assert is_new


STEPS = ["create_file", "write", "sync", "set_mode", "rename", "rename_new", "exchange", "remove_file"]
STEPS += ["remove_directory", "link_copy"]


def killed_at(step, path):
    """Fix in a process that is killed before the nth of the steps that change the disk; whether it was."""
    pid = os.fork()
    if pid == 0:
        left = [step]

        def counting(real):
            def call(*args):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args)

            return call

        for name in STEPS:
            setattr(FileOperations, name, counting(getattr(FileOperations, name)))
        try:
            fixed(path)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_killed_at_any_step_the_old_or_the_new_one_is_there_whole(tmp_path):
    files = ended(tape().output(50, GITHUB.encode()))
    outcomes, step, killed = set(), 0, True
    while killed:
        path = write(tmp_path / f"{step}" / "tape", files)
        killed = killed_at(step, path)
        assert verify(path).state == "complete"
        is_new = contents(path) != files
        outcomes.add((killed, is_new))
        if not is_new:
            assert contents(path) == files
            fixed(path)
        assert traces(path, GITHUB) == []
        for sibling in below(path.parent):
            assert sibling == path or is_hidden_sibling(sibling.name)
        step += 1
    assert outcomes == {(True, False), (True, True), (False, True)}
