"""A second implementation of format 1, from its description alone: plain `json` and `hashlib`, nothing of ours.

`Tape` collects events, `files()` gives the bytes of each file, `write` puts them into a directory. A test that
wants a bad cassette changes the bytes in between; `seal_of` seals whatever files it is given.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

EVENT_FILES = ("input.jsonl", "output.jsonl", "frames.jsonl", "service-events.jsonl")
EVIDENCE_FILES = ("input.jsonl", "output.jsonl", "service-events.jsonl", "final.json")
ID = "5f1c7f0e-52c1-4a3e-9d0a-0123456789ab"


def manifest_of(raw: bytes, **changes: Any) -> dict[str, Any]:
    """A manifest with everything that is required, and a little more."""
    return {
        "version": 1,
        "id": ID,
        "content_digest": {"sha256": hashlib.sha256(raw).hexdigest()},
        "harness": {"name": "greeter"},
        "command": {"argv": ["greeter"], "workdir_policy": "inherit"},
        "terminal": {
            "initial_rows": 4,
            "initial_cols": 20,
            "term": "xterm-256color",
            "emulator": {"name": "pyte", "version": "test"},
        },
        "timing": {"resolution_ms": 1, "clock_policy": "monotonic-elapsed", "replay_default": "collapsed"},
        "provenance": {
            "os": "linux",
            "arch": "x86_64",
            "recorded_at": "2026-11-20T00:00:00Z",
            "recorder_version": "test",
        },
        "required_features": ["frames-delta"],
        **changes,
    }


class Tape:
    """Events in the order in which they are added; each gets the next `seq`."""

    def __init__(self, **manifest: Any) -> None:
        self.raw = bytearray()
        self.lines: dict[str, list[bytes]] = {name: [] for name in EVENT_FILES}
        self.final_line = b""
        self.seq = 0
        self.raw_end = 0
        self._manifest = manifest

    def input(self, t_ms: int, data: bytes = b"", kind: str = "input", **more: Any) -> Tape:
        if data:
            more = {"bytes": base64.b64encode(data).decode(), **more}
        return self._add("input.jsonl", t_ms=t_ms, kind=kind, **more)

    def resize(self, t_ms: int, columns: int, rows: int) -> Tape:
        return self.input(t_ms, kind="resize", size={"Rows": rows, "Cols": columns})

    def output(self, t_ms: int, data: bytes) -> Tape:
        offset = len(self.raw)
        self.raw += data
        digest = hashlib.sha256(data).hexdigest()
        return self._add("output.jsonl", t_ms=t_ms, offset=offset, length=len(data), sha256=digest)

    def key(self, t_ms: int, text: list[str], columns: int = 20, rows: int = 4, **more: Any) -> Tape:
        text = text + [""] * (rows - len(text))
        return self._frame(t_ms, columns, rows, text=text, **more)

    def delta(
        self, t_ms: int, changed: dict[int, str], columns: int = 20, rows: int = 4, **more: Any
    ) -> Tape:
        return self._frame(
            t_ms, columns, rows, rows={str(row): text for row, text in changed.items()}, **more
        )

    def service(self, t_ms: int, payload: Any) -> Tape:
        return self._add("service-events.jsonl", t_ms=t_ms, payload=payload)

    def gap(self, t_ms: int, reason: str = "overrun") -> Tape:
        return self.service(t_ms, {"type": "gap", "reason": reason})

    def final(self, t_ms: int, code: int | None = 0, **more: Any) -> Tape:
        if code is not None:
            ended = {"Code": code, "Signal": "", "Exited": True, "Signaled": False, "Err": None}
            more = {"exit": ended, **more}
        self.seq += 1
        self.final_line = line_of(seq=self.seq, t_ms=t_ms, duration_ms=t_ms, **more)
        return self

    def files(self, *, sealed: bool = True) -> dict[str, bytes]:
        """The bytes of every file by name."""
        raw = bytes(self.raw)
        report = {"status": "not-run", "rules": [], "hit_counts": {}}
        files = {
            "manifest.json": document(manifest_of(raw, **self._manifest)),
            "output.raw": raw,
            **{name: b"".join(lines) for name, lines in self.lines.items()},
            "final.json": self.final_line,
            "scrub-report.json": document(report),
        }
        return with_seal(files) if sealed else files

    def write(self, path: Path, *, sealed: bool = True) -> Path:
        return write(path, self.files(sealed=sealed))

    def _frame(self, t_ms: int, columns: int, lines_: int, **more: Any) -> Tape:
        start, self.raw_end = self.raw_end, len(self.raw)
        return self._add(
            "frames.jsonl",
            t_ms=t_ms,
            size={"Rows": lines_, "Cols": columns},
            raw_start=start,
            raw_end=self.raw_end,
            parser_offset=self.raw_end,
            cursor={"Row": 0, "Col": 0, "Visible": True},
            **more,
        )

    def _add(self, name: str, **fields: Any) -> Tape:
        self.seq += 1
        self.lines[name].append(line_of(seq=self.seq, **fields))
        return self


def line_of(**fields: Any) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def document(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"


def write(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


def with_seal(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with a fresh seal."""
    files = {name: data for name, data in files.items() if name != "seal.json"}
    return {**files, "seal.json": seal_of(files)}


