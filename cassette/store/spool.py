"""What is observed while a program runs, kept in memory that outlives this process: append-only.

Never on a disk, but for `create_on_disk`, whose caller vouches that nothing in it is secret.

When `append` has returned, the event survives the recorder's death. A torn last event is what a kill left of a
write that never returned, and is not there; a complete event that is not what was written is damage, is named by
its offset, and is never trimmed away. The spool belongs to whoever holds the lock on its file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cassette.errors import CannotStore, NoSuchSpool, SpoolDamaged, SpoolFull, SpoolInUse
from cassette.format.documents import write_json
from cassette.store import locks
from cassette.store.framing import (
    HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    BadRecord,
    Record,
    header_of,
    read_records,
    whole_end,
)
from cassette.store.media import FULL, SUFFIX, FileMedium, Medium, MemoryMedium
from cassette.store.places import (
    Place,
    cannot_use,
    demanded_root,
    disk_place,
    places_to_read,
    places_to_write,
)
from cassette.store.spool_header import HEADER_KIND, ID, new_header, path_of, read_header

__all__ = ["Record", "Spool", "SpoolInfo", "discard_spool", "list_spools", "open_spool"]

SLACK_BYTES = 64 * 1024
"""Room that only closing records may use, so that a full spool can still say how it ended."""
_FIRST_STEP, _LAST_STEP = 512 * 1024, 2 * 2**20
_NO_LIMIT = 2**63


class Spool:
    """One recording's events. One writer at a time: callers in several threads take turns.

    `id`; `path` of the file, None in memory; `header` as given to `create`; `target` where the cassette will go,
    absolute; `started` in ISO 8601; `pid` of the recorder; `in_memory`, and then `why_in_memory`.
    """

    def __init__(
        self,
        medium: Medium,
        document: Mapping[str, Any],
        first: int,
        max_bytes: int | None,
        slack: int = SLACK_BYTES,
    ) -> None:
        self._medium = medium
        about = document["spool"]
        self.header: Mapping[str, Any] = document["header"]
        self.id: str = about["id"]
        self.pid: int = about["pid"]
        self.started: str = about["started"]
        self.target = path_of(about["target"])
        self.path = medium.path
        self.in_memory = medium.path is None
        self.why_in_memory = ""
        self.first = first
        self._max_bytes = _NO_LIMIT if max_bytes is None else max_bytes
        self._slack = slack
        self._end = first
        self._reserved = 0  # up to here room is promised; _NO_LIMIT where nobody promises
        self._limit = 0  # an event that ends behind this needs `_make_room` first
        self._step = _FIRST_STEP
        self._tail_known = False

    @classmethod
    def create(
        cls,
        header: Mapping[str, Any],
        *,
        target: Path,
        max_bytes: int | None = None,
        roots: Sequence[Path] | None = None,
    ) -> Spool:
        """Begin a spool in the first of `roots` that is RAM-backed, private and has room, else in memory.

        `header` is JSON with all that a recovery needs; its `id`, where given, names the spool, and its `argv` is
        listed. `roots` replaces `$CASSETTE_SPOOL_DIR`, `$XDG_RUNTIME_DIR` and `/dev/shm`. `max_bytes` bounds the
        spool, framing included. Raises CannotStore when `$CASSETTE_SPOOL_DIR` cannot be used, ValueError when
        the header is not plain JSON.
        """
        document = new_header(header, target)
        payload = write_json(document)
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a spool header of {len(payload)} bytes")
        refused: list[str] = []
        for place in places_to_write(roots, refused):
            try:
                medium = FileMedium.create(place, document["spool"]["id"] + SUFFIX)
                return cls._begin(medium, document, payload, max_bytes)
            except OSError as error:
                refused.append(f"{place.path} cannot be used: {(error.strerror or str(error)).lower()}")
            except SpoolFull as full:
                refused.append(f"{place.path} has no room: {full.facts['why']}")
            finally:
                place.close()
        if roots is None and (demanded := demanded_root()) is not None:
            raise cannot_use(demanded, "; ".join(refused))
        spool = cls._begin(MemoryMedium(), document, payload, max_bytes)
        spool.why_in_memory = "; ".join(refused) or "there is no RAM-backed file system"
        return spool

    @classmethod
    def create_on_disk(cls, header: Mapping[str, Any], *, target: Path, slack: int = SLACK_BYTES) -> Spool:
        """Begin a spool below `$XDG_STATE_HOME`. Nothing that goes into it, header included, may be secret.

        `slack` bytes are held back for closing records. Raises CannotStore, SpoolFull, ValueError.
        """
        document = new_header(header, target)
        payload = write_json(document)
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a spool header of {len(payload)} bytes")
        place = disk_place()
        try:
            medium = FileMedium.create(place, document["spool"]["id"] + SUFFIX)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            todo = "Make it writable, or make room."
            raise CannotStore(action="spool in", path=place.path, why=why, todo=todo) from error
        finally:
            place.close()
        return cls._begin(medium, document, payload, None, slack)

    @classmethod
    def _begin(
        cls,
        medium: Medium,
        document: Mapping[str, Any],
        payload: bytes,
        max_bytes: int | None,
        slack: int = SLACK_BYTES,
    ) -> Spool:
        spool = cls(medium, document, 0, max_bytes, slack)
        try:
            spool._tail_known = True
            spool._put(HEADER_KIND, 0, payload, closing=False)
        except BaseException:
            medium.discard()
            medium.close()
            raise
        spool.first = spool._end
        return spool

    def append(self, kind: bytes, t_ms: int, payload: bytes | memoryview, *, closing: bool = False) -> None:
        """Keep one event: `kind` is one byte, `t_ms` the recording's time. It is acknowledged by returning.

        `closing` may use the room that is held back for the records that end a recording. Raises SpoolFull, and
        then nothing of this event is there and all before it is; SpoolDamaged when a recovered spool turns out
        to be damaged. `memoryview`s must be of bytes.
        """
        if kind == HEADER_KIND or len(payload) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"an event of kind {kind!r} and {len(payload)} bytes")
        if not self._tail_known:
            self._cut_torn_tail()
        self._put(kind, t_ms, payload, closing=closing)

    def _put(self, kind: bytes, t_ms: int, payload: bytes | memoryview, *, closing: bool) -> None:
        head = header_of(kind, t_ms, payload)
        size = HEADER_BYTES + len(payload)
        if self._end + size > self._limit:
            self._make_room(size, closing=closing)
        try:
            written = self._medium.write(head, payload)
        except OSError as error:
            raise self._cannot_write(error) from error
        if written != size:
            self._take_back(written)
            raise self._full("a write was cut short")
        self._end += size

    def _make_room(self, size: int, *, closing: bool) -> None:
        """Reserve ahead in growing steps. Raises SpoolFull when there is no room for this event and the slack."""
        self._end = self._medium.size()  # an interrupted call may have written without counting
        end = self._end + size
        if end > self._max_bytes and not closing:
            raise self._full(f"{self._max_bytes} bytes are its limit")
        if end + self._slack > self._reserved:
            self._reserve(end, closing=closing)
        self._limit = min(self._reserved - self._slack, self._max_bytes)

    def _reserve(self, end: int, *, closing: bool) -> None:
        start, why = max(self._reserved, self._end), ""
        for wanted in (end + self._slack + self._step, end + self._slack):
            try:
                promised = self._medium.reserve(start, wanted)
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                continue
            self._reserved = wanted if promised else _NO_LIMIT
            self._step = min(self._step * 2, _LAST_STEP)
            return
        if not closing:
            raise self._full(why)

    def _take_back(self, written: int) -> None:
        """A write was cut short: drop the fragment, which was never acknowledged, and claim the slack again."""
        self._medium.cut(self._medium.size() - written)
        self._end = self._reserved = self._medium.size()
        self._limit = 0
        with suppress(OSError):
            if self._medium.reserve(self._end, self._end + self._slack):
                self._reserved = self._end + self._slack

    def records(self, start: int | None = None) -> Iterator[Record]:
        """The events from the boundary `start` (default: the first), in order, to what is there now.

        Memory stays flat. A torn last event is not given, and `torn` says so. Raises SpoolDamaged at a complete
        event that is not what was written.
        """
        begin = self.first if start is None else start
        try:
            yield from read_records(self._medium.read, begin, self._medium.size())
        except BadRecord as bad:
            raise self._damaged(bad) from None

    @property
    def torn(self) -> bool:
        """Whether the file ends inside an event. Raises SpoolDamaged when a header before that is damaged."""
        return self._whole_end() != self._medium.size()

    @property
    def size(self) -> int:
        """Bytes that the spool takes, framing included."""
        return self._medium.size()

    def discard(self) -> None:
        """Remove the spool for good, and close it; one that is closed already stays (see `discard_spool`)."""
        self._medium.discard()
        self._medium.close()

    def close(self) -> None:
        """Let the spool go and keep its file for `recover`; what is in memory only is lost with the object."""
        self._medium.close()

    def _whole_end(self) -> int:
        try:
            return whole_end(self._medium.read, self.first, self._medium.size())
        except BadRecord as bad:
            raise self._damaged(bad) from None

    def _cut_torn_tail(self) -> None:
        self._end = self._whole_end()
        if self._end != self._medium.size():
            self._medium.cut(self._end)
        self._tail_known = True

    def _full(self, why: str) -> SpoolFull:
        return SpoolFull(path=self.path or "in memory", size=self._end, why=why)

    def _cannot_write(self, error: OSError) -> SpoolFull | CannotStore:
        why = (error.strerror or str(error)).lower()
        if error.errno in FULL:
            return self._full(why)
        return CannotStore(
            action="write to the spool", path=self.path, why=why, todo="What came before it is kept."
        )

    def _damaged(self, bad: BadRecord) -> SpoolDamaged:
        return SpoolDamaged(path=self.path or "in memory", id=self.id, offset=bad.offset, why=str(bad))


@dataclass(frozen=True, slots=True)
class SpoolInfo:
    """What `recover --list` shows of a spool; of one without a whole header only `id`, `path`, `size`, `alive`."""

    id: str
    path: Path
    size: int
    alive: bool
    """Its recorder, or a recovery, holds it."""
    target: Path | None = None
    started: str = ""
    pid: int = 0
    argv: tuple[str, ...] = ()
    damage: str = ""
    empty: bool = False
    """Not even its header was written whole: there is nothing to recover, only a file to remove."""


def list_spools(*, roots: Sequence[Path] | None = None) -> list[SpoolInfo]:
    """Every spool of this user, oldest first; touches none."""
    found: list[SpoolInfo] = []
    for place in places_to_read(roots):
        try:
            names = (name for name in os.listdir(place.fd) if name.endswith(SUFFIX))  # noqa: PTH208
            found.extend(info for name in names if (info := _look(place, name)) is not None)
        finally:
            place.close()
    return sorted(found, key=lambda info: (info.started, info.id))


def open_spool(spool_id: str, *, roots: Sequence[Path] | None = None) -> Spool:
    """Take over a spool that a crash left. Raises NoSuchSpool, SpoolInUse, SpoolDamaged (its header)."""
    medium = _take(spool_id, roots)
    try:
        document, first = read_header(medium, spool_id)
        return Spool(medium, document, first, None)
    except BaseException:
        medium.close()
        raise


def discard_spool(spool_id: str, *, roots: Sequence[Path] | None = None) -> None:
    """Remove a spool, damaged or not. Raises NoSuchSpool, SpoolInUse."""
    medium = _take(spool_id, roots)
    medium.discard()
    medium.close()


def _take(spool_id: str, roots: Sequence[Path] | None) -> FileMedium:
    if ID.fullmatch(spool_id):
        for place in places_to_read(roots):
            try:
                medium = FileMedium.open(place, spool_id + SUFFIX)
                if medium is None:
                    info = _look(place, spool_id + SUFFIX)
                    raise SpoolInUse(id=spool_id, pid=info.pid if info else "unknown")
                return medium
            except FileNotFoundError:
                continue
            finally:
                place.close()
    raise NoSuchSpool(id=spool_id)


def _look(place: Place, name: str) -> SpoolInfo | None:
    """What a file in a place holds, without taking it; None when it is gone, or no file."""
    path, spool_id = place.path / name, name.removesuffix(SUFFIX)
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place.fd)
    except OSError:
        return None
    medium = FileMedium(fd, os.dup(place.fd), path)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        alive, size = locks.has_owner(fd), medium.size()
        document, _ = read_header(medium, spool_id)
    except SpoolDamaged as damage:
        return SpoolInfo(spool_id, path, size, alive, damage=str(damage))
    except NoSuchSpool:
        return SpoolInfo(spool_id, path, size, alive, empty=True)
    except OSError:
        return None
    finally:
        medium.release()
    about, argv = document["spool"], document["header"].get("argv") or ()
    target = path_of(about["target"])
    return SpoolInfo(
        spool_id, path, size, alive, target, about["started"], about["pid"], tuple(map(str, argv))
    )
