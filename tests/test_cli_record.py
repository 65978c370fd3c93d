"""`cassette record`, `recover` and `rederive` as they are run from scripts and CI: nobody at a terminal."""

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys

import pytest
from cli_harness import COMMAND, Result, environment, refused, run, run_bytes
from proof_helpers import own_spools, spools_in
from pty_helpers import LIMIT_S
from recording_helpers import gaps, inputs, tape_of, typed

import cassette
from cassette.reading.verify import verify

IS_ROOT = os.geteuid() == 0


@pytest.fixture(autouse=True)
def spool_root():
    with own_spools() as root:
        yield root


@pytest.fixture
def place(tmp_path):
    return tmp_path / "tape"


def record(place, *argv, options=(), **more):
    return run("record", "-o", place, *options, "--", *argv, **more)


def left_behind(place, *more):
    """The id of a spool whose recorder is gone, as after a kill."""
    recorder = cassette.Recorder(place, cassette.RecordingPlan(argv=("left", "b\x1bhind", *more)))
    recorder.output(b"so far")
    recorder.spool.close()
    return recorder.spool.id


def run_recover(*arguments):
    """`cassette recover`, where nobody else's recordings can be seen: without an id it finishes all."""
    code = (
        "import sys, cassette.store.places as places, cassette.cli\n"
        "places.usual_roots = list\n"
        "sys.exit(cassette.cli.main(['recover', *sys.argv[1:]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=LIMIT_S,
    )
    return Result(done.returncode, done.stdout, done.stderr)


# Recording without a person.


def test_output_comes_out_and_nothing_else(place):
    done = run_bytes("record", "-o", place, "--", "printf", r"one\ntwo\377")
    assert done.returncode == 0
    assert done.stdout == b"one\r\ntwo\xff"
    assert re.fullmatch(rf"recorded \d\.\d s, exit code 0: {re.escape(str(place))}\n", done.stderr.decode())
    assert bytes(tape_of(place).raw) == done.stdout
    assert verify(place).state == "complete"


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$"])
def test_the_exit_code_is_ours_or_the_programs(tmp_path, script):
    assert record(tmp_path / "ours", "sh", "-c", script).code == 0
    theirs = record(tmp_path / "theirs", "sh", "-c", script, options=["--exit-code-of-child"])
    assert theirs.code == (3 if "exit" in script else 137)
    assert ("exit code 3" if "exit" in script else "SIGKILL") in theirs.err


def test_a_summary_as_json(place):
    done = record(place, "sh", "-c", "echo shown nowhere; exit 3", options=["--json"])
    document = json.loads(done.out)
    tape = tape_of(place)
    assert document == {
        "path": str(place),
        "id": tape.id,
        "evidence_sha256": tape.evidence_sha256,
        "exit_code": 3,
        "signal": None,
        "duration_ms": tape.duration_ms,
        "ended": "exited",
        "gaps": [],
        "scrub": {"status": "clean", "hit_counts": {}},
    }


def test_quiet_shows_neither_output_nor_summary(place):
    done = record(place, "echo", "hello", options=["--quiet"])
    assert (done.code, done.out) == (0, "")
    assert "recorded" not in done.err
    assert bytes(tape_of(place).raw) == b"hello\r\n"


def test_the_size_is_80_by_24_or_what_is_given(tmp_path):
    record(tmp_path / "a", "stty", "size")
    record(tmp_path / "b", "stty", "size", options=["--columns", "100", "--rows", "30"])
    assert bytes(tape_of(tmp_path / "a").raw) == b"24 80\r\n"
    assert bytes(tape_of(tmp_path / "b").raw) == b"30 100\r\n"
    assert tape_of(tmp_path / "b").size == cassette.model.Size(100, 30)


def test_without_a_place_it_goes_to_cassettes_and_never_over_another(tmp_path):
    for _ in range(3):
        assert run("record", "--", "/bin/true", cwd=tmp_path).code == 0
    found = sorted((tmp_path / "cassettes").iterdir())
    assert len(found) == 3
    assert all(path.name.startswith("true-") for path in found)


