"""A person records: `python -m cassette record` on a terminal of its own, driven as a person would.

The person's terminal is a PtySession too; what the recorder prints is what that person sees.
"""

import os
import re
import select
import signal
import sys
import termios

import pytest
from proof_helpers import own_spools, spools_in
from pty_helpers import LIMIT_S, Watcher, alive, read_match
from recording_helpers import inputs, python, tape_of, typed

from terminal.emulator import make_emulator
from terminal.session import PtySession

RECORD = [sys.executable, "-m", "cassette", "record"]
READ_ALL = (
    "import tty, os\ntty.setraw(0); os.write(1, b'ready')\n"
    "d = b''\nwhile len(d) < {n}: d += os.read(0, 4096)\nos.write(1, b'<' + d.hex().encode() + b'>')"
)


@pytest.fixture(autouse=True)
def spool_root():
    with own_spools() as root:
        yield root


@pytest.fixture
def place(tmp_path):
    return tmp_path / "tape"


CATCHES = """
import os, select, signal
heard, told = os.pipe()
os.set_blocking(told, False)
signal.set_wakeup_fd(told)
names = {signal.SIGINT: b"int", signal.SIGQUIT: b"quit", signal.SIGUSR1: b"usr"}
for number in names:
    signal.signal(number, lambda *_: None)
os.write(1, b"ready\\n")
data = b"-"
while data:
    ready, _, _ = select.select([0, heard], [], [])
    for number in os.read(heard, 99) if heard in ready else b"":
        os.write(1, b"caught-%b\\n" % names[number])
    if 0 in ready:
        data = os.read(0, 999)
        os.write(1, b"got " + data if data else b"end\\n")
"""
"""Says which signal it caught, whenever that comes, and what it read, to the end of the input."""


class Person:
    """Somebody at a terminal, in front of a command."""

    def __init__(self, argv, *, columns=80, rows=24, **env):
        names = ("NO_COLOR", "COLUMNS", "LINES")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        self._watcher = Watcher()
        self.session = PtySession.spawn(argv, columns=columns, rows=rows, env={**kept, **env}, grace_s=0.3)
        self.settings = termios.tcgetattr(self.session.fileno())
        self._pump = self._watcher.pump(self.session)
        self._size = {"columns": columns, "rows": rows}

    def __enter__(self):
        self._pump.start()
        return self

    def __exit__(self, *error):
        if error[0] is not None:
            self._pump.stop()
        self._pump.join(LIMIT_S)
        self.session.close()

    @property
    def seen(self):
        return bytes(self._watcher.output)

    def wait_for(self, text, count=1):
        data = text if isinstance(text, bytes) else text.encode()
        self._watcher.wait_until(lambda: self.seen.count(data) >= count)

    def wait_until(self, condition):
        self._watcher.wait_until(condition)

    def type(self, data):
        self._pump.write(data if isinstance(data, bytes) else data.encode())

    def resize(self, columns, rows):
        self.session.resize(columns=columns, rows=rows)

    def leave(self):
        """Wait for the end of the command; its exit code. The terminal must be as it was."""
        status = self.session.wait(LIMIT_S)
        assert status is not None, f"does not end: {self.seen[-500:]!r}"
        assert termios.tcgetattr(self.session.fileno()) == self.settings
        return status.code

    def screen(self):
        emulator = make_emulator(**self._size)
        emulator.feed(self.seen)
        return emulator.snapshot()


def recording(place, *argv, options=(), **more):
    return Person([*RECORD, "-o", str(place), *options, "--", *argv], **more)


# What goes through.


def test_keys_go_through_as_they_are_typed(place):
    with recording(place, "sh", "-c", "printf 'name? '; read x; echo Hello, $x") as person:
        person.wait_for("name? ")
        person.type("Ada")
        person.wait_for("Ada")
        person.type("\r")
        person.wait_for("Hello, Ada\r\n")
        assert person.leave() == 0
    assert b"".join(data for _, data in typed(place)) == b"Ada\r"
    assert {source for source, _ in typed(place)} == {"user"}
    assert "Hello, Ada" in person.screen().text[1]


