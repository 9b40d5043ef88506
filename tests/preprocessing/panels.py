"""Panels with gaps, as Hypothesis draws them."""

import numpy as np
from hypothesis import strategies as st

from skrnn import make_windows


@st.composite
def panel_windows(draw, *, positive=False):
    """Windows of a panel with gaps and flat stretches, and their known targets (n, horizon)."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rate = draw(st.sampled_from([1, 1, 2]))
    horizon = draw(st.integers(1, 7))
    series = []
    for size in draw(st.lists(st.integers(40, 60), min_size=1, max_size=3)):
        level = 10.0 ** draw(st.integers(-3, 4))
        values = level * (2 + np.sin(np.arange(size) / 2) + 0.3 * random.normal(size=size))
        values[5 : 5 + draw(st.integers(0, 12))] = level
        values = np.abs(values) if positive else values - 2 * level * draw(st.booleans())
        values[random.random(size) < draw(st.sampled_from([0.0, 0.1, 0.6]))] = np.nan
        series.append(values)
    leads = [rate * h for h in range(1, horizon + 1)]
    X, y = make_windows(series, draw(st.integers(3, 8)), leads=leads, sampling_rate=rate)
    # Targets that are unknown are those of the window's size.
    size = np.nanmean(np.abs(np.concatenate(series)))
    return X, np.nan_to_num(y.reshape(len(y), horizon), nan=size)
