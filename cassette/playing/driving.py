"""What every session does with what a driver gives it: checked the same way, refused with the same words."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from cassette.errors import UsageError
from terminal.keys import parse_key


def utf8(text: str) -> bytes:
    """The bytes of text that is typed or pasted. Raises UsageError for lone surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(what=f"this text is no UTF-8: {error.reason}. Send its bytes with send().") from None


def check_keys(keys: Iterable[str]) -> None:
    """Raise UsageError for the first name that is no key's."""
    for key in keys:
        try:
            parse_key(key)
        except ValueError as error:
            raise UsageError(what=str(error)) from None


def signal_name(name: str) -> str:
    """The whole name of a signal: `SIGINT` for `INT` and `sigint`. Raises UsageError for one that is not known."""
    full = name.upper() if name.upper().startswith("SIG") else f"SIG{name.upper()}"
    if full not in signal.Signals.__members__:
        raise UsageError(what=f"there is no signal {name!r}: give a name such as SIGINT or SIGTERM")
    return full


def quoted(text: str) -> str:
    """A text as it stands in a test: in double quotes, where it has no single ones."""
    return '"' + repr(text)[1:-1].replace('"', '\\"') + '"' if "'" not in text else repr(text)