@pytest.mark.parametrize(
    "data", [bytes(range(256)), "grüße ✨ 日本".encode(), b"\xff\xfe\x00\x80", b"\x1b[200~paste\x1b[201~"]
)
def test_bytes_go_through_untouched(place, data):
    with recording(place, *python(READ_ALL.format(n=len(data)))) as person:
        person.wait_for("ready")
        person.type(data)
        person.wait_for(f"<{data.hex()}>")
        assert person.leave() == 0
    assert b"".join(piece for _, piece in typed(place)) == data


def test_characters_that_reads_cut_arrive_whole(place):
    data = "ü✨".encode()
    with recording(place, *python(READ_ALL.format(n=len(data)))) as person:
        person.wait_for("ready")
        for number in range(len(data)):
            person.type(data[number : number + 1])
        person.wait_for(f"<{data.hex()}>")
        person.leave()
    assert b"".join(piece for _, piece in typed(place)) == data


def test_a_large_paste_arrives_whole(place):
    with recording(place, *python(READ_ALL.format(n=200_000))) as person:
        person.wait_for("ready")
        person.type(b"x" * 200_000)
        person.wait_for(">")
        person.leave()
    assert b"".join(piece for _, piece in typed(place)) == b"x" * 200_000


def test_colours_and_modes_come_through_unchanged(place):
    shown = b"\x1b[1;38;2;1;2;3mcolour\x1b[0m\x1b]0;title\x07\x1b[?2004h\x1b[?2004l\xff"
    with recording(place, *python(f"import os; os.write(1, {shown!r})")) as person:
        assert person.leave() == 0
        assert shown in person.seen
    assert bytes(tape_of(place).raw) == shown


def test_control_keys_reach_the_program_and_not_the_recorder(place):
    with recording(place, *python(CATCHES)) as person:
        person.wait_for("ready")
        person.type("\x03")
        person.wait_for("caught-int")
        person.type("\x1c")
        person.wait_for("caught-quit")
        person.type("\x04")
        assert person.leave() == 0
    assert b"end\r\n" in bytes(tape_of(place).raw)


def test_job_control_is_that_of_the_recorded_shell(place):
    program = place.with_suffix(".py")
    program.write_text(
        "import signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCONT])\n"
        "print('up', flush=True)\n"
        "print('got', input(), flush=True)\n"
        "signal.sigwait([signal.SIGCONT])\n"
        "print('again', flush=True)\n"
        "print('got', input(), flush=True)"
    )
    with recording(place, "bash", "--norc", "--noprofile", "-i", PS1="$ ") as person:
        person.wait_for("$ ")
        person.type(f"{sys.executable} {program}\r")
        person.wait_for("up\r\n")
        person.type("first\r")
        person.wait_for("got first")
        person.type("\x1a")
        person.wait_for("Stopped")
        person.type("fg\r")
        person.wait_for("again\r\n")
        person.type("second\r")
        person.wait_for("got second")
        person.wait_for("$ ", 3)
        person.type("exit 5\r")
        assert person.leave() == 0
    assert tape_of(place).final.exit.code == 5


def test_the_size_follows_the_persons_terminal(place):
    program = (
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "for number in range(3):\n"
        "    if number: signal.sigwait([signal.SIGWINCH])\n"
        "    print(os.get_terminal_size(), flush=True)\n"
    )
    with recording(place, *python(program), columns=70, rows=20) as person:
        person.wait_for("columns=70, lines=20")
        person.resize(100, 30)
        person.wait_for("columns=100, lines=30")
        person.resize(9000, 30)  # more than a terminal has
        person.wait_for("columns=4096, lines=30")
        assert person.leave() == 0
    assert [(event.size.columns, event.size.rows) for event in inputs(place, "resize")] == [
        (100, 30),
        (4096, 30),
    ]
    assert tape_of(place).manifest.terminal.initial_cols == 70


