"""Extractors: what they read and where it stands, and that they refuse what they do not know."""

import json
import re

import pytest
from harness_helpers import adapter_with, agent_adapter, on_screen, printed
from hypothesis import given
from hypothesis import strategies as st

from cassette.harness.documents import Findings, capabilities, facts_of, kept_of
from cassette.harness.evidence_files import kept as kept_parts
from cassette.harness.extracting import extract
from cassette.harness.found import Place
from cassette.harness.help_texts import choices_of, options_of, subcommands_of
from cassette.harness.recorded import EVIDENCE_FILE, OutputText, Recorded

SCREEN = 'kind = "screen"\nsteps = [{ capture = "list" }]'
COMMAND = 'kind = "command"'
LIST = """
[[probes.facts]]
kind = "rows"
name = "model"
capture = "list"
after = '^Select a model$'
until = '^enter to choose'
row = '^[> ] (?P<number>\\d+)\\. (?P<value>\\S+)(?:  (?P<about>.*))?$'
skip = '^$'
proves = "list_models"
"""
ROWS = [
    "Agent 1.0",
    "Select a model",
    "",
    "> 1. large  the best",
    "  2. small",
    "  3. code  for code",
    "",
    "enter to choose, 3 models",
]


def read(facts, recorded, probe=None, account=None):
    """What one probe with these facts reads."""
    adapter = adapter_with(probe or (SCREEN if recorded.captures else COMMAND), facts)
    return extract(adapter.probes[0], recorded, account)


def values(extraction):
    assert not extraction.refusals, extraction.refusals
    return [found.value for found in extraction.found]


def refusal(extraction):
    assert not extraction.found
    (why,) = extraction.refusals
    return f"expected {why.expected}; {why.found}"


def test_a_list_with_its_rows():
    recorded = on_screen(ROWS)
    found = read(LIST, recorded).found
    assert [each.value for each in found] == ["large", "small", "code"]
    assert found[0].detail == {"about": "the best"}
    end = recorded.captures["list"].raw_end
    assert [each.place for each in found] == [
        Place("screen", end, rows=(row,), capture="list") for row in (3, 4, 5)
    ]


def test_a_list_of_something():
    levels = LIST.replace('name = "model"', "name = \"reasoning\"\nof = '^Agent (?P<of>\\S+)'\nlower = true")
    (first, *_) = read(levels, on_screen([row.replace("large", "HIGH") for row in ROWS])).found
    assert (first.name, first.value, first.of) == ("reasoning", "high", "1.0")
    assert first.place.rows == (0, 3)
    assert "says what it is about" in refusal(read(levels, on_screen(ROWS[1:])))


CLAUSES = {
    "header": ("", lambda rows: [row.replace("Select a", "Pick a") for row in rows], "no row matches it"),
    "two headers": ("", lambda rows: ["Select a model", *rows], "2 rows match it"),
    "end": ("", lambda rows: rows[:-1], "an end"),
    "a row of another form": (
        "",
        lambda rows: [*rows[:4], "  new: huge", *rows[4:]],
        "row 4 is '  new: huge'",
    ),
    "no rows": ("", lambda rows: [row for row in rows if ". " not in row], "there are none between"),
    "a number is missing": (
        "numbered = true",
        lambda rows: [row for row in rows if "2." not in row],
        "are 1, 3",
    ),
    "the count": (
        "count = '(?P<count>\\d+) models$'",
        lambda rows: [row for row in rows if "3. " not in row],
        "3 rows, as it says; 2 can be read",
    ),
    "no count": (
        "count = '(?P<count>\\d+) models$'",
        lambda rows: [*rows[:-1], "enter to choose"],
        "nothing there",
    ),
    "out of sight": ("more = 'more below'", lambda rows: [*rows, "v more below"], "'v more below'"),
    "what must show too": ("expect = ['^Agent', '^Tips']", lambda rows: rows, "/^Tips/"),
    "too few": ("min = 4", lambda rows: rows, "at least 4 model; there are 3"),
    "too many": ("max = 2", lambda rows: rows, "at most 2 model; there are 3"),
}


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_list_that_is_not_as_expected_is_refused(clause):
    more, change, said = CLAUSES[clause]
    assert said in refusal(read(LIST + more, on_screen(change(ROWS))))


def test_without_an_end_a_list_goes_to_the_end_of_the_screen():
    facts = LIST.replace("until = '^enter to choose'\n", "")
    assert values(read(facts, on_screen(ROWS[:-2]))) == ["large", "small", "code"]
    assert "row 7 is 'enter to choose" in refusal(read(facts, on_screen(ROWS)))


