"""Drivers of other kinds start a shim without knowing: subprocess, a shell, tmux, Node's node-pty."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape
from shim_helpers import ENVIRONMENT, LIMIT_S, drive

import cassette
from cassette.model import Input, Output, ServiceEvent
from cassette.reading.reader import open as open_cassette
from cassette.shim import write_shim

SHELL = ["bash", "--norc", "--noprofile", "-i"]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded shell session."""
    path = tmp_path_factory.mktemp("recorded") / "shell"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PS1", "$ ")
        with cassette.record(path, SHELL, env={"PS1": "$ "}, timeout=LIMIT_S) as session:
            session.wait_for("$")
            session.type("echo six times seven is $((6 * 7))")
            session.press("enter")
            session.wait_for("seven is 42\n$ ")
            session.type("exit 3")
            session.press("enter")
            session.wait()
    return path


@pytest.fixture
def shim(shell: Path, tmp_path: Path) -> Path:
    return write_shim(shell, name="bash", into=tmp_path / "bin")


def conversation(child: Any) -> None:
    child.expect_exact("$ ")
    child.sendline("echo six times seven is $((6 * 7))")
    child.expect_exact("is 42\r\n")
    child.expect_exact("$ ")
    child.sendline("exit 3")


def test_pexpect_on_a_scripted_recording(shim: Path) -> None:
    outcome = drive([str(shim), *SHELL[1:]], conversation, env={})
    assert outcome.code == 3
    with open_tape(shim) as tape:
        assert outcome.output == tape.output_bytes()


def open_tape(shim: Path) -> Any:
    from cassette.shim.runtime.plan import read_plan

    return open_cassette(read_plan(f"{shim}.shim/plan").cassette)


def test_subprocess_with_pipes(shim: Path) -> None:
    given = b"echo six times seven is $((6 * 7))\nexit 3\n"
    done = subprocess.run([shim, *SHELL[1:]], input=given, capture_output=True, check=False, env={})
    assert (done.returncode, done.stderr) == (3, b"")
    with open_tape(shim) as tape:
        assert done.stdout == tape.output_bytes().replace(b"\r", b"")


