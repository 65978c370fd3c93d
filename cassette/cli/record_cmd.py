"""`cassette record`: interactive on a terminal, by a script, or with nobody typing."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import select
import signal
import stat
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassette.cli.output import Parser, ProgressLine, note, print_json, printable, warn
from cassette.cli.scrub_words import covered
from cassette.errors import CassetteError, UsageError

if TYPE_CHECKING:
    from cassette.reading.reader import Cassette

EXAMPLES = (
    "cassette record -- bash                              type, then leave with exit",
    "cassette record -o cassettes/menu --columns 100 --rows 30 -- ./menu.sh",
    "cassette record -o cassettes/login --script login.yaml --overwrite -- ./login",
    "cassette record --known-secret-env PIN --known-secret-file ~/.acme/token -- acme login",
    "cassette record --stream --max-bytes 2000000000 -- ./soak-test    more output than fits in memory",
    "cassette record --env LANG=C.UTF-8 --timeout 60 --exit-code-of-child -- make check",
)


def parser() -> Parser:
    """The options of `record`."""
    p = Parser(
        "record", "Run a program on a terminal and keep what happens: a cassette, one directory.", EXAMPLES
    )
    p.add_argument("-o", "--output", metavar="DIR", help="its place (default: cassettes/<program>-<time>)")
    p.add_argument(
        "--columns", type=int, metavar="N", help="width in cells (default: your terminal's, else 80)"
    )
    p.add_argument(
        "--rows", type=int, metavar="N", help="height in cells (default: your terminal's, else 24)"
    )
    p.add_argument("--script", metavar="FILE", help="YAML steps that drive the program")
    p.add_argument("--timeout", type=float, metavar="S", help="end the program after S seconds (exit code 6)")
    p.add_argument("--overwrite", action="store_true", help="replace a cassette that is there")
    p.add_argument(
        "--frames", choices=("delta", "full"), default="delta", help="full: for other readers of format 1"
    )
    p.add_argument("--emulator", metavar="NAME", help="what draws the frames: pyte (default) or ghostty")
    p.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME[=V]",
        help="give the program a variable; record its name",
    )
    p.add_argument("--clean-env", action="store_true", help="inherit nothing but PATH")
    p.add_argument(
        "--known-secret-env",
        action="append",
        default=[],
        metavar="NAME",
        help="a variable whose value is secret; *_KEY, *_TOKEN, *PASSWORD* … are known by their names",
    )
    p.add_argument(
        "--known-secret-file",
        action="append",
        default=[],
        metavar="FILE",
        help="a file of secrets: JSON, KEY=value, PEM, or one a line",
    )
    p.add_argument(
        "--rules", action="append", default=[], metavar="FILE", help="your own rules, in gitleaks' TOML form"
    )
    p.add_argument("--max-bytes", type=int, metavar="N", help="end the program after N bytes of output")
    p.add_argument(
        "--stream",
        action="store_true",
        help="for output too long for memory: scrub as it goes, on a disk; a weaker guarantee",
    )
    p.add_argument("--label", action="append", default=[], metavar="K=V", help="a label in the manifest")
    p.add_argument("--exit-code-of-child", action="store_true", help="exit with the program's own status")
    p.add_argument("--quiet", action="store_true", help="show neither the program's output nor a summary")
    p.add_argument(
        "--json", action="store_true", help="print a summary as JSON (and not the program's output)"
    )
    p.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="-- COMMAND …", help="the program and its arguments"
    )
    return p


def main(arguments: Sequence[str]) -> int:
    """Record one program."""
    args = parser().parse_args(arguments)
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError(what="there is no command to record: give it behind --, as cassette record -- bash")
    if args.output == "":
        raise UsageError(what="-o is given no directory: name one, or leave it out")
    path = default_path(command[0]) if args.output is None else Path(args.output)
    options = _options(args)
    if args.script is None and sys.stdin.isatty():
        outcome = _by_person(args, path, command, options)
    else:
        outcome = _alone(args, path, command, options)
    return outcome.report(args)


def default_path(command: str) -> Path:
    """`cassettes/<program>-<date>-<time>`, with a number behind it where that is taken."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", Path(command).name).strip(".")[:60] or "program"
    wanted = Path("cassettes") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in count(2))
    return next(path for path in chain([wanted], numbered) if not path.exists())


