"""What a harness can do, found out live by probes that adapters describe; each probe becomes a cassette.

An adapter is data (`adapters/*.toml`, `docs/harnesses.md`). Extractors are pure: a recording in, facts or a refusal
out, so that the same code reads a live probe, a cassette, and the recording of a shim.
"""
