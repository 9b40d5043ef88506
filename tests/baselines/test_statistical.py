"""statsforecast's ARIMA and theta method on windows, with a fake where it is not installed."""

import sys

import numpy as np
import pytest

from skrnn import NaiveForecaster, load, make_windows, save
from skrnn.baselines.statistical import StatisticalRegressor
from skrnn.datasets import load_airline
from tests.fakes import fake_statsforecast


@pytest.fixture
def fake(monkeypatch):
    """A statsforecast that forecasts by a line of code."""
    for name, module in fake_statsforecast().items():
        monkeypatch.setitem(sys.modules, name, module)


def autoregressive(share, seed, n=200):
    rng = np.random.default_rng(seed)
    rows = np.zeros(n)
    for t in range(1, n):
        rows[t] = share * rows[t - 1] + rng.normal()
    return rows


def test_theta_goes_on_from_each_window(fake):
    """Its own leads, and nothing of other windows."""
    rows = np.array([0.0, 1, 4, 9, 16, 25, 36, 49, 64])
    X, y = make_windows(rows, 3, leads=[1, 3])

    found = StatisticalRegressor("theta").fit(X, y).predict(X)

    np.testing.assert_allclose(found, [[6, 10], [13, 21], [22, 34], [33, 49]])


def test_arima_is_applied_to_each_window_relative_to_itself(fake):
    """A share of how far the last value is from the window's mean."""
    rows = 500 + 7 * autoregressive(0.8, 0)
    X, y = make_windows(rows, 20, 2)

    model = StatisticalRegressor("arima").fit(X, y)

    share = model.model_["coef"]["ar1"]
    steps = np.asarray(X)[:, :, 0]
    mean = steps.mean(axis=1)
    away = (steps[:, -1] - mean)[:, None] * share ** np.array([1, 2])
    np.testing.assert_allclose(model.predict(X), mean[:, None] + away)


def test_of_several_series_the_best_model_is_kept(fake):
    """Five that go on, and one that turns round at each step."""
    panel = [autoregressive(0.9, seed) for seed in range(5)] + [autoregressive(-0.9, 5)]
    X, y = make_windows(panel, 20, 2)

    model = StatisticalRegressor("arima").fit(X, y)

    assert model.model_["coef"]["ar1"] > 0.7


def test_a_constant_window_stays_as_it_is(fake):
    X, y = make_windows(autoregressive(0.5, 0), 20, 3)
    flat = np.full((2, 20, 1), 7.0)

    for name in ("theta", "arima"):
        model = StatisticalRegressor(name).fit(X, y)
        np.testing.assert_array_equal(model.predict(flat), 7.0)


def test_they_come_back_from_a_file(fake, tmp_path):
    X, y = make_windows(autoregressive(0.5, 0), 20, 3)
    model = StatisticalRegressor("arima").fit(X, y)

    save(model, tmp_path / "arima.skrnn")

    again = load(tmp_path / "arima.skrnn")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_without_statsforecast_there_is_a_remedy(monkeypatch):
    """In a sentence, before anything is fitted."""
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    X, y = make_windows(autoregressive(0.5, 0), 20, 3)

    with pytest.raises(ImportError, match=r'pip install "skrnn\[statsforecast\]"$'):
        StatisticalRegressor("arima").fit(X, y)


def test_a_series_that_tells_nothing_is_refused(fake):
    X, y = make_windows(np.zeros(60), 20, 3)

    with pytest.raises(ValueError, match="no series has more than 10 known steps that change"):
        StatisticalRegressor("arima").fit(X, y)


@pytest.mark.parametrize("name", ["theta", "arima"])
def test_the_real_ones_beat_the_seasonal_naive_forecast(name):
    """On airline passengers, a year ahead."""
    pytest.importorskip("statsforecast")
    X, y = make_windows(load_airline(), length=36, horizon=12)

    model = StatisticalRegressor(name, season=12).fit(X[:60], y[:60])

    floor = NaiveForecaster("seasonal", season=12).fit(X[:60], y[:60])
    errors = [np.abs(one.predict(X[72:]) - y[72:]).mean() for one in (model, floor)]
    assert errors[0] < 0.9 * errors[1]
