"""What a test expects of a session: waits for it live, knows at once in a replay, and says what differs.

Each expectation is one `wait_for` of the session, so it is a mark in a recording and has to hold like any wait. What
fails is an AssertionError; what is asked wrongly is a UsageError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Self, TypeAlias, overload

from cassette.covered import same_rows
from cassette.errors import UsageError, WaitFailed
from cassette.looking import matcher
from cassette.playing.replay_errors import ReplayWaitFailed
from cassette.playing.screen_diff import rows_diff, style_words
from cassette.session import Session
from cassette.testing.callsite import call_site, explained
from cassette.testing.golden import Goldens
from cassette.testing.locator import Locator, Region
from cassette.viewing.picture import picture, place_of
from terminal.snapshot import Snapshot, Style

__tracebackhide__ = explained
Text: TypeAlias = str | re.Pattern[str]
Holds: TypeAlias = Callable[[Snapshot], bool | None]
"""Whether a claim holds on a screen; None where it cannot be judged, which is no success for `not_` either."""
APPROVED_QUIET_MS = 500
"""A screen that is written as a golden has not changed for so long."""
_STYLE_NAMES = tuple(field.name for field in fields(Style))


class ExpectationFailed(AssertionError):
    """What was expected did not come."""

    __module__ = "cassette"


@overload
def expect(
    target: Locator, *, timeout: float | None = None, goldens: Goldens | None = None
) -> LocatorExpectation: ...
@overload
def expect(
    target: Session, *, timeout: float | None = None, goldens: Goldens | None = None
) -> ScreenExpectation: ...
def expect(
    target: Session | Locator, *, timeout: float | None = None, goldens: Goldens | None = None
) -> ScreenExpectation | LocatorExpectation:
    """Expect something of a session's screen, or of what `get_by_text` finds on it.

    `timeout` in seconds is the session's own by default. `goldens` are those of `to_match_screen`; by default the
    session's attribute of that name, which the pytest plugin sets.
    """
    if isinstance(target, Locator):
        return LocatorExpectation(target.session, timeout, locator=target)
    if not hasattr(type(target), "wait_for"):
        raise UsageError(
            what=f"cannot expect anything of {target!r}: give a session, or what get_by_text returned"
        )
    return ScreenExpectation(target, timeout, goldens=goldens or getattr(target, "goldens", None))


class _Expectation:
    """Waiting, negation, and the message of a failure."""

    def __init__(self, session: Session, timeout: float | None, **more: Any) -> None:
        self._session = session
        self._timeout = timeout
        self._negated = False
        self._more = more

    @property
    def not_(self) -> Self:
        """The opposite: waits until it does not hold."""
        other = type(self)(self._session, self._timeout, **self._more)
        other._negated = not self._negated
        return other

    def _expect(
        self,
        subject: str,
        verb: str,
        holds: Holds,
        timeout: float | None,
        explain: Callable[[Snapshot], str] | None = None,
    ) -> None:
        """Wait until `holds`; the message says that `subject` was expected to `verb`."""
        last: Snapshot | None = None

        def as_expected(screen: Snapshot) -> bool:
            nonlocal last
            last = screen
            held = holds(screen)
            return held is not None and held != self._negated

        try:
            self._session.wait_for(as_expected, self._timeout if timeout is None else timeout)
        except WaitFailed as error:
            last = error.facts.get("snapshot", last)
            details = explain(last) if explain is not None and last is not None and not self._negated else ""
            claim = f"expected {subject} {'not ' if self._negated else ''}to {verb}"
            raise ExpectationFailed(_message(claim, error, details, last)) from None


class ScreenExpectation(_Expectation):
    """Expectations of the whole screen. Rows and columns are counted from 0; blanks at the end of rows do not count."""

    def to_contain_text(self, what: Text, *, timeout: float | None = None) -> None:
        """A text or a pattern stands somewhere in the rows, joined by newlines."""
        matches, name = matcher(_text(what))
        self._expect("the screen", f"contain {name}", lambda screen: bool(matches(screen)), timeout)

    def to_have_text(
        self,
        what: Text,
        *,
        row: int | None = None,
        region: Region | None = None,
        timeout: float | None = None,
    ) -> None:
        """A row, a region, or the whole screen is exactly this text, or matches this pattern as a whole."""
        if row is not None and region is not None:
            raise UsageError(what="to_have_text takes a row or a region, not both. Leave one of them out.")
        where = "the screen" if row is None else f"row {row}"
        where = where if region is None else f"the region {region}"
        wanted = _rows(what) if isinstance(what, str) else []

        def explain(screen: Snapshot) -> str:
            there = _part(screen, row, region)
            first = row % screen.rows if row is not None else region.top if region else 0
            return rows_diff(wanted, _cut(there or []), first=first) if isinstance(what, str) else ""

        def holds(screen: Snapshot) -> bool | None:
            there = _part(screen, row, region)
            if there is None:
                return None
            if isinstance(what, str):
                return _cut(there) == wanted
            return what.fullmatch("\n".join(_cut(there))) is not None

        self._expect(where, f"have the text {_named(what)}", holds, timeout, explain)

    def to_have_cursor(
        self,
        *,
        row: int | None = None,
        column: int | None = None,
        visible: bool | None = None,
        timeout: float | None = None,
    ) -> None:
        """The cursor stands there, or is visible or hidden; what is not given does not matter."""
        wanted = {
            name: value
            for name, value in (("row", row), ("column", column), ("visible", visible))
            if value is not None
        }
        if not wanted:
            raise UsageError(what="to_have_cursor needs something to expect: give row, column or visible")
        verb = f"have {', '.join(f'{name} {value}' for name, value in wanted.items())}"
        self._expect(
            "the cursor",
            verb,
            lambda screen: all(getattr(screen.cursor, name) == value for name, value in wanted.items()),
            timeout,
        )

    def to_have_style(
        self, *, row: int, column: int, width: int = 1, timeout: float | None = None, **style: Any
    ) -> None:
        """The cells from a column on have these attributes (`bold=True`, `fg=1`, …: the names of `Style`)."""
        _check_style(style)

        def styles(screen: Snapshot) -> list[Style]:
            if not 0 <= row < screen.rows:
                return []
            return [
                screen.lines[row].style_at(at) for at in range(column, min(column + width, screen.columns))
            ]

        def holds(screen: Snapshot) -> bool | None:
            cells = styles(screen)
            return all(_has_style(cell, style) for cell in cells) if cells else None

        self._expect(
            f"row {row}, column {column}",
            f"have the style {_style_named(style)}",
            holds,
            timeout,
            lambda screen: _styles_found(styles(screen)),
        )

    def to_have_title(self, what: Text, *, timeout: float | None = None) -> None:
        """The window title is exactly this text, or matches this pattern somewhere."""
        _text(what)

        def holds(screen: Snapshot) -> bool:
            return screen.title == what if isinstance(what, str) else what.search(screen.title) is not None

        self._expect(
            "the title",
            f"be {_named(what)}",
            holds,
            timeout,
            lambda screen: f"  the title is {screen.title!r}",
        )

    def to_match_screen(
        self,
        name: str | None = None,
        *,
        region: Region | None = None,
        normalize: Callable[[str], str] = str,
        timeout: float | None = None,
    ) -> None:
        """The screen, or a region of it, is the golden of this name; without one, the next golden of the test.

        `normalize` is applied to both texts before they are compared, for what differs from run to run. A golden
        shows what a cassette shows: secrets and names are covered in it, and a running program's are for comparing.
        """
        goldens: Goldens | None = self._more.get("goldens")
        if goldens is None:
            raise UsageError(
                what="there is no place for goldens: use the pty fixture, or expect(…, goldens=…)"
            )
        key = goldens.key(name)
        golden = goldens.load(key)
        if goldens.update and not self._negated:
            self._approve(goldens, key, golden, region, normalize)
            return
        if golden is None:
            shown = picture(self._session.screen, "  ")
            raise ExpectationFailed(
                f"there is no golden {goldens.shown(key)} for this screen yet.\n{shown}\n"
                f"Write it, and look at it before you commit it: {goldens.update_command}"
            )
        wanted = _rows(normalize(golden))

        def found(screen: Snapshot) -> list[str]:
            return _rows(normalize("\n".join(_part(screen, None, region) or [])))

        def is_it(screen: Snapshot) -> bool:
            shown = found(screen)
            return shown == wanted or same_rows(wanted, found(self._session.as_stored(screen)), shown)

        def explain(screen: Snapshot) -> str:
            difference = rows_diff(
                wanted, found(self._session.as_stored(screen)), first=region.top if region else 0
            )
            return f"{difference}\nIf the screen is right, write the golden anew: {goldens.update_command}"

        self._expect(
            "the screen",
            f"match {goldens.shown(key)}",
            is_it,
            timeout,
            explain,
        )

    def _approve(
        self,
        goldens: Goldens,
        key: str,
        golden: str | None,
        region: Region | None,
        normalize: Callable[[str], str],
    ) -> None:
        """Write the screen as the golden, once something is on it and it stands still; one that matches stays."""
        self._session.wait_for(lambda screen: any(screen.text), self._timeout)
        screen = self._session.wait_for_stable(APPROVED_QUIET_MS, self._timeout)
        rows = _cut(_part(self._session.as_stored(screen), None, region) or [])
        if golden is None or _rows(normalize(golden)) != _rows(normalize("\n".join(rows))):
            goldens.save(key, "\n".join(rows) + "\n")


class LocatorExpectation(_Expectation):
    """Expectations of the places where a text stands."""

    def to_be_visible(self, *, timeout: float | None = None) -> None:
        """It stands on the screen."""
        locator = self._locator
        self._expect(
            str(locator),
            "be visible",
            lambda screen: bool(locator.found_on(screen)),
            timeout,
            lambda screen: _other_matches(locator, screen),
        )

    def to_have_text(self, what: Text, *, timeout: float | None = None) -> None:
        """One of its places is exactly this text, or matches this pattern as a whole."""
        locator = self._locator
        _text(what)

        def is_it(text: str) -> bool:
            return text == what if isinstance(what, str) else what.fullmatch(text) is not None

        def holds(screen: Snapshot) -> bool | None:
            found = locator.found_on(screen)
            return any(is_it(place.text) for place in found) if found else None

        self._expect(
            str(locator),
            f"have the text {_named(what)}",
            holds,
            timeout,
            lambda screen: _other_matches(locator, screen),
        )

    def to_have_style(self, *, timeout: float | None = None, **style: Any) -> None:
        """All cells of one of its places have these attributes (`bold=True`, `fg=1`, …: the names of `Style`)."""
        locator = self._locator
        _check_style(style)

        def holds(screen: Snapshot) -> bool | None:
            found = locator.found_on(screen)
            cells = [locator.styles_on(screen, place) for place in found]
            return any(all(_has_style(cell, style) for cell in place) for place in cells) if found else None

        def explain(screen: Snapshot) -> str:
            styles = [cell for place in locator.found_on(screen) for cell in locator.styles_on(screen, place)]
            return _styles_found(styles)

        self._expect(str(locator), f"have the style {_style_named(style)}", holds, timeout, explain)

    @property
    def _locator(self) -> Locator:
        locator: Locator = self._more["locator"]
        return locator


def _message(claim: str, error: WaitFailed, details: str, screen: Snapshot | None) -> str:
    if isinstance(error, ReplayWaitFailed):
        return "\n".join(filter(None, [f"{claim}: {error.facts['why']}.", details, error.facts["report"]]))
    waited = f"{claim}, and waited {error.facts['waited_s']:.1f} s: {error.facts['why']}."
    site = call_site()
    where = f"  test    {site}   {site.source}" if site is not None else ""
    shown = f"  screen  {place_of(screen)}\n{picture(screen, '  ')}" if screen is not None else ""
    return "\n".join(filter(None, [waited, details, where, shown]))


def _text(what: Any) -> Text:
    if isinstance(what, str) or (isinstance(what, re.Pattern) and isinstance(what.pattern, str)):
        return what
    raise UsageError(what=f"cannot compare a screen with {what!r}: give a text, or a pattern of text")


def _named(what: Text) -> str:
    return repr(what) if isinstance(what, str) else f"that matches {what.pattern!r}"


def _part(screen: Snapshot, row: int | None, region: Region | None) -> list[str] | None:
    """The rows that are meant; None when the screen does not have them."""
    if row is not None:
        return [screen.lines[row].text] if -screen.rows <= row < screen.rows else None
    return screen.text if region is None else region.text(screen)


def _rows(text: str) -> list[str]:
    """A text as rows of a screen: without blanks at their ends, without empty rows at the end."""
    return _cut([row.rstrip() for row in text.split("\n")])


def _cut(rows: Sequence[str]) -> list[str]:
    end = len(rows)
    while end and not rows[end - 1]:
        end -= 1
    return list(rows[:end])


def _check_style(style: dict[str, Any]) -> None:
    unknown = [name for name in style if name not in _STYLE_NAMES]
    if unknown or not style:
        what = f"there is no attribute {unknown[0]!r}" if unknown else "to_have_style needs an attribute"
        raise UsageError(what=f"{what}: use some of {', '.join(_STYLE_NAMES)}, as in bold=True")


def _has_style(cell: Style, style: dict[str, Any]) -> bool:
    return all(getattr(cell, name) == value for name, value in style.items())


def _style_named(style: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in style.items())


def _styles_found(styles: Sequence[Style]) -> str:
    """What is there instead; nothing where the text is not there at all."""
    words = list(dict.fromkeys(style_words(style) for style in styles))
    return f"  its style is {'; '.join(words)}" if words else "  it is not on the screen"


def _other_matches(locator: Locator, screen: Snapshot) -> str:
    """Where the text stands all the same: with another number, or elsewhere."""
    everywhere = Locator(locator.session, locator.what).found_on(screen)
    places = ", ".join(f"row {place.row}, column {place.column}: {place.text!r}" for place in everywhere[:5])
    return f"  it stands at {places}" if places else ""
