"""The command `cassette`. A command is: parse, call one function, print, map the error; no logic.

Only the module of the command that is run is imported, so that `cassette --help` starts like a bare interpreter.
Exit codes: 0 good; 1 the answer is no; 2 wrong usage; 3 not a cassette, or damaged; 4 this machine or the program
is not fit; 5 secrets would leak; 6 timed out; 128 + n ended by signal n.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "record": "run a program on a terminal and keep what happens",
    "play": "show a recording as it happened, or faster",
    "inspect": "what is in a cassette, at a glance",
    "events": "every event, one a line",
    "screen": "the screen at any moment (time travel)",
    "verify": "complete, partial or damaged, and where",
    "capabilities": "what harnesses can do, by the cassettes that show it",
    "check": "assertions.yaml against cassettes: does all of it hold?",
    "doctor": "is this machine fit to record, and are these cassettes in order?",
    "recover": "finish what a crash left in the spool",
    "rederive": "draw the frames again, after an emulator change",
    "scan": "secrets in cassettes that exist already; --fix takes them out",
    "discover": "find out what a harness can do, and keep the evidence",
    "shim": "write an executable that plays a cassette to whatever starts it",
}
_HELP = """usage: cassette COMMAND …

A VCR for terminals: records what a program does on a terminal, and replays it.

commands:
{commands}

`cassette COMMAND --help` has the options and examples of each.

examples:
  cassette record -o cassettes/session -- bash      type, then leave with exit
  cassette play cassettes/session                   watch it again
  cassette screen cassettes/session --at 1.5        the screen after 1.5 seconds
  cassette verify cassettes/*                       is everything intact?
"""


_OF_OUTPUT = (errno.ENOSPC, errno.EFBIG, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Never raises but for SystemExit of `--help`."""
    _fill_closed_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.platform == "win32":
        return _complain("pty-cassette needs a pseudo-terminal, which Windows does not have. Use WSL.", 2)
    if not given or given[0] in ("-h", "--help", "help"):
        return _say(_help(), 0 if given else 2)
    if given[0] in ("-V", "--version"):
        return _say(_version(), 0)
    if given[0] not in COMMANDS:
        return _complain(_unknown(given[0]), 2)
    return _run(given[0], given[1:])


def _fill_closed_streams() -> None:
    """Where a standard stream was closed, no file that is opened later may get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def _run(name: str, arguments: Sequence[str]) -> int:
    from cassette.errors import CassetteError
    from cassette.own_packages import check_own_packages

    try:
        check_own_packages()
        code: int = import_module(f"cassette.cli.{name}_cmd").main(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as done:  # --help
        return _say("", done.code if isinstance(done.code, int) else 0)
    except CassetteError as error:
        return _complain(_with_notes(error), error.exit_code)
    except BrokenPipeError:
        return _closed_pipe()
    except KeyboardInterrupt as error:
        return _complain("\n".join(["interrupted", *getattr(error, "__notes__", [])]), 130)
    except OSError as error:
        return _complain(_with_notes(error, _of_system(error)), 4)
    except Exception as error:
        return _complain(_with_notes(error, _of_ours(error)), 4)


def _help() -> str:
    width = max(map(len, COMMANDS))
    return _HELP.format(commands="\n".join(f"  {name:{width}}  {what}" for name, what in COMMANDS.items()))


def _version() -> str:
    from cassette.recording.plan import own_version

    return f"pty-cassette {own_version()}\n"


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, 1)
    hint = f"Did you mean {near[0]!r}?" if near else "See cassette --help."
    return f"there is no command {name!r}. {hint}"


def _with_notes(error: Exception, text: str | None = None) -> str:
    return "\n".join([text or str(error), *getattr(error, "__notes__", [])])


def _of_ours(error: Exception) -> str:
    """For what should not happen: what it was and where, without a traceback."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" ({trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno})"
    return (
        f"this is a fault of pty-cassette: {type(error).__name__}: {error}{where}. "
        "Report it with this line and the command."
    )


def _of_system(error: OSError) -> str:
    why = (error.strerror or str(error)).lower()
    if error.filename:
        return f"{error.filename}: {why}. Check the path and its permissions."
    if error.errno in _OF_OUTPUT:  # what is stored has its own errors
        return f"cannot write to standard output: {why}. Send it somewhere else."
    if _nowhere():
        return "the current directory is not there any more. Change to one that is."
    return f"{why}. Check the path and its permissions."


def _nowhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - pathlib costs the start of --help
    except OSError:
        return True
    return False


def _say(text: str, code: int) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        return _complain(_of_system(error), 4)
    return code


def _complain(text: str, code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    with contextlib.suppress(OSError):
        sys.stderr.write(f"cassette: {text}\n")
        sys.stderr.flush()
    return code


def _closed_pipe() -> int:
    """Who read has enough; that is no error."""
    _drop_output()
    return 0


def _drop_output() -> None:
    """Python's own flush at exit must not complain about an output that nobody can write to."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
