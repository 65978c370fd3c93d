"""Sessions with real programs under record: what is sent, what is waited for, and how it ends."""

import os
import re
import shutil
import threading
from hashlib import sha256

import pytest
from proof_helpers import own_spools
from pty_helpers import LIMIT_S, alive, open_descriptors, our_children
from recording_helpers import everything, gaps, inputs, python, seq_of_output, spools, tape_of, typed

import cassette
from cassette.errors import (
    CannotSend,
    CannotStart,
    CassetteExists,
    SpoolFull,
    TimedOut,
    UsageError,
    WaitFailed,
)
from cassette.reading.verify import verify
from cassette.recording.live import SECRET_FILLER
from cassette.recording.live_screen import QueryWatch
from cassette.recording.recovery import discard_spool, recover
from terminal.emulator import make_emulator
from terminal.waiting import framed

RAW = "import tty, sys, os; tty.setraw(0); os.write(1, b'ready');"
ECHO_HEX = RAW + "[os.write(1, os.read(0, 100).hex().encode() + b'|') for _ in range({})]"


@pytest.fixture(autouse=True)
def _fresh_spools():
    with own_spools():
        yield


@pytest.fixture
def place(tmp_path):
    return tmp_path / "tape"


@pytest.fixture
def start(place):
    """`start(*argv)` records into `place`, with waits that hold on a loaded machine."""

    def begin(*argv, **options):
        return cassette.record(place, list(argv), **{"timeout": LIMIT_S, "exit_timeout": LIMIT_S, **options})

    return begin


def fail_in(session, error, before=lambda: None):
    with session:
        before()
        raise error


# What goes in.


def test_an_answer_never_comes_before_its_question(start, place):
    with start("sh", "-c", "stty -echo; echo go; while read x; do echo got-$x-; done") as session:
        session.wait_for("go")
        for n in range(20):
            session.type(f"{n}\n")
            session.wait_for(f"got-{n}-")
        session.press("ctrl+d")
    for n, event in enumerate(inputs(place, "input")[:20]):
        assert event.seq < seq_of_output(place, b"got-%d-" % n)


def test_typing_and_pressing_are_two_events_and_two_writes(start, place):
    with start(*python(ECHO_HEX.format(2))) as session:
        session.wait_for("ready")
        session.type("Ada")
        session.wait_for("416461|")
        session.press("enter")
    assert typed(place) == [("script", b"Ada"), ("script", b"\r")]
    assert [event.key for event in inputs(place, "input")] == [None, "enter"]
    assert b"416461|0d|" in bytes(tape_of(place).raw)


def test_several_keys_are_several_events(start, place):
    with start(*python(RAW + "[os.write(1, os.read(0, 1)) for _ in range(3)]")) as session:
        session.wait_for("ready")
        session.press("a", "b", "c")
    assert [event.key for event in inputs(place, "input")] == ["a", "b", "c"]


def test_a_wrong_key_is_refused_before_any_is_pressed(start, place):
    with start("cat") as session:
        with pytest.raises(UsageError, match="no key is called 'entr'; did you mean enter"):
            session.press("a", "entr")
        session.press("ctrl+d")
    assert typed(place) == [("script", b"\x04")]


def test_arrow_keys_follow_the_mode_that_the_program_set(start, place):
    code = RAW + (
        "os.read(0, 9); os.write(1, b'\\x1b[?1hon'); os.read(0, 9);os.write(1, b'\\x1b[?1loff');os.read(0, 9)"
    )
    with start(*python(code)) as session:
        session.wait_for("ready")
        session.press("up")
        session.wait_for("on")
        session.press("up")
        session.wait_for("off")
        session.press("up")
    assert [data for _, data in typed(place)] == [b"\x1b[A", b"\x1bOA", b"\x1b[A"]


def test_a_paste_is_bracketed_where_the_program_asked_for_it(start, place):
    code = RAW + "os.read(0, 99); os.write(1, b'\\x1b[?2004hbrackets'); os.read(0, 99)"
    with start(*python(code)) as session:
        session.wait_for("ready")
        session.paste("a\nb")
        session.wait_for("brackets")
        session.paste("a\nb\x1b[201~c")
    assert [(event.kind, event.data) for event in inputs(place, "input", "paste")] == [
        ("paste", b"a\rb"),
        ("paste", b"\x1b[200~a\rbc\x1b[201~"),
    ]


