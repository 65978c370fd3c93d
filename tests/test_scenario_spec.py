"""The shape of assertions.yaml: what is refused, in which line, with which hint; and that nothing else ever happens."""

import contextlib
import re

import pytest
from build_cassette import ID
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scenario_scene import HEAD, LINE, assertion_of, judged, scene, view_of

from cassette.errors import BadAssertions, UsageError
from cassette.scenario.fields import CouldNotFail
from cassette.scenario.json_values import parse_path, path_words
from cassette.scenario.spec import KINDS, parse_spec, read_spec
from cassette.scenario.when import DoesNotHold

SHA = "ab" * 32
BOUND = f"cassette: {{id: {ID}, evidence_sha256: {SHA}}}\n"
ONE = "assertions: [exit: 0]\n"


def refused(text):
    with pytest.raises(BadAssertions) as caught:
        parse_spec(text, "tests/a.yaml")
    found = re.fullmatch(r"tests/a\.yaml, line (\d+): (.*)", str(caught.value))
    assert found, str(caught.value)
    return int(found[1]), found[2]


def test_a_spec():
    spec = parse_spec(
        f"version: 1\ncassette:\n  path: ../tape\n  id: {ID}\n  evidence_sha256: {SHA.upper()}\n{ONE}",
        "a/b/c.yaml",
    )
    assert (spec.binding.id, spec.binding.evidence_sha256, spec.binding.content_digest) == (ID, SHA, None)
    assert spec.binding.line == 2
    assert spec.cassette_path.parts == ("a", "b", "..", "tape")
    assert [each.kind for each in spec.assertions] == ["exit"]


