"""Writes a shim: an executable that does nothing but load its bundle, and beside it the plan and that bundle.

Each file is replaced whole, and only when it differs, so that shims that run are not disturbed and a second call
costs nothing but the reading of the cassette.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
from importlib.resources import files
from pathlib import Path
from types import CodeType

from cassette.errors import CannotStore, UsageError
from cassette.reading.reader import open as open_cassette
from cassette.shim.compiler import compile_plan
from cassette.store.directory import Buffer

MARK = "# A shim of pty-cassette: plays a recorded program. Written by `cassette shim`."
BUNDLED = ("plan", "matching", "answers", "line", "news", "player", "report", "start")
"""The modules of `cassette.shim.runtime` in a bundle, each after those that it imports."""
_LAUNCHER = """\
{first_line}
{mark}
import sys
from marshal import loads
from posix import _exit, readlink, write

path = __file__
while True:
    try:
        link = readlink(path)
    except OSError:
        break
    path = link if link[:1] == "/" else path.rpartition("/")[0] + "/" + link if "/" in path else link
bundle = path + ".shim/runtime." + sys.implementation.cache_tag
try:
    with open(bundle, "rb") as file:
        modules = loads(file.read())
except OSError:
    missing = f"cassette shim: {{bundle}} is missing. Write it again with cassette shim.\\n"
    write(2, missing.encode("utf-8", "replace"))
    _exit(97)
for name, code in modules:
    module = sys.modules[name] = type(sys)(name)
    exec(code, module.__dict__)
_exit(module.main(path + ".shim"))
"""
_LONGEST_FIRST_LINE = 120
"""Linux reads 255 bytes, older ones 127, macOS 512."""


def write_shim(
    cassette_path: str | os.PathLike[str],
    *,
    name: str,
    into: str | os.PathLike[str],
    any_arguments: bool = False,
) -> Path:
    """Write the executable `into/name` that plays a cassette; its path.

    The cassette is verified: a damaged one is refused, a partial one is played as far as it goes. What is there
    already is made anew when the cassette has changed. With `any_arguments` it may be started with other arguments
    than recorded. Raises Damaged, NotACassette, UsageError, CannotStore.
    """
    _check_name(name)
    path = Path(into).absolute() / name
    _check_place(path)
    beside = path.with_name(f"{name}.shim")
    try:
        with open_cassette(cassette_path) as tape:
            head = compile_plan(tape, any_arguments=any_arguments).head()
            beside.mkdir(parents=True, exist_ok=True)
            _replace(beside / "plan", head, tape.raw)
        _replace(beside / f"runtime.{sys.implementation.cache_tag}", bundle())
        _replace(path, launcher(interpreter()), mode=0o755)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotStore(
            action="write the shim", path=path, why=why, todo="Give a directory that can be written."
        ) from None
    return path


def bundle() -> bytes:
    """The player's modules, compiled for the interpreter that runs now."""
    source = files("cassette.shim.runtime")
    modules: list[tuple[str, CodeType]] = []
    for name in BUNDLED:
        text = (source / f"{name}.py").read_text("utf-8")
        full = f"cassette.shim.runtime.{name}"
        modules.append((full, compile(text, f"<{full}>", "exec", dont_inherit=True, optimize=2)))
    return marshal.dumps(modules, 2)


def interpreter() -> str:
    """The interpreter of a shim: not a virtual environment's, which may be thrown away and starts later."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return base if os.access(base, os.X_OK) else sys.executable


def launcher(python: str) -> bytes:
    """The executable's text."""
    line = f"#!{python} -IS"
    if len(os.fsencode(line)) > _LONGEST_FIRST_LINE or " " in python:
        quoted = "'" + python.replace("'", "'\"'\"'") + "'"
        line = f"#!/bin/sh\n'''exec' {quoted} -IS \"$0\" \"$@\"\n' '''"
    return os.fsencode(_LAUNCHER.format(first_line=line, mark=MARK))


def _check_name(name: str) -> None:
    if not name or name in (".", "..") or "/" in name or "\0" in name or name.startswith("-"):
        raise UsageError(
            what=f"{name!r} is no name for an executable: give a plain file name, such as claude"
        )


def _check_place(path: Path) -> None:
    """Never write over a program that is none of ours: it might be the real one."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if path.is_dir():
            raise UsageError(what=f"{path} is a directory. Choose another --name or --into.")
        with path.open("rb") as file:
            if MARK.encode() not in file.read(1000):
                raise UsageError(
                    what=f"{path} exists already and is no shim. Choose another --name or --into."
                )


def _replace(path: Path, content: bytes, rest: Buffer = b"", *, mode: int = 0o644) -> None:
    """Write a file, unless it is there. What is known to have the same `content` has the same `rest`."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        there = os.fstat(file.fileno())
        is_alike = (there.st_size, there.st_mode & 0o777) == (len(content) + len(rest), mode)
        if is_alike and file.read(len(content)) == content:
            return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.write(rest)
        beside.chmod(mode)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
