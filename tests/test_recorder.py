"""The programmatic recorder: facts in, a cassette out; what cannot be read again is never taken."""

import json
import threading
import types

import pytest
from proof_helpers import own_spools
from pty_helpers import open_descriptors
from recording_helpers import everything, gaps, inputs, lines_of, spools, tape_of

import cassette
from cassette import Discovery, ExitStatus, Quota, Recorder, RecordingPlan, VirtualClock
from cassette.errors import (
    CannotStore,
    CassetteError,
    CassetteExists,
    SpoolFull,
    UnknownEmulator,
    UnknownVersion,
    UsageError,
)
from cassette.model import Final, Harness, Input, Output, ServiceEvent
from cassette.reading.verify import verify
from cassette.recording.recorder import MAX_OUTPUT_BYTES
from cassette.recording.recovery import recover


@pytest.fixture(autouse=True)
def _fresh_spools():
    with own_spools():
        yield


@pytest.fixture
def place(tmp_path):
    return tmp_path / "tape"


def evidence(path):
    """All events but frames, in order."""
    kinds = (Input, Output, ServiceEvent, Final)
    return [event for event in tape_of(path).events() if isinstance(event, kinds)]


def failing(recorder, error, data=b""):
    with recorder:
        recorder.output(data)
        raise error


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"deeper": value}
    return value


# Facts become events, in order, at exact times.


def test_a_virtual_clock_gives_exact_times(place):
    clock = VirtualClock(start=1000.0)
    with Recorder(place, clock=clock) as recorder:
        for step_ms in (1, 29, 570, 1000, 3, 7):  # 0.57 * 1000 is less than 570 in floats
            clock.advance(step_ms / 1000)
            recorder.output(b"x")
        clock.advance(0.5)
    assert [event.t_ms for event in tape_of(place).outputs()] == [1, 30, 600, 1600, 1603, 1610]
    assert tape_of(place).final.t_ms == tape_of(place).final.duration_ms == 2110


def test_time_never_goes_back(place):
    class Broken(VirtualClock):
        times = iter([0.0, 5.0, 1.0, 6.0])

        def now(self):
            return next(self.times, 6.0)

    with Recorder(place, clock=Broken()) as recorder:
        for _ in range(3):
            recorder.output(b"x")
    assert [event.t_ms for event in tape_of(place).outputs()] == [5000, 5000, 6000]


def test_every_kind_of_fact_stands_in_the_order_in_which_it_was_told(place):
    clock = VirtualClock()
    with Recorder(place, columns=40, rows=10, clock=clock) as recorder:
        recorder.pty_mode({"echo": True})
        recorder.output(b"name? ")
        recorder.input(b"Ada")
        recorder.input(b"\r", key="enter", source="script")
        recorder.input(b"\x1b[200~x\x1b[201~", kind="paste")
        recorder.input(b"\x1b[?62c", source="terminal")
        recorder.input(b"****", redacted="caller")
        recorder.resize(columns=20, rows=5)
        recorder.signal("SIGINT")
        clock.sleep_until(clock.now() + 1)  # what is typed shortly before echo goes off is hidden
        recorder.mode({"echo": False, "icanon": True})
        recorder.mark("wait_for")
        recorder.service_event({"type": "greeted", "n": 2**53 - 1})
        recorder.gap("made up", lost_bytes=7)
        recorder.final(3, usage={"tokens": 5}, cost_usd=0.25, final_text="bye", metadata={"a": 1})
    events = evidence(place)
    told = [getattr(event, "kind", type(event).__name__) for event in events]
    inputs_told = ["input", "input", "paste", "input", "input", "resize", "signal", "mode", "mark"]
    assert told == ["Output", *inputs_told, "ServiceEvent", "ServiceEvent", "Final"]
    assert [(event.source, event.data) for event in events[1:6]] == [
        ("user", b"Ada"),
        ("script", b"\r"),
        ("user", b"\x1b[200~x\x1b[201~"),
        ("terminal", b"\x1b[?62c"),
        ("user", b"*" * 16),
    ]
    assert events[2].key == "enter"
    assert events[5].redacted == "caller"
    assert events[6].size == cassette.model.Size(20, 5)
    assert events[7].signal == "SIGINT"
    assert events[8].mode == {"echo": False, "icanon": True}
    assert events[9].op == "wait_for"
    assert events[10].payload == {"type": "greeted", "n": 2**53 - 1}
    assert events[11].payload == {"type": "gap", "reason": "made up", "bytes": 7}
    final = tape_of(place).final
    assert final.exit == ExitStatus(3)
    assert (final.usage, final.cost_usd, final.final_text) == ({"tokens": 5}, 0.25, "bye")
    assert final.metadata == {"a": 1}
    assert tape_of(place).manifest.terminal.pty_mode == {"echo": True}
    assert verify(place).state == "partial"  # there is a gap


