"""For the tests of recording: a look into a finished cassette, and programs to record."""

import json
import os
import sys
from pathlib import Path

import cassette
from cassette.store.spool import list_spools

PYTHON = sys.executable


def tape_of(path):
    return cassette.open(path)


def lines_of(path, name):
    """The lines of one of its files, parsed."""
    return [json.loads(line) for line in (Path(path) / name).read_text("utf-8").splitlines()]


def inputs(path, *kinds):
    """The input events, of some kinds or all."""
    return [event for event in tape_of(path).inputs() if not kinds or event.kind in kinds]


def typed(path):
    """Everything that went in as bytes, and who sent it."""
    return [(event.source, event.data) for event in inputs(path, "input", "paste")]


def gaps(path):
    return [event.payload for event in tape_of(path).service_events() if event.is_gap]


def everything(path):
    """All bytes of all files of a directory."""
    return b"".join(file.read_bytes() for file in sorted(Path(path).iterdir()))


def seq_of_output(path, wanted):
    """The seq of the chunk that completes `wanted`."""
    tape = tape_of(path)
    seen = b""
    for event in tape.outputs():
        seen += event.data
        if wanted in seen:
            return event.seq
    raise AssertionError(f"{wanted!r} is not in {seen!r}")


def spools():
    """The ids of the spools in this test's own directory."""
    return [info.id for info in list_spools(roots=[Path(os.environ["CASSETTE_SPOOL_DIR"])])]


def python(code):
    """The command that runs a piece of Python."""
    return [PYTHON, "-c", code]
