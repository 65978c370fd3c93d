"""What was covered in a recording, compared with what is not: commands of other machines, screens, exit code 5."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recording_helpers import everything, spools, tape_of

import cassette
from cassette.cli import main
from cassette.covered import fits, same_command, same_rows
from cassette.errors import SecretsWouldLeak, TooLongToScrub
from cassette.recording.recovery import recover
from cassette.scrubbing.settings import ScrubSettings
from cassette.store.spool import discard_spool
from scrub.identity import Identity
from scrub.scrubber import Scrubber

SECRET = "zebra-4711-quartz-0000"
ALICE = Identity("/home/alice", "alice", "alicebox", "/home/alice/src/app")


@pytest.mark.parametrize(
    ("recorded", "given", "same"),
    [
        ("--key=<SCRUBBED:environment:1**>", "--key=other", True),
        ("--key=<SCRUBBED:environment:1**>", "--key=", False),
        ("--key=<SCRUBBED:environment:1**>", "--token=other", False),
        ("-p********", "-pdummy", True),
        ("**", "x", False),
        ("/home/user/project/x", "/home/alice/src/app/x", True),
        ("/home/user/.rc", "/home/alice/.rc", True),
        ("/home/user/.rc", "/home/bob/.rc", False),
        ("user@host", "alice@alicebox", True),
    ],
)
def test_a_command_of_another_machine(recorded: str, given: str, same: bool) -> None:
    assert same_command(["tool", recorded], ["tool", given], str, lambda: ALICE) is same


def test_a_command_that_is_the_same_asks_for_no_identity() -> None:
    assert same_command(["tool"], ["tool"], str, lambda: pytest.fail("asked"))
    assert not same_command(["tool"], ["tool", "x"], str, lambda: pytest.fail("asked"))


def test_stars_of_a_program_are_no_placeholder_on_a_screen() -> None:
    assert fits("key <SCRUBBED:github-token:1**> ok", "key anything at all ok")
    assert not same_rows(["Password: ********"], ["Password: hunter2!"])
    assert not same_rows(["a"], ["a", "b"])


def test_stars_are_one_in_a_row_where_something_is_covered() -> None:
    recorded, found, shown = ["hi", "key *************"], ["hi", "key *********"], ["hi", "key hunter2!!"]
    assert same_rows(recorded, found, shown)
    assert not same_rows(recorded, found, found)  # stars of the program's own
    assert not same_rows(["hi ***", *recorded[1:]], found, shown)
    assert same_rows(
        recorded, ["hi", "key <SCRUBBED:environment:1**>"], ["hi", "key a-much-longer-one-1234567890"]
    )
    assert not same_rows(recorded, ["hi", "kex *********"], ["hi", "kex hunter2!!"])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "zoltans-home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("ACME_TOKEN", SECRET)
    return tmp_path / "tape"


def test_names_become_fixed_ones_and_the_live_screen_stays(place: Path) -> None:
    home = str(place.parent / "zoltans-home")
    with cassette.record(place, ["sh", "-c", f"echo {home}; echo $HOME; cat"], columns=200) as session:
        session.wait_for(home)
        shown = session.as_stored(session.screen).text[0]
        assert "zoltans-home" not in shown
        assert len(shown) == len(home)
        session.press("ctrl+d")
    assert b"zoltans-home" not in everything(place)
    assert tape_of(place).manifest.command.argv[2] == "echo /home/user; echo $HOME; cat"
    assert tape_of(place).screen_at(t_ms=10**6).text[0] == shown
    assert tape_of(place).session(argv=["sh", "-c", f"echo {home}; echo $HOME; cat"], columns=200)


@pytest.fixture
def leaky(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the engine: it finds, and does not cover."""
    monkeypatch.setattr("scrub.scrubber.Scrubber.rewrite", lambda _self, streams, _hits: (dict(streams), []))