def test_a_capture_that_the_recording_lacks_is_refused():
    assert "captured as 'list'" in refusal(read(LIST, Recorded(), SCREEN))


# A harness that changed its screens.

STRICT = LIST + "numbered = true\ncount = '(?P<count>\\d+) models$'\nexpect = '^Agent '\n"
CHANGES = st.lists(
    st.tuples(
        st.integers(0, len(ROWS) - 1), st.sampled_from(["delete", "rename", "double", "swap", "blank"])
    ),
    min_size=1,
    max_size=3,
)


def changed(rows, changes):
    rows = list(rows)
    for at, what in changes:
        if at >= len(rows):
            continue
        if what == "delete":
            del rows[at]
        elif what == "rename":
            rows[at] = rows[at][::-1] + "."
        elif what == "double":
            rows.insert(at, rows[at])
        elif what == "blank":
            rows[at] = ""
        else:
            rows[at : at + 2] = rows[at : at + 2][::-1]
    return rows


@given(CHANGES)
def test_no_change_of_rows_gives_a_wrong_list(changes):
    """Either all three models, in their order, or a refusal that shows the screen."""
    rows = changed(ROWS, changes)
    extraction = read(STRICT, on_screen(rows))
    if extraction.refusals:
        assert not extraction.found
        (why,) = extraction.refusals
        for row in rows:
            assert row in why.screen
    else:
        assert values(extraction) == ["large", "small", "code"]


def test_a_text_with_its_rows():
    facts = """
[[probes.facts]]
kind = "text"
name = "answer"
capture = "list"
text = "Agent 1.0"
regex = '^enter to'
absent = 'Error'
pattern = '(?P<value>large)  (?P<about>the best)'
"""
    (found,) = read(facts, on_screen(ROWS)).found
    assert (found.value, found.detail, found.place.rows) == ("large", {"about": "the best"}, (0, 3, 7))
    assert "'Error' shows" in refusal(read(facts, on_screen([*ROWS, "Error"])))
    assert "'Agent 1.0'; it does not show" in refusal(read(facts, on_screen(ROWS[1:])))


def test_a_text_over_rows_has_all_of_them():
    facts = '[[probes.facts]]\nkind = "text"\nname = "a"\ncapture = "list"\npattern = \'(?P<value>Agent\\s[^>]*)\''
    (found,) = read(facts, on_screen(ROWS)).found
    assert (found.value, found.place.rows) == ("Agent 1.0 Select a model", (0, 1, 2))


def test_the_first_text_is_the_value_where_nothing_says_what_is():
    facts = '[[probes.facts]]\nkind = "text"\nproves = "run"\ncapture = "list"\ntext = ["small", "Agent"]'
    (found,) = read(facts, on_screen(ROWS)).found
    assert (found.name, found.value, found.place.rows) == ("run", "small", (0, 4))


def test_what_is_optional_may_be_missing_but_not_unknown():
    optional = LIST + "optional = true\n"
    extraction = read(optional, on_screen(ROWS[:1]))
    assert (extraction.found, extraction.refusals) == ([], [])
    assert [why for _, why in extraction.missing]
    assert "row 4" in refusal(read(optional, on_screen([*ROWS[:4], "odd", *ROWS[4:]])))


def test_facts_of_other_accounts_are_not_asked_for():
    facts = LIST + 'accounts = "subscription"\n'
    assert read(facts, on_screen(["nothing"]), account="api-key").refusals == []
    assert read(facts, on_screen(["nothing"]), account="subscription").refusals


# Output of commands.


def bytes_at(recorded, found):
    place = found.place
    assert place.kind == "output"
    return recorded.output[place.start : place.start + place.length].decode()


def test_lines_of_output_know_their_bytes():
    facts = """
[[probes.facts]]
kind = "rows"
name = "model"
after = '^Models'
row = '^- (?P<value>\\S+)$'
"""
    recorded = printed("é log\r\n\x1b[1mModels\x1b[0m:\r\n- \x1b[32mé-1\x1b[m\r\n- zwei\r\n".encode())
    found = read(facts, recorded).found
    assert [each.value for each in found] == ["é-1", "zwei"]
    assert [bytes_at(recorded, each) for each in found] == ["- \x1b[32mé-1", "- zwei"]
    assert "row 4 is 'more'" in refusal(read(facts, printed("x\nModels:\n- a\n- b\nmore")))