def test_names_and_lines():
    spec = parse_spec(HEAD + "  - exit: 0\n  -\n    name: in the end\n    title: vim\n  - no_gap_records\n")
    assert [(each.line, each.kind, each.name) for each in spec.assertions] == [
        (LINE, "exit", None),
        (LINE + 2, "title", "in the end"),
        (LINE + 4, "no_gap_records", None),
    ]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "it is empty. Begin one with cassette check --init."),
        ("- a", 1, "the file needs version, cassette or assertions."),
        (f"version: 1\n{BOUND}", 1, "the file: it needs assertions."),
        (f"{BOUND}{ONE}", 1, "it needs version."),
        (f"version: 2\n{BOUND}{ONE}", 1, "version 2 is not known here, only 1. Upgrade pty-cassette."),
        (f"version: one\n{BOUND}{ONE}", 1, "version is a whole number from 1 on, not one."),
        (
            f"version: 1\n{BOUND}asertions: []\n",
            3,
            "the file does not know 'asertions'. Did you mean 'assertions'?",
        ),
        (f"version: 1\n{BOUND}assertions: []\n", 3, "a list with at least one entry"),
        (f"version: 1\n{BOUND}assertions: {{exit: 0}}\n", 3, "a list with at least one entry"),
        (
            f"version: 1\ncassette:\n  id: {ID}\n{ONE}",
            2,
            "cassette: it needs evidence_sha256 or content_digest.",
        ),
        (f"version: 1\ncassette:\n  evidence_sha256: {SHA}\n{ONE}", 2, "it needs the id"),
        (f"version: 1\ncassette: {{id: a, evidence_sha256: abc}}\n{ONE}", 2, "is a SHA-256"),
        (
            f"version: 1\ncassette:\n  id: a\n  evidence_sha256: {SHA}\n  content_digest: {SHA}\n{ONE}",
            5,
            "not both",
        ),
        (
            f"version: 1\ncassette:\n  path: /abs\n  id: a\n  evidence_sha256: {SHA}\n{ONE}",
            3,
            "relative to this file",
        ),
        (
            f"version: 1\ncassette:\n  id: a\n  evidence-sha256: {SHA}\n{ONE}",
            4,
            "Did you mean 'evidence_sha256'?",
        ),
        (f"version: 1\ncassette: tape\n{ONE}", 2, "cassette needs path, id"),
        (f"version: 1\n{BOUND}assertions: [", 3, "this is no YAML"),
        (f"version: 1\n{BOUND}assertions:\n - exit: 0\n - exit: 0\n   exit: 0", 6, "stands there twice"),
        (f"version: 1\n{BOUND}assertions:\n - &a\n   exit: 0\n - *a", 6, "aliases are not taken"),
    ],
)
def test_the_file(text, line, why):
    found = refused(text)
    assert found[0] == line
    assert why in found[1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("screen_contain: a", "there is no kind of assertion 'screen_contain'. Did you mean 'screen_contains'?"),
        ("zzz: a", "Known are screen_contains, never_contains"),
        ("just text", "an assertion is a kind and what it asks"),
        ("[a]", "an assertion is a kind and what it asks"),
        ("{exit: 0, size: 80x24}", "an assertion has one kind"),
        ("{name: alone}", "an assertion has one kind"),
        ("{name: 3, exit: 0}", "the name of an assertion is a text"),
        ("screen_contains:", "screen_contains needs text, regex"),
        ("screen_contains: 42", "text is a text, and 42 is none. Quote what is text."),
        ("screen_contains: yes", "text is a text, and yes is none"),
        ("screen_contains: [a]", "text is a text, and a list is none"),
        ("screen_contains: {at: 1}", "it needs text or regex"),
        ("screen_contains: {text: a, regex: b}", "it takes one of text or regex, not both"),
        ("screen_contains: {txt: a}", "does not know 'txt'. Did you mean 'text'?"),
        ("screen_contains: ''", "stands on every screen, so it could not fail"),
        ("screen_contains: '   '", "stands on every screen, so it could not fail"),
        ('screen_contains: "\\e[1m"', "no screen has the control character '\\x1b'. Look for it with raw_order."),
        ('never_contains: "a\\tb"', "no screen has the control character"),
        ('never_contains: "a \\nb"', "rows have no blanks or newlines at their ends"),
        ("never_contains: {regex: ''}", "matches the empty text, so it could not fail"),
        ("never_contains: {regex: 'x*'}", "matches the empty text"),
        ("never_contains: {regex: '^$'}", "matches the empty text"),
        ("never_contains: {regex: '(?!x)'}", "matches the empty text"),
        ("never_contains: {regex: '\\s'}", "is found on a blank screen"),
        ("never_contains: {regex: '('}", "is no pattern"),
        ("never_contains: {regex: 'a{99999999999}'}", "is no pattern"),
        ("never_contains: {text: a, at: 1}", "never_contains does not know 'at'"),
        ("never_contains: {text: not Ready, window: {until: Ready}}", "the window ends before it comes"),
        ("never_contains: {text: a, window: {}}", "it needs a start"),
        ("never_contains: {text: a, window: {from: 2, to: 1}}", "it is empty (from 2.000 s to 1.000 s)"),
        ("never_contains: {text: a, window: {from: 2, to: 2}}", "it is empty"),
        ("never_contains: {text: a, window: {from: {seq: 9}, to: {seq: 8}}}", "it is empty"),
        ("never_contains: {text: a, window: {to: start}}", "it is empty"),
        ("never_contains: {text: a, window: {from: end}}", "it is empty"),
        ("never_contains: {text: a, window: {from: 1, after: b}}", "it takes one of from or after, not both"),
        ("never_contains: {text: a, window: {form: 1}}", "Did you mean 'from'?"),
        ("never_contains: {text: a, window: {from: later}}", "that is no time"),
        ("never_contains: {text: a, window: {from: -1}}", "that is no time"),
        ("never_contains: {text: a, window: {from: [1]}}", "from is a moment"),
        ("never_contains: {text: a, window: {from: {}}}", "it needs at, seq or after"),
        ("never_contains: {text: a, window: {after: ''}}", "so it could not fail"),
        ("never_contains: {text: a, window: 3}", "window needs from, to, after or until"),
        ("screen_contains: {text: a, at: 1, seq: 2}", "it takes one of at or seq, not both"),
        ("screen_contains: {text: a, at: true}", "at is a time"),
        ("screen_contains: {text: a, seq: 0}", "seq is a whole number from 1 on, not 0"),
        ("screen_contains: {text: a, exact: 1}", "exact is true or false, not 1"),
        ("screen_contains: {text: a, row: a}", "row is a whole number"),
        ("screen_contains: {text: a, region: {}}", "it needs one of top, bottom, left, right"),
        ("screen_contains: {text: a, region: {top: 3, bottom: 3}}", "nothing lies between 3 and 3"),
        ("screen_contains: {text: a, region: {left: -1, right: -2}}", "nothing lies between -1 and -2"),
        ("screen_contains: {text: a, row: 1, region: {top: 1}}", "it takes one of row or region, not both"),
        ("screen_contains: {text: a, count: {min: 0}}", "any number would do"),
        ("screen_contains: {text: a, count: {min: 3, max: 2}}", "no number is from 3 to 2"),
        ("screen_contains: {text: a, count: -1}", "count is a whole number from 0 on"),
        ("eventually_contains: {text: a, count: 0}", "count is a whole number from 1 on, not 0"),
        ("stable_for: 0", "stable for no time at all"),
        ("stable_for: {at: 1}", "it needs a duration"),
        ("stable_for: {duration: 2, window: {from: 1, to: 2}}", "2000 ms do not fit into a window of 1000 ms"),
        ("cursor: {}", "it needs one of row, column"),
        ("cursor: {at: 1}", "it needs one of row, column"),
        ("cursor: {shape: blok}", "shape cannot be 'blok'. Did you mean 'block'?"),
        ("size: big", "a size is written 80x24"),
        ("size: {at: 1}", "it needs columns, rows, or 80x24"),
        ("size: {is: 80x24, rows: 1}", "columns and rows stand in it already"),
        ("style: {bold: true}", "it needs a place"),
        ("style: {text: a}", "it needs one of fg, bg"),
        ("style: {text: a, fg: rde}", "fg cannot be 'rde'. Did you mean 'red'?"),
        ("style: {text: a, fg: 256}", "fg is a whole number from 0 to 255"),
        ("style: {text: a, fg: true}", "fg is a whole number from 0 to 255"),
        ("style: {text: a, underline: wavy}", "underline cannot be 'wavy'"),
        ("style: {text: a, bold: 1}", "bold is true or false"),
        ("style: {text: a, bold: true, which: all}", "which cannot be 'all'"),
        ("title: {at: 1}", "it needs text or regex"),
        ("title: {regex: 'x*'}", "matches the empty text"),
        ("alternate_screen: maybe", "is is true or false, not maybe"),
        ("raw_order: []", "a list with at least one entry"),
        ("raw_order: ['']", "nothing is found everywhere"),
        ("raw_order: [{hex: 1}]", "hex is pairs of digits"),
        ("raw_order: [{keys: enter}]", "raw_order does not know 'keys'"),
        ("raw_order: [{regex: 'a*'}]", "matches the empty text"),
        ("raw_order: text", "a list with at least one entry"),
        ("input_bytes: ''", "nothing is found everywhere"),
        ("input_bytes: {whole: true}", "it needs text, hex or keys"),
        ("input_bytes: {text: a, whole: true, count: 1}", "Leave out count"),
        ("input_bytes: {text: a, source: me}", "source cannot be 'me'"),
        ("input_bytes: {keys: [entre]}", "input_bytes: "),
        ("input_bytes: {keys: [1]}", "keys are names such as enter"),
        ("input_bytes: {keys: []}", "a list with at least one entry"),
        ("paste: ''", "every paste has the empty text in it"),
        ("paste: {whole: true, count: 1}", "`whole` needs a text"),
        ("paste: {window: {to: 1}}", "it needs text, bracketed or count"),
        ("paste: {text: a, count: 0}", "count is a whole number from 1 on"),
        ("resize_order: []", "a list with at least one entry"),
        ("resize_order: [80]", "a size is written 80x24"),
        ("resize_order: [{columns: 80}]", "a size is written 80x24"),
        ("service_json: {}", "it needs a path, or a match"),
        ("service_json: {equals: 1}", "it needs a path, which says where to look"),
        ("service_json: {path: 'a..b'}", "'a..b' is no path"),
        ("service_json: {path: a, equals: 1, contains: 2}", "it takes one of equals, contains"),
        ("service_json: {path: a, min: 3, max: 2}", "no number is from 3 to 2"),
        ("service_json: {path: a, min: x}", "min is a number"),
        ("service_json: {path: a, contains: ''}", "every text has the empty text in it"),
        ("service_json: {path: a, equals: .inf}", "inf is no value of JSON"),
        ("service_json: {path: a, equals: [.nan]}", "nan is no value of JSON"),
        ("service_json: {path: a, equals: 2020-01-01}", "2020-01-01 is no value of JSON"),
        ("service_json: {match: {}}", "match has paths and their values"),
        ("service_json: {match: {'a b': 1}}", "is no path"),
        ("service_json: {match: {a: 1}, which: every}", "needs a path and no count"),
        ("final_metadata: {equals: 1}", "it needs a path"),
        ("final_metadata: {of: metadat, path: a}", "Did you mean 'metadata'?"),
        ("exit: {}", "it needs code or signal"),
        ("exit: 256", "code is a whole number from 0 to 255, not 256"),
        ("exit", "code is a whole number from 0 to 255, not true"),
        ("exit: {signal: TERM}", "a signal has a name such as SIGTERM"),
        ("exit: {code: 1, signal: SIGTERM}", "not both"),
        ("timing_gap: {from: start, to: end}", "any time would do"),
        ("timing_gap: {from: start, to: end, min: 0}", "any time would do"),
        ("timing_gap: {from: start, to: end, min: 3, max: 2}", "no time is from 3000 to 2000 ms"),
        ("timing_gap: {from: start, to: end, equals: 3}", "Give a tolerance"),
        ("timing_gap: {from: start, to: end, max: 3, tolerance: 1}", "a tolerance goes with equals"),
        ("timing_gap: {from: start, to: end, equals: 3, tolerance: 1, max: 1}", "Leave min and max out"),
        ("timing_gap: {from: start, max: 3}", "it needs from and to"),
        ("timing_gap: {from: 1, to: 2, max: 3}", "the gap is what you write, so it could not fail"),
        ("timing_gap: {from: end, to: end, max: 3}", "the same moment"),
        ("timing_gap: {between: output, from: 1, max: 3}", "Leave one out"),
        ("timing_gap: {between: outputs, max: 3}", "Did you mean 'output'?"),
        ("timing_gap: {from: start, to: end, max: 3, window: {to: 1}}", "a window goes with between"),
        ("no_gap_records: false", "takes only true"),
        ("no_gap_records: {}", "takes only true"),
    ],
)  # fmt: skip
def test_an_assertion_that_is_none(text, why):
    line, found = refused(f"{HEAD}  - exit: 0\n  - {text}\n")
    assert line == LINE + 1
    assert why in found
    assert found.isprintable()
    assert found.endswith((".", "?"))


