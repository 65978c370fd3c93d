"""What a real terminal answers to the queries that are played: none of it is input that was recorded.

An answer counts as one only while a query of its kind is open: `CSI 1 ; 2 R` is a cursor report, and Shift+F3.
"""

_ST = b"\x1b\\"
_BEL = b"\a"
_STRINGS = b"]P_"
"""OSC, DCS, APC: bytes up to ST."""
_LONGEST = 65_536
_DCS = (
    (b">|", "xtversion"),
    (b"!|", "da3"),
    (b"1$r", "decrqss"),
    (b"0$r", "decrqss"),
    (b"1+r", "xtgettcap"),
    (b"0+r", "xtgettcap"),
)
_PRIVATE = {b"?c": "da1", b">c": "da2", b"?n": "dsr?", b"?R": "decxcpr", b"?u": "kitty", b">m": "xtqmodkeys"}
_PLAIN = {b"n": "dsr", b"R": "cpr", b"t": "xtwinops", b"x": "decreqtparm"}


class Questions:
    """The queries that were played and not answered. `hold` keeps the beginning of what may become an answer."""

    def __init__(self) -> None:
        self.open: dict[str, int] = {}
        self.hold = b""

    def ask(self, kind: str) -> None:
        """A query was played."""
        self.open[kind] = self.open.get(kind, 0) + 1

    def is_answer(self, sequence: bytes) -> bool:
        """Whether an open query is answered by this; then it is no longer open."""
        kind = answer_kind(sequence)
        if not self.open.get(kind):
            return False
        self.open[kind] -= 1
        if not self.open[kind]:
            del self.open[kind]
        return True

    def pieces(self, data: bytes) -> list[bytes]:
        """Input cut so that each whole sequence stands alone; a sequence without its end is held back."""
        data, self.hold = self.hold + data, b""
        found = []
        start = 0
        while (escape := data.find(b"\x1b", start)) >= 0:
            if escape > start:
                found.append(data[start:escape])
            end = sequence_end(data, escape)
            if end == 0:
                self.hold = data[escape:]
                return found
            start = end if end > 0 else escape + 1
            found.append(data[escape:start])
        if start < len(data):
            found.append(data[start:])
        return found

    def release(self) -> bytes:
        """What was held back, once nothing more came: keys."""
        held, self.hold = self.hold, b""
        return held


def sequence_end(data: bytes, start: int) -> int:
    """Where the control sequence that begins at `start` ends; 0 when its end is not there, -1 when it is none."""
    if len(data) == start + 1:
        return 0
    introducer = data[start + 1]
    if introducer == 0x5B:  # CSI
        for place in range(start + 2, len(data)):
            if not 0x20 <= data[place] <= 0x3F:
                return place + 1 if 0x40 <= data[place] <= 0x7E else -1
        return 0
    if introducer in _STRINGS:
        ends = [data.find(mark, start + 2) + len(mark) for mark in (_BEL, _ST) if mark in data[start + 2 :]]
        return min(ends) if ends else 0 if len(data) - start < _LONGEST else -1
    return -1


def answer_kind(sequence: bytes) -> str:
    """The kind of query that a whole sequence answers, or ""."""
    lead, body = sequence[:2], sequence[2:]
    if lead == b"\x1b[":
        return _csi_kind(body)
    if lead == b"\x1b]":
        number = body.split(b";")[0]
        return f"osc{number.decode()}" if number.isdigit() else "xtwinops" if body[:1] in (b"l", b"L") else ""
    if lead == b"\x1b_":
        return "graphics" if body[:1] == b"G" else ""
    for beginning, kind in _DCS:
        if lead == b"\x1bP" and body.startswith(beginning):
            return kind
    return ""


def _csi_kind(body: bytes) -> str:
    if body[-2:] == b"$y":
        return "decrqm"
    if body[:1] in (b"?", b">"):
        return _PRIVATE.get(body[:1] + body[-1:], "")
    kind = _PLAIN.get(body[-1:], "")
    return "" if kind == "cpr" and body.count(b";") != 1 else kind
