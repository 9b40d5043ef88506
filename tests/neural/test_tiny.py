"""Numbers too small for a float's exponent, in compiled code."""

import threading

import numpy as np
import pytest
from numba import njit

from skrnn import RNNRegressor, make_windows
from skrnn.neural.fused.tiny import KNOWN, TO_ZERO, _control_now, put_back, tiny_as_zero


@pytest.mark.skipif(not KNOWN, reason="no such processor")
def test_the_thread_is_put_back():
    @njit
    def controls():
        first = _control_now()
        before = tiny_as_zero()
        between = _control_now()
        put_back(before)
        return first, between, _control_now()

    first, between, last = controls()

    assert last == first
    assert not first & TO_ZERO
    assert between == first | TO_ZERO


def test_who_calls_keeps_its_tiny_numbers():
    """Also where a fit has no threads of its own."""
    X, y = make_windows(np.sin(np.arange(60.0)), length=4)
    found = []

    def work():
        RNNRegressor("simple", 2, epochs=1, random_state=0).fit(X, y).predict(X)
        found.append(np.float32(1e-40) * np.float32(0.5))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] > 0
