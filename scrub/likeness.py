"""Does a value look like a secret? Pure judgements over one value; no rule and no position is known here.

A pattern alone cannot tell `token=parser_cursor_id` from `token=q8Zt0…`: these functions can. Each errs on the
side of the secret where the value is random, and of the text where it is made of words.
"""

from __future__ import annotations

import math
import re
from collections import Counter

MARK = b"<SCRUBBED:"
_PLACEHOLDER = re.compile(
    rb"^(?:\$|%[({sd]|\{|<|\[|@|&|#\{|\\|__|--|\.\.|/|~/|\*|sha\d{3}//)"
    rb"|\*{3,}|x{5,}|X{5,}|\.{3}|\xe2\x80\xa6|\$\{|\{\{|\(\)"
    rb"|(?i:your|example|placeholder|redacted|changeme|change[_-]me|insert|dummy|sample|<|>|todo|undefined|not[_-]?set)"
)
_CODE = re.compile(
    rb"[()\[\]{}]|=>|->|::|&(?:amp|lt|gt|quot);|^(?:self|this|process|os|env|config|ctx|req|args|kwargs|options|opts)\."
)
_BROKEN = "\ufffd".encode()
_WORDS = frozenset(
    b"password passwd pass secret token none null nil true false user username admin root test string str int bool"
    b" required optional default invalid incorrect missing empty hidden value key unset postgres guest pw pwd".split()
)
_HEX = re.compile(rb"[0-9a-f]+\Z|[0-9A-F]+\Z")
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_WORDY = re.compile(rb"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
# A capital parts the words of a name: were it optional, a long run of letters could be cut in a billion ways.
_NAME = re.compile(rb"(?:[A-Z]{2,6})?[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,}){0,7}\d{0,3}|[A-Z]{2,12}\d{0,3}")
_SPLIT = re.compile(rb"[^A-Za-z0-9]+")
_LONGEST_PASSWORD = 256
_LETTER = re.compile(rb"[A-Za-z]")
_CASE_CHANGE = re.compile(rb"[a-z][A-Z]")
_DIGIT_OR_MARK = re.compile(rb"[^A-Za-z_./:,;-]")
_PROMPT = re.compile(rb"[a-z_][a-z0-9_-]*@[a-zA-Z0-9.-]+:[~/][a-zA-Z0-9_./~-]*[#$%]\Z")  # a shell's
_NUMBERS = re.compile(rb"[0-9.,:/_-]+\Z")
_FILE = re.compile(
    rb"\.(?:py|js|ts|go|rs|c|h|md|json|ya?ml|toml|txt|lock|sh|html|css|png|svg|log|cfg|ini|com|org|net|io)\Z"
)


def entropy(value: bytes) -> float:
    """Shannon's, in bits for each byte of `value`; 0 for an empty one."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)


def is_random(value: bytes, digits: int = 0) -> bool:
    """For the part of a token behind its prefix: is it random letters at all, with at least so many digits?"""
    if len(set(value)) < min(5, max(1, len(value) - 2)) or MARK in value:
        return False
    if digits and sum(48 <= byte <= 57 for byte in value) < digits:
        return False
    lowered, raised = value.lower(), value.upper()
    has_digit = any(48 <= byte <= 57 for byte in value)
    if has_digit or (value not in (lowered, raised) and not is_made_of_words(value, 0.8)):
        return True
    # No word is that long; and a text of words would have had to be written without anything between them.
    if not value.isalpha():
        return False
    return (
        entropy(value) >= 3.6
        if len(value) >= 30
        else len(value) >= 16 and value.isupper() and entropy(value) >= 3.0
    )


def is_password(value: bytes) -> bool:
    """For what follows a word for a password: anything that is no code, no placeholder and no plain word."""
    if not 6 <= len(value) <= _LONGEST_PASSWORD or len(set(value)) < 4 or _NUMBERS.match(value):
        return False
    if _BROKEN in value or not _is_utf8(value):
        return False
    letters = _LETTER.search(value) is not None
    mixed = _CASE_CHANGE.search(value) is not None and not is_made_of_words(value, 0.7)
    if not letters or not (mixed or _DIGIT_OR_MARK.search(value)):
        return False
    return not is_made_of_words(value, 0.9) and not _is_text(value) and not _PROMPT.match(value)


def is_token(value: bytes) -> bool:
    """For what follows a word for a token or key: random, long enough, no words, no number, no file."""
    if value[:1] == b"/":  # a path, or base64, which may begin so
        rest = value.lstrip(b"/")
        return len(rest) > 30 and is_strong_token(rest)
    if len(value) < 10 or _is_text(value) or _NUMBERS.match(value) or _FILE.search(value):
        return False
    if _UUID.match(value):
        return True
    if _HEX.match(value):
        return len(value) >= 20 and _has_both(value) and entropy(value) >= 2.8
    if len(value) < 16 and entropy(value) < 3.0:
        return False
    return _classes(value) >= 2 and _has_digit_or_mixture(value) and not is_made_of_words(value, 0.5)


def is_strong_token(value: bytes) -> bool:
    """For weak words (`key`, `auth`) and for values that merely stand behind a word: unmistakably random."""
    if len(value) < 20 or not is_token(value) or _UUID.match(value):
        return False
    if _HEX.match(value):
        return len(value) >= 32
    return (
        entropy(value) >= 3.5
        and any(48 <= byte <= 57 for byte in value)
        and not is_made_of_words(value, 0.35)
    )


def _is_utf8(value: bytes) -> bool:
    """Is it UTF-8 at all? A binary file that was printed is not."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_placeholder(value: bytes) -> bool:
    """Is it what stands in a document where a secret would be?"""
    return MARK in value or _PLACEHOLDER.search(value) is not None


def has_all_cases(value: bytes) -> bool:
    """Has it small letters, capitals, and two digits?"""
    small, capital = re.search(rb"[a-z]", value), re.search(rb"[A-Z]", value)
    return bool(small and capital and re.search(rb"[0-9].*[0-9]", value))


def has_letters_of_both_cases(value: bytes) -> bool:
    """Has it small letters and capitals?"""
    return value not in (value.lower(), value.upper())


def has_inner_mark(value: bytes) -> bool:
    """Has it a mark that neither words nor versions nor paths are joined with?"""
    return re.search(rb"[!#$%&*+?@^~;<>|]", value) is not None


def is_unnamed_token(value: bytes) -> bool:
    """For a token of a provider that no fact names, prefix and all: its last part is unmistakably random."""
    random = value.rpartition(b"_")[2]
    return has_all_cases(random) and entropy(random) >= 4.0 and not is_made_of_words(random, 0.35)


def is_url_password(value: bytes) -> bool:
    """For the password in `scheme://user:password@host`: all but words and variables."""
    if len(value) < 3 or value.lower().strip(b"[]") in _WORDS or MARK in value or _PLACEHOLDER.search(value):
        return False
    return not re.fullmatch(rb"\*+|x+|[A-Z_]+", value)


def _is_text(value: bytes) -> bool:
    return bool(MARK in value or value.lower() in _WORDS or _PLACEHOLDER.search(value) or _CODE.search(value))


def _classes(value: bytes) -> int:
    return sum(bool(re.search(cls, value)) for cls in (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^A-Za-z0-9]"))


def _has_both(value: bytes) -> bool:
    return re.search(rb"[0-9]", value) is not None and re.search(rb"[A-Fa-f]", value) is not None


def _has_digit_or_mixture(value: bytes) -> bool:
    if re.search(rb"[0-9]", value):
        return re.search(rb"[A-Za-z]", value) is not None
    return len(value) >= 16 and re.search(rb"[a-z][A-Z]", value) is not None and entropy(value) >= 3.5


def is_made_of_words(value: bytes, share: float) -> bool:
    """Do whole segments that read like words or plain numbers make up more than `share` of it?"""
    parts = [part for part in _SPLIT.split(value) if part]
    total = sum(map(len, parts)) or 1
    wordy = 0
    for part in parts:
        if part.isdigit() and len(part) < 5:
            wordy += len(part)
        elif len(parts) > 1 or part.isalpha():
            wordy += sum(len(word) for word in _WORDY.findall(part)) if _reads_like_words(part) else 0
    return wordy / total > share


def _reads_like_words(part: bytes) -> bool:
    """A lower-case word, a CamelCase name, or either with a short number at its end."""
    return _NAME.fullmatch(part) is not None and _has_vowels(part)


def _has_vowels(part: bytes) -> bool:
    letters = [byte for byte in part.lower() if 97 <= byte <= 122]
    return bool(letters) and sum(byte in b"aeiouy" for byte in letters) / len(letters) >= 0.15
