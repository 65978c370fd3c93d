"""`python -m cassette`: the same as the command `cassette`."""

import sys

from cassette.cli import main

if __name__ == "__main__":
    sys.exit(main())
