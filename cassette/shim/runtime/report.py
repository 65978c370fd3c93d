"""What a shim says when the driver does not do what was recorded: a report for people, and exit code 97."""

import posix

from cassette.shim.runtime.plan import RESIZE, SIGNAL, STAY, Plan
from cassette.shim.runtime.player import Mismatch, Player

_SAID = {
    "no_match": "was sent something else than the recording has",
    "exhausted": "was sent more than the recording has",
    "unplayed": "was left before the recording was over",
    "command": "was started with other arguments than recorded",
    "stale": "has a newer cassette than it was made from",
    "usage": "cannot be played like this",
}
_SHOWN = 60
_SCREEN = 600
_NAMES = {8: "\\b", 9: "\\t", 10: "\\n", 13: "\\r", 27: "\\e", 92: "\\\\", 34: '\\"'}


def shown(data: bytes) -> str:
    """Bytes as a person can read them and no terminal acts on them."""
    text = []
    for character in data.decode("utf-8", "backslashreplace"):
        code = ord(character)
        if code in _NAMES:
            text.append(_NAMES[code])
        else:
            text.append(character if character.isprintable() else f"\\x{code:02x}")
    return '"' + "".join(text) + '"'


def of_mismatch(player: Player, mismatch: Mismatch) -> str:
    """The report of input that does not fit, or did not come."""
    plan, matcher = player.plan, player.matcher
    place = matcher.ceiling
    lines = [_headline(plan, mismatch.reason)]
    if mismatch.sent:
        lines.append(f"sent      {shown(mismatch.sent[:_SHOWN])}{_more(mismatch.sent)}")
        before = bytes(matcher.taken[-_SHOWN:])
        lines.append(f"after     {shown(before) if before else 'nothing'}")
    lines.append(f"recorded  {_next(player, place)}")
    if mismatch.sent and (later := _later(plan, place, mismatch.sent)):
        lines.append(f"later     {later}")
    ends = [*(start for start, _, _ in plan.inputs[1:]), len(plan.keys)] if plan.inputs else []
    played = sum(end <= place for end in ends)
    lines.append(
        f"played    {played} of {len(plan.inputs)} inputs, {player.written} bytes of output, which end in"
    )
    lines.append(f"          {shown(_tail(plan, player.written))}")
    return "\n".join([*lines, "", *_advice(plan, mismatch.reason, place)]) + "\n"


def of_start(plan: Plan, reason: str, facts: list[str]) -> str:
    """The report of a shim that could not begin."""
    return "\n".join([_headline(plan, reason), *facts, "", *_advice(plan, reason, 0)]) + "\n"


def _headline(plan: Plan, reason: str) -> str:
    return f"cassette shim: {plan.name} {_SAID[reason]} ({reason})"


def _more(data: bytes) -> str:
    return f" and {len(data) - _SHOWN} more bytes" if len(data) > _SHOWN else ""


def _next(player: Player, place: int) -> str:
    """What the recording has at this place, and where that stands."""
    plan = player.plan
    if player.at < len(plan.steps) and plan.steps[player.at][1] <= place:
        kind, _, _, a, b = plan.steps[player.at]
        if kind == RESIZE:
            return f"the terminal gets {a} columns and {b} rows"
        if kind == SIGNAL:
            return f"the program gets the signal {b}"
        if kind == STAY:
            return "nothing more: the program stays until it is ended"
    if place >= len(plan.keys):
        return "no more input; the program ends here"
    number = max(n for n, (start, _, _) in enumerate(plan.inputs) if start <= place)
    end = plan.inputs[number + 1][0] if number + 1 < len(plan.inputs) else len(plan.keys)
    _, seq, line = plan.inputs[number]
    return f"{_keys(plan, place, end)}   input.jsonl, line {line} (seq {seq})"


def _keys(plan: Plan, start: int, end: int) -> str:
    if any(place in plan.wild for place in range(start, end)):
        return "a hidden input"
    return shown(plan.keys[start : min(end, start + _SHOWN)]) + _more(plan.keys[start:end])


def _later(plan: Plan, place: int, sent: bytes) -> str:
    """The nearest later place where what was sent would have fitted."""
    if (found := plan.keys.find(sent[:_SHOWN], place + 1)) < 0:
        return ""
    seqs = [(seq, line) for start, seq, line in plan.inputs if start <= found]
    return f"it would fit at input.jsonl, line {seqs[-1][1]} (seq {seqs[-1][0]})"


def _tail(plan: Plan, written: int) -> bytes:
    start = max(0, written - _SCREEN)
    return plan.output(start, written - start)


def _quoted(word: str) -> str:
    plain = word and all(c.isalnum() or c in "_@%+=:,./-" for c in word)
    return word if plain else "'" + word.replace("'", "'\"'\"'") + "'"


def _advice(plan: Plan, reason: str, place: int) -> list[str]:
    cassette = _quoted(plan.cassette)
    command = " ".join(_quoted("".join(pieces)) for pieces in plan.argv) or "COMMAND"
    again = f"record it again:    cassette record -o {cassette} --overwrite -- {command}"
    if reason == "stale":
        return [f"1. make it again:      cassette shim {cassette} --name NAME --into BIN_DIR"]
    if reason == "usage":
        return []
    if reason == "command":
        return [
            "1. start it with the arguments that were recorded",
            f"2. {again}",
            "3. play it all the same: CASSETTE_SHIM_ARGUMENTS=any, or make it with --any-arguments",
        ]
    seqs = [seq for start, seq, _ in plan.inputs if start <= place] or [1]
    return [
        "1. send what was recorded, and wait for the same output before",
        f"2. look at the screen: cassette screen {cassette} --seq {seqs[-1]}",
        f"3. {again}",
    ]


def deliver(text: str, path: str, *, on_stderr: bool) -> None:
    """Write the report to its file, replaced whole, and to standard error. What cannot be written is left."""
    data = text.encode("utf-8", "backslashreplace")
    try:
        beside = f"{path}.{posix.getpid()}"
        with open(beside, "wb") as file:
            file.write(data)
        posix.rename(beside, path)
    except OSError:
        pass
    if on_stderr:
        try:
            posix.write(2, data)
        except OSError:
            pass