def test_seq_has_no_holes_over_all_streams(place):
    with Recorder(place) as recorder:
        for n in range(20):
            recorder.output(b"%d\r\n" % n)
            recorder.input(b"x")
            recorder.service_event({"n": n})
    names = ("input.jsonl", "output.jsonl", "frames.jsonl", "service-events.jsonl")
    found = [line["seq"] for name in names for line in lines_of(place, name)]
    found.append(json.loads((place / "final.json").read_text())["seq"])
    assert sorted(found) == list(range(1, len(found) + 1))


def test_a_recording_with_nothing_in_it_is_complete(place):
    assert Recorder(place).close() == place
    assert verify(place).state == "complete"
    assert tape_of(place).final.exit is None
    assert bytes(tape_of(place).raw) == b""


def test_an_empty_output_is_no_event(place):
    with Recorder(place) as recorder:
        assert recorder.output(b"") == 0
    assert list(tape_of(place).outputs()) == []


def test_a_large_output_becomes_several_events_of_one_moment(place):
    data = bytes(range(256)) * (MAX_OUTPUT_BYTES // 256 * 2) + b"end"
    with Recorder(place, clock=VirtualClock()) as recorder:
        assert recorder.output(data) == len(data)
    chunks = [event.data for event in tape_of(place).outputs()]
    assert [len(chunk) for chunk in chunks] == [MAX_OUTPUT_BYTES, MAX_OUTPUT_BYTES, 3]
    assert b"".join(chunks) == data


def test_buffers_of_any_kind_are_copied_at_once(place):
    buffer = bytearray(b"first")
    with Recorder(place) as recorder:
        recorder.output(memoryview(buffer))
        recorder.input(buffer)
        buffer[:] = b"wrong"
    assert bytes(tape_of(place).raw) == b"first"
    assert inputs(place)[0].data == b"first"


def test_threads_may_report_at_once(place):
    count, threads = 200, 6
    barrier = threading.Barrier(threads)

    def report(number, recorder):
        barrier.wait()
        for n in range(count):
            recorder.output(b"%d:%d\n" % (number, n))
            recorder.service_event({"from": number, "n": n})

    with Recorder(place) as recorder:
        workers = [threading.Thread(target=report, args=(n, recorder)) for n in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert verify(place).state == "complete"
    for number in range(threads):
        own = [e.payload["n"] for e in tape_of(place).service_events() if e.payload["from"] == number]
        assert own == list(range(count))
    assert len(bytes(tape_of(place).raw).splitlines()) == count * threads


# What is refused, and is not there afterwards.


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "gap", "reason": "mine"},
        {"x": 1.5},
        {"x": 2**53},
        {"x": -(2**53)},
        {"x": float("nan")},
        {"x": float("inf")},
        {1: "x"},
        {"x": "\ud800"},
        {"\ud800": "x"},
        {"x": b"bytes"},
        {"x": {1, 2}},
        {"x": object()},
        nested(65),
        nested(70),
        {"x": "y" * (8 * 2**20)},
        [1, 2],
        "text",
        None,
    ],
    ids=lambda payload: ascii(payload)[:24],
)
def test_a_service_event_that_not_every_reader_reads_alike_is_refused(place, payload):
    with Recorder(place) as recorder:
        with pytest.raises(UsageError):
            recorder.service_event(payload)
        recorder.service_event({"after": True})
    assert [event.payload for event in tape_of(place).service_events()] == [{"after": True}]


@pytest.mark.parametrize("depth", [3000, 0], ids=["deep", "in itself"])
def test_a_service_event_without_a_bottom_is_refused(place, depth):
    payload = nested(depth)
    if not depth:
        payload["self"] = payload
    with Recorder(place) as recorder, pytest.raises(UsageError, match="nested too deep"):
        recorder.service_event(payload)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "gaps"},
        {"x": {"type": "gap"}},
        {"x": [None, True, -(2**53) + 1, "ü✨\x00\x1b", {"": []}]},
        nested(64),
        types.MappingProxyType({"x": types.MappingProxyType({"y": (1, 2)})}),
    ],
    ids=lambda payload: ascii(payload)[:24],
)
def test_plain_json_is_kept_as_it_is(place, payload):
    with Recorder(place) as recorder:
        recorder.service_event(payload)
    (event,) = tape_of(place).service_events()

    def plain(value):
        if isinstance(value, dict | types.MappingProxyType):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list | tuple) else value

    assert event.payload == plain(payload)


