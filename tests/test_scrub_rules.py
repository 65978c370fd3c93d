"""The rules: every fact finds what it describes, in the company that a terminal puts it in, and nothing else."""

from __future__ import annotations

import base64
import os
import re._constants as constants
import re._parser as parser
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scrub.finder import find
from scrub.known import discovered
from scrub.likeness import is_made_of_words, is_token
from scrub.rules import Rule
from scrub.shapes import anchor_of, expression_of, length_of, pieces_of
from scrub.table import KEYED_FACTS, PREFIX_FACTS, default_rules
from scrub.views import FixedSeams, plain_view
from tests.scrub_samples import ANTHROPIC, GITHUB, lines_of_data, sample

RULES = default_rules()
SHAPES = [(fact, shape) for fact in PREFIX_FACTS for shape in fact.shapes]
AROUND = [
    "{}",
    "│ {} │",
    "({})",
    "[{}]",
    "{},",
    "key {}\x1b[0m",
    '"{}"',
    "\\n{}\\n",
    "x={}&y=1",
    "… {}…",
    "{}.",
]


def found_in(text: str) -> list[bytes]:
    return [known.value for known in discovered(RULES, plain_view("text", "output", text.encode()))]


@pytest.mark.parametrize(("fact", "shape"), SHAPES, ids=[f"{fact.name}-{shape}" for fact, shape in SHAPES])
def test_every_shape_is_found_wherever_it_stands(fact: Any, shape: str) -> None:
    token = sample(shape, 1)
    for around in AROUND:
        text = around.format(token)
        assert any(token.encode() in value for value in found_in(text)), text


@pytest.mark.parametrize("fact", KEYED_FACTS, ids=lambda fact: fact.name)
def test_every_keyed_value_is_found_after_its_word(fact: Any) -> None:
    word = fact.words[0]
    for shape in fact.values:
        token = sample(shape, 2)
        for text in (
            f'{word}_api_key = "{token}"',
            f"export {word.upper()}_TOKEN={token}",
            f"│ {word} secret │ {token} │",
        ):
            assert any(token.encode() in value for value in found_in(text)), text


def test_the_samples_are_found() -> None:
    missed = [
        record["context"]
        for record in lines_of_data("dev.jsonl")
        if record["is_secret"] and record["tier"] != "value"
        if not any(record["secret"].encode() in value for value in found_in(record["context"]))
    ]
    assert missed == []