def test_the_line_is_that_of_the_field():
    line, why = refused(f"{HEAD}  - screen_contains:\n      text: a\n      region:\n        tpo: 3\n")
    assert (line, why) == (LINE + 3, "screen_contains: region does not know 'tpo'. Did you mean 'top'?")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="cannot read the assertions"):
        read_spec(tmp_path / "none.yaml")
    (tmp_path / "long.yaml").write_bytes(b"#" * 2**18 + b"\n")
    with pytest.raises(UsageError, match="has more than 262144 bytes"):
        read_spec(tmp_path / "long.yaml")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("$", ()),
        ("a", ("a",)),
        ("$.a.b", ("a", "b")),
        ("a[0].b[-1]", ("a", 0, "b", -1)),
        ("[0]", (0,)),
        ("$[0][1]", (0, 1)),
        ('["a b"].c["\\u00fc\\""]', ("a b", "c", 'ü"')),
        ("größe-1.x_y", ("größe-1", "x_y")),
    ],
)
def test_paths(text, path):
    assert parse_path(text) == path
    assert parse_path(path_words(path)) == path


@pytest.mark.parametrize(
    "text", ["a.", ".a", "a b", "a[", "a[x]", "a[0]b", "a.[0]", "$a", "$$", "a..b", '["a]', "a['b']"]
)
def test_no_paths(text):
    with pytest.raises(ValueError, match="is no path"):
        parse_path(text)


