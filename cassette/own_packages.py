"""`terminal` and `scrub` are common names: make sure that the ones that Python finds are ours."""

from __future__ import annotations

from importlib import import_module

from cassette.errors import ForeignPackage

DISTRIBUTION = "pty-cassette"


def check_own_packages() -> None:
    """Raise ForeignPackage when a stranger stands in the place of one of our packages."""
    for name in ("terminal", "scrub"):
        try:
            module = import_module(name)
        except ImportError as error:
            raise ForeignPackage(name=name, where=f"nowhere ({error})") from None
        if getattr(module, "__distribution__", None) != DISTRIBUTION:
            raise ForeignPackage(
                name=name, where=getattr(module, "__file__", None) or "a folder without files"
            )
