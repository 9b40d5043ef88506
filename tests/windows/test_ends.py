"""Ends: which window of a series ends at a row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skrnn import Windows
from skrnn.windows.ends import Ends, targets_at

PLACES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-4, 12)), min_size=1, max_size=20, unique=True
)


def windows_at(places):
    series, ends = zip(*places, strict=True)
    return Windows(np.zeros((60, 1)), ends, length=2, bounds=[0, 15, 30, 45, 60], series=series)


@given(PLACES, PLACES)
def test_finds_what_a_loop_finds(places, asked):
    """The position of the window of that series that ends there, or -1."""
    series, ends = zip(*asked, strict=True)

    found = Ends(windows_at(places)).find(series, ends)

    assert found.tolist() == [places.index(place) if place in places else -1 for place in asked]


@given(PLACES, st.lists(st.integers(-3, 3), min_size=1, max_size=3))
def test_targets_are_those_of_the_window_that_ends_there(places, offsets):
    """NaN where there is none."""
    windows, y = windows_at(places), np.arange(len(places) * 2.0).reshape(-1, 2)

    found = targets_at(windows, y, offsets)

    known = dict(zip(places, y.tolist(), strict=True))
    expected = [[known.get((s, e + offset), [np.nan] * 2) for offset in offsets] for s, e in places]
    np.testing.assert_array_equal(found, expected)