def test_the_environment_that_is_given(place):
    options = ["--env", "A=1", "--env", "B", "--env", "C=", "--env", "TERM=vt100", "--clean-env"]
    done = record(place, "env", options=options, B="from outside", NOT_GIVEN="x")
    names = dict(line.split("=", 1) for line in done.out.replace("\r", "").splitlines())
    assert {name: names.get(name) for name in "ABC"} == {"A": "1", "B": "from outside", "C": ""}
    assert "NOT_GIVEN" not in names
    assert tape_of(place).manifest.command.env_allowlist == ("A", "B", "C", "TERM")
    assert tape_of(place).manifest.terminal.term == "vt100"
    assert b"from outside" not in (place / "manifest.json").read_bytes()


def test_labels_frames_and_emulator(place):
    record(
        place,
        "echo",
        "hi",
        options=["--label", "a=1", "--label", "b=x=y", "--frames", "full", "--emulator", "pyte"],
    )
    manifest = tape_of(place).manifest
    assert manifest.optional == {"labels": {"a": "1", "b": "x=y"}}
    assert manifest.required_features == ()
    assert manifest.terminal.emulator.name == "pyte"


def test_a_timeout_ends_the_program_and_is_6(place):
    done = record(place, "cat", options=["--timeout", "0.3"])
    assert done.code == 6
    assert "its time was over" in done.err
    assert tape_of(place).final.metadata["ended_by"] == "timeout"


def test_too_much_output_is_partial(place):
    done = record(place, "yes", options=["--max-bytes", "5000"])
    assert done.code == 1
    assert len(done.out) == len(tape_of(place).raw) == 5000
    assert "the recording is partial: max-bytes" in done.err


def test_overwriting_is_asked_for(place):
    record(place, "echo", "old")
    done = record(place, "echo", "new")
    refused(done, 2, place, "exists already", "--overwrite")
    assert bytes(tape_of(place).raw) == b"old\r\n"
    assert record(place, "echo", "new", options=["--overwrite"]).code == 0
    assert bytes(tape_of(place).raw) == b"new\r\n"


def test_what_follows_the_command_is_the_commands(place):
    done = record(place, "echo", "--json", "--", "-o", "x")
    assert done.out == "--json -- -o x\r\n"
    assert run("record", "-o", place, "--overwrite", "echo", "--quiet").out == "--quiet\r\n"


def test_standard_input_is_not_the_programs(place):
    done = subprocess.run(
        [*COMMAND, "record", "-o", place, "--", "sh", "-c", "test -t 0 && echo terminal"],
        input=b"typed by nobody",
        capture_output=True,
        check=False,
        env=environment(),
        timeout=LIMIT_S,
    )
    assert done.stdout == b"terminal\r\n"
    assert typed(place) == []