@given(
    st.lists(
        st.integers(-(10**8), 10**8) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        max_size=5,
    )
)
@example([".0"])
@example(["a", "[0]", '["b"]'])
def test_a_path_comes_back(steps):
    assert parse_path(path_words(tuple(steps))) == tuple(steps)


# -- nothing but BadAssertions, whatever is written

NAMES = """text regex row region count at seq after until from to exact window duration is columns rows bold fg which
items hex keys whole source bracketed sizes match path equals contains min max exists of code signal between tolerance
top left"""
FIELDS = NAMES.split()
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3000),
    st.floats(allow_nan=True),
    st.sampled_from(
        ["a", "Ready", "", "x*", "(", "end", "start", "80x24", "500ms", "1:02", "every", "a.b[0]", "SIGKILL"]
    ),
    st.text(max_size=6),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
)


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    return view_of(scene(), tmp_path_factory.mktemp("scene") / "tape")


@settings(max_examples=300)
@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4) | VALUES)
def test_no_other_error_for_any_values(view, kind, value):
    import yaml

    text = yaml.safe_dump([{kind: value}], allow_unicode=True, default_flow_style=True)
    with contextlib.suppress(BadAssertions):
        assertion = assertion_of(text.replace("\n", "\n  "))
        assert str(assertion.check)
        with contextlib.suppress(DoesNotHold, CouldNotFail):
            assertion.check.judge(view)


