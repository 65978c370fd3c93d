"""Facts out of a recording, or a refusal that says what was expected: pure, no default and no guess.

Every fact says where it stands. A fact that an adapter calls optional may not be there; anything that the adapter
does not know where it should know it is a refusal, for optional facts too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cassette.harness.adapter import (
    AnyFact,
    ExitFact,
    Fact,
    HelpFact,
    JsonFact,
    Probe,
    RowsFact,
    TextFact,
)
from cassette.harness.found import Found, NotThere, Place, Refused, Spot
from cassette.harness.help_texts import choices_of, options_of, subcommands_of
from cassette.harness.json_facts import find_json
from cassette.harness.listings import Source, find_rows, find_text
from cassette.harness.recorded import Recorded
from terminal.waiting import framed

QUOTA = "quota"
_PERCENT = ("used_percent", "left_percent")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one fact of an adapter could not be read: what was expected, what is there, and what was looked at."""

    fact: str
    """The path of its table in the adapter."""
    name: str
    expected: str
    found: str
    screen: str


@dataclass
class Extraction:
    """All that a probe's facts say of one recording. `missing` are optional ones that are not there, with why."""

    found: list[Found] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    missing: list[tuple[Fact, str]] = field(default_factory=list)

    def named(self, name: str) -> list[Found]:
        """What was found under a name."""
        return [each for each in self.found if each.name == name]


def extract(probe: Probe, recorded: Recorded, account: str | None) -> Extraction:
    """Read all facts of a probe that make sense for a class of account."""
    result = Extraction()
    for fact in probe.facts:
        if fact.accounts and account not in fact.accounts:
            continue
        try:
            found = [_finished(fact, spot) for spot in _spots(fact, recorded)]
            _check_number(fact, found)
        except NotThere as why:
            if fact.optional:
                result.missing.append((fact, str(why)))
            else:
                result.refusals.append(_refusal(fact, recorded, why))
        except Refused as why:
            result.refusals.append(_refusal(fact, recorded, why))
        else:
            result.found += found
            if not found:
                result.missing.append((fact, "nothing of the kind is there"))
    return result


def _spots(fact: AnyFact, recorded: Recorded) -> list[Spot]:
    if isinstance(fact, RowsFact):
        return find_rows(fact, _source(fact.capture, recorded))
    if isinstance(fact, TextFact):
        return [find_text(fact, _source(fact.capture, recorded))]
    if isinstance(fact, JsonFact):
        return find_json(fact, recorded)
    if isinstance(fact, ExitFact):
        return [_exit(fact, recorded)]
    return _help(fact, recorded)


def _source(capture: str | None, recorded: Recorded) -> Source:
    if capture is None:
        return Source(recorded.text.lines, recorded.text, None)
    moment = recorded.captures.get(capture)
    if moment is None:
        raise NotThere(f"a moment that was captured as {capture!r}", "the recording has none")
    return Source(moment.rows, None, moment)


def _exit(fact: ExitFact, recorded: Recorded) -> Spot:
    wanted = " or ".join(map(str, fact.codes))
    if recorded.exit is None:
        raise NotThere(f"exit code {wanted}", "nobody saw the end")
    if recorded.exit.code not in fact.codes:
        raise NotThere(f"exit code {wanted}", f"it ended with {recorded.exit.code}")
    return Spot(recorded.exit.code, Place("final"))


def _help(fact: HelpFact, recorded: Recorded) -> list[Spot]:
    text = recorded.text
    if fact.what == "subcommands":
        places = subcommands_of(text.text, recorded.argv[0] if recorded.argv else "")
    elif fact.what == "options":
        places = options_of(text.text)
    else:
        places = choices_of(text.text, fact.option)
    if fact.what != "choices" and fact.option is not None:
        places = [place for place in places if fact.option.search(place.value)]
    if not places:
        about = f" that /{fact.option.pattern}/ finds" if fact.option else ""
        raise NotThere(f"{fact.what}{about} in a help text", "there are none")
    return [
        Spot(
            place.value,
            Place("output", *text.bytes_of(place.start, place.end)),
            detail={} if place.option is None else {"option": place.option},
        )
        for place in places
    ]


def _finished(fact: Fact, spot: Spot) -> Found:
    """A find under its name, as it is kept."""
    value, detail = spot.value, dict(spot.detail)
    if fact.lower and isinstance(value, str):
        value = value.lower()
    if fact.name == QUOTA:
        value, detail = _window(value, detail)
    of = fact.of if isinstance(fact.of, str) and not isinstance(fact, JsonFact) else spot.of
    return Found(fact.name, value, of, detail, spot.place, fact.where)


def _window(name: Any, detail: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A window of quota, as it was seen: its name and how much of it is used or left, and until when."""
    window: dict[str, Any] = {"name": name}
    for key in (*_PERCENT, "resets_at", "window_minutes"):
        if key in detail:
            window[key] = _number(detail[key])
    if not any(key in window for key in _PERCENT):
        raise Refused("a quota with used_percent or left_percent", f"{name!r} has neither")
    for key in _PERCENT:
        if key in window and not isinstance(window[key], int | float):
            raise Refused(f"a number as {key} of {name!r}", f"it is {window[key]!r}")
    return window, {key: item for key, item in detail.items() if key not in window}


def _number(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}(\.\d{1,6})?", value):
        return float(value) if "." in value else int(value)
    return value


def _check_number(fact: Fact, found: list[Found]) -> None:
    if found and len(found) < fact.low:
        raise Refused(f"at least {fact.low} {fact.name}", f"there are {len(found)}")
    if fact.high is not None and len(found) > fact.high:
        raise Refused(f"at most {fact.high} {fact.name}", f"there are {len(found)}")
    if not found and not fact.optional:
        raise NotThere(f"at least {max(1, fact.low)} {fact.name}", "there is none")


def _refusal(fact: AnyFact, recorded: Recorded, why: NotThere | Refused) -> Refusal:
    return Refusal(fact.where, fact.name, why.expected, why.found, shown_to(fact, recorded))


def shown_to(fact: AnyFact, recorded: Recorded) -> str:
    """What a fact looked at, for a message: the captured screen, or the beginning of the output."""
    capture = recorded.captures.get(getattr(fact, "capture", None) or "")
    if capture is not None:
        return framed(capture.screen)
    if isinstance(fact, JsonFact) and fact.file is not None:
        records = recorded.file_records(fact.file)
        return _first_lines([str(data)[:200] for _, data in records], "records")
    if isinstance(fact, RowsFact | TextFact) and fact.capture is not None and recorded.last is not None:
        return framed(recorded.last)
    return _first_lines(recorded.text.lines, "lines")


def _first_lines(lines: Iterable[str], what: str, most: int = 40) -> str:
    shown = [line[:160] for line in lines]
    cut = [f"… {len(shown) - most} more {what}"] if len(shown) > most else []
    return "\n".join(f"| {line}" for line in [*shown[:most], *cut]) or f"(no {what})"
