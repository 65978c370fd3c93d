"""Record, keep, read and replay what a program did on a terminal."""
