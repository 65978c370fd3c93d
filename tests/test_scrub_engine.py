"""The engine: what is known is covered in every form and view, nothing moves, and the check fails closed."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.escapes import text_views
from scrub.forms import forms_of, fragment_at, lines_of, pieces_of, public_prefix
from scrub.known import Book, KnownValue
from scrub.placeholder import PLACEHOLDER, placeholder, width_of
from scrub.rules import RuleSet
from scrub.scrubber import Scrubbed, Scrubber, SecretsLeft
from scrub.views import View, plain_view, raw_view
from tests.scrub_samples import ANTHROPIC, GITHUB, OPAQUE, linear_views, lines_of_data

NO_RULES = RuleSet([])
# Cases whose secret only a rendered screen shows, or only the discipline of the line tells.
NEEDS_MORE = ("h12", "h13", "h14", "h15", "h16", "h17", "h22", "h29", "fuzz")
WRAPPED_BY_THE_PROGRAM = ("h04", "h07", "h08", "h09")  # some of these, too


def scrub(streams: Mapping[str, bytes], *known: str, rules: RuleSet | None = None) -> Scrubbed:
    values = [KnownValue(value.encode(), "known", "environment:NAME") for value in known]
    return Scrubber(rules, values).scrub(streams, linear_views)


def scrubbed(text: str, *known: str) -> str:
    return scrub({"output": text.encode()}, *known).streams["output"].decode()


def cells(text: str) -> int:
    return sum(map(width_of, text))


@pytest.mark.parametrize(
    "text",
    [
        f"key {ANTHROPIC} end",
        f"\x1b[32m{ANTHROPIC}\x1b[0m",
        f"{ANTHROPIC[:9]}\x1b[1m{ANTHROPIC[9:40]}\x1b[22;38;5;208m{ANTHROPIC[40:]}",
        f"│{ANTHROPIC}│",
        "".join(f"{letter}\b{letter}" for letter in ANTHROPIC),
        f"{ANTHROPIC[:12]}q\b \b{ANTHROPIC[12:]}",
        f"\x1b]0;{ANTHROPIC}\x07",
        f"\x1b]8;;https://x.example/?k={ANTHROPIC}\x1b\\link\x1b]8;;\x1b\\",
        f"\x1b]52;c;{base64.b64encode(f'export K={ANTHROPIC}'.encode()).decode()}\x07",
        f"\x1b]52;c;{base64.b64encode(f'xy{ANTHROPIC}'.encode()).decode()}",
        f"\x1bP+q{ANTHROPIC}\x1b\\",
        f"\x1b[ s{ANTHROPIC}",
        ANTHROPIC + "\x07",
        f"{ANTHROPIC[:50]}\x00{ANTHROPIC[50:]}",
    ],
)
def test_a_secret_is_covered_where_it_lies(text: str) -> None:
    result = scrubbed(text)
    assert len(result) == len(text)
    assert not any(ANTHROPIC[at : at + 12] in result for at in range(13, len(ANTHROPIC) - 12))
    for view in linear_views({"output": result.encode()}):
        assert ANTHROPIC.encode() not in view.text
    escapes = [character for character in text if character < " "]
    assert [character for character in result if character < " "] == escapes


def in_base64(text: str) -> bytes:
    return base64.b64encode(text.encode())


@pytest.mark.parametrize(
    "payload",
    [
        base64.encodebytes(f"some words first {GITHUB} and some words after it, too".encode()),
        base64.encodebytes(f"K={GITHUB}".encode() * 3).replace(b"\n", b"\r\n"),
        in_base64(f"export K={GITHUB}!").rstrip(b"="),
        in_base64(f"export K={GITHUB}").rstrip(b"=") + b"\xc2\x9c",
        in_base64(f"user:{OPAQUE}")[:9] + b"\r\n" + in_base64(f"user:{OPAQUE}")[9:],
        in_base64(f"{OPAQUE}{GITHUB}")[:21] + b" " + in_base64(f"{OPAQUE}{GITHUB}")[21:],
        in_base64(f"K={OPAQUE}")[:11] + b"\x1b\\\x1bP" + in_base64(f"K={OPAQUE}")[11:],
        in_base64(f"{GITHUB}{OPAQUE}")[:57] + b"\x1b\\\x1bPtmux;" + in_base64(f"{GITHUB}{OPAQUE}")[57:],
        in_base64(f"{OPAQUE} {OPAQUE}")[:22] + b"\x1b\\\x1bP" + in_base64(f"{OPAQUE} {OPAQUE}")[22:],
    ],
)
@pytest.mark.parametrize("end", [b"\x07", b"\x1b\\"])
def test_base64_in_the_clipboard_is_rewritten_letter_for_letter(payload: bytes, end: bytes) -> None:
    data = b"\x1b]52;c;" + payload + end
    clean = scrub({"output": data}, OPAQUE).streams["output"]
    assert len(clean) == len(data)
    (before,), (after,) = (
        [view.text for view in text_views("output", each) if view.kind == "osc-base64"]
        for each in (data, clean)
    )
    assert len(after) == len(before)
    assert not any(secret.encode() in after for secret in (OPAQUE, GITHUB, GITHUB[8:20]))
    assert all(
        old == new or old in (*OPAQUE.encode(), *GITHUB.encode())
        for old, new in zip(before, after, strict=True)
    )
    assert re.sub(rb"[a-zA-Z0-9+/]", b"", clean) == re.sub(rb"[a-zA-Z0-9+/]", b"", data)


@pytest.mark.parametrize(
    "record",
    [record for record in lines_of_data("hazards.jsonl") if not record["id"].startswith(NEEDS_MORE)],
    ids=lambda record: record["id"],
)
def test_hazards_that_need_no_terminal(record: dict[str, object]) -> None:
    output = base64.b64decode(str(record["raw_b64"]))
    typed = b"".join(base64.b64decode(str(part)) for part in record["inputs_b64"])  # type: ignore[attr-defined]
    secret = str(record["secret"])
    result = scrub({"output": output, "input": typed}, *([secret] if record["needs_known"] else []))
    if str(record["id"]).startswith(WRAPPED_BY_THE_PROGRAM) and not result.counts.total:
        pytest.skip("only a rendered screen shows it")
    assert result.counts.total
    assert [len(data) for data in result.streams.values()] == [len(output), len(typed)]
    for view in [*linear_views(result.streams), *(raw_view(*item) for item in result.streams.items())]:
        assert secret.encode() not in view.text


@pytest.mark.parametrize(
    "value", ["p@ss w/rd+93X0", 'a"b\\c1v39', OPAQUE, "pâss→wörd7", "パスワード12345", "12345678"]
)
def test_a_known_value_is_found_in_every_form(value: str) -> None:
    raw = value.encode()
    shown = [
        value,
        json.dumps(value),
        json.dumps(value, ensure_ascii=False),
        urllib.parse.quote(value),
        re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(value, safe="")),
        urllib.parse.quote_plus(value),
        raw.hex(),
        raw.hex().upper(),
        *(
            base64.b64encode(b"abc"[:lead] + raw + tail).decode()
            for lead in range(4)
            for tail in (b"", b"!", b"yz")
        ),
        *(base64.urlsafe_b64encode(b"abc"[:lead] + raw).decode() for lead in range(4)),
    ]
    for text in shown:
        result = scrub({"output": f"x {text} y".encode()}, value, rules=NO_RULES)
        assert result.counts.total, text
        after = result.streams["output"]
        assert len(after) == len(f"x {text} y".encode())
        assert not any(form in after for form in forms_of(raw))
        assert cells(after.decode()) == cells(f"x {text} y")


def test_wide_and_accented_letters_keep_their_bytes_and_cells() -> None:
    value = "pâss→パス🔑wörd"
    result = scrub({"output": f"<{value}>".encode()}, value, rules=NO_RULES).streams["output"].decode()
    assert len(result.encode()) == len(f"<{value}>".encode())
    assert [width_of(one) for one in result] == [width_of(one) for one in f"<{value}>"]
    assert not set(result[1:-1]) & set("pâsパス🔑wörd")


def test_short_values_are_covered_only_as_whole_words() -> None:
    assert scrubbed("abc {} abcd x-abc= {", "abc", "{") == "*** {} abcd x-***= *"


def test_the_same_secret_reads_the_same_and_numbers_follow_the_order_of_appearance() -> None:
    text = f"{GITHUB} {ANTHROPIC} {GITHUB}"
    first, second, third = scrubbed(text).split(" ")
    assert first == third
    assert first.startswith("<SCRUBBED:github-token:1*")
    assert second.startswith("<SCRUBBED:anthropic-api-key:2*")
    assert second.endswith("*>")
    assert PLACEHOLDER.fullmatch(second.encode())
    assert [len(first), len(second)] == [len(GITHUB), len(ANTHROPIC)]


@pytest.mark.parametrize(
    ("kind", "number", "length", "expected"),
    [
        ("token", 1, 24, "<SCRUBBED:token:1******>"),
        ("token", 1, 19, "*" * 19),
        ("anthropic-api-key", 12, 20, "<SCRUBBED:anthro:12>"),
        ("Odd Kind!", 1, 30, "<SCRUBBED:odd-kind-:1********>"),
        ("x", 1, 0, ""),
    ],
)
def test_placeholders(kind: str, number: int, length: int, expected: str) -> None:
    assert placeholder(kind, number, length) == expected.encode()


def test_a_value_that_a_placeholder_is_made_of_is_gone_too() -> None:
    result = scrubbed(f"{GITHUB} github-t", "github-t", "SCRUBBED")
    assert "github-t" not in result
    assert "SCRUBBED" not in result


def test_a_fragment_of_a_known_secret_is_covered_but_not_its_public_prefix() -> None:
    result = scrubbed(f"{ANTHROPIC}\r\nusing {ANTHROPIC[:24]}…\r\nsk-ant-…{ANTHROPIC[-4:]}\r\n")
    assert ANTHROPIC[13:24] not in result
    assert f"sk-ant-…{ANTHROPIC[-4:]}" in result
    assert public_prefix(ANTHROPIC.encode()) == 13
    assert public_prefix(b"sk-proj-JVeoraBc_dG8SEbmWKx92") == len("sk-proj-")
    assert public_prefix(b"vault-Zq8vN3xK-p2LmT7wR-bY5cJd9Q") == len("vault-")
    assert public_prefix(b"washer-pixel-staple-tunnel-purple85") == 0
    assert public_prefix(b"Lantern-orbit-Velvet-copper92") == 0
    (piece,) = pieces_of(b"abcdefghijklmnop", encoded=False)
    assert fragment_at(piece, 4, b"__abcdefghijklm", 6) == (2, 15)
    assert fragment_at(piece, 4, b"__abcdefghij", 6) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("vault-Zq8vN3xK-p2LmT7wR-bY5cJd9Q-x7HfGt2WmmAA", "vault-Zq8vN3xK-p2LmT7wR-bY5cJd9Q-x7HfG"),
        ("abcdefab-77aa-4b1c-9d2e-0123456789ab", "abcdefab-77aa-4b1c-9d2e-01"),
        ("washer-pixel-staple-tunnel-purple85", "washer-pixel-staple-tu"),
        (OPAQUE * 2, base64.b64encode((OPAQUE * 2).encode()).decode()[:20]),
        (OPAQUE * 2, base64.b64encode(b"x" + (OPAQUE * 2).encode()).decode()[4:26]),
        (OPAQUE * 2, (OPAQUE * 2).encode().hex()[:30]),
    ],
)
def test_the_beginning_of_a_known_value_in_any_form(value: str, shown: str) -> None:
    after = (
        scrub({"output": f"got {shown}...\r\n".encode()}, value, rules=NO_RULES).streams["output"].decode()
    )
    assert shown not in after
    assert shown[:12] not in after
    assert len(after) == len(f"got {shown}...\r\n")


def test_a_value_of_short_lines_goes_line_by_line() -> None:
    after = scrub(
        {"output": b"one ab3x5 two\r\nfipZGnzP\r\nbDFDyFKmcc\r\n"},
        "ab3x5\nfipZGnzP\nbDFDyFKmcc",
        rules=NO_RULES,
    )
    assert after.streams["output"] == b"one ***** two\r\n********\r\n**********\r\n"


def test_each_line_of_a_private_key_is_a_secret() -> None:
    lines = [
        base64.b64encode(bytes((at * 7 + row * 31) % 251 for at in range(48))).decode() for row in range(4)
    ]
    key = "\r\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])
    result = scrubbed(f"{key}\r\n\x1b[2J│ {lines[2]} │ {lines[3]}")
    assert not any(line in result for line in lines)
    assert result.count("\r\n") == 6
    assert lines_of(key.encode()) == [line.encode() for line in lines]


def test_a_password_in_base64_is_known_plain_as_well() -> None:
    pair = base64.b64encode(f"bob:{OPAQUE}".encode()).decode()
    result = scrubbed(f"Authorization: Basic {pair}\r\n{OPAQUE}\r\n")
    assert OPAQUE not in result
    assert pair not in result


def test_nothing_found_asks_for_the_views_once_and_changes_nothing() -> None:
    asked: list[Mapping[str, bytes]] = []

    def views(streams: Mapping[str, bytes]) -> list[View]:
        asked.append(streams)
        return text_views("output", streams["output"])

    result = Scrubber().scrub({"output": b"plain\r\n"}, views)
    assert (result.streams, len(asked), result.counts.total) == ({"output": b"plain\r\n"}, 1, 0)


def test_a_secret_that_cannot_be_covered_is_not_given_out() -> None:
    """A view that shows a secret that no byte painted, as a wrong map would."""

    def views(streams: Mapping[str, bytes]) -> list[View]:
        return [View.of_cells("screen", "output", [(letter, ()) for letter in ANTHROPIC])]

    with pytest.raises(SecretsLeft) as caught:
        Scrubber().scrub({"output": b"x"}, views)
    assert ANTHROPIC not in str(caught.value)
    assert "anthropic-api-key" in str(caught.value)
    assert caught.value.leaks[0].view == "screen"


def test_a_rendered_view_writes_only_the_bytes_that_painted_the_cells() -> None:
    """Two halves painted out of order, a letter struck twice, one byte for three cells, a blank from nowhere."""
    value = "aaab" + OPAQUE
    data = f"\x1b[5;1H{OPAQUE}\x1b[4;1Ha\x1b[2bbb".encode()
    at = data.index(OPAQUE.encode())
    first = data.index(b"Ha") + 1
    b = data.index(b"bbb") + 1
    row = [("a", ((first, first + 1),))] * 3 + [("b", ((b, b + 1), (b + 1, b + 2)))]
    row += [(letter, ((at + index, at + index + 1),)) for index, letter in enumerate(OPAQUE)]

    def views(streams: Mapping[str, bytes]) -> list[View]:
        shown = [
            ("".join(streams["output"][start:end].decode() for start, end in spans[:1]), spans)
            for _, spans in row
        ]
        return [View.of_cells("screen", "output", [*shown, (" ", ())], seams=[4])]

    result = Scrubber(NO_RULES, [KnownValue(value.encode(), "known", "file:x")]).scrub(
        {"output": data}, views
    )
    assert result.streams["output"] == f"\x1b[5;1H{'*' * len(OPAQUE)}\x1b[4;1H*\x1b[2b**".encode()


def test_what_is_known_never_shows_in_messages() -> None:
    book = Book([KnownValue(OPAQUE.encode(), "known", "input")])
    assert OPAQUE not in repr(book) + repr(book.entries) + repr(KnownValue(OPAQUE.encode(), "known", "input"))


def test_placeholders_and_blanks_are_no_values() -> None:
    assert (
        len(Book(KnownValue(value, "k", "input") for value in (b"", b"  ", b"****", b"<SCRUBBED:a:1***>")))
        == 0
    )


VALUES = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=8, max_size=30
).filter(lambda value: len(set(value)) > 4 and not set(value) & set("*\x1b"))
NOISE = st.text(st.characters(codec="utf-8", exclude_characters="*\x1b\x9b"), max_size=40)
COLOURS = st.sampled_from(["", "\x1b[1m", "\x1b[0m", "\x1b[38;5;208m", "\x1b[m"])


@settings(max_examples=120)
@given(NOISE, VALUES, NOISE, st.lists(st.integers(0, 30), max_size=3), COLOURS)
def test_no_known_value_survives_and_nothing_moves(
    before: str, value: str, after: str, cuts: list[int], colour: str
) -> None:
    inside = value
    for cut in sorted(cuts, reverse=True):
        inside = inside[:cut] + colour + inside[cut:]
    data = (before + inside + after).encode()
    result = scrub({"output": data}, value, rules=NO_RULES)
    clean = result.streams["output"]
    assert len(clean) == len(data)
    assert cells(clean.decode()) == cells(data.decode())
    for view in [*text_views("output", clean), plain_view("raw", "output", clean)]:
        assert value.encode() not in view.text
    again = scrub({"output": clean}, value, rules=NO_RULES)
    assert again.streams["output"] == clean


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            [
                ANTHROPIC,
                GITHUB,
                OPAQUE,
                " ",
                "\r\n",
                "\x1b[1m",
                "│",
                "x",
                "password=",
                "\x1b]0;",
                "\x07",
                "\b",
            ]
        ),
        max_size=12,
    )
)
def test_scrubbing_twice_is_scrubbing_once(parts: list[str]) -> None:
    data = "".join(parts).encode()
    once = scrub({"output": data}, OPAQUE).streams["output"]
    twice = scrub({"output": once}, OPAQUE).streams["output"]
    assert twice == once
    assert len(once) == len(data)


@pytest.mark.parametrize(
    "shown",
    [
        b"5a 71 39 2b 76 58 2f 77", b"5A:71:39:2B:76:58:2F:77", rb"\x5a\x71\x39\x2b\x76\x58\x2f\x77",
        b"%5a%71%39%2b%76%58%2f%77", rb"\u005a\u0071\u0039\u002b\u0076\u0058\u002f\u0077",
        b"Zq9+vX%2Fw", b"Zq9+vX%2fw", b"Zq9%2BvX/w",
    ],
)  # fmt: skip
def test_forms_byte_by_byte_and_half_escaped(shown):
    assert shown in forms_of(b"Zq9+vX/w")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Zq9&vX<w>", "Zq9&amp;vX&lt;w&gt;"),
        ("Zq9\"vX'w", "Zq9&quot;vX&#x27;w"),
        ("Zq9\"vX'w", "Zq9&#34;vX&#39;w"),
        ("Zq9\"vX'w", "Zq9&quot;vX&apos;w"),
        ("Zq9$vX'w", "Zq9$vX'\\''w"),
        ("Zq9$vX'w", "Zq9$vX'\"'\"'w"),
        ('Zq9$vX"w', 'Zq9\\$vX\\"w'),
        ("Zq9\\vX'w", "Zq9\\\\vX\\'w"),
        ("pâ ss;w|o^r", "pâ\\ ss\\;w\\|o\\^r"),
    ],
)
def test_forms_of_web_pages_and_shells(value: str, shown: str) -> None:
    after = scrub({"output": f"x {shown} y".encode()}, value, rules=NO_RULES).streams["output"].decode()
    assert len(after) == len(f"x {shown} y")
    assert set(after[2:-2]) <= {"*", "¬"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=20))
@settings(max_examples=60)
def test_what_bash_quotes_is_one_of_the_forms(value: str) -> None:
    printed = subprocess.run(
        ["bash", "-c", 'printf "%q\\n" "$1"; set -x; : "$1"', "bash", value], capture_output=True, check=True
    )
    forms = forms_of(value.encode())
    assert printed.stdout.rstrip(b"\n") in forms or value.startswith(("~", "#"))
    traced = printed.stderr.removeprefix(b"+ : ").rstrip(b"\n")
    assert any(traced in (form, b"'" + form + b"'") for form in forms) or value.startswith(("~", "#", "'"))
