"""From the executable to the play and to the recorded end, with the terminal as it was found, however that comes."""

import posix
import sys

from cassette.shim.runtime.line import Line
from cassette.shim.runtime.news import HANGUP, Death, News, die_of
from cassette.shim.runtime.plan import SIGNAL, Plan, read_plan
from cassette.shim.runtime.player import Mismatch, Player
from cassette.shim.runtime.report import deliver, of_mismatch, of_start, shown

EXIT_MISMATCH = 97
PACE, REPORT, ARGUMENTS = b"CASSETTE_SHIM_PACE", b"CASSETTE_SHIM_REPORT", b"CASSETTE_SHIM_ARGUMENTS"


def main(place: str) -> int:
    """Play the plan in the directory `place`; the exit code. A recorded signal is died of."""
    _fill_gaps()
    environment: dict[bytes, bytes] = posix.environ
    try:
        plan = read_plan(f"{place}/plan")
    except (OSError, ValueError, EOFError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is cut short, or damaged"
        said = f"cassette shim: {place}/plan cannot be read: {problem}. Write it again with cassette shim.\n"
        posix.write(2, said.encode("utf-8", "backslashreplace"))
        return EXIT_MISMATCH
    path = environment.get(REPORT, b"").decode("utf-8", "surrogateescape") or f"{place}/report.txt"
    scale, why = _scale(environment.get(PACE, b""))
    refusal = why or _other_arguments(plan, environment) or _staleness(plan)
    if refusal:
        deliver(of_start(plan, *refusal), path, on_stderr=_stderr_is_free())
        return EXIT_MISMATCH
    return _perform(plan, scale, path)


def _perform(plan: Plan, scale: float, path: str) -> int:
    line = _line()
    death, code = 0, 0
    try:
        if line is not None:
            line.show(plan.mode)
        player = _player(plan, line, scale)
        try:
            player.play()
            death, code = _end(plan, player)
        except Mismatch as mismatch:
            code = EXIT_MISMATCH
            deliver(of_mismatch(player, mismatch), path, on_stderr=_stderr_is_free())
        except Death as end:
            death = end.number
            if not player.matcher.complete or player.at < len(plan.steps):
                deliver(of_mismatch(player, Mismatch("unplayed")), path, on_stderr=False)
    finally:
        if line is not None:
            line.restore()
    if death:
        die_of(death)
    return code


def _fill_gaps() -> None:
    """Descriptors 0 to 2 that were closed must not become a file of ours."""
    while (fd := posix.open("/dev/null", posix.O_RDWR)) <= 2:
        pass
    posix.close(fd)


def _player(plan: Plan, line: Line | None, scale: float) -> Player:
    on_terminal = posix.isatty(0)
    wanted = {int(step[3]) for step in plan.steps if step[0] == SIGNAL}
    news = News(
        is_terminal=on_terminal,
        end_of_file=line.end_of_file if line is not None else b"\x04",
        wanted=wanted,
    )
    return Player(plan, news, line if on_terminal else None, scale=scale, to_terminal=posix.isatty(1))


def _line() -> Line | None:
    """The terminal whose discipline is ours: the one that is read, else the one that is written to."""
    try:
        if posix.isatty(0):
            return Line(0, keys=True)
        return Line(1, keys=False) if posix.isatty(1) else None
    except OSError:
        die_of(HANGUP)
        raise


def _end(plan: Plan, player: Player) -> tuple[int, int]:
    """The signal to die of, or 0 and the exit code."""
    _, code, number = plan.end
    if code < 0:
        return (player.ended_by, 0)
    if number:
        return (player.ended_by or number, 0)
    return (0, code)


def _scale(pace: bytes) -> tuple[float, tuple[str, list[str]] | None]:
    """The factor for delays, 0 for none; or why it cannot be told."""
    word, _, number = pace.partition(b":")
    if pace in (b"", b"collapsed"):
        return 0.0, None
    if pace == b"realtime":
        return 1.0, None
    try:
        scale = float(number)
    except ValueError:
        scale = -1.0
    if word == b"scaled" and 0 <= scale < 1e6:
        return scale, None
    fact = f"CASSETTE_SHIM_PACE is {shown(pace)}. Give collapsed, realtime or scaled:<scale>."
    return 0.0, ("usage", [fact])


def _other_arguments(plan: Plan, environment: dict[bytes, bytes]) -> tuple[str, list[str]] | None:
    if plan.any_arguments or not plan.argv or environment.get(ARGUMENTS) == b"any":
        return None
    encoding = sys.getfilesystemencoding()
    given = [word.encode(encoding, "surrogateescape").decode("utf-8", "replace") for word in sys.argv[1:]]
    recorded = plan.argv[1:]
    if len(given) == len(recorded) and all(map(_fits, recorded, given)):
        return None
    words = [shown(word.encode()) for word in given]
    wanted = [shown("*".join(pieces).encode()) for pieces in recorded]
    facts = (("given", words), ("recorded", wanted))
    return "command", [f"{what:9} {' '.join(said) or 'no arguments'}" for what, said in facts]


def _fits(pieces: tuple[str, ...], word: str) -> bool:
    """Whether a word has the pieces of a recorded argument in order, with anything where it was scrubbed."""
    if len(pieces) == 1:
        return word == pieces[0]
    if not word.startswith(pieces[0]) or not word.endswith(pieces[-1]):
        return False
    start, end = len(pieces[0]), len(word) - len(pieces[-1])
    for piece in pieces[1:-1]:
        found = word.find(piece, start, end)
        if found < 0:
            return False
        start = found + len(piece)
    return start <= end


def _staleness(plan: Plan) -> tuple[str, list[str]] | None:
    """The cassette may be gone or have moved; if it is there and is another one, this plan is not its own."""
    if not plan.evidence:
        return None
    try:
        with open(f"{plan.cassette}/seal.json", "rb") as file:
            seal = file.read()
    except OSError:
        return None
    if b'"evidence_sha256": "' + plan.evidence.encode() + b'"' in seal:
        return None
    return "stale", [f"cassette  {plan.cassette}"]


def _stderr_is_free() -> bool:
    """Whether standard error is something else than the terminal that the driver looks at."""
    if not posix.isatty(2):
        return True
    own = [posix.fstat(fd).st_rdev for fd in (0, 1) if posix.isatty(fd)]
    return posix.fstat(2).st_rdev not in own
