"""What all reading commands share: their help, their refusals, closed pipes, and how little they import."""

import os
import subprocess
import sys

import pytest
from build_cassette import Tape, greeter, write
from cli_harness import COMMAND, damage, environment, refused, run, run_here

READING = ("inspect", "events", "screen", "verify", "play")
HEAVY = (
    "pydantic", "msgspec", "orjson", "yaml", "pyte", "ptyprocess", "pytest", "hypothesis",
    "cassette.reading.reader", "cassette.format", "terminal.emulator", "terminal.unicode18", "json", "asyncio",
)  # fmt: skip


@pytest.mark.parametrize("command", READING)
def test_help(command, golden):
    result = run(command, "--help")
    assert (result.code, result.err) == (0, "")
    golden(f"help/{command}.txt", result.out)


@pytest.mark.parametrize("command", [(), *((name,) for name in READING)])
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys; from cassette.cli import main\n"
        f"try: main({[*command, '--help']!r})\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("command", [name for name in READING if name != "verify"])
class TestRefusals:
    def test_nothing_there(self, command, capsys, tmp_path):
        refused(
            run_here(capsys, command, tmp_path / "none"), 3, "none is not a cassette", "Give the directory"
        )

    def test_a_file(self, command, capsys, tmp_path):
        (tmp_path / "file").write_text("x")
        refused(run_here(capsys, command, tmp_path / "file"), 3, "is not a cassette")

    def test_an_empty_directory(self, command, capsys, tmp_path):
        refused(run_here(capsys, command, tmp_path), 3, "it has no manifest.json")

    def test_a_name_with_control_bytes(self, command, capsys, tmp_path):
        refused(run_here(capsys, command, tmp_path / "a\x1b]0;x\x07"), 3)

    def test_a_later_format(self, command, capsys, tmp_path):
        path = write(tmp_path / "tape", greeter(version=2).files(sealed=False))
        refused(run_here(capsys, command, path), 3, "format 2", "Upgrade pty-cassette")

    def test_an_unknown_feature(self, command, capsys, tmp_path):
        path = greeter(required_features=["smell"]).write(tmp_path / "tape")
        refused(run_here(capsys, command, path), 3, "needs 'smell'", "Upgrade pty-cassette")

    def test_damage_says_where(self, command, capsys, tmp_path):
        path = damage(greeter().write(tmp_path / "tape"), "output.raw", b"Hello", b"Jello")
        refused(run_here(capsys, command, path), 3, "is damaged: output.", "record it again")

    def test_damage_can_be_looked_at(self, command, tmp_path):
        path = damage(greeter().write(tmp_path / "tape"), "output.raw", b"Hello", b"Jello")
        result = run(command, path, "--unverified")
        assert result.code == 0
        assert result.out

    def test_a_missing_file(self, command, capsys, tmp_path):
        path = greeter().write(tmp_path / "tape")
        (path / "output.raw").unlink()
        refused(run_here(capsys, command, path), 3, "output.raw")

    def test_damage_that_only_reading_finds(self, command, capsys, tmp_path):
        path = damage(
            greeter().write(tmp_path / "tape", sealed=False), "frames.jsonl", b'"text":[', b'"text":{'
        )
        refused(run_here(capsys, command, path), 3, "frames.jsonl")

    def test_no_directory_given(self, command, capsys):
        refused(run_here(capsys, command), 2, f"See cassette {command} --help")

    def test_an_unknown_option(self, command, capsys, tmp_path):
        refused(
            run_here(capsys, command, tmp_path, "--wrong"), 2, "--wrong", f"See cassette {command} --help"
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", READING)
def test_a_directory_that_may_not_be_read(command, tmp_path):
    path = greeter().write(tmp_path / "tape")
    path.chmod(0)
    try:
        result = run(command, path)
    finally:
        path.chmod(0o700)
    assert result.code in (3, 4)
    assert "Traceback" not in result.err


@pytest.mark.parametrize("line", ["events", "events --json", "play", "play --realtime --speed 1000"])
def test_a_closed_pipe_is_no_error(line, recordings):
    if "--speed" in line:
        line = "play --speed 1000"
    command = f"{' '.join(COMMAND)} {line} {recordings['busy']}"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("command", READING)
def test_output_that_was_closed_is_no_traceback(command, recordings):
    done = subprocess.run(
        ["sh", "-c", f"{' '.join(COMMAND)} {command} {recordings['greeter']} >&-"],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["inspect", "events", "screen", "verify"])
def test_an_ascii_locale_is_no_traceback(command, tmp_path):
    path = greeter().write(tmp_path / "tape")
    result = run(command, path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert result.err == ""
    assert result.code == 0


def test_a_recording_without_output_can_be_read(tmp_path):
    path = Tape().final(5).write(tmp_path / "tape")
    for command in READING:
        result = run(command, path)
        assert (result.code, result.err) == (0, ""), command
