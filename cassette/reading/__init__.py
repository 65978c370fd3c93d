"""A cassette on disk becomes values again, and a verdict. Writes nothing and runs nothing."""
