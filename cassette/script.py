"""Scripts: YAML steps that drive a session. Read strictly and in bounds; an error names the line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassette.errors import BadScript, CassetteError, UsageError
from cassette.model import Size
from cassette.recorder import check_size
from cassette.run import signal_name
from cassette.starting import MAX_SECONDS
from terminal.keys import parse_key

if TYPE_CHECKING:
    from cassette.live import LiveSession

MAX_SCRIPT_BYTES = 2**20
MAX_DEPTH = 8
_Seconds = (int, float)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its verb, what it is given (always with names), and the line where it stands."""

    verb: str
    given: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Script:
    """The steps of a file, checked."""

    path: str
    steps: tuple[Step, ...]

    def run(self, session: LiveSession) -> None:
        """Drive a session. What a step raises carries a note with its line."""
        for step in self.steps:
            try:
                _VERBS[step.verb].act(session, **step.given)
            except CassetteError as error:
                error.add_note(f"({self.path}, line {step.line}: {step.verb})")
                raise


@dataclass(frozen=True, slots=True)
class _Verb:
    """`short` is the name of what a bare value means; `options` maps the other names to their types."""

    act: Callable[..., None]
    short: str
    kind: type | tuple[type, ...] = str
    options: Mapping[str, type | tuple[type, ...]] | None = None


def _wait(
    session: LiveSession, text: str = "", regex: str | None = None, timeout: float | None = None
) -> None:
    session.wait_for(text if regex is None else re.compile(regex, re.M), timeout=timeout)


def _wait_stable(session: LiveSession, quiet_ms: int = 200, timeout: float | None = None) -> None:
    session.wait_for_stable(quiet_ms=quiet_ms, timeout=timeout)


def _secret(session: LiveSession, text: str = "", env: str | None = None) -> None:
    if env is not None:
        if not os.environ.get(env):
            raise UsageError(what=f"the environment has no {env}: set it to the secret to type")
        text = os.environ[env]
    session.type(text, secret=True)


def _press(session: LiveSession, keys: str | list[str]) -> None:
    session.press(*([keys] if isinstance(keys, str) else keys))


def _resize(session: LiveSession, columns: int, rows: int) -> None:
    session.resize(columns=columns, rows=rows)


def _expect(session: LiveSession, text: str = "", regex: str | None = None) -> None:
    from cassette.looking import framed

    screen = session.screen
    shown = "\n".join(screen.text)
    found = text in shown if regex is None else re.search(regex, shown, re.M)
    if not found:
        wanted = repr(text) if regex is None else f"the pattern {regex!r}"
        raise CassetteError(
            what=f"the screen does not have {wanted}.\n{framed(screen)}\nWait for it, or expect what is there."
        )


_VERBS = {
    "wait": _Verb(_wait, "text", str, {"regex": str, "timeout": _Seconds}),
    "wait_stable": _Verb(_wait_stable, "quiet_ms", int, {"timeout": _Seconds}),
    "type": _Verb(lambda session, text: session.type(text), "text"),
    "secret": _Verb(_secret, "text", str, {"env": str}),
    "press": _Verb(_press, "keys", (str, list)),
    "paste": _Verb(lambda session, text: session.paste(text), "text"),
    "resize": _Verb(_resize, "", (), {"columns": int, "rows": int}),
    "signal": _Verb(lambda session, name: session.signal(name), "name"),
    "expect": _Verb(_expect, "text", str, {"regex": str}),
    "mark": _Verb(lambda session, op: session.recorder.mark(op), "op"),
    "sleep": _Verb(lambda session, seconds: session.sleep(seconds), "seconds", _Seconds),
}


def read_script(path: str | Path) -> Script:
    """Read and check a script. Raises UsageError for a file that cannot be read, BadScript for a bad one."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SCRIPT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(what=f"cannot read the script {path}: {why}. Check the path.") from None
    if len(data) > MAX_SCRIPT_BYTES:
        raise UsageError(
            what=f"the script {path} has more than {MAX_SCRIPT_BYTES} bytes: write a shorter one"
        )
    return parse_script(data, str(path))


def parse_script(data: bytes | str, path: str = "script") -> Script:
    """Check the text of a script: a list of steps, or a mapping with the list under `steps`."""
    import yaml

    try:
        _check_events(path, yaml.parse(data, yaml.SafeLoader))
        loader = yaml.SafeLoader(data)
        try:
            root = loader.get_single_node()
            return Script(path, tuple(_step(path, node, loader) for node in _step_nodes(path, root)))
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        what = getattr(error, "problem", None) or str(error)
        raise BadScript(script=path, line=line, why=f"this is no YAML: {what}.") from None


def _check_events(path: str, events: Iterable[Any]) -> None:
    """Refuse aliases and depth before anything is built: both make little text much work."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        why = "aliases are not taken. Write the value out." if isinstance(event, yaml.AliasEvent) else None
        why = "it is nested too deep. Make it a list of steps." if depth > MAX_DEPTH else why
        if why is not None:
            raise BadScript(script=path, line=event.start_mark.line + 1, why=why)


