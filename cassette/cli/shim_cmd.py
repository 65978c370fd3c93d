"""`cassette shim`: an executable that plays a cassette to whatever starts it."""

from __future__ import annotations

from collections.abc import Sequence

from cassette.cli.output import Parser, note, print_json, warn

EXAMPLES = (
    "cassette shim cassettes/session --name bash --into bin      then: PATH=$PWD/bin:$PATH ./the-tests",
    "cassette shim cassettes/model --name claude --into /tmp/bin --any-arguments",
    "CASSETTE_SHIM_PACE=realtime bin/bash                        with the recorded delays",
)


def parser() -> Parser:
    """The options of `shim`."""
    p = Parser(
        "shim",
        "Write an executable that plays a cassette: it writes what was written, waits for the recorded input,\n"
        "checks it, and ends as the program ended. Nothing of pty-cassette is needed to run it.",
        EXAMPLES,
    )
    p.add_argument("cassette", metavar="DIR", help="the cassette's directory")
    p.add_argument("--name", required=True, metavar="NAME", help="name of the executable, such as claude")
    p.add_argument("--into", required=True, metavar="BIN_DIR", help="directory that gets it (for PATH)")
    p.add_argument(
        "--any-arguments", action="store_true", help="let it be started with other arguments than recorded"
    )
    p.add_argument("--json", action="store_true", help="print what was written as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Write one shim."""
    from cassette.reading.reader import open as open_cassette
    from cassette.shim.writer import write_shim

    args = parser().parse_args(arguments)
    path = write_shim(args.cassette, name=args.name, into=args.into, any_arguments=args.any_arguments)
    with open_cassette(args.cassette, unverified=True) as tape:
        facts = {"path": str(path), "cassette": str(tape.path), "id": tape.id, "state": tape.state}
        command = " ".join(tape.manifest.command.argv)
    if args.json:
        print_json(facts)
    else:
        note(f"{path} plays {args.cassette} ({command or 'unknown command'})")
    if facts["state"] == "partial":
        warn("the recording is partial: the shim plays what there is")
    return 0
