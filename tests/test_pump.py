"""The loop around real programs: nothing lost, nothing blocked, every end by the rules."""

import hashlib
import itertools
import os
import re
import signal
import sys
import threading
import time

import pytest
from pty_helpers import LIMIT_S, SHORT, Watcher, alive, open_descriptors, our_children, run, spawn

from terminal.ending import GAP_UNREAD
from terminal.pump import Intervals
from terminal.session import Discipline, ExitStatus, InputNotTaken, SessionClosed

PROVE = bool(os.environ.get("CASSETTE_PROVE"))
PATIENT = Intervals(quiet_s=LIMIT_S, linger_s=LIMIT_S, grace_s=LIMIT_S)

BURST = (
    "import sys, os\nsys.stdout.write('0123456789abcde\\n' * 62500 + 'END'); sys.stdout.flush(); os._exit(7)"
)
TAKE_AND_HASH = """
import hashlib, os, sys, tty
tty.setraw(0)
os.write(1, b"ready")
taken = hashlib.sha256()
left = int(sys.argv[1])
while left:
    data = os.read(0, min(left, 997))
    taken.update(data)
    left -= len(data)
os.write(1, b"<" + taken.hexdigest().encode() + b">")
"""
RAW_AND_DEAF = "import tty, os, time; tty.setraw(0); os.write(1, b'ready'); time.sleep(1000)"
STUBBORN = "trap 'echo bye' HUP; trap 'echo no' TERM; echo ready; while :; do sleep 0.02; done"


def wait_for_echo_off(session):
    deadline = time.monotonic() + LIMIT_S
    while session.discipline().echo:  # nothing to wait for: the kernel tells nobody
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Running:
    """A program with its pump in a thread; leaving the block stops it if it still runs."""

    def __init__(self, *argv, **options):
        self.session = spawn(*argv)
        self.seen = Watcher()
        self.pump = self.seen.pump(self.session, **options)

    def __enter__(self):
        self.pump.start()
        return self

    def __exit__(self, *_exception):
        self.pump.stop()
        try:
            self.pump.join(LIMIT_S)
        finally:
            self.session.close()

    def end(self):
        end = self.pump.join(LIMIT_S)
        assert end is not None, "still running"
        return end


# Everything is read.


@pytest.mark.prove
@pytest.mark.parametrize("turn", range(100 if PROVE else 20))
def test_a_burst_before_the_exit_is_read_whole(turn):
    end, seen = run(sys.executable, "-S", "-c", BURST)
    assert bytes(seen.output) == b"0123456789abcde\r\n" * 62500 + b"END"
    assert end.status == ExitStatus(7)
    assert (end.reason, end.survivors, seen.gaps) == ("exited", False, [])
    assert max(seen.sizes) <= 65_536


def test_no_output_at_all():
    end, seen = run("true")
    assert (end.status, seen.output, seen.gaps) == (ExitStatus(0), b"", [])


def test_binary_output():
    script = "import os, tty; tty.setraw(0); os.write(1, bytes(range(256)) * 100)"
    assert run(sys.executable, "-c", script)[1].output == bytes(range(256)) * 100


@pytest.mark.parametrize(
    "script",
    [
        "trap '' HUP; (sleep 0.1; echo late) & exit 0",
        "setsid sh -c 'sleep 0.1; echo late' & sleep 0.05",
        "nohup sh -c 'sleep 0.1; echo late >/dev/tty' >/dev/null 2>&1 <&1 & sleep 0.3",
        "exec 0<&- 1>&- 2>&-; sleep 0.2; echo late >/dev/tty; sleep 0.2",
    ],
    ids=["ignores-hangup", "own-session", "nohup", "reopens"],
)
def test_output_after_the_leaders_exit_or_end_of_file_is_kept(script):
    end, seen = run("sh", "-c", script, intervals=PATIENT)
    assert seen.output == b"late\r\n"
    assert (end.reason, end.survivors, seen.gaps) == ("exited", False, [])


def test_silent_survivors_are_left_after_a_while():
    end, seen = run("sh", "-c", "trap '' HUP; echo out; sleep 1000 & exit 6")
    assert seen.output == b"out\r\n"
    assert (end.status, end.reason, end.survivors) == (ExitStatus(6), "exited", True)
    assert len(seen.gaps) == 1
    assert seen.gaps[0].startswith("survivors: ")
    assert "silent for 0.2 s" in seen.gaps[0]


def test_writing_survivors_are_cut():
    cut = Intervals(quiet_s=LIMIT_S, linger_s=0.3, grace_s=0.3)
    end, seen = run(
        "sh", "-c", "trap '' HUP; (while :; do echo more; sleep 0.01; done) & exit 0", intervals=cut
    )
    assert end.survivors
    assert "kept writing" in seen.gaps[0]
    assert b"more" in seen.output


