"""`cassette play`: show a recording as it happened, or faster; it never acts on the viewer's terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cassette.cli.output import Parser, warn
from cassette.cli.reading import add_cassette, add_window, opened, window_of
from cassette.errors import UsageError

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette
    from cassette.viewing.viewer import Viewer

EXAMPLES = (
    "cassette play cassettes/session                       as it happened (space, . and q work)",
    "cassette play cassettes/session --speed 2 --idle-limit 1",
    "cassette play cassettes/session --from 1:02.5 --to 1:10",
    "cassette play cassettes/session --collapsed           all at once",
)
_HELP = """Show a recording. Only what draws reaches your terminal: queries, the clipboard, titles, window,
keyboard and mouse modes and the like are left out, and the terminal is reset at the end.

While it plays on a terminal: space pauses and resumes, . steps while paused, q or Ctrl-C leaves."""


def parser() -> Parser:
    """The options of `play`."""
    p = Parser("play", _HELP, EXAMPLES)
    add_cassette(p)
    pace = p.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=float, metavar="X", help="2 is twice as fast, 0.5 half as fast")
    pace.add_argument("--realtime", action="store_true", help="as it happened (the default on a terminal)")
    pace.add_argument("--collapsed", action="store_true", help="without any delay (the default elsewhere)")
    p.add_argument("--idle-limit", type=float, metavar="S", help="no pause longer than S recorded seconds")
    add_window(p)
    p.add_argument("--bell", action="store_true", help="let the bell ring")
    return p


def main(arguments: Sequence[str]) -> int:
    """Play one cassette."""
    args = parser().parse_args(arguments)
    from cassette.reading.moments import format_time
    from cassette.viewing.viewer import Viewer

    pace = _pace(args)
    with opened(args) as tape:
        sys.stdout.flush()
        out = sys.stdout.fileno()
        _tell_of_size(tape, out)
        if pace["start_ms"] > tape.final.t_ms:
            warn(f"the recording ends at {format_time(tape.final.t_ms)} s: this is its end.")
        has_keys = (
            pace["mode"] != "collapsed" and os.isatty(out) and sys.stdin is not None and sys.stdin.isatty()
        )
        viewer = Viewer(
            out,
            sys.stdin.fileno() if has_keys else None,
            bell=args.bell,
            again=lambda first, last: (o for o in tape.outputs() if first <= o.seq <= last),
        )
        viewer.run(lambda: _replay(tape, viewer, pace))
    return 128 + viewer.ended_by if viewer.ended_by else 0


def _replay(tape: Cassette, viewer: Viewer, pace: dict[str, Any]) -> None:
    from cassette.model import Final, Frame, Output
    from cassette.playing.replay import replay

    seen = (event for event in tape.events() if isinstance(event, Output | Frame | Final))
    replay(seen, viewer, clock=viewer.clock, cancelled=viewer.cancelled, **pace)


def _pace(args: argparse.Namespace) -> dict[str, Any]:
    """The options of a replay that the arguments mean. Raises UsageError."""
    start, end = window_of(args)
    idle = args.idle_limit
    if idle is not None and not 0 <= idle < 10**9:
        raise UsageError(what=f"--idle-limit {idle:g}: give a number of seconds, 0 or more.")
    if args.speed is not None and not 0.001 <= args.speed <= 10**6:
        raise UsageError(what=f"--speed {args.speed:g}: give a number above 0; 2 is twice as fast.")
    mode, scale = "collapsed", 1.0
    if args.speed is not None:
        mode, scale = "scaled", 1 / args.speed
    elif args.realtime or (not args.collapsed and sys.stdout.isatty()):
        mode = "realtime"
    idle_ms = None if idle is None else round(idle * 1000)
    return {"mode": mode, "scale": scale, "start_ms": start, "end_ms": end, "idle_limit_ms": idle_ms}


def _tell_of_size(tape: Cassette, out: int) -> None:
    """Say so when the viewer's terminal cannot hold the picture."""
    if not os.isatty(out):
        return
    columns, rows = os.get_terminal_size(out)
    sizes = [tape.size, *(event.size for event in tape.inputs() if event.size is not None)]
    widest, highest = max(size.columns for size in sizes), max(size.rows for size in sizes)
    if columns and rows and (columns < widest or rows < highest):
        warn(
            f"the recording is {widest}x{highest}, and this terminal is {columns}x{rows}: "
            "the picture may break. Make it larger, or see cassette screen."
        )
