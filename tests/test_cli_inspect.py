"""`cassette inspect` on tapes whose every byte is known, and on real ones."""

import json
import re

from build_cassette import Tape, greeter
from cli_harness import OnTerminal, run


def stable(text):
    """Without what depends on the emulator of this machine."""
    return re.sub(r"at hand is .*?;", "at hand is ANOTHER;", text)


def test_a_small_one(tmp_path, golden):
    greeter().write(tmp_path / "greeter")
    result = run("inspect", "greeter", cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    golden("inspect/greeter.txt", stable(result.out))


def test_everything_that_can_be_there(tmp_path, golden):
    tape = Tape(
        optional={"labels": {"kind": "full", "n": 3}},
        harness={"name": "tool", "binary_version": "1.2"},
        command={"argv": ["tool", "two words", "\x1b[2J"], "workdir_policy": "inherit"},
    )
    tape.output(0, b"a").key(0, ["a"]).input(10, b"\r", source="user").input(
        20, b"xxx\r", redacted="echo-off"
    )
    tape.input(30, b"\x1b[1;1R", source="terminal").input(35, kind="signal", signal="SIGINT").gap(
        40, "overrun"
    )
    tape.final(3_725_000, code=None)
    files = tape.files()
    tape.write(tmp_path / "full")
    (tmp_path / "full" / "discovery.json").write_text(
        json.dumps({"source": "help", "status": "found", "models": ["a", "b"], "reasoning_levels": ["low"]})
    )
    (tmp_path / "full" / "seal.json").unlink()
    assert files
    result = run("inspect", "full", cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    golden("inspect/full.txt", stable(result.out))


def test_json_has_the_same_facts(recordings):
    facts = json.loads(run("inspect", recordings["greeter"], "--json").out)
    assert facts["program"] == "sh"
    assert facts["size"] == {"columns": 40, "rows": 6}
    assert facts["exit"] == {"code": 3, "signal": None}
    assert facts["labels"] == {"kind": "greeting"}
    assert facts["input"]["by_source"] == {"script": 2}
    assert facts["input"]["bytes"] == 4
    assert facts["verdict"]["state"] == "complete"
    assert facts["emulator_at_hand"] == f"{facts['emulator']['name']} {facts['emulator']['version']}"
    assert facts["events"]["frame"] == facts["frames"]["key"] + facts["frames"]["delta"]
    assert facts["last_screen"][1] == "hello Ada 你好 ✨"
    assert len(facts["evidence_sha256"]) == 64


def test_a_killed_program(recordings):
    result = run("inspect", recordings["killed"])
    assert "killed by SIGKILL" in result.out
    assert "│blue" in result.out


def test_colour_only_on_a_terminal_that_wants_it(recordings):
    assert "\x1b" not in run("inspect", recordings["greeter"]).out
    line = f"{{cassette}} inspect {recordings['greeter']}"
    with OnTerminal(line) as coloured:
        pass
    assert b"\x1b[1mAda\x1b[m" in coloured.output
    assert b"\x1b[32mcomplete\x1b[m" in coloured.output
    with OnTerminal(line, NO_COLOR="1") as plain:
        pass
    assert b"\x1b" not in plain.output


def test_a_narrow_terminal_gets_cut_rows_and_no_box(recordings):
    with OnTerminal(f"{{cassette}} inspect {recordings['greeter']}", columns=16) as narrow:
        pass
    assert "hello Ada 你好 …" in narrow.output.decode()
    assert "┌" not in narrow.output.decode()
