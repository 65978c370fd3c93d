"""The marker, the fixture `pty_config` and the ini file: each setting has its effect, each mistake is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from plugin_helpers import HELLO, Project, message

import cassette
from cassette.errors import UsageError
from cassette.testing.normalizing import normalizer
from cassette.testing.plugin_settings import check_marker, seconds_of, settings_from

Golden = Callable[[str, str], None]
PLACE = "cassettes/test_it/test_hello"


def marked(marker: str) -> str:
    return f"import pytest\npytestmark = pytest.mark.pty({marker})\n{HELLO}"


def configured(config: str) -> str:
    return (
        f"import pytest\n\n@pytest.fixture(scope='module')\ndef pty_config():\n    return {config}\n{HELLO}"
    )


@pytest.mark.parametrize(
    "marker", ["colums=100", "record=1", "'a', 'b'", "'a', cassette='b'", "7", "columns='wide'"]
)
def test_a_marker_that_cannot_be_meant_is_a_usage_error(
    project: Project, golden: Golden, marker: str
) -> None:
    project.test(marked(marker))
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    if marker == "colums=100":
        golden("plugin/unknown_keyword.txt", message(result.stderr.str(), "ERROR"))


def test_a_marker_that_is_added_while_the_test_is_set_up_is_checked_too(
    project: Project, golden: Golden
) -> None:
    late = "@pytest.fixture(autouse=True)\ndef late(request):\n    request.applymarker(pytest.mark.pty(colums=1))\n"
    project.test(f"import pytest\n{late}{HELLO}")
    result = project.run()
    result.assert_outcomes(errors=1)
    golden("plugin/unknown_keyword_late.txt", message(result.stdout.str(), "the marker pty"))


@pytest.mark.parametrize(
    "config",
    [
        "{'colums': 100}",
        "{'on_unplayed': 'explode'}",
        "{'max_age': 'old'}",
        "7",
        "{'normalize': ['nothing']}",
    ],
)
def test_a_config_that_cannot_be_meant_is_an_error_of_the_test(project: Project, config: str) -> None:
    project.test(configured(config))
    result = project.run()
    result.assert_outcomes(errors=1)
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    "ini",
    [
        "pty_rows = many",
        "pty_replay = scaled:fast",
        "pty_max_age = 3 moons",
        "pty_on_expiry = cry",
        "pty_match_on = luck",
    ],
)
def test_an_ini_value_that_cannot_be_meant_is_an_error_of_the_test(project: Project, ini: str) -> None:
    project.test(ini=ini)
    project.run().assert_outcomes(errors=1)


def size_of(project: Project, text: str, ini: str = "") -> tuple[int, int]:
    project.test(text, ini=ini)
    project.passes("--pty-record=all")
    project.passes()
    size = cassette.open(project.path / PLACE).size
    return size.columns, size.rows


def test_marker_over_config_over_ini(project: Project) -> None:
    ini = "pty_columns = 50\npty_rows = 10"
    assert size_of(project, HELLO) == (80, 24)
    assert size_of(project, HELLO, ini) == (50, 10)
    both = configured("{'columns': 60}")
    assert size_of(project, both, ini) == (60, 10)
    assert size_of(
        project, both.replace("import pytest", "import pytest\npytestmark = pytest.mark.pty(columns=70)"), ini
    ) == (70, 10)


def test_the_closest_marker_wins_keyword_by_keyword(project: Project) -> None:
    text = marked("columns=90, rows=9").replace("def test_hello", "@pytest.mark.pty(rows=8)\ndef test_hello")
    assert size_of(project, text) == (90, 8)


def test_another_size_than_recorded_is_told(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    project.test(marked("columns=100"))
    assert "geometry: The test gives the terminal another size" in project.fails()
    project.test(marked("columns=100, match_on=['keys']"))
    project.passes()


@pytest.mark.parametrize(
    ("match_on", "good"), [("", False), ("pty_match_on = keys resize", True), ("pty_match_on = text", True)]
)
def test_match_on_from_the_ini_file(project: Project, match_on: str, good: bool) -> None:
    project.test()
    project.passes("--pty-record=once")
    project.test(HELLO.replace("echo Hello", "echo  Hello"), ini=match_on)
    output = project.passes() if good else project.fails()
    assert good or "command: The test starts another command" in output


def test_temporary_paths_in_a_command_may_differ(project: Project) -> None:
    test = """
import tempfile

def test_hello(pty):
    with tempfile.TemporaryDirectory(dir="/tmp") as place, pty.spawn(["ls", place]):
        pass
"""
    project.test(test)
    project.passes("--pty-record=once")
    project.passes()


def test_normalize_may_be_a_function_or_rules(project: Project) -> None:
    text = """
import pytest, re, random

