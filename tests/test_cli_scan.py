"""`cassette scan` as a user runs it: what it says, exit codes, what it is pointed at, hooks."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from build_cassette import greeter, write
from cli_harness import COMMAND, environment, refused, run, run_here
from scan_tapes import GITHUB, OPAQUE, PLANTED, contents, ended, painted_apart, tape, traces

from cassette.reading.verify import verify

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch, tmp_path):
    """No variable of whoever runs the tests is a known secret here, and no project's settings."""
    for name in list(os.environ):
        if re.search("KEY|TOKEN|SECRET|PASS|AUTH|PAT|PWD|CRED|DSN", name) and name != "PATH":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def leaking(tmp_path):
    return write(
        tmp_path / "cassettes" / "leaking", ended(tape().output(50, f"see {GITHUB} there\r\n".encode()))
    )


@pytest.fixture
def clean(tmp_path):
    return greeter().write(tmp_path / "cassettes" / "clean")


def test_a_clean_cassette(capsys, clean):
    result = run_here(capsys, "scan", "cassettes/clean")
    assert (result.code, result.out, result.err) == (0, "clean    cassettes/clean\n", "")


def test_a_secret_is_told_without_its_value(capsys, leaking):
    result = run_here(capsys, "scan", "cassettes/leaking")
    assert result.code == 5
    lines = result.out.splitlines()
    assert lines[0] == "secrets  cassettes/leaking: 1 place"
    at = (leaking / "output.raw").read_bytes().index(GITHUB.encode())
    assert re.fullmatch(
        rf" +output\.raw, byte {at}, at 0\.050 s: (github[a-z-]*) \(rule:\1; view text\)", lines[1]
    )
    assert lines[2] == "         take them out with: cassette scan --fix cassettes/leaking"
    assert "make them invalid" in result.err
    assert GITHUB not in result.out + result.err


def test_a_damaged_cassette_is_not_to_be_fixed(capsys, leaking):
    output = leaking / "output.raw"
    output.write_bytes(output.read_bytes()[:-1])
    result = run_here(capsys, "scan", "cassettes/leaking")
    assert result.code == 5
    assert "never rewritten" in result.out.splitlines()[-1]
    assert "--fix" not in result.out
    (told,) = json.loads(run_here(capsys, "scan", "--json", "cassettes/leaking").out)
    assert not any(one["fixable"] for one in told["secrets"])
    assert "is damaged" in run_here(capsys, "scan", "--fix", "cassettes/leaking").out.splitlines()[-1]


def test_a_directory_of_cassettes_is_walked(capsys, clean, leaking):
    (clean.parent / "more" / "deep").mkdir(parents=True)
    greeter().write(clean.parent / "more" / "deep" / "third")
    result = run_here(capsys, "scan", "cassettes")
    assert result.code == 5
    assert [line.split()[:2] for line in result.out.splitlines() if not line.startswith(" ")] == [
        ["clean", "cassettes/clean"],
        ["secrets", "cassettes/leaking:"],
        ["clean", "cassettes/more/deep/third"],
    ]
    assert "clean " not in run_here(capsys, "scan", "--quiet", "cassettes").out


def test_a_cassette_inside_a_cassette_is_its_own(capsys, clean):
    write(clean / "old", ended(tape().input(50, GITHUB.encode(), source="user")))
    result = run_here(capsys, "scan", "cassettes")
    assert [line.split()[0] for line in result.out.splitlines()[:2]] == ["clean", "secrets"]
    assert "input.jsonl" in result.out


def test_files_stand_for_their_cassette_each_once(capsys, clean, leaking):
    (leaking / "notes").mkdir()
    (leaking / "notes" / "a.txt").write_text("x")
    named = [
        "cassettes/leaking/output.raw",
        "cassettes/leaking/manifest.json",
        "cassettes/leaking/notes/a.txt",
    ]
    result = run_here(capsys, "scan", *named, "cassettes/clean/final.json", str(leaking))
    assert result.code == 5
    assert result.out.count("secrets ") == 1
    assert result.out.count("clean ") == 1