def test_nothing_is_found_in_what_only_looks_like_a_secret() -> None:
    wrong = [
        (record["context"], found)
        for record in lines_of_data("dev.jsonl")
        if not record["is_secret"]
        if (found := found_in(record["context"]))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "tokens = KeyCache.get_tokens(self, text)",
        "hash.pyi,sha256=1EoxgUM4xlB7ggY4Ru4eqnSa0Wn2mP7ylUE7p9V7Yc0,40",
        "token.py,sha256=xijphw-7HIU7B7-AXnb9lJ-b8NWZDzwg2lMd2CE91so,326",
        "password: SecretStr",
        "creds = base64.b64encode(username + password)",
        "the update-passwd manpage. Closes: Bug#53857,#75791",
        "Password: <SCRUBBED:password:1*******>",
        "password=****************",
        "the API key is read from the environment",
        "--token <token>   the token to use",
        "task-management-service-deployment-controller",
        '"binary_path_digest_sha256": "66ca8d20ccf6a23358db6dc96cb5e20673d2cb508e4fb0fe591821d91a759541"',
        "--pinnedpubkey 'sha256//ce118b51897f4452dc'",
        "-fdisable-ipa-<pass>=range1+range2",
        "smb://[user[:password]@]host",
        "kind: ConfigMap\ndata:\n  colour: cGFzc3dvcmQx\n",
        "the password field2 of the form",
        "PASS: gas/i386/align-branch-2b",
        "--- PASS: TestLogin/with_password#01 (0.00s)",
        '"token": {"value": "#ff00aa"}',
        '{"key": "api-version", "value": "2023-01-01"}',
        'password = getpass.getpass("Enter password: ")',
        'api_key = os.environ["OPENAI_API_KEY2"]',
        "password: |\n  {{ vault_db_password2 }}\n",
        'variable "db_password" {\n  description = "see docs/passwords2.md"\n  type = string\n}',
        "mnemonic: a memory aid that helps people remember things they would otherwise forget quite soon after that",
    ],
)
def test_text_is_left_alone(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mysql -u root -pQ7w8zT1xK9", "Q7w8zT1xK9"),
        ("redis://:l4nKKH3JeLcEmX2aR0DQ@cache:6379/0", "l4nKKH3JeLcEmX2aR0DQ"),
        ("postgres://app:p%40ss-w0rd@db/x", "p%40ss-w0rd"),
        ("db.example:5432:prod:app:Vt5sNq1Lw8", "Vt5sNq1Lw8"),
        ("Set-Cookie: theme=dark; sessionid=Dm9mMtj6pg5HzZG2u0SIsBTSkE4h", "Dm9mMtj6pg5HzZG2u0SIsBTSkE4h"),
        ("curl -H 'X-Auth-Token: 8fKq02LmZx71' https://x", "8fKq02LmZx71"),
        ("//registry.example/:_authToken=a8Kq02LmZx71Vb5sNq1Lw8Ty", "a8Kq02LmZx71Vb5sNq1Lw8Ty"),
        ("Your new password is Tq8-zLw0vXk5", "Tq8-zLw0vXk5"),
        ('<add key="Password" value="GkijmkVRDj7" />', "GkijmkVRDj7"),
        (
            "root:$6$Ab3dEf7hIjkl$0123456789abcdefghijABCDEFGHIJ0123456789",
            "$6$Ab3dEf7hIjkl$0123456789abcdefghijABCDEFGHIJ0123456789",
        ),
        ("A temporary password is generated for root@localhost: dM-yO6eP3Qu4qiE", "dM-yO6eP3Qu4qiE"),
        ("CREATE USER 'x'@'%' IDENTIFIED BY 'WDhD7bDIXY5&$ml';", "WDhD7bDIXY5&$ml"),
        ("ALTER ROLE app PASSWORD 'U0^xom1#lym'", "U0^xom1#lym"),
        ("requirepass DlNhnlU5uwp#SyP", "DlNhnlU5uwp#SyP"),
        ("openssl enc -k NQI4+hfxQxSN9#M -aes-256-cbc", "NQI4+hfxQxSN9#M"),
        ('echo "mn*c9zm?P@YsX?kj8" | sudo -S true', "mn*c9zm?P@YsX?kj8"),
        ("vault login gR-IYi-iqhP7xV0Xr_HbGHdxEBueH7", "gR-IYi-iqhP7xV0Xr_HbGHdxEBueH7"),
        ("net use Z: \\\\nas\\x /user:joe kP3z9Lq7Tw", "kP3z9Lq7Tw"),
        ("smbclient //nas/x -U joe%kP3z9Lq7Tw", "kP3z9Lq7Tw"),
        ("htpasswd -b .htpasswd joe kP3z9Lq7Tw", "kP3z9Lq7Tw"),
        ("7z x -pkP3z9Lq7Tw a.7z", "kP3z9Lq7Tw"),
        (
            "token: !vault 412fb3fac1d1cb195c161450c0573d50df16f263",
            "412fb3fac1d1cb195c161450c0573d50df16f263",
        ),
        ("Kennwort: kP3z9Lq7Tw", "kP3z9Lq7Tw"),
        ("\u5bc6\u7801: kP3z9Lq7Tw", "kP3z9Lq7Tw"),
        ("cloudinary\r\napi secret\r\nUhhvADF0cCg5j6rg2DbZT1nFtsT8SYVh", "UhhvADF0cCg5j6rg2DbZT1nFtsT8SYVh"),
        ("data:\r\n  pw: UzNjcjN0LXBhc3M=\r\nkind: Secret\r\n", "UzNjcjN0LXBhc3M="),
        ('{"data":{"a":"cGFzc3dvcmQx"},"kind":"Secret"}', "cGFzc3dvcmQx"),
        ('{"ACME_PASSWORD": {"value": "kP3z9-Lq7Tw", "note": "x"}}', "kP3z9-Lq7Tw"),
        ('"DB_PASSWORD": {\r\n    "value": "kP3z9-Lq7Tw"\r\n', "kP3z9-Lq7Tw"),
        (
            '"Name": "/prod/db/password",\r\n  "Type": "SecureString",\r\n  "Value": "kP3z9-Lq7Tw",',
            "kP3z9-Lq7Tw",
        ),
        ('db_password = {\r\n  sensitive = true\r\n  value = "kP3z9-Lq7Tw"\r\n', "kP3z9-Lq7Tw"),
        ('variable "db_password" {\n  default = "kP3z9-Lq7Tw"\n', "kP3z9-Lq7Tw"),
        ('{"api_key": {"value": "UhhvADF0cCg5j6rg2DbZ"}}', "UhhvADF0cCg5j6rg2DbZ"),
        ("password: >-\r\n  kP3z9-Lq7Tw\r\n", "kP3z9-Lq7Tw"),
        ('password: String::from("kP3z9-Lq7Tw"),', "kP3z9-Lq7Tw"),
        ('factory.setPassword("kP3z9-Lq7Tw");', "kP3z9-Lq7Tw"),
        (r"{\\\"password\\\":\\\"kP3z9-Lq7Tw\\\"}", "kP3z9-Lq7Tw"),
        ("?next=%2Flogin%3Fpassword%3DkP3z9-Lq7Tw", "kP3z9-Lq7Tw"),
        ("    DB_PASS: kP3z9-Lq7Tw", "kP3z9-Lq7Tw"),
        (
            'mnemonic: "abandon ability able about above absent absorb abstract absurd abuse access acid"',
            "abandon ability able about above absent absorb abstract absurd abuse access acid",
        ),
        ("kind: Secret\nmetadata:\n  name: a\nstringData:\n  pw: hunter2hunter\n---\n", "hunter2hunter"),
    ],
)
def test_a_word_gives_its_value_away(text: str, secret: str) -> None:
    assert secret.encode() in found_in(text)


