"""Sample paths: what may come, all leads together."""

import numpy as np
import pytest

from skrnn import IntervalForecaster, make_windows
from tests.intervals.known import Zero, noise


def test_paths_are_residuals_of_one_origin():
    """Each path is the forecast, and all residuals of one origin of the calibration."""
    X, y = noise(100, horizon=3)
    model = IntervalForecaster(Zero(), calibration_size=30).fit(X, y)

    paths = model.sample_paths(X[:4], 200, random_state=0)

    drawn = {tuple(path) for path in paths.reshape(-1, 3)}
    assert drawn == {tuple(row) for row in y[70:]}
    np.testing.assert_array_equal(paths, model.sample_paths(X[:4], 200, random_state=0))


@pytest.mark.parametrize("method", ["conformal", "normalized", "adaptive", "quantile"])
def test_sums_over_the_horizon(method):
    """Leads that miss together add up: the sum of a random walk is held by sums of paths."""
    hits = []
    for seed in range(40):
        steps = np.random.default_rng(seed).normal(size=500)
        X, y = make_windows(steps, 20, 6)
        # Errors that grow like a random walk's.
        y = np.cumsum(y, axis=1)
        estimator = Zero((0.1, 0.5, 0.9))
        model = IntervalForecaster(estimator, method=method, calibration_size=200, target=0)
        sums = model.fit(X[:440], y[:440]).sample_paths(X[440:], 300, random_state=0).sum(axis=2)
        lower, upper = np.quantile(sums, [0.1, 0.9], axis=0)
        truth = y[440:].sum(axis=1)
        hits.append(np.mean((lower <= truth) & (truth <= upper)))

    assert abs(np.mean(hits) - 0.8) < 0.05


def test_no_origin_with_all_leads():
    """Where no origin has all leads there is nothing to draw."""
    X, y = noise(100, horizon=2)
    y[60::2, 0] = np.nan
    y[61::2, 1] = np.nan
    model = IntervalForecaster(Zero()).fit(X, y)

    with pytest.raises(ValueError, match="all 2 leads are known, and the calibration has none"):
        model.sample_paths(X)
