"""A program on a pseudo-terminal, without a loop: spawning, sizes, signals, statuses, closing."""

import errno
import gc
import hashlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading

import ptyprocess
import pytest
from pty_helpers import LIMIT_S, alive, open_descriptors, our_children, read_match, read_until, spawn

from terminal import session_group
from terminal.session import (
    BadCommand,
    BadSize,
    BadWorkingDirectory,
    CommandNotExecutable,
    CommandNotFound,
    Discipline,
    ExitStatus,
    PtySession,
    SessionClosed,
    SessionError,
    SpawnFailed,
    TerminalSize,
)

RAW_THEN_WAIT = """
import os, signal, sys, tty, hashlib
wanted = int(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
tty.setraw(0)
os.write(1, b"ready")
signal.sigwait([signal.SIGUSR1])
taken = b""
while len(taken) < wanted:
    taken += os.read(0, wanted - len(taken))
os.write(1, b"<" + hashlib.sha256(taken).hexdigest().encode() + b">")
"""


def output_of(*argv, **options):
    with spawn(*argv, **options) as session:
        return read_until(session, None)


# Starting.


def test_columns_and_rows_are_what_the_program_sees():
    assert output_of("stty", "size", columns=91, rows=17) == b"17 91\r\n"


def test_the_largest_and_the_smallest_size():
    assert output_of("stty", "size", columns=65_535, rows=1) == b"1 65535\r\n"


@pytest.mark.parametrize("size", [0, -1, 65_536, 70_000, 2.5, "80", True])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(BadSize, match="from 1 to 65535"):
        spawn("true", columns=size)
    with pytest.raises(BadSize, match="rows"):
        spawn("true", rows=size)


def test_the_first_argument_stays_as_given():
    assert output_of("cat", "/proc/self/cmdline") == b"cat\0/proc/self/cmdline\0"


def test_environment_and_directory(tmp_path):
    environment = {"PATH": os.environ["PATH"], "NAME": "Ada", "NOT_UTF8": "\udcff"}
    shown = output_of("sh", "-c", 'pwd; echo "$NAME"; env | wc -l', env=environment, cwd=tmp_path)
    assert shown.split()[:2] == [str(tmp_path).encode(), b"Ada"]


def test_a_relative_command_is_meant_from_its_directory(tmp_path):
    program = tmp_path / "greet"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    assert output_of("./greet", cwd=tmp_path) == b"hello\r\n"
    assert output_of("greet", cwd="/", env={"PATH": str(tmp_path)}) == b"hello\r\n"


def test_signals_and_their_mask_are_the_defaults_in_the_program():
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN, "Python ignores it, that is the point"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    try:
        shown = output_of("grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status")
        assert signal.SIGUSR2 in signal.pthread_sigmask(signal.SIG_BLOCK, []), "ours is as it was"
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGHUP, before)
    blocked, ignored = (int(mask, 16) for mask in re.findall(rb"Sig\w+:\s*(\w+)", shown))
    assert blocked == 0
    assert ignored & ~C_LIBRARY_SIGNALS == 0


C_LIBRARY_SIGNALS = 0b11 << 31
"""32 and 33: glibc keeps them to itself, and leaves them ignored in what posix_spawn starts (make does)."""


def test_a_broken_pipe_ends_a_program_quietly():
    assert output_of("sh", "-c", "yes | head -n 1") == b"y\r\n"


def test_no_descriptor_of_ours_reaches_the_program():
    mine = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(mine, True)
    try:
        waits = ("sh", "-c", "echo ready; read x")
        with spawn(*waits) as first, spawn(*waits) as second:
            for session in (first, second):
                read_until(session, b"ready")
                assert sorted(os.listdir(f"/proc/{session.pid}/fd")) == ["0", "1", "2"]
    finally:
        os.close(mine)


def test_line_editing_knows_utf8():
    assert b" iutf8" in output_of("stty", "-a")