DER = bytes(range(200)) + b"\x02\x03\x01\x00\x01\x02\x82\x01\x00" + bytes(range(220, 20, -1))


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.parametrize("width", [61, 64, 76])
def test_the_inside_of_a_private_key_is_known_by_its_numbers(cut: int, width: int) -> None:
    letters = base64.b64encode(DER)[cut:-4]
    rows = [letters[at : at + width] for at in range(0, len(letters), width)]
    text = b"\r\n" + b"\r\n".join(rows) + b"\r\n"
    assert {known.value.strip() for known in discovered(RULES, plain_view("text", "output", text))} == {
        b"\r\n".join(rows)
    }
    assert find(RULES, letters)


def test_a_certificate_is_no_private_key() -> None:
    public = base64.b64encode(DER.replace(b"\x02\x82", b"\xa3\x82"))
    rows = [public[at : at + 64] for at in range(0, len(public), 64)]
    assert found_in("\r\n" + "\r\n".join(row.decode() for row in rows) + "\r\n") == []


def test_a_match_does_not_swallow_the_row_after_a_guessed_join() -> None:
    text = (GITHUB[:20] + GITHUB[20:] + "Done").encode()
    whole = find(RULES, text)
    cut = find(RULES, text, FixedSeams([20, len(GITHUB)]))
    assert {text[match.start : match.end] for match in whole} == {text}
    assert {text[match.start : match.end] for match in cut} == {GITHUB.encode()}


