"""For the tests of discovery: the fake agent on PATH, its adapter, and recordings made of text."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from cassette.harness.adapter_file import parse_adapter, read_adapter
from cassette.harness.recorded import Capture, Recorded
from terminal.emulator import make_emulator
from terminal.exit_status import ExitStatus

DATA = Path(__file__).parent / "data" / "harness"
AGENT = DATA / "fake_agent.py"
ADAPTER = DATA / "fakeagent.toml"


def executable(path, text):
    """A file that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def install_agent(directory, name="fakeagent"):
    """The fake agent as a command in a directory."""
    return executable(directory / name, f'#!/bin/sh\nexec {sys.executable} -S {AGENT} "$@"\n')


def machine(tmp_path, monkeypatch, *, installed=True):
    """A HOME, a PATH and locks of this test's own; from here the test stands in an empty directory."""
    home, bin_, here = tmp_path / "home", tmp_path / "bin", tmp_path / "here"
    for directory in (home, bin_, here):
        directory.mkdir()
    if installed:
        install_agent(bin_)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(_made(tmp_path / "tmp")))
    monkeypatch.setattr("tempfile.tempdir", None)
    for name in ("FAKE", "FAKE_KEY", "FAKE_VERSION", "FAKEAGENT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(here)
    return here


def _made(directory):
    directory.mkdir()
    return directory


def agent_adapter(**changes):
    """The adapter of the fake agent; `changes` replace pieces of its text."""
    if not changes:
        return read_adapter(ADAPTER)
    text = ADAPTER.read_text("utf-8")
    for old, new in changes["replace"]:
        assert text.count(old), f"the adapter has no {old!r}"
        text = text.replace(old, new)
    return parse_adapter(text, "changed.toml")


def adapter_with(probe, facts, top=""):
    """A small adapter of one probe; the text of its facts is TOML."""
    start = '[start]\nready = { text = "x" }\n' if "screen" in probe else ""
    return parse_adapter(
        f'name = "x"\nbinary = "x"\n{top}{start}[[probes]]\nname = "p"\n{probe}\n{facts}', "x.toml"
    )


def on_screen(rows, name="list", columns=80, height=30):
    """A recording with one capture, of these rows."""
    emulator = make_emulator(columns=columns, rows=height)
    data = "\r\n".join(rows).encode()
    emulator.feed(data)
    capture = Capture(name, len(data), emulator.snapshot())
    return Recorded(captures={name: capture}, output=data, last=capture.screen)


def printed(text, code=0):
    """A recording of a command that printed a text."""
    data = text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode()
    return Recorded(argv=("x",), output=data, exit=ExitStatus(code))
