"""SeriesScaler: statistics of the rows that are looked at, and the way back."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from skrnn import SeriesScaler, SlidingWindow, Windows, WindowScaler, make_windows

METHODS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}


@pytest.fixture
def rows():
    """A hundred rows of three columns of different level and scale."""
    return np.random.default_rng(0).normal([0, 1000, -5], [1, 0.01, 1000], size=(100, 3))


@pytest.mark.parametrize("method", METHODS)
def test_rows_as_scikit_learn(rows, method):
    """On rows it is scikit-learn's own scaler."""
    np.testing.assert_array_equal(
        SeriesScaler(method).fit_transform(rows), METHODS[method]().fit_transform(rows)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["rows", "frame", "windows", "3-D", "scaled windows"])
def test_inverse(rows, method, kind):
    """inverse_transform gives back what transform took."""
    X = {
        "rows": rows,
        "frame": pd.DataFrame(rows, columns=list("abc")),
        "windows": make_windows(rows, 5, target=0)[0],
        "3-D": rows[:96].reshape(12, 8, 3),
        "scaled windows": WindowScaler().fit_transform(make_windows(rows, 5, target=0)[0]),
    }[kind]
    scaler = SeriesScaler(method).fit(X)

    back = scaler.inverse_transform(scaler.transform(X))

    assert type(back) is type(X)
    np.testing.assert_allclose(np.asarray(back), np.asarray(X), rtol=1e-9, atol=1e-9)


# Not every lead sees what is known ahead: statistics do not care.
@pytest.mark.filterwarnings("ignore:of the columns known ahead:UserWarning")
@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 40),
    st.integers(1, 20),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 4),
    st.booleans(),
)
def test_fold_statistics(method, start, n, length, rate, stride, known_ahead):
    """Fitted on some windows, the statistics are those of the values that these windows look at,
    each once.
    """
    rows = np.random.default_rng(0).normal(size=(100, 2))
    X, _ = make_windows(
        rows,
        length,
        leads=2,
        target=0,
        sampling_rate=rate,
        stride=stride,
        known_ahead=[1] if known_ahead else None,
    )
    part = X[start : start + n]
    part = part if len(part) else X[:1]
    looked_at = np.full(rows.shape, np.nan)
    for end in part.ends:
        for j in range(length):
            looked_at[end - j * rate, 0] = rows[end - j * rate, 0]
            row = end - j * rate + (2 if known_ahead else 0)
            looked_at[row, 1] = rows[row, 1]

    expected = METHODS[method]().fit(looked_at).transform(rows)

    np.testing.assert_allclose(SeriesScaler(method).fit(part).transform(X).rows, expected)


def test_time_series_split(rows):
    """Scaling inside a fold never sees the rows of the test windows' future."""
    X, _ = make_windows(rows, 5, target=0)
    for train, _ in TimeSeriesSplit(4).split(X):
        scaler = SeriesScaler().fit(X[train])

        np.testing.assert_allclose(scaler.scaler_.mean_, rows[: train[-1] + 5].mean(axis=0))


def test_windows_stay_lazy(rows):
    """Scaled windows are Windows over scaled rows."""
    X, _ = make_windows(rows, 5, target=0)

    scaled = SeriesScaler().fit(X).transform(X)

    assert isinstance(scaled, Windows)
    np.testing.assert_allclose(
        np.asarray(scaled), SeriesScaler().fit_transform(np.asarray(X)), atol=0.2
    )


@pytest.mark.parametrize("method", METHODS)
def test_windows_of_windows_scaler(rows, method):
    """Windows that are transformed as a whole are scaled batch by batch, to what gathering first
    gives.
    """
    X = WindowScaler().fit_transform(make_windows(rows, 5, target=0)[0])

    scaled = SeriesScaler(method).fit(X).transform(X)

    assert isinstance(scaled, Windows)
    np.testing.assert_allclose(
        np.asarray(scaled), SeriesScaler(method).fit_transform(np.asarray(X)), atol=1e-9
    )


