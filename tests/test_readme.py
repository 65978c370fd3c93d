"""What the README shows of the committed recordings is what is printed, and it names every document."""

import re
from itertools import groupby
from pathlib import Path

import pytest
from cli_harness import refused, run
from proof_helpers import own_spools

import cassette
from cassette.errors import WaitFailed

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SHOWN = re.findall(r"^    \$ cassette ((?:screen|inspect) .*)\n((?:(?:    .*)?\n)+)", README, re.M)


def test_there_are_examples():
    assert {command.split()[0] for command, _ in SHOWN} == {"screen", "inspect"}


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_an_example_is_what_is_printed(command, shown, monkeypatch):
    monkeypatch.chdir(ROOT)
    words, uniq = command.removesuffix(" | uniq"), command.endswith(" | uniq")
    done = run(*[word.strip('"') for word in re.findall(r'"[^"]*"|\S+', words)])
    lines = done.out.rstrip("\n").split("\n")
    expected = [line for line, _ in groupby(lines)] if uniq else lines
    assert done.code == 0
    assert [line.removeprefix("    ") for line in shown.rstrip("\n").split("\n")] == expected


def test_the_script_is_recorded_as_it_stands(tmp_path):
    text = README[README.index("<!-- script:") :]
    program, script = re.search(r"```sh\n(.*?)```.*?```yaml\n(.*?)```", text, re.DOTALL).groups()
    command = re.search(r"^    DEMO_PASSWORD=(\S+) cassette (record .*)$", text, re.M)
    (tmp_path / "greet.sh").write_text(program)
    (tmp_path / "greeting.yaml").write_text(script)
    words = command[2].split()
    refused(run(*words, cwd=tmp_path), 2, "the environment has no DEMO_PASSWORD")
    assert run(*words, cwd=tmp_path, DEMO_PASSWORD=command[1]).code == 0
    with cassette.open(tmp_path / "cassettes" / "greeting") as tape:
        assert tape.screen_at(t_ms=tape.duration_ms).text[:3] == ["name? Ada", "Hello, Ada", "Password:"]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("cassettes/**/*") if path.is_file())
    assert command[1].encode() not in kept


def test_a_failed_wait_looks_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(import cassette\n.*?)```", README, re.DOTALL)[1].replace(
        'wait_for("Hello, Ada")', 'wait_for("Hello, Bob")'
    )
    with own_spools(), pytest.raises(WaitFailed) as caught:
        exec(code, {})
    said = [f"cassette.errors.WaitFailed: {caught.value}", *caught.value.__notes__]
    shown = re.search(r"^    (cassette\.errors\.WaitFailed: (?:.*\n(?:    |$))*)", README, re.M)[1]
    differs = re.compile(r"waited \d+\.\d|[0-9a-f-]{36}")
    lines = [line.removeprefix("    ") for line in shown.strip().split("\n")]
    assert differs.sub("…", "\n".join(lines)) == differs.sub("…", "\n".join(said))


def test_every_document_is_named():
    linked = set(re.findall(r"\]\((docs/[^)#]+|[A-Z]+\.md)", README))
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= linked
    assert all((ROOT / link).is_file() for link in linked)
