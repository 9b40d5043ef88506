"""Quietly: what is of the whole process, warnings and threads, held for one block at a time."""

import contextlib
import functools
import threading
import warnings
from collections.abc import Iterator

import numpy as np
from threadpoolctl import ThreadpoolController

# A block inside of another has what that has.
_HELD = threading.RLock()


@functools.cache
def libraries() -> ThreadpoolController:
    """The libraries of linear algebra, which joblib tells how many threads there may be."""
    return ThreadpoolController().select(user_api="blas")


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """A block in which linear algebra uses one thread, whose numbers are the same everywhere.

    One block at a time: a limit that is lifted in another order than it was set stays.
    """
    with _HELD, libraries().limit(limits=1, user_api="blas"):
        yield


@contextlib.contextmanager
def no_warnings() -> Iterator[None]:
    """A block of which no warning is heard, one at a time, as filters are of the whole process."""
    with _HELD, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
