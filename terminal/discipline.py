"""The line discipline, as the master sees it. Reads only: nothing here changes a terminal."""

from __future__ import annotations

import termios
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Discipline:
    """What the kernel does to input and output between terminal and program (termios flags)."""

    echo: bool
    icanon: bool
    isig: bool
    icrnl: bool
    opost: bool
    onlcr: bool


def read_discipline(fd: int) -> Discipline | None:
    """The discipline of the terminal behind `fd`; None where it has none any more."""
    try:
        iflag, oflag, _cflag, lflag, *_rest = termios.tcgetattr(fd)
    except (termios.error, OSError):
        return None
    return Discipline(
        echo=bool(lflag & termios.ECHO),
        icanon=bool(lflag & termios.ICANON),
        isig=bool(lflag & termios.ISIG),
        icrnl=bool(iflag & termios.ICRNL),
        opost=bool(oflag & termios.OPOST),
        onlcr=bool(oflag & termios.ONLCR),
    )