def _step_nodes(path: str, root: Any) -> Sequence[Any]:
    """The nodes of the steps."""
    import yaml

    node = root
    if isinstance(root, yaml.MappingNode):
        names = [getattr(key, "value", None) for key, _ in root.value]
        if names != ["steps"]:
            raise BadScript(script=path, line=1, why=f"known at the top is only `steps`, not {names}.")
        node = root.value[0][1]
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise BadScript(script=path, line=1, why="it is no list of steps. Begin with `- wait: some text`.")
    return list(node.value)


def _step(path: str, node: Any, loader: Any) -> Step:
    line = node.start_mark.line + 1
    if (twice := _named_twice(node)) is not None:
        raise BadScript(script=path, line=line, why=f"{twice!r} stands there twice. Leave one out.")
    try:
        value = loader.construct_object(node, deep=True)
    except ValueError as error:  # a date with 13 months, a number of 5,000 digits
        raise BadScript(script=path, line=line, why=f"{error}. Quote what is text.") from None
    if isinstance(value, str) and value == "wait_stable":
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        raise BadScript(
            script=path, line=line, why="a step is one verb and what it is given, as `- press: enter`."
        )
    (verb, given) = next(iter(value.items()))
    try:
        return Step(verb, _checked(verb, given), line)
    except (ValueError, UsageError) as error:
        raise BadScript(script=path, line=line, why=str(error)) from None


def _checked(verb: Any, given: Any) -> dict[str, Any]:
    if not isinstance(verb, str) or verb not in _VERBS:
        raise ValueError(f"there is no step {verb!r}. Known are {', '.join(_VERBS)}.")
    known = _VERBS[verb]
    kinds = dict(known.options or {}) | ({known.short: known.kind} if known.short else {})
    if verb == "resize" and not isinstance(given, dict):
        raise ValueError("resize needs columns and rows.")
    facts = given if isinstance(given, dict) else {known.short: given}
    for name, value in facts.items():
        if name not in kinds:
            raise ValueError(f"{verb} does not know {name!r}. Known are {', '.join(kinds)}.")
        if not isinstance(value, kinds[name]) or isinstance(value, bool):
            shown = "it" if verb == "secret" else f"{name}, {value!r},"
            raise ValueError(f"{verb}: {shown} is of the wrong type. Quote text, leave numbers bare.")
        if isinstance(value, int | float) and not 0 <= value <= MAX_SECONDS * 1000:
            raise ValueError(f"{verb}: {name} is {value}. Give a number from 0 on.")
    _check_complete(verb, known, facts)
    if verb in _CHECKS:
        _CHECKS[verb](facts)
    _check_pattern(facts.get("regex"))
    return dict(facts)


def _check_complete(verb: str, known: _Verb, facts: Mapping[str, Any]) -> None:
    """What a step needs is given, and once."""
    if verb == "resize" and set(facts) != {"columns", "rows"}:
        raise ValueError("resize needs columns and rows.")
    meant = facts.keys() - {"timeout"}
    if verb != "wait_stable" and not meant:
        raise ValueError(f"{verb} needs {known.short}.")
    if verb != "resize" and len(meant) > 1:
        raise ValueError(f"{verb} takes one of {', '.join(sorted(meant))}. Leave the others out.")


def _check_keys_pressed(facts: Mapping[str, Any]) -> None:
    keys = facts["keys"] if isinstance(facts["keys"], list) else [facts["keys"]]
    for key in keys:
        if not isinstance(key, str):
            raise ValueError("press: keys are names such as enter or ctrl+c. Quote digits.")
        parse_key(key)
    if not keys:
        raise ValueError("press needs keys.")


def _check_size(facts: Mapping[str, Any]) -> None:
    check_size(Size(facts["columns"], facts["rows"]))


_CHECKS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "press": _check_keys_pressed,
    "resize": _check_size,
    "signal": lambda facts: signal_name(facts["name"]),
}


def _named_twice(node: Any) -> str | None:
    """A name that a mapping in this step has twice: YAML would take the last one in silence."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        parts = [value for _, value in node.value]
        twice = next((name for name in names if isinstance(name, str) and names.count(name) > 1), None)
    else:
        parts = node.value if isinstance(node, yaml.SequenceNode) else []
        twice = None
    return twice or next((found for part in parts if (found := _named_twice(part)) is not None), None)


def _check_pattern(pattern: str | None) -> None:
    try:
        re.compile(pattern or "", re.M)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} is not one: {error}.") from None
