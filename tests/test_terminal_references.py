"""What several other terminals agree on: our model shows it too, however the bytes are cut."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
import terminal_data as data

# Files of xterm.js that we do not follow, with the reason.
XTERMJS_EXCEPTIONS = {
    "t0103-reverse_wrap": "written for the first reverse wrap-around (mode 45), which went up into any row and from "
    "the top to the bottom; xterm has since kept that for mode 1045, and ghostty, libvterm and xterm.js agree that 45 "
    "only goes up into a row that wrapped",
}
# Of the sequences, what ghostty does in its own way.
GHOSTTY_EXCEPTIONS = {"flag": "each half of a flag is two columns wide there while mode 2027 is off"}
# Of the files, what ghostty does not do or does in its own way; our model follows xterm.
GHOSTTY_FILES = {
    "t0021-CUB", "t0032-VPB", "t0034-VPR", "t0040-REP", "t0061-CSI_s", "t0077-DECSTBM_quirks", "t0081-TBC",
    "t0103-reverse_wrap", "t601-DECSTBM_SL", "t603-DECSTBM_DECDC",
}  # fmt: skip
STREAMS = {stream.name: stream for stream in data.streams()}


def feed(name: str, case: dict[str, Any], chunks: list[bytes]) -> Any:
    emulator = data.new(name, case["columns"], case["rows"])
    for chunk in chunks:
        emulator.feed(chunk)
    if "resize" in case:
        emulator.resize(**case["resize"])
        emulator.feed(bytes.fromhex(case["after_resize"]))
    return emulator


def check(emulator: Any, case: dict[str, Any]) -> None:
    snapshot = emulator.snapshot()
    assert data.trimmed(snapshot.text) == case["screen"]
    if cursor := case.get("cursor"):
        assert (snapshot.cursor.column, snapshot.cursor.row) == (cursor["x"], cursor["y"])


def joined(case: dict[str, Any]) -> bytes:
    return bytes.fromhex("".join(case["chunks"]))


@pytest.mark.parametrize("name", ["pyte", "ghostty"])
@pytest.mark.parametrize("case", data.sequences(), ids=lambda case: case["name"])
def test_sequence(case: dict[str, Any], name: str) -> None:
    if name == "ghostty" and case["name"] in GHOSTTY_EXCEPTIONS:
        pytest.skip(GHOSTTY_EXCEPTIONS[case["name"]])
    check(feed(name, case, [bytes.fromhex(chunk) for chunk in case["chunks"]]), case)


@pytest.mark.parametrize("case", data.sequences(), ids=lambda case: case["name"])
def test_sequence_at_every_split(case: dict[str, Any]) -> None:
    sequence = joined(case)
    once = data.state(feed("pyte", case, [sequence]), probe=True)
    for chunks in itertools.chain([data.by_byte(sequence)], data.at_every_split(sequence)):
        emulator = feed("pyte", case, chunks)
        check(emulator, case)
        assert data.state(emulator, probe=True) == once, chunks


@pytest.mark.parametrize("name", ["pyte", "ghostty"])
@pytest.mark.parametrize("stream", STREAMS)
def test_screens_of_a_real_program(stream: str, name: str) -> None:
    source = STREAMS[stream]
    emulator = data.new(name, source.columns, source.rows)
    position = 0
    for screen in source.screens:
        emulator.feed(source.data[position : screen["offset"]])
        position = screen["offset"]
        check(emulator, screen)


@pytest.mark.parametrize("cut", ["byte by byte", "reads", "random"])
@pytest.mark.parametrize("stream", STREAMS)
def test_screens_of_a_real_program_in_other_pieces(stream: str, cut: str) -> None:
    source = STREAMS[stream]
    screens = {screen["offset"]: screen for screen in source.screens}
    pieces = {
        "byte by byte": lambda: data.by_byte(source.data),
        "reads": lambda: data.by_reads(source.data, source.reads),
        "random": lambda: data.at_random(source.data, 1),
    }[cut]()
    emulator = data.new("pyte", source.columns, source.rows)
    position = 0
    for piece in pieces:
        emulator.feed(piece)
        position += len(piece)
        if position in screens:
            check(emulator, screens[position])
    once = data.new("pyte", source.columns, source.rows)
    once.feed(source.data)
    assert data.state(emulator, probe=True) == data.state(once, probe=True)


@pytest.mark.prove
@pytest.mark.parametrize("stream", STREAMS)
def test_a_real_program_at_every_split(stream: str) -> None:
    source = STREAMS[stream]
    step = (
        1 if "CASSETTE_PROVE" in os.environ and len(source.data) < 10_000 else max(1, len(source.data) // 30)
    )
    once = data.new("pyte", source.columns, source.rows)
    once.feed(source.data)
    expected = data.state(once, probe=True)
    for split in range(1, len(source.data), step):
        emulator = data.new("pyte", source.columns, source.rows)
        emulator.feed(source.data[:split])
        emulator.feed(source.data[split:])
        assert data.state(emulator, probe=True) == expected, split


@pytest.mark.parametrize("name", ["pyte", "ghostty"])
@pytest.mark.parametrize("path", data.xtermjs())
def test_file_of_xtermjs(path: Path, name: str) -> None:
    if path.stem in XTERMJS_EXCEPTIONS:
        pytest.skip(XTERMJS_EXCEPTIONS[path.stem])
    if name == "ghostty" and path.stem in GHOSTTY_FILES:
        pytest.skip("ghostty does it in its own way")
    source = path.read_bytes().replace(b"\n", b"\r\n")
    expected = data.trimmed(path.with_suffix(".text").read_text("utf-8").split("\n"))
    for chunks in ([source], data.by_byte(source), list(data.at_random(source, 2))):
        emulator = data.new(name, 80, 25)
        for chunk in chunks:
            emulator.feed(chunk)
        assert data.trimmed(emulator.snapshot().text) == expected