def test_a_size_that_changed_while_nobody_listened_is_followed(place):
    changing = (
        "import os, sys, fcntl, struct, termios, cassette.cli, cassette.recording.interactive as i\n"
        "real = i.Person.drive\n"
        "def drive(self, run):\n"
        "    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 100, 0, 0))\n"
        "    real(self, run)\n"
        "i.Person.drive = drive\n"
        f"argv = ['record', '-o', {str(place)!r}, '--', 'sh', '-c', 'read x; stty size']\n"
        "sys.exit(cassette.cli.main(argv))"
    )
    with Person([sys.executable, "-c", changing]) as person:
        person.type("\r")
        person.wait_for("30 100\r\n")
        assert person.leave() == 0
    assert [(event.size.columns, event.size.rows) for event in inputs(place, "resize")] == [(100, 30)]


@pytest.mark.parametrize(
    ("options", "size"),
    [(["--columns", "50"], "24 50"), (["--rows", "9"], "9 80"), (["--columns", "50", "--rows", "9"], "9 50")],
)
def test_a_size_that_was_given_does_not_follow(place, options, size):
    program = "stty size; echo ready; read x; stty size"
    with recording(place, "sh", "-c", program, options=options) as person:
        person.wait_for("ready")
        person.resize(100, 30)
        person.type("\r")
        assert person.leave() == 0
    assert bytes(tape_of(place).raw).count(f"{size}\r\n".encode()) == 2
    assert inputs(place, "resize") == []


def test_what_the_terminal_answers_is_told_from_keys(place):
    program = READ_ALL.replace("b'ready'", "b'\\x1b[6n\\x1b[cready'").format(n=22)
    with recording(place, *python(program)) as person:
        person.wait_for("ready")
        person.type(b"\x1b[1;2R\x1b[?62;")
        person.type(b"22cx\x1b[1;2R")
        person.wait_for(">")
        person.leave()
    answers = b"".join(data for source, data in typed(place) if source == "terminal")
    keys = b"".join(data for source, data in typed(place) if source == "user")
    assert answers == b"\x1b[1;2R\x1b[?62;22c"
    assert keys == b"x\x1b[1;2R"  # nobody had asked again: that is shift+f3


def test_queries_are_left_to_the_persons_terminal(place):
    with recording(place, "sh", "-c", r"printf '\033[c'; read x") as person:
        person.wait_for(b"\x1b[c")
        person.type("\r")
        person.leave()
    assert [source for source, _ in typed(place)] == ["user"]


# The end.


def test_the_summary_and_the_exit_code(place):
    with recording(place, "sh", "-c", "exit 3") as person:
        assert person.leave() == 0
    assert re.search(rb"recorded \d+\.\d s, exit code 3: ", person.seen)
    assert str(place).encode() in person.seen


@pytest.mark.parametrize(("said", "between"), [("done", b"\r\n"), (r"done\n", b"")])
def test_the_summary_has_a_line_of_its_own(place, said, between):
    with recording(place, "printf", said) as person:
        assert person.leave() == 0
    assert person.seen.startswith(said.replace(r"\n", "\r\n").encode() + between + b"recorded ")


def test_the_exit_code_of_the_program_when_that_is_wanted(place):
    with recording(place, "sh", "-c", "exit 3", options=["--exit-code-of-child"]) as person:
        assert person.leave() == 3


def test_quiet_is_quiet(place):
    with recording(place, "echo", "hi", options=["--quiet"]) as person:
        person.leave()
    assert b"recorded" not in person.seen


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1]
)
def test_a_signal_to_the_recorder_is_the_programs_and_an_event(place, number):
    with recording(place, "sh", "-c", r"printf '\033[?1049h\033[?25lready'; exec cat") as person:
        person.wait_for("ready")
        os.kill(person.session.pid, number)
        assert person.leave() == 128 + number
    tape = tape_of(place)
    assert bytes(tape.raw).startswith(b"\x1b[?1049h\x1b[?25lready")
    assert [event.signal for event in inputs(place, "signal")] == [number.name]
    assert tape.final.exit.signal == number.name
    assert tape.final.metadata is None  # nobody had to end it
    assert tape.verdict.state == "complete"
    assert person.seen.index(b"\x1b[?1049l") < person.seen.index(b"\x1b[?25h")


