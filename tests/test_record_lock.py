"""One recording of an account at a time."""

import os
import stat
import subprocess
import sys

import pytest

import cassette
from cassette.errors import CannotStore, LockHeld
from cassette.store import locks

HOLD = (
    "import cassette, sys, pathlib\n"
    "with cassette.record_lock('agent', 'me', root=pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock of (agent, me)."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()


def lock(root, harness="agent", account="me"):
    return cassette.record_lock(harness, account, root=root)


def test_a_second_one_is_refused_and_told_who_has_it(tmp_path, other):
    with pytest.raises(
        LockHeld, match=rf"another recording of agent is running \(process {other.pid}\)"
    ) as caught:
        lock(tmp_path).__enter__()
    assert caught.value.exit_code == 4


def test_within_one_process_too_and_it_is_free_afterwards(tmp_path):
    with lock(tmp_path), pytest.raises(LockHeld):
        lock(tmp_path).__enter__()
    with lock(tmp_path):
        pass


def test_other_accounts_and_harnesses_are_free(tmp_path, other):
    with lock(tmp_path, account="you"), lock(tmp_path, harness="editor"):
        pass


def test_a_crash_frees_it(tmp_path, other):
    other.kill()
    other.wait()
    with lock(tmp_path):
        pass


def test_an_error_in_the_block_frees_it(tmp_path):
    with pytest.raises(ValueError, match="boom"), lock(tmp_path):
        raise ValueError("boom")
    with lock(tmp_path):
        pass


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a/b", "x" * 300, "ü\0\n", "\udcff"])
def test_any_name_is_one_file_in_the_directory(tmp_path, name):
    with lock(tmp_path, harness=name, account=name):
        (file,) = tmp_path.iterdir()
    assert file.suffix == ".lock"
    assert len(os.fsencode(file.name)) < 255


def test_the_account_is_not_readable_in_the_name(tmp_path):
    with lock(tmp_path, account="me@example.org"):
        (file,) = tmp_path.iterdir()
    assert "example" not in file.name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_root_it_is_this_users_directory(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with cassette.record_lock("agent"):
        (directory,) = tmp_path.iterdir()
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_link_in_the_place_of_the_directory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"pty-cassette-locks-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotStore, match="not this user's directory"):
        cassette.record_lock("agent").__enter__()


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStore, match="cannot lock in"):
        lock(tmp_path / "file").__enter__()


def test_a_system_without_locks_is_said_in_words(tmp_path, monkeypatch):
    def refuse(fd):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks, "try_own", refuse)
    with pytest.raises(CannotStore, match="no locks available"):
        lock(tmp_path).__enter__()
