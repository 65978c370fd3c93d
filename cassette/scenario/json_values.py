"""Paths into JSON, and what is asked of the value there. Pure.

A path is names and indices: `windows[0].used`, `usage["total tokens"]`, `items[-1]`; a leading `$` may stand there.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cassette.scenario.fields import Fields
from cassette.scenario.texts import compiled
from cassette.viewing.picture import plain
from cassette.yaml_file import Node, WrongYaml

Path: TypeAlias = tuple[str | int, ...]
CONDITIONS = ("equals", "contains", "regex", "min", "max", "exists")
_STEP = re.compile(
    r"""(?P<dot>\.)?(?:(?P<name>[^\s.\[\]"'$]+)|\[(?:(?P<index>-?\d{1,9})|(?P<quoted>"(?:[^"\\]|\\.)*"))\])""",
    re.ASCII,
)
_SHOWN = 200
_VERBS = {"equals": "is", "contains": "contains", "min": "is at least", "max": "is at most"}


class NotThere(Exception):
    """A path leads nowhere; the message says where it ends."""


def parse_path(text: str) -> Path:
    """The steps of a path. Raises ValueError."""
    rest = text.removeprefix("$")
    steps: list[str | int] = []
    position = 0
    while position < len(rest):
        found = _STEP.match(rest, position)
        if found is None or not _follows(found, is_first=not steps and not text.startswith("$")):
            raise ValueError(f'{plain(text)!r} is no path. Write it as windows[0].used or ["odd name"].used.')
        if found["name"] is not None:
            steps.append(found["name"])
        else:
            steps.append(int(found["index"]) if found["index"] else json.loads(found["quoted"]))
        position = found.end()
    return tuple(steps)


def _follows(step: re.Match[str], *, is_first: bool) -> bool:
    """A name has a dot before it, but for the first; an index has none."""
    return (step["dot"] is None) == is_first if step["name"] else step["dot"] is None


def path_words(path: Path) -> str:
    """A path as it may be written."""
    words = ""
    for step in path:
        if isinstance(step, int):
            words += f"[{step}]"
        elif (found := _STEP.fullmatch(step)) and found["name"] == step:
            words += f".{step}" if words else step
        else:
            words += f"[{json.dumps(step)}]"
    return words or "$"


def value_at(document: Any, path: Path) -> Any:
    """What stands at a path. Raises NotThere."""
    value = document
    for number, step in enumerate(path):
        parent = path_words(path[:number])
        if isinstance(step, int):
            if not isinstance(value, list | tuple):
                raise NotThere(f"{parent} is no list")
            if not -len(value) <= step < len(value):
                raise NotThere(f"{parent} has {len(value)} entries")
        elif not isinstance(value, Mapping):
            raise NotThere(f"{parent} is no object")
        elif step not in value:
            raise NotThere(f"{parent} has no {step!r}")
        value = value[step]
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON: true is not 1, 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def json_words(value: Any) -> str:
    """A value as JSON on one line, cut where it is long."""
    text = plain(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of the value at a path."""

    path: Path
    asked: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        return (
            f"{path_words(self.path)} {' and '.join(_asked_words(name, value) for name, value in self.asked)}"
        )

    def wrong(self, document: Any) -> str:
        """What is not as asked; empty when all is."""
        absent = self.asked == (("exists", False),)
        try:
            value = value_at(document, self.path)
        except NotThere as why:
            return "" if absent else str(why)
        if absent or not all(_holds(value, name, wanted) for name, wanted in self.asked):
            return f"{path_words(self.path)} is {json_words(value)}"
        return ""


def read_condition(fields: Fields, path: Path) -> Condition:
    """The conditions that stand beside a path; that it exists, when there are none."""
    names = fields.names(CONDITIONS)
    asked = tuple((name, _read(fields, name)) for name in names)
    if len(asked) > 1 and set(names) != {"min", "max"}:
        fields.wrong(
            f"it takes one of {', '.join(CONDITIONS)}, or min and max. Leave the others out.", names[1]
        )
    if set(names) == {"min", "max"} and asked[0][1] > asked[1][1]:
        fields.wrong(
            f"no number is from {asked[0][1]} to {asked[1][1]}. Give a max that is not below min.", "max"
        )
    return Condition(path, asked or (("exists", True),))


def read_path(fields: Fields, name: str = "path") -> Path:
    """A path; all of the document, when none is given."""
    text = fields.text(name)
    if text is None:
        return ()
    try:
        return parse_path(text)
    except ValueError as error:
        fields.wrong(str(error), name)


def json_of(node: Node, what: str) -> Any:
    """A value of JSON as YAML has it; dates and the like are none."""
    value = node.plain()
    _check_json(value, node.line, what)
    return value


def _check_json(value: Any, line: int, what: str) -> None:
    if isinstance(value, list):
        for each in value:
            _check_json(each, line, what)
    elif isinstance(value, dict):
        for each in value.values():
            _check_json(each, line, what)
    elif not (value is None or isinstance(value, str | int)) and not _is_finite(value):
        raise WrongYaml(line, f"{what}: {value} is no value of JSON. Quote what is text.")


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _read(fields: Fields, name: str) -> Any:
    node = fields.node(name)
    if name == "exists":
        return fields.flag(name)
    if name == "regex":
        return compiled(fields)
    value = json_of(node, f"{fields.what}: {name}")
    if name in ("min", "max") and (isinstance(value, bool) or not isinstance(value, int | float)):
        fields.wrong(f"{name} is a number, not {json_words(value)}.", name)
    if name == "contains" and value == "":
        fields.wrong(
            "every text has the empty text in it, so it could not fail. Say what must be there.", name
        )
    return value


def _holds(value: Any, name: str, wanted: Any) -> bool:
    if name == "exists":
        return True
    if name == "equals":
        return same(value, wanted)
    if name == "contains":
        if isinstance(value, str):
            return isinstance(wanted, str) and wanted in value
        return isinstance(value, list | tuple) and any(same(each, wanted) for each in value)
    if name == "regex":
        return isinstance(value, str) and wanted.search(value) is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(value >= wanted if name == "min" else value <= wanted)


def _asked_words(name: str, value: Any) -> str:
    if name == "exists":
        return "is there" if value else "is not there"
    if name == "regex":
        return f"matches {value.pattern!r}"
    return f"{_VERBS[name]} {json_words(value)}"
