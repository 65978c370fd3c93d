"""Reads adapters: TOML, strict keys, bounded; an error names the path of the key and says what is wanted there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from cassette.durations import BadDuration, parse_duration
from cassette.errors import BadAdapter, UsageError
from cassette.harness.adapter import (
    CAPABILITIES,
    SCHEMA,
    STALENESS,
    Adapter,
    Blocked,
    EvidenceFile,
    Home,
    Lab,
    LoginCheck,
    Modal,
    Preflight,
    Probe,
    QuotaCheck,
    Start,
    Version,
)
from cassette.harness.fact_tables import read_fact, read_filter, read_predicate
from cassette.harness.tables import Table, WrongTable
from cassette.harness.versions import KnownVersions
from cassette.model import Size
from cassette.recording.given import check_size
from cassette.script import CAPTURE, Step, checked_step
from cassette.yaml_file import read_bounded

COMMAND_COLUMNS = 500
"""Wide, so that a command does not wrap its own lines."""


def read_adapter(path: str | Path) -> Adapter:
    """The adapter in a file. Raises UsageError when it cannot be read, BadAdapter when it is none."""
    return parse_adapter(read_bounded(path, "adapter"), str(path))


def parse_adapter(data: bytes | str, origin: str) -> Adapter:
    """The adapter in a TOML text; `origin` names it in messages. Raises BadAdapter."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise BadAdapter(adapter=origin, where=f"byte {error.start}", why="it is no UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadAdapter(adapter=origin, where="as TOML", why=f"{error}.") from None
    return adapter_of(document, origin)


def adapter_of(document: Mapping[str, Any], origin: str) -> Adapter:
    """The adapter in a document that TOML was parsed into. Raises BadAdapter."""
    try:
        return _adapter(Table(document, ""), origin)
    except WrongTable as error:
        raise BadAdapter(adapter=origin, where=error.where or "at the top", why=error.why) from None


def _adapter(table: Table, origin: str) -> Adapter:
    if table.integer("schema", SCHEMA, low=1) != SCHEMA:
        table.wrong(f"this reader knows schema {SCHEMA}. Upgrade pty-cassette.", "schema")
    name = table.name()
    adapter = Adapter(
        origin=origin,
        name=name,
        title=table.text("title", name),
        binary=_binary(table),
        licence=table.text("licence", ""),
        commit=table.flag("commit"),
        revision=table.integer("revision", 1, low=1),
        version=_version(table.table("version")),
        preflight=_preflight(table.table("preflight")),
        start=_start(table.table("start") or Table({}, "start")),
        home=_home(table.table("home")),
        lab=_lab(table.table("lab")),
        probes=tuple(_probe(each) for each in table.tables("probes")),
        not_applicable=_not_applicable(table),
    )
    table.done()
    _check_probes(table, adapter)
    return adapter


def _binary(table: Table) -> tuple[str, ...]:
    names = table.texts("binary", single=True)
    if not names or not all(names):
        table.wrong("binary is missing. Give the command's name, or a list of names.")
    return names


def _check_probes(table: Table, adapter: Adapter) -> None:
    names = [probe.name for probe in adapter.probes]
    if not names:
        table.wrong("it has no probes. Write at least one [[probes]].")
    if twice := next((name for name in names if names.count(name) > 1), None):
        table.wrong(f"two of them are called {twice!r}. Give each a name of its own.", "probes")
    for number, probe in enumerate(adapter.probes):
        if probe.kind == "screen" and adapter.start.ready is None:
            raise WrongTable(f"probes[{number}]", "a screen probe needs [start.ready]. Say when it is ready.")


def _version(table: Table | None) -> Version | None:
    if table is None:
        return None
    args = table.texts("args")
    pattern = table.needed_pattern("pattern", ("version",))
    try:
        known = KnownVersions.of(table.texts("known"))
    except ValueError as error:
        table.wrong(str(error), "known")
    version = Version(args or ("--version",), pattern, known, table.seconds("timeout", 30))
    table.done()
    return version


def _preflight(table: Table | None) -> Preflight:
    if table is None:
        return Preflight()
    logins = tuple(_login(each) for each in table.tables("login"))
    preflight = Preflight(
        logins,
        table.text("login_help") if logins else table.text("login_help", ""),
        tuple(_quota_check(each) for each in table.tables("quota")),
        table.text("quota_help", ""),
    )
    table.done()
    return preflight


