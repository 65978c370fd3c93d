"""Which emulator draws: the one that is named, the variable, the manifest; one that is missing says what to install."""

from pathlib import Path

import pytest
from build_cassette import greeter

import cassette
from cassette.emulators import EMULATOR_VARIABLE, reading_emulator
from cassette.errors import EmulatorMissing, UnknownEmulator
from cassette.model import Size
from cassette.recording.rederive import rederive
from terminal import emulator as emulators

SIZE = Size(20, 4)


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EMULATOR_VARIABLE, raising=False)


@pytest.fixture
def no_ghostty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulators, "find_spec", lambda name: None)


@pytest.fixture
def drawn_by_ghostty(tmp_path: Path) -> Path:
    place = tmp_path / "tape"
    greeter().write(place)
    manifest = place / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"name": "pyte"', '"name": "ghostty"'))
    (place / "seal.json").unlink()
    return place


def test_a_cassette_is_read_again_with_the_emulator_that_it_names() -> None:
    assert reading_emulator("pyte", SIZE).identity.name == "pyte"


def test_one_that_another_implementation_wrote_is_drawn_by_the_default_one() -> None:
    assert reading_emulator("vt10x", SIZE).identity.name == "pyte"


def test_the_variable_goes_before_the_manifest(monkeypatch: pytest.MonkeyPatch, no_ghostty: None) -> None:
    monkeypatch.setenv(EMULATOR_VARIABLE, "pyte")
    assert reading_emulator("ghostty", SIZE).identity.name == "pyte"
    monkeypatch.setenv(EMULATOR_VARIABLE, "pite")
    with pytest.raises(UnknownEmulator, match="did you mean 'pyte'") as caught:
        reading_emulator("pyte", SIZE)
    assert caught.value.exit_code == 2


def test_one_that_is_not_installed_says_what_to_install(no_ghostty: None, drawn_by_ghostty: Path) -> None:
    with cassette.open(drawn_by_ghostty) as tape:
        assert tape.screen_at(seq=3).text, "stored frames need no emulator"
        with pytest.raises(UnknownEmulator, match=r"pip install 'pty-cassette\[ghostty\]'"):
            tape.screen_at(seq=3, exact=True)
    with pytest.raises(EmulatorMissing, match=r"pty-cassette\[ghostty\]") as caught:
        rederive(drawn_by_ghostty)
    assert caught.value.exit_code == 4


def test_a_replayed_session_draws_with_what_is_at_hand(no_ghostty: None, drawn_by_ghostty: Path) -> None:
    with cassette.open(drawn_by_ghostty).session() as session:
        session.wait_for("name?")
