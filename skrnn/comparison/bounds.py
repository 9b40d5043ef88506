"""Bounds: amounts, of which nothing below zero is forecast."""

import numpy as np

from skrnn.windows import Windows
from skrnn.wording import count

# So many rows, and such a share of all, are exactly zero where nothing less can be.
FEWEST_ZEROS = 3
SHARE_OF_ZEROS = 0.01


def least_of(X: Windows, y: np.ndarray) -> np.ndarray:
    """What nothing is below, for each series: zero, or minus infinity where there is no bound.

    A series that is never below zero and often there is bounded: counts, sales and rain are. What
    is positive and never zero may be so by chance.
    """
    n_series = len(X.bounds) - 1
    values = np.where(X.covered()[:, 0], X.rows[:, 0], np.nan)
    targets = np.reshape(y, (len(X), -1))
    ahead = (X.ends[:, None] + np.asarray(X.leads))[:, : targets.shape[1]]
    # A row that many windows forecast is one.
    values[ahead.ravel()] = targets.ravel()
    series = np.searchsorted(X.bounds, np.arange(len(values)), side="right") - 1
    n_known, n_zeros, n_below = (
        np.bincount(series[which], minlength=n_series)
        for which in (~np.isnan(values), values == 0, values < 0)
    )
    bounded = (n_zeros >= np.maximum(FEWEST_ZEROS, SHARE_OF_ZEROS * n_known)) & (n_below == 0)
    return np.where(bounded, 0.0, -np.inf)


def zeros_of(y: np.ndarray) -> float:
    """The share of known targets that are exactly zero."""
    known = y[~np.isnan(y)]
    return float(np.mean(known == 0)) if len(known) else 0.0


def not_below(least: tuple, series: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values of some series, the series of each first, raised to what nothing of it is below."""
    bounds = np.take(least, series)
    return np.maximum(values, bounds.reshape(-1, *[1] * (values.ndim - 1)))


def words_of(least: np.ndarray) -> str | None:
    """Which forecasts are bounded, in words; None where none is."""
    n_bounded = np.count_nonzero(np.isfinite(least))
    if not n_bounded:
        return None
    of = "" if len(least) == 1 else f" of {n_bounded:,} of {count(len(least), 'series', 'series')}"
    if n_bounded == len(least) > 1:
        of = " of all series"
    return f"no forecast{of} is below 0, as no known value is and many are 0"
