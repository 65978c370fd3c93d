"""A replayed test against the same test with a live bash, against a replayed HTTP call, and what not using it costs.

One pytest run has 1,000 of each kind, in turns (of the live one fewer), and says how long each test took from its
setup to its teardown; what an empty test takes is subtracted. The plugin of a session that does not use it is
measured as whole runs of pytest with it and without it.
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
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

from benchmarks.figures import Figure, Missing, in_turns
from cassette.model import Frame
from cassette.reading.reader import open as open_cassette

TESTS = 1000
LIVE = 100
SLICES = 10
TURNS = 15
EVENTS = 50
OURS = "cassette.pytest_plugin"
PLUGINS = (OURS, "pytest_recording.plugin")

_CONFTEST = """
import json, time
import pytest

took = {{}}

def number(item):
    return item.callspec.params["number"]

def pytest_collection_modifyitems(items):
    items[:] = sorted((item for item in items if "live" not in item.name or number(item) % {step} == 0), key=number)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    began = time.perf_counter()
    result = yield
    took.setdefault(item.function.__name__, []).append(time.perf_counter() - began)
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
        child.delaybeforesend = None
    child.expect_exact("$ ")
    for turn in range(ROUNDS):
        child.sendline(f"echo $((1000 + {{turn}}))")
        child.expect_exact(str(1000 + turn))
    child.sendline("exit")
    child.expect(pexpect.EOF)
    assert child.wait() == 0

@each
def test_live(number):
    live(delay=True)

@each
def test_live_hurried(number):
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
    _pytest(place)
    took = _slices(json.loads((place / "took.json").read_text()))
    ours = took["test_replayed"]
    note = f"{_events(place)} events, {rounds} lines typed into bash"
    yield Figure("a replayed test, less an empty one", [one * 1000 for one in ours], unit="ms", note=note)
    peers = (
        ("a live bash under pexpect", "test_live", 1 / 50),
        ("the same without pexpect's pauses", "test_live_hurried", None),
        ("pytest-recording, one HTTP call", "test_http", 1.0),
    )
    for name, test, aim in peers:
        ratios = [one / other for one, other in zip(ours, took[test], strict=True)]
        yield Figure(
            f"a replayed test / {name}",
            ratios,
            aim=aim,
            note=f"the peer takes {statistics.median(took[test]) * 1000:.2f} ms",
        )


def _slices(took: dict[str, list[float]]) -> dict[str, list[float]]:
    """The mean seconds of each kind in each slice of the run, without those of an empty test there."""

    def means(times: list[float]) -> list[float]:
        length = len(times) // SLICES
        return [statistics.mean(times[at : at + length]) for at in range(0, len(times), length)]

    empty = means(took.pop("test_empty"))
    return {
        name: [one - nothing for one, nothing in zip(means(times), empty, strict=True)]
        for name, times in took.items()
    }


def _project(place: Path) -> int:
    """Write the tests and record what they replay; how many rounds make about 50 events."""
    (place / "conftest.py").write_text(_CONFTEST.format(step=TESTS // LIVE))
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    for rounds in range(4, EVENTS):
        (place / "test_speed.py").write_text(_TESTS.format(tests=TESTS, rounds=rounds, url=url))
        _pytest(place, "--pty-record=all", "test_speed.py::test_replayed[0]")
        if _events(place) > EVENTS - 3:
            break
    _pytest(place, "--record-mode=once", "test_speed.py::test_http[0]")
    server.shutdown()  # from here on only the cassette answers
    server.server_close()
    return rounds


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

        ratios, _, _ = in_turns(lambda: run(OURS), run, turns=TURNS)
        noise, _, _ = in_turns(run, run, turns=TURNS)
        spread = f"{min(noise):.2f} to {max(noise):.2f}"
        yield Figure(
            f"pytest with the plugin / without, {name}",
            ratios,
            aim=statistics.quantiles(noise, n=20)[-1],
            note=f"without / without is {spread}",
        )


def _pytest(place: Path, *arguments: str, plugins: tuple[str, ...] = PLUGINS) -> None:
    """Run pytest there with the plugins that this is about, and no other."""
    named = [word for plugin in plugins for word in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *named, *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PTY_RECORD")}
    done = subprocess.run(
        command,
        cwd=place,
        env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
