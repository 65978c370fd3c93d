"""Facts in JSON: of a command's output, where each value has its bytes, or of files that the harness wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cassette.harness.adapter import JsonFact
from cassette.harness.found import NotThere, Place, Refused, Spot
from cassette.harness.json_paths import Located, find_all, parse_json
from cassette.harness.recorded import OutputText, Recorded

_BEGINS = re.compile(r"^[ \t]*([{\[])", re.M)
_LINE = re.compile(r"^[ \t]*([{\[].*)$", re.M)


def find_json(fact: JsonFact, recorded: Recorded) -> list[Spot]:
    """The values that a fact describes. Raises NotThere, Refused."""
    if fact.file is not None:
        return _in_file(fact, fact.file, recorded)
    documents = list(_lines(recorded.text.text) if fact.lines else _first(recorded.text.text))
    if not documents:
        raise NotThere("JSON that begins a line of the output", "there is none")
    return _picked(fact, [_of_document(fact, document, recorded.text) for document in documents])


def _in_file(fact: JsonFact, name: str, recorded: Recorded) -> list[Spot]:
    records = recorded.file_records(name)
    if not records:
        raise NotThere(f"records of the file {name!r}", "there are none")
    found = []
    for index, data in records:
        place = Place("service", index)
        found.append(
            [Spot(value, place, of, detail) for value, of, detail, _ in _values(fact, located(data))]
        )
    return _picked(fact, found)


def _picked(fact: JsonFact, found: list[list[Spot]]) -> list[Spot]:
    filled = [spots for spots in found if spots]
    if not filled:
        where = f" where {dict(fact.filter)}" if fact.filter else ""
        raise NotThere(
            f"{fact.value} in each of {fact.items or 'the document'}{where}", "nothing stands there"
        )
    if fact.pick == "all":
        return [spot for spots in filled for spot in spots]
    return filled[0] if fact.pick == "first" else filled[-1]


def _first(text: str) -> Iterator[Located]:
    """The first document that begins a line and can be read."""
    for found in _BEGINS.finditer(text):
        try:
            yield parse_json(text, found.start(1))
        except ValueError:
            continue
        return


def _lines(text: str) -> Iterator[Located]:
    for found in _LINE.finditer(text):
        try:
            yield parse_json(text, found.start(1))
        except ValueError:
            continue


def _of_document(fact: JsonFact, document: Located, text: OutputText) -> list[Spot]:
    return [
        Spot(value, Place("output", *text.bytes_of(start, end)), of, detail)
        for value, of, detail, (start, end) in _values(fact, document)
    ]


def _values(
    fact: JsonFact, document: Located
) -> Iterator[tuple[Any, str | None, dict[str, Any], tuple[int, int]]]:
    """Each value with what it is about, its details, and from where to where all of that stands."""
    for item in find_all(document, fact.items):
        if item.value is None or not fits(item, fact.filter):
            continue
        about = list(find_all(item, fact.of_path)) if fact.of_path else []
        if fact.of_path and (len(about) != 1 or not isinstance(about[0].value, str)):
            raise Refused(f"one text at {fact.of_path} of each item", f"there are {len(about)}")
        detail = {name: next(find_all(item, path), None) for name, path in fact.detail.items()}
        shown = {name: node for name, node in detail.items() if node is not None and node.value is not None}
        for value in find_all(item, fact.value):
            if isinstance(value.value, list | dict) or value.value in (None, ""):
                raise Refused(f"plain values at {fact.value}", f"one is {str(value.plain())[:80]}")
            nodes = [value, *shown.values()]
            yield (
                value.value,
                about[0].value if about else None,
                {name: node.plain() for name, node in shown.items()},
                (min(node.start for node in nodes), max(node.end for node in nodes)),
            )


def fits(item: Located, wanted: Mapping[str, str | int | bool]) -> bool:
    """Whether an item has the values that are wanted of it."""
    return all(
        any(type(node.value) is type(value) and node.value == value for node in find_all(item, path))
        for path, value in wanted.items()
    )


def located(value: Any, key: Located | None = None) -> Located:
    """Plain JSON as located values that stand nowhere."""
    if isinstance(value, Mapping):
        inner: Any = {str(name): located(item, Located(str(name), 0, 0)) for name, item in value.items()}
    elif isinstance(value, list | tuple):
        inner = [located(item) for item in value]
    else:
        inner = value
    return Located(inner, 0, 0, key)