def test_bytes_in_arguments_and_paths_that_are_no_utf8(tmp_path):
    place = os.fsencode(tmp_path) + b"/t\xff"
    command = [*map(os.fsencode, COMMAND), b"record", b"--json", b"-o", place, b"--label", b"k=\xff", b"--"]
    done = subprocess.run([*command, b"echo", b"\xfe"], capture_output=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["path"].endswith("t\udcff")
    assert cassette.open(os.fsdecode(place)).manifest.command.argv == ("echo", "\ufffd")


# Scripts.


def test_a_script_drives_and_shows_nothing(place, tmp_path):
    script = tmp_path / "it.yaml"
    script.write_text("- wait: 'name?'\n- type: Ada\n- press: enter\n- wait: Hello, Ada\n")
    done = record(place, "sh", "-c", "printf 'name? '; read x; echo Hello, $x", options=["--script", script])
    assert (done.code, done.out) == (0, ""), done
    assert typed(place) == [("script", b"Ada"), ("script", b"\r")]


STARS = r"""
printf 'Say it: '; while IFS= read -r -s -n1 c; do [[ -z $c ]] && break; printf '*'; word+=$c; done
echo; echo "got ${#word}: $word"
"""


def test_what_marks_stand_for_is_hidden_whatever_was_asked(place, tmp_path):
    """No word for a secret in the prompt, and the line discipline is that of any program that reads keys."""
    steps = tmp_path / "steps.yaml"
    steps.write_text(
        '[wait: "Say it: ", type: "blue mango 7", wait: {regex: "[*]{12}"}, press: Enter, wait: "got 12"]'
    )
    done = record(place, "bash", "-c", STARS, options=("--script", steps))
    assert done.code == 0
    assert [event.redacted for event in inputs(place, "input")] == ["masked", None]
    assert not [path for path in place.rglob("*") if path.is_file() and b"mango" in path.read_bytes()]


ELSEWHERE = r"""
import os, tty
tty.setraw(0)
word = ""
while not word.endswith("\r"):
    shown = "\u2022" * len(word) + "    "
    os.write(1, f"\x1b[3;5HSay it: {shown}\x1b[20;1HF1 help".encode())
    word += os.read(0, 1).decode()
os.write(1, f"\x1b[9;1Hgot {word}".encode())
"""


def test_marks_count_where_the_cursor_rests_elsewhere(place, tmp_path):
    """As a full-screen program has it, with a footer that is painted last."""
    steps = tmp_path / "steps.yaml"
    steps.write_text(
        '[wait: "F1 help", type: "blue mango 7", wait: "••••••••••••", press: Enter, wait: "got"]'
    )
    done = record(place, sys.executable, "-c", ELSEWHERE, options=("--script", steps))
    assert done.code == 0, done
    assert [event.redacted for event in inputs(place, "input")] == ["masked", None]
    assert not [path for path in place.rglob("*") if path.is_file() and b"mango" in path.read_bytes()]


def test_a_secret_that_is_not_there_is_told_before_the_program_starts(place, tmp_path, monkeypatch):
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    script, trace = tmp_path / "it.yaml", tmp_path / "started"
    script.write_text("- wait: ready\n- secret: {env: DEMO_PASSWORD}\n")
    done = record(place, "sh", "-c", f"touch {trace}; echo ready; cat", options=["--script", script])
    refused(done, 2, "the environment has no DEMO_PASSWORD", "line 2: secret")
    assert not trace.exists()
    assert not place.exists()


def test_a_script_on_standard_input(place):
    done = subprocess.run(
        [*COMMAND, "record", "-o", place, "--script", "/dev/stdin", "--", "echo", "hello"],
        input=b"- wait: hello\n- mark: seen\n",
        capture_output=True,
        check=False,
        env=environment(),
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    assert "seen" in [event.op for event in inputs(place, "mark")]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("- wiat: x", 2, "it.yaml, line 1: there is no step 'wiat'"),
        ("- mark: a\n- wait: [", 2, "it.yaml, line 2: this is no YAML"),
        ("- mark: a\n- wait: {text: nope, timeout: 0.1}", 6, "it.yaml, line 2: wait)"),
        ("- wait_stable: 50\n- expect: nope", 1, "it.yaml, line 2: expect)"),
        ("- secret: {env: NO_SUCH_NAME}", 2, "the environment has no NO_SUCH_NAME"),
    ],
)
def test_a_script_that_does_not_work_out(place, tmp_path, text, code, said, spool_root):
    script = tmp_path / "it.yaml"
    script.write_text(text)
    refused(record(place, "cat", options=["--script", script]), code, said)
    assert not place.exists()
    if code != 2:
        (spool,) = spools_in(spool_root)
        assert run_recover(spool[:8]).code == 0
        assert gaps(place) == [{"type": "gap", "reason": "abandoned"}]


