"""Every error that a user can meet: one sentence of what happened, one of what to do, one exit code.

A class carries its sentence as a template; the facts fill it. Exit codes: 1 the answer is no, 2 wrong usage,
3 not a cassette or damaged, 4 this machine or the program is not fit, 5 secrets would leak, 6 timed out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Final, Self

RECORDING_KEPT: Final = "The recording is kept"


class CassetteError(Exception):
    """Base of all errors of this package; `str(error)` is what the command line prints.

    `facts` are the template's values, kept for callers that want more than the sentence.
    """

    template: ClassVar[str] = "{what}"
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.template.format(**facts))


class UsageError(CassetteError):
    """The caller asked for something that has no meaning."""

    exit_code = 2


class NotACassette(CassetteError):
    """The path is no cassette at all."""

    template = "{path} is not a cassette: {why}. Give the directory that holds manifest.json."
    exit_code = 3


class UnknownVersion(CassetteError):
    """Written by a later release."""

    template = (
        "{path} has cassette format {found}, and this reader knows up to {known}. Upgrade pty-cassette."
    )
    exit_code = 3


class UnknownFeature(CassetteError):
    """`required_features` names what this reader does not know."""

    template = "{path} needs {features}, which this reader does not know. Upgrade pty-cassette."
    exit_code = 3


class Damaged(CassetteError):
    """What is on disk does not hold together; `facts` name file, line, seq and offset where they are known."""

    template = "{path} is damaged: {where}: {why}. Restore it from version control, or record it again."
    exit_code = 3

    def __init__(
        self,
        *,
        path: object,
        file: str,
        why: str,
        line: int | None = None,
        seq: int | None = None,
        offset: int | None = None,
    ) -> None:
        places = (("line", line), ("seq", seq), ("offset", offset))
        where = ", ".join([file, *(f"{name} {at}" for name, at in places if at is not None)])
        super().__init__(path=path, file=file, why=why, line=line, seq=seq, offset=offset, where=where)


class NotWhatWasDemanded(CassetteError):
    """The caller demanded an id, a digest or an emulator that this cassette does not have."""

    template = (
        "{path} has {name} {found}, and {wanted} was demanded. Open the right cassette, or bind to this one."
    )
    exit_code = 1


class CassetteExists(CassetteError):
    """The place for a new cassette is taken."""

    template = (
        "{path} exists already. Choose another place, or replace it (--overwrite; overwrite=True in Python)."
    )
    exit_code = 2


class PlaceTaken(CassetteExists):
    """The place for a new cassette is taken by something that no option would replace."""

    template = (
        "{path} exists already, and is no cassette: only a cassette is ever replaced. Choose another place."
    )


class InsideACassette(UsageError):
    """The place for a new cassette lies in another one, whose files would then be of two recordings."""

    template = (
        "{path} lies in the cassette {cassette}: a cassette holds one recording. Choose a place beside it."
    )


class CannotStore(CassetteError):
    """The file system said no; nothing that was recorded is lost."""

    template = "cannot {action} {path}: {why}. {todo}"
    exit_code = 4


class SpoolFull(CassetteError):
    """The RAM-backed spool has no room left."""

    template = (
        "the spool {path} is full after {size} bytes ({why}). What was recorded is kept; record less, "
        "limit it with --max-bytes, or give the RAM file system more room."
    )
    exit_code = 4


class DiskSpoolFull(SpoolFull):
    """The disk of a streamed spool has no room left."""

    template = (
        "the disk of the spool {path} is full after {size} bytes ({why}). What was recorded is kept; make room "
        "there, let XDG_STATE_HOME name a directory on a larger disk, or limit the recording with --max-bytes."
    )


class SpoolDamaged(CassetteError):
    """A complete event in a spool has a wrong checksum: damage, not a torn write."""

    template = "the spool {path} is damaged at byte {offset}: {why}. Keep it aside, or remove it with --discard {id}."
    exit_code = 3


class NoSuchSpool(CassetteError):
    """`recover` was asked for something that is not there."""

    template = "there is no recording {id} to recover. See what there is with cassette recover --list."
    exit_code = 2


class SpoolInUse(CassetteError):
    """The recorder of this spool lives."""

    template = "the recording {id} is still running (process {pid}). Let it end first."
    exit_code = 4


class LockHeld(CassetteError):
    """Another recording of the same thing runs."""

    template = (
        "another recording of {name} is running (process {pid}). Wait until it has ended, then try again."
    )
    exit_code = 4


class CannotStart(CassetteError):
    """The program could not be started; the message is the terminal layer's own."""

    exit_code = 4