def test_a_program_that_catches_a_signal_goes_on(place):
    with recording(place, *python(CATCHES), options=["--exit-code-of-child"]) as person:
        person.wait_for("ready")
        os.kill(person.session.pid, signal.SIGINT)
        person.wait_for("caught-int")
        os.kill(person.session.pid, signal.SIGUSR1)
        person.wait_for("caught-usr")
        person.type("still here\r\x04")
        assert person.leave() == 0
    assert [event.signal for event in inputs(place, "signal")] == ["SIGINT", "SIGUSR1"]
    assert b"got still here\r\nend\r\n" in bytes(tape_of(place).raw)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 7), (signal.SIGHUP, 7)])
def test_a_program_may_say_goodbye(place, number, status):
    program = f"trap 'echo bye; exit {status}' {number.name[3:]}; echo ready; while :; do sleep 0.01; done"
    with recording(place, "bash", "-c", program) as person:
        person.wait_for("ready")
        os.kill(person.session.pid, number)
        assert person.leave() == 128 + number
    tape = tape_of(place)
    assert tape.final.exit.code == status
    assert bytes(tape.raw).endswith(b"bye\r\n")
    assert tape.verdict.state == "complete"


def test_a_second_signal_ends_what_ignores_the_first(place):
    program = "trap 'echo no' TERM; trap '' HUP; echo ready; while :; do sleep 0.01; done"
    with recording(place, "bash", "-c", program) as person:
        person.wait_for("ready")
        os.kill(person.session.pid, signal.SIGTERM)
        person.wait_for("no\r\n")
        os.kill(person.session.pid, signal.SIGTERM)
        assert person.leave() == 128 + signal.SIGTERM
    tape = tape_of(place)
    assert [event.signal for event in inputs(place, "signal")] == ["SIGTERM"]
    assert tape.final.metadata["detail"] == "the recorder got SIGTERM, then SIGTERM"
    assert tape.verdict.state == "complete"


def test_what_does_not_end_after_a_signal_is_ended(place):
    command = (
        "import sys, cassette.cli, cassette.recording.interactive as i\n"
        "i.PATIENCE_S = 0.05\n"
        f"sys.exit(cassette.cli.main(['record', '-o', {str(place)!r}, '--', 'bash', '-c', "
        "\"trap '' TERM; echo ready; while :; do read x; done\"]))"
    )
    with Person([sys.executable, "-c", command]) as person:
        person.wait_for("ready")
        os.kill(person.session.pid, signal.SIGTERM)
        assert person.leave() == 128 + signal.SIGTERM
    assert "did not end within 0.05 s" in tape_of(place).final.metadata["detail"]


def test_a_fault_of_ours_puts_the_terminal_back_and_keeps_the_recording(place, spool_root):
    fault = (
        "import sys, cassette.recording.recorder as r, cassette.cli\n"
        "def broken(self, data): raise RuntimeError('a fault')\n"
        "real = r.Recorder.output\n"
        "r.Recorder.output = lambda self, d: broken(self, d) if b'now' in d else real(self, d)\n"
        f"argv = ['record', '-o', {str(place)!r}, '--', 'sh', '-c', 'echo ready; read x; echo now']\n"
        "sys.exit(cassette.cli.main(argv))"
    )
    with Person([sys.executable, "-c", fault]) as person:
        person.wait_for("ready")
        person.type("\r")
        assert person.leave() == 4
    assert b"Traceback" not in person.seen
    assert b"this is a fault of pty-cassette: RuntimeError: a fault" in person.seen
    (spool,) = spools_in(spool_root)
    assert f"cassette recover {spool}".encode() in person.seen


