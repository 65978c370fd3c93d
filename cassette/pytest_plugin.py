"""The pytest plugin: hooks and fixtures only. Nothing heavy is imported before a fixture is used."""
