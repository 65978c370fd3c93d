"""What a project, a caller and a machine say about secrets: read once, strict, and the same again from a spool."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cassette.errors import UsageError
from cassette.scrubbing.settings import KEYS, ScrubSettings, read_settings
from scrub.views import plain_view

SECRET = "zebra-4711-quartz"
RULES = '[[rules]]\nid = "acme-ticket"\nregex = "ACME-[0-9]{6}"\n'


def project(place: Path, table: str) -> Path:
    (place / "pyproject.toml").write_text(f"[tool.pty-cassette.scrub]\n{table}", "utf-8")
    return place


def values(settings: ScrubSettings) -> dict[str, str]:
    return {known.origin: known.value.decode() for known in settings.known.values}


def skipped(settings: ScrubSettings) -> dict[str, str]:
    return {item.what: item.reason for item in settings.known.skipped}


def test_variables_that_look_secret_are_known(tmp_path):
    environment = {"ACME_API_KEY": SECRET, "LANG": "C", "MY_TOKEN": "on"}
    settings = read_settings(start=tmp_path, environment=environment)
    assert values(settings) == {"environment:ACME_API_KEY": SECRET}
    assert skipped(settings) == {"environment:MY_TOKEN": "shorter than 4 characters"}


def test_a_program_that_gets_another_value_has_two(tmp_path):
    settings = read_settings(
        start=tmp_path, environment={"A_TOKEN": "first value", "PIN": "4711-first"},
        given={"A_TOKEN": "second value", "B_TOKEN": "third value", "PIN": "4711-other"}, known_secret_env=["PIN"],
    )  # fmt: skip
    found = sorted(known.value for known in settings.known.values)
    assert found == [b"4711-first", b"4711-other", b"first value", b"second value", b"third value"]


def test_a_project_names_variables_files_and_rules(tmp_path):
    (tmp_path / "token").write_text(f"{SECRET}\n", "utf-8")
    (tmp_path / "ours.toml").write_text(RULES, "utf-8")
    project(
        tmp_path,
        'known-secret-env = ["PLAIN", "ABSENT"]\nknown-secret-files = ["token", "no-such-file"]\n'
        'rules = "ours.toml"\nmax-output-bytes = 1000\n',
    )
    deeper = tmp_path / "a" / "b"
    deeper.mkdir(parents=True)
    settings = read_settings(start=deeper, environment={"PLAIN": "correct horse"})
    assert values(settings) == {"environment:PLAIN": "correct horse", "file:token": SECRET}
    assert skipped(settings) == {"environment:ABSENT": "not set", "file:no-such-file": "not there"}
    assert settings.rule_names == ("acme-ticket",)
    found = [
        known.value
        for find in settings.find_more
        for known in find(plain_view("text", "x", b"see ACME-123456"))
    ]
    assert found == [b"ACME-123456"]
    assert settings.max_output_bytes == 1000


def test_the_nearest_project_that_says_something_counts(tmp_path):
    project(tmp_path, "max-output-bytes = 7\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "pty-cassette-user"\n', "utf-8")
    assert read_settings(start=inner, environment={}).max_output_bytes == 7
    project(inner, "max-output-bytes = 8\n")
    assert read_settings(start=inner, environment={}).max_output_bytes == 8


def test_a_caller_adds_to_the_project(tmp_path):
    project(tmp_path, 'known-secret-env = "ONE"\n')
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"api_token": SECRET}), "utf-8")
    settings = read_settings(
        start=tmp_path, environment={"ONE": "first thing", "TWO": "second thing"},
        known_secret_env="TWO", known_secret_file=file, optional_env=["THREE"],
    )  # fmt: skip
    assert set(values(settings)) == {"environment:ONE", "environment:TWO", "file:credentials.json"}
    assert skipped(settings) == {"environment:THREE": "not set"}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("known_secret_env = []\n", "'known_secret_env'"),
        ("known-secret-env = [1]\n", "known-secret-env"),
        ("known-secret-files = {}\n", "known-secret-files"),
        ("rules = [[]]\n", "rules"),
        ("max-output-bytes = true\n", "max-output-bytes"),
        ("max-output-bytes = 0\n", "max-output-bytes"),
        ("rules = 'no-such-rules.toml'\n", "no-such-rules.toml"),
        ("= 3\n", "TOML"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(tmp_path, table, says):
    with pytest.raises(UsageError, match=says) as caught:
        read_settings(start=project(tmp_path, table), environment={})
    assert "pyproject.toml" in str(caught.value)
    assert caught.value.exit_code == 2


def test_every_key_is_told_to_who_misspells_one(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_settings(start=project(tmp_path, "rulez = 'x'\n"), environment={})
    assert all(key in str(caught.value) for key in KEYS)


def test_a_table_that_is_none_is_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.pty-cassette]\nscrub = 3\n", "utf-8")
    with pytest.raises(UsageError, match="is no table"):
        read_settings(start=tmp_path, environment={})


def test_what_a_caller_names_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="NO_SUCH_VARIABLE"):
        read_settings(start=tmp_path, environment={}, known_secret_env=["NO_SUCH_VARIABLE"])
    with pytest.raises(UsageError, match=r"no-such-file.*no such file"):
        read_settings(start=tmp_path, environment={}, known_secret_file=tmp_path / "no-such-file")
    with pytest.raises(UsageError, match="is a directory"):
        read_settings(start=tmp_path, environment={}, rules=tmp_path)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('id = "looks-back"\nregex = "(?<=x)y"\n', "looks-back"),
        ('id = "repeats"\nregex = "a{100000}"\n', "repeats"),
        ('id = "paths"\nregex = "a"\npath = "x"\n', "path"),
    ],
)
def test_a_rule_that_cannot_run_is_refused_by_name(tmp_path, rule, says):
    file = tmp_path / "rules.toml"
    file.write_text(f"[[rules]]\n{rule}", "utf-8")
    with pytest.raises(UsageError, match=says):
        read_settings(start=tmp_path, environment={}, rules=file)


def test_a_spool_has_the_same_settings(tmp_path):
    (tmp_path / "rules.toml").write_text(RULES, "utf-8")
    settings = read_settings(
        start=tmp_path, environment={"A_TOKEN": "b\udcff\u2026 secret value", "B_TOKEN": "1"},
        rules=[tmp_path / "rules.toml"],
    )  # fmt: skip
    again = ScrubSettings.from_header(json.loads(json.dumps(settings.as_header())))
    assert again == settings
    assert again.rule_names == ("acme-ticket",)


def test_identity_is_this_machines(tmp_path, monkeypatch):
    (tmp_path / "tree" / ".git").mkdir(parents=True)
    inner = tmp_path / "tree" / "src"
    inner.mkdir()
    monkeypatch.setenv("HOME", "/home/zoltan/")
    monkeypatch.setenv("LOGNAME", "zoltan")
    monkeypatch.setattr("socket.gethostname", lambda: "mybox-17")
    identity = read_settings(start=inner, environment={}).identity
    assert (identity.home, identity.user, identity.host) == ("/home/zoltan", "zoltan", "mybox-17")
    assert identity.worktree == str(tmp_path / "tree")


def test_no_value_is_shown(tmp_path):
    settings = read_settings(start=tmp_path, environment={"A_TOKEN": SECRET})
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("option", ["known_secret_file", "rules"])
def test_a_pipe_that_nobody_writes_to_is_said_at_once(tmp_path, option):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match=r"pipe .*: nobody writes to this pipe\. Name a file"):
        read_settings(start=tmp_path, environment={}, **{option: tmp_path / "pipe"})


def test_what_a_shell_hands_over_as_a_pipe_is_read(tmp_path):
    reading, writing = os.pipe()
    with open(reading, "rb"):
        with open(writing, "wb") as pipe:
            pipe.write(SECRET.encode())
        settings = read_settings(start=tmp_path, environment={}, known_secret_file=f"/dev/fd/{reading}")
    assert SECRET in values(settings).values()


@pytest.mark.parametrize("content", ["", "\n# nothing\n", '{"n": 5}', "MOTTO=plain words\n"])
def test_a_named_file_without_a_secret_is_said(tmp_path, content):
    (tmp_path / "empty").write_text(content, "utf-8")
    with pytest.raises(UsageError, match=r"no secret was found in .*empty"):
        read_settings(start=tmp_path, environment={}, known_secret_file=tmp_path / "empty")
