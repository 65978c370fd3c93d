"""The pytest plugin: hooks and fixtures only. Nothing heavy is imported before a fixture is used.

What a test does is in `testing.pty_fixture`; here pytest's words become its values. The hooks that watch single
tests are registered with the first fixture, so that a run without it pays nothing for them.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cassette.errors import CassetteError, UsageError
from cassette.testing import recording_modes

if TYPE_CHECKING:
    from cassette.capability.api import Capabilities
    from cassette.testing.plugin_settings import Settings
    from cassette.testing.pty_async import AsyncPty
    from cassette.testing.pty_fixture import Pty
    from cassette.testing.pty_place import Place
    from cassette.testing.tally import Tally

_TALLY = pytest.StashKey["Tally"]()
_PTY = pytest.StashKey["Pty"]()
_PASSED = pytest.StashKey[bool]()
_ORPHANS = pytest.StashKey[list[str]]()
_FIXTURES = frozenset({"pty", "pty_async"})
_WORKER_KEY = "pty_cassette"
_INI = {
    "pty_record_mode": ("string", "record mode where nothing else says one (none)"),
    "pty_cassette_dir": ("string", "directory of cassettes, from the test's file on (cassettes)"),
    "pty_match_on": ("args", "what has to agree in a replay: command keys resize text bytes"),
    "pty_timeout": ("string", "what a wait takes at most, in seconds (10)"),
    "pty_columns": ("string", "width of the terminal, in cells (80)"),
    "pty_rows": ("string", "height of the terminal, in cells (24)"),
    "pty_replay": ("string", "pace of a replay: collapsed, realtime or scaled:SCALE (collapsed)"),
    "pty_on_unplayed": ("string", "inputs that a test did not send: fail, warn or ignore (fail)"),
    "pty_max_age": ("string", "how old a cassette may be, such as 90d (no limit)"),
    "pty_on_expiry": ("string", "a cassette that is older: fail, warn or ignore (fail)"),
    "pty_capability_dirs": ("args", "where pty_capabilities looks, from the root directory on (cassettes)"),
    "pty_on_stale": ("string", "stale evidence of harnesses: evidence, fail, skip or use (evidence)"),
    "pty_known_secret_env": ("args", "variables whose values are secret, where they are set"),
}
_MARKER = (
    "pty(cassette=None, *, record_mode, match_on, columns, rows, normalize, on_unplayed, replay, scale): "
    "how this test records and replays terminal programs"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and ini settings, all by names of our own."""
    group = parser.getgroup("pty-cassette", "terminal programs, recorded and replayed")
    group.addoption(
        "--pty-record",
        metavar="MODE",
        help="none: only replay (default); once: record what has no cassette; all: record every time; rewrite: "
        "record each cassette anew; verify: run the programs and compare. Also PTY_RECORD, but not under CI.",
    )
    group.addoption("--pty-disable", action="store_true", help="run the programs, keep nothing")
    group.addoption("--pty-update-screens", action="store_true", help="write the approved screens anew")
    group.addoption(
        "--pty-orphans",
        choices=("ignore", "warn", "fail", "delete"),
        default="ignore",
        help="what to do about cassettes that no test uses, after a whole run (ignore)",
    )
    group.addoption(
        "--pty-trace",
        choices=("off", "on", "retain-on-failure"),
        default="off",
        help="keep a cassette and the last screens of a test under pytest's temp root (off)",
    )
    for name, (kind, text) in _INI.items():
        parser.addini(name, text, type=kind, default=[] if kind == "args" else "")  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a mode that is none before anything is collected."""
    config.addinivalue_line("markers", _MARKER)
    try:
        _mode(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header(config: pytest.Config) -> str:
    """The mode, and who said so."""
    if config.getoption("pty_disable"):
        return "pty-cassette: disabled, programs run and nothing is kept"
    mode, who = _mode(config)
    return f"pty-cassette: record mode {mode} ({who})"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a marker that cannot be meant, before a test runs; a worker leaves that to the fixture."""
    if hasattr(config, "workerinput"):
        return
    for item in items:
        for mark in item.iter_markers("pty"):
            from cassette.testing.plugin_settings import check_marker

            try:
                check_marker(mark.args, mark.kwargs)
            except UsageError as error:
                raise pytest.UsageError(f"{item.nodeid}: {error}") from None


