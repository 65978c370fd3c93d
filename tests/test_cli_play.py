"""`cassette play` as a viewer sees it: paced, safe, and with the terminal as before however it ends."""

import signal

import pytest
from build_cassette import Tape, greeter
from cli_harness import COMMAND, OnTerminal, refused, restored, run_bytes, run_here
from test_viewing import SAFE

from cassette.cli.play_cmd import _pace, parser
from terminal.emulator import make_emulator

HOUR_MS = 3_600_000
AS_BEFORE = "settings-as-before"


@pytest.fixture
def slow(tmp_path):
    """An hour between each of its words: what comes early came by a key."""
    tape = Tape()
    for number, word in enumerate(["one", "two", "three"]):
        tape.output(number * HOUR_MS, b"\x1b[31m%s\r\n" % word.encode())
    return tape.final(3 * HOUR_MS).write(tmp_path / "slow")


@pytest.fixture
def full_screen(tmp_path):
    """Switches on what a full-screen program does, and stays there for an hour."""
    tape = Tape().output(0, b"\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?2004h\x1b[2;3r\x1b[44m\x1b[HPAINTED")
    return tape.output(HOUR_MS, b"never").final(HOUR_MS).write(tmp_path / "full")


def at_rest(terminal):
    """Whether the screen is one on which a shell can go on."""
    emulator = make_emulator(columns=80, rows=24)
    emulator.feed(terminal.output)
    fresh = make_emulator(columns=80, rows=24).snapshot()
    seen = emulator.snapshot()
    return (seen.modes, seen.alternate_screen, seen.title) == (
        fresh.modes,
        False,
        "",
    ) and emulator.replies() == b""


# -- to a pipe ----------------------------------------------------------------------------------------------


def test_a_pipe_gets_everything_at_once(slow):
    done = run_bytes("play", slow)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"\x1b[31mone\r\n\x1b[31mtwo\r\n\x1b[31mthree\r\n\x1b[m"


def test_from_comes_at_once_and_to_ends(slow):
    assert run_bytes("play", slow, "--to", "1:00:00").stdout == b"\x1b[31mone\r\n\x1b[31mtwo\r\n\x1b[m"
    assert run_bytes("play", slow, "--realtime", "--from", "3:00:00").stdout.count(b"\n") == 3
    late = run_bytes("play", slow, "--realtime", "--from", "99:00:00")
    assert late.stdout.count(b"\n") == 3
    assert b"the recording ends at" in late.stderr


@pytest.mark.parametrize(
    "pace", [["--speed", "1000000"], ["--realtime", "--idle-limit", "0.001"], ["--idle-limit", "0"]]
)
def test_an_hour_can_be_short(pace, slow):
    assert run_bytes("play", slow, *pace).stdout.count(b"\n") == 3


def test_a_hostile_recording_is_harmless(recordings):
    raw = (recordings["hostile"] / "output.raw").read_bytes()
    assert b"stolen" in raw
    shown = run_bytes("play", recordings["hostile"]).stdout
    assert shown == b"\x1b[?1049h\x1b[?25l\x1b[31mred\x1b[?1049l\x1b[m\x1b[?25h"
    assert SAFE.fullmatch(shown.decode())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--speed", "2"], {"mode": "scaled", "scale": 0.5}),
        (["--speed", "0.5"], {"mode": "scaled", "scale": 2.0}),
        (["--realtime"], {"mode": "realtime", "scale": 1.0}),
        (["--collapsed"], {"mode": "collapsed"}),
        ([], {"mode": "collapsed"}),  # no terminal here
        (
            ["--idle-limit", "1.5", "--from", "1", "--to", "2s"],
            {"idle_limit_ms": 1500, "start_ms": 1000, "end_ms": 2000},
        ),
    ],
)
def test_pace(options, expected, capsys):
    assert expected.items() <= _pace(parser().parse_args(["tape", *options])).items()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--speed", "0"], "--speed 0"),
        (["--speed", "-1"], "--speed"),
        (["--speed", "nan"], "--speed nan"),
        (["--speed", "inf"], "--speed inf"),
        (["--speed", "fast"], "--speed"),
        (["--speed", "2", "--realtime"], "not allowed with"),
        (["--idle-limit", "-1"], "--idle-limit"),
        (["--idle-limit", "nan"], "--idle-limit nan"),
        (["--from", "x"], "--from x"),
        (["--from", "2", "--to", "1"], "--to 1 is before --from 2"),
    ],
)
def test_wrong_usage(options, said, tmp_path, capsys):
    refused(run_here(capsys, "play", greeter().write(tmp_path / "t"), *options), 2, said)


# -- on a terminal ------------------------------------------------------------------------------------------


def test_a_terminal_shows_it_and_is_as_before(recordings):
    with OnTerminal(restored(f"{{cassette}} play {recordings['greeter']} --speed 100")) as shown:
        pass
    assert "hello Ada 你好 ✨" in shown.screen
    assert AS_BEFORE in shown.screen
    assert "ended-with 0" in shown.screen
    assert at_rest(shown)


def test_space_pauses_and_dots_step(slow):
    with OnTerminal(restored(f"{{cassette}} play {slow}")) as shown:
        shown.wait_for("one")
        shown.type(" ")
        shown.type(".")
        shown.wait_for("two")
        shown.type(".")
        shown.wait_for("three")
        shown.type(".")  # to the end
    assert AS_BEFORE in shown.screen
    assert "ended-with 0" in shown.screen


