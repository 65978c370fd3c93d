"""What a mapping of a spec holds, taken by name and type; whatever nobody knows is refused, with its line.

No field is dropped in silence, no value is bent into another type: what a person wrote is what is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from cassette.errors import UsageError
from cassette.near_names import hint
from cassette.yaml_file import Node, WrongYaml

MAX_NUMBER = 2**53 - 1


class CouldNotFail(Exception):
    """An assertion that says nothing about this cassette: the spec is wrong, whatever the program did."""


class Fields:
    """The fields of one mapping. `what` names it in messages; a bare value means the field `short`."""

    def __init__(self, node: Node, what: str, known: Sequence[str], short: str = "") -> None:
        self.what = what
        self.line = node.line
        self._known = known
        if isinstance(node.value, dict):
            self._nodes: dict[str, Node] = node.value
        elif short and node.value is not None:
            self._nodes = {short: node}
        else:
            raise WrongYaml(node.line, f"{what} needs {_listed(known)}.")
        for name, value in self._nodes.items():
            if name not in known:
                raise WrongYaml(value.line, f"{what} does not know {name!r}. {hint(name, known)}")

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def wrong(self, why: str, name: str = "") -> NoReturn:
        """Refuse the field `name`, or all of them. Raises WrongYaml."""
        line = self._nodes[name].line if name in self._nodes else self.line
        raise WrongYaml(line, f"{self.what}: {why}")

    def names(self, among: Sequence[str]) -> list[str]:
        """Which of these are given."""
        return [name for name in among if name in self._nodes]

    def only(self, among: Sequence[str]) -> str | None:
        """Which one of these is given; None when none is. Two are refused."""
        given = self.names(among)
        if len(given) > 1:
            self.wrong(f"it takes one of {_listed(given)}, not both. Leave one out.", given[1])
        return given[0] if given else None

    def need(self, *names: str) -> str:
        """Which one of these is given; one must be."""
        name = self.only(names)
        if name is None:
            self.wrong(f"it needs {_listed(names)}.")
        return name

    def node(self, name: str) -> Node:
        """A field that is there, as it stands."""
        return self._nodes[name]

    def nodes(self, name: str) -> list[Node]:
        """A list that has something in it."""
        value = self._nodes[name].value
        if not isinstance(value, list) or not value:
            self.wrong(f"{name} is a list with at least one entry.", name)
        return value

    def text(self, name: str) -> str | None:
        """A text; None when it is not given."""
        if name not in self._nodes:
            return None
        value = self._nodes[name].value
        if not isinstance(value, str):
            self.wrong(
                f"{name} is a text, and {_shown(self._nodes[name])} is none. Quote what is text.", name
            )
        return value

    def flag(self, name: str) -> bool | None:
        """True or false."""
        if name not in self._nodes:
            return None
        value = self._nodes[name].value
        if not isinstance(value, bool):
            self.wrong(f"{name} is true or false, not {_shown(self._nodes[name])}.", name)
        return value

    def integer(self, name: str, low: int = 0, high: int = MAX_NUMBER) -> int | None:
        """A whole number in these bounds."""
        if name not in self._nodes:
            return None
        value = self._nodes[name].value
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            bounds = f"from {low} on" if high == MAX_NUMBER else f"from {low} to {high}"
            self.wrong(f"{name} is a whole number {bounds}, not {_shown(self._nodes[name])}.", name)
        return value

    def choice(self, name: str, among: Sequence[str]) -> str | None:
        """One of these words."""
        value = self.text(name)
        if value is not None and value not in among:
            self.wrong(f"{name} cannot be {value!r}. {hint(value, among)}", name)
        return value

    def time(self, name: str) -> int | None:
        """A moment or a duration in milliseconds."""
        return time_of(self._nodes[name], self.what, name) if name in self._nodes else None


def time_of(node: Node, what: str, name: str) -> int:
    """Milliseconds of `1.5`, `1500ms` or `1:02.5`, as it was written. Raises WrongYaml."""
    from cassette.reading.moments import parse_time

    if isinstance(node.value, str | int | float) and not isinstance(node.value, bool):
        try:
            return parse_time(node.raw, f"{what}: {name}")
        except UsageError as error:
            raise WrongYaml(node.line, str(error)) from None
    raise WrongYaml(node.line, f"{what}: {name} is a time, such as 1.5, 1500ms or 1:02.5.")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _shown(node: Node) -> str:
    if isinstance(node.value, list | dict):
        return "a list" if isinstance(node.value, list) else "a mapping"
    return node.raw[:40] or "nothing"
