"""`cassette doctor`: is this machine fit to record, and are these cassettes in order?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from cassette.cli.output import Parser, colour, print_json, printable, write_line

EXAMPLES = (
    "cassette doctor                    this machine, and the cassettes in cassettes/",
    "cassette doctor tests/cassettes    others",
    "cassette doctor --json | jq '.[] | select(.state != \"ok\")'",
)
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
_HEADS = {"machine": "this machine", "harnesses": "harnesses", "cassettes": "cassettes"}


def parser() -> Parser:
    """The options of `doctor`."""
    p = Parser(
        "doctor",
        "Is this machine fit to record, and are these cassettes in order? Exit code 0, or 1 when something fails.\n"
        "Changes nothing, needs no network, and asks installed harnesses for their version only.",
        EXAMPLES,
    )
    p.add_argument(
        "directories", nargs="*", metavar="DIR", help="where to look for cassettes (default: cassettes)"
    )
    p.add_argument("--json", action="store_true", help="a list of checks as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Look, and print each line as it comes."""
    args = parser().parse_args(arguments)
    from cassette.doctor import examine

    checks, area = [], ""
    for check in examine(args.directories):
        checks.append(check)
        if args.json:
            continue
        if check.area != area:
            area = check.area
            write_line(f"{'' if len(checks) == 1 else chr(10)}{colour(_HEADS[area], 'bold')}")
        write_line(
            f"  {colour(f'{check.state:4}', _COLOURS[check.state])}  {check.name:13}  {printable(check.what)}"
        )
        if check.todo:
            write_line(f"{'':23}{printable(check.todo)}")
    if args.json:
        print_json([asdict(check) for check in checks])
    return int(any(check.state == "fail" for check in checks))
