"""What comes from outside while a shim waits: input, signals, a hang-up. The only file that reads descriptors."""

import _signal  # type: ignore[import-not-found]  # signal itself takes as long to import as Python takes to start
import posix
import select
from time import monotonic

_READ_BYTES = 65_536
HANGUP: int = _signal.SIGHUP
STOP: int = _signal.SIGTSTP
CONTINUE: int = _signal.SIGCONT
RESIZED: int = _signal.SIGWINCH
PIPE: int = _signal.SIGPIPE
_NAMES = [
    "HUP",
    "INT",
    "QUIT",
    "TERM",
    "USR1",
    "USR2",
    "ALRM",
    "VTALRM",
    "PROF",
    "XCPU",
    "TSTP",
    "CONT",
    "WINCH",
]
_CAUGHT: frozenset[int] = frozenset(getattr(_signal, f"SIG{name}") for name in _NAMES)
_UNSEEN = frozenset((_signal.SIGKILL, _signal.SIGSTOP))


class Death(BaseException):
    """This process has to die of the signal `number` now."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class News:
    """Input of descriptor 0 and signals. `wanted` are numbers of signals that the recording has."""

    def __init__(self, *, is_terminal: bool, end_of_file: bytes, wanted: set[int]) -> None:
        self._is_terminal = is_terminal
        self._end_of_file = end_of_file
        self.over = False
        """Input has ended: end of file, or a hang-up."""
        self.gone = False
        """The terminal was hung up."""
        self.signals: list[tuple[int, float]] = []
        """Signals that nobody took yet, and when each came."""
        self.fatal_now = False
        """A signal that `is_wanted` does not know ends this process at once: it is in the middle of a write."""
        self._wanted = wanted
        self._bell, self._bell_end = posix.pipe()
        for fd in (self._bell, self._bell_end):
            posix.set_blocking(fd, False)
        _signal.set_wakeup_fd(self._bell_end, warn_on_full_buffer=False)
        for number in (_CAUGHT | wanted) - _UNSEEN:
            if _signal.getsignal(number) != _signal.SIG_IGN:  # nohup and the like: as the program was started
                _signal.signal(number, self._on_signal)

    def wait(self, seconds: float | None) -> tuple[bytes, bool]:
        """What was typed, and whether anything at all happened within `seconds` (None: for ever)."""
        watched = [self._bell] if self.over else [0, self._bell]
        ready = select.select(watched, [], [], seconds)[0]
        if self._bell in ready:
            self._silence()
        if 0 in ready:
            return self._read(), True
        return b"", bool(ready)

    def _read(self) -> bytes:
        try:
            data = posix.read(0, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:  # EIO: hung up; EBADF: there never was any
            data = b""
        if data or not self._is_terminal:
            self.over = not data
            return data
        if not self._hung_up():  # canonical mode and EXTPROC: the kernel eats a lone Ctrl-D
            return self._end_of_file
        self.over = self.gone = True
        return b""

    def _hung_up(self) -> bool:
        if not hasattr(select, "poll"):
            return True
        watch = select.poll()
        watch.register(0, select.POLLIN)
        return any(
            events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in watch.poll(0)
        )

    def _silence(self) -> None:
        try:
            posix.read(self._bell, 512)
        except BlockingIOError:
            pass

    def _on_signal(self, number: int, _frame: object) -> None:
        self.signals.append((number, monotonic()))
        if self.fatal_now and number not in self._wanted and number not in (STOP, CONTINUE, RESIZED):
            raise Death(number)

    def take(self, number: int) -> bool:
        """Take one such signal away; whether there was one."""
        for place, (found, _) in enumerate(self.signals):
            if found == number:
                del self.signals[place]
                return True
        return False

    def stop(self) -> None:
        """Stop as a program does that does not look at SIGTSTP, and go on when told to."""
        _signal.signal(STOP, _signal.SIG_DFL)
        posix.kill(posix.getpid(), STOP)
        _signal.signal(STOP, self._on_signal)


def die_of(number: int) -> None:
    """End this process by a signal, as if nobody had caught it, and leave no core file of ours."""
    if number not in (HANGUP, PIPE) and number not in _UNSEEN:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _signal.set_wakeup_fd(-1)
    if number not in _UNSEEN:
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (number,))
    posix.kill(posix.getpid(), number)
