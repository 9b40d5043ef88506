"""Threads that work together end together, whatever happens to one of them or to who waits."""

import math
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from skrnn import RNNRegressor, make_windows
from skrnn.neural.fused import engine, threads
from skrnn.neural.fused.threads import STOP, Crew, together


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


def test_an_error_of_one_ends_what_the_others_have_begun():
    """Each does itself what it begins, and is stopped in it."""
    began, ended = [], []

    def inner(thread, shared):
        began.append(threading.current_thread().name)
        until_stopped(ended)(thread, shared)

    def work(thread, shared):
        if thread == 0:
            together(3, inner)
        while not began:
            time.sleep(0.001)
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        together(2, work)

    assert began == ["skrnn_0"]
    assert ended == [0]


def test_who_does_a_share_is_one_of_the_others_again(monkeypatch):
    """Also where no thread can begin any more: what stops the others stops it."""
    monkeypatch.setattr(threads, "_ending", lambda: True)
    own = []

    def work(thread, shared):
        own.append(threads._own())
        together(1, lambda *_: None, show=lambda shared: None)
        own.append(threads._own())

    together(1, work)

    assert own[0] is not None
    assert own[1] is own[0]
    assert threads._own() is None


def test_of_brief_work_the_caller_does_a_share():
    """And the others theirs."""
    names = []

    together(3, lambda thread, shared: names.append(threading.current_thread().name), brief=True)

    assert sorted(names) == sorted([threading.current_thread().name, "skrnn_1", "skrnn_2"])


def test_an_error_of_the_caller_ends_the_others():
    """Also in brief work."""
    ended = []
    others = until_stopped(ended)

    def work(thread, shared):
        if thread == 0:
            raise KeyboardInterrupt
        others(thread, shared)

    with pytest.raises(KeyboardInterrupt):
        together(3, work, brief=True)

    assert sorted(ended) == [1, 2]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({1: 1e-4, 2: 1e-3}, [2, 1, 2, 1, 1, 1]),
        ({1: 1e-3, 2: 9e-4}, [2, 1, 2, 1, 2, 2]),
        ({1: 5e-3, 2: 1e-3}, [2, 1, 2, 1, 2, 2]),
        ({2: 5e-3}, 6 * [2]),
    ],
)
def test_brief_work_is_for_as_many_as_do_it_faster(seconds, expected, monkeypatch):
    """Both numbers are tried; of long work only all."""
    clock = [0.0]
    monkeypatch.setattr(threads, "together", lambda n, work, *_, **__: work(0, None))
    monkeypatch.setattr(threads.time, "perf_counter", lambda: clock[0])
    crew = Crew(2)

    tried = []
    for _ in expected:
        tried.append(crew.chosen())
        took = clock[0] + seconds[tried[-1]]
        crew.run(tried[-1], lambda *_, took=took: clock.__setitem__(0, took))

    assert tried == expected


def test_numbers_are_those_of_any_choice(monkeypatch):
    """Whether one or two make an epoch, its numbers are the same."""
    X, y = make_windows(np.sin(np.arange(90)), 6)
    monkeypatch.setattr(engine, "allowed_threads", lambda: 2)
    model = RNNRegressor("gru", 4, epochs=7, random_state=0, engine="fused")
    forecasts = []
    for tried in (0, math.inf):
        monkeypatch.setattr(threads, "TRIED", tried)
        forecasts.append(model.fit(X, y).predict(X))

    np.testing.assert_array_equal(*forecasts)


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