def test_what_is_no_cassette(capsys, tmp_path, clean):
    (tmp_path / "empty").mkdir()
    (tmp_path / "plain.txt").write_text("text")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "manifest.json").write_text("{}")
    for name, why in {
        "missing": "there is nothing at this path",
        "empty": "no cassette lies in it",
        "plain.txt": "it is a file that lies in no cassette",
        "a\0b": "there is nothing at this path",
    }.items():
        result = run_here(capsys, "scan", name)
        assert (result.code, why in result.out) == (3, True), result
    assert run_here(capsys, "scan", "missing", "cassettes/clean").out.count("clean ") == 1
    web = run_here(capsys, "scan", "web")
    assert (web.code, "damaged" in web.out) == (3, True)
    assert run_here(capsys, "scan", ".").code == 0


def test_files_of_no_cassette_are_passed_over_when_asked(capsys, tmp_path, clean):
    (tmp_path / "plain.txt").write_text(GITHUB)
    result = run_here(capsys, "scan", "--skip-others", "plain.txt", "cassettes/clean/output.raw")
    assert (result.code, result.out) == (0, "clean    cassettes/clean\n")
    assert run_here(capsys, "scan", "--skip-others", "plain.txt").code == 0
    assert run_here(capsys, "scan", "--skip-others", "missing").code == 3


def test_wrong_usage(capsys, tmp_path, monkeypatch, clean):
    refused(run_here(capsys, "scan"), 2, "scan --help")
    refused(run_here(capsys, "scan", "--nothing", "cassettes"), 2)
    refused(run_here(capsys, "scan", "--known-secret-env", "NOT_SET_1", "cassettes"), 2, "NOT_SET_1")
    refused(run_here(capsys, "scan", "--known-secret-file", "nowhere", "cassettes"), 2, "nowhere")
    refused(run_here(capsys, "scan", "--rules", "nowhere.toml", "cassettes"), 2, "nowhere.toml")
    for given in ([""], ["cassettes/clean", ""], ["--skip-others", ""], ["--fix", ""]):
        refused(run_here(capsys, "scan", *given), 2, "an empty name is no cassette")
    refused(run_here(capsys, "scan", "--known-secret-file", "", "cassettes"), 2, "is no file")
    refused(run_here(capsys, "scan", "--rules", "", "cassettes"), 2, "is no file")
    refused(run_here(capsys, "scan", "--rules", "/dev/null", "cassettes"), 2, "/dev/null has no [[rules]]")
    monkeypatch.setenv("EMPTY_1", "")
    refused(run_here(capsys, "scan", "--known-secret-env", "EMPTY_1", "cassettes"), 2, "'EMPTY_1' is empty")
    (tmp_path / "pyproject.toml").write_text("[tool.pty_cassette.scrub]\n")
    refused(run_here(capsys, "scan", "cassettes"), 2, "[tool.pty_cassette]")


def test_known_values_from_a_variable_a_file_and_the_project(capsys, tmp_path, monkeypatch):
    path = write(tmp_path / "tape", ended(tape().output(50, painted_apart(OPAQUE))))
    assert run_here(capsys, "scan", path).code == 0
    monkeypatch.setenv("WHATEVER", OPAQUE)
    (tmp_path / "key.txt").write_text(OPAQUE)
    for options in (["--known-secret-env", "WHATEVER"], ["--known-secret-file", "key.txt"]):
        result = run_here(capsys, "scan", *options, path)
        assert result.code == 5
        assert OPAQUE not in result.out
    (tmp_path / "pyproject.toml").write_text('[tool.pty-cassette.scrub]\nknown-secret-files = ["key.txt"]\n')
    assert run_here(capsys, "scan", path).code == 5
    (tmp_path / "pyproject.toml").unlink()
    monkeypatch.setenv("DEPLOY_TOKEN", OPAQUE)
    assert "environment:DEPLOY_TOKEN" in run_here(capsys, "scan", path).out


def test_an_organisations_rules(capsys, tmp_path):
    path = write(tmp_path / "tape", ended(tape().output(50, b"number acme-12345-67890 there\r\n")))
    (tmp_path / "own.toml").write_text(
        '[[rules]]\nid = "acme"\nregex = "acme-[0-9]{5}-[0-9]{5}"\nkeywords = ["acme"]\n'
    )
    result = run_here(capsys, "scan", "--rules", "own.toml", path)
    assert (result.code, "acme (rule:acme" in result.out) == (5, True)
    assert run_here(capsys, "scan", "--fix", "--rules", "own.toml", path).code == 0
    assert b"acme-12345" not in (path / "output.raw").read_bytes()
    assert "acme" in json.loads((path / "scrub-report.json").read_text())["rules"]


