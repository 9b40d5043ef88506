"""Ctrl-C and deadlines."""

import contextlib
import signal
import threading
import time

import pytest

from skrnn.comparison.stopping import Stop, patient


def work(seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))
    pytest.fail("nothing stopped it")


def test_a_deadline_ends_the_block():
    with Stop(time.monotonic() + 0.05) as stop:
        work()

    assert stop.reason == "budget"


def test_ctrl_c_ends_the_block():
    with Stop() as stop:
        signal.raise_signal(signal.SIGINT)
        work()

    assert stop.reason == "interrupted"


def test_ctrl_c_that_a_fit_takes_for_itself_is_seen():
    with Stop() as stop, contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)

    assert stop.reason == "interrupted"


def test_a_block_that_ends_in_time_has_no_reason_later_either():
    with Stop(time.monotonic() + 0.05) as stop:
        pass
    time.sleep(0.1)

    assert stop.reason is None


def test_signals_are_handled_as_before_behind_the_block():
    before = signal.getsignal(signal.SIGINT)

    with Stop(time.monotonic() + 10):
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) is before


def test_errors_of_the_block_pass():
    with pytest.raises(ZeroDivisionError, match="of the block"), Stop(time.monotonic() + 10):
        raise ZeroDivisionError("of the block")


def test_ctrl_c_in_a_destructor_ends_the_block_behind_it(capsys):
    """Python swallows what a destructor raises."""

    class Resource:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    with Stop() as stop:
        resource = Resource()
        del resource
        for _ in range(1000):
            time.sleep(0.01)
        raise AssertionError("the block went on")

    assert stop.reason == "interrupted"


def test_in_another_thread_the_deadline_is_seen_between_steps():
    reasons = []

    def run():
        with Stop(time.monotonic() + 0.02) as stop:
            reasons.append(stop.reason)
            time.sleep(0.05)
            reasons.append(stop.reason)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert reasons == [None, "budget"]


def test_the_first_ctrl_c_does_not_end_a_patient_block():
    done = []

    with patient():
        signal.raise_signal(signal.SIGINT)
        done.append("written")

    assert done == ["written"]


def test_the_second_ctrl_c_ends_a_patient_block():
    # Where the tests run in the background, the shell may have told them to take no Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    @patient()
    def write():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        write()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
