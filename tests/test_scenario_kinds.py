"""Every kind of assertion where it holds, where it does not, and where it could not fail."""

import re

import pytest
from build_cassette import Tape
from scenario_scene import judged, scene, view_of

from cassette.scenario.spec import KINDS

HOLDS, FAILS, VOID = "holds", "fails", "could not fail"

CASES = [
    # -- screen_contains: at the end, at times, events, texts
    ("screen_contains: Bye", HOLDS, ""),
    ("screen_contains: {text: Bye, at: end}", HOLDS, ""),
    ("screen_contains: {text: Bye, at: 2}", HOLDS, ""),
    ("screen_contains: Ready", FAILS, "it is not there; it was last on the screen of 0.700 s (seq 6)"),
    ("screen_contains: bye", FAILS, "upper and lower case"),
    ("screen_contains: {text: 'Bye ', at: 1.5}", FAILS, "rows have no blanks at their end"),
    ("screen_contains: {text: Loading, at: 0}", HOLDS, ""),
    ("screen_contains: {text: Loading, at: 699ms}", HOLDS, ""),
    ("screen_contains: {text: Ready, at: 0:00.7}", HOLDS, ""),
    ("screen_contains: {text: Ready, seq: 6}", HOLDS, ""),
    ("screen_contains: {text: Ready, seq: 5}", FAILS, "it is not there"),
    ("screen_contains: {text: Ready, seq: 5, exact: true}", HOLDS, ""),
    ("screen_contains: {text: red, after: Ready}", HOLDS, ""),
    ("screen_contains: {text: red, after: {regex: '^R'}}", HOLDS, ""),
    ("screen_contains: {text: red, after: Nothing}", FAILS, "'Nothing' never comes up"),
    ("screen_contains: {regex: '^你好', after: Ready}", HOLDS, ""),
    ("screen_contains: {regex: '^red', after: Ready}", FAILS, "it is not there"),
    ('screen_contains: {text: "Ready\\n你好", after: Ready}', HOLDS, ""),
    ("screen_contains: {text: x, after: Ready, count: 2}", HOLDS, ""),
    ("screen_contains: {text: x, after: Ready, count: {min: 1, max: 2}}", HOLDS, ""),
    ("screen_contains: {text: x, after: Ready, count: 1}", FAILS, "it is there 2 times"),
    ("screen_contains: {text: Ready, count: 0}", HOLDS, ""),
    ("screen_contains: {text: Bye, count: 0}", FAILS, "it is there once"),
    ("screen_contains: {text: Ready, row: 0, after: Ready}", HOLDS, ""),
    ("screen_contains: {text: Ready, row: 1, after: Ready}", FAILS, ""),
    ("screen_contains: {text: Ready, row: -4, after: Ready}", HOLDS, ""),
    ("screen_contains: {text: red, region: {left: 5, right: 8, top: 1, bottom: 2}, after: Ready}", HOLDS, ""),
    ("screen_contains: {text: red, region: {left: 6}, after: Ready}", FAILS, ""),
    ("screen_contains: {text: Bye, row: 4}", VOID, "row 4 is outside of the screen (20x4)"),
    ("screen_contains: {text: Bye, region: {left: 20}}", VOID, "outside of the screen"),
    ("screen_contains: {text: Bye, at: 2001ms}", VOID, "beyond the end, 2.000 s"),
    ("screen_contains: {text: Bye, seq: 18}", VOID, "beyond the last event, 17"),
    ("screen_contains: {text: Loading, seq: 1}", VOID, "the first screen came at 0.000 s (seq 2)"),
    ("screen_contains: {text: 'a text of more than 20 columns', count: 0}", VOID, "has no room"),
    # -- never_contains
    ("never_contains: Error", HOLDS, ""),
    ("never_contains: Ready", FAILS, "it is there at 0.700 s (seq 6)"),
    ("never_contains: {text: Ready, window: {from: 1.1}}", HOLDS, ""),
    (
        "never_contains: {text: Ready, window: {from: 1, to: 1.5}}",
        FAILS,
        "at 0.700 s (seq 6)",
    ),  # it still stands
    ("never_contains: {text: Ready, window: {to: 0.6}}", HOLDS, ""),
    ("never_contains: {text: red, window: {until: Ready}}", HOLDS, ""),
    ("never_contains: {text: Ready, window: {to: {after: Ready}}}", FAILS, ""),
    ("never_contains: {text: Loading, window: {after: Ready}}", HOLDS, ""),
    ("never_contains: {text: red, window: {until: Ready}, exact: true}", HOLDS, ""),
    ("never_contains: {text: red, row: 0}", HOLDS, ""),
    ("never_contains: {text: red, window: {after: Nowhere}}", FAILS, "'Nowhere' never comes up"),
    (
        "never_contains: {text: red, window: {after: Bye, until: Ready}}",
        FAILS,
        "'Ready' never comes up from 1.310",
    ),
    (
        "never_contains: {text: red, window: {from: 0.1, to: 0.2}}",
        VOID,
        "no screen comes up from 0.100 s to 0.200 s",
    ),
    (
        "never_contains: {text: red, window: {from: 1.4, to: 2}}",
        VOID,
        "the last one before its end is at 1.310 s",
    ),
    ("never_contains: {text: red, window: {from: 1, to: 3}}", VOID, "3.000 s is beyond the end"),
    ("never_contains: {text: red, window: {from: {seq: 12}, to: {seq: 14}}}", VOID, "no screen comes up"),
    ("never_contains: {text: red, window: {after: Ready, until: Ready}}", VOID, "is empty"),
    ("never_contains: {text: red, window: {from: {after: Bye}, to: 1}}", VOID, "is empty"),
    ("never_contains: {text: red, row: 7}", VOID, "outside of the screen (20x4, 30x5)"),
    ("never_contains: {text: this is far too long for any of its screens}", VOID, "has no room"),
    ('never_contains: {text: "a\\nb", row: 0}', VOID, "has no room in row 0"),
    # -- eventually_contains
    ("eventually_contains: Ready", HOLDS, ""),
    ("eventually_contains: {text: x, count: 2}", HOLDS, ""),
    ("eventually_contains: {text: x, count: 3}", FAILS, "2 times at most, on 4 screens"),
    ("eventually_contains: Error", FAILS, "it is on none of 4 screens"),
    ("eventually_contains: ready", FAILS, "upper and lower case"),
    ("eventually_contains: {text: Ready, window: {from: 0.1, to: 0.9}}", HOLDS, ""),
    ("eventually_contains: {text: Ready, window: {from: 0.9, to: 1.2}}", HOLDS, ""),  # it stands at its start
    ("eventually_contains: {text: Ready, window: {from: 1.05}}", FAILS, "it is on none of 2 screens"),
    ("eventually_contains: {text: Ready, window: {to: 0.6}}", FAILS, "none of 1 screen"),
    ("eventually_contains: {text: Ready, window: {after: Loading, until: text}}", HOLDS, ""),
    ("eventually_contains: {text: Bye, window: {from: 1, to: 5}}", VOID, "beyond the end"),
    ("eventually_contains: {text: Bye, window: {from: 1.4, to: 1.5}}", VOID, "no screen comes up"),
    # -- stable_for
    ("stable_for: 690ms", HOLDS, ""),
    ("stable_for: 700ms", HOLDS, ""),
    ("stable_for: 701ms", FAILS, "700 ms was the longest time"),
    ("stable_for: {duration: 0.7, after: Loading}", HOLDS, ""),
    ("stable_for: {duration: 701ms, after: Loading}", FAILS, "it changed after 700 ms (seq 6): row 0, row 1"),
    ("stable_for: {duration: 300ms, at: 0.3}", HOLDS, ""),
    ("stable_for: {duration: 500ms, at: 0.3}", FAILS, "it changed after 400 ms"),
    ("stable_for: {duration: 1, after: Loading, row: 2}", HOLDS, ""),
    ("stable_for: {duration: 1, after: Loading, row: 1}", FAILS, "row 1"),
    ("stable_for: {duration: 1, after: Loading, region: {top: 1, left: 12, bottom: 2}}", HOLDS, ""),
    ("stable_for: {duration: 1, after: Loading, region: {top: 1, left: 5, bottom: 2}}", FAILS, "row 1"),
    ("stable_for: {duration: 500ms, after: Ready}", FAILS, "the size went from 20x4 to 30x5"),
    ("stable_for: {duration: 300ms, window: {after: Ready, until: Bye}}", HOLDS, ""),
    ("stable_for: {duration: 400ms, window: {after: Ready, until: Bye}}", FAILS, "310 ms was the longest"),
    ("stable_for: {duration: 300ms, window: {from: 0.5, to: 1}}", HOLDS, ""),
    ("stable_for: {duration: 350ms, window: {from: 0.5, to: 1}}", FAILS, "300 ms was the longest"),
    ("stable_for: {duration: 1, after: Bye}", VOID, "only 690 ms are left"),
    ("stable_for: {duration: 1, window: {after: Bye}}", VOID, "1000 ms do not fit into 690 ms"),
    ("stable_for: {duration: 3, row: 9}", VOID, ""),
    # -- cursor
    ("cursor: {row: 0, column: 3}", HOLDS, ""),
    ("cursor: {row: 0, column: 4}", FAILS, "it has row 0, column 3"),
    ("cursor: {visible: false, after: text}", HOLDS, ""),
    ("cursor: {visible: true, after: text}", FAILS, "it has visible off"),
    ("cursor: {shape: block, blinking: true}", HOLDS, ""),
    ("cursor: {shape: bar}", FAILS, "it has shape block"),
    ("cursor: {row: 0, at: 9}", VOID, "beyond the end"),
    # -- size
    ("size: 20x4", HOLDS, ""),
    ("size: {is: 30x5, at: 1.0}", HOLDS, ""),  # from the resize on, before anything is painted
    ("size: {columns: 30, after: text}", HOLDS, ""),
    ("size: {rows: 5, seq: 8}", FAILS, "it is 20x4"),
    ("size: 80x24", FAILS, "it is 20x4"),
    ("size: {rows: 5, at: 3}", VOID, "beyond the end"),
    # -- style
    ("style: {text: Ready, bold: true, after: Ready}", HOLDS, ""),
    ("style: {text: Ready, bold: true, fg: default, after: Ready}", HOLDS, ""),
    ("style: {text: red, fg: red, after: Ready}", HOLDS, ""),
    ("style: {text: red, fg: 1, bold: false, after: Ready}", HOLDS, ""),
    ("style: {text: red x, fg: 1, after: Ready}", FAILS, "row 1, column 8 ('red x') has fg default"),
    ("style: {regex: 'e', fg: 1, after: Ready}", FAILS, "row 0, column 1 ('e') has fg default"),
    ("style: {regex: 'e', fg: 1, which: some, after: Ready}", HOLDS, ""),
    ("style: {text: e, italic: true, which: some, after: Ready}", FAILS, ""),
    ("style: {region: {top: 1, bottom: 2, left: 5, right: 8}, fg: 1, after: Ready}", HOLDS, ""),
    ("style: {row: 0, bold: true, after: Ready}", FAILS, "column 5"),
    ("style: {text: Ready, underline: none, after: Ready}", HOLDS, ""),
    ("style: {text: Ready, underline: true, after: Ready}", FAILS, "underline default"),
    ("style: {text: Ready, fg: '#FF0000', after: Ready}", FAILS, "fg default"),
    ("style: {text: Ready, bold: true}", FAILS, "the text is not there"),
    ("style: {row: 9, bold: true}", VOID, "outside of the screen"),
    # -- title
    ("title: {text: editor, after: text}", HOLDS, ""),
    ("title: {regex: ^edi, after: text}", HOLDS, ""),
    ('title: ""', HOLDS, ""),
    ("title: editor", FAILS, "there is none"),
    ("title: {text: edit, after: text}", FAILS, "it is 'editor'"),
    ("title: {text: edit, seq: 99}", VOID, "beyond the last event"),
    # -- alternate_screen
    ("alternate_screen: {after: text}", HOLDS, ""),
    ("alternate_screen: {is: true, seq: 11}", HOLDS, ""),
    ("alternate_screen: false", HOLDS, ""),
    ("alternate_screen: true", FAILS, "it is the normal one"),
    ("alternate_screen: {is: true, at: 5}", VOID, "beyond the end"),
    # -- raw_order
    ('raw_order: ["\\e[?1049h", text of it, "\\e[?1049l", Bye]', HOLDS, ""),
    ("raw_order: [{hex: 1b5b48}, {regex: 'R.ady'}]", HOLDS, ""),
    ("raw_order: [你好, red]", HOLDS, ""),
    ("raw_order: {items: [Ready], window: {from: 0.7, to: 0.701}}", HOLDS, ""),
    ("raw_order: {items: [Ready], window: {from: 0.8}}", FAILS, "is not there"),
    ("raw_order: [Bye, Ready]", FAILS, '"Ready" does not follow "Bye", which ends at byte'),
    ("raw_order: [Nothing]", FAILS, '"Nothing" is not there'),
    ("raw_order: {items: [x], window: {from: 0.1, to: 0.2}}", VOID, "the program wrote nothing"),
    # -- input_bytes
    ('input_bytes: "Ada\\r"', HOLDS, ""),
    ('input_bytes: "Ada\\n"', HOLDS, ""),
    ("input_bytes: {keys: [enter]}", HOLDS, ""),
    ("input_bytes: {hex: '41 64 61 0d'}", HOLDS, ""),
    ("input_bytes: {text: Ada, count: 1, source: user}", HOLDS, ""),
    ('input_bytes: {text: "Ada\\r", whole: true, window: {to: 0.8}}', HOLDS, ""),
    ("input_bytes: {text: Ada, whole: true, window: {to: 0.8}}", FAILS, 'typed was "Ada" <enter>'),
    ("input_bytes: {text: Ada, whole: true}", FAILS, "(hidden)"),
    ("input_bytes: Bob", FAILS, 'typed was "Ada" <enter>'),
    ("input_bytes: {text: '****'}", FAILS, ""),  # filler is not what was typed
    ("input_bytes: {keys: ctrl+c, count: 0}", HOLDS, ""),
    ("input_bytes: {text: Ada, count: 0}", FAILS, "it is there once"),
    ("input_bytes: {text: Ada, source: script}", FAILS, "nothing was typed"),
    ("input_bytes: {text: Ada, count: 0, window: {from: 1.5}}", VOID, "nothing was typed from 1.500 s"),
    # -- paste
    ("paste: two", HOLDS, ""),
    ('paste: {text: "two\\nlines", whole: true, bracketed: true, count: 1}', HOLDS, ""),
    ("paste: {bracketed: true}", HOLDS, ""),
    ("paste: {text: two, whole: true}", FAILS, 'there were "two\\rlines" in brackets'),
    ("paste: {text: two, bracketed: false}", FAILS, ""),
    ("paste: {text: two, window: {from: 1}}", FAILS, "nothing was pasted"),
    ("paste: {text: two, window: {from: 2.5}}", VOID, "beyond the end"),
    # -- resize_order
    ("resize_order: [30x5, 20x4]", HOLDS, ""),
    ("resize_order: [{columns: 30, rows: 5}, 20x4]", HOLDS, ""),
    ("resize_order: {sizes: [20x4], whole: false}", HOLDS, ""),
    ("resize_order: {sizes: [30x5], window: {to: 1.2}}", HOLDS, ""),
    ("resize_order: [20x4, 30x5]", FAILS, "the sizes were 30x5, 20x4"),
    ("resize_order: {sizes: [20x4, 30x5], whole: false}", FAILS, ""),
    ("resize_order: {sizes: [30x5], window: {from: 1.4}}", FAILS, "there was no resize"),
    ("resize_order: {sizes: [30x5], window: {from: 1, to: 9}}", VOID, "beyond the end"),
    # -- service_json
    ("service_json: {match: {type: greeted}}", HOLDS, ""),
    ("service_json: {path: who, equals: Bob}", HOLDS, ""),
    ("service_json: {match: {who: Ada}, path: n, equals: 1}", HOLDS, ""),
    ("service_json: {match: {who: Ada}, path: n, equals: 1.0}", HOLDS, ""),
    ("service_json: {match: {who: Ada}, path: n, equals: true}", FAILS, "n is 1 (seq 7)"),
    ("service_json: {path: n, min: 1, max: 2.5, which: every}", HOLDS, ""),
    ("service_json: {path: n, max: 2, which: every}", FAILS, "it is so once: n is 2.5 (seq 13)"),
    ("service_json: {path: '$[\"odd name\"].list[-1].a', equals: true}", HOLDS, ""),
    ("service_json: {path: '[\"odd name\"].list', contains: 1}", HOLDS, ""),
    ("service_json: {path: '[\"odd name\"].list[2]'}", FAILS, "list has 2 entries (seq 13)"),
    ("service_json: {path: who, regex: '^B', count: 1}", HOLDS, ""),
    ("service_json: {path: who, contains: d}", HOLDS, ""),
    ("service_json: {path: who, contains: zzz}", FAILS, 'who is "Ada" (seq 7)'),
    ("service_json: {path: missing}", FAILS, "$ has no 'missing'"),
    ("service_json: {path: missing, exists: false, which: every}", HOLDS, ""),
    ("service_json: {match: {type: bye}}", FAILS, "none of 2 matches"),
    ("service_json: {match: {type: greeted}, count: 2}", HOLDS, ""),
    ("service_json: {match: {type: greeted}, count: 1}", FAILS, "it is so 2 times"),
    ("service_json: {match: {type: greeted}, window: {from: 1.5}}", FAILS, "there is no service event"),
    (
        "service_json: {match: {type: greeted}, count: 0, window: {from: 1.5}}",
        VOID,
        "there is no service event",
    ),
    ("service_json: {path: n, max: 2, which: every, window: {from: 1.5}}", VOID, "there is no service event"),
    ("service_json: {match: {type: bye}, path: n, max: 2, which: every}", VOID, "no service event matches"),
    # -- final_metadata
    ("final_metadata: {path: model, equals: m-1}", HOLDS, ""),
    ("final_metadata: {path: ok, equals: true}", HOLDS, ""),
    ("final_metadata: {path: 'tries[1]', min: 2}", HOLDS, ""),
    ("final_metadata: {path: model, regex: '^m'}", HOLDS, ""),
    ("final_metadata: {path: nothing, exists: false}", HOLDS, ""),
    ("final_metadata: {of: usage, path: tokens, max: 20}", HOLDS, ""),
    ("final_metadata: {of: cost_usd, max: 0.5}", HOLDS, ""),
    ("final_metadata: {of: duration_ms, equals: 2000}", HOLDS, ""),
    ("final_metadata: {path: model, equals: m-2}", FAILS, 'metadata.model is "m-1"'),
    ("final_metadata: {path: nothing}", FAILS, "metadata has no 'nothing'"),
    ("final_metadata: {of: final_text, contains: x}", FAILS, "there is no final_text"),
    ("final_metadata: {path: ok, exists: false}", FAILS, "metadata.ok is true"),
    # -- exit
    ("exit: 0", HOLDS, ""),
    ("exit: {code: 0}", HOLDS, ""),
    ("exit: 3", FAILS, "exit code 0"),
    ("exit: {signal: SIGKILL}", FAILS, "exit code 0"),
    # -- timing_gap
    ("timing_gap: {from: {after: Loading}, to: {after: Ready}, max: 700ms}", HOLDS, ""),
    ("timing_gap: {from: {seq: 4}, to: {after: Ready}, equals: 0.1, tolerance: 20ms}", HOLDS, ""),
    (
        "timing_gap: {from: {seq: 4}, to: {after: Ready}, equals: 0.2, tolerance: 20ms}",
        FAILS,
        "100 ms, from 0.600 s",
    ),
    ("timing_gap: {from: start, to: end, min: 2, max: 2}", HOLDS, ""),
    ("timing_gap: {from: {after: Ready}, to: end, max: 1}", FAILS, "1300 ms"),
    (
        "timing_gap: {from: {after: Bye}, to: {seq: 3}, max: 1}",
        FAILS,
        "seq 3 is before the first screen with 'Bye'",
    ),
    ("timing_gap: {between: output, max: 0.7}", HOLDS, ""),
    ("timing_gap: {between: output, max: 0.6}", FAILS, "700 ms, from 0.000 s (seq 1) to seq 5"),
    ("timing_gap: {between: any, max: 0.6, window: {from: 0.5, to: 1.4}}", HOLDS, ""),
    ("timing_gap: {between: service, equals: 0.4, tolerance: 0}", HOLDS, ""),
    ("timing_gap: {between: frame, min: 0.5}", FAILS, "310 ms"),
    ("timing_gap: {between: input, max: 1, window: {from: 1.4}}", VOID, "0 inputs from 1.400 s"),
    ("timing_gap: {from: start, to: {after: Nowhere}, max: 1}", FAILS, "never comes up"),
    ("timing_gap: {from: {seq: 1}, to: {seq: 99}, max: 1}", VOID, "beyond the last event"),
    # -- no_gap_records
    ("no_gap_records", HOLDS, ""),
    ("no_gap_records: true", HOLDS, ""),
]


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    return view_of(scene(), tmp_path_factory.mktemp("scene") / "tape")


