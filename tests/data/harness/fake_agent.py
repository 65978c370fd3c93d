"""An agent CLI that needs no model: what it shows follows from its input, and from the words in $FAKE.

Like real ones it takes a moment to be ready, drops what is typed too early, takes text and Enter in one write as a
paste, has boxes in the way, and keeps a log of its sessions.
"""

from __future__ import annotations

import json
import os
import pathlib
import select
import sys
import termios
import time
import tty

FAKE = os.environ.get("FAKE", "").split()
MODELS = [
    ("fake-large-1", "for hard work"),
    ("fake-small-1", "for quick answers"),
    ("fake-code-2", "for code"),
]
LEVELS = ["Low", "Medium", "High"]
MODES = ["Ask first", "Edit files", "Do everything"]
HELP = """Usage: fakeagent [options] [command] [prompt]

An agent that needs no model.

Options:
  -m, --model <name>           the model to use
      --effort <level>         how hard to think (choices: "low", "medium", "high")
      --output-format <format>  [possible values: text, json]
  -C, --cd <dir>               where to work
  -h, --help                   this help

Commands:
  models [options]             list the models
  login                        log in
  quota                        what is left
"""


def models_document() -> str:
    listed = [
        {
            "slug": name,
            "title": about,
            "visible": name != "fake-code-2",
            "efforts": [{"effort": each.lower()} for each in LEVELS],
        }
        for name, about in MODELS
    ]
    return json.dumps({"models": listed}, indent=2)


def plain_command(words: list[str]) -> int | None:
    """What needs no screen."""
    if words == ["--version"]:
        if "version-hangs" in FAKE:
            time.sleep(3600)
        if "version-fails" in FAKE:
            print("fakeagent: cannot load its libraries", file=sys.stderr)
            return 3
        print(
            "something else entirely"
            if "version-odd" in FAKE
            else f"fakeagent {os.environ.get('FAKE_VERSION', '1.4.2')}"
        )
        return 0
    if words == ["login", "status"]:
        print("Not logged in" if "logged-out" in FAKE else "Logged in with a subscription")
        return int("logged-out" in FAKE)
    if words == ["quota"]:
        print(
            "5h window: 0% left, resets at noon"
            if "quota-gone" in FAKE
            else "5h window: 63% left, resets at noon"
        )
        return 0
    if words == ["models", "--json"]:
        print("\x1b[2m[info] reading the list\x1b[0m")
        print(models_document())
        return 0
    if words in (["--help"], ["help"]):
        print(HELP, end="")
        return 0
    return None


