"""`cassette scan`: secrets in cassettes that exist already; with `--fix` they are taken out."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cassette.cli.output import Parser, ProgressLine, colour, note, print_json, printable, write_line
from cassette.errors import CassetteError

if TYPE_CHECKING:
    from cassette.scanning.finding import Found, Scan
    from cassette.scanning.fixing import Fixed
    from cassette.scrubbing.settings import ScrubSettings

EXAMPLES = (
    "cassette scan cassettes                       every cassette in a directory",
    "cassette scan --fix cassettes/session         cover what is found, in place",
    "cassette scan --known-secret-env DEPLOY_KEY --rules secrets.toml cassettes",
    "cassette scan --skip-others $(git diff --cached --name-only --diff-filter=d)",
)
_LEAK, _SHOWN = 5, 12
ROTATE = (
    "Whoever has a copy of these files has these secrets: make them invalid where they are used. Taking them out "
    "does not take them out of the history of a repository."
)


def parser() -> Parser:
    """The options of `scan`."""
    p = Parser(
        "scan",
        "Are there secrets in these cassettes? Exit code 0 none, 5 some, 3 no cassette, or one that cannot be read\n"
        "whole. Values are never shown. Known values come from the environment (names like *_TOKEN), from\n"
        "[tool.pty-cassette.scrub] in pyproject.toml, and from the options.",
        EXAMPLES,
    )
    p.add_argument(
        "cassettes",
        nargs="+",
        metavar="DIR",
        help="cassettes, directories of cassettes, or files of cassettes",
    )
    p.add_argument(
        "--fix", action="store_true", help="cover what is found, draw the frames again, seal again"
    )
    p.add_argument(
        "--known-secret-env",
        action="append",
        default=[],
        metavar="NAME",
        help="a variable whose value is secret",
    )
    p.add_argument(
        "--known-secret-file", action="append", default=[], metavar="FILE", help="a file that holds secrets"
    )
    p.add_argument(
        "--rules", action="append", default=[], metavar="FILE", help="rules in gitleaks' form (TOML)"
    )
    p.add_argument(
        "--skip-others", action="store_true", help="pass over files that belong to no cassette, for hooks"
    )
    p.add_argument("--quiet", action="store_true", help="print only cassettes that are not clean")
    p.add_argument("--json", action="store_true", help="a list of results as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Scan each, and fix it; one that fails does not keep the others from it."""
    args = parser().parse_args(arguments)
    results = list(_results(args))
    for result in results:
        if args.json:
            continue
        if not args.quiet or result.exit_code or result.fixed:
            _print(result)
    if args.json:
        print_json([result.as_json() for result in results])
    elif any(result.found or result.covered for result in results):
        note(colour(ROTATE, "yellow"))
    codes = {result.exit_code for result in results}
    return _LEAK if _LEAK in codes else max(codes, default=0)


@dataclass
class Result:
    """What came of one cassette. `found` is what is there still, `covered` what was taken out."""

    path: str
    scan: Scan | None = None
    found: list[Found] = field(default_factory=list)
    covered: list[Found] = field(default_factory=list)
    fixed: Fixed | None = None
    error: CassetteError | None = None

    @property
    def exit_code(self) -> int:
        """5 secrets, else the error's, else 3 where not all could be read."""
        if self.found:
            return _LEAK
        if self.error is not None:
            return self.error.exit_code
        return 3 if self.problems else 0

    @property
    def problems(self) -> list[str]:
        """What could not be read."""
        return self.scan.problems if self.scan is not None else []

    @property
    def state(self) -> str:
        """One word for it."""
        if self.found:
            return "secrets"
        if self.error is not None:
            return "refused"
        return "unread" if self.problems else "fixed" if self.fixed else "clean"

    def as_json(self) -> dict[str, Any]:
        """The result as plain values; docs/scrubbing.md has the schema."""
        return {
            "path": self.path,
            "state": self.state,
            "exit_code": self.exit_code,
            "secrets": [_json_of(found) for found in self.found],
            "problems": self.problems,
            "screen": self.scan.screen if self.scan is not None else None,
            "fixed": _json_of_fixed(self.fixed, self.covered),
            "error": str(self.error) if self.error is not None else None,
        }


