"""Habits that every transformer and estimator keeps."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline

import skrnn
from skrnn import (
    CalendarFeatures,
    CharacterModel,
    Differencer,
    FlattenWindows,
    LastSteps,
    LinearWindow,
    LogTransformer,
    SeasonalAnchor,
    SeriesScaler,
    SlidingWindow,
    TokenModel,
    TokenSequences,
    TransformedWindowRegressor,
    Windows,
    WindowScaler,
    make_windows,
)
from skrnn.datasets import make_reviews
from skrnn.forecasters.inside import components
from skrnn.sktime import SmoothingRegressor
from tests.instances import CLASSIFIERS, NETWORKS, REGRESSORS, TEXTS

ROWS = [
    SlidingWindow(5, 2),
    Differencer((1, 3)),
    SeriesScaler("robust"),
    LogTransformer("yeo-johnson"),
    CalendarFeatures("hour"),
]
WINDOWED = [
    SeriesScaler(),
    Differencer(2),
    WindowScaler(),
    WindowScaler("last", scale="mean_abs"),
    SeasonalAnchor(3),
    LogTransformer(offset=100.0),
    LastSteps(2),
    FlattenWindows(),
    *REGRESSORS,
    SmoothingRegressor(season=3),
    TransformedWindowRegressor(
        make_pipeline(SeriesScaler(), FlattenWindows(), Ridge()), Differencer(1)
    ),
    TransformedWindowRegressor(LinearWindow(), WindowScaler()),
    TransformedWindowRegressor(
        TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(3)),
        LogTransformer(offset=100.0),
        weight_by_scale=True,
    ),
    *NETWORKS,
    *CLASSIFIERS,
]
EVERY = [*ROWS, *WINDOWED, *TEXTS]
# Models of texts read no rows: tests/text holds their habits.
TEXT_MODELS = {CharacterModel, TokenModel}


def frame():
    """Hourly rows of two columns, some of them unknown."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(
        rng.normal(size=(60, 2)).cumsum(axis=0),
        pd.date_range("2024-01-01", periods=60, freq="h"),
        ["a", "b"],
    )
    rows.iloc[30, 0] = np.nan
    return rows


def data_for(estimator):
    """(X, y) that the estimator takes: rows of a frame, or windows."""
    if any(estimator is one for one in ROWS):
        return frame(), frame()["a"]
    if isinstance(estimator, TokenSequences):
        return make_reviews(20, random_state=0)
    X, y = make_windows(frame(), 6, target="a")
    if is_classifier(estimator):
        y = np.where(np.isnan(y), np.nan, y > np.nanmedian(y))
    return X, y


def output(estimator, X):
    if is_classifier(estimator):
        return estimator.predict_proba(X)
    result = estimator.predict(X) if is_regressor(estimator) else estimator.transform(X)
    return np.asarray(result)


def state(X):
    return np.array(X.rows if isinstance(X, Windows) else X, copy=True)


def test_nothing_public_is_left_out():
    """The list above holds every public class that can be fitted."""
    listed = {type(estimator) for estimator in EVERY} | TEXT_MODELS

    every = [getattr(skrnn, name) for name in skrnn.__all__]
    public = {value for value in every if hasattr(value, "fit") and isinstance(value, type)}

    assert public <= listed


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_clone_keeps_every_parameter(estimator):
    """clone() gives the same parameters, and none of the fitted state."""
    twin = clone(estimator)

    assert repr(twin.get_params()) == repr(estimator.get_params())


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_fit_and_use_change_nothing_of_the_users(estimator):
    """Neither parameters nor data are changed by fit, nor by what follows."""
    estimator = clone(estimator) if not any(estimator is one for one in ROWS) else estimator
    X, y = data_for(estimator)
    before, params, targets = (
        state(X),
        copy.deepcopy(estimator.get_params()),
        np.array(y, copy=True),
    )

    output(estimator.fit(X, y), X)

    np.testing.assert_array_equal(state(X), before)
    np.testing.assert_array_equal(y, targets)
    assert repr(estimator.get_params()) == repr(params)


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_two_fits_are_the_same(estimator):
    """The same seed and data give the same output, on the same object and on a clone."""
    X, y = data_for(estimator)
    first = output(estimator.fit(X, y), X)

    np.testing.assert_array_equal(output(estimator.fit(X, y), X), first)
    np.testing.assert_array_equal(output(clone(estimator).fit(X, y), X), first)


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_pickle_keeps_the_output(estimator):
    """A pickled estimator gives the same output."""
    X, y = data_for(estimator)
    estimator.fit(X, y)

    twin = pickle.loads(pickle.dumps(estimator))

    np.testing.assert_array_equal(output(twin, X), output(estimator, X))


@pytest.mark.parametrize("estimator", [e for e in EVERY if is_regressor(e)], ids=repr)
def test_forecasts_are_finite(estimator):
    """Windows with unknown steps, and windows without a known one, are forecast all the same."""
    X, y = make_windows(frame(), 6, target="a")
    estimator.fit(X, y)
    holes = np.asarray(X).copy()
    holes[0] = np.nan
    holes[1, :3] = np.nan
    holes[2, :, 1] = np.nan
    holes[3, :, 0] = np.nan

    forecast = estimator.predict(Windows.from_array(holes, feature_names=X.feature_names))

    assert np.isfinite(forecast).all()
    known = np.isfinite(np.asarray(X)).all(axis=(1, 2)) & np.isfinite(y)
    expected = y[known].mean()
    if any(getattr(part, "quantiles", None) for part in components(estimator)):
        expected = np.median(y[known])
    np.testing.assert_allclose(forecast[0], expected, rtol=1e-6)


@pytest.mark.parametrize("estimator", [e for e in EVERY if is_regressor(e)], ids=repr)
def test_output_has_the_shape_of_y(estimator):
    """predict gives (n,) for y (n,), and (n, n_outputs) for y (n, n_outputs), also for one."""
    X, y = make_windows(frame(), 6, 3, target="a")

    assert estimator.fit(X, y).predict(X[:5]).shape == (5, 3)
    one = X.replace(leads=(1,))
    assert estimator.fit(one, y[:, :1]).predict(one[:5]).shape == (5, 1)
    assert estimator.fit(one, y[:, 0]).predict(one[:5]).shape == (5,)


def test_score_leaves_out_unknown_targets():
    """Gaps in y do not keep a pipeline from being scored, or searched with its own score."""
    rows = frame()
    pipe = make_pipeline(SlidingWindow(4), LinearWindow()).fit(rows, rows["a"])
    known = rows["a"].notna().to_numpy()

    score = pipe.score(rows, rows["a"])

    assert score == r2_score(rows["a"][known], pipe.predict(rows)[known])
