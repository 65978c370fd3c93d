"""One line under edit, key by key, as line editors do it by default; where they differ, in several readings.

What one key costs is bounded by what it takes away, or by a constant: a long input takes no longer for each key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from scrub.views import Span

ALT, JUMP = 0x100, 0x200
"""Added to the code of a key: pressed with Alt; an arrow or Delete that is for words, with Ctrl or Alt."""

_ERASING = (0x08, 0x7F)  # what is typed next goes on with the letter before
_LONGEST_WORD = 256  # letters over which the cursor is moved at once
_LEAST_YANKED, _YANKED_PER_LETTER = 1 << 16, 2  # who puts more back than that wants to fill the memory
_ZSH_WORDS = "*?_-.[]~=/&;!#$%^(){}<>"


class Cell(NamedTuple):
    """A letter on a line: its bytes, its number, and that of the letter typed right before it; 0 where a key was."""

    character: str
    spans: tuple[Span, ...]
    number: int = 0
    after: int = 0


@dataclass(slots=True)
class LineEditor:
    """A line, and what was killed last, which outlives it. `keys` says what a key does."""

    keys: Mapping[int, Edit]
    cells: list[Cell] = field(default_factory=list)
    cursor: int = 0
    typed: int = 0
    """How many letters were typed, or put back."""
    last: int = 0
    """The number of the one that was typed right before; 0 after any other key."""
    is_doubtful: bool = False
    """Was a key pressed that line editors take for different things?"""
    _killed: deque[Cell] = field(default_factory=deque)
    _is_killing: bool = False
    _goes_on_killing: bool = False
    _room: int = _LEAST_YANKED

    @property
    def text(self) -> str:
        """What stands on the line."""
        return "".join(cell.character for cell in self.cells)

    def insert(self, character: str, spans: tuple[Span, ...]) -> None:
        """Type one character."""
        self.typed += 1
        self.cells.insert(self.cursor, Cell(character, spans, self.typed, self.last))
        self.cursor += 1
        self.last = self.typed
        self._is_killing = False
        self._room += _YANKED_PER_LETTER

    def press(self, control: int) -> None:
        """Carry out a key that is no letter."""
        self.last = 0
        self._goes_on_killing, self._is_killing = self._is_killing, False
        self.is_doubtful = self.is_doubtful or control in _DOUBTFUL
        if control in self.keys:
            self.keys[control](self)
        if control in _ERASING and self.cursor:
            self.last = self.cells[self.cursor - 1].number

    def begin(self) -> None:
        """Begin the next line."""
        self.cells, self.cursor, self.last, self._is_killing = [], 0, 0, False

    def breaks(self) -> Iterator[int]:
        """Between which cells another key was pressed; not where something was put into what was typed at once."""
        places = {cell.number: index for index, cell in enumerate(self.cells)}
        goes_on = {cell.after: index for index, cell in enumerate(self.cells)}
        for index in range(1, len(self.cells)):
            before, cell = self.cells[index - 1], self.cells[index]
            put_into = goes_on.get(before.number, 0) > index or places.get(cell.after, index) < index
            if cell.after != before.number and not put_into:
                yield index

    def erase(self, start: int, end: int) -> None:
        """Take cells out; the cursor is left at `start`."""
        start, end = max(0, start), min(len(self.cells), end)
        del self.cells[start:end]
        self.cursor = start

    def kill(self, start: int, end: int) -> None:
        """Take cells out to be put back; together with those that were killed by the key before."""
        if not self._goes_on_killing and start < end:
            self._killed.clear()
        if start < self.cursor:
            self._killed.extendleft(reversed(self.cells[start:end]))
        else:
            self._killed.extend(self.cells[start:end])
        self._is_killing = self._goes_on_killing or start < end
        self.erase(start, end)

    def yank(self) -> None:
        """Put back what was killed last, as letters of their own."""
        if len(self._killed) > self._room:
            return
        self._room -= len(self._killed)
        put: list[Cell] = []
        before = 0
        for cell in self._killed:
            after = self.typed if before and cell.after == before else 0
            self.typed += 1
            put.append(Cell(cell.character, cell.spans, self.typed, after))
            before = cell.number
        self.cells[self.cursor : self.cursor] = put
        self.cursor += len(put)

    def transpose(self) -> None:
        """Swap the letter at the cursor, or the last one, with that before it, and go behind both."""
        if self.cursor and len(self.cells) > 1:
            at = min(self.cursor, len(self.cells) - 1)
            self.cells[at - 1 : at + 1] = self.cells[at], self.cells[at - 1]
            self.cursor = at + 1

    def change(self, end: int, change: Callable[[str], str]) -> None:
        """Change the case of letters up to `end`, and go there."""
        for at in range(self.cursor, end):
            changed = change(self.cells[at].character)
            if len(changed) == 1:
                self.cells[at] = self.cells[at]._replace(character=changed)
        self.cursor = end

    def move(self, to: int) -> None:
        """Put the cursor somewhere on the line."""
        self.cursor = max(0, min(len(self.cells), to))

    def word_start(self, is_word: IsWord, most: int | None = None) -> int:
        """Where the word before the cursor begins; no more than `most` letters before it."""
        at = self.cursor
        least = 0 if most is None else max(0, at - most)
        while at > least and not is_word(self.cells[at - 1].character):
            at -= 1
        while at > least and is_word(self.cells[at - 1].character):
            at -= 1
        return at

    def word_end(self, is_word: IsWord, most: int | None = None) -> int:
        """Where the word behind the cursor ends; no more than `most` letters behind it."""
        at = self.cursor
        limit = len(self.cells) if most is None else min(len(self.cells), at + most)
        while at < limit and not is_word(self.cells[at].character):
            at += 1
        while at < limit and is_word(self.cells[at].character):
            at += 1
        return at


IsWord = Callable[[str], bool]
Edit = Callable[[LineEditor], None]
Keys = Mapping[int, Edit]

_ALWAYS: Keys = {
    0x01: lambda line: line.move(0),
    0x02: lambda line: line.move(line.cursor - 1),
    0x04: lambda line: line.erase(line.cursor, line.cursor + 1),
    0x05: lambda line: line.move(len(line.cells)),
    0x06: lambda line: line.move(line.cursor + 1),
    0x08: lambda line: line.erase(line.cursor - 1, line.cursor),
    0x0B: lambda line: line.kill(line.cursor, len(line.cells)),
    0x7F: lambda line: line.erase(line.cursor - 1, line.cursor),
}


def _no_blank(character: str) -> bool:
    return not character.isspace()


def _is_name(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_zsh_word(character: str) -> bool:
    return character.isalnum() or character in _ZSH_WORDS


def _to_next_word(line: LineEditor) -> None:
    """To where the next word begins, as zsh does."""
    line.move(line.word_end(_is_zsh_word, _LONGEST_WORD) if _is_in_word(line) else line.cursor)
    line.move(line.word_end(lambda character: not _is_zsh_word(character), _LONGEST_WORD))


def _is_in_word(line: LineEditor) -> bool:
    return line.cursor < len(line.cells) and _is_zsh_word(line.cells[line.cursor].character)


def _capitalize(line: LineEditor) -> None:
    end = line.word_end(str.isalnum, _LONGEST_WORD)
    while line.cursor < end and not line.cells[line.cursor].character.isalnum():
        line.cursor += 1
    line.change(min(line.cursor + 1, end), str.upper)
    line.change(end, str.lower)


def _kill_before(is_word: IsWord) -> Edit:
    return lambda line: line.kill(line.word_start(is_word), line.cursor)


def _kill_start(line: LineEditor) -> None:
    line.kill(0, line.cursor)


def _kill_line(line: LineEditor) -> None:
    line.kill(0, len(line.cells))


def _words(is_word: IsWord) -> Keys:
    """The keys with Alt."""
    return {
        ALT | 0x62: lambda line: line.move(line.word_start(is_word, _LONGEST_WORD)),
        ALT | 0x66: lambda line: line.move(line.word_end(is_word, _LONGEST_WORD)),
        ALT | 0x64: lambda line: line.kill(line.cursor, line.word_end(is_word)),
        ALT | 0x7F: _kill_before(is_word),
    }


def _jumps(keys: Keys) -> Keys:
    """Arrows and Delete that do what the keys with Alt do."""
    return {JUMP | 0x02: keys[ALT | 0x62], JUMP | 0x06: keys[ALT | 0x66], JUMP | 0x04: keys[ALT | 0x64]}


_PLAIN_JUMPS: Keys = {JUMP | code: _ALWAYS[code] for code in (0x02, 0x04, 0x06)}
_LETTERS = _words(str.isalnum)
_ZSH: Keys = {**_words(_is_zsh_word), ALT | 0x66: _to_next_word}
_EMACS: Keys = {
    0x14: LineEditor.transpose,
    0x19: LineEditor.yank,
    ALT | 0x63: _capitalize,
    ALT | 0x6C: lambda line: line.change(line.word_end(str.isalnum, _LONGEST_WORD), str.lower),
    ALT | 0x75: lambda line: line.change(line.word_end(str.isalnum, _LONGEST_WORD), str.upper),
}
READINGS: tuple[Keys, ...] = (
    {**_ALWAYS, **_EMACS, **_LETTERS, **_jumps(_LETTERS), 0x15: _kill_start, 0x17: _kill_before(_no_blank)},
    {**_ALWAYS, **_EMACS, **_ZSH, **_jumps(_ZSH), 0x15: _kill_line, 0x17: _kill_before(_is_zsh_word)},
    {**_ALWAYS, **_words(_no_blank), **_PLAIN_JUMPS, 0x15: _kill_start, 0x17: _kill_before(_no_blank)},
    {**_ALWAYS, **_PLAIN_JUMPS, 0x15: _kill_line, 0x17: _kill_before(_is_name)},
)
"""What the keys do: in readline; in zsh; where words are what blanks separate; on a terminal by itself."""

_DOUBTFUL = frozenset(
    key for key in set().union(*READINGS) if len({reading.get(key) for reading in READINGS}) > 1
)