@given(st.binary(max_size=60), st.integers(0, 400))
def test_no_other_error_for_any_bytes(data, position):
    good = (HEAD + "  - screen_contains: {text: a, at: 1, row: 2}\n  - exit: 0\n").encode()
    with contextlib.suppress(BadAssertions):
        parse_spec(good[:position] + data + good[position:])
    with contextlib.suppress(BadAssertions):
        parse_spec(data)


# -- laws

TEXTS = st.sampled_from(["Loading", "Ready", "red", "x", "text", "Bye", "e", "你", "nothing"])
BOUNDS = st.tuples(st.integers(0, 2000), st.integers(0, 2000)).filter(lambda pair: pair[0] < pair[1])


@given(TEXTS, BOUNDS, st.booleans())
def test_never_is_the_opposite_of_eventually(view, text, bounds, exact):
    window = (
        f"{{text: {text}, window: {{from: {bounds[0]}ms, to: {bounds[1]}ms}}, exact: {str(exact).lower()}}}"
    )
    outcomes = {
        judged(f"- {kind}: {window}", view).outcome for kind in ("never_contains", "eventually_contains")
    }
    assert outcomes in ({"holds", "fails"}, {"could not fail"})


@given(TEXTS, BOUNDS)
def test_what_stands_at_a_moment_is_found_in_a_window_around_it(view, text, bounds):
    here = judged(f"- screen_contains: {{text: {text}, at: {bounds[0]}ms}}", view).outcome
    around = f"{{text: {text}, window: {{from: {bounds[0]}ms, to: {bounds[1]}ms}}}}"
    if here == "holds":
        assert judged(f"- never_contains: {around}", view).outcome != "holds"
        assert judged(f"- eventually_contains: {around}", view).outcome != "fails"


@given(TEXTS, BOUNDS)
def test_no_screen_comes_from_behind_the_window(view, text, bounds):
    around = f"{{text: {text}, window: {{from: {bounds[0]}ms, to: {bounds[1]}ms}}}}"
    for kind in ("never_contains", "eventually_contains"):
        screen = judged(f"- {kind}: {around}", view).screen
        assert screen is None or screen.t_ms <= bounds[1]


@given(st.integers(1, 1400), BOUNDS)
def test_what_is_stable_for_long_is_stable_for_less(view, duration, bounds):
    def outcome(of):
        return judged(f"- stable_for: {{duration: {of}ms, at: {bounds[0]}ms}}", view).outcome

    if outcome(duration) == "holds" and duration > 1:
        assert outcome(duration - 1) == "holds"
