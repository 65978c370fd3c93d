"""What is said when a test and a recording do not agree: everything that a reader needs, and what to do about it.

Each function here makes one error; none decides that there is one. A message names the line of the test, the line
of the recording, what was sent and what was due, the screen, and numbered ways out with their exact commands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cassette.errors import Damaged
from cassette.model import INPUT, Input, Size
from cassette.playing.replay_errors import InputExhausted, ReplayMismatch, ReplayWaitFailed
from cassette.testing.callsite import call_site, shown_path
from cassette.viewing.picture import picture, place_of
from cassette.viewing.readable import keys_of

if TYPE_CHECKING:
    from cassette.playing.matching import InputQueue, Sent
    from cassette.playing.playhead import Playhead
    from cassette.playing.timeline import Stop
    from terminal.snapshot import Snapshot

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|<([^>]+)>')
_LONGEST = 200
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Recording:
    """What messages say of a cassette: where it is, what it ran, and how it is made anew."""

    path: Path
    argv: tuple[str, ...]
    size: Size
    record_command: str | None = None
    """The exact command that records it again; by default `cassette record` with its own command."""

    @property
    def shown(self) -> str:
        """Its path, relative where it can be."""
        return shown_path(self.path)

    def line(self, stop: Stop) -> str:
        """Where an input stands on disk."""
        return f"{self.shown}/{INPUT}:{stop.line}"

    @property
    def record_again(self) -> str:
        """The command that records it again."""
        if self.record_command is not None:
            return self.record_command
        size = f"--columns {self.size.columns} --rows {self.size.rows}"
        return f"cassette record -o {shlex.quote(self.shown)} --overwrite {size} -- {shlex.join(self.argv)}"

    @property
    def show_events(self) -> str:
        """The command that lists what is in it."""
        return f"cassette events {shlex.quote(self.shown)}"


# The eight reasons.


def no_match(
    recording: Recording, queue: InputQueue, head: Playhead, sent: Sent, rest: bytes
) -> ReplayMismatch:
    """What was sent is not what the recording has next."""
    stop = queue.next
    assert stop is not None
    later = next((after for after in queue.left[1:] if queue.would_take(after, sent)), None)
    before = queue.previous
    facts = [*_sent_facts(sent, rest), ("recorded", _recorded(recording, stop, queue.begun_bytes))]
    what = "The test sent something else than the recording has next."
    fixes = [f"Send what was recorded: {call_of(stop.event, queue.begun_bytes)}"]
    if later is not None:
        between = queue.left[: queue.left.index(later)]
        what = "The test sent something that the recording has later."
        facts.append(
            ("later", f"it does come at {recording.line(later)}, after {_count(between, 'other input')}")
        )
        fixes = [f"Send first what comes before it: {_calls(between, queue.begun_bytes)}"]
    if before is not None and queue.would_take(before, sent):
        if later is None:
            what = "The test sent something once more than the recording has."
        facts.append(("before", f"it was taken at {recording.line(before)} already"))
        fixes.append(f"If it is once too often there, take {sent.shown} out of the test.")
    return _mismatch(
        "no_match",
        what,
        [*facts, _played(queue)],
        head.snapshot(),
        [
            *fixes,
            _again("If the program or the test is meant to be different now, record it again", recording),
            f"See what was recorded: {recording.show_events}",
        ],
        sent=sent.shown,
        gaps=len(head.gaps),
    )


def exhausted(
    recording: Recording, queue: InputQueue, head: Playhead, sent: Sent, rest: bytes
) -> ReplayMismatch:
    """Something was sent after everything that the recording has."""
    how_many = f"all {queue.total}" if queue.total != 1 else "the only one"
    facts = [*_sent_facts(sent, rest), ("recorded", "nothing more"), ("played", f"{how_many} of its inputs")]
    if queue.total == 0:
        facts[-1] = ("played", "the recording has no input at all")
    return _mismatch(
        "exhausted",
        "The test sent more than the recording has.",
        facts,
        head.snapshot(),
        [
            f"Take {sent.shown} out of the test.",
            _again("If the test is meant to go further now, record it again", recording),
            f"See what was recorded: {recording.show_events}",
        ],
        sent=sent.shown,
        gaps=len(head.gaps),
    )


def unplayed(
    recording: Recording, left: Sequence[Stop], total: int, begun: int, screen: Snapshot
) -> ReplayMismatch:
    """The test has ended, and the recording has inputs that it did not send; `begun` bytes of the first were."""
    listed = [
        f"{recording.line(stop)}  {call_of(stop.event, 0 if number else begun)}{_at(stop)}"
        for number, stop in enumerate(left[:_LISTED])
    ]
    if len(left) > _LISTED:
        listed.append(f"… and {len(left) - _LISTED} more")
    facts = [
        *_where(),
        ("unsent", "\n".join(listed)),
        ("played", f"{total - len(left)} of {_count(range(total), 'input')}"),
    ]
    return _mismatch(
        "unplayed",
        f"The test ended before it sent everything that was recorded: {_count(left, 'input')} left.",
        facts,
        screen,
        [
            f"Send what is left: {_calls(left, begun)}",
            _again("If the test is meant to end here now, record it again", recording),
            'If it does not matter, say so: @pytest.mark.pty(on_unplayed="ignore")',
        ],
    )


def command(recording: Recording, argv: Sequence[str]) -> ReplayMismatch:
    """Another command is started than the one that was recorded."""
    return _mismatch(
        "command",
        "The test starts another command than the one that was recorded.",
        [
            *_where(),
            ("started", shlex.join(argv)),
            ("recorded", f"{shlex.join(recording.argv)}   ({recording.shown})"),
        ],
        None,
        [
            f"Start what was recorded: {list(recording.argv)!r}",
            _again("If the command is meant to be different now, record it again", recording),
            'If it differs from run to run, do not compare it: @pytest.mark.pty(match_on=["keys", "resize"])',
        ],
    )


def geometry(
    recording: Recording, given: Size, recorded: Size, stop: Stop | None = None, head: Playhead | None = None
) -> ReplayMismatch:
    """The terminal is given another size than it had in the recording, at the start or by a resize."""
    place = "manifest.json" if stop is None else f"{INPUT}:{stop.line}"
    return _mismatch(
        "geometry",
        "The test gives the terminal another size than it had in the recording.",
        [
            *_where(),
            ("given", _size(given)),
            ("recorded", f"{_size(recorded)}   ({recording.shown}/{place})"),
        ],
        None if head is None else head.snapshot(),
        [
            f"Give it the recorded size: columns={recorded.columns}, rows={recorded.rows}",
            _again("If the size is meant to be different now, record it again", recording),
        ],
    )


def not_found(path: str | Path, record_command: str) -> ReplayMismatch:
    """There is no cassette to replay."""
    return _mismatch(
        "not_found",
        f"There is no cassette {shown_path(path)}, and nothing is executed in a replay.",
        _where(),
        None,
        [f"Record it: {record_command}", "Then commit it beside the test."],
    )


def no_cassette(path: str | Path, why: str, record_command: str) -> ReplayMismatch:
    """Something else stands where the cassette should; `why` says what it lacks."""
    return _mismatch(
        "not_found",
        f"What stands at {shown_path(path)} is no cassette: {why}.",
        _where(),
        None,
        [
            "Restore it, if it was one; else move it away: only a cassette is ever replaced.",
            f"Then record it: {record_command}",
        ],
    )


def expired(recording: Recording, recorded_at: str, age: str, limit: str) -> ReplayMismatch:
    """The cassette is older than it may be; times are in words."""
    return _mismatch(
        "expired",
        f"The cassette {recording.shown} is {age} old, and {limit} is the limit.",
        [*_where(), ("recorded", recorded_at)],
        None,
        [
            _again("Record it again", recording),
            "If it may be older, raise pty_max_age in the ini file, or set pty_on_expiry to warn.",
        ],
    )


def damaged(recording_path: str | Path, error: Damaged, record_command: str) -> ReplayMismatch:
    """The cassette does not hold together."""
    where, why = error.facts["where"], error.facts["why"]
    shown = shlex.quote(shown_path(recording_path))
    return _mismatch(
        "damaged",
        f"The cassette {shown_path(recording_path)} is damaged, and a replay of it would prove nothing.",
        [*_where(), ("damage", f"{where}: {why}")],
        None,
        [
            f"Restore it from version control: git checkout -- {shown}",
            f"Record it again: {record_command}",
            f"See all of the damage: cassette verify {shown}",
        ],
    )


def wait_failed(
    recording: Recording,
    queue: InputQueue,
    head: Playhead,
    name: str,
    *,
    why: str | None = None,
    later: Stop | None = None,
) -> ReplayWaitFailed:
    """What was waited for does not come before the next input; `later` is the input after which it does."""
    stop = queue.next
    facts = _where()
    fixes = ["Wait for what the screen shows, or expect that."]
    if stop is None:
        why = why or "the recording ends without it"
    else:
        why = why or "that does not come before the next input of the recording, which has not been sent"
        facts.append(("next input", _recorded(recording, stop, queue.begun_bytes)))
        if queue.begun_bytes:
            fixes = [
                f"Send all of it before this wait; this is left: {call_of(stop.event, queue.begun_bytes)}"
            ]
    if later is not None:
        needed = queue.left[: queue.left.index(later) + 1]
        facts.append(("later", f"it comes after {recording.line(later)}, {call_of(later.event)}"))
        fixes = [f"Send first what brings it: {_calls(needed, queue.begun_bytes)}"]
    facts.append(_played(queue))
    fixes.append(_again("If the program is meant to show something else now, record it again", recording))
    fixes.append(f"See what was recorded: {recording.show_events}")
    return ReplayWaitFailed(
        what=name,
        why=why,
        waited_s=0.0,
        screen=str(head.snapshot()),
        snapshot=head.snapshot(),
        report=_report(facts, head.snapshot(), fixes),
    )


# Their parts.


def call_of(event: Input, begun: int = 0) -> str:
    """The call that sends a recorded input, or what is left of it behind its first `begun` bytes."""
    if event.kind == "resize" and event.size is not None:
        return f"resize(columns={event.size.columns}, rows={event.size.rows})"
    if event.kind == "signal":
        return f'signal("{event.signal}")'
    if event.redacted:
        return "type(<any text: it was hidden>)"
    if event.kind == "paste":
        text = re.sub(rb"\x1b\[20[01]~", b"", event.data).decode("utf-8", "replace")
        return f"paste({_short(repr(text))})"
    if event.key is not None and not begun:
        return f'press("{event.key}")'
    return "; ".join(_token_call(*found) for found in _TOKEN.findall(_short(keys_of(event.data[begun:]))))


def _token_call(text: str, key: str) -> str:
    if key:
        return f'press("{key}")'
    return f'send(b"{text}")' if "\\x" in text or "\\u" in text else f'type("{text}")'


def _calls(stops: Sequence[Stop], begun: int = 0) -> str:
    shown = [call_of(stop.event, 0 if number else begun) for number, stop in enumerate(stops[:_LISTED])]
    return "; ".join(shown) + ("; …" if len(stops) > _LISTED else "")


def _sent_facts(sent: Sent, rest: bytes) -> list[tuple[str, str]]:
    done = len(sent.data) - len(rest)
    matched = f"\nits first {_count(range(done), 'byte')} matched" if 0 < done < len(sent.data) else ""
    return [*_where(hidden=sent.secret), ("sent", f"{_short(sent.shown)}{matched}")]


def _where(*, hidden: bool = False) -> list[tuple[str, str]]:
    """The line of the test; without its source where that may have a secret in it."""
    site = call_site()
    if site is None:
        return []
    return [("test", str(site) if hidden else f"{site}   {site.source}".rstrip())]


def _recorded(recording: Recording, stop: Stop, begun: int) -> str:
    rest = f"\nits first {_count(range(begun), 'byte')} have been sent" if begun else ""
    return f"{call_of(stop.event, begun)}   ({recording.line(stop)}{_at(stop, ', ')}){rest}"


def _at(stop: Stop, before: str = "   ") -> str:
    return f"{before}seq {stop.event.seq}, {stop.event.t_ms / 1000:.3f} s"


def _played(queue: InputQueue) -> tuple[str, str]:
    return "played", f"{queue.played} of {_count(range(queue.total), 'input')}"


def _again(why: str, recording: Recording) -> str:
    return f"{why}: {recording.record_again}"


def _size(size: Size) -> str:
    return f"{size.columns} columns, {size.rows} rows"


def _count(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _mismatch(
    reason: str,
    what: str,
    facts: Sequence[tuple[str, str]],
    screen: Snapshot | None,
    fixes: Sequence[str],
    *,
    sent: str | None = None,
    gaps: int = 0,
) -> ReplayMismatch:
    noted = (
        [*facts, ("gaps", f"{gaps} before this point: something is missing in the recording")]
        if gaps
        else facts
    )
    kind = InputExhausted if reason == "exhausted" else ReplayMismatch
    return kind(reason=reason, what=what, sent=sent, report=_report(noted, screen, fixes))


def _report(facts: Sequence[tuple[str, str]], screen: Snapshot | None, fixes: Sequence[str]) -> str:
    shown = [*facts, ("screen", place_of(screen))] if screen is not None else facts
    width = max((len(label) for label, _ in shown), default=0)
    lines = []
    for label, text in shown:
        first, *others = text.splitlines() or [""]
        lines.append(f"  {label:<{width}}  {first}")
        lines += [f"  {'':<{width}}  {other}" for other in others]
    if screen is not None:
        lines.append(picture(screen, "  "))
    lines.append("What to do:")
    lines += [f"  {number}. {fix}" for number, fix in enumerate(fixes, 1)]
    return "\n".join(lines)
