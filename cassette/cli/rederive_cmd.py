"""`cassette rederive`: draw the frames of cassettes again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from cassette.cli.output import Parser, ProgressLine, note, print_json, printable, write_line
from cassette.errors import CassetteError

EXAMPLES = (
    "cassette rederive cassettes/*            after an upgrade that draws better",
    "cassette rederive --check cassettes/*    only tell; exit code 1 when frames would change",
    "cassette rederive --emulator ghostty cassettes/long",
)


def parser() -> Parser:
    """The options of `rederive`."""
    p = Parser(
        "rederive", "Draw the frames again from the evidence. No digest of evidence changes.", EXAMPLES
    )
    p.add_argument("cassettes", nargs="+", metavar="DIR")
    p.add_argument(
        "--emulator", metavar="NAME", help="pyte or ghostty (default: the one that drew the frames)"
    )
    p.add_argument("--check", action="store_true", help="write nothing; exit code 1 when frames would change")
    p.add_argument("--json", action="store_true", help="print as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Rederive each cassette; one that fails does not keep the others from it."""
    from cassette.recording.rederive import rederive

    args = parser().parse_args(arguments)
    progress, code, done = ProgressLine("drawing frames"), 0, []
    for path in args.cassettes:
        try:
            result = rederive(path, emulator=args.emulator, dry_run=args.check, progress=progress)
        except CassetteError as error:
            note(f"cassette: {error}")
            code = max(code, error.exit_code)
            continue
        finally:
            progress.end()
        done.append(asdict(result))
        if args.check and result.changed:
            code = max(code, 1)
        if not args.json:
            word = "unchanged" if not result.changed else "would change" if args.check else "changed"
            identity = f"{result.after.name} {result.after.version}"
            frames = f"{result.frames_before} -> {result.frames_after} frames"
            write_line(f"{printable(path)}: {word}, {frames}, {identity}")
    if args.json:
        print_json(done)
    return code
