"""Secrets out of bytes and text. Knows no terminal and no file."""

__distribution__ = "pty-cassette"
