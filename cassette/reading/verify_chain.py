"""Order and evidence chain of a cassette, computed anew: this file shares no code with the writer's.

`seq` is 1, 2, 3 … over all streams, `t_ms` never decreases, the final is last. The chain is
`h = sha256(h || file name || 0x00 || body)` over the evidence in that order, from 32 zero bytes; every 256
events it leaves a checkpoint.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from operator import le
from typing import NamedTuple

from cassette.model import FINAL, FRAMES
from cassette.reading.verdict import Findings
from cassette.reading.verify_lines import Lines

CHECKPOINT_EVERY = 256


class Checkpoint(NamedTuple):
    """The chain's head (in hex) after so many evidence events, the last of which has this `seq`."""

    events: int
    sha256: str
    seq: int


@dataclass
class Chain:
    """The evidence chain of a cassette."""

    sha256: str = bytes(32).hex()
    events: int = 0
    checkpoints: list[Checkpoint] = field(default_factory=list)


class Order:
    """All events of a cassette in the order of `seq`; made of files whose lines are readable."""

    def __init__(self, files: Sequence[Lines]) -> None:
        self._files = files
        self.count = sum(len(lines.seqs) for lines in files)
        # For each event the number of its file, from 1; 0 is a hole.
        self._owners = bytearray(self.count)
        self._times = array("q", bytes(8 * self.count))

    def check(self, findings: Findings) -> bool:
        """Whether the events hold together; what does not is noted, the first of each kind."""
        fine = self._place(findings)
        return fine and self._check_times(findings) and self._check_end(findings)

    def chain(self) -> Chain:
        """The evidence chain. Only after `check` said yes."""
        chain = Chain()
        head, count = bytes(32), 0
        bodies = [lines.bodies() for lines in self._files]
        names = [lines.name.encode("ascii") + b"\x00" for lines in self._files]
        frames = next((number for number, lines in enumerate(self._files) if lines.name == FRAMES), -1)
        for index, owner in enumerate(self._owners):
            if (number := owner - 1) == frames:
                continue
            head = sha256(head + names[number] + next(bodies[number])).digest()
            count += 1
            if count % CHECKPOINT_EVERY == 0:
                chain.checkpoints.append(Checkpoint(count, head.hex(), index + 1))
        chain.sha256, chain.events = head.hex(), count
        return chain

    def where(self, seq: int) -> tuple[str, int]:
        """File and line (from 1) of the event with this `seq`."""
        owner = self._owners[seq - 1]
        return self._files[owner - 1].name, self._owners.count(owner, 0, seq)

    def _place(self, findings: Findings) -> bool:
        owners, times, count = self._owners, self._times, self.count
        for number, lines in enumerate(self._files, 1):
            for line, (seq, t_ms) in enumerate(zip(lines.seqs, lines.times, strict=True), 1):
                if not 1 <= seq <= count:
                    # Nearly always what a hole before it makes of the last ones.
                    if not self._note_hole(findings):
                        findings.add(
                            lines.name,
                            f"seq {seq} of {count} events in all",
                            line=_shown(lines, line),
                            seq=seq,
                        )
                    return False
                if owners[seq - 1]:
                    other = self._files[owners[seq - 1] - 1].name
                    findings.add(
                        lines.name, f"its seq stands in {other} too", line=_shown(lines, line), seq=seq
                    )
                    return False
                owners[seq - 1] = number
                times[seq - 1] = t_ms
        return True

    def _note_hole(self, findings: Findings) -> bool:
        """Note the first `seq` that no file has."""
        there = sorted(seq for lines in self._files for seq in lines.seqs)
        expected = 1
        for seq in there:
            if seq > expected:
                name, line = next(
                    (lines.name, lines.seqs.index(seq) + 1) for lines in self._files if seq in lines.seqs
                )
                last = f"seq {expected} is" if seq == expected + 1 else f"seq {expected} to {seq - 1} are"
                findings.add(name, f"{last} missing before it", line=None if name == FINAL else line, seq=seq)
                return True
            if seq == expected:
                expected += 1
        return False

    def _check_times(self, findings: Findings) -> bool:
        times = self._times
        if all(map(le, times, islice(times, 1, None))):
            return True
        index = next(i for i in range(1, len(times)) if times[i] < times[i - 1])
        name, line = self.where(index + 1)
        why = f"t_ms steps back from {times[index - 1]} to {times[index]}"
        findings.add(name, why, line=None if name == FINAL else line, seq=index + 1)
        return False

    def _check_end(self, findings: Findings) -> bool:
        if not self.count or self.where(self.count)[0] == FINAL:
            return True
        name, line = self.where(self.count)
        findings.add(name, "an event after the final", line=line, seq=self.count)
        return False


def _shown(lines: Lines, line: int) -> int | None:
    return None if lines.name == FINAL else line
