"""LastSteps and FlattenWindows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    FlattenWindows,
    LastSteps,
    LinearWindow,
    SeriesScaler,
    SlidingWindow,
    Windows,
    WindowScaler,
    make_windows,
)
from skrnn.windows.steps import feature_deviations, feature_means


@pytest.fixture
def rows():
    """Two columns of noise."""
    return np.random.default_rng(0).normal(size=(60, 2))


@pytest.mark.parametrize("rate", [1, 3])
def test_last_steps(rows, rate):
    """The newest steps of windows, which stay lazy."""
    X, _ = make_windows(rows, 6, target=0, sampling_rate=rate)

    last = LastSteps(2).fit_transform(X)

    assert isinstance(last, Windows)
    np.testing.assert_array_equal(np.asarray(last), np.asarray(X)[:, -2:])


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 2)])
def test_last_steps_of_an_array(shape):
    """Arrays stay arrays."""
    X = np.random.default_rng(0).normal(size=shape)

    np.testing.assert_array_equal(LastSteps(2).fit_transform(X), X[:, -2:])


def test_last_steps_behind_scaled_rows(rows):
    """Scaling and cutting change places freely."""
    X, _ = make_windows(rows, 6, target=0)

    cut = LastSteps(3).fit_transform(SeriesScaler().fit_transform(X))

    np.testing.assert_allclose(np.asarray(cut), np.asarray(SeriesScaler().fit_transform(X))[:, -3:])


def test_last_steps_behind_window_scaler(rows):
    """What scales whole windows cannot be cut afterwards."""
    X, _ = make_windows(rows, 6, target=0)

    with pytest.raises(ValueError, match="put it before WindowScaler"):
        make_pipeline(WindowScaler(), LastSteps(3)).fit(X)


def test_last_steps_in_a_search(rows):
    """A search varies the length of ready-made windows: an autoregression of two lags wants two
    steps.
    """
    x = np.zeros(300)
    for t in range(2, 300):
        x[t] = 1.2 * x[t - 1] - 0.8 * x[t - 2] + 0.1 * np.random.default_rng(t).normal()
    X, y = make_windows(x, 30)

    search = GridSearchCV(
        make_pipeline(LastSteps(), LinearWindow(alpha=0)),
        {"laststeps__length": [1, 2, 30]},
        cv=TimeSeriesSplit(3),
    ).fit(X, y)

    assert search.best_params_ == {"laststeps__length": 2}


def test_flatten(rows):
    """A window's steps side by side, oldest first."""
    X, _ = make_windows(rows, 4, target=0)

    np.testing.assert_array_equal(
        FlattenWindows().fit_transform(X), np.asarray(X).reshape(len(X), -1)
    )


@pytest.mark.filterwarnings("ignore:of the columns known ahead")
@pytest.mark.parametrize(
    ("kwargs", "names"),
    [
        ({}, ["a[t-2]", "b[t-2]", "a[t-1]", "b[t-1]"]),
        ({"leads": [3]}, ["a[t-4]", "b[t-4]", "a[t-3]", "b[t-3]"]),
        ({"horizon": 3}, ["a[t-1]", "b[t-1]", "a[t]", "b[t]"]),
        ({"sampling_rate": 6}, ["a[t-7]", "b[t-7]", "a[t-1]", "b[t-1]"]),
        ({"known_ahead": "b"}, ["a[t-2]", "b[t-1]", "a[t-1]", "b[t]"]),
        ({"known_ahead": "b", "leads": 3}, ["a[t-4]", "b[t-1]", "a[t-3]", "b[t]"]),
        ({"known_ahead": "b", "horizon": 3}, ["a[t-1]", "b[t+2]", "a[t]", "b[t+3]"]),
    ],
    ids=str,
)
def test_flatten_names(rows, kwargs, names):
    """With one lead t is the row forecast; with several it is the window's last step."""
    X, _ = make_windows(pd.DataFrame(rows, columns=["a", "b"]), 2, target="a", **kwargs)

    assert FlattenWindows().fit(X).get_feature_names_out().tolist() == names


def test_flatten_names_mean_what_they_say(rows):
    """A column holds the value that its name points to, relative to the row forecast."""
    frame = pd.DataFrame(rows, columns=["a", "b"])
    windows = SlidingWindow(3, lead=2, sampling_rate=2, known_ahead="b").fit_transform(frame)
    flat = FlattenWindows(fill=False).set_output(transform="pandas").fit_transform(windows)

    np.testing.assert_array_equal(flat["a[t-4]"], frame["a"].shift(4))
    np.testing.assert_array_equal(flat["b[t-2]"], frame["b"].shift(2))
    assert flat.columns.tolist() == ["a[t-6]", "b[t-4]", "a[t-4]", "b[t-2]", "a[t-2]", "b[t]"]


