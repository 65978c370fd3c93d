"""JSON whose values know where they stand in the text, and short paths into it (`models[*].slug`). Pure.

A path has names joined by dots, `[*]` for each item of a list, `[2]` for one, `*` for each value of an object,
`["a name"]` for a name with other characters, and `@key` for the name under which a value stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any, TypeAlias

Step: TypeAlias = str | int
MAX_DEPTH = 64
_STEP = re.compile(r'\.?(?:(?P<name>[A-Za-z0-9_$-]+)|\["(?P<quoted>[^"]+)"\]|\[(?P<number>\d{1,9})\]|'
                   r"(?P<each>\[\*\])|(?P<values>\*)|(?P<key>@key\Z))")  # fmt: skip
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null', re.S)
_SPACE = re.compile(r"\s*")
_DECODER = JSONDecoder()


class WrongPath(ValueError):
    """A path that is none; the message says where."""


@dataclass(frozen=True, slots=True)
class Path:
    """The steps of a path; names are tagged, so that a name `*` is not every value."""

    steps: tuple[tuple[str, Step], ...]


@dataclass(frozen=True, slots=True)
class Located:
    """A value, and from where to where it stands in the text (a string with its quotes).

    `value` is a scalar, a list of these, or a dict of them by name; `key` is the place of its own name.
    """

    value: Any
    start: int
    end: int
    key: Located | None = None

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {name: item.plain() for name, item in self.value.items()}
        return self.value


def parse_path(text: str) -> Path:
    """The steps of a path; none of an empty one. Raises WrongPath."""
    steps: list[tuple[str, Step]] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if not found or (found[0].startswith(".") and (at == 0 or found[0] == ".")):
            raise WrongPath(f"{text!r} is no path from character {at + 1} on. Write it as models[*].name.")
        if not found[0].startswith((".", "[")) and at:
            raise WrongPath(f"{text!r} lacks a dot at character {at + 1}. Write it as models[*].name.")
        kind = found.lastgroup or "name"
        value: Step = int(found["number"]) if kind == "number" else found[kind]
        steps.append(("name" if kind == "quoted" else kind, value))
        at = found.end()
    return Path(tuple(steps))


def find_all(root: Located, path: str) -> Iterator[Located]:
    """Every value to which a path leads, in order."""
    yield from _walk(root, parse_path(path).steps)


def _walk(value: Located, steps: Sequence[tuple[str, Step]]) -> Iterator[Located]:
    if not steps:
        yield value
        return
    (kind, step), rest = steps[0], steps[1:]
    inner = value.value
    if kind == "key":
        if value.key is not None:
            yield value.key
    elif kind == "each" and isinstance(inner, list):
        for item in inner:
            yield from _walk(item, rest)
    elif kind == "values" and isinstance(inner, dict):
        for item in inner.values():
            yield from _walk(item, rest)
    elif kind == "name" and isinstance(inner, dict):
        if step in inner:
            yield from _walk(inner[step], rest)
    elif isinstance(inner, list) and isinstance(step, int) and step < len(inner):
        yield from _walk(inner[step], rest)


def parse_json(text: str, start: int = 0) -> Located:
    """The JSON value that stands at `start` of a text; what follows it is not looked at. Raises ValueError."""
    return _value(text, _skip(text, start), 0)


def _value(text: str, at: int, depth: int) -> Located:
    if depth > MAX_DEPTH:
        raise ValueError(f"JSON nested deeper than {MAX_DEPTH}")
    opening = text[at : at + 1]
    if opening == "[":
        return _list(text, at, depth)
    if opening == "{":
        return _object(text, at, depth)
    found = _SCALAR.match(text, at)
    if not found:
        raise ValueError(f"no JSON value at character {at}")
    try:
        return Located(_DECODER.decode(found[0]), at, found.end())
    except JSONDecodeError as error:
        raise ValueError(f"no JSON value at character {at}: {error.msg}") from None


def _list(text: str, start: int, depth: int) -> Located:
    items: list[Located] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        items.append(_value(text, at, depth + 1))
        at = _next(text, items[-1].end, "]")
    return Located(items, start, at + 1)


def _object(text: str, start: int, depth: int) -> Located:
    members: dict[str, Located] = {}
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        key = _value(text, at, depth + 1)
        if not isinstance(key.value, str):
            raise ValueError(f"no name at character {at}")
        at = _skip(text, key.end)
        if text[at : at + 1] != ":":
            raise ValueError(f"no colon at character {at}")
        value = _value(text, _skip(text, at + 1), depth + 1)
        members[key.value] = Located(value.value, value.start, value.end, key)
        at = _next(text, value.end, "}")
    return Located(members, start, at + 1)


def _next(text: str, at: int, closing: str) -> int:
    """Behind the comma that follows an item, or at the closing bracket."""
    at = _skip(text, at)
    if text[at : at + 1] == closing:
        return at
    if text[at : at + 1] != ",":
        raise ValueError(f"no comma at character {at}")
    at = _skip(text, at + 1)
    if text[at : at + 1] == closing:
        raise ValueError(f"no value behind the comma at character {at}")
    return at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
