"""Linear quantiles: scikit-learn's QuantileRegressor on flattened windows, solved otherwise."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.pipeline import make_pipeline

from skrnn import LinearWindow, SeriesScaler, SlidingWindow, WindowScaler, make_windows

LEVELS = (0.1, 0.5, 0.9)


def wave(n=300, seed=0):
    rng = np.random.default_rng(seed)
    swing = np.sin(np.arange(n) / 4)
    return np.column_stack([swing + rng.normal(size=n) * (1 + swing**2), rng.normal(size=n)])


def check_optimal(X, y, alpha, weights=None):
    """Coefficients and intercepts are the oracle's for every quantile."""
    flat = np.asarray(X, dtype=float).reshape(len(X), -1)
    kept = ~np.isnan(flat).any(axis=1)
    total = kept.sum() if weights is None else weights[kept].sum()
    model = LinearWindow(alpha, quantiles=LEVELS).fit(X, y, weights)

    for i, level in enumerate(LEVELS):
        oracle = QuantileRegressor(quantile=level, alpha=alpha / total, solver="highs")
        oracle.fit(flat[kept], y[kept], None if weights is None else weights[kept])
        np.testing.assert_allclose(model.coef_[i].ravel(), oracle.coef_, atol=1e-7)
        np.testing.assert_allclose(model.intercept_[i], oracle.intercept_, atol=1e-7)


