"""What the reading commands share: how a cassette is named on the command line, opened, and its times are given."""

from __future__ import annotations

import argparse
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cassette.cli.output import Parser
    from cassette.reading.reader import Cassette


def add_cassette(p: Parser) -> None:
    """The arguments that say which cassette."""
    p.add_argument("cassette", metavar="DIR", help="the cassette's directory")
    p.add_argument(
        "--unverified",
        action="store_true",
        help="open it although digests differ; what is cut short is still refused",
    )


def add_window(p: Parser) -> None:
    """The arguments that say which part of it."""
    p.add_argument("--from", dest="start", metavar="T", help="begin at this time: 1.5, 1500ms or 1:02.5")
    p.add_argument("--to", dest="end", metavar="T", help="end at this time")


def window_of(args: argparse.Namespace) -> tuple[int, int | None]:
    """`--from` and `--to` in milliseconds. Raises UsageError."""
    from cassette.errors import UsageError
    from cassette.reading.moments import parse_time

    start = 0 if args.start is None else parse_time(args.start, "--from")
    end = None if args.end is None else parse_time(args.end, "--to")
    if end is not None and end < start:
        raise UsageError(what=f"--to {args.end} is before --from {args.start}. Give a start before the end.")
    return start, end


def opened(args: argparse.Namespace) -> closing[Cassette]:
    """The cassette that was named. Raises NotACassette, Damaged and the like."""
    from cassette.reading.reader import open as open_cassette

    return closing(open_cassette(args.cassette, unverified=args.unverified))
