"""`cassette capabilities` as a user meets it: the matrix, demands, and the screen behind each answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from capability_tapes import NOW, Probe, edit, models_probe
from cli_harness import OnTerminal, environment, refused, run, run_here

from cassette.capability.names import CAPABILITIES, STATUSES

DOCS = (Path(__file__).parent.parent / "docs" / "capabilities.md").read_text("utf-8")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with cassettes of three harnesses; one is stale, one is damaged."""
    root = tmp_path_factory.mktemp("project")
    models_probe(root / "cassettes" / "codex" / "models")
    quota = Probe(root / "cassettes" / "codex" / "quota")
    quota.write_quota({"5h": 93, "weekly": 12.5}, captured_at="2026-11-21T11:50:00Z")
    cli = Probe(root / "cassettes" / "gemini" / "models-cli", "gemini", "api-key", columns=100)
    cli.output("models:\r\n  gemini-3-pro\r\n  gemini-3-flash\r\nthat is all\r\n")
    for number, model in enumerate(("gemini-3-pro", "gemini-3-flash")):
        cli.fact("model", model, {"kind": "output", "offset": 11 + 16 * number, "length": len(model)})
    cli.capability("list_models", 0, 1)
    cli.capability("quota_status", status="n/a", why="an API key has no windows")
    cli.write()
    stale = {"captured_at": "2026-11-19T00:00:00Z", "staleness_behavior": "warn"}
    models_probe(root / "cassettes" / "pi" / "models", "pi", None, **stale)
    wreck = models_probe(root / "cassettes" / "wreck" / "models", "wreck", None)
    edit(wreck, "discovery.json", lambda found: found.update(models=["gpt-9"]))
    return root


def capabilities(recorded: Path, *arguments: str, **variables: str):
    return run("capabilities", "--now", NOW, *arguments, cwd=recorded, **variables)


SIZES = "it has N bytes, and the seal says M"


def stable(text):
    """Without the sizes of damage, which hang on the length of random ids."""
    return re.sub(r"it has \d+ bytes, and the seal says \d+", SIZES, text)


def test_help(golden):
    result = run("capabilities", "--help")
    assert (result.code, result.err) == (0, "")
    golden("help/capabilities.txt", result.out)


def test_the_matrix(recorded, golden):
    result = capabilities(recorded)
    assert result.code == 0
    golden("capabilities/matrix.txt", stable(result.out))
    assert (
        stable(result.err)
        == f"warning: cassettes/wreck/models shows nothing, damaged: discovery.json: {SIZES}\n"
    )


@pytest.mark.parametrize("columns", [30, 60, 80, 200])
def test_on_a_terminal_the_table_fits(recorded, columns, golden):
    line = f"cd {recorded}; {{cassette}} capabilities --now {NOW} 2>/dev/null | cat >/dev/null; "
    line += f"{{cassette}} capabilities --now {NOW} 2>/dev/null"
    with OnTerminal(line, columns=columns, rows=100) as shown:
        pass
    assert shown.code == 0
    text = shown.screen.text
    table = text[: next(number for number, row in enumerate(text) if ":" in row)]
    assert "pass" in "".join(table)
    golden(f"capabilities/at_{columns}.txt", "\n".join(table) + "\n")
    assert b"\x1b[32mpass" in shown.output


def test_no_color(recorded):
    line = f"cd {recorded}; NO_COLOR=1 {{cassette}} capabilities --now {NOW}"
    with OnTerminal(line) as shown:
        pass
    assert b"\x1b[3" not in shown.output
    assert b"\x1b" not in capabilities(recorded).out.encode()


def test_demands_that_hold(recorded, golden):
    texts = (
        "codex:model=gpt-6.1-sol,reasoning=high",
        "codex:quota.weekly<20",
        "pi:list_models",
        "gemini:model=*pro",
    )
    result = capabilities(recorded, *(word for text in texts for word in ("--require", text)))
    assert result.code == 0
    golden("capabilities/holds.txt", result.out)
    assert result.err.endswith(
        "warning: pi: list_models is stale, it was fresh until 2026-11-20 00:00:00 UTC\n"
    )


def test_demands_that_do_not(recorded, golden):
    texts = (
        "codex:model=gpt-6.1-sol",
        "codex:model=gpt-9",
        "gemini:quota_status",
        "codx:run",
        "wreck:list_models",
    )
    result = capabilities(recorded, *(word for text in texts for word in ("--require", text)))
    assert result.code == 1
    golden(
        "capabilities/fails.txt",
        re.sub(r"\d+ bytes, and the seal says \d+", "N bytes, and the seal says M", result.out),
    )


