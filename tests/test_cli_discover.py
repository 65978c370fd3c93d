"""`cassette discover`: what it asks before, what it says, what it ends with, and what a killed one leaves."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_harness import COMMAND, environment, run, run_here
from harness_helpers import ADAPTER, executable, machine
from proof_helpers import own_spools, sized, spools_in

import cassette
from cassette.errors import LockHeld
from cassette.reading.verify import verify
from cassette.store.record_lock import record_lock
from cassette.store.siblings import is_hidden_sibling
from cassette.store.spool import list_spools

ROOT = Path(__file__).parent.parent


@pytest.fixture
def here(tmp_path, monkeypatch):
    return machine(tmp_path, monkeypatch)


def discover(*arguments, adapter=ADAPTER, **variables):
    return run("discover", "fakeagent", "--adapter", adapter, "-o", "out", *arguments, **variables)


def changed(here, *pairs):
    """The adapter's file with other text in it."""
    text = ADAPTER.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path = here.parent / "changed.toml"
    path.write_text(text, "utf-8")
    return path


def shown(text, here):
    """What was said, without this machine's paths."""
    return text.replace(str(here.parent), "<tmp>").replace(str(ROOT), "<project>")


def test_the_help(golden):
    result = run("discover", "--help")
    assert result.code == 0
    golden("help/discover.txt", result.out)


def test_probes_are_recorded_and_summed_up(here, golden):
    result = discover("--probe", "models", "--probe", "help")
    assert result.code == 0
    golden("discover/recorded.txt", shown(result.out, here) + "--- stderr\n" + shown(result.err, here))
    assert sorted(os.listdir("out")) == ["help", "models"]


def test_again_takes_the_place_of_the_old_one(here):
    assert discover("--probe", "help").code == 0
    first = cassette.open("out/help").id
    assert discover("--probe", "help").code == 0
    assert cassette.open("out/help").id != first
    assert os.listdir("out") == ["help"]


def test_a_failure_is_shown_whole(here, golden):
    adapter = changed(
        here, ('{ wait = "Select a model" }', '{ wait = "to choose" }'), ("conversation", "talk")
    )
    result = discover(
        "--probe", "models", "--probe", "help", "--diagnostics", "failed", adapter=adapter, FAKE="odd-row"
    )
    assert result.code == 1
    golden("discover/failed.txt", shown(result.out, here))
    assert os.listdir("out") == ["help"]
    (file,) = Path("failed").iterdir()
    assert file.name == "fakeagent-models.txt"
    assert "New! Try our newest one" in file.read_text()


def test_json_says_the_same(here):
    result = discover("--probe", "models", "--probe", "help", "--json", FAKE="scrolls", FAKE_VERSION="1.4.7")
    assert result.code == 1
    document = json.loads(result.out)
    assert (document["harness"], document["version"], document["account_class"]) == (
        "fakeagent",
        "1.4.7",
        "subscription",
    )
    help_, models = document["probes"]
    assert (help_["status"], len(help_["facts"]), help_["dropped"], help_["warnings"]) == (
        "recorded",
        6,
        [],
        [],
    )
    assert models["status"] == "failed"
    assert "out of sight" in models["error"]
    assert models["steps"][:2] == ["left the box 'trust'", "ready"]
    assert "more below" in models["error"]


PREFLIGHT = {
    "the binary is missing": {"installed": False},
    "the binary that was given is missing": {"arguments": ("--binary", "/nowhere/fakeagent")},
    "it is not executable": {"mode": 0o644},
    "it cannot be run": {"program": "#!/nowhere/interpreter\n"},
    "its version command fails": {"variables": {"FAKE": "version-fails"}},
    "its version command hangs": {
        "variables": {"FAKE": "version-hangs"},
        "change": ("timeout = 5\n", "timeout = 0.3\n"),
    },
    "it does not say its version": {"variables": {"FAKE": "version-odd"}},
    "nobody is logged in": {"variables": {"FAKE": "logged-out"}},
    "its quota is gone": {"variables": {"FAKE": "quota-gone"}},
    "it is being recorded": {"locked": "subscription"},
    "a version that nobody tried": {"variables": {"FAKE_VERSION": "3.0.0"}, "code": 0},
    "all is well": {"code": 0},
}  # fmt: skip