@pytest.mark.parametrize(
    ("regex", "says"),
    [
        (".", "         look at the rule 'all-of-it' in your rules file, which takes what cannot be covered"),
        ("[0-9]", "The cassette is as it was; look at the rule 'all-of-it' in your rules file"),
    ],
)
def test_a_rule_of_ones_own_that_takes_what_cannot_be_covered(capsys, tmp_path, clean, regex, says):
    (tmp_path / "own.toml").write_text(f'[[rules]]\nid = "all-of-it"\nregex = "{regex}"\n')
    before = contents(clean)
    result = run_here(capsys, "scan", "--fix", "--rules", "own.toml", "cassettes/clean")
    assert result.code == 5
    assert says in result.out
    assert "recording is kept" not in result.out
    assert "authors of pty-cassette" not in result.out
    assert contents(clean) == before


def test_a_place_outside_the_recording_is_not_rewritten(capsys, leaking):
    (leaking / "assertions.yaml").write_text(f"# {GITHUB}\n")
    result = run_here(capsys, "scan", "--fix", "cassettes/leaking")
    assert result.code == 5
    assert "fixed    cassettes/leaking: 1 place covered" in result.out
    assert "assertions.yaml, line 1: github" in result.out
    assert "edit these by hand" in result.out
    assert (leaking / "assertions.yaml").read_text() == f"# {GITHUB}\n"
    (leaking / "assertions.yaml").unlink()
    assert run_here(capsys, "scan", "cassettes/leaking").code == 0


def test_fix(capsys, leaking, clean):
    digest = verify(leaking).evidence_sha256
    (leaking / "assertions.yaml").write_text(f"version: 1\ncassette:\n  evidence_sha256: {digest}\n")
    before = contents(clean)
    result = run_here(capsys, "scan", "--fix", "cassettes")
    assert result.code == 0
    after = verify(leaking)
    assert after.state == "complete"
    assert result.out.splitlines() == [
        "clean    cassettes/clean",
        "fixed    cassettes/leaking: 1 place covered",
        f"         evidence_sha256 was {digest}",
        f"         evidence_sha256 is  {after.evidence_sha256}",
        "         assertions.yaml is bound to the old one: put the new one there",
    ]
    assert traces(leaking, GITHUB) == []
    assert contents(clean) == before
    assert run_here(capsys, "scan", "cassettes").code == 0
    now = contents(leaking)
    assert run_here(capsys, "scan", "--fix", "cassettes").out.count("clean ") == 2
    assert contents(leaking) == now


def test_fix_refuses_what_is_damaged_and_goes_on(capsys, leaking, tmp_path):
    other = write(tmp_path / "cassettes" / "a-damaged", PLANTED["output"][1](GITHUB))
    (other / "final.json").write_bytes(b"{}")
    before = contents(other)
    result = run_here(capsys, "scan", "--fix", "cassettes")
    assert result.code == 5
    assert "refused" in result.out
    assert "fixed    cassettes/leaking" in result.out
    assert contents(other) == before


def test_fix_finishes_first_what_a_kill_left(capsys, leaking):
    write(leaking.parent / ".leaking.0123456789abcdef.new", contents(leaking))
    found = run_here(capsys, "scan", "cassettes")
    assert found.out.count("secrets ") == 2
    assert run_here(capsys, "scan", "--fix", "cassettes").code == 0
    assert [entry.name for entry in leaking.parent.iterdir()] == ["leaking"]


KEYS = {"path", "state", "exit_code", "secrets", "problems", "screen", "fixed", "error"}
PLACE = {"kind", "origin", "form", "view", "file", "offset", "line", "seq", "t_ms", "at", "fixable"}


