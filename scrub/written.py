"""The rules that are written out: words that announce a secret, headers, URLs, PEM blocks, JWT.

Nothing here is a provider's fact; those are tables (`facts_*.py`). Each rule begins at its anchor.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from scrub import blocks, likeness
from scrub.rules import Judge, Rule, Spans, Tier, compile_pattern

_SOURCE = "how programs print secrets"
_COOKIE_NAMES = r"(?:[\w.-]{0,32}(?:sess|sid|auth|token|jwt|csrf|remember|login|identity|cookie)[\w.-]{0,32})"


def _rule(
    name: str,
    anchors: str,
    expression: str,
    accept: Judge,
    *,
    tier: Tier = "context",
    folded: bool = True,
    joins: bool = False,
    reach: int = 1024,
) -> Rule:
    return Rule(
        name=name,
        tier=tier,
        anchors=tuple(anchor.encode() for anchor in anchors.split("¦")),
        pattern=compile_pattern(expression, fold=folded),
        accept=accept,
        source=_SOURCE,
        folded=folded,
        joins=joins,
        reach=reach,
    )


def decoded(value: bytes) -> bytes | None:
    """What a base64 text (either alphabet, padded or not) stands for; None when it is none."""
    text = value.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_user_and_password(value: bytes) -> bool:
    plain = decoded(value)
    return plain is not None and b":" in plain and plain.isascii() and len(plain) >= 5


def _is_header_value(value: bytes) -> bool:
    return (
        len(value) >= 8
        and not likeness.is_placeholder(value)
        and (likeness.is_password(value) or likeness.is_token(value))
    )


def _is_private_pem(value: bytes) -> bool:
    plain = decoded(value[: len(value) // 4 * 4])
    return plain is not None and b"PRIVATE KEY" in plain[:80]


def _any_value(value: bytes) -> bool:
    return likeness.is_url_password(value) and len(set(value)) >= 3


def _both(first: Judge, second: Judge) -> Callable[[bytes], bool]:
    return lambda value: first(value) and second(value)


_BASE64_LINES = r"(?:(?:[ \t\r\n>|]|\\[nr]|\xe2\x94[\x80-\xbf]){0,16}[a-zA-Z0-9+/=]{16,400})"
_PEM = (
    r"-----BEGIN[A-Z0-9 _-]{0,60}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?>(?:[^-]|-(?!----)){16,16000})-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----(?:\\r)?(?:\\n)?"
    rf"|{_BASE64_LINES}{{1,400}}+)"
)

# How base64 of `{"` and a field of RFC 7515 to 7518 begins: alg, typ, kid, enc, cty, jku, x5u, zip, iss, apu, aud,
# b64, crit, epk, iv, key_ops, kty, nonce, p2s, jwk, tag, url.
_HEADER_FIELDS = (
    b"eyJhbG",
    b"eyJ0eX",
    b"eyJraW",
    b"eyJlbm",
    b"eyJjdH",
    b"eyJqa3",
    b"eyJ4NX",
    b"eyJ6aX",
    b"eyJpc3",
    b"eyJhcH",
    b"eyJhdW",
    b"eyJiNj",
    b"eyJjcm",
    b"eyJlcG",
    b"eyJpdi",
    b"eyJrZX",
    b"eyJrdH",
    b"eyJub2",
    b"eyJwM",
    b"eyJqd2",
    b"eyJ0YW",
    b"eyJ1cm",
)


def _is_encoded_jwt(value: bytes) -> bool:
    """Base64 of a JWT: its first field is one that its header may have, or there are its parts."""
    plain = decoded(value[: len(value) // 4 * 4]) or decoded(value[:16]) or b""
    return plain.startswith(_HEADER_FIELDS) or plain.count(b".ey") == 1


PEM_RULES = (
    _rule(
        "private-key",
        "-----BEGIN",
        _PEM,
        lambda value: len(value) > 60,
        tier="prefix",
        folded=False,
        joins=True,
        reach=17000,
    ),
    _rule(
        "putty-private-key",
        "Private-Lines: ",
        r"Private-Lines: \d{1,3}\s{1,3}((?:[a-zA-Z0-9+/=]{4,76}\s{1,3}){1,60}+)",
        likeness.is_random,
        tier="prefix",
        folded=False,
        reach=6000,
    ),
    _rule(
        "base64-private-key",
        "LS0tLS1CRUdJTi",
        r"LS0tLS1CRUdJTi[a-zA-Z0-9+/_=-]{40,16000}",
        _is_private_pem,
        tier="prefix",
        folded=False,
        joins=True,
        reach=17000,
    ),
    _rule(
        "jwt",
        "eyJ",
        r"(?<![a-zA-Z0-9+/])ey[a-zA-Z0-9_-]{8,4000}+\.(?:ey[a-zA-Z0-9_-]{8,8000}+(?:\.[a-zA-Z0-9_-]{0,2000}={0,2})?|"
        r"[a-zA-Z0-9_-]{0,2000}\.[a-zA-Z0-9_-]{8,2000}\.[a-zA-Z0-9_-]{8,8000}\.[a-zA-Z0-9_-]{8,2000}"
        r"|[a-zA-Z0-9_-]{20,8000}+\.[a-zA-Z0-9_-]{20,2000})",
        likeness.is_random,
        tier="prefix",
        folded=False,
        joins=True,
        reach=17000,
    ),
    Rule(
        name="jwt",
        tier="prefix",
        anchors=(b".ey",),
        pattern=compile_pattern(
            r"(?<![a-zA-Z0-9+/])ey[a-zA-Z0-9]{17,500}\.ey[a-zA-Z0-9_/\\-]{17,2000}\."
            r"(?:(?:[a-zA-Z0-9_/-]|\\(?![nrt])){10,2000}={0,2})?"
        ),
        accept=likeness.is_random,
        source=_SOURCE,
        lead=(19, 502),
        reach=5000,
    ),
    _rule(
        "base64-jwt",
        "ZXlK",
        r"(?<![a-zA-Z0-9+/])ZXlK[a-zA-Z0-9+/_-]{40,8000}={0,2}",
        _is_encoded_jwt,
        tier="prefix",
        folded=False,
        joins=True,
        reach=8200,
    ),
    _rule(
        "slack-webhook",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([a-zA-Z0-9+/]{40,80})",
        likeness.is_random,
        tier="prefix",
        joins=True,
    ),
    _rule(
        "discord-webhook",
        "/api/webhooks/",
        r"/api/webhooks/(\d{16,20}/[a-zA-Z0-9_-]{40,100})",
        likeness.is_random,
        tier="prefix",
        joins=True,
    ),
    _rule(
        "teams-webhook",
        ".webhook.office.com/",
        r"\.webhook\.office\.com/webhookb2/([a-z0-9-]{36}@[a-z0-9-]{36}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36})",
        likeness.is_random,
        tier="prefix",
        joins=True,
    ),
    _rule(
        "webhook-url",
        "/webhook/¦/webhooks/¦/hooks/¦/workflows/",
        r"/(?:hooks|webhooks?|workflows)/(?:catch/|v\d/)?((?:[a-zA-Z0-9_-]{6,40}/){0,2}[a-zA-Z0-9_-]{20,100})",
        likeness.is_strong_token,
    ),
    _rule(
        "otpauth-secret",
        "otpauth://",
        r"otpauth://[^\s\"'<>]{0,200}?secret=([a-zA-Z2-7]{12,128})",
        likeness.is_random,
        tier="prefix",
    ),
    _rule(
        "password-hash",
        "$6$¦$5$¦$1$¦$y$¦$2a$¦$2b$¦$2y$¦$apr1$¦$argon2",
        _SHADOW := (r"\$(?:[1256y]|2[aby]|apr1|argon2(?:id|i|d))\$[a-zA-Z0-9./=,+$]{20,200}"),
        likeness.is_random,
        tier="prefix",
        folded=False,
    ),
)


def _block(
    name: str, spans: Spans, *, anchors: tuple[str, ...] = (), scan: re.Pattern[bytes] | None = None
) -> Rule:
    return Rule(
        name=name,
        tier="prefix",
        anchors=tuple(anchor.encode() for anchor in anchors),
        pattern=compile_pattern("(?!)"),
        accept=lambda value: likeness.MARK not in value,
        source=_SOURCE,
        folded=anchors == blocks.SECRET_KINDS,
        joins=anchors == blocks.BODY_MARKS,
        reach=20_000,
        scan=scan,
        spans=spans,
    )


BLOCK_RULES = (
    _block("private-key", blocks.private_key_lines, scan=blocks.BODY),
    _block("private-key", blocks.private_key_run, anchors=blocks.BODY_MARKS),
    _block("kubernetes-secret", blocks.kubernetes_values, anchors=blocks.SECRET_KINDS),
)


def _facebook_app_token(
    bar: str, *, anchors: tuple[bytes, ...] = (), scan: re.Pattern[bytes] | None = None
) -> Rule:
    return Rule(
        name="facebook-app-token",
        tier="prefix",
        anchors=anchors,
        pattern=compile_pattern(
            rf"(?<![a-zA-Z0-9])[0-9]{{15,16}}{bar}[a-zA-Z0-9_-]{{27,40}}(?![a-zA-Z0-9_-])"
        ),
        accept=likeness.is_random,
        source="the public rules of gitleaks",
        lead=(15, 16),
        reach=80,
        scan=scan,
    )


# Providers that no table knows yet name their tokens as those do that it knows: words, then 28 letters or more.
UNNAMED_RULES = (
    _facebook_app_token(r"\|", scan=compile_pattern(r"\|[a-zA-Z0-9_-]{27,40}+(?![a-zA-Z0-9_-])")),
    _facebook_app_token(r"%7[cC]", anchors=(b"%7C", b"%7c")),
    Rule(
        name="salesforce-session",
        tier="prefix",
        anchors=(),
        pattern=compile_pattern(r"(?<![a-zA-Z0-9])00[a-zA-Z0-9]{13}![a-zA-Z0-9_.=-]{60,260}"),
        accept=likeness.is_random,
        source="the public rules of betterleaks",
        lead=(15, 16),
        reach=320,
        scan=compile_pattern(r"![a-zA-Z0-9_.=-]{60,260}+"),
    ),
    Rule(
        name="unnamed-token",
        tier="prefix",
        anchors=(),
        pattern=compile_pattern(
            r"(?<![a-zA-Z0-9_=+/.-])[a-z][a-z0-9]{1,11}(?:_[a-z0-9]{1,10}){0,3}_[a-zA-Z0-9]{28,200}(?![a-zA-Z0-9_.+/-])"
        ),
        accept=likeness.is_unnamed_token,
        source=_SOURCE,
        lead=(2, 48),
        reach=320,
        scan=compile_pattern(r"_[a-zA-Z0-9]{28,200}+(?![a-zA-Z0-9_.+/-])"),
    ),
)

HEADER_RULES = (
    _rule(
        "authorization-basic",
        "basic ",
        r"(?<![a-z])basic[ \t]{1,3}([a-zA-Z0-9+/_-]{8,400}={0,2})",
        _is_user_and_password,
    ),
    _rule(
        "authorization-bearer",
        "bearer ¦bearer: ¦bearer%20",
        r"(?<![a-z])bearer(?::?[ \t]{1,3}|%20)([a-zA-Z0-9_\-.~+/=]{12,2000})",
        likeness.is_token,
    ),
    _rule(
        "authorization-header",
        "authorization",
        r"authorization(?:\\?[\"'])?[ \t]{0,3}(?:[:=,]|=>)[ \t]{0,3}(?:\\?[\"'])?"
        r"(?:[a-zA-Z][a-zA-Z0-9-]{2,20}[ \t]{1,3})?"  # the scheme
        r"(?:token=|key=|\\?[\"'])?([a-zA-Z0-9_\-.~+/=:]{8,2000})",
        _is_header_value,
    ),
    _rule(
        "secret-header",
        "x-¦private-token¦job-token¦api-key:¦ocp-apim",
        r"(?:x-(?:[a-z0-9]{1,20}-){0,3}?(?:api-?key|key|token|secret|auth|password|signature|csrf)"
        r"(?:-[a-z]{1,12})?|private-token|job-token"
        r"|api-key|ocp-apim-subscription-key)(?:\\?[\"'])?[ \t]{0,3}(?:[:=,]|=>)[ \t]{0,3}(?:\\?[\"'])?"
        r"([a-zA-Z0-9_\-.~+/=:]{8,1000})",
        _is_header_value,
    ),
    _rule(
        "command-line-header",
        "-h¦--header",
        r"(?<![\w-])(?:-h|--header)[ \t=]{0,5}[\"']{1,2}[\w-]{0,40}(?:key|token|secret|auth|password|authorization)"
        r":[ \t]{0,5}(?:[a-z-]{3,12}[ \t]{1,3})?([a-zA-Z0-9_\-.~@+/=]{8,2000})",
        _is_header_value,
    ),
    _rule(
        "cookie",
        "cookie",
        r"cookie2?(?:\\?[\"'])?[ \t]{0,3}[:=][ \t]{0,3}(?:\\?[\"'])?(?:[\w.-]{1,40}=[^;\s\"']{0,400};[ \t]?){0,12}?"
        rf"{_COOKIE_NAMES}=([^;\s\"'\\,]{{12,2000}})",
        likeness.is_token,
    ),
    _rule(
        "cookie-pair",
        "sid=¦session=¦sessionid=¦sessid=¦auth=",
        r"(?<!\w)(?:[\w.-]{0,32}?)?(?:sid|session(?:id)?|sessid|auth)=([^;&\s\"'\\,]{16,2000})",
        likeness.is_strong_token,
    ),
    _rule(
        "signed-url",
        "signature=¦security-token=¦&sig=¦?sig=¦&s=¦?s=¦&code=¦?code=¦&hmac=¦?hmac=",
        r"(?:signature|security-token|[?&](?:sig|s|code|hmac))=([a-zA-Z0-9%+/_=-]{16,1200})",
        likeness.is_token,
    ),
)

URL_RULES = (
    _rule(
        "url-password",
        "://",
        r"://[^\s:/@\"'<>|?#]{0,80}:((?:(?![\s\"'<>/]|\\[\"n]|\xe2\x94).){3,200})@(?=[a-z0-9\[_.%-])",
        _any_value,
    ),
    _rule(
        "sidekiq-login",
        "://",
        r"://([0-9a-f]{8}:[0-9a-f]{8})@(?:gems|enterprise).contribsys",
        likeness.is_random,
    ),
    _rule(
        "url-user-token", "://", r"://([a-zA-Z0-9_\-.~+=]{20,200})@(?=[a-z0-9\[])", likeness.is_strong_token
    ),
)
