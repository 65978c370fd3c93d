"""Assertions bound to a cassette: what `assertions.yaml` says, and whether it holds."""
