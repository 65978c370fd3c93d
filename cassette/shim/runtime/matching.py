"""Input against the recorded input, byte by byte, however it was split. CR and LF are the same, always.

Where input was hidden the recording has wildcards, so the place in it is a set of places. Nothing here knows a
clock or a descriptor.
"""

from cassette.shim.runtime.plan import ANY

_LF = 10


class Matcher:
    """How much of the recorded input has come.

    `floor` is what has come for sure, `ceiling` what may have come: they differ only inside a wildcard.
    """

    def __init__(self, keys: bytes, wild: dict[int, int]) -> None:
        self._keys = keys.replace(b"\r", b"\n")
        self._wild = wild
        self._end = len(keys)
        self.taken = bytearray()
        """What has come and fitted, as it came; one `*` for each hidden input."""
        self._was_hidden = False
        self._places = self._closed({0})

    @property
    def floor(self) -> int:
        """What has come for sure."""
        return min(self._places)

    @property
    def ceiling(self) -> int:
        """What may have come."""
        return max(self._places)

    @property
    def complete(self) -> bool:
        """Whether all of it may have come."""
        return self._end in self._places

    @property
    def is_hidden(self) -> bool:
        """Whether a hidden input is under way or comes next."""
        return any(place in self._wild for place in self._places)

    @property
    def expects(self) -> bytes:
        """The bytes that could come next, wildcards left out."""
        return bytes(
            self._keys[place] for place in self._places if place < self._end and place not in self._wild
        )

    def feed(self, data: bytes) -> int:
        """Take what fits; how many bytes that were. Fewer than given: the next one is wrong."""
        return self._walk(data, self.taken)

    def fits(self, data: bytes) -> bool:
        """Whether all of `data` would fit; nothing is taken."""
        before = self._places
        done = self._walk(data, bytearray())
        self._places = before
        return done == len(data)

    def _walk(self, data: bytes, taken: bytearray) -> int:
        alike = data.replace(b"\r", b"\n")
        done = 0
        while done < len(data):
            length = self._run(alike, done)
            taken += data[done : done + length]
            done += length
            if done < len(data):
                after = self._after(alike[done])
                if not after:
                    break
                self._note(taken, data[done], is_hidden=self.is_hidden and alike[done] != _LF)
                self._places = after
                done += 1
        return done

    def _note(self, taken: bytearray, byte: int, *, is_hidden: bool) -> None:
        """Nobody can read in `taken` what was typed hidden, nor how long it was."""
        if not is_hidden:
            taken.append(byte)
        elif not self._was_hidden:
            taken += b"*"
        self._was_hidden = is_hidden

    def _run(self, data: bytes, start: int) -> int:
        """Take a run of plain bytes at once; a paste is long."""
        if len(self._places) > 1 or self._wild:
            return 0
        place = self.floor
        length = min(self._end - place, len(data) - start)
        if not length or self._keys[place : place + length] != data[start : start + length]:
            return 0
        self._places = {place + length}
        return length

    def _after(self, byte: int) -> set[int]:
        found = set()
        for place in self._places:
            kind = self._wild.get(place)
            if kind is None:
                if place < self._end and self._keys[place] == byte:
                    found.add(place + 1)
            elif byte != _LF:
                found.add(place if kind == ANY else place + 1)
        return self._closed(found)

    def _closed(self, places: set[int]) -> set[int]:
        """With the places behind wildcards that may be over."""
        for first in tuple(places):
            place = first
            while self._wild.get(place) == ANY:
                place += 1
                places.add(place)
        return places
