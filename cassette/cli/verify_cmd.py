"""`cassette verify`: complete, partial or damaged, and where; one line for each path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cassette.cli.output import Parser, colour, print_json, printable, write_line
from cassette.errors import CassetteError

if TYPE_CHECKING:
    from cassette.reading.verdict import Verdict

EXAMPLES = (
    "cassette verify cassettes/*",
    "cassette verify cassettes/* --quiet && echo all complete",
    "cassette verify cassettes/session --frames --verbose",
    "cassette verify cassettes/session --json",
)
_COLOURS = {"complete": "green", "partial": "yellow", "damaged": "red", "refused": "red"}


def parser() -> Parser:
    """The options of `verify`."""
    p = Parser(
        "verify",
        "Is it all there, and as it was recorded? Exit code 0 complete, 1 partial, 3 damaged or no cassette;\n"
        "of several the worst.",
        EXAMPLES,
    )
    p.add_argument("cassettes", nargs="+", metavar="DIR", help="directories of cassettes")
    p.add_argument("--frames", action="store_true", help="decode every frame too, not only its digest")
    p.add_argument(
        "-v", "--verbose", action="store_true", help="every finding, digests, files that no seal covers"
    )
    p.add_argument("--quiet", action="store_true", help="print only what is not complete")
    p.add_argument("--json", action="store_true", help="a list of verdicts as JSON")
    return p


def main(arguments: Sequence[str]) -> int:
    """Verify each."""
    args = parser().parse_args(arguments)
    from cassette.reading.verdict import UNSIGNED

    codes, documents, any_sealed = [], [], False
    for path in args.cassettes:
        verdict = _verdict(path, frames=args.frames)
        codes.append(verdict.exit_code)
        any_sealed |= not isinstance(verdict, CassetteError) and verdict.sealed
        if args.json:
            documents.append(_document(path, verdict))
        elif not args.quiet or verdict.exit_code:
            _print(path, verdict, verbose=args.verbose)
    if args.json:
        print_json(documents)
    elif any_sealed and not args.quiet:
        write_line(colour(UNSIGNED, "dim"))
    return max(codes)


def _verdict(path: str, *, frames: bool) -> Verdict | CassetteError:
    """What `path` is worth, or why nothing can be said; so the others are verified all the same."""
    from cassette.errors import NotACassette
    from cassette.reading.verify import verify

    try:
        return verify(path, frames=True if frames else None)
    except CassetteError as error:
        return error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return NotACassette(path=path, why=f"it cannot be read ({why.lower()})")


def _document(path: str, verdict: Verdict | CassetteError) -> dict[str, Any]:
    if isinstance(verdict, CassetteError):
        return {"path": path, "state": "refused", "reasons": [str(verdict)], "findings": []}
    return verdict.as_json()


def _print(path: str, verdict: Verdict | CassetteError, *, verbose: bool) -> None:
    if isinstance(verdict, CassetteError):
        write_line(f"{colour('refused ', 'red')}  {printable(str(verdict))}")
        return
    state = colour(f"{verdict.state:8}", _COLOURS[verdict.state])
    write_line(f"{state}  {printable(path)}{_why(verdict)}")
    if verbose:
        for finding in verdict.findings:
            write_line(f"          {printable(str(finding))}")
        write_line(f"          evidence_sha256 {verdict.evidence_sha256 or 'none'}")
        for name in verdict.foreign:
            write_line(f"          not covered by any seal: {printable(name)}")


def _why(verdict: Verdict) -> str:
    if verdict.findings:
        more = len(verdict.findings) - 1
        others = f" (and {more} more; see --verbose)" if more else ""
        return f": {printable(str(verdict.findings[0]))}{others}"
    return f": {printable('; '.join(verdict.reasons))}" if verdict.reasons else ""
