"""File systems for tests of the store: what is memory, and mounts that end with the test."""

import os
import subprocess

import pytest

from cassette.store import syscalls


def is_memory(path):
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return syscalls.is_ram_backed(fd) and os.access(path, os.W_OK)
    finally:
        os.close(fd)


class mounted:
    """A mount for the length of a test."""

    def __init__(self, arguments, at):
        self.arguments, self.at = arguments, at

    def __enter__(self):
        done = subprocess.run(["mount", *self.arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"may not mount here: {done.stderr.strip()}")

    def __exit__(self, *error):
        subprocess.run(["umount", "-l", str(self.at)], check=True)