def _login(table: Table) -> LoginCheck:
    has_args = "args" in table
    args = table.texts("args")
    check = LoginCheck(
        table.name("account_class"),
        args if has_args else None,
        table.integer("exit_code", 0, high=255),
        table.pattern("pattern"),
        table.texts("files", single=True),
        table.texts("env", single=True),
        table.seconds("timeout", 30),
    )
    table.done()
    if not (has_args or check.files or check.env):
        table.wrong("it asks nothing. Give args, files or env.")
    if check.pattern is not None and not (has_args or check.files):
        table.wrong("it is for the output of args, or for the first of files. Give one of them.", "pattern")
    return check


def _quota_check(table: Table) -> QuotaCheck:
    check = QuotaCheck(table.texts("args"), table.needed_pattern("gone"), table.seconds("timeout", 30))
    table.done()
    return check


def _start(table: Table) -> Start:
    columns, rows = _size(table, 100, 30)
    ready = table.table("ready")
    start = Start(
        args=table.texts("args"),
        columns=columns,
        rows=rows,
        env=table.strings("env"),
        timeout=table.seconds("timeout", 60),
        exit_timeout=table.seconds("exit_timeout", 15),
        workdir=cast(Literal["fresh", "current"], table.choice("workdir", ("fresh", "current"), "fresh")),
        credential_files=table.texts("credential_files"),
        credential_env=table.texts("credential_env"),
        stable_ms=ready.integer("stable_ms", 300, high=10_000) if ready else 0,
        ready=read_predicate(ready) if ready else None,
        modals=tuple(_modal(each) for each in table.tables("modals")),
        blocked=tuple(_blocked(each) for each in table.tables("blocked")),
        quit=_steps(table, "quit", captures=None),
    )
    if ready:
        ready.done()
    table.done()
    return start


def _size(table: Table, columns: int, rows: int) -> tuple[int, int]:
    size = Size(table.integer("columns", columns, low=1), table.integer("rows", rows, low=1))
    try:
        check_size(size)
    except UsageError as error:
        table.wrong(str(error))
    return size.columns, size.rows


def _modal(table: Table) -> Modal:
    name = table.name()
    modal = Modal(name, read_predicate(table), _steps(table, "steps", captures=None), table.flag("late"))
    table.done()
    if not modal.steps:
        table.wrong("it has no steps. Say which keys leave it.")
    return modal


def _blocked(table: Table) -> Blocked:
    kind = table.choice("kind", ("login", "quota", "other"))
    blocked = Blocked(cast(Any, kind), read_predicate(table), table.text("todo"))
    table.done()
    return blocked


def _home(table: Table | None) -> Home | None:
    if table is None:
        return None
    home = Home(table.texts("copy"), _files(table))
    table.done()
    for path in home.copy:
        _check_inside(table, "copy", path)
    return home


def _lab(table: Table | None) -> Lab | None:
    if table is None:
        return None
    account = (
        table.name("account_class")
        if "account_class" in table
        else table.text("account_class", "loopback-lab")
    )
    lab = Lab(
        account,
        table.texts("args"),
        table.strings("env"),
        _files(table),
        tuple(_command(where, item) for where, item in table.items("prepare")),
    )
    table.done()
    return lab


def _files(table: Table) -> dict[str, str]:
    files = table.strings("files")
    for path in files:
        _check_inside(table, "files", path)
    return files


def _check_inside(table: Table, name: str, path: str) -> None:
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or ".." in parts or parts[0].startswith("~"):
        table.wrong(f"{path!r} is no path within HOME. Give one from there, as .config/x.json.", name)


def _command(where: str, item: object) -> tuple[str, ...]:
    if not isinstance(item, list) or not item or not all(isinstance(word, str) for word in item):
        raise WrongTable(where, "it is no command. Give a list of words.")
    return tuple(item)


