"""SlidingWindow: one row in, one window out."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import make_column_selector
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    CalendarFeatures,
    Differencer,
    FlattenWindows,
    LinearWindow,
    NaiveForecaster,
    SeriesScaler,
    SlidingWindow,
    future_rows,
)
from tests.oracles import windows_by_loop

HOURS = pd.date_range("2024-01-01", periods=100, freq="h")


@pytest.fixture
def frame():
    """A hundred hours of two columns that tell their row."""
    return pd.DataFrame({"load": np.arange(100.0), "price": np.arange(100.0) + 1000}, index=HOURS)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(20, 30), st.integers(1, 2)
)
def test_against_loop(length, lead, rate, n_rows, n_features):
    """Every row's window is the one that a plain loop finds; steps before the first row are NaN."""
    rows = np.random.default_rng(0).normal(size=(n_rows, n_features))

    windows = SlidingWindow(length, lead, sampling_rate=rate).fit_transform(rows)

    np.testing.assert_array_equal(
        np.asarray(windows), windows_by_loop(rows, length, lead=lead, sampling_rate=rate)
    )


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(13, 29),
    st.sampled_from(["f", "i", "c"]),
)
def test_continuing_in_pieces(length, lead, rate, cut, kind):
    """Fitted on the first rows, later rows have the windows that the whole series gives them."""
    rows = np.random.default_rng(0).normal(size=(30, 2))
    index = {"f": pd.date_range("2024", periods=30, freq="D"), "i": pd.RangeIndex(30), "c": None}[
        kind
    ]
    X = rows if index is None else pd.DataFrame(rows, index=index)
    window = SlidingWindow(
        length, lead, sampling_rate=rate, context="carry" if kind == "c" else "auto"
    )

    windows = window.fit(X[:cut]).transform(X[cut:])

    np.testing.assert_array_equal(
        np.asarray(windows), windows_by_loop(rows, length, lead=lead, sampling_rate=rate)[cut:]
    )


def test_by_hand():
    """Row t holds the window that ends at row t - lead."""
    windows = SlidingWindow(length=2, lead=2, sampling_rate=2).fit_transform(
        np.arange(6.0)[:, None]
    )

    nan = np.nan
    expected = [[nan, nan], [nan, nan], [nan, 0], [nan, 1], [0, 2], [1, 3]]
    np.testing.assert_array_equal(np.asarray(windows)[:, :, 0], expected)


@pytest.mark.parametrize("known_ahead", ["b", 1, -1, ["b"], [1], lambda X: ["b"], [False, True]])
def test_known_ahead(known_ahead):
    """The part of a column that is known ahead ends at row t itself, however it is named."""
    frame = pd.DataFrame({"a": np.arange(6.0), "b": np.arange(6.0) * 10})

    windows = SlidingWindow(2, lead=2, known_ahead=known_ahead).fit_transform(frame)

    assert np.asarray(windows)[5].tolist() == [[2, 40], [3, 50]]


def test_known_ahead_by_selector(frame):
    """scikit-learn's selector finds the columns."""
    window = SlidingWindow(3, known_ahead=make_column_selector(pattern="price")).fit(frame)

    assert window.transform(frame).shift.tolist() == [0, 1]


def test_known_ahead_of_an_array():
    """Positions name the columns of arrays."""
    windows = SlidingWindow(1, lead=3, known_ahead=[1]).fit_transform(np.arange(10.0).reshape(5, 2))

    assert np.asarray(windows)[4, 0].tolist() == [2, 9]


def test_row_count(frame):
    """As many windows come out as rows went in, in fit and in transform."""
    window = SlidingWindow(5)

    assert len(window.fit_transform(frame)) == 100
    assert len(window.transform(frame[-1:])) == 1
    assert len(window.transform(frame)) == 100


def test_fit_transform_never_carries(frame):
    """The windows of fitted rows know nothing before the first of them."""
    window = SlidingWindow(5, context="carry").fit(frame.to_numpy())

    assert window.fit_transform(frame.to_numpy()).complete().sum() == 95


