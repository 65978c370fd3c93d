"""Canaries: made-up secrets, every form in which one could lie in a file, and a plain search of whole directories."""

from __future__ import annotations

import base64
import json
import os
import random
import string
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from cassette.reading.reader import open as open_cassette

LETTERS = string.ascii_letters + string.digits
PLACES = [
    "argv",
    "env",
    "workdir",
    "title",
    "clipboard",
    "link",
    "plain",
    "coloured",
    "wrapped",
    "encoded",
    "typed",
    "pasted",
    "getpass",
    "shell",
    "dialog",
    "declared",
    "service_key",
    "service",
    "final_text",
    "usage",
    "metadata",
    "discovery",
    "quota",
    "label",
    "mark",
]


def canaries(seed: int) -> dict[str, str]:
    """One value for each place, none of which a rule could find; some have what encodings change."""
    chance = random.Random(f"canary {seed}")
    found = {}
    for number, place in enumerate(PLACES):
        value = "".join(chance.choices(LETTERS, k=chance.randrange(12, 30)))
        odd = {0: "", 1: "/", 2: "+&", 3: "ü"}[number % 4] if place not in ("workdir", "label") else ""
        found[place] = f"{value[:6]}{odd}{value[6:]}"
    return found


def forms(value: str) -> dict[str, bytes]:
    """Every form of a value that is searched for, by name; written without the engine's own."""
    data = value.encode()
    found = {
        "plain": data,
        "hex": data.hex().encode(),
        "HEX": data.hex().upper().encode(),
        "json": json.dumps(value)[1:-1].encode(),
        "url": quote(value, safe="").encode(),
        "form": quote_plus(value).encode(),
    }
    for skip in range(3):
        encoded = base64.b64encode(b"\0" * skip + data)
        whole = encoded[4 * skip // 3 + (1 if skip else 0) : (skip + len(data)) * 8 // 6]
        found[f"base64 at {skip}"] = whole
        found[f"base64url at {skip}"] = whole.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def files_of(roots: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file below some directories, hidden ones too, and the names themselves."""
    for root in roots:
        for directory, directories, names in os.walk(root):
            for name in (*directories, *names):
                yield f"the name of {Path(directory, name)}", os.fsencode(name)
            for name in names:
                path = Path(directory, name)
                if path.is_file() and not path.is_symlink():
                    yield str(path), path.read_bytes()


def readings(cassette: Path) -> Iterator[tuple[str, bytes]]:
    """What a cassette's reader sees in one piece that lies in many: inputs, screens."""
    with open_cassette(cassette) as tape:
        yield "all inputs", b"".join(event.data for event in tape.inputs())
        for frame in tape.frames():
            yield f"frame {frame.seq}", "".join(frame.screen.text).encode()
            yield f"title {frame.seq}", (frame.screen.title or "").encode()


def found_in(texts: Iterable[tuple[str, bytes]], secrets: Mapping[str, str]) -> list[str]:
    """Where any form of any canary stands. Empty is good."""
    wanted = [(place, form, data) for place, value in secrets.items() for form, data in forms(value).items()]
    return [
        f"{place} ({form}) in {where}"
        for where, content in texts
        for place, form, data in wanted
        if data in content
    ]
