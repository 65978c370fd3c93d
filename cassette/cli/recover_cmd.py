"""`cassette recover`: finish what a crash left in the spool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cassette.cli.output import Parser, ProgressLine, note, print_json, printable, write_line
from cassette.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from cassette.store.spool import SpoolInfo

EXAMPLES = (
    "cassette recover                 finish every recording whose recorder is gone",
    "cassette recover --list          what there is",
    "cassette recover 4f6a…           finish one (the start of its id is enough)",
    "cassette recover 4f6a -o DIR     finish it elsewhere, where its place was taken meanwhile",
    "cassette recover --discard 4f6a  throw one away",
)


def parser() -> Parser:
    """The options of `recover`."""
    p = Parser(
        "recover",
        "Finish what a crash left in the spool: each recording becomes a partial cassette.",
        EXAMPLES,
    )
    p.add_argument("id", nargs="?", help="the recording, by the start of its id (default: all)")
    p.add_argument("-o", "--output", metavar="DIR", help="another place for the one with that id")
    p.add_argument("--list", action="store_true", help="only show what there is")
    p.add_argument(
        "--discard", metavar="ID", help="throw a recording away; one that is running is never touched"
    )
    p.add_argument("--json", action="store_true", help="print as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """List, finish or discard spools."""
    from cassette.recording.recovery import discard_spool, list_spools
    from cassette.store.places import check_demanded

    args = parser().parse_args(arguments)
    if sum((args.list, args.discard is not None, args.id is not None)) > 1:
        raise UsageError(what="--list, --discard and an id exclude each other: give one of them")
    if args.output is not None and args.id is None:
        raise UsageError(what="-o is the place of one recording: give its id too")
    check_demanded()
    if args.list:
        return _list(as_json=args.json)
    if args.discard is not None:
        spool_id = _meant(args.discard).id
        discard_spool(spool_id)
        note(f"discarded {spool_id}")
        if args.json:
            print_json({"discarded": spool_id})
        return 0
    if args.id is not None:
        spools = [_meant(args.id)]
    else:
        spools = [info for info in list_spools() if not info.alive]
        if not spools:
            note("nothing to recover")
    return _recover(spools, to=args.output, as_json=args.json)


def _meant(start: str) -> SpoolInfo:
    """The one spool whose id begins so."""
    from cassette.errors import NoSuchSpool
    from cassette.recording.recovery import list_spools

    if not start:
        raise UsageError(what="the id is empty: give its start, as cassette recover --list shows it")
    found = [info for info in list_spools() if info.id.startswith(start)]
    if not found:
        raise NoSuchSpool(id=start)
    if len(found) > 1:
        raise UsageError(what=f"{len(found)} recordings begin with {start}: give more of the id")
    return found[0]


def _recover(spools: list[SpoolInfo], *, to: str | None, as_json: bool) -> int:
    from cassette.errors import CassetteExists
    from cassette.recording.recovery import discard_spool, recover

    progress, code, done = ProgressLine("drawing frames"), 0, []
    for info in spools:
        try:
            if info.empty:
                discard_spool(info.id)
                note(f"removed {info.id}: its recorder ended before anything was recorded")
                continue
            path = recover(info.id, to=to, progress=progress)
        except CassetteError as error:
            taken = isinstance(error, CassetteExists)  # here is no --overwrite
            why = f"{info.target} exists already. Choose another place: cassette recover {info.id} -o DIR"
            note(f"cassette: {info.id}: {why if taken and to is None else error}")
            code = max(code, error.exit_code)
            continue
        finally:
            progress.end()
        done.append({"id": info.id, "path": str(path)})
        note(f"recovered {info.id}: {printable(str(path))}")
    if as_json:
        print_json(done)
    return code


def _list(*, as_json: bool) -> int:
    from cassette.recording.recovery import list_spools

    found = list_spools()
    if found:
        from cassette.scrubbing.words import shown_words  # a list may end up in a log
    if as_json:
        print_json(
            [
                {slot: getattr(info, slot) for slot in info.__slots__} | {"argv": shown_words(info.argv)}
                for info in found
            ]
        )
        return 0
    for info in found:
        state = (
            "running" if info.alive else "damaged" if info.damage else "empty" if info.empty else "to recover"
        )
        words = printable(" ".join(shown_words(info.argv)))
        target = printable(str(info.target or "?"))
        write_line(f"{info.id}  {state:10}  {info.size:>12,} bytes  {info.started}  {words}  -> {target}")
    if not found:
        note("there are no recordings in the spool")
    return 0
