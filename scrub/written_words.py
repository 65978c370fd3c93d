"""The rules for words that announce a secret: assignments, table cells, flags, sentences. Written out.

How random a value must be depends on the word before it: after `password` hardly, after `key` very.
"""

from __future__ import annotations

from string import ascii_lowercase

from scrub import likeness
from scrub.rules import Judge, Rule, compile_pattern
from scrub.written import decoded

_SOURCE = "how programs print secrets"
_BAR = r"\xe2\x94[\x82\x83]"
# The end of a name, quotes, an operator, quotes. No line end in between: another line is another matter.
_NAME_END = r"(?:s\b|[A-Z0-9]\w{0,24})?+(?:[_.\-\[][\w.\[\]-]{0,24})?+(?:[ \t]{1,2}[\w\[\]()-]{1,16}){0,3}"
_OPERATOR = rf"(?:=>|->|=|%3d|>|:{{1,3}}=?|\|{{1,2}}|\?=|\+=|,(?=[ \t]{{0,3}}\\?[\"'])|{_BAR})"
_POINTER = r"\xe2\x80\xba|\xc2\xbb|\xe2\x9d\xaf"  # › » ❯, where a program asks
_TAG = r"(?:![\w!/:.-]{0,40}[ \t]{1,4}|[bfru]{1,2}(?=[\"']))?"  # !vault in YAML, b"…" in Python
_QUOTE = r"\\{0,7}[\"'`]"  # in JSON, in a string of JSON, in a string of that
_TYPE = r"(?:(?:String::from|Some|SecretStr(?:ing)?(?:::(?:new|from))?|Secret::new|new String)\((?=[\"']))?"
_TO_VALUE = (
    rf"{_NAME_END}(?:{_QUOTE}|[ \t)\]]){{0,12}}{_OPERATOR}(?:{_QUOTE}|[ \t=(\[]|{_POINTER}){{0,12}}"
    rf"{_TYPE}{_TAG}[\"'`]?"
)
_TOKEN = r"([a-zA-Z0-9_\-.~+/=%!:]{8,512}+)(?!\()"
# Up to a blank, a quote, an angle, a table's border; a comma or closing bracket ends it only at the end of a word.
# The group is atomic: a possessive repeat with a look-ahead in it takes too much before Python 3.11.5.
PASSWORD = (
    r"((?>(?:[^\s\x00-\x1f\x7f\"'`<>\\,;)\]}\xe2]{1,128}+|\\(?!\\{0,6}[\"'`]|[nr])|[,;)\]}](?!\s|\x1b|$)"
    r"|\xe2(?![\x94\x95])){1,32}))"
)

_ABROAD = "passwort|kennwort|mot de passe|contrase\u00f1a|senha|wachtwoord|has\u0142o|l\u00f6senord"
_ABROAD += "|\u043f\u0430\u0440\u043e\u043b\u044c"
_ABROAD += "|\u5bc6\u7801|\u5bc6\u78bc|\u30d1\u30b9\u30ef\u30fc\u30c9|\ube44\ubc00\ubc88\ud638"
_PASSWORDS = (
    r"(?:passw(?:or)?d|passphrase|passcode|pwd|pswd|secret|psk|(?:[_-]|(?<![a-z<])(?!(?-i:PASS): ))pass(?![a-z])"
    rf"|credentials?|(?<![a-z])pw|{_ABROAD.encode().decode('latin-1')}"
    r"|(?:recovery|unlock|backup|activation|pairing)[_ -]?(?:code|phrase|key))"
)
_PASSWORD_ANCHORS = (
    "psk¦pass¦pwd¦pswd¦secret¦credential¦pw:¦pw=¦pw =¦pw :¦recovery¦unlock¦backup c¦backup p¦backup k¦activation"
    f"¦pairing¦{_ABROAD.replace('|', '¦')}"
)
_TOKENS = (
    r"(?:token|secret|api[_. -]?key|access[_. -]?key(?:[_. -]?id)?|auth[_. -]?token|connection[_. -]?string"
    r"|(?:secret|private|account|encryption|signing|master|licen[sc]e|session|consumer|storage|service|app|shared|auth"
    r"|client|deploy|subscription)[_. -]?(?:access[_. -]?)?(?:key|secret|token|code)"
    r"|creds|_key|_(?:pat|auth|pass)(?![a-z]))"
)
_TOKEN_ANCHORS = (
    "token¦secret¦api_key¦apikey¦api-key¦api key¦api.key¦access_key¦accesskey¦access key¦access-key¦privatekey"
    "¦private_key¦private-key¦accountkey¦account_key¦encryption_key¦encryptionkey¦signing_key¦signingkey¦master_key"
    "¦masterkey¦license_key¦licensekey¦licence_key¦session_key¦sessionkey¦consumer_key¦consumerkey¦storage_key"
    "¦storagekey¦service_key¦servicekey¦app_key¦appkey¦sharedaccesskey¦shared_key¦auth_key¦authkey¦auth-key¦authcode"
    "¦auth_code¦client_key¦deploy_key¦subscription-key¦subscription_key¦creds¦connection_string¦connectionstring"
    "¦_key¦_pat¦_auth¦_pass"
)
_WEAK = (
    r"(?:key|auth|api|access|session(?:id)?|sess|sid|cookie|jwt|csrf|xsrf|otp|hmac|seed|psk"
    r"|credentials?)"
)
_WEAK_ANCHORS = "key¦auth¦api¦access¦sess¦sid¦cookie¦jwt¦csrf¦xsrf¦otp¦hmac¦seed¦psk"


