"""Cassettes of made-up harnesses, recorded with the Recorder: menus on screens, JSON in output, events, quota."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cassette
from cassette.clock import VirtualClock
from cassette.model import Discovery, Harness, Quota
from cassette.recording.plan import RecordingPlan
from cassette.recording.recorder import Recorder

NOW = "2026-11-21T12:00:00Z"
CAPTURED = "2026-11-21T06:00:00Z"
MODELS = ("gpt-6.1-sol", "gpt-6.1-mini", "gpt-5.2-codex")
EFFORTS = ("low", "medium", "high")


class Probe:
    """One recording in the making. `menu` paints rows and gives facts; `write` publishes the cassette."""

    def __init__(
        self,
        path: Path,
        harness: str = "codex",
        account: str | None = "loopback-lab",
        *,
        columns: int = 60,
        rows: int = 12,
    ) -> None:
        self.path = path
        self.account = account
        self.clock = VirtualClock()
        about = Harness(name=harness, binary_version="0.169.0", account_class=account)
        plan = RecordingPlan((harness, "--no-daemon"), harness=about)
        self.recorder = Recorder(path, plan, columns=columns, rows=rows, clock=self.clock)
        self.facts: list[dict[str, Any]] = []
        self.capabilities: dict[str, Any] = {}
        self.quota_facts: list[dict[str, Any]] = []
        self.raw = 0
        self.events = 0

    def output(self, text: str | bytes, seconds: float = 1.0) -> int:
        """Write; where in `output.raw` it begins."""
        data = text.encode() if isinstance(text, str) else text
        self.clock.advance(seconds)
        self.recorder.output(data)
        self.raw += len(data)
        return self.raw - len(data)

    def menu(
        self,
        title: str,
        values: Sequence[str],
        name: str = "model",
        proves: str = "list_models",
        *,
        of: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> list[int]:
        """A menu on a cleared screen; the numbers of its facts."""
        lines = [f"{'›' if n == 0 else ' '} {n + 1}. {value}" for n, value in enumerate(values)]
        self.output("\x1b[2J\x1b[H" + "\r\n".join([title, "", *lines]))
        places = [{"kind": "screen", "raw_end": self.raw, "rows": [row + 2]} for row in range(len(values))]
        added = [
            self.fact(name, value, place, of=of, detail=detail)
            for value, place in zip(values, places, strict=True)
        ]
        self.capability(proves, *self.capabilities.get(proves, {}).get("facts", []), *added)
        return added

    def fact(
        self,
        name: str,
        value: Any,
        evidence: Any,
        *,
        of: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> int:
        found = {"name": name, "value": value, "of": of, "detail": detail, "evidence": evidence}
        self.facts.append({key: item for key, item in found.items() if item is not None})
        return len(self.facts) - 1

    def capability(self, capability: str, *facts: int, status: str = "pass", why: str | None = None) -> None:
        said = {"status": status, "facts": list(facts), "why": why}
        self.capabilities[capability] = {key: item for key, item in said.items() if item is not None}

    def event(self, payload: dict[str, Any]) -> int:
        self.recorder.service_event(payload)
        self.events += 1
        return self.events - 1

    def write(self, *, captured_at: str | None = CAPTURED, code: int = 0, **changes: Any) -> Path:
        """Publish, with `discovery.json` of everything; `changes` replace its fields."""
        values = {
            name: [f["value"] for f in self.facts if f["name"] == name] for name in ("model", "reasoning")
        }
        document = {
            "source": "pty",
            "status": "ok",
            "models": tuple(dict.fromkeys(values["model"])),
            "reasoning_levels": tuple(dict.fromkeys(values["reasoning"])),
            "captured_at": captured_at,
            "freshness_window": "24h",
            "staleness_behavior": "refuse",
            "metadata": {
                "adapter": {"name": "codex", "revision": 1},
                "probe": self.path.name,
                "facts": self.facts,
                "capabilities": self.capabilities,
            },
            **changes,
        }
        self.recorder.discovery(Discovery(**document))
        return self.finish(code)

    def write_quota(
        self, windows: dict[str, float], *, captured_at: str | None = CAPTURED, **changes: Any
    ) -> Path:
        """Publish with `quota.json`: a screen that shows what is used, and a fact for each window."""
        lines = [f"{name} limit: {used:g}% used" for name, used in windows.items()]
        self.output("\x1b[2J\x1b[H" + "\r\n".join(lines))
        facts = [
            {
                "name": "quota",
                "value": {"name": name, "used_percent": used},
                "evidence": {"kind": "screen", "raw_end": self.raw, "rows": [row]},
            }
            for row, (name, used) in enumerate(windows.items())
        ]
        document = {
            "source": "pty",
            "status": "ok",
            "captured_at": captured_at,
            "freshness_window": "15m",
            "staleness_behavior": "refuse",
            "windows": tuple({"name": name, "used_percent": used} for name, used in windows.items()),
            "metadata": {
                "facts": facts,
                "capabilities": {"quota_status": {"status": "pass", "facts": list(range(len(facts)))}},
            },
            **changes,
        }
        self.recorder.quota(Quota(**document))
        return self.finish()

    def finish(self, code: int = 0) -> Path:
        self.clock.advance(1)
        self.recorder.final(code)
        self.recorder.close()
        return self.path


def models_probe(
    path: Path,
    harness: str = "codex",
    account: str | None = "loopback-lab",
    models: Sequence[str] = MODELS,
    **changes: Any,
) -> Path:
    """A cassette with a menu of models, and one of the reasoning levels of the first."""
    probe = Probe(path, harness, account)
    probe.output("\x1b[?1049hAsk anything")
    probe.menu("Select a model", models)
    probe.menu("Select a level", EFFORTS, "reasoning", "list_reasoning", of=models[0])
    probe.output("\x1b[?1049l")
    return probe.write(**changes)


def edit(path: Path, name: str, change: Any, *, seal: bool = False) -> Path:
    """Change a JSON document of a cassette behind its back; `seal` makes a seal for that, as a forger would."""
    from build_cassette import with_seal, write

    document = json.loads((path / name).read_text("utf-8"))
    change(document)
    (path / name).write_text(json.dumps(document, indent=2), "utf-8")
    if seal:
        write(path, with_seal({file.name: file.read_bytes() for file in path.iterdir()}))
    return path


def state(path: Path) -> str:
    with cassette.open(path) as tape:
        return tape.state
