"""`make live`: real harnesses, installed beside the project, against their adapters and the committed cassettes.

Each one is recorded in the box by `cassette discover`; its cassettes are verified, walked as replayed sessions, played
by a shim in the harness's place, and compared with those in cassettes/. Nothing outside `.live/` changes without
`--update`. Needs root, iproute2, and a way to the packages; exit code 0 when everything agrees, 1 when something does
not, 4 when the machine cannot do it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cassette
from cassette.errors import CassetteError
from cassette.harness.adapter import Adapter
from cassette.harness.documents import differences, facts_of_tape
from cassette.harness.registry import all_adapters
from cassette.harness.walking import walk
from cassette.reading.verify import verify

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIVE = ROOT / ".live"
COMMITTED = ROOT / "cassettes"
SERVER = "http://127.0.0.1:8399"
HOME = "/home/vcr"
VOLATILE = frozenset({"progress", "token_usage"})
"""Facts whose words tell the time or a sum: that they are there is compared, not what they say."""
LIMIT_S = 900


@dataclass(frozen=True)
class Program:
    """A line of programs.txt."""

    harness: str
    client: str
    package: str
    version: str
    licence: str
    committed: bool


@dataclass
class Report:
    """What came of one harness; `wrong` is what makes it fail, `notes` what is only told."""

    harness: str
    version: str = "?"
    probes: int = 0
    facts: int = 0
    size: int = 0
    seconds: float = 0.0
    passed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def programs() -> dict[str, Program]:
    """The harnesses of programs.txt, by name."""
    known = {}
    for line in (HERE / "programs.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            harness, client, package, version, licence, committed = line.split()
            known[harness] = Program(harness, client, package, version, licence, committed == "committed")
    return known


def main() -> int:
    """Run all that is asked for, and print a table."""
    known = programs()
    args = _arguments(known)
    if problem := _unfit():
        print(f"make live: {problem}", file=sys.stderr)
        return 4
    names = args.harness or [name for name, program in known.items() if program.committed]
    reports = []
    for name in names:
        report = Report(name)
        reports.append(report)
        started = time.monotonic()
        try:
            _one(known[name], args, report)
        except (CassetteError, subprocess.SubprocessError, OSError) as error:
            report.wrong.append(str(error).splitlines()[0])
        report.seconds = time.monotonic() - started
        _tell(report)
    return 1 if any(report.wrong for report in reports) else 0


def _arguments(known: dict[str, Program]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make live", description=__doc__.splitlines()[0])
    parser.add_argument("harness", nargs="*", help=f"which ones: {', '.join(known)} (default: the committed)")
    parser.add_argument(
        "--latest", action="store_true", help="the newest versions, not those of programs.txt"
    )
    parser.add_argument("--update", action="store_true", help="put what was recorded into cassettes/")
    args = parser.parse_args()
    if unknown := [name for name in args.harness if name not in known]:
        parser.error(f"there is no {unknown[0]} in live/programs.txt; it has {', '.join(known)}")
    return args


def _unfit() -> str:
    """Why no box can be made here, and what to do; nothing when one can."""
    if sys.platform != "linux":
        return "the box is made of Linux namespaces: run it on Linux."
    if os.geteuid() != 0:
        return "the box is made of namespaces, which only root can make here: run it as root."
    missing = [name for name in ("unshare", "ip", "mount", "npm", "node") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} missing: install util-linux, iproute2, mount, nodejs and npm."
    return ""


def _one(program: Program, args: argparse.Namespace, report: Report) -> None:
    version = "latest" if args.latest else program.version
    install: list[str | Path] = [
        HERE / "install.sh",
        LIVE / "programs",
        program.harness,
        program.client,
        program.package,
        version,
    ]
    subprocess.run(install, check=True, timeout=LIMIT_S)
    adapter = all_adapters(ROOT).get(program.harness)
    recorded = LIVE / "cassettes" / program.harness
    shutil.rmtree(recorded, ignore_errors=True)
    _discover(program.harness, recorded, report)
    _check(adapter, recorded, report)
    _through_shims(program.harness, recorded, report)
    _compare(adapter, recorded, COMMITTED / program.harness, report)
    if args.update and program.committed and adapter.commit and not report.wrong:
        _publish(recorded, COMMITTED / program.harness)
        report.passed.append("cassettes/ updated")


def _discover(harness: str, into: Path, report: Report) -> None:
    """Record all probes, in the box."""
    command: list[str | Path] = [
        HERE / "box.sh",
        LIVE / "programs",
        HERE / "with_server.sh",
        sys.executable,
        "-m",
        "cassette",
    ]
    command += ["discover", harness, "--lab", SERVER, "--home", HOME, "-o", into, "--json"]
    command += ["--diagnostics", LIVE / "diagnostics" / harness]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=LIMIT_S)
    if done.returncode not in (0, 1) or not done.stdout.strip():
        report.wrong.append(f"discover ended with {done.returncode}")
        return
    said = json.loads(done.stdout)
    failed = [each["probe"] for each in said["probes"] if each["status"] != "recorded"]
    report.wrong += [f"{name} was not recorded; see .live/diagnostics/{harness}" for name in failed]
    if not failed:
        report.passed.append("recorded")


def _check(adapter: Adapter, recorded: Path, report: Report) -> None:
    """Each cassette is whole, gives its facts again, and can be walked as a replayed session."""
    for path in _cassettes(recorded):
        probe = adapter.probe(path.name)
        assert probe is not None
        report.probes += 1
        report.size += sum(file.stat().st_size for file in path.iterdir())
        state = verify(path, frames=True).state
        if state != "complete":
            report.wrong.append(f"{path.name} is {state}")
        with cassette.open(path) as tape:
            report.version = tape.manifest.harness.binary_version or "?"
            report.facts += len(facts_of_tape(adapter, probe, tape).facts)
            report.wrong += differences(adapter, probe, tape)
            walk(adapter, probe, tape)
    report.passed += ["verified", "replayed"]


def _through_shims(harness: str, recorded: Path, report: Report) -> None:
    """The same probes against shims of the cassettes: the same facts, with no harness in the way."""
    command: list[str | Path] = [sys.executable, "-m", "cassette", "discover", harness, "--replay", recorded]
    command += ["-o", LIVE / "replayed" / harness, "--json"]
    environment = {**os.environ, "PATH": os.pathsep.join(("/usr/bin", "/bin"))}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False, timeout=LIMIT_S
    )
    if done.returncode:
        report.wrong.append(f"through shims: exit code {done.returncode}")
    else:
        report.passed.append("same facts from shims")


def _compare(adapter: Adapter, recorded: Path, committed: Path, report: Report) -> None:
    """What is there now and was not in the committed cassettes, and the other way round."""
    if not committed.is_dir():
        report.notes.append("no committed cassettes to compare with")
        return
    now, before = _facts(adapter, recorded), _facts(adapter, committed)
    report.notes += [f"new:     {fact}" for fact in now if fact not in before]
    report.notes += [f"missing: {fact}" for fact in before if fact not in now]
    if now == before:
        report.passed.append("as committed")


def _facts(adapter: Adapter, root: Path) -> list[str]:
    found = []
    for path in _cassettes(root):
        if (probe := adapter.probe(path.name)) is None:
            continue
        with cassette.open(path) as tape:
            for fact in facts_of_tape(adapter, probe, tape).facts:
                value = "(there)" if fact.name in VOLATILE else repr(fact.value)
                found.append(f"{path.name}: {fact.name} {value}" + (f" of {fact.of}" if fact.of else ""))
    return found


def _publish(recorded: Path, committed: Path) -> None:
    shutil.rmtree(committed, ignore_errors=True)
    shutil.copytree(recorded, committed)


def _cassettes(root: Path) -> Iterator[Path]:
    return (path.parent for path in sorted(root.glob("*/manifest.json")))


def _tell(report: Report) -> None:
    state = "differs or failed" if report.wrong else "good"
    print(
        f"{report.harness} {report.version}: {state}. {report.probes} probes, {report.facts} facts, "
        f"{report.size / 1024:.0f} KiB, {report.seconds:.0f} s; {', '.join(report.passed)}"
    )
    for line in report.wrong:
        print(f"  wrong:   {line}")
    for line in report.notes:
        print(f"  {line}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