def pytest_deselected(items: list[pytest.Item]) -> None:
    """A run without some of the collected tests tells nothing about orphans."""
    if items and _wants_orphans(items[0].config):
        _note_filter(items[0].config, "tests were deselected")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which cassettes the collected tests claim, where that is asked for."""
    if not _wants_orphans(session.config):
        return
    tally = _tally(session.config)
    for item in session.items:
        root = item.path.parent / _cassette_root(session.config)
        if str(root) not in tally.roots:
            tally.roots.append(str(root))
        if _FIXTURES.intersection(getattr(item, "fixturenames", ())):
            name = _marker(item)[0] or _name(item)
            tally.claims[item.nodeid] = os.path.normpath(root / item.path.stem / name)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of pytest-xdist is done: take in what it counted."""
    counted = getattr(node, "workeroutput", {}).get(_WORKER_KEY)
    if counted is not None:
        _tally(node.config).add(counted)
    elif error is not None or _wants_orphans(node.config):
        _note_filter(node.config, "a worker did not end well")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A worker sends what it counted; whoever holds the whole run judges orphans."""
    config = session.config
    if _wants_orphans(config):
        _note_filters(session, exitstatus)
    if hasattr(config, "workerinput"):
        if _TALLY in config.stash:
            config.workeroutput[_WORKER_KEY] = _tally(config).as_plain()  # type: ignore[attr-defined]
    elif _wants_orphans(config):
        _judge_orphans(session)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was played, recorded, left unplayed, and nobody's."""
    tally = config.stash.get(_TALLY, None)
    lines = [] if tally is None else [*tally.lines(), *config.stash.get(_ORPHANS, [])]
    if lines:
        terminalreporter.section("pty-cassette")
        for line in lines:
            terminalreporter.line(line)


# Fixtures.


@pytest.fixture(scope="session")
def pty_config() -> dict[str, Any]:
    """Settings for the tests that see this fixture: override it. Names are the marker's keywords, and some more."""
    return {}


@pytest.fixture
def pty_cassette_dir(request: pytest.FixtureRequest) -> Path:
    """Where the cassettes of a module lie: `cassettes/<module>` beside the test. May be overridden."""
    path = request.node.path
    return Path(path.parent / _cassette_root(request.config) / path.stem)


@pytest.fixture
def pty_cassette_name(request: pytest.FixtureRequest) -> str:
    """The name of a test's first cassette: `[Class.]test_name[param]`, made safe. May be overridden."""
    return _name(request.node)


@pytest.fixture
def pty(
    request: pytest.FixtureRequest,
    pty_config: dict[str, Any],
    pty_cassette_dir: Path,
    pty_cassette_name: str,
) -> Iterator[Pty]:
    """Terminal programs of a test: `with pty.spawn([…]) as term:` runs one, or plays its recording."""
    node = request.node
    test = _begin(request, pty_config, pty_cassette_dir, pty_cassette_name)
    node.stash[_PTY], node.stash[_PASSED] = test, False
    if not request.config.pluginmanager.has_plugin(_Watch.NAME):
        request.config.pluginmanager.register(_Watch(), _Watch.NAME)
    yield test
    del node.stash[_PTY]
    with _said_plainly():
        test.teardown(passed=node.stash[_PASSED])


@pytest.fixture
def pty_async(pty: Pty) -> AsyncPty:
    """The fixture `pty` for tests that are async: `async with pty_async.spawn([…]) as term:`."""
    from cassette.testing.pty_async import AsyncPty

    return AsyncPty(pty)


@pytest.fixture(scope="session")
def pty_capabilities(pytestconfig: pytest.Config) -> Capabilities:
    """What harnesses can do, by recorded evidence: `assert pty_capabilities["codex"].supports(model="…")`."""
    with _said_plainly():
        from cassette.own_packages import check_own_packages

        check_own_packages()
        from cassette.testing.recorded_capabilities import recorded_capabilities

        return recorded_capabilities(
            pytestconfig.rootpath,
            pytestconfig.getini("pty_capability_dirs"),
            on_stale=pytestconfig.getini("pty_on_stale"),
            skip=pytest.skip,
        )


class _Watch:
    """Hooks for the tests that use the fixture; registered with the first of them."""

    NAME = "pty-cassette-watch"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """When a test has not failed: its sessions end here, so that what is wrong with that is its failure."""
        result = yield
        test = item.stash.get(_PTY, None)
        if test is not None:
            with _said_plainly():
                test.end_of_call()
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Whether the test passed, as everybody else sees it."""
        report = yield
        if call.when == "call" and _PTY in item.stash:
            item.stash[_PASSED] = report.passed and not hasattr(report, "wasxfail")
        return report


class _said_plainly:  # noqa: N801 - a context manager, used like a function
    """Our own errors without a traceback: they say all, and no line of the test is in it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, CassetteError):
            notes = getattr(error, "__notes__", [])
            raise pytest.fail.Exception("\n".join([str(error), *notes]), pytrace=False) from None


# From pytest's words to ours.


def _mode(config: pytest.Config, marker: object = None, fixture: object = None) -> tuple[str, str]:
    """The mode and who said so: for the run, or with a marker's and a fixture's word for one test."""
    return recording_modes.choose_mode(
        [
            (recording_modes.FLAG, config.getoption("pty_record")),
            (recording_modes.VARIABLE, os.environ.get(recording_modes.VARIABLE)),
            ("record_mode of the marker pty", marker),
            ("record_mode of pty_config", fixture),
            ("pty_record_mode", config.getini("pty_record_mode")),
        ],
        ci=recording_modes.under_ci(os.environ),
    )


