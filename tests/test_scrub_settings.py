"""What a project, a caller and a machine say about secrets: read once, strict, and the same again from a spool."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cassette.errors import UsageError
from cassette.project_file import SCRUB_KEYS
from cassette.scrubbing.settings import ScrubSettings, holds_a_secret, read_settings
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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.pty-cassette.scrubs]\n", r"\[tool\.pty-cassette\.scrubs\] .* write \[tool\.pty-cassette\.scrub\]"),
        ("[tool.pty_cassette.scrub]\n", r"\[tool\.pty_cassette\] .* write \[tool\.pty-cassette\]"),
        ("[tool.pty-casette.scrub]\n", r"\[tool\.pty-casette\] .* write \[tool\.pty-cassette\]"),
        ("[pty-cassette.scrub]\n", r"\[pty-cassette\] .* write \[tool\.pty-cassette\]"),
        ('[tool.pty-cassette]\nknown-secret-env = ["A"]\n', r"write known-secret-env in \[tool\.pty-cassette\.scrub\]"),
        ('[tool.pty-cassette]\nknown_secret_env = ["A"]\n', r"write known-secret-env in \[tool\.pty-cassette\.scrub\]"),
        ("[tool.pty-cassette]\nharness = []\n", r"'harness': write harnesses in \[tool\.pty-cassette\]"),
        ("[tool.pty-cassette]\ncolour = 3\n", r"'colour': write harnesses in .*, or \[tool\.pty-cassette\.scrub\]"),
        ('[tool]\npty-cassette = "x"\n', r"\[tool\.pty-cassette\] .* is no table"),
    ],
)  # fmt: skip
def test_a_table_that_nothing_would_read_is_refused(tmp_path, text, says):
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=says) as caught:
        read_settings(start=tmp_path, environment={})
    assert caught.value.exit_code == 2
    assert "pyproject.toml" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '[tool.pty-cassette]\nharnesses = ["acme.toml"]\n',
        '[project]\nname = "pty-cassette-user"\ndependencies = ["pty-cassette"]\n',
        '[tool.uv.sources]\npty-cassette = { path = "../pty_cassette" }\n',
        "[tool.pty-cassette-viewer]\ncolour = 3\n",
        "[tool.cassette-player\n",
    ],
)
def test_what_is_no_settings_of_ours_is_passed_over(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert read_settings(start=tmp_path, environment={}).max_output_bytes > 0


def test_every_key_is_told_to_who_misspells_one(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_settings(start=project(tmp_path, "rulez = 'x'\n"), environment={})
    assert all(key in str(caught.value) for key in SCRUB_KEYS)


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


@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_an_empty_variable_that_a_caller_names_is_refused_like_one_that_is_not_set(tmp_path, value):
    with pytest.raises(UsageError, match=r"'PIN' is empty, so nothing would be protected") as caught:
        read_settings(start=tmp_path, environment={"PIN": value}, known_secret_env=["PIN"])
    assert caught.value.exit_code == 2
    given = {"PIN": "4711-other"}
    with_other = read_settings(
        start=tmp_path, environment={"PIN": value}, given=given, known_secret_env="PIN"
    )
    assert values(with_other) == {"environment:PIN": "4711-other"}
    assert skipped(with_other) == {}


def test_an_empty_variable_that_a_project_names_is_told_in_the_report(tmp_path):
    project(tmp_path, 'known-secret-env = ["PIN", "ABSENT"]\n')
    settings = read_settings(start=tmp_path, environment={"PIN": " "}, optional_env=["OTHER"])
    assert values(settings) == {}
    assert skipped(settings) == {
        "environment:PIN": "empty", "environment:ABSENT": "not set", "environment:OTHER": "not set",
    }  # fmt: skip


@pytest.mark.parametrize("option", ["known_secret_file", "rules"])
@pytest.mark.parametrize("given", ["", [""], ["token", ""]])
def test_an_empty_name_is_no_file(tmp_path, monkeypatch, option, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text(RULES if option == "rules" else SECRET, "utf-8")
    with pytest.raises(UsageError, match=f"--{option.replace('_', '-')}.* is no file") as caught:
        read_settings(start=tmp_path, environment={}, **{option: given})
    assert caught.value.exit_code == 2


def test_a_file_without_rules_is_named_as_it_was_given(tmp_path):
    with pytest.raises(UsageError, match=r"/dev/null has no \[\[rules\]\]"):
        read_settings(start=tmp_path, environment={}, rules="/dev/null")


BINARY = {
    "random": bytes.fromhex("8f1c00a7d2e95b3340c6f7087a9e21bd64fe10359cd8417be2af5603c98d74ea"),
    "no-nul": bytes.fromhex("8f1ca7d2e95b33"),
    "high-bytes-alone": bytes.fromhex("8fe7d2e99b73f0c6f7e87a9e61bd64fe"),
    "utf-16": SECRET.encode("utf-16"),
    "long": bytes(number * number % 251 for number in range(3000)),
}


@pytest.mark.parametrize("content", BINARY.values(), ids=BINARY.keys())
def test_a_binary_file_is_no_secret_that_is_shown(tmp_path, content):
    (tmp_path / "key.bin").write_bytes(content)
    with pytest.raises(
        UsageError, match=r"key\.bin .*is binary.*text.*one secret a line.*hex, base64"
    ) as caught:
        read_settings(start=tmp_path, environment={}, known_secret_file=tmp_path / "key.bin")
    assert caught.value.exit_code == 2
    project(tmp_path, 'known-secret-files = ["key.bin"]\n')
    with pytest.raises(UsageError, match=r"key\.bin \(known-secret-files of .*is binary"):
        read_settings(start=tmp_path, environment={})
    with pytest.raises(UsageError, match=r"key\.bin .*is binary"):
        holds_a_secret(tmp_path / "key.bin")


@pytest.mark.parametrize(
    ("content", "known"),
    [
        ("žebra-4711\n".encode(), ["žebra-4711".encode()]),
        ("zäbra-4711\r\n".encode("latin-1"), ["zäbra-4711".encode(), "zäbra-4711".encode("latin-1")]),
        (b"\xef\xbb\xbfzebra-4711\n", [b"zebra-4711"]),
        (b'\xef\xbb\xbf{"api_token": "zebra-4711-quartz"}', [b"zebra-4711-quartz"]),
        (b"one-4711\tx\x0c\n\x1b[1mtwo\n", [b"one-4711\tx", b"\x1b[1mtwo"]),
    ],
)
def test_text_in_latin_1_and_utf_8_is_read(tmp_path, content, known):
    (tmp_path / "key").write_bytes(content)
    settings = read_settings(start=tmp_path, environment={}, known_secret_file=tmp_path / "key")
    assert [value.value for value in settings.known.values] == known


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
