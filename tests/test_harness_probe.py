"""Probes of a fake agent, live: what is recorded, what is read, and what a probe that fails leaves."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from harness_helpers import agent_adapter, executable, install_agent, machine
from recording_helpers import everything, spools

import cassette
import cassette.harness.probing as probing
from cassette.capability.matrix import matrix
from cassette.errors import CannotProbe, FactsRefused, StepsFailed, UsageError
from cassette.harness.adapter import EvidenceFile
from cassette.harness.adapter_file import parse_adapter
from cassette.harness.discovering import Request, chosen, discover, fit_of
from cassette.harness.documents import differences, facts_of_tape
from cassette.harness.evidence_files import Before, records_of
from cassette.harness.extracting import extract
from cassette.harness.machine import Place, Settings, find_binary, prepared
from cassette.harness.recorded import recorded_of
from cassette.harness.replaying import replay
from cassette.harness.walking import walk
from cassette.model import Output
from cassette.reading.verify import verify
from cassette.shim import write_shim
from cassette.store.record_lock import record_lock

WITHOUT_WAITING = [('{ wait = "Select a model" }', '{ wait = "to choose" }')]
"""Steps that come as far as the list, whatever stands above it."""
QUICK = [("timeout = 20", "timeout = 2")]


@pytest.fixture
def here(tmp_path, monkeypatch):
    return machine(tmp_path, monkeypatch)


def run(adapter, *probes, output=Path("out"), **settings):
    """The outcomes of some probes, by name."""
    request = Request(probes, output, None, Settings(**settings))
    return {outcome.probe: outcome for outcome in discover(adapter, request)}


def failure(adapter, probe, **settings):
    outcome = run(adapter, probe, **settings)[probe]
    assert outcome.status == "failed", outcome
    return outcome


def values(outcome, name):
    return [fact.value for fact in outcome.recording.findings.facts if fact.name == name]


@pytest.fixture(scope="module")
def discovered(tmp_path_factory):
    """All probes, recorded once for the tests that only look."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("discovered")
        place = machine(root, patch)
        outcomes = run(agent_adapter(), output=place / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"recorded"}, outcomes
    return place / "out", outcomes


def test_every_probe_becomes_a_whole_cassette(discovered):
    place, outcomes = discovered
    assert sorted(path.name for path in place.iterdir()) == sorted(outcomes)
    for name in outcomes:
        assert verify(place / name).state == "complete"
        with cassette.open(place / name) as tape:
            harness = tape.manifest.harness
            assert (harness.name, harness.binary_version, harness.account_class) == (
                "fakeagent",
                "1.4.2",
                "subscription",
            )
            assert harness.capability == {"adapter": "fakeagent", "revision": 2, "probe": name}
            assert harness.captured_at == tape.discovery.captured_at
            assert harness.binary_path_digest_sha256
            assert tape.manifest.command.argv[0] == "fakeagent"
            assert tape.final.exit.code == 0


def test_what_was_read_stands_in_the_documents(discovered):
    place, _ = discovered
    with cassette.open(place / "models-json") as tape:
        found = tape.discovery
        assert (found.source, found.status, found.models) == ("cli", "ok", ("fake-large-1", "fake-small-1"))
        assert found.reasoning_levels == ("low", "medium", "high")
        assert (found.freshness_window, found.staleness_behavior) == ("24h", "refuse")
        first = found.metadata["facts"][0]
        place_of = first["evidence"]
        cited = tape.output_bytes(place_of["offset"], place_of["offset"] + place_of["length"])
        assert cited.startswith(b'"fake-large-1"')
        assert first["detail"] == {"about": "for hard work"}
    with cassette.open(place / "models") as tape:
        assert tape.discovery.source == "pty"
        facts = tape.discovery.metadata["facts"]
        levels = [(fact["value"], fact["of"]) for fact in facts if fact["name"] == "reasoning"]
        assert levels == [(level, "fake-small-1") for level in ("low", "medium", "high")]
        assert tape.discovery.metadata["capabilities"]["set_model"]["status"] == "pass"
    with cassette.open(place / "help") as tape:
        profile = tape.discovery.metadata["capabilities"]["permission_modes"]
        assert profile == {"status": "gap", "facts": [], "why": "its help has no profiles"}


