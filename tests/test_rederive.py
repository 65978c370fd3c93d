"""Frames again from the evidence: nothing that was observed changes, and nothing of the user's is lost."""

import json

import pytest
from build_cassette import ID, Tape, greeter, long_tape
from recording_helpers import lines_of, tape_of

import cassette
from cassette import Discovery, Quota
from cassette.cli import main
from cassette.emulators import identity_of, new_emulator
from cassette.errors import Damaged, NotACassette, UnknownEmulator
from cassette.model import Size
from cassette.reading.verify import verify
from cassette.recording.rederive import rederive

EVIDENCE = ("input.jsonl", "output.jsonl", "output.raw", "service-events.jsonl")


@pytest.fixture
def place(tmp_path):
    return tmp_path / "tape"


def files(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def bodies(path, name):
    """Lines without their seq, which frames shift."""
    return [{k: v for k, v in line.items() if k != "seq"} for line in lines_of(path, name)]


def test_evidence_and_its_digest_stay_and_frames_are_those_of_the_emulator(place):
    greeter().write(place)
    before = {name: bodies(place, name) for name in EVIDENCE if name.endswith("l")}
    raw, digest = (place / "output.raw").read_bytes(), tape_of(place).evidence_sha256
    result = rederive(place)
    assert result.changed
    assert (result.before.version, result.after) == ("test", identity_of(new_emulator("pyte", Size(1, 1))))
    assert {name: bodies(place, name) for name in before} == before
    assert (place / "output.raw").read_bytes() == raw
    tape = tape_of(place)
    assert (tape.id, tape.evidence_sha256) == (ID, digest)
    assert tape.manifest.terminal.emulator == result.after
    assert result.frames_after == len(list(tape.frames()))
    last = list(tape.frames())[-1].screen
    assert last.text[1:3] == ["Hello, Ada", "grüß dich ✨"]
    assert verify(place).state == "complete"


def test_a_second_time_changes_nothing(place):
    long_tape().write(place)
    assert rederive(place).changed
    before = files(place)
    again = rederive(place)
    assert not again.changed
    assert again.frames_before == again.frames_after
    assert files(place) == before


def test_a_fresh_recording_is_as_it_should_be(place):
    with cassette.Recorder(place, columns=30, rows=5) as recorder:
        for number in range(50):
            recorder.output(b"line %d\r\n" % number)
            recorder.input(b"x")
        recorder.resize(columns=20, rows=4)
        recorder.discovery(Discovery("probe", "ok"))
        recorder.quota(Quota("probe", "ok"))
    before = files(place)
    assert not rederive(place).changed
    assert files(place) == before


def test_a_dry_run_writes_nothing_and_tells_the_same(place):
    greeter().write(place)
    before, beside = files(place), set(place.parent.iterdir())
    told = rederive(place, dry_run=True)
    assert told.changed
    assert files(place) == before
    assert set(place.parent.iterdir()) == beside
    assert rederive(place) == told


def test_what_is_the_users_stays(place):
    greeter(optional={"labels": {"a": "b"}}, x_unknown={"n": 1}).write(place)
    (place / "assertions.yaml").write_text("mine")
    (place / "notes").mkdir()
    rederive(place)
    assert (place / "assertions.yaml").read_text() == "mine"
    assert (place / "notes").is_dir()
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["x_unknown"] == {"n": 1}
    assert manifest["optional"] == {"labels": {"a": "b"}}


def test_what_was_not_sealed_is_not_sealed_afterwards(place):
    greeter().write(place, sealed=False)
    assert rederive(place).changed
    assert not (place / "seal.json").exists()
    assert verify(place).state == "partial"


def test_full_frames_stay_full(place):
    with cassette.Recorder(place, cassette.RecordingPlan(frames="full")) as recorder:
        recorder.output(b"one")
        recorder.input(b"x")
        recorder.output(b"two")
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["terminal"]["emulator"]["version"] = "old"
    (place / "manifest.json").write_text(json.dumps(manifest))
    (place / "seal.json").unlink()
    assert rederive(place).changed
    assert all("text" in line for line in lines_of(place, "frames.jsonl"))


def test_gaps_stay_gaps(place):
    Tape().output(0, b"x").gap(5, "overrun").final(9).write(place)
    rederive(place)
    assert verify(place).state == "partial"
    assert [event.payload["reason"] for event in tape_of(place).service_events()] == ["overrun"]


def test_progress_is_told_in_bytes(place):
    long_tape().write(place)
    told = []
    rederive(place, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert {total for _, total in told} == {(place / "output.raw").stat().st_size}


def test_what_cannot_be_rederived_stays_as_it_is(place, tmp_path):
    with pytest.raises(NotACassette):
        rederive(tmp_path)
    greeter().write(place)
    before = files(place)
    with pytest.raises(UnknownEmulator, match="known are pyte, ghostty"):
        rederive(place, emulator="nope")
    (place / "output.raw").write_bytes(before["output.raw"].replace(b"Ada", b"Eve"))
    with pytest.raises(Damaged):
        rederive(place)
    assert files(place) == {**before, "output.raw": before["output.raw"].replace(b"Ada", b"Eve")}
    assert {path.name for path in tmp_path.iterdir()} == {"tape"}


def test_an_interrupted_rederiving_leaves_the_old_cassette(place, tmp_path):
    long_tape().write(place)
    before = files(place)

    def interrupt(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rederive(place, progress=interrupt)
    assert files(place) == before
    assert {path.name for path in tmp_path.iterdir()} == {"tape"}


# The command.


def test_the_command_tells_each_cassette(tmp_path, capsys):
    greeter().write(tmp_path / "a")
    long_tape().write(tmp_path / "b")
    paths = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert main(["rederive", "--check", *paths]) == 1
    assert [line.split(": ")[1].split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "would change"
    ] * 2
    assert main(["rederive", *paths]) == 0
    assert ": changed, " in capsys.readouterr().out
    assert main(["rederive", "--check", "--json", *paths]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(entry["path"], entry["changed"]) for entry in found] == [(path, False) for path in paths]
    assert found[0]["after"]["name"] == "pyte"
