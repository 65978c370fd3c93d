"""A recorder that is killed loses nothing that was acknowledged, and never harms the cassette that stands there."""

import hashlib
import random

import pytest
from proof_driver import PUBLISHED_EVENTS, input_of, output_of, payload_of, size_of
from proof_helpers import (
    Driven,
    assert_complete,
    assert_recovered,
    contents,
    own_spools,
    sized,
    spools_in,
)

from cassette.cli import main as cassette_main
from cassette.format import documents
from cassette.model import MANIFEST
from cassette.reading.reader import open as open_cassette
from cassette.recording.recorder import Recorder
from cassette.scrubbing.undecided import RULE

KILLS = sized(8, 200)
MOST_EVENTS = sized(600, 3000)
END_TO_END = 2**62  # a step that is never reached


@pytest.fixture
def spools():
    with own_spools() as root:
        yield root


def record_old(target):
    """A cassette that stands at the place, with a file of the user's beside its evidence."""
    with Recorder(target) as recorder:
        recorder.output(b"the old one\r\n")
        recorder.final(exit=7)
    (target / "notes.txt").write_text("mine\n")
    return contents(target)


def found_events(tape):
    """What a cassette holds, by the names that the driver gives them."""
    inputs = list(tape.inputs())
    typed = [event for event in inputs if event.kind == "input"]
    return {
        "output": tape.output_bytes(),
        # What was typed right before the kill and not echoed yet is hidden; that it was there is known.
        "input": [input_of(at) if event.redacted == RULE else event.data for at, event in enumerate(typed)],
        "resize": [(event.size.columns, event.size.rows) for event in inputs if event.kind == "resize"],
        "service": [event.payload for event in tape.service_events() if not event.is_gap],
    }


def assert_prefix(found, of_number, acknowledged):
    """All that was acknowledged, and at most the one whose call had not returned."""
    assert acknowledged <= len(found) <= acknowledged + 1
    assert found == [of_number(number) for number in range(len(found))]


def assert_output_prefix(found, acknowledged):
    whole = b"".join(map(output_of, range(acknowledged + 1)))
    assert found in (whole, whole.removesuffix(output_of(acknowledged)))


@pytest.mark.prove
@pytest.mark.parametrize("what", ["recorder", "session"])
def test_killed_at_a_random_moment(tmp_path, spools, what):
    chance = random.Random(f"kill {what}")
    for number in range(KILLS // 2):
        target = tmp_path / str(number)
        overwrite = number % 2 == 1
        old = record_old(target) if overwrite else None
        driven = Driven(what, target, *(["overwrite"] if overwrite else []))
        driven.kill_after(chance.randrange(0, MOST_EVENTS))
        assert spools_in(spools) == [driven.spool_id]
        assert (contents(target) if target.exists() else None) == old
        assert cassette_main(["recover", driven.spool_id]) == 0
        check_recovered(target, driven, what)
        assert spools_in(spools) == []
        assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def check_recovered(target, driven, what):
    assert_recovered(target)
    said = driven.acknowledged
    with open_cassette(target) as tape:
        assert tape.id == driven.spool_id
        found = found_events(tape)
        assert_prefix(found["input"], input_of, said["input"])
        assert_prefix(found["resize"], size_of, said["resize"])
        assert_prefix(found["service"], payload_of, said["service"])
        if what == "recorder":
            assert_output_prefix(found["output"], said["output"])
        elif said["forwarded"]:
            _, length, digest = driven.words["forwarded"]
            assert hashlib.sha256(found["output"][: int(length)]).hexdigest() == digest


@pytest.mark.prove
@pytest.mark.parametrize("overwrite", [False, True], ids=["new", "overwrite"])
def test_killed_while_publishing(tmp_path, spools, overwrite):
    """At every step: the old cassette or the new one stands there, whole, and recover gives the new one, whole."""
    more = ["overwrite"] if overwrite else []
    whole = tmp_path / "whole"
    if overwrite:
        record_old(whole)
    driven = Driven("publish", whole, *more, END_TO_END)
    assert driven.read_on() == 0
    check_published(whole, driven.spool_id)
    for step in steps_to_kill_at(driven):
        target = tmp_path / f"at-{step}"
        old = record_old(target) if overwrite else None
        driven = Driven("publish", target, *more, step)
        assert driven.read_on() == -9
        if old is not None:
            with open_cassette(target) as tape:  # finishes a swap that was interrupted
                assert tape.id in (documents.read_json(old[MANIFEST])["id"], driven.spool_id)
        if spools_in(spools):
            assert cassette_main(["recover", driven.spool_id]) == 0
        assert spools_in(spools) == []
        check_published(target, driven.spool_id)
        if old is not None:
            assert (target / "notes.txt").read_text() == "mine\n"


def steps_to_kill_at(driven):
    """Some of the steps that were counted, or all of them."""
    steps = range(1, int(driven.words["steps"][1]) + 1)
    return random.Random("publish").sample(steps, min(sized(6, len(steps)), len(steps)))


def test_ctrl_c_while_publishing(tmp_path, spools):
    target = tmp_path / "tape"
    old = record_old(target)

    def interrupt(*_):
        raise KeyboardInterrupt

    recorder = Recorder(target, overwrite=True, progress=interrupt)
    recorder.output(b"the new one")
    with pytest.raises(KeyboardInterrupt) as caught:
        recorder.close()
    assert any(f"cassette recover {recorder.spool.id}" in note for note in caught.value.__notes__)
    assert contents(target) == old
    assert [entry.name for entry in tmp_path.iterdir()] == ["tape"]
    assert cassette_main(["recover", recorder.spool.id]) == 0
    assert_complete(target)
    assert spools_in(spools) == []


@pytest.mark.prove
def test_recovery_that_is_killed_can_be_begun_again(tmp_path, spools):
    driven = Driven("recover", crashed(tmp_path / "whole"), END_TO_END)
    assert driven.read_on() == 0
    assert_recovered(tmp_path / "whole")
    for step in steps_to_kill_at(driven):
        target = tmp_path / f"at-{step}"
        spool_id = crashed(target)
        assert Driven("recover", spool_id, step).read_on() == -9
        if spools_in(spools):
            assert cassette_main(["recover", spool_id]) == 0
        assert spools_in(spools) == []
        assert_recovered(target)
        with open_cassette(target) as tape:
            assert tape.output_bytes() == b"".join(map(output_of, range(10)))


def crashed(target):
    """The spool of a recording whose recorder died."""
    recorder = Recorder(target)
    for number in range(10):
        recorder.output(output_of(number))
    recorder.spool.close()
    return recorder.spool.id


def check_published(target, cassette_id):
    assert_complete(target)
    with open_cassette(target) as tape:
        assert tape.id == cassette_id
        assert tape.final.exit.code == 0
        found = found_events(tape)
        assert_prefix(found["input"], input_of, PUBLISHED_EVENTS)
        assert_prefix(found["service"], payload_of, PUBLISHED_EVENTS)
        assert found["output"] == b"".join(map(output_of, range(PUBLISHED_EVENTS)))
