"""A full RAM file system and a full disk end clearly; what was recorded is published or kept, and nothing is harmed."""

import os
import subprocess
import sys

import pytest
from proof_helpers import assert_complete, cassette_command, contents, own_spools, spools_in

from cassette.cli import main as cassette_main
from cassette.errors import SpoolFull
from cassette.reading.reader import open as open_cassette
from cassette.reading.verify import verify
from cassette.recording.recorder import Recorder

MB = 2**20
TOO_MUCH = 3 * MB


@pytest.fixture
def spools():
    with own_spools() as root:
        yield root


@pytest.fixture
def small_file_system(tmp_path):
    """A RAM file system of half of `TOO_MUCH`, and a function that gives it another size."""
    place = tmp_path / "small"
    place.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={TOO_MUCH // 2}", "tmpfs", place],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.decode().strip()}")

    def resize(size):
        subprocess.run(["mount", "-o", f"remount,size={size}", place], check=True)

    yield place, resize
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def long_text(tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"".join(b"line %08d of a long text\n" % number for number in range(TOO_MUCH // 28)))
    return text


def assert_prefix_with_gap(target, text):
    """Published, partial because the spool was full, and what it has is the beginning of what was printed."""
    verdict = verify(target, frames=True)
    assert (verdict.state, verdict.recovered, verdict.gaps) == ("partial", False, 1)
    with open_cassette(target) as tape:
        (gap,) = tape.service_events()
        assert gap.payload["reason"] == "spool-full"
        assert gap.payload["bytes"] > 0
        found = tape.output_bytes()
        assert 0 < len(found) < 3 * MB
        assert text.replace(b"\n", b"\r\n").startswith(found)
        return tape.final


def test_full_spool_ends_the_recording_and_publishes_what_there_is(
    tmp_path, small_file_system, long_text, monkeypatch
):
    place, _ = small_file_system
    monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(place))
    target = tmp_path / "tape"
    done = cassette_command("record", "-o", target, "--quiet", "--", "cat", long_text)
    assert done.returncode == 4
    assert b"is full" in done.stderr
    assert b"What was recorded is kept" in done.stderr
    assert b"Traceback" not in done.stderr
    final = assert_prefix_with_gap(target, long_text.read_bytes())
    assert final.exit is not None
    assert spools_in(place) == []


def test_full_spool_of_a_recorder_without_a_program(tmp_path, small_file_system, monkeypatch):
    place, _ = small_file_system
    monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(place))
    recorder = Recorder(tmp_path / "tape")
    said = [b"%07d\n" % number * 1000 for number in range(1000)]
    with pytest.raises(SpoolFull):
        any(recorder.output(chunk) == 0 for chunk in said)
    with pytest.raises(SpoolFull):
        recorder.service_event({"text": "x" * 100_000})
    recorder.final(exit=1)
    recorder.close()
    verdict = verify(tmp_path / "tape", frames=True)
    assert (verdict.state, verdict.gaps) == ("partial", 1)
    with open_cassette(tmp_path / "tape") as tape:
        assert b"".join(said).startswith(tape.output_bytes())
        assert len(tape.output_bytes()) % 8000 == 0  # whole chunks
        assert tape.final.exit.code == 1


def test_no_room_to_begin(tmp_path, small_file_system, monkeypatch):
    place, resize = small_file_system
    resize(256 * 1024)
    monkeypatch.setenv("CASSETTE_SPOOL_DIR", str(place))
    done = cassette_command("record", "-o", tmp_path / "tape", "--", "true")
    assert done.returncode == 4
    assert b"bytes of room" in done.stderr
    assert not (tmp_path / "tape").exists()


def test_full_disk_at_publishing(small_file_system, long_text, spools):
    place, resize = small_file_system
    target = place / "tape"
    with Recorder(target) as recorder:
        recorder.output(b"the old one\r\n")
    old = contents(target)
    done = cassette_command("record", "-o", target, "--overwrite", "--quiet", "--", "cat", long_text)
    assert done.returncode == 4
    assert b"the disk is full" in done.stderr
    assert b"cassette recover" in done.stderr
    assert b"Traceback" not in done.stderr
    assert contents(target) == old
    assert [entry.name for entry in place.iterdir()] == ["tape"]
    (spool_id,) = spools_in(spools)
    assert spool_id.encode() in done.stderr

    assert cassette_main(["recover", spool_id]) == 4  # still full
    assert contents(target) == old
    assert spools_in(spools) == [spool_id]

    resize(64 * MB)
    assert cassette_main(["recover", spool_id]) == 0
    assert_complete(target)
    assert (target / "output.raw").read_bytes() == long_text.read_bytes().replace(b"\n", b"\r\n")
    assert spools_in(spools) == []
