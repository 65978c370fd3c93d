"""However a recording is ended from outside, it is published or can be recovered, and the terminal is as before."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading

import pytest
from proof_helpers import CASSETTE, assert_complete, assert_recovered, own_spools, spools_in

from cassette.cli import main as cassette_main
from cassette.reading.reader import open as open_cassette
from cassette.store.spool import list_spools

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
LEFT_ON = b"\x1b[?1049h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b="
SWITCHED_OFF = [b"\x1b[?1049l", b"\x1b[?2004l", b"\x1b[?1002l", b"\x1b[?1006l", b"\x1b[?25h", b"\x1b>"]
# Full-screen modes on, and then it waits for ever for input.
PROGRAM = ["sh", "-c", f"printf '{LEFT_ON.decode()}ready'; exec cat > {os.devnull}".replace("\x1b", "\\033")]


@pytest.fixture
def spools():
    with own_spools() as root:
        yield root


@pytest.fixture
def own_terminal():
    """(our end, the recorder's end) of a terminal; the second stays open, so that it can be looked at afterwards."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


class Reader:
    """Reads a descriptor in a thread; lets others wait for what must come."""

    def __init__(self, fd):
        self.seen = b""
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=[fd], daemon=True)
        self._thread.start()

    def _read(self, fd):
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                return
            with self._news:
                self.seen += data
                self._news.notify_all()

    def wait_for(self, wanted):
        with self._news:
            assert self._news.wait_for(lambda: wanted in self.seen, timeout=60), self.seen


def start(*arguments, **options):
    return subprocess.Popen([*CASSETTE, "record", *map(str, arguments)], **options)


def on_terminal(theirs, *arguments):
    """`cassette record` as a shell would start it on that terminal."""
    return start(
        *arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # makes it the controlling one
    )