JSON = {
    "models": [
        {"slug": "a", "visible": True, "efforts": ["low", "high"], "title": "A"},
        {"slug": "b", "visible": False, "efforts": ["low"]},
        {"slug": "c", "visible": True, "efforts": []},
    ],
    "by": {"x": {"on": 1}, "y": {"on": 0}},
}


def json_fact(**keys):
    lines = [f"{name} = {value}" for name, value in keys.items()]
    return "\n".join(["[[probes.facts]]", 'kind = "json"', 'name = "model"', *lines])


@pytest.mark.parametrize("indent", [None, 2])
def test_json_of_output(indent):
    recorded = printed(f"[info] reading\n{json.dumps(JSON, indent=indent)}\nbye\n")
    facts = json_fact(
        items='"models[*]"', value='"slug"', where="{ visible = true }", detail='{ title = "title" }'
    )
    found = read(facts, recorded).found
    assert [(each.value, dict(each.detail)) for each in found] == [("a", {"title": "A"}), ("c", {})]
    assert bytes_at(recorded, found[1]) == '"c"'
    assert bytes_at(recorded, found[0]).startswith('"a"')
    assert bytes_at(recorded, found[0]).endswith('"A"')
    efforts = read(json_fact(items='"models[*]"', value='"efforts[*]"', of='"slug"'), recorded).found
    assert [(each.value, each.of) for each in efforts] == [("low", "a"), ("high", "a"), ("low", "b")]
    keys = read(json_fact(items='"by.*"', value='"@key"', where="{ on = 1 }"), recorded).found
    assert [(each.value, bytes_at(recorded, each)) for each in keys] == [("x", '"x"')]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (json_fact(items='"modells[*]"', value='"slug"'), "nothing stands there"),
        (json_fact(items='"models[*]"', value='"efforts"'), "plain values at efforts"),
        (json_fact(items='"models[*]"', value='"efforts[*]"', of='"id"'), "one text at id"),
        (json_fact(items='"models[*]"', value='"slug"', where="{ visible = 1 }"), "nothing stands there"),
    ],
)
def test_json_that_is_not_as_expected_is_refused(facts, said):
    assert said in refusal(read(facts, printed(json.dumps(JSON))))


@pytest.mark.parametrize("text", ["", "no json at all", '{"models": [', "[info] half {"])
def test_output_without_json_is_refused(text):
    assert "JSON that begins a line" in refusal(read(json_fact(value='"a"'), printed(text)))


def test_a_log_of_json_is_read_line_by_line():
    text = '{"n": "1"}\nnoise\n{"n": "2", "x": 1}\n{"m": 3}\n'
    facts = json_fact(value='"n"', lines="true")
    assert values(read(facts, printed(text))) == ["1", "2"]
    assert values(read(f'{facts}\npick = "last"', printed(text))) == ["2"]
    assert values(read(f'{facts}\npick = "first"', printed(text))) == ["1"]


def test_an_exit_code_is_a_fact():
    facts = '[[probes.facts]]\nkind = "exit"\nname = "code"\ncodes = [0, 3]'
    (found,) = read(facts, printed("", 3)).found
    assert (found.value, found.place) == (3, Place("final"))
    assert "it ended with 1" in refusal(read(facts, printed("", 1)))


# Files and quota.


def with_files(*records):
    services = [{"type": "else"}, *({"type": EVIDENCE_FILE, "file": "log", "data": each} for each in records)]
    return Recorded(services=services)


def quota_fact(**keys):
    return f'[[probes.files]]\nname = "log"\nglob = "x"\n{json_fact(file=chr(34) + "log" + chr(34), **keys)}'.replace(
        'name = "model"', 'name = "quota"\nproves = "quota_status"'
    )


LIMITS = {"limits": {"five_hour": {"used": "37.5", "until": 4102444800}, "weekly": None}}
DETAIL = '{ used_percent = "used", resets_at = "until" }'


def test_quota_comes_from_a_file_with_its_windows():
    facts = quota_fact(items='"limits.*"', value='"@key"', detail=DETAIL, pick='"last"')
    recorded = with_files({"limits": {"five_hour": {"used": 1}}}, LIMITS)
    (found,) = read(facts, recorded, COMMAND).found
    assert found.value == {"name": "five_hour", "used_percent": 37.5, "resets_at": 4102444800}
    assert found.place == Place("service", 2)


