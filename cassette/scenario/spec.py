"""`assertions.yaml`: its shape, read strictly. Every refusal names the file and the line.

A spec is bound to one recording: by `id`, and by `evidence_sha256`, or by `content_digest` where there is no seal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from cassette.errors import BadAssertions
from cassette.near_names import hint
from cassette.scenario import byte_kinds, fact_kinds, look_kinds, screen_kinds
from cassette.scenario.fields import Fields
from cassette.scenario.tape import Tape
from cassette.viewing.picture import plain
from cassette.yaml_file import Node, WrongYaml, parse_yaml, read_bounded

FILE_NAME = "assertions.yaml"
SPEC_VERSION = 1
MAX_SPEC_BYTES = 2**18
_TOP = ("version", "cassette", "assertions")
_BINDING = ("path", "id", "evidence_sha256", "content_digest")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")


class Check(Protocol):
    """What an assertion asks; `str()` says it in words."""

    def judge(self, tape: Tape) -> None:
        """Return if it holds. Raises DoesNotHold, and CouldNotFail when it says nothing about this cassette."""
        ...


KINDS: Mapping[str, Callable[[Node], Check]] = {
    "screen_contains": screen_kinds.ScreenContains.read,
    "never_contains": screen_kinds.NeverContains.read,
    "eventually_contains": screen_kinds.EventuallyContains.read,
    "stable_for": screen_kinds.StableFor.read,
    "cursor": look_kinds.CursorIs.read,
    "size": look_kinds.SizeIs.read,
    "style": look_kinds.StyleIs.read,
    "title": look_kinds.TitleIs.read,
    "alternate_screen": look_kinds.AlternateScreen.read,
    "raw_order": byte_kinds.RawOrder.read,
    "input_bytes": byte_kinds.InputBytes.read,
    "paste": byte_kinds.Paste.read,
    "resize_order": byte_kinds.ResizeOrder.read,
    "service_json": fact_kinds.ServiceJson.read,
    "final_metadata": fact_kinds.FinalMetadata.read,
    "exit": fact_kinds.ExitIs.read,
    "timing_gap": fact_kinds.TimingGap.read,
    "no_gap_records": fact_kinds.NoGapRecords.read,
}
"""Every kind of assertion, and what reads its fields."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion: its kind, the line where it stands, what it asks, and the name that its author gave it."""

    kind: str
    line: int
    check: Check
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """Which recording is meant. `path` is relative to the spec's directory; one of the digests is given."""

    path: str
    id: str
    evidence_sha256: str | None
    content_digest: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec that was read and checked; nothing of it has been compared with a cassette."""

    path: str
    binding: Binding
    assertions: tuple[Assertion, ...]

    @property
    def cassette_path(self) -> Path:
        """The directory of the cassette."""
        return Path(self.path).parent / self.binding.path


def read_spec(path: str | Path) -> Spec:
    """Read a spec. Raises UsageError for a file that cannot be read, BadAssertions for a bad one."""
    return parse_spec(read_bounded(path, "assertions", MAX_SPEC_BYTES), str(path))


def parse_spec(data: bytes | str, path: str = FILE_NAME) -> Spec:
    """Check the text of a spec; `path` says where it would lie."""
    try:
        root = parse_yaml(data)
        if root is None:
            raise WrongYaml(1, "it is empty. Begin one with cassette check --init.")
        return _spec(Fields(root, "the file", _TOP), path)
    except WrongYaml as error:
        raise BadAssertions(spec=path, line=error.line, why=plain(error.why)) from None


def _spec(fields: Fields, path: str) -> Spec:
    for name in _TOP:
        if name not in fields:
            fields.wrong(f"it needs {name}. Begin one with cassette check --init.")
    version = fields.integer("version", 1)
    if version != SPEC_VERSION:
        fields.wrong(
            f"version {version} is not known here, only {SPEC_VERSION}. Upgrade pty-cassette.", "version"
        )
    binding = _binding(Fields(fields.node("cassette"), "cassette", _BINDING))
    return Spec(path, binding, tuple(map(_assertion, fields.nodes("assertions"))))


def _binding(fields: Fields) -> Binding:
    path = fields.text("path") if "path" in fields else "."
    if not path or "\0" in path or PurePosixPath(path).is_absolute():
        fields.wrong(
            "path is the cassette's directory, relative to this file. Leave it out if that is here.", "path"
        )
    if "id" not in fields:
        fields.wrong("it needs the id of the recording; cassette inspect shows it.")
    name = fields.need("evidence_sha256", "content_digest")
    digest = fields.node(name).raw
    if not _SHA256.match(digest):
        fields.wrong(f"{name} is a SHA-256, 64 digits in hex. cassette inspect shows it.", name)
    digests = {name: digest.lower()}
    evidence, content = digests.get("evidence_sha256"), digests.get("content_digest")
    return Binding(path, _raw(fields, "id"), evidence, content, fields.line)


def _raw(fields: Fields, name: str) -> str:
    """A scalar as it was written: an id of digits alone is an id all the same."""
    raw = fields.node(name).raw
    if not raw:
        fields.wrong(f"{name} is a text.", name)
    return raw


def _assertion(node: Node) -> Assertion:
    if isinstance(node.value, str) and node.value in KINDS:  # `- no_gap_records`
        node = Node(node.line, {str(node.value): Node(node.line, True, "true")})
    if not isinstance(node.value, dict):
        raise WrongYaml(node.line, "an assertion is a kind and what it asks, as `- screen_contains: Ready`.")
    fields = dict(node.value)
    name = fields.pop("name", None)
    if name is not None and not (isinstance(name.value, str) and name.value.strip()):
        raise WrongYaml(name.line, "the name of an assertion is a text. Quote it.")
    for kind, given in fields.items():
        if kind not in KINDS:
            raise WrongYaml(given.line, f"there is no kind of assertion {kind!r}. {hint(kind, tuple(KINDS))}")
    if len(fields) != 1:
        raise WrongYaml(node.line, "an assertion has one kind. Begin each one with a dash.")
    (kind, given) = next(iter(fields.items()))
    return Assertion(kind, node.line, KINDS[kind](given), name.value if name else None)
