"""Threads: how many there may be, and how compiled code waits for them."""

import ctypes
import functools
import math
import os
import threading
import time
from collections.abc import Callable

import joblib
import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from skrnn.neural.fused.compiling import part_of
from skrnn.quietly import libraries

# What threads share: whether to stop, the batches that are done, the threads that have arrived at
# the end of one, how often all have, and the next chunk that nobody has taken.
STOP, DONE, ARRIVED, OPENED, NEXT = range(5)

SHOWN_EVERY = 0.1
# Work of fewer seconds than the first is tried by one thread as well as by all, so many times, as
# others may begin too late to be of use; below the second the caller is one of them.
TRIED, BRIEF = 0.002, 0.02
TRIALS = 4


@functools.cache
def _processors():
    """How many processors this process may use: a container's limits are files, read once."""
    return joblib.cpu_count()


_WORK = threading.local()


def _own():
    """What one of some threads that work together has to itself: what stops them stops it, too."""
    return getattr(_WORK, "own", None)


def allowed_threads() -> int:
    """As many as the libraries of linear algebra may use here.

    What joblib and threadpoolctl limit is limited. A thread that works with others is one, and so
    is one that outlives the main one.
    """
    if _own() is not None or _ending():
        return 1
    limits = [library["num_threads"] for library in libraries().info()]
    return max(1, min([_processors(), *limits]))


def _ending():
    """Whether the main thread has ended: from Python 3.12 on no other begins then."""
    return not threading.main_thread().is_alive()


def shared_state() -> np.ndarray:
    """What threads share that work together."""
    return np.zeros(5, np.int64)


def together(
    n_threads: int,
    work: Callable,
    show: Callable | None = None,
    *,
    brief: bool = False,
) -> None:
    """Run ``work(thread, shared)`` in several threads at once.

    Until they end, ``show(shared)`` is called now and then.
    Ctrl-C, or an error in one of them, ends them all where they stand: when this raises, none of
    them runs any more. Of ``brief`` work the caller does a share, and Ctrl-C waits for it. One of
    some threads does itself what it begins, unless that is shown.
    """
    own = _own()
    if own is not None and show is None:
        _alone(work, own)
        return
    inside = brief or (n_threads == 1 and _ending())
    # A row for all, and one for what each begins.
    states = np.zeros((1 + n_threads, len(shared_state())), np.int64)
    errors = []
    ended = [threading.Event() for _ in range(n_threads)]

    def run(thread):
        before = _own()
        _WORK.own = states[1 + thread]
        try:
            work(thread, states[0])
        except BaseException as error:
            errors.append(error)
            states[:, STOP] = 1
        finally:
            _WORK.own = before
            ended[thread].set()

    threads = [
        threading.Thread(target=run, args=(thread,), name=f"skrnn_{thread}")
        for thread in range(1 if inside else 0, n_threads)
    ]
    try:
        for thread in threads:
            thread.start()
        if inside:
            run(0)
        _wait_until(ended, states[0], show, own)
    finally:
        states[:, STOP] = 1
        for thread, end in zip(threads, ended[n_threads - len(threads) :], strict=True):
            # After a join that Ctrl-C has ended, Python takes threads for dead that still run.
            if thread.is_alive():
                end.wait()
    if errors:
        raise errors[0]


def _wait_until(ended, shared, show, own):
    """Wait until all have ended; what stops who waits ends the wait."""
    for end in ended:
        # Not every system lets Ctrl-C end a wait without a limit.
        while not end.wait(SHOWN_EVERY):
            if show:
                show(shared)
            if own is not None and own[STOP]:
                raise KeyboardInterrupt


def _alone(work, own):
    """Work that one of some threads begins, which is its own."""
    if not own[STOP]:
        own[STOP + 1 :] = 0
        work(0, own)
    if own[STOP]:
        raise KeyboardInterrupt


class Crew:
    """Threads that do the same again and again, at most so many: what is brief one may do faster.

    What they do must not depend on how many they are.
    """

    def __init__(self, most: int):
        self.most = most
        self._n_runs = 0
        self._last = math.inf
        self._least: dict[int, float] = {}

    @property
    def is_brief(self) -> bool:
        """Whether Ctrl-C may wait for the work."""
        return self._last < BRIEF

    def chosen(self) -> int:
        """How many threads are to do it this time."""
        if self.most == 1 or self._last > TRIED:
            return self.most
        if self._n_runs < TRIALS:
            return 1 if self._n_runs % 2 else self.most
        return min(self._least, key=self._least.get)

    def run(self, n_threads: int, work: Callable, show: Callable | None = None) -> None:
        """Have it done by so many."""
        began = time.perf_counter()
        together(n_threads, work, show, brief=show is None and self.is_brief)
        self._last = time.perf_counter() - began
        self._n_runs += 1
        self._least[n_threads] = min(self._last, self._least.get(n_threads, math.inf))


# ---------------------------------------------------------------------- in compiled code


def _yield_address():
    """The system's function that lets other threads go first."""
    yields = (
        ctypes.windll.kernel32.SwitchToThread if os.name == "nt" else ctypes.CDLL(None).sched_yield
    )
    return ctypes.cast(yields, ctypes.c_void_p).value


llvmlite.binding.add_symbol("skrnn_yield", _yield_address())


def _atomic(write):
    """A function of an array of integers and a place in it, whose code is written by ``write``."""

    @intrinsic
    def operation(typing, shared, place, value):
        def code(context, builder, signature, values):
            data = context.make_array(signature.args[0])(context, builder, value=values[0]).data
            value = context.cast(builder, values[2], signature.args[2], types.int64)
            place = context.cast(builder, values[1], signature.args[1], types.int64)
            return write(builder, builder.gep(data, [place]), value)

        return types.int64(shared, place, value), code

    return operation


# Add a number, and give what was there before; in one go, whatever other threads do.
add = _atomic(lambda builder, pointer, value: builder.atomic_rmw("add", pointer, value, "seq_cst"))
put = _atomic(lambda builder, pointer, value: builder.atomic_rmw("xchg", pointer, value, "seq_cst"))


@part_of
def seen(shared, place):
    """What is there now."""
    return add(shared, place, 0)


@intrinsic
def _rest(typing):
    def code(context, builder, signature, values):
        kind = ir.FunctionType(ir.IntType(32), [])
        called = builder.module.globals.get("skrnn_yield") or ir.Function(
            builder.module, kind, "skrnn_yield"
        )
        return builder.call(called, [])

    return types.int32(), code


@part_of
def wait_for(shared, place, value):
    """Wait until something is no longer ``value``; False where all shall stop."""
    while seen(shared, place) == value:
        if seen(shared, STOP):
            return False
        _rest()
    return True
