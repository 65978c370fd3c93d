"""A replayed test against the same test with a live bash, against a replayed HTTP call, and what not using it costs.

Runs of 1,000 tests of each kind take turns (the live ones are fewer), each with no plugin but its own, and say how long
a test took from its setup to its teardown; what an empty test takes is subtracted. The plugin of a session that does
not use it is measured as whole runs of pytest with it and without it.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

from benchmarks.figures import Figure, Missing, in_turns
from cassette.model import Frame
from cassette.reading.reader import open as open_cassette

TESTS = 1000
LIVE = 50
TURNS = 5
RUNS = 15
EVENTS = 50
OURS = "cassette.pytest_plugin"
RECORDING = "pytest_recording.plugin"

_CONFTEST = """
import json, time
import pytest

took = []

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    began = time.perf_counter()
    result = yield
    took.append(time.perf_counter() - began)
    return result

def pytest_sessionfinish():
    with open("took.json", "w") as file:
        json.dump(took, file)
"""
_TESTS = """
import urllib.request
import pexpect
import pytest

each = pytest.mark.parametrize("number", range({tests}))
BASH = ["bash", "--norc", "--noprofile", "-i"]
ROUNDS = {rounds}

@each
def test_empty(number):
    pass

@each
@pytest.mark.pty("bash")
def test_replayed(pty, number):
    with pty.spawn(BASH, env={{"PS1": "$ "}}) as term:
        term.wait_for("$ ")
        for turn in range(ROUNDS):
            term.type(f"echo $((1000 + {{turn}}))")
            term.press("enter")
            term.wait_for(str(1000 + turn))
        term.type("exit")
        term.press("enter")
    assert term.exit_code == 0

def live(delay):
    child = pexpect.spawn(BASH[0], BASH[1:], env={{"PATH": "/usr/bin:/bin", "PS1": "$ ", "TERM": "xterm"}})
    if not delay:
        child.delaybeforesend, child.ptyproc.delayafterclose = None, 0
    child.expect_exact("$ ")
    for turn in range(ROUNDS):
        child.sendline(f"echo $((1000 + {{turn}}))")
        child.expect_exact(str(1000 + turn))
    child.sendline("exit")
    child.expect(pexpect.EOF)
    assert child.wait() == 0

@pytest.mark.parametrize("number", range({live}))
def test_live(number):
    live(delay=True)

@pytest.mark.parametrize("number", range({live}))
def test_hurried(number):
    live(delay=False)

@each
@pytest.mark.vcr
@pytest.mark.default_cassette("http.yaml")
def test_http(number):
    with urllib.request.urlopen("{url}") as answer:
        assert answer.read() == b"hello"
"""
_EMPTY = "import pytest\n@pytest.mark.parametrize('number', range({count}))\ndef test_empty(number): pass\n"


def figures() -> Iterator[Figure | Missing]:
    """The replayed test first, then the plugin that nobody uses."""
    missing = [name for name in ("pexpect", "pytest_recording", "vcr") if find_spec(name) is None]
    if missing:
        yield Missing("a replayed test / others", f"{', '.join(missing)} is not installed")
    else:
        with tempfile.TemporaryDirectory() as place:
            yield from _replayed(Path(place))
    with tempfile.TemporaryDirectory() as place:
        yield from _unused(Path(place))


def _replayed(place: Path) -> Iterator[Figure]:
    rounds = _project(place)
    tests = {"empty": (), "replayed": (OURS,), "http": (RECORDING,)}
    turns = [{name: _run(place, name, plugins) for name, plugins in tests.items()} for _ in range(TURNS)]
    ours = [turn["replayed"] - turn["empty"] for turn in turns]
    note = f"{_events(place)} events, {rounds} lines typed into bash"
    yield Figure("a replayed test, less an empty one", [one * 1000 for one in ours], unit="ms", note=note)
    http = [turn["http"] - turn["empty"] for turn in turns]
    live, hurried = ([_run(place, name, ()) - turns[-1]["empty"]] * TURNS for name in ("live", "hurried"))
    for name, theirs, aim in (
        ("pytest-recording, one HTTP call", http, 1.0),
        ("a live bash under pexpect", live, 1 / 50),
        ("the same without pexpect's pauses", hurried, None),
    ):
        note = f"the peer takes {statistics.median(theirs) * 1000:.2f} ms"
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        yield Figure(f"a replayed test / {name}", ratios, aim=aim, note=note, digits=3)


def _run(place: Path, name: str, plugins: Sequence[str]) -> float:
    """Seconds of a test of that name: the mean of a whole run, without the first one, which imports."""
    _pytest(place, f"test_speed.py::test_{name}", plugins=plugins)
    return statistics.mean(json.loads((place / "took.json").read_text())[1:])


def _project(place: Path) -> int:
    """Write the tests and record what they replay; how many rounds make about 50 events."""
    (place / "conftest.py").write_text(_CONFTEST)
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    rounds = 7
    while not EVENTS - 3 <= (events := _events_of(place, rounds, url)) <= EVENTS + 3:
        rounds += 1 if events < EVENTS else -1  # how bash's output is cut, and so their number, is chance
    _pytest(place, "--record-mode=once", "test_speed.py::test_http[0]")
    server.shutdown()  # from here on only the cassette answers
    server.server_close()
    return rounds


def _events_of(place: Path, rounds: int, url: str) -> int:
    """Record the test with so many lines typed; the number of its events."""
    (place / "test_speed.py").write_text(_TESTS.format(tests=TESTS, live=LIVE, rounds=rounds, url=url))
    _pytest(place, "--pty-record=all", "test_speed.py::test_replayed[0]")
    return _events(place)


def _events(place: Path) -> int:
    with open_cassette(place / "cassettes" / "test_speed" / "bash") as tape:
        return sum(not isinstance(event, Frame) for event in tape.events())


class _Hello(BaseHTTPRequestHandler):
    """Answers once, while the HTTP cassette is recorded."""

    def do_GET(self) -> None:
        """Hello."""
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_what: object) -> None:
        """Nothing."""


def _unused(place: Path) -> Iterator[Figure]:
    """Processor time of whole runs, of one empty test and of 1,000; runs without the plugin show the noise."""
    for count, name in ((1, "1 empty test"), (TESTS, f"{TESTS} empty tests")):
        test = place / f"test_{count}.py"
        test.write_text(_EMPTY.format(count=count))

        def run(*plugins: str, name: str = test.name) -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            _pytest(place, name, plugins=plugins)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        run(OURS)
        ratios, _, _ = in_turns(lambda: run(OURS), run, turns=RUNS)
        noise, _, _ = in_turns(run, run, turns=RUNS)
        spread = f"{min(noise):.2f} to {max(noise):.2f}"
        yield Figure(
            f"pytest with the plugin / without, {name}",
            ratios,
            aim=statistics.quantiles(noise, n=20)[-1],
            note=f"without / without is {spread}",
        )


def _pytest(place: Path, *arguments: str, plugins: Sequence[str] = (OURS, RECORDING)) -> None:
    """Run pytest there with the plugins that this is about, and no other."""
    named = [word for plugin in plugins for word in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *named, *arguments]
    left_out = (
        "CI",
        "PTY_RECORD",
        "PYTHONDONTWRITEBYTECODE",
    )  # modules are compiled once, as on a user's machine
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        command,
        cwd=place,
        env=environment
        | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPYCACHEPREFIX": str(place / "compiled")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
