"""LinearWindow: ridge regression on flattened windows, without flattening them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    LinearWindow,
    SeriesScaler,
    SlidingWindow,
    Windows,
    WindowScaler,
    make_windows,
)
from skrnn.baselines.gram import Run, run_gram, run_predict, split_runs


def noise(n, n_features=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features))


def oracle(X, y, alpha, weights=None, X_new=None):
    """Coefficients, intercept and forecasts of scikit-learn on the flattened complete windows."""
    flat = np.asarray(X, dtype=float).reshape(len(X), -1)
    kept = ~np.isnan(flat).any(axis=1) & ~np.isnan(y.reshape(len(y), -1)).any(axis=1)
    weights = None if weights is None else weights[kept]
    model = Ridge(alpha=alpha, solver="svd") if alpha else LeastSquares()
    model.fit(flat[kept], y[kept], weights)
    flat = flat if X_new is None else np.asarray(X_new, dtype=float).reshape(len(X_new), -1)
    complete = ~np.isnan(flat).any(axis=1)
    return model.coef_, model.intercept_, model.predict(flat[complete]), complete


class LeastSquares:
    """The smallest exact solution; LinearRegression cuts small singular values off."""

    def fit(self, X, y, weights):
        X_mean, y_mean = (
            np.average(X, axis=0, weights=weights),
            np.average(y, axis=0, weights=weights),
        )
        root = np.sqrt(np.ones(len(y)) if weights is None else weights)
        solution = np.linalg.lstsq((X - X_mean) * root[:, None], ((y - y_mean).T * root).T)[0]
        self.coef_, self.intercept_ = solution.T, y_mean - X_mean @ solution

    def predict(self, X):
        return X @ self.coef_.T + self.intercept_


def check(X, y, alpha=1.0, weights=None, X_new=None, rtol=1e-6):
    """LinearWindow and the oracle agree in coefficients, intercept and forecasts."""
    coef, intercept, forecasts, complete = oracle(X, y, alpha, weights, X_new)

    model = LinearWindow(alpha).fit(X, y, weights)

    expected = coef.reshape(*y.shape[1:], *X.shape[1:])
    # Where all are 0, as of a single window, ours are what rounding leaves of that.
    least = rtol * np.abs(coef).max() + 1e-20
    np.testing.assert_allclose(model.coef_, expected, rtol=rtol, atol=least)
    np.testing.assert_allclose(
        model.intercept_, intercept, rtol=rtol, atol=rtol * np.abs(y[~np.isnan(y)]).max()
    )
    new = X if X_new is None else X_new
    np.testing.assert_allclose(
        model.predict(new)[complete].ravel(),
        forecasts.ravel(),
        rtol=rtol,
        atol=rtol * np.abs(forecasts).max(),
    )


# Short windows do not see all that is known ahead: that is said, and does not matter here.
@pytest.mark.filterwarnings("ignore:of the columns known ahead", "ignore:.* series ha")
@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(20, 120), min_size=1, max_size=3),
    length=st.integers(1, 6),
    horizon=st.integers(1, 3),
    rate=st.integers(1, 6),
    stride=st.integers(1, 7),
    holes=st.sampled_from([0, 0.01, 0.1]),
    known_ahead=st.booleans(),
    weighted=st.booleans(),
    alpha=st.sampled_from([1e-3, 1.0, 100.0]),
)
def test_against_ridge(lengths, length, horizon, rate, stride, holes, known_ahead, weighted, alpha):
    """Whatever the windows, the solution is Ridge's on the flattened complete ones."""
    rng = np.random.default_rng(0)
    panel = [rng.normal(size=(n, 2)) for n in [60, *lengths]]
    for rows in panel:
        rows[rng.random(rows.shape) < holes] = np.nan
    X, y = make_windows(
        panel,
        length,
        horizon,
        target=0,
        sampling_rate=rate,
        stride=stride,
        known_ahead=[1] if known_ahead else None,
    )
    if not (X.complete() & ~np.isnan(y.reshape(len(y), -1)).any(axis=1)).any():
        return

    check(X, y, alpha, rng.random(len(y)) if weighted else None)


@pytest.mark.parametrize("alpha", [0, 1e-3, 1.0])
@pytest.mark.parametrize("rate", [1, 6])
def test_badly_scaled_columns(alpha, rate):
    """Means of 1e3 beside scales from 0.01 to 1000 cost no accuracy."""
    rows = 1e3 + noise(900, 4) * [1e-2, 1, 30, 1e3]
    X, y = make_windows(rows, 10, 2, target=1, sampling_rate=rate)

    check(X, y, alpha)