@pytest.mark.parametrize(
    "left", [b"\x1b[?1000h\x1b[?1006h", b"\x1b[?2004h", b"\x1b[?25l", b"\x1b[>1u", b"\x1b=", b"\x1b[?7l"]
)
def test_what_a_killed_program_left_on_is_switched_off(place, left):
    program = f"import os, signal; os.write(1, {left!r} + b'ready'); os.kill(os.getpid(), signal.SIGKILL)"
    with recording(place, *python(program)) as person:
        assert person.leave() == 0
    emulator = make_emulator(columns=80, rows=24)
    fresh = emulator.modes
    emulator.feed(person.seen)
    assert emulator.modes == fresh
    assert bytes(tape_of(place).raw) == left + b"ready"  # ours is not recorded


def test_a_terminal_that_goes_away_ends_the_program_and_is_published(place):
    argv = [*RECORD, "-o", str(place), "--", "sh", "-c", "echo ready $$.; exec cat"]
    session = PtySession.spawn(argv, columns=80, rows=24)
    child = int(read_match(session, rb"ready (\d+)\.")[1])
    recorder = os.pidfd_open(session.pid)
    session._close_descriptors()  # as a closed window does: the kernel hangs up, and nobody is killed
    assert select.select([recorder], [], [], LIMIT_S)[0]
    os.close(recorder)
    assert session.poll().code == 128 + signal.SIGHUP
    session._reap()
    assert not alive(child)
    assert tape_of(place).final.exit.signal == "SIGHUP"


def test_a_pipe_that_is_closed_behind_it_is_no_error(place):
    program = "echo one; sleep 0.2; seq 100000; echo two"
    line = f"{' '.join(RECORD)} -o {place} -- sh -c '{program}' | head -1; echo code ${{PIPESTATUS[0]}}"
    with Person(["bash", "-c", line]) as person:
        person.leave()
    assert b"Traceback" not in person.seen
    assert b"one" in person.seen
    assert b"code 0" in person.seen
    assert place.exists()


def test_a_suspended_recorder_gives_the_terminal_back_and_takes_it_again(place):
    program = (
        "import os, signal, tty\ntty.setraw(0)\n"
        "signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b'painted'))\n"
        "os.write(1, b'\\x1b[?2004h\\x1b[?1049hready')\n"
        "while os.read(0, 1) != b'q': pass"
    )
    script = place.with_suffix(".py")
    script.write_text(program)
    with Person(["bash", "--norc", "--noprofile", "-i"], PS1="$ ") as person:
        person.wait_for("$ ")
        person.type(f"{' '.join(RECORD)} -o {place} -- {sys.executable} {script}\r")
        person.wait_for(b"\x1b[?1049hready")
        before = person.seen.count(b"\x1b[?1049l")
        pid = recorder_of(person.session.pid)
        os.kill(pid, signal.SIGTSTP)
        person.wait_for("Stopped")
        assert person.seen.count(b"\x1b[?1049l") == before + 1
        person.type("echo at-the-shell\r")
        person.wait_for("at-the-shell", 2)
        person.type("fg\r")
        person.wait_for("painted")
        assert person.seen.rindex(b"\x1b[?1049h") > person.seen.rindex(b"\x1b[?1049l")
        person.type("q")
        person.wait_for("recorded")
        person.type("exit\r")
        assert person.session.wait(LIMIT_S) is not None  # the shell's settings are its own business
    assert [event.signal for event in inputs(place, "signal")] == ["SIGWINCH"]


def recorder_of(shell):
    """The pid of the shell's child that is ours."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == shell:
                return int(entry)
    raise AssertionError("the shell has no child")


def test_the_program_may_not_start(place):
    with recording(place, "no-such-program") as person:
        assert person.leave() == 4
    assert b"was not found in PATH" in person.seen
    assert not place.exists()
