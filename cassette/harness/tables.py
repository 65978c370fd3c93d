"""Tables of an adapter, taken by name and type; whatever nobody knows is refused, with the path of its key.

No key is dropped in silence, no value is bent into another type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from cassette.near_names import hint

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
"""What may name a harness, a probe or a capture: it becomes a part of paths and of marks."""
MAX_ITEMS = 1000


class WrongTable(Exception):
    """What is wrong, and the path of the key where it stands (`probes[2].steps[0]`)."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.where = where
        self.why = why


class Table:
    """One table. Take what is known of it, then call `done()`: what is left over is refused."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise WrongTable(where, f"it is {_kind(value)}, and a table is wanted.")
        self.where = where
        self._left: dict[str, Any] = dict(value)
        self._known: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def wrong(self, why: str, name: str = "") -> NoReturn:
        """Refuse the key `name`, or all of the table. Raises WrongTable."""
        raise WrongTable(self.path(name), why)

    def path(self, name: str = "") -> str:
        """The path of a key of this table."""
        return ".".join(part for part in (self.where, name) if part)

    def done(self) -> None:
        """Refuse what nobody has taken."""
        for name in self._left:
            self.wrong(f"this key is not known. {hint(name, sorted(self._known))}", name)

    def missing(self, name: str, wanted: str) -> NoReturn:
        """Refuse a table that lacks a key; one that is there and nearly has its name is pointed at."""
        near = get_close_matches(name, self._left, 1)
        todo = f"There is {near[0]!r}, which is not known." if near else wanted
        self.wrong(f"{name} is missing. {todo}")

    def raw(self, name: str) -> Any:
        """A value as it stands; None when it is not there."""
        self._known.append(name)
        return self._left.pop(name, None)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; needed where there is no default."""
        value = self.raw(name)
        if value is None:
            if default is None:
                self.missing(name, "Give a text.")
            return default
        if not isinstance(value, str):
            self.wrong(f"it is {_kind(value)}, and a text is wanted.", name)
        if not value and default is None:
            self.wrong("it is empty. Give a text.", name)
        return value

    def optional_text(self, name: str) -> str | None:
        """A text, or None."""
        return self.text(name) if name in self else self.raw(name)

    def name(self, name: str = "name") -> str:
        """A text that can stand in a path."""
        value = self.text(name)
        if not NAME.match(value):
            self.wrong(f"{value!r} is no name: letters, digits, dots, - and _, at most 64.", name)
        return value

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of a few texts."""
        value = self.text(name, default)
        if value not in choices:
            self.wrong(f"{value!r} is none of {', '.join(choices)}.", name)
        return value

    def texts(self, name: str, *, single: bool = False) -> tuple[str, ...]:
        """A list of texts, none by default; with `single`, one text stands for a list of it."""
        value = self.raw(name)
        if single and isinstance(value, str):
            value = [value]
        return tuple(self._listed(name, value, str, "texts"))

    def choices(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        """A list of some of a few texts."""
        values = self.texts(name, single=True)
        for value in values:
            if value not in known:
                self.wrong(f"{value!r} is none of {', '.join(known)}.", name)
        return values

    def patterns(self, name: str) -> tuple[re.Pattern[str], ...]:
        """A list of regular expressions, or one; `^` and `$` are those of rows."""
        return tuple(self._pattern(name, value) for value in self.texts(name, single=True))

    def pattern(self, name: str, groups: Iterable[str] = ()) -> re.Pattern[str] | None:
        """A regular expression that has these named groups; None when it is not there."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong(f"it is {_kind(value)}, and a regular expression in quotes is wanted.", name)
        compiled = self._pattern(name, value)
        for group in groups:
            if group not in compiled.groupindex:
                self.wrong(f"it has no group (?P<{group}>…). Name what is to be read.", name)
        return compiled

    def needed_pattern(self, name: str, groups: Iterable[str] = ()) -> re.Pattern[str]:
        """A regular expression that must be there."""
        found = self.pattern(name, groups)
        if found is None:
            self.missing(name, "Give a regular expression.")
        return found

    def _pattern(self, name: str, value: str) -> re.Pattern[str]:
        try:
            return re.compile(value, re.M)
        except re.error as error:
            self.wrong(f"the pattern {value!r} is not one: {error}.", name)

    def integer(self, name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
        """A whole number within bounds."""
        value = self.raw(name)
        if value is None:
            return default
        if type(value) is not int or not low <= value <= high:
            self.wrong(f"it is {value!r}, and a whole number from {low} to {high} is wanted.", name)
        return value

    def optional_integer(self, name: str, *, low: int = 0, high: int = 2**31) -> int | None:
        """A whole number, or None."""
        return self.integer(name, 0, low=low, high=high) if name in self else self.raw(name)

    def seconds(self, name: str, default: float) -> float:
        """A time of more than no seconds, and at most an hour."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
            self.wrong(f"it is {value!r}, and seconds above 0, at most 3600, are wanted.", name)
        return float(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """true or false."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(f"it is {_kind(value)}, and true or false is wanted.", name)
        return value

    def strings(self, name: str) -> dict[str, str]:
        """A table of texts by name, empty by default."""
        value = self.raw(name)
        if value is None:
            return {}
        inner = Table(value, self.path(name))
        return {key: inner.text(key, "") for key in list(inner._left)}

    def table(self, name: str) -> Table | None:
        """A table within this one, or None."""
        value = self.raw(name)
        return None if value is None else Table(value, self.path(name))

    def items(self, name: str) -> list[tuple[str, Any]]:
        """The items of a list with the path of each, none by default."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            self.wrong(f"it is {_kind(value)}, and a list (of at most {MAX_ITEMS}) is wanted.", name)
        return [(f"{self.path(name)}[{number}]", item) for number, item in enumerate(value)]

    def tables(self, name: str) -> list[Table]:
        """A list of tables (`[[name]]`), none by default."""
        return [Table(item, where) for where, item in self.items(name)]

    def _listed(self, name: str, value: object, kind: type, words: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            self.wrong(f"it is {_kind(value)}, and a list of {words} is wanted.", name)
        return value


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return "missing" if value is None else names.get(type(value), "a table")
