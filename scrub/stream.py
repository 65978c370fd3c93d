"""Scrub a stream as it comes, with a bounded hold-back. For recordings too long for memory.

What is written does not depend on how the stream was cut: it is worked on in blocks at fixed offsets, each read
together with what lies before and behind it. A secret that is painted in pieces further apart than that is not
found, and one that becomes known only later stands in what was given out before: the guarantee is `stream`, not
`whole`. A second pass with all that became known, and nothing more to learn, finds the latter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scrub.escapes import text_views
from scrub.report import HitCounts
from scrub.scrubber import Scrubber, SecretsLeft, Views, leak_of
from scrub.sweep import Hit, is_in_sequence
from scrub.views import View, raw_view

BLOCK = 1 << 16
BEHIND = (
    1 << 15
)  # read after a block before it is written: the longest secret, a private key, with its colours
BEFORE = 1 << 14
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Window:
    """How much is read at once, in bytes: a block, what follows it, and what came before it."""

    block: int = BLOCK
    behind: int = BEHIND
    before: int = BEFORE


WINDOW = Window()
"""What is read where nobody says otherwise."""


def output_views(streams: Mapping[str, bytes]) -> list[View]:
    """The views of a terminal's output that need no terminal."""
    return [view for name, data in streams.items() for view in text_views(name, data)]


class StreamScrubber:
    """`feed` bytes, write what it returns, and at the end what `flush` returns. Lengths are kept over all.

    It holds back less than a block and what follows it. `views` reads a stretch of the stream
    in every way; the default needs no terminal. With `learn` false no rule looks: what is known is all there is.
    """

    def __init__(
        self,
        scrubber: Scrubber,
        stream: str = "output",
        *,
        views: Views = output_views,
        learn: bool = True,
        window: Window = WINDOW,
    ) -> None:
        self.counts = HitCounts()
        self.given = 0
        """Bytes that were given out."""
        self.behind = window.behind
        self._scrubber = scrubber
        self._stream = stream
        self._views = views
        self._learns = learn
        self._block, self._before = window.block, window.before
        self._past = b""  # of the original, right before what is held
        self._held = bytearray()
        self._written = b""  # the end of what was given out, for the check

    @property
    def held(self) -> int:
        """Bytes that are held back."""
        return len(self._held)

    @property
    def room(self) -> int:
        """So many more bytes make it give out a block; feed no more at once to see each block by itself."""
        return self._block + self.behind - len(self._held)

    @property
    def window_start(self) -> int:
        """The offset in the stream of the stretch that `views` is given: what is kept before, and what is held."""
        return self.given - len(self._past)

    def feed(self, data: bytes) -> bytes:
        """Take more of the stream; what can be written now, often nothing. SecretsLeft when the check fails."""
        self._held += data
        out = []
        while len(self._held) >= self._block + self.behind:
            out.append(self._give(self._block))
        return b"".join(out)

    def flush(self) -> bytes:
        """The rest of the stream, at its end."""
        out = []
        while self._held:
            out.append(self._give(min(self._block, len(self._held))))
        return b"".join(out)

    def through(self, block: bytes, behind: bytes) -> bytes:
        """One block whose size the caller chooses, and what follows it as far as that is known; nothing is held.

        What was said to follow need not be what comes then. Not together with `feed`.
        """
        self._held = bytearray(block + behind)
        out = self._give(len(block), behind=len(behind)) if block else b""
        self._held.clear()
        return out

    def _give(self, size: int, *, behind: int | None = None) -> bytes:
        """Scrub the next block, give it out, and let it become the past."""
        behind = self.behind if behind is None else behind
        window = self._past + bytes(self._held[: size + behind])
        end = len(self._past) + size
        clean = self._scrubbed(window, end)
        out = clean[len(self._past) : end]
        self._check(out)
        self._past = window[max(0, end - self._before) : end]
        self._written = (self._written + out)[-self._before :]
        self.given += size
        del self._held[:size]
        return out

    def _scrubbed(self, window: bytes, end: int) -> bytes:
        """The window with everything covered that begins before `end`. Raises SecretsLeft when that does not end."""
        current = window
        hits: list[Hit] = []
        for _ in range(_ROUNDS):
            streams = {self._stream: current}
            views = self._scrubber.completed(self._views(streams), streams)
            self._learn(views, end, len(window))
            hits = [hit for hit in self._swept(views) if _place(hit) < end]
            if not hits:
                return current
            rewritten, effective = self._scrubber.rewrite(streams, hits)
            for hit in effective:
                if _place(hit) >= len(self._past):  # those before were counted with their own block
                    self.counts.count([hit])
            current = rewritten[self._stream]
        raise SecretsLeft([leak_of(hit) for hit in hits])

    def _learn(self, views: Iterable[View], end: int, size: int) -> None:
        """What stands in the block and not too near to the end of the window, where it may be cut."""
        if not self._learns:
            return
        before = max(end, size - self.behind // 2)
        for view in views:
            for known in self._scrubber.found(view, before=before) if view.discover else ():
                self._scrubber.book.add(known)

    def _check(self, out: bytes) -> None:
        """Nothing known leaves. What has left before it was known cannot be taken back."""
        before = len(self._written)
        left = self._swept([raw_view(self._stream, self._written + out)])
        if leaking := [hit for hit in left if hit.end > before]:
            raise SecretsLeft([leak_of(hit) for hit in leaking])

    def _swept(self, views: list[View]) -> list[Hit]:
        return [hit for hit in self._scrubber.sweep(views) if not is_in_sequence(hit)]


def _place(hit: Hit) -> int:
    return hit.view.place(hit.start)