# A name, and its value in an object of its own or in a later field of the same one: settings, outputs, stores.
_FIELD = (
    rf"(?:{_QUOTE})?\w{{1,24}}(?:{_QUOTE})?[ \t]{{0,8}}[:=][ \t]{{0,8}}[^\r\n{{}},]{{0,80}}"
    r"(?:,|(?=[\r\n]))[ \t\r\n]{0,60}"
)
_TO_FIELD = (
    rf"{_NAME_END}(?:{_QUOTE})?[ \t)]{{0,4}}(?:[:=][ \t]{{0,4}})?[{{,][ \t\r\n]{{0,60}}(?:{_FIELD}){{0,3}}?"
    rf"(?:{_QUOTE})?(?:value|default|plaintext|secret_?string|secret)(?:{_QUOTE})?[ \t]{{0,8}}[:=][ \t]{{0,8}}{_QUOTE}"
)
_NO_PASSPHRASE = frozenset(
    b"password passwd passphrase pass secret user username name token key value here not none null missing required"
    b" optional hidden field input form file path env var default reset change new old the your this".split()
)


def _rule(name: str, anchors: str, expression: str, accept: Judge) -> Rule:
    return Rule(
        name=name,
        tier="context",
        anchors=tuple(anchor.encode() for anchor in anchors.split("¦")),
        pattern=compile_pattern(expression, fold=True),
        accept=accept,
        source=_SOURCE,
        folded=True,
        reach=1024,
    )


def _is_docker_auth(value: bytes) -> bool:
    plain = decoded(value)
    return plain is not None and b":" in plain[1:] and plain.isascii() and plain.decode().isprintable()


def _is_cell(value: bytes) -> bool:
    """What stands behind a word without any operator: a sentence goes on in words, a secret does not."""
    if not likeness.is_token(value) or not any(48 <= byte <= 57 for byte in value):
        return False
    return len(value) >= 16 or (len(value) >= 12 and likeness.has_all_cases(value))


def _is_marked_token(value: bytes) -> bool:
    """A token with marks in it that no token of a provider has."""
    return (
        len(value) >= 12
        and b"." not in value
        and likeness.is_password(value)
        and likeness.entropy(value) >= 3.2
    )


def _is_flag_value(value: bytes) -> bool:
    return not value.startswith((b"-", b"sha256//")) and likeness.is_password(value)


def is_bare_password(value: bytes) -> bool:
    """What stands behind the word without an operator, or far behind it: a mixture that no text has."""
    return (
        len(value) >= 8
        and likeness.is_password(value)
        and any(48 <= byte <= 57 for byte in value)
        and (likeness.has_letters_of_both_cases(value) or likeness.has_inner_mark(value))
        and not likeness.is_made_of_words(value, 0.5)
    )


def _is_passphrase(value: bytes) -> bool:
    """Words joined as a person joins them for a password, not as a document says where one would be."""
    words = value.lower().split(b"-")
    return not likeness.is_placeholder(value) and len(set(words)) >= 3 and not _NO_PASSPHRASE & set(words)


