"""Threads: how many there may be, and a map over chunks in them."""

import contextlib
import functools
import os
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import ThreadpoolController


@functools.cache
def _libraries():
    """The libraries of linear algebra, which are not used here, but told by joblib how many threads there may be."""
    return ThreadpoolController().select(user_api="blas")


def allowed_threads() -> int:
    """As many as the libraries of linear algebra may use here: what joblib and threadpoolctl limit is limited."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min([cores, *(one["num_threads"] for one in _libraries().info())]))


@contextlib.contextmanager
def pool(n_threads):
    """A map over chunks in ``n_threads`` threads."""
    if n_threads == 1:
        yield map
    else:
        with ThreadPoolExecutor(n_threads, thread_name_prefix="skrnn") as executor:
            yield executor.map
