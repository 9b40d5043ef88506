"""Compiling: how kernels are compiled, and who is told that they are."""

import contextlib
import sys

from numba import njit
from numba.core import event
from numba.core.compiler import Compiler


class _Apart(Compiler):
    """Takes it that the arrays which a function is called with do not overlap."""

    def define_pipelines(self):
        self.state.flags.noalias = True
        return super().define_pipelines()


def compiled_apart(function):
    """Compile a function whose arrays never overlap: a loop over many of them becomes vector instructions, too."""
    return compiled(function, pipeline_class=_Apart)


def compiled(function, **options):
    """Compile when first called. Numba keeps the result beside the file, or else in the user's cache, or nowhere.

    "error_model" leaves division to the processor, and "contract" lets it multiply and add in one go: with both, loops
    become vector instructions.
    """
    options |= {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}
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