def test_three_dimensions(rows):
    """(n, steps, features) is scaled over samples and steps."""
    X = rows[:96].reshape(12, 8, 3)

    scaled = SeriesScaler().fit_transform(X)

    np.testing.assert_allclose(scaled.reshape(96, 3), StandardScaler().fit_transform(rows[:96]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["rows", "windows", "scaled windows"])
def test_constant_column(rows, method, kind):
    """A constant column stays finite, and comes back."""
    rows[:, 1] = 7
    X = rows if kind == "rows" else make_windows(rows, 5, target=0)[0]
    X = WindowScaler().fit_transform(X) if kind == "scaled windows" else X
    scaler = SeriesScaler(method).fit(X)

    scaled = scaler.transform(X)

    assert np.isfinite(np.asarray(scaled)).all()
    np.testing.assert_allclose(
        np.asarray(scaler.inverse_transform(scaled)), np.asarray(X), atol=1e-9
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["rows", "windows"])
def test_unknown_column(rows, method, kind):
    """A column that is unknown throughout stays so, without a warning, and harms no other."""
    rows[:, 1] = np.nan
    X = rows if kind == "rows" else make_windows(rows, 5, target=0)[0]

    scaled = np.asarray(SeriesScaler(method).fit(X).transform(X))

    assert np.isnan(scaled[..., 1]).all()
    assert np.isfinite(scaled[..., [0, 2]]).all()


def test_unknown_values(rows):
    """NaN stays NaN and does not count."""
    rows[10:20, 0] = np.nan
    scaler = SeriesScaler().fit(rows)

    assert np.isclose(scaler.scaler_.mean_[0], np.nanmean(rows[:, 0]))
    assert np.isnan(scaler.transform(rows)[:, 0]).sum() == 10


@pytest.mark.parametrize("method", METHODS)
def test_float32(rows, method):
    """Single precision stays single, for rows and for windows."""
    rows = rows.astype("float32")
    X, _ = make_windows(rows, 5, target=0)

    assert SeriesScaler(method).fit_transform(rows).dtype == np.float32
    assert SeriesScaler(method).fit(X).transform(X).dtype == np.float32


@pytest.mark.parametrize("method", METHODS)
def test_integers(method):
    """Whole numbers become floats, and come back as whole numbers."""
    rows = np.arange(20).reshape(10, 2)
    scaler = SeriesScaler(method).fit(rows)

    assert np.abs(scaler.transform(rows)).max() <= 2
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(rows)), rows)


def test_frame_stays_a_frame(rows):
    """Index and columns survive, both ways."""
    frame = pd.DataFrame(
        rows, columns=list("abc"), index=pd.date_range("2024", periods=100, name="day")
    )
    scaler = SeriesScaler().fit(frame)

    scaled = scaler.transform(frame)

    assert scaled.index.equals(frame.index)
    assert scaled.index.freq == frame.index.freq
    assert scaled.columns.tolist() == ["a", "b", "c"]
    pd.testing.assert_frame_equal(scaler.inverse_transform(scaled), frame)


def test_series():
    """A Series becomes a DataFrame of its one column."""
    series = pd.Series(np.arange(5.0), name="x")

    scaled = SeriesScaler("minmax").fit_transform(series)

    assert scaled["x"].tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_frame_under_config(rows):
    """scikit-learn's transform_output changes nothing for a DataFrame."""
    frame = pd.DataFrame(rows, columns=list("abc"), index=pd.date_range("2024", periods=100))
    expected = SeriesScaler().fit_transform(frame)

    with sklearn.config_context(transform_output="pandas"):
        pd.testing.assert_frame_equal(SeriesScaler().fit_transform(frame), expected)


def test_array_under_config(rows):
    """For an array it makes a DataFrame, and windows stay windows."""
    with sklearn.config_context(transform_output="pandas"):
        scaler = SeriesScaler().fit(rows)

        assert scaler.transform(rows).columns.tolist() == ["x0", "x1", "x2"]
        assert isinstance(scaler.transform(make_windows(rows, 3, target=0)[0]), Windows)


def test_set_output(rows):
    """set_output makes DataFrames of arrays, and clone keeps it."""
    scaler = clone(SeriesScaler().set_output(transform="pandas"))

    assert isinstance(scaler.fit_transform(rows), pd.DataFrame)


def test_bad_set_output():
    """There are two containers."""
    with pytest.raises(ValueError, match='transform must be "default" or "pandas", got \'polars\''):
        SeriesScaler().set_output(transform="polars")


def test_rows_then_windows(rows):
    """Fitted on rows it scales windows of any length too, and the other way round."""
    X, _ = make_windows(rows, 5, target=0)
    by_rows, by_windows = SeriesScaler().fit(rows), SeriesScaler().fit(X)

    np.testing.assert_allclose(np.asarray(by_rows.transform(X))[0], by_rows.transform(rows)[:5])
    np.testing.assert_allclose(
        by_windows.transform(rows)[:5], np.asarray(by_windows.transform(X))[0]
    )


def test_only_unknown_windows():
    """Windows that look at no row have no statistics: the error says so."""
    windows = SlidingWindow(3).fit_transform(np.arange(9.0)[:, None])

    with pytest.raises(ValueError, match="0 sample"):
        SeriesScaler().fit(windows[:1])


def test_input_stays(rows):
    """Neither rows nor windows are scaled in place."""
    before = rows.copy()
    X, _ = make_windows(rows, 5, target=0)

    SeriesScaler().fit_transform(rows)
    SeriesScaler().fit_transform(X)

    np.testing.assert_array_equal(rows, before)
