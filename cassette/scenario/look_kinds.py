"""Assertions about how the screen is at a moment: cursor, size, style, title, which screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import fields as names_of
from typing import Any

from cassette.model import Size
from cassette.scenario.fields import Fields
from cassette.scenario.tape import Tape
from cassette.scenario.texts import AREA, WHAT, Area, Text, compiled, read_area, read_text
from cassette.scenario.when import AT, MOMENT, DoesNotHold, When, read_when
from cassette.viewing.picture import plain
from cassette.yaml_file import Node, WrongYaml
from terminal.snapshot import Style

_CURSOR = ("row", "column", "visible", "shape", "blinking")
_SHAPES = ("block", "underline", "bar")
_UNDERLINES = ("none", "single", "double", "curly", "dotted", "dashed")
_STYLE = tuple(field.name for field in names_of(Style))
_COLOURS = ("fg", "bg", "underline_color")
_PLAIN_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
COLOUR_NAMES = {
    "default": None,
    **{name: number for number, name in enumerate(_PLAIN_NAMES)},
    **{f"bright_{name}": number + 8 for number, name in enumerate(_PLAIN_NAMES)},
}
"""Names of the first 16 colours of the palette; what they look like is the terminal's affair."""
_SIZE = re.compile(r"(\d{1,4})x(\d{1,4})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class CursorIs:
    """Where the cursor stands, and how it looks."""

    wanted: dict[str, Any]
    when: When

    @classmethod
    def read(cls, node: Node) -> CursorIs:
        """Its fields."""
        fields = Fields(node, "cursor", (*_CURSOR, *MOMENT))
        wanted: dict[str, Any] = {name: fields.integer(name) for name in fields.names(("row", "column"))}
        wanted |= {name: fields.flag(name) for name in fields.names(("visible", "blinking"))}
        wanted |= {name: fields.choice(name, _SHAPES) for name in fields.names(("shape",))}
        if not wanted:
            fields.wrong(f"it needs one of {', '.join(_CURSOR)}.")
        return cls(wanted, read_when(fields))

    def __str__(self) -> str:
        return f"cursor with {_facts(self.wanted)} {self.when}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        moment = self.when.screen(tape)
        found = {name: getattr(moment.screen.cursor, name) for name in self.wanted}
        if found != self.wanted:
            raise DoesNotHold(f"it has {_facts(found)}", moment)


@dataclass(frozen=True, slots=True)
class SizeIs:
    """The terminal's size; resizes count from their own moment on, painted or not."""

    columns: int | None
    rows: int | None
    when: When

    @classmethod
    def read(cls, node: Node) -> SizeIs:
        """Its fields, or `80x24`."""
        fields = Fields(node, "size", ("is", "columns", "rows", *AT), "is")
        if "is" in fields:
            if fields.names(("columns", "rows")):
                fields.wrong("columns and rows stand in it already. Leave them out, or leave out `is`.", "is")
            size = size_of(fields.node("is"), "size")
            return cls(size.columns, size.rows, read_when(fields))
        columns, rows = fields.integer("columns", 1), fields.integer("rows", 1)
        if columns is None and rows is None:
            fields.wrong("it needs columns, rows, or 80x24.")
        return cls(columns, rows, read_when(fields))

    def __str__(self) -> str:
        return f"a size of {_size_words(self.columns, self.rows)} {self.when}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        place = self.when.point.find(tape)
        size = tape.size_at(place.seq)
        if self.columns not in (None, size.columns) or self.rows not in (None, size.rows):
            raise DoesNotHold(f"it is {_size_words(size.columns, size.rows)}", tape.standing(place.seq))


@dataclass(frozen=True, slots=True)
class StyleIs:
    """How every (or some) place of a text, or every cell of an area, is drawn."""

    wanted: dict[str, Any]
    text: Text | None
    area: Area
    some: bool
    when: When

    @classmethod
    def read(cls, node: Node) -> StyleIs:
        """Its fields."""
        fields = Fields(node, "style", (*WHAT, *AREA, *_STYLE, "which", *MOMENT))
        if not fields.names((*WHAT, *AREA)):
            fields.wrong("it needs a place: text, regex, row or region.")
        wanted = {name: _style_value(fields, name) for name in fields.names(_STYLE)}
        if not wanted:
            fields.wrong(f"it needs one of {', '.join(_STYLE)}.")
        text = read_text(fields) if fields.names(WHAT) else None
        which = fields.choice("which", ("every", "some"))
        return cls(wanted, text, read_area(fields), which == "some", read_when(fields))

    def __str__(self) -> str:
        where = f" in {self.area.words}" if self.area.words else ""
        place = f"{self.text or 'every cell'}{where}"
        return f"{'some place of ' if self.some else ''}{place} drawn with {_facts(self.wanted)} {self.when}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        moment = self.when.screen(tape)
        self.area.must_lie_on([moment.screen])
        places = list(self.area.styles(moment.screen, self.text))
        if not places:
            near = self.text.near_miss(self.area.text(moment.screen)) if self.text else ""
            raise DoesNotHold(f"the text is not there{near}", moment)
        wrong = [place for place in map(self._wrong, places) if place]
        if wrong and (not self.some or len(wrong) == len(places)):
            raise DoesNotHold(wrong[0], moment)

    def _wrong(self, place: tuple[int, int, str, list[Style]]) -> str:
        """What is not as wanted at one place."""
        row, first, text, styles = place
        for column, style in enumerate(styles, first):
            found = {name: getattr(style, name) for name in self.wanted}
            if found != self.wanted:
                of = f" ({plain(text)!r})" if text else ""
                return f"row {row}, column {column}{of} has {_facts(found)}"
        return ""


@dataclass(frozen=True, slots=True)
class TitleIs:
    """The window's title."""

    text: str | None
    pattern: re.Pattern[str] | None
    when: When

    @classmethod
    def read(cls, node: Node) -> TitleIs:
        """Its fields."""
        fields = Fields(node, "title", (*WHAT, *MOMENT), "text")
        pattern = compiled(fields) if fields.need(*WHAT) == "regex" else None
        return cls(fields.text("text"), pattern, read_when(fields))

    def __str__(self) -> str:
        wanted = (
            f"the title {self.text!r}" if self.pattern is None else f"a title with {self.pattern.pattern!r}"
        )
        return f"{wanted} {self.when}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        moment = self.when.screen(tape)
        title = moment.screen.title
        if not (self.pattern.search(title) if self.pattern else title == self.text):
            raise DoesNotHold(f"it is {plain(title)!r}" if title else "there is none", moment)


@dataclass(frozen=True, slots=True)
class AlternateScreen:
    """Whether the program shows the alternate screen, as editors and pagers do."""

    wanted: bool
    when: When

    @classmethod
    def read(cls, node: Node) -> AlternateScreen:
        """Its fields."""
        fields = Fields(node, "alternate_screen", ("is", *MOMENT), "is")
        return cls(True if "is" not in fields else bool(fields.flag("is")), read_when(fields))

    def __str__(self) -> str:
        return f"the {'alternate' if self.wanted else 'normal'} screen {self.when}"

    def judge(self, tape: Tape) -> None:
        """Raises DoesNotHold, CouldNotFail."""
        moment = self.when.screen(tape)
        if moment.screen.alternate_screen != self.wanted:
            raise DoesNotHold(f"it is the {'normal' if self.wanted else 'alternate'} one", moment)


def size_of(node: Node, what: str) -> Size:
    """A size: `80x24`, or {columns, rows}."""
    if isinstance(node.value, str) and (found := _SIZE.match(node.value)):
        return Size(int(found[1]), int(found[2]))
    if isinstance(node.value, dict):
        fields = Fields(node, what, ("columns", "rows"))
        columns, rows = fields.integer("columns", 1), fields.integer("rows", 1)
        if columns is not None and rows is not None:
            return Size(columns, rows)
    raise WrongYaml(node.line, f"{what}: a size is written 80x24, columns before rows.")


def _style_value(fields: Fields, name: str) -> Any:
    value = fields.node(name).value
    if name == "underline":
        word = "single" if value is True else "none" if value is False else fields.choice(name, _UNDERLINES)
        return None if word == "none" else word
    if name == "link":
        return fields.text(name) or None
    if name not in _COLOURS:
        return fields.flag(name)
    if isinstance(value, int):
        return fields.integer(name, 0, 255)
    word = fields.text(name) or ""
    if re.fullmatch(r"#[0-9a-fA-F]{6}", word):
        return word.lower()
    return COLOUR_NAMES[fields.choice(name, tuple(COLOUR_NAMES)) or "default"]


def _facts(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_word(value)}" for name, value in facts.items())


def _word(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "on", False: "off", None: "default"}[value]
    return plain(str(value))


def _size_words(columns: int | None, rows: int | None) -> str:
    if columns is None or rows is None:
        return f"{rows} rows" if columns is None else f"{columns} columns"
    return f"{columns}x{rows}"
