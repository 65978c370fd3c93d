"""Where the recorded output asks the terminal something, and what kind of answer that gets.

Found in the whole output, so that chunks change nothing. The kinds are those of `runtime.answers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cassette.store.directory import Buffer

_QUERY = re.compile(
    rb"\x1b(?:"
    rb"\[(?P<csi>0?c|>0?c|=0?c|>0?q|5n|\?[0-9]*n|6n|\??[0-9]+\$p|\?u|\?4m"
    rb"|1[134568](?:;[0-9])?t|19t|2[01]t|[01]?x)"
    rb"|\](?P<osc>4|1[0-9]|52)(?P<rest>;[^\x07\x1b]{0,4096})(?:\x07|\x1b\\)"
    rb"|P(?P<dcs>\$q|\+q)(?P<names>[^\x07\x1b]{0,4096})(?:\x07|\x1b\\)"
    rb"|_G(?P<apc>[^;\x07\x1b]{0,256})[^\x07\x1b]{0,65536}\x1b\\"
    rb"|(?P<old>Z)"
    rb")"
)
_CSI = {
    b"c": "da1", b"0c": "da1", b">c": "da2", b">0c": "da2", b"=c": "da3", b"=0c": "da3", b">q": "xtversion",
    b">0q": "xtversion", b"5n": "dsr", b"6n": "cpr", b"?6n": "decxcpr", b"?u": "kitty", b"?4m": "xtqmodkeys",
}  # fmt: skip
_CSI_ENDS = {b"n": "dsr?", b"p": "decrqm", b"t": "xtwinops", b"x": "decreqtparm"}


def queries(output: Buffer) -> Iterator[tuple[int, str]]:
    """`(offset behind it, kind)` of each answer that is asked for, in order."""
    for found in _QUERY.finditer(output):
        for kind in _kinds(found):
            yield found.end(), kind


def _kinds(found: re.Match[bytes]) -> list[str]:
    if (csi := found["csi"]) is not None:
        return [_CSI.get(csi) or _CSI_ENDS[csi[-1:]]]
    if found["osc"] is not None:
        questions = found["rest"].split(b";").count(b"?")
        first = int(found["osc"])
        return [f"osc{first + n if 10 <= first < 20 else first}" for n in range(questions)]
    if found["dcs"] is not None:
        return ["decrqss"] if found["dcs"] == b"$q" else ["xtgettcap"] * (found["names"].count(b";") + 1)
    if found["apc"] is not None:
        return [] if b"q=2" in found["apc"] else ["graphics"]
    return ["da1"]
