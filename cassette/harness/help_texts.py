"""Help texts: options, the choices of an option, subcommands, each with the characters where it stands. Pure.

Help texts have no grammar. What is read here is what stands in the forms of argparse, click, clap, commander, yargs
and cobra, and only that: a line that looks otherwise gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = r"--?[A-Za-z0-9?][A-Za-z0-9._-]*|--\[no-\][A-Za-z0-9][A-Za-z0-9._-]*"
_ENTRY = re.compile(rf"^(?P<indent>[ \t]{{0,12}})(?P<names>(?:{_NAME})(?![A-Za-z0-9]).*)$")
_OPTION = re.compile(rf"(?<![\w-])(?:{_NAME})(?=[\s,=|/\[<]|$)")
_GAP = re.compile(r"[ \t]{2,}|\t")
_SECTION = re.compile(r"^[ \t]*(?:[\w-]+[ \t]+)*(?:sub)?commands?(?:[ \t]*\([^)]*\))?[ \t]*:?[ \t]*$", re.I)
_COMMAND = re.compile(
    r"^(?P<indent>[ \t]{1,8})(?P<name>[a-z][a-z0-9_:-]*)(?P<more>(?:[,|] ?[a-z][a-z0-9_:-]*)*)"
    r"(?=$|[ \t]{2,}|\t|[ \t]+[\[<])"
)
_BRACED = re.compile(r"^[ \t]{1,8}\{(?P<list>[a-z][\w:-]*(?:,[a-z][\w:-]*)+)\}")
_CHOICES = (
    re.compile(r"\{(?P<list>[^{}\s,]+(?:,\s*[^{}\s,]+)+)\}"),
    re.compile(
        r"[\[(](?:possible values|choices|one of|allowed|available|values|options)\s*:?\s*(?P<list>[^\])]+)[\])]",
        re.I,
    ),
    re.compile(r"[<\[](?P<list>[\w.-]+(?:\|[\w.-]+)+)[>\]]"),
)
_ITEM = re.compile(r"[^\s,|\"'`]+")
_DEFAULT = re.compile(r"[,;]\s*(?:default|preset)\b.*", re.I | re.S)
_LISTED = re.compile(r"^[ \t]+- (?P<item>[\w.-]+)(?::|$)", re.M)
_POSSIBLE = re.compile(r"possible values:[ \t]*$", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Offered:
    """Something that a help text offers, with the characters where it stands; `option` is whose choice it is."""

    value: str
    start: int
    end: int
    option: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """An option's lines: its names, and from where to where its text goes."""

    names: tuple[Offered, ...]
    start: int
    end: int

    @property
    def main(self) -> Offered:
        """The first long name, or the first one."""
        return next((name for name in self.names if name.value.startswith("--")), self.names[0])


def options_of(text: str) -> list[Offered]:
    """Every option once, by its long name where it has one."""
    seen: dict[str, Offered] = {}
    for entry in _entries(text):
        seen.setdefault(entry.main.value, entry.main)
    return list(seen.values())


def choices_of(text: str, option: re.Pattern[str] | None) -> list[Offered]:
    """The values that options allow, where the text lists them; of the options that the pattern finds."""
    found: list[Offered] = []
    for entry in _entries(text):
        if option is None or any(option.search(name.value) for name in entry.names):
            found += _choices(text, entry)
    return found


def subcommands_of(text: str, program: str) -> list[Offered]:
    """Every subcommand once. `program` is the command that the text is of: some texts begin each line with it."""
    name = program.rpartition("/")[2]
    seen: dict[str, Offered] = {}
    inside: int | None = None
    for start, line in _lines(text):
        if _SECTION.match(line):
            inside = -1
            continue
        if found := _BRACED.match(line):
            for item in _items(found["list"], start + found.start("list"), None):
                seen.setdefault(item.value, item)
            continue
        if inside is None or not line.strip():
            continue
        if not line[0].isspace():
            inside = None
            continue
        if offered := _command(line, start, name, inside):
            inside = len(line) - len(line.lstrip())
            seen.setdefault(offered.value, offered)
    return list(seen.values())


def _command(line: str, start: int, program: str, indent: int) -> Offered | None:
    """The subcommand with which a line of that section begins; lines that stand deeper go on with the one before."""
    if indent >= 0 and len(line) - len(line.lstrip()) != indent:
        return None
    if program and re.match(rf"[ \t]+{re.escape(program)}[ \t]", line):
        found = re.match(rf"[ \t]+{re.escape(program)} (?P<name>[a-z][a-z0-9_:-]*)(?=$|[ \t])", line)
    else:
        found = _COMMAND.match(line)
    return Offered(found["name"], start + found.start("name"), start + found.end("name")) if found else None


def _entries(text: str) -> Iterator[_Entry]:
    lines = list(_lines(text))
    number = 0
    while number < len(lines):
        start, line = lines[number]
        found = _ENTRY.match(line)
        number += 1
        if not found:
            continue
        names = tuple(_names(found["names"], start + found.start("names")))
        indent = len(found["indent"])
        end = start + len(line)
        while number < len(lines) and _goes_on(lines, number, indent):
            end = lines[number][0] + len(lines[number][1])
            number += 1
        if names:
            yield _Entry(names, start, end)


def _goes_on(lines: list[tuple[int, str]], number: int, indent: int) -> bool:
    """Whether a line belongs to the option above it: it stands deeper and is no option, or is blank before such."""
    line = lines[number][1]
    if not line.strip():
        following = lines[number + 1][1] if number + 1 < len(lines) else ""
        return bool(following.strip()) and _goes_on(lines, number + 1, indent)
    return len(line) - len(line.lstrip()) > indent and (
        not _ENTRY.match(line) or line.lstrip().startswith("- ")
    )


def _names(text: str, start: int) -> Iterator[Offered]:
    """The option's names, from the part of its line before the description."""
    gap = _GAP.search(text)
    head = text[: gap.start()] if gap else text
    for found in _OPTION.finditer(head):
        before = head[: found.start()].rstrip()
        if before and before[-1] not in ",|/" and not _is_metavar(before):
            break  # a word of the description
        yield Offered(found[0], start + found.start(), start + found.end())


def _is_metavar(before: str) -> bool:
    last = before.rsplit(maxsplit=1)[-1].rstrip(",|/")
    return last.startswith("-") or last[:1] in "<[=" or last.isupper()


def _choices(text: str, entry: _Entry) -> list[Offered]:
    body = text[entry.start : entry.end]
    option = entry.main.value
    if header := _POSSIBLE.search(body):
        listed = _LISTED.finditer(body, header.end())
        items = [
            Offered(each["item"], entry.start + each.start("item"), entry.start + each.end("item"), option)
            for each in listed
        ]
        if items:
            return items
    for form in _CHOICES:
        if found := form.search(body):
            return _items(found["list"], entry.start + found.start("list"), option)
    return []


def _items(text: str, start: int, option: str | None) -> list[Offered]:
    text = _DEFAULT.sub("", text)
    return [
        Offered(item[0], start + item.start(), start + item.end(), option) for item in _ITEM.finditer(text)
    ]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1
