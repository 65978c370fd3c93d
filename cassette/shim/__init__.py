"""A replayed process: an executable that behaves as a recorded program did, for whoever starts it.

`write_shim` verifies a cassette, compiles it into a plan, and writes plan and player beside an executable. Nothing
here is imported when that executable runs: what it needs of this package is in its own bundle.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cassette.shim.writer import write_shim

__all__ = ["write_shim"]


def __getattr__(name: str) -> Any:
    if name != "write_shim":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("cassette.shim.writer").write_shim