@pytest.mark.parametrize(
    "facts",
    [
        {"exit": "0"},
        {"cost_usd": float("nan")},
        {"cost_usd": "1"},
        {"final_text": 5},
        {"final_text": "\ud800"},
        {"final_text": "x" * (16 * 2**20)},
        {"usage": 5},
        {"usage": {"x": float("inf")}},
        {"metadata": {"x": b""}},
        {"metadata": nested(70)},
    ],
    ids=lambda facts: ascii(facts)[:30],
)
def test_final_facts_that_cannot_be_kept_are_refused_when_they_are_given(place, facts):
    with Recorder(place) as recorder:
        recorder.final(3, final_text="kept")
        with pytest.raises(UsageError, match="cannot be kept"):
            recorder.final(**facts)
    final = tape_of(place).final
    assert (final.exit, final.final_text) == (ExitStatus(3), "kept")


@pytest.mark.parametrize(
    "report",
    [
        lambda r: r.input(b"x", kind="mode"),
        lambda r: r.input(b"x", source="me"),
        lambda r: r.input(b"x", key="\ud800"),
        lambda r: r.input(bytes(8 * 2**20 + 1)),
        lambda r: r.mark("\ud800"),
        lambda r: r.mark(5),
        lambda r: r.mode({"echo": "yes"}),
        lambda r: r.signal(9),
        lambda r: r.pty_mode({"x": "\ud800"}),
        lambda r: r.resize(columns=0, rows=24),
        lambda r: r.resize(columns=80, rows=4097),
        lambda r: r.resize(columns="80", rows=24),
        lambda r: r.resize(columns=80.5, rows=24),
        lambda r: r.discovery(Discovery(1, "x")),
        lambda r: r.discovery(Discovery("a", "b", models="gpt")),
        lambda r: r.discovery({"source": "a", "status": "b"}),
        lambda r: r.quota(Quota("a", "b", windows=({"x": float("nan")},))),
    ],
)
def test_facts_that_no_reader_could_read_are_refused(place, report):
    with Recorder(place) as recorder, pytest.raises(UsageError):
        report(recorder)
    assert verify(place).state == "complete"
    assert inputs(place) == []


@pytest.mark.parametrize("size", [{"columns": 0}, {"rows": 0}, {"columns": 70_000}, {"rows": -1}])
def test_a_size_that_no_terminal_has_is_refused_before_anything_is_made(place, size):
    with pytest.raises(UsageError, match="give 1 to 4096 columns and 1 to 4096 rows"):
        Recorder(place, **size)
    assert not place.exists()
    assert spools() == []


def test_a_plan_that_cannot_be_kept_is_refused(place):
    with pytest.raises(UsageError, match="this plan cannot be kept"):
        Recorder(place, RecordingPlan(labels={"a": "\ud800"}))
    assert spools() == []


# Final facts, discovery, quota, the manifest.


def test_final_facts_given_again_replace_and_metadata_adds_up(place):
    with Recorder(place) as recorder:
        recorder.final(1, final_text="first", cost_usd=1, metadata={"a": 1, "b": 1})
        recorder.final(ExitStatus.by_signal(9), metadata={"b": 2})
        recorder.final(usage={"x": 1.5})
    final = tape_of(place).final
    assert final.exit == ExitStatus(137, "SIGKILL")
    assert (final.final_text, final.cost_usd, final.usage) == ("first", 1, {"x": 1.5})
    assert final.metadata == {"a": 1, "b": 2}


def test_exit_has_the_names_that_other_readers_want(place):
    with Recorder(place) as recorder:
        recorder.final(ExitStatus.by_signal(15))
    ended = json.loads((place / "final.json").read_text())["exit"]
    assert ended == {"Code": 143, "Signal": "SIGTERM", "Exited": False, "Signaled": True, "Err": None}


