"""Made-up values and helpers for the tests of `scrub`: nothing here is or was a secret."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scrub.documents import flatten
from scrub.escapes import text_views
from scrub.shapes import pieces_of
from scrub.typed import typed_views
from scrub.views import View, plain_view

DATA = Path(__file__).parent / "data" / "scrub"
ANTHROPIC = (
    "sk-ant-api03-"
    + "Qm7Zt0vB4xKc9RwL2pYd8HsJ6nTf3GaE5uVi1oXkWqNzMb_yC-DhPrSlUjFgIeAt7Zx4Kc9Rw2pYd8HsJ6nTf3GaE5uVAA"
)
GITHUB = "ghp_" + "q8Zt0vB4xKc9RwL2pYd7HsJ6nTf3GaE5uVi1"
OPAQUE = "v9Kq2mZr7Xw4"  # a value that no pattern can find


def lines_of_data(name: str) -> list[dict[str, Any]]:
    """The records of one of the sample files."""
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def sample(shape: str, seed: int) -> str:
    """A made-up token of a shape, its runs at their least length and never without a digit where they may have one."""
    source = random.Random(f"{shape}/{seed}")
    text = ""
    for piece in pieces_of(shape):
        if piece.literals:
            text += source.choice(piece.literals)
        elif piece.low == 36 and piece.expression.startswith("[0-9a-fA-F]{8}"):
            text += "-".join(
                "".join(source.choices("0123456789abcdef", k=count)) for count in (8, 4, 4, 4, 12)
            )
        elif piece.alphabet:
            text += "".join(source.choices(letters_of(piece.alphabet), k=max(piece.low, min(piece.high, 8))))
    return text


def letters_of(alphabet: str) -> str:
    """The characters of an alphabet as a regular expression writes it; no punctuation at the ends of samples."""
    return "".join(
        character
        for character in map(chr, range(33, 127))
        if re.match(f"[{alphabet}]", character) and character.isalnum()
    )


def linear_views(streams: Mapping[str, bytes]) -> Iterator[View]:
    """Every view that needs no terminal: `input` is input, `*.json` a document, all else output."""
    for name, data in streams.items():
        if name == "input":
            yield from typed_views(name, data)
        elif name.endswith(".json"):
            yield plain_view("metadata", name, data)
        else:
            yield from text_views(name, data)


def document_stream(document: Any) -> bytes:
    """A document as the stream in which it is scrubbed."""
    return flatten(document).text
