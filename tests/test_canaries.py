"""Secrets in every place of a recording, and in no form in any file: not after a kill, not after `recover`."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from canaries import PLACES, canaries, files_of, forms, found_in, readings
from proof_helpers import CASSETTE, own_spools, sized, spools_in

import cassette
from cassette.model import Discovery, Quota
from cassette.reading.verify import verify

PROGRAM = Path(__file__).with_name("canary_program.py")
DRIVER = Path(__file__).with_name("canary_driver.py")
ROUNDS = sized(1, 12)
KILLS = sized(6, 150)
NEVER = 2**62
TYPED_BLIND = ("getpass", "shell", "dialog", "declared")
"""Those that nobody knew before they were typed."""


@pytest.fixture
def spools() -> Iterator[Path]:
    with own_spools() as root:
        yield root


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every place for temporary files, and a home, below one directory."""
    for name in ("TMPDIR", "HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path


def export(secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for place, value in secrets.items():
        if place not in TYPED_BLIND:
            monkeypatch.setenv(f"CANARY_{place.upper()}_TOKEN", value)


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    secrets = canaries(0)
    assert set(secrets) == set(PLACES)
    for place, value in secrets.items():
        for form, data in forms(value).items():
            (tmp_path / "file").write_bytes(b"ab" + data + b"cd")
            assert found_in(files_of([tmp_path]), {place: value}), form


def drive(session: cassette.Session, secrets: dict[str, str], *, with_dialog: bool) -> None:
    session.wait_for("typed? ")
    for letter in secrets["typed"]:
        session.type(letter)
    session.press("enter")
    session.wait_for("pasted? ")
    session.paste(secrets["pasted"])
    session.press("enter")
    session.wait_for("the word, please")
    session.type(secrets["getpass"])
    session.press("enter")
    session.wait_for("secret word>")
    session.type(secrets["shell"])
    session.press("enter")
    if with_dialog:
        session.wait_for("Password:")
        session.type(secrets["dialog"])
        session.press("enter")
    session.wait_for("declared?")
    session.type(secrets["declared"], secret=True)
    session.press("enter")
    session.wait_for("done")
    session.service_event({secrets["service_key"]: {"token": [secrets["service"]]}})


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_program_that_shows_everything(
    places: Path, spools: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    secrets = canaries(seed)
    export(secrets, monkeypatch)
    with_dialog = shutil.which("dialog") is not None
    work = places / secrets["workdir"]
    work.mkdir()
    target, columns = places / "tape", 60 + seed
    words = [f"--key={secrets['argv']}", str(columns), "dialog" if with_dialog else "none"]
    with cassette.record(
        target, [sys.executable, str(PROGRAM), *words], columns=columns, cwd=work,
        env={"CANARY_ENV_TOKEN": secrets["env"]}, labels={"what": secrets["label"]},
    ) as session:  # fmt: skip
        recorder = session.recorder
        drive(session, secrets, with_dialog=with_dialog)
        recorder.mark(f"looked for {secrets['mark']}")
        recorder.discovery(Discovery("probe", "ok", models=("m",), metadata={"k": secrets["discovery"]}))
        recorder.quota(Quota("probe", "ok", windows=({"name": secrets["quota"]},)))
        recorder.final(
            final_text=secrets["final_text"],
            usage={"who": secrets["usage"]},
            metadata={"note": secrets["metadata"]},
        )
    work.rmdir()
    assert found_in(files_of([places, spools]), secrets) == []
    assert found_in(readings(target), secrets) == []
    assert spools_in(spools) == []
    assert verify(target, frames=True).state == "complete"
    with cassette.open(target) as tape:
        assert tape.scrub_report.status == "scrubbed"
        hidden = [event for event in tape.inputs() if event.redacted]
        assert len(hidden) == 3 + with_dialog
        assert tape.manifest.command.env_allowlist == ("CANARY_ENV_TOKEN",)
    with cassette.open(target).session(argv=[sys.executable, str(PROGRAM), *words]) as replayed:
        # With other keys it is the same test; what is typed letter by letter has to have as many.
        drive(replayed, {**canaries(seed + 1), "typed": "x" * len(secrets["typed"])}, with_dialog=with_dialog)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_while_it_records_and_recovered_elsewhere(
    places: Path, spools: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    secrets = canaries(seed)
    chance = random.Random(f"kill {seed}")
    export(secrets, monkeypatch)
    target = places / "tape"
    kill_at = chance.randrange(1, 150) if seed % 2 else NEVER
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), str(seed), str(target), str(kill_at)], stdout=subprocess.PIPE
    )
    with process:
        said = [
            process.stdout.readline() for _ in range(1 + (chance.randrange(95) if kill_at == NEVER else 0))
        ]
        if kill_at == NEVER:
            process.kill()
        process.stdout.read()
    spool_id = said[0].split()[1].decode()
    assert found_in(files_of([places]), secrets) == []  # what the spool has is in memory
    recover_elsewhere(places, spool_id, must=spools_in(spools) != [])
    assert found_in(files_of([places, spools]), secrets) == []
    assert found_in(readings(target), secrets) == []
    assert spools_in(spools) == []


def recover_elsewhere(places: Path, spool_id: str, *, must: bool) -> None:
    """Recover without any of the variables, with another home."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CANARY_")}
    done = subprocess.run(
        [*CASSETTE, "recover", spool_id], env={**others, "HOME": "/nowhere"}, cwd=places,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == (0 if must else 2), done.stderr
