"""Output of full-screen programs, made up and always the same: a process list, an editor, a pager, a build log.

Each update is what such a program writes to repaint what changed: cursor moves, colours, erasing, scrolling.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

COLUMNS, ROWS = 120, 40
_WORDS = (
    "kernel",
    "session",
    "terminal",
    "record",
    "replay",
    "cursor",
    "buffer",
    "window",
    "process",
    "thread",
)
Update = Callable[[random.Random, int], str]


def updates(count: int) -> Iterator[bytes]:
    """So many repaints; the programs take turns, some dozen repaints each."""
    chance = random.Random("screens")
    programs: tuple[Update, ...] = (_processes, _editor, _pager, _log)
    number = 0
    while number < count:
        program = programs[number // 60 % len(programs)]
        yield b"\x1b[m\x1b[2J\x1b[H" + _whole(program, chance, number)
        for step in range(1, min(60, count - number)):
            yield program(chance, number + step).encode()
        number += 60


def _whole(program: Update, chance: random.Random, number: int) -> bytes:
    return program(chance, number).encode()


def _at(row: int, column: int = 1) -> str:
    return f"\x1b[{row};{column}H"


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(_WORDS, k=count))


def _processes(chance: random.Random, number: int) -> str:
    """Meters and a table whose numbers change, as htop paints them."""
    parts = []
    for cpu in range(4):
        used = chance.randrange(2, 50)
        bar = f"\x1b[32m{'|' * (used // 2)}\x1b[31m{'|' * (used - used // 2)}\x1b[m"
        parts.append(f"{_at(cpu + 1)}{cpu + 1}[{bar}{' ' * (50 - used)}\x1b[90m{used * 2:5.1f}%\x1b[m]")
    parts.append(
        f"{_at(6)}\x1b[30;42m  PID USER      PRI  NI  VIRT   RES S  CPU% MEM%   TIME+  Command\x1b[K\x1b[m"
    )
    for row in sorted(chance.sample(range(7, ROWS), 14)):
        pid, load = 1000 + row * 37, chance.randrange(0, 999) / 10
        parts.append(
            f"{_at(row)}{pid:5d} \x1b[36muser\x1b[m       20   0 {row * 913:5d}M {row * 7:4d}M S"
            f" \x1b[1m{load:5.1f}\x1b[m  1.{row % 10} {number // 60:3d}:{number % 60:02d}.{row:02d}"
            f" \x1b[32m/usr/bin/{_WORDS[row % len(_WORDS)]}\x1b[m --option={row}\x1b[K"
        )
    return "".join(parts)


def _editor(chance: random.Random, number: int) -> str:
    """Highlighted lines that scroll by a few, and a status line, as vim paints them."""
    parts = [f"\x1b[?25l\x1b[1;{ROWS - 2}r{_at(ROWS - 2)}"]
    for step in range(chance.randrange(8, 24)):
        indent = " " * 4 * chance.randrange(1, 4)
        parts.append(
            f"\r\n\x1b[33m{number * 3 + step:5d} \x1b[m{indent}\x1b[35mdef\x1b[m {chance.choice(_WORDS)}"
            f'(\x1b[36mself\x1b[m, {_words(chance, 2)}) -> \x1b[32m"{_words(chance, 3)}"\x1b[m:'
        )
    parts.append(
        f"\x1b[1;{ROWS}r{_at(ROWS - 1)}\x1b[7m file.py [+]{number:>90},1  Bot \x1b[m{_at(12, 8)}\x1b[?25h"
    )
    return "".join(parts)


def _pager(chance: random.Random, number: int) -> str:
    """A page of text with some emphasis, as less paints it."""
    lines = [
        f"    {_words(chance, chance.randrange(0, 9))} \x1b[1m{chance.choice(_WORDS)}\x1b[m\r\n"
        for _ in range(ROWS - 1)
    ]
    return "".join([_at(1), "\x1b[J", *lines, f"\x1b[7mlines {number}-{number + ROWS}\x1b[m\x1b[K"])


def _log(chance: random.Random, number: int) -> str:
    """Lines that scroll by, as a build prints them."""
    lines = []
    for step in range(chance.randrange(15, 50)):
        colour = chance.choice(("32", "33", "1;31", "0"))
        lines.append(
            f"[{number:5d}.{step:02d}] \x1b[{colour}m{chance.choice(_WORDS):>8}\x1b[m: {_words(chance, 6)}\r\n"
        )
    return "".join(lines)
