"""Scripts: what is read, what is refused before anything runs, and how the steps drive a program."""

import pytest
from proof_helpers import own_spools
from pty_helpers import LIMIT_S
from recording_helpers import everything, inputs, python, spools, typed

import cassette
from cassette.errors import BadScript, CassetteError, TimedOut, UsageError, WaitFailed
from cassette.script import Step, parse_script, read_script
from cassette.yaml_file import MAX_FILE_BYTES


@pytest.fixture(autouse=True)
def _fresh_spools():
    with own_spools():
        yield


@pytest.fixture
def place(tmp_path):
    return tmp_path / "tape"


def steps(text):
    return [(step.verb, dict(step.given)) for step in parse_script(text).steps]


def drive(place, text, *argv):
    session = cassette.record(place, list(argv), timeout=LIMIT_S, exit_timeout=LIMIT_S)
    with session:
        parse_script(text, "it.yaml").run(session)


# Reading.


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("wait: hello", {"text": "hello"}),
        ("wait: {text: hello, timeout: 1.5}", {"text": "hello", "timeout": 1.5}),
        ("wait: {regex: '^h.*o$'}", {"regex": "^h.*o$"}),
        ("wait_stable", {}),
        ("wait_stable: 50", {"quiet_ms": 50}),
        ("wait_stable: {quiet_ms: 50, timeout: 3}", {"quiet_ms": 50, "timeout": 3}),
        ("type: 'yes'", {"text": "yes"}),
        ("type: {text: Ada}", {"text": "Ada"}),
        ("secret: hunter2", {"text": "hunter2"}),
        ("secret: {env: DEMO}", {"env": "DEMO"}),
        ("press: enter", {"keys": "enter"}),
        ("press: [ctrl+c, '5', shift+tab]", {"keys": ["ctrl+c", "5", "shift+tab"]}),
        ("paste: a", {"text": "a"}),
        ("resize: {columns: 60, rows: 12}", {"columns": 60, "rows": 12}),
        ("signal: int", {"name": "int"}),
        ("expect: done", {"text": "done"}),
        ("expect: {regex: 'do+ne'}", {"regex": "do+ne"}),
        ("mark: here", {"op": "here"}),
        ("capture: list-1", {"name": "list-1"}),
        ("fill: Ada", {"text": "Ada"}),
        ("fill: {text: Ada, timeout: 2}", {"text": "Ada", "timeout": 2}),
        ("sleep: 0.5", {"seconds": 0.5}),
    ],
)
def test_every_step(line, given):
    verb = line.partition(":")[0]
    assert steps(f"- {line}") == [(verb, given)]
    assert steps(f"steps:\n  - {line}") == [(verb, given)]


def test_each_step_knows_its_line():
    text = "# first\n- wait: a\n\n- type: |\n    b\n- press: enter\n"
    assert [step.line for step in parse_script(text).steps] == [2, 4, 6]
    assert parse_script(text).steps[1] == Step("type", {"text": "b\n"}, 4)