def test_discovery_and_quota_become_files_and_the_last_one_counts(place):
    with Recorder(place) as recorder:
        recorder.discovery(Discovery("probe", "old"))
        recorder.discovery(Discovery("probe", "ok", models=("a", "b"), metadata={"n": {"x": []}}))
        recorder.quota(Quota("screen", "ok", windows=({"name": "5h", "used": 93},)))
    tape = tape_of(place)
    assert tape.discovery.models == ("a", "b")
    assert tape.discovery.status == "ok"
    assert tape.quota.windows == ({"name": "5h", "used": 93},)
    assert verify(place).state == "complete"


def test_without_discovery_and_quota_there_are_no_such_files(place):
    Recorder(place).close()
    assert not (place / "discovery.json").exists()
    assert tape_of(place).quota is None


def test_the_manifest_says_what_the_plan_says(place):
    plan = RecordingPlan(
        argv=("agent", "--fast"),
        harness=Harness("agent", binary_version="2.1", account_class="pro"),
        env_names=("LANG", "TERM"),
        timeout_ms=5000,
        frames="full",
        labels={"suite": "smoke"},
    )
    with Recorder(place, plan, columns=100) as recorder:
        recorder.output(b"hello")
    manifest = tape_of(place).manifest
    assert manifest.harness.account_class == "pro"
    assert manifest.command.argv == ("agent", "--fast")
    assert manifest.command.env_allowlist == ("LANG", "TERM")
    assert manifest.command.timeout_ms == 5000
    assert (manifest.terminal.initial_cols, manifest.terminal.initial_rows) == (100, 24)
    assert manifest.required_features == ()
    assert manifest.optional == {"labels": {"suite": "smoke"}}
    assert tape_of(place).scrub_report.status == "clean"
    assert all("text" in line for line in lines_of(place, "frames.jsonl"))


# Limits.


@pytest.mark.parametrize(("chunks", "kept"), [([10], 10), ([4, 6], 10), ([9], 9), ([0, 10, 0], 10)])
def test_up_to_max_bytes_nothing_is_missing(place, chunks, kept):
    with Recorder(place, max_bytes=10) as recorder:
        assert sum(recorder.output(b"x" * size) for size in chunks) == kept
        assert recorder.full is None
        assert recorder.output_bytes == kept
    assert verify(place).state == "complete"


@pytest.mark.parametrize(("chunks", "lost"), [([11], 1), ([10, 1], 1), ([4, 7, 5], 6), ([25], 15)])
def test_beyond_max_bytes_the_gap_says_how_much(place, chunks, lost):
    with Recorder(place, max_bytes=10) as recorder:
        assert sum(recorder.output(b"x" * size) for size in chunks) == 10
        assert recorder.full == "max-bytes"
        recorder.service_event({"still": "taken"})
    assert gaps(place) == [{"type": "gap", "reason": "max-bytes", "bytes": lost}]
    assert bytes(tape_of(place).raw) == b"x" * 10
    assert verify(place).state == "partial"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_byte_is_refused(place, limit):
    with pytest.raises(UsageError, match="give at least 1"):
        Recorder(place, max_bytes=limit)


def test_a_full_spool_keeps_what_there_is_and_counts_what_is_lost(place):
    recorder = Recorder(place)
    recorder.output(b"kept")
    recorder.spool._max_bytes = recorder.spool.size  # what a full file system does, without filling one
    recorder.spool._limit = 0
    with pytest.raises(SpoolFull):
        recorder.output(b"lost")
    assert recorder.full == "spool-full"
    assert recorder.output(b"lost too") == 0
    with pytest.raises(SpoolFull):
        recorder.service_event({"lost": True})
    recorder.close()
    assert bytes(tape_of(place).raw) == b"kept"
    assert gaps(place) == [{"type": "gap", "reason": "spool-full", "bytes": 12, "events": 1}]


# The end.


def test_closing_again_does_nothing_and_using_it_afterwards_is_refused(place):
    recorder = Recorder(place)
    assert recorder.close() == recorder.close() == place
    for use in (
        lambda: recorder.output(b"x"),
        lambda: recorder.input(b"x"),
        lambda: recorder.service_event({}),
        lambda: recorder.gap("x"),
        lambda: recorder.final(0),
        recorder.discard,
    ):
        with pytest.raises(CassetteError, match="has ended: start a new one"):
            use()
    recorder.keep()
    assert spools() == []


def test_discarding_leaves_nothing(place):
    recorder = Recorder(place)
    recorder.output(b"x")
    recorder.discard()
    assert spools() == []
    assert not place.exists()


