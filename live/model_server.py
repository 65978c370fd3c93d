"""A model server on loopback that needs no model: what it answers follows from the prompt alone.

It speaks four protocols as far as agent programs use them: OpenAI Responses, OpenAI chat completions, Anthropic
Messages and Gemini. What a prompt asks for is a word in it: `SLOW` begins an answer and then says nothing until the
client goes away, `SILENT` says nothing from the beginning, `STATUS-401` (or any number) is refused with that status,
everything else is answered. There is no state, so the same conversation always gets the same answers.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODELS = ("fake-model-1", "fake-model-2")
ANSWER = "Four fakes make a quartet. The working directory is where I was started."
TITLE = "Fake title"
INPUT_TOKENS, OUTPUT_TOKENS = 1234, 57
SLOW_LIMIT_S = 120.0
WORD_S = 0.01
PORT = 8399
QUOTA_HEADERS = {  # what codex and claude read their quota from; the reset lies in the far future, so it is stable
    "x-codex-primary-used-percent": "37",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": "4102444800",
    "x-codex-secondary-used-percent": "12",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-at": "4102444800",
    "anthropic-ratelimit-unified-status": "allowed_warning",
    "anthropic-ratelimit-unified-5h-status": "allowed_warning",
    "anthropic-ratelimit-unified-5h-utilization": "0.93",
    "anthropic-ratelimit-unified-5h-reset": "4102444800",
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
    "anthropic-ratelimit-unified-reset": "4102444800",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one request is answered with: a status, and for 200 the text; one that hangs stops after `said` words."""

    status: int = 200
    text: str = ANSWER
    said: int | None = None

    @property
    def words(self) -> list[str]:
        """The text in the pieces that are streamed."""
        return re.findall(r"\S+\s*", self.text)


def plan_for(prompt: str) -> Plan:
    """What the words of a prompt ask for."""
    if refused := re.search(r"STATUS-(\d{3})", prompt):
        return Plan(status=int(refused[1]))
    return Plan(said=0 if "SILENT" in prompt else 5 if "SLOW" in prompt else None)


def last_prompt(turns: list[dict[str, Any]]) -> str:
    """The text of the last turn of the user that has one; what harnesses add themselves stands in tags."""
    for turn in reversed(turns):
        if turn.get("role") != "user":
            continue
        content = turn.get("content", turn.get("parts"))
        parts = [{"text": content}] if isinstance(content, str) else content or []
        texts = [part.get("text") or "" for part in parts if isinstance(part, dict)]
        said = [text for text in texts if text.strip() and not text.lstrip().startswith("<")]
        if said:
            return str(said[-1])
    return ""


