"""Transformers in transformers: each expresses the target in the unit of its own windows."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    LastSteps,
    LinearWindow,
    NaiveForecaster,
    SeriesScaler,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)

CASES = [
    {"length": 12, "horizon": 3, "lag": 1},
    {"length": 12, "horizon": 15, "lag": 7},
    {"length": 26, "horizon": 36, "lag": 12},
]


def panel(n_series=4):
    rng = np.random.default_rng(0)
    return [rng.normal(1, 1, size=(90, 2)).cumsum(axis=0) + 50 * i for i in range(n_series)]


def within(regressor, lag, transformer=None):
    inner = TransformedWindowRegressor(regressor, transformer or WindowScaler())
    return TransformedWindowRegressor(inner, Differencer(lag))


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("n_series", [1, 4])
def test_horizons_beyond_the_lag(case, n_series):
    """Leads whose reference is no row of the differences are no reason to refuse them."""
    X, y = make_windows(panel(n_series), case["length"], case["horizon"], target=0)

    forecast = within(LinearWindow(), case["lag"]).fit(X, y).predict(X)

    assert np.sqrt(np.mean((forecast - y) ** 2)) < 0.5 * y.std()


def test_nested_transformers_are_one_after_the_other():
    """The inner regressor learns from what the outer transformer makes of windows and targets."""
    X, y = make_windows(panel(), 12, 3, target=0)
    differencer = Differencer(1).fit(X)
    relative = differencer.relative_target(X, y, 0)
    scaled = TransformedWindowRegressor(LinearWindow(), WindowScaler())
    by_hand = scaled.fit(np.asarray(differencer.transform(X)), relative)

    nested = within(LinearWindow(), 1).fit(X, y)

    forecast = by_hand.predict(np.asarray(differencer.transform(X)))
    np.testing.assert_allclose(
        nested.predict(X), differencer.absolute_target(X, forecast, 0), rtol=1e-6
    )


def test_fewer_steps_keep_the_unit():
    """A step that changes neither rows nor form stands in nobody's way."""
    X, y = make_windows(panel(), 12, 3, target=0)
    inner = TransformedWindowRegressor(LinearWindow(), WindowScaler())
    model = TransformedWindowRegressor(make_pipeline(LastSteps(6), inner), Differencer(1))

    assert np.isfinite(model.fit(X, y).predict(X)).all()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_scaler_between_is_refused(case):
    """It changes the windows alone: what is inside would relate y to another unit."""
    X, y = make_windows(panel(), case["length"], case["horizon"], target=0)
    inner = TransformedWindowRegressor(LinearWindow(), WindowScaler())
    model = TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), inner), Differencer(case["lag"])
    )

    with pytest.raises(ValueError, match="not in that column's unit"):
        model.fit(X, y)


def test_another_column_inside_is_refused():
    """The word is for the column whose targets y is."""
    X, y = make_windows(panel(), 12, 3, target=0)
    inner = TransformedWindowRegressor(LinearWindow(), WindowScaler(), target=1)

    with pytest.raises(ValueError, match="not in that column's unit|but y is the column"):
        TransformedWindowRegressor(inner, Differencer(1)).fit(X, y)


def test_the_naive_forecast_inside_judges_by_itself():
    """Whatever else relates y to the window keeps its full check."""
    X, y = make_windows(panel(), 12, 3, target=0)
    model = TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), NaiveForecaster()), Differencer(1)
    )

    with pytest.raises(ValueError, match="not in that column's unit"):
        model.fit(X, y)
