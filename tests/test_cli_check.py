"""`cassette check`: what it says and ends with, where specs lie, and how one is begun."""

import json
import os
from pathlib import Path

import pytest
from build_cassette import ID, Tape, seal_of, write
from cli_harness import OnTerminal, damage, refused, run, run_here
from scenario_scene import scene

from cassette.reading.verify import verify
from cassette.scenario.checking import check
from cassette.scenario.spec import KINDS

FAILING = """\
  - screen_contains: Ready
  - screen_contains: {text: 'bye', at: 1.5}
  - name: nothing ever fails
    never_contains: {text: text, window: {after: Ready}}
  - eventually_contains: {text: Bye, window: {from: 0.5, to: 1.2}}
  - eventually_contains: {text: Bye, window: {after: Nowhere}}
  - stable_for: {duration: 500ms, at: 0.3}
  - cursor: {row: 0, column: 4}
  - size: 80x24
  - style: {text: red x, fg: red, after: Ready}
  - title: {text: vim, after: text}
  - alternate_screen
  - raw_order: ["\\e[?1049l", Ready]
  - input_bytes: {text: Bob}
  - paste: {text: three}
  - resize_order: [20x4, 30x5]
  - service_json: {path: who, equals: Ada, which: every}
  - final_metadata: {path: model, equals: m-2}
  - exit: {signal: SIGTERM}
  - timing_gap: {from: {after: Loading}, to: {after: Ready}, max: 500ms}
"""


def spec_for(tape, assertions, **changes):
    """The text of a spec bound to a cassette."""
    verdict = verify(tape)
    digest = (
        ("evidence_sha256", verdict.evidence_sha256)
        if verdict.sealed
        else ("content_digest", verdict.content_sha256)
    )
    facts = {"id": ID, **dict([digest]), **changes}
    binding = "".join(f"  {name}: {value}\n" for name, value in facts.items() if value is not None)
    return f"version: 1\ncassette:\n{binding}assertions:\n{assertions}"


@pytest.fixture
def tape(tmp_path, monkeypatch):
    """A cassette at `tape`, from where the test stands."""
    monkeypatch.chdir(tmp_path)
    return scene().write(Path("tape"))


def bound(tape, assertions, at=None, **changes):
    path = at or tape / "assertions.yaml"
    path.write_text(spec_for(tape, assertions, **changes), "utf-8")
    return path


def test_all_hold(tape, capsys, golden):
    bound(tape, "  - exit: 0\n  - name: it ends\n    screen_contains: Bye\n  - no_gap_records\n")
    for given in (tape, tape / "assertions.yaml"):
        result = run_here(capsys, "check", given)
        assert (result.code, result.err) == (0, "")
        golden("check/holds.txt", result.out)
    assert run_here(capsys, "check", tape, "--quiet").out == ""
    assert verify(tape).state == "complete"


def test_failures(tape, capsys, golden):
    bound(tape, FAILING)
    result = run_here(capsys, "check", tape)
    assert (result.code, result.err) == (1, "")
    golden("check/fails.txt", result.out)
    assert {line.split()[2].strip(":") for line in result.out.splitlines() if line.startswith("FAIL")} >= set(
        KINDS
    ) - {"no_gap_records", "never_contains"}


def test_quiet_says_only_what_does_not_hold(tape, capsys):
    bound(tape, "  - exit: 0\n  - exit: 1\n")
    out = run_here(capsys, "check", tape, "--quiet").out
    assert "assertions.yaml:6" not in out
    assert "FAIL   tape/assertions.yaml:7  exit\n" in out
    assert "1 of 2 hold" in out


def test_what_could_not_fail(tape, capsys, golden):
    bound(
        tape,
        "  - exit: 1\n  - never_contains: {text: a, window: {from: 0.1, to: 0.2}}\n"
        "  - screen_contains: {text: a, at: 1:00}\n  - screen_contains: {text: a, row: 17}\n",
    )
    result = run_here(capsys, "check", tape)
    assert (result.code, result.err) == (2, "")
    golden("check/could-not-fail.txt", result.out)


def test_a_gap_fails(tmp_path, monkeypatch, capsys, golden):
    monkeypatch.chdir(tmp_path)
    tape = Tape().output(0, b"a").key(0, ["a"]).gap(5, "max-bytes").final(7).write(Path("gappy"))
    bound(tape, "  - no_gap_records\n  - exit: 0\n")
    result = run_here(capsys, "check", tape)
    assert result.code == 1
    golden("check/gap.txt", result.out)


