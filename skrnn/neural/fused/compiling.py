"""Compiling: says that kernels are compiled, where that is so."""

import contextlib
import sys

from numba.core import event


class _Announcer(event.Listener):
    """Says once in a process that something is compiled."""

    said = False

    def on_start(self, event):
        """A kernel was not found in the cache."""
        if not _Announcer.said:
            _Announcer.said = True
            print("skrnn: compiling the network's kernels, once on this machine: a few seconds …", file=sys.stderr)

    def on_end(self, event):
        """Nothing to say."""


@contextlib.contextmanager
def announced():
    """Say so if anything is compiled in this block."""
    with event.install_listener("numba:compile", _Announcer()):
        yield
