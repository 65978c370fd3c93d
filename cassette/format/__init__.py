"""Format 1 on disk <-> model. The only home of pydantic, msgspec and JSON libraries; no file is touched here."""