def _results(args: argparse.Namespace) -> Iterable[Result]:
    from cassette.scanning.many import scan_many
    from cassette.scanning.targets import cassettes_of
    from cassette.scrubbing.settings import read_settings

    settings = read_settings(
        known_secret_env=args.known_secret_env, known_secret_file=args.known_secret_file, rules=args.rules
    )
    named = list(cassettes_of(args.cassettes, pass_over=args.skip_others, tidy=args.fix))
    scans = scan_many([path for path in named if not isinstance(path, CassetteError)], settings)
    for path in named:
        if isinstance(path, CassetteError):
            yield Result(str(path.facts.get("path", "")), error=path)
            continue
        scan = next(scans)
        result = Result(str(path), scan, scan.found)
        if args.fix and scan.found:
            _fix(result, scan, settings)
        yield result


def _fix(result: Result, scan: Scan, settings: ScrubSettings) -> None:
    from cassette.scanning.fixing import fix

    if not any(found.fixable for found in scan.found) and not scan.problems:
        return
    with ProgressLine("drawing frames") as progress:
        try:
            result.fixed = fix(scan, settings, progress=progress)
        except CassetteError as error:
            result.error = error
            return
    result.covered = [found for found in scan.found if found.fixable]
    result.found = [found for found in scan.found if not found.fixable]


def _json_of(found: Found) -> dict[str, Any]:
    facts = asdict(found)
    return {
        **{key: facts[key] for key in ("kind", "origin", "form", "view")},
        **facts["where"],
        "fixable": found.fixable,
    }


def _json_of_fixed(fixed: Fixed | None, covered: Sequence[Found]) -> dict[str, Any] | None:
    if fixed is None:
        return None
    return {
        "evidence_sha256": {"before": fixed.before, "after": fixed.after},
        "content_digest": {"before": fixed.content_before, "after": fixed.content_after},
        "bound_files": list(fixed.bound),
        "secrets": [_json_of(found) for found in covered],
    }


def _print(result: Result) -> None:
    name = printable(result.path)
    if result.found:
        write_line(f"{colour('secrets', 'red')}  {name}: {_count(result.found)}")
        _print_places(result.found)
    elif result.error is None and not result.fixed:
        word = colour("unread ", "yellow") if result.problems else colour("clean  ", "green")
        write_line(f"{word}  {name}")
    if result.fixed is not None:
        _print_fixed(result, result.fixed)
    for problem in result.problems:
        write_line(f"         {printable(problem)}")
    if result.error is not None:
        write_line(f"{colour('refused', 'red')}  {printable(str(result.error))}")
    elif result.found:
        _print_remedy(result, name)


def _print_places(found: Sequence[Found]) -> None:
    for one in found[:_SHOWN]:
        how = "" if one.form == "plain" else f", as {one.form}"
        what = f"{one.kind} ({one.origin or 'found by drawing it'}; view {one.view}{how})"
        write_line(f"         {printable(f'{one.where}: {what}')}")
    if len(found) > _SHOWN:
        write_line(f"         and {len(found) - _SHOWN} more; see --json")


def _print_fixed(result: Result, fixed: Fixed) -> None:
    write_line(f"{colour('fixed  ', 'green')}  {printable(result.path)}: {_count(result.covered)} covered")
    write_line(f"         evidence_sha256 was {fixed.before}")
    write_line(f"         evidence_sha256 is  {fixed.after}")
    for name in fixed.bound:
        write_line(f"         {printable(name)} is bound to the old one: put the new one there")


def _print_remedy(result: Result, name: str) -> None:
    if any(one.fixable for one in result.found):
        write_line(f"         take them out with: cassette scan --fix {name}")
    elif result.scan is not None and result.scan.is_damaged:
        write_line("         a damaged cassette is never rewritten: restore it first, or record it again")
    elif result.scan is not None and result.scan.own_rule:
        rule = printable(result.scan.own_rule)
        write_line(
            f"         look at the rule {rule!r} in your rules file, which takes what cannot be covered"
        )
    elif result.fixed is not None or not result.problems:
        write_line(
            "         not part of the recording, or not to be rewritten: edit these by hand, or record again"
        )


def _count(found: Sequence[Found]) -> str:
    return f"{len(found)} place{'s' if len(found) != 1 else ''}"
