"""Compiling: how kernels are compiled, and who is told that they are."""

import contextlib
import sys

from numba import njit
from numba.core import event


def compiled(function):
    """Compile when first called. Numba keeps the result beside the file, or else in the user's cache, or nowhere.

    "error_model" leaves division to the processor, and "contract" lets it multiply and add in one go: with both, loops
    become vector instructions.
    """
    options = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:
        return njit(**options)(function)


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
