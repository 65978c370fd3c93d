"""Random output for a small screen: text, movements, what erases, moves and scrolls, other sizes."""

from __future__ import annotations

from hypothesis import strategies as st

from terminal.played import Resize

COLUMNS, ROWS = 12, 5
PIECES = st.sampled_from(
    [
        *(text.encode() for text in ("a", "bc", "def", "ghijkl", "mnopqrstuvwxyz", "é", "世", "\u0301", " ")),
        b"\r\n", b"\n", b"\r", b"\b", b"\t", b"\x1bM", b"\x1bD",
        b"\x1b[H", b"\x1b[2;3H", b"\x1b[5;1H", b"\x1b[5;11H", b"\x1b[A", b"\x1b[C", b"\x1b[3D",
        b"\x1b[J", b"\x1b[1J", b"\x1b[2J", b"\x1b[K", b"\x1b[1K", b"\x1b[2K", b"\x1b[2X",
        b"\x1b[@", b"\x1b[2P", b"\x1b[L", b"\x1b[M", b"\x1b[S", b"\x1b[T", b"\x1b[2;4r", b"\x1b[r",
        b"\x1b[4h", b"\x1b[4l", b"\x1b[?7l", b"\x1b[?7h", b"\x1b[1m", b"\x1b[m", b"\x1b(0", b"\x1b(B",
        b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?47h", b"\x1b[?47l", b"\x1bc", b"\x1b[!p", b"\x1b[ @",
    ]
)  # fmt: skip
STEPS = st.lists(
    st.one_of(PIECES, PIECES, PIECES, st.builds(Resize, st.integers(3, 20), st.integers(1, 8))), max_size=25
)
