"""Types something blind, letter by letter, and says so, until it is killed: `blind_driver.py TARGET WORD LAG`."""

from __future__ import annotations

import signal
import sys

import cassette

target, word, lag = sys.argv[1:]
program = f"printf 'speak> '; sleep {lag}; stty -echo; printf '\\nnow '; read X; stty echo; echo; read Y"
with cassette.record(target, ["bash", "--norc", "-c", program]) as session:
    print("spool", session.recorder.spool.id, flush=True)
    session.wait_for("speak>" if float(lag) else "now")
    for count, letter in enumerate(word, 1):
        session.type(letter)
        print("typed", count, flush=True)
    session.press("enter")
    print("enter", 0, flush=True)
    signal.pause()