def test_files_that_the_harness_wrote_are_evidence(discovered):
    place, _ = discovered
    with cassette.open(place / "conversation") as tape:
        payloads = [event.payload for event in tape.service_events()]
        assert payloads == [
            {
                "type": "evidence-file",
                "file": "session",
                "data": {
                    "payload": {
                        "limits": {
                            "five_hour": {"used_percent": "37.5", "resets_at": 4102444800},
                            "weekly": None,
                        },
                        "tokens": 1234,
                    }
                },
            },
            {"type": "evidence-file", "file": "made", "data": "made by the agent\n"},
        ]
        window = {"name": "five_hour", "used_percent": 37.5, "resets_at": 4102444800}
        assert tape.quota.windows == (window,)
        assert tape.quota.account_class == "subscription"
        assert tape.quota.metadata["capabilities"] == {"quota_status": {"status": "pass", "facts": [0]}}
        assert "quota_status" not in tape.discovery.metadata["capabilities"]


def test_the_same_facts_are_read_again_from_the_cassettes(discovered):
    place, outcomes = discovered
    adapter = agent_adapter()
    for name, outcome in outcomes.items():
        with cassette.open(place / name) as tape:
            assert differences(adapter, adapter.probe(name), tape) == []
            again = facts_of_tape(adapter, adapter.probe(name), tape)
            assert again.documents(tape.discovery.captured_at)[0] == tape.discovery
            assert again.documents(tape.discovery.captured_at)[1] == tape.quota
            assert again.facts == outcome.recording.findings.facts


def test_the_matrix_believes_all_of_it(discovered):
    place, _ = discovered
    (row,) = matrix([place]).rows
    assert row.label == "fakeagent@subscription"
    assert {name: cell.status for name, cell in row.cells.items()} == dict.fromkeys(row.cells, "pass")


def test_the_same_facts_are_read_through_shims(discovered, here):
    place, outcomes = discovered
    executable(here.parent / "bin" / "fakeagent", "#!/bin/sh\necho the real one ran >&2; exit 99\n")
    replayed = {each.probe: each for each in replay(agent_adapter(), Request(output=here / "again"), place)}
    assert {name: each.status for name, each in replayed.items()} == dict.fromkeys(outcomes, "recorded")
    for name, outcome in replayed.items():
        assert [(fact.name, fact.value, fact.of) for fact in outcome.recording.findings.facts] == [
            (fact.name, fact.value, fact.of) for fact in outcomes[name].recording.findings.facts
        ]
        assert verify(here / "again" / name).state == "complete"


def test_a_shim_on_path_is_discovered_like_the_harness(discovered, here):
    """The shim plays what it has; what preflight asks is answered by another command."""
    place, outcomes = discovered
    shim = write_shim(place / "models", name="played", into=here.parent / "bin")
    real = here.parent / "bin" / "fakeagent"
    real.rename(real.with_name("real"))
    executable(real, f'#!/bin/sh\n[ $# = 0 ] && exec {shim}\nexec real "$@"\n')
    outcome = run(agent_adapter(), "models")["models"]
    assert outcome.status == "recorded", outcome.error
    assert [(fact.name, fact.value, fact.of, fact.detail) for fact in outcome.recording.findings.facts] == [
        (fact.name, fact.value, fact.of, fact.detail) for fact in outcomes["models"].recording.findings.facts
    ]


def test_the_same_steps_drive_a_replayed_session(discovered):
    """Nothing is started: boxes that were in the way are left again."""
    place, outcomes = discovered
    adapter = agent_adapter()
    for name in outcomes:
        with cassette.open(place / name) as tape:
            done = walk(adapter, adapter.probe(name), tape)
            assert done[:2] == (["left the box 'trust'", "ready"] if adapter.probe(name).steps else [])


