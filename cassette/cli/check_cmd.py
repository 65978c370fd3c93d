"""`cassette check`: assertions against cassettes; a failure shows what was asked, what is there, and the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cassette.cli.output import Parser, colour, print_json, printable, write_line

if TYPE_CHECKING:
    from cassette.scenario import Report, Result

EXAMPLES = (
    "cassette check --init cassettes/session       begin cassettes/session/assertions.yaml",
    "cassette check cassettes/session              does all of it hold?",
    "cassette check cassettes/* --quiet            only what does not",
    "cassette check tests/login.yaml --json",
)
_COLOURS = {"holds": "green", "fails": "red", "could not fail": "yellow"}
_MARKS = {"holds": "ok   ", "fails": "FAIL ", "could not fail": "WRONG"}


def parser() -> Parser:
    """The options of `check`."""
    p = Parser(
        "check",
        "Do the assertions about these recordings hold? Exit code 0 all do, 1 some do not (or they are of another\n"
        "recording), 2 a spec is wrong or could not fail, 3 a cassette is missing or damaged; of several the worst.\n"
        "Cassettes without assertions.yaml are passed over; where nothing else was given, that is 2.",
        EXAMPLES,
    )
    p.add_argument(
        "specs", nargs="*", metavar="SPEC", help="a file of assertions, or a cassette with an assertions.yaml"
    )
    p.add_argument(
        "--init", metavar="DIR", help="begin an assertions.yaml for this cassette, with what holds now"
    )
    p.add_argument("--quiet", action="store_true", help="print only what does not hold")
    p.add_argument("--json", action="store_true", help="a list of reports as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Check each."""
    args = parser().parse_args(arguments)
    from cassette.errors import UsageError

    if (args.init is None) == (not args.specs):
        raise UsageError(what="give specs to check, or --init DIR to begin one. See cassette check --help.")
    if args.init is not None:
        return _begin(args.init)
    from cassette.scenario import check

    reports = []
    for path in args.specs:
        report = check(path)
        reports.append(report)
        if not args.json and not (args.quiet and (report.exit_code == 0 or report.nothing)):
            _print(report, quiet=args.quiet)
    if args.json:
        print_json([report.as_json() for report in reports])
    checked = [report.exit_code for report in reports if not report.nothing]
    if not checked and args.quiet and not args.json:
        for report in reports:
            _print(report, quiet=True)
    return max(checked, default=2)


def _begin(path: str) -> int:
    from cassette.scenario import begin

    write_line(printable(str(begin(path))))
    return 0


def _print(report: Report, *, quiet: bool) -> None:
    for result in report.results:
        if not (quiet and result.outcome == "holds"):
            _print_result(report.spec, result)
    if report.error is not None:
        first, *more = str(report.error).split("\n")
        write_line(f"{_mark_of(report)}  {printable(first)}")
        for line in more:
            write_line(f"       {printable(line)}")
        return
    held, total = report.count("holds"), len(report.results)
    hold = "holds" if total == 1 else "hold"
    said = f"{held} of {total} {hold}" if held < total else f"all {total} hold" if total > 1 else "it holds"
    partial = "; the recording is partial, see cassette verify" if report.state == "partial" else ""
    write_line(f"{printable(report.spec)}: {colour(said, 'green' if held == total else 'red')}{partial}")


def _mark_of(report: Report) -> str:
    if report.nothing:
        return colour("none ", "yellow")
    return colour("WRONG" if report.exit_code == 2 else "FAIL ", "red")


def _print_result(spec: str, result: Result) -> None:
    assertion = result.assertion
    mark = colour(_MARKS[result.outcome], _COLOURS[result.outcome])
    place = f"{spec}:{assertion.line}"
    name = f"{assertion.name}: " if assertion.name else ""
    if result.outcome == "holds":
        write_line(f"{mark}  {printable(f'{place}  {name}{assertion.kind}: {assertion.check}')}")
        return
    write_line(f"{mark}  {printable(f'{place}  {name}{assertion.kind}')}")
    write_line(f"       expected  {printable(str(assertion.check))}")
    if result.outcome == "could not fail":
        write_line(f"       which could not fail: {printable(result.found)}")
        return
    write_line(f"       found     {printable(result.found)}")
    if result.screen is None:
        write_line("       no screen had come up by then")
        return
    _print_screen(result)


def _print_screen(result: Result) -> None:
    from cassette.reading.moments import format_time
    from cassette.viewing.picture import picture, place_of

    if result.screen is not None:
        moment = result.screen
        where = f"the screen of {format_time(moment.t_ms)} s (seq {moment.seq}), {place_of(moment.screen)}:"
        write_line(f"       {where}")
        write_line(colour(picture(moment.screen, "       "), "dim"))
