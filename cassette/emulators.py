"""Emulators by name, with errors that a user understands."""

from __future__ import annotations

import os

from cassette.errors import EmulatorMissing, UnknownEmulator
from cassette.model import EmulatorIdentity, Size
from terminal.emulator import DEFAULT_EMULATOR, Emulator, EmulatorError, known_emulators, make_emulator

EMULATOR_VARIABLE = "CASSETTE_EMULATOR"
"""Names the emulator where nothing else does; for reading it goes before what a manifest says."""


def default_emulator() -> str:
    """The emulator that draws where none is named."""
    return os.environ.get(EMULATOR_VARIABLE) or DEFAULT_EMULATOR


def reading_emulator(recorded: str, size: Size) -> Emulator:
    """A fresh emulator to draw a cassette again: the one in $CASSETTE_EMULATOR, else the one that drew its frames.

    A name that another implementation wrote is not ours to install: there the default one draws. Raises
    EmulatorMissing for one of ours that is not installed, and says what to install.
    """
    known = recorded if recorded in known_emulators() else DEFAULT_EMULATOR
    return new_emulator(os.environ.get(EMULATOR_VARIABLE) or known, size)


def emulator_at_hand(recorded: str, size: Size) -> Emulator:
    """A fresh emulator for a replay: the one that drew the cassette, or, where it is not here, the default one.

    Any draws the same bytes, and an upgrade must not break who replays.
    """
    try:
        return make_emulator(recorded, columns=size.columns, rows=size.rows)
    except EmulatorError:
        return make_emulator(columns=size.columns, rows=size.rows)


def new_emulator(name: str, size: Size) -> Emulator:
    """A fresh emulator of this size. Raises UnknownEmulator, and EmulatorMissing for one that is not installed."""
    try:
        return make_emulator(name, columns=size.columns, rows=size.rows)
    except EmulatorError as error:
        kind = EmulatorMissing if name in known_emulators() else UnknownEmulator
        raise kind(what=str(error)) from None


def identity_of(emulator: Emulator) -> EmulatorIdentity:
    """An emulator's identity as a manifest holds it."""
    return EmulatorIdentity(emulator.identity.name, emulator.identity.version)