def test_other_steps_do_not_drive_it(discovered):
    place, _ = discovered
    other = agent_adapter(replace=[('{ fill = "/model" }', '{ fill = "/modes" }')])
    with cassette.open(place / "models") as tape, pytest.raises(StepsFailed, match="step 3, fill '/modes'"):
        walk(other, other.probe("models"), tape)


def test_a_document_that_says_something_else_is_noticed(discovered):
    place, _ = discovered
    adapter = agent_adapter()
    changed = agent_adapter(
        replace=[
            (
                "row = '^[> ] (?P<number>\\d+)\\. (?P<value>\\S+)(?: ",
                "row = '^[> ] (?P<number>\\d+)\\. fake-(?P<value>\\S+)(?: ",
            )
        ]
    )
    with cassette.open(place / "models") as tape:
        assert differences(adapter, adapter.probe("models"), tape) == []
        said = differences(changed, changed.probe("models"), tape)
    assert "model 'fake-large-1' is written, and cannot be read" in said
    assert "model 'large-1' can be read, and is not written" in said


# The harness changed its screens.


def edited(tape, old, new):
    """What the recording shows when its bytes are others."""
    events = [
        replace(event, data=event.data.replace(old, new)) if isinstance(event, Output) else event
        for event in tape.events()
    ]
    assert any(new in event.data for event in events if isinstance(event, Output))
    return recorded_of(events, size=tape.size, emulator=tape.manifest.terminal.emulator.name)


@pytest.mark.parametrize(
    ("old", "new", "expected", "found"),
    [
        (b"Select a model", b"Choose a model", "one header /^Select a model$/", "no row matches it"),
        (b"  2. fake-small-1", b"  - fake-small-1 ", "each row of the list to match", "  - fake-small-1"),
        (b"\r\n  3. fake-code-2  for code", b"", "3 rows, as it says", "2 can be read"),
        (b"  2. fake-small-1  for quick answers\r\n", b"", "rows numbered 1, 2, 3", "the numbers are 1, 3"),
        (b"3 models, enter to choose", b"enter to choose one", "an end", "no row matches it"),
        (b"  2. fake", b"  2.fake", "each row of the list to match", "2.fake-small-1"),
    ],
)
def test_edited_screens_are_refused_with_the_screen(discovered, old, new, expected, found):
    place, _ = discovered
    adapter = agent_adapter()
    with cassette.open(place / "models") as tape:
        extraction = extract(adapter.probe("models"), edited(tape, old, new), "subscription")
    (why,) = extraction.refusals
    assert why.name == "model"
    assert expected in why.expected
    assert found in why.found
    assert "> 1. fake-large-1 (current)  for hard work" in why.screen
    assert not extraction.named("model")


def old_cassette(probe):
    run(agent_adapter(), probe)
    return everything(Path("out") / probe)


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        ("renamed-header", "expected one header /^Select a model$/ for model, but no row matches it"),
        ("odd-row", "row 5 is '  New! Try our newest one'"),
        ("scrolls", "expected the whole list for model, but it goes on out of sight: 'more below'"),
    ],
)
def test_a_probe_that_cannot_be_read_leaves_the_old_cassette(here, monkeypatch, fake, said):
    before = old_cassette("models")
    monkeypatch.setenv("FAKE", fake)
    outcome = failure(agent_adapter(replace=WITHOUT_WAITING), "models")
    assert isinstance(outcome.error, FactsRefused)
    assert said in str(outcome.error)
    assert "2. fake-small-1  for quick answers" in str(outcome.error)
    assert "mend probes[2].facts[0] of the adapter changed.toml" in str(outcome.error)
    assert everything("out/models") == before
    assert os.listdir("out") == ["models"]
    assert spools() == []


