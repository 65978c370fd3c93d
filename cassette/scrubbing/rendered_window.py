"""The views of a stretch of output, with what a screen shows of it where the cursor was moved.

Each stretch is drawn by itself, on an empty screen of the size that the terminal had: what stood there before is not
seen. Text without movements reads the same with its escapes removed, and is not drawn.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from cassette.model import Size
from cassette.scrubbing.beginnings import Beginnings
from cassette.scrubbing.screen_texts import painted_views, screen_texts
from scrub.escapes import text_views
from scrub.scrubber import Scrubber
from scrub.views import View
from terminal.played import Played, Resize, Timeline

_MOVES = re.compile(rb"\x1b(?:\[[0-9;]*[@ABDEFGHLMPSTZ`adefrsu]|[DEM78])")


class RenderedWindow:
    """Told of sizes, gives views. `at` is where in the stream the output begins that it is given next."""

    def __init__(self, scrubber: Scrubber, size: Size, *, learn: bool) -> None:
        self._scrubber = scrubber
        self._learns = learn
        self._sizes: deque[tuple[int, Size]] = deque([(0, size)])

    def resized(self, at: int, size: Size) -> None:
        """The terminal has another size from this byte of output on."""
        self._sizes.append((at, size))

    def views(self, streams: Mapping[str, bytes], start: int) -> list[View]:
        """Every view of a stretch of output that begins at `start`; never an earlier one than the last."""
        output = streams["output"]
        views = text_views("output", output)
        size, timeline = self._timeline(start, len(output))
        if _MOVES.search(output) is None:
            return views
        twin = self._scrubber.copy()
        played = Played(size.columns, size.rows, timeline, output)
        screen = screen_texts(played, Beginnings(twin.rules, twin.book), twin.book)
        if self._learns:
            twin.discover(screen.views)
        hits = twin.sweep(screen.views)
        if not hits:
            return views
        wanted = screen.found(hits, twin.book)
        return [*views, *painted_views(screen.passed, Beginnings(twin.rules, twin.book), wanted)]

    def _timeline(self, start: int, length: int) -> tuple[Size, Timeline]:
        """The size at the start, and the stretches between the changes that follow."""
        while len(self._sizes) > 1 and self._sizes[1][0] <= start:
            self._sizes.popleft()
        timeline: list[int | Resize] = []
        at = start
        for place, size in list(self._sizes)[1:]:
            if place >= start + length:
                break
            timeline += [place - at, Resize(size.columns, size.rows)]
            at = place
        return self._sizes[0][1], [*timeline, start + length - at]
