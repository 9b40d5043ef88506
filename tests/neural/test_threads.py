"""Threads that work together end together, whatever happens to one of them or to who waits."""

import subprocess
import sys
import threading
import time

import pytest

from skrnn.neural.fused.threads import STOP, together


def until_stopped(ended, seconds=20):
    """Work that goes on until all shall stop, and takes a moment to end; or else gives up."""

    def work(thread, shared):
        limit = time.monotonic() + seconds
        while not shared[STOP]:
            assert time.monotonic() < limit, "nobody was told to stop"
            time.sleep(0.001)
        time.sleep(0.1)
        ended.append(thread)

    return work


def interrupted(*arguments):
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def test_nothing_runs_any_more_when_the_wait_is_interrupted():
    """What the threads read may be gone right after."""
    ended = []
    with pytest.raises(KeyboardInterrupt):
        together(2, until_stopped(ended), show=interrupted)

    assert sorted(ended) == [0, 1]


def test_a_thread_that_cannot_start_ends_the_others(monkeypatch):
    """They would wait for it."""
    ended, start = [], threading.Thread.start

    def start_two(thread):
        return interrupted() if thread.name == "skrnn_2" else start(thread)

    monkeypatch.setattr("threading.Thread.start", start_two)
    with pytest.raises(KeyboardInterrupt):
        together(3, until_stopped(ended))

    assert sorted(ended) == [0, 1]


def test_an_error_of_one_thread_ends_the_others():
    """It is raised where they were waited for."""
    ended = []
    others = until_stopped(ended)

    def work(thread, shared):
        if thread == 1:
            raise OSError("no")
        others(thread, shared)

    with pytest.raises(OSError, match="no"):
        together(2, work)

    assert ended == [0]


LATE = """
import threading
import numpy as np
from skrnn import RNNRegressor, make_windows

X, y = make_windows(np.sin(np.arange(80)), 6)
model = RNNRegressor("gru", 4, epochs=2, random_state=0, verbose=0)

def late():
    threading.main_thread().join()
    print(np.isfinite(model.fit(X, y).predict(X)).all())

threading.Thread(target=late).start()
"""


def test_the_main_thread_may_have_ended():
    """A script that ends with a fit in another thread waits for it, also where none can begin."""
    run = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)

    assert run.stdout == "True\n"
    assert "Traceback" not in run.stderr