@pytest.mark.parametrize(("text", "outcome", "found"), CASES, ids=[case[0] for case in CASES])
def test_an_assertion(text, outcome, found, view):
    result = judged(f"- {text}", view)
    assert (result.outcome, result.found) == (outcome, result.found)
    assert found in result.found
    assert (result.found == "") == (outcome == HOLDS)
    assert str(result.assertion.check).isprintable()


def test_every_kind_is_tried_in_every_way():
    tried = {
        outcome: {re.split("[: ]", text)[0] for text, how, _ in CASES if how == outcome}
        for outcome in (HOLDS, FAILS)
    }
    assert tried[HOLDS] == set(KINDS)
    assert tried[FAILS] == set(KINDS) - {"no_gap_records"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("never_contains: Ready", 700),
        ("screen_contains: {text: Bye, at: 0.9}", 700),
        ("eventually_contains: {text: Bye, window: {to: 1.2}}", 1010),
        ("stable_for: {duration: 1, at: 0.5}", 0),
        ("raw_order: [Ready, Loading]", 700),
        ("input_bytes: {text: Bob, window: {to: 0.9}}", 700),
        ("service_json: {path: who, equals: Bob, which: every}", 700),
        ("size: {is: 1x1, at: 1.0}", 700),
        ("timing_gap: {between: output, max: 0.1}", 0),
    ],
)
def test_the_screen_of_a_failure_is_not_of_the_future(text, found, view):
    result = judged(f"- {text}", view)
    assert result.outcome == FAILS
    assert result.screen.t_ms == found


