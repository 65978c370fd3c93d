"""A first spec for a cassette: bound to it, with a few assertions that hold, for a person to go on from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cassette.errors import BadAssertions, CannotStore, SpecExists
from cassette.model import Frame
from cassette.reading.reader import Cassette
from cassette.reading.reader import open as open_cassette
from cassette.scenario.checking import binding_lines, judge
from cassette.scenario.spec import FILE_NAME, SPEC_VERSION, parse_spec
from cassette.scenario.tape import Tape
from cassette.viewing.readable import size_words
from cassette.yaml_file import quoted_yaml

_ROWS = 3
_HEAD = """\
# What must be true of this recording; `cassette check` on this file says whether it is.
version: {version}
cassette:
{binding}
assertions:
"""


def begin(path: str | Path) -> Path:
    """Write `assertions.yaml` into a cassette; its path. Raises SpecExists, CannotStore, and what opening does."""
    with closing(open_cassette(path)) as tape:
        place = tape.path / FILE_NAME
        if place.exists() or place.is_symlink():
            raise SpecExists(path=place)
        text = first_spec(tape)
    _write(place, text)
    return place


def first_spec(tape: Cassette) -> str:
    """The text of a spec of which everything holds."""
    head = _HEAD.format(version=SPEC_VERSION, binding="\n".join(f"  {line}" for line in binding_lines(tape)))
    view = Tape(tape)
    return head + "".join(f"  - {line}\n" for line in _candidates(view) if _holds(head, line, view))


def _candidates(tape: Tape) -> Iterator[str]:
    """Assertions that may hold."""
    yield f"size: {size_words(tape.size_at(tape.final.seq))}"
    yield from _texts(tape)
    status = tape.final.exit
    if status is not None and status.known:
        yield f"exit: {{signal: {quoted_yaml(status.signal)}}}" if status.signal else f"exit: {status.code}"
    yield "no_gap_records"


def _texts(tape: Tape) -> Iterator[str]:
    """The last rows of the last screen, or, where that is blank, of the fullest one."""
    if not tape.frames:
        return
    if rows := _rows(tape.frames[-1]):
        yield from (f"screen_contains: {quoted_yaml(row)}" for row in rows)
        return
    fullest = max(tape.frames, key=lambda frame: sum(map(bool, frame.screen.text)))
    yield from (f"eventually_contains: {quoted_yaml(row)}" for row in _rows(fullest))


def _rows(frame: Frame) -> list[str]:
    rows = [row.strip() for row in frame.screen.text]
    return list(dict.fromkeys(row for row in rows if any(map(str.isalpha, row))))[-_ROWS:]


def _holds(head: str, line: str, tape: Tape) -> bool:
    try:
        (assertion,) = parse_spec(f"{head}  - {line}\n").assertions
    except BadAssertions:  # a row that no text can stand for
        return False
    return judge(assertion, tape).outcome == "holds"


def _write(place: Path, text: str) -> None:
    """All of it or nothing, and never over another file."""
    try:
        with open(place, "x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except BaseException:
                place.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise SpecExists(path=place) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotStore(
            action="write", path=place, why=why, todo="Make room for it, or check the rights."
        ) from None