def test_spawning_without_standard_descriptors():
    program = (
        "import os, sys; os.closerange(0, 3)\n"
        "from terminal.session import PtySession\n"
        "session = PtySession.spawn(['sh', '-c', 'echo out; echo err >&2; read x; exit 7'], columns=80, rows=24)\n"
        "session.write(b'x\\n'); code = session.wait(30).code; text = session.read(); session.close()\n"
        "os._exit(0 if code == 7 and {b'out', b'err', b'x'} == set(text.split()) else 1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=LIMIT_S, check=False).returncode == 0


def test_spawning_from_many_threads():
    results = []

    def work(number):
        for turn in range(4):
            with spawn("sh", "-c", f"echo {number}-{turn}; exit {number}") as session:
                seen = read_until(session, None)
                results.append((seen, session.wait(LIMIT_S).code, number, turn))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 24
    assert all(seen == f"{n}-{t}\r\n".encode() and code == n for seen, code, n, t in results)
    assert gc.isenabled()


# What cannot be started.


def make(path, text, mode):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_a_missing_command():
    with pytest.raises(CommandNotFound, match=r"'no-such-command' was not found in PATH\. Check"):
        spawn("no-such-command")
    with pytest.raises(CommandNotFound, match=r"'/no/such' does not exist\. Check"):
        spawn("/no/such")


def test_a_command_that_cannot_run(tmp_path):
    plain = make(tmp_path / "plain", "text", 0o644)
    bare = make(tmp_path / "bare", "echo hi\n", 0o755)
    lost = make(tmp_path / "lost", "#!/no/such/interpreter\n", 0o755)
    for path, why in [
        (tmp_path, "is a directory"),
        (plain, r"may not be executed\. Allow it with chmod"),
        (bare, "first line such as '#!/bin/sh'"),
        (lost, "interpreter or loader"),
        ("/dev/null", "may not be executed"),
    ]:
        with pytest.raises(CommandNotExecutable, match=why):
            spawn(path)
    with pytest.raises(CommandNotExecutable, match="may not be executed"):
        spawn("plain", env={"PATH": str(tmp_path)})


def test_a_directory_that_cannot_be_entered(tmp_path):
    with pytest.raises(BadWorkingDirectory, match="does not exist"):
        spawn("true", cwd=tmp_path / "missing")
    with pytest.raises(BadWorkingDirectory, match="is no directory"):
        spawn("true", cwd=make(tmp_path / "file", "", 0o644))


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        ([], "no command"),
        ([""], "no command"),
        ("ls -l", "one string"),
        (["echo", "a\0b"], "Argument 1 of the command holds a NUL"),
        (["echo", 3], "Give"),
        (["echo", "\ud800"], "cannot be encoded"),
    ],
)
def test_arguments_that_no_program_can_be_given(argv, why):
    with pytest.raises(BadCommand, match=why):
        PtySession.spawn(argv, columns=80, rows=24)


@pytest.mark.parametrize("env", [{"A": "x\0"}, {"A\0": "x"}, {"A=B": "x"}, {"": "x"}, {"A": 3}])
def test_environments_that_no_program_can_be_given(env):
    with pytest.raises(BadCommand):
        spawn("true", env=env)


def test_too_many_arguments():
    with pytest.raises(BadCommand, match="larger than the system allows"):
        spawn("true", *["x" * 100_000] * 100)


def test_every_failure_is_one_class_and_leaves_nothing(tmp_path):
    bare = make(tmp_path / "bare", "echo hi\n", 0o755)
    descriptors, children = open_descriptors(), our_children()
    for argv in (["no-such-command"], [bare], ["true", "x" * 200_000]):
        with pytest.raises(SessionError):
            spawn(*argv)
    assert (open_descriptors(), our_children()) == (descriptors, children)


def test_ignoring_sigchld_is_refused():
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.raises(SpawnFailed, match="SIGCHLD"):
            spawn("true")
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_system_without_room_says_so(monkeypatch):
    def no_terminal():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pty, "fork", no_terminal)
    with pytest.raises(
        SpawnFailed, match=r"No new terminal or process: No space left on device\. Close some"
    ):
        spawn("true")
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_a_child_that_fails_before_it_is_the_program_leaves_and_cleans_nothing_up(monkeypatch, tmp_path):
    """As that of a parent that was killed right after the fork: its terminal hung up, and takes no size."""
    parent = os.getpid()

    def no_size(*_):
        if os.getpid() != parent:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(ptyprocess.ptyprocess, "_setwinsize", no_size)
    try:
        with spawn("true") as session:
            assert session.wait(LIMIT_S).code == 127
    finally:
        if os.getpid() != parent:
            (tmp_path / "cleaned up").touch()
            os._exit(0)
    assert os.listdir(tmp_path) == []