def _options(args: argparse.Namespace) -> dict[str, Any]:
    if args.timeout is not None and not 0 < args.timeout < 10**9:
        raise UsageError(what=f"--timeout {args.timeout:g}: give a number of seconds above 0")
    return {
        "env": dict(_variable(given) for given in args.env),
        "clean_env": args.clean_env,
        "overwrite": args.overwrite,
        "frames": args.frames,
        "emulator": args.emulator,
        "max_bytes": args.max_bytes,
        "limit_s": args.timeout,
        "labels": dict(_label(given) for given in args.label),
        "known_secret_env": args.known_secret_env,
        "known_secret_file": args.known_secret_file,
        "rules": args.rules,
        "stream": args.stream,
    }


def _variable(given: str) -> tuple[str, str]:
    name, sign, value = given.partition("=")
    if not name:
        raise UsageError(what=f"--env {given}: give NAME or NAME=VALUE")
    if not sign and name not in os.environ:
        raise UsageError(
            what=f"--env {name}: the environment has no {name}; set it, or give --env {name}=VALUE"
        )
    return name, value if sign else os.environ[name]


def _label(given: str) -> tuple[str, str]:
    name, sign, value = given.partition("=")
    if not name or not sign:
        raise UsageError(what=f"--label {given}: give it as KEY=VALUE")
    return name, value


class Outcome:
    """What came of a recording."""

    def __init__(
        self, path: Path, reason: str, ended_by: signal.Signals | None = None, *, shown: bool = False
    ) -> None:
        from cassette.reading.reader import open as open_cassette

        self.path = path
        self.reason = reason
        self.ended_by = ended_by
        with open_cassette(path, unverified=True) as tape:  # it was written a moment ago
            self.id = tape.id
            self.final = tape.final
            self.scrub = tape.scrub_report
            self.gaps = [event.payload["reason"] for event in tape.service_events() if event.is_gap]
            self.ends_in_a_line = shown and _is_one_terminal() and _ends_in_a_line(tape)

    def report(self, args: argparse.Namespace) -> int:
        """Tell the person, or the pipe; the exit code."""
        status = self.final.exit
        if self.ends_in_a_line and not (args.json or args.quiet):
            note("")
        if args.json:
            print_json(self._document())
        elif not args.quiet:
            how = "" if status is None else f", {status.signal or f'exit code {status.code}'}"
            note(f"recorded {self.final.duration_ms / 1000:.1f} s{how}: {printable(str(self.path))}")
            if self.scrub.status == "scrubbed":
                note(f"secrets and names covered: {covered(self.scrub.hit_counts, self.scrub.hidden_inputs)}")
        for gap in self.gaps:
            warn(f"the recording is partial: {gap}")
        if self.reason == "timeout":
            warn("the program was ended, because its time was over")
        return self._code(args)

    def _document(self) -> dict[str, Any]:
        from cassette.reading.reader import open as open_cassette

        status = self.final.exit
        with open_cassette(self.path, unverified=True) as tape:
            evidence = tape.evidence_sha256  # reads the whole cassette, so only for who asks
        return {
            "path": str(self.path),
            "id": self.id,
            "evidence_sha256": evidence,
            "exit_code": None if status is None else status.code,
            "signal": None if status is None else status.signal,
            "duration_ms": self.final.duration_ms,
            "ended": self.reason,
            "gaps": self.gaps,
            "scrub": {"status": self.scrub.status, "hit_counts": dict(self.scrub.hit_counts)},
        }

    def _code(self, args: argparse.Namespace) -> int:
        if self.ended_by is not None:
            return 128 + self.ended_by
        if self.reason == "timeout":
            return 6
        if args.exit_code_of_child and self.final.exit is not None:
            return self.final.exit.code
        return 1 if self.gaps else 0


