"""A recording without its secrets: whole when it has ended, window by window while it runs. Touches no file."""
