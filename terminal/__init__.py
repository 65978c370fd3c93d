"""One program on one terminal: a pty session, an emulator, keys and waiting. Knows no cassette."""

__distribution__ = "pty-cassette"