def test_a_step_that_fails_is_named_with_what_was_done_and_the_screen(here, monkeypatch):
    monkeypatch.setenv("FAKE", "renamed-header")
    outcome = failure(agent_adapter(replace=QUICK), "models")
    assert isinstance(outcome.error, StepsFailed)
    assert str(outcome.error).startswith("at step 5, wait 'Select a model': waited 2.")
    assert outcome.diagnosis.steps == ("left the box 'trust'", "ready", "fill '/model'", "press 'enter'")
    assert "|Choose what to think with" in outcome.diagnosis.screen
    assert not Path("out").exists()
    assert spools() == []


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        ("never-ready", "at step 1, ready: waited 1.0 s for fakeagent to be ready (/^> Ask anything/)"),
        ("dies", "at step 1, ready: waited "),
    ],
)
def test_a_harness_that_never_gets_ready(here, monkeypatch, fake, said):
    monkeypatch.setenv("FAKE", fake)
    quick = [("timeout = 20\nexit_timeout = 5", "timeout = 1\nexit_timeout = 1")]
    outcome = failure(agent_adapter(replace=quick), "models")
    assert said in str(outcome.error)
    if fake == "dies":
        assert "the program ended with exit code 7" in str(outcome.error)
    assert spools() == []


def test_a_screen_that_blocks_is_no_failure_of_the_probe_but_of_the_account(here, monkeypatch):
    monkeypatch.setenv("FAKE", "signed-out")
    outcome = failure(agent_adapter(), "models")
    assert isinstance(outcome.error, CannotProbe)
    assert outcome.error.facts["kind"] == "login"
    assert str(outcome.error) == "fakeagent: its screen says so: 'Please sign in'. Run fakeagent login."
    assert spools() == []


def test_one_probe_that_fails_does_not_hinder_the_others(here, monkeypatch):
    monkeypatch.setenv("FAKE", "odd-row")
    outcomes = run(agent_adapter(), "models", "help")
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "help": "recorded",
        "models": "failed",
    }


def test_a_place_that_is_taken_by_something_else_is_left_alone(here):
    Path("out").mkdir()
    Path("out/help").write_text("a thesis")
    outcomes = run(agent_adapter(), "help", "models-json")
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "help": "failed",
        "models-json": "recorded",
    }
    assert "only a cassette is ever replaced" in str(outcomes["help"].error)
    assert Path("out/help").read_text() == "a thesis"


# Obstacles.


def test_a_box_that_comes_late_is_left(here, monkeypatch):
    monkeypatch.setenv("FAKE", "tip")
    outcome = run(agent_adapter(), "conversation")["conversation"]
    assert values(outcome, "final_text") == ["The answer is 42."]
    with cassette.open("out/conversation") as tape:
        shown = {row for frame in tape.frames() for row in frame.screen.text}
        assert "Tip of the day" in shown
        assert [event.key for event in tape.inputs() if event.key == "escape"] == ["escape", "escape"]


def test_text_that_was_dropped_is_typed_again(here, monkeypatch):
    monkeypatch.setenv("FAKE", "drops")
    outcome = run(agent_adapter(replace=QUICK), "models")["models"]
    assert outcome.status == "recorded", outcome.error
    with cassette.open("out/models") as tape:
        typed = [event.data for event in tape.inputs() if event.kind == "input" and event.source == "script"]
        assert typed.count(b"/model") == 2


def test_a_file_that_was_not_written_fails_the_probe(here):
    adapter = agent_adapter(replace=[('glob = "made.txt"', 'glob = "other.txt"')])
    outcome = failure(adapter, "conversation")
    assert "it wrote no file other.txt in its workdir" in str(outcome.error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": 1}\n{"secret": "hunter2"\n', "has something that is no JSON in its line 2"),
        (b'{"a": 1}\n' * 1001, "has more than 1000 records"),
        (b"x" * (16 * 2**20 + 1), "has more than 16777216 bytes"),
    ],
)
def test_a_file_that_is_no_evidence_is_said_without_its_content(here, content, said):
    place = Place(Path("x"), {}, here, here)
    file = EvidenceFile("log", "*.jsonl", "home", "jsonl", {}, (), True, False)
    before = Before.look([file], place)
    (here / "a.jsonl").write_bytes(content)
    with pytest.raises(StepsFailed, match=said) as caught:
        list(records_of([file], place, before))
    assert "hunter2" not in str(caught.value)


