"""Not one byte of output is lost, however fast it comes and whoever writes it; too much of it ends clearly."""

import os
import shutil
import subprocess
import sys

import pytest
from proof_helpers import PROVE, assert_complete, cassette_command, own_spools, sized, spools_in

from cassette.reading.reader import open as open_cassette
from cassette.reading.verify import verify

BURSTS = sized(5, 100)
BURST_BYTES = 2**20
SESSION_BYTES = sized(8 * 2**20, 2**30)
MEMORY_LIMIT_BYTES = 150 * 2**20
LINE = "a line that is as long as those of a build or a log, and comes again and again " * 2

# `cassette record` that tells how much memory it took at most.
MEASURED = """
import sys
from pathlib import Path
from cassette.cli import main
main(["record", *sys.argv[3:], "-o", sys.argv[1], "--quiet", "--max-bytes", sys.argv[2], "--", "yes",
      "a line that comes again"])
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) * 1024)
"""

# The child lets the program end first (its end of a pipe says so), and only then writes; hang-ups do not end it.
SURVIVOR = """
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
ended, open_while_alive = os.pipe()
if os.fork():
    os.write(1, b"leader\\n")
    os._exit(3)
os.close(open_while_alive)
os.read(ended, 1)
os.write(1, b"ready\\n")
for number in range(1000):
    os.write(1, b"the survivor's line %d\\n" % number)
"""


@pytest.fixture
def spools():
    with own_spools() as root:
        yield root


def numbered_lines(size):
    lines = b"".join(
        b"\x1b[3%dmline %07d\x1b[0m of a burst of output\n" % (n % 8, n) for n in range(size // 36)
    )
    return lines[: size - 4] + b"END\n"


def as_the_terminal_writes(data):
    return data.replace(b"\n", b"\r\n")


@pytest.mark.prove
def test_burst_of_a_program_that_exits_at_once(tmp_path, spools):
    burst = tmp_path / "burst"
    burst.write_bytes(numbered_lines(BURST_BYTES))
    wanted = as_the_terminal_writes(burst.read_bytes())
    for number in range(BURSTS):
        target = tmp_path / str(number)
        done = cassette_command("record", "-o", target, "--", "cat", burst)
        assert done.returncode == 0, done.stderr
        assert done.stdout == wanted  # forwarded
        assert (target / "output.raw").read_bytes() == wanted
        assert_complete(target)
    assert spools_in(spools) == []


def test_output_of_a_child_that_survives_the_program(tmp_path, spools):
    done = cassette_command(
        "record", "-o", tmp_path / "tape", "--exit-code-of-child", "--", sys.executable, "-c", SURVIVOR
    )
    assert done.returncode == 3, done.stderr
    lines = [b"leader", b"ready", *(b"the survivor's line %d" % number for number in range(1000))]
    assert (tmp_path / "tape" / "output.raw").read_bytes() == b"".join(line + b"\r\n" for line in lines)
    assert_complete(tmp_path / "tape")


@pytest.mark.prove
def test_too_much_output_ends_clearly(tmp_path, spools):
    target = tmp_path / "tape"
    done = cassette_command(
        "record", "-o", target, "--quiet", "--max-bytes", SESSION_BYTES, "--", "yes", LINE
    )
    assert done.returncode == 1
    assert b"partial: max-bytes" in done.stderr
    assert b"Traceback" not in done.stderr
    verdict = verify(target)
    assert (verdict.state, verdict.recovered, verdict.gaps) == ("partial", False, 1)
    assert (target / "output.raw").stat().st_size == SESSION_BYTES
    with open_cassette(target, unverified=True) as tape:
        (gap,) = tape.service_events()
        assert gap.payload["reason"] == "max-bytes"
        assert gap.payload["bytes"] > 0
        assert tape.final.exit is not None  # it was ended, and how is known
        assert tape.final.metadata["ended_by"] == "stopped"
    assert spools_in(spools) == []


@pytest.mark.prove
@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells a process's most memory")
def test_memory_beyond_the_spool_is_bounded(tmp_path, spools):
    size = 256 * 2**20 if PROVE else 8 * 2**20
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "tape"), str(size)]
    taken = int(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ).stdout)
    assert (tmp_path / "tape" / "output.raw").stat().st_size == size
    assert taken < MEMORY_LIMIT_BYTES
    print(f"at most {taken / 2**20:.0f} MB for {size / 2**20:.0f} MB of output")


@pytest.mark.prove
@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells a process's most memory")
def test_memory_of_a_stream_is_flat(tmp_path, monkeypatch):
    """Recording, second reading, frames and seal; the spool is on a disk."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    taken = {}
    for size in (2 * 2**20, SESSION_BYTES):
        target = tmp_path / str(size)
        command = [sys.executable, "-c", MEASURED, str(target), str(size), "--stream"]
        taken[size] = int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        assert (target / "output.raw").stat().st_size == size
        shutil.rmtree(target)
    small, large = taken.values()
    print(
        f"at most {small / 2**20:.0f} MB for 2 MB, {large / 2**20:.0f} MB for {SESSION_BYTES / 2**20:.0f} MB"
    )
    assert large < MEMORY_LIMIT_BYTES
    assert large < small * 1.3
