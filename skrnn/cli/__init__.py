"""The ``skrnn`` command: parse, call, print.

Each of its commands is a function of ``skrnn.cli.commands``.
"""

import time

STARTED = time.monotonic()
# The exit code of a command that Ctrl-C ended.
INTERRUPTED = 130

from skrnn.cli.main import main  # noqa: E402

__all__ = ["main"]