def test_bytes_go_in_as_they_are(start, place):
    data = bytes(range(256))
    code = (
        RAW
        + "d = b''\nwhile len(d) < 256: d += os.read(0, 300)\nos.write(1, b'%d' % (d == bytes(range(256))))"
    )
    with start(*python(code)) as session:
        session.wait_for("ready")
        session.send(data)
        session.wait_for("ready1")
    assert typed(place) == [("script", data)]


@pytest.mark.parametrize("secret", ["x", "hunter2hunter2", "pässwörd"])
@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_secret_leaves_no_trace(start, place, secret, ending):
    with start("sh", "-c", "stty -echo; printf 'Password: '; read x; echo ok ${#x}") as session:
        session.wait_for("Password:")
        session.type(secret + ending, secret=True)
        if not ending:
            session.press("enter")
        session.wait_for("ok")
    first = inputs(place, "input")[0]
    assert (first.data, first.redacted) == (SECRET_FILLER + ending.encode(), "caller")
    if len(secret) > 1:
        assert secret.encode() not in everything(place)


def test_text_that_is_no_text_is_refused(start):
    with start("cat") as session:
        for use in (session.type, session.paste):
            with pytest.raises(UsageError, match="Send its bytes"):
                use("\ud800")
        session.press("ctrl+d")


def test_input_larger_than_a_terminal_holds_arrives_whole(start, place):
    code = RAW + "d = b''\nwhile len(d) < 300000: d += os.read(0, 65536)\nos.write(1, b' %d' % len(d))"
    with start(*python(code)) as session:
        session.wait_for("ready")
        session.type("x" * 300_000)
        session.wait_for("300000")
    assert len(inputs(place, "input")[0].data) == 300_000


def test_input_that_nobody_reads_is_an_error_in_time(start):
    with start(*python(RAW + "import time; time.sleep(600)"), timeout=0.2, exit_timeout=0.05) as session:
        session.wait_for("ready", timeout=LIMIT_S)
        with pytest.raises(CannotSend, match=r"The program took .* of 300000 bytes of input in 0\.2 s"):
            session.type("x" * 300_000)


def test_input_after_the_end_is_refused_and_not_recorded(start, place):
    with start("true") as session:
        session.wait()
        with pytest.raises(CannotSend, match="The program ended"):
            session.type("too late")
    assert typed(place) == []


def test_a_resize_is_recorded_before_the_program_is_told(start, place):
    code = (
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "print('ready', flush=True)\n"
        "signal.sigwait([signal.SIGWINCH])\n"
        "print(os.get_terminal_size(), flush=True)"
    )
    with start(*python(code), columns=80, rows=24) as session:
        session.wait_for("ready")
        session.resize(columns=60, rows=12)
        screen = session.wait_for("columns=60, lines=12")
    assert (screen.columns, screen.rows) == (60, 12)
    (event,) = inputs(place, "resize")
    assert event.size == cassette.model.Size(60, 12)
    assert event.seq < seq_of_output(place, b"columns=60")


def test_a_size_that_no_terminal_has_is_refused(start, place):
    with start("true") as session, pytest.raises(UsageError, match="give 1 to 4096"):
        session.resize(columns=0, rows=24)
    assert inputs(place, "resize") == []


@pytest.mark.parametrize("name", ["SIGINT", "int", "Int"])
def test_a_signal_is_recorded_before_it_is_sent(start, place, name):
    with start(
        "sh", "-c", "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done"
    ) as session:
        session.wait_for("ready")
        session.signal(name)
        assert session.wait().code == 3
    (event,) = inputs(place, "signal")
    assert event.signal == "SIGINT"
    assert event.seq < seq_of_output(place, b"caught")


def test_an_unknown_signal_is_refused(start):
    with (
        start("true") as session,
        pytest.raises(UsageError, match="no signal 'SIGNOPE': give a name such as"),
    ):
        session.signal("SIGNOPE")