@pytest.mark.parametrize(
    ("assertions", "said"),
    [
        (
            "  - exit: 0\n  - never: a\n",
            "tape/assertions.yaml, line 7: there is no kind of assertion 'never'.",
        ),
        (
            "  - never_contains: ''\n",
            "tape/assertions.yaml, line 6: never_contains: '' stands on every screen",
        ),
        ("  - [\n", "line 7: this is no YAML"),
    ],
)
def test_a_wrong_spec(tape, capsys, assertions, said):
    bound(tape, assertions)
    result = run_here(capsys, "check", tape)
    assert (result.code, result.err) == (2, "")
    assert result.out.startswith("WRONG  ")
    assert said in result.out


def test_another_recording(tape, capsys, golden):
    bound(tape, "  - exit: 0\n", id="another-id")
    assert run_here(capsys, "check", tape).code == 1
    bound(tape, "  - exit: 0\n", evidence_sha256="ab" * 32)
    result = run_here(capsys, "check", tape)
    assert result.code == 1
    golden("check/not-bound.txt", result.out)
    # what it says to write makes it hold
    bound(tape, "  - exit: 0\n", evidence_sha256=result.out.split('evidence_sha256: "')[1].split('"')[0])
    assert run_here(capsys, "check", tape).code == 0


def test_without_a_seal_the_output_is_bound(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tape = scene().write(Path("tape"), sealed=False)
    bound(tape, "  - exit: 0\n")
    result = run_here(capsys, "check", tape)
    assert result.code == 0
    assert "the recording is partial" in result.out
    bound(tape, "  - exit: 0\n", content_digest="ab" * 32)
    assert "its content_digest is" in run_here(capsys, "check", tape).out
    bound(tape, "  - exit: 0\n", content_digest=None, evidence_sha256=verify(tape).evidence_sha256)
    assert run_here(capsys, "check", tape).code == 0
    # once it is sealed, the output alone is not enough
    bound(tape, "  - exit: 0\n")
    files = {path.name: path.read_bytes() for path in tape.iterdir() if path.name != "assertions.yaml"}
    write(tape, {"seal.json": seal_of(files)})
    result = run_here(capsys, "check", tape)
    assert result.code == 1
    assert "it has a seal" in result.out


def test_a_spec_lies_where_it_likes(tape, capsys):
    place = Path("specs")
    place.mkdir()
    bound(tape, "  - exit: 0\n", at=place / "of-tape.yaml", path="../tape")
    assert run_here(capsys, "check", place / "of-tape.yaml").code == 0
    os.chdir(place)
    assert run_here(capsys, "check", "of-tape.yaml").code == 0
    assert not (Path("..") / "tape" / "assertions.yaml").exists()


def test_missing_and_damaged_cassettes(tape, capsys):
    bound(tape, "  - exit: 0\n", at=Path("lost.yaml"), path="nowhere")
    result = run_here(capsys, "check", "lost.yaml")
    assert (result.code, result.err) == (3, "")
    assert "nowhere is not a cassette" in result.out
    bound(tape, "  - exit: 0\n")
    damage(tape, "output.raw", b"Ready", b"ready")
    result = run_here(capsys, "check", tape)
    assert result.code == 3
    assert "tape is damaged" in result.out


def test_specs_that_are_not_there(tape, capsys):
    result = run_here(capsys, "check", tape)
    assert result.code == 2
    assert result.out == (
        "none   tape has no assertions.yaml, so there is nothing to check. Begin one with cassette check --init tape.\n"
    )
    assert run_here(capsys, "check", tape, "--quiet").out == result.out
    (listed,) = json.loads(run_here(capsys, "check", tape, "--json").out)
    assert listed["exit_code"] == 2
    Path("empty").mkdir()
    result = run_here(capsys, "check", "empty")
    assert result.code == 3
    assert "empty is not a cassette: it has neither manifest.json nor assertions.yaml." in result.out
    assert run_here(capsys, "check", "none.yaml").code == 2
    assert run_here(capsys, "check", "a\0b").code == 2
    (tape / "assertions.yaml").mkdir()
    assert run_here(capsys, "check", tape).code == 2


def test_of_several_the_worst(tape, capsys):
    bound(tape, "  - exit: 0\n", at=Path("good.yaml"), path="tape")
    bound(tape, "  - exit: 1\n", at=Path("bad.yaml"), path="tape")
    bound(tape, "  - exit: 1\n", at=Path("lost.yaml"), path="nowhere")
    passed = run_here(capsys, "check", "good.yaml", tape)
    assert passed.code == 0
    assert "nothing to check" in passed.out
    assert run_here(capsys, "check", "good.yaml", tape, "--quiet").out == ""
    assert run_here(capsys, "check", "good.yaml", "bad.yaml").code == 1
    assert run_here(capsys, "check", "bad.yaml", "none.yaml", "good.yaml").code == 2
    assert run_here(capsys, "check", "bad.yaml", "none.yaml", "lost.yaml").code == 3


def test_json(tape, capsys):
    bound(tape, "  - exit: 0\n  - name: seen\n    screen_contains: Ready\n  - size: {rows: 1, at: 9}\n")
    result = run_here(capsys, "check", tape, "none.yaml", "--json")
    assert (result.code, result.err) == (2, "")
    first, second = json.loads(result.out)
    assert {name: first[name] for name in ("spec", "cassette", "id", "state", "exit_code", "error")} == {
        "spec": "tape/assertions.yaml",
        "cassette": "tape",
        "id": ID,
        "state": "complete",
        "exit_code": 2,
        "error": None,
    }
    assert [each["outcome"] for each in first["assertions"]] == ["holds", "fails", "could not fail"]
    failed = first["assertions"][1]
    assert (failed["line"], failed["kind"], failed["name"]) == (7, "screen_contains", "seen")
    assert failed["screen"] == {
        "t_ms": 1310,
        "seq": 16,
        "rows": ["Bye", "", "", ""],
        "cursor": {"row": 0, "column": 3, "visible": True},
    }
    assert (second["exit_code"], second["assertions"]) == (2, [])
    assert "cannot read the assertions none.yaml" in second["error"]


def test_nothing_of_a_recording_acts_on_the_terminal(tmp_path, recordings, capsys):
    tape = recordings.copy("hostile", tmp_path)
    assert run_here(capsys, "check", "--init", tape).code == 0
    path = tape / "assertions.yaml"
    path.write_text(
        path.read_text("utf-8") + '  - title: "\\e]0;a"\n  - raw_order: ["\\e[5n"]\n  - exit: 9\n', "utf-8"
    )
    result = run_here(capsys, "check", tape)
    assert result.code == 1
    assert "\x1b" not in result.out


def test_colour_on_a_terminal(tape):
    bound(tape, "  - exit: 0\n  - exit: 1\n")
    with OnTerminal(f"cd {Path.cwd()}; {{cassette}} check tape") as terminal:
        pass
    assert terminal.code == 1
    row = next(row for row, text in enumerate(terminal.screen.text) if text.startswith("FAIL"))
    assert terminal.screen.lines[row].style_at(0).fg == 1


def test_usage(tape, capsys):
    refused(run_here(capsys, "check"), 2, "give specs to check, or --init DIR", "cassette check --help")
    refused(run_here(capsys, "check", tape, "--init", tape), 2, "give specs to check, or --init DIR")
    refused(run_here(capsys, "check", "--wrong"), 2, "--wrong")


def test_help(golden):
    result = run("check", "--help")
    assert (result.code, result.err) == (0, "")
    golden("help/check.txt", result.out)


# -- --init


def test_init(tape, capsys, golden):
    result = run_here(capsys, "check", "--init", tape)
    assert (result.code, result.out, result.err) == (0, "tape/assertions.yaml\n", "")
    text = (tape / "assertions.yaml").read_text("utf-8")
    golden("check/init.yaml", text)
    assert run_here(capsys, "check", tape).code == 0
    refused(run_here(capsys, "check", "--init", tape), 2, "tape/assertions.yaml exists already")
    assert (tape / "assertions.yaml").read_text("utf-8") == text


def test_init_does_not_follow_a_link(tape, tmp_path, capsys):
    (tape / "assertions.yaml").symlink_to(tmp_path / "elsewhere")
    refused(run_here(capsys, "check", "--init", tape), 2, "exists already")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["greeter", "killed", "hostile", "busy"])
def test_what_init_writes_holds(name, recordings, tmp_path, capsys):
    tape = recordings.copy(name, tmp_path)
    assert run_here(capsys, "check", "--init", tape).code == 0
    report = check(tape)
    assert report.exit_code == 0
    assert {result.assertion.kind for result in report.results} >= {"size", "exit", "no_gap_records"}
    assert len(report.results) > 3
    assert verify(tape).state == "complete"


def test_init_of_what_has_gaps_and_no_end(tmp_path, capsys):
    tape = Tape().gap(0).final(1, None).write(tmp_path / "tape", sealed=False)
    assert run_here(capsys, "check", "--init", tape).code == 0
    report = check(tape)
    assert [result.assertion.kind for result in report.results] == ["size"]
    assert report.exit_code == 0


def test_init_of_no_cassette(tmp_path, capsys):
    refused(run_here(capsys, "check", "--init", tmp_path), 3, "is not a cassette")
    assert list(tmp_path.iterdir()) == []
