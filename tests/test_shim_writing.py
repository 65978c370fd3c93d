"""Writing a shim: what is refused, what is replaced and what is left alone; the command and its words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from build_cassette import Tape

from cassette.cli import main
from cassette.errors import CannotStore, CassetteError, Damaged, NotACassette, UsageError
from cassette.shim import write_shim
from cassette.shim.writer import BUNDLED, launcher


def tape(said: bytes = b"hi\r\n") -> Tape:
    return Tape(command={"argv": ["greeter"], "workdir_policy": "inherit"}).output(0, said).final(1)


def said(path: Path) -> bytes:
    done = subprocess.run([path], capture_output=True, check=True, env={})
    assert done.stderr == b""
    return done.stdout


def test_what_is_written(tmp_path: Path) -> None:
    path = write_shim(tape().write(tmp_path / "tape"), name="greeter", into=tmp_path / "new" / "bin")
    assert path == tmp_path / "new" / "bin" / "greeter"
    assert path.stat().st_mode & 0o777 == 0o755
    assert sorted(os.listdir(path.parent)) == ["greeter", "greeter.shim"]
    assert sorted(os.listdir(path.parent / "greeter.shim")) == [
        "plan",
        f"runtime.{sys.implementation.cache_tag}",
    ]
    assert said(path) == b"hi\n"


def test_the_same_cassette_gives_the_same_bytes(tmp_path: Path) -> None:
    made = tape().write(tmp_path / "tape")
    one, two = (write_shim(made, name="greeter", into=tmp_path / name) for name in ("one", "two"))
    for file in ("", ".shim/plan", f".shim/runtime.{sys.implementation.cache_tag}"):
        assert Path(f"{one}{file}").read_bytes() == Path(f"{two}{file}").read_bytes()


def test_what_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    made = tape().write(tmp_path / "tape")
    path = write_shim(made, name="greeter", into=tmp_path / "bin")
    files = [path, *(tmp_path / "bin" / "greeter.shim").iterdir()]
    before = [file.stat().st_ino for file in files]
    write_shim(made, name="greeter", into=tmp_path / "bin")
    assert [file.stat().st_ino for file in files] == before


def test_a_changed_cassette_is_written_again(tmp_path: Path) -> None:
    path = write_shim(tape().write(tmp_path / "tape"), name="greeter", into=tmp_path / "bin")
    (tmp_path / "tape").rename(tmp_path / "old")
    write_shim(tape(b"changed\r\n").write(tmp_path / "tape"), name="greeter", into=tmp_path / "bin")
    assert said(path) == b"changed\n"


def test_a_damaged_cassette_is_refused(tmp_path: Path) -> None:
    made = tape().write(tmp_path / "tape")
    (made / "output.raw").write_bytes(b"ho\r\n")
    with pytest.raises(Damaged):
        write_shim(made, name="greeter", into=tmp_path / "bin")
    assert not (tmp_path / "bin").exists()


def test_what_is_no_cassette(tmp_path: Path) -> None:
    with pytest.raises(NotACassette):
        write_shim(tmp_path / "nothing", name="greeter", into=tmp_path / "bin")


def test_a_real_program_is_never_replaced(tmp_path: Path) -> None:
    real = tmp_path / "greeter"
    real.write_bytes(b"#!/bin/sh\necho real\n")
    with pytest.raises(UsageError, match="exists already and is no shim"):
        write_shim(tape().write(tmp_path / "tape"), name="greeter", into=tmp_path)
    assert real.read_bytes() == b"#!/bin/sh\necho real\n"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", "a\0b"])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no name for an executable"):
        write_shim(tape().write(tmp_path / "tape"), name=name, into=tmp_path / "bin")


def test_a_place_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "greeter").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        write_shim(tape().write(tmp_path / "tape"), name="greeter", into=tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStore, match="cannot write the shim"):
        write_shim(tape().write(tmp_path / "tape"), name="greeter", into=tmp_path / "file")


def test_a_signal_that_this_system_does_not_know(tmp_path: Path) -> None:
    made = Tape().input(0, kind="signal", signal="SIGINFORM").final(1)
    with pytest.raises(CassetteError, match="SIGINFORM"):
        write_shim(made.write(tmp_path / "tape"), name="greeter", into=tmp_path)


@pytest.mark.parametrize("place", ["with a space", "x" * 150, "it's"])
def test_an_interpreter_with_a_long_or_odd_path(place: str, tmp_path: Path) -> None:
    path = write_shim(tape().write(tmp_path / "tape"), name="greeter", into=tmp_path / "bin")
    python = tmp_path / place / "python"
    python.parent.mkdir()
    real = path.read_text().splitlines()[0].removeprefix("#!").removesuffix(" -IS")
    python.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    python.chmod(0o755)
    path.write_bytes(launcher(str(python)))
    assert said(path) == b"hi\n"


def test_a_shim_without_its_parts_says_so(tmp_path: Path) -> None:
    path = write_shim(tape().write(tmp_path / "tape"), name="greeter", into=tmp_path / "bin")
    beside = tmp_path / "bin" / "greeter.shim"
    for name in ("plan", f"runtime.{sys.implementation.cache_tag}"):
        (beside / name).unlink()
        done = subprocess.run([path], capture_output=True, check=False, env={})
        assert done.returncode == 97
        assert b"Write it again with cassette shim." in done.stderr
        assert b"Traceback" not in done.stderr


def test_the_bundle_has_every_module_in_order() -> None:
    place = Path(__file__).parent.parent / "cassette" / "shim" / "runtime"
    assert set(BUNDLED) == {path.stem for path in place.glob("*.py")} - {"__init__"}
    for number, name in enumerate(BUNDLED):
        text = (place / f"{name}.py").read_text("utf-8")
        for later in BUNDLED[number:]:
            assert f"from cassette.shim.runtime.{later} import" not in text
        assert "__future__" not in text


# The command.


def test_the_command(tmp_path: Path, capsys: Any) -> None:
    made = tape().write(tmp_path / "tape")
    assert main(["shim", str(made), "--name", "greeter", "--into", str(tmp_path / "bin")]) == 0
    assert capsys.readouterr().err == f"{tmp_path}/bin/greeter plays {made} (greeter)\n"
    assert said(tmp_path / "bin" / "greeter") == b"hi\n"


def test_the_command_as_json(tmp_path: Path, capsys: Any) -> None:
    made = tape().write(tmp_path / "tape")
    assert main(["shim", str(made), "--name", "greeter", "--into", str(tmp_path / "bin"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == str(tmp_path / "bin" / "greeter")
    assert told["state"] == "complete"


def test_a_partial_cassette_is_warned_of(tmp_path: Path, capsys: Any) -> None:
    made = tape().write(tmp_path / "tape", sealed=False)
    assert main(["shim", str(made), "--name", "greeter", "--into", str(tmp_path / "bin")]) == 0
    assert "the recording is partial" in capsys.readouterr().err
    assert said(tmp_path / "bin" / "greeter") == b"hi\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothing", "--name", "x", "--into", "bin"], 3, "is not a cassette"),
        (["tape", "--name", "a/b", "--into", "bin"], 2, "is no name for an executable"),
        (["tape", "--into", "bin"], 2, "--name"),
        (["tape", "--name", "x"], 2, "--into"),
    ],
)
def test_the_commands_errors(
    arguments: list[str], code: int, words: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape().write(tmp_path / "tape")
    monkeypatch.chdir(tmp_path)
    assert main(["shim", *arguments]) == code
    told = capsys.readouterr().err
    assert words in told
    assert told.startswith("cassette: ")
    assert "Traceback" not in told