class NoTerminal(CassetteError):
    """Something needs a person's terminal, and there is none."""

    template = "{what} needs a terminal, and {which} is none. Run it in a terminal, or {instead}."
    exit_code = 2


class UnknownEmulator(CassetteError):
    """The emulator that is asked for is not known."""

    exit_code = 2


class EmulatorMissing(UnknownEmulator):
    """The emulator that is asked for is known, and not installed."""

    exit_code = 4


def own_rule(origin: str, own_rules: Collection[str]) -> str:
    """The organisation's rule that something secret comes from; empty where it is none of its rules."""
    kind, _, rule = origin.partition(":")
    return rule if kind == "rule" and rule in own_rules else ""


class SecretsWouldLeak(CassetteError):
    """Something secret would be left in a cassette. The message says which rule saw it where, never what it is."""

    template = (
        "nothing was written: {secrets} would be left in the cassette, the first {kind} ({origin}, {form}) in "
        "{stream} at byte {offset} of its view {view!r}. {kept}; {todo}"
    )
    exit_code = 5
    _OWN_RULE: ClassVar[str] = (
        "look at the rule {rule!r} in your rules file, which takes what cannot be covered. Mend it, and begin again."
    )
    _ANY: ClassVar[str] = (
        "tell the authors of pty-cassette what {kind} looked like there, without its value, or record again without "
        "showing it."
    )

    def __init__(self, *, kept: str = RECORDING_KEPT, own_rules: Collection[str] = (), **found: Any) -> None:
        """`found` is `count`, and of the first `kind`, `origin`, `form`, `view`, `stream`, `offset`.

        `own_rules` are names of an organisation's rules, which the authors cannot mend.
        """
        self._found = found
        rule = own_rule(found["origin"], own_rules)
        todo = (self._OWN_RULE if rule else self._ANY).format(rule=rule, **found)
        secrets = f"{found['count']} secret{'s' if found['count'] != 1 else ''}"
        super().__init__(kept=kept, todo=todo, secrets=secrets, **found)

    def told(self, *, kept: str = RECORDING_KEPT, own_rules: Collection[str] = ()) -> Self:
        """The same, where more is known: what became of the recording, and which rules are an organisation's."""
        return type(self)(kept=kept, own_rules=own_rules, **self._found)


class TooLongToFix(CassetteError):
    """A cassette with more output than is scrubbed in memory."""

    template = (
        "{path} was left as it is: it has {size:,} bytes of output, and cassettes are fixed up to {limit:,}. Raise "
        "max-output-bytes in [tool.pty-cassette.scrub] of pyproject.toml, or record it again."
    )
    exit_code = 4


class StreamRefused(CassetteError):
    """A streamed recording in which a secret is left that cannot be covered any more."""

    template = (
        "the recording {id} cannot be finished: something secret in it became known only later, and could not be "
        "covered any more. Throw it away with cassette recover --discard {id}, and record again without --stream."
    )
    exit_code = 5


class ScrubMovedCells(CassetteError):
    """The rewritten output does not draw what the program drew."""

    template = (
        "nothing was written: with its secrets covered, the output moves the cursor elsewhere ({what}). "
        "{kept}; this is a fault of pty-cassette."
    )
    exit_code = 5

    def __init__(self, *, what: str, kept: str = RECORDING_KEPT) -> None:
        super().__init__(what=what, kept=kept)

    def told(self, *, kept: str) -> Self:
        """The same, where it is known what became of the recording."""
        return type(self)(what=self.facts["what"], kept=kept)