@pytest.mark.parametrize("alpha", [0, 1.0])
def test_smooth_columns(alpha):
    """Neighbouring steps that are almost the same, as in weather data, cost no accuracy."""
    rows = 1e3 + noise(2000, 3).cumsum(axis=0).cumsum(axis=0) * [1e-2, 1e-2, 1]
    X, y = make_windows(rows, 6, target=1)

    check(X, y, alpha)


MIXED = (1.0, 1e9, 1e-9)


def mixed(n, seed=0):
    """A wave, and two columns of other sizes that follow it."""
    rows = noise(n, 3, seed) * 0.3 + np.sin(np.arange(n) / 4)[:, None]
    return rows * MIXED


def check_contributions(X, y, alpha, weights=None):
    """What each step adds to the forecasts, in the size of its column, is the oracle's."""
    coef, _, forecasts, complete = oracle(X, y, alpha, weights)
    sizes = np.array(MIXED)
    expected = coef.reshape(X.shape[1:]) * sizes

    model = LinearWindow(alpha).fit(X, y, weights)

    np.testing.assert_allclose(model.coef_ * sizes, expected, atol=1e-6 * np.abs(expected).max())
    np.testing.assert_allclose(model.predict(X)[complete], forecasts, atol=1e-5)


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_columns_of_very_different_size(alpha, weighted):
    """Beside a column of 1e9 a column of 1 counts as in Ridge, one of 1e-9 is penalised away."""
    X, y = make_windows(mixed(600), 6, target=0)

    check_contributions(X, y, alpha, np.arange(len(y)) % 3.0 if weighted else None)


@pytest.mark.parametrize("alpha", [1e-3, 1.0])
def test_panel_of_columns_of_very_different_size(alpha):
    """Runs of several series and windows between gaps are one sum, whatever the columns' sizes."""
    panel = [mixed(n, seed) for seed, n in enumerate([200, 40, 300])]
    panel[0][50] = np.nan
    X, y = make_windows(panel, 5, target=0)

    check_contributions(X, y, alpha)


def test_known_ahead_column_of_very_different_size():
    """A column of 1e9 may be known ahead."""
    X, y = make_windows(mixed(400), 5, leads=[3], target=0, known_ahead=[1])

    check_contributions(X, y, 1.0)


@pytest.mark.parametrize("weighted", [False, True])
def test_fewer_windows_than_inputs_of_very_different_size(weighted):
    """Beside a column of 1e9 the penalty counts as in Ridge also where windows are few."""
    X, y = make_windows(mixed(60), 20, target=0)

    check_contributions(X, y, 1.0, np.arange(len(y)) % 3.0 if weighted else None)


def test_dependent_columns_of_very_different_size():
    """A column of 1e9 that comes twice takes nothing from a column of 1."""
    rows = mixed(600)
    rows[:, 2] = 2 * rows[:, 1]
    X, y = make_windows(rows, 6, target=0)
    pair = X.replace(rows=rows[:, :2], shift=None)
    once = LinearWindow().fit(pair, y)

    model = LinearWindow().fit(X, y)

    np.testing.assert_allclose(model.predict(X), once.predict(pair), atol=1e-6)


@pytest.mark.parametrize("n_outputs", [None, 1, 3])
@pytest.mark.parametrize("alpha", [0, 1.0])
def test_outputs(n_outputs, alpha):
    """Coefficients, intercepts and forecasts have y's shape."""
    X, _ = make_windows(noise(200), 4, target=0)
    y = noise(len(X), n_outputs or 1)[:, : n_outputs or 1]
    y = y[:, 0] if n_outputs is None else y
    model = LinearWindow(alpha).fit(X, y)

    assert model.coef_.shape == (4, 2) if n_outputs is None else (n_outputs, 4, 2)
    assert np.shape(model.intercept_) == y.shape[1:]
    assert model.predict(X).shape == y.shape
    check(X, y, alpha)


