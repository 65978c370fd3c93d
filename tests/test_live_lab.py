"""The lab of `make live`: its model server answers by the words of a prompt; its scripts say what a machine lacks."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

LIVE = Path(__file__).parent.parent / "live"


def module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"live_{name}", LIVE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


lab = module("model_server")
run = module("run")


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), lab.Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def turns(words: str, **rest: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": words}], "model": "m", **rest}


def contents(words: str) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": words}]}]}


PROTOCOLS = [
    ("/v1/responses", lambda words: {"input": [{"role": "user", "content": words}], "stream": True}),
    ("/v1/chat/completions", lambda words: turns(words, stream=True)),
    ("/v1/messages", lambda words: turns(words, stream=True)),
    ("/v1beta/models/g:streamGenerateContent", contents),
    ("/v1/responses", lambda words: {"input": words}),
    ("/v1/chat/completions", turns),
    ("/v1/messages", turns),
    ("/v1beta/models/g:generateContent", contents),
]
protocols = pytest.mark.parametrize(("path", "asked"), PROTOCOLS)


def post(base: str, path: str, asked: dict[str, Any]) -> Any:
    return urllib.request.urlopen(f"{base}{path}", json.dumps(asked).encode(), timeout=30)


def said(data: str) -> str:
    """The streamed or whole answer: every text in it, words joined."""
    documents = [line[6:] for line in data.splitlines() if line.startswith("data: {")] or [data]
    texts: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            texts.extend(
                value[key] for key in ("text", "content", "delta") if isinstance(value.get(key), str)
            )
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    for document in documents:
        collect(json.loads(document))
    return "".join(texts)


@protocols
def test_a_prompt_is_answered_in_each_protocol(base: str, path: str, asked: Any) -> None:
    with post(base, path, asked("How many?")) as answer:
        assert answer.headers["x-codex-primary-used-percent"] == "37"
        assert lab.ANSWER in said(answer.read().decode())


@protocols
def test_a_status_is_refused_without_quota(base: str, path: str, asked: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(base, path, asked("Now STATUS-429 please"))
    assert refused.value.code == 429
    assert refused.value.headers["x-codex-primary-used-percent"] is None
    assert json.loads(refused.value.read())["error"]["message"] == "fake refusal 429"
    refused.value.close()


def test_what_hangs_is_said_in_part_and_ends_when_the_client_goes(base: str) -> None:
    with post(base, "/v1/chat/completions", turns("Now SLOW please", stream=True)) as answer:
        data = b""
        while b"quartet" not in data:
            data += answer.readline()
    assert said(data.decode()) == "Four fakes make a quartet. "


def test_only_the_last_words_of_the_user_count() -> None:
    talk = [
        {"role": "user", "content": "STATUS-500"},
        {"role": "assistant", "content": "SLOW"},
        {"role": "user", "content": [{"text": "hello"}, {"text": "<context>SILENT</context>"}]},
    ]
    assert lab.last_prompt(talk) == "hello"
    assert lab.plan_for("hello") == lab.Plan()
    assert lab.plan_for("SILENT").said == 0


def test_a_machine_that_cannot_is_told_so(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(run.sys, "argv", ["run.py", "codex"])
    monkeypatch.setattr(run.os, "geteuid", lambda: 1000)
    assert run.main() == 4
    assert "run it as root" in capsys.readouterr().err
    monkeypatch.setattr(run.os, "geteuid", lambda: 0)
    monkeypatch.setattr(run.shutil, "which", lambda name: None if name == "ip" else name)
    assert run.main() == 4
    assert "ip missing: install" in capsys.readouterr().err


def test_differences_to_the_committed_cassettes_are_listed(tmp_path: Path) -> None:
    report = run.Report("pi")
    adapter = run.all_adapters(run.ROOT).get("pi")
    committed = run.COMMITTED / "pi"
    run._compare(adapter, committed, committed, report)
    assert (report.notes, report.passed) == ([], ["as committed"])
    only = tmp_path / "only"
    only.mkdir()
    (only / "help").symlink_to(committed / "help")
    run._compare(adapter, only, committed, report)
    assert "missing: models: model 'fake-model-1'" in report.notes
    assert not any("new:" in note for note in report.notes)
    report.notes.clear()
    run._compare(adapter, committed, only, report)
    assert "new:     models: model 'fake-model-1'" in report.notes


@pytest.mark.parametrize("script", ["box.sh", "with_server.sh", "install.sh"])
def test_the_scripts_can_be_parsed(script: str) -> None:
    shell = (LIVE / script).read_text("utf-8").split("\n", 1)[0].removeprefix("#!")
    subprocess.run([shell, "-n", LIVE / script], check=True)


def test_every_program_has_an_adapter_and_what_is_committed_may_be() -> None:
    adapters = run.all_adapters(run.ROOT)
    for name, program in run.programs().items():
        adapter = adapters.get(name)
        assert adapter.version is not None
        assert program.version in adapter.version.known
        assert adapter.licence == program.licence
        assert adapter.commit or not program.committed
        assert (run.COMMITTED / name).is_dir() == program.committed
