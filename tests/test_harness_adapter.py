"""Adapters: what their files may say, how they are refused, and where they come from."""

import copy
import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from harness_helpers import ADAPTER, agent_adapter
from hypothesis import given
from hypothesis import strategies as st

from cassette.errors import BadAdapter, NoSuchAdapter, UsageError
from cassette.harness import registry as registry_module
from cassette.harness.adapter import CAPABILITIES
from cassette.harness.adapter_file import adapter_of, parse_adapter, read_adapter
from cassette.harness.json_paths import WrongPath, find_all, parse_json, parse_path
from cassette.harness.registry import all_adapters
from cassette.harness.tables import Table
from cassette.harness.versions import KnownVersions

ROOT = Path(__file__).parent.parent
DOCS = (ROOT / "docs" / "harnesses.md").read_text("utf-8")
SMALL = """\
name = "acme"
binary = "acme"
[[probes]]
name = "models"
kind = "command"
[[probes.facts]]
kind = "rows"
name = "model"
row = '^(?P<value>.+)$'
"""
ROWS = """\
kind = "rows"
name = "model"
row = '^(?P<value>.+)$'
"""
ROWS_OF_SCREEN = """\
kind = "rows"
name = "model"
capture = "list"
after = 'Models'
row = '^(?P<value>.+)$'
"""
SCREEN = """\
name = "acme"
binary = "acme"
[start]
ready = { text = "ready" }
[[probes]]
name = "models"
kind = "screen"
steps = [{ press = "enter" }, { capture = "list" }]
[[probes.facts]]
kind = "rows"
name = "model"
capture = "list"
after = 'Models'
row = '^(?P<value>.+)$'
"""


def test_an_adapter_says_what_its_file_says():
    adapter = read_adapter(ADAPTER)
    assert (adapter.name, adapter.binary, adapter.revision) == (
        "fakeagent",
        ("fakeagent", "fakeagent-cli"),
        2,
    )
    assert adapter.version.args == ("--version",)
    assert "1.4.9" in adapter.version.known
    assert [check.account_class for check in adapter.preflight.logins] == ["token", "file", "subscription"]
    models = adapter.probe("models")
    assert [step.verb for step in models.steps[:4]] == ["fill", "press", "wait", "capture"]
    assert models.facts[0].numbered
    assert models.columns == 0
    assert adapter.probe("models-json").columns == 500
    assert adapter.probe("models-json").exit_codes == (0,)
    assert models.exit_codes is None
    assert adapter.probe("nothing") is None


def test_the_example_of_the_docs_is_an_adapter():
    text = re.search(r"## A whole example\n```toml\n(.*?)```", DOCS, re.S)[1]
    adapter = parse_adapter(text, "docs")
    assert adapter.name == "acme"
    assert len(adapter.probes) == 2


def test_the_docs_name_every_capability():
    for name in CAPABILITIES:
        assert f"`{name}`" in DOCS


FREE = ("env", "files", "detail", "where", "not_applicable")
"""Tables whose keys are the adapter's own."""


def test_the_docs_name_every_key(monkeypatch):
    asked = set()
    raw = Table.raw

    def noted(table, name):
        if table.where.rpartition(".")[2] not in FREE:
            asked.add(name)
        return raw(table, name)

    monkeypatch.setattr(Table, "raw", noted)
    read_adapter(ADAPTER)
    parse_adapter(SMALL + "[home]\n", "small")
    assert {"schema", "revision", "numbered", "pick", "prepare", "copy", "newest"} <= asked
    shown = ("`{}`", "`{} = ", "`[{}]`", "`[[{}]]`", "`[[probes.{}]]`")
    assert [name for name in sorted(asked) if not any(form.format(name) in DOCS for form in shown)] == []