BAD = {
    "empty": "",
    "a text": "hello",
    "steps are no list": "steps: 5",
    "an empty list": "[]",
    "something beside steps": "steps:\n- mark: a\nmore: 1",
    "unknown step": "- mark: a\n- wiat: b",
    "two verbs": "- {wait: a, type: b}",
    "a bare word": "- mark: a\n- enter",
    "a number for a verb": "- 1: 2",
    "nothing given": "- wait:",
    "a truth for a text": "- type: yes",
    "a number for a text": "- mark: a\n- type: 5",
    "a secret that is no text": "- secret: 8642",
    "a date that is none": "- type: 2024-13-45",
    "a number without end": f"- sleep: {'9' * 5000}",
    "bytes": "- type: !!binary aGk=",
    "a Python object": "- type: !!python/name:os.system",
    "unknown name": "- wait: {txt: a}",
    "two ways at once": "- wait: {text: a, regex: b}",
    "secret twice": "- secret: {text: a, env: B}",
    "a name twice": "- mark: a\n- resize: {columns: 1, rows: 2, columns: 3}",
    "timeout alone": "- wait: {timeout: 3}",
    "a broken pattern": "- mark: a\n- wait: {regex: '('}",
    "a wrong key": "- press: [enter, entr]",
    "a digit for a key": "- press: [enter, 5]",
    "no keys": "- press: []",
    "an unknown signal": "- signal: SIGNOPE",
    "no columns": "- resize: {rows: 5}",
    "a bare size": "- resize: 80",
    "no size": "- resize: {columns: 0, rows: 5}",
    "no number": "- sleep: .nan",
    "for ever": "- sleep: .inf",
    "back in time": "- sleep: -1",
    "an alias": "- mark: &a b\n- mark: *a",
    "no YAML": "- wait: [a\n- b",
    "two documents": "- mark: a\n---\n- mark: b",
    "deep": "- wait: " + "[" * 200_000,
    "a tab": "- wait:\n\t- a",
    "a control character": "- type: \x07",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_script_is_refused(name):
    with pytest.raises(BadScript) as caught:
        parse_script(BAD[name], "it.yaml")
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("it.yaml, line ")


def test_the_messages_name_the_line_and_what_to_do(golden):
    said = []
    for name, text in BAD.items():
        with pytest.raises(BadScript) as caught:
            parse_script(text, "it.yaml")
        said.append(f"{name}:\n  {caught.value}")
    golden("bad_scripts.txt", "\n".join(said) + "\n")
    assert "8642" not in "\n".join(said)  # a secret is not told


@pytest.mark.parametrize("data", [b"- type: \xff", b"\xff\xfe-\0", b"\x00", b"\x80" * 100])
def test_bytes_that_are_no_text(data):
    with pytest.raises(BadScript):
        parse_script(data)


def test_a_file_that_cannot_be_read(tmp_path):
    for path, why in (
        (tmp_path / "none.yaml", "no such file"),
        (tmp_path, "is a directory"),
        ("a\0b", "null"),
    ):
        with pytest.raises(UsageError, match=f"cannot read the script .*: .*{why}.*Check the path") as caught:
            read_script(path)
        assert caught.value.exit_code == 2


def test_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(UsageError, match=str(MAX_FILE_BYTES)):
        read_script(path)


# Running.


def test_a_whole_conversation(place, monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", "hunter2hunter2")
    text = """
- wait: "name?"
- type: Ada
- press: enter
- wait: {regex: "^Hello, \\\\w+"}
- expect: Hello, Ada
- expect: {regex: "^Hel+o"}
- wait: "Password:"
- secret: {env: DEMO_PASSWORD}
- press: [enter]
- wait: "14"
- resize: {columns: 60, rows: 12}
- mark: halfway
- paste: "pasted\\n"
- wait: got pasted
- sleep: 0.001
- wait_stable: 1
- signal: INT
"""
    program = (
        "printf 'name? '; read n; echo Hello, $n; stty -echo; printf 'Password: '; read p; stty echo; echo ${#p};"
        "trap 'exit 4' INT; read l; echo got $l; while :; do sleep 0.05; done"
    )
    drive(place, text, "sh", "-c", program)
    tape = cassette.open(place)
    assert tape.final.exit.code == 4
    assert b"hunter2hunter2" not in everything(place)
    assert [data for _, data in typed(place)] == [b"Ada", b"\r", b"*" * 16, b"\r", b"pasted\r"]
    assert {source for source, _ in typed(place)} == {"script"}
    assert "halfway" in [event.op for event in inputs(place, "mark")]
    assert inputs(place, "resize")[0].size.columns == 60
    assert inputs(place, "signal")[0].signal == "SIGINT"


def test_a_wait_that_fails_names_its_line_and_nothing_is_published(place):
    with pytest.raises(WaitFailed) as caught:
        drive(place, "- mark: a\n- wait: {text: nope, timeout: 0.05}", "sh", "-c", "echo hello; exec cat")
    assert caught.value.exit_code == 6
    (spool,) = spools()
    assert caught.value.__notes__ == [
        "(it.yaml, line 2: wait)",
        f"The recording is kept: finish it with `cassette recover {spool}`.",
    ]
    assert not place.exists()


def test_an_expectation_that_fails_shows_the_screen(place, golden):
    program = ["sh", "-c", "printf 'one\\ntwo'; read x"]
    with pytest.raises(CassetteError) as text:
        drive(place, "- wait: two\n- expect: three", *program)
    with pytest.raises(CassetteError) as pattern:
        drive(place, "- wait: two\n- expect: {regex: 'thr.+'}", *program)
    assert text.value.exit_code == 1
    said = [f"{error.value}\n{error.value.__notes__[0]}\n" for error in (text, pattern)]
    golden("expectation_failed.txt", "\n".join(said))


def test_a_secret_that_is_not_in_the_environment(place, monkeypatch):
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    with pytest.raises(UsageError, match="the environment has no DEMO_PASSWORD") as caught:
        drive(place, "- secret: {env: DEMO_PASSWORD}", "cat")
    assert caught.value.exit_code == 2
    assert caught.value.__notes__[0] == "(it.yaml, line 1: secret)"


@pytest.mark.parametrize(
    "step", ['type: "\\ud800"', 'paste: "\\ud800"', 'secret: "\\ud800"', 'mark: "\\ud800"']
)
def test_text_that_no_terminal_takes(place, step):
    with pytest.raises(UsageError) as caught:
        drive(place, f"- {step}", "cat")
    assert "line 1" in caught.value.__notes__[0]


def test_waits_take_no_longer_than_they_are_given(place):
    program = python("import time\nwhile True: print('x', flush=True); time.sleep(0.01)")
    with pytest.raises(TimedOut):
        drive(place, "- wait_stable: {quiet_ms: 60000, timeout: 0.2}", *program)


# Typing until it shows, and moments with a name.

DROPS = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"> ")
for turn in range(int(sys.argv[1])):
    os.read(0, 100)  # it is not ready yet, and drops what comes
while (data := os.read(0, 100)) != b"q":
    os.write(1, data)
"""
FILLED = """
- wait: "> "
- fill: {text: "hello there", timeout: %s}
- capture: filled
- type: q
"""


@pytest.mark.parametrize(("dropped", "limit"), [(0, LIMIT_S), (1, 1)])
def test_what_is_filled_in_shows_even_if_it_was_dropped_once(place, dropped, limit):
    drive(place, FILLED % limit, *python(DROPS), str(dropped))
    assert [data for _, data in typed(place)] == [b"hello there"] * (1 + dropped) + [b"q"]
    (moment,) = [event for event in inputs(place, "mark") if event.op == "capture:filled"]
    with cassette.open(place) as tape:
        assert tape.screen_at(seq=moment.seq, exact=True).text[0] == "> hello there"
        with tape.session() as replayed:
            parse_script(FILLED % limit).run(replayed)


def test_what_never_shows_fails_and_is_not_typed_a_third_time(place):
    with pytest.raises(WaitFailed, match=r"waited 0\.1 s for .*'hello there' to show"):
        drive(place, FILLED % 0.2, *python(DROPS), "5")
    assert not place.exists()


def test_what_shows_in_part_is_not_typed_again(place):
    program = python(
        "import os,tty\ntty.setraw(0)\nos.write(1, b'> ')\nos.write(1, os.read(0, 100)[:5])\nos.read(0, 1)"
    )
    session = cassette.record(place, program, timeout=LIMIT_S, hold=True)
    with pytest.raises(WaitFailed, match="hello"), session:
        parse_script(FILLED % 0.4).run(session)
    session.recorder.close()
    assert [data for source, data in typed(place) if source == "script"] == [b"hello there"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("fill: ''", "text that shows on one row"),
        ("fill: {timeout: 3}", "fill needs text"),
        ('fill: "a\\nb"', "text that shows on one row"),
        ("capture: 'a b'", "a name has letters"),
        ("capture: ../x", "a name has letters"),
    ],
)
def test_what_cannot_be_filled_or_named(step, said):
    with pytest.raises(BadScript, match=said):
        parse_script(f"- {step}")
