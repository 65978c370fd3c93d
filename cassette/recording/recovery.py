"""Finish what a crash left in the spool."""

from __future__ import annotations

from pathlib import Path

from cassette.errors import CassetteError
from cassette.recording.finish import Progress, finish
from cassette.scrubbing.settings import max_output_bytes_here
from cassette.store.spool import Spool, SpoolInfo, discard_spool, list_spools, open_spool

__all__ = ["SpoolInfo", "discard_spool", "list_spools", "recover"]


def recover(spool_id: str, *, to: str | Path | None = None, progress: Progress | None = None) -> Path:
    """Publish the recording of a spool whose recorder is gone; the cassette's path.

    `to` is another place than the recorder was given; nothing is ever overwritten there. It is partial when its
    end was not recorded. Raises NoSuchSpool, SpoolInUse, SpoolDamaged, and what publishing
    raises (SecretsWouldLeak, TooLongToScrub, CassetteExists, CannotStore); then the spool stays.
    """
    spool = open_spool(spool_id)
    try:
        if to is not None:
            spool.target = Path(to).absolute()
            spool.header = {**spool.header, "overwrite": False}
        if _is_published(spool):
            spool.discard()
            return spool.target
        return finish(spool, progress=progress, max_output_bytes=max_output_bytes_here())
    except BaseException:
        spool.close()
        raise


def _is_published(spool: Spool) -> bool:
    """Whether the crash came after the publishing: the sealed cassette of this recording stands in its place."""
    from cassette.reading.reader import open as open_cassette

    try:
        with open_cassette(spool.target) as tape:
            return tape.id == spool.header["id"] and tape.verdict.sealed
    except CassetteError:
        return False
