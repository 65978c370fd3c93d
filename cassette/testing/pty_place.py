"""Where a test is, and what the command line asks of it: values that the plugin makes from pytest's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test's files are, and how it is run again."""

    test: str
    """Its id."""
    beside: Path
    """The directory of the test's file."""
    directory: Path
    """The directory of its module's cassettes."""
    first: Path
    """The cassette of its first spawn."""
    own: bool
    """That name is this test's alone."""
    screens: Path
    """The directory of its approved screens."""
    command: Callable[[str], str]
    """The command that runs this test with an option."""
    scratch: Callable[[str], Path]
    """Makes a new directory under the temp root of this run."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks of every test."""

    disabled: bool = False
    update_screens: bool = False
    trace: str = "off"