def _probe(table: Table) -> Probe:
    name = table.name()
    kind = cast(Literal["command", "screen"], table.choice("kind", ("command", "screen")))
    columns, rows = _probe_size(table, kind)
    captures: list[str] = []
    codes = table.raw("exit_codes")
    probe = Probe(
        name=name,
        kind=kind,
        args=table.texts("args"),
        other_args=tuple(_command(where, item) for where, item in table.items("other_args")),
        exit_codes=_exit_codes(table, codes, kind),
        columns=columns,
        rows=rows,
        env=table.strings("env"),
        timeout=table.seconds("timeout", 60),
        steps=_steps(table, "steps", captures=captures if kind == "screen" else None),
        accounts=table.texts("accounts", single=True),
        freshness_window=table.text("freshness_window", "7d"),
        staleness_behavior=table.choice("staleness_behavior", STALENESS, "warn"),
        files=tuple(_evidence_file(each) for each in table.tables("files")),
        facts=tuple(read_fact(each, kind, captures) for each in table.tables("facts")),
    )
    table.done()
    _check_probe(table, probe)
    return probe


def _probe_size(table: Table, kind: str) -> tuple[int, int]:
    """0 and 0 for a screen probe that says nothing: it has the size of [start]."""
    if kind == "screen" and "columns" not in table and "rows" not in table:
        table.raw("columns")
        table.raw("rows")
        return 0, 0
    return _size(table, COMMAND_COLUMNS if kind == "command" else 100, 50 if kind == "command" else 30)


def _exit_codes(table: Table, value: object, kind: str) -> tuple[int, ...] | None:
    """None is any: what a screen probe ends with is judged only where the adapter says so."""
    if value is None:
        return (0,) if kind == "command" else None
    if not isinstance(value, list) or not all(type(code) is int and 0 <= code <= 255 for code in value):
        table.wrong("a list of numbers from 0 to 255 is wanted; an empty one means any.", "exit_codes")
    return tuple(value) or None


def _check_probe(table: Table, probe: Probe) -> None:
    if probe.kind == "screen" and probe.other_args:
        table.wrong("they are for commands. Leave them out.", "other_args")
    if not probe.facts:
        table.wrong("it reads nothing, so it cannot fail. Write at least one [[probes.facts]].")
    try:
        parse_duration(probe.freshness_window)
    except BadDuration as error:
        table.wrong(f"{error}.", "freshness_window")
    names = {file.name for file in probe.files}
    if len(names) < len(probe.files):
        table.wrong("two of them have one name. Give each a name of its own.", "files")
    for fact in probe.facts:
        file = getattr(fact, "file", None)
        if file is not None and file not in names:
            raise WrongTable(
                f"{fact.where}.file", f"this probe reads no file {file!r}. Add [[probes.files]]."
            )


def _evidence_file(table: Table) -> EvidenceFile:
    name = table.name()
    root = table.choice("root", ("home", "workdir"), "home")
    file = EvidenceFile(
        name,
        table.text("glob"),
        cast(Any, root),
        cast(Any, table.choice("format", ("jsonl", "json", "text"), "jsonl")),
        read_filter(table, "where"),
        table.texts("keep", single=True),
        table.flag("newest", default=True),
        table.flag("optional"),
    )
    _check_inside(table, "glob", file.glob)
    table.done()
    if file.format == "text" and (file.filter or file.keep):
        table.wrong("where and keep are for JSON. Leave them out.")
    return file


def _steps(table: Table, name: str, *, captures: list[str] | None) -> tuple[Step, ...]:
    """The steps of a list; the names of captures are added to `captures`, or refused where that is None."""
    steps = []
    for number, (where, item) in enumerate(table.items(name), 1):
        try:
            step = checked_step(item, number)
        except ValueError as error:
            raise WrongTable(where, str(error)) from None
        if step.verb == "mark" and step.given["op"].startswith(CAPTURE):
            raise WrongTable(where, "write capture = NAME.")
        if step.verb == "capture":
            _note_capture(where, step.given["name"], captures)
        steps.append(step)
    return tuple(steps)


def _note_capture(where: str, name: str, captures: list[str] | None) -> None:
    if captures is None:
        raise WrongTable(where, "capture is for the steps of a screen probe. Leave it out here.")
    if name in captures:
        raise WrongTable(where, f"{name!r} is captured twice. Give each moment a name of its own.")
    captures.append(name)


def _not_applicable(table: Table) -> dict[str, str]:
    reasons = table.strings("not_applicable")
    for name, why in reasons.items():
        if name not in CAPABILITIES:
            raise WrongTable(f"not_applicable.{name}", f"there is none. Known are {', '.join(CAPABILITIES)}.")
        if not why:
            raise WrongTable(f"not_applicable.{name}", "say why.")
    return reasons
