"""`cassette inspect`: what is in a cassette, at a glance."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cassette.cli.output import Parser, colour, print_json, printable, write_line
from cassette.cli.reading import add_cassette, opened
from cassette.cli.scrub_words import glance

if TYPE_CHECKING:
    from terminal.snapshot import Snapshot

EXAMPLES = (
    "cassette inspect cassettes/session",
    "cassette inspect cassettes/session --json | jq .verdict.state",
)
_STATE_COLOURS = {"complete": "green", "partial": "yellow", "damaged": "red"}
_SOURCES = {
    "user": "by the user",
    "script": "by a script",
    "terminal": "by the terminal",
    "unknown": "of unknown source",
}
_UNCOUNTED = ("input", "output", "final")
"""Kinds whose name has no plural here; the others are counted as "2 frames"."""


def parser() -> Parser:
    """The options of `inspect`."""
    p = Parser("inspect", "What is in a cassette, at a glance, and its last screen.", EXAMPLES)
    add_cassette(p)
    p.add_argument("--json", action="store_true", help="print as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Print an overview."""
    args = parser().parse_args(arguments)
    from cassette.reading.overview import overview

    with opened(args) as tape:
        facts = overview(tape)
        screen = tape.screen_at(seq=tape.final.seq)
    if args.json:
        print_json({**facts, "last_screen": screen.text})
        return 0
    _print_facts(facts)
    _print_screen(screen)
    return 0


def _print_facts(facts: dict[str, Any]) -> None:
    write_line(colour(printable(facts["path"]), "bold"))
    for name, text in _rows(facts):
        if name == "verdict":
            text = colour(text, _STATE_COLOURS[facts["verdict"]["state"]])  # noqa: PLW2901
        write_line(f"  {colour(f'{name:9}', 'cyan')}  {text}")


def _rows(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    version = f" ({printable(facts['program_version'])})" if facts["program_version"] else ""
    yield "program", printable(facts["program"]) + version
    yield "command", printable(shlex.join(facts["argv"])) or "not recorded"
    yield (
        "recorded",
        printable(f"{facts['recorded_at']} by {facts['recorded_by']} on {facts['system']}"),
    )
    size = facts["size"]
    about = (f"{size['columns']}x{size['rows']}", facts["term"], facts["locale"])
    yield "terminal", ", ".join(printable(part) for part in about if part)
    yield "duration", _duration(facts["duration_ms"])
    yield "ended", facts["end"]
    yield "events", _events(facts["events"])
    yield "input", _input(facts["input"])
    yield "output", f"{facts['output_bytes']:,} bytes"
    yield "frames", f"{facts['frames']['key']} key, {facts['frames']['delta']} delta"
    yield "emulator", _emulator(facts)
    if facts["labels"]:
        yield "labels", ", ".join(printable(f"{name}={value}") for name, value in facts["labels"].items())
    yield "gaps", "; ".join(_gap(gap) for gap in facts["gaps"]) or "none"
    yield "scrub", glance(facts["scrub"])
    yield "discovery", _discovery(facts["discovery"])
    yield "quota", _quota(facts["quota"])
    reasons = "; ".join(map(printable, facts["verdict"]["reasons"]))
    yield "verdict", facts["verdict"]["state"] + (f": {reasons}" if reasons else "")
    yield "evidence", facts["evidence_sha256"] or "none: the events do not hold together"
    yield "id", printable(facts["id"])


def _duration(duration_ms: int) -> str:
    from cassette.reading.moments import format_time

    return f"{format_time(duration_ms)}{' s' if duration_ms < 60_000 else ''}"


def _events(counts: dict[str, int]) -> str:
    parts = (
        f"{number:,} {kind}{'' if number == 1 or kind in _UNCOUNTED else 's'}"
        for kind, number in counts.items()
    )
    return f"{sum(counts.values()):,}: {', '.join(parts)}"


def _input(facts: dict[str, Any]) -> str:
    if not facts["by_source"]:
        return "none"
    by = ", ".join(
        f"{number:,} {_SOURCES.get(source, f'by {printable(source)}')}"
        for source, number in facts["by_source"].items()
    )
    hidden = f", {facts['hidden']} hidden" if facts["hidden"] else ""
    return f"{by}; {facts['bytes']:,} bytes typed{hidden}"


def _emulator(facts: dict[str, Any]) -> str:
    drawn_by = f"{facts['emulator']['name']} {facts['emulator']['version']}"
    here = facts["emulator_at_hand"]
    if here == drawn_by:
        return f"{printable(drawn_by)} (the one at hand)"
    instead = f"at hand is {here}; see cassette rederive" if here else "not installed here"
    return f"{printable(drawn_by)} ({instead})"


def _gap(gap: dict[str, Any]) -> str:
    more = ", ".join(f"{name} {value}" for name, value in gap.items() if name != "reason")
    return printable(f"{gap.get('reason', '?')}{f' ({more})' if more else ''}")


def _discovery(facts: dict[str, Any] | None) -> str:
    if facts is None:
        return "not probed"
    models = f"{len(facts['models'])} models, {len(facts['reasoning_levels'])} reasoning levels"
    return printable(f"{facts['status']} from {facts['source']}: {models}")


def _quota(facts: dict[str, Any] | None) -> str:
    if facts is None:
        return "not probed"
    return printable(f"{facts['status']} from {facts['source']}: {len(facts['windows'])} windows")


def _print_screen(screen: Snapshot) -> None:
    from cassette.viewing.styled import boxed, cut_to, plain_rows, styled_rows

    on_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if on_terminal else screen.columns + 2
    write_line("")
    write_line(f"the last screen, cursor at row {screen.cursor.row}, column {screen.cursor.column}:")
    if width < screen.columns + 2:
        lines = [cut_to(row, width) for row in "\n".join(plain_rows(screen)).rstrip().split("\n")]
    else:
        coloured = colour("x", "bold") != "x"
        lines = boxed(styled_rows(screen) if coloured else plain_rows(screen), screen)
    for line in lines:
        write_line(line)
