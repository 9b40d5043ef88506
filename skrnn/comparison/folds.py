"""Folds: which windows train and which test, by the time at which their forecasts are made."""

import numpy as np

from skrnn.comparison.options import N_FOLDS
from skrnn.comparison.preparation import thinned
from skrnn.evaluation.folds import known_at, successive_tests
from skrnn.evaluation.samples import WindowSamples
from skrnn.reading import DataProblem
from skrnn.wording import count

# The newest share of all origins is for testing.
TEST_SHARE = 0.3
# How many windows a fold tests at most: more make no error more certain, since neighbours are
# alike.
MOST_TESTED = 1_000


def make_folds(
    samples: WindowSamples, n_folds: int | None, season: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(train, test) of each fold, oldest first: training expands, and tests follow one another.

    ::

        fold 0   train ............... | horizon | test ..
        fold 1   train ......................... | horizon | test ..

    All targets of training windows are known when the first forecast of the test is made. Series of
    a panel share their dates. Without a number there are five, or as many as windows to test.
    """
    origin, newest = samples.shared()
    known = np.isfinite(samples.truth(np.arange(len(origin)), 1)).any(axis=1)
    which = np.flatnonzero(known)
    n_origins = len(np.unique(origin[which]))
    n_tested = int(TEST_SHARE * n_origins)
    if n_folds is None:
        n_folds = max(1, min(N_FOLDS, n_tested))
    size = n_tested // n_folds
    if size < 1:
        _raise_too_few(n_origins, n_folds, n_tested)
    folds = []
    for tested in successive_tests(origin[which], n_folds, size):
        test = which[tested]
        train = known_at(newest, origin[test].min())
        if not known[train].any():
            _raise_too_few(n_origins, n_folds, n_tested)
        folds.append((train, thinned(test, MOST_TESTED, season)))
    return folds


def _raise_too_few(n_windows, n_folds, n_tested):
    fewer = f"folds={n_tested} or less, " if 0 < n_tested < n_folds else ""
    raise DataProblem(
        f"{n_windows} windows are too few for {count(n_folds, 'fold')}: use {fewer}a smaller "
        "horizon= or window=, or a longer series"
    )