def test_quota_on_a_screen_is_kept_as_it_was_seen():
    facts = """
[[probes.facts]]
kind = "rows"
name = "quota"
capture = "list"
after = '^Limits$'
row = '^(?P<value>\\S+): \\S+ (?P<left_percent>[\\d.]+)% left \\(resets (?P<resets_at>[^)]+)\\)$'
proves = "quota_status"
"""
    recorded = on_screen(
        ["Limits", "5h: [###..] 93% left (resets 11:48)", "weekly: [#....] 12.5% left (resets 2 Jan)"]
    )
    extraction = read(facts, recorded)
    assert values(extraction) == [
        {"name": "5h", "left_percent": 93, "resets_at": "11:48"},
        {"name": "weekly", "left_percent": 12.5, "resets_at": "2 Jan"},
    ]
    adapter = adapter_with(SCREEN, facts)
    discovery, quota = facts_of(adapter, adapter.probes[0], recorded, "plan").documents(
        "2026-11-21T00:00:00Z"
    )
    assert discovery is None
    assert quota.windows == tuple(values(extraction))
    assert quota.metadata["capabilities"] == {"quota_status": {"status": "pass", "facts": [0, 1]}}


@pytest.mark.parametrize(
    ("detail", "said"),
    [("{}", "has neither"), ('{ used_percent = "until", left_percent = "used" }', "a number as")],
)
def test_a_quota_without_a_number_is_refused(detail, said):
    facts = quota_fact(items='"limits.*"', value='"@key"', detail=detail)
    recorded = with_files({"limits": {"five_hour": {"used": "most", "until": 5}}})
    assert said in refusal(read(facts, recorded, COMMAND))


def test_only_parts_of_a_record_are_kept():
    record = {"a": {"b": 1, "c": 2}, "d": 3}
    assert kept_parts(record, ["a.b", "d", "no.such"]) == {"a": {"b": 1}, "d": 3}
    assert kept_parts(record, []) is record


# Help texts, in the forms that programs have.

ARGPARSE = """\
usage: tool [-h] [--model MODEL] [--mode {ask,edit}] {run,list} ...

positional arguments:
  {run,list}

options:
  -h, --help            show this help message and exit
  --model MODEL, -m MODEL
                        the model to use; see --list
  --mode {ask,edit}     what it may do
"""
CLAP = """\
A tool

Usage: tool [OPTIONS] [PROMPT] [COMMAND]

Commands:
  exec    Run without a screen [aliases: e]
  login   Manage login
          in two lines

Options:
  -s, --sandbox <SANDBOX_MODE>
          Select the sandbox

          Possible values:
          - read-only: reads only
          - full:      everything

      --color <WHEN>  [default: auto] [possible values: auto, always]
"""
COMMANDER = """\
Usage: tool [options] [command]

Options:
  -V, --version          output the version number
  --mode <mode>          how (choices: "ask", "edit", default: "ask")
  -h, --help             display help for command

Commands:
  mcp [options]          manage servers
  help [command]         display help for command
"""
YARGS = """\
tool [command]

Commands:
  tool [query..]  Launch  [default]
  tool mcp        Manage servers

Options:
  -m, --model  Model                         [string]
      --approval-mode  How to approve  [string] [choices: "default", "auto_edit"]
"""
COBRA = """\
Usage:
  tool [command]

Available Commands:
  completion  Generate it
  run         Run it

Flags:
  -h, --help           help for tool
      --format <text|json>   output
"""


def texts(offered, text):
    """Their values, where the text itself is asked."""
    assert all(text[each.start : each.end] == each.value for each in offered)
    return [each.value for each in offered]


@pytest.mark.parametrize(
    ("text", "options", "commands"),
    [
        (ARGPARSE, ["--help", "--model", "--mode"], ["run", "list"]),
        (CLAP, ["--sandbox", "--color"], ["exec", "login"]),
        (COMMANDER, ["--version", "--mode", "--help"], ["mcp", "help"]),
        (YARGS, ["--model", "--approval-mode"], ["mcp"]),
        (COBRA, ["--help", "--format"], ["completion", "run"]),
    ],
    ids=["argparse", "clap", "commander", "yargs", "cobra"],
)
def test_help_texts_of_other_libraries(text, options, commands):
    assert texts(options_of(text), text) == options
    assert texts(subcommands_of(text, "/usr/bin/tool"), text) == commands


@pytest.mark.parametrize(
    ("text", "option", "choices"),
    [
        (ARGPARSE, "^--mode$", ["ask", "edit"]),
        (ARGPARSE, "^--model$", []),
        (CLAP, "^-s$", ["read-only", "full"]),
        (CLAP, "^--color$", ["auto", "always"]),
        (YARGS, "^--approval", ["default", "auto_edit"]),
        (COBRA, "^--format$", ["text", "json"]),
    ],
)
def test_choices_of_an_option(text, option, choices):
    assert texts(choices_of(text, re.compile(option)), text) == choices


