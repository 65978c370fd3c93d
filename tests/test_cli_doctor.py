"""`cassette doctor`: what is in order, what is not, and what to do."""

from __future__ import annotations

import json
import os
import select
import shutil
from pathlib import Path

import pytest
from build_cassette import Tape, greeter
from capability_tapes import edit, models_probe
from cli_harness import refused, run, run_here
from pty_helpers import LIMIT_S

import cassette
from cassette.doctor import examine
from cassette.doctor.check import Check
from cassette.doctor.harnesses import harness_checks
from cassette.doctor.machine import machine_checks
from cassette.doctor.tapes import tape_checks


def by_name(checks) -> dict[str, Check]:
    return {check.name: check for check in checks}


@pytest.fixture
def no_harness(monkeypatch, tmp_path):
    """A PATH with nothing but the shell's own."""
    bins = tmp_path / "bin"
    bins.mkdir()
    for name in ("sh", "stty", "printf"):
        if (found := shutil.which(name)) is not None:
            (bins / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(bins))
    return bins


def test_help(golden):
    result = run("doctor", "--help")
    assert (result.code, result.err) == (0, "")
    golden("help/doctor.txt", result.out)


def test_this_machine(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    result = run_here(capsys, "doctor")
    assert result.err == ""
    lines = result.out.splitlines()
    assert lines[0] == "this machine"
    assert (
        "  ok    pty            a program on a terminal runs, and its size, output and exit code are seen"
        in lines
    )
    assert "  ok    cassettes      there is no directory cassettes here" in lines
    assert result.code == int(any(line.startswith("  fail") for line in lines))


def test_json(tmp_path, capsys):
    greeter().write(tmp_path / "greeter")
    result = run_here(capsys, "doctor", tmp_path, "--json")
    found = json.loads(result.out)
    assert {check["area"] for check in found} == {"machine", "harnesses", "cassettes"}
    assert {check["state"] for check in found} <= {"ok", "warn", "fail"}
    assert all(bool(check["todo"]) == (check["state"] != "ok") for check in found), found


def test_a_directory_that_is_not_there(capsys, tmp_path):
    refused(run_here(capsys, "doctor", tmp_path / "none"), 2, "there is no directory")


class TestMachine:
    @pytest.mark.parametrize(
        ("variables", "state"),
        [
            ({"LC_ALL": "C.UTF-8"}, "ok"),
            ({"LANG": "C.utf8"}, "ok"),
            ({"LC_ALL": "C"}, "warn"),
            ({"LC_ALL": "xx_YY.UTF-8"}, "warn"),
            ({}, "warn"),
        ],
    )
    def test_locale(self, monkeypatch, variables, state):
        for name in ("LC_ALL", "LC_CTYPE", "LANG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert by_name(machine_checks())["locale"].state == state

    def test_a_spool_on_a_disk_is_refused(self, monkeypatch, tmp_path):
        if os.statvfs(tmp_path).f_fsid == os.statvfs("/dev/shm").f_fsid:
            pytest.skip("the temporary directory is in RAM")
        monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(tmp_path))
        found = by_name(machine_checks())["spool"]
        assert (found.state, found.todo) == (
            "fail",
            "Let CASSETTE_SPOOL_DIR name a directory on tmpfs, or unset it.",
        )
        assert "is not memory" in found.what

    def test_an_emulator_that_nobody_knows(self, monkeypatch):
        monkeypatch.setenv("CASSETTE_EMULATOR", "vt52")
        failed = [check for check in machine_checks() if check.state == "fail"]
        assert [check.what for check in failed] == ["CASSETTE_EMULATOR names 'vt52', which nobody knows"]

    def test_no_program_can_be_started(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        found = by_name(machine_checks())["pty"]
        assert found.state == "fail"
        assert "cannot be started on a terminal" in found.what

    def test_what_a_crash_left(self, tmp_path, monkeypatch):
        before = by_name(machine_checks())["crashes"]
        recorder = cassette.Recorder(tmp_path / "tape")
        if recorder.spool.in_memory:
            pytest.skip("there is no RAM file system")
        assert by_name(machine_checks())["crashes"] == before, "a recording that runs is none"
        recorder.spool.close()
        found = by_name(machine_checks())["crashes"]
        assert (found.state, found.todo) == ("warn", "Finish them with cassette recover.")
        assert recorder.spool.id[:8] in found.what
        recorder.spool.discard()
        recorder.spool.path.unlink()

    def test_locks(self):
        assert by_name(machine_checks())["locks"].what == "a lock that is held is refused to others"


class TestHarnesses:
    def installed(self, bins: Path, text: str) -> Check:
        program = bins / "codex"
        program.write_text(f"#!{shutil.which('sh', path='/bin:/usr/bin')}\n{text}\n")
        program.chmod(0o755)
        return by_name(harness_checks())["codex"]

    def test_none(self, no_harness):
        found = list(harness_checks())
        assert [check.name for check in found] == ["not installed"]
        assert "codex" in found[0].what
        assert "generic" not in found[0].what

    def test_a_version_that_is_known(self, no_harness):
        found = self.installed(no_harness, 'echo "codex-cli 0.169.0"; [ "$1" = --version ]')
        assert (found.state, found.what) == ("ok", f"0.169.0 ({no_harness / 'codex'})")

    def test_one_that_is_not(self, no_harness):
        found = self.installed(no_harness, "echo codex-cli 99.1.0")
        assert (found.state, found.todo) == ("warn", "Try it: cassette discover codex.")
        assert found.what.startswith(f"99.1.0 ({no_harness / 'codex'}), and its adapter knows ")

    def test_one_that_cannot_be_read(self, no_harness):
        found = self.installed(no_harness, "echo; printf '\\033[31mwhat?\\033[m\\n'")
        assert found.state == "warn"
        assert "says 'what?', which its adapter cannot read" in found.what

    def test_one_that_never_ends_is_given_up_with_all_it_started(self, no_harness, monkeypatch, tmp_path):
        monkeypatch.setattr("cassette.doctor.harnesses.LIMIT_S", 2.0)
        mark = tmp_path / "pid"
        found = self.installed(
            no_harness, f"{shutil.which('sleep', path='/bin:/usr/bin')} 1000 & echo $! > {mark}; wait"
        )
        assert (found.state, found.what) == ("warn", f"{no_harness / 'codex'} --version took more than 2 s")
        assert gone(int(mark.read_text()))

    def test_one_that_cannot_be_run(self, no_harness):
        program = no_harness / "codex"
        program.write_bytes(b"\x7fELFnot really")
        program.chmod(0o755)
        found = by_name(harness_checks())["codex"]
        assert (found.state, found.todo) == ("warn", "Install it anew.")

    def test_an_adapter_that_is_broken(self, no_harness, tmp_path, monkeypatch):
        (tmp_path / "pyproject.toml").write_text('[tool.pty-cassette]\nharnesses = ["none.toml"]\n')
        monkeypatch.chdir(tmp_path)
        found = by_name(harness_checks())["adapter"]
        assert found.state == "warn"
        assert "none.toml" in found.what


def gone(pid: int) -> bool:
    """Whether a process that was killed is dead; its end is waited for."""
    try:
        ended = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([ended], [], [], LIMIT_S)[0])
    finally:
        os.close(ended)


class TestCassettes:
    def test_each_matter_has_its_line(self, tmp_path):
        greeter().write(tmp_path / "good")
        greeter().write(tmp_path / "unsealed", sealed=False)
        Tape().output(0, b"x").gap(1).final(2).write(tmp_path / "partial")
        models_probe(tmp_path / "stale", captured_at="2020-01-01T00:00:00Z")
        models_probe(tmp_path / "undated", captured_at=None)
        edit(models_probe(tmp_path / "wreck"), "discovery.json", lambda found: found.clear())
        found = by_name(tape_checks([tmp_path]))
        assert {
            name: (check.state, check.what) for name, check in found.items() if name in ("stale", "unsealed")
        } == {
            "unsealed": ("warn", f"1 of 6: {tmp_path / 'unsealed'}"),
            "stale": ("warn", f"1 of 6: {tmp_path / 'stale'} (it was fresh until 2020-01-02 00:00:00 UTC)"),
        }
        assert found["damaged"].state == "fail"
        assert found["damaged"].what.startswith(f"1 of 6: {tmp_path / 'wreck'} is damaged: discovery.json")
        assert found["partial"].what == f"1 of 6: {tmp_path / 'partial'} (gap records: 1 (overrun))"
        assert "it has no captured_at" in found["blocked"].what
        assert f"{tmp_path / 'good'} (pyte test, here pyte" in found["emulator"].what
        assert "not scrubbed" in found

    def test_in_order(self, tmp_path):
        models_probe(tmp_path / "models", captured_at="2026-11-21T00:00:00Z", freshness_window="9999w")
        found = by_name(tape_checks([tmp_path]))
        with cassette.open(tmp_path / "models") as tape:
            assert tape.scrub_report.status != "not-run"
        assert found["in order"].what == "1 of 1"

    def test_exit_codes(self, tmp_path, capsys):
        path = greeter().write(tmp_path / "greeter")
        machine = int(any(check.state == "fail" for check in machine_checks()))
        assert run_here(capsys, "doctor", tmp_path).code == machine
        (path / "output.raw").write_bytes(b"")
        assert run_here(capsys, "doctor", tmp_path).code == 1

    def test_orphans(self, tmp_path):
        (tmp_path / "test_menu.py").write_text(
            "class TestIt:\n    def test_one(self, pty): ...\n\ndef test_two(pty): ...\n"
        )
        root = tmp_path / "cassettes"
        places = ("test_menu/test_two", "test_menu/TestIt.test_one[a-b].2", "test_menu/test_three", "test_gone/test_x",
                  "codex/models", "test_menu/by hand")  # fmt: skip
        for place in places:
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            greeter().write(root / place)
        found = by_name(tape_checks([root]))["orphaned"]
        assert found.what == f"2 of 6: {root / 'test_gone/test_x'}; {root / 'test_menu/test_three'}"
        assert "--pty-orphans" in found.todo

    def test_it_changes_nothing(self, tmp_path):
        greeter().write(tmp_path / "greeter")
        before = {path: path.stat() for path in tmp_path.rglob("*")}
        list(examine([tmp_path]))
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == {
            path: facts.st_mtime_ns for path, facts in before.items()
        }
