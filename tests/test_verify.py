"""Complete, partial or damaged: computed from the bytes, with the place named, whatever the bytes are."""

import json
import os
import random
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from build_cassette import (
    EVIDENCE_FILES,
    ID,
    Tape,
    document,
    greeter,
    long_tape,
    manifest_of,
    seal_of,
    with_seal,
    write,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cassette.errors import CassetteError, NotACassette, UnknownFeature, UnknownVersion
from cassette.format.limits import MAX_LINE_BYTES
from cassette.format.seal import EvidenceChain, SealFacts, seal_document
from cassette.reading.reader import open as open_cassette
from cassette.reading.verdict import MAX_FINDINGS, Verdict
from cassette.reading.verify import verify

PROVE = os.environ.get("CASSETTE_PROVE") == "1"
Files = dict[str, bytes]
STATES = ("complete", "partial", "damaged")


@pytest.fixture
def check(tmp_path: Path) -> Callable[[Files], Verdict]:
    """Verifies files."""

    def run(files: Files) -> Verdict:
        for path in tmp_path.glob("tape/*"):
            path.unlink()
        return verify(write(tmp_path / "tape", files))

    return run


Check = Callable[[Files], Verdict]


def places(verdict: Verdict) -> set[tuple[str, int | None, int | None]]:
    return {(found.file, found.line, found.seq) for found in verdict.findings}


# What a good cassette is worth


def test_a_sealed_cassette_is_complete(check: Check) -> None:
    files = greeter().files()
    verdict = check(files)
    assert (verdict.state, verdict.exit_code, verdict.findings, verdict.reasons) == ("complete", 0, (), ())
    seal = json.loads(files["seal.json"])
    assert verdict.evidence_sha256 == seal["evidence_sha256"]
    assert verdict.counts == seal["counts"]
    assert verdict.evidence_events == seal["evidence_events"] == 9
    assert {n: {"size": f.size, "sha256": f.sha256} for n, f in verdict.files.items()} == seal["files"]
    assert verdict.content_sha256 == sha256(files["output.raw"]).hexdigest()
    assert (verdict.id, verdict.sealed, verdict.recovered, verdict.gaps) == (ID, True, False, 0)
    assert json.dumps(verdict.as_json())


@pytest.mark.parametrize("frames", [False, True, None])
def test_many_checkpoints(check: Check, tmp_path: Path, frames: bool | None) -> None:
    path = long_tape().write(tmp_path / "long")
    assert verify(path, frames=frames).state == "complete"


def test_the_smallest_cassette(check: Check) -> None:
    assert check(Tape().final(0).files()).state == "complete"
    assert check(Tape().final(0, code=None).files(sealed=False)).state == "partial"


def test_the_writer_makes_the_same_seal() -> None:
    """Three implementations agree: the writer's, the verifier's (above) and the tests'."""
    files = long_tape().files(sealed=False)
    chain = EvidenceChain()
    lines = [
        (json.loads(line)["seq"], name, line)
        for name in EVIDENCE_FILES
        for line in files[name].splitlines(keepends=True)
    ]
    for _, name, line in sorted(lines):
        chain.add(name, line[line.index(b",") + 1 : -1])
    counts = {n: files[n].count(b"\n") for n in files if n.endswith(".jsonl") or n == "final.json"}
    facts = {name: (len(data), sha256(data).hexdigest()) for name, data in files.items()}
    assert seal_document(SealFacts(ID, chain, counts, 0, facts)) == seal_of(files)


@pytest.mark.parametrize("full", [False, True])
def test_the_writers_frames_pass(check: Check, full: bool) -> None:
    from cassette.format.frames import FrameEncoder
    from cassette.format.lines import with_seq
    from cassette.model import Frame
    from terminal.snapshot import Line, Snapshot, Span, Style

    encoder, tape = FrameEncoder(full=full), Tape(required_features=[] if full else ["frames-delta"])
    for number in range(150):
        tape.output(number, b"x")
        row = Line(f"n {number}", (Span(0, 1, Style(fg=number % 7, bold=True)),))
        frame = Frame(0, number, Snapshot(20, 4, (row, *(Line() for _ in range(3)))), number, number + 1)
        tape.seq += 1
        tape.lines["frames.jsonl"].append(with_seq(tape.seq, encoder.body(frame)))
    path_files = tape.final(200).files(sealed=False)
    assert check(path_files).findings == ()


def test_without_a_thread_to_hash_in(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    assert check(greeter().files()).state == "complete"


# Partial


def test_without_a_seal_it_is_partial(check: Check) -> None:
    verdict = check(greeter().files(sealed=False))
    assert (verdict.state, verdict.exit_code, verdict.sealed) == ("partial", 1, False)
    assert verdict.reasons == ("it has no seal",)
    assert verdict.evidence_sha256 == check(greeter().files()).evidence_sha256


def test_gaps_make_it_partial(check: Check) -> None:
    verdict = check(Tape().output(0, b"a").gap(1).gap(2, "x\x1b[31m").final(3).files())
    assert (verdict.state, verdict.gaps, verdict.recovered) == ("partial", 2, False)
    assert verdict.reasons == ("gap records: 2 (overrun, x\\x1b[31m)",)


def test_a_recovered_recording_is_partial(check: Check) -> None:
    verdict = check(Tape().output(0, b"a").gap(1, "recorder-died").final(1, code=None).files())
    assert (verdict.state, verdict.gaps, verdict.recovered) == ("partial", 1, True)


def test_foreign_files_are_named_and_no_damage(check: Check) -> None:
    verdict = check({**greeter().files(), "assertions.yaml": b"{}", "notes": b"x"})
    assert verdict.state == "complete"
    assert verdict.foreign == ("assertions.yaml", "notes")


# Not this reader's


def test_refusals(check: Check, tmp_path: Path) -> None:
    with pytest.raises(NotACassette):
        verify(tmp_path / "nowhere")
    later = greeter(version=2, terminal="another shape").files()
    with pytest.raises(UnknownVersion, match="format 2"):
        check(later)
    with pytest.raises(UnknownFeature, match="'holograms'"):
        check(greeter(required_features=["frames-delta", "holograms"]).files())


def test_a_flipped_version_is_damage_not_a_later_format(check: Check) -> None:
    files = greeter().files()
    files["manifest.json"] = files["manifest.json"].replace(b'"version": 1', b'"version": 3')
    assert "not what the seal says" in str(check(files).findings[0])


# Damage, and where


def change(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        assert files[name].count(old) >= 1
        files[name] = files[name].replace(old, new, 1)

    return apply


def drop_line(name: str, number: int) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        lines = files[name].splitlines(keepends=True)
        del lines[number - 1]
        files[name] = b"".join(lines)

    return apply


def replace_file(name: str, data: bytes) -> Callable[[Files], None]:
    return lambda files: files.update({name: data})


DAMAGE = {
    "a hole": (drop_line("input.jsonl", 2), ("output.jsonl", 2, 5), "seq 4 is missing"),
    "two holes": (
        lambda files: [drop_line("input.jsonl", 1)(files), drop_line("input.jsonl", 1)(files)],
        ("output.jsonl", 2, 5),
        "seq 3 to 4 are missing",
    ),
    "the first is missing": (drop_line("output.jsonl", 1), ("output.jsonl", 1, 5), "begins at offset 6"),
    "a seq twice": (
        change("input.jsonl", b'{"seq":4,', b'{"seq":5,'),
        ("output.jsonl", 2, 5),
        "its seq stands in input.jsonl too",
    ),
    "a step back in seq": (
        change("output.jsonl", b'{"seq":6,', b'{"seq":1,'),
        ("output.jsonl", 3, 1),
        "seq 1 comes after seq 5",
    ),
    "a seq far away": (
        change("output.jsonl", b'{"seq":6,', b'{"seq":9007199254740991,'),
        ("frames.jsonl", 2, 7),
        "seq 6 is missing",
    ),
    "seq 0": (change("output.jsonl", b'{"seq":1,', b'{"seq":0,'), ("output.jsonl", 1, 0), "seq 0"),
    "a step back in t_ms": (
        change("input.jsonl", b'"t_ms":620', b'"t_ms":499'),
        ("input.jsonl", 2, 4),
        "t_ms steps back from 500 to 499",
    ),
    "a final that is not last": (
        change("final.json", b'{"seq":12,"t_ms":1000', b'{"seq":11,"t_ms":1000'),
        ("final.json", None, 11),
        "its seq stands in frames.jsonl too",
    ),
    "a final before the end": (
        change("final.json", b'"t_ms":1000', b'"t_ms":1'),
        ("final.json", None, 12),
        "t_ms steps back",
    ),
    "other bytes of output": (
        change("output.raw", b"Hello", b"Jello"),
        ("output.raw", None, 6),
        "SHA-256 of these 20 bytes",
    ),
    "output too short": (
        lambda files: files.update({"output.raw": files["output.raw"][:-1]}),
        ("output.jsonl", 4, 10),
        "is beyond the",
    ),
    "output too long": (
        lambda files: files.update({"output.raw": files["output.raw"] + b"xy"}),
        ("output.raw", None, None),
        "last 2 bytes are in no chunk",
    ),
    "a chunk that leaves bytes out": (
        change("output.jsonl", b'"offset":6,', b'"offset":7,'),
        ("output.jsonl", 2, 5),
        "begins at offset 7, and the one before it ends at 6",
    ),
    "another content digest": (
        change("manifest.json", b'"sha256": "', b'"sha256": "0'),
        ("output.raw", None, None),
        "content_digest",
    ),
    "a last line without its newline": (
        lambda files: files.update({"input.jsonl": files["input.jsonl"][:-1]}),
        ("input.jsonl", 3, None),
        "no newline: the file is cut",
    ),
    "an empty file": (replace_file("output.jsonl", b""), ("output.raw", None, None), "in no chunk"),
    "an empty line": (change("input.jsonl", b"\n", b"\n\n"), ("input.jsonl", 2, None), "does not begin"),
    "converted line endings": (
        lambda files: files.update({"input.jsonl": files["input.jsonl"].replace(b"\n", b"\r\n")}),
        ("input.jsonl", 1, 3),
        "-text` in .gitattributes",
    ),
    "binary junk": (replace_file("input.jsonl", bytes(range(256))), ("input.jsonl", 1, None), "not begin"),
    "invalid UTF-8": (
        change("service-events.jsonl", b"Ada", b"\xff\xfea"),
        ("service-events.jsonl", 1, 8),
        "utf",
    ),
    "an unknown kind": (
        change("input.jsonl", b'"kind":"input"', b'"kind":"mouth"'),
        ("input.jsonl", 1, 3),
        "mouth",
    ),
    "bad base64": (change("input.jsonl", b'"bytes":"', b'"bytes":"*'), ("input.jsonl", 1, 3), "base64"),
    "a size of nothing": (
        change("input.jsonl", b'"Cols":30', b'"Cols":0'),
        ("input.jsonl", 3, 9),
        "size of 0x5",
    ),
    "a huge size": (change("input.jsonl", b'"Rows":5', b'"Rows":70000'), ("input.jsonl", 3, 9), "30x70000"),
    "a seq that stands twice": (
        change("input.jsonl", b'"kind":"input"', b'"kind":"input","seq":7'),
        ("input.jsonl", 1, 3),
        "twice",
    ),
    "an unsaid delta frame": (
        lambda files: files.update(
            {"manifest.json": document(manifest_of(files["output.raw"], required_features=[]))}
        ),
        ("frames.jsonl", 2, 7),
        "required_features does not name frames-delta",
    ),
    "a frame beyond the output": (
        change("frames.jsonl", b'"raw_end":6,', b'"raw_end":999,'),
        ("frames.jsonl", 1, 2),
        "beyond the",
    ),
    "a frame that steps back": (
        change("frames.jsonl", b'"raw_end":6,', b'"raw_end":33,'),
        ("frames.jsonl", 2, 7),
        "a step back",
    ),
    "a row that is not there": (
        change("frames.jsonl", b'"rows":{"0"', b'"rows":{"9"'),
        ("frames.jsonl", 2, 7),
        "row",
    ),
    "a style that is not there": (
        change("frames.jsonl", b"[[7,3,0]]", b"[[7,3,-1]]"),
        ("frames.jsonl", 2, 7),
        "the span [7, 3, -1] of 20 columns, 1 styles",
    ),
    "a span as wide as the sea": (
        change("frames.jsonl", b"[[7,3,0]]", b"[[7,1000000000000,0]]"),
        ("frames.jsonl", 2, 7),
        "the span",
    ),
    "a deep bomb": (
        change("service-events.jsonl", b'"Ada"', b"[" * 100_000 + b"]" * 100_000),
        ("service-events.jsonl", 1, 8),
        "nested|recursion",
    ),
    "a deep bomb in a document": (
        replace_file("manifest.json", b"[" * 100_000 + b"]" * 100_000),
        ("manifest.json", None, None),
        "",
    ),
    "a huge number": (
        change("output.jsonl", b'"length":6,', b'"length":' + b"9" * 5000 + b","),
        ("output.jsonl", 1, 1),
        "",
    ),
    "a huge number in a document": (
        change("manifest.json", b'"initial_rows": 4', b'"initial_rows": ' + b"9" * 5000),
        ("manifest.json", None, None),
        "number|initial_rows",
    ),
    "no JSON": (replace_file("final.json", b"\x00" * 100), ("final.json", None, None), ""),
    "an empty document": (replace_file("scrub-report.json", b""), ("scrub-report.json", None, None), ""),
    "another document": (
        replace_file("discovery.json", b"[]"),
        ("discovery.json", None, None),
        "not an object",
    ),
    "a masked place outside": (
        change("input.jsonl", b'"source":"user"', b'"source":"user","masked":[[2,2]]'),
        ("input.jsonl", 1, 3),
        "is not inside its 3 bytes",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_with_its_place(check: Check, name: str) -> None:
    """Without a seal, so that it is the rules which find it."""
    damage, place, why = DAMAGE[name]
    files = greeter().files(sealed=False)
    damage(files)
    verdict = check(files)
    assert (verdict.state, verdict.exit_code) == ("damaged", 3)
    assert verdict.reasons[0].startswith("something does not match: ")
    found = [found for found in verdict.findings if (found.file, found.line, found.seq) == place]
    assert found, [str(found) for found in verdict.findings]
    assert any(part in str(found[0]) for part in why.split("|")), str(found[0])
    with pytest.raises(CassetteError):
        verdict.raise_if_damaged()


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_under_a_seal_too(check: Check, name: str) -> None:
    files = greeter().files()
    seal = files["seal.json"]
    DAMAGE[name][0](files)
    verdict = check({**files, "seal.json": seal})
    assert verdict.state == "damaged"
    assert any("the seal" in str(found) or name for found in verdict.findings)


@pytest.mark.parametrize("name", [name for name in greeter().files() if name != "manifest.json"])
def test_missing_and_foreign_things_in_a_files_place(check: Check, tmp_path: Path, name: str) -> None:
    files = greeter().files()
    del files[name]
    verdict = check(files)
    if name == "seal.json":
        assert verdict.state == "partial"
    else:
        assert (name, None, None) in places(verdict)
        assert "it is missing" in verdict.findings[0].why
    for make in (os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/passwd", path)):
        make(tmp_path / "tape" / name)
        verdict = verify(tmp_path / "tape")
        assert verdict.findings[0].file == name
        assert "not a regular file" in verdict.findings[0].why
        (tmp_path / "tape" / name).rmdir() if make is os.mkdir else (tmp_path / "tape" / name).unlink()


def test_optional_documents_are_sealed_too(check: Check) -> None:
    record = document({"source": "pty", "status": "ok", "models": ["a"]})
    files = with_seal({**greeter().files(), "discovery.json": record, "quota.json": record})
    assert check(files).state == "complete"
    assert "discovery.json: it is in the seal and missing" in check_without(check, files, "discovery.json")
    assert "quota.json: its SHA-256 is not what the seal says" in "\n".join(
        map(str, check({**files, "quota.json": record.replace(b"ok", b"no")}).findings)
    )


def check_without(check: Check, files: Files, name: str) -> str:
    return "\n".join(map(str, check({key: data for key, data in files.items() if key != name}).findings))


# The seal


def test_a_broken_chain_is_located_within_its_256_events(check: Check) -> None:
    files = long_tape().files()
    lines = files["input.jsonl"].splitlines(keepends=True)
    index = len(lines) // 2
    seq = json.loads(lines[index])["seq"]
    lines[index] = lines[index].replace(b'"source":"user"', b'"source":"robo"')
    files["input.jsonl"] = b"".join(lines)
    first = check(files).findings[0]
    assert "the evidence chain breaks within evidence events 257 to 512" in first.why
    low, high = map(int, first.why.split("(seq ")[1].split(";")[0].split(" to "))
    assert low <= seq <= high
    assert high - low < 400


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seal_version": 1', b'"seal_version": 2'),
        (b'"evidence_events": 9', b'"evidence_events": 8'),
        (b'"gaps": 0', b'"gaps": 1'),
        (b'"id"', b'"di"'),
        (b"  ", b"\t"),
        (b'{\n  "seal', b'[\n  "seal'),
        (b'"files": {', b'"files": [], "x": {'),
        (b'"size": 6', b'"size": 7'),
        (b'"checkpoints": []', b'"checkpoints": [3]'),
        (b'"checkpoints": []', b'"checkpoints": ' + b"[" * 5000 + b"]" * 5000),
    ],
)
def test_a_changed_seal(check: Check, old: bytes, new: bytes) -> None:
    files = greeter().files()
    if old not in files["seal.json"]:
        pytest.skip("sizes differ")
    files["seal.json"] = files["seal.json"].replace(old, new, 1)
    verdict = check(files)
    assert verdict.state == "damaged"
    assert verdict.findings[0].file in files


def test_a_seal_of_another_cassette(check: Check) -> None:
    verdict = check({**greeter().files(), "seal.json": long_tape().files()["seal.json"]})
    assert verdict.state == "damaged"
    assert ("output.raw", None, None) in places(verdict)


# Bad input is bounded


def test_a_line_of_100_mb(check: Check, tmp_path: Path) -> None:
    path = greeter().write(tmp_path / "tape", sealed=False)
    for name in ("input.jsonl", "output.jsonl", "frames.jsonl", "service-events.jsonl"):
        whole = (path / name).read_bytes()
        with open(path / name, "r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(b'{"seq":99,"t_ms":99,"x":"')
            file.seek(100 << 20, os.SEEK_CUR)
            file.write(b'"}\n')
        tracemalloc.start()
        verdict = verify(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        number = whole.count(b"\n") + 1
        found = next(f for f in verdict.findings if f.line == number and f.file == name)
        assert f"{MAX_LINE_BYTES} is the limit" in found.why
        assert peak < 40 << 20
        (path / name).write_bytes(whole)


def test_a_document_of_100_mb(check: Check, tmp_path: Path) -> None:
    path = greeter().write(tmp_path / "tape")
    for name in ("manifest.json", "final.json", "seal.json", "scrub-report.json"):
        whole = (path / name).read_bytes()
        os.truncate(path / name, 100 << 20)
        assert any(f.file == name and "is the limit" in f.why for f in verify(path).findings)
        (path / name).write_bytes(whole)


def test_a_million_bad_lines_give_a_hundred_findings(check: Check) -> None:
    verdict = check({**greeter().files(sealed=False), "input.jsonl": b"\n" * 1_000_000})
    assert len(verdict.findings) == MAX_FINDINGS


# Wrong types, in every field of every document and line

WRONG: list[Any] = [None, True, -1, 1.5, 10**30, "x", "", [], [1], {}, {"a": 1}]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a JSON value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


def altered(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    copy = json.loads(json.dumps(value))
    *parents, last = path
    target = copy
    for key in parents:
        target = target[key]
    target[last] = new
    return copy


def rich_files() -> Files:
    """Every document with every field set."""
    files = greeter(optional={"labels": {}}).files(sealed=False)
    record = {
        "source": "pty",
        "status": "ok",
        "captured_at": "x",
        "freshness_window": "24h",
        "staleness_behavior": "refuse",
        "metadata": {},
    }
    files["discovery.json"] = document({**record, "models": ["a"], "reasoning_levels": ["b"]})
    files["quota.json"] = document({**record, "account_class": "x", "windows": [{"name": "5h"}]})
    return files


@pytest.mark.parametrize("name", [name for name in rich_files() if name != "output.raw"])
def test_wrong_types_in_every_field(tmp_path: Path, name: str) -> None:
    """Whatever stands in a field: a verdict or a refusal, and what passes can be read to its end."""
    files = rich_files()
    path = write(tmp_path / "tape", files)
    lines = [files[name]] if name.endswith(".json") else files[name].splitlines()
    for number, line in enumerate(lines):
        whole = json.loads(line)
        for place in leaves(whole):
            for wrong in WRONG:
                bad = json.dumps(altered(whole, place, wrong), separators=(",", ":")).encode()
                (path / name).write_bytes(b"\n".join([*lines[:number], bad, *lines[number + 1 :], b""]))
                assert read_everything(path).endswith((*STATES, " 3"))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        *(("manifest.json", field) for field in manifest_of(b"") if field != "required_features"),
        ("manifest.json", "harness.name"),
        ("manifest.json", "terminal.initial_rows"),
        ("manifest.json", "terminal.emulator.version"),
        ("manifest.json", "content_digest.sha256"),
        ("scrub-report.json", "status"),
        ("final.json", "duration_ms"),
        ("final.json", "exit.Code"),
    ],
)
def test_missing_required_fields(check: Check, name: str, field: str) -> None:
    files = greeter().files(sealed=False)
    whole = json.loads(files[name])
    *parents, last = field.split(".")
    target = whole
    for key in parents:
        target = target[key]
    del target[last]
    files[name] = json.dumps(whole, separators=(",", ":")).encode() + b"\n"
    verdict = check(files)
    assert verdict.state == "damaged"
    assert any(f.file == name and last in f.why for f in verdict.findings), verdict.findings


def read_everything(path: Path) -> str:
    """Verify, open both ways, read all: only errors of ours. The state, or the refusal and its exit code."""
    try:
        verdict = verify(path, frames=True)
    except CassetteError as error:
        return f"{type(error).__name__} {error.exit_code}"
    for unverified in (False, True):
        try:
            with open_cassette(path, unverified=unverified) as tape:
                list(tape.events())
                tape.screen_at(t_ms=700)
        except CassetteError:
            assert verdict.state == "damaged"
        else:
            assert unverified or verdict.state != "damaged"
    return verdict.state


# Every flip, every cut


def flipped(data: bytes, bit: int) -> bytes:
    copy = bytearray(data)
    copy[bit // 8] ^= 1 << bit % 8
    return bytes(copy)


def is_refused(path: Path) -> bool:
    try:
        return verify(path).state == "damaged"
    except CassetteError as error:
        return error.exit_code == 3


def missed_flips(path: Path, files: Files, bits: list[tuple[str, int]]) -> list[tuple[str, int]]:
    missed = []
    for name, bit in bits:
        (path / name).write_bytes(flipped(files[name], bit))
        if not is_refused(path):
            missed.append((name, bit))
        (path / name).write_bytes(files[name])
    return missed


def all_bits(files: Files) -> list[tuple[str, int]]:
    return [(name, bit) for name, data in files.items() for bit in range(8 * len(data))]


@pytest.mark.prove
def test_every_bit_flip_in_a_sealed_cassette_is_found(tmp_path: Path) -> None:
    files = greeter().files()
    assert 3_500 < sum(map(len, files.values())) < 6_500
    bits = all_bits(files)
    if not PROVE:
        bits = random.Random(1).sample(bits, 1000)
    assert missed_flips(write(tmp_path / "tape", files), files, bits) == []


@pytest.mark.prove
def test_random_bit_flips_in_a_larger_cassette_are_found(tmp_path: Path) -> None:
    files = long_tape(1500).files()
    bits = random.Random(2).sample(all_bits(files), 2000 if PROVE else 100)
    assert missed_flips(write(tmp_path / "tape", files), files, bits) == []


@pytest.mark.prove
def test_every_cut_is_found(tmp_path: Path) -> None:
    files = greeter().files()
    path = write(tmp_path / "tape", files)
    cuts = [(name, size) for name, data in files.items() for size in range(len(data))]
    for name, size in cuts if PROVE else random.Random(3).sample(cuts, 500):
        (path / name).write_bytes(files[name][:size])
        assert is_refused(path), (name, size)
        (path / name).write_bytes(files[name])


@pytest.mark.prove
@pytest.mark.parametrize("sealed", [False, True])
def test_junk_never_gives_anything_but_our_errors(tmp_path: Path, sealed: bool) -> None:
    rng = random.Random(4)
    files = rich_files()
    path = write(tmp_path / "tape", with_seal(files) if sealed else files)
    for _ in range(3000 if PROVE else 300):
        name = rng.choice(list(files))
        data = bytearray(files[name])
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data) + 1)
            data[at : at + rng.randint(0, 5)] = rng.choice(
                [b"", b"\x00", b"\xff", b"{", b'"', b"9" * 20, b"\n", b"-"]
            )
        (path / name).write_bytes(data)
        assert read_everything(path).endswith((*STATES, " 3"))
        (path / name).write_bytes(files[name])


# Any events at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
steps = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.one_of(
            st.tuples(st.just("output"), st.binary(max_size=40)),
            st.tuples(st.just("input"), st.binary(max_size=20)),
            st.tuples(st.just("service"), json_values),
            st.tuples(st.just("key"), st.lists(st.text("abé✨ ", max_size=9), max_size=4)),
        ),
    ),
    max_size=30,
)


@given(steps)
@settings(
    max_examples=300 if PROVE else 60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_any_events_make_a_complete_cassette(tmp_path: Path, events: list[Any]) -> None:
    tape, t_ms = Tape(), 0
    for pause, (kind, value) in events:
        t_ms += pause
        getattr(tape, kind)(t_ms, value)
    for path in tmp_path.glob("tape/*"):
        path.unlink()
    path = tape.final(t_ms).write(tmp_path / "tape")
    verdict = verify(path, frames=True)
    assert verdict.findings == ()
    gaps = sum(isinstance(value, dict) and value.get("type") == "gap" for _, (_, value) in events)
    assert verdict.gaps == gaps
    with open_cassette(path) as opened:
        assert [event.seq for event in opened.events()] == list(range(1, len(events) + 2))
        assert [event.payload for event in opened.service_events()] == [
            value for _, (kind, value) in events if kind == "service"
        ]
        assert b"".join(event.data for event in opened.outputs()) == opened.output_bytes() == bytes(tape.raw)
