"""Coverage: over 500 simulated series each method holds the share that it promises."""

import numpy as np
import pytest
from sklearn.base import clone

from skrnn import IntervalForecaster, make_windows
from tests.intervals.known import Zero, held, noise

N_SERIES = 500
LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)
METHODS = {
    "conformal": IntervalForecaster(Zero(), calibration_size=39),
    "normalized": IntervalForecaster(Zero(), method="normalized", calibration_size=39),
    "quantile": IntervalForecaster(Zero(LEVELS), method="quantile", calibration_size=39),
    "adaptive": IntervalForecaster(Zero(), method="adaptive", calibration_size=39),
}


def check_share(hits, share):
    """The share of hits (n_series, n) is the one that is promised, to four standard errors."""
    by_series = hits.mean(axis=1)
    error = by_series.std() / np.sqrt(len(by_series))
    assert abs(by_series.mean() - share) < 4 * error, (by_series.mean(), error)


@pytest.mark.parametrize("name", METHODS)
def test_each_lead_holds_its_share(name):
    """Of 39 residuals the coverages 0.8 and 0.9 are exact, for each lead."""
    hits = []
    for seed in range(N_SERIES):
        X, y = noise(65, seed, horizon=2)
        model = METHODS[name].fit(X[:50], y[:50])
        ends = model.predict_interval(X[53:], (0.8, 0.9))
        hits.append((ends[..., 0] <= y[53:, :, None]) & (y[53:, :, None] <= ends[..., 1]))

    hits = np.array(hits)

    for lead in range(2):
        check_share(hits[:, :, lead, 0], 0.8)
        check_share(hits[:, :, lead, 1], 0.9)


@pytest.mark.parametrize("name", METHODS)
def test_each_series_of_a_panel_holds_its_share(name):
    """Series of very different size are each held as often."""
    units = np.array([1e-3, 1.0, 1e3])
    hits = []
    for seed in range(N_SERIES):
        panel = np.random.default_rng(seed).standard_t(4, size=(3, 40, 1))
        X, y = make_windows(units[:, None, None] * panel, 8, 1)
        old = X.ends - X.bounds[X.series] < 30
        model = clone(METHODS[name]).set_params(calibration_size=13).fit(X[old], y[old])
        hits.append(held(model, X[~old], y[~old], 0.9).reshape(3, -1))

    hits = np.array(hits)

    assert len(model.residuals_) == 39
    for series in range(3):
        check_share(hits[:, series], 0.9)


@pytest.mark.parametrize("name", METHODS)
def test_both_tails_leave_out_the_same(name):
    """As many truths lie below the intervals as above, also where errors are askew."""
    below = []
    above = []
    for seed in range(N_SERIES):
        rows = np.random.default_rng(seed).exponential(size=62)
        X, y = make_windows(rows, 3)
        ends = METHODS[name].fit(X[:50], y[:50]).predict_interval(X[50:], 0.9)
        below.append(y[50:] < ends[:, 0])
        above.append(y[50:] > ends[:, 1])

    check_share(np.array(below), 0.05)
    check_share(np.array(above), 0.05)
