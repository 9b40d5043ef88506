"""Threads: how many there may be, and a pool of them that shares the processor with others."""

import contextlib
import functools
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import ThreadpoolController

_LOCK = threading.Lock()
_RUNNING = {"fits": 0, "limit": None}


@functools.cache
def _libraries():
    """The libraries of linear algebra; the one whose products the kernels use must be loaded to be found."""
    import scipy.linalg  # noqa: F401

    return ThreadpoolController().select(user_api="blas")


def allowed_threads() -> int:
    """As many as the libraries of linear algebra may use here: what joblib and threadpoolctl limit is limited."""
    with _LOCK:
        return _RUNNING["threads"] if _RUNNING["fits"] else _threads()


def _threads():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min([cores, *(one["num_threads"] for one in _libraries().info())]))


@contextlib.contextmanager
def pool(n_threads):
    """A map over chunks in ``n_threads`` threads, each of which does its own linear algebra alone."""
    with _LOCK:
        _RUNNING["fits"] += 1
        if _RUNNING["fits"] == 1:
            _RUNNING["threads"], _RUNNING["limit"] = _threads(), _libraries().limit(limits=1)
    try:
        if n_threads == 1:
            yield map
        else:
            with ThreadPoolExecutor(n_threads, thread_name_prefix="skrnn") as executor:
                yield executor.map
    finally:
        with _LOCK:
            _RUNNING["fits"] -= 1
            if _RUNNING["fits"] == 0:
                _RUNNING["limit"].restore_original_limits()
