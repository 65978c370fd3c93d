"""docs/scrubbing.md says what the code does: fields of rules, names of normalizing rules, settings, options."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from cassette.cli import record_cmd, scan_cmd
from cassette.project_file import SCRUB_KEYS
from cassette.scrubbing.settings import read_settings
from cassette.testing.normalizing import ARGV, normalizer
from scrub.normalize import DEFAULT, RULES
from scrub.userrules import ALLOW_FIELDS, FILE_FIELDS, RULE_FIELDS, parse_rules

TEXT = (Path(__file__).parent.parent / "docs" / "scrubbing.md").read_text("utf-8")


def block(language, marker):
    """The one block of code that has this in it."""
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL) if marker in text]
    return found


def row(head):
    """The names in the second column of a row of a table."""
    return re.findall(r"`([^`]+)`", re.search(rf"^\| {head} \|(.*)\|$", TEXT, re.MULTILINE)[1])


def test_the_fields_of_rules_files_are_those_that_are_understood():
    assert set(row("the file")) == FILE_FIELDS
    assert set(row("a rule")) == RULE_FIELDS
    assert set(row("an allowlist")) == ALLOW_FIELDS
    (rule,) = parse_rules(block("toml", "[[rules]]")).names
    assert rule == "acme-ticket"


def test_the_settings_are_those_that_are_known(tmp_path):
    given = block("toml", "[tool.pty-cassette.scrub]")
    assert set(tomllib.loads(given)["tool"]["pty-cassette"]["scrub"]) == set(SCRUB_KEYS)
    (tmp_path / "pyproject.toml").write_text(given)
    (tmp_path / "secrets.toml").write_text(block("toml", "[[rules]]"))
    assert read_settings(start=tmp_path, environment={}).rule_names == ("acme-ticket",)


def test_the_normalizing_rules_are_those_that_there_are():
    assert re.findall(r"^\| `([a-z-]+@\d+)` \|", TEXT, re.MULTILINE) == [rule.id for rule in RULES]
    assert {rule.name for rule in RULES} - set(DEFAULT) == {"line-spinner"}
    assert ARGV == ("uuid", "port", "temporary-path")


def test_the_example_of_a_rule_of_ones_own():
    scope = {}
    marked = block("python", "volatile(").replace("def test_banner(pty): ...", "def test_banner(pty): pass")
    exec(marked, scope)
    given = scope["test_banner"].pytestmark[0].kwargs["normalize"]
    assert normalizer(given)("build 17 at 12:30") == "<build> at <time>"
    assert normalizer(["time@1"])("12:30, 42 %") == "<time>, 42 %"


def test_the_options_are_there():
    for parser, names in (
        (
            scan_cmd.parser(),
            ("--fix", "--quiet", "--skip-others", "--json", "--known-secret-env", "--known-secret-file"),
        ),
        (record_cmd.parser(), ("--known-secret-env", "--known-secret-file", "--rules", "--env")),
    ):
        helped = parser.format_help()
        for name in names:
            assert name in helped
            assert f"`{name}" in TEXT, name