def test_a_change_of_the_line_discipline_is_an_event(start, place):
    with start(
        "sh", "-c", "echo a; read x; stty -echo; echo b; read x; stty echo -icanon; echo c; read x"
    ) as session:
        for mark in "abc":
            session.wait_for(re.compile(f"^{mark}", re.M))
            session.type("\n")
    modes = [(event.mode["echo"], event.mode["icanon"]) for event in inputs(place, "mode")]
    assert modes[:2] == [(False, True), (True, False)]
    assert tape_of(place).manifest.terminal.pty_mode["echo"] is True


def test_a_password_prompt_is_known_before_the_input_that_follows(start, place):
    with start("sh", "-c", "stty -echo; echo ready; read x") as session:
        session.wait_for("ready")
        session.type("secret\n")
    with cassette.open(place) as tape:
        echo = tape.manifest.terminal.pty_mode[
            "echo"
        ]  # the program may have been quicker than the first look
        for event in tape.inputs():
            if event.kind == "input":
                break
            echo = event.mode["echo"] if event.kind == "mode" else echo
    assert event.kind == "input"
    assert echo is False


# What the terminal answers.

QUERIES = {
    "DA1": (b"\x1b[c", b"\x1b[?62;22c"),
    "CPR": (b"\x1b[6n", b"\x1b[1;6R"),
    "XTVERSION": (b"\x1b[>0q", None),
    "kitty": (b"\x1b[?u", b"\x1b[?0u"),
    "OSC 11": (b"\x1b]11;?\x1b\\", None),
    "DECRQM": (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
    "XTGETTCAP": (b"\x1bP+q544e\x1b\\", None),
    "C1": (b"\xc2\x9bc", b"\x1b[?62;22c"),
}
ASK = RAW + (
    "import sys, time\n"
    "for part in {parts}: os.write(1, part); time.sleep({pause})\n"
    "d = os.read(0, 200)\n"
    "while d[-1:] not in b'cRuy\\\\': d += os.read(0, 200)\n"
    "os.write(1, b'answered ' + d.hex().encode())"
)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_answered_once_while_nobody_waits(start, place, name):
    query, answer = QUERIES[name]
    with start(*python(ASK.format(parts=[query], pause=0))) as session:
        assert session.wait().code == 0
    ((source, data),) = typed(place)
    assert source == "terminal"
    assert answer in (None, data)
    assert b"answered " + data.hex().encode() in bytes(tape_of(place).raw)
    (event,) = inputs(place, "input")
    assert event.seq < seq_of_output(place, b"answered")


@pytest.mark.parametrize("name", ["DA1", "OSC 11", "XTGETTCAP"])
def test_a_query_that_reads_cut_is_answered_once(start, place, name):
    query, _ = QUERIES[name]
    parts = [query[n : n + 1] for n in range(len(query))]
    with start(*python(ASK.format(parts=parts, pause=0.02))) as session:
        assert session.wait().code == 0
    assert [source for source, _ in typed(place)] == ["terminal"]


def test_a_query_is_answered_once_while_others_wait_and_look(start, place):
    with start(*python(ASK.format(parts=[b"\x1b[c"], pause=0.05))) as session:
        lookers = [threading.Thread(target=lambda: session.wait_for("answered")) for _ in range(4)]
        for looker in lookers:
            looker.start()
        for looker in lookers:
            looker.join()
    assert [source for source, _ in typed(place)] == ["terminal"]


def test_the_watch_sees_every_query_however_it_is_cut():
    for query, _ in QUERIES.values():
        for whole in (
            query,
            b"text \x1b[1m" + query,
            query + b"more\x1b[m",
            b"\xe2\x94\x80" + query + b"\x1b",
        ):
            cuts = [[n] for n in range(1, len(whole))] + [list(range(1, len(whole)))]
            for cut in cuts:
                watch, screen, answers = QueryWatch(), make_emulator(columns=80, rows=24), b""
                for begin, end in zip([0, *cut], [*cut, len(whole)], strict=True):
                    screen.feed(whole[begin:end])
                    if watch.may_ask(whole[begin:end]):
                        answers += screen.replies()
                assert answers, (whole, cut)
                assert screen.replies() == b"", (whole, cut)


def test_plain_and_coloured_text_is_no_query():
    watch = QueryWatch()
    for data in (
        b"plain\r\n",
        "grüße ── ✨".encode(),
        b"\x1b[1;31mred\x1b[0m",
        b"\x1b[2J\x1b[H\x1b[?25l",
        b"\x1b]0;title\x07",
    ):
        assert not watch.may_ask(data), data


# Waiting.


def test_a_text_a_pattern_over_rows_and_a_predicate(start):
    with start("printf", "name: Ada\\nage: 36\\n") as session:
        assert "Ada" in session.wait_for("Ada").text[0]
        session.wait_for(re.compile(r"^name: (\w+)\nage: \d+$", re.M))
        session.wait_for(lambda screen: screen.cursor.row == 2)
        session.wait_for("Ada\nage")


@pytest.mark.parametrize("what", [b"bytes", re.compile(b"bytes"), 5, None])
def test_what_cannot_be_waited_for_is_refused(start, what):
    with (
        start("true") as session,
        pytest.raises(UsageError, match="give a text, a pattern of text, or a predicate"),
    ):
        session.wait_for(what)


def test_a_match_that_does_not_hold_is_none(start):
    """`flicker` is shown and gone within much less than it has to hold here; `steady` stays."""
    code = (
        "import sys, time\n"
        "for n in range(60):\n"
        "    sys.stdout.write('\\rflicker'); sys.stdout.flush(); time.sleep(0.004)\n"
        "    sys.stdout.write('\\r\\x1b[K'); sys.stdout.flush(); time.sleep(0.004)\n"
        "sys.stdout.write('\\rsteady'); sys.stdout.flush(); sys.stdin.read(1)"
    )
    with start(*python(code)) as session:
        session._settle_s = 1.5
        assert session.wait_for(re.compile("flicker|steady")).text[0] == "steady"
        session.press("enter")


def test_a_match_that_holds_beside_a_spinner_is_enough(start):
    code = (
        "import sys, itertools, time, select\n"
        "print('ready', flush=True)\n"
        "for c in itertools.cycle('|/-x'):\n"
        "    sys.stdout.write('\\r' + c); sys.stdout.flush()\n"
        "    if select.select([0], [], [], 0.005)[0]: break"
    )
    with start(*python(code)) as session:
        assert session.wait_for("ready").text[0] == "ready"
        session.press("enter")


def test_a_failed_wait_shows_the_screen(start, golden):
    with start("sh", "-c", "printf 'Log in\\n\\n  user: '; read x", columns=30, rows=5) as session:
        session.wait_for("user:")
        with pytest.raises(WaitFailed) as caught:
            session.wait_for("password:", timeout=0.05)
        session.press("enter")
    assert caught.value.exit_code == 6
    golden("wait_failed.txt", re.sub(r"\d+\.\d s", "N s", str(caught.value)) + "\n")


def test_a_wait_that_fails_because_the_program_ended_says_how(start, golden):
    with start("sh", "-c", "echo sorry; exit 3", columns=30, rows=5) as session:
        with pytest.raises(WaitFailed) as exited:
            session.wait_for(re.compile("wel+come"))
        with pytest.raises(WaitFailed):
            session.wait_for(lambda _screen: False)
        session.wait_for("sorry")  # what is there can still be found
    golden("wait_failed_ended.txt", re.sub(r"\d+\.\d s", "N s", str(exited.value)) + "\n")


def test_a_wait_after_a_signal_names_it(start):
    with start("sh", "-c", "kill -9 $$") as session, pytest.raises(WaitFailed, match="ended with SIGKILL"):
        session.wait_for("anything")


def test_stable_means_that_nothing_came_for_so_long(start):
    with start("sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.05; done; read x") as session:
        assert "5" in session.wait_for_stable(quiet_ms=1500).text
        session.press("enter")


def test_a_program_that_never_stops_painting_is_not_stable(start):
    code = "import time\nwhile True: print('x', flush=True); time.sleep(0.01)"
    session = start(*python(code), exit_timeout=0.05)
    with session, pytest.raises(WaitFailed, match="60000 ms without output"):
        session.wait_for_stable(quiet_ms=60_000, timeout=0.3)


def test_reading_gives_each_byte_once_and_nothing_at_the_end(start):
    with start("sh", "-c", "echo one; read x; echo two") as session:
        seen = b""
        while b"one\r\n" not in seen:
            seen += session.read()
        with pytest.raises(TimedOut, match=r"no output came within 0\.05 s"):
            session.read(timeout=0.05)
        session.press("enter")
        while data := session.read():
            seen += data
        assert session.read() == b""
    assert seen == b"one\r\n\r\ntwo\r\n"


def test_reading_never_misses_what_came_meanwhile(start):
    """Many short lines with a reader that is always about to wait."""
    with start("sh", "-c", "for i in $(seq 300); do echo $i; read x; done") as session:
        for number in range(1, 301):
            seen = b""
            while b"%d\r\n" % number not in seen:
                seen += session.read()
            session.type("\n")


def test_looking_waits_for_the_answer_to_what_was_sent(start):
    with start("sh", "-c", "stty -echo; echo ready; read x; echo got-$x; read x") as session:
        session.wait_for("ready")
        session.type("it\n")
        session.wait_for("got-it")
        assert session.screen.text[1] == "got-it"
        session.press("enter")


def test_waits_and_looks_are_marks(start, place):
    with start("echo", "hello") as session:
        session.wait_for("hello")
        session.wait_for_stable(quiet_ms=1)
        assert session.screen.text[0] == "hello"
    assert [event.op for event in inputs(place, "mark")] == ["wait_for", "wait_for_stable", "screen"]


def test_a_failed_wait_is_no_mark(start, place):
    with start("true") as session, pytest.raises(WaitFailed):
        session.wait_for("x")
    with start("true", overwrite=True) as session:
        session.wait()
    assert inputs(place, "mark") == []


def test_sleeping_is_on_the_clock_of_the_recording(start, place):
    with start("cat") as session:
        clock = cassette.VirtualClock()
        session._clock = clock
        session.sleep(3600)
        assert clock.now() == 3600
        session._clock = session.recorder.clock
        session.press("ctrl+d")


def test_service_events_stand_in_order_with_the_rest(start, place):
    with start("sh", "-c", "read x; echo done") as session:
        session.service_event({"before": 1})
        session.type("\n")
        session.wait_for("done")
        session.service_event({"after": 2})
    first, second = tape_of(place).service_events()
    assert first.seq < inputs(place, "input")[0].seq < seq_of_output(place, b"done") < second.seq


# The end.


def test_waiting_gives_the_status_and_leaves_the_session_open(start, place):
    with start("sh", "-c", "exit 7") as session:
        assert session.exit_code in (None, 7)
        assert session.wait() == cassette.ExitStatus(7)
        assert session.end_reason == "exited"
    assert session.exit_code == 7
    assert session.wait().code == 7
    assert tape_of(place).final.exit.code == 7
    assert verify(place).state == "complete"


def test_a_program_that_does_not_end_is_a_timeout_of_the_wait(start):
    with (
        start("cat", exit_timeout=0.05) as session,
        pytest.raises(TimedOut, match=r"did not end within 0\.05 s"),
    ):
        session.wait(timeout=0.05)


def test_a_program_that_stays_is_ended_and_the_metadata_says_so(start, place):
    with start("cat", exit_timeout=0.05):
        pass
    final = tape_of(place).final
    assert final.exit.signal == "SIGHUP"
    assert final.metadata == {"ended_by": "stopped", "detail": "it did not end within 0.05 s"}


def test_a_program_that_ignores_hup_and_term_is_killed(start, place):
    with start(
        "sh", "-c", "trap '' HUP TERM; echo ready; while :; do sleep 0.1; done", exit_timeout=0.05
    ) as session:
        session.wait_for("ready")
        pid = session._run.program.pid
    assert tape_of(place).final.exit.signal == "SIGKILL"
    assert not alive(pid)


def test_what_a_program_says_while_it_is_ended_is_kept(start, place):
    with start(
        "sh",
        "-c",
        "trap 'echo goodbye; exit 5' HUP; echo ready; while :; do sleep 0.1; done",
        exit_timeout=0.05,
    ) as session:
        session.wait_for("ready")
    assert b"goodbye" in bytes(tape_of(place).raw)
    assert tape_of(place).final.exit.code == 5


def test_a_limit_ends_the_program(start, place):
    with start("cat", limit_s=0.2) as session:
        session.await_end()
        assert session.end_reason == "timeout"
    assert tape_of(place).final.metadata["ended_by"] == "timeout"
    assert tape_of(place).manifest.command.timeout_ms == 200


def test_facts_of_the_caller_stay_beside_those_of_the_end(start, place):
    with start("cat", exit_timeout=0.05) as session:
        session.recorder.final(final_text="so far", metadata={"model": "x"})
    final = tape_of(place).final
    assert final.final_text == "so far"
    assert final.metadata["model"] == "x"
    assert final.metadata["ended_by"] == "stopped"


def test_after_the_end_the_session_says_where_to_look(start):
    with start("true") as session:
        pass
    session.close()
    for use in (
        lambda: session.screen,
        lambda: session.press("a"),
        lambda: session.paste("a"),
        lambda: session.wait_for("a"),
        lambda: session.wait_for_stable(1),
    ):
        with pytest.raises(UsageError, match=r"the session is closed: .*cassette.open"):
            use()
    with pytest.raises(CannotSend):
        session.type("a")
    assert session.read() == b""
    session.resize(columns=10, rows=10)  # as for any program that has ended
    session.signal("INT")


@pytest.mark.parametrize("error", [ValueError("boom"), KeyboardInterrupt()])
def test_a_block_that_fails_ends_the_program_and_publishes_nothing(start, place, error):
    session = start("sh", "-c", "echo ready; exec cat")
    pid = session._run.program.pid
    with pytest.raises(type(error)) as caught:
        fail_in(session, error, lambda: session.wait_for("ready"))
    assert not alive(pid)
    assert not place.exists()
    (spool,) = spools()
    assert caught.value.__notes__ == [f"The recording is kept: finish it with `cassette recover {spool}`."]
    recover(spool)
    assert bytes(tape_of(place).raw) == b"ready\r\n"
    assert gaps(place) == [{"type": "gap", "reason": "abandoned"}]
    assert tape_of(place).final.exit.signal == "SIGHUP"


def test_an_interrupt_while_it_waits_for_the_end_ends_the_program_at_once(start, place, monkeypatch):
    session = start("sh", "-c", "echo ready; exec cat")
    session.wait_for("ready")
    pid = session._run.program.pid
    wait = session._run.over.wait

    def interrupted(timeout=None):
        monkeypatch.setattr(session._run.over, "wait", wait)
        raise KeyboardInterrupt

    monkeypatch.setattr(session._run.over, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        session.close()
    assert not alive(pid)
    assert "cassette recover" in caught.value.__notes__[0]
    (spool,) = spools()
    discard_spool(spool)


def test_a_callback_that_fails_ends_the_program_and_comes_out_of_close(start, place):
    def fail(data):
        raise RuntimeError("no more")

    session = start("sh", "-c", "echo hello; exec cat", on_output=fail)
    with pytest.raises(RuntimeError, match="no more") as caught:
        session.close()
    assert "cassette recover" in caught.value.__notes__[-1]
    (spool,) = spools()
    recover(spool)
    assert bytes(tape_of(place).raw).startswith(b"hello")


def test_an_emulator_that_fails_ends_the_recording_with_its_error(start, monkeypatch, capfd):
    def broken(self, data):
        raise RuntimeError("a fault")

    session = start("sh", "-c", "sleep 0.1; printf '\\033[c'; exec cat")
    monkeypatch.setattr(type(session._screen._ready()), "feed", broken)
    session.await_end()
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match="a fault"):
        session.close()
    assert "Traceback" not in capfd.readouterr().err
    discard_spool(session.recorder.spool.id)


def test_output_is_forwarded_as_it_was_recorded(start, place):
    seen = []
    with start("sh", "-c", "echo one; echo two", on_output=seen.append):
        pass
    assert b"".join(seen) == bytes(tape_of(place).raw) == b"one\r\ntwo\r\n"


@pytest.mark.parametrize(("limit", "state"), [(10, "complete"), (9, "partial")])
def test_max_bytes_ends_the_program_at_the_exact_byte(start, place, limit, state):
    with start("printf", "0123456789", max_bytes=limit):
        pass
    assert bytes(tape_of(place).raw) == b"0123456789"[:limit]
    assert verify(place).state == state


def test_a_program_that_never_stops_writing_is_stopped_by_max_bytes(start, place):
    with start("yes", max_bytes=100_000) as session:
        session.await_end()
    assert len(tape_of(place).raw) == 100_000
    assert gaps(place)[0]["reason"] == "max-bytes"
    assert tape_of(place).final.metadata == {"ended_by": "stopped", "detail": "max-bytes"}


def test_a_full_spool_publishes_what_there_is_and_raises(start, place):
    session = start("sh", "-c", "echo first; read x; yes")
    session.wait_for("first")
    session.recorder.spool._max_bytes = session.recorder.spool.size + 1000
    session.recorder.spool._limit = 0
    session.type("\n")
    session.await_end()
    with pytest.raises(SpoolFull):
        session.close()
    assert bytes(tape_of(place).raw).startswith(b"first")
    assert gaps(place)[0]["reason"] == "spool-full"
    assert spools() == []


def test_nothing_stays_behind(start, tmp_path):
    def once(name):
        with cassette.record(
            tmp_path / name, ["sh", "-c", "sleep 300 & echo hi"], exit_timeout=LIMIT_S
        ) as session:
            session.wait_for("hi")

    once("first")
    before = open_descriptors(), threading.active_count()
    once("second")
    assert (open_descriptors(), threading.active_count()) == before
    assert our_children() == []
    assert spools() == []


def test_two_programs_at_once(tmp_path):
    options = {"timeout": LIMIT_S, "exit_timeout": LIMIT_S}
    with (
        cassette.record(tmp_path / "a", ["cat"], **options) as first,
        cassette.record(tmp_path / "b", ["cat"], **options) as second,
    ):
        first.type("to the first\n")
        second.type("to the second\n")
        first.wait_for("first")
        second.wait_for("second")
        first.press("ctrl+d")
        second.press("ctrl+d")
    assert b"second" not in bytes(tape_of(tmp_path / "a").raw)


# Programs that people use.


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@needs("vim")
def test_vim(start, place, tmp_path):
    with start("vim", "-u", "NONE", "-N", str(tmp_path / "text")) as session:
        session.wait_for("[New")
        session.type("ihello")
        session.press("escape")
        session.wait_for(lambda screen: screen.text[0] == "hello")
        session.type("yyp")
        session.wait_for(lambda screen: screen.text[1] == "hello")
        session.resize(columns=60, rows=10)
        session.wait_for(lambda screen: screen.columns == 60 and screen.text[8].startswith("~"))
        session.type(":wq")
        session.press("enter")
        assert session.wait().code == 0
    assert (tmp_path / "text").read_text() == "hello\nhello\n"
    assert verify(place).state == "complete"


@needs("less")
def test_less(start, place, tmp_path):
    (tmp_path / "text").write_text("".join(f"line {n}\n" for n in range(500)))
    with start("less", str(tmp_path / "text"), env={"LESS": ""}) as session:
        session.wait_for("line 22")
        session.press("pagedown")
        session.wait_for("line 45")
        session.press("up")
        session.wait_for(lambda screen: screen.text[0] == "line 22")
        session.type("/line 300")
        session.press("enter")
        session.wait_for(lambda screen: screen.text[0] == "line 300")
        session.type("q")
        assert session.wait().code == 0
    assert verify(place).state == "complete"


@needs("top")
def test_top(start, place):
    with start("top", "-d", "0.2") as session:
        session.wait_for(re.compile(r"PID +USER"))
        session.type("q")
        assert session.wait().code == 0
    assert verify(place).state == "complete"


@needs("dialog")
def test_dialog(start, place):
    menu = ["dialog", "--menu", "pick", "12", "40", "4", "a", "first", "b", "second"]
    with start(*menu) as session:
        session.wait_for("second")
        session.press("down", "enter")
        assert session.wait().code == 0
    assert verify(place).state == "complete"


def test_a_shell(start, place):
    with start("bash", "--norc", "--noprofile", env={"PS1": "$ "}) as session:
        session.wait_for("$ ")
        session.type("echo runs; cat")
        session.press("enter")
        session.wait_for("\nruns\n")
        session.type("said")
        session.press("enter")
        session.wait_for("said\nsaid\n")  # a Ctrl+C before that may still be for the shell, or for its fork
        session.press("ctrl+c")
        session.wait_for("^C\n$ ")
        session.type("exit 9")
        session.press("enter")
        assert session.wait().code == 9


# Starting.


def test_the_harness_is_the_program_that_was_found_in_its_own_path(start, place, tmp_path):
    program = tmp_path / "bin" / "agent"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho hi\n")
    program.chmod(0o755)
    digest = sha256(os.fsencode(program.resolve())).hexdigest()
    for argv, options in (
        (["agent"], {"env": {"PATH": f"{program.parent}:/usr/bin:/bin"}}),
        (["bin/agent"], {"cwd": tmp_path}),
    ):
        with start(*argv, overwrite=True, **options):
            pass
        harness = tape_of(place).manifest.harness
        assert (harness.name, harness.binary_path_digest_sha256) == ("agent", digest)


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["no-such-program"], "was not found in PATH"),
        (["./nope"], "does not exist"),
        (["/"], "is a directory"),
        ([], "no command to run"),
        ("ls -l", "is one string"),
        ([5], "no text but int"),
        (["a\0b"], "NUL byte"),
    ],
)
def test_what_cannot_be_started_leaves_nothing(place, argv, why):
    with pytest.raises(CannotStart, match=why):
        cassette.record(place, argv)
    assert not place.exists()
    assert spools() == []


