"""How commands print: for people on a terminal, JSON with `--json`; colour only on a terminal, never with NO_COLOR."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_UNSAFE_IN_JSON = "[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
_PROGRESS_FROM_BYTES = 4 * 2**20


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks like the rest: one sentence, exit code 2."""

    def __init__(self, command: str, description: str, examples: Sequence[str]) -> None:
        super().__init__(
            prog=f"cassette {command}",
            description=description,
            epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> Any:
        """Say what is wrong and leave."""
        from cassette.errors import UsageError

        raise UsageError(what=f"{message}. See {self.prog} --help.")


def colour(text: str, name: str, stream: TextIO | None = None) -> str:
    """`text` in a colour, where the stream is a terminal that wants it."""
    stream = stream or sys.stdout
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\x1b[{_COLOURS[name]}m{text}\x1b[m"


def printable(text: str) -> str:
    """Text from a cassette without control characters: nothing recorded may act on the viewer's terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_json(document: Any, *, on_one_line: bool = False) -> None:
    """One JSON document on standard output; what could act on a terminal is escaped in its strings."""
    import json
    import re

    layout: dict[str, Any] = {"separators": (",", ":")} if on_one_line else {"indent": 2}
    narrow = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(document, ensure_ascii=narrow, default=str, **layout)
    write_line(re.sub(_UNSAFE_IN_JSON, lambda found: f"\\u{ord(found.group()):04x}", text))


def write_line(text: str) -> None:
    """One line on standard output; what its encoding cannot say becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def note(text: str) -> None:
    """A remark for the person, on standard error."""
    _tell(f"{text}\n")


def _tell(text: str) -> None:
    """To whoever still listens: a terminal that went away makes good work no failure."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def warn(text: str) -> None:
    """Something that the person should know, on standard error."""
    note(f"{colour('warning:', 'yellow', sys.stderr)} {text}")


class ProgressLine:
    """A line that tells how far long work is; silent where standard error is no terminal, and on short work."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = -1

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is."""
        percent = 100 * done // total if total else 100
        if total < _PROGRESS_FROM_BYTES or percent == self._shown or not sys.stderr.isatty():
            return
        self._shown = percent
        _tell(f"\r{self._what} {min(percent, 100)} %\x1b[K")

    def end(self) -> None:
        """Take the line away."""
        if self._shown >= 0:
            _tell("\r\x1b[K")