def test_a_default_is_no_choice():
    assert texts(choices_of(COMMANDER, re.compile("--mode")), COMMANDER) == ["ask", "edit"]


def test_help_facts_say_whose_choice_it_is():
    facts = '[[probes.facts]]\nkind = "help"\nname = "m"\nwhat = "choices"\noption = \'^--mode$\''
    recorded = printed(ARGPARSE)
    found = read(facts, recorded).found
    assert [(each.value, dict(each.detail)) for each in found] == [
        (v, {"option": "--mode"}) for v in ("ask", "edit")
    ]
    assert bytes_at(recorded, found[0]) == "ask"
    assert "there are none" in refusal(read(facts, printed("usage: tool\n")))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400), st.sampled_from(["\n", "\r\n"]))
def test_any_help_text_is_read_without_an_error(text, end):
    shown = text.replace("\n", end)
    for each in (*options_of(shown), *choices_of(shown, None), *subcommands_of(shown, "tool")):
        assert shown[each.start : each.end] == each.value


@given(st.binary(max_size=300))
def test_output_as_text_knows_the_bytes_of_each_character(data):
    text = OutputText(data)
    for at, character in enumerate(text.text):
        start, length = text.bytes_of(at, at + 1)
        piece = data[start : start + length].decode("utf-8", "surrogateescape")
        assert piece == character or (character, piece) == ("\n", "\r")
    assert "\n".join(text.lines) == text.text


# What is said of capabilities.


def test_capabilities_cite_the_facts_that_show_them():
    facts = """
[[probes.facts]]
kind = "text"
name = "answer"
capture = "list"
text = "Agent"
proves = ["run", "final_text"]
[[probes.facts]]
kind = "text"
capture = "list"
text = "never"
optional = true
why = "it says nothing of tokens"
proves = ["token_usage", "run"]
[[probes.facts]]
kind = "text"
name = "no_modes"
capture = "list"
text = "Select"
status = "gap"
why = "it has no modes"
proves = "permission_modes"
"""
    top = '[not_applicable]\nquota_status = "it is free"\nrun = "never"\n'
    adapter = adapter_with(SCREEN, facts, top)
    findings = facts_of(adapter, adapter.probes[0], on_screen(ROWS), None)
    assert capabilities(findings, findings.facts) == {
        "run": {"status": "pass", "facts": [0]},
        "final_text": {"status": "pass", "facts": [0]},
        "permission_modes": {"status": "gap", "facts": [1], "why": "it has no modes"},
        "token_usage": {"status": "gap", "facts": [], "why": "it says nothing of tokens"},
        "quota_status": {"status": "n/a", "facts": [], "why": "it is free"},
    }


def test_what_scrubbing_took_is_dropped_and_said():
    adapter = agent_adapter()
    probe = adapter.probe("models")
    facts = [fact for fact in probe.facts if fact.name == "model"]
    seen = extract(probe, on_screen([]), None)
    assert not seen.found
    recorded = on_screen(
        ["Select a model", "> 1. secret-1  a", "  2. plain-2  b", "2 models, enter to choose"], "models"
    )
    scrubbed = on_screen(
        ["Select a model", "> 1. ********  a", "  2. plain-2  b", "2 models, enter to choose"], "models"
    )
    before, after = (extract(probe, each, None) for each in (recorded, scrubbed))
    kept, dropped = kept_of(before, after)
    assert [found.value for found in kept.found] == ["plain-2"]
    assert [found.value for found in dropped] == ["secret-1"]
    discovery, quota = Findings(adapter, probe, None, kept, tuple(dropped)).documents("2026-11-21T00:00:00Z")
    assert quota is None
    assert discovery.models == ("plain-2",)
    (entry,) = discovery.metadata["dropped"]
    assert (entry["name"], entry["evidence"]["rows"]) == (facts[0].name, [1])
    assert "secret-1" not in str(discovery)


def test_a_capability_that_was_not_seen_is_a_gap_with_its_reason():
    adapter = adapter_with(SCREEN, LIST + "optional = true\n")
    findings = facts_of(adapter, adapter.probes[0], on_screen([""]), None)
    discovery, quota = findings.documents("2026-11-21T00:00:00Z")
    assert discovery.metadata["capabilities"] == {
        "list_models": {
            "status": "gap",
            "facts": [],
            "why": "expected one header /^Select a model$/; no row matches it",
        }
    }
    assert discovery.models == ()
    assert quota is None
