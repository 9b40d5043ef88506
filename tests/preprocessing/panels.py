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
    y = y.reshape(len(y), horizon)
    # Unknown targets are as large as their series is.
    size = np.array([np.nanmean(np.abs(values)) for values in series])
    return X, np.where(np.isnan(y), size[X.series][:, None], y)


def within_reach(X, y):
    """Targets no larger and no smaller than what windows look at: no power tells others apart."""
    steps = np.asarray(X)
    return np.clip(y, np.nanmin(steps), np.nanmax(steps))


def learnable(X, y):
    """Mask of complete windows with known targets, within reach of all windows of the mask."""
    mask = X.complete() & ~np.isnan(X.values_at(0, X.leads)).any(axis=1)
    while mask.any():
        kept = mask & (within_reach(X[mask], y) == y).all(axis=1)
        if (kept == mask).all():
            break
        mask = kept
    return mask
