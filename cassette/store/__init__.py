"""Cassettes and spools on a disk. The only code that touches their files."""
