"""`cassette capabilities`: what harnesses can do, by the cassettes that show it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cassette.cli.output import Parser, colour, note, print_json, printable, warn, write_line

if TYPE_CHECKING:
    from cassette.capability.answers import Answer
    from cassette.capability.matrix import Matrix

EXAMPLES = (
    "cassette capabilities                                        the matrix of all cassettes in cassettes/",
    "cassette capabilities --require 'codex:model=gpt-6.1-sol,reasoning=high' --require '*:run'",
    "cassette capabilities --require 'claude@subscription:quota<80'",
    "cassette capabilities --explain codex:list_models            the screen that shows it",
    "cassette capabilities --now +24h                             what will be stale tomorrow",
    "cassette capabilities --json tests/cassettes | jq '.harnesses[].harness'",
)
_COLOURS = {"pass": "green", "stale": "yellow", "blocked": "red", "gap": "dim", "n/a": "dim"}
_KINDS = {"head": "bold", "mark": "green", "wrong": "red"}


def parser() -> Parser:
    """The options of `capabilities`."""
    p = Parser(
        "capabilities",
        "What harnesses can do, by the evidence in cassettes: offline, nothing is started. Exit code 0, or 1 when a\n"
        "requirement does not hold. pass: fresh evidence shows it; stale: evidence that is too old does; gap: none\n"
        "does; blocked: there is evidence that cannot be trusted; n/a: the harness has no such thing.",
        EXAMPLES,
    )
    p.add_argument(
        "directories", nargs="*", metavar="DIR", help="where to look for cassettes (default: cassettes)"
    )
    p.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="EXPR",
        help="HARNESS[@ACCOUNT]:CONDITION[,CONDITION…]; a condition is a capability, model=, reasoning=, "
        "permission_mode= (patterns are understood), quota<N or quota.WINDOW<N (percent used)",
    )
    p.add_argument(
        "--explain",
        nargs="?",
        const="*",
        metavar="HARNESS[:CAPABILITY]",
        help="show the screen or the output behind each, with the rows marked; give directories before it",
    )
    p.add_argument(
        "--now", metavar="TIME", help="judge freshness at this time: ISO 8601 with a time zone, or +24h"
    )
    p.add_argument("--json", action="store_true", help="print as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Print the matrix, explain it, or judge requirements."""
    args = parser().parse_args(arguments)
    from cassette.capability.freshness import moment_of
    from cassette.capability.matrix import matrix
    from cassette.capability.requirements import judge, parse_requirement
    from cassette.errors import UsageError

    if args.explain is not None and (args.require or args.json):
        raise UsageError(what="--explain is for people, alone. Leave out --require and --json.")
    requirements = [parse_requirement(text) for text in args.require]
    found = matrix(args.directories, now=moment_of(args.now))
    answers = [(each.text, judge(each, found.rows)) for each in requirements]
    if args.json:
        from cassette.capability.as_json import document

        print_json(document(found, answers))
    elif args.explain is not None:
        return _explain(found, args.explain)
    else:
        _print_problems(found)
        if not requirements:
            _print_matrix(found)
        for text, answer in answers:
            _print_answer(text, answer)
    return 0 if all(answer.holds for _, answer in answers) else 1


def _print_problems(found: Matrix) -> None:
    for problem in found.problems:
        warn(f"{printable(str(problem.cassette))} shows nothing, {printable(problem.why)}")


def _print_matrix(found: Matrix) -> None:
    import shutil

    from cassette.capability.table import remarks, table

    if not found.rows:
        where = ", ".join(found.directories) or "cassettes"
        note(
            f"none of the {found.found} cassettes in {where} has evidence. Record some: cassette discover HARNESS."
        )
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for pieces in table(found, width):
        write_line("".join(_coloured(text, _COLOURS.get(kind, kind)) for text, kind in pieces))
    for remark in remarks(found):
        for line in _wrapped(printable(remark), width):
            write_line(line)


def _wrapped(text: str, width: int | None) -> list[str]:
    import textwrap

    if width is None or not text:
        return [text]
    return textwrap.wrap(text, max(width, 20), subsequent_indent="  ", break_long_words=False)


def _coloured(text: str, name: str) -> str:
    return colour(printable(text), name) if name else printable(text)


def _print_answer(text: str, answer: Answer) -> None:
    if not answer.holds:
        write_line(f"{colour('FAIL', 'red')}  {printable(text)}: {printable(answer.why)}")
        return
    from cassette.capability.showing import where

    proof = colour(printable(where(answer)), "dim")
    write_line(f"{colour('ok', 'green')}    {printable(text)}  {proof}")
    if answer.warns:
        warn(printable(answer.stale))


def _explain(found: Matrix, text: str) -> int:
    from cassette.capability.names import CAPABILITIES
    from cassette.capability.requirements import parse_target
    from cassette.capability.showing import explain
    from cassette.errors import UsageError

    target_text, _, capability = text.partition(":")
    if capability and capability not in CAPABILITIES:
        known = ", ".join(CAPABILITIES)
        raise UsageError(what=f"--explain {text}: {capability!r} is no capability. Known are {known}.")
    target = parse_target(target_text)
    rows = target.rows(found.rows)
    if not rows and os.path.isdir(text):  # noqa: PTH112
        raise UsageError(what=f"--explain takes {text} for a harness. Give directories before --explain.")
    if not rows:
        note(f"cassette: {printable(target.missing(found.rows))}")
        note(f"Record some: cassette discover {printable(target.harness)}")
        return 1
    for line in explain(rows, capability or None):
        write_line(colour(line.text, _KINDS[line.kind]) if line.kind in _KINDS else line.text)
    return 0
