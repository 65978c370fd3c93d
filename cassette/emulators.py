"""Emulators by name, with errors that a user understands."""

from __future__ import annotations

from cassette.errors import UnknownEmulator
from cassette.model import EmulatorIdentity, Size
from terminal.emulator import Emulator, EmulatorError, make_emulator


def new_emulator(name: str, size: Size) -> Emulator:
    """A fresh emulator of this size. Raises UnknownEmulator when it is not known or not installed."""
    try:
        return make_emulator(name, columns=size.columns, rows=size.rows)
    except EmulatorError as error:
        raise UnknownEmulator(what=str(error)) from None


def identity_of(emulator: Emulator) -> EmulatorIdentity:
    """An emulator's identity as a manifest holds it."""
    return EmulatorIdentity(emulator.identity.name, emulator.identity.version)
