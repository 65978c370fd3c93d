"""`cassette verify`: one line each, and the worst of all decides."""

import json
import shutil

from build_cassette import Tape, greeter
from cli_harness import damage, run

LIMIT = "who can rewrite the directory can rewrite the seal"


def tapes(root):
    """One of each kind."""
    greeter().write(root / "complete")
    greeter().write(root / "unsealed", sealed=False)
    Tape().output(0, b"a").gap(1).final(2).write(root / "gap")
    damage(greeter().write(root / "damaged"), "output.raw", b"Hello", b"Jello")
    (root / "file").write_text("no cassette")
    (root / "empty").mkdir()
    return ["complete", "unsealed", "gap", "damaged", "file", "empty", "missing"]


def test_one_line_each(tmp_path, golden):
    result = run("verify", *tapes(tmp_path), cwd=tmp_path)
    assert (result.code, result.err) == (3, "")
    golden("verify/all.txt", result.out)


def test_the_worst_decides(tmp_path):
    tapes(tmp_path)
    assert run("verify", "complete", cwd=tmp_path).code == 0
    assert run("verify", "complete", "unsealed", cwd=tmp_path).code == 1
    assert run("verify", "gap", "complete", cwd=tmp_path).code == 1
    assert run("verify", "damaged", "unsealed", "complete", cwd=tmp_path).code == 3
    assert run("verify", "file", "unsealed", cwd=tmp_path).code == 3


def test_the_limit_of_the_seal_is_said_once(tmp_path):
    tapes(tmp_path)
    assert run("verify", "complete", "gap", "complete", cwd=tmp_path).out.count(LIMIT) == 1
    assert LIMIT not in run("verify", "unsealed", cwd=tmp_path).out


def test_quiet_tells_only_what_is_not_complete(tmp_path):
    tapes(tmp_path)
    assert run("verify", "--quiet", "complete", cwd=tmp_path).out == ""
    lines = run("verify", "--quiet", "complete", "gap", "damaged", cwd=tmp_path).out.splitlines()
    assert [line.split()[0] for line in lines] == ["partial", "damaged"]


def test_damage_says_file_and_place(tmp_path):
    tapes(tmp_path)
    line = run("verify", "damaged", cwd=tmp_path).out.splitlines()[0]
    assert line.startswith("damaged   damaged: output.")
    assert "seq 6" in line
    assert "see --verbose" in line
    more = run("verify", "-v", "damaged", cwd=tmp_path).out
    assert "output.raw: its SHA-256" in more


def test_verbose_tells_the_digest_and_strangers(tmp_path):
    path = greeter().write(tmp_path / "tape")
    (path / "assertions.yaml").write_text("")
    out = run("verify", "--verbose", path).out
    assert "evidence_sha256 " in out
    assert "not covered by any seal: assertions.yaml" in out


def test_json(tmp_path):
    result = run("verify", "--json", *tapes(tmp_path), cwd=tmp_path)
    assert result.code == 3
    found = json.loads(result.out)
    states = ["complete", "partial", "partial", "damaged", "refused", "refused", "refused"]
    assert [verdict["state"] for verdict in found] == states
    finding = found[3]["findings"][0]
    assert finding["file"].startswith("output.")
    assert finding["seq"] == 6
    assert LIMIT in found[0]["limit"]


def test_frames_are_decoded_when_asked(tmp_path):
    path = greeter().write(tmp_path / "tape")
    assert run("verify", "--frames", path).code == 0


def test_a_real_one_is_complete_and_every_other_byte_is_not(recordings, tmp_path):
    assert run("verify", recordings["greeter"]).out.startswith("complete")
    for name in ("manifest.json", "frames.jsonl", "seal.json"):
        path = recordings.copy("greeter", tmp_path)
        data = bytearray((path / name).read_bytes())
        data[len(data) // 2] ^= 1
        (path / name).write_bytes(data)
        assert run("verify", path).code == 3, name
        shutil.rmtree(path)


def test_a_name_with_control_bytes_is_escaped(tmp_path):
    path = greeter().write(tmp_path / "a\x1b[2Jb")
    assert "\x1b" not in run("verify", path, tmp_path / "\x1bc").out


def test_nothing_given():
    result = run("verify")
    assert result.code == 2
    assert "See cassette verify --help" in result.err
