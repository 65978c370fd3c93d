"""Is this machine fit to probe a harness: installed, of which version, logged in as what, anything left?

Asked before anything is recorded; each failure is one sentence of what is so and one of what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cassette.errors import CannotProbe
from cassette.harness.adapter import Adapter, LoginCheck, Version
from cassette.harness.machine import Place, run_command


@dataclass(frozen=True, slots=True)
class Fit:
    """What preflight found. `warnings` are for the person; they hinder nothing."""

    version: str | None
    account_class: str | None
    warnings: tuple[str, ...] = ()


def preflight(adapter: Adapter, place: Place, *, in_lab: bool) -> Fit:
    """Ask all of it. Raises CannotProbe."""
    version = None if adapter.version is None else _version(adapter, adapter.version, place)
    account = _account(adapter, place, in_lab=in_lab)
    for check in adapter.preflight.quota if not in_lab else ():
        outcome = run_command(
            adapter.harness, [str(place.binary), *adapter.prefix, *check.args], place, check.timeout
        )
        if found := check.gone.search(outcome.output):
            raise CannotProbe(
                harness=adapter.harness,
                kind="quota",
                what=f"nothing is left of its quota ({' '.join(found[0].split())!r})",
                todo=adapter.preflight.quota_help or "Wait until it is renewed, or use another account.",
            )
    return Fit(version, account, tuple(_warnings(adapter, version)))


def _warnings(adapter: Adapter, version: str | None) -> Iterable[str]:
    known = adapter.version.known if adapter.version is not None else None
    if version is not None and known is not None and version not in known:
        yield (
            f"{adapter.harness} {version} is not a version that its adapter was tried with ({known}): "
            "a probe may fail, and says so then"
        )


def _version(adapter: Adapter, version: Version, place: Place) -> str:
    words = [str(place.binary), *adapter.prefix, *version.args]
    outcome = run_command(adapter.harness, words, place, version.timeout)
    shown = " ".join([place.binary.name, *version.args])
    if outcome.code != 0:
        raise CannotProbe(
            harness=adapter.harness,
            kind="version",
            what=f"`{shown}` ended with {outcome.code}: {outcome.last_line}",
            todo="Run it by hand, and install the harness again if it is broken.",
        )
    found = version.pattern.search(outcome.output)
    if not found or not (found["version"] or "").strip():
        raise CannotProbe(
            harness=adapter.harness,
            kind="version",
            what=f"`{shown}` says {outcome.last_line}, which is not its version",
            todo="Check that this is the right program, or mend version.pattern in its adapter.",
        )
    return found["version"].strip()


def _account(adapter: Adapter, place: Place, *, in_lab: bool) -> str | None:
    if in_lab and adapter.lab is not None:
        return adapter.lab.account_class
    if not adapter.preflight.logins:
        return None
    for check in adapter.preflight.logins:
        if _holds(adapter, check, place):
            return check.account_class
    raise CannotProbe(
        harness=adapter.harness, kind="login", what="nobody is logged in", todo=adapter.preflight.login_help
    )


def _holds(adapter: Adapter, check: LoginCheck, place: Place) -> bool:
    if not all(place.environment.get(name) for name in check.env):
        return False
    paths = [place.expanded(name) for name in check.files]
    if not all(path.is_file() for path in paths):
        return False
    text = None
    if check.args is not None:
        outcome = run_command(
            adapter.harness, [str(place.binary), *adapter.prefix, *check.args], place, check.timeout
        )
        if outcome.code != check.exit_code:
            return False
        text = outcome.output
    elif paths and check.pattern is not None:
        try:
            text = paths[0].read_text("utf-8", "replace")
        except OSError:
            return False
    return check.pattern is None or (text is not None and check.pattern.search(text) is not None)