# What is refused.


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--"], 2, "there is no command to record"),
        ([], 2, "there is no command to record"),
        (["--", "no-such-program"], 4, "was not found in PATH"),
        (["--", "./nothing-here"], 4, "does not exist"),
        (["--", "/"], 4, "is a directory"),
        (["--", "/etc/passwd"], 4, "may not be executed"),
        (["--", ""], 4, "no command to run"),
        (["--columns", "0", "--", "true"], 2, "give 1 to 4096 columns"),
        (["--columns", "70000", "--", "true"], 2, "give 1 to 4096 columns"),
        (["--rows", "-1", "--", "true"], 2, "give 1 to 4096 columns"),
        (["--rows", "x", "--", "true"], 2, "invalid int value"),
        (["--timeout", "0", "--", "true"], 2, "give a number of seconds above 0"),
        (["--timeout", "nan", "--", "true"], 2, "give a number of seconds above 0"),
        (["--timeout", "inf", "--", "true"], 2, "give a number of seconds above 0"),
        (["--timeout", "soon", "--", "true"], 2, "invalid float value"),
        (["--max-bytes", "0", "--", "true"], 2, "give at least 1"),
        (["--max-bytes", "1.5", "--", "true"], 2, "invalid int value"),
        (["--frames", "some", "--", "true"], 2, "choose from"),
        (["--emulator", "nope", "--", "true"], 2, "known are pyte, ghostty"),
        (["--env", "=x", "--", "true"], 2, "give NAME or NAME=VALUE"),
        (["--env", "NO_SUCH_NAME", "--", "true"], 2, "the environment has no NO_SUCH_NAME"),
        (["--label", "x", "--", "true"], 2, "give it as KEY=VALUE"),
        (["--label", "=x", "--", "true"], 2, "give it as KEY=VALUE"),
        (["--script", "no-such-file", "--", "true"], 2, "cannot read the script no-such-file"),
        (["--script", "/", "--", "true"], 2, "is a directory"),
        (["--bogus", "--", "true"], 2, "--bogus"),
        (["-o", "", "--", "true"], 2, "-o is given no directory"),
        (["-o", "/", "--", "true"], 2, "cannot name a cassette"),
        (["-o", "/dev/null/x", "--", "true"], 4, "is no directory"),
        (["-o", "x" * 300, "--", "true"], 4, "name"),
    ],
)
def test_what_has_no_meaning_is_refused_and_leaves_nothing(tmp_path, arguments, code, said, spool_root):
    refused(run("record", *arguments, cwd=tmp_path), code, said)
    assert list(tmp_path.iterdir()) == []
    assert spools_in(spool_root) == []


@pytest.mark.skipif(IS_ROOT, reason="root may write anywhere")
def test_a_parent_that_cannot_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    refused(record(tmp_path / "x", "true"), 4, "cannot be written to")


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_what_stands_at_the_place_and_is_no_cassette_is_never_replaced(tmp_path, kind):
    place = tmp_path / "x"
    if kind == "file":
        place.write_text("mine")
    elif kind == "directory":
        (place / "mine").mkdir(parents=True)
    else:
        place.symlink_to(tmp_path / "elsewhere")
    refused(record(place, "true"), 2, "exists already")
    refused(record(place, "true", options=["--overwrite"]), 4, "only a cassette is ever replaced")


@pytest.mark.parametrize("directory", ["/proc", "/nowhere"])
def test_a_spool_directory_that_is_not_memory(place, directory):
    refused(
        record(place, "true", CASSETTE_SPOOL_DIR=directory),
        4,
        "cannot spool in",
        "Let CASSETTE_SPOOL_DIR name",
    )
    assert not place.exists()


@pytest.mark.parametrize("arguments", [[], ["--list"], ["--discard", "4f6a"], ["4f6a"]])
def test_a_spool_directory_that_is_wrong_is_not_an_empty_one(arguments):
    done = run("recover", *arguments, CASSETTE_SPOOL_DIR="/nowhere")
    refused(done, 4, "cannot spool in /nowhere", "Let CASSETTE_SPOOL_DIR name")


@pytest.mark.parametrize("arguments", ["--help", "record --help", "recover --list --json"])
def test_an_output_that_is_full(arguments):
    line = f"{' '.join(COMMAND)} {arguments} >/dev/full"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, env=environment())
    refused(
        Result(done.returncode, done.stdout, done.stderr), 4, "cannot write to standard output", "Send it"
    )


def test_a_current_directory_that_is_gone(tmp_path):
    (gone := tmp_path / "gone").mkdir()
    code = "import os, sys, cassette.cli\nos.rmdir(os.getcwd())\nsys.exit(cassette.cli.main(['record', '--', 'true']))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=gone, capture_output=True, text=True, check=False, env=environment(), timeout=LIMIT_S
    )
    refused(
        Result(done.returncode, done.stdout, done.stderr), 4, "current directory is not there", "Change to"
    )


def test_a_line_break_in_a_name_is_shown_and_not_printed(tmp_path):
    done = record(tmp_path / "new\nline", "true")
    assert (done.code, r"new\nline" in done.err) == (0, True)