def test_keys_work_when_typed_all_at_once(slow):
    with OnTerminal(restored(f"{{cassette}} play {slow}")) as shown:
        shown.wait_for("one")
        shown.type(" ..q")
    assert "three" in shown.screen
    assert "ended-with 0" in shown.screen


def test_space_resumes(tmp_path):
    tape = Tape().output(0, b"one\r\n").output(50, b"two\r\n").output(HOUR_MS, b"x").final(HOUR_MS)
    with OnTerminal(restored(f"{{cassette}} play {tape.write(tmp_path / 'tape')}")) as shown:
        shown.wait_for("one")
        shown.type(" ")
        shown.type(" ")
        shown.wait_for("two")
        shown.type("q")
    assert "ended-with 0" in shown.screen


@pytest.mark.parametrize("keys", ["q", "Q", " q"])
def test_q_leaves(keys, full_screen):
    with OnTerminal(restored(f"{{cassette}} play {full_screen}")) as shown:
        shown.wait_for("PAINTED")
        shown.type(keys)
    assert AS_BEFORE in shown.screen
    assert "ended-with 0" in shown.screen
    assert at_rest(shown)


@pytest.mark.parametrize("before", ["", " "])
def test_ctrl_c_ends_with_130(before, full_screen):
    with OnTerminal(restored(f"{{cassette}} play {full_screen}")) as shown:
        shown.wait_for("PAINTED")
        shown.type(before + "\x03")
    assert AS_BEFORE in shown.screen
    assert "ended-with 130" in shown.screen
    assert "Traceback" not in shown.output.decode()
    assert at_rest(shown)


@pytest.mark.parametrize("name", ["TERM", "INT", "QUIT", "HUP"])
def test_signals_end_it_with_a_terminal_at_rest(name, full_screen):
    play = f"{{cassette}} play {full_screen} & pid=$!; read go </dev/tty; kill -{name} $pid; wait $pid"
    line = restored(play).replace("trap : INT TERM", f"trap : {name}; set -m")
    with OnTerminal(line) as shown:
        shown.wait_for("PAINTED")
        shown.type("go\r")
    number = getattr(signal, f"SIG{name}")
    assert f"ended-with {128 + number}" in shown.screen
    assert AS_BEFORE in shown.screen
    assert at_rest(shown)


def test_a_suspension_gives_the_terminal_back_and_draws_again(full_screen):
    with OnTerminal("exec bash --norc --noediting -i", PS1="ready> ") as shown:
        shown.wait_for("ready> ")
        shown.type(f"{' '.join(COMMAND)} play {full_screen}\r")
        shown.wait_for("PAINTED")
        shown.type("\x1a")
        shown.wait_for("Stopped")
        assert at_rest(shown)
        shown.type("fg\r")
        shown.wait_for("PAINTED", times=2)
        assert shown.screen.alternate_screen
        shown.type("q")
        shown.wait_for("ready> ", times=3)
        shown.type("echo left-$?; stty -a | tr ' ' '\\n' | grep -x -e echo -e icanon; echo end-of-it\r")
        shown.wait_for("\nend-of-it")
        shown.type("exit\r")
    assert b"left-0\r\nicanon\r\necho\r\n" in shown.output


def test_the_hang_up_of_the_terminal_is_no_traceback(full_screen, tmp_path):
    with OnTerminal(f"{{cassette}} play {full_screen} 2>{tmp_path}/err; echo $? >{tmp_path}/code") as shown:
        shown.wait_for("PAINTED")
        shown.hang_up()
    assert (tmp_path / "err").read_text() == ""


def test_a_smaller_terminal_is_told_before(recordings):
    with OnTerminal(f"{{cassette}} play {recordings['greeter']} --speed 100", columns=30, rows=5) as shown:
        pass
    text = shown.output.decode()
    assert text.index("the recording is 40x6, and this terminal is 30x5") < text.index("name?")
    with OnTerminal(f"{{cassette}} play {recordings['greeter']} --speed 100", columns=40, rows=6) as shown:
        pass
    assert "this terminal is" not in shown.output.decode()


def test_the_prompt_comes_under_the_picture(tmp_path):
    tape = Tape().output(0, b"\x1b[H\x1b[2Jtop\r\n\r\nbottom\x1b[H").key(0, ["top", "", "bottom"]).final(1)
    with OnTerminal(f"{{cassette}} play {tape.write(tmp_path / 'tape')}; echo prompt") as shown:
        pass
    assert shown.screen.text[:4] == ["top", "", "bottom", "prompt"]


def test_without_a_keyboard_it_plays_all_the_same(recordings):
    with OnTerminal(
        f"{{cassette}} play {recordings['greeter']} --speed 100 </dev/null; echo ended-with $?"
    ) as shown:
        pass
    assert "ended-with 0" in shown.screen
    assert "hello Ada 你好 ✨" in shown.screen


def test_in_the_background_the_terminal_settings_are_left_alone(recordings):
    play = f"{{cassette}} play {recordings['greeter']} --speed 100 & wait $!"
    with OnTerminal(restored(play).replace("trap", "set -m; trap", 1)) as shown:
        pass
    assert "ended-with 0" in shown.screen
    assert AS_BEFORE in shown.screen