# Stopping.


def test_a_program_that_ignores_hangup_and_term_speaks_until_it_is_killed():
    # A busy machine stops a shell for a second.
    slow = Intervals(quiet_s=LIMIT_S, linger_s=LIMIT_S, grace_s=3)
    with Running("sh", "-c", STUBBORN, intervals=slow) as running:
        running.seen.wait_for(b"ready")
        running.pump.stop("enough")
        end = running.end()
    assert (end.status, end.reason, end.detail) == (ExitStatus(137, "SIGKILL"), "stopped", "enough")
    assert re.search(rb"bye\r\n.*no\r\n", running.seen.output, re.S)


def test_what_is_said_at_the_hangup_is_read_however_long():
    script = "trap 'head -c 300000 /dev/zero; echo END; exit 5' HUP; echo ready; while :; do sleep 0.01; done"
    with Running("sh", "-c", script, intervals=PATIENT) as running:
        running.seen.wait_for(b"ready")
        running.pump.stop()
        assert running.end().status == ExitStatus(5)
    assert running.seen.output.endswith(b"\0END\r\n")
    assert running.seen.output.count(0) == 300_000


def test_a_program_that_stopped_itself_is_ended():
    end, _seen = run("sh", "-c", "kill -STOP $$; sleep 1000", timeout_s=0.2)
    assert (end.status, end.reason) == (ExitStatus(129, "SIGHUP"), "timeout")
    assert "0.2 s" in end.detail


def test_stopping_takes_the_survivors_too():
    script = "trap '' HUP TERM; sh -c 'echo child=$$.; while :; do sleep 0.02; done' & exit 0"
    with Running(
        "sh", "-c", script, intervals=Intervals(quiet_s=LIMIT_S, linger_s=LIMIT_S, grace_s=0.2)
    ) as running:
        running.seen.wait_for(b".")
        running.session.wait(LIMIT_S)
        running.pump.stop()
        end = running.end()
        assert (end.status, end.survivors) == (ExitStatus(0), False)
        assert not alive(int(re.search(rb"child=(\d+)", running.seen.output)[1]))


def test_who_left_the_session_is_out_of_reach_and_said_to_be():
    script = "setsid sh -c 'echo child=$$.; while :; do sleep 0.02; done' & read x"
    with Running("sh", "-c", script) as running:
        running.seen.wait_for(b".")
        child = int(re.search(rb"child=(\d+)", running.seen.output)[1])
        running.pump.stop()
        end = running.end()
        assert (end.status.signal, end.reason, end.survivors) == ("SIGHUP", "stopped", True)
        assert "silent" in running.seen.gaps[0]
        assert alive(child)
        os.kill(child, signal.SIGKILL)


def test_an_end_by_itself_is_not_a_stop():
    with Running("sh", "-c", "trap '' HUP; sleep 1000 & exit 3") as running:
        running.session.wait(LIMIT_S)
        end = running.end()
        running.pump.stop()
    assert (end.status, end.reason) == (ExitStatus(3), "exited")


def test_stop_before_run():
    with spawn("sleep", "1000") as session:
        pump = Watcher().pump(session)
        pump.stop("no need")
        end = pump.run()
    assert (end.status, end.reason, end.detail) == (ExitStatus(129, "SIGHUP"), "stopped", "no need")


def test_stop_from_a_signal_handler():
    with spawn("sh", "-c", "read x; kill -USR1 $PPID; sleep 1000") as session:
        pump = Watcher().pump(session)
        pump.write(b"\n")
        before = signal.signal(signal.SIGUSR1, lambda *_: pump.stop("signal"))
        try:
            end = pump.run()
        finally:
            signal.signal(signal.SIGUSR1, before)
    assert (end.reason, end.detail) == ("stopped", "signal")


def test_ctrl_c_stops_in_order_and_is_raised():
    seen = Watcher()
    script = "trap 'echo bye; exit 4' HUP; read x; kill -INT $PPID; while :; do sleep 0.01; done"
    with spawn("sh", "-c", script) as session:
        pump = seen.pump(session, intervals=PATIENT)
        pump.write(b"\n")
        with pytest.raises(KeyboardInterrupt):
            pump.run()
        assert pump.end.reason == "failed"
        assert session.poll() == ExitStatus(4)


# Callbacks that fail.


def full(*_arguments):
    raise OSError("the spool is full")


@pytest.mark.parametrize("name", ["on_output", "on_mode"])
def test_a_failing_callback_stops_the_program_and_is_raised(name):
    seen = Watcher()
    setattr(seen, name, full)
    script = "trap 'echo bye; exit 4' HUP; echo ready; while :; do sleep 0.01; done"
    with spawn("sh", "-c", script) as session:
        pump = seen.pump(session, intervals=PATIENT)
        with pytest.raises(OSError, match="spool is full"):
            pump.run()
        assert session.poll().known
        assert pump.end.reason == "failed"
        assert "spool is full" in pump.end.detail
        with pytest.raises(InputNotTaken, match="failed"):
            pump.write(b"x")