class Handler(BaseHTTPRequestHandler):
    """One request, answered in the protocol of its path."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing: the terminal belongs to the recorded program."""

    def do_HEAD(self) -> None:
        """A client that asks whether anybody is there."""
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """The list of models, in the shape of either house."""
        if not self.path.split("?")[0].endswith("/models"):
            return self._json({"error": {"type": "not_found_error", "message": "no such path"}}, 404)
        if self.headers.get("anthropic-version"):
            listed = [{"type": "model", "id": name, "display_name": name} for name in MODELS]
            return self._json({"data": listed, "has_more": False})
        return self._json({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})

    def do_POST(self) -> None:
        """A prompt."""
        path, asked = self.path.split("?")[0], self._body()
        self._note(path, asked)
        try:
            self._answer(path, asked)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self, path: str, asked: dict[str, Any]) -> None:
        if path.endswith(("/count_tokens", ":countTokens")):
            return self._json({"input_tokens": INPUT_TOKENS, "totalTokens": INPUT_TOKENS})
        for ending, turns, answer in _PROTOCOLS:
            if ending in path:
                given = asked.get(turns) or []
                plan = plan_for(given if isinstance(given, str) else last_prompt(given))
                if plan.status != 200:
                    return self._refuse(plan.status, of_messages=answer is _messages)
                streamed = bool(asked.get("stream")) or "stream" in path
                return answer(self, asked, plan, streamed)
        return self._json({"error": {"type": "not_found_error", "message": "no such path"}}, 404)

    def _body(self) -> dict[str, Any]:
        if length := int(self.headers.get("content-length") or 0):
            data = self.rfile.read(length)
        else:
            data = b"".join(self._chunks())
        if "gzip" in (self.headers.get("content-encoding") or ""):
            data = gzip.decompress(data)
        try:
            asked = json.loads(data or b"{}")
        except ValueError:
            asked = {}
        return asked if isinstance(asked, dict) else {}

    def _chunks(self) -> Iterator[bytes]:
        if (self.headers.get("transfer-encoding") or "").lower() != "chunked":
            return
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _note(self, path: str, asked: dict[str, Any]) -> None:
        if log := getattr(self.server, "log", None):
            with open(log, "a") as file:
                file.write(json.dumps({"path": path, "asked": asked}) + "\n")

    def _json(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        if status == 200:
            self._quota()
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self, status: int, *, of_messages: bool) -> None:
        kinds = {401: "authentication_error", 429: "rate_limit_error"}
        kind, message = kinds.get(status, "api_error"), f"fake refusal {status}"
        if of_messages:
            return self._json({"type": "error", "error": {"type": kind, "message": message}}, status)
        return self._json({"error": {"code": status, "status": kind.upper(), "message": message}}, status)

    def _quota(self) -> None:
        for name, value in QUOTA_HEADERS.items():
            self.send_header(name, value)

    def stream(self) -> None:
        """Begin a stream of server-sent events."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self._quota()
        self.end_headers()
        self.close_connection = True

    def event(self, value: Any, name: str | None = None) -> None:
        """One event of the stream."""
        head = f"event: {name}\n" if name else ""
        data = value if isinstance(value, str) else json.dumps(value)
        self.wfile.write(f"{head}data: {data}\n\n".encode())
        self.wfile.flush()

    def words(self, plan: Plan) -> Iterator[str]:
        """The answer, word by word; one that hangs stops in the middle until the client is gone."""
        for word in plan.words[: plan.said]:
            time.sleep(WORD_S)
            yield word
        if plan.said is not None and select.select([self.connection], [], [], SLOW_LIMIT_S)[0]:
            raise BrokenPipeError


def _responses(to: Handler, asked: dict[str, Any], plan: Plan, streamed: bool) -> None:
    """OpenAI Responses."""
    base: dict[str, Any] = {"id": "resp_1", "object": "response", "model": asked.get("model"), "output": []}
    item: dict[str, Any] = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    item["content"] = [{"type": "output_text", "text": plan.text, "annotations": []}]
    usage = {
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": OUTPUT_TOKENS,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    }
    done = {**base, "status": "completed", "output": [item], "usage": usage}
    if not streamed:
        to._json(done)
        return

    def event(kind: str, **rest: Any) -> None:
        to.event({"type": kind, **rest}, kind)

    to.stream()
    event("response.created", response={**base, "status": "in_progress"})
    begun = {**item, "status": "in_progress", "content": []}
    event("response.output_item.added", output_index=0, item=begun)
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    event("response.content_part.added", **place, part={"type": "output_text", "text": "", "annotations": []})
    for word in to.words(plan):
        event("response.output_text.delta", **place, delta=word)
    event("response.output_text.done", **place, text=plan.text)
    event("response.output_item.done", output_index=0, item=item)
    event("response.completed", response=done)


def _chat(to: Handler, asked: dict[str, Any], plan: Plan, streamed: bool) -> None:
    """OpenAI chat completions."""
    base = {"id": "chat_1", "created": 1, "model": asked.get("model")}
    total = INPUT_TOKENS + OUTPUT_TOKENS
    usage = {"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS, "total_tokens": total}
    if not streamed:
        said = {"role": "assistant", "content": plan.text}
        choices = [{"index": 0, "message": said, "finish_reason": "stop"}]
        to._json({**base, "object": "chat.completion", "choices": choices, "usage": usage})
        return

    def event(delta: dict[str, Any], finish: str | None = None) -> None:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        to.event({**base, "object": "chat.completion.chunk", "choices": choices})

    to.stream()
    event({"role": "assistant", "content": ""})
    for word in to.words(plan):
        event({"content": word})
    event({}, "stop")
    to.event({**base, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    to.event("[DONE]")


def _messages(to: Handler, asked: dict[str, Any], plan: Plan, streamed: bool) -> None:
    """Anthropic Messages; a request for JSON (a title) gets a title."""
    wants_json = (asked.get("output_config") or {}).get("format") or asked.get("output_format")
    plan = Plan(text=json.dumps({"title": TITLE})) if wants_json else plan
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked.get("model")}
    message |= {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    if not streamed:
        content = [{"type": "text", "text": plan.text}]
        to._json({**message, "content": content, "stop_reason": "end_turn"})
        return

    def event(kind: str, **rest: Any) -> None:
        to.event({"type": kind, **rest}, kind)

    to.stream()
    event("message_start", message=message)
    event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for word in to.words(plan):
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
    event("content_block_stop", index=0)
    event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=usage)
    event("message_stop")


def _gemini(to: Handler, asked: dict[str, Any], plan: Plan, streamed: bool) -> None:
    """Gemini; a request for JSON (which model to route to, who speaks next) gets the schema's first values."""
    config = asked.get("generationConfig") or {}
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if schema or config.get("responseMimeType") == "application/json":
        plan = Plan(text=json.dumps(_first_values(schema or {})))
    total = INPUT_TOKENS + OUTPUT_TOKENS
    usage = {
        "promptTokenCount": INPUT_TOKENS,
        "candidatesTokenCount": OUTPUT_TOKENS,
        "totalTokenCount": total,
    }
    model = to.path.rpartition("/")[2].partition(":")[0]

    def part(text: str, *, last: bool) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
        candidate |= {"finishReason": "STOP"} if last else {}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model}

    if not streamed:
        to._json(part(plan.text, last=True))
        return
    to.stream()
    left = len(plan.words)
    for word in to.words(plan):
        left -= 1
        to.event(part(word, last=not left))


def _first_values(schema: dict[str, Any]) -> dict[str, Any]:
    """An object of a JSON schema: the first word of an enumeration, 1, true."""
    made: dict[str, Any] = {}
    for name, wanted in (schema.get("properties") or {}).items():
        kind = str(wanted.get("type", "")).lower()
        simple = {"integer": 1, "number": 1, "boolean": True, "array": []}
        made[name] = (wanted.get("enum") or ["fake"])[0] if kind == "string" else simple.get(kind)
    return made


_PROTOCOLS = (  # what stands in the path, where the turns are, who answers
    ("/responses", "input", _responses),
    ("/chat/completions", "messages", _chat),
    ("/messages", "messages", _messages),
    ("enerateContent", "contents", _gemini),
)


def main() -> None:
    """Serve until ended; `--ready FILE` is written once requests are taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--ready", type=Path, help="a file to write once requests are taken")
    parser.add_argument("--log", help="a file for every request, one JSON object a line")
    args = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    server.daemon_threads = True
    server.log = args.log  # type: ignore[attr-defined]
    if args.ready:
        args.ready.write_text("ready\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