def preflight(root, monkeypatch, capsys, *, installed=True, mode=None, program=None, change=None, **facts):
    """One case in a place of its own: what is said, and that nothing is there afterwards."""
    here = machine(root, monkeypatch, installed=installed)
    binary = root / "bin" / "fakeagent"
    if program is not None:
        executable(binary, program)
    if mode is not None:
        binary.chmod(mode)
    adapter = changed(here, change) if change else ADAPTER
    with contextlib.ExitStack() as held:
        if "locked" in facts:
            held.enter_context(record_lock("fakeagent", facts["locked"]))
        for name, value in facts.get("variables", {}).items():
            monkeypatch.setenv(name, value)
        arguments = ["--adapter", adapter, "-o", "out", "--probe", "help", *facts.get("arguments", ())]
        dry = run_here(capsys, "discover", "fakeagent", "--dry-run", *arguments)
        assert dry.code == facts.get("code", 4), dry
        if dry.code == 4:
            wet = run_here(capsys, "discover", "fakeagent", *arguments)
            assert (wet.code, wet.out, wet.err) == (4, "", dry.err)
    assert os.listdir(here) == []
    return re.sub(r"process \d+", "process <pid>", shown(dry.err + dry.out, here))


def test_every_check_before_a_probe_says_what_to_do(tmp_path, golden, capsys):
    said = []
    for number, (name, facts) in enumerate(PREFLIGHT.items()):
        root = tmp_path / str(number)
        root.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            text = preflight(root, patch, capsys, **facts)
        said.append(f"{name}:\n" + "".join(f"  {line}\n" for line in text.splitlines()))
    golden("discover/preflight.txt", "".join(said))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give the harness to look at, or --list"),
        (("codx",), "Did you mean 'codex'?"),
        (("generic",), "give the program behind --"),
        (("codex", "--", "tool"), "a program behind -- is for generic"),
        (("fakeagent", "--adapter", ADAPTER, "--probe", "x"), "fakeagent has no probe 'x'"),
        (("fakeagent", "--adapter", ADAPTER, "--lab", "here"), "--lab here: give a URL with its port"),
        (("fakeagent", "--adapter", ADAPTER, "--home", "x"), "runs with your own HOME here"),
        (("fakeagent", "--adapter", "none.toml"), "cannot read the adapter none.toml"),
        (("generic", "--lab", "http://127.0.0.1:1", "--", "true"), "has no [lab]"),
        (("--frobnicate",), "unrecognized arguments"),
    ],
)
def test_wrong_usage(here, arguments, said):
    result = run("discover", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err
    assert os.listdir(here) == []


def test_the_list_has_all_adapters_and_names_what_is_broken(here):
    (here / "broken.toml").write_text("name = 1\n")
    (here / "pyproject.toml").write_text('[tool.pty-cassette]\nharnesses = ["broken.toml"]\n')
    result = run("discover", "--list", "--adapter", ADAPTER)
    assert result.code == 0
    assert re.search(
        r"^fakeagent +An agent for tests .*\n +probes: models-json, help, models, conversation$",
        result.out,
        re.M,
    )
    assert re.search(r"^generic ", result.out, re.M)
    assert "warning: left out: the adapter" in result.err
    document = json.loads(run("discover", "--list", "--json").out)
    assert {"codex", "generic"} <= {entry["name"] for entry in document}


def test_any_program_by_its_help(here):
    executable(
        here.parent / "bin" / "tool",
        "#!/bin/sh\ncase $1 in\n--help) cat help;; --version) echo tool 2.5.1;; *) exit 2;; esac\n",
    )
    options = ("--model {a-1,b-2}  which", "--effort <low|high>  how", "--cd DIR  where")
    help_text = "usage: tool [options]\n\noptions:\n" + "".join(f"  {option}\n" for option in options)
    script = here.parent / "bin" / "tool"
    script.write_text(script.read_text().replace("cat help", f"printf '%s' '{help_text}'"))
    result = run("discover", "generic", "--", "tool")
    assert result.code == 0, result
    with cassette.open("cassettes/tool/help") as tape:
        assert tape.manifest.harness.name == "tool"
        assert tape.discovery.models == ("a-1", "b-2")
        assert tape.discovery.reasoning_levels == ("low", "high")
        assert tape.discovery.metadata["adapter"]["name"] == "generic"
        status = {name: entry["status"] for name, entry in tape.discovery.metadata["capabilities"].items()}
        assert status == {
            "list_models": "pass",
            "set_model": "pass",
            "list_reasoning": "pass",
            "set_reasoning": "pass",
            "workdir": "pass",
            "permission_modes": "gap",
        }
    with cassette.open("cassettes/tool/version") as tape:
        assert [fact["value"] for fact in tape.discovery.metadata["facts"]] == ["2.5.1"]
    again = run("discover", "generic", "--replay", "cassettes/tool", "--", "tool")
    assert (again.code, again.out.splitlines()[-1]) == (0, "tool: 2 of 2 probes replayed")


def test_a_program_that_is_started_by_several_words(here):
    executable(
        here.parent / "bin" / "multi",
        '#!/bin/sh\n[ "$1 $2" = "tool --help" ] && echo "Usage: multi tool" || echo "tool 1.0"\n',
    )
    result = run("discover", "generic", "-o", "out", "--probe", "help", "--", "multi", "tool")
    assert result.code == 0, result
    assert cassette.open("out/help").manifest.command.argv == ("multi", "tool", "--help")


def test_a_replay_that_reads_something_else_fails(here):
    assert discover("--probe", "models").code == 0
    other = changed(
        here,
        ('{ wait = "Select a model" }', '{ wait = "Permission modes" }'),
        ("timeout = 20", "timeout = 1"),
    )
    result = discover("--replay", "out", adapter=other)
    assert result.code == 1
    assert "waited 1.0 s for 'Permission modes'" in result.out
    nothing = discover("--replay", "nowhere")
    assert (nothing.code, "has no cassette of a probe" in nothing.err) == (4, True)


# The example of the README.


def test_the_adapter_of_the_readme_works(here):
    text = (ROOT / "README.md").read_text("utf-8")
    example = re.search(r"<!-- adapter.*?-->\n```toml\n(.*?)```\n\n((?:    [^\n]*\n)+)", text, re.S)
    assert example, "the README shows no adapter"
    assert len(example[1].splitlines()) == 15
    (here / "acme.toml").write_text(example[1], "utf-8")
    executable(
        here.parent / "bin" / "acme",
        "#!/bin/sh\ncase $1 in --version) echo acme 1.4.2;;\n"
        "models) printf 'Models:\\n  acme-large\\n  acme-small\\n';; esac\n",
    )
    for line in example[2].splitlines():
        command = line.partition("#")[0].split()
        assert command[0] == "cassette"
        result = run(*command[1:])
        assert result.code == 0, result
    assert cassette.open("cassettes/acme/models").discovery.models == ("acme-large", "acme-small")


# Ended and killed.


def started(*arguments, **variables):
    command = [*COMMAND, "discover", "fakeagent", "--adapter", str(ADAPTER), "-o", "out", *arguments]
    return subprocess.Popen(
        command,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(condition, process):
    """Look until it is so; the process has to live meanwhile."""
    for _ in range(3000):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("it never came")


def nobody_holds(harness="fakeagent", account="subscription"):
    """A child that was just forked has the lock too, until it becomes its program."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with record_lock(harness, account):
                return True
        except LockHeld:
            assert time.monotonic() < deadline, "somebody holds the lock"
            time.sleep(0.01)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGHUP, -1)]
)
def test_a_signal_throws_the_probe_away(here, number, code):
    with own_spools() as spools:
        process = started("--probe", "models", FAKE="never-ready")
        wait_for(lambda: spools_in(spools), process)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert process.returncode == code, err
        assert b"Traceback" not in err
        assert spools_in(spools) == []
    assert os.listdir(here) == []
    assert os.listdir(os.environ["TMPDIR"]) == [f"pty-cassette-locks-{os.geteuid()}"]
    assert nobody_holds()


def whole_or_nothing(place, ids):
    """What stands there is a complete cassette of the probe, or nothing does; nothing half is beside it."""
    names = [name for name in os.listdir(place) if not is_hidden_sibling(name)] if place.exists() else []
    assert set(names) <= {"models-json"}, names
    for name in names:
        verdict = verify(place / name)
        assert (verdict.state, verdict.reasons) == ("complete", ())
        with cassette.open(place / name) as tape:
            assert tape.discovery.models == ("fake-large-1", "fake-small-1")
            ids.add(tape.id)
    return bool(names)


@pytest.mark.prove
@pytest.mark.parametrize("over_an_old_one", [False, True])
def test_a_kill_at_any_moment_leaves_no_lock_and_no_half_cassette(here, over_an_old_one):
    """SIGKILL after a random part of the time that a whole run takes."""
    chance = random.Random(6)
    place = here / "out"
    arguments = ("--probe", "models-json")
    with own_spools():
        begun = time.monotonic()
        assert discover(*arguments).code == 0
        whole_s = time.monotonic() - begun
        ids: set[str] = set()
        assert whole_or_nothing(place, ids)
        for _ in range(sized(8, 60)):
            if not over_an_old_one and place.exists():
                subprocess.run(["rm", "-rf", str(place)], check=True)
            process = started(*arguments)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.3, 1.0) * whole_s)
            process.kill()
            process.communicate()
            assert nobody_holds()
            assert whole_or_nothing(place, ids) or not over_an_old_one
        assert discover(*arguments).code == 0
        assert whole_or_nothing(place, ids)
        assert os.listdir(place) == ["models-json"]


def left_directories():
    return [name for name in os.listdir(os.environ["TMPDIR"]) if name.startswith("pty-cassette-run-")]


def test_the_directories_of_a_killed_run_go_with_the_next_one(here):
    with own_spools() as spools:
        process = started("--probe", "models", FAKE="never-ready")
        wait_for(lambda: spools_in(spools), process)
        (running,) = left_directories()
        assert discover("--probe", "models-json").code == 4  # the account is in use
        assert left_directories() == [running]
        process.kill()
        process.communicate()
        assert left_directories() == [running]
        assert discover("--probe", "models-json").code == 0
    assert left_directories() == []


def test_directories_of_others_are_left_alone(here, tmp_path):
    root = Path(os.environ["TMPDIR"])
    (root / "pty-cassette-run-open").mkdir(mode=0o755)
    (tmp_path / "mine").mkdir(mode=0o700)
    (root / "pty-cassette-run-link").symlink_to(tmp_path / "mine")
    (root / "pty-cassette-run-file").write_text("")
    assert discover("--probe", "models-json").code == 0
    assert sorted(left_directories()) == [f"pty-cassette-run-{name}" for name in ("file", "link", "open")]
    assert (tmp_path / "mine").is_dir()


def test_what_a_kill_left_is_recovered_beside_and_never_over_the_old_one(here):
    assert discover("--probe", "models").code == 0
    old = cassette.open("out/models").id
    with own_spools() as spools:
        process = started("--probe", "models", FAKE="never-ready")
        wait_for(
            lambda: any(spool.argv for spool in list_spools(roots=[spools])), process
        )  # it has its header
        process.kill()
        process.communicate()
        (spool,) = spools_in(spools)
        recovered = run("recover", spool)
        assert "models.unfinished" in recovered.out + recovered.err
    assert cassette.open("out/models").id == old
    with cassette.open("out/models.unfinished") as tape:
        assert tape.discovery is None
        assert tape.state == "partial"
