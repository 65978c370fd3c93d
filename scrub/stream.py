"""Scrub a stream as it comes, with a bounded hold-back. For recordings too long for memory.

What is written does not depend on how the stream was cut: it is worked on in blocks at fixed offsets, each read
together with what lies before and behind it. A secret that is painted in pieces further apart than that, or
becomes known only later, is not found: the guarantee is `stream`, not `whole`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scrub.escapes import text_views
from scrub.report import HitCounts
from scrub.scrubber import Scrubber, SecretsLeft, Views, leak_of
from scrub.sweep import Hit, Sweep
from scrub.views import View, raw_view

BLOCK = 1 << 16
BEHIND = (
    1 << 15
)  # read after a block before it is written: the longest secret, a private key, with its colours
BEFORE = 1 << 14
_ROUNDS = 4


def output_views(streams: Mapping[str, bytes]) -> list[View]:
    """The views of a terminal's output that need no terminal."""
    return [view for name, data in streams.items() for view in text_views(name, data)]


class StreamScrubber:
    """`feed` bytes, write what it returns, and at the end what `flush` returns. Lengths are kept over all.

    It holds back at most `block + behind` bytes, and keeps `before` more. `views` reads a stretch of the stream
    in every way; the default needs no terminal.
    """

    def __init__(
        self,
        scrubber: Scrubber,
        stream: str = "output",
        *,
        views: Views = output_views,
        block: int = BLOCK,
        behind: int = BEHIND,
        before: int = BEFORE,
    ) -> None:
        self.counts = HitCounts()
        self._scrubber = scrubber
        self._stream = stream
        self._views = views
        self._block, self._behind, self._before = block, behind, before
        self._past = b""  # of the original, right before what is held
        self._held = bytearray()
        self._written = b""  # the end of what was given out, for the check
        self._sweep: tuple[int, Sweep] | None = None

    def feed(self, data: bytes) -> bytes:
        """Take more of the stream; what can be written now, often nothing. SecretsLeft when the check fails."""
        self._held += data
        out = []
        while len(self._held) >= self._block + self._behind:
            out.append(self._advance(self._block))
        return b"".join(out)

    def flush(self) -> bytes:
        """The rest of the stream, at its end."""
        out = []
        while self._held:
            out.append(self._advance(min(self._block, len(self._held))))
        return b"".join(out)

    def _advance(self, size: int) -> bytes:
        """Scrub the next block, give it out, and let it become the past."""
        window = self._past + bytes(self._held[: size + self._behind])
        end = len(self._past) + size
        clean = self._scrubbed(window, end)
        out = clean[len(self._past) : end]
        self._check(self._written + out)
        self._past = window[max(0, end - self._before) : end]
        self._written = (self._written + out)[-self._before :]
        del self._held[:size]
        return out

    def _scrubbed(self, window: bytes, end: int) -> bytes:
        """The window with everything covered that begins before `end`."""
        current = window
        for _ in range(_ROUNDS):
            streams = {self._stream: current}
            views = self._scrubber.completed(self._views(streams), streams)
            self._learn(views, end)
            hits = [hit for view in views for hit in self._swept(view) if _begins_before(hit, end)]
            if not hits:
                return current
            rewritten, effective = self._scrubber.rewrite(streams, hits)
            for hit in effective:
                if _place(hit) >= len(self._past):  # those before were counted with their own block
                    self.counts.count([hit])
            current = rewritten[self._stream]
        return current

    def _learn(self, views: Iterable[View], end: int) -> None:
        for view in views:
            for known in self._scrubber.found(view, before=end) if view.discover else ():
                self._scrubber.book.add(known)

    def _swept(self, view: View) -> list[Hit]:
        book = self._scrubber.book
        if self._sweep is None or self._sweep[0] != len(book):
            self._sweep = (len(book), Sweep(book))
        return self._sweep[1].hits(view)

    def _check(self, written: bytes) -> None:
        left = [hit for hit in self._swept(raw_view(self._stream, written)) if hit.end <= len(written)]
        if left:
            raise SecretsLeft([leak_of(hit) for hit in left])


def _begins_before(hit: Hit, end: int) -> bool:
    return _place(hit) < end


def _place(hit: Hit) -> int:
    return hit.view.place(hit.start)
