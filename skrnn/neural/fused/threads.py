"""Threads: how many there may be, and how compiled code waits for them."""

import contextlib
import ctypes
import functools
import os
import threading
from collections.abc import Iterator

import joblib
import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from threadpoolctl import ThreadpoolController

from skrnn.neural.fused.compiling import part_of

# What threads share: whether to stop, the batches that are done, the threads that have arrived at
# the end of one, how often all have, and the next chunk that nobody has taken.
STOP, DONE, ARRIVED, OPENED, NEXT = range(5)

SHOWN_EVERY = 0.1


@functools.cache
def _libraries():
    """The libraries of linear algebra, which joblib tells how many threads there may be."""
    return ThreadpoolController().select(user_api="blas")


@functools.cache
def _processors():
    """How many processors this process may use: a container's limits are files, read once."""
    return joblib.cpu_count()


_WORK = threading.local()


@contextlib.contextmanager
def working_for(shared: np.ndarray) -> Iterator[None]:
    """A block of one of some threads that work together: it has no threads of its own.

    What stops them stops what is begun in it.
    """
    _WORK.shared = shared
    try:
        yield
    finally:
        _WORK.shared = None


def _stopped():
    """Whether the threads were stopped that this one is one of."""
    shared = getattr(_WORK, "shared", None)
    return shared is not None and bool(shared[STOP])


def allowed_threads() -> int:
    """As many as the libraries of linear algebra may use here.

    What joblib and threadpoolctl limit is limited. A thread that works with others is one, and so
    is one that outlives the main one.
    """
    if getattr(_WORK, "shared", None) is not None or _ending():
        return 1
    limits = [library["num_threads"] for library in _libraries().info()]
    return max(1, min([_processors(), *limits]))


def _ending():
    """Whether the main thread has ended: from Python 3.12 on no other begins then."""
    return not threading.main_thread().is_alive()


_LIMITING = threading.Lock()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """A block in which linear algebra uses one thread, whose numbers are the same everywhere.

    One block at a time: a limit that is lifted in another order than it was set stays.
    """
    with _LIMITING, _libraries().limit(limits=1, user_api="blas"):
        yield


def shared_state() -> np.ndarray:
    """What threads share that work together."""
    return np.zeros(5, np.int64)


def together(n_threads, work, show=None) -> None:
    """Run ``work(thread, shared)`` in several threads at once.

    Until they end, ``show(shared)`` is called now and then.
    Ctrl-C, or an error in one of them, ends them all where they stand: when this raises, none of
    them runs any more.
    """
    if _stopped():
        raise KeyboardInterrupt
    shared = shared_state()
    if n_threads == 1 and _ending():
        work(0, shared)
        return
    errors = []
    ended = [threading.Event() for _ in range(n_threads)]

    def run(thread):
        try:
            work(thread, shared)
        except BaseException as error:
            errors.append(error)
            shared[STOP] = 1
        finally:
            ended[thread].set()

    threads = [
        threading.Thread(target=run, args=(thread,), name=f"skrnn_{thread}")
        for thread in range(n_threads)
    ]
    try:
        for thread in threads:
            thread.start()
        for end in ended:
            # Not every system lets Ctrl-C end a wait without a limit.
            while not end.wait(SHOWN_EVERY):
                if show:
                    show(shared)
                if _stopped():
                    raise KeyboardInterrupt
    finally:
        shared[STOP] = 1
        for thread, end in zip(threads, ended, strict=True):
            # After a join that Ctrl-C has ended, Python takes threads for dead that still run.
            if thread.is_alive():
                end.wait()
    if errors:
        raise errors[0]


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