def test_a_gap_is_found(tmp_path):
    tape = Tape().output(0, b"a").key(0, ["a"]).gap(5, "max-bytes").gap(6).final(7)
    result = judged("- no_gap_records", view_of(tape, tmp_path / "tape"))
    assert result.outcome == FAILS
    assert result.found == "max-bytes at 0.005 s (seq 3); overrun at 0.006 s (seq 4)"
    assert result.screen.screen.text[0] == "a"


def test_an_end_that_nobody_saw(tmp_path):
    view = view_of(Tape().output(0, b"a").key(0, ["a"]).final(7, None), tmp_path / "tape")
    assert judged("- exit: 0", view).found == "not seen (the recording stopped before the program ended)"


def test_a_signal(recordings):
    from cassette.reading.reader import open as open_cassette
    from cassette.scenario.tape import Tape as View

    with open_cassette(recordings["killed"]) as tape:
        view = View(tape)
        assert judged("- exit: {signal: SIGKILL}", view).outcome == HOLDS
        assert judged("- exit: 137", view).found == "killed by SIGKILL"
        assert judged("- style: {text: blue, bg: blue, exact: true}", view).outcome == HOLDS
        assert judged("- alternate_screen", view).outcome == HOLDS


def test_a_recording_without_screens(tmp_path):
    view = view_of(Tape().final(7), tmp_path / "tape")
    for text in ("screen_contains: a", "never_contains: a", "eventually_contains: a", "stable_for: 5ms"):
        assert judged(f"- {text}", view).outcome == VOID, text
    for text in (
        "raw_order: [a]",
        "input_bytes: {text: a, count: 0}",
        "timing_gap: {between: output, max: 1}",
    ):
        assert judged(f"- {text}", view).outcome == VOID, text
    result = judged("- exit: 1", view)
    assert (result.outcome, result.screen) == (FAILS, None)


def test_masked_bytes_are_not_looked_into(tmp_path):
    tape = Tape().output(0, b"a").input(1, b"key=xxxx end", source="user", masked=[[4, 4]]).final(7)
    view = view_of(tape, tmp_path / "tape")
    assert judged("- input_bytes: key=", view).outcome == HOLDS
    assert judged("- input_bytes: {text: ' end'}", view).outcome == HOLDS
    assert judged("- input_bytes: xxxx", view).found == 'typed was "key=" (hidden) " end"'
