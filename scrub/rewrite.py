"""Write placeholders over the bytes of secrets. Nothing is ever cut or moved: same length, same width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scrub.placeholder import Width, ink, is_kept, placeholder
from scrub.sweep import Hit
from scrub.views import Base64Places, Span, Unit, View

_STRETCH = 12  # bits: of most streams little is written
_INSIDE = (1 << _STRETCH) - 1


@dataclass(slots=True)
class Sheet:
    """One stream while it is written on, and which of its bytes are written already, by stretches of them."""

    data: bytearray
    _done: dict[int, bytearray] = field(default_factory=dict)

    def is_free(self, spans: Iterable[Span]) -> bool:
        """Is none of these bytes written yet?"""
        return not any(
            self._done[at >> _STRETCH][at & _INSIDE]
            for start, end in spans
            for at in range(start, end)
            if at >> _STRETCH in self._done
        )

    def write(self, start: int, new: bytes) -> None:
        """Write `new` over the bytes that begin at `start`."""
        self.data[start : start + len(new)] = new
        for at in range(start, start + len(new)):
            stretch = self._done.get(at >> _STRETCH)
            if stretch is None:
                stretch = self._done[at >> _STRETCH] = bytearray(_INSIDE + 1)
            stretch[at & _INSIDE] = 1


class Rewriter:
    """Rewrites streams. Numbers secrets in the order in which they first appear, stream by stream.

    `numbers` are those given by now; new ones are greater than they and than `last`.
    """

    def __init__(
        self, streams: Mapping[str, bytes], width: Width, numbers: dict[int, int], last: int = 0
    ) -> None:
        self._sheets = {name: Sheet(bytearray(data)) for name, data in streams.items()}
        self._order = {name: index for index, name in enumerate(streams)}
        self._width = width
        self._numbers = numbers
        self._last = max([last, *numbers.values()])

    def rewrite(self, hits: Sequence[Hit]) -> tuple[dict[str, bytes], list[Hit]]:
        """The streams with every hit covered, and the hits that covered something no longer hit before them had."""
        placed = [
            (hit, list(hit.view.units(hit.start, hit.end))) for hit in hits if hit.view.stream in self._sheets
        ]
        self._number(placed)
        placed.sort(key=lambda item: -(item[0].end - item[0].start))
        effective: list[Hit] = []
        effective.extend(self._cover_encoded([item for item in placed if item[0].view.places.encoded]))
        for hit, units in placed:
            if hit.view.places.encoded is None and self._cover(hit, units):
                effective.append(hit)
        return {name: bytes(sheet.data) for name, sheet in self._sheets.items()}, effective

    def _number(self, placed: list[tuple[Hit, list[Unit]]]) -> None:
        first: dict[int, tuple[int, int]] = {}
        for hit, units in placed:
            if hit.entry.mask:
                continue
            begin = min((span[0] for unit in units for span in unit[2]), default=0)
            place = (self._order[hit.view.stream], begin)
            first[hit.entry.identity] = min(place, first.get(hit.entry.identity, place))
        for identity in sorted(first, key=lambda identity: first[identity]):
            if identity not in self._numbers:
                self._last += 1
                self._numbers[identity] = self._last

    def _text(self, hit: Hit, units: list[Unit]) -> list[int]:
        """The character to stand at each unit."""
        shown = [not is_kept(hit.view.text[start:end]) for start, end, _ in units]
        number = self._numbers.get(hit.entry.identity, 0)
        written = hit.entry.mask or placeholder(hit.entry.kind, number, sum(shown))
        wide = [end - start > 1 for (start, end, _), show in zip(units, shown, strict=True) if show]
        said = len(written.rstrip(b"*>"))
        if said and not hit.entry.mask and (any(wide[:said]) or wide[-1]):
            # What it says would have other letters in it, and look like a secret.
            written = b"*" * len(written)
        letters = iter(written)
        return [next(letters) if show else 0 for show in shown]

    def _cover(self, hit: Hit, units: list[Unit]) -> bool:
        sheet = self._sheets[hit.view.stream]
        covered = False
        for (start, end, spans), wanted in zip(units, self._text(hit, units), strict=True):
            character = hit.view.text[start:end]
            if is_kept(character) or not spans or not sheet.is_free(spans):
                continue
            for first, last in spans:
                painted = bytes(sheet.data[first:last])
                sheet.write(first, ink(character, painted, wanted, self._width))
                covered = True
        return covered

    def _cover_encoded(self, placed: list[tuple[Hit, list[Unit]]]) -> list[Hit]:
        """Texts that stand in the stream as base64: covered as text, then encoded again, all of it."""
        texts: dict[tuple[str, Span], tuple[View, Sheet]] = {}
        effective: list[Hit] = []
        for hit, units in placed:
            encoded = hit.view.places.encoded
            assert encoded is not None
            _, sheet = texts.setdefault(
                (hit.view.stream, encoded), (hit.view, Sheet(bytearray(hit.view.text)))
            )
            for (start, end, _), wanted in zip(units, self._text(hit, units), strict=True):
                character = hit.view.text[start:end]
                if not is_kept(character) and sheet.is_free([(start, end)]):
                    sheet.write(start, ink(character, character, wanted, self._width))
                    if hit not in effective[-1:]:
                        effective.append(hit)
        for view, sheet in texts.values():
            self._encode(view, sheet.data)
        return effective

    def _encode(self, view: View, covered: bytearray) -> None:
        """Write what was covered in a text; what another view covered of the same letters stays so."""
        places, sheet = view.places, self._sheets[view.stream]
        assert isinstance(places, Base64Places)
        now = bytearray(places.read(sheet.data))
        for at, (old, new) in enumerate(zip(view.text, covered, strict=True)):
            if old != new:
                now[at] = new
        for start, letters in places.written(now):
            sheet.write(start, letters)