def test_a_file_that_may_not_be_executed(place, tmp_path):
    (tmp_path / "plain").write_text("hello")
    with pytest.raises(CannotStart, match=r"may not be executed. Allow it with chmod \+x"):
        cassette.record(place, [str(tmp_path / "plain")])


@pytest.mark.parametrize(
    "options", [{"limit_s": 0}, {"limit_s": float("nan")}, {"columns": "80"}, {"max_bytes": 0}]
)
def test_options_without_a_meaning_are_refused(place, options):
    with pytest.raises(UsageError):
        cassette.record(place, ["true"], **options)
    assert spools() == []


def test_a_place_that_is_taken_is_refused_before_the_program_runs(place, tmp_path):
    place.mkdir()
    with pytest.raises(CassetteExists):
        cassette.record(place, ["touch", str(tmp_path / "ran")])
    assert not (tmp_path / "ran").exists()


def test_the_environment_and_what_of_it_is_recorded(start, place, monkeypatch):
    monkeypatch.setenv("INHERITED", "in")
    monkeypatch.setenv("COLUMNS", "200")
    with start(
        "sh", "-c", "echo $INHERITED-$GIVEN-$TERM-$COLUMNS-$ODD", env={"GIVEN": "g1ven", "ODD": "\udcff"}
    ):
        pass
    assert b"in-g1ven-xterm-256color--\xff" in bytes(tape_of(place).raw)
    manifest = tape_of(place).manifest
    assert manifest.command.env_allowlist == ("GIVEN", "ODD")
    assert b"g1ven" not in (place / "manifest.json").read_bytes()


