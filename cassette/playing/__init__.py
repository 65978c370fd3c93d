"""A cassette is played: paced events, and a session that answers a driver as the program did. Executes nothing."""
