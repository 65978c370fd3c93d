"""The spool: what was acknowledged is there after any kill, damage is never trimmed, nothing goes to a disk."""

import errno
import fcntl
import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import tracemalloc
from functools import partial
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_helpers import is_memory, mounted

from cassette.errors import CannotStore, NoSuchSpool, SpoolDamaged, SpoolFull, SpoolInUse
from cassette.store import syscalls
from cassette.store.framing import HEADER_BYTES, BadRecord, header_of, read_records
from cassette.store.media import FileMedium
from cassette.store.places import disk_place, disk_root
from cassette.store.spool import SLACK_BYTES, Spool, discard_spool, list_spools, open_spool

PROVE = os.environ.get("CASSETTE_PROVE") == "1"
EVENTS = [
    (b"o", 0, b"hello"),
    (b"i", 7, b""),
    (b"o", 7, b"\x00" * 40),
    (b"s", 2**63, b'{"type":"gap"}'),
    (b"\xff", 9, bytes(range(256))),
    (b"o", 10, header_of(b"o", 3, b"xyz") + b"xyz"),  # the bytes of a spool are bytes like others
]


needs_ram = pytest.mark.skipif(
    not is_memory("/dev/shm"), reason="/dev/shm is no writable RAM file system here"
)
needs_disk = pytest.mark.skipif(is_memory("/tmp"), reason="temporary files are in RAM here")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def ram():
    """A root for spools, in memory."""
    with TemporaryDirectory(dir="/dev/shm") as directory:
        yield Path(directory)


@pytest.fixture(params=[pytest.param("file", marks=needs_ram), "memory"])
def spool(request):
    if request.param == "memory":
        yield Spool.create({"argv": ["x"]}, target=Path("tape"), roots=[])
        return
    spool = Spool.create({"argv": ["x"]}, target=Path("tape"), roots=[request.getfixturevalue("ram")])
    yield spool
    spool.close()


def private(root):
    return root / f"pty-cassette-{os.geteuid()}"


def events_of(spool, start=None):
    return [(record.kind, record.t_ms, record.data) for record in spool.records(start)]


def fill(spool, events=EVENTS):
    for event in events:
        spool.append(*event)


def written(ram, spool_id="tape", events=EVENTS):
    """A finished spool's path."""
    spool = Spool.create({"id": spool_id, "argv": ["x"]}, target=Path("tape"), roots=[ram])
    fill(spool, events)
    spool.close()
    return spool.path


# Appending and reading.


def test_events_come_back_as_they_were(spool):
    fill(spool)
    assert events_of(spool) == EVENTS
    assert not spool.torn
    assert spool.target == Path("tape").absolute()


def test_a_memoryview_is_as_good_as_bytes(spool):
    spool.append(b"o", 1, memoryview(b"abcdef")[2:4])
    assert events_of(spool) == [(b"o", 1, b"cd")]


def test_reading_goes_on_where_it_stopped(spool):
    fill(spool, EVENTS[:3])
    *_, last = spool.records()
    fill(spool, EVENTS[3:])
    assert events_of(spool, last.end) == EVENTS[3:]


def test_kinds_and_sizes_that_cannot_be(spool):
    for kind, t_ms, data in [(b"H", 0, b""), (b"o", 0, b"x" * (64 * 2**20 + 1))]:
        with pytest.raises(ValueError, match="an event of kind"):
            spool.append(kind, t_ms, data)
    assert events_of(spool) == []


def test_a_reader_beside_the_writer_sees_whole_events_in_order(spool):
    """Another thread follows the spool while it grows, as a live screen does."""
    total, failed = 3000, []

    def follow():
        try:
            at, seen = None, 0
            while seen < total:
                for record in spool.records(at):
                    assert record.data == b"%d" % seen * 50
                    seen, at = seen + 1, record.end
        except BaseException as error:
            failed.append(error)

    reader = threading.Thread(target=follow)
    reader.start()
    for number in range(total):
        spool.append(b"o", number, b"%d" % number * 50)
    reader.join()
    assert not failed


