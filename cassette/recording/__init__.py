"""A running program becomes a cassette: plan, recorder, run, live session, spool to disk. Reads no cassette."""
