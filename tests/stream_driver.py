"""A recorder with `stream=True` for a test to kill: secrets in every form, cut by its writes anywhere.

`stream_driver.py TARGET SEED`: the first line is `ready` and the spool's id, then one for each event that was taken.
What it writes follows from the seed. The secret of the environment is in `CANARY_TOKEN`.
"""

import os
import random
import sys

from cassette.recording.recorder import Recorder
from scrub.forms import forms_of
from tests.scrub_samples import GITHUB

TYPED = "correct-Horse9-battery"
BLIND = {"echo": False, "icanon": True, "isig": True, "icrnl": True, "opost": True, "onlcr": True}


def say(*words):
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


def canaries():
    """Every value that must never be seen."""
    return [os.environ["CANARY_TOKEN"].encode(), GITHUB.encode(), TYPED.encode()]


def text_of(chance):
    """Some output with secrets in it."""
    value = chance.choice(canaries())
    shown = chance.choice([*forms_of(value), value[:9] + b"\x1b[1m" + value[9:]])
    filler = b"building module %d with the usual words\r\n" % chance.randrange(999) * chance.randrange(60)
    return b"%b\x1b[32m%b\x1b[0m and so on\r\n" % (filler, shown)


def main(target, seed):
    chance = random.Random(int(seed))
    recorder = Recorder(target, columns=60, rows=12, stream=True)
    say("ready", recorder.spool.id)
    recorder.pty_mode({**BLIND, "echo": True})
    recorder.mode(BLIND)
    recorder.input(TYPED.encode() + b"\r", source="script")
    recorder.mode({**BLIND, "echo": True})
    recorder.output(
        GITHUB.encode() + b"\r\n"
    )  # a rule finds it; in another form it is found when it is known
    for number in range(100_000):
        data = text_of(chance)
        cut = chance.randrange(len(data))
        recorder.output(data[:cut])
        if number % 3 == 0:
            recorder.input(chance.choice(canaries()) + b"\r", source="script")
            recorder.service_event({"type": "said", "text": chance.choice(canaries()).decode()})
            recorder.resize(columns=40 + number % 50, rows=10)
        recorder.output(data[cut:])
        say("event", number)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