@needs_ram
def test_reading_takes_the_memory_of_a_block_not_of_the_spool(ram):
    spool = Spool.create({}, target=Path("tape"), roots=[ram])
    payload = os.urandom(4096)
    for number in range(5000):
        spool.append(b"o", number, payload)
    tracemalloc.start()
    assert sum(len(record.data) for record in spool.records()) == 5000 * 4096
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    spool.close()
    assert peak < 2**20


@needs_ram
def test_the_file_is_private_and_as_long_as_what_was_written(ram):
    spool = Spool.create({}, target=Path("tape"), roots=[ram])
    fill(spool)
    facts = os.stat(spool.path)
    assert facts.st_mode & 0o777 == 0o600
    assert private(ram).stat().st_mode & 0o777 == 0o700
    assert facts.st_size == spool.size
    assert facts.st_blocks * 512 > spool.size + SLACK_BYTES  # reserved ahead
    spool.close()
    assert os.stat(spool.path).st_blocks * 512 < spool_size(spool) + 8192  # and given back


def spool_size(spool):
    return os.stat(spool.path).st_size


# A kill, and damage.


@needs_ram
def test_cut_at_every_byte_gives_the_exact_prefix(ram):
    path = written(ram)
    whole = path.read_bytes()
    ends = [record.end for record in open_and_close(ram, lambda spool: list(spool.records()))]
    first = ends[0] - HEADER_BYTES - len(EVENTS[0][2])
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        if cut < first:
            with pytest.raises(NoSuchSpool):
                open_spool("tape", roots=[ram])
            (info,) = list_spools(roots=[ram])
            assert (info.empty, info.alive, info.size, info.started) == (True, False, cut, "")
            continue
        prefix = EVENTS[: sum(end <= cut for end in ends)]
        spool = open_spool("tape", roots=[ram])
        assert events_of(spool) == prefix
        assert spool.torn == (cut not in {first, *ends})
        assert path.stat().st_size == cut  # looking changes nothing
        spool.append(b"g", 99, b"went on")
        spool.append(b"g", 99, b"to the end")
        spool.close()
        assert open_and_close(ram, events_of) == [*prefix, (b"g", 99, b"went on"), (b"g", 99, b"to the end")]


def open_and_close(ram, use, spool_id="tape"):
    spool = open_spool(spool_id, roots=[ram])
    try:
        return use(spool)
    finally:
        spool.close()


def slice_of(data, at, size):
    return data[at : at + size]


records_strategy = st.lists(
    st.tuples(
        st.binary(min_size=1, max_size=1),
        st.integers(0, 2**64 - 1),
        st.binary(max_size=600) | st.just(b"x" * 300_000),
    ),
    max_size=8,
)


@settings(max_examples=400 if PROVE else 60)
@given(events=records_strategy, data=st.data())
def test_any_cut_of_any_spool_gives_the_exact_prefix(events, data):
    whole = b"".join(header_of(kind, t_ms, payload) + payload for kind, t_ms, payload in events)
    cut = data.draw(st.integers(0, len(whole)))
    ends, end = [], 0
    for _, _, payload in events:
        end += HEADER_BYTES + len(payload)
        ends.append(end)
    found = list(read_records(partial(slice_of, whole[:cut]), 0, cut))
    assert [(record.kind, record.t_ms, record.data) for record in found] == events[
        : sum(e <= cut for e in ends)
    ]


