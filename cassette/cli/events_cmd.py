"""`cassette events`: every event of a cassette, one a line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cassette.cli.output import Parser, colour, print_json, write_line
from cassette.cli.reading import add_cassette, add_window, opened, window_of

if TYPE_CHECKING:
    from cassette.model import Event
    from cassette.reading.reader import Cassette

EXAMPLES = (
    "cassette events cassettes/session",
    "cassette events cassettes/session --kind input --kind signal      only what went in",
    "cassette events cassettes/session --from 1.5 --to 1:02.5 --frames",
    "cassette events cassettes/session --json | jq -r 'select(.kind == \"output\").text'",
)


def parser() -> Parser:
    """The options of `events`."""
    p = Parser(
        "events", "Every event, one a line: seq, seconds, kind, and what happened, made readable.", EXAMPLES
    )
    add_cassette(p)
    p.add_argument("--kind", action="append", metavar="K", help="only this kind (may be given again)")
    add_window(p)
    p.add_argument("--frames", action="store_true", help="draw the screen of each frame under its line")
    p.add_argument("--json", action="store_true", help="one JSON object a line")
    return p


def main(arguments: Sequence[str]) -> int:
    """Print the events."""
    args = parser().parse_args(arguments)
    from cassette.viewing.readable import as_json

    _check_kinds(args.kind)
    start, end = window_of(args)
    show = _Lines(frames=args.frames)
    with opened(args) as tape:
        for event in _chosen(tape, args.kind, start, end):
            if args.json:
                print_json(as_json(event, frames=args.frames), on_one_line=True)
            else:
                show(event)
    return 0


def _check_kinds(kinds: Sequence[str] | None) -> None:
    from cassette.errors import UsageError
    from cassette.viewing.readable import KINDS

    for kind in kinds or ():
        if kind not in KINDS:
            raise UsageError(what=f"--kind {kind}: there is no such kind. Give one of {', '.join(KINDS)}.")


def _chosen(tape: Cassette, kinds: Sequence[str] | None, start: int, end: int | None) -> Iterator[Event]:
    from cassette.viewing.readable import kind_of

    for event in tape.events():
        if end is not None and event.t_ms > end:
            return
        if event.t_ms >= start and (not kinds or kind_of(event) in kinds):
            yield event


class _Lines:
    """Prints events for a person; lines are cut to the terminal's width where there is one."""

    def __init__(self, *, frames: bool) -> None:
        self._frames = frames
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    def __call__(self, event: Event) -> None:
        from cassette.model import Frame
        from cassette.reading.moments import format_time
        from cassette.viewing.readable import kind_of, words

        kind = kind_of(event)
        head = f"{event.seq:6}  {format_time(event.t_ms):>9}  "
        line = f"{head}{kind:8}{words(event)}"
        if self._width is not None:
            from cassette.viewing.styled import cut_to

            line = cut_to(line, self._width)
        body = line[len(head) :]
        write_line(f"{colour(head, 'dim')}{colour(body[:8], _COLOURS.get(kind, 'dim'))}{body[8:]}")
        if self._frames and isinstance(event, Frame):
            from cassette.viewing.styled import boxed, plain_rows

            for row in boxed(plain_rows(event.screen), event.screen):
                write_line(f"        {row}")


_COLOURS = {
    "output": "green",
    "input": "cyan",
    "paste": "cyan",
    "resize": "yellow",
    "signal": "yellow",
    "gap": "red",
    "final": "bold",
}
