"""Folds: which windows train and which test, by the time at which their forecasts are made."""

import numpy as np

from skrnn.comparison.preparation import spacing
from skrnn.reading import DataProblem

# The newest share of all origins is for testing.
TEST_SHARE = 0.3
# How many windows a fold tests at most: more make no error more certain, since neighbours are
# alike.
MOST_TESTED = 1_000


def make_folds(samples, n_folds: int, season: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(train, test) of each fold, oldest first: expanding training, and tests that follow one another.

    ::

        fold 0   train ............... | horizon | test ..
        fold 1   train ......................... | horizon | test ..

    All targets of training windows are known when the first forecast of the test is made. Series of
    a panel share their dates.
    """
    origin, newest = samples.shared()
    told = np.isfinite(samples.truth(np.arange(len(origin)), 1)).any(axis=1)
    origins = np.unique(origin[told])
    tested = int(TEST_SHARE * len(origins))
    size = tested // n_folds
    starts = [len(origins) - (n_folds - fold) * size for fold in range(n_folds)]
    if size < 1 or not (told & (newest <= origins[starts[0]])).any():
        fewer = f"--folds {tested} or less, " if tested and size < 1 else ""
        raise DataProblem(
            f"{len(origins)} windows are too few for {n_folds} fold{'s' if n_folds > 1 else ''}: "
            f"use {fewer}a smaller "
            "--horizon or --window, or a longer series"
        )
    folds = []
    for start in starts:
        first, last = origins[start], origins[start + size - 1]
        test = np.flatnonzero(told & (origin >= first) & (origin <= last))
        folds.append((np.flatnonzero(newest <= first), thinned(test, MOST_TESTED, season)))
    return folds


def thinned(which: np.ndarray, most: int, season: int) -> np.ndarray:
    """Evenly spaced ones of at most so many, at all times of the season alike."""
    return which[:: spacing(len(which), most, season)]
