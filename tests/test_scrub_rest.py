"""Environment, identity, documents, hidden input, normalizing, the report, an organisation's own rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrub import userrules
from scrub.documents import flatten
from scrub.environment import env_allowlist, known_from_environment, known_from_file, looks_secret
from scrub.hidden import (
    Discipline,
    InputFacts,
    are_masks,
    asks_for_secret,
    hidden_by,
    hidden_line,
    hidden_values,
    is_masked,
)
from scrub.identity import Identity
from scrub.known import KnownValue
from scrub.normalize import BY_NAME, RULES, normalize, normalize_rows, rules_named, volatile
from scrub.placeholder import width_of
from scrub.report import HitCounts, Preserved, ScrubReport
from scrub.rules import RuleSet
from scrub.scrubber import Scrubber
from scrub.userrules import RulesRefused, parse_rules
from scrub.views import plain_view
from tests.scrub_samples import ANTHROPIC, GITHUB, OPAQUE, linear_views, lines_of_data

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


# Environment


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "DB_PASSWORD",
        "X_SECRET",
        "MY_TOKENS_2",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
        "NPM_PAT",
        "AUTH",
    ],
)
def test_names_that_say_secret(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOME",
        "PWD",
        "OLDPWD",
        "KEYBOARD",
        "MONKEY_BUSINESS",
        "SSH_AUTH_SOCK",
        "TERM",
        "AUTHOR",
        "COMPATIBLE",
        "SSL_KEY_FILE",
    ],
)
def test_names_that_do_not(name: str) -> None:
    assert not looks_secret(name)


def test_known_values_come_from_names_that_look_secret_and_from_those_given() -> None:
    environment = {
        "API_KEY": OPAQUE, "HOME": "/home/bob", "PLAIN": "abc", "SSH_KEY": "/home/bob/.ssh/id", "USE_TOKEN": "true",
        "EMPTY_TOKEN": "", "A_KEY": "xy", "N_TOKEN": "12345",
    }  # fmt: skip
    taken = known_from_environment(environment, ["PLAIN"])
    assert {value.origin: value.value for value in taken.values} == {
        "environment:API_KEY": OPAQUE.encode(),
        "environment:PLAIN": b"abc",
    }
    assert taken.short == ("environment:PLAIN",)
    assert {item.what for item in taken.skipped} == {
        f"environment:{name}" for name in ("SSH_KEY", "USE_TOKEN", "A_KEY", "N_TOKEN")
    }
    assert OPAQUE not in repr(taken)
    with pytest.raises(KeyError, match="GONE"):
        known_from_environment({}, ["GONE"])


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (OPAQUE, [OPAQUE]),
        (f"# mine\nAPI_KEY={OPAQUE}\nexport DB_PASSWORD='pa ss1'\nDEBUG=1\n", [OPAQUE, "pa ss1"]),
        (
            json.dumps({"tokens": {"access_token": OPAQUE, "account": "bob"}, "list": [GITHUB]}),
            [OPAQUE, GITHUB],
        ),
        ("one-secret-1\ntwo-secret-2\n", ["one-secret-1", "two-secret-2"]),
        ("", []),
    ],
)
def test_known_values_from_a_file(content: str, values: list[str]) -> None:
    taken = known_from_file("auth", content.encode())
    assert [value.value.decode() for value in taken.values] == values
    assert bool(taken.skipped) == (not values)


def test_a_named_file_is_taken_at_its_word_and_what_is_left_out_is_named() -> None:
    lines = (
        "export LOGIN=env-value-77x1\nHOST=db1.acme.test:5432\nLOG=/var/log/acme1\nMOTTO=plain words\n"
        "SITE=https://acme1.test/\nMAIL=ada1@acme.test\nSERVE=localhost:8080\nN=1\n"
    )
    taken = known_from_file(".env", lines.encode())
    assert [value.value for value in taken.values] == [b"env-value-77x1"]
    assert [item.what for item in taken.skipped] == [
        f"file:.env:{name}" for name in ("HOST", "LOG", "MOTTO", "SITE", "MAIL", "SERVE")
    ]


def test_a_key_file_is_one_value() -> None:
    key = b"-----BEGIN PRIVATE KEY-----\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\n-----END PRIVATE KEY-----\n"
    assert [value.value for value in known_from_file("id", key).values] == [key.strip()]


def test_the_allowlist_holds_names_only() -> None:
    assert env_allowlist(["B=secret", "A", "A=x"]) == ("A", "B")


# Identity and documents


ME = Identity(
    home="/home/alice", user="alice", host="buildbox7.corp.example", worktree="/home/alice/work/app"
)


def test_identity_has_fixed_names_in_documents() -> None:
    document = {
        "cwd": "/home/alice/work/app/src",
        "who": ["alice@buildbox7", "malice", "/home/alice2"],
        "n": 3,
    }
    assert ME.in_document(document) == {
        "cwd": "/home/user/project/src", "who": ["user@host", "malice", "/home/alice2"], "n": 3,
    }  # fmt: skip


def test_identity_keeps_the_length_in_output() -> None:
    text = b"alice@buildbox7:/home/alice/work/app$ malice /home/alice2 /home/alice/x"
    result = Scrubber(known=ME.known_values()).scrub({"output": text}, linear_views)
    assert (
        result.streams["output"]
        == b"user_@host_____:/home/user/project__$ malice /home/alice2 /home/user_/x"[: len(text)]
    )
    assert result.counts.by_rule["identity:worktree"] == 1


def test_short_and_common_names_stay_in_output_and_are_reported() -> None:
    short = Identity(home="/root", user="dev", host="localhost")
    assert {value.kind for value in short.known_values()} == {"home"}
    assert [item.what for item in short.preserved()] == ["identity:host", "identity:user"]
    assert short.in_text("cat </dev/null") == "cat </dev/null"
    assert Identity().in_document({"a": "b"}) == {"a": "b"}


@given(JSON)
def test_a_document_comes_back_as_it_was(document: Any) -> None:
    flat = flatten(document)
    assert flat.rebuilt(flat.text) == document
    assert all(flat.text[start:end].decode("utf-8", "surrogatepass") is not None for start, end in flat.spans)


def test_a_text_of_another_length_is_no_document() -> None:
    with pytest.raises(ValueError, match="bytes"):
        flatten({"a": "b"}).rebuilt(b"")


@pytest.mark.parametrize(
    "record",
    [record for record in lines_of_data("hazards.jsonl") if record["meta"]],
    ids=lambda record: record["id"],
)
def test_every_string_of_a_document_is_scrubbed(record: dict[str, Any]) -> None:
    flat = flatten(record["meta"])
    result = Scrubber().scrub({"manifest.json": flat.text}, linear_views)
    document = flat.rebuilt(result.streams["manifest.json"])
    assert record["secret"] not in json.dumps(document)
    assert document.keys() == record["meta"].keys()


def test_the_word_before_a_value_is_read_with_it() -> None:
    document = {"argv": ["tool", "--password", OPAQUE], "env": {"DB_PASSWORD": "Zq7tt-Lw0v"}, OPAQUE: 1}
    flat = flatten(document)
    text = Scrubber().scrub({"x.json": flat.text}, linear_views).streams["x.json"]
    assert flat.rebuilt(text) == {
        "argv": ["tool", "--password", "*" * 12],
        "env": {"DB_PASSWORD": "*" * 10},
        "*" * 12: 1,
    }


# Hidden input

SHELL, PROMPT, SCREEN = (True, True), (False, True), (False, False)


def facts(
    before: tuple[bool, bool], *after: tuple[int, tuple[bool, bool]], row: str = "", declared: bool = False
) -> InputFacts:
    changes = [Discipline(1000 + lag, *mode) for lag, mode in after]
    return InputFacts(1000, Discipline(0, *before), changes, row, declared)


@pytest.mark.parametrize(
    ("given_facts", "rule"),
    [
        (facts(PROMPT), "echo-off"),
        (facts(SHELL, (250, PROMPT)), "echo-off-later"),
        (facts(SHELL, (251, PROMPT)), None),
        (facts(SCREEN), None),
        (facts(SHELL), None),
        (facts(SCREEN, row="│ Password: "), "prompt"),
        (facts(SHELL, declared=True), "declared"),
    ],
)
def test_hidden_input(given_facts: InputFacts, rule: str | None) -> None:
    assert hidden_by(given_facts) == rule


@pytest.mark.parametrize(
    ("rows", "typed", "masked"),
    [
        (["Say it: ", "Say it: *", "Say it: **", "Say it: ***"], b"xyz", True),
        (["\u2502 ", "\u2502 ", "\u2502 \u2022\u2022\u2022"], b"xyzw", True),  # as the program gets to it
        (["", "", "Say it: ", "Say it: **", "Say it: ****"], b"xyzw", True),  # the prompt came late
        (["above\n> ", "other\n> *", "above\n> ****"], b"x\x7fyzwv", True),
        (["Say it: ", "Say it: ***"], b"***", False),  # it is what was typed
        (["> ", "> *", "> **"], b"xy", False),  # too few to tell
        (["> ", "> x", "> xy", "> xyz"], b"xyz", False),
        (["> ", "> ****"], b"xyz", False),  # more than was typed
        (["> ", "> *-*"], b"xyz", False),
        (["> ", "> x", "> x***"], b"xyzw", True),
        (["> "], b"x", False),
    ],
)
def test_marks_that_stand_for_what_is_typed(rows: list[str], typed: bytes, masked: bool) -> None:
    assert is_masked(rows, typed) is masked


@pytest.mark.parametrize(
    ("lengths", "typed", "masked"),
    [
        ([0, 0, 0, 3, 4], b"wxyz", True),
        ([0, 8], b"abcdefgh", True),
        ([2, 10], b"abcdefgh", True),
        ([0, 5], b"abcdefgh", False),  # a line of stars that came
        ([0, 0, 0, 3, 4, 5, 6], b"abcdefgh", True),  # two are on their way
        ([0, 7], b"abcdefgh\x7f", True),
        ([12, 12, 12], b"ab", False),
        ([0, 20], b"abc", False),
        ([0, 2], b"ab", False),
        ([0], b"abc", False),
    ],
)
def test_a_run_of_marks_that_grows_with_what_is_typed(lengths: list[int], typed: bytes, masked: bool) -> None:
    assert are_masks(lengths, typed) is masked


@pytest.mark.parametrize(
    "row",
    [
        "Password: ",
        "[sudo] password for u: ",
        "Enter your API key: ",
        "Passphrase for key '/x/id': ",
        "PIN: ****",
        "│ Token > •••",
        "password",
        "Enter PIN",
        "New password again:",
        "Paste your access token:",
        "Verification code: ",
        "Enter host password for user 'bob':",
        "│ Password:      │\n│┌──────────────┐│\n││",
        "║ Your token: ║\n║ ****",
    ],
)
def test_rows_that_ask_for_a_secret(row: str) -> None:
    assert asks_for_secret(row)


@pytest.mark.parametrize(
    "row",
    [
        "$ ",
        "> tell me about the password",
        "~/src/token $ ",
        "Name: ",
        "",
        "git log --grep=password",
        ">>> print(token",
        "Tokens used: 12",
        "Do you want to continue? [Y/n] ",
        "pinning: ",
        "[sudo] password for u:\n$ ",
        "Password:\n",
        "Password:\n│ Name: ",
        "Passphrase: $ ",
        "Password: # ",
        "PIN % ",
        "│ Name:     │\n│ │",
    ],
)
def test_rows_that_do_not(row: str) -> None:
    assert not asks_for_secret(row)


def test_a_hidden_line_tells_nothing_by_its_length() -> None:
    assert hidden_line(b"hunter2\r") == (b"*" * 16, b"\r")
    assert hidden_line(b"x" * 40 + b"\r\n") == (b"*" * 16, b"\r\n")
    assert hidden_line(b"\r") == (b"", b"\r")
    assert hidden_line(b"") == (b"", b"")
    assert hidden_line(b"abc") == (b"*" * 16, b"")


def test_what_was_hidden_becomes_known_as_it_was_edited() -> None:
    assert [value.value for value in hidden_values(b"hux\x7fnter2\r")] == [b"hunter2"]
    assert [value.value for value in hidden_values(b"\x1b[104u\x1b[117u\x1b[110u\x1b[116u\x1b[13u")] == [
        b"hunt"
    ]
    assert hidden_values(b"y\r") == []


# Normalizing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12:30:01 PM done in 3.2s", "<time> done in <duration>"),
        ("pid 1234 at 2026-01-02T03:04:05.678Z", "pid <pid> at <timestamp>"),
        (
            "93% used · 1,234 tokens · ↑ 2.1k tokens",
            "<percentage> used · <token-count> tokens · <token-count> tokens",
        ),
        ("[1] 4432", "[1] <pid>"),
        ("⠋ Thinking… (1m 12s)", "<spinner> Thinking… (<duration>)"),
        ("/tmp/pytest-of-x/pytest-1/a.db Nov 21, 2026", "/tmp/<temporary-path> <date>"),
        ("on 127.0.0.1:8399 at 0x7f3ea4b2c0, 12 MB/s", "on 127.0.0.1:<port> at <object-address>, <size>"),
        ("id 58e3ce38-e8a1-49c3-b405-f081e52ef23e", "id <uuid>"),
        ("1.2.3.4 v2.10 10 files", "1.2.3.4 v2.10 10 files"),
    ],
)
def test_volatile_text(text: str, expected: str) -> None:
    assert normalize(text) == expected
    assert normalize(normalize(text)) == normalize(text)


def test_rules_are_named_versioned_and_chosen() -> None:
    assert len(BY_NAME) == len(RULES)
    assert RULES[0].id == "timestamp@1"
    assert normalize("3.2s 50%", ["percentage"]) == "3.2s <percentage>"
    assert [rule.name for rule in rules_named(["uuid@1", "time"])] == ["uuid", "time"]
    for unknown in ("nothing", "uuid@7"):
        with pytest.raises(KeyError):
            rules_named([unknown])
    assert normalize_rows(["run 77  ", "3s"], more=[volatile("run", r"run \d+")]) == ["<run>", "<duration>"]


# Report


def test_the_report_has_the_types_of_the_format_and_no_value() -> None:
    result = Scrubber().scrub({"output": f"{ANTHROPIC} {GITHUB} {GITHUB}".encode()}, linear_views)
    report = ScrubReport(
        "scrubbed", ("a", "b", "a"), result.counts, ("TERM",), (Preserved("identity:user", "short"),)
    )
    document = report.as_document()
    assert document["rules"] == ["a", "b"]
    assert document["hit_counts"] == {"anthropic-api-key": 1, "github-token": 2}
    assert document["hits_by_stream"] == {"output": 3}
    assert document["intentionally_preserved"] == ["identity:user: short"]
    assert [
        type(document[key])
        for key in ("status", "rules", "hit_counts", "env_allowlist", "intentionally_preserved")
    ] == [str, list, dict, list, list]
    assert ANTHROPIC not in json.dumps(document)
    assert GITHUB not in repr(report)


def test_a_report_says_when_nothing_ran() -> None:
    document = ScrubReport.not_run().as_document()
    assert (document["status"], document["rules"], document["hit_counts"]) == ("not-run", [], {})
    assert HitCounts().total == 0


# An organisation's own rules

GOOD = """
title = "ours"
[[rules]]
id = "Acme Key"
description = "x"
regex = '''(?i)acme[_-]key\\s*=\\s*([a-z0-9]{10,40})'''
keywords = ["ACME"]
entropy = 2.5
[[rules.allowlists]]
regexes = ['''^test''']
stopwords = ["sample"]
paths = ['''x''']
[allowlist]
regexes = ['''public''']
regexTarget = "line"
"""


def ours(text: str) -> list[bytes]:
    pytest.importorskip("re2")
    rules = parse_rules(GOOD)
    assert rules.names == ["Acme Key"]
    return [known.value for known in rules.find(plain_view("text", "output", text.encode()))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acme_key = k3v9q2m8z7 x", [b"k3v9q2m8z7"]),
        ("acme_key = aaaaaaaaaaaa", []),
        ("acme_key = testk3v9q2m8z7", []),
        ("acme_key = k3samplev9q2m8z7", []),
        ("public acme_key = k3v9q2m8z7", []),
        ("other = k3v9q2m8z7", []),
    ],
)
def test_own_rules_find_and_allow(text: str, found: list[bytes]) -> None:
    assert ours(text) == found


def test_own_rules_are_a_finder_of_the_scrubber() -> None:
    pytest.importorskip("re2")
    scrubber = Scrubber(find_more=[parse_rules(GOOD).find])
    result = scrubber.scrub({"output": b"acme_key = k3v9q2m8z7"}, linear_views)
    assert result.streams["output"] == b"acme_key = **********"
    assert result.counts.by_rule == {"Acme Key": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rules = 3", "no \\[\\[rules\\]\\]"),
        ("x", "not TOML"),
        ("[extend]\nuseDefault = true", "extend"),
        ("[[rules]]\nregex='a'", "without id"),
        ("[[rules]]\nid='r'", "'r' has no regex"),
        ("[[rules]]\nid='r'\nregex='a'\npath='b'", "'r': not understood: path"),
        ("[[rules]]\nid='r'\nregex='(?=a)'", "'r': RE2 does not take"),
        ("[[rules]]\nid='r'\nregex='(a'", "'r': RE2 does not take"),
        ("[[rules]]\nid='r'\nregex='(a{1000}){1000}'", "'r': RE2 does not take"),
        ("[[rules]]\nid='r'\nregex='a'\nsecretGroup=2", "'r' has no group 2"),
        ("[[rules]]\nid='r'\nregex='a'\nentropy='x'", "'r': entropy"),
        ("[[rules]]\nid='r'\nregex='a'\nkeywords=[1]", "'r': keywords"),
        ("[[rules]]\nid='r'\nregex='a'\nallowlist={regexTarget='file'}", "regexTarget"),
        ("[[rules]]\nid='r'\nregex='a'\nallowlist=3", "allowlist is a table"),
        ("[[rules]]\nid='r'\nregex='a'\nallowlist={commitz=[]}", "commitz"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text: str, reason: str) -> None:
    pytest.importorskip("re2")
    with pytest.raises(RulesRefused, match=reason):
        parse_rules(text)


def test_without_re2_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "re2", None)
    with pytest.raises(RulesRefused, match="pty-cassette\\[rules\\]"):
        userrules.parse_rules(GOOD)


def _names(document: dict[str, Any], *known: str) -> list[str]:
    flat = flatten(document)
    values = [KnownValue(value.encode(), "known", "environment:NAME") for value in known]
    done = Scrubber(RuleSet([]), values).scrub(
        {"d": flat.text}, lambda now: [plain_view("document", "d", now["d"])]
    )
    return list(flat.rebuilt(done.streams["d"]))


@pytest.mark.parametrize(
    "secrets",
    [("v9Kq2mZr7Xw4", "4wX7rZm2qK9v"), ("パスワード123", "ドーワスパ321"), ("pâssw→rd", "wâssp→dr")],
)
def test_names_of_one_object_stay_apart_at_the_same_length_and_width(secrets: tuple[str, ...]) -> None:
    names = _names({secrets[0]: 1, "plain": 2, secrets[1]: 3}, *secrets)
    assert len(set(names)) == 3
    for name, secret in zip((names[0], names[2]), secrets, strict=True):
        assert len(name.encode()) == len(secret.encode())
        assert [width_of(letter) for letter in name] == [width_of(letter) for letter in secret]
        assert not set(name) & set(secret) - set("123")


def test_a_name_that_is_a_placeholder_already_stays() -> None:
    assert _names({"v9Kq2mZr7Xw4": 1, "*" * 12: 2, "***********2": 3}, "v9Kq2mZr7Xw4") == [
        "***********3",
        "*" * 12,
        "***********2",
    ]


@given(st.lists(st.text("abc123", min_size=8, max_size=9), min_size=1, max_size=30, unique=True))
def test_no_value_is_lost_however_many_names_are_secret(secrets: list[str]) -> None:
    document = {secret: number for number, secret in enumerate(secrets)}
    flat = flatten(document)
    covered = flat.text
    for start, end in flat.spans:
        covered = covered[:start] + b"*" * (end - start) + covered[end:]
    assert list(flat.rebuilt(covered).values()) == list(document.values())
    assert [len(name) for name in flat.rebuilt(covered)] == [len(name) for name in secrets]


def test_names_of_people_that_become_one_stay_apart() -> None:
    identity = Identity(user="eleanor")
    assert identity.in_document({"user": 1, "eleanor": 2}) == {"user": 1, "user2": 2}