# Each is a change of SMALL or SCREEN that makes it wrong.
WRONG = {
    "not TOML": (SMALL, ('name = "acme"', "name = acme")),
    "no name": (SMALL, ('name = "acme"\n', "")),
    "a name for no path": (SMALL, ('name = "acme"', 'name = "../acme"')),
    "a later schema": (SMALL, ('name = "acme"', 'schema = 2\nname = "acme"')),
    "an unknown key": (SMALL, ('binary = "acme"', 'binary = "acme"\nlicense = "MIT"')),
    "an unknown key in a fact": (SMALL, ("row =", "rows =")),
    "no binary": (SMALL, ('binary = "acme"\n', "")),
    "an empty list of binaries": (SMALL, ('binary = "acme"', "binary = []")),
    "a number for a text": (SMALL, ('binary = "acme"', "binary = 5")),
    "no probes": ('name = "acme"\nbinary = "acme"\n', ("", "")),
    "a probe without facts": (SMALL.partition("[[probes.facts]]")[0], ("", "")),
    "two probes of one name": (SMALL + SMALL.partition('binary = "acme"\n')[2], ("", "")),
    "an unknown kind": (SMALL, ('kind = "rows"', 'kind = "lines"')),
    "a pattern that is none": (SMALL, (r"^(?P<value>.+)$", "^(?P<value>.+$")),
    "a row without a value": (SMALL, ("(?P<value>.+)", ".+")),
    "numbered without numbers": (SMALL, ("row =", "numbered = true\nrow =")),
    "an unknown capability": (SMALL, ("row =", 'proves = "list_model"\nrow =')),
    "a gap without a reason": (SMALL, ("row =", 'status = "gap"\nrow =')),
    "at least none": (SMALL, ("row =", "min = 0\nrow =")),
    "a window that is no time": (SMALL, ('kind = "command"', 'kind = "command"\nfreshness_window = "soon"')),
    "an unknown behaviour": (SMALL, ('kind = "command"', 'kind = "command"\nstaleness_behavior = "ask"')),
    "a capture in the steps of a command": (
        SMALL,
        ('kind = "command"', 'kind = "command"\nsteps = [{ capture = "x" }]'),
    ),
    "a capture of a command": (SMALL, ("row =", 'capture = "x"\nrow =')),
    "exit codes": (SMALL, ('kind = "command"', 'kind = "command"\nexit_codes = [300]')),
    "a size": (SMALL, ('kind = "command"', 'kind = "command"\ncolumns = 100000')),
    "a version without a group": (SMALL, ('binary = "acme"', "binary = \"acme\"\nversion = { pattern = 'v' }")),
    "a version that is none": (
        SMALL,
        ('binary = "acme"', "binary = \"acme\"\nversion = { pattern = '(?P<version>v)', known = [\"new\"] }"),
    ),
    "a login that asks nothing": (
        SMALL,
        ("[[probes]]", '[preflight]\nlogin_help = "x"\nlogin = [{ account_class = "a" }]\n[[probes]]'),
    ),
    "a login without help": (
        SMALL,
        ("[[probes]]", '[preflight]\nlogin = [{ account_class = "a", env = "A" }]\n[[probes]]'),
    ),
    "a file outside HOME": (SMALL, ("[[probes]]", '[home]\ncopy = ["../secrets"]\n[[probes]]')),
    "a command that is none": (SMALL, ("[[probes]]", '[lab]\nprepare = ["acme"]\n[[probes]]')),
    "a reason for nothing": (SMALL, ("[[probes]]", '[not_applicable]\ncancel = ""\n[[probes]]')),
    "a screen that is never ready": (SCREEN, ('[start]\nready = { text = "ready" }\n', "")),
    "ready at once": (SCREEN, ('{ text = "ready" }', "{ regex = 'x*' }")),
    "ready by nothing": (SCREEN, ('{ text = "ready" }', "{ absent = 'Loading' }")),
    "a modal without steps": (SCREEN, ("ready = ", 'modals = [{ name = "m", text = "x" }]\nready = ')),
    "an unknown step": (SCREEN, ("press =", "push =")),
    "an unknown key to press": (SCREEN, ('"enter"', '"entr"')),
    "a capture that nobody makes": (SCREEN, ('capture = "list"\nafter', 'capture = "lists"\nafter')),
    "a capture made twice": (SCREEN, ('{ capture = "list" }', '{ capture = "list" }, { capture = "list" }')),
    "a mark for a capture": (SCREEN, ('{ capture = "list" }', '{ mark = "capture:list" }')),
    "a capture while leaving": (SCREEN, ("ready = ", 'quit = [{ capture = "x" }]\nready = ')),
    "rows without a header": (SCREEN, ("after = 'Models'\n", "")),
    "JSON of a file that nobody reads": (
        SCREEN,
        (ROWS_OF_SCREEN, 'kind = "json"\nname = "x"\nfile = "f"\nvalue = "a"\n'),
    ),
    "a path that is none": (SMALL, (ROWS, 'kind = "json"\nname = "x"\nvalue = "a..b"\n')),
    "choices of no option": (SMALL, (ROWS, 'kind = "help"\nname = "x"\nwhat = "choices"\n')),
    "help on a screen": (SCREEN, ('kind = "rows"', 'kind = "help"')),
    "neither name nor proof": (SMALL, ('name = "model"\n', "")),
}  # fmt: skip


