"""How large a part of a cassette may be. A reader refuses more before it parses, a writer before it keeps."""

MAX_LINE_BYTES = 16 * 2**20
"""One line of a `.jsonl` file, or `final.json`."""
MAX_DOCUMENT_BYTES = 16 * 2**20
"""One JSON document other than `final.json`."""
MAX_INPUT_BYTES = 8 * 2**20
"""Bytes of one input event; base64 makes 4/3 of it."""
MAX_PAYLOAD_BYTES = 8 * 2**20
"""A caller's JSON, encoded."""
MAX_DEPTH = 64
"""Nesting of a caller's JSON."""
MAX_COLUMNS = MAX_ROWS = 4096
"""A terminal's size; the kernel takes up to 65,535, no program and no person uses it."""
