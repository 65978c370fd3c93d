"""A recording that a crash cut anywhere can be taken up again, appended to and sealed, and is whole."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from proof_driver import input_of, output_of, payload_of
from proof_helpers import assert_complete, assert_recovered, contents, own_spools, sized, spools_in

from cassette.cli import main as cassette_main
from cassette.format import lines
from cassette.model import Final, Input, ServiceEvent
from cassette.reading.reader import open as open_cassette
from cassette.recording.finish import finish
from cassette.recording.recorder import Recorder
from cassette.store.spool import open_spool
from cassette.store.spooled import Kind

CUTS = sized(10, 300)


@pytest.fixture
def spools():
    with own_spools() as root:
        yield root


def crashed(place, events):
    """(id, where each event ends) of a recording that nobody ended."""
    recorder = Recorder(place / "tape", columns=30, rows=6)
    for number in range(events):
        recorder.output(output_of(number))
        recorder.input(input_of(number))
        recorder.service_event(payload_of(number))
    ends = [recorder.spool.first, *(record.end for record in recorder.spool.records())]
    recorder.spool.close()
    return recorder.spool.id, ends


def tear(spools, spool_id, at):
    """Cut a spool's file at a byte."""
    (path,) = spools.rglob(f"{spool_id}.spool")
    with path.open("r+b") as file:
        file.truncate(at)


def take_up(spool_id, number):
    """Append one event of each kind."""
    spool = open_spool(spool_id)
    moment = 10_000 * (number + 1)
    spool.append(Kind.OUTPUT, moment, b"resumed %d\r\n" % number)
    event = Input(0, moment, "input", b"again %d" % number, source="user")
    spool.append(Kind.INPUT, moment, lines.input_body(event))
    spool.append(Kind.SERVICE, moment, lines.service_body(ServiceEvent(0, moment, {"resumed": number})))
    return spool


def kept(records):
    """How many outputs, inputs and service events are among so many first records."""
    return [(records + 2 - kind) // 3 for kind in range(3)]


def check(target, records, resumed):
    outputs, inputs, services = kept(records)
    with open_cassette(target) as tape:
        again = [b"resumed %d\r\n" % number for number in range(resumed)]
        assert tape.output_bytes() == b"".join([*map(output_of, range(outputs)), *again])
        assert [event.data for event in tape.inputs()] == [
            *map(input_of, range(inputs)),
            *(b"again %d" % number for number in range(resumed)),
        ]
        assert [event.payload for event in tape.service_events() if not event.is_gap] == [
            *map(payload_of, range(services)),
            *({"resumed": number} for number in range(resumed)),
        ]


@pytest.mark.prove
@pytest.mark.parametrize("with_final", [True, False], ids=["ended", "no end"])
def test_appended_to_after_a_cut_anywhere(spools, with_final):
    chance = random.Random(f"cut {with_final}")
    for _ in range(CUTS):
        with TemporaryDirectory(dir=spools) as name:
            place = Path(name)
            spool_id, ends = crashed(place, 1 + chance.randrange(20))
            at = chance.randrange(ends[0], ends[-1] + 1)
            tear(spools, spool_id, at)
            spool = take_up(spool_id, 0)
            if with_final:
                spool.append(Kind.FINAL, 20_000, lines.final_body(Final(0, 20_000, None, 20_000)))
            target = finish(spool)
            (assert_complete if with_final else assert_recovered)(target)
            check(target, sum(end <= at for end in ends) - 1, resumed=1)
            assert spools_in(spools) == []


@pytest.mark.prove
def test_torn_again_and_again(spools):
    chance = random.Random("again")
    for _ in range(CUTS):
        with TemporaryDirectory(dir=spools) as name:
            spool_id, ends = crashed(Path(name), 5)
            tear(spools, spool_id, chance.randrange(ends[-2] + 1, ends[-1]))
            for number in range(3):
                spool = take_up(spool_id, number)
                whole = spool.size
                spool.append(Kind.OUTPUT, 60_000, b"what the next crash tears")
                torn = chance.randrange(whole, spool.size)
                spool.close()
                tear(spools, spool_id, torn)
            target = finish(open_spool(spool_id))
            assert_recovered(target)
            check(target, len(ends) - 2, resumed=3)


def test_place_that_was_taken_meanwhile(spools, capsys):
    with TemporaryDirectory(dir=spools) as name:
        place = Path(name)
        spool_id, _ = crashed(place, 2)
        with Recorder(place / "tape") as another:
            another.output(b"another one\r\n")
        taken = contents(place / "tape")
        assert cassette_main(["recover", spool_id]) == 2
        assert "exists already" in capsys.readouterr().err
        assert cassette_main(["recover", "-o", str(place / "elsewhere")]) == 2  # of which one?
        assert cassette_main(["recover", spool_id, "-o", str(place / "elsewhere")]) == 0
        assert_recovered(place / "elsewhere")
        assert contents(place / "tape") == taken
        assert spools_in(spools) == []