def test_a_rule_that_needs_context_does_not_cross_a_guessed_join() -> None:
    text = b"password=Q7w8zT1xK9Lm"
    assert find(RULES, text)
    assert find(RULES, text, FixedSeams([14])) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("newco_live_q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3Ga", True),
        ("(acmekey_q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3Ga)", True),
        ("toolu_01ZdaPzBnkfe0ykN0iMuWWmn", False),
        ("req_Ni0JrZincwixHzkjJK3uULTX", False),
        ("resp_68a1f0c2d4e8b7936512fa0b3c9d7e1f", False),
        ("test_CacheAuthorModuleAccessTokenIsRefreshed", False),
        ("sha_q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3Ga.whl", False),
    ],
)
def test_a_token_that_no_fact_names(text: str, found: bool) -> None:
    assert bool(found_in(text)) == found


def test_overlapping_matches_are_one_secret_with_the_most_telling_name() -> None:
    (known,) = discovered(RULES, plain_view("text", "output", f"ANTHROPIC_API_KEY={ANTHROPIC}".encode()))
    assert (known.kind, known.value) == ("anthropic-api-key", ANTHROPIC.encode())


def repeats(tree: Any) -> Iterator[tuple[Any, int, Any]]:
    """Every repeat of an expression, wherever it is nested: (its kind, its bound, what is repeated)."""
    for operator, argument in tree:
        if operator in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            yield operator, int(argument[1]), argument[2]
            yield from repeats(argument[2])
        elif operator is constants.SUBPATTERN:
            yield from repeats(argument[3])
        elif operator is constants.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch)
        elif operator in (constants.ASSERT, constants.ASSERT_NOT):
            yield from repeats(argument[1])
        elif operator is constants.ATOMIC_GROUP:
            yield from repeats(argument)


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.name)
def test_every_repeat_is_bounded(rule: Rule) -> None:
    bounds = [bound for _, bound, _ in repeats(parser.parse(rule.pattern.pattern))]
    assert all(bound <= 16000 for bound in bounds)
    assert rule.reach >= 32


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.name)
def test_no_possessive_repeat_has_a_look_around_in_it(rule: Rule) -> None:
    """Before Python 3.11.5 such a repeat takes what it must not; an atomic group is as good."""
    for kind, _, repeated in repeats(parser.parse(rule.pattern.pattern)):
        assert kind is not constants.POSSESSIVE_REPEAT or "ASSERT" not in str(repeated)


MIB = 1 << 20
FILLERS = [
    b"a",
    b"A",
    b"0",
    b"-",
    b"_",
    b" ",
    b"=",
    b".",
    b"aA0-",
    b"a.",
    b"a=",
    b'a"',
    b"\\",
    b"\xe2\x94\x82",
    b"sk-",
    b"key",
    b"eyJ",
    b"://a:",
    b"token",
    b"password=",
    b"-----BEGIN",
    b"xoxb-1",
    b"cookie: a=b; ",
    b"AgMBAAEC",
    b"kind: secret\n",
    b"kind: secret data: a: b ",
    b"\n" + b"A" * 64,
    b"echo a | ",
    b"password a ",
    b"mysql -p",
    b"1234567890123456|",
    b"!a",
    b"eyA.ey",
]