def test_found_by_path_in_a_shell_script(shim: Path, tmp_path: Path) -> None:
    script = 'printf "echo six times seven is \\$((6 * 7))\\nexit 3\\n" | bash --norc --noprofile -i; echo "status $?"'
    env = {"PATH": f"{shim.parent}:/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, env=env, cwd=tmp_path)
    assert b"seven is 42\n" in done.stdout
    assert done.stdout.endswith(b"status 3\n")


@pytest.mark.parametrize("seed", range(5))
def test_output_cut_anew_plays_the_same(seed: int, shell: Path, tmp_path: Path) -> None:
    with open_cassette(shell) as tape:
        cut_anew(tape, random.Random(seed)).write(tmp_path / "cut")
        whole = tape.output_bytes()
    path = write_shim(tmp_path / "cut", name="bash", into=tmp_path / "bin")
    outcome = drive([str(path), *SHELL[1:]], conversation, env={})
    assert outcome.code == 3
    assert outcome.output == whole


def cut_anew(tape: Any, cuts: random.Random) -> Tape:
    """The same evidence with its output in other pieces, now and then of other moments."""
    made = Tape(
        command={"argv": SHELL, "workdir_policy": "inherit"}, required_features=[],
        terminal={"initial_rows": 24, "initial_cols": 80, "term": "xterm-256color",
                  "emulator": {"name": "pyte", "version": "test"}},
    )  # fmt: skip
    t_ms = 0
    for event in tape.events():
        t_ms = max(t_ms, event.t_ms)
        if isinstance(event, Output):
            data = event.data
            while data:
                length = cuts.randint(1, len(data))
                made.output(t_ms, data[:length])
                data = data[length:]
                t_ms += cuts.randint(0, 2)
        elif isinstance(event, Input) and event.kind in ("input", "paste"):
            made.input(t_ms, event.data, source=event.source)
        else:
            assert not isinstance(event, ServiceEvent)
    return made.final(t_ms, tape.final.exit.code)


# tmux: a real terminal, which answers queries.


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Any]:
    """`tmux(*words)`: a command of a server of its own, which is gone afterwards."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    base = ["tmux", "-S", str(tmp_path / "tmux.socket"), "-f", "/dev/null"]

    def run(*words: str) -> str:
        done = subprocess.run([*base, *words], capture_output=True, text=True, check=True, env=ENVIRONMENT)
        return done.stdout

    yield run
    subprocess.run([*base, "kill-server"], capture_output=True, check=False, env=ENVIRONMENT)


def until(condition: Any) -> Any:
    """Look until it is so; tmux has no event for what its screens show."""
    deadline = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)
    return found


def test_tmux(shim: Path, tmux: Any) -> None:
    command = f"{shim} {' '.join(SHELL[1:])}"
    tmux("new-session", "-d", "-s", "s", "-x", "80", "-y", "24", f"{command}; echo status=$?; exec cat")
    until(lambda: "$" in tmux("capture-pane", "-p", "-t", "s"))
    tmux("send-keys", "-t", "s", "echo six times seven is $((6 * 7))", "Enter")
    screen = "$ echo six times seven is $((6 * 7))\nsix times seven is 42\n$\n"
    until(lambda: tmux("capture-pane", "-p", "-t", "s").startswith(screen))
    tmux("send-keys", "-t", "s", "exit 3", "Enter")
    until(lambda: "status=3" in tmux("capture-pane", "-p", "-t", "s"))


def test_answers_of_a_real_terminal_are_no_input(tmux: Any, tmp_path: Path) -> None:
    made = Tape().output(0, b"\x1b[c\x1b[>c\x1b[6n\x1b[>q\x1b[5nready\r\n").input(5, b"q", source="user")
    made.output(6, b"\x1b[6nquit\r\n").final(7, 4)
    path = write_shim(made.write(tmp_path / "tape"), name="asker", into=tmp_path / "bin", any_arguments=True)
    tmux("new-session", "-d", "-s", "s", "-x", "80", "-y", "24", f"{path}; echo status=$?; exec cat")
    until(lambda: "ready" in tmux("capture-pane", "-p", "-t", "s"))
    tmux("send-keys", "-t", "s", "q")
    until(lambda: "status=4" in tmux("capture-pane", "-p", "-t", "s"))


def test_tmux_that_is_killed_leaves_no_orphan(shim: Path, tmux: Any) -> None:
    tmux("new-session", "-d", "-s", "s", "-x", "80", "-y", "24", f"exec {shim} {' '.join(SHELL[1:])}")
    until(lambda: "$" in tmux("capture-pane", "-p", "-t", "s"))
    pid = int(tmux("display", "-p", "-t", "s", "#{pane_pid}"))
    tmux("kill-server")
    until(lambda: not Path(f"/proc/{pid}").exists())


# Node.

NODE_SCRIPT = """
const [,, command, ...args] = process.argv;
const child = require('node-pty').spawn(command, args, {cols: 80, rows: 24, env: {}});
const steps = [['$ ', 'echo six times seven is $((6 * 7))\\r'], ['is 42\\r\\n', null], ['$ ', 'exit 3\\r']];
let all = '', rest = '';
child.onData(data => {
  all += data; rest += data;
  while (steps.length && rest.includes(steps[0][0])) {
    const [wanted, answer] = steps.shift();
    rest = rest.slice(rest.indexOf(wanted) + wanted.length);
    if (answer) child.write(answer);
  }
});
child.onExit(end => console.log(JSON.stringify({all, end})));
"""


def test_node_pty(shim: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    env = {**ENVIRONMENT, **{k: v for k, v in os.environ.items() if k == "NODE_PATH"}}
    probe = subprocess.run([node, "-e", "require('node-pty')"], capture_output=True, check=False, env=env)
    if probe.returncode:
        pytest.skip(
            "node-pty is not at hand: npm install node-pty somewhere, and set NODE_PATH to its node_modules"
        )
    (tmp_path / "drive.js").write_text(NODE_SCRIPT)
    command = [node, str(tmp_path / "drive.js"), str(shim), *SHELL[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env, timeout=LIMIT_S)
    told = json.loads(done.stdout)
    assert told["end"]["exitCode"] == 3
    with open_tape(shim) as tape:
        assert told["all"].encode() == tape.output_bytes()
