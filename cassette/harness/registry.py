"""All adapters there are: ours, those of installed packages, those of the project, and a file given by hand.

One that is broken is named and does not hinder the others; two of one name are refused when that name is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from cassette.errors import BadAdapter, CassetteError, NoSuchAdapter, UsageError
from cassette.harness.adapter import Adapter
from cassette.harness.adapter_file import parse_adapter, read_adapter
from cassette.near_names import hint
from cassette.project_file import TABLE, our_table

GROUP = "pty_cassette.harnesses"
GENERIC = "generic"


@dataclass
class Registry:
    """Adapters by name, and why some are none."""

    adapters: dict[str, list[Adapter]] = field(default_factory=dict)
    broken: list[CassetteError] = field(default_factory=list)

    def add(self, adapter: Adapter) -> None:
        """One more."""
        self.adapters.setdefault(adapter.name, []).append(adapter)

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self.adapters)

    def get(self, name: str) -> Adapter:
        """The one adapter of a name. Raises NoSuchAdapter, and UsageError where there are several."""
        found = self.adapters.get(name, [])
        if not found:
            raise NoSuchAdapter(name=name, known=hint(name, self.names()))
        if len(found) > 1:
            origins = " and ".join(adapter.origin for adapter in found)
            raise UsageError(
                what=f"there are two adapters of {name!r}, {origins}: take one away, or name a file with --adapter"
            )
        return found[0]


def all_adapters(start: Path | None = None) -> Registry:
    """Ours, those of packages, and those of the project round `start` (the working directory)."""
    registry = Registry()
    for resource in sorted(
        files("cassette.harness").joinpath("adapters").iterdir(), key=lambda each: each.name
    ):
        if resource.name.endswith(".toml"):
            _try(
                registry,
                lambda resource=resource: parse_adapter(resource.read_bytes(), f"built-in {resource.name}"),
            )
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        _try(registry, lambda entry=entry: _of_entry_point(entry))
    for path in _of_project(registry, start or Path.cwd()):
        _try(registry, lambda path=path: read_adapter(path))
    return registry


def _try(registry: Registry, read: Any) -> None:
    try:
        registry.add(read())
    except CassetteError as error:
        registry.broken.append(error)


def _of_entry_point(entry: EntryPoint) -> Adapter:
    """The adapter behind an entry point: a path, a text, or a callable that gives one of them."""
    origin = f"entry point {entry.name} = {entry.value}"
    try:
        given = entry.load()
        if callable(given):
            given = given()
    except Exception as error:
        why = f"it cannot be loaded: {type(error).__name__}: {error}"
        raise BadAdapter(adapter=origin, where="as a package", why=why) from None
    if isinstance(given, str) and "\n" in given:
        return parse_adapter(given, origin)
    if isinstance(given, str | Path):
        return read_adapter(given)
    why = f"it gives {type(given).__name__}, and a path to a file or its text is wanted."
    raise BadAdapter(adapter=origin, where="as a package", why=why)


def _of_project(registry: Registry, start: Path) -> Iterator[Path]:
    """The files that the nearest pyproject.toml with such a list names."""
    for directory in (start.absolute(), *start.absolute().parents):
        path = directory / "pyproject.toml"
        try:
            listed = _listed(path)
        except CassetteError as error:
            registry.broken.append(error)
            return
        if listed is not None:
            yield from (directory / Path(name).expanduser() for name in listed)
            return


def _listed(path: Path) -> Iterable[str] | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    names = our_table(path, content).get("harnesses")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise UsageError(what=f"harnesses in {TABLE} of {path} is {names!r}: give a list of paths")
    return names