def test_gap_in_the_index(frame):
    """A missing row is an unknown step, not skipped."""
    windows = SlidingWindow(2).fit_transform(frame.drop(HOURS[10]))

    np.testing.assert_array_equal(
        np.asarray(windows)[9:13, :, 0], [[7, 8], [9, np.nan], [np.nan, 11], [11, 12]]
    )


def test_series(frame):
    """A Series is a series of one column."""
    window = SlidingWindow(3).fit(frame["load"])

    assert window.transform(frame["load"]).shape == (100, 3, 1)
    assert window.feature_names_in_.tolist() == ["load"]


def test_names_and_leads_travel(frame):
    """Windows know their columns and their lead."""
    windows = SlidingWindow(3, lead=4).fit_transform(frame)

    assert (windows.feature_names, windows.leads) == (("load", "price"), (4,))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_dtype(dtype):
    """Rows keep their precision."""
    windows = SlidingWindow(2).fit_transform(np.ones((5, 1), dtype))

    assert windows.dtype == (np.float32 if dtype in ("float32", "bool") else np.float64)


def test_rows_are_not_copied():
    """The windows of fitted rows are views of them."""
    rows = np.zeros((50, 2))

    assert np.shares_memory(SlidingWindow(3).fit_transform(rows).rows, rows)


def test_input_and_parameters_stay(frame):
    """Neither the rows nor the parameters change."""
    known_ahead = ["price"]
    window = SlidingWindow(3, known_ahead=known_ahead)
    before = frame.copy()

    window.fit(frame[:50]).transform(frame[50:])

    pd.testing.assert_frame_equal(frame, before)
    assert window.known_ahead is known_ahead
    assert known_ahead == ["price"]


def test_future_rows_are_forecast(frame):
    """Rows that do not exist yet are forecast from those before them."""
    pipe = make_pipeline(SlidingWindow(24, lead=3), NaiveForecaster()).fit(frame, frame["load"])

    forecast = pipe.predict(future_rows(frame, 3))

    assert len(forecast) == 103
    assert forecast[-3:].tolist() == [97, 98, 99]


def test_future_rows_alone(frame):
    """They can come alone, behind the fitted rows."""
    pipe = make_pipeline(SlidingWindow(24, lead=3), NaiveForecaster()).fit(frame, frame["load"])

    assert pipe.predict(future_rows(frame, 3)[-3:]).tolist() == [97, 98, 99]


def test_set_output_pandas(frame):
    """A whole pipeline can be told to keep DataFrames; a stock scaler then keeps the index for the
    windows.
    """
    pipe = make_pipeline(StandardScaler(), SlidingWindow(3), LinearWindow()).set_output(
        transform="pandas"
    )

    pipe.fit(frame[:50], frame["load"][:50])

    assert pipe[:-1].transform(frame[50:]).complete().all()
    assert pipe[:-1].transform(frame[50:]).feature_names == ("load", "price")


def test_stock_scaler_without_index(frame):
    """Without it, the index is lost, and with it the context."""
    pipe = make_pipeline(StandardScaler(), SlidingWindow(3), LinearWindow())

    pipe.fit(frame[:50], frame["load"][:50])

    with pytest.warns(UserWarning, match=r"1 of .* rows \(0\) .*without an index"):
        windows = pipe[:-1].transform(frame[50:])
    assert windows.complete().sum() == 47


@pytest.mark.filterwarnings("ignore:.*without a single known step")
@pytest.mark.parametrize("data", ["frame", "array"])
def test_config_output_pandas(frame, data):
    """Under scikit-learn's own setting every step works, and forecasts the same."""
    X, y = (
        (frame, frame["load"]) if data == "frame" else (frame.to_numpy(), frame["load"].to_numpy())
    )
    steps = [CalendarFeatures("hour")] if data == "frame" else []
    pipe = make_pipeline(*steps, SeriesScaler(), SlidingWindow(4), FlattenWindows(), Ridge())
    expected = clone(pipe).fit(X[:60], y[:60]).predict(X[60:])

    with sklearn.config_context(transform_output="pandas"):
        forecast = clone(pipe).fit(X[:60], y[:60]).predict(X[60:])

    np.testing.assert_allclose(forecast, expected)


