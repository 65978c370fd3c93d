"""Secrets in cassettes that exist: found wherever they stand, never shown, and nothing else is found."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from build_cassette import Tape, greeter, long_tape, write
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_tapes import (
    GITHUB,
    NOTHING_KNOWN,
    OPAQUE,
    PLANTED,
    changed,
    ended,
    known,
    painted_apart,
    set_in,
    tape,
    typed,
)

from cassette.scanning.finding import MAX_PLACES, Scan, scan
from cassette.scanning.many import scan_many
from scrub.placeholder import placeholder
from scrub.table import default_rules


def shown(result: Scan) -> str:
    """All that a scan says."""
    return json.dumps([asdict(found) for found in result.found]) + repr(result) + str(result.problems)


def files_of(result: Scan) -> set[str]:
    return {found.where.file for found in result.found}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize(
    ("secret", "given_values"), [(GITHUB, ()), (OPAQUE, (OPAQUE,))], ids=["rule", "known"]
)
def test_a_secret_is_found_wherever_it_stands(tmp_path, name, secret, given_values):
    file, plant = PLANTED[name]
    path = write(tmp_path / "tape", plant(secret))
    result = scan(path, known(*given_values))
    assert result.state == "secrets"
    assert result.exit_code == 5
    assert file in files_of(result)
    assert secret not in shown(result)
    assert not result.problems
    assert all(found.fixable for found in result.found)
    kinds = {found.kind for found in result.found}
    assert kinds == {"environment"} if given_values else "github" in " ".join(kinds)


def test_without_the_secrets_nothing_is_found(tmp_path):
    path = write(tmp_path / "tape", ended(tape()))
    result = scan(path, known(OPAQUE))
    assert (result.found, result.problems, result.exit_code) == ([], [], 0)


def test_the_places_say_where(tmp_path):
    made = tape().output(50, b"x" * 10 + GITHUB.encode())
    made.service(70, {"a": [{"token": GITHUB}]})
    result = scan(write(tmp_path / "tape", ended(made)), NOTHING_KNOWN)
    output, service = result.found
    start = bytes(made.raw).index(GITHUB.encode())
    assert (output.where.file, output.where.offset, output.where.t_ms) == ("output.raw", start, 50)
    assert (service.where.file, service.where.line, service.where.at) == (
        "service-events.jsonl",
        2,
        "payload.a[0].token",
    )
    assert service.where.t_ms == 70
    assert str(output.where) == f"output.raw, byte {start}, at 0.050 s"


def test_input_typed_blind_is_found_though_no_rule_knows_it(tmp_path):
    made = tape().input(45, kind="mode", mode={"echo": False, "icanon": True})
    made.input(50, b"correct horse", source="user").input(60, b"\r", source="user")
    result = scan(write(tmp_path / "tape", ended(made)), NOTHING_KNOWN)
    (found,) = result.found
    assert (found.kind, found.origin, found.where.file, found.where.t_ms) == (
        "hidden-input",
        "input",
        "input.jsonl",
        50,
    )


def test_what_is_hidden_or_covered_already_is_no_secret(tmp_path):
    made = tape().output(50, b"key " + placeholder("github-pat", 3, 40) + b" and " + b"*" * 16 + b"\r\n")
    made.input(60, b"*" * 16 + b"\r", source="user", redacted="echo-off")
    made.input(70, b"**********", source="user", masked=[[0, 10]])
    result = scan(write(tmp_path / "tape", ended(made)), known(OPAQUE))
    assert result.found == []


def test_a_secret_typed_in_sight_behind_a_prompt_and_masked_is_no_hidden_input(tmp_path):
    made = tape().output(40, b"API key: ")
    made.input(50, b"*" * 16, source="script", redacted="prompt").output(51, b"*")
    for at in range(60, 70):
        made.input(at, b"*", source="script", masked=[[0, 1]]).output(at, b"*")
    made.input(75, b"\r", source="script").output(76, b"\r\n")
    assert scan(write(tmp_path / "tape", ended(made)), NOTHING_KNOWN).found == []


OTHERS = {
    "assertions.yaml": lambda place, secret: place.write_text(f"version: 1\n# {secret}\n"),
    "notes/deep/plan.txt": lambda place, secret: place.write_text(f"use {secret}"),
    "junk.bin": lambda place, secret: place.write_bytes(
        bytes(range(256)) * 40 + secret.encode() + b"\xff\0\xfe"
    ),
    "colours.log": lambda place, secret: place.write_text(
        "".join(f"\x1b[3{i % 8}m{c}" for i, c in enumerate(secret))
    ),
    "one-line.txt": lambda place, secret: place.write_text("a " * 2_000_000 + secret),
    ".output.raw.swp": lambda place, secret: place.write_text(secret),
    "a-link": lambda place, secret: place.symlink_to(f"/nowhere/{secret}"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_files_that_are_not_the_cassettes_own_are_read_too(tmp_path, name):
    path = write(tmp_path / "tape", ended(tape()))
    (path / name).parent.mkdir(parents=True, exist_ok=True)
    OTHERS[name](path / name, OPAQUE)
    result = scan(path, known(OPAQUE))
    assert files_of(result) == {name}
    assert not any(found.fixable for found in result.found)


def test_a_files_name_may_be_a_secret(tmp_path):
    path = write(tmp_path / "tape", ended(tape()))
    (path / f"{GITHUB}.txt").write_text(GITHUB)
    result = scan(path, NOTHING_KNOWN)
    assert files_of(result) == {"a file's name", "….txt"}
    assert GITHUB not in shown(result)


def test_a_link_is_not_followed(tmp_path):
    path = write(tmp_path / "tape", ended(tape()))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(OPAQUE)
    (path / "folder").symlink_to(outside)
    (path / "file").symlink_to(outside / "secret.txt")
    os.mkfifo(path / "fifo")
    assert scan(path, known(OPAQUE)).state == "clean"


def test_a_file_of_the_cassette_that_is_a_link_is_not_followed_and_said(tmp_path):
    path = write(tmp_path / "tape", ended(tape()))
    (tmp_path / "elsewhere").write_text(OPAQUE)
    (path / "frames.jsonl").unlink()
    (path / "frames.jsonl").symlink_to(tmp_path / "elsewhere")
    result = scan(path, known(OPAQUE))
    assert (result.state, result.exit_code, result.found) == ("unread", 3, [])
    assert "frames.jsonl is not a regular file" in result.problems


def test_a_file_that_cannot_be_read_is_said(tmp_path, monkeypatch):
    path = write(tmp_path / "tape", ended(tape()))
    (path / "notes.txt").write_text(OPAQUE)
    (path / "other.txt").write_text(OPAQUE)
    real = os.open

    def refusing(name, *more, **options):  # root may read everything
        if str(name).endswith("notes.txt"):
            raise PermissionError(13, "Permission denied", name)
        return real(name, *more, **options)

    monkeypatch.setattr(os, "open", refusing)
    result = scan(path, known(OPAQUE))
    assert result.problems == ["notes.txt cannot be read: permission denied"]
    assert files_of(result) == {"other.txt"}
    (path / "other.txt").unlink()
    assert scan(path, known(OPAQUE)).exit_code == 3


DAMAGES = {
    "a cut line": ("service-events.jsonl", lambda data: data[:-3]),
    "no JSON": ("service-events.jsonl", lambda data: data + b"not json\n"),
    "no JSON in the middle": ("input.jsonl", lambda data: b"\x00\xff{" + data),
    "a huge line": (
        "frames.jsonl",
        lambda data: data + b'{"seq":99,"text":["' + b"x" * 17_000_000 + b'"]}\n',
    ),
    "junk": ("final.json", lambda data: os.urandom(500)),
    "deep JSON": ("manifest.json", lambda data: b"[" * 100_000 + b"]" * 100_000),
    "an empty manifest": ("manifest.json", lambda data: b""),
    "another output": ("output.raw", lambda data: data.replace(b"Hello", b"HELLO")),
    "a higher version": ("manifest.json", lambda data: data.replace(b'"version": 1', b'"version": 2')),
    "numbers as texts": ("output.jsonl", lambda data: re.sub(rb'"t_ms":(\d+)', rb'"t_ms":"\1"', data)),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("where", ["output", "typed", "service event", "discovery"])
def test_a_damaged_cassette_is_read_as_far_as_it_goes(tmp_path, name, where):
    file, damage = DAMAGES[name]
    files = PLANTED[where][1](GITHUB)
    path = write(tmp_path / "tape", {**files, file: damage(files[file])})
    result = scan(path, NOTHING_KNOWN)
    assert result.exit_code == 5
    assert result.problems
    assert GITHUB not in shown(result)
    assert PLANTED[where][0] in files_of(result)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_cassette_is_never_called_clean(tmp_path, name):
    file, damage = DAMAGES[name]
    files = ended(tape())
    path = write(tmp_path / "tape", {**files, file: damage(files[file])})
    result = scan(path, NOTHING_KNOWN)
    assert result.exit_code == 3
    assert len([problem for problem in result.problems if "damaged" in problem]) == 1


@pytest.mark.parametrize("name", sorted(ended(tape())))
def test_a_missing_file_is_said_and_the_others_are_read(tmp_path, name):
    path = write(tmp_path / "tape", ended(tape().output(50, GITHUB.encode()).service(60, {"a": GITHUB})))
    (path / name).unlink()
    result = scan(path, NOTHING_KNOWN)
    assert result.exit_code == 5
    assert bool(result.problems) == (name != "seal.json")


def test_gaps_and_a_missing_seal_are_no_problem(tmp_path):
    path = tape().gap(50).final(90).write(tmp_path / "tape", sealed=False)
    assert scan(path, NOTHING_KNOWN).exit_code == 0


def test_more_output_than_is_drawn_is_said(tmp_path):
    path = write(tmp_path / "tape", ended(tape()))
    result = scan(path, type(NOTHING_KNOWN)(max_output_bytes=5))
    assert (result.exit_code, result.screen) == (3, "not read")


def test_many_places_are_not_told_apart_for_ever(tmp_path):
    made = tape()
    for at in range(MAX_PLACES + 50):
        made.service(50, {"a": GITHUB, "n": at})
    result = scan(write(tmp_path / "tape", ended(made)), NOTHING_KNOWN)
    assert MAX_PLACES <= len(result.found) <= MAX_PLACES + 60


# What is not drawn.


def test_output_of_lines_is_not_drawn_and_a_screen_is(tmp_path):
    lines = long_lines().write(tmp_path / "lines")
    assert scan(lines, NOTHING_KNOWN).screen == "as its lines"
    assert scan(lines, NOTHING_KNOWN, draw=True).screen == "read"
    moved = write(tmp_path / "moved", ended(tape()))
    assert scan(moved, NOTHING_KNOWN).screen == "read"


def small(columns, rows=6):
    return Tape(
        terminal={
            "initial_rows": rows,
            "initial_cols": columns,
            "emulator": {"name": "pyte", "version": "test"},
        }
    )


def long_lines():
    made = small(20)
    for number in range(50):
        made.output(number, b"\x1b[32mline\x1b[0m %d of it\r\n" % number)
    return made.final(99)


PIECES = st.one_of(
    st.sampled_from(
        [
            "\r\n",
            "\n",
            "\t",
            "\x1b[1;31m",
            "\x1b[0m",
            " │ ",
            "  ",
            "\x1b[5;9H",
            "\x1b[A",
            "\r",
            "\b",
            "ü",
            "表",
        ]
    ),
    st.sampled_from(
        [GITHUB, GITHUB[:20], GITHUB[20:], OPAQUE, OPAQUE[:6], OPAQUE[6:], "password: hunter2hunter"]
    ),
    st.text("abc |:", max_size=30),
)


@settings(max_examples=60)
@given(st.lists(PIECES, max_size=14), st.integers(8, 60))
def test_leaving_the_drawing_out_changes_no_answer(tmp_path_factory, pieces, columns):
    made = small(columns)
    for at, piece in enumerate(pieces):
        made.output(at, piece.encode())
    path = made.final(99).write(tmp_path_factory.mktemp("scan") / "tape")
    wanted = scan(path, known(OPAQUE), draw=True)
    assert scan(path, known(OPAQUE)).exit_code == wanted.exit_code


def test_many_cassettes_are_scanned_side_by_side_with_the_same_answers(tmp_path, monkeypatch):
    monkeypatch.setattr("cassette.scanning.many.WORTH_PROCESSES_BYTES", 1)
    monkeypatch.setattr("cassette.scanning.many._processors", lambda: 3)
    paths = [greeter().write(tmp_path / "a"), long_tape(60).write(tmp_path / "b")]
    paths.append(write(tmp_path / "c", typed(OPAQUE)))
    paths.append(write(tmp_path / "d", ended(tape().output(50, painted_apart(OPAQUE)))))
    side_by_side = list(scan_many(paths, known(OPAQUE)))
    one_by_one = [scan(path, known(OPAQUE)) for path in paths]
    assert side_by_side == one_by_one
    assert [result.exit_code for result in one_by_one] == [0, 0, 5, 5]


def test_the_cassettes_of_this_project_are_clean():
    root = Path(__file__).parent.parent / "cassettes"
    paths = sorted(manifest.parent for manifest in root.rglob("manifest.json"))
    found = {str(path.relative_to(root)): scan(path, NOTHING_KNOWN) for path in paths}
    assert {"shell", "codex/conversation"} <= found.keys()
    assert {name: (result.found, result.problems) for name, result in found.items()} == dict.fromkeys(
        found, ([], [])
    )


def test_a_long_file_is_read_up_to_a_limit_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr("cassette.scanning.files.MAX_OTHER_BYTES", 4000)
    made = tape().output(50, b"x" * 5000)
    path = write(tmp_path / "tape", ended(made))
    (path / "notes.txt").write_text("y" * 4000 + OPAQUE)
    result = scan(path, known(OPAQUE))
    assert (result.found, result.problems) == ([], ["notes.txt is read up to byte 4000 only"])
    (path / "notes.txt").write_text("y" * 3900 + OPAQUE)
    assert scan(path, known(OPAQUE)).found


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[5;1H",
        b"\x1b[A",
        b"a\rb",
        b"a\bb",
        b"\x0b",
        b"\x1b7",
        b"\x1b[?1049h",
        b"\xc2\x9b5;1H",
        b"\x1b",
        b"a\x1b[3",
    ],
)
def test_output_that_may_move_the_cursor_is_drawn(tmp_path, data):
    made = small(20).output(0, b"\x1b]0;title\x07one\r\n\x1b[1;32mtwo\x1b[m\ttab\n").output(1, data).final(9)
    assert scan(made.write(tmp_path / "tape"), NOTHING_KNOWN).screen == "read"


def test_the_names_of_our_rules_in_a_report_are_not_looked_at_and_others_are(tmp_path):
    names = default_rules().names
    files = changed("scrub-report.json", set_in("rules", to=[*names, GITHUB]))
    (found,) = scan(write(tmp_path / "tape", files), NOTHING_KNOWN).found
    assert (found.where.file, found.where.at) == ("scrub-report.json", f"rules[{len(names)}]")