def test_what_would_leak_is_not_published(
    place: Path, leaky: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with cassette.Recorder(place, scrub=ScrubSettings()) as recorder:
        recorder.output(b"the old one")
    old, before = everything(place), spools()
    code = main(["record", "-o", str(place), "--overwrite", "--quiet", "--", "sh", "-c", "echo $ACME_TOKEN"])
    said = capsys.readouterr().err
    assert code == 5
    assert SECRET not in said
    assert all(word in said for word in ("environment:ACME_TOKEN", "output at byte", "view", "recover"))
    assert everything(place) == old
    (left,) = set(spools()) - set(before)
    assert main(["recover", left]) == 5
    assert SECRET not in capsys.readouterr().err
    assert everything(place) == old
    assert spools() == [*before, left]
    discard_spool(left)


def test_a_spool_that_was_left_is_scrubbed_by_what_it_knows(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = spools()
    recorder = cassette.Recorder(place)
    recorder.output(f"it is {SECRET}, {place.parent}/zoltans-home".encode())
    recorder.keep()
    (left,) = set(spools()) - set(before)
    monkeypatch.delenv("ACME_TOKEN")
    monkeypatch.setenv("HOME", "/nowhere")
    recover(left)
    assert SECRET.encode() not in everything(place)
    assert b"zoltans-home" not in everything(place)
    assert spools() == before


def test_more_than_the_limit_is_kept_and_recovered_with_a_higher_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = place.parent / "pyproject.toml"
    project.write_text("[tool.pty-cassette.scrub]\nmax-output-bytes = 10\n", "utf-8")
    monkeypatch.chdir(place.parent)
    recorder = cassette.Recorder(place)
    recorder.output(b"eleven byte")
    with pytest.raises(TooLongToScrub, match=r"11 bytes .* --stream"):
        recorder.close()
    assert not place.exists()
    project.write_text("[tool.pty-cassette.scrub]\nmax-output-bytes = 11\n", "utf-8")
    assert recover(recorder.spool.id) == place


def test_a_rules_file_and_a_secret_file(place: Path) -> None:
    rules, known = place.parent / "rules.toml", place.parent / "known"
    rules.write_text('[[rules]]\nid = "acme-ticket"\nregex = "ACME-[0-9]{6}"\n', "utf-8")
    known.write_text("plain-words-here\n", "utf-8")
    options = ["--rules", str(rules), "--known-secret-file", str(known), "--quiet"]
    shown = "echo ACME-123456 and plain-words-here"
    assert main(["record", "-o", str(place), *options, "--", "sh", "-c", shown]) == 0
    stored = everything(place)
    assert b"ACME-123456" not in stored
    assert b"plain-words-here" not in stored
    report = json.loads((place / "scrub-report.json").read_text("utf-8"))
    assert report["hit_counts"] == {"acme-ticket": 2, "file:known": 2}
    assert "acme-ticket" in report["rules"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_rule_of_ones_own_that_takes_what_cannot_be_covered_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(place.parent / "state"))
    rules = place.parent / "rules.toml"
    rules.write_text('[[rules]]\nid = "all-of-it"\nregex = "."\n', "utf-8")
    if stream:  # what is streamed is covered even so; where it is not, the same is said
        monkeypatch.setattr(Scrubber, "rewrite", lambda _self, streams, _hits: (dict(streams), []))
    with pytest.raises(SecretsWouldLeak) as caught:  # noqa: PT012 - a stream may be refused at once
        recorder = cassette.Recorder(place, rules=rules, stream=stream)
        recorder.output(b"hello world\r\n")
        recorder.close()
    said = str(caught.value)
    assert "(rule:all-of-it, plain)" in said
    assert "look at the rule 'all-of-it' in your rules file" in said
    assert "authors of pty-cassette" not in said
    assert not place.exists()


def test_what_is_left_is_counted_and_told() -> None:
    first = {
        "kind": "x",
        "origin": "rule:x",
        "form": "plain",
        "view": "text",
        "stream": "output",
        "offset": 3,
    }
    one, two = (str(SecretsWouldLeak(count=count, **first)) for count in (1, 2))
    assert "nothing was written: 1 secret would be left" in one
    assert "nothing was written: 2 secrets would be left" in two
    assert "The recording is kept; tell the authors" in one
    other = SecretsWouldLeak(count=1, **first).told(kept="It stands", own_rules=["x"])
    assert "It stands; look at the rule 'x' in your rules file" in str(other)
    assert "The recording is kept" not in str(other)
    assert "tell the authors" in str(SecretsWouldLeak(count=1, **first).told(own_rules=["y"]))


def test_errors_have_their_exit_codes() -> None:
    assert (SecretsWouldLeak.exit_code, TooLongToScrub.exit_code) == (5, 4)