WORD_RULES = (
    _rule(
        "passphrase",
        "password¦passwd¦passphrase",
        r"(?:password|passwd|passphrase)(?:\\?[\"'])?[ \t]{0,3}[:=][ \t]{0,3}(?:\\?[\"'])?"
        r"((?:[a-z]{3,12}-){2,9}[a-z]{3,12}(?:-?[0-9]{1,4})?)(?![\w(/@-]|[.:][\w/])",
        _is_passphrase,
    ),
    _rule("password", _PASSWORD_ANCHORS, rf"{_PASSWORDS}{_TO_VALUE}{PASSWORD}", likeness.is_password),
    _rule("token", _TOKEN_ANCHORS, rf"{_TOKENS}{_TO_VALUE}{_TOKEN}", likeness.is_token),
    _rule(
        "key", _WEAK_ANCHORS, rf"(?<![a-z]){_WEAK}(?!or|n[t]){_TO_VALUE}{_TOKEN}", likeness.is_strong_token
    ),
    _rule(
        "key-in-sentence",
        "key ¦token ¦secret ¦password ¦passphrase ¦passcode ",
        r"(?:key|token|secret|password|passphrase|passcode)s?"
        r"(?:[ \t](?:is|was|provided|used|value|id|for \S{1,30}|set to|changed to|now|generated|created))?[:=]?"
        rf"(?:[ \t.:]|\xe2\x80[\xba\xa6]|\xc2\xbb|\xe2\x9d\xaf){{1,40}}+[\"'(\[`<]?{_TOKEN}",
        _is_cell,
    ),
    _rule(
        "password-behind-word",
        "password¦passwd¦passphrase¦passcode¦passwort",
        r"(?:password|passwd|passphrase|passcode|passwort)[ \t]{1,16}(?:to[ \t]{1,4})?[\"'(\[`<]?" + PASSWORD,
        is_bare_password,
    ),
    _rule(
        "password-in-sentence",
        "password¦passwd¦passphrase¦passcode",
        r"(?:password|passwd|passphrase|passcode)(?:[^\r\n:=.]|\.(?! )){1,60}(?:[:=]|[ \t]is)[ \t]{1,4}[\"'(\[`<]?"
        + PASSWORD,
        is_bare_password,
    ),
    _rule(
        "password-in-sentence",
        "password to¦password for¦this password¦default credentials¦with credentials¦password now",
        r"(?:password|credentials)[^\r\n]{0,40}?(?:[:=]|[ \t]/)[ \t]{1,4}(?:[\w.@-]{1,40}[ \t]{1,3}/[ \t]{1,3})?"
        r"[\"'(\[`<]?" + PASSWORD,
        is_bare_password,
    ),
    _rule(
        "sql-password",
        "identified by¦identified with¦password '¦password \"",
        r"(?:identified(?:[ \t]{1,3}with[ \t]{1,3}\S{1,40})?[ \t]{1,3}(?:by|as)|password)[ \t]{1,3}"
        r"(?:password[ \t]{1,3})?[\"']" + PASSWORD + r"[\"']",
        likeness.is_password,
    ),
    _rule(
        "token-behind-name",
        "token ¦secret ¦key ¦token\t¦secret\t¦key\t",
        r"(?:token|secret|key)[ \t]{1,16}[\"'(\[`<]?" + _TOKEN,
        lambda value: likeness.is_strong_token(value) or _is_cell(value),
    ),
    _rule(
        "password-in-sentence",
        "password",
        rf"password(?:[ \t](?:is|was|set to|changed to|for \S{{1,30}}))[:=]?[ \t]{{1,3}}[\"'(\[`<]?{PASSWORD}",
        likeness.is_password,
    ),
    _rule(
        "name-and-value",
        "password¦token¦secret¦key¦credential",
        r"(?:password|token|secret|key|credentials?)\w{0,16}\\?[\"']?[ \t\r\n,]{0,16}\\?[\"']?value\\?[\"']?"
        rf"[ \t]{{0,4}}[:=][ \t]{{0,4}}\\?[\"']?{PASSWORD}",
        likeness.is_password,
    ),
    _rule("password", _PASSWORD_ANCHORS, rf"{_PASSWORDS}{_TO_FIELD}{PASSWORD}", likeness.is_password),
    _rule("token", _TOKEN_ANCHORS, rf"{_TOKENS}{_TO_FIELD}{_TOKEN}", likeness.is_token),
    _rule(  # a block in YAML
        "password",
        _PASSWORD_ANCHORS,
        rf"{_PASSWORDS}\w{{0,24}}(?:{_QUOTE})?:[ \t]{{1,4}}[|>][+-]?[ \t]{{0,8}}\r?\n[ \t]{{1,40}}{PASSWORD}(?=\s|$)",
        likeness.is_password,
    ),
    _rule(  # a call
        "password",
        "password(¦password (¦passphrase(¦secret(¦apikey(¦api_key(",
        rf"(?:password|passphrase|secret|api_?key)[ \t]?\([ \t]?[\"']{PASSWORD}[\"'][ \t]?\)",
        is_bare_password,
    ),
    _rule(
        "seed-phrase",
        "mnemonic¦seed phrase¦seed_phrase¦seedphrase¦recovery phrase¦recovery_phrase",
        rf"(?:mnemonic|(?:seed|recovery)[ _]?phrase)\w{{0,16}}(?:{_QUOTE})?(?:[ \t]is)?[ \t]{{0,4}}[:=]?"
        rf"[ \t\r\n]{{0,8}}(?:{_QUOTE})?((?:[a-z]{{3,8}}[ ,]{{1,2}}){{11,23}}[a-z]{{3,8}})(?![a-z])",
        lambda value: len(set(value.split())) >= 8,
    ),
    _rule(
        "token-with-marks",
        _TOKEN_ANCHORS,
        rf"{_TOKENS}{_TO_VALUE}{PASSWORD}",
        _is_marked_token,
    ),
    _rule(
        "passphrase-argument",
        "pass:",
        rf"(?<=[ =])pass:{PASSWORD}",
        likeness.is_password,
    ),
    _rule(
        "logged-in-with",
        "logged in¦signed in¦authenticated¦login",
        rf"(?:logged in|signed in|authenticated|login)[^(\r\n]{{0,20}}\({_TOKEN}\)",
        _is_cell,
    ),
    _rule(
        "flag",
        "¦".join(f"--{letter}" for letter in ascii_lowercase),  # rules of dashes are many
        r"--?[a-z][\w-]{0,30}?(?:password|passwd|passphrase|pass|pwd|secret|credentials?|token|api-?key|access-?key|auth|key)"
        rf"(?:-value|-id|-text)?(?:[ \t]{{1,8}}|=)[\"'`]?{PASSWORD}",
        _is_flag_value,
    ),
    _rule(
        "flag",
        "--pass¦--pwd¦--token¦--secret¦--api¦--auth¦--key¦--cred",
        r"--(?:password|passwd|passphrase|pass|pwd|secret|credentials?|token|api-?key|auth|key)"
        rf"(?:[ \t]{{1,8}}|=)[\"'`]?{PASSWORD}",
        _is_flag_value,
    ),
    _rule(
        "user-and-password",
        "-u ¦-u=¦--user ¦--user=¦--proxy-user ¦-u\"¦-u'",
        rf"(?:-u|--(?:proxy-)?user)(?:[ \t]{{1,3}}|=)?[\"']?[^\s:\"'/]{{1,80}}:{PASSWORD}",
        lambda value: len(value) >= 4 and likeness.is_url_password(value) and not value.startswith(b"//"),
    ),
    _rule(
        "netrc-password",
        "password ",
        rf"(?<=\s)password[ \t]{{1,8}}{PASSWORD}",
        lambda value: likeness.is_password(value) and len(value) >= 8,
    ),
    _rule(
        "docker-auth",
        '"auth"¦\\"auth\\"',
        r"\"auth\\?\"[ \t]{0,3}:[ \t]{0,3}\\?\"([a-zA-Z0-9+/]{8,400}={0,2})\\?\"",
        _is_docker_auth,
    ),
    _rule(
        "xml-password",
        "password",
        rf"password[\"'][ \t]{{1,4}}value[ \t]?=[ \t]?[\"']{PASSWORD}",
        lambda value: len(value) >= 6 and not likeness.is_placeholder(value),
    ),
    _rule(
        "pgpass",
        ":5432:¦:6432:¦:3306:",
        rf":(?:5432|6432|3306):[\w*.-]{{1,60}}:[\w*.-]{{1,60}}:{PASSWORD}",
        likeness.is_password,
    ),
    _rule(
        "connection-string",
        "accountkey=¦sharedaccesskey=¦sharedaccesssignature=¦;password=¦;pwd=¦secret=",
        r"(?:accountkey|sharedaccesskey|sharedaccesssignature|password|pwd|secret)=([^;\s\"'<>]{6,400})",
        lambda value: likeness.is_password(value) or likeness.is_token(value),
    ),
)
