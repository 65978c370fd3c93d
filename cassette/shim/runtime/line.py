"""The terminal that a shim stands on: it looks as it did to whoever recorded, and the kernel does nothing to it.

The recording has the echo and the `\\r\\n` in its output, so the kernel must add none. Linux can show echo and
canonical mode and yet leave them to somebody else (`EXTPROC`); elsewhere the terminal is plainly raw.
"""

import sys
import termios

from cassette.shim.runtime.plan import ECHO, ICANON, ICRNL, ISIG, ONLCR

_EXTPROC = 0o200000  # absent from the module termios
_IUCLC = 0o1000  # the same
_INPUT, _OUTPUT, _LOCAL, _CHARACTERS = 0, 1, 3, 6


class Line:
    """The discipline of the terminal at `fd`. With `keys` its input is ours too, otherwise its output only.

    Raises OSError when the terminal is gone.
    """

    def __init__(self, fd: int, *, keys: bool) -> None:
        self._fd = fd
        self._keys = keys
        try:
            self._before = termios.tcgetattr(fd)
        except termios.error as error:
            raise OSError(*error.args) from None
        self._bits = -1
        end_of_file: bytes = self._before[_CHARACTERS][termios.VEOF]
        self.end_of_file = end_of_file
        """The character that ends input in canonical mode."""

    def show(self, bits: int) -> None:
        """Look like this: bits of the plan."""
        if bits != self._bits:
            self._bits = bits
            self.again()

    def again(self) -> None:
        """Look as before, when somebody else may have changed that. A terminal that is gone is noticed elsewhere."""
        try:
            attributes = termios.tcgetattr(self._fd)
            attributes[_OUTPUT] &= ~termios.OPOST
            if self._keys:
                self._set_input(attributes)
            termios.tcsetattr(self._fd, termios.TCSANOW, attributes)
        except (termios.error, OSError):
            pass

    def restore(self) -> None:
        """As it was found. Twice does no harm; a terminal that is gone neither."""
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
        except (termios.error, OSError):
            pass

    def _set_input(self, attributes: list[int]) -> None:
        characters: list[bytes | int] = list(self._before[_CHARACTERS])
        characters[termios.VMIN], characters[termios.VTIME] = 1, 0
        attributes[_CHARACTERS] = characters  # type: ignore[call-overload]
        attributes[_INPUT] &= ~(termios.IXON | termios.ISTRIP)
        if sys.platform != "linux":
            _make_raw(attributes)
            return
        attributes[_INPUT] &= ~_IUCLC
        attributes[_LOCAL] |= _EXTPROC
        shown = (
            (_INPUT, ICRNL, termios.ICRNL),
            (_OUTPUT, ONLCR, termios.ONLCR),
            (_LOCAL, ECHO, termios.ECHO),
            (_LOCAL, ICANON, termios.ICANON),
            (_LOCAL, ISIG, termios.ISIG),
        )
        for word, bit, flag in shown:
            attributes[word] = attributes[word] | flag if self._bits & bit else attributes[word] & ~flag


def _make_raw(attributes: list[int]) -> None:
    attributes[_INPUT] &= ~(
        termios.BRKINT | termios.ICRNL | termios.INLCR | termios.IGNCR | termios.INPCK | termios.PARMRK
    )
    attributes[_LOCAL] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)


def size_of(fd: int) -> tuple[int, int]:
    """Columns and rows of a terminal; nothing of what is none."""
    try:
        rows, columns = termios.tcgetwinsize(fd)
    except (termios.error, OSError):
        return (0, 0)
    return columns, rows
