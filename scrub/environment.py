"""Secrets that are known before a recording begins, and names of people and machines. Names, never values, are kept.

The environment and the files are given as data: nothing is read here.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scrub import likeness
from scrub.forms import LEAST_LENGTH
from scrub.known import KnownValue
from scrub.report import Preserved

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:KEY|TOKEN|SECRET|PASS|PASSWD|PWD|AUTH|CREDENTIALS?|PAT|DSN)S?(?:_|$|\d)"
    r"|PASSWORD|PASSPHRASE|SECRET|TOKEN|APIKEY|CREDENTIAL|PRIVATE_?KEY|_KEY$|KEY_ID$",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(
    r"^(?:PWD|OLDPWD|SSH_AUTH_SOCK|XAUTHORITY|GPG_AGENT_INFO|KEYBOARD\w*|.*_KEY_?(?:FILE|PATH))$"
)
_PATH = re.compile(r"(?:~|\.{1,2})?/(?:[\w.@+-]+/)*[\w.@+-]*\Z")
_TRIVIAL = frozenset(
    ["true", "false", "yes", "no", "on", "off", "none", "null", "auto", "default", "enabled", "disabled"]
)
_LEAST_GUESSED = 4  # characters; a name that merely looks secret does not make a shorter value one
_MAYBE = re.compile(r"(?=\S*[a-zA-Z])(?=\S*\d)(?!\S*://)\S{8,}")
_PLACE = re.compile(
    r"(?:[\w.+-]+@)?[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}(?::\d+)?|localhost:\d+"
)  # a host, an address
_NOT_TAKEN = "neither its name nor its value looks secret: put it on a line of its own, without a name"
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")  # tab, line ends, form feed and ESC are text
_NO_LATIN = re.compile(rb"[\x80-\x9f]")
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+|set\s+)?([\w.-]+)\s*[=:]\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Taken:
    """Known values, and what was left out, by name and reason."""

    values: tuple[KnownValue, ...] = ()
    skipped: tuple[Preserved, ...] = ()

    @property
    def short(self) -> tuple[str, ...]:
        """Origins of the values that are looked for only as whole words."""
        return tuple(value.origin for value in self.values if len(value.value) < LEAST_LENGTH)

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.values + other.values, self.skipped + other.skipped)


def env_allowlist(given: Iterable[str]) -> tuple[str, ...]:
    """The names that a manifest may list: those given on purpose (`NAME` or `NAME=value`), sorted, no values."""
    return tuple(sorted({entry.partition("=")[0] for entry in given} - {""}))


def looks_secret(name: str) -> bool:
    """Does a variable's name say that its value is a secret?"""
    return _SECRET_NAME.search(name) is not None and _HARMLESS_NAME.match(name) is None


def known_from_environment(environment: Mapping[str, str], names: Iterable[str] = ()) -> Taken:
    """Values of the variables that look secret, and of those named, which are taken whatever they are.

    KeyError names a variable that was named and is not set.
    """
    named = set(names)
    if missing := sorted(named - environment.keys()):
        raise KeyError(missing[0])
    values: list[KnownValue] = []
    skipped: list[Preserved] = []
    for name, value in sorted(environment.items()):
        origin = f"environment:{name}"
        if name in named:
            if value.strip():
                values.append(KnownValue(value.encode("utf-8", "surrogateescape"), "environment", origin))
        elif looks_secret(name) and value:
            if reason := _not_a_secret(value):
                skipped.append(Preserved(origin, reason))
            else:
                values.append(KnownValue(value.encode("utf-8", "surrogateescape"), "environment", origin))
    return Taken(tuple(values), tuple(skipped))


def _not_a_secret(value: str) -> str | None:
    if len(value) < _LEAST_GUESSED:
        return f"shorter than {_LEAST_GUESSED} characters"
    if value.lower() in _TRIVIAL:
        return "a plain word"
    if value.isdigit() and len(value) < LEAST_LENGTH:
        return "a number"
    if (
        _PATH.match(value)
        and value.count("/") > 1
        and not likeness.is_strong_token(value.encode().replace(b"/", b""))
    ):
        return "a path"
    return None


def known_from_file(name: str, content: bytes) -> Taken:
    """Secrets from a file that the user names: JSON, KEY=value lines, a key in PEM form, or a secret on each line.

    Names of lines whose values were not taken, and may have been meant, are in `skipped`.
    """
    origin = f"file:{name}"
    content = content.removeprefix(codecs.BOM_UTF8)
    left: list[str] = []
    found = [content.strip()] if b"-----BEGIN " in content else list(_encoded_values(content, left))
    values = {value: KnownValue(value, "secret-file", origin) for value in found if value.strip()}
    skipped = [Preserved(f"{origin}:{key}", _NOT_TAKEN) for key in dict.fromkeys(left)]
    if not values:
        skipped.insert(0, Preserved(origin, "no secret found in it"))
    return Taken(tuple(values.values()), tuple(skipped))


def is_binary(content: bytes) -> bool:
    """Is it no text: does it hold a control byte that none has, or in something else than UTF-8 one of Latin-1?"""
    if _NO_TEXT.search(content):
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return _NO_LATIN.search(content) is not None
    return False


def _encoded_values(content: bytes, left: list[str]) -> Iterator[bytes]:
    """The values as UTF-8; those of a file in Latin-1 in both, since a program may write either."""
    try:
        text, is_latin = content.decode(), False
    except UnicodeDecodeError:
        text, is_latin = content.decode("latin-1"), True
    for value in _values(text, left):
        yield value.encode("utf-8", "surrogatepass")
        if is_latin and all(letter <= "\xff" for letter in value):
            yield value.encode("latin-1")


def _values(text: str, left: list[str]) -> Iterator[str]:
    try:
        document = json.loads(text)
    except ValueError:
        yield from _line_values(text, left)
        return
    if isinstance(document, dict | list):
        yield from _json_values(document, "")
    else:
        yield str(document)


def _json_values(value: object, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _json_values(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _json_values(inner, name)
    elif isinstance(value, str) and len(value) >= _LEAST_GUESSED and _not_a_secret(value) is None:
        yield from [value] if looks_secret(name) or likeness.is_random(value.encode(), 2) else []


def _line_values(text: str, left: list[str]) -> Iterator[str]:
    lines = [
        line.strip()
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith(("#", ";", "["))
    ]
    for line in lines:
        assignment = _ASSIGNMENT.match(line)
        if assignment is None or (len(lines) == 1 and "://" in line.partition("=")[0]):
            yield line
            continue
        value = assignment[2].strip("\"'")
        if looks_secret(assignment[1]) or likeness.is_token(value.encode()) or _may_be_secret(value):
            yield value
        elif len(value) >= LEAST_LENGTH:
            left.append(assignment[1])


def _may_be_secret(value: str) -> bool:
    """In a file that was named for its secrets: letters and digits, and no path, address or link."""
    return bool(_MAYBE.fullmatch(value)) and not _PATH.match(value) and not _PLACE.fullmatch(value)
