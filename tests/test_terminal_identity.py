"""The identity of the model: stored frames are compared only with frames of the same one.

A digest of what all streams and sequences of the repository look like, at many moments, stands for the model. When
it changes, a screen comes out differently than it did for recordings that are out there, and the identity has to
say so: raise LAYER_VERSION, then put the new digest here.
"""

from __future__ import annotations

import json
from hashlib import sha256

import terminal_data as data

from terminal.queries import LAYER_VERSION

MOMENTS = 40
DIGESTS = {"1": "94af276ffc05e9ada7c1473aac41cbbb26bed0dad2481e21d52d901d9e7e3290"}
"""What the screens are in each version of the layer; the past ones stay, so that no number is used again."""


def stored_streams() -> list[data.Stream]:
    """Those of the repository alone: the digest is the same wherever the tests run."""
    return [data._stream(path) for path in sorted((data.DATA / "streams").glob("*.raw"))]


def digest_of_screens() -> str:
    digest = sha256()
    for stream in stored_streams():
        emulator = data.new("pyte", stream.columns, stream.rows)
        step = len(stream.data) // MOMENTS + 1
        for start in range(0, len(stream.data), step):
            emulator.feed(stream.data[start : start + step])
            digest.update(written(emulator))
    for case in data.sequences():
        emulator = data.new("pyte", case["columns"], case["rows"])
        emulator.feed(bytes.fromhex("".join(case["chunks"])))
        if "resize" in case:
            emulator.resize(**case["resize"])
            emulator.feed(bytes.fromhex(case["after_resize"]))
        digest.update(written(emulator))
    return digest.hexdigest()


def written(emulator: data.Emulator) -> bytes:
    """The screen as text that does not depend on how our classes are called or ordered."""
    screen = emulator.snapshot()
    cursor = screen.cursor
    facts = {
        "text": screen.text,
        "spans": [
            [row, span.column, span.width, {name: getattr(span.style, name) for name in span.style.__slots__}]
            for row, spans in screen.spans.items()
            for span in spans
        ],
        "cursor": [cursor.row, cursor.column, cursor.visible, cursor.shape],
        "title": screen.title,
        "alternate": screen.alternate_screen,
    }
    return json.dumps(facts, sort_keys=True).encode()


def test_another_screen_is_another_version() -> None:
    digest = digest_of_screens()
    known = DIGESTS.get(LAYER_VERSION)
    assert digest == known, (
        f"screens come out differently than in version {LAYER_VERSION} of the layer: frames that are stored in "
        f"cassettes would no longer be those of their recordings. If that is meant, raise LAYER_VERSION in "
        f"terminal/queries.py, and add the new version with the digest {digest} to DIGESTS."
    )


def test_the_version_is_in_the_identity_and_in_the_answer() -> None:
    emulator = data.new("pyte", 10, 2)
    emulator.feed(b"\x1b[>q")
    assert f"+ours.{LAYER_VERSION}." in emulator.identity.version
    assert f"({LAYER_VERSION})".encode() in emulator.replies()