@pytest.mark.parametrize("alpha", [0, 1.0, 20.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_against_quantile_regressor(alpha, weighted):
    """Each model is QuantileRegressor's, whose penalty stands beside the mean loss."""
    X, y = make_windows(wave(), 4, target=0)

    check_optimal(X, y, alpha, np.random.default_rng(1).random(len(y)) if weighted else None)


def test_panel_with_gaps():
    """Incomplete windows are left out, whatever series they belong to."""
    panel = [wave(120), wave(90, 1)]
    panel[0][40:42] = np.nan
    X, y = make_windows(panel, 3, target=1)
    known = ~np.isnan(y)

    check_optimal(X[known], y[known], 1.0)


def test_windows_scaled_by_themselves():
    """Windows may be anything that can be gathered."""
    X, y = make_windows(wave(), 4, target=0)
    X = WindowScaler().fit_transform(X)
    flat = np.asarray(X).reshape(len(X), -1)
    oracle = QuantileRegressor(quantile=0.2, alpha=1 / len(y), solver="highs").fit(flat, y)

    model = LinearWindow(quantiles=(0.2,)).fit(X, y)

    np.testing.assert_allclose(model.predict(X), oracle.predict(flat), atol=1e-6)


@pytest.mark.parametrize("alpha", [0, 1e-3])
def test_columns_of_very_different_size(alpha):
    """A column of 1e9 hides nothing of a column of 1."""
    rows = wave()
    X, y = make_windows(rows, 4, target=0)
    large, _ = make_windows(rows * [1, 1e9], 4, target=0)
    model = LinearWindow(alpha, quantiles=LEVELS).fit(large, y)

    forecast = model.predict_quantiles(large)

    expected = LinearWindow(0, quantiles=LEVELS).fit(X, y).predict_quantiles(X)
    for i, level in enumerate(LEVELS):
        best = mean_pinball_loss(y, expected[:, i], alpha=level)
        assert mean_pinball_loss(y, forecast[:, i], alpha=level) == pytest.approx(best, rel=1e-3)


def test_share_below():
    """Of the training targets a quantile's share lies below it."""
    X, y = make_windows(wave(2000), 5, target=0)

    forecast = LinearWindow(0, quantiles=LEVELS).fit(X, y).predict_quantiles(X)

    np.testing.assert_allclose((y[:, None] <= forecast).mean(axis=0), LEVELS, atol=0.01)


@pytest.mark.parametrize("n_outputs", [None, 1, 3])
def test_shapes(n_outputs):
    """Quantiles are the last axis of forecasts, and come behind the outputs elsewhere."""
    X, _ = make_windows(wave(), 4, target=0)
    outputs = () if n_outputs is None else (n_outputs,)
    y = np.random.default_rng(0).normal(size=(len(X), *outputs))

    model = LinearWindow(quantiles=(0.1, 0.9)).fit(X, y)

    assert model.predict_quantiles(X).shape == (*y.shape, 2)
    assert model.predict(X).shape == y.shape
    assert model.coef_.shape == (*outputs, 2, 4, 2)
    assert model.intercept_.shape == (*outputs, 2)


def test_outputs_are_learned_apart():
    """Several outputs are as many models of one."""
    X, y = make_windows(wave(), 4, 2, target=0)
    together = LinearWindow(quantiles=LEVELS).fit(X, y).predict_quantiles(X)

    second = LinearWindow(quantiles=LEVELS).fit(X, y[:, 1]).predict_quantiles(X)

    np.testing.assert_allclose(together[:, 1], second)


@pytest.mark.parametrize(
    ("quantiles", "weights"),
    [((0.1, 0.5, 0.9), (0, 1, 0)), ((0.2, 0.6), (0.25, 0.75)), ((0.7, 0.9), (1, 0))],
)
def test_predict_is_the_median(quantiles, weights):
    """predict is the median, on the line between its neighbours, or the nearest quantile."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(quantiles=quantiles).fit(X, y)

    np.testing.assert_allclose(model.predict(X), model.predict_quantiles(X) @ weights)


def test_quantiles_never_cross():
    """Far from the training data, where the lines cross, quantiles still go up."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(0, quantiles=LEVELS).fit(X, y)
    far = np.random.default_rng(0).normal(size=(200, 4, 2)) * 100

    assert (np.diff(model.predict_quantiles(far)) >= 0).all()


def test_asked_for():
    """Some of the learned quantiles, in the order asked for."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(quantiles=LEVELS).fit(X, y)

    np.testing.assert_array_equal(
        model.predict_quantiles(X, [0.9, 0.1]), model.predict_quantiles(X)[:, [2, 0]]
    )


def test_asked_for_but_not_learned():
    """The message names the learned ones."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(quantiles=LEVELS).fit(X, y)

    with pytest.raises(ValueError, match=r"among the learned ones, 0\.1, 0\.5, 0\.9, got 0\.3"):
        model.predict_quantiles(X, (0.3,))


def test_unknown_windows():
    """A window of which nothing is known gets the quantiles of the training target."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(quantiles=LEVELS).fit(X, y)
    unknown = np.full((2, 4, 2), np.nan)
    expected = np.quantile(y, LEVELS)

    np.testing.assert_allclose(model.predict_quantiles(unknown), [expected, expected])
    np.testing.assert_allclose(model.predict(unknown), expected[1])


def test_weighted_unknown_windows():
    """A weight of two counts as the same target twice."""
    X, y = make_windows(wave(40), 4, target=0)
    weights = np.arange(len(y)) % 3.0
    model = LinearWindow(quantiles=LEVELS).fit(X, y, weights)
    repeated = np.repeat(y, weights.astype(int))

    np.testing.assert_allclose(
        model.predict_quantiles(np.full((1, 4, 2), np.nan))[0],
        np.quantile(repeated, LEVELS, method="inverted_cdf"),
    )


def test_forecasts_are_finite():
    """What overflows is what training targets were, with a warning."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(0, quantiles=LEVELS).fit(X, y * 10)

    with pytest.warns(UserWarning, match="1 of 1 forecasts became infinite"):
        forecast = model.predict_quantiles(np.full((1, 4, 2), 1.7e308) * [1, -1])

    assert np.isfinite(forecast).all()


def test_incomplete_windows_are_filled():
    """Unknown steps are filled from the window's own."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(quantiles=LEVELS).fit(X, y)
    window = np.ones((1, 4, 2))
    holed = window.copy()
    holed[0, 1:3] = np.nan

    np.testing.assert_allclose(model.predict_quantiles(holed), model.predict_quantiles(window))


def test_in_a_pipeline():
    """A pipeline hands predict_quantiles through, rows in and rows out."""
    frame = pd.DataFrame(wave(), columns=["a", "b"])
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(4), LinearWindow(quantiles=LEVELS))

    pipe.fit(frame, frame["a"])

    assert pipe[-1].predict_quantiles(pipe[:-1].transform(frame)).shape == (300, 3)


def test_without_quantiles():
    """A model of the mean has no quantiles: the message says how to get them."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow().fit(X, y)

    assert not hasattr(model, "predict_quantiles")
    with pytest.raises(AttributeError) as error:
        model.predict_quantiles(X)
    assert "LinearWindow(quantiles=(0.1, 0.9))" in str(error.value.__cause__)


def test_set_after_the_fit():
    """Quantiles that were set after the fit are not there yet."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow().fit(X, y).set_params(quantiles=LEVELS)

    assert model.predict(X).shape == y.shape
    with pytest.raises(ValueError, match="quantiles were set after .* fitted: call fit again"):
        model.predict_quantiles(X)


@pytest.mark.parametrize("quantiles", [(), (0.9, 0.1), (0, 0.5), "0.5"])
def test_bad_quantiles(quantiles):
    """Quantiles are checked before anything is learned."""
    X, y = make_windows(wave(), 4, target=0)

    with pytest.raises(ValueError, match="quantiles must be numbers above 0 and below 1"):
        LinearWindow(quantiles=quantiles).fit(X, y)


def test_large_data_is_refused():
    """Large data is refused before anything is gathered, with the remedy."""
    X, y = make_windows(np.zeros((100_000, 20)), 10, target=0)
    message = (
        r"at most 5000 windows of 10 steps × 20 features, got 99990: take every 20th window \(the "
        r"stride of make_windows\), shorter windows, or a network, such as "
        r"RNNRegressor\(quantiles=\(0\.1, 0\.5, 0\.9\)\)"
    )

    with pytest.raises(ValueError, match=message):
        LinearWindow(quantiles=LEVELS).fit(X, y)


def test_the_remedy_is_taken():
    """With the stride that the message names the fit goes through."""
    rows = np.zeros((1000, 20))
    X, y = make_windows(rows, 100, target=0, stride=2)

    assert LinearWindow(quantiles=LEVELS).fit(X, y).predict_quantiles(X[:3]).shape == (3, 3)


def test_failed_fit_leaves_the_model():
    """A fit that is refused leaves forecasts as they were."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(quantiles=LEVELS).fit(X, y)
    before = model.predict_quantiles(X)

    with pytest.raises(ValueError, match="quantiles must be"):
        model.set_params(quantiles=(2,)).fit(X, y)

    np.testing.assert_array_equal(model.predict_quantiles(X), before)


def test_pickle():
    """A fitted model survives pickling."""
    X, y = make_windows(wave(), 4, target=0)
    model = LinearWindow(quantiles=LEVELS).fit(X, y)

    copy = pickle.loads(pickle.dumps(model))

    np.testing.assert_array_equal(copy.predict_quantiles(X), model.predict_quantiles(X))