@pytest.mark.pty(normalize={})
def test_hello(pty):
    with pty.spawn(["echo", str(random.random())]):
        pass
"""
    project.test(text.format("lambda text: re.sub(r'0[.][0-9e-]+', 'N', text)"))
    project.passes("--pty-record=once")
    project.passes()
    project.test(text.format("['uuid']"))
    project.fails()


def test_what_normalize_takes() -> None:
    assert normalizer(False)("pid 77") == "pid 77"
    assert (
        normalizer(None)("pid 77") == normalizer(True)("pid 77") == normalizer("pid")("pid 77") == "pid <pid>"
    )
    assert normalizer(None, for_argv=True)("5 s") == "5 s"
    with pytest.raises(UsageError, match="use some of timestamp"):
        normalizer(["nothing"])
    with pytest.raises(UsageError, match="gave None"):
        normalizer(lambda text: None)("x")


def test_the_pace_of_a_replay() -> None:
    mode = ("none", "the default")
    assert settings_from(mode, {}, {}, {}).replay == "collapsed"
    scaled = settings_from(mode, {}, {}, {"replay": "scaled:0.5"})
    assert (scaled.replay, scaled.scale) == ("scaled", 0.5)
    assert settings_from(mode, {"scale": 0.25}, {}, {}).replay == "scaled"
    assert settings_from(mode, {"replay": "collapsed"}, {"replay": "scaled", "scale": 2}, {}).scale == 1.0
    with pytest.raises(UsageError, match="a scale has no meaning with replay 'realtime'"):
        settings_from(mode, {"replay": "realtime", "scale": 2}, {}, {})


@pytest.mark.parametrize("pace", ["replay='realtime'", "replay='scaled', scale=0.001", "scale=0.001"])
def test_paces_in_a_run(project: Project, pace: str) -> None:
    project.test()
    project.passes("--pty-record=once")
    project.test(marked(pace))
    project.passes()


def test_ages() -> None:
    assert [seconds_of(age) for age in ("5s", "2m", "3h", "90d", "1 w")] == [
        5,
        120,
        10_800,
        7_776_000,
        604_800,
    ]
    for wrong in ("90", "d", "-1d", "1y", ""):
        with pytest.raises(UsageError):
            seconds_of(wrong)


def test_markers_that_are_good() -> None:
    check_marker(["menu"], {"columns": 80})
    check_marker([], {"cassette": None, "replay": "realtime"})


def test_a_cassette_by_hand(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    (project.path / "by-hand").mkdir()
    (project.path / PLACE).rename(project.path / "by-hand" / "tape")
    text = HELLO.replace("pty.spawn(ASK)", "pty.open('by-hand/tape')")
    project.test(text)
    project.passes()
    project.passes("--pty-record=all")
    project.test(text.replace("by-hand", "nowhere"))
    assert "Record it: cassette record -o nowhere/tape -- COMMAND" in project.fails()


def test_a_string_for_a_command_is_refused(project: Project) -> None:
    project.test(HELLO.replace("pty.spawn(ASK)", "pty.spawn('sh -c true')"))
    assert "give a list, as in ['sh', '-c', 'true']" in project.fails("--pty-record=once")


def test_a_damaged_cassette_is_never_taken_for_a_missing_one(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    raw = project.path / PLACE / "output.raw"
    raw.write_bytes(raw.read_bytes().replace(b"Hello", b"HELLO"))
    for mode in ("none", "once", "verify"):
        assert "damaged: The cassette cassettes/test_it/test_hello is damaged" in project.fails(
            f"--pty-record={mode}"
        )
    project.passes("--pty-record=rewrite")
    project.passes()


def test_a_replayed_process_on_path(project: Project) -> None:
    project.test()
    project.passes("--pty-record=once")
    Path(project.path / PLACE).rename(project.path / "cassettes" / "test_it" / "test_shim")
    text = """
import os, subprocess

def test_shim(pty):
    before = os.environ["PATH"]
    assert pty.on_path("asker", any_arguments=True).name == "asker"
    done = subprocess.run(["asker"], input=b"{who}\\n", capture_output=True)
    assert b"Hello, Ada" in done.stdout

def test_path_is_as_it_was():
    assert "pty-bin" not in os.environ["PATH"]
"""
    project.test(text.replace("{who}", "Ada"))
    project.passes()
    project.test(text.replace("{who}", "Bob").replace("    assert b", "    b"))
    result = project.run()
    result.assert_outcomes(failed=1, passed=1)
    assert "asker was not driven as it was recorded in cassettes/test_it/test_shim" in result.stdout.str()
    project.test(text.replace("test_shim", "test_none"))
    assert "Record it: pytest test_it.py::test_none --pty-record=once" in project.fails()