def test_any_flipped_bit_is_damage_at_its_event():
    """Every bit of a small spool, the last event included; never a shorter spool, never another event."""
    frames = [header_of(*event) + event[2] for event in EVENTS]
    whole = b"".join(frames)
    starts = [sum(map(len, frames[:at])) for at in range(len(frames))]
    for bit in range(len(whole) * 8):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        hit = max(start for start in starts if start <= bit // 8)
        read = partial(slice_of, bytes(broken))
        with pytest.raises(BadRecord) as damage:
            list(read_records(read, 0, len(whole)))
        assert damage.value.offset == hit


@pytest.mark.prove
@needs_ram
def test_damage_is_named_and_nothing_is_trimmed(ram):
    path = written(ram)
    whole = path.read_bytes()
    first = open_and_close(ram, lambda spool: spool.first)
    for bit in range(0, len(whole) * 8, 1 if PROVE else 37):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        path.write_bytes(broken)
        if bit // 8 < first:
            (info,) = list_spools(roots=[ram])
            assert "damaged at byte 0" in info.damage
            with pytest.raises(SpoolDamaged):
                open_spool("tape", roots=[ram])
        else:
            spool = open_spool("tape", roots=[ram])
            with pytest.raises(SpoolDamaged, match="--discard tape"):
                list(spool.records())
            spool.close()
        assert path.read_bytes() == broken


@needs_ram
def test_appending_to_a_spool_with_a_broken_header_is_refused(ram):
    path = written(ram)
    whole = bytearray(path.read_bytes())
    whole[-len(EVENTS[-1][2]) - 1] ^= 1  # the last event's header
    path.write_bytes(whole)
    spool = open_spool("tape", roots=[ram])
    with pytest.raises(SpoolDamaged):
        spool.append(b"g", 0, b"")
    with pytest.raises(SpoolDamaged):
        _ = spool.torn
    spool.close()
    assert path.read_bytes() == whole


@needs_ram
@pytest.mark.parametrize("tail", [b"\0", b"\0" * 100, b"\xc5\0", b"garbage that is no event"])
def test_what_is_not_the_beginning_of_an_event_is_damage(ram, tail):
    path = written(ram)
    path.write_bytes(path.read_bytes() + tail)
    spool = open_spool("tape", roots=[ram])
    with pytest.raises(SpoolDamaged, match="no event begins here"):
        list(spool.records())
    spool.close()


@needs_ram
@pytest.mark.parametrize(
    "header", [b"[]", b"{", b'{"spool":{},"header":{}}', b'{"spool":1,"header":{}}', b"\xff"]
)
def test_a_header_that_says_nothing_is_damage(ram, header):
    path = written(ram)
    path.write_bytes(header_of(b"H", 0, header) + header)
    with pytest.raises(SpoolDamaged, match="at byte 0"):
        open_spool("tape", roots=[ram])
    discard_spool("tape", roots=[ram])
    assert not path.exists()


CHILD = """
import os, sys
from pathlib import Path
from cassette.store.spool import Spool
spool = Spool.create({"id": "tape", "argv": ["x"]}, target=Path("tape"), roots=[Path(sys.argv[1])])
number = 0
while True:
    spool.append(b"o", number, b"%d" % number * 400)
    number += 1
    os.write(1, b"%d\\n" % number)
"""


def recorder(ram):
    """A process that says how many events it has acknowledged."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(ram)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]
    )


def acknowledging(ram):
    """Fork a recorder; its pid, and a pipe with a byte for each event that it has acknowledged."""
    acknowledged, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[ram])
            for number in count():
                spool.append(b"o", number, b"%d" % number * 400)
                os.write(report, b".")
        finally:
            os._exit(1)
    os.close(report)
    return pid, os.fdopen(acknowledged, "rb", buffering=0)


@pytest.mark.prove
@needs_ram
def test_a_killed_recorder_loses_nothing_that_it_acknowledged(ram):
    for at in range(300 if PROVE else 20):
        pid, reports = acknowledging(ram)
        heard = 0
        while heard <= at * 7:
            heard += len(reports.read(1 + at * 7 - heard))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        heard += len(reports.readall())
        reports.close()
        spool = open_spool("tape", roots=[ram])  # the lock is free again
        found = events_of(spool)
        assert len(found) - heard in (0, 1)  # one may be written and not yet reported
        assert found == [(b"o", number, b"%d" % number * 400) for number in range(len(found))]
        spool.append(b"g", 0, b"recorder-died")
        assert events_of(spool)[-1] == (b"g", 0, b"recorder-died")
        spool.discard()


# Whose it is.


@needs_ram
def test_a_living_recorder_keeps_its_spool(ram):
    child = recorder(ram)
    try:
        child.stdout.readline()
        (info,) = list_spools(roots=[ram])
        assert (info.id, info.alive, info.pid, info.argv) == ("tape", True, child.pid, ("x",))
        assert info.target == Path("tape").absolute()
        with pytest.raises(SpoolInUse, match=rf"process {child.pid}"):
            open_spool("tape", roots=[ram])
        with pytest.raises(SpoolInUse):
            discard_spool("tape", roots=[ram])
        assert info.path.exists()
    finally:
        child.kill()
        child.communicate()
    (info,) = list_spools(roots=[ram])
    assert not info.alive
    discard_spool("tape", roots=[ram])
    assert list_spools(roots=[ram]) == []


@needs_ram
def test_what_a_crash_left_empty_can_be_discarded(ram):
    path = written(ram)
    path.write_bytes(b"")
    (info,) = list_spools(roots=[ram])
    assert info.empty
    discard_spool("tape", roots=[ram])
    assert list_spools(roots=[ram]) == []


@needs_ram
def test_one_that_is_removed_before_it_is_locked_is_made_again(ram, monkeypatch):
    """As by a recovery that found it without an owner, and empty."""
    flock, removed = fcntl.flock, []

    def flock_too_late(fd, how):
        if not removed and how == fcntl.LOCK_EX:
            removed.extend(private(ram).glob("*.spool"))
            removed[0].unlink()
        flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", flock_too_late)
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[ram])
    assert removed == [spool.path]
    assert [info.alive for info in list_spools(roots=[ram])] == [True]
    spool.discard()


@needs_ram
def test_one_recovery_at_a_time(ram):
    written(ram)
    first = open_spool("tape", roots=[ram])
    with pytest.raises(SpoolInUse):
        open_spool("tape", roots=[ram])
    first.close()
    open_spool("tape", roots=[ram]).discard()
    with pytest.raises(NoSuchSpool, match="recover --list"):
        open_spool("tape", roots=[ram])


@needs_ram
def test_closing_and_discarding_again_does_nothing(ram):
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[ram])
    spool.close()
    spool.close()
    spool.discard()  # it is not ours any more
    assert [info.alive for info in list_spools(roots=[ram])] == [False]
    spool = open_spool("tape", roots=[ram])
    spool.discard()
    spool.discard()
    spool.close()
    assert list_spools(roots=[ram]) == []


@needs_ram
def test_a_forgotten_spool_frees_its_lock(ram):
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[ram])
    del spool
    gc.collect()
    assert [info.alive for info in list_spools(roots=[ram])] == [False]


@needs_ram
def test_listing_does_not_disturb_a_recovery(ram):
    """Who lists asks for the lock for a moment; that never looks like an owner."""
    written(ram)
    stop, failed = threading.Event(), []

    def keep_listing():
        while not stop.is_set():
            failed.extend(info for info in list_spools(roots=[ram]) if info.damage)

    threads = [threading.Thread(target=keep_listing) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            open_spool("tape", roots=[ram]).close()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed


@needs_ram
@pytest.mark.parametrize("name", ["", "../tape", "a/b", ".", "tape\0", "tape.spool", "x" * 65])
def test_names_that_name_nothing(ram, name):
    written(ram)
    for use in (open_spool, discard_spool):
        with pytest.raises(NoSuchSpool):
            use(name, roots=[ram])


def test_a_header_must_be_plain_json_and_its_id_a_name(tmp_path):
    for header in ({"id": "../x"}, {"x": b"bytes"}, {"x": float("nan")}):
        with pytest.raises(ValueError, match=r"name a spool|not JSON|not an integer"):
            Spool.create(header, target=tmp_path, roots=[])


@needs_ram
def test_two_recordings_cannot_have_one_id_in_one_place(ram):
    one = Spool.create({"id": "tape"}, target=Path("one"), roots=[ram])
    two = Spool.create({"id": "tape"}, target=Path("two"), roots=[ram])
    assert two.in_memory
    assert "file exists" in two.why_in_memory
    fill(one)
    assert events_of(one) == EVENTS
    one.close()


@needs_ram
def test_what_recover_needs_is_in_the_header(ram):
    target = Path(os.fsdecode(b"t\xff\xc3\xa4pe"))
    header = {"id": "tape", "argv": ["vim", "ä"], "options": {"frames": "full"}, "known": ["c2VjcmV0"]}
    Spool.create(header, target=target, roots=[ram]).close()
    spool = open_spool("tape", roots=[ram])
    assert spool.header == header
    assert spool.target == target.absolute()
    assert spool.pid == os.getpid()
    spool.discard()


@needs_ram
def test_links_and_foreign_files_in_the_place_are_not_spools(ram, tmp_path):
    path = written(ram)
    (private(ram) / "link.spool").symlink_to(path)
    (private(ram) / "dir.spool").mkdir()
    os.mkfifo(private(ram) / "fifo.spool")
    (private(ram) / "empty.spool").write_bytes(b"")
    assert [(info.id, info.empty) for info in list_spools(roots=[ram])] == [("empty", True), ("tape", False)]
    for name in ("link", "dir", "empty", "fifo"):
        with pytest.raises(NoSuchSpool):
            open_spool(name, roots=[ram])


# Where it is.


@needs_disk
def test_a_disk_is_refused_and_left_as_it_was(tmp_path):
    spool = Spool.create({}, target=Path("tape"), roots=[tmp_path])
    assert spool.in_memory
    assert spool.path is None
    assert "is not memory" in spool.why_in_memory
    assert list(tmp_path.iterdir()) == []


@needs_disk
@needs_ram
def test_the_first_that_fits_is_taken(tmp_path, ram):
    spool = Spool.create({}, target=Path("tape"), roots=[tmp_path / "missing", tmp_path, ram])
    assert spool.path.parent == private(ram)
    spool.close()


def test_missing_roots_mean_memory():
    spool = Spool.create({}, target=Path("tape"), roots=[Path("/nowhere/at/all")])
    assert spool.in_memory
    fill(spool)
    assert events_of(spool) == EVENTS
    spool.discard()


@needs_ram
class TestAPrivateDirectoryThatIsNot:
    def test_wide_mode(self, ram):
        private(ram).mkdir()
        for mode in (0o770, 0o701, 0o740):
            private(ram).chmod(mode)
            self.refused(ram, "can be entered by others")

    def test_symbolic_link(self, ram):
        (ram / "real").mkdir(mode=0o700)
        private(ram).symlink_to("real")
        self.refused(ram, "cannot be used")

    def test_file(self, ram):
        private(ram).write_bytes(b"")
        self.refused(ram, "cannot be used")

    @needs_root
    def test_foreign_owner(self, ram):
        private(ram).mkdir(mode=0o700)
        os.chown(private(ram), 65534, -1)
        self.refused(ram, "belongs to another user")

    @needs_disk
    @needs_root
    def test_a_disk_mounted_in_memory(self, ram, tmp_path):
        private(ram).mkdir(mode=0o700)
        with mounted(["--bind", str(tmp_path), str(private(ram))], private(ram)):
            tmp_path.chmod(0o700)
            self.refused(ram, "is not memory")

    def refused(self, ram, why):
        spool = Spool.create({}, target=Path("tape"), roots=[ram])
        assert spool.in_memory
        assert why in spool.why_in_memory
        assert list_spools(roots=[ram]) == []


class TestTheEnvironment:
    @needs_ram
    def test_cassette_spool_dir_goes_first(self, ram, monkeypatch):
        monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(ram))
        spool = Spool.create({"id": "tape"}, target=Path("tape"))
        assert spool.path.parent == private(ram)
        spool.close()
        assert "tape" in [info.id for info in list_spools()]
        open_spool("tape").discard()

    @needs_disk
    def test_cassette_spool_dir_on_a_disk_is_an_error(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(tmp_path))
        with pytest.raises(CannotStore, match=r"is not memory.*CASSETTE_SPOOL_DIR") as found:
            Spool.create({}, target=Path("tape"))
        assert found.value.exit_code == 4
        assert list(tmp_path.iterdir()) == []

    @needs_ram
    def test_cassette_spool_dir_is_never_replaced_by_another_place(self, ram, monkeypatch):
        monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(ram))
        written(ram)
        with pytest.raises(CannotStore, match=r"file exists.*CASSETTE_SPOOL_DIR"):
            Spool.create({"id": "tape"}, target=Path("tape"))

    def test_cassette_spool_dir_that_is_missing_is_an_error(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(tmp_path / "missing"))
        with pytest.raises(CannotStore, match="cannot be used"):
            Spool.create({}, target=Path("tape"))

    def test_a_user_whose_home_nobody_knows(self, monkeypatch):
        """As in a container that is started with a user's number, and no HOME."""
        monkeypatch.delenv("XDG_STATE_HOME", raising=False)
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
        assert disk_root() is None
        assert isinstance(list_spools(), list)
        with pytest.raises(CannotStore, match=r"nobody knows your home.*XDG_STATE_HOME"):
            disk_place()

    @needs_ram
    def test_xdg_runtime_dir(self, ram, monkeypatch):
        monkeypatch.delenv("CASSETTE_SPOOL_DIR", raising=False)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(ram))
        spool = Spool.create({}, target=Path("tape"))
        assert spool.path.parent == private(ram)
        spool.close()


