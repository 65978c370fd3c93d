"""Publishing: whole or not at all, whatever interrupts it, and nothing of a user's is lost."""

import errno
import os
import signal
import stat
import subprocess
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from store_helpers import is_memory, mounted

from cassette.clock import VirtualClock
from cassette.errors import CannotStore, CassetteExists, PlaceTaken, UnknownVersion, UsageError
from cassette.store import locks
from cassette.store.operations import FileOperations
from cassette.store.publish import NewCassette, check_target, finish_interrupted_swap
from cassette.store.siblings import Hidden

PROVE = os.environ.get("CASSETTE_PROVE") == "1"
OLD = {"manifest.json": b'{"version":1,"id":"old"}', "output.raw": b"old" * 9, "quota.json": b"{}"}
NEW = {"manifest.json": b'{"version":1,"id":"new"}', "output.raw": b"new" * 50_000, "final.json": b"{}"}
USERS = {"assertions.yaml": b"expect: hello\n", "notes/today/list": b"milk\n", ".gitattributes": b"* -text\n"}


class NoExchange(FileOperations):
    """A file system that can only rename."""

    def exchange(self, dir_fd, one, other):
        raise OSError(errno.EINVAL, "Invalid argument")

    def rename_new(self, dir_fd, source, target):
        raise OSError(errno.EINVAL, "Invalid argument")


SYSTEMS = {"exchange": FileOperations, "fallback": NoExchange}


@pytest.fixture
def scratch(tmp_path):
    """A directory for thousands of publishes: in memory where there is some, on a disk in the full proof."""
    if PROVE or not is_memory("/dev/shm"):
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as directory:
        yield Path(directory)


def stopping_at(system, at, stop, *, for_good=False):
    """The operations of `system`; `stop(name, call)` takes the place of number `at`, and `for_good` of all after it."""

    class Stopping(system):
        count = 0

        def __getattribute__(self, name):
            found = super().__getattribute__(name)
            if name.startswith("_") or not callable(found):
                return found

            def counted(*arguments):
                Stopping.count += 1
                if Stopping.count == at or (for_good and Stopping.count > at):
                    return stop(name, partial(found, *arguments))
                return found(*arguments)

            return counted

        def sync(self, fd):
            """The kernel outlives these interruptions, and a disk would make thousands of publishes slow."""
            if PROVE:
                super().sync(fd)

    return Stopping()