@pytest.mark.parametrize(
    ("now", "code"), [(NOW, 0), ("2026-11-22T06:00:00Z", 0), ("2026-11-22T06:00:01Z", 1)]
)
def test_a_demand_holds_as_long_as_its_evidence_is_fresh(recorded, capsys, monkeypatch, now, code):
    monkeypatch.chdir(recorded)
    assert run_here(capsys, "capabilities", "--now", now, "--require", "codex:list_models").code == code


@pytest.mark.parametrize("what", ["codex:list_models", "codex:quota_status", "gemini", "pi", "wreck"])
def test_explain(recorded, golden, what):
    result = capabilities(recorded, "--explain", what)
    assert result.code == 0
    golden(f"capabilities/explain_{what.replace(':', '_')}.txt", stable(result.out))


def test_explain_all_shows_every_fact_on_its_screen(recorded):
    result = capabilities(recorded, "--explain")
    assert result.code == 0
    for text in ("> ", "gpt-6.1-mini", "gemini-3-flash", "93% used", "3. high"):
        assert text in result.out
    cells = [cell for row in document(recorded)["harnesses"] for cell in row["capabilities"].values()]
    shown = [cell["evidence"] for cell in cells if cell["evidence"] and cell["status"] != "blocked"]
    facts = [fact for evidence in shown for fact in evidence["facts"]]
    marked = [line for line in result.out.splitlines() if line.startswith("  > ")]
    values = [fact["value"]["name"] if isinstance(fact["value"], dict) else fact["value"] for fact in facts]
    assert len(facts) > 10
    assert all(any(value in line for line in marked) for value in values)


def test_explain_of_a_long_line_shows_what_stands_round_the_value(tmp_path):
    probe = Probe(tmp_path / "cassettes" / "models", columns=200)
    text = json.dumps(
        {"models": [{"about": "x" * 300, "slug": f"gpt-{n}", "more": "y" * 300} for n in range(60)]}
    )
    probe.output(text + "\r\n")
    for n in range(60):
        at = text.index(f"gpt-{n}")
        probe.fact("model", f"gpt-{n}", {"kind": "output", "offset": at - 20, "length": 60})
    probe.capability("list_models", *range(60))
    probe.write()
    lines = capabilities(tmp_path, "--explain", "codex").out.splitlines()
    marked = [line for line in lines if line.startswith("  > ")]
    assert len(marked) == 40
    assert all(f'"slug": "gpt-{n}"' in line and len(line) < 170 for n, line in enumerate(marked))
    assert all("|… " in line and line.endswith(" …") for line in marked)
    assert "        … and 20 places more" in lines
    assert lines[1].endswith("gpt-19 and 40 more")


def test_explain_on_a_terminal_has_colour(recorded):
    with OnTerminal(
        f"cd {recorded}; {{cassette}} capabilities --now {NOW} --explain codex:list_models"
    ) as shown:
        pass
    assert b"\x1b[32m  >   2 |" in shown.output


def test_explain_shows_nothing_that_acts_on_a_terminal(tmp_path):
    probe = Probe(tmp_path / "cassettes" / "models")
    probe.menu("Select \x1b]0;title\x07a model", ["gpt-6.1-sol"])
    text = "\x1b]52;c;AAAA\x07 gpt-9 \x1b[2J"
    at = probe.output(text)
    probe.fact("model", "gpt-9", {"kind": "output", "offset": at, "length": len(text)})
    probe.capability("list_models", 0, 1)
    probe.event({"type": "\x1b[2J"})
    probe.write()
    for arguments in ((), ("--explain",), ("--require", "codex:model=gpt-9"), ("--json",)):
        assert "\x1b" not in capabilities(tmp_path, *arguments).out


def document(recorded: Path, *arguments: str):
    result = capabilities(recorded, "--json", *arguments)
    assert result.err == ""
    return json.loads(result.out)


