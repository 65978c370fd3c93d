"""`cassette screen`: the screen at any moment (time travel)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassette.cli.output import Parser, note, print_json, printable, write_line
from cassette.cli.reading import add_cassette, opened
from cassette.errors import UsageError

if TYPE_CHECKING:
    from cassette.reading.moments import Moment
    from cassette.reading.reader import Cassette
    from terminal.snapshot import Snapshot

EXAMPLES = (
    "cassette screen cassettes/session                       the last one",
    "cassette screen cassettes/session --at 1:02.5 --ansi    in colour",
    "cassette screen cassettes/session --until 'Ready'       the first one that says so",
    "cassette screen cassettes/session --seq 17 --exact      right after that event",
    "cassette screen cassettes/session --svg end.svg         a picture of it",
)


def parser() -> Parser:
    """The options of `screen`."""
    p = Parser(
        "screen",
        "The screen at a moment: the last settled frame at or before it (the end, by default).",
        EXAMPLES,
    )
    add_cassette(p)
    moment = p.add_mutually_exclusive_group()
    moment.add_argument("--at", metavar="T", help="at this time: 1.5, 1500ms or 1:02.5")
    moment.add_argument("--seq", type=int, metavar="N", help="after event N; see cassette events")
    moment.add_argument("--until", metavar="TEXT", help="the first screen that has TEXT; exit 1 if none has")
    p.add_argument("--exact", action="store_true", help="the true screen after the very event, drawn anew")
    p.add_argument("--ansi", action="store_true", help="with colours and styles")
    p.add_argument("--json", action="store_true", help="text, cursor, size, title, spans and the moment")
    p.add_argument("--svg", metavar="FILE", help="draw it as a picture into FILE")
    return p


def main(arguments: Sequence[str]) -> int:
    """Print one screen."""
    args = parser().parse_args(arguments)
    given = [name for name in ("ansi", "json", "svg") if getattr(args, name)]
    if len(given) > 1:
        raise UsageError(what=f"--{' and --'.join(given)} are different ways to show it. Give one of them.")
    with opened(args) as tape:
        moment = _moment(tape, args)
    if moment is None:
        note(
            f"cassette: {printable(args.until)!r} never comes on a screen of {printable(args.cassette)}. "
            f"{'See' if args.exact else 'Try --exact for what stood only briefly, or see'} cassette events."
        )
        return 1
    if args.json:
        print_json(_document(moment))
        return 0
    if args.svg:
        _draw(moment.screen, args.svg)
        return 0
    _print_rows(moment.screen, ansi=args.ansi)
    return 0


def _draw(screen: Snapshot, file: str) -> None:
    from terminal.svg import svg

    try:
        Path(file).write_text(svg(screen), "utf-8")
    except OSError as error:
        raise UsageError(
            what=f"cannot write {file}: {error.strerror}. Give a file in a directory of yours."
        ) from None


def _moment(tape: Cassette, args: argparse.Namespace) -> Moment | None:
    from cassette.reading.moments import first_with, moment_at, parse_time

    if args.until is not None:
        if not args.until:
            raise UsageError(what="--until needs a text. Give what the screen should have.")
        return first_with(tape, args.until, exact=args.exact)
    if args.seq is not None and args.seq < 0:
        raise UsageError(what=f"--seq {args.seq}: events are counted from 1. See cassette events.")
    t_ms = None if args.at is None else parse_time(args.at, "--at")
    return moment_at(tape, t_ms=t_ms, seq=args.seq, exact=args.exact)


def _print_rows(screen: Snapshot, *, ansi: bool) -> None:
    from cassette.viewing.styled import plain_rows, styled_rows

    rows = styled_rows(screen) if ansi else plain_rows(screen)
    while rows and not rows[-1]:
        rows.pop()
    for row in rows:
        write_line(row)


def _document(moment: Moment) -> dict[str, Any]:
    from cassette.viewing.readable import cursor_facts
    from cassette.viewing.styled import style_facts

    screen = moment.screen
    return {
        "seq": moment.seq,
        "t_ms": moment.t_ms,
        "size": {"columns": screen.columns, "rows": screen.rows},
        "cursor": cursor_facts(screen.cursor),
        "title": screen.title,
        "text": screen.text,
        "spans": {
            row: [{"column": s.column, "width": s.width, **style_facts(s.style)} for s in spans]
            for row, spans in screen.spans.items()
        },
    }
