"""A debugger for screens.

    python -m terminal dis FILE                     bytes as named sequences; `?` marks what is not understood
    python -m terminal show FILE --at OFFSET        the screen after so many bytes
    python -m terminal show FILE --svg PICTURE      the same as a picture

FILE holds what a program wrote (a cassette's `output.raw`); `-` is standard input.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from terminal.disassemble import pieces
from terminal.emulator import DEFAULT_EMULATOR, EmulatorError, known_emulators, make_emulator
from terminal.snapshot import Snapshot
from terminal.svg import svg
from terminal.waiting import framed


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    return int(columns), int(rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m terminal", description="A debugger for terminal output.")
    commands = parser.add_subparsers(dest="command", required=True)
    dis = commands.add_parser("dis", help="bytes as named sequences")
    dis.add_argument("file", metavar="FILE")
    dis.add_argument("--unknown", action="store_true", help="only what is not understood")
    show = commands.add_parser("show", help="the screen after some bytes")
    show.add_argument("file", metavar="FILE")
    show.add_argument(
        "--at", type=int, metavar="OFFSET", help="bytes to feed (default: all; negative: from the end)"
    )
    show.add_argument("--size", type=_size, default=(80, 24), metavar="COLUMNSxROWS")
    show.add_argument("--emulator", choices=known_emulators(), default=DEFAULT_EMULATOR)
    show.add_argument("--svg", metavar="PICTURE", help="draw it into this file")
    show.add_argument("--spans", action="store_true", help="list colours and attributes too")
    return parser


def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _dis(options: argparse.Namespace) -> None:
    for piece in pieces(_read(options.file)):
        if not (options.unknown and piece.understood):
            print(piece)


def _show(options: argparse.Namespace) -> None:
    columns, rows = options.size
    emulator = make_emulator(options.emulator, columns=columns, rows=rows)
    emulator.feed(_read(options.file)[: options.at])
    if options.svg:
        Path(options.svg).write_text(svg(emulator.snapshot()), "utf-8")
        return
    print(_described(emulator.snapshot(), options.spans))
    if replies := emulator.replies():
        print("answers:", replies)


def _described(screen: Snapshot, spans: bool) -> str:
    modes = sorted(screen.modes.private)
    lines = [framed(screen), f"title {screen.title!r}, private modes {modes}"]
    if screen.alternate_screen:
        lines.append("alternate screen")
    if screen.modes.synchronized:
        lines.append("inside a synchronized update")
    if spans:
        lines += [f"row {row}: {span}" for row, found in screen.spans.items() for span in found]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0, or 2 when its file or emulator cannot be had."""
    options = _parser().parse_args(arguments)
    try:
        {"dis": _dis, "show": _show}[options.command](options)
    except BrokenPipeError:  # whoever read us has seen enough
        sys.stderr.close()
    except (OSError, EmulatorError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