@pytest.mark.parametrize("filler", FILLERS)
def test_a_mebibyte_of_filler_is_read_to_its_end(filler: bytes) -> None:
    """Catastrophic backtracking would never come back; anything else does."""
    size = MIB if filler == b"a" or os.environ.get("CASSETTE_PROVE") else MIB // 16
    find(RULES, filler * (size // len(filler)))


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.name)
def test_every_expression_reads_filler_after_each_of_its_anchors(rule: Rule) -> None:
    for anchor in rule.anchors:
        for filler in (b"a", b"A0", b" ", b"=", b"-"):
            text = anchor + filler * (rule.reach // len(filler) + 1)
            rule.pattern.match(text)
            rule.pattern.search(text[: rule.reach])


@pytest.mark.parametrize("end", ["1234", "A", "Ab1234", "_"])
@pytest.mark.parametrize("letters", ["x", "xy", "Xyz", "XYz", "X"])
def test_a_long_run_of_letters_is_judged_to_its_end(letters: str, end: str) -> None:
    """Beside a word for a secret it is asked whether it reads like words: no run may be cut in every way."""
    value = (letters * 240)[: 240 - len(end)] + end
    for text in (f"password=q8.{value}", f"token: {value}", f"key={value}-Zt0vB4xK"):
        found_in(text)
    is_made_of_words(value.encode(), 0.5)


@pytest.mark.parametrize(
    ("value", "is_name"),
    [
        ("parser", True), ("parserCursorRow", True), ("HTTPParser12", True), ("HTTPSparser", True), ("XMLhttp", False),
        ("ParseTheCursorThatThisOldRowHas", True), ("ParseTheCursorThatThisOldRowHasNow", False),
        ("parserC", False), ("parser1234", False), ("q8Zt0vB4xK", False), ("UPPERCASE12", True), ("X" * 13, False),
    ],
)  # fmt: skip
def test_names_read_like_words(value: str, is_name: bool) -> None:
    assert is_made_of_words(f"{value}/4711".encode(), 0.5) == is_name


ANCHORS = sorted({anchor for rule in RULES.rules for anchor in rule.anchors})
RUNS = st.builds(
    bytes.__mul__,
    st.sampled_from(
        [b"x", b"X", b"Ab", b"XYz", b"0", b"a0", b"aB3", b"-", b"_", b"/", b".", b"=", b" ", b'"', b":", b",", b"\\",
         b"\r\n", b"\xe2", b"\xe2\x94\x82", b"a b ", b"a-", b"k: v\n"]
    ),
    st.sampled_from([1, 2, 17, 90, 250, 1500]),
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.one_of(st.sampled_from(ANCHORS), RUNS), max_size=8))
@example([b"password=", b"q8.", b"x" * 90, b"1234"])
def test_whatever_is_written_is_judged_to_its_end(parts: list[bytes]) -> None:
    text = b"".join(parts)
    for match in find(RULES, text):
        assert 0 <= match.start < match.end <= len(text)


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_base64_may_begin_with_slashes(slashes: str) -> None:
    value = slashes + "q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5uVi1"
    assert is_token(value.encode())
    assert not is_token(b"//usr/lib/python3/dist-packages/parser")
    assert not is_token(b"/" * 2000)
    assert not list(find(RULES, b"?sig=" + b"/" * 4000))


def test_one_mebibyte_of_a_under_every_expression() -> None:
    text = b"a" * MIB
    for rule in RULES.rules:
        assert rule.pattern.match(text) is None


def test_shapes_say_their_lengths_and_anchors() -> None:
    assert length_of("ghp_{w:36}") == (40, 40)
    assert anchor_of("{x:32}-us{d:1-2}").words == ("-us",)
    assert anchor_of("{=sk|rk}_{=live|test}_{w:10-99}").words == (
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "rk_test_",
    )
    assert anchor_of("{x:32}-us{d:1-2}").before_low == 32
    assert expression_of("a.{d:2}") == "a\\.[0-9]{2,2}"
    assert [piece.literals for piece in pieces_of("{=a|bc}{pad}")] == [("a", "bc"), ()]


@pytest.mark.parametrize("shape", ["{w:3", "{?:3}", "{w}"])
def test_a_wrong_shape_is_refused(shape: str) -> None:
    with pytest.raises(ValueError, match=r"brace|alphabet"):
        pieces_of(shape)


def test_a_shape_without_a_literal_has_no_anchor() -> None:
    with pytest.raises(ValueError, match="no literal"):
        anchor_of("{w:32}")