def write_new(target, *, overwrite, ops=None, files=NEW):
    with NewCassette(target, overwrite=overwrite, ops=ops or FileOperations()) as new:
        for name, data in files.items():
            with new.file(name) as file:
                file.write(data[: len(data) // 2])
                file.write(data[len(data) // 2 :])
        new.publish()
    return new


def count_operations(scratch, system, overwriting):
    target = place(scratch / "count", overwriting)
    ops = stopping_at(system, 0, None)
    write_new(target, overwrite=overwriting, ops=ops)
    return type(ops).count


def place(parent, overwriting):
    parent.mkdir()
    target = parent / "tape"
    if overwriting:
        fill(target, OLD | USERS)
    return target


def fill(target, files):
    for name, data in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)


def tree(directory):
    found = {}
    for path in sorted(directory.rglob("*")):
        if not path.is_dir():
            link = path.is_symlink()
            found[str(path.relative_to(directory))] = os.readlink(path) if link else path.read_bytes()
    return found


def state(target, overwriting):
    """`old` or `new`; anything else fails."""
    users = USERS if overwriting else {}
    if not os.path.lexists(target):
        assert not overwriting, "nothing is there"
        return "old"
    found = tree(target)
    if found == NEW | users:
        return "new"
    assert found == (OLD | USERS if overwriting else None), f"neither old nor new: {sorted(found)}"
    return "old"


def hidden_in(parent):
    return [path.name for path in parent.iterdir() if path.name.startswith(".")]


def cases():
    return pytest.mark.parametrize(
        ("system", "overwriting"),
        [(system, overwriting) for system in SYSTEMS.values() for overwriting in (False, True)],
        ids=[f"{name}-{what}" for name in SYSTEMS for what in ("fresh", "overwriting")],
    )


@cases()
def test_publishing_puts_every_byte_in_its_place(tmp_path, system, overwriting):
    target = place(tmp_path / "p", overwriting)
    new = write_new(target, overwrite=overwriting, ops=system())
    assert state(target, overwriting) == "new"
    assert hidden_in(target.parent) == []
    assert new.digests == {name: (len(data), sha256(data).hexdigest()) for name, data in NEW.items()}


@cases()
def test_nothing_is_there_before_it_is_whole(scratch, system, overwriting):
    """Looked at between any two operations, the place holds the old one or the new one."""
    target, seen = place(scratch / "p", overwriting), []

    class Watched(system):
        def __getattribute__(self, name):
            if not name.startswith("_"):
                moved_aside = any(entry.endswith(".old") for entry in hidden_in(target.parent))
                seen.append("old" if moved_aside and not target.exists() else state(target, overwriting))
            return super().__getattribute__(name)

    write_new(target, overwrite=overwriting, ops=Watched())
    assert seen == sorted(seen, reverse=True)  # old … old new … new
    assert {"old", "new"} == set(seen)


def result_of(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except (CannotStore, KeyboardInterrupt) as error:
        return error


def fail(name, call):
    if name == "close":
        call()  # a descriptor is closed even when `close` reports an error
    raise OSError(errno.EIO, "Input/output error")


def fail_after(name, call):
    call()
    raise OSError(errno.EIO, "Input/output error")


def ctrl_c(name, call):
    raise KeyboardInterrupt


def ctrl_c_after(name, call):
    call()
    raise KeyboardInterrupt


@cases()
@pytest.mark.parametrize("stop", [fail, fail_after, ctrl_c, ctrl_c_after])
def test_an_error_at_any_operation_leaves_the_old_or_the_new_one(scratch, system, overwriting, stop):
    for at in range(1, count_operations(scratch, system, overwriting) + 1):
        target = place(scratch / f"{at}", overwriting)
        outcome = result_of(write_new, target, overwrite=overwriting, ops=stopping_at(system, at, stop))
        if isinstance(outcome, CannotStore):
            assert state(target, overwriting) == "old", at
            assert "cassette recover" in str(outcome)
        elif not isinstance(outcome, KeyboardInterrupt):
            assert state(target, overwriting) == "new", at
        finish_interrupted_swap(target.parent)
        assert hidden_in(target.parent) == [], at
        before = state(target, overwriting)
        write_new(target, overwrite=overwriting or before == "new", ops=stopping_at(system, 0, None))
        assert state(target, overwriting) == "new"


@cases()
def test_an_error_leaves_no_descriptor_open(scratch, system, overwriting):
    total, before = count_operations(scratch, system, overwriting), os.listdir("/dev/fd")
    for at in range(1, total + 1):
        target = place(scratch / f"{at}", overwriting)
        with suppress(CannotStore):
            write_new(target, overwrite=overwriting, ops=stopping_at(system, at, fail))
        assert os.listdir("/dev/fd") == before, at


@cases()
def test_when_the_disk_fails_for_good_the_rest_is_put_right_later(scratch, system, overwriting):
    total = count_operations(scratch, system, overwriting)
    for at in range(1, total + 1):
        target = place(scratch / f"{at}", overwriting)

        with suppress(CannotStore):
            write_new(target, overwrite=overwriting, ops=stopping_at(system, at, fail, for_good=True))
        finish_interrupted_swap(target.parent)
        state(target, overwriting)
        assert hidden_in(target.parent) == []


def die(name, call):
    os.kill(os.getpid(), signal.SIGKILL)


def die_half_way(name, call):
    if name == "write":
        fd, data = call.args
        os.write(fd, data[: len(data) // 2])
    die(name, call)


@pytest.mark.prove
@cases()
@pytest.mark.parametrize("stop", [die, die_half_way] if PROVE else [die])
def test_a_kill_at_any_operation_leaves_the_old_or_the_new_one(scratch, system, overwriting, stop):
    total = count_operations(scratch, system, overwriting)
    states = []
    for at in range(1, total + 1):
        target = place(scratch / f"{at}", overwriting)
        pid = os.fork()
        if pid == 0:
            try:
                write_new(target, overwrite=overwriting, ops=stopping_at(system, at, stop))
            finally:
                os._exit(0)
        assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL, at
        if system is FileOperations:
            state(target, overwriting)  # whole even before anybody puts things right
        if at % 2:  # half are put right by hand, half by the next publish
            finish_interrupted_swap(target.parent)
            states.append(state(target, overwriting))
            assert hidden_in(target.parent) == [], at
        write_new(target, overwrite=True, ops=stopping_at(system, 0, None))
        assert state(target, overwriting) == "new"
        assert hidden_in(target.parent) == [], at
    assert states == sorted(states, reverse=True)
    assert set(states) == {"old", "new"}


def test_what_a_living_process_makes_is_left_alone(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    with NewCassette(one, overwrite=False) as living:
        living.write_file("manifest.json", NEW["manifest.json"])
        write_new(other, overwrite=False)
        finish_interrupted_swap(tmp_path)
        assert living.staging.is_dir()
        living.publish()
    assert tree(one) == {"manifest.json": NEW["manifest.json"]}
    assert hidden_in(tmp_path) == []


def test_leaving_without_publishing_removes_everything_that_was_made(tmp_path):
    with NewCassette(tmp_path / "a" / "b" / "tape", overwrite=False) as new:
        new.write_file("manifest.json", b"{}")
        assert stat.S_IMODE(new.staging.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == []


def test_missing_parents_are_made(tmp_path):
    check_target(tmp_path / "a" / "b" / "tape", overwrite=False)
    assert list(tmp_path.iterdir()) == []
    write_new(tmp_path / "a" / "b" / "tape", overwrite=False)
    assert state(tmp_path / "a" / "b" / "tape", False) == "new"


def test_modes_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_new(tmp_path / "tape", overwrite=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "tape").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "tape" / "final.json").stat().st_mode) == 0o640


def test_users_files_keep_mode_times_and_links(tmp_path):
    target = place(tmp_path / "p", True)
    script = target / "check.sh"
    script.write_bytes(b"#!/bin/sh\n")
    script.chmod(0o754)
    os.utime(script, ns=(10**18, 10**18 + 5))
    (target / "elsewhere").symlink_to("../nowhere")
    write_new(target, overwrite=True)
    assert stat.S_IMODE(script.stat().st_mode) == 0o754
    assert script.stat().st_mtime_ns == 10**18 + 5
    assert os.readlink(target / "elsewhere") == "../nowhere"
    assert not (target / "quota.json").exists()  # evidence of the one that was replaced


def test_a_directory_that_its_user_closed_is_carried_over_and_removed(tmp_path):
    tmp_path.chmod(0o777)

    def replace_it():
        target = place(tmp_path / "p", True)
        (target / "notes").chmod(0o555)
        write_new(target, overwrite=True)
        assert state(target, True) == "new"
        assert stat.S_IMODE((target / "notes").stat().st_mode) == 0o555
        assert hidden_in(target.parent) == []

    as_nobody(replace_it, tmp_path)


def test_what_cannot_be_copied_is_not_lost(tmp_path):
    target = place(tmp_path / "p", True)
    os.mkfifo(target / "pipe")
    with pytest.raises(CannotStore, match="pipe is no file"):
        write_new(target, overwrite=True)
    assert (target / "pipe").is_fifo()
    assert (target / "output.raw").read_bytes() == OLD["output.raw"]
    assert hidden_in(target.parent) == []


@pytest.mark.parametrize("check", [check_target, write_new])
class TestATargetThatIsTaken:
    def test_is_refused_without_overwrite(self, tmp_path, check):
        target = place(tmp_path / "p", True)
        with pytest.raises(CassetteExists, match="--overwrite"):
            check(target, overwrite=False)
        assert state(target, True) == "old"

    def test_by_something_else_is_never_offered_to_be_replaced(self, tmp_path, check):
        (tmp_path / "file").write_text("mine")
        (tmp_path / "directory").mkdir()
        for taken in ("file", "directory"):
            with pytest.raises(PlaceTaken, match="only a cassette is ever replaced") as caught:
                check(tmp_path / taken, overwrite=False)
            assert "--overwrite" not in str(caught.value)

    @pytest.mark.parametrize("version", ["2", "1.5", "999999999999"])
    def test_a_later_format_is_never_replaced(self, tmp_path, check, version):
        fill(tmp_path / "tape", {"manifest.json": b'{"version":%s}' % version.encode()})
        with pytest.raises(UnknownVersion):
            check(tmp_path / "tape", overwrite=True)
        assert (tmp_path / "tape" / "manifest.json").is_file()

    def test_a_damaged_one_may_be_recorded_again(self, tmp_path, check):
        fill(tmp_path / "tape", {"manifest.json": b"{"})
        check(tmp_path / "tape", overwrite=True)

    @pytest.mark.parametrize("kind", ["file", "link", "dangling", "empty", "foreign", "manifest-link"])
    def test_only_a_cassette_is_replaced(self, tmp_path, check, kind):
        target, real = tmp_path / "tape", tmp_path / "real"
        fill(real, OLD)
        if kind == "file":
            target.write_bytes(b"precious")
        elif kind in ("link", "dangling"):
            target.symlink_to(real if kind == "link" else "nowhere")
        else:
            target.mkdir()
        if kind == "foreign":
            (target / "thesis.txt").write_bytes(b"precious")
        if kind == "manifest-link":
            (target / "manifest.json").symlink_to(real / "manifest.json")
        before = tree(tmp_path)
        with pytest.raises(CannotStore, match="only a cassette is ever replaced"):
            check(target, overwrite=True)
        assert tree(tmp_path) == before
        assert hidden_in(tmp_path) == []


@pytest.mark.parametrize("target", ["/", "..", "a/..", "a\0b"])
def test_what_cannot_be_a_name(tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        check_target(Path(target), overwrite=False)


def test_the_longest_name(tmp_path):
    write_new(tmp_path / ("n" * 233), overwrite=False)
    with pytest.raises(CannotStore, match="longer than 233 bytes"):
        check_target(tmp_path / ("n" * 234), overwrite=False)


def test_a_name_that_is_not_utf8(tmp_path):
    target = tmp_path / os.fsdecode(b"t\xff\npe")
    write_new(target, overwrite=False)
    write_new(target, overwrite=True, ops=NoExchange())
    assert state(target, False) == "new"
    assert hidden_in(tmp_path) == []


@pytest.mark.parametrize("check", [check_target, write_new])
def test_a_parent_that_is_a_file(tmp_path, check):
    (tmp_path / "file").write_bytes(b"precious")
    for target in (tmp_path / "file" / "tape", tmp_path / "file" / "deep" / "tape"):
        with pytest.raises(CannotStore):
            check(target, overwrite=False)


@pytest.mark.parametrize("check", [check_target, write_new])
def test_a_parent_that_cannot_be_written(tmp_path, check):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)

    def refused():
        with pytest.raises(CannotStore, match=r"cannot be written|permission denied"):
            check(closed / "tape", overwrite=False)
        with pytest.raises(CannotStore, match=r"cannot be written|permission denied"):
            check(closed / "deep" / "tape", overwrite=False)

    as_nobody(refused, tmp_path)
    assert list(closed.iterdir()) == []


def as_nobody(body, tmp_path):
    """Run where permissions count; root gives up its rights in a child."""
    if os.geteuid() != 0:
        body()
        return
    for path in [tmp_path, *tmp_path.parents]:
        if path != Path("/") and path.owner() == "root" and stat.S_IMODE(path.stat().st_mode) == 0o700:
            path.chmod(0o711)  # pytest's own directories
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            body()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the quota is used up"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "the disk failed"),
    ],
)
def test_a_disk_that_says_no(tmp_path, code, said):
    class Refusing(FileOperations):
        def write(self, fd, data):
            raise OSError(code, os.strerror(code))

    target = place(tmp_path / "p", True)
    with pytest.raises(CannotStore, match=rf"{said}.*cassette recover") as found:
        write_new(target, overwrite=True, ops=Refusing())
    assert found.value.exit_code == 4
    assert state(target, True) == "old"
    assert hidden_in(target.parent) == []
    with (
        pytest.raises(CannotStore, match="then record again"),
        NewCassette(tmp_path / "t", overwrite=False, in_spool=False, ops=Refusing()) as new,
    ):
        new.write_file("manifest.json", b"{}")


@pytest.fixture
def small(tmp_path):
    """A file system of 2 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    at = tmp_path / "small"
    at.mkdir()
    with mounted(["-t", "tmpfs", "-o", "size=2m", "tmpfs", str(at)], at):
        yield at


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_a_disk_that_is_full(small, system):
    target = place(small / "p", True)
    with pytest.raises(CannotStore, match="the disk is full"):
        write_new(target, overwrite=True, ops=system(), files=NEW | {"output.raw": b"x" * 2**21})
    assert state(target, True) == "old"
    assert hidden_in(target.parent) == []


def test_a_disk_that_gets_full_by_what_is_carried_over(small):
    target = place(small / "p", True)
    (target / "notes.bin").write_bytes(b"x" * 2**20)
    with pytest.raises(CannotStore, match="the disk is full"):
        write_new(target, overwrite=True, files=NEW | {"output.raw": b"x" * 500_000})
    assert (target / "notes.bin").read_bytes() == b"x" * 2**20
    assert (target / "output.raw").read_bytes() == OLD["output.raw"]
    assert hidden_in(target.parent) == []


def test_a_read_only_disk(small):
    target = place(small / "p", True)
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    for check in (check_target, write_new):
        with pytest.raises(CannotStore, match=r"cannot be written|read-only"):
            check(target, overwrite=True)
        with pytest.raises(CannotStore, match=r"cannot be written|read-only"):
            check(small / "other", overwrite=False)
    assert state(target, True) == "old"


def test_short_writes_are_continued(tmp_path):
    class Short(FileOperations):
        def write(self, fd, data):
            return super().write(fd, data[:7001])

    write_new(tmp_path / "tape", overwrite=False, ops=Short())
    assert state(tmp_path / "tape", False) == "new"


def test_only_names_of_the_format(tmp_path):
    with NewCassette(tmp_path / "tape", overwrite=False) as new:
        for name in ("../x", "/etc/x", "assertions.yaml", "", "."):
            with pytest.raises(ValueError, match="no file of a cassette"):
                new.file(name)
        new.write_file("final.json", b"{}")
        with pytest.raises(ValueError, match="begun before"):
            new.file("final.json")


def test_a_race_for_a_free_place_replaces_nothing(tmp_path):
    for system in SYSTEMS.values():
        target = tmp_path / system.__name__
        with NewCassette(target, overwrite=False, ops=system()) as late:
            late.write_file("manifest.json", b"{}")
            write_new(target, overwrite=False, ops=system())
            with pytest.raises(CassetteExists):
                late.publish()
        assert state(target, False) == "new"
        assert hidden_in(tmp_path) == []


class NoLocks(FileOperations):
    """A network file system that cannot lock directories."""

    def own(self, fd):
        raise OSError(errno.EBADF, "Bad file descriptor")

    def own_within(self, fd, limit_s, clock):
        return True


def test_where_directories_cannot_be_locked(tmp_path):
    target = place(tmp_path / "p", True)
    with NewCassette(tmp_path / "p" / "other", overwrite=False, ops=NoLocks()) as living:
        write_new(target, overwrite=True, ops=NoLocks())
        assert living.staging.is_dir()
    assert state(target, True) == "new"
    assert hidden_in(target.parent) == []


def test_another_publish_is_waited_for_and_not_for_ever(tmp_path):
    holder = os.open(tmp_path, os.O_RDONLY)
    try:
        assert locks.try_own(holder)
        clock = VirtualClock()
        with pytest.raises(CannotStore, match=r"publishing there for 30 s.*cassette recover"):
            NewCassette(tmp_path / "tape", overwrite=False, clock=clock).__enter__()
        assert 30 <= clock.now() < 31
    finally:
        os.close(holder)
    assert list(tmp_path.iterdir()) == []
    write_new(tmp_path / "tape", overwrite=False)


class TestLeftovers:
    """What a publish that died may have left, made by hand."""

    def test_a_cassette_moved_aside_goes_back(self, tmp_path):
        names = Hidden.fresh("tape")
        fill(tmp_path / names.old, OLD | USERS)
        fill(tmp_path / names.new, NEW)
        finish_interrupted_swap(tmp_path)
        assert state(tmp_path / "tape", True) == "old"
        assert hidden_in(tmp_path) == []

    def test_check_target_finds_it_too(self, tmp_path):
        fill(tmp_path / Hidden.fresh("tape").old, OLD | USERS)
        with pytest.raises(CassetteExists):
            check_target(tmp_path / "tape", overwrite=False)

    def test_a_replaced_one_is_removed(self, tmp_path):
        names = Hidden.fresh("tape")
        fill(tmp_path / names.old, OLD)
        fill(tmp_path / "tape", NEW)
        finish_interrupted_swap(tmp_path)
        assert state(tmp_path / "tape", False) == "new"
        assert hidden_in(tmp_path) == []

    def test_where_somebody_put_another_thing_nothing_is_removed(self, tmp_path):
        names = Hidden.fresh("tape")
        fill(tmp_path / names.old, OLD)
        fill(tmp_path / names.new, NEW)
        fill(tmp_path / "tape", {"thesis.txt": b"precious"})
        before = tree(tmp_path)
        finish_interrupted_swap(tmp_path)
        assert tree(tmp_path) == before

    def test_files_links_and_other_names_are_not_ours(self, tmp_path):
        names = Hidden.fresh("tape")
        (tmp_path / names.new).write_bytes(b"a file")
        (tmp_path / Hidden.fresh("other").new).symlink_to(tmp_path)
        fill(tmp_path / ".tape.0123.new", OLD)
        before = tree(tmp_path)
        finish_interrupted_swap(tmp_path)
        assert tree(tmp_path) == before

    def test_a_link_in_garbage_is_not_followed(self, tmp_path):
        fill(tmp_path / "precious", OLD)
        garbage = tmp_path / Hidden.fresh("tape").new
        garbage.mkdir()
        (garbage / "link").symlink_to(tmp_path / "precious")
        finish_interrupted_swap(tmp_path)
        assert not garbage.exists()
        assert tree(tmp_path / "precious") == OLD

    def test_nothing_to_do_takes_no_lock(self, tmp_path):
        holder = os.open(tmp_path, os.O_RDONLY)
        try:
            locks.try_own(holder)
            finish_interrupted_swap(tmp_path)
            finish_interrupted_swap(tmp_path / "missing")
        finally:
            os.close(holder)


@pytest.mark.prove
def test_processes_that_publish_in_one_place(tmp_path):
    """Several processes replace the same cassette; a reader finds a whole one each time it looks."""
    target, rounds = tmp_path / "tape", 60 if PROVE else 8
    bodies = [{"manifest.json": b'{"version":1}', "output.raw": bytes([at]) * 70_000} for at in range(3)]
    write_new(target, overwrite=False, files=bodies[0])
    pids = []
    for body in bodies:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                for _ in range(rounds):
                    write_new(target, overwrite=True, files=body)
                status = 0
            finally:
                os._exit(status)
        pids.append(pid)
    looks = 0
    while pids:
        fd = os.open(target, os.O_RDONLY | os.O_DIRECTORY)  # never missing
        os.close(fd)
        looks += 1
        done, status = os.waitpid(pids[0], os.WNOHANG)
        if done:
            assert status == 0
            pids.pop(0)
    assert looks
    assert tree(target) in bodies
    assert hidden_in(tmp_path) == []