def test_nothing_stays_open(tmp_path):
    Recorder(tmp_path / "first").close()
    before = open_descriptors()
    Recorder(tmp_path / "second").close()
    Recorder(tmp_path / "third").discard()
    kept = Recorder(tmp_path / "fourth")
    kept.keep()
    recover(kept.spool.id)
    assert open_descriptors() == before


@pytest.mark.parametrize("error", [ValueError("boom"), KeyboardInterrupt(), SystemExit(3)])
def test_a_block_that_fails_publishes_nothing_and_says_how_to_get_the_recording(place, error):
    recorder = Recorder(place)
    with pytest.raises(type(error)) as caught:
        failing(recorder, error, b"so far")
    assert not place.exists()
    assert spools() == [recorder.spool.id]
    assert caught.value.__notes__ == [
        f"The recording is kept: finish it with `cassette recover {recorder.spool.id}`."
    ]
    recover(recorder.spool.id)
    assert bytes(tape_of(place).raw) == b"so far"
    assert gaps(place) == [{"type": "gap", "reason": "abandoned"}]
    assert verify(place).state == "partial"


def test_a_place_that_is_taken_meanwhile_loses_nothing(place):
    recorder = Recorder(place)
    recorder.output(b"mine")
    place.mkdir()
    with pytest.raises(CassetteExists) as caught:
        recorder.close()
    assert recorder.spool.id in caught.value.__notes__[0]
    assert list(place.iterdir()) == []
    place.rmdir()
    recover(recorder.spool.id)
    assert bytes(tape_of(place).raw) == b"mine"
    assert verify(place).state == "complete"


def test_an_interrupted_close_keeps_the_recording(place):
    def interrupt(_done, _total):
        raise KeyboardInterrupt

    recorder = Recorder(place, progress=interrupt)
    recorder.output(b"x" * 2**20)
    with pytest.raises(KeyboardInterrupt) as caught:
        recorder.close()
    assert "cassette recover" in caught.value.__notes__[0]
    recover(recorder.spool.id)
    assert verify(place).state == "complete"


def test_a_recording_in_memory_only_says_that_it_is_lost(place, monkeypatch):
    monkeypatch.delenv("CASSETTE_SPOOL_DIR", raising=False)
    monkeypatch.setattr("cassette.store.places.usual_roots", list)
    recorder = Recorder(place)
    assert recorder.spool.in_memory
    with pytest.raises(ValueError, match="boom") as caught:
        failing(recorder, ValueError("boom"))
    assert caught.value.__notes__ == ["The recording was in memory only, and is lost."]


def test_an_existing_place_is_refused_before_anything_is_recorded(place):
    place.mkdir()
    with pytest.raises(CassetteExists):
        Recorder(place)
    with pytest.raises(CannotStore):  # only a cassette is ever replaced
        Recorder(place, overwrite=True)
    assert spools() == []


def test_overwriting_replaces_a_cassette_and_never_a_newer_one(place):
    Recorder(place).close()
    with Recorder(place, overwrite=True) as recorder:
        recorder.output(b"new")
    assert bytes(tape_of(place).raw) == b"new"
    manifest = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**manifest, "version": 2}))
    with pytest.raises(UnknownVersion):
        Recorder(place, overwrite=True)


def test_a_failed_run_leaves_the_old_cassette_as_it_was(place):
    with Recorder(place) as recorder:
        recorder.output(b"old")
    before = everything(place)
    recorder = Recorder(place, overwrite=True)
    with pytest.raises(ValueError, match="boom"):
        failing(recorder, ValueError("boom"))
    assert everything(place) == before
    cassette.recording.recovery.discard_spool(recorder.spool.id)


def test_an_unknown_emulator_is_an_error_of_publishing_and_the_spool_stays(place):
    recorder = Recorder(place, RecordingPlan(emulator="nope"))
    with pytest.raises(UnknownEmulator) as caught:
        recorder.close()
    assert "cassette recover" in caught.value.__notes__[0]
    cassette.recording.recovery.discard_spool(recorder.spool.id)


def test_a_spool_of_another_release_is_said_in_words(place):
    recorder = Recorder(place)
    recorder.spool.header["plan"]["later"] = 1
    with pytest.raises(CassetteError, match=r"another release of pty-cassette .*Finish it with that one"):
        recorder.close()
    cassette.recording.recovery.discard_spool(recorder.spool.id)
