"""Words of a command line as they may be shown: with what the rules find in them covered."""

from __future__ import annotations

from collections.abc import Sequence

from scrub.documents import flatten
from scrub.scrubber import Scrubber
from scrub.views import plain_view


def shown_words(words: Sequence[str]) -> list[str]:
    """The words with placeholders for secrets. Values that only a recording's environment knows are not looked for."""
    flat = flatten({"argv": list(words)})
    done = Scrubber().scrub(
        {"document": flat.text}, lambda streams: [plain_view("document", "document", streams["document"])]
    )
    rebuilt: list[str] = flat.rebuilt(done.streams["document"])["argv"]
    return rebuilt
