"""Scripts: YAML steps that drive a session. Read strictly and in bounds; an error names the line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassette.errors import BadScript, CassetteError, UsageError, WaitFailed
from cassette.model import Size
from cassette.playing.driving import signal_name
from cassette.recording.given import check_size
from cassette.recording.starting import MAX_SECONDS
from cassette.yaml_file import Node, WrongYaml, parse_yaml, read_bounded
from terminal.keys import parse_key

if TYPE_CHECKING:
    from cassette.session import Session
    from terminal.snapshot import Snapshot

CAPTURE = "capture:"
"""Begins the `op` of the mark that a `capture` makes."""
_Seconds = (int, float)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its verb, what it is given (always with names), and the line where it stands."""

    verb: str
    given: Mapping[str, Any]
    line: int

    def act(self, session: Session) -> None:
        """Do it."""
        _VERBS[self.verb].act(session, **self.given)


@dataclass(frozen=True, slots=True)
class Script:
    """The steps of a file, checked."""

    path: str
    steps: tuple[Step, ...]

    def run(self, session: Session) -> None:
        """Drive a session. What a step raises carries a note with its line."""
        self._each(lambda step: step.act(session))

    def check_secrets(self) -> None:
        """Before a program is started: each secret that a step takes from the environment is there, or UsageError."""
        self._each(lambda step: _secret_of(step.given["env"]) if "env" in step.given else None)

    def _each(self, do: Callable[[Step], object]) -> None:
        for step in self.steps:
            try:
                do(step)
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


def _wait(session: Session, text: str = "", regex: str | None = None, timeout: float | None = None) -> None:
    session.wait_for(text if regex is None else re.compile(regex, re.M), timeout=timeout)


def _wait_stable(session: Session, quiet_ms: int = 200, timeout: float | None = None) -> None:
    session.wait_for_stable(quiet_ms=quiet_ms, timeout=timeout)


def _secret(session: Session, text: str = "", env: str | None = None) -> None:
    session.type(text if env is None else _secret_of(env), secret=True)


def _secret_of(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise UsageError(what=f"the environment has no {name}: set it to the secret to type")


def _press(session: Session, keys: str | list[str]) -> None:
    session.press(*([keys] if isinstance(keys, str) else keys))


def _resize(session: Session, columns: int, rows: int) -> None:
    session.resize(columns=columns, rows=rows)


def _expect(session: Session, text: str = "", regex: str | None = None) -> None:
    from terminal.waiting import framed

    screen = session.screen
    shown = "\n".join(screen.text)
    found = text in shown if regex is None else re.search(regex, shown, re.M)
    if not found:
        wanted = repr(text) if regex is None else f"the pattern {regex!r}"
        raise CassetteError(
            what=f"the screen does not have {wanted}.\n{framed(screen)}\nWait for it, or expect what is there."
        )


FILL_TRIES = 2


def _fill(session: Session, text: str, timeout: float | None = None) -> None:
    """Type text and wait until it shows; a program that dropped all of it, unready, gets it once more."""
    limit = session.timeout if timeout is None else timeout
    before = session.screen
    shown = _times_shown(before, text)

    def it_shows(screen: Snapshot) -> bool:
        return _times_shown(screen, text) > shown

    it_shows.__name__ = f"that waits for {text!r} to show"
    for tries_left in reversed(range(FILL_TRIES)):
        session.type(text)
        try:
            session.wait_for(it_shows, timeout=limit / FILL_TRIES)
        except WaitFailed:
            if not tries_left or session.screen.text != before.text:
                raise
        else:
            return


def _times_shown(screen: Snapshot, text: str) -> int:
    return sum(row.count(text) for row in screen.text)


def _capture(session: Session, name: str) -> None:
    session.screen  # noqa: B018 - a look waits until the screen stands still
    session.mark(CAPTURE + name)


_VERBS = {
    "wait": _Verb(_wait, "text", str, {"regex": str, "timeout": _Seconds}),
    "wait_stable": _Verb(_wait_stable, "quiet_ms", int, {"timeout": _Seconds}),
    "type": _Verb(lambda session, text: session.type(text), "text"),
    "fill": _Verb(_fill, "text", str, {"timeout": _Seconds}),
    "secret": _Verb(_secret, "text", str, {"env": str}),
    "press": _Verb(_press, "keys", (str, list)),
    "paste": _Verb(lambda session, text: session.paste(text), "text"),
    "resize": _Verb(_resize, "", (), {"columns": int, "rows": int}),
    "signal": _Verb(lambda session, name: session.signal(name), "name"),
    "expect": _Verb(_expect, "text", str, {"regex": str}),
    "mark": _Verb(lambda session, op: session.mark(op), "op"),
    "capture": _Verb(_capture, "name"),
    "sleep": _Verb(lambda session, seconds: session.sleep(seconds), "seconds", _Seconds),
}


def read_script(path: str | Path) -> Script:
    """Read and check a script. Raises UsageError for a file that cannot be read, BadScript for a bad one."""
    return parse_script(read_bounded(path, "script"), str(path))


def parse_script(data: bytes | str, path: str = "script") -> Script:
    """Check the text of a script: a list of steps, or a mapping with the list under `steps`."""
    try:
        return Script(path, tuple(_step(node) for node in _step_nodes(parse_yaml(data))))
    except WrongYaml as error:
        raise BadScript(script=path, line=error.line, why=error.why) from None


def _step_nodes(root: Node | None) -> list[Node]:
    """The nodes of the steps."""
    steps = root.value if root else None
    if isinstance(steps, dict):
        if list(steps) != ["steps"]:
            raise WrongYaml(1, f"known at the top is only `steps`, not {list(steps)}.")
        steps = steps["steps"].value
    if not isinstance(steps, list) or not steps:
        raise WrongYaml(1, "it is no list of steps. Begin with `- wait: some text`.")
    return steps


def _step(node: Node) -> Step:
    try:
        return checked_step(node.plain(), node.line)
    except ValueError as error:
        raise WrongYaml(node.line, str(error)) from None


def checked_step(value: Any, line: int = 0) -> Step:
    """A step from what stands for one in a file: `{"press": "enter"}`. Raises ValueError with the reason."""
    if value == "wait_stable":
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError("a step is one verb and what it is given, as `- press: enter`.")
    (verb, given) = next(iter(value.items()))
    try:
        return Step(verb, _checked(verb, given), line)
    except UsageError as error:
        raise ValueError(str(error)) from None


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


def _check_name(facts: Mapping[str, Any]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", facts["name"]):
        raise ValueError("capture: a name has letters, digits, dots, - and _, at most 64.")


def _check_text(facts: Mapping[str, Any]) -> None:
    if not facts["text"].strip() or not facts["text"].isprintable():
        raise ValueError("fill: give text that shows on one row. Use type for anything else.")


_CHECKS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "capture": _check_name,
    "fill": _check_text,
    "press": _check_keys_pressed,
    "resize": _check_size,
    "signal": lambda facts: signal_name(facts["name"]),
}


def _check_pattern(pattern: str | None) -> None:
    try:
        re.compile(pattern or "", re.M)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} is not one: {error}.") from None