# How it ended.


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 0", ExitStatus(0)),
        ("exit 3", ExitStatus(3)),
        ("exit 255", ExitStatus(255)),
        ("kill -TERM $$", ExitStatus(143, "SIGTERM")),
        ("kill -KILL $$", ExitStatus(137, "SIGKILL")),
        ("kill -SEGV $$", ExitStatus(139, "SIGSEGV")),
        ("kill -40 $$", ExitStatus(168, "SIG40")),
    ],
)
def test_exit_statuses(script, status):
    with spawn("sh", "-c", script) as session:
        assert session.wait(LIMIT_S) == status
        assert (status.exited, status.signaled) == (status.signal is None, status.signal is not None)
    assert session.poll() == status, "and it can still be asked after close()"


def test_a_running_program_has_no_status():
    with spawn("sleep", "1000") as session:
        assert session.poll() is None
        assert session.wait(0) is None


def test_a_status_that_somebody_else_took():
    with spawn("true") as session:
        os.waitpid(session.pid, 0)
        status = session.wait(LIMIT_S)
        assert (status.known, status.exited, status.signaled) == (False, False, False)


def test_the_leader_keeps_its_number_until_close():
    with spawn("true") as session:
        session.wait(LIMIT_S)
        assert session.pid in our_children(), "unreaped: the number can mean nobody else"
    assert session.pid not in our_children()


def test_the_exit_can_be_selected():
    with spawn("sh", "-c", "read x") as session:
        read_end = session.exit_fileno()
        session.write(b"\n")
        assert select.select([read_end], [], [], LIMIT_S)[0] == [read_end]
        assert session.poll() == ExitStatus(0)


# Reading, writing, sizes, the line discipline.


def test_nothing_now_and_the_end_are_different():
    with spawn("sh", "-c", "echo go; read x") as session:
        read_until(session, b"go\r\n")
        assert session.read() is None
        session.write(b"\n")
        read_until(session, None)
        assert session.read() == b""


def test_partial_writes_of_binary_input():
    data = bytes(range(256)) * 1024
    with spawn(sys.executable, "-c", RAW_THEN_WAIT, str(len(data))) as session:
        read_until(session, b"ready")
        taken = 0
        while count := session.write(data[taken:]):
            taken += count
        assert 0 < taken < len(data), "a program that does not read takes what its terminal holds, not more"
        session.signal(signal.SIGUSR1)
        while taken < len(data):
            taken += session.write(data[taken:])
        assert hashlib.sha256(data).hexdigest().encode() in read_until(session, b">")


def test_a_resize_reaches_the_program():
    script = 'trap "stty size; exit" WINCH; echo ready; while :; do read x; done'
    with spawn("sh", "-c", script) as session:
        read_until(session, b"ready")
        session.resize(columns=120, rows=33)
        assert session.size == TerminalSize(columns=120, rows=33)
        session.write(b"\n")  # some shells run a trap only when a read has ended
        assert b"33 120" in read_until(session, b"120")
        with pytest.raises(BadSize):
            session.resize(columns=0, rows=24)


def test_the_size_is_what_the_program_made_it():
    with spawn("sh", "-c", "stty cols 44 rows 11; echo done; read x") as session:
        read_until(session, b"done")
        assert session.size == (44, 11)


def test_the_line_discipline_through_the_master():
    script = "echo first; read x; stty -echo -icanon -isig -icrnl -opost -onlcr; echo second; read x"
    with spawn("sh", "-c", script) as session:
        read_until(session, b"first")
        assert session.discipline() == Discipline(*[True] * 6)
        session.write(b"\n")
        read_until(session, b"second")
        assert session.discipline() == Discipline(*[False] * 6)


# Signals.


def test_a_signal_goes_to_the_foreground_group_of_a_job_control_shell():
    with spawn("bash", "--norc", "--noprofile", "-i") as session:
        session.write(b"sh -c 'echo job-$((40 + 2)); exec sleep 1000'\n")
        read_until(session, b"job-42")
        assert session.signal(signal.SIGINT)
        session.write(b"echo shell-$?\n")
        assert b"shell-130" in read_until(session, b"shell-130")


def test_without_a_foreground_group_the_leader_is_signalled():
    with spawn("sh", "-c", "exec 0<&- 1>&- 2>&-; exec sleep 1000") as session:
        assert session.signal(signal.SIGTERM)
        assert session.wait(LIMIT_S) == ExitStatus(143, "SIGTERM")


def test_our_own_group_and_everybody_are_never_signalled():
    for group in (-1, 0, 1, os.getpgrp()):
        assert not session_group.signal_process_group(group, signal.SIGTERM)
    assert not any(session_group.group_exists(group) for group in (-1, 0, 1))


