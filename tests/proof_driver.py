"""A recording process for the proofs to kill. It says each event that is acknowledged, after its call returned.

`proof_driver.py recorder|session|publish TARGET [overwrite] [KILL_AT]` or `proof_driver.py recover ID KILL_AT`. The
first line is `ready` and the spool's id. What the n-th event of a kind says follows from n alone, so that the killer
knows what must be found.
"""

import hashlib
import os
import signal
import sys
import threading

import cassette
from cassette.recording import recovery
from cassette.recording.recorder import Recorder
from cassette.store.operations import FileOperations
from cassette.store.spool import Spool

EVENTS = 5000  # of each kind; nobody lets it come that far
PUBLISHED_EVENTS = 40


def say(*words):
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


def output_of(number):
    """Text, colours, wide characters, synchronized updates; lengths from 9 bytes to some KB."""
    text = f"\x1b[3{number % 8}m{number} grüß ✨\x1b[0m\r\n" * (number % 7 + 1)
    if number % 11 == 0:
        text = f"\x1b[?2026h{text}\x1b[?2026l"
    return (text * (40 if number % 97 == 0 else 1)).encode()


def input_of(number):
    return f"input {number}\r".encode()


def size_of(number):
    return 20 + number % 100, 5 + number % 40


def payload_of(number):
    return {"type": "noted", "number": number, "text": "ü" * (number % 50)}


def by_recorder(target, *, overwrite):
    """Four threads, each with a kind of event of its own."""
    recorder = Recorder(target, columns=40, rows=10, overwrite=overwrite)
    say("ready", recorder.spool.id)
    _at_once(
        output=lambda n: recorder.output(output_of(n)),
        input=lambda n: recorder.input(input_of(n)),
        resize=lambda n: recorder.resize(columns=size_of(n)[0], rows=size_of(n)[1]),
        service=lambda n: recorder.service_event(payload_of(n)),
    )


def by_session(target, *, overwrite):
    """A program that echoes lines; what was forwarded is said as its length and SHA-256."""
    seen, length = hashlib.sha256(), 0

    def forwarded(data):
        nonlocal length
        seen.update(data)
        length += len(data)
        say("forwarded", length, seen.hexdigest())

    session = cassette.record(target, ["cat"], overwrite=overwrite, on_output=forwarded)
    say("ready", session.recorder.spool.id)
    _at_once(
        input=lambda n: session.send(input_of(n)),
        resize=lambda n: session.resize(columns=size_of(n)[0], rows=size_of(n)[1]),
        service=lambda n: session.service_event(payload_of(n)),
    )


def _at_once(**kinds):
    def drive(name, do):
        for number in range(EVENTS):
            do(number)
            say(name, number)

    threads = [threading.Thread(target=drive, args=item, daemon=True) for item in kinds.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def publish(target, *, overwrite, kill_at):
    """A short recording that ends; then this process kills itself at step `kill_at` of what `close()` does."""
    step = Steps(kill_at)
    recorder = Recorder(target, columns=40, rows=10, overwrite=overwrite, progress=step)
    say("ready", recorder.spool.id)
    for number in range(PUBLISHED_EVENTS):
        recorder.output(output_of(number))
        recorder.input(input_of(number))
        recorder.service_event(payload_of(number))
    recorder.final(exit=0)
    step.at_every_operation()
    recorder.close()
    say("steps", step.done)


def recover(spool_id, *, kill_at):
    """The same for `recover`."""
    step = Steps(kill_at)
    say("ready", spool_id)
    step.at_every_operation()
    recovery.recover(spool_id, progress=step)
    say("steps", step.done)


class Steps:
    """Counts; this process ends at one of them."""

    def __init__(self, kill_at):
        self.done = 0
        self._kill_at = kill_at

    def __call__(self, *_):
        self.done += 1
        if self.done == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def at_every_operation(self):
        _stepping(FileOperations, self)
        _stepping(Spool, self, only="discard")


def _stepping(owner, step, only=""):
    """Count every call of a class's methods, before it is made and after."""

    def counted(method):
        def call(*arguments):
            step()
            result = method(*arguments)
            step()
            return result

        return call

    for name in [only] if only else [name for name in vars(owner) if not name.startswith("_")]:
        setattr(owner, name, counted(getattr(owner, name)))


def main():
    what, target, *rest = sys.argv[1:]
    overwrite = "overwrite" in rest
    if what == "recover":
        recover(target, kill_at=int(rest[-1]))
    elif what == "publish":
        publish(target, overwrite=overwrite, kill_at=int(rest[-1]))
    else:
        {"recorder": by_recorder, "session": by_session}[what](target, overwrite=overwrite)


if __name__ == "__main__":
    main()
