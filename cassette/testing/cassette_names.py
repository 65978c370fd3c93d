"""Where the cassettes of a test are: one directory for each spawn, by names that every file system takes.

A name that had to be changed gets a short hash of what it was, so that two tests never share a directory.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

LONGEST = 100
_UNSAFE = re.compile(r"[^\w.,+=@\[\]-]+", re.ASCII)


def safe_name(name: str) -> str:
    """`name` for a directory: other characters become `-`, and then, or when it is too long, a hash is added."""
    safe = _UNSAFE.sub("-", name)
    safe = f"-{safe[1:]}" if safe.startswith(".") else safe
    if safe == name and len(safe) <= LONGEST:
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[: LONGEST - 9]}-{digest}"


def name_of_test(classes: Sequence[str], name: str) -> str:
    """`Class.test_name[param]`, made safe."""
    return safe_name(".".join([*classes, name]))


def nth(path: Path, number: int) -> Path:
    """The place of a test's nth spawn, counted from 1: `name`, `name.2`, …"""
    return path if number == 1 else path.with_name(f"{path.name}.{number}")


def is_further(path: Path, first: Path) -> bool:
    """Whether `path` is that of a further spawn of the test whose first cassette is `first`."""
    stem, dot, number = path.name.rpartition(".")
    return path.parent == first.parent and bool(dot) and stem == first.name and number.isdecimal()
