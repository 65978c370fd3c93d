"""Nothing outside a cassette's directory is read, and nothing in it makes a reader hang."""

import mmap
import os
import socket
from pathlib import Path

import pytest
from build_cassette import greeter

from cassette.errors import Damaged, NotACassette
from cassette.model import INPUT, MANIFEST, OUTPUT_RAW, QUOTA, SEAL
from cassette.store.directory import WORTH_A_MAP_BYTES, CassetteDirectory, line_places


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return greeter().write(tmp_path / "tape")


def test_reads_and_maps(tape: Path) -> None:
    with CassetteDirectory(tape) as directory:
        manifest = (tape / MANIFEST).read_bytes()
        assert directory.read(MANIFEST, 1 << 20) == manifest
        assert directory.map(MANIFEST)[:] == manifest
        assert directory.map(OUTPUT_RAW) == (tape / OUTPUT_RAW).read_bytes()
        assert directory.size(MANIFEST) == len(manifest)
        assert directory.has(SEAL)
        assert not directory.has(QUOTA)


def test_an_empty_file_maps_to_empty_bytes(tape: Path) -> None:
    (tape / INPUT).write_bytes(b"")
    with CassetteDirectory(tape) as directory:
        assert directory.map(INPUT) == b""


def test_a_large_file_is_mapped(tape: Path) -> None:
    (tape / OUTPUT_RAW).write_bytes(b"x" * WORTH_A_MAP_BYTES)
    with CassetteDirectory(tape) as directory:
        assert isinstance(directory.map(OUTPUT_RAW), mmap.mmap)
        assert directory.map(OUTPUT_RAW)[:] == b"x" * WORTH_A_MAP_BYTES


def test_plain_bytes_where_a_file_cannot_be_mapped(tape: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no mapping here")

    monkeypatch.setattr(mmap, "mmap", refuse)
    (tape / OUTPUT_RAW).write_bytes(b"x" * WORTH_A_MAP_BYTES)
    with CassetteDirectory(tape) as directory:
        assert directory.map(OUTPUT_RAW) == (tape / OUTPUT_RAW).read_bytes()


def test_a_file_over_the_limit_is_not_read(tape: Path) -> None:
    with CassetteDirectory(tape) as directory, pytest.raises(Damaged, match="10 is the limit"):
        directory.read(MANIFEST, 10)


@pytest.mark.parametrize("name", ["../tape/manifest.json", "/etc/passwd", "assertions.yaml", "", "a/../b"])
def test_only_names_of_the_format_are_opened(tape: Path, name: str) -> None:
    (tape / "assertions.yaml").write_text("x")
    with CassetteDirectory(tape) as directory:
        for call in (directory.has, directory.size, directory.map, lambda n: directory.read(n, 1 << 20)):
            with pytest.raises(ValueError, match="no file of a cassette"):
                call(name)


def test_paths_that_are_no_cassette(tape: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    for path, why in (
        (tmp_path / "missing", "nothing at this path"),
        (tmp_path / "no-parent" / "missing", "nothing at this path"),
        (tape / MANIFEST, "a file, not a directory"),
        (tmp_path / "empty", "no manifest.json"),
        (tmp_path / "loop", "symbolic link"),
        (tmp_path / "nul\0byte", "null"),
    ):
        with pytest.raises(NotACassette, match=why) as caught:
            CassetteDirectory(path)
        assert caught.value.exit_code == 3


def test_a_link_to_the_directory_itself_is_followed(tape: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tape)
    with CassetteDirectory(tmp_path / "link") as directory:
        assert directory.has(MANIFEST)


def _link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _dangling(path: Path) -> None:
    path.symlink_to("../nowhere")


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's name has to be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("name", [MANIFEST, INPUT, OUTPUT_RAW, SEAL])
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (_link, "symbolic link"),
        (_dangling, "symbolic link"),
        (os.mkfifo, "fifo"),
        (os.mkdir, "directory"),
        (_socket, "socket"),
    ],
)
def test_only_regular_files_are_read(tape: Path, name: str, make: object, kind: str) -> None:
    (tape / name).unlink()
    make(tape / name)  # type: ignore[operator]
    with CassetteDirectory(tape) as directory:
        for call in (directory.size, directory.map, lambda n: directory.read(n, 1 << 20)):
            with pytest.raises(Damaged, match=f"{kind}, not a regular file"):
                call(name)


def test_a_replaced_cassette_stays_what_was_opened(tape: Path, tmp_path: Path) -> None:
    raw = (tape / OUTPUT_RAW).read_bytes()
    with CassetteDirectory(tape) as directory:
        tape.rename(tmp_path / "old")
        greeter().output(1000, b"another").write(tape)
        assert directory.map(OUTPUT_RAW)[:] == raw


def test_a_cassette_moved_aside_by_an_interrupted_swap_is_found(tape: Path, tmp_path: Path) -> None:
    tape.rename(tmp_path / ".tape.0123456789abcdef.old")
    with CassetteDirectory(tape) as directory:
        assert directory.has(MANIFEST)


def test_foreign_names_are_listed_and_made_printable(tape: Path) -> None:
    (tape / "assertions.yaml").write_text("x")
    (tape / os.fsdecode(b"b\xff")).write_text("x")
    with CassetteDirectory(tape) as directory:
        assert directory.foreign_names() == ["assertions.yaml", "b\\xff"]


def test_descriptors_are_given_back(tape: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        CassetteDirectory(tape)
        with CassetteDirectory(tape) as directory:
            directory.map(MANIFEST)
            directory.close()
        del directory
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("data", [b"", b"a", b"\n", b"a\nb\n", b"a\n\nb", b"ab\r\nc\n"])
def test_line_places(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [line[:-1] for line in data.splitlines(keepends=True) if line.endswith(b"\n")]
    if b"\r" in data:
        whole = [b"ab\r", b"c"]
    for block in (1, 2, 3, 100):
        monkeypatch.setattr("cassette.store.directory.SCAN_BLOCK", block)
        assert [data[start:end] for start, end in line_places(data)] == whole