def assert_ended_by(target, number):
    """Published whole: the program got the signal, and died of it."""
    assert_complete(target)
    with open_cassette(target) as tape:
        assert LEFT_ON in tape.output_bytes()
        assert [event.signal for event in tape.inputs() if event.kind == "signal"] == [number.name]
        assert (tape.final.exit.signal, tape.final.metadata) == (number.name, None)


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_signal_while_nobody_types(tmp_path, spools, number):
    target = tmp_path / "tape"
    recorder = start("-o", target, "--", *PROGRAM, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    with recorder:
        Reader(recorder.stdout.fileno()).wait_for(b"ready")
        recorder.send_signal(number)
    assert recorder.returncode == 128 + number
    assert_ended_by(target, number)
    assert spools_in(spools) == []


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_signal_while_a_script_waits(tmp_path, spools, number):
    target, script, fifo = tmp_path / "tape", tmp_path / "script.yaml", tmp_path / "fifo"
    script.write_text("- wait: ready\n- wait: {text: what never comes, timeout: 1000}\n")
    os.mkfifo(fifo)
    program = ["sh", "-c", f"{PROGRAM[-1].split(';')[0]}; read line; echo typed > {fifo}; exec cat"]
    script.write_text(
        "- wait: ready\n- type: go\n- press: enter\n- wait: {text: what never comes, timeout: 1000}\n"
    )
    recorder = start("-o", target, "--script", script, "--", *program, stdin=subprocess.DEVNULL)
    with recorder:
        assert fifo.read_text() == "typed\n"  # so the script runs
        recorder.send_signal(number)
    assert recorder.returncode == 128 + number
    assert_ended_by(target, number)
    assert spools_in(spools) == []


@pytest.mark.parametrize("number", [*ENDING, signal.SIGQUIT], ids=lambda number: number.name)
def test_signal_while_a_person_types(tmp_path, spools, own_terminal, number):
    ours, theirs = own_terminal
    target, before = tmp_path / "tape", termios.tcgetattr(theirs)
    shown = Reader(ours)
    with on_terminal(theirs, "-o", target, "--", *PROGRAM) as recorder:
        shown.wait_for(b"ready")
        assert termios.tcgetattr(theirs) != before  # raw
        recorder.send_signal(number)
    assert recorder.returncode == 128 + number
    assert termios.tcgetattr(theirs) == before
    shown.wait_for(os.fsencode(target))  # the last words: all that went to the terminal before has come
    after = shown.seen[shown.seen.index(b"ready") :]
    assert [sequence for sequence in SWITCHED_OFF if sequence not in after] == []
    assert_complete(target)
    with open_cassette(target) as tape:
        assert LEFT_ON in tape.output_bytes()
        assert [event.signal for event in tape.inputs() if event.kind == "signal"] == [number.name]
        assert tape.final.exit.signal == number.name
    assert spools_in(spools) == []


def test_second_signal_ends_at_once_and_the_recording_is_kept(tmp_path, spools):
    target = tmp_path / "tape"
    stubborn = "trap 'echo hung up' HUP; trap '' TERM; echo ready; while kill -0 $PPID; do sleep 0.01; done"
    recorder = start(
        "-o", target, "--", "sh", "-c", stubborn, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    with recorder:
        shown = Reader(recorder.stdout.fileno())
        shown.wait_for(b"ready")
        recorder.send_signal(signal.SIGTERM)
        shown.wait_for(b"hung up")
        recorder.send_signal(signal.SIGTERM)
    assert recorder.returncode == -signal.SIGTERM
    (spool_id,) = spools_in(spools)
    assert cassette_main(["recover", spool_id]) == 0
    assert_recovered(target)
    with open_cassette(target) as tape:
        assert b"hung up" in tape.output_bytes()


def test_ctrl_c_of_a_person_is_the_programs(tmp_path, spools, own_terminal):
    ours, theirs = own_terminal
    target, before = tmp_path / "tape", termios.tcgetattr(theirs)
    shown = Reader(ours)
    program = ["sh", "-c", "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.01; done"]
    with on_terminal(theirs, "-o", target, "--exit-code-of-child", "--", *program) as recorder:
        shown.wait_for(b"ready")
        os.write(ours, b"\x03")
    assert recorder.returncode == 9
    assert termios.tcgetattr(theirs) == before
    assert_complete(target)
    with open_cassette(target) as tape:
        assert [event.data for event in tape.inputs() if event.kind == "input"] == [b"\x03"]
        assert b"interrupted" in tape.output_bytes()


def test_terminal_that_goes_away(tmp_path, spools):
    ours, theirs = pty.openpty()
    target = tmp_path / "tape"
    with on_terminal(theirs, "-o", target, "--", *PROGRAM) as recorder:
        os.close(theirs)
        seen = b""
        while b"ready" not in seen:
            seen += os.read(ours, 65536)
        os.close(ours)
    assert recorder.returncode == 128 + signal.SIGHUP
    assert_complete(target)
    assert spools_in(spools) == []


DRIVER = """
import os, signal, sys, time
from cassette.cli import main
{patch}
sys.exit(main(sys.argv[1:]))
"""
SIGNAL_WHILE_PUBLISHING = """
import cassette.recording.recorder as recorder
publish = recorder.finish
def finish(*arguments, **options):
    for _ in range(2):
        os.kill(os.getpid(), signal.{number})
    return publish(*arguments, **options)
recorder.finish = finish
"""
KILL_RIGHT_AFTER_THE_FORK = """
import ptyprocess.ptyprocess
parent, real = os.getpid(), ptyprocess.ptyprocess._setwinsize
def set_size(*arguments):
    if os.getpid() != parent:
        os.kill(parent, signal.SIGKILL)
        while os.getppid() == parent:
            time.sleep(0.001)
    real(*arguments)  # the terminal has hung up by then
ptyprocess.ptyprocess._setwinsize = set_size
"""


def start_patched(patch, target, *, of_a_person):
    """`cassette record` of a program that ends by itself, on a terminal or without one, with other code in it."""
    code = DRIVER.format(patch=patch)
    command = [sys.executable, "-c", code, "record", "-o", str(target), "--", "echo", "said"]
    ours, theirs = pty.openpty() if of_a_person else (None, subprocess.DEVNULL)
    try:
        recorder = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        recorder.communicate(timeout=60)
    finally:
        for end in (ours, theirs) if of_a_person else ():
            os.close(end)
    return recorder.returncode


@pytest.mark.parametrize("of_a_person", [True, False], ids=["person", "nobody"])
def test_hang_ups_while_it_is_published_change_nothing(tmp_path, spools, of_a_person):
    """A closed window is told twice: by the kernel, and by the shell that was on it."""
    target = tmp_path / "tape"
    patch = SIGNAL_WHILE_PUBLISHING.format(number="SIGHUP")
    assert start_patched(patch, target, of_a_person=of_a_person) == 0
    assert_complete(target)
    assert spools_in(spools) == []


@pytest.mark.parametrize("of_a_person", [True, False], ids=["person", "nobody"])
def test_a_signal_while_it_is_published_leaves_it_to_be_recovered(tmp_path, spools, of_a_person):
    target = tmp_path / "tape"
    patch = SIGNAL_WHILE_PUBLISHING.format(number="SIGTERM")
    assert start_patched(patch, target, of_a_person=of_a_person) == -signal.SIGTERM
    (spool_id,) = spools_in(spools)
    assert not target.exists()
    assert cassette_main(["recover", spool_id]) == 0
    with open_cassette(target) as tape:
        assert tape.output_bytes() == b"said\r\n"


@pytest.mark.parametrize("of_a_person", [True, False], ids=["person", "nobody"])
def test_killed_right_after_the_fork_the_child_leaves_the_recording_alone(tmp_path, spools, of_a_person):
    target = tmp_path / "tape"
    assert start_patched(KILL_RIGHT_AFTER_THE_FORK, target, of_a_person=of_a_person) == -signal.SIGKILL
    (spool,) = list_spools(roots=[spools])
    with spool.path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # once the child is gone, too
    assert cassette_main(["recover", spool.id]) == 0
    assert_recovered(target)


def test_hang_up_after_hang_up_lets_the_program_say_goodbye(tmp_path, spools):
    target, goodbye = tmp_path / "tape", tmp_path / "goodbye"
    os.mkfifo(goodbye)
    program = f"trap 'echo going; cat {goodbye}; exit 3' HUP; echo ready; while :; do sleep 0.01; done"
    code = DRIVER.format(patch="import cassette.recording.stopping as s\ns.PATIENCE_S = 60")
    command = [sys.executable, "-c", code, "record", "-o", str(target), "--", "sh", "-c", program]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as recorder:
        shown = Reader(recorder.stdout.fileno())
        shown.wait_for(b"ready")
        recorder.send_signal(signal.SIGHUP)
        shown.wait_for(b"going")
        recorder.send_signal(signal.SIGHUP)
        goodbye.write_text("goodbye\n")
    assert recorder.returncode == 128 + signal.SIGHUP
    assert_complete(target)
    with open_cassette(target) as tape:
        assert b"goodbye" in tape.output_bytes()
        assert tape.final.exit.code == 3
    assert spools_in(spools) == []


def test_killed_while_a_person_types(tmp_path, spools, own_terminal):
    """Nobody can put the terminal right then; the recording can be recovered."""
    ours, theirs = own_terminal
    target, shown = tmp_path / "tape", Reader(ours)
    with on_terminal(theirs, "-o", target, "--", *PROGRAM) as recorder:
        shown.wait_for(b"ready")
        recorder.kill()
    (spool_id,) = spools_in(spools)
    assert cassette_main(["recover", spool_id]) == 0
    with open_cassette(target) as tape:
        assert b"ready" in tape.output_bytes()
    assert spools_in(spools) == []