def seal_of(files: dict[str, bytes]) -> bytes:
    """`seal.json` of these files."""
    evidence = sorted(
        (json.loads(line)["seq"], name, line)
        for name in EVIDENCE_FILES
        for line in files[name].splitlines(keepends=True)
    )
    head, checkpoints = bytes(32), []
    for number, (_, name, line) in enumerate(evidence, 1):
        body = line[line.index(b",") + 1 :].removesuffix(b"\n")
        head = hashlib.sha256(head + name.encode() + b"\0" + body).digest()
        if number % 256 == 0:
            checkpoints.append({"events": number, "sha256": head.hex()})
    counts = {name: len(files[name].splitlines()) for name in sorted((*EVENT_FILES, "final.json"))}
    payloads = [json.loads(line)["payload"] for line in files["service-events.jsonl"].splitlines()]
    return document(
        {
            "seal_version": 1,
            "id": json.loads(files["manifest.json"])["id"],
            "evidence_sha256": head.hex(),
            "evidence_events": len(evidence),
            "events": sum(counts.values()),
            "counts": counts,
            "gaps": sum(isinstance(p, dict) and p.get("type") == "gap" for p in payloads),
            "checkpoints": checkpoints,
            "files": {
                name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for name, data in sorted(files.items())
            },
        }
    )


def greeter(**manifest: Any) -> Tape:
    """A small conversation with a resize, a delta frame and a service event; about 4 KB on disk."""
    tape = Tape(**manifest)
    tape.output(0, b"name? ").key(0, ["name?"])
    tape.input(500, b"Ada", source="user").input(620, b"\r", key="enter", source="user")
    tape.output(630, b"Ada\r\n").output(640, b"Hello, \x1b[1mAda\x1b[0m\r\n")
    tape.delta(640, {0: "name? Ada", 1: "Hello, Ada"}, spans={"1": [[7, 3, 0]]}, styles=[{"bold": True}])
    tape.service(700, {"type": "greeted", "who": "Ada"})
    tape.resize(900, 30, 5).output(910, "grüß dich ✨\r\n".encode())
    tape.key(910, ["name? Ada", "Hello, Ada", "grüß dich ✨"], columns=30, rows=5, title="greeter")
    return tape.final(1000)


def long_tape(chunks: int = 700) -> Tape:
    """Several checkpoints' worth of events, with inputs, frames and service events in between."""
    tape = Tape(optional={"labels": {"kind": "long"}})
    for number in range(chunks):
        t_ms = number * 40
        tape.output(t_ms, b"line %d of it\r\n" % number)
        if number % 10 == 0:
            tape.key(t_ms, [f"line {number} of it"])
        elif number % 5 == 0:
            tape.delta(t_ms, {1: f"line {number} of it"})
        if number % 7 == 0:
            tape.input(t_ms + 1, b"x", source="user")
        if number % 50 == 0:
            tape.service(t_ms + 1, {"n": number, "text": "ü"})
    return tape.final(chunks * 40)
