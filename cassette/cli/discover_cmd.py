"""`cassette discover`: finds out what a harness can do, and keeps the evidence as cassettes."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassette.cli.output import Parser, colour, note, print_json, printable, warn, write_line
from cassette.errors import UsageError

if TYPE_CHECKING:
    from cassette.harness.adapter import Adapter
    from cassette.harness.discovering import ProbeOutcome, Request
    from cassette.harness.preflight import Fit
    from cassette.harness.registry import Registry

EXAMPLES = (
    "cassette discover --list                            adapters, and their probes",
    "cassette discover codex                             run its probes, record each, keep the facts",
    "cassette discover codex --probe models --dry-run    is it installed, logged in, free?",
    "cassette discover acme --adapter tools/acme.toml    an adapter of your own",
    "cassette discover codex --replay cassettes/codex    the same steps against the recordings: the same facts?",
    "cassette discover generic -- mytool                 any program, from its --help and --version",
)
_COLOURS = {"recorded": "green", "failed": "red", "skipped": "yellow"}
_MOST_VALUES = 8


def parser() -> Parser:
    """The options of `discover`."""
    p = Parser(
        "discover",
        "Find out what a harness can do, by the probes of its adapter: each becomes a cassette with discovery.json\n"
        "and quota.json. Exit code 0 all were recorded, 1 a probe failed, 4 it is not installed, not logged in, out\n"
        "of quota, or being recorded by another process.",
        EXAMPLES,
    )
    p.add_argument("harness", nargs="?", metavar="HARNESS", help="an adapter's name; generic for any program")
    p.add_argument("--probe", action="append", default=[], metavar="NAME", help="only this probe (repeat)")
    p.add_argument("-o", "--output", metavar="DIR", help="where cassettes go (default: cassettes/<harness>)")
    p.add_argument("--adapter", action="append", default=[], metavar="FILE", help="an adapter's TOML file")
    p.add_argument("--account", metavar="NAME", help="whose lock to hold (default: the class of account)")
    p.add_argument("--binary", metavar="PATH", help="the executable, where PATH has another one")
    p.add_argument("--lab", metavar="URL", help="run against a model server on loopback, in a fresh HOME")
    p.add_argument("--home", metavar="DIR", help="where the fresh HOME is made, always under this path")
    p.add_argument("--replay", metavar="DIR", help="play the cassettes in DIR in its place: the same facts?")
    p.add_argument("--dry-run", action="store_true", help="only the checks before; nothing is recorded")
    p.add_argument("--list", action="store_true", help="the adapters there are")
    p.add_argument("--diagnostics", metavar="DIR", help="also write what is known of a failed probe to DIR")
    p.add_argument("--json", action="store_true", help="one JSON document")
    return p


def main(arguments: Sequence[str]) -> int:
    """Discover, or list."""
    given, program = _split(arguments)
    args = parser().parse_args(given)
    from cassette.harness.registry import all_adapters

    registry = all_adapters()
    for error in registry.broken:
        warn(f"left out: {error}")
    adapter = _adapter(args, registry, program)
    if adapter is None:
        return _list(registry, as_json=args.json)
    request = _request(args)
    with _ending_by_signal():
        return _dry_run(adapter, request, args) if args.dry_run else _discover(adapter, request, args)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """What stands before `--`, and the command behind it."""
    given = list(arguments)
    if "--" not in given:
        return given, None
    at = given.index("--")
    return given[:at], given[at + 1 :]


def _adapter(args: argparse.Namespace, registry: Registry, program: list[str] | None) -> Adapter | None:
    """The adapter that is meant; None for --list."""
    from cassette.harness.adapter_file import read_adapter
    from cassette.harness.discovering import for_program
    from cassette.harness.registry import GENERIC

    by_hand = [read_adapter(path) for path in args.adapter]
    for adapter in by_hand:
        registry.adapters[adapter.name] = [each for each in by_hand if each.name == adapter.name]
    if args.list:
        return None
    name = args.harness or (by_hand[0].name if len(by_hand) == 1 else None)
    if name is None:
        raise UsageError(what="give the harness to look at, or --list. See cassette discover --help.")
    if name == GENERIC:
        if not program:
            raise UsageError(what="give the program behind --, as cassette discover generic -- mytool")
        return for_program(registry.get(name), program)
    if program is not None:
        raise UsageError(what=f"{name} knows its own command: a program behind -- is for generic")
    return registry.get(name)


def _request(args: argparse.Namespace) -> Request:
    from cassette.harness.discovering import Request
    from cassette.harness.machine import Settings

    return Request(
        tuple(args.probe),
        None if args.output is None else Path(args.output),
        args.account,
        Settings(args.lab, None if args.home is None else Path(args.home), args.binary),
    )


def _dry_run(adapter: Adapter, request: Request, args: argparse.Namespace) -> int:
    from cassette.harness.discovering import checked

    fit = checked(adapter, request)
    if args.json:
        print_json({"harness": adapter.harness, **_fit_document(fit), "warnings": list(fit.warnings)})
        return 0
    _tell_fit(adapter, fit)
    write_line(f"{adapter.harness}: fit to be probed")
    return 0


def _discover(adapter: Adapter, request: Request, args: argparse.Namespace) -> int:
    from cassette.harness.discovering import discover
    from cassette.harness.replaying import replay

    fits: list[Fit] = []
    done = "recorded" if args.replay is None else "replayed"

    def on_fit(fit: Fit) -> None:
        fits.append(fit)
        _tell_fit(adapter, fit)

    outcomes = []
    running = (
        discover(adapter, request, on_fit)
        if args.replay is None
        else replay(adapter, request, Path(args.replay))
    )
    for outcome in running:
        outcomes.append(outcome)
        if not args.json:
            _print(outcome, done)
        if args.diagnostics is not None and outcome.status == "failed":
            _write_diagnosis(Path(args.diagnostics), adapter, outcome)
    if args.json:
        document = {"harness": adapter.harness, **(_fit_document(fits[0]) if fits else {})}
        print_json({**document, "probes": [_document(outcome) for outcome in outcomes]})
    else:
        _sum_up(adapter, outcomes, done)
    return max((_exit_code(outcome) for outcome in outcomes), default=0)


def _exit_code(outcome: ProbeOutcome) -> int:
    if outcome.status != "failed":
        return 0
    code = 1 if outcome.error is None else outcome.error.exit_code
    return code if code in (4, 5) else 1


def _tell_fit(adapter: Adapter, fit: Fit) -> None:
    for warning in fit.warnings:
        warn(printable(warning))
    words = [adapter.harness, fit.version or "(version unknown)"]
    account = f", {fit.account_class}" if fit.account_class else ""
    note(printable(" ".join(words) + account))


def _fit_document(fit: Fit) -> dict[str, Any]:
    return {"version": fit.version, "account_class": fit.account_class}


def _print(outcome: ProbeOutcome, done: str) -> None:
    """What came of it; `done` says what became of one that went well."""
    word = done if outcome.status == "recorded" else outcome.status
    mark = colour(f"{word:8}", _COLOURS[outcome.status])
    if outcome.status == "skipped":
        write_line(f"{mark}  {outcome.probe}: {printable(outcome.why)}")
    elif outcome.recording is not None:
        facts = outcome.recording.findings.facts
        number = f"{len(facts)} fact{'' if len(facts) == 1 else 's'}"
        kept = outcome.recording.path if outcome.recording.path.exists() else None
        where = f" in {_shown_path(kept)}" if kept else ""
        write_line(f"{mark}  {outcome.probe}: {number}{where}")
        for line in _values(outcome):
            write_line(f"          {printable(line)}")
        for warning in outcome.recording.warnings:
            warn(printable(f"{outcome.probe}: {warning}"))
    else:
        write_line(f"{mark}  {outcome.probe}")
        for line in _diagnosis(outcome):
            write_line(f"          {printable(line)}")


def _values(outcome: ProbeOutcome) -> Iterator[str]:
    """The facts by name, the first of their values."""
    assert outcome.recording is not None
    by_name: dict[str, list[str]] = {}
    for fact in outcome.recording.findings.facts:
        shown = fact.value if isinstance(fact.value, str) else _plain(fact.value)
        values = by_name.setdefault(fact.name, [])
        if shown not in values:
            values.append(shown)
    for name, values in by_name.items():
        more = f", and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
        yield f"{name}: {', '.join(values[:_MOST_VALUES])}{more}"


def _plain(value: Any) -> str:
    return " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _diagnosis(outcome: ProbeOutcome) -> list[str]:
    """What happened, the steps that were taken, and the screen where the error does not show one itself."""
    lines = str(outcome.error).split("\n")
    known = outcome.diagnosis
    if known is None:
        return lines
    if known.steps:
        lines.append(f"steps taken: {'; '.join(known.steps)}")
    if known.screen and len(lines) < 3:
        lines += ["the last screen:", *known.screen.split("\n")]
    lines += getattr(outcome.error, "__notes__", [])
    return lines


def _write_diagnosis(directory: Path, adapter: Adapter, outcome: ProbeOutcome) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    text = "\n".join(_diagnosis(outcome)) + "\n"
    (directory / f"{adapter.harness}-{outcome.probe}.txt").write_text(text, "utf-8")


def _document(outcome: ProbeOutcome) -> dict[str, Any]:
    made: dict[str, Any] = {"probe": outcome.probe, "status": outcome.status}
    if outcome.recording is not None:
        findings = outcome.recording.findings
        made |= {
            "path": str(outcome.recording.path),
            "facts": [fact.document() for fact in findings.facts],
            "dropped": [fact.name for fact in findings.dropped],
            "warnings": list(outcome.recording.warnings),
        }
    elif outcome.error is not None:
        known = outcome.diagnosis
        made |= {
            "error": str(outcome.error),
            "steps": list(known.steps) if known else [],
            "screen": known.screen if known else "",
        }
    else:
        made["why"] = outcome.why
    return made


def _sum_up(adapter: Adapter, outcomes: Sequence[ProbeOutcome], done: str) -> None:
    recorded = sum(outcome.status == "recorded" for outcome in outcomes)
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    text = f"{adapter.harness}: {recorded} of {len(outcomes)} probes {done}"
    kept = "; what stood there of those that failed is as it was" if failed and done == "recorded" else ""
    write_line(colour(text, "red" if failed else "green") + kept)


def _shown_path(path: Path) -> str:
    """A path from here where it lies here."""
    relative = os.path.relpath(path)
    return printable(str(path) if relative.startswith("..") else relative)


def _list(registry: Registry, *, as_json: bool) -> int:
    adapters = [adapter for name in registry.names() for adapter in registry.adapters[name]]
    if as_json:
        print_json(
            [
                {
                    "name": adapter.name,
                    "title": adapter.title,
                    "origin": adapter.origin,
                    "licence": adapter.licence,
                    "binary": list(adapter.binary),
                    "probes": [probe.name for probe in adapter.probes],
                }
                for adapter in adapters
            ]
        )
        return 0
    width = max((len(adapter.name) for adapter in adapters), default=0)
    for adapter in adapters:
        write_line(f"{adapter.name:{width}}  {printable(adapter.title)}  ({printable(adapter.origin)})")
        write_line(f"{'':{width}}  probes: {', '.join(probe.name for probe in adapter.probes)}")
    return 0


class _Ended(BaseException):
    """A signal that ends this process: what was begun is thrown away on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _ending_by_signal() -> Iterator[None]:
    """INT, TERM and HUP throw the probe away; TERM and HUP then end this process as if nobody had listened."""
    from cassette.harness.interrupting import interrupt

    def end(number: int, _frame: object) -> None:
        interrupt(KeyboardInterrupt() if number == signal.SIGINT else _Ended(number))

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except _Ended as ended:
        signal.signal(ended.number, signal.SIG_DFL)
        os.kill(os.getpid(), ended.number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