def _by_person(args: argparse.Namespace, path: Path, command: list[str], options: dict[str, Any]) -> Outcome:
    from cassette.recording.interactive import Person, size_of
    from cassette.recording.run import Run
    from cassette.recording.starting import start
    from cassette.recording.stopping import hang_ups_passed_over

    own = size_of(sys.stdin.fileno())
    columns = own.columns if args.columns is None else args.columns
    rows = own.rows if args.rows is None else args.rows
    program, recorder, _ = start(path, command, columns=columns, rows=rows, progress=None, **options)
    _tell_of_memory(recorder)
    follow = args.columns is None and args.rows is None
    person = Person(sys.stdin.fileno(), sys.stdout.fileno(), follow_size=follow)
    run = Run(program, recorder, limit_s=args.timeout, on_output=person.show)
    with hang_ups_passed_over(), ProgressLine("drawing frames") as progress, recorder, program:
        person.drive(run)
        end = run.conclude()
        recorder.progress = progress
    if run.spool_full is not None:
        raise run.spool_full
    return Outcome(path, end.reason if end else "failed", person.ended_by, shown=True)


def _is_one_terminal() -> bool:
    """Whether what is said follows the program's output on one screen."""
    return sys.stdout.isatty() and sys.stderr.isatty()


def _ends_in_a_line(tape: Cassette) -> bool:
    """Whether the program left the cursor behind a text, as `printf done` does."""
    cursor = tape.screen_at(t_ms=tape.duration_ms).cursor
    return cursor.column > 0


def _alone(args: argparse.Namespace, path: Path, command: list[str], options: dict[str, Any]) -> Outcome:
    from cassette.recording.starting import record
    from cassette.recording.stopping import Stopping, hang_ups_passed_over
    from cassette.script import read_script

    script = read_script(args.script) if args.script else None
    if script is not None:
        script.check_secrets()
    show = None if args.json or args.quiet or script else _Forward()
    if script is None and not args.quiet and _has_waiting_input():
        note(
            "nobody types: standard input is no terminal, and is not passed on (drive the program with --script)"
        )
    stopping = Stopping()
    with contextlib.ExitStack() as published:
        # It is published when nobody listens for signals any more.
        published.enter_context(hang_ups_passed_over())
        progress = published.enter_context(ProgressLine("drawing frames"))
        options |= {"on_output": show, "progress": progress}
        with stopping:
            session = published.enter_context(
                record(
                    path,
                    command,
                    columns=80 if args.columns is None else args.columns,
                    rows=24 if args.rows is None else args.rows,
                    **options,
                )
            )
            _tell_of_memory(session.recorder)
            stopping.watch(session)
            try:
                script.run(session) if script else session.await_end()
            except CassetteError:
                if stopping.ended_by is None:  # else the script only met what the signal had done
                    raise
    return Outcome(path, session.end_reason, stopping.ended_by, shown=show is not None)


def _has_waiting_input() -> bool:
    """Whether somebody may expect standard input to reach the program: a pipe or a file, not /dev/null."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


class _Forward:
    """The program's output to standard output; one that was closed is not written to any more."""

    def __init__(self) -> None:
        self._open = True

    def __call__(self, data: bytes) -> None:
        view = memoryview(data)
        while view and self._open:
            try:
                view = view[os.write(1, view) :]
            except BlockingIOError:  # somebody made the output that we share non-blocking
                select.select([], [1], [])
            except OSError:
                self._open = False


def _tell_of_memory(recorder: Any) -> None:
    if recorder.spool.in_memory:
        warn(f"a crash would lose this recording: no RAM-backed spool ({recorder.spool.why_in_memory})")