@pytest.mark.parametrize(("shape", "last"), [((5, 3), "x0[t]"), ((5, 3, 2), "x1[t]")])
def test_flatten_names_of_arrays(shape, last):
    """Features of arrays are numbered."""
    assert FlattenWindows().fit(np.zeros(shape)).get_feature_names_out()[-1] == last


def test_flatten_fills():
    """Unknown steps take the window's own nearest, features unknown throughout their mean."""
    nan = np.nan
    X = np.array([[[1.0, 10], [2, 20]], [[nan, nan], [3, nan]], [[5, nan], [nan, nan]]])

    flat = FlattenWindows().fit_transform(X)

    assert flat.tolist() == [[1, 10, 2, 20], [3, 15, 3, 15], [5, 15, 5, 15]]


def test_flatten_leaves_unknown_steps():
    """Without filling they stay NaN."""
    X = np.array([[[np.nan], [2.0]]])

    assert np.isnan(FlattenWindows(fill=False).fit_transform(X)).tolist() == [[True, False]]


def test_flatten_feeds_a_stock_regressor(rows):
    """A whole ladder rung out of stock parts, also at the head where windows are incomplete."""
    pipe = make_pipeline(SlidingWindow(3), FlattenWindows(), Ridge())

    assert np.isfinite(pipe.fit(rows, rows[:, 0]).predict(rows)).all()


def test_statistics_of_covered_rows(rows):
    """Means and deviations are those of the values that the windows look at, each counted once."""
    rows[[3, 7], 0] = np.nan
    X, _ = make_windows(rows, 4, target=0)
    part = X[2:9]
    means = feature_means(part)

    np.testing.assert_allclose(means, np.nanmean(rows[2:12], axis=0))
    np.testing.assert_allclose(feature_deviations(part, means), np.nanstd(rows[2:12], axis=0))


def test_parameters_and_input_stay(rows):
    """Nothing that came is changed."""
    before = rows.copy()
    X, _ = make_windows(rows, 6, target=0)
    last, flat = LastSteps(3), FlattenWindows()

    last.fit_transform(X)
    flat.fit_transform(X)

    assert (last.get_params(), flat.get_params()) == ({"length": 3}, {"fill": True})
    np.testing.assert_array_equal(rows, before)


HOURS = pd.date_range("2024", periods=40, freq="h", name="time")


def labelled_rows():
    return pd.DataFrame({"x": np.arange(40.0)}, index=HOURS)


@pytest.mark.parametrize("horizon", [1, 3])
def test_flat_tables_keep_the_index(horizon):
    """A table's row has the label of t: of the row that is forecast, or of the last step."""
    X, _ = make_windows(labelled_rows(), 4, horizon, target="x")

    flat = FlattenWindows().set_output(transform="pandas").fit_transform(X[3:9])

    step = {1: "x[t-1]", 3: "x[t]"}[horizon]
    expected = labelled_rows()["x"].shift(1 if horizon == 1 else 0)
    pd.testing.assert_series_equal(flat[step], expected[flat.index], check_names=False)
    assert flat.index.equals(X.index[X.ends[3:9] + (horizon == 1)])


def test_flat_tables_of_rows_keep_their_index():
    """One row in, one row out, under the same label, behind a gap and rows of the fit too."""
    rows = labelled_rows().drop(HOURS[30])
    pipe = make_pipeline(SlidingWindow(4, lead=2), FlattenWindows()).set_output(transform="pandas")

    first = pipe.fit_transform(rows[:20])
    later = pipe.transform(rows[20:])

    assert first.index.equals(rows.index[:20])
    assert later.index.equals(rows.index[20:])
    assert later["x[t-2]"].iloc[:3].tolist() == [18, 19, 20]


def test_flat_tables_without_labels():
    """Arrays have none: rows are numbered, and without pandas output nothing is a table."""
    X, _ = make_windows(np.arange(20.0), 4)
    labelled, _ = make_windows(labelled_rows(), 4, target="x")

    flat = FlattenWindows().set_output(transform="pandas").fit_transform(X)

    assert flat.index.equals(pd.RangeIndex(len(X)))
    assert isinstance(FlattenWindows().fit_transform(labelled), np.ndarray)
