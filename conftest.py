"""Loads our own plugin, keeps the tests' spools apart from the user's, and holds the golden files' one flag."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from plugin_helpers import Project
    from recordings import Recordings

pytest_plugins = ["cassette.pytest_plugin", "pytester"]

GOLDEN = Path(__file__).parent / "tests" / "golden"
MEMORY = Path("/dev/shm")

# `make test` draws the same examples each time, so that a run fails by what was changed alone; `make prove` draws new
# ones. What those find stays as an example of its own. How long an example takes is the machine's business.
_untimed = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, database=None, **_untimed)
settings.register_profile("new", derandomize=False, **_untimed)
settings.load_profile("same")

# A shell that starts this in its background lets it ignore both, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """One flag rewrites golden files."""
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew, then look at the diff"
    )


@pytest.fixture(autouse=True, scope="session")
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A directory of this run alone for spools on a disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _own_spools() -> Iterator[None]:
    """A RAM-backed spool directory of this run alone, where the machine has one."""
    if not MEMORY.is_dir():
        yield
        return
    root = tempfile.mkdtemp(prefix="pty-cassette-tests-", dir=MEMORY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASSETTE_SPOOL_DIR", root)
        yield
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: compare with `tests/golden/<name>`, or write it with `--update-golden`."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        assert path.is_file(), f"there is no golden file {path}: make it with --update-golden"
        assert text == path.read_text("utf-8"), (
            f"differs from {path}; if that is right, run with --update-golden"
        )

    return check


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Small cassettes of real programs: `recordings["greeter"]` is a directory."""
    from recordings import Recordings

    return Recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of a user's, on which pytest is run with our plugin alone."""
    from plugin_helpers import Project

    return Project(pytester, monkeypatch)
