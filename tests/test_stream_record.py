"""Recordings that are scrubbed as they go: what lies on the disk is clean at every moment, however they end."""

from __future__ import annotations

import errno
import json
import os
import random
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_helpers import assert_complete, assert_recovered, cassette_command, sized
from recording_helpers import everything, gaps, inputs, lines_of, tape_of

import cassette
from cassette import Discovery, Recorder, VirtualClock
from cassette.cli import main
from cassette.errors import (
    CannotStore,
    CassetteExists,
    SecretsWouldLeak,
    SpoolFull,
    StreamRefused,
)
from cassette.reading.verify import verify
from cassette.recording.live_tail import LiveTail
from cassette.recording.recovery import discard_spool, recover
from cassette.recording.stream_spool import StreamSpool
from cassette.store import syscalls
from cassette.store.media import FileMedium
from cassette.store.spool import Spool, list_spools
from cassette.store.spooled import Kind
from scrub.forms import forms_of
from scrub.scrubber import Scrubber, SecretsLeft, leak_of
from scrub.sweep import Hit
from scrub.views import raw_view
from tests.scrub_samples import GITHUB, OPAQUE
from tests.stream_driver import TYPED

LATE = "zT7kQp2mXw9LrB4v"
"""Nobody knows it for a secret where it stands alone."""
BLIND = {"echo": False, "icanon": True, "isig": True, "icrnl": True, "opost": True, "onlcr": True}
FAR = b". " * 100_000
DRIVER = Path(__file__).with_name("stream_driver.py")
KILLS = sized(6, 100)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for spools on a disk."""
    place = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(place))
    monkeypatch.setenv("CANARY_TOKEN", OPAQUE)
    return place


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "tape"


def spools_on_disk(state: Path) -> list[Path]:
    return list(state.rglob("*.spool"))


def report_of(place: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((place / "scrub-report.json").read_text())
    return report


def record_events(recorder: Recorder, clock: VirtualClock) -> None:
    """One event of each kind, and output over several blocks."""
    recorder.pty_mode({**BLIND, "echo": True})
    for number in range(400):
        clock.advance(0.02)
        recorder.output(b"\x1b[3%dmline %d\x1b[0m of a build\r\n" % (number % 8, number) * 12)
        if number % 7 == 0:
            recorder.input(b"y\r", source="script")
            recorder.resize(columns=40 + number % 20, rows=8)
            recorder.mark("wait_for")
        if number % 50 == 0:
            recorder.service_event({"type": "step", "number": number})
            recorder.signal("SIGWINCH")
    recorder.discovery(Discovery("lab", "complete", models=["one", "two"]))
    recorder.final(exit=0, final_text="done", usage={"tokens": 3})


def test_without_secrets_it_is_the_same_evidence_as_of_a_whole_recording(tmp_path: Path) -> None:
    digests = []
    for stream in (False, True):
        clock = VirtualClock()
        with Recorder(tmp_path / str(stream), columns=40, rows=8, clock=clock, stream=stream) as recorder:
            record_events(recorder, clock)
        assert_complete(tmp_path / str(stream))
        digests.append(tape_of(tmp_path / str(stream)).evidence_sha256)
        assert tape_of(tmp_path / str(stream)).discovery.models == ("one", "two")
    assert digests[0] == digests[1]
    assert (tmp_path / "False" / "frames.jsonl").read_bytes() == (
        tmp_path / "True" / "frames.jsonl"
    ).read_bytes()


def test_the_report_says_what_it_is_and_what_was_not_looked_at(place: Path, state: Path) -> None:
    with Recorder(place, stream=True) as recorder:
        assert [path.stat().st_mode & 0o777 for path in spools_on_disk(state)] == [0o600]
        assert {path.parent.stat().st_mode & 0o777 for path in spools_on_disk(state)} == {0o700}
        recorder.output(f"{OPAQUE}\r\n".encode())
        recorder.known_secret("yes")  # a short answer is no secret
        recorder.output(b"yes\r\n")
    report = report_of(place)
    assert (report["guarantee"], report["status"]) == ("stream", "scrubbed")
    assert report["hit_counts"]["environment:CANARY_TOKEN"] == 1
    assert tape_of(place).output_bytes().endswith(b"yes\r\n")
    assert [text for text in report["skipped_values"] if text.startswith("input: shorter")]
    assert len(report["rules"]) > 100
    assert [text.split(":")[0].split(" ")[0] for text in report["not_looked_at"]] == ["rendered", "secrets"]
    assert spools_on_disk(state) == []
    assert tape_of(place).scrub_report.guarantee == "stream"


@pytest.mark.parametrize("stream", [False, True])
def test_short_values_that_become_known_on_the_way_are_in_the_report(
    place: Path, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    monkeypatch.setenv("ACME_PASSWORD", "squid")
    with Recorder(place, stream=stream) as recorder:
        recorder.pty_mode(BLIND)
        for line in (b"4711\r", b"squid\r", b"correct-Horse9\r"):
            recorder.input(line, source="user")
        recorder.known_secret("other7")
    report = report_of(place)
    assert report["hidden_inputs"] == 3
    assert report["short_values"] == ["environment:ACME_PASSWORD", "input", "input"]


@settings(max_examples=15)
@given(st.lists(st.integers(1, 150_000), max_size=8), st.integers(0, 2))
def test_the_cassette_does_not_depend_on_the_reads(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], blocks: int
) -> None:
    data = f"{OPAQUE} {GITHUB[:20]}\x1b[1m{GITHUB[20:]}\r\n".encode() + b"x" * (60_000 * blocks)
    data += f"\r\n{OPAQUE} password={LATE}\r\n".encode() + b"y" * 70_000
    made = []
    for places in ([], sorted({cut for cut in cuts if cut < len(data)})):
        target = tmp_path_factory.mktemp("cut") / "tape"
        clock = VirtualClock()
        with Recorder(target, columns=40, rows=8, clock=clock, stream=True) as recorder:
            recorder.input(f"{OPAQUE}\r".encode(), source="script")
            for start, end in zip([0, *places], [*places, len(data)], strict=True):
                recorder.output(data[start:end])
            clock.advance(1)
            recorder.input(f"{LATE}\r".encode(), source="script")
        made.append(target)
    assert (made[0] / "output.raw").read_bytes() == (made[1] / "output.raw").read_bytes()
    for secret in (OPAQUE, LATE, GITHUB):
        assert secret.encode() not in everything(made[1])
    assert [event.data for event in inputs(made[0])] == [event.data for event in inputs(made[1])]
    assert [frame.screen for frame in tape_of(made[0]).frames()] == [
        frame.screen for frame in tape_of(made[1]).frames()
    ]


# What becomes known late.


def record_late(recorder: Recorder) -> None:
    recorder.output(f"{LATE}\r\n".encode())
    recorder.input(f"{LATE}\r".encode(), source="script")
    recorder.service_event({"type": "said", "text": LATE})
    recorder.output(FAR + f"\r\npassword={LATE}\r\n".encode() + FAR)


def test_what_becomes_known_late_is_covered_before_it_is_published(place: Path, state: Path) -> None:
    with Recorder(place, stream=True) as recorder:
        record_late(recorder)
        (spool,) = spools_on_disk(state)
        assert LATE.encode() in spool.read_bytes()  # nobody knew: the weaker guarantee
    assert LATE.encode() not in everything(place)
    assert_complete(place)
    assert report_of(place)["hit_counts"]["password"] == 4
    assert inputs(place)[0].masked == ((0, len(LATE)),)


def test_it_is_covered_too_when_the_place_was_taken_and_recover_finishes_it(
    place: Path, tmp_path: Path
) -> None:
    recorder = Recorder(place, stream=True)
    record_late(recorder)
    with Recorder(place):
        pass
    with pytest.raises(CassetteExists) as caught:
        recorder.close()
    assert any(f"cassette recover {recorder.spool.id}" in note for note in caught.value.__notes__)
    other = recover(recorder.spool.id, to=tmp_path / "other")
    assert LATE.encode() not in everything(other)
    assert_complete(other)
    assert report_of(other)["not_looked_at"] == report_of(other)["not_looked_at"][:2]


def test_a_recorder_that_dies_before_the_check_says_so(place: Path) -> None:
    recorder = Recorder(place, stream=True)
    record_late(recorder)
    recorder.spool.close()
    recover(recorder.spool.id)
    assert_recovered(place)
    assert len(report_of(place)["not_looked_at"]) == 3


def test_one_that_dies_while_it_covers_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(place, stream=True)
    record_late(recorder)
    append, patches = Spool.append, []

    def dying(spool: Spool, kind: bytes, *rest: Any, **options: Any) -> None:
        if kind == b"P" and patches:
            raise KeyboardInterrupt
        patches.extend([kind] if kind == b"P" else [])
        append(spool, kind, *rest, **options)

    monkeypatch.setattr(Spool, "append", dying)
    with pytest.raises(KeyboardInterrupt):
        recorder.close()
    with pytest.raises(StreamRefused, match=f"--discard {recorder.spool.id}"):
        recover(recorder.spool.id)
    assert not place.exists()


def test_an_abandoned_recording_is_read_again_too(place: Path) -> None:
    recorder = Recorder(place, stream=True)
    record_late(recorder)
    error = ValueError("mine")
    recorder.keep(error)
    assert "cassette recover" in error.__notes__[0]
    recover(recorder.spool.id)
    assert LATE.encode() not in everything(place)
    assert [gap["reason"] for gap in gaps(place)] == ["abandoned"]
    assert len(report_of(place)["not_looked_at"]) == 2


def test_values_that_rules_find_do_not_fill_the_memory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cassette.scrubbing import streaming

    monkeypatch.setattr(streaming, "MOST_FOUND", 20)
    chance = random.Random("many")
    values = ["".join(chance.choices(string.ascii_letters + string.digits * 3, k=20)) for _ in range(400)]
    with Recorder(place, stream=True) as recorder:
        for value in values:
            recorder.output(f"password={value}\r\n".encode() + b". " * 1000)
        assert len([e for e in recorder.spool._scrubber.book.entries if e.origin == "rule:password"]) < 80
    data = everything(place)
    assert not [value for value in values if value.encode() in data]
    assert "values that rules found" in report_of(place)["not_looked_at"][2]


# What cannot be covered.


def test_a_secret_that_would_be_left_publishes_nothing_for_ever(
    place: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Recorder(place) as old:
        old.output(b"the old one")
    before = everything(place)
    recorder = Recorder(place, stream=True, overwrite=True)
    recorder.output(b"ok\r\n")
    left = Hit(raw_view("output", OPAQUE.encode()), 0, 4, recorder.spool._scrubber.book.entries[0], "plain")

    def refuse(_spool: StreamSpool) -> None:
        raise SecretsLeft([leak_of(left)])

    monkeypatch.setattr(StreamSpool, "_patch", refuse)
    with pytest.raises(SecretsWouldLeak) as caught:
        recorder.close()
    assert caught.value.exit_code == 5
    assert OPAQUE not in str(caught.value)
    with pytest.raises(StreamRefused) as refused:
        recover(recorder.spool.id)
    assert refused.value.exit_code == 5
    assert everything(place) == before
    discard_spool(recorder.spool.id)
    assert spools_on_disk(state) == []


def test_what_cannot_be_covered_ends_the_recording_before_it_is_written(
    place: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scrubber, "rewrite", lambda _self, streams, _hits: (dict(streams), []))
    recorder = Recorder(place, stream=True)
    for _ in range(20):
        recorder.output(b"before\r\n" + b". " * 5000)
    with pytest.raises(SecretsWouldLeak):
        recorder.output(OPAQUE.encode() + FAR)
    with pytest.raises(SecretsWouldLeak):
        recorder.output(b"more")
    recorder.keep()
    assert OPAQUE.encode() not in b"".join(path.read_bytes() for path in spools_on_disk(state))
    recover(recorder.spool.id)
    assert tape_of(place).output_bytes().startswith(b"before")


def test_the_program_is_ended_when_its_output_cannot_be_covered(
    place: Path, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Scrubber, "rewrite", lambda _self, streams, _hits: (dict(streams), []))
    code = "echo $CANARY_TOKEN; head -c 300000 /dev/zero | tr '\\0' .; exec cat"
    assert main(["record", "--stream", "--quiet", "-o", str(place), "--", "sh", "-c", code]) == 5
    assert OPAQUE not in "".join(capsys.readouterr())
    assert not place.exists()
    assert OPAQUE.encode() not in b"".join(path.read_bytes() for path in spools_on_disk(state))


# Killed.


def test_killed_at_a_random_moment_it_leaves_nothing_secret(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(DRIVER.parent.parent))
    chance = random.Random("stream")
    for number in range(KILLS):
        target = tmp_path / str(number)
        spool_id = killed(target, number, chance.randrange(0, 400))
        (spool,) = spools_on_disk(state)
        assert_clean(spool.read_bytes())
        assert_clean(joined_output(spool_id))
        listed = next(info for info in list_spools() if info.id == spool_id)
        assert (listed.path, listed.alive) == (spool, False)
        assert cassette_command("recover", spool_id).returncode == 0
        assert_recovered(target)
        assert_clean(everything(target))
        assert_clean(tape_of(target).output_bytes())
        assert spools_on_disk(state) == []


def killed(target: Path, seed: int, after: int) -> str:
    """The spool of a recorder that was killed when it had said so many events."""
    command = [sys.executable, str(DRIVER), str(target), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        spool_id = process.stdout.readline().split()[1].decode()
        for _ in range(after):
            assert process.stdout.readline()
        process.kill()
    return spool_id


def joined_output(spool_id: str) -> bytes:
    from cassette.store.spool import open_spool

    spool = open_spool(spool_id)
    try:
        return b"".join(bytes(record.data) for record in spool.records() if record.kind == Kind.OUTPUT)
    finally:
        spool.close()


def assert_clean(data: bytes) -> None:
    for canary in (OPAQUE, GITHUB, TYPED):
        for form, name in forms_of(canary.encode()).items():
            assert form not in data, f"{canary} as {name}"


# The disk.


def test_a_full_disk_ends_it_clearly_and_keeps_what_there_is(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(place, stream=True)
    spool = recorder.spool._spool
    recorder.output(b"kept\r\n" * 20_000)
    reserve = FileMedium.reserve
    limit = spool._reserved + 8 * 2**20

    def full(medium: FileMedium, start: int, end: int) -> bool:
        if end > limit:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return reserve(medium, start, end)

    monkeypatch.setattr(FileMedium, "reserve", full)
    with pytest.raises(SpoolFull, match="XDG_STATE_HOME"):
        fill(recorder)
    given = recorder.output_bytes
    assert given > 4 * 2**20
    assert recorder.full == "spool-full"
    assert spool.size < limit
    with pytest.raises(SpoolFull):
        recorder.service_event({"lost": True})
    recorder.close()
    (gap,) = gaps(place)
    assert gap == {"type": "gap", "reason": "spool-full", "bytes": 65_536, "events": 1}
    assert len(tape_of(place).output_bytes()) == given
    assert verify(place, frames=True).state == "partial"


def fill(recorder: Recorder) -> None:
    while True:
        recorder.output(b"x" * 65_536)


def test_a_full_target_leaves_the_spool(place: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cassette.store.operations import FileOperations

    recorder = Recorder(place, stream=True)
    record_late(recorder)

    def refuse(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(FileOperations, "write", refuse)
        with pytest.raises(CannotStore, match="the disk is full"):
            recorder.close()
    assert not place.exists()
    assert len(spools_on_disk(state)) == 1
    recover(recorder.spool.id)
    assert LATE.encode() not in everything(place)
    assert_complete(place)


@pytest.mark.parametrize("what", ["a file", "nothing that can be made", "open to others"])
def test_a_place_that_is_no_good_is_named(
    what: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "bad"
    if what == "a file":
        root.write_text("")
    elif what == "open to others":
        (root / f"pty-cassette-{os.geteuid()}").mkdir(parents=True)
        (root / f"pty-cassette-{os.geteuid()}").chmod(0o755)
    else:
        (tmp_path / "plain").write_text("")
        root = tmp_path / "plain" / "below"
    monkeypatch.setenv("XDG_STATE_HOME", str(root))
    with pytest.raises(CannotStore, match="XDG_STATE_HOME name a directory") as caught:
        Recorder(place, stream=True)
    assert caught.value.exit_code == 4
    assert not place.exists()
    assert list_spools(roots=[]) == []


def test_without_a_state_directory_it_is_in_the_home(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Recorder(place, stream=True) as recorder:
        assert recorder.spool.path is not None
        assert recorder.spool.path.parent.parent == tmp_path / "home" / ".local" / "state"


def test_a_whole_recording_never_goes_to_the_disk(place: Path, state: Path) -> None:
    with Recorder(place) as recorder:
        recorder.output(b"x")
        assert recorder.spool.path is None or syscalls_says_memory(recorder.spool.path)
    assert spools_on_disk(state) == []


def syscalls_says_memory(path: Path) -> bool:
    fd = os.open(path, os.O_RDONLY)
    try:
        return syscalls.is_ram_backed(fd)
    finally:
        os.close(fd)


def test_the_header_on_the_disk_says_nothing_secret(place: Path, state: Path, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"{LATE}\n")
    plan = cassette.RecordingPlan(argv=("tool", f"--key={OPAQUE}", LATE), labels={"who": GITHUB})
    recorder = Recorder(place, plan, stream=True, known_secret_file=secrets)
    recorder.known_secret("another-0Secret-value")
    recorder.output(b"another-0Secret-value\r\n" + FAR)
    (spool,) = spools_on_disk(state)
    for secret in (OPAQUE, LATE, GITHUB, "another-0Secret-value"):
        assert secret.encode() not in spool.read_bytes()
    recorder.close()
    assert OPAQUE.encode() not in everything(place)
    assert tape_of(place).manifest.command.argv[0] == "tool"


# Live.


def test_a_session_sees_the_real_screen_and_stores_the_scrubbed_one(place: Path) -> None:
    code = "read -s -p 'Password: ' X; echo; echo \"got $X and $CANARY_TOKEN\""
    with cassette.record(place, ["bash", "--norc", "-c", code], stream=True) as session:
        session.wait_for("Password: ")
        session.type("correct-Horse9\n")
        screen = session.wait_for(OPAQUE)
        assert "got correct-Horse9" in str(screen)
        stored = str(session.as_stored(screen))
        assert "Password:" in stored
        assert OPAQUE not in stored
        assert "correct-Horse9" not in stored
    typed = [event for event in inputs(place, "input") if event.data]
    assert [event.redacted for event in typed] in (["echo-off"], ["prompt"], ["echo-off-later"])
    assert b"correct-Horse9" not in everything(place)
    assert_complete(place)
    with tape_of(place).session() as replay:
        replay.wait_for("Password: ")
        replay.type("anything\n")
        assert str(replay.wait_for("got ")) == stored


def test_resizes_stay_where_they_were(place: Path) -> None:
    with Recorder(place, columns=40, rows=8, stream=True) as recorder:
        for number in range(300):
            recorder.output(b"%04d " % number * 200)
            recorder.resize(columns=20 + number % 30, rows=8)
    events = sorted(
        [*lines_of(place, "output.jsonl"), *lines_of(place, "input.jsonl")], key=lambda line: line["seq"]
    )
    assert ["size" in line for line in events] == [False, True] * 300
    assert [line["size"]["Cols"] for line in events[1::2]] == [20 + number % 30 for number in range(300)]


def test_a_look_at_what_is_no_longer_in_memory_reads_the_disk(tmp_path: Path) -> None:
    spool = Spool.create_on_disk({}, target=tmp_path / "x")
    tail = LiveTail(spool, kept_bytes=1000)

    def both(number: int) -> None:
        tail.add(Kind.OUTPUT, number, b"real %04d" % number)
        if number % 3 == 0:
            tail.add(Kind.INPUT, number, b'"t_ms":1,"kind":"input"}')  # which no screen shows
            spool.append(Kind.INPUT, number, b'"t_ms":1,"kind":"input"}')
        if number < 1900:
            tail.wrote(Kind.OUTPUT, b"safe %04d" % number)
            spool.append(Kind.OUTPUT, number, b"safe %04d" % number)

    for number in range(2000):
        both(number)
    for start in (0, 1, 255, 256, 700, 1899, 1950, 2000):
        found = list(tail.records(start or None))
        assert [record.end for record in found] == list(range(start + 1, 2001))
        assert [int(bytes(record.data)[5:]) for record in found] == list(range(start, 2000))
    kinds = [bytes(record.data)[:4] for record in tail.records()]
    assert kinds.count(b"real") in range(1000 // 9, 400)
    assert kinds == sorted(kinds, reverse=True)
    spool.discard()


# The command line.


def test_record_stream_on_the_command_line(place: Path, state: Path) -> None:
    code = f"echo $CANARY_TOKEN; head -c 300000 /dev/zero | tr '\\0' x; echo {GITHUB}"
    done = cassette_command("record", "--stream", "-o", place, "--", "sh", "-c", code)
    assert done.returncode == 0, done.stderr
    assert OPAQUE.encode() in done.stdout  # the person sees what is real
    assert_clean(everything(place))
    assert_complete(place)
    assert b"as a stream" in cassette_command("inspect", place).stdout
    assert spools_on_disk(state) == []


def test_max_bytes_ends_a_stream(place: Path) -> None:
    done = cassette_command("record", "--stream", "--max-bytes", 500_000, "-o", place, "--quiet", "--", "yes")
    assert done.returncode == 1
    assert b"partial: max-bytes" in done.stderr
    assert (place / "output.raw").stat().st_size == 500_000
    assert verify(place).state == "partial"


def test_a_bad_place_on_the_command_line(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "plain"))
    done = cassette_command("record", "--stream", "-o", place, "--", "true")
    assert done.returncode == 4
    assert b"XDG_STATE_HOME" in done.stderr
    assert b"Traceback" not in done.stderr
