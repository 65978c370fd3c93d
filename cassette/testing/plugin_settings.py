"""What holds for one test: marker before config fixture before ini file, each value checked. No pytest here.

Whatever a test cannot have meant is refused by name: a misspelt keyword never does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cassette.durations import BadDuration, parse_duration
from cassette.errors import UsageError
from cassette.near_names import hint
from cassette.testing.recording_modes import checked_mode

MARKER_KEYWORDS: Final = (
    "record_mode",
    "match_on",
    "columns",
    "rows",
    "normalize",
    "on_unplayed",
    "replay",
    "scale",
)
CONFIG_KEYWORDS: Final = (*MARKER_KEYWORDS, "timeout", "max_age", "on_expiry", "known_secret_env")
"""What the fixture `pty_config` may hold: the marker's keywords, and what only a project decides."""
_CHOICES = {
    "on_unplayed": ("fail", "warn", "ignore"),
    "on_expiry": ("fail", "warn", "ignore"),
    "replay": ("collapsed", "realtime", "scaled"),
}
DEFAULT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is decided before a program is started or a cassette is opened. Sizes are in cells."""

    mode: str
    mode_from: str
    match_on: tuple[str, ...] | None
    columns: int | None
    rows: int | None
    normalize: Any
    on_unplayed: str
    replay: str
    scale: float
    timeout: float
    max_age: str | None
    on_expiry: str
    known_secret_env: tuple[str, ...]


def check_keywords(given: Mapping[str, object], known: Sequence[str], where: str) -> None:
    """Raise UsageError for the first keyword that is not known."""
    for name in given:
        if name not in known:
            raise UsageError(what=f"{where} does not know {name!r}. {hint(name, known)}")


def check_marker(args: Sequence[object], keywords: Mapping[str, object]) -> None:
    """Raise UsageError for a marker that cannot be meant."""
    given = {name: value for name, value in keywords.items() if name != "cassette"}
    check_keywords(given, MARKER_KEYWORDS, "the marker pty")
    named = [*args, *(value for name, value in keywords.items() if name == "cassette")]
    if len(named) > 1 or not all(name is None or (isinstance(name, str) and name) for name in named):
        raise UsageError(
            what='the marker pty takes one cassette\'s name and keywords: pty("menu", columns=100)'
        )
    if "record_mode" in given:
        checked_mode(given["record_mode"], "record_mode of the marker pty")
    _checked(given, "the marker pty")


def settings_from(
    mode: tuple[str, str], marker: Mapping[str, Any], config: Mapping[str, Any], ini: Mapping[str, Any]
) -> Settings:
    """The settings of a test; `mode` is chosen already. Raises UsageError."""
    check_keywords(config, CONFIG_KEYWORDS, "the fixture pty_config")
    read = _from_ini(ini)
    layers = (
        _checked(read, "the ini file"),
        _checked(config, "the fixture pty_config"),
        _checked(marker, "the marker pty"),
    )
    said: dict[str, Any] = {}
    for layer in layers:
        if "replay" in layer:
            said.pop("scale", None)  # a scale belongs to the replay that it was given with
        said |= {name: value for name, value in layer.items() if value is not None}
    scale, replay = said.get("scale"), said.get("replay")
    if scale is not None and replay is None:
        replay = "scaled"
    if scale is not None and replay != "scaled":
        raise UsageError(what=f"a scale has no meaning with replay {replay!r}: give replay='scaled' with it")
    return Settings(
        mode=mode[0],
        mode_from=mode[1],
        match_on=_words(said.get("match_on")),
        columns=said.get("columns"),
        rows=said.get("rows"),
        normalize=said.get("normalize"),
        on_unplayed=said.get("on_unplayed") or "fail",
        replay=replay or "collapsed",
        scale=1.0 if scale is None else float(scale),
        timeout=float(said.get("timeout") or DEFAULT_TIMEOUT_S),
        max_age=said.get("max_age"),
        on_expiry=said.get("on_expiry") or "fail",
        known_secret_env=_words(said.get("known_secret_env")) or (),
    )


def seconds_of(age: object) -> float:
    """`90d` in seconds. Raises UsageError."""
    try:
        return parse_duration(age)
    except BadDuration as error:
        raise UsageError(what=f"pty_max_age: {error}") from None


def _from_ini(ini: Mapping[str, Any]) -> dict[str, Any]:
    """The ini file's strings as values; what is empty was not given."""
    said = {name: value for name, value in ini.items() if value}
    convert: dict[str, Callable[[str], Any]] = {"columns": int, "rows": int, "timeout": float}
    for name, make in convert.items():
        if name in said:
            try:
                said[name] = make(said[name])
            except ValueError:
                raise UsageError(what=f"pty_{name} is {said[name]!r}: give a number") from None
    pace, _, scale = str(said.get("replay", "")).partition(":")
    if scale:
        try:
            said |= {"replay": pace, "scale": float(scale)}
        except ValueError:
            raise UsageError(what=f"pty_replay is {said['replay']!r}: give scaled:0.5") from None
    return said


def _checked(said: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The same, when each value is one that its name can have."""
    for name, allowed in _CHOICES.items():
        if said.get(name) is not None and said[name] not in allowed:
            raise UsageError(what=f"{name} of {where} is {said[name]!r}: use one of {', '.join(allowed)}")
    for name in ("columns", "rows", "scale", "timeout"):
        value = said.get(name)
        kinds = (int,) if name in ("columns", "rows") else (int, float)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds) or value <= 0):
            raise UsageError(what=f"{name} of {where} is {value!r}: give a number above 0")
    if said.get("max_age") is not None:
        seconds_of(said["max_age"])
    return said


def _words(value: Any) -> tuple[str, ...] | None:
    return None if value is None else (value,) if isinstance(value, str) else tuple(value)