def test_the_messages_name_the_key_and_what_is_wanted(golden):
    said = []
    for name, (text, (old, new)) in WRONG.items():
        assert old in text
        with pytest.raises(BadAdapter) as caught:
            parse_adapter(text.replace(old, new, 1), "acme.toml")
        said.append(f"{name}:\n  {caught.value}\n")
    golden("harness/bad_adapters.txt", "".join(said))


DOCUMENT = tomllib.loads(ADAPTER.read_text("utf-8"))
ODD = (
    0,
    -1,
    5,
    10**12,
    3.5,
    True,
    "",
    "x",
    "(",
    "(?P<value>",
    "../x",
    [],
    [5],
    ["x"],
    [[]],
    {},
    {"x": 1},
    [{}],
)


def places_in(value, path=()):
    """The path of every value in a document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places_in(item, (*path, key))


@given(
    st.lists(
        st.tuples(st.sampled_from(list(places_in(DOCUMENT))[1:]), st.sampled_from(ODD)),
        min_size=1,
        max_size=3,
    )
)
def test_any_document_is_an_adapter_or_is_refused_by_the_path_of_a_key(changes):
    document = copy.deepcopy(DOCUMENT)
    for path, odd in changes:
        holder = document
        try:
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = odd
        except (KeyError, IndexError, TypeError):
            continue
    where = refused_at(document)
    assert where is None or where


def refused_at(document):
    """Where a document is refused; None when it is an adapter. Any other error goes through."""
    try:
        adapter_of(document, "odd.toml")
    except BadAdapter as error:
        return error.facts["where"]
    return None


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_text_is_an_adapter_or_is_refused(text):
    with pytest.raises(BadAdapter):
        parse_adapter(text, "odd.toml")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot read the adapter"):
        read_adapter(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadAdapter, match="UTF-8"):
        read_adapter(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    ("known", "version", "is_known"),
    [
        ("0.169", "0.169.0", True),
        ("0.169", "0.1690", False),
        ("0.169", "0.16", False),
        ("1", "v1.9-beta", True),
        (">=0.160 <0.175", "0.174.9", True),
        (">=0.160 <0.175", "0.175.0", False),
        (">=0.160 <0.175", "0.159.9", False),
        (">1.2", "1.2.0", False),
        ("<=2", "2.0.0", True),
        (">=1", "unreadable", False),
    ],
)
def test_known_versions(known, version, is_known):
    assert (version in KnownVersions.of([known])) is is_known


def test_no_list_of_versions_knows_them_all():
    assert "anything" in KnownVersions.of([])


def test_paths_into_json_know_where_values_stand():
    text = 'log\n{"models": [{"slug": "a", "on": true}, {"slug": "b é"}], "by": {"x": {"n": 1}, "a b": {"n": -2.5}}}'
    root = parse_json(text, 4)
    for path, expected in {
        "models[*].slug": ["a", "b é"],
        "models[1].slug": ["b é"],
        "models[5].slug": [],
        "by.*.n": [1, -2.5],
        "by.*.@key": ["x", "a b"],
        'by["a b"].n': [-2.5],
        "models[0].on": [True],
        "nothing.here": [],
    }.items():
        found = list(find_all(root, path))
        assert [each.plain() for each in found] == expected
        for each in found:
            assert parse_json(text, each.start).plain() == each.plain()
            assert text[each.start : each.end].strip('"') == str(each.plain()).replace("True", "true")


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[", "a[x]", "a b", "@key.a", "a[*]b"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(WrongPath):
        parse_path(path)


@pytest.mark.parametrize(
    "text", ["{", "[1,]", '{"a" 1}', '{"a":1,}', "{1:2}", "[" * 100, "nul", "[1 2]", '"\x01"']
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r"JSON|name|colon|value|comma|character"):
        parse_json(text)


# Where adapters come from.


def test_every_adapter_of_ours_can_be_read_and_says_its_licence():
    registry = all_adapters(Path("/"))
    assert not registry.broken
    for name in ("codex", "generic"):
        assert registry.get(name).origin == f"built-in {name}.toml"
    for name in registry.names():
        adapter = registry.get(name)
        assert name == "generic" or adapter.licence


def project(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    listed = ", ".join(f'"{name}.toml"' for name in files)
    (tmp_path / "pyproject.toml").write_text(f"[tool.pty-cassette]\nharnesses = [{listed}]\n", "utf-8")
    below = tmp_path / "deep" / "er"
    below.mkdir(parents=True)
    return below


def test_a_project_adds_its_own(tmp_path):
    registry = all_adapters(project(tmp_path, acme=SMALL))
    assert registry.get("acme").origin == str(tmp_path / "acme.toml")
    assert not registry.broken


def test_a_broken_one_is_named_and_hinders_nobody(tmp_path):
    registry = all_adapters(
        project(tmp_path, acme=SMALL, broken="name = 5", missing=SMALL.replace("acme", "other"))
    )
    (tmp_path / "missing.toml").unlink()
    registry = all_adapters(tmp_path / "deep")
    assert registry.get("acme")
    assert [str(error).partition(":")[0].partition(",")[0] for error in registry.broken] == [
        f"the adapter {tmp_path / 'broken.toml'}",
        f"cannot read the adapter {tmp_path / 'missing.toml'}",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.pty-cassette]\nharnesses = 5\n", "give a list of paths"),
        ("[tool.pty-cassette\n", "is not TOML"),
    ],
)
def test_a_project_that_cannot_be_read_is_named(tmp_path, text, said):
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    (error,) = all_adapters(tmp_path).broken
    assert said in str(error)


def test_two_of_one_name_are_refused_when_it_is_asked_for(tmp_path):
    registry = all_adapters(project(tmp_path, one=SMALL, two=SMALL))
    with pytest.raises(UsageError, match=r"two adapters of 'acme'.*one\.toml and .*two\.toml"):
        registry.get("acme")
    assert registry.get("codex")


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(NoSuchAdapter, match="Did you mean 'codex'"):
        all_adapters(Path("/")).get("codx")
    with pytest.raises(NoSuchAdapter, match=r"Known are .*codex.*generic -- zzz"):
        all_adapters(Path("/")).get("zzz")


PATH_GIVEN = ""
TEXT_GIVEN = SMALL.replace("acme", "by-text")
NUMBER_GIVEN = 5


def given_by_call():
    return SMALL.replace("acme", "by-call")


def raises():
    raise RuntimeError("no such thing")


def test_packages_add_theirs_by_entry_point(tmp_path, monkeypatch):
    (tmp_path / "acme.toml").write_text(SMALL.replace("acme", "by-path"), "utf-8")
    monkeypatch.setattr(f"{__name__}.PATH_GIVEN", str(tmp_path / "acme.toml"))
    values = ("PATH_GIVEN", "TEXT_GIVEN", "given_by_call", "raises", "NUMBER_GIVEN", "nothing_there")
    points = [EntryPoint(value, f"{__name__}:{value}", registry_module.GROUP) for value in values]
    monkeypatch.setattr(registry_module, "entry_points", lambda group: points)
    registry = all_adapters(tmp_path)
    assert {"by-path", "by-text", "by-call", "codex"} <= set(registry.names())
    said = sorted(str(error) for error in registry.broken)
    assert len(said) == 3
    assert any("raises" in text and "no such thing" in text for text in said)
    assert any("gives int" in text for text in said)
    assert any("nothing_there" in text for text in said)


def test_changed_adapters_of_tests_are_read_too():
    assert agent_adapter(replace=[("revision = 2", "revision = 3")]).revision == 3