# Closing.

STUBBORN = "trap '' HUP TERM INT; echo ready=$$; while :; do sleep 1000; done"


def test_close_ends_a_program_that_ignores_everything():
    with spawn("sh", "-c", STUBBORN) as session:
        read_until(session, b"ready")
    assert session.poll() == ExitStatus(137, "SIGKILL")
    assert session.closed
    session.close()


def test_close_ends_a_stopped_program():
    with spawn("sh", "-c", "echo ready; kill -STOP $$; sleep 1000") as session:
        read_until(session, b"ready")
    assert session.poll() == ExitStatus(129, "SIGHUP")


def test_close_ends_jobs_in_other_process_groups():
    with spawn("bash", "--norc", "--noprofile", "-i") as session:
        session.write(f'sh -c "{STUBBORN.replace("$", chr(92) + "$")}" &\n'.encode())
        job = int(read_match(session, rb"ready=(\d+)\r")[1])
        assert os.getpgid(job) != os.getpgid(session.pid)
    assert not alive(job)
    assert not alive(session.pid)


def test_close_ends_children_that_outlived_the_leader():
    with spawn("sh", "-c", "trap '' HUP; sleep 1000 & echo child=$!.") as session:
        child = int(read_match(session, rb"child=(\d+)\.")[1])
        session.wait(LIMIT_S)
        assert alive(child)
    assert not alive(child)


def test_close_lets_a_program_say_goodbye_at_length():
    script = "trap 'head -c 300000 /dev/zero; exit 5' HUP; echo ready; while :; do sleep 0.01; done"
    with spawn("sh", "-c", script, grace_s=LIMIT_S) as session:
        read_until(session, b"ready")
    assert session.poll() == ExitStatus(5), "not blocked by a terminal that nobody reads"


def test_orphans_that_we_adopt_are_reaped():
    program = (
        "import ctypes, os, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from pty_helpers import our_children, read_match, spawn\n"
        "assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER\n"
        "with spawn('sh', '-c', \"trap '' HUP; sleep 1000 & echo child=$!.\") as session:\n"
        "    child = int(read_match(session, rb'child=(\\d+)\\.')[1])\n"
        "    session.wait(60)\n"
        "    assert child in our_children()\n"
        "assert our_children() == []\n"
    )
    subprocess.run([sys.executable, "-c", program, os.path.dirname(__file__)], timeout=LIMIT_S, check=True)


def test_a_closed_session_says_so():
    session = spawn("true")
    session.close()
    for call in (
        session.read,
        session.fileno,
        session.discipline,
        lambda: session.write(b"x"),
        lambda: session.size,
    ):
        with pytest.raises(SessionClosed, match="is closed"):
            call()
    assert session.members() == []


def test_nothing_is_left_of_fifty_sessions():
    descriptors, children = open_descriptors(), our_children()
    for number in range(50):
        with spawn("sh", "-c", "sleep 1000 & exit 0" if number % 2 else "exit 1") as session:
            session.wait(LIMIT_S)
    assert (open_descriptors(), our_children()) == (descriptors, children)


def test_a_forgotten_session_warns_and_hangs_up():
    session = spawn("sleep", "1000")
    pid = session.pid
    with pytest.warns(ResourceWarning, match="unclosed"):
        del session
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGHUP


# Systems that can less.


def test_without_pidfd(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    with spawn("sh", "-c", "read x; exit 4") as session:
        assert session.exit_fileno() is None
        session.write(b"\n")
        assert session.wait(LIMIT_S) == ExitStatus(4)
    with spawn("sh", "-c", STUBBORN) as session:
        read_until(session, b"ready")
    assert session.poll() == ExitStatus(137, "SIGKILL")


def test_without_waitid(monkeypatch):
    monkeypatch.delattr(os, "waitid")
    with spawn("sh", "-c", "exit 4") as session:
        assert session.wait(LIMIT_S) == ExitStatus(4)
        assert session.pid not in our_children()
        assert not session.signal(signal.SIGKILL)
    assert session.poll() == ExitStatus(4)


def test_without_proc(monkeypatch):
    monkeypatch.setattr(session_group, "members", lambda leader: None)
    monkeypatch.setattr(session_group, "still_members", lambda pids, leader: [])
    with spawn("sh", "-c", STUBBORN) as session:
        read_until(session, b"ready")
    assert session.poll() == ExitStatus(137, "SIGKILL")