class TooLongToScrub(CassetteError):
    """More output than is scrubbed in memory."""

    template = (
        "nothing was written: the recording has {size:,} bytes of output, and whole recordings are scrubbed up to "
        "{limit:,}. Record it with --stream, or raise max-output-bytes in [tool.pty-cassette.scrub] of "
        "pyproject.toml (12 times as much memory is needed) and recover it."
    )
    exit_code = 4


class TimedOut(CassetteError):
    """A wait or a program took longer than it was given."""

    exit_code = 6


class Cancelled(CassetteError):
    """A replay was told to stop."""

    template = "the replay was cancelled at event {seq}. Start it again to see the rest."
    exit_code = 1


class CannotSend(CassetteError):
    """The program does not take input: it has ended, or it does not read; the message is the terminal layer's."""

    exit_code = 1


class WaitFailed(TimedOut):
    """What was waited for did not come; the message has the screen."""

    template = (
        "waited {waited_s:.1f} s for {what}: {why}.\n{screen}\n"
        "Wait for what the screen shows, or give it more time."
    )


class ForeignPackage(CassetteError):
    """Another package has the name of one of ours."""

    template = (
        "the package {name!r} that Python finds is not pty-cassette's: it is {where}. "
        "Run from another directory, rename your own, or use an environment of its own."
    )
    exit_code = 4


class BadScript(UsageError):
    """A script that is none: found before anything is run."""

    template = "{script}, line {line}: {why}"


class BadAssertions(UsageError):
    """An `assertions.yaml` that is none: found before a cassette is opened."""

    template = "{spec}, line {line}: {why}"


class BadAdapter(UsageError):
    """An adapter of a harness that is none: found before anything is run. `where` is the path of a key."""

    template = "the adapter {adapter}, {where}: {why}"


class NoSuchAdapter(UsageError):
    """There is no adapter of that name."""

    template = (
        "there is no adapter for {name!r}. {known} For any other program: cassette discover generic -- {name}"
    )


class CannotProbe(CassetteError):
    """The harness or its account is not fit for a probe; `kind` says which check it was. Nothing was written."""

    template = "{harness}: {what}. {todo}"
    exit_code = 4


class StepsFailed(CassetteError):
    """A probe's steps did not go as the adapter says; `what` names the step, without the screen."""


class FactsRefused(CassetteError):
    """A recording shows something else than the adapter knows; nothing of it is taken."""

    template = (
        "{harness}, probe {probe}: expected {expected} for {name}, but {found}.\n{screen}\n"
        "The harness may have changed: mend {fact} of the adapter {adapter}, and probe again."
    )


class FactsDiffer(CassetteError):
    """A replay of a probe read other facts than the recording that it played."""

    template = (
        "a replay of {path} reads something else than the recording, {number} in all, the first {first}. "
        "Its steps may read a screen that is still being painted: wait for more in them, and record it again."
    )


class NothingToCheck(UsageError):
    """A cassette without assertions was given to be checked."""

    template = (
        "{path} has no {file}, so there is nothing to check. Begin one with cassette check --init {path}."
    )


class NotBound(CassetteError):
    """Assertions are of another recording than the one that lies at their path."""

    template = (
        "{spec}, line {line}: these assertions are not of {path}: {why}. Give the path of the recording that they "
        "are of; or, when it was recorded anew, read them over and bind them to the new one:\n{binding}"
    )
    exit_code = 1


class SpecExists(UsageError):
    """The place for new assertions is taken."""

    template = "{path} exists already. Edit it, or move it away first."


class UnknownHarness(CassetteError):
    """Somebody asked what a harness can do of which there is no evidence."""

    template = (
        "no cassette in {where} speaks of {name}{hint}; there is evidence of {known}. "
        "Record it with cassette discover {name}, or ask for another."
    )