def test_numbers_with_a_fraction_and_large_ones_are_kept_as_text(here):
    place = Place(Path("x"), {}, here, here)
    files = [EvidenceFile(each, f"{each}.json", "home", "json", {}, (), True, False) for each in ("a", "b")]
    before = Before.look(files, place)
    (here / "a.json").write_text('{"n": [1.5, 2.0, 1e400, 9007199254740993, 3, -0.25]}')
    (here / "b.json").write_text("\n[1]\n")
    data = [payload["data"] for payload in records_of(files, place, before)]
    assert data == [{"n": ["1.5", 2, "1e400", "9007199254740993", 3, "-0.25"]}, [1]]


def test_a_file_from_before_is_no_evidence(here):
    old = Path(os.environ["HOME"]) / ".fakeagent" / "sessions" / "old.jsonl"
    old.parent.mkdir(parents=True)
    old.write_text('{"type": "usage", "payload": {"limits": {"ancient": {"used_percent": 1}}}}\n')
    every = [('where = { type = "usage" }', 'where = { type = "usage" }\nnewest = false')]
    assert [
        window["name"]
        for window in values(run(agent_adapter(replace=every), "conversation")["conversation"], "quota")
    ] == ["five_hour"]


def test_a_command_that_ends_badly_is_tried_with_other_arguments(here):
    executable(here.parent / "bin" / "tool", '#!/bin/sh\n[ "$1" = list ] && { echo one; exit 0; }\nexit 2\n')
    from harness_helpers import adapter_with

    facts = '[[probes.facts]]\nkind = "rows"\nname = "model"\nrow = \'(?P<value>.+)\'\n'
    probe = 'kind = "command"\nargs = ["--list"]\nother_args = [["show"], ["list"]]'
    adapter = replace(adapter_with(probe, facts), binary=("tool",))
    outcome = run(adapter)["p"]
    assert values(outcome, "model") == ["one"]
    with cassette.open("out/p") as tape:
        assert tape.manifest.command.argv == ("tool", "list")
    lost = replace(adapter.probes[0], other_args=())
    outcome = run(replace(adapter, probes=(lost,)))["p"]
    assert str(outcome.error) == "it ended with 2, and exit code 0 was expected"


def test_a_command_that_hangs_is_ended(here):
    executable(here.parent / "bin" / "tool", "#!/bin/sh\nexec sleep 3600\n")
    from harness_helpers import adapter_with

    facts = '[[probes.facts]]\nkind = "rows"\nname = "model"\nrow = \'(?P<value>.+)\'\n'
    adapter = adapter_with('kind = "command"\ntimeout = 0.2', facts)
    outcome = run(replace(adapter, binary=("tool",)))["p"]
    assert "it did not end within 0.2 s" in str(outcome.error)
    assert spools() == []


def test_a_command_that_waits_for_a_key_is_ended_soon(here, monkeypatch):
    """As a pager; it is seen by the terminal, which it reads key by key."""
    monkeypatch.setattr(probing, "KEY_QUIET_MS", 50)
    pager = "import sys, tty; tty.setraw(0); print('SUMMARY', flush=True); sys.stdin.read(1)"
    executable(here.parent / "bin" / "tool", f'#!/bin/sh\nexec {sys.executable} -c "{pager}"\n')
    from harness_helpers import adapter_with

    facts = '[[probes.facts]]\nkind = "rows"\nname = "model"\nrow = \'(?P<value>.+)\'\n'
    adapter = adapter_with('kind = "command"\ntimeout = 3600', facts)
    outcome = run(replace(adapter, binary=("tool",)))["p"]
    assert "waits for a key" in str(outcome.error)
    assert outcome.diagnosis.screen == "| SUMMARY"
    assert spools() == []


# Secrets.

SECRET = "sk-test-0000-abcdefghijklmnop"


