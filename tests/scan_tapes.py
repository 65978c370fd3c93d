"""Cassettes with a made-up secret somewhere, and a plain look for it in every file."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from build_cassette import Tape, document, manifest_of, with_seal, write
from scrub_samples import GITHUB, OPAQUE

from cassette.scrubbing.settings import ScrubSettings
from scrub.environment import Taken
from scrub.forms import forms_of
from scrub.known import KnownValue

TERMINAL = {"initial_rows": 12, "initial_cols": 60, "emulator": {"name": "pyte", "version": "test"}}
NOTHING_KNOWN = ScrubSettings()
Files = dict[str, bytes]


def known(*values: str) -> ScrubSettings:
    """Settings that know these values."""
    taken = tuple(
        KnownValue(value.encode(), "environment", f"environment:V{at}") for at, value in enumerate(values)
    )
    return ScrubSettings(known=Taken(taken))


def tape(**manifest: Any) -> Tape:
    """A recording without any secret, so far without an end."""
    made = Tape(**{"terminal": TERMINAL, **manifest})
    made.output(0, b"\x1b[2J\x1b[Hname? ").input(10, b"Ada", source="user").input(20, b"\r", source="user")
    return made.output(30, b"Ada\r\nHello, \x1b[1mAda\x1b[0m\r\n").service(
        40, {"type": "greeted", "who": "Ada"}
    )


def ended(made: Tape, **final: Any) -> Files:
    """Its files, with an end, sealed."""
    return made.final(90, **final).files()


def changed(name: str, change: Callable[[dict[str, Any]], object], files: Files | None = None) -> Files:
    """A recording whose document or first line `name` was changed by hand, and sealed again."""
    made = files or ended(tape())
    lines = made[name].splitlines(keepends=True)
    if name.endswith(".jsonl") or name == "final.json":
        value = json.loads(lines[0])
        change(value)
        lines[0] = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        made[name] = b"".join(lines)
    else:
        value = json.loads(made[name])
        change(value)
        made[name] = document(value)
    return with_seal(made)


def added(name: str, value: dict[str, Any]) -> Files:
    """A recording with one more document."""
    return with_seal({**ended(tape()), name: document(value)})


def typed(secret: str, **more: Any) -> Files:
    """The secret typed letter by letter."""
    made = tape()
    for at, letter in enumerate(secret):
        made.input(50 + at, letter.encode(), source="user", **more)
    return ended(made)


def painted_apart(secret: str) -> bytes:
    """Two halves painted in the wrong order, which only a screen puts together."""
    half = len(secret) // 2
    return f"\x1b[5;{2 + half}H{secret[half:]}\x1b[9;1Hstatus\x1b[5;2H{secret[:half]}\x1b[11;1H".encode()


def set_in(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one place of a document."""

    def change(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = to

    return change


def hides(letters: str) -> str:
    """The letters as escapes of JSON."""
    return "".join(f"\\u{ord(letter):04x}" for letter in letters)


def escaped_payload(secret: str) -> Files:
    """A service event whose letters stand in it as escapes."""
    made = ended(tape())
    made["service-events.jsonl"] = made["service-events.jsonl"].replace(
        b'"Ada"', f'"{hides(secret)}"'.encode()
    )
    return with_seal(made)


def twice(secret: str) -> Files:
    """A service event that has a name twice, the secret behind the first."""
    made = ended(tape())
    made["service-events.jsonl"] = made["service-events.jsonl"].replace(
        b'"who":', f'"who":"{secret}","who":'.encode()
    )
    return with_seal(made)


def clipboard(secret: str) -> bytes:
    """A clipboard write."""
    return b"\x1b]52;c;" + base64.b64encode(f"take {secret} now".encode()) + b"\x07"


PLANTED: dict[str, tuple[str, Callable[[str], Files]]] = {
    "output": ("output.raw", lambda s: ended(tape().output(50, f"see {s} there\r\n".encode()))),
    "output in colours": (
        "output.raw",
        lambda s: ended(tape().output(50, "".join(f"\x1b[3{i % 8}m{c}" for i, c in enumerate(s)).encode())),
    ),
    "output in two reads": (
        "output.raw",
        lambda s: ended(tape().output(50, s[:9].encode()).output(60, s[9:].encode())),
    ),
    "only the screen": ("output.raw", lambda s: ended(tape().output(50, painted_apart(s)))),
    "title": ("output.raw", lambda s: ended(tape().output(50, f"\x1b]0;{s}\x07".encode()))),
    "link": ("output.raw", lambda s: ended(tape().output(50, f"\x1b]8;;https://a.test/{s}\x1b\\x".encode()))),
    "clipboard": ("output.raw", lambda s: ended(tape().output(50, clipboard(s)))),
    "typed": ("input.jsonl", typed),
    "pasted": ("input.jsonl", lambda s: ended(tape().input(50, s.encode(), "paste", source="user"))),
    "typed with a mistake": (
        "input.jsonl",
        lambda s: ended(tape().input(50, f"{s[:8]}x\x7f{s[8:]}".encode(), source="user")),
    ),
    "answer of the terminal": (
        "input.jsonl",
        lambda s: ended(tape().input(50, f"\x1b]l of {s}\x1b\\".encode(), source="terminal")),
    ),
    "redacted only by name": (
        "input.jsonl",
        lambda s: ended(tape().input(50, s.encode(), source="user", redacted="declared")),
    ),
    "mark": ("input.jsonl", lambda s: ended(tape().input(50, kind="mark", op=f"wait {s}"))),
    "key": ("input.jsonl", lambda s: changed("input.jsonl", set_in("key", to=s))),
    "unknown field of an input": (
        "input.jsonl",
        lambda s: changed("input.jsonl", set_in("note", to=[{"a": s}])),
    ),
    "unknown field of a chunk": ("output.jsonl", lambda s: changed("output.jsonl", set_in("note", to=s))),
    "service event": ("service-events.jsonl", lambda s: ended(tape().service(50, {"a": [{"token": s}]}))),
    "name in a service event": ("service-events.jsonl", lambda s: ended(tape().service(50, {"a": {s: 1}}))),
    "service event in escapes": ("service-events.jsonl", escaped_payload),
    "a name given twice": ("service-events.jsonl", twice),
    "beside a service event": (
        "service-events.jsonl",
        lambda s: changed("service-events.jsonl", set_in("from", to=s)),
    ),
    "frame": ("frames.jsonl", lambda s: ended(tape().key(45, ["name?", s], columns=60, rows=12))),
    "title of a frame": (
        "frames.jsonl",
        lambda s: ended(tape().key(45, ["a"], columns=60, rows=12, title=s)),
    ),
    "unknown field of a frame": (
        "frames.jsonl",
        lambda s: ended(tape().key(45, ["a"], columns=60, rows=12, note={"x": s})),
    ),
    "final text": ("final.json", lambda s: ended(tape(), final_text=f"it was {s}")),
    "final metadata": ("final.json", lambda s: ended(tape(), metadata={"key": {"deep": s}})),
    "error of the exit": (
        "final.json",
        lambda s: changed("final.json", set_in("exit", "Err", to=s)),
    ),
    "argv": ("manifest.json", lambda s: changed("manifest.json", set_in("command", "argv", to=["run", s]))),
    "label": (
        "manifest.json",
        lambda s: changed("manifest.json", set_in("optional", to={"labels": {"k": s}})),
    ),
    "unknown field": ("manifest.json", lambda s: changed("manifest.json", set_in("harness", "note", to=s))),
    "discovery": (
        "discovery.json",
        lambda s: added("discovery.json", {"source": "probe", "status": "ok", "models": ["a", s]}),
    ),
    "quota": (
        "quota.json",
        lambda s: added("quota.json", {"source": "probe", "status": "ok", "windows": [{"name": s}]}),
    ),
    "scrub report": (
        "scrub-report.json",
        lambda s: changed("scrub-report.json", set_in("intentionally_preserved", to=[s])),
    ),
}
"""Where a secret may stand in a cassette: the file that holds it, and how it gets there."""


def everything(path: Path) -> bytes:
    """All files of a cassette, and the input as bytes."""
    parts = [file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()]
    typed_lines = (path / "input.jsonl").read_bytes().splitlines()
    parts += [base64.b64decode(json.loads(line).get("bytes", "")) for line in typed_lines]
    return b"\n".join(parts)


def traces(path: Path, secret: str) -> list[str]:
    """Forms of the secret that stand in the files as they are."""
    found = everything(path)
    return [name for form, name in forms_of(secret.encode()).items() if form in found]


def contents(path: Path) -> dict[str, bytes]:
    """Every file's bytes by name."""
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


__all__ = ["GITHUB", "OPAQUE", "manifest_of", "write"]