@pytest.mark.parametrize("alpha", [0, 1e-6, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_fewer_windows_than_inputs(alpha, weighted):
    """With less data than coefficients it is the smallest solution, as LAPACK's."""
    X, y = make_windows(noise(60), 20, 2, target=0)

    check(X, y, alpha, np.random.default_rng(0).random(len(y)) if weighted else None)


@pytest.mark.parametrize("kind", ["constant", "twice", "sum"])
@pytest.mark.parametrize("alpha", [0, 1.0])
def test_dependent_columns(kind, alpha):
    """Columns that depend on each other leave many solutions: the smallest is taken."""
    rows = noise(400, 3)
    rows[:, 2] = {
        "constant": np.full(400, 0.3),
        "twice": rows[:, 0],
        "sum": rows[:, 0] + rows[:, 1],
    }[kind]
    X, y = make_windows(rows, 4, target=0)

    check(X, y, alpha)


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool"])
def test_dtypes(dtype):
    """Rows of any precision are solved in double."""
    rows = (noise(300) * 10).astype(dtype)
    X, _ = make_windows(rows, 4, target=0)

    check(X, noise(len(X))[:, 0])


@pytest.mark.parametrize("weighted", [False, True])
def test_windows_scaled_by_themselves(weighted):
    """Windows that share no rows are summed up in pieces."""
    X, _ = make_windows(noise(300), 5, target=0)

    check(
        WindowScaler().fit_transform(X),
        noise(len(X)),
        1.0,
        np.arange(len(X)) % 3.0 if weighted else None,
    )


def test_arrays():
    """Textbook arrays, (n, steps, features) and (n, steps)."""
    y = noise(60)

    check(noise(60, 8).reshape(60, 4, 2), y)
    model = LinearWindow().fit(noise(60, 5), y[:, 0])
    np.testing.assert_allclose(model.coef_[:, 0], Ridge().fit(noise(60, 5), y[:, 0]).coef_)


def test_differenced_and_scaled_windows():
    """Transformers that act on rows leave the shared rows shared."""
    X, y = make_windows(noise(300), 8, target=0)

    check(SeriesScaler().fit_transform(Differencer((1, 2)).fit_transform(X)), y)


def test_folds():
    """On a fold's windows the fit sees these alone, and forecasts the others."""
    X, y = make_windows(noise(400), 6, 3, target=0)

    for train, test in TimeSeriesSplit(3, gap=2).split(X):
        check(X[train], y[train], X_new=X[test])


@pytest.mark.parametrize("order", ["shuffled", "backwards", "repeated"])
def test_windows_in_any_order(order):
    """Shuffled, turned and repeated windows count as they come."""
    X, y = make_windows(noise(300), 4, target=0)
    n = len(X)
    which = {
        "shuffled": np.random.default_rng(0).permutation(n),
        "backwards": np.arange(n)[::-1],
        "repeated": np.sort(np.r_[np.arange(n), np.arange(0, n, 3)]),
    }[order]

    check(X[which], y[which])


def test_holes_in_rows_that_no_window_sees():
    """Between steps far apart lie rows that no window looks at: what they hold does not matter."""
    rows = noise(260)
    X, _ = make_windows(rows, 3, target=0, sampling_rate=100)
    part = X[:20]
    rows[~part.covered()] = np.nan

    check(part, noise(20))


def test_zero_weights():
    """A weight of zero is as good as leaving the sample out."""
    X, y = make_windows(noise(200), 4, target=0)
    weights = (np.arange(len(y)) % 4 > 0).astype(float)
    model = LinearWindow().fit(X, y, weights)

    np.testing.assert_allclose(
        model.coef_, LinearWindow().fit(X[weights > 0], y[weights > 0]).coef_
    )


def test_nothing_is_gathered(monkeypatch):
    """Fitting and predicting complete windows of one series gathers none of them."""
    X, y = make_windows(noise(300), 4, target=0, sampling_rate=2)

    def fail(self, *args, **kwargs):
        raise AssertionError("windows were gathered")

    monkeypatch.setattr(Windows, "take", fail)

    assert np.isfinite(LinearWindow().fit(X, y).predict(X)).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_gram_of_a_run(length, pace, stride, n_features):
    """The Gram matrix of evenly spaced windows is the product of the gathered ones."""
    rows = noise(200, n_features)
    X, _ = make_windows(rows, length, target=0, sampling_rate=pace * stride, stride=stride)
    (run,) = split_runs(X, X.rows)
    flat = np.asarray(X).reshape(len(X), -1)

    gram = run_gram(run, length).reshape(flat.shape[1], -1)

    assert isinstance(run, Run)
    np.testing.assert_allclose(np.triu(gram), np.triu(flat.T @ flat), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_runs_cover_every_window_once(data):
    """Runs and the slices between them are the windows in their order."""
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    X, _ = make_windows([noise(80), noise(60)], 3, target=0, sampling_rate=2)
    kept = rng.random(len(X)) > data.draw(st.sampled_from([0, 0.02, 0.3]))
    X = X[kept]

    parts = [part.which if isinstance(part, Run) else part for part in split_runs(X, X.rows)]

    assert [i for part in parts for i in range(len(X))[part]] == list(range(len(X)))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    ("pace", "n_features", "n_outputs"), [(1, 5, 1), (3, 5, 3), (1, 5, 5), (2, 3, 1), (1, 4, 1)]
)
def test_products_of_shared_rows(pace, n_features, n_outputs, order):
    """Products without a window are those of gathered windows, however many rows there are."""
    random = np.random.default_rng(0)
    rows = np.asarray(random.normal(size=(9_000, n_features)), order=order)
    coef = random.normal(size=(12, n_features, n_outputs))
    n = len(rows) - 11 * pace

    found = np.empty((n, coef.shape[2]))
    run_predict(Run(slice(0, n), rows, pace), coef, found)

    gathered = rows[np.arange(n)[:, None] + np.arange(12) * pace]
    np.testing.assert_allclose(found, np.tensordot(gathered, coef, axes=2), atol=1e-12)


def test_predict_fills():
    """Unknown steps are filled forward, then backward; wholly unknown windows get y's mean."""
    rows = noise(200, 1)
    X, y = make_windows(rows, 3)
    model = LinearWindow().fit(X, y)
    nan = np.nan
    new = np.array([[nan, 2, nan], [nan, nan, nan], [1, 2, 3]])[:, :, None]
    filled = np.array([[2, 2, 2], [1, 2, 3]]) @ model.coef_[:, 0] + model.intercept_

    np.testing.assert_allclose(model.predict(new), [filled[0], y.mean(), filled[1]])


def test_pipeline_on_rows():
    """Coefficients are those of the complete windows, and every row has a forecast."""
    frame = pd.DataFrame(
        noise(120), columns=["a", "b"], index=pd.date_range("2024", periods=120, freq="h")
    )
    frame.iloc[40:43] = np.nan
    frame = frame.drop(frame.index[70])
    pipe = make_pipeline(SeriesScaler(), SlidingWindow(4, lead=2), LinearWindow()).fit(
        frame, frame["a"]
    )
    windows = pipe[:-1].fit_transform(frame)
    coef, *_ = oracle(windows, frame["a"].to_numpy(), 1.0)

    np.testing.assert_allclose(pipe[-1].coef_.ravel(), coef)
    assert np.isfinite(pipe.predict(frame)).all()


@pytest.mark.parametrize("alpha", [-1, np.inf, np.nan, "1", None, True])
def test_bad_alpha(alpha):
    """alpha is "auto", or a number of at least 0."""
    X, y = make_windows(noise(50), 3, target=0)

    with pytest.raises(ValueError, match='alpha must be "auto" or a number of at least 0, got'):
        LinearWindow(alpha).fit(X, y)


def test_values_whose_squares_overflow():
    """Values that cannot be squared are refused, and the model stays unfitted."""
    X, y = make_windows(noise(300) * 1e160, 20, target=0)
    model = LinearWindow()

    with pytest.raises(ValueError, match="values whose squares are finite numbers"):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


def test_few_values_whose_squares_overflow():
    """Where windows are fewer than inputs, nothing needs to be squared."""
    X, y = make_windows(noise(40), 20, target=0)
    large, _ = make_windows(noise(40) * 1e160, 20, target=0)

    forecast = LinearWindow().fit(large, y).predict(large)

    np.testing.assert_allclose(forecast, LinearWindow(0).fit(X, y).predict(X))


def test_tiny_values_are_penalised_away():
    """Columns whose square is no number beside a penalty count for nothing."""
    X, y = make_windows(noise(300) * [1, 1e-170], 4, target=0)
    alone, _ = make_windows(noise(300)[:, :1], 4)

    forecast = LinearWindow().fit(X, y).predict(X)

    np.testing.assert_allclose(forecast, LinearWindow().fit(alone, y).predict(alone))


def test_pickle():
    """A fitted model survives pickling."""
    X, y = make_windows(noise(50), 3, target=0)
    model = LinearWindow().fit(X, y)

    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_input_stays():
    """Neither rows nor targets nor weights are changed."""
    rows = noise(100)
    X, y = make_windows(rows, 4, target=0)
    weights = np.ones(len(y))
    copies = rows.copy(), y.copy()

    LinearWindow().fit(X, y, weights).predict(X)

    np.testing.assert_array_equal(rows, copies[0])
    np.testing.assert_array_equal(y, copies[1])
    assert (weights == 1).all()


def test_all_columns_known_ahead():
    """Windows of nothing but what is known ahead end at the row itself."""
    rows = np.random.default_rng(0).normal(size=(80, 2))
    pipe = make_pipeline(SlidingWindow(5, lead=7, known_ahead=[0, 1]), LinearWindow(alpha=1e-9))

    forecast = pipe.fit(rows, rows @ [2.0, -1.0]).predict(rows)

    np.testing.assert_allclose(forecast[10:], (rows @ [2.0, -1.0])[10:], atol=1e-6)