def test_json(recorded, golden):
    found = document(recorded, "--require", "codex:model=gpt-9", "--require", "codex:model=gpt-6.1-sol")
    assert [row["harness"] for row in found["harnesses"]] == ["codex", "gemini", "pi", "wreck"]
    assert all(list(row["capabilities"]) == list(CAPABILITIES) for row in found["harnesses"])
    assert [each["holds"] for each in found["requirements"]] == [False, True]
    assert found["requirements"][1]["facts"][0]["place"] == {
        "kind": "screen",
        "raw_end": found_end(found),
        "rows": [2],
    }
    (problem,) = found["problems"]
    assert (problem["cassette"], problem["harness"]) == ("cassettes/wreck/models", "wreck")
    codex = found["harnesses"][0]["capabilities"]["list_models"]
    text = json.dumps(codex, indent=2)
    golden("capabilities/cell.json", re.sub(r'"id": "[0-9a-f-]+"', '"id": "ID"', text) + "\n")


def found_end(found) -> int:
    return found["harnesses"][0]["capabilities"]["list_models"]["evidence"]["facts"][0]["place"]["raw_end"]


def test_the_documentation_has_every_field_of_the_json(recorded):
    def names(value):
        if isinstance(value, dict):
            for key, item in value.items():
                yield key
                yield from names(item)
        elif isinstance(value, list):
            for item in value:
                yield from names(item)

    found = document(recorded, "--require", "codex:list_models")
    for name in set(names(found)) - {"used_percent"}:
        assert f"`{name}`" in DOCS, name
    for name in (*CAPABILITIES, *STATUSES):
        assert f"`{name}`" in DOCS, name


def test_from_tomorrow_on(recorded, capsys, monkeypatch):
    monkeypatch.chdir(recorded)
    found = json.loads(run_here(capsys, "capabilities", "--json", "--now", "+3650d").out)
    statuses = {cell["status"] for row in found["harnesses"] for cell in row["capabilities"].values()}
    assert statuses == {"gap", "stale", "blocked", "n/a"}


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "code", "parts"),
        [
            (["nowhere"], 2, ["there is no directory nowhere", "Give one that has cassettes"]),
            (["--require", "codex"], 2, ["demands nothing", "codex:list_models"]),
            (["--require", "codex:modl=x"], 2, ["means nothing", "Did you mean model?"]),
            (["--now", "yesterday"], 2, ["--now yesterday", "with a time zone"]),
            (["--now", "2026-11-21T00:00:00"], 2, ["that is no moment"]),
            (["--now", "+soon"], 2, ["is no length of time"]),
            (["--now", "+999999999w"], 2, ["beyond the calendar"]),
            (["--explain", "codex:models"], 2, ["is no capability"]),
            (["--explain", "codx"], 1, ["no evidence of such a harness", "did you mean 'codex'?"]),
            (["--explain", "cassettes"], 2, ["takes cassettes for a harness", "before --explain"]),
            (["--explain", "codex", "--json"], 2, ["--explain is for people"]),
        ],
    )
    def test_refused(self, recorded, capsys, monkeypatch, arguments, code, parts):
        monkeypatch.chdir(recorded)
        refused(run_here(capsys, "capabilities", *arguments), code, *parts)

    def test_no_directory_at_all(self, tmp_path, capsys, monkeypatch):
        monkeypatch.chdir(tmp_path)
        refused(run_here(capsys, "capabilities"), 2, "there is no directory cassettes")

    def test_no_evidence_at_all(self, tmp_path, capsys):
        Probe(tmp_path / "vim", "vim").finish()
        result = run_here(capsys, "capabilities", tmp_path)
        assert (result.code, result.out) == (0, "")
        assert (
            result.err
            == f"none of the 1 cassettes in {tmp_path} has evidence. Record some: cassette discover HARNESS.\n"
        )
        assert run_here(capsys, "capabilities", tmp_path, "--require", "vim:run").code == 1


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from cassette.cli import main\n"
        "try: main(['capabilities', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('pydantic', 'msgspec', 'orjson', 'pyte', 'cassette.capability', 'json', 'datetime')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    assert done.stderr == "[]\n"


def test_nothing_is_started_and_no_network_is_asked(recorded):
    """Not even a version command: an audit hook sees every attempt."""
    code = (
        "import sys\n"
        "def hook(event, args):\n"
        "    if event.startswith(('subprocess', 'socket', 'os.exec', 'os.posix_spawn', 'os.system', 'os.fork')):\n"
        "        raise SystemExit(f'attempted {event}')\n"
        "sys.addaudithook(hook)\n"
        "from cassette.cli import main\n"
        f"sys.exit(main(['capabilities', '--now', {NOW!r}, '--require', 'codex:list_models']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        cwd=recorded,
    )
    assert (done.returncode, done.stdout[:2]) == (0, "ok"), done