class Agent:
    """The screen and what is typed."""

    def __init__(self) -> None:
        self.typed = ""
        self.said: list[str] = []
        self.box: list[str] | None = None
        self.view = "prompt"
        self.cursor = 0
        self.model, self.level = 0, 1
        self.tokens = 0
        self.prompts = 0
        self.log = pathlib.Path.home() / ".fakeagent" / "sessions" / f"{os.getpid()}.jsonl"

    def write(self, text: str) -> None:
        os.write(1, text.encode())

    def draw(self) -> None:
        rows = ["FakeAgent 1.4.2", ""]
        if self.box is not None:
            rows += self.box
        elif self.view == "models":
            rows += self.model_rows()
        elif self.view == "levels":
            rows += [f"Select an effort for {MODELS[self.model][0]}", ""]
            rows += [f"{'>' if n == self.cursor else ' '} {n + 1}. {level}" for n, level in enumerate(LEVELS)]
            rows += ["", "enter to choose, esc to leave"]
        elif self.view == "modes":
            rows += ["Permission modes", ""]
            rows += [f"  {n + 1}. {mode}{' (current)' if n == 0 else ''}" for n, mode in enumerate(MODES)]
            rows += ["", "esc to leave"]
        elif self.view == "working":
            rows += [*self.said, "Working... (esc to interrupt)"]
        else:
            rows += [*self.said[-12:], "", f"> {self.typed or 'Ask anything'}"]
        self.write("\x1b[H\x1b[2J" + "\r\n".join(rows))

    def model_rows(self) -> list[str]:
        header = "Choose what to think with" if "renamed-header" in FAKE else "Select a model"
        rows = [header, ""]
        for n, (name, about) in enumerate(MODELS):
            state = " (current)" if n == self.model else ""
            rows.append(f"{'>' if n == self.cursor else ' '} {n + 1}. {name}{state}  {about}")
        if "odd-row" in FAKE:
            rows.insert(3, "  New! Try our newest one")
        if "scrolls" in FAKE:
            rows.append("  more below")
        return [*rows, "", f"{len(MODELS)} models, enter to choose, esc to leave"]

    def keep(self, record: dict[str, object]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def submit(self) -> None:
        text, self.typed = self.typed, ""
        if text == "/quit":
            self.leave(0)
        elif text == "/model":
            self.view, self.cursor = "models", self.model
        elif text == "/permissions":
            self.view = "modes"
        elif text == "/status":
            self.said += [
                f"Model: {MODELS[self.model][0]}, effort {LEVELS[self.level]}",
                f"Tokens: {self.tokens:,} used",
            ]
            self.said += ["Key: " + os.environ["FAKE_KEY"]] if os.environ.get("FAKE_KEY") else []
        elif text:
            self.prompt(text)

    def prompt(self, text: str) -> None:
        self.prompts += 1
        if "tip" in FAKE and self.prompts == 1:
            self.box = ["Tip of the day", "press esc to go on"]
        self.said.append(f"> {text}")
        if "SLOW" in text:
            self.view = "working"
            return
        if "FAIL" in text:
            self.said.append("Error 401: who are you?")
            return
        if "WRITE" in text:
            pathlib.Path("made.txt").write_text("made by the agent\n")
        self.tokens += 1234
        self.said.append("* The answer is 42.")
        windows = {"five_hour": {"used_percent": 37.5, "resets_at": 4102444800}, "weekly": None}
        self.keep(
            {"type": "usage", "payload": {"tokens": self.tokens, "limits": windows, "cwd": os.getcwd()}}
        )

    def key(self, data: str) -> None:
        if self.box is not None:
            if data in ("\x1b", "\r"):
                self.box = None
            return
        if self.view in ("models", "levels"):
            self.pick(data)
        elif data == "\x1b":
            self.said += ["Interrupted by you."] if self.view == "working" else []
            self.view = "prompt"
        elif self.view == "prompt" and data == "\r":
            self.submit()
        elif data == "\x03":
            self.leave(0)
        elif self.view == "prompt":
            self.typed += "".join(each for each in data if each.isprintable())

    def pick(self, data: str) -> None:
        most = len(MODELS if self.view == "models" else LEVELS)
        if data in ("\x1b[B", "\x1bOB"):
            self.cursor = min(self.cursor + 1, most - 1)
        elif data == "\x1b":
            self.view = "prompt"
        elif data == "\r" and self.view == "models":
            self.view, self.model, self.cursor = "levels", self.cursor, self.level
        elif data == "\r":
            self.view, self.level = "prompt", self.cursor
            self.said.append(f"Set to {MODELS[self.model][0]} {LEVELS[self.level]}")

    def leave(self, code: int) -> None:
        self.write("\x1b[?1049l")
        sys.exit(code)

    def run(self) -> None:
        self.write("\x1b[?1049hStarting...")
        if "never-ready" in FAKE:
            time.sleep(3600)
        if "dies" in FAKE:
            self.leave(7)
        while select.select([0], [], [], 0.05)[0] and os.read(0, 4096):
            pass  # typed too early: dropped
        if "trusted" not in FAKE:
            self.box = ["Do you trust this directory?", "  1. Yes", "enter to confirm"]
        if "signed-out" in FAKE:
            self.box = ["Please sign in at the console"]
        dropping = "drops" in FAKE
        self.draw()
        while True:
            data = os.read(0, 4096).decode()
            if not data:
                self.leave(0)
            if dropping and self.box is None:
                dropping = False  # the first text after the start is lost
                continue
            self.key(data)
            self.draw()


def main() -> int:
    code = plain_command(sys.argv[1:])
    if code is not None:
        return code
    before = termios.tcgetattr(0)
    try:
        tty.setraw(0)
        Agent().run()
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