# No room.


@pytest.fixture
def small(tmp_path):
    """A tmpfs of 2 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    at = tmp_path / "small"
    at.mkdir()
    with mounted(["-t", "tmpfs", "-o", "size=2m", "tmpfs", str(at)], at):
        yield at


def fits(spool, *event, closing=False):
    try:
        spool.append(*event, closing=closing)
    except SpoolFull as full:
        assert full.exit_code == 4  # noqa: PT017
        return False
    return True


def append_until_full(spool, size=1000):
    taken = 0
    while fits(spool, b"o", taken, b"%d" % taken * (size // 5)):
        taken += 1
    assert events_of(spool) == [(b"o", n, b"%d" % n * (size // 5)) for n in range(taken)]
    return taken


def test_a_full_file_system_keeps_what_there_is_and_room_for_the_end(small):
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[small])
    taken = append_until_full(spool)
    assert os.statvfs(small).f_bavail == 0  # all that is left is the slack
    for closing in ((b"g", 5, b'{"type":"gap"}'), (b"f", 6, b"x" * (SLACK_BYTES // 2))):
        spool.append(*closing, closing=True)
    with pytest.raises(SpoolFull):
        spool.append(b"o", 7, b"y")
    assert len(events_of(spool)) == taken + 2
    assert not all(fits(spool, b"g", 8, b"z" * 1000, closing=True) for _ in range(200))
    assert not spool.torn
    spool.close()
    assert len(open_and_close(small, events_of)) > taken + 2


def test_room_that_comes_back_is_used(small):
    (small / "ballast").write_bytes(b"x" * 2**20)
    spool = Spool.create({}, target=Path("tape"), roots=[small])
    append_until_full(spool)
    (small / "ballast").unlink()
    spool.append(b"o", 1, b"goes on")
    assert events_of(spool)[-1] == (b"o", 1, b"goes on")
    spool.close()


def test_a_file_system_without_room_is_passed_over(small):
    (small / "ballast").write_bytes(b"x" * (2**21 - 2**18))
    spool = Spool.create({}, target=Path("tape"), roots=[small])
    assert spool.in_memory
    assert "bytes of room" in spool.why_in_memory
    assert list(small.glob("*/*.spool")) == []


def test_a_recovered_spool_on_a_full_file_system_can_be_closed(small):
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[small])
    append_until_full(spool)
    spool._medium.release()  # as a kill: the reservation stays
    recovered = open_spool("tape", roots=[small])
    recovered.append(b"g", 1, b"recorder-died", closing=True)
    assert events_of(recovered)[-1] == (b"g", 1, b"recorder-died")
    recovered.discard()


@pytest.mark.parametrize("refusal", [errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM])
def test_without_reservation_a_short_write_means_full(small, monkeypatch, refusal):
    def refuse(fd, start, length):
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(syscalls, "reserve", refuse)
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[small])
    taken = append_until_full(spool, size=30_000)
    assert not spool.torn
    spool.close()
    assert len(open_and_close(small, events_of)) == taken


@needs_ram
def test_a_limit_on_file_size_means_full(ram):
    """RLIMIT_FSIZE, for real, in a child: writes are cut short, then refused."""
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[ram])
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
            append_until_full(spool)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert not spool.torn
    spool.close()


class Stingy(FileMedium):
    """Promises room and then takes only so many bytes of a write."""

    takes = 0

    def write(self, head, payload):
        both = (bytes(head) + bytes(payload))[: Stingy.takes]
        return os.write(self._fd, both) if both else 0


@needs_ram
def test_a_write_cut_short_at_any_byte_leaves_no_trace(ram):
    spool = Spool.create({"id": "tape"}, target=Path("tape"), roots=[ram])
    fill(spool)
    medium = spool._medium
    size = spool.size
    for takes in range(HEADER_BYTES + 10):
        Stingy.takes = takes
        medium.__class__ = Stingy
        with pytest.raises(SpoolFull, match="cut short"):
            spool.append(b"o", 1, b"0123456789")
        assert spool.size == size
        medium.__class__ = FileMedium
        spool.append(b"g", 2, b"end", closing=True)
        assert events_of(spool) == [*EVENTS, (b"g", 2, b"end")]
        medium.cut(size)
    spool.close()


def test_a_process_without_memory_left_keeps_what_there_is():
    """The spool in memory, in a child that may not grow any more."""
    spool = Spool.create({}, target=Path("tape"), roots=[])
    fill(spool)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            limit = used + 2**20 * 200
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            payload = b"x" * 2**20 * 16
            while fits(spool, b"o", 1, payload):
                pass
            del payload
            kept = [
                (record.kind, record.t_ms, record.data) for record in islice(spool.records(), len(EVENTS))
            ]
            assert kept == EVENTS
            spool.append(b"g", 1, b"the end", closing=True)
            assert not spool.torn
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


def test_max_bytes_bounds_all_but_the_end(spool):
    bounded = Spool.create({}, target=Path("tape"), max_bytes=5000, roots=[])
    append_until_full(bounded, size=100)
    assert bounded.size <= 5000
    bounded.append(b"f", 1, b"the end" * 100, closing=True)
    assert events_of(bounded)[-1][0] == b"f"
    with pytest.raises(SpoolFull, match="5000 bytes are its limit"):
        bounded.append(b"o", 1, b"more")


@needs_ram
def test_an_interrupted_append_does_not_confuse_the_next(ram):
    """Ctrl-C between the write and the count: the event may be there, and the end is still the end."""
    spool = Spool.create({}, target=Path("tape"), roots=[ram])
    fill(spool)
    real = spool._medium.write

    def interrupted(head, payload):
        real(head, payload)
        raise KeyboardInterrupt

    spool._medium.write = interrupted
    with pytest.raises(KeyboardInterrupt):
        spool.append(b"o", 1, b"x" * 70_000)
    spool._medium.write = real
    fill(spool)
    assert events_of(spool) == [*EVENTS, (b"o", 1, b"x" * 70_000), *EVENTS]
    spool.close()
