"""What is left out of long lines."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn.report.thinning import MOST_BUCKETS, buckets_for, evenly, extremes

lines = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), min_size=1, max_size=300).map(
    np.array
)


@given(lines, st.integers(1, 30))
@settings(deadline=None, max_examples=60)
def test_extremes_keep_peaks_and_order(values, n_buckets):
    """Least and greatest value stay, positions rise, and there are at most three of a bucket."""
    kept = extremes(values, n_buckets)

    known = values[~np.isnan(values)]
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= max(3 * n_buckets, 2 * n_buckets)
    assert not len(known) or {known.min(), known.max()} <= set(values[kept])


def test_extremes_keep_gaps():
    """A gap within a line stays a gap."""
    values = np.arange(1000.0)
    values[503] = np.nan

    assert np.isnan(values[extremes(values, 10)]).any()


def test_short_lines_are_drawn_whole():
    """Nothing is left out where there is room for all."""
    assert extremes(np.zeros(20), 10).tolist() == list(range(20))


def test_buckets_share_the_room():
    """More lines get fewer buckets each."""
    assert buckets_for(1) == MOST_BUCKETS > buckets_for(100) > buckets_for(200)


def test_evenly_keeps_both_ends():
    """The first and the last are among those that are kept."""
    assert evenly(100, 3).tolist() == [0, 50, 99]
    assert evenly(2, 5).tolist() == [0, 1]
    assert evenly(0, 5).tolist() == []
