"""Cassettes that the Go implementation of format 1 wrote open, verify and replay."""

import json
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
from build_cassette import with_seal, write

import cassette
from cassette.clock import VirtualClock
from cassette.errors import Damaged
from cassette.model import Event, Frame
from cassette.reading.verify import verify

DATA = Path(__file__).parent / "data" / "interop"


@pytest.fixture(params=["go-minimal", "go-top"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(DATA / f"{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path)  # our own two archives
    return tmp_path / request.param


def test_it_verifies_as_partial(path: Path) -> None:
    verdict = verify(path, frames=True)
    assert (verdict.state, verdict.findings) == ("partial", ())
    assert verdict.reasons == ("it has no seal",)
    manifest = json.loads((path / "manifest.json").read_bytes())
    assert verdict.content_sha256 == manifest["content_digest"]["sha256"]


def test_every_event_is_there(path: Path) -> None:
    tape = cassette.open(path)
    lines = [
        json.loads(line)
        for name in ("input", "output", "frames", "service-events")
        for line in (path / f"{name}.jsonl").read_bytes().splitlines()
    ]
    assert [event.seq for event in tape.events()] == list(range(1, len(lines) + 2))
    assert tape.discovery is not None
    assert tape.discovery.models == ("model-a", "model-b")
    assert tape.quota is not None
    assert tape.quota.windows[0]["used_percent"] == 5
    assert tape.final.exit is not None
    assert tape.final.exit.exited
    assert tape.scrub_report.status == "clean"
    assert sha256(tape.output_bytes()).hexdigest() == tape.manifest.content_digest.sha256
    assert b"".join(output.data for output in tape.outputs()) == tape.output_bytes()


def test_its_screens(path: Path) -> None:
    tape = cassette.open(path)
    assert (tape.size.columns, tape.size.rows) == (80, 24)
    frames = [json.loads(line) for line in (path / "frames.jsonl").read_bytes().splitlines()]
    for frame in frames:
        assert tape.screen_at(seq=frame["seq"]).text == [text.rstrip(" ") for text in frame["text"]]
    assert all(frame.is_key for frame in tape.frames())
    assert tape.screen_at(seq=2).text == [""] * 24
    assert tape.screen_at(seq=3, exact=True).text[0] == frames[0]["text"][0]


@pytest.mark.parametrize("mode", ["realtime", "scaled", "collapsed"])
def test_it_replays(path: Path, mode: str) -> None:
    tape, seen = cassette.open(path), list[Event]()
    tape.replay(seen.append, mode=mode, clock=VirtualClock())
    assert [event for event in seen if not isinstance(event, Frame)] == [
        event for event in tape.events() if not isinstance(event, Frame)
    ]


def test_it_can_be_bound_to(path: Path) -> None:
    tape = cassette.open(path)
    cassette.open(
        path,
        expected_id=tape.id,
        expected_sha256=tape.manifest.content_digest.sha256,
        expected_evidence=tape.evidence_sha256,
        required_emulator="vt10x",
    )


def test_damage_is_found_without_a_seal(path: Path) -> None:
    raw = bytearray((path / "output.raw").read_bytes())
    raw[10] ^= 1
    (path / "output.raw").write_bytes(raw)
    with pytest.raises(Damaged, match="offset"):
        cassette.open(path)


def test_it_can_be_sealed(path: Path) -> None:
    files = {file.name: file.read_bytes() for file in path.iterdir()}
    files["final.json"] = json.dumps(json.loads(files["final.json"]), separators=(",", ":")).encode() + b"\n"
    write(path, with_seal(files))
    assert verify(path).state == "complete"
