"""Reads the tables of an adapter that say what is read in a recording: predicates and facts."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, cast

from cassette.harness.adapter import (
    CAPABILITIES,
    AnyFact,
    ExitFact,
    HelpFact,
    JsonFact,
    Predicate,
    RowsFact,
    TextFact,
)
from cassette.harness.json_paths import WrongPath, parse_path
from cassette.harness.tables import Table

KINDS: Final = ("rows", "text", "json", "help", "exit")


def read_predicate(table: Table) -> Predicate:
    """`text`, `regex`, `absent` of a table. Raises WrongTable for one that holds on every screen."""
    predicate = Predicate(table.texts("text", single=True), table.patterns("regex"), table.patterns("absent"))
    if not all(predicate.texts) or any(pattern.search("") for pattern in predicate.patterns):
        table.wrong("it is so of an empty screen too, so it says nothing. Give text that must show.")
    if not (predicate.texts or predicate.patterns):
        table.wrong("it has neither text nor regex. Say what must show.")
    return predicate


def read_filter(table: Table, name: str) -> dict[str, str | int | bool]:
    """A table of paths and the plain values that must stand there."""
    value = table.raw(name)
    if value is None:
        return {}
    inner = Table(value, table.path(name))
    wanted: dict[str, str | int | bool] = {}
    for key, item in value.items():
        _check_path(inner, key, key)
        if not isinstance(item, str | int | bool):
            inner.wrong("a text, a whole number, true or false is wanted.", key)
        wanted[key] = item
    return wanted


def read_fact(table: Table, probe: str, captures: list[str]) -> AnyFact:
    """One `[[probes.facts]]` of a probe of that kind, which makes these captures."""
    kind = table.choice("kind", KINDS)
    if kind == "help" and probe != "command":
        table.wrong("a help text is a command's output. Write kind = 'command' for the probe.", "kind")
    common = _common(table, kind)
    fact: AnyFact
    if kind == "rows":
        fact = _rows(table, common, _capture(table, probe, captures), probe)
    elif kind == "text":
        fact = _text(table, common, _capture(table, probe, captures))
    elif kind == "json":
        fact = _json(table, common, probe)
    else:
        fact = _help(table, common) if kind == "help" else _exit(table, common)
    table.done()
    return fact


def _common(table: Table, kind: str) -> dict[str, Any]:
    name = table.text("name", "") or None
    proves = table.choices("proves", CAPABILITIES)
    if name is None and not proves:
        table.wrong("it has neither name nor proves. Say what it finds, or what that shows.")
    status = cast(Literal["pass", "gap"], table.choice("status", ("pass", "gap"), "pass"))
    why = table.text("why") if status == "gap" else table.text("why", "")
    optional = table.flag("optional")
    low = table.integer("min", 0 if optional else 1)
    high = table.optional_integer("max", low=max(low, 1))
    if low == 0 and not optional:
        table.wrong("0 would let it find nothing. Write optional = true for that.", "min")
    return {
        "name": name or proves[0],
        "where": table.where,
        "proves": proves,
        "accounts": table.texts("accounts", single=True),
        "of": _of(table, kind),
        "optional": optional,
        "lower": table.flag("lower"),
        "status": status,
        "why": why,
        "low": low,
        "high": high,
    }


def _of(table: Table, kind: str) -> str | re.Pattern[str] | None:
    """`of` is a pattern with a group `of`, or (without that group) a plain text; for JSON it is a path."""
    value = table.optional_text("of") if kind != "json" else None
    if value is None or "(?P<of>" not in value:
        return value
    try:
        return re.compile(value, re.M)
    except re.error as error:
        table.wrong(f"the pattern {value!r} is not one: {error}.", "of")


def _capture(table: Table, probe: str, captures: list[str]) -> str | None:
    """The capture that is read; None for a command's output."""
    name = table.optional_text("capture")
    if probe == "command":
        if name is not None:
            table.wrong("a command has no captures: all of its output is read. Leave it out.", "capture")
        return None
    if name is None:
        table.wrong("capture is missing. Name a capture of this probe's steps.")
    if name not in captures:
        known = f"Known are {', '.join(captures)}." if captures else "There are no captures in its steps."
        table.wrong(f"no step captures {name!r}. {known}", "capture")
    return name


def _rows(table: Table, common: dict[str, Any], capture: str | None, probe: str) -> RowsFact:
    fact = RowsFact(
        **common,
        capture=capture,
        after=table.pattern("after"),
        until=table.pattern("until"),
        row=table.needed_pattern("row", ("value",)),
        skip=table.pattern("skip"),
        expect=table.patterns("expect"),
        more=table.pattern("more"),
        count=table.pattern("count", ("count",)),
        numbered=table.flag("numbered"),
    )
    if fact.numbered and "number" not in fact.row.groupindex:
        table.wrong("then row needs a group (?P<number>…).", "numbered")
    if probe == "screen" and fact.after is None:
        table.wrong("after is missing. Give the pattern of the row above the list.")
    return fact


def _text(table: Table, common: dict[str, Any], capture: str | None) -> TextFact:
    pattern = table.pattern("pattern")
    if pattern is not None and not ("text" in table or "regex" in table):
        absent = table.patterns("absent")
        return TextFact(**common, capture=capture, when=Predicate(absent=absent), pattern=pattern)
    return TextFact(**common, capture=capture, when=read_predicate(table), pattern=pattern)


def _json(table: Table, common: dict[str, Any], probe: str) -> JsonFact:
    file = table.optional_text("file")
    if file is None and probe == "screen":
        table.wrong("file is missing. Name a file of this probe's [[probes.files]].")
    fact = JsonFact(
        **common,
        file=file,
        lines=table.flag("lines"),
        items=table.text("items", ""),
        value=table.text("value", ""),
        of_path=table.text("of", ""),
        detail=table.strings("detail"),
        filter=read_filter(table, "where"),
        pick=cast(Any, table.choice("pick", ("all", "first", "last"), "all")),
    )
    for name, path in (("items", fact.items), ("value", fact.value), ("of", fact.of_path)):
        _check_path(table, name, path)
    for name, path in fact.detail.items():
        _check_path(table, f"detail.{name}", path)
    return fact


def _check_path(table: Table, name: str, path: str) -> None:
    try:
        parse_path(path)
    except WrongPath as error:
        table.wrong(str(error), name)


def _help(table: Table, common: dict[str, Any]) -> HelpFact:
    what = table.choice("what", ("options", "choices", "subcommands"))
    option = table.pattern("option")
    if what == "choices" and option is None:
        table.wrong("option is missing. Give the pattern of the option whose choices are meant.")
    return HelpFact(**common, what=cast(Any, what), option=option)


def _exit(table: Table, common: dict[str, Any]) -> ExitFact:
    value = table.raw("codes")
    if not isinstance(value, list) or not value or not all(type(code) is int for code in value):
        table.wrong("codes is missing. Give a list of exit codes.")
    return ExitFact(**common, codes=tuple(value))