def test_json(capsys, leaking, clean, tmp_path):
    (leaking / "notes.txt").write_text(GITHUB)
    result = run_here(capsys, "scan", "--json", "cassettes", "missing")
    assert (result.code, result.err) == (5, "")
    first, second, third = json.loads(result.out)
    assert set(first) == set(second) == set(third) == KEYS
    assert (first["state"], first["exit_code"], first["secrets"]) == ("clean", 0, [])
    assert (third["path"], third["state"], third["exit_code"]) == ("missing", "refused", 3)
    assert (second["state"], [place["file"] for place in second["secrets"]]) == (
        "secrets",
        ["output.raw", "notes.txt"],
    )
    assert all(set(place) == PLACE for place in second["secrets"])
    assert second["secrets"][0]["t_ms"] == 50
    assert GITHUB not in result.out
    (fixed,) = json.loads(run_here(capsys, "scan", "--json", "--fix", "cassettes/leaking").out)
    assert (fixed["state"], fixed["exit_code"]) == ("secrets", 5)
    assert [place["file"] for place in fixed["secrets"]] == ["notes.txt"]
    assert [place["file"] for place in fixed["fixed"]["secrets"]] == ["output.raw"]
    assert fixed["fixed"]["evidence_sha256"]["after"] == verify(leaking).evidence_sha256


def test_the_documentation_names_every_field():
    text = (ROOT / "docs" / "scrubbing.md").read_text("utf-8")
    for name in KEYS | PLACE:
        assert f"`{name}`" in text, name


def test_control_characters_of_a_file_name_do_not_act(capsys, leaking):
    (leaking / "a\x1b[2Jb.txt").write_text(GITHUB)
    result = run_here(capsys, "scan", "cassettes/leaking")
    assert "\x1b" not in result.out
    assert "a\\x1b[2Jb.txt" in result.out


def test_no_traceback_and_no_value_from_outside(leaking):
    result = run("scan", "cassettes/leaking", "missing", cwd=leaking.parent.parent)
    assert result.code == 5
    assert "Traceback" not in result.err
    assert GITHUB not in result.out + result.err


# Hooks.


def readme_hooks():
    """The blocks of the README's section about hooks."""
    text = (ROOT / "README.md").read_text("utf-8")
    section = text.split("## Before a commit", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)


def test_the_hook_of_the_readme_is_the_one_that_is_shipped():
    (block,) = [text for kind, text in readme_hooks() if kind == "yaml"]
    (repository,) = yaml.safe_load(block)["repos"]
    (hook,) = repository["hooks"]
    (shipped,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    for name in ("id", "entry", "files", "require_serial"):
        assert hook[name] == shipped[name]


def as_pre_commit(hook, repository, names):
    """Run a hook as pre-commit does: its entry, with those staged files that its pattern takes."""
    taken = [name for name in names if re.search(hook["files"], name)]
    if not taken:
        return None
    entry = shlex.split(hook["entry"])
    assert entry[0] == "cassette"
    return subprocess.run(
        [*COMMAND, *entry[1:], *taken],
        cwd=repository,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hook_as_pre_commit_runs_it(tmp_path, leaking, clean):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "manifest.json").write_text("{}")
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    done = as_pre_commit(hook, tmp_path, names)
    assert (done.returncode, "cassettes/leaking" in done.stdout) == (5, True)
    done = as_pre_commit(hook, tmp_path, [name for name in names if "leaking" not in name])
    assert done.returncode == 0, done
    assert as_pre_commit(hook, tmp_path, ["src/app.py", "README.md"]) is None


def test_the_hook_without_pre_commit(tmp_path, leaking):
    (script,) = [text for kind, text in readme_hooks() if kind == "sh"]
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.test"]

    def commit():
        return subprocess.run(
            [*git, "commit", "-qm", "x"],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    variables = environment(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cassette").write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    (tmp_path / "bin" / "cassette").chmod(0o755)
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script)
    hook.chmod(0o755)
    subprocess.run([*git, "add", "cassettes"], cwd=tmp_path, check=True)
    done = commit()
    assert (done.returncode != 0, "cassettes/leaking" in done.stdout + done.stderr) == (True, True)
    subprocess.run(
        [*COMMAND, "scan", "--fix", "cassettes"], cwd=tmp_path, env=variables, check=True, capture_output=True
    )
    subprocess.run([*git, "add", "cassettes"], cwd=tmp_path, check=True)
    done = commit()
    assert done.returncode == 0, done.stderr


def test_a_link_that_is_named_is_followed_and_one_that_is_met_is_not(capsys, leaking, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "link").symlink_to(leaking)
    assert run_here(capsys, "scan", "other").code == 3
    assert run_here(capsys, "scan", "other/link").code == 5
    assert run_here(capsys, "scan", "--fix", "other/link").code == 0
    assert (tmp_path / "other" / "link").is_symlink()
    assert traces(leaking, GITHUB) == []