def _begin(request: pytest.FixtureRequest, given: dict[str, Any], directory: str | Path, name: str) -> Pty:
    """The test's `Pty`, from everything that was said about it."""
    with _said_plainly():
        from cassette.own_packages import check_own_packages

        check_own_packages()
        from cassette.testing.pty_fixture import Pty
        from cassette.testing.pty_place import Wishes

        config = request.config
        cassette, keywords = _marker(request.node)
        wishes = Wishes(
            disabled=config.getoption("pty_disable"),
            update_screens=config.getoption("pty_update_screens"),
            trace=config.getoption("pty_trace"),
        )
        settings = _settings(config, keywords, given)
        place = _place(request, Path(directory), name, cassette, trace=wishes.trace != "off")
        tally = _tally(config)
        if str(place.directory) not in tally.directories:
            tally.directories.append(str(place.directory))
        return Pty(settings, place, wishes, tally)


def _settings(config: pytest.Config, keywords: dict[str, Any], given: dict[str, Any]) -> Settings:
    from cassette.testing.plugin_settings import CONFIG_KEYWORDS, settings_from

    if not isinstance(given, dict):
        raise UsageError(what=f"the fixture pty_config gave {given!r}: return a dict")
    mode = _mode(config, keywords.get("record_mode"), given.get("record_mode"))
    ini = {name: config.getini(f"pty_{name}") for name in CONFIG_KEYWORDS if f"pty_{name}" in _INI}
    return settings_from(mode, keywords, given, ini)


def _marker(item: pytest.Item) -> tuple[str | None, dict[str, Any]]:
    """The cassette's name and the keywords of a test's markers, the closest first. Raises UsageError."""
    said: dict[str, Any] = {}
    for mark in item.iter_markers("pty"):
        from cassette.testing.plugin_settings import check_marker

        check_marker(mark.args, mark.kwargs)
        named = {"cassette": mark.args[0]} if mark.args else {}
        said = {**named, **mark.kwargs, **said}
    return said.pop("cassette", None), said


def _name(item: pytest.Item) -> str:
    from cassette.testing.cassette_names import name_of_test

    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return name_of_test(classes, item.name)


def _cassette_root(config: pytest.Config) -> Path:
    return Path(config.getini("pty_cassette_dir") or "cassettes")


def _place(
    request: pytest.FixtureRequest, directory: Path, name: str, cassette: str | None, *, trace: bool
) -> Place:
    from cassette.testing.cassette_names import safe_name
    from cassette.testing.pty_place import Place

    item = request.node
    directory = item.path.parent / directory
    own = cassette is None and name == _name(item)
    first = directory / (cassette or safe_name(name))

    def scratch(name: str) -> Path:
        factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        return factory.mktemp(safe_name(name))

    @cache
    def address() -> str:
        return shlex.quote(_address(item))

    if trace:
        request.getfixturevalue("tmp_path_factory")  # it cannot be asked for the first time in a teardown
    return Place(
        test=item.nodeid,
        beside=item.path.parent,
        directory=directory,
        first=Path(os.path.normpath(first)),
        own=own,
        screens=item.path.parent / "screens" / item.path.stem / _name(item),
        command=lambda option: f"pytest {address()} {option}",
        scratch=scratch,
    )


def _address(item: pytest.Item) -> str:
    """What runs one test, from the directory in which this run was started."""
    file, colons, rest = item.nodeid.partition("::")
    started = item.config.invocation_params.dir
    try:
        file = item.path.relative_to(started).as_posix()
    except ValueError:
        file = os.path.relpath(item.path, started)
    return f"{file}{colons}{rest}"


# Orphans.


def _wants_orphans(config: pytest.Config) -> bool:
    return bool(config.getoption("pty_orphans") != "ignore")


def _tally(config: pytest.Config) -> Tally:
    if _TALLY not in config.stash:
        from cassette.testing.tally import Tally

        config.stash[_TALLY] = Tally()
    return config.stash[_TALLY]


def _note_filter(config: pytest.Config, why: str) -> None:
    filtered = _tally(config).filtered
    if why not in filtered:
        filtered.append(why)


def _note_filters(session: pytest.Session, exitstatus: int) -> None:
    """Everything that makes a run less than the whole suite."""
    from cassette.testing import orphans

    config = session.config
    for why in orphans.filters(config.getoption, config.args):
        _note_filter(config, why)
    if exitstatus not in (0, 1) or session.shouldstop or session.shouldfail:
        _note_filter(config, "the run did not come to its end")


def _judge_orphans(session: pytest.Session) -> None:
    from cassette.testing import orphans

    config, tally = session.config, _tally(session.config)
    wish = config.getoption("pty_orphans")
    if tally.filtered:
        config.stash[_ORPHANS] = [f"orphans not judged: {'; '.join(tally.filtered)}"]
        return
    found = orphans.orphans(tally)
    waiting = len(tally.claims.keys() - set(tally.passed))
    lines = [f"orphan {_shown(path)}: no test uses it" for path in found]
    if found and wish == "delete" and waiting:
        lines.append(f"not deleted, since a test that may use one did not pass ({waiting} in all)")
    elif wish == "delete":
        gone = orphans.delete(found)
        lines = [f"orphan {_shown(path)}: deleted" for path in gone]
    elif found and wish == "fail":
        lines.append("remove them: pytest --pty-orphans=delete")
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    config.stash[_ORPHANS] = lines


def _shown(path: Path) -> str:
    return os.path.relpath(path)