def test_what_a_failed_recording_dropped_is_counted():
    seen = Watcher()
    seen.on_output = full
    script = "trap 'head -c 100000 /dev/zero; exit 4' HUP; echo ready; while :; do sleep 0.01; done"
    with spawn("sh", "-c", script) as session:
        with pytest.raises(OSError, match="spool") as failure:
            seen.pump(session, intervals=PATIENT).run()
        (note,) = failure.value.__notes__
        assert re.fullmatch(r"1000\d\d bytes written while it was stopped were not kept\.", note)
        assert session.poll() == ExitStatus(4)


def test_a_failure_in_the_thread_is_kept_for_its_owner():
    with spawn("sh", "-c", "echo; read x") as session:
        seen = Watcher()
        seen.on_output = full
        pump = seen.pump(session)
        pump.start()
        with pytest.raises(OSError, match="spool is full"):
            pump.join(LIMIT_S)
        assert isinstance(pump.failure, OSError)


def test_a_loop_over_a_closed_session_is_an_error():
    session = spawn("true")
    session.close()
    with pytest.raises(SessionClosed):
        Watcher().pump(session).run()


# Input.


def test_a_megabyte_to_a_slow_reader_arrives_whole():
    pieces = [os.urandom(size) for size in (1, 0, 70_000, 5, 300_000, 678_570)]
    data = b"".join(pieces)
    with Running(sys.executable, "-S", "-c", TAKE_AND_HASH, str(len(data))) as running:
        running.seen.wait_for(b"ready")
        for write in [running.pump.write(piece) for piece in pieces]:
            write.wait(LIMIT_S)
            assert write.done
        running.seen.wait_for(b"<" + hashlib.sha256(data).hexdigest().encode() + b">")


def test_a_program_that_never_reads_blocks_nobody():
    with Running(sys.executable, "-S", "-c", RAW_AND_DEAF) as running:
        running.seen.wait_for(b"ready")
        write = running.pump.write(b"x" * (1 << 20))
        with pytest.raises(InputNotTaken, match=r"took \d+ of 1048576 bytes of input in 0\.05 s"):
            write.wait(0.05)
        behind = running.pump.write(b"y")
        running.pump.stop()
        assert running.end().status.signal == "SIGHUP"
        for piece in (write, behind):
            with pytest.raises(InputNotTaken, match="The program ended"):
                piece.wait(0)
            assert not piece.done
        assert 0 < write.taken < write.size
        assert behind.taken == 0
    with pytest.raises(InputNotTaken, match="ended"):
        running.pump.write(b"z")


def test_pending_input_is_bounded():
    with Running(sys.executable, "-S", "-c", RAW_AND_DEAF, max_pending_bytes=1000) as running:
        running.seen.wait_for(b"ready")
        with pytest.raises(InputNotTaken, match="limit of 1000"):
            running.pump.write(b"x" * 1001)


def test_order_is_kept_and_before_runs_right_before_the_first_byte():
    with Running("sh", "-c", "stty -echo; echo ready; read a; read b; stty echo; echo $a,$b") as running:
        running.seen.wait_for(b"ready")
        noted = []
        for line in (b"one\n", b"two\n"):
            running.pump.write(
                line, before=lambda line=line: noted.append((line, running.pump.discipline.echo))
            )
        running.seen.wait_for(b"one,two")
        running.end()
    assert noted == [(b"one\n", False), (b"two\n", False)]


def test_a_failing_before_stops_the_program_and_its_bytes_are_not_sent():
    with Running("sh", "-c", "stty -echo; echo ready; read x; echo got") as running:
        running.seen.wait_for(b"ready")
        write = running.pump.write(b"line\n", before=full)
        with pytest.raises(OSError, match="spool is full"):
            running.end()
        assert write.taken == 0
        with pytest.raises(InputNotTaken):
            write.wait(0)
        running.pump.join = lambda _limit: None  # its error was seen


def test_threads_write_whole_pieces():
    echoing = TAKE_AND_HASH.replace("taken.update(data)", "os.write(1, data)")
    with Running(sys.executable, "-S", "-c", echoing, "4000") as running:
        running.seen.wait_for(b"ready")

        def send(sign):
            for _turn in range(100):
                running.pump.write(sign * 10)

        threads = [threading.Thread(target=send, args=(sign,)) for sign in (b"a", b"b", b"c", b"d")]
        for thread in threads:
            thread.start()
        running.seen.wait_for(b"<")
        for thread in threads:
            thread.join()
    text = bytes(running.seen.output).partition(b"ready")[2].partition(b"<")[0]
    assert len(text) == 4000
    assert {text[at : at + 10] for at in range(0, 4000, 10)} == {
        sign * 10 for sign in (b"a", b"b", b"c", b"d")
    }


