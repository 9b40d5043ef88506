"""Learned quantiles: those of what pipelines, searches and wrappers hold."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    DenseRegressor,
    Differencer,
    DirectForecaster,
    IntervalForecaster,
    LinearWindow,
    LogTransformer,
    MultiOutputForecaster,
    RecursiveForecaster,
    SeasonalAnchor,
    SeriesScaler,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)
from skrnn.forecasters.learned_quantiles import all_quantiles, learned_levels

LEVELS = (0.1, 0.5, 0.9)


def linear():
    return LinearWindow(quantiles=LEVELS)


@pytest.fixture
def samples():
    rows = 50 + np.random.default_rng(0).normal(size=(150, 1)).cumsum(axis=0)
    return make_windows(rows, length=6, horizon=2)


@pytest.mark.parametrize(
    "transformer",
    [None, Differencer(1), WindowScaler(), SeasonalAnchor(3), LogTransformer(), SeriesScaler()],
    ids=repr,
)
def test_quantiles_are_undone_against_the_window(samples, transformer):
    """The quantiles of a transformed regressor are its own, each brought back as a forecast is."""
    X, y = samples
    model = TransformedWindowRegressor(linear(), transformer).fit(X, y)

    quantiles = model.predict_quantiles(X)

    assert quantiles.shape == (len(X), 2, 3)
    np.testing.assert_allclose(quantiles[:, :, 1], model.predict(X))
    assert (np.diff(quantiles, axis=2) >= 0).all()
    np.testing.assert_array_equal(model.predict_quantiles(X, 0.9), quantiles[:, :, [2]])
    below = (y <= quantiles[:, :, 2]).mean()
    assert 0.8 < below < 0.97


@pytest.mark.parametrize("strategy", [DirectForecaster, MultiOutputForecaster])
def test_quantiles_of_many_leads(samples, strategy):
    """Each lead has the quantiles of the model behind it."""
    X, y = samples
    network = DenseRegressor(4, quantiles=LEVELS, epochs=1, random_state=0)

    for estimator in (linear(), network):
        model = strategy(estimator).fit(X, y)
        quantiles = model.predict_quantiles(X)
        assert quantiles.shape == (len(X), 2, 3)
        np.testing.assert_allclose(quantiles[:, :, 1], model.predict(X), rtol=1e-6)


def test_one_output_has_no_axis(samples):
    """For y (n,) quantiles are (n, n_quantiles)."""
    X, y = samples
    model = TransformedWindowRegressor(linear()).fit(X.replace(leads=(1,)), y[:, 0])

    assert model.predict_quantiles(X[:4].replace(leads=(1,))).shape == (4, 3)


def test_pipelines_and_searches(samples):
    """A pipeline's quantiles are those of its last step, a search's those of its best."""
    X, y = samples
    pipe = make_pipeline(SeriesScaler(), linear()).fit(X, y)
    search = GridSearchCV(linear(), {"alpha": [1.0]}, cv=TimeSeriesSplit(2, gap=1)).fit(X, y)

    assert learned_levels(pipe) == learned_levels(search) == LEVELS
    expected = pipe[-1].predict_quantiles(pipe[0].transform(X))
    np.testing.assert_array_equal(all_quantiles(pipe, X), expected)
    np.testing.assert_array_equal(
        all_quantiles(search, X), search.best_estimator_.predict_quantiles(X)
    )


def test_windows_of_which_nothing_is_known(samples):
    """All their quantiles are what predict gives."""
    X, y = samples
    model = TransformedWindowRegressor(linear(), WindowScaler()).fit(X, y)
    empty = np.full((1, 6, 1), np.nan)

    np.testing.assert_allclose(model.predict_quantiles(empty)[0].T, [model.predict(empty)[0]] * 3)


def test_what_has_none():
    """Recursion feeds on single numbers; other wrappers have what is inside."""
    assert not hasattr(RecursiveForecaster(linear()), "predict_quantiles")
    assert not hasattr(DirectForecaster(LinearWindow()), "predict_quantiles")
    assert not hasattr(TransformedWindowRegressor(LinearWindow()), "predict_quantiles")
    assert hasattr(TransformedWindowRegressor(make_pipeline(linear())), "predict_quantiles")


def test_quantiles_are_found_behind_searches_in_pipelines():
    """Whatever lies inside what, what forecasts is at the end."""
    X, y = make_windows(np.random.default_rng(0).normal(size=120), 6, 2)
    learned = LinearWindow(1.0, quantiles=(0.1, 0.5, 0.9))
    plain = MultiOutputForecaster(make_pipeline(SeriesScaler(), learned)).fit(X, y)
    search = GridSearchCV(learned, {"alpha": [1.0]}, cv=TimeSeriesSplit(2))
    deep = make_pipeline(SeriesScaler(), search)

    model = MultiOutputForecaster(deep).fit(X, y)

    assert model.learned_levels() == (0.1, 0.5, 0.9)
    np.testing.assert_allclose(
        model.predict_quantiles(X, [0.5]), plain.predict_quantiles(X, [0.5]), rtol=1e-3, atol=1e-3
    )
    intervals = IntervalForecaster(deep, method="quantile").fit(X, y)
    assert intervals.predict_interval(X, 0.8).shape == (len(X), 2, 2)
