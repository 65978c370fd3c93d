"""The JSON documents of format 1: manifest, discovery, quota, scrub report. Here pydantic checks every field.

Unknown fields are ignored when read; a writer that changes a document keeps them (`json_document`).
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from cassette.format.json_library import orjson
from cassette.format.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES
from cassette.format.lines import check_plain
from cassette.model import Discovery, Manifest, Quota, ScrubSummary

T = TypeVar("T", Manifest, Discovery, Quota, ScrubSummary)


class BadDocument(ValueError):
    """A document that is not of format 1; the message says where and why."""


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def read_json(data: bytes) -> Any:
    """JSON of a document, bounded in size and depth. Raises BadDocument."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise BadDocument(f"it has {len(data)} bytes, and {MAX_DOCUMENT_BYTES} is the limit")
    try:
        found = orjson.loads(data)
        check_depth(found)
    except ValueError as error:
        raise BadDocument(str(error)) from None
    return found


def check_depth(value: Any, depth: int = 0) -> None:
    """Raise BadDocument when JSON is nested deeper than a reader should follow."""
    if depth > MAX_DEPTH:
        raise BadDocument(f"JSON nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                check_depth(item, depth + 1)


def read_document(kind: type[T], document: Any) -> T:
    """A model value from decoded JSON; types are checked as they are, nothing is converted. Raises BadDocument."""
    if not isinstance(document, dict):
        raise BadDocument(f"it holds {type(document).__name__}, not an object")
    try:
        # JSON mode: an array is a tuple there, and a number is never taken from a string.
        return _adapter(kind).validate_json(orjson.dumps(document), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "document"
        raise BadDocument(f"{where}: {first['msg'].lower()}") from None


def json_document(kind: type[T], value: T) -> dict[str, Any]:
    """A model value as a JSON object, without what is not set."""
    document = _adapter(kind).dump_python(value, mode="json", exclude_none=True)
    return {
        key: _pruned(item) for key, item in document.items() if item not in ([], {}) or key in _KEPT_EMPTY
    }


_KEPT_EMPTY = frozenset({"rules", "hit_counts", "command"})


def _pruned(value: Any) -> Any:
    """Nested objects without empty lists and maps (Go's `omitempty`)."""
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item not in ([], {})}
    return value


def write_json(document: Any) -> bytes:
    """A document as it stands on disk: two spaces of indent, keys as given, a newline at the end.

    Raises ValueError when a value is not plain JSON.
    """
    check_plain(document, floats=True)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def dump_json(document: Any) -> str:
    """Any JSON value for a person or a pipe, with a newline; what JSON does not know becomes text."""
    return orjson.dumps(
        document, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    ).decode()
