"""Threads that work together end together, whatever happens to one of them or to who waits."""

import time

import pytest

from skrnn.neural.fused.threads import STOP, Together


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
    with Together(2) as threads:
        with pytest.raises(KeyboardInterrupt):
            threads.run(until_stopped(ended), show=interrupted)

        assert sorted(ended) == [0, 1]


def test_a_thread_that_cannot_start_ends_the_others(monkeypatch):
    """They would wait for it."""
    ended = []
    with Together(3) as threads:
        submit = threads._executor.submit

        def submit_two(work, thread, shared):
            return interrupted() if thread == 2 else submit(work, thread, shared)

        monkeypatch.setattr(threads._executor, "submit", submit_two)
        with pytest.raises(KeyboardInterrupt):
            threads.run(until_stopped(ended))

    assert sorted(ended) == [0, 1]


def test_an_error_of_one_thread_ends_the_others():
    """It is raised where they were waited for."""
    ended = []
    others = until_stopped(ended)

    def work(thread, shared):
        if thread == 1:
            raise OSError("no")
        others(thread, shared)

    with Together(2) as threads, pytest.raises(OSError, match="no"):
        threads.run(work)

    assert ended == [0]