# The line discipline.


def test_changes_of_the_line_discipline_are_noticed():
    script = "stty -echo -icanon; read a; stty sane; echo $a; read b"
    with Running("sh", "-c", script) as running:
        modes = running.seen.modes
        running.seen.wait_until(lambda: modes and not (modes[-1].echo or modes[-1].icanon))
        running.pump.write(b"x\n")
        running.seen.wait_until(lambda: modes[-1].echo and modes[-1].icanon)
        assert all(isinstance(mode, Discipline) for mode in modes)
        assert all(a != b for a, b in itertools.pairwise(modes))


def test_a_change_that_lags_behind_the_prompt_is_noticed_without_input():
    with Running("sh", "-c", "printf Password:; sleep 0.1; stty -echo; read x") as running:
        running.seen.wait_for(b"Password:")
        running.seen.wait_until(lambda: not running.seen.modes[-1].echo)
        assert running.seen.output == b"Password:"


def test_a_write_looks_first():
    asleep = Intervals(mode_tick_s=LIMIT_S, mode_watch_s=0.0, slow_tick_s=LIMIT_S, grace_s=0.3)
    with Running(
        "sh", "-c", "sleep 0.1; stty -echo; exec 2>&1; read x; echo $x", intervals=asleep
    ) as running:
        running.seen.wait_until(lambda: running.seen.modes)
        wait_for_echo_off(running.session)
        assert running.pump.discipline.echo, "nothing woke the loop"
        noted = []
        running.pump.write(b"word\n", before=lambda: noted.append(running.seen.modes[-1].echo))
        running.seen.wait_for(b"word")
    assert noted == [False]


# Back-pressure, other descriptors, resizes.


def test_paused_reading_holds_the_program_up_and_loses_nothing():
    with Running(sys.executable, "-S", "-c", BURST) as running:
        running.seen.wait_until(lambda: running.seen.sizes)
        running.pump.pause_reading()
        running.pump.resume_reading()
        running.end()
    assert len(running.seen.output) == 62500 * 17 + 3


def test_an_exit_while_reading_is_paused_waits_for_the_reader():
    with Running("sh", "-c", "read x; echo out") as running:
        running.pump.pause_reading()
        running.pump.write(b"\n")
        running.session.wait(LIMIT_S)
        assert running.pump.join(0.3) is None
        running.pump.resume_reading()
        assert running.end().status == ExitStatus(0)
    assert running.seen.output.endswith(b"out\r\n")
    assert running.seen.gaps == []


def test_stopping_while_reading_is_paused_says_what_is_missing():
    with Running("sh", "-c", "read x") as running:
        running.pump.pause_reading()
        running.pump.stop()
        end = running.end()
    assert (end.status, running.seen.gaps) == (ExitStatus(129, "SIGHUP"), [GAP_UNREAD])


def test_another_descriptor_is_watched():
    read_end, write_end = os.pipe()
    try:
        with Running("cat") as running:

            def forward():
                if data := os.read(read_end, 100):
                    running.pump.write(data)
                else:
                    running.pump.remove_reader(read_end)
                    running.pump.write(b"\x04")

            running.pump.add_reader(read_end, forward)
            os.write(write_end, b"typed\n")
            running.seen.wait_for(b"typed\r\ntyped\r\n")
            os.close(write_end)
            assert running.end().status == ExitStatus(0)
    finally:
        os.close(read_end)


def test_a_resize_is_seen_by_the_program():
    script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done"
    with Running("sh", "-c", script) as running:
        running.seen.wait_for(b"ready")
        running.session.resize(columns=101, rows=31)
        running.end()
    assert b"31 101" in running.seen.output


# Systems that can less; nothing is left.


def test_without_pidfd(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    end, seen = run("sh", "-c", "echo out; exit 9")
    assert (end.status, seen.output) == (ExitStatus(9), b"out\r\n")


def test_nothing_is_left_of_fifty_pumps():
    descriptors, children, threads = open_descriptors(), our_children(), threading.active_count()
    for _turn in range(25):
        run("sh", "-c", "echo x")
        with Running("cat") as running:
            running.pump.write(b"x\n")
            running.seen.wait_for(b"x")
    assert (open_descriptors(), our_children(), threading.active_count()) == (descriptors, children, threads)


def test_a_pump_runs_once():
    with spawn("true") as session:
        pump = Watcher().pump(session, intervals=SHORT)
        pump.run()
        with pytest.raises(AssertionError, match="once"):
            pump.run()