def test_a_clean_environment_has_path_and_what_is_given(start, place):
    with start("env", clean_env=True, env={"TERM": "vt100", "A": "1"}):
        pass
    names = {line.partition(b"=")[0] for line in bytes(tape_of(place).raw).split()}
    assert names == {b"PATH", b"TERM", b"A"}
    assert tape_of(place).manifest.terminal.term == "vt100"


def test_words_that_are_no_utf8_are_recorded_readably(start, place):
    with start("echo", "\udcff", env={"LANG": "\udcfe", "N\udcff": "x"}, labels={"k": "\udcff"}):
        pass
    manifest = tape_of(place).manifest
    assert manifest.command.argv == ("echo", "\ufffd")
    assert manifest.optional == {"labels": {"k": "\ufffd"}}


def test_the_working_directory(start, place, tmp_path):
    with start("pwd", cwd=tmp_path):
        pass
    assert os.fsencode(tmp_path) in bytes(tape_of(place).raw)
    assert tape_of(place).manifest.command.workdir_policy == "given"


def test_a_screen_in_a_box():
    screen = make_emulator(columns=6, rows=3)
    screen.feed("✨ab\r\n|".encode())
    assert framed(screen.snapshot()) == "+------+\n|✨ab  |\n||     |\n+------+\ncursor: row 1, column 1"
