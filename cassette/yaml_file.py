"""YAML, read strictly and in bounds: what a person wrote, with its lines. The one home of PyYAML.

One document, no aliases, no tags, no name twice, a bounded size and depth: little text must not make much work,
and nothing that was written may be dropped in silence. What the values mean is for the reader of each file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from cassette.errors import UsageError
from cassette.given_file import read_given

MAX_FILE_BYTES = 2**20
MAX_DEPTH = 8
MAX_SCALAR = 100
"""Characters of a number or a date; a longer one is text that wants quotes, or an attack."""
_AS_TEXT = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value")

Given: TypeAlias = str | Path


class WrongYaml(Exception):
    """What is wrong in a file, and in which line (from 1); readers turn it into an error of theirs."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


@dataclass(frozen=True, slots=True)
class Node:
    """One value and the line where it stands; for what has a name, the line of the name.

    `value` is a list of nodes, a dict of them by name, or what YAML makes of a scalar, which is written as `raw`.
    """

    line: int
    value: Any
    raw: str = ""

    def plain(self) -> Any:
        """The value without lines: lists, dicts and scalars."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        return self.value


def read_bounded(path: Given, what: str, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file that a person wrote. Raises UsageError when it cannot be read or is too long."""
    try:
        data = read_given(path, limit + 1)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(what=f"cannot read the {what} {path}: {why}. Check the path.") from None
    if len(data) > limit:
        raise UsageError(what=f"the {what} {path} has more than {limit} bytes. Write a shorter one.")
    return data


def parse_yaml(data: bytes | str) -> Node | None:
    """The one document in `data`; None when there is none. Raises WrongYaml."""
    import yaml

    try:
        loader = yaml.SafeLoader(data)
        try:
            return _Builder(loader).document()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise WrongYaml(1 if mark is None else mark.line + 1, f"this is no YAML: {what}.") from None


def quoted_yaml(text: str) -> str:
    """Text as YAML in double quotes on one line, whatever it holds but lone surrogates."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


class _Builder:
    """Makes nodes of PyYAML's events, so that a refusal comes before the work."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def document(self) -> Node | None:
        import yaml

        self._loader.get_event()  # the start of the stream
        if self._loader.check_event(yaml.StreamEndEvent):
            return None
        self._loader.get_event()
        root = self._node(self._loader.get_event(), 0)
        self._loader.get_event()
        if not self._loader.check_event(yaml.StreamEndEvent):
            line = self._loader.peek_event().start_mark.line + 1
            raise WrongYaml(line, "here begins a second document. Write one for each file.")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        import yaml

        line: int = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise WrongYaml(line, "aliases are not taken. Write the value out.")
        if event.tag not in (None, "!"):
            raise WrongYaml(line, f"the tag {event.tag} is not taken. Quote what is text.")
        if isinstance(event, yaml.ScalarEvent):
            return Node(line, self._scalar(event, line), event.value)
        if depth == MAX_DEPTH:
            raise WrongYaml(line, "it is nested too deep. Make it flatter.")
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, self._sequence(depth))
        return Node(line, self._mapping(depth))

    def _sequence(self, depth: int) -> list[Node]:
        import yaml

        nodes = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            nodes.append(self._node(self._loader.get_event(), depth + 1))
        self._loader.get_event()
        return nodes

    def _mapping(self, depth: int) -> dict[str, Node]:
        import yaml

        nodes: dict[str, Node] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            name = self._node(self._loader.get_event(), depth + 1)
            if not isinstance(name.value, str):
                shown = repr(name.raw) if name.raw else "this"
                raise WrongYaml(name.line, f"{shown} is no name. Quote it if it is meant as text.")
            if name.value in nodes:
                raise WrongYaml(name.line, f"{name.value!r} stands there twice. Leave one out.")
            node = self._node(self._loader.get_event(), depth + 1)
            nodes[name.value] = Node(name.line, node.value, node.raw)
        self._loader.get_event()
        return nodes

    def _scalar(self, event: Any, line: int) -> Any:
        import yaml

        tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag in _AS_TEXT:
            return event.value
        if len(event.value) > MAX_SCALAR:
            raise WrongYaml(
                line, f"a value of {len(event.value)} characters is no number. Quote what is text."
            )
        try:
            return self._loader.construct_object(yaml.ScalarNode(tag, event.value))
        except ValueError as error:  # a date with 13 months
            raise WrongYaml(line, f"{error}. Quote what is text.") from None
