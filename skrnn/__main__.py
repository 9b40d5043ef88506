"""``python -m skrnn``: the ``skrnn`` command."""

import sys

from skrnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
