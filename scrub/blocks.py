"""Secrets that no one expression can say, because they are a block of lines: finders of spans in a text.

- The body of a private key without its header, as a pager shows it in the middle of a file. Its bytes tell: the
  numbers that only a private key has follow each other in it, whatever the place where its lines were broken.
- The values under `data:` of a Kubernetes secret, base64 or not: the kind of the document gives them away.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from scrub import likeness

Span = tuple[int, int]

_LINE = rb"[a-zA-Z0-9+/]{40,128}+={0,2}"
_BREAK = rb"(?:\r{0,2}\n|\\n)[ \t]{0,8}"
BODY = re.compile(
    rb"\n(?:" + _LINE + rb"[ \t]{0,200}" + _BREAK + rb"){2,600}+(?:[a-zA-Z0-9+/]{2,128}+={0,2})?"
)
"""Lines that look like base64, from the line end before them on."""
BODY_MARKS = ("AgMBAAEC", "IDAQABAo", "AwEAAQKC")
"""What stands in base64 where the public exponent of a private key ends, by where its groups of three begin."""
SECRET_KINDS = tuple(
    f"{name}:{gap}{quote}secret"
    for name in ("kind", 'kind"')
    for gap in ("", " ", "  ")
    for quote in ("", '"', "'")
)
"""How a Kubernetes document says that it is a secret, in lower case."""
_LETTERS = re.compile(rb"[a-zA-Z0-9+/=]*+")
_LONGEST_RUN = 20_000
_NOT_BASE64 = bytes(set(range(256)) - {*b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"})
# In DER: the public exponent 65537 and then another number, or a key's algorithm and then its octets.
_PRIVATE = re.compile(
    rb"\x02\x03\x01\x00\x01\x02(?:\x81[\x3f-\x82]|\x82[\x00-\x08])"
    rb"|\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82"
    rb"|\x02\x01\x00\x02\x82[\x00-\x08][\x00-\xff]\x00"
    rb"|\x02\x01\x01\x04(?:\x20[\x00-\xff]{32}|\x30[\x00-\xff]{48}|\x42[\x00-\xff]{66})[\xa0\xa1]"
    rb"|\x2b\x65[\x6e\x70]\x04\x22\x04\x20"
    rb"|openssh-key-v1\x00"
)
_ALIGNMENTS = range(4)

_DOCUMENT_END = re.compile(rb"\n(?:---|\.\.\.)[ \t\r]*\n|\n[^\r\n]{0,80}\$ ")
_DATA = re.compile(rb"""(?<![\w-])["']?(?:data|stringData)["']?[ \t]{0,4}:[ \t]{0,4}(?P<brace>\{)?""")
_ENTRY = re.compile(
    rb"""\r?\n?[ \t]{0,40}["']?(?P<name>[\w.-]{1,253})["']?[ \t]{0,4}:"""
    rb"""(?:[ \t]{0,4}[|>][-+]?[ \t]{0,4}\r?\n)?[ \t]{0,40}"""
    rb"""(?P<value>"(?:[^"\\\r\n]|\\.){0,60000}+"|'[^'\r\n]{0,60000}'|[^\s"',{}\[\]]{1,60000}+)[ \t]{0,8},?"""
)
_AROUND = 40_000  # bytes of a document before and after its kind
_LEAST_VALUE = 4


def private_key_lines(text: bytes, at: int) -> Iterator[Span]:
    """The lines of base64 that begin at a line end, when they are the inside of a private key."""
    found = BODY.match(text, at)
    if found and is_private_der(found[0]):
        yield found.start() + 1, found.end()


def private_key_run(text: bytes, at: int) -> Iterator[Span]:
    """The run of base64 round a place, when it is the inside of a private key: rows that were painted one by one."""
    before = _LETTERS.match(text[max(0, at - _LONGEST_RUN) : at][::-1])
    after = _LETTERS.match(text, at, at + _LONGEST_RUN)
    if before and after and is_private_der(before[0][::-1] + after[0]):
        yield at - before.end(), after.end()


def is_private_der(lines: bytes) -> bool:
    """Whether base64, from somewhere in its middle on, holds what only a private key has."""
    letters = lines.replace(b"\\n", b"").translate(None, _NOT_BASE64)
    for skipped in _ALIGNMENTS:
        usable = letters[skipped : skipped + (len(letters) - skipped) // 4 * 4]
        try:
            if _PRIVATE.search(base64.b64decode(usable)):
                return True
        except binascii.Error:
            continue
    return False


def kubernetes_values(text: bytes, at: int) -> Iterator[Span]:
    """The values of a Kubernetes secret whose kind stands at a place, in YAML or JSON; `data` may stand before it."""
    start = max(0, at - _AROUND)
    for end in _DOCUMENT_END.finditer(text, start, at):
        start = end.end() - 1
    following = _DOCUMENT_END.search(text, at, at + _AROUND)
    stop = following.start() if following else min(len(text), at + _AROUND)
    for data in _DATA.finditer(text, start, stop):
        yield from _entries(text, data, stop)


def _entries(text: bytes, data: re.Match[bytes], stop: int) -> Iterator[Span]:
    indent = _indent_of(text, data.start())
    at = data.end()
    while entry := _ENTRY.match(text, at, stop):
        if not data["brace"] and _indent_of(text, entry.start("name")) <= indent:
            return
        start, end = entry.span("value")
        if text[start : start + 1] in (b'"', b"'"):
            start, end = start + 1, end - 1
        value = text[start:end]
        if end - start >= _LEAST_VALUE and not likeness.is_placeholder(value) and value.lower() not in _EMPTY:
            yield start, end
        at = entry.end()


_EMPTY = (b"null", b"true", b"false", b"<set to the key")


def _indent_of(text: bytes, at: int) -> int:
    begin = max(text.rfind(b"\n", 0, at), text.rfind(b"\r", 0, at)) + 1
    line = text[begin:at]
    return len(line) - len(line.lstrip(b" \t")) if line.strip(b" \t\"'") == b"" else len(line)