def test_a_full_disk_loses_nothing(tmp_path, spool_root):
    """A file system of 64 KB, in a mount namespace of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    line = f"mount -t tmpfs -o size=64k none {disk} && exec {' '.join(COMMAND)} record -o {disk}/tape -- seq 30000"
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", line]
    try:
        probe = subprocess.run(
            ["unshare", "--mount", "--map-root-user", "true"], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if probe.returncode:
        pytest.skip("mount namespaces are not allowed here")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if "mount:" in done.stderr:
        pytest.skip("mounting is not allowed here")
    assert done.returncode == 4, done.stderr
    assert "the disk is full" in done.stderr
    (spool,) = spools_in(spool_root)
    assert f"cassette recover {spool}" in done.stderr
    assert run_recover(spool, "-o", tmp_path / "tape").code == 0
    assert verify(tmp_path / "tape").state == "complete"


# Streams that are closed, full or no terminal.


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
def test_streams_that_are_closed_or_full(place, closed):
    line = f"{' '.join(COMMAND)} record -o {place} -- sh -c 'echo hello; exit 0' {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, env=environment())
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == 0
    assert bytes(tape_of(place).raw) == b"hello\r\n"
    assert verify(place).state == "complete"


def test_a_reader_that_has_enough_is_no_error(place):
    line = f"{' '.join(COMMAND)} record -o {place} -- seq 200000 | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, env=environment()
    )
    assert (done.returncode, done.stdout) == (0, "1\r\n" if "\r" in done.stdout else "1\n")
    assert bytes(tape_of(place).raw).endswith(b"200000\r\n")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["record", "--help"], ["recover", "--help"], ["rederive", "--help"], ["--version"]],
)
def test_help_into_a_closed_pipe(arguments):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([*COMMAND, *arguments], stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("command", ["record", "recover", "rederive"])
def test_help_has_examples_for_every_command(command, golden):
    done = run(command, "--help")
    assert (done.code, done.err) == (0, "")
    golden(f"help/{command}.txt", done.out)


# Signals.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_publishes_and_is_the_exit_code(place, number):
    command = [*COMMAND, "record", "-o", place, "--", "sh", "-c", "echo ready; exec cat"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\r\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 128 + number
    assert b"Traceback" not in err
    tape = tape_of(place)
    assert [event.signal for event in tape.inputs() if event.kind == "signal"] == [number.name]
    assert (tape.final.exit.signal, tape.final.metadata) == (number.name, None)


def test_a_program_that_heeds_a_signal_ends_by_itself(place):
    """Under a script, too: what it says then is recorded."""
    script = place.parent / "wait.yaml"
    script.write_text("- wait: {text: never, timeout: 60}\n")
    os.mkfifo(place.parent / "ready")
    program = f"trap 'echo bye; exit 4' TERM; : >{place.parent}/ready; while :; do sleep 0.01; done"
    command = [*COMMAND, "record", "-o", place, "--script", script, "--", "sh", "-c", program]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    (place.parent / "ready").read_bytes()  # once the program has opened it
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, b"Traceback" in err) == (128 + signal.SIGTERM, False), err
    tape = tape_of(place)
    assert bytes(tape.raw).endswith(b"bye\r\n")
    assert tape.final.exit.code == 4
    assert [event.signal for event in tape.inputs() if event.kind == "signal"] == ["SIGTERM"]


def test_a_program_that_heeds_no_signal_is_ended(place):
    code = (
        "import sys, cassette.cli, cassette.recording.stopping as s\n"
        "s.PATIENCE_S = 0.05\n"
        "sys.exit(cassette.cli.main(sys.argv[1:]))"
    )
    program = "trap '' INT; echo ready; while :; do sleep 0.01; done"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "record", "-o", place, "--", "sh", "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\r\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 128 + signal.SIGINT
    tape = tape_of(place)
    assert [event.signal for event in tape.inputs() if event.kind == "signal"] == ["SIGINT"]
    why = "the recorder got SIGINT, and the program did not end within 0.05 s"
    assert tape.final.metadata == {"ended_by": "stopped", "detail": why}


# Nothing ever ends in a traceback.


def test_ctrl_c_at_any_import_is_an_interruption():
    """One that comes while orjson is imported would make it crash; here one comes with each import within it."""
    code = (
        "import os, signal, sys\n"
        "class Hit:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if 'orjson' in sys.modules and 'orjson' not in name: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Hit())\n"
        "from cassette.cli import main\n"
        "sys.exit(main(['verify', 'nothing']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=LIMIT_S)
    assert (done.returncode, done.stderr) == (130, b"cassette: interrupted\n")


def test_random_arguments_never_give_a_traceback(tmp_path, capfd, monkeypatch):
    from cassette.cli import main  # in this process: hundreds of starts would take minutes

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cassette.store.places.usual_roots", list)  # nobody else's recordings
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115 - closed with the test
    words = [
        "-o",
        "x",
        "--columns",
        "--rows",
        "0",
        "5",
        "-1",
        "--script",
        "--timeout",
        "1e9",
        "nan",
        "--json",
        "--list",
    ]
    words += [
        "--env",
        "A=B",
        "=",
        "",
        "--label",
        "--",
        "true",
        "\udcff",
        "\0",
        "✨",
        "--discard",
        "--emulator",
        "pyte",
    ]
    words += [
        "--frames",
        "full",
        "/",
        "..",
        "--overwrite",
        "--check",
        "-h",
        "-x",
        "--max-bytes",
        "99999999999999999999",
    ]
    chance = random.Random(20261121)
    for _ in range(400):
        arguments = [chance.choice(["record", "recover", "rederive"])]
        arguments += chance.choices(words, k=chance.randrange(6))
        code = main(arguments)
        said = capfd.readouterr().err
        assert 0 <= code <= 6, (arguments, code)
        assert "Traceback" not in said, arguments
        assert "fault of pty-cassette" not in said, (arguments, said)


def test_a_fault_of_ours_is_one_line(monkeypatch, capfd):
    from cassette.cli import main, recover_cmd

    def broken(_arguments):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(recover_cmd, "main", broken)
    assert main(["recover"]) == 4
    said = capfd.readouterr().err
    assert said.startswith("cassette: this is a fault of pty-cassette: ZeroDivisionError: oops (")
    assert said.count("\n") == 1


# Recovering.


def test_recovering_one_after_another(tmp_path, spool_root):
    first, second = left_behind(tmp_path / "a"), left_behind(tmp_path / "b")
    listed = run_recover("--list")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == [first, second]
    assert "to recover" in listed.out
    assert r"b\x1bhind" in listed.out
    assert run_recover(first[:13]).code == 0
    assert verify(tmp_path / "a").state == "partial"
    assert gaps(tmp_path / "a")[0]["reason"] == "recorder-died"
    done = run_recover("--json")
    assert json.loads(done.out) == [{"id": second, "path": str(tmp_path / "b")}]
    assert spools_in(spool_root) == []
    assert "nothing to recover" in run_recover().err
    assert "no recordings" in run_recover("--list").err


def test_a_recorder_that_died_before_it_began(tmp_path, spool_root):
    kept, lost = left_behind(tmp_path / "a"), left_behind(tmp_path / "b")
    next(spool_root.rglob(f"{lost}.spool")).write_bytes(b"\xc5")
    states = {line.split()[0]: line.split()[1] for line in run_recover("--list").out.splitlines()}
    assert states == {lost: "empty", kept: "to"}
    done = run_recover("--json")
    assert [one["id"] for one in json.loads(done.out)] == [kept]
    assert f"removed {lost}: its recorder ended before anything was recorded" in done.err
    assert done.code == 0
    assert spools_in(spool_root) == []


def test_a_list_as_json(tmp_path):
    spool = left_behind(tmp_path / "a")
    (found,) = json.loads(run_recover("--list", "--json").out)
    assert found["id"] == spool
    assert found["target"] == str(tmp_path / "a")
    assert found["alive"] is False


def test_a_list_shows_no_secret_of_a_command_line(tmp_path):
    """It may end up in a log."""
    token = "ghp_q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5uVi1"
    left_behind(tmp_path / "a", "--token", token, "--name", "Ada")
    for listed in (run_recover("--list"), run_recover("--list", "--json")):
        assert listed.code == 0
        assert "<SCRUBBED:github-token" in listed.out
        assert "Ada" in listed.out
        assert token[4:] not in listed.out + listed.err


def test_discarding(tmp_path, spool_root):
    spool = left_behind(tmp_path / "a")
    assert json.loads(run_recover("--discard", spool[:6], "--json").out) == {"discarded": spool}
    assert spools_in(spool_root) == []
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nope"], 2, "there is no recording nope"),
        (["--discard", "nope"], 2, "there is no recording nope"),
        ([""], 2, "the id is empty"),
        (["--discard", ""], 2, "the id is empty"),
        (["--list", "x"], 2, "exclude each other"),
        (["--list", "--discard", "x"], 2, "exclude each other"),
        (["a", "b"], 2, "unrecognized arguments"),
        (["../../etc/passwd"], 2, "there is no recording"),
    ],
)
def test_what_cannot_be_recovered(tmp_path, arguments, code, said, spool_root):
    spool = left_behind(tmp_path / "a")
    refused(run_recover(*arguments), code, said)
    assert spools_in(spool_root) == [spool]


def test_a_start_that_several_share(tmp_path):
    for number in range(17):  # sixteen hexadecimal digits
        left_behind(tmp_path / f"t{number}")
    firsts = [line[0] for line in run_recover("--list").out.splitlines()]
    shared = next(digit for digit in firsts if firsts.count(digit) > 1)
    refused(run_recover(shared), 2, f"recordings begin with {shared}", "give more of the id")


def test_a_running_recording_is_left_alone(tmp_path):
    with cassette.Recorder(tmp_path / "a") as recorder:
        done = run_recover(recorder.spool.id)
        assert done.code == 4
        assert f"is still running (process {os.getpid()})" in done.err
        assert run_recover("--discard", recorder.spool.id).code == 4
        assert "running" in run_recover("--list").out
        assert "nothing to recover" in run_recover().err
    assert verify(tmp_path / "a").state == "complete"


def test_a_place_that_was_taken_meanwhile_keeps_the_spool(tmp_path, spool_root):
    spool = left_behind(tmp_path / "a")
    (tmp_path / "a").mkdir()
    done = run_recover()
    assert done.code == 2
    assert "exists already" in done.err
    assert f"recover {spool} -o DIR" in done.err
    assert "--overwrite" not in done.err
    assert spools_in(spool_root) == [spool]
    assert run_recover(spool, "-o", tmp_path / "b").code == 0


# Rederiving.


def test_rederiving_a_fresh_cassette_changes_nothing(place):
    record(place, "printf", "hello")
    before = {file.name: file.read_bytes() for file in place.iterdir()}
    done = run("rederive", place)
    assert done.code == 0
    assert f"{place}: unchanged, 1 -> 1 frames, pyte" in done.out
    assert {file.name: file.read_bytes() for file in place.iterdir()} == before


def test_what_is_no_cassette_does_not_keep_the_others_from_it(place, tmp_path):
    record(place, "printf", "hello")
    done = run("rederive", tmp_path / "nothing", place, "--json")
    assert done.code == 3
    assert "is not a cassette" in done.err
    (found,) = json.loads(done.out)
    assert found["changed"] is False


def test_an_emulator_that_is_not_there(place):
    record(place, "printf", "hello")
    done = run("rederive", "--emulator", "nope", place)
    assert done.code == 2
    assert "known are pyte, ghostty" in done.err


def test_no_cassette_is_wrong_usage():
    refused(run("rederive"), 2, "the following arguments are required")


def test_input_that_will_not_reach_the_program_is_said(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "cassette", "record", "-o", tmp_path / "tape", "--", "sh", "-c", "echo done"],
        input=b"lines for nobody\n",
        capture_output=True,
        check=True,
    )
    assert b"nobody types: standard input is no terminal" in done.stderr
    assert done.stdout == b"done\r\n"


def test_a_cassette_is_no_place_for_another(tmp_path):
    run("record", "-o", tmp_path / "tape", "--", "true")
    refused(
        run("record", "-o", tmp_path / "tape" / "sub" / "one", "--", "true"),
        2,
        "a cassette holds one recording",
    )
    assert not (tmp_path / "tape" / "sub").exists()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text("{}")  # a web application has one, too
    assert run("record", "-o", tmp_path / "site" / "tape", "--", "true").code == 0


def test_no_room_for_a_spool_is_said_in_one_sentence(tmp_path):
    limited = f'ulimit -f 1; exec "$@" record -o {shlex.quote(str(tmp_path / "tape"))} -- echo hi'
    done = subprocess.run(
        ["sh", "-c", limited, "sh", *COMMAND],
        capture_output=True,
        text=True,
        check=False,
        env=environment(CASSETTE_SPOOL_DIR=""),
        timeout=LIMIT_S,
    )
    assert done.returncode == 4
    assert re.search(r"no RAM-backed spool \([^()]+ has no room: [^()]+\)\n", done.stderr)