def test_a_fact_that_is_a_secret_is_not_kept_and_said(here, monkeypatch):
    monkeypatch.setenv("FAKE_KEY", SECRET)
    outcome = run(agent_adapter(), "conversation")["conversation"]
    assert outcome.status == "recorded", outcome.error
    assert outcome.recording.warnings == ("not kept, because scrubbing took the values out: key",)
    assert SECRET.encode() not in everything("out/conversation")
    adapter = agent_adapter()
    with cassette.open("out/conversation") as tape:
        (dropped,) = tape.discovery.metadata["dropped"]
        assert (dropped["name"], dropped["evidence"]["capture"]) == ("key", "status")
        assert "key" not in [fact["name"] for fact in tape.discovery.metadata["facts"]]
        assert differences(adapter, adapter.probe("conversation"), tape) == []


def test_credential_files_of_the_adapter_are_known_secrets(here, monkeypatch):
    word = "correct-horse-battery"
    auth = Path(os.environ["HOME"]) / ".fakeagent" / "auth.json"
    auth.parent.mkdir()
    auth.write_text(json.dumps({"mode": "paid", "note": word}))
    monkeypatch.setenv("FAKE_KEY", word)
    with_file = agent_adapter(replace=[('credential_env = ["FAKE_KEY"]', "")])
    outcome = run(with_file, "conversation")["conversation"]
    with cassette.open("out/conversation") as tape:
        assert tape.manifest.harness.account_class == "file"
    assert outcome.recording.warnings
    assert word.encode() not in everything("out/conversation")


def test_a_failed_probe_shows_no_secret(here, monkeypatch):
    monkeypatch.setenv("FAKE_KEY", SECRET)
    adapter = agent_adapter(replace=[("pattern = '^Tokens:", "pattern = '^Tokken:")])
    outcome = failure(adapter, "conversation")
    assert "Key: " in str(outcome.error)
    assert SECRET not in str(outcome.error) + outcome.diagnosis.screen


# Where it runs.


