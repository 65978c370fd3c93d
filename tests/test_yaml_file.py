"""What our YAML files may be: one document, no aliases, tags, doubles; errors with lines; never another exception."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette.errors import BadScript, UsageError
from cassette.script import parse_script
from cassette.yaml_file import MAX_DEPTH, WrongYaml, parse_yaml, quoted_yaml, read_bounded


def plain(text):
    node = parse_yaml(text)
    return None if node is None else node.plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a remark", None),
        ("{a: 1, b: [x, 1.5, true, null]}", {"a": 1, "b": ["x", 1.5, True, None]}),
        ('"\\e[1m"', "\x1b[1m"),
        ("<<: 1", {"<<": 1}),
        ("[=]", ["="]),
        ("- yes\n- 'yes'\n", [True, "yes"]),
    ],
)
def test_values(text, value):
    assert plain(text) == value


def test_lines_are_those_of_the_names_and_items():
    root = parse_yaml("a:\n  b:\n    - 1\n    -\n      c: 2\n")
    inner = root.value["a"].value["b"]
    assert (root.value["a"].line, inner.line) == (1, 2)
    assert [item.line for item in inner.value] == [3, 5]


def test_numbers_are_kept_as_written():
    assert parse_yaml("[1:02.5]").value[0].raw == "1:02.5"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: &x 1\nb: *x", 2, "aliases are not taken"),
        ("a:\n b: 1\n b: 2", 3, "'b' stands there twice"),
        ("a: !!python/object:os.system 1", 1, "is not taken"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("1: a", 1, "'1' is no name"),
        ("[a]: b", 1, "this is no name"),
        ("\n? {a: b}\n: c", 2, "this is no name"),
        ("a: [", 1, "this is no YAML"),
        ("a: \x07", 1, "this is no YAML"),
        ("a:\n  - 2020-13-01", 2, "Quote what is text"),
        ("a: " + "1:" * 5000 + "1", 1, "10001 characters is no number"),
        ("[" * (MAX_DEPTH + 1), 1, "nested too deep"),
        ("[" * 100_000, 1, "nested too deep"),
    ],
)
def test_what_is_refused(text, line, why):
    with pytest.raises(WrongYaml) as caught:
        parse_yaml(text)
    assert caught.value.line == line
    assert why in caught.value.why


@given(st.one_of(st.binary(max_size=80), st.text(alphabet="ab:-[]{}&*!|>?\"'#\n \t,%1.", max_size=80)))
def test_nothing_but_its_own_error(data):
    with contextlib.suppress(WrongYaml):
        parse_yaml(data)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_comes_back(text):
    assert plain(quoted_yaml(text)) == text


def test_a_file_is_bounded(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(b"x" * 11)
    assert read_bounded(path, "script", 11) == b"x" * 11
    with pytest.raises(UsageError, match=r"the script .*long has more than 10 bytes"):
        read_bounded(path, "script", 10)
    with pytest.raises(UsageError, match="cannot read the script"):
        read_bounded(tmp_path, "script")
    with pytest.raises(UsageError, match="cannot read the script"):
        read_bounded("a\0b", "script")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "no list of steps"),
        ("steps: []", 1, "no list of steps"),
        ("stepps: [a]", 1, "known at the top is only `steps`"),
        ("- wait: a\n- type: b\n  press: c", 2, "a step is one verb"),
        ("- wait: a\n- wait: {text: a,\n    text: b}", 3, "stands there twice"),
        ("- wait: a\n\n- tpye: b", 3, "there is no step 'tpye'"),
    ],
)
def test_scripts_say_the_line(text, line, why):
    with pytest.raises(BadScript, match=why) as caught:
        parse_script(text, "s.yaml")
    assert f"s.yaml, line {line}: " in str(caught.value)