def test_grid_search(frame):
    """A stock search varies the window inside a pipeline over chronological folds."""
    pipe = Pipeline([("window", SlidingWindow(4)), ("linear", LinearWindow(alpha=1e-6))])

    search = GridSearchCV(
        pipe, {"window__length": [2, 4], "window__lead": [1, 2]}, cv=TimeSeriesSplit(3)
    )
    search.fit(frame, frame["load"])

    assert search.best_score_ > 0.99


def test_train_rows_in_folds_see_no_later_rows():
    """Windows of a fold's test rows are those of the whole series: rows before, none behind."""
    rows = pd.DataFrame({"x": np.arange(60.0)})
    for train, test in TimeSeriesSplit(4).split(rows):
        windows = SlidingWindow(5, lead=2).fit(rows.iloc[train]).transform(rows.iloc[test])

        np.testing.assert_array_equal(np.asarray(windows), windows_by_loop(rows, 5, lead=2)[test])


def test_one_row_at_a_time(frame):
    """Behind the fitted rows a single row has a complete window."""
    window = SlidingWindow(4).fit(frame[:50])

    assert np.asarray(window.transform(frame[50:51]))[0, :, 0].tolist() == [46, 47, 48, 49]


def test_short_array_with_known_ahead():
    """Fewer rows than the lead can be forecast too."""
    rows = np.random.default_rng(0).normal(size=(60, 2))
    pipe = make_pipeline(SlidingWindow(3, lead=7, known_ahead=1), LinearWindow()).fit(
        rows, rows[:, 0]
    )

    assert np.isfinite(pipe.predict(rows[:5])).all()


def test_a_missing_month_is_an_unknown_step():
    """Months are steps of different lengths: one that is missing is a gap like any other, and
    context goes on.
    """
    index = pd.date_range("2015-01-01", periods=60, freq="MS").delete(50)
    frame = pd.DataFrame({"a": np.r_[0:50, 51:60].astype(float)}, index)
    sliding = SlidingWindow(3).fit(frame[:55])

    whole, later = sliding.transform(frame), sliding.transform(frame[55:])

    np.testing.assert_array_equal(whole[50][:, 0], [48, 49, np.nan])
    np.testing.assert_array_equal(later[0][:, 0], [53, 54, 55])


def panels():
    """Tables of several series, as users hold them."""
    tables = [pd.DataFrame({"load": np.arange(9.0)}) for _ in range(3)]
    return {
        "dict": dict(enumerate(tables)),
        "list": tables,
        "ragged": [tables[0], tables[1][:5]],
        "arrays": [table.to_numpy() for table in tables],
    }


@pytest.mark.parametrize("kind", panels())
def test_panel(kind):
    """Rows are those of one series: the error shows where panels go."""
    with pytest.raises(ValueError, match=r"takes the rows of one series, got a .* by make_windows"):
        SlidingWindow(3).fit(panels()[kind])


@pytest.mark.parametrize(
    ("transformer", "kind"),
    [
        (SeriesScaler(), "dict"),
        (Differencer(), "dict"),
        (CalendarFeatures("hour"), "dict"),
        (CalendarFeatures("hour"), "ragged"),
    ],
    ids=repr,
)
def test_panel_for_other_transformers(transformer, kind):
    """So it is with what transforms rows; to what transforms windows, a list is of sequences."""
    with pytest.raises(ValueError, match=r"takes the rows of one series, got a .* by make_windows"):
        clone(transformer).fit(panels()[kind])


def test_polars():
    """Columns of a polars frame have their names."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"load": np.arange(9.0), "price": np.arange(9.0)})

    windows = SlidingWindow(3, known_ahead="price").fit_transform(frame)

    assert windows.feature_names == ("load", "price")
    assert windows.shift.tolist() == [0, 1]


@pytest.mark.parametrize("name", [{0: "no", 1: "yes"}, {0: False, 1: True}, {0: 7, 1: 3}], ids=str)
def test_labels_that_are_known_ahead_are_the_target(name):
    """Whatever the classes are called: a column that says the same is refused."""
    events = (np.arange(30) % 7 == 3).astype(int)
    frame = pd.DataFrame({"load": np.arange(30.0), "event": events})

    with pytest.raises(ValueError, match="names the target y itself"):
        SlidingWindow(3, known_ahead=["event"]).fit(frame, frame["event"].map(name))
