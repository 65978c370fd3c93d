"""Facts that no sample file has: what giving them away looks like, and what only looks like them."""

from __future__ import annotations

import base64
import json

import pytest

from scrub.finder import find
from scrub.table import default_rules

HEX = "0f3a9c1e7b5d2846"
WORD32 = "q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5"
BASE48 = "/q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5uVi1oXkWqNzMb7C"
UUIDS = "0f3a9c1e-7b5d-4846-9a1b-3c5d7e9f0a2b-1f3a9c1e-7b5d-4846-9a1b-3c5d7e9f0a2c"


def found(text: str) -> set[str]:
    data = text.encode()
    return {data[match.start : match.end].decode() for match in find(default_rules(), data)}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"BOX_CLIENT_SECRET={WORD32}", WORD32),
        (f"box: {WORD32}", WORD32),
        (f"aliyun sts secret: {WORD32}uVi1oXkWqN", f"{WORD32}uVi1oXkWqN"),
        (f"zlm_api = {HEX}{HEX}.q8zt0vb4xkc9rwl2", f"{HEX}{HEX}.q8zt0vb4xkc9rwl2"),
        ("app cli_a1b2c3d4e5f6a7b8 is", "cli_a1b2c3d4e5f6a7b8"),
        (f"Authorization: ApiKey-v1 gcntfy-team-{UUIDS}", f"ApiKey-v1 gcntfy-team-{UUIDS}"),
        ("https://0f3a9c1e:7b5d2846@gems.contribsys.com/", "0f3a9c1e:7b5d2846"),
        (f"4829304857120394%7C{WORD32}", f"4829304857120394%7C{WORD32}"),
        (f"greptile_key: '{BASE48}'", BASE48),
        ("password: correct-horse-battery", "correct-horse-battery"),
        ("DB_PASSWORD=correct-horse-battery-staple", "correct-horse-battery-staple"),
        ('{"passphrase": "Velvet-Otter-Canyon-42"}', "Velvet-Otter-Canyon-42"),
        ("the passwd = marble-lantern-spruce.", "marble-lantern-spruce"),
    ],
)
def test_a_fact(text: str, secret: str) -> None:
    assert secret in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "checkbox=0123456789",
        "cli_commandlinetools",
        "password: your-password-here",
        "password: correct-horse",
        "password=form-control-lg(x)",
        "password: reset-link-expired",
        "password: no-such-user",
        "passphrase: PREVIOUS-EXAMPLE-PHRASE",
        "password-reset-mail: correct-horse-battery",
        "the password is not correct-horse-battery",
        "password: see some-tool.example.com/the-long-page",
        "the box is 32 letters long: abcdefghijklmnop",
        "greptile: /usr/share/doc/greptile/examples/manual-of-the-tool.html",
    ],
)
def test_no_fact(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    "field", ["alg", "kid", "jwk", "apu", "aud", "b64", "crit", "epk", "iv", "key_ops", "kty", "p2s", "tag"]
)
def test_base64_of_a_token_with_any_field_first(field: str) -> None:
    header = base64.urlsafe_b64encode(json.dumps({field: "x9Kq"}, separators=(",", ":")).encode()).decode()
    token = f"{header.rstrip('=')}.{WORD32}.{WORD32}"
    encoded = base64.b64encode(token.encode()).decode()
    assert any(encoded.startswith(value.rstrip("=")) and len(value) > 60 for value in found(f"x {encoded} y"))