def test_the_lab_has_a_fresh_home_and_nothing_of_ours(here, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    home = here.parent / "lab-home"
    adapter = agent_adapter()
    settings = Settings("http://127.0.0.1:8399/", home).checked(adapter)
    with prepared(adapter, settings, find_binary(adapter, None)) as place:
        assert place.environment["FAKE_URL"] == "http://127.0.0.1:8399/v1"
        assert place.environment["HOME"] == str(home)
        assert "OPENAI_API_KEY" not in place.environment
        config = json.loads((home / ".fakeagent" / "config.json").read_text())
        assert config == {"port": 8399, "trusted": str(home / "proj"), "home": str(home)}
        assert place.workdir == home / "proj"
        assert fit_of(adapter, Settings("http://127.0.0.1:8399")).account_class == "loopback-lab"
    assert not home.exists()


def test_a_recording_of_the_lab_says_so(here, monkeypatch):
    monkeypatch.setenv("FAKE", "dies")  # ours, which the lab does not inherit
    home = here.parent / "lab-home"
    home.mkdir()
    outcome = run(agent_adapter(), "conversation", lab="http://127.0.0.1:8399", home=home)["conversation"]
    assert outcome.status == "recorded", outcome.error
    with cassette.open("out/conversation") as tape:
        assert tape.manifest.harness.account_class == "loopback-lab"
        assert tape.discovery.metadata["account_class"] == "loopback-lab"
        assert "FAKE_URL" in tape.manifest.command.env_allowlist
    assert list(home.iterdir()) == []


def test_a_preparation_that_fails_is_named(here):
    adapter = agent_adapter(replace=[('["{binary}", "login", "status"]', '["false", "{port}"]')])
    with pytest.raises(CannotProbe, match="`false 1` ended with 1: it said nothing"):
        run(adapter, lab="http://127.0.0.1:1")


def test_a_home_of_its_own_has_copies_and_is_taken_away(here):
    auth = Path(os.environ["HOME"]) / ".fakeagent" / "auth.json"
    auth.parent.mkdir()
    auth.write_text('{"mode": "paid"}')
    home = '[home]\ncopy = [".fakeagent/auth.json", ".fakeagent/none"]\nfiles = { "a/b" = "{home}" }\n'
    adapter = agent_adapter(replace=[("[lab]", f"{home}[lab]")])
    with prepared(adapter, Settings(), find_binary(adapter, None)) as place:
        assert (place.home / ".fakeagent" / "auth.json").read_text() == '{"mode": "paid"}'
        assert (place.home / "a" / "b").read_text() == str(place.home)
        assert place.environment["HOME"] == str(place.home) != os.environ["HOME"]
    assert not place.home.exists()
    assert auth.exists()


def test_a_fresh_home_is_never_made_over_something(here):
    (here / "full").mkdir()
    (here / "full" / "thesis.txt").write_text("years of work")
    adapter = agent_adapter()
    for home in (here / "full", here / "full" / "thesis.txt"):
        with pytest.raises(UsageError, match="is not empty"):
            run(adapter, lab="http://127.0.0.1:1", home=home)
    assert (here / "full" / "thesis.txt").read_text() == "years of work"


def test_probes_for_another_account_are_skipped(here):
    adapter = agent_adapter(replace=[('name = "help"\n', 'name = "help"\naccounts = ["token", "file"]\n')])
    outcome = run(adapter, "help")["help"]
    assert (outcome.status, outcome.why) == ("skipped", "it is for token or file, and this is subscription")


def test_the_first_name_that_is_there_is_the_binary(tmp_path, monkeypatch):
    here = machine(tmp_path, monkeypatch, installed=False)
    install_agent(tmp_path / "bin", "fakeagent-cli")
    assert run(agent_adapter(), "help")["help"].status == "recorded"
    with cassette.open("out/help") as tape:
        assert tape.manifest.command.argv == ("fakeagent-cli", "--help")
        assert tape.manifest.harness.name == "fakeagent"
    elsewhere = install_agent(here / "else", "another")
    assert run(agent_adapter(), "help", binary=str(elsewhere))["help"].status == "recorded"
    with cassette.open("out/help") as tape:
        assert tape.manifest.command.argv[0].endswith("/else/another")


def test_a_lock_of_another_account_hinders_nobody(here):
    with record_lock("fakeagent", "subscription"):
        (outcome,) = discover(agent_adapter(), Request(("help",), Path("out"), "second"))
    assert outcome.status == "recorded"


def test_probes_are_chosen_in_the_order_of_the_adapter(here):
    adapter = agent_adapter()
    assert [probe.name for probe in chosen(adapter, ["models", "help", "models"])] == ["help", "models"]
    with pytest.raises(
        UsageError, match=r"no probe 'modells'. Its probes are models-json, help, models, conv"
    ):
        chosen(adapter, ["modells"])


def test_the_lock_is_held_while_probes_run_and_free_afterwards(here):
    adapter = agent_adapter()
    outcomes = discover(adapter, Request(("help",), Path("out")))
    next(outcomes)
    from cassette.errors import LockHeld

    with pytest.raises(LockHeld), record_lock("fakeagent", "subscription"):
        pass
    with record_lock("fakeagent", "another"):
        assert list(outcomes) == []
    with record_lock("fakeagent", "subscription"):
        pass


def test_a_command_can_be_given_its_standard_input(here):
    text = (
        'name = "cat"\nbinary = "cat"\n[[probes]]\nname = "p"\nkind = "command"\n'
        'steps = [{ type = "{\\"id\\": 7}" }, { press = "enter" }, { wait = "7" }, { press = "ctrl+d" }]\n'
        '[[probes.facts]]\nkind = "json"\nlines = true\nname = "id"\nvalue = "id"\npick = "last"\n'
    )
    outcome = run(parse_adapter(text, "cat.toml"), "p")["p"]
    assert (outcome.status, values(outcome, "id")) == ("recorded", [7])
    again = list(replay(parse_adapter(text, "cat.toml"), Request(), Path("out")))
    assert [each.status for each in again] == ["recorded"], again
